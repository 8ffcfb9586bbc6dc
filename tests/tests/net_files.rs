//! Files of records travel to those who may read a record that names them, and to nobody else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod net;

use std::path::{Path, PathBuf};
use std::time::Duration;

use net::{Peer, SOON, pair};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use tuttu_engine::api::{Answer, Command, Event, FileView, Outcome, Query, RecordRef};
use tuttu_net::{Reply, Request};

/// Bytes that do not compress.
fn noise(seed: u8, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut bytes);
    bytes
}

struct Source {
    dir: TempDir,
    bytes: Vec<u8>,
    hash: String,
}

fn source(seed: u8, length: usize) -> Source {
    let dir = tempfile::tempdir().unwrap();
    let bytes = noise(seed, length);
    std::fs::write(dir.path().join("plan.pdf"), &bytes).unwrap();
    Source { dir, hash: blake3::hash(&bytes).to_hex().to_string(), bytes }
}

impl Source {
    fn path(&self) -> String {
        self.dir.path().join("plan.pdf").display().to_string()
    }
}

async fn add(peer: &Peer, space: Option<&str>, record: serde_json::Value) -> String {
    let command = Command::Add { space: space.map(str::to_owned), kind: "person".into(), records: vec![record.to_string()] };
    match peer.execute(command).await {
        Outcome::Records { ids, .. } => ids[0].clone(),
        other => panic!("{other:?}"),
    }
}

/// A person in a space with a file.
async fn add_with_file(peer: &Peer, space: Option<&str>, file: &Source) -> String {
    let id = add(peer, space, serde_json::json!({"name": "Priya"})).await;
    peer.execute(Command::Attach { record: RecordRef { id: id.clone(), space: None }, path: file.path(), name: String::new() }).await;
    id
}

async fn files(peer: &Peer) -> Vec<FileView> {
    match peer.query(Query::Files { record: None }).await {
        Answer::Files(files) => files,
        other => panic!("{other:?}"),
    }
}

async fn has(peer: &Peer, file: &Source) -> bool {
    files(peer).await.iter().any(|held| held.hash == file.hash && !held.missing)
}

async fn comes(peer: &Peer, file: &Source) {
    let whole = async {
        while !has(peer, file).await {
            sleep(Duration::from_millis(30)).await;
        }
    };
    timeout(SOON, whole).await.unwrap_or_else(|_| panic!("{} never got the file", peer.name));
    let to = tempfile::tempdir().unwrap();
    peer.execute(Command::SaveFile { hash: file.hash.clone(), path: to.path().display().to_string() }).await;
    assert_eq!(std::fs::read(to.path().join("plan.pdf")).unwrap(), file.bytes);
}

/// Where a vault keeps what has come of a file.
fn partial(vault: &Path, file: &Source) -> PathBuf {
    vault.join("files").join("partial").join(&file.hash)
}

async fn fetch(peer: &Peer, file: &Source, seconds: u32) -> bool {
    match peer.host.request(Request::Fetch { hash: file.hash[..12].to_owned(), timeout: seconds }).await.unwrap() {
        Reply::Fetched(fetched) => {
            assert_eq!(fetched.here, fetched.reason.is_empty());
            fetched.here
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_follows_its_record_with_progress() {
    let (ilona, mut maria) = pair("Harbour").await;
    let file = source(1, 9_000_000);
    add_with_file(&ilona, Some("Harbour"), &file).await;
    let progress = |event| match event {
        Event::File { done, total, .. } => Some((done, total)),
        _ => None,
    };
    let mut seen = vec![maria.event("progress", progress).await];
    while seen.last().is_some_and(|(done, total)| done < total) {
        seen.push(maria.event("progress", progress).await);
    }
    assert!(seen.len() >= 3 && seen.is_sorted(), "{seen:?}");
    comes(&maria, &file).await;
    assert!(!partial(maria.dir.path(), &file).exists());

    // Through her it goes on to somebody who never meets the one who attached it.
    let jon = Peer::new("Jon").await;
    let link = maria_invites(&ilona, &maria).await;
    let dir = ilona.stop().await;
    jon.join_auto(&link).await.unwrap();
    comes(&jon, &file).await;
    drop(dir);
}

/// Makes Maria an owner, so that she can invite.
async fn maria_invites(ilona: &Peer, maria: &Peer) -> String {
    ilona.execute(Command::SetRole { space: "Harbour".into(), member: "Maria".into(), role: "owner".into() }).await;
    ilona.sync(20).await;
    maria.invite("Harbour", true).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_goes_on_where_it_was_cut_off() {
    let (ilona, maria) = pair("Harbour").await;
    let dir = maria.stop().await;
    let file = source(2, 3_000_000);
    add_with_file(&ilona, Some("Harbour"), &file).await;
    // What a cut leaves: the first part.
    std::fs::create_dir_all(partial(dir.path(), &file).parent().unwrap()).unwrap();
    std::fs::write(partial(dir.path(), &file), &file.bytes[..2_000_000]).unwrap();
    let mut maria = Peer::again("Maria", dir).await;
    let began_with = maria
        .event("progress", |event| match event {
            Event::File { done, .. } => Some(done),
            _ => None,
        })
        .await;
    assert_eq!(began_with, 2_000_000);
    comes(&maria, &file).await;
    let refused = |event: &Event| matches!(event, Event::Refused { .. });
    assert!(std::iter::from_fn(|| maria.events.try_recv().ok()).all(|event| !refused(&event)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_of_something_else_is_thrown_away_and_nobody_is_blamed() {
    let (ilona, maria) = pair("Harbour").await;
    let dir = maria.stop().await;
    let file = source(3, 300_000);
    add_with_file(&ilona, Some("Harbour"), &file).await;
    std::fs::create_dir_all(partial(dir.path(), &file).parent().unwrap()).unwrap();
    std::fs::write(partial(dir.path(), &file), noise(99, 200_000)).unwrap();
    let maria = Peer::again("Maria", dir).await;
    comes(&maria, &file).await;
    assert_eq!(
        maria.detail("Harbour").await.members.iter().flat_map(|member| &member.computers).filter(|one| !one.trouble.is_empty()).count(),
        0
    );
}

/// A computer whose disk lies (or that was changed to lie) sends other bytes than the record names.
#[tokio::test(flavor = "multi_thread")]
async fn other_bytes_are_not_taken_for_the_file_and_their_sender_is_named() {
    let (ilona, maria) = pair("Harbour").await;
    let dir = maria.stop().await;
    let file = source(4, 300_000);
    add_with_file(&ilona, Some("Harbour"), &file).await;
    let held = ilona.dir.path().join("files").join(&file.hash[..2]).join(&file.hash);
    std::fs::write(&held, noise(98, 300_000)).unwrap();
    let mut maria = Peer::again("Maria", dir).await;
    let reason = maria
        .event("refusal", |event| match event {
            Event::Refused { reason, .. } => Some(reason),
            _ => None,
        })
        .await;
    assert!(reason.contains("something else"), "{reason}");
    assert!(!has(&maria, &file).await && !partial(maria.dir.path(), &file).exists());
    // The exchange goes on.
    ilona.add("Harbour", "Quentin").await;
    maria.sees("Harbour", &["Priya", "Quentin"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn naming_a_hash_earns_nobody_a_file() {
    let (ilona, maria) = pair("Harbour").await;
    let private = source(5, 50_000);
    add_with_file(&ilona, None, &private).await;
    // Maria learned the hash somewhere, and puts it into a record that Ilona reads.
    let named = serde_json::json!({"name": "Trap", "attachments": [{"hash": private.hash, "name": "plan.pdf", "size": 50_000}]});
    add(&maria, Some("Harbour"), named).await;
    ilona.sees("Harbour", &["Trap"]).await;
    maria.sync(20).await;
    assert!(!fetch(&maria, &private, 3).await);
    assert!(!has(&maria, &private).await);
    // Putting her own copy of it into the space by hand is another matter.
    let id = add_with_file(&ilona, Some("Harbour"), &private).await;
    assert!(!id.is_empty());
    comes(&maria, &private).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_private_card_go_with_it_when_it_moves() {
    let (ilona, maria) = pair("Harbour").await;
    let file = source(6, 50_000);
    let id = add_with_file(&ilona, None, &file).await;
    ilona.execute(Command::Move { records: vec![RecordRef::anywhere(id)], space: "Harbour".into() }).await;
    comes(&maria, &file).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_one_asks_for_files_they_do_not_come_by_themselves() {
    let (ilona, maria) = pair("Harbour").await;
    maria.execute(Command::SetSetting { key: "attachments.fetch".into(), value: "ask".into() }).await;
    let file = source(7, 50_000);
    add_with_file(&ilona, Some("Harbour"), &file).await;
    let named = async {
        while files(&maria).await.is_empty() {
            sleep(Duration::from_millis(30)).await;
        }
    };
    timeout(SOON, named).await.unwrap();
    maria.sync(20).await;
    assert!(!has(&maria, &file).await);
    assert!(fetch(&maria, &file, 20).await);
    comes(&maria, &file).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_removed_gets_no_file() {
    let (ilona, maria) = pair("Harbour").await;
    let file = source(8, 50_000);
    add_with_file(&ilona, Some("Harbour"), &file).await;
    comes(&maria, &file).await;
    let (engine, computer) = (ilona.host.engine(), maria.host.engine().computer());
    let space = ilona.detail("Harbour").await.summary.id.parse().unwrap();
    let hash: [u8; 32] = blake3::hash(&file.bytes).into();
    assert!(engine.give_file(&computer, &space, &hash).unwrap().is_some());
    ilona.execute(Command::RemoveMember { space: "Harbour".into(), member: "Maria".into() }).await;
    assert!(engine.give_file(&computer, &space, &hash).unwrap().is_none());
    assert!(has(&maria, &file).await, "she keeps what she had");
}
