//! Saying what is not so: about what one holds, about the time, to different people about membership; and vaults that say what was so once.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tuttu_engine::api::{Answer, Command, ListFilter, Query, RecordRef, SortBy};
use tuttu_engine::model::FieldEdit;
use tuttu_engine::{Engine, NewVault};
use tuttu_model::{Change, Scalar};
use tuttu_net::Host;
use tuttu_sync::feed::Vector;
use tuttu_sync::membership::{OpBody, Role, SignedOp, Signer};
use tuttu_tests::sim::surroundings::{Time, Virtual};

use crate::forging::{after, entry};
use crate::net::{Peer, loopback, pair};
use crate::rogue::{Fate, Rogue};
use crate::scene::{SPACE, Scene, go_on, is_sound, joins, trouble, until};
use crate::wire::{Chunk, Message};

/// What one person still has to send to another, and until when that one has confirmed all.
async fn standing(of: &Peer, member: &str) -> (u32, String) {
    let members = of.detail(SPACE).await.members;
    let computer = members.into_iter().find(|known| known.name == member).unwrap().computers.remove(0);
    (computer.pending, computer.last_ack)
}

/// Mallory acknowledges all, and more, and keeps nothing. Ilona believes it of Mallory, and of nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn acknowledging_what_was_not_stored() {
    let Scene { ilona, maria, mallory, space } = Scene::new().await;
    let dir = maria.stop().await;
    for name in ["Priya", "Quentin", "Rosa"] {
        ilona.add(SPACE, name).await;
    }
    let nothing = |claims: &mut crate::wire::Vectors| (claims.valid, claims.mine) = (Vector::default(), Vector::default());
    let mut talk = mallory.stream_claiming(&ilona, &space, nothing).await;
    let mut got = 0;
    while got < 3 {
        let chunk: Chunk = talk
            .until("entries", |message| match message {
                Message::Chunk(chunk) if !chunk.entries.is_empty() => Some(chunk.clone()),
                _ => None,
            })
            .await;
        got += chunk.entries.len();
        let tips =
            chunk.entries.iter().map(|entry| (entry.entry.claimed_feed(), (entry.entry.claimed_seq(), entry.entry.hash()))).collect();
        talk.say(&Message::Ack { space: talk.name, id: chunk.id, tips: Vector(tips) }).await;
    }
    until("the lie is believed", async || standing(&ilona, "Mallory").await.0 == 0).await;
    assert_ne!(standing(&ilona, "Mallory").await.1, "");
    assert_eq!(standing(&ilona, "Maria").await, (3, String::new()), "nobody said anything of Maria");
    // In Maria's name it cannot be said: the vector of a connection is that of its computer.
    talk.hang_up();
    let maria = Peer::again("Maria", dir).await;
    maria.sees(SPACE, &["Priya", "Quentin", "Rosa"]).await;
    until("Maria has confirmed", async || standing(&ilona, "Maria").await.0 == 0).await;
    go_on(&ilona, &maria, &["Priya", "Quentin", "Rosa"]).await;
}

/// Puts a closed vault's database back as it was, in the same file, which the program cannot notice.
fn put_back(vault: &Path, kept: &Path) {
    for beside in ["vault.db-wal", "vault.db-shm"] {
        let _ = std::fs::remove_file(vault.join(beside));
    }
    std::fs::write(vault.join("vault.db"), std::fs::read(kept.join("vault.db")).unwrap()).unwrap();
    if kept.join("vault.db-wal").exists() {
        std::fs::copy(kept.join("vault.db-wal"), vault.join("vault.db-wal")).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for item in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(item.file_name());
        if item.path().is_dir() { copy(&item.path(), &target) } else { drop(std::fs::copy(item.path(), target)) }
    }
}

/// The folder with the vault closed.
async fn closed(peer: Peer) -> tempfile::TempDir {
    let dir = peer.stop().await;
    drop(crate::net::open(dir.path()).await);
    dir
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_was_rolled_back() {
    let (ilona, maria) = pair(SPACE).await;
    maria.add(SPACE, "Early").await;
    ilona.sees(SPACE, &["Early"]).await;
    let marias = closed(maria).await;
    let kept = tempfile::tempdir().unwrap();
    copy(marias.path(), kept.path());
    let maria = Peer::again("Maria", marias).await;
    maria.add(SPACE, "Late").await;
    ilona.sees(SPACE, &["Early", "Late"]).await;
    let marias = closed(maria).await;
    put_back(marias.path(), kept.path());
    // She writes on before she meets anybody: two entries with one number.
    let ilonas = ilona.stop().await;
    let maria = Peer::again("Maria", marias).await;
    assert_eq!(maria.names(SPACE).await, ["Early"]);
    maria.add(SPACE, "Newer").await;
    let ilona = Peer::again("Ilona", ilonas).await;
    for peer in [&ilona, &maria] {
        peer.sees(SPACE, &["Early", "Late", "Newer"]).await;
    }
    let proofs = ilona.host.engine().replica().proofs(&ilona.detail(SPACE).await.summary.id.parse().unwrap()).unwrap();
    assert_eq!(proofs.len(), 1, "there were two histories");
    go_on(&ilona, &maria, &["Early", "Late", "Newer"]).await;
    assert_eq!(trouble(&ilona, "Maria").await, "", "she has gone on in a new feed, and nothing is held against her");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_was_cloned() {
    let (ilona, maria) = pair(SPACE).await;
    maria.add(SPACE, "Early").await;
    ilona.sees(SPACE, &["Early"]).await;
    let marias = closed(maria).await;
    let clone = tempfile::tempdir().unwrap();
    copy(marias.path(), clone.path());
    let maria = Peer::again("Maria", marias).await;
    maria.add(SPACE, "By the original").await;
    ilona.sees(SPACE, &["By the original", "Early"]).await;
    // The same computer, it says, and does not know of it.
    let marias = maria.stop().await;
    let clone = Peer::again("Maria", clone).await;
    clone.add(SPACE, "By the clone").await;
    for peer in [&ilona, &clone] {
        peer.sees(SPACE, &["By the clone", "By the original", "Early"]).await;
    }
    let clones = clone.stop().await;
    let maria = Peer::again("Maria", marias).await;
    go_on(&ilona, &maria, &["By the clone", "By the original", "Early"]).await;
    assert!(ilona.host.engine().replica().proofs(&ilona.detail(SPACE).await.summary.id.parse().unwrap()).unwrap().is_empty());
    drop(clones);
}

fn grant_of(rogue: &Rogue, space: &tuttu_model::SpaceId, person: tuttu_model::PersonId, name: &str, role: Role) -> SignedOp {
    let membership = rogue.engine.replica().membership(space).unwrap().unwrap();
    let body = OpBody::SetRole { person, person_name: name.into(), role, cuts: Vec::new() };
    membership.draft(Signer::Computer(rogue.computer()), 0, body).expect("an owner’s tenure").sign(&rogue.key())
}

/// An owner tells two people different things about a third, at the same time. Both end up with the same members.
#[tokio::test(flavor = "multi_thread")]
async fn two_memberships_for_two_people() {
    let (ilona, maria) = pair(SPACE).await;
    let vera = joins("Vera", "viewer", &ilona, &maria).await;
    let mallory = Rogue::of(joins("Mallory", "owner", &ilona, &maria).await).await;
    let space = ilona.detail(SPACE).await.summary.id.parse().unwrap();
    let membership = ilona.host.engine().replica().membership(&space).unwrap().unwrap();
    let id = |name: &str| membership.members().into_iter().find(|member| member.name == name).unwrap().person;
    let lets_write = grant_of(&mallory, &space, id("Vera"), "Vera", Role::Editor);
    let throws_out = grant_of(&mallory, &space, id("Vera"), "Vera", Role::None);
    // And the founder, whom no owner can remove.
    let overthrows = grant_of(&mallory, &space, id("Ilona"), "Ilona", Role::None);
    let (mut to_ilona, mut to_maria) = (mallory.stream(&ilona, &space).await, mallory.stream(&maria, &space).await);
    let (one, other) = tokio::join!(
        to_ilona.send_chunk(|chunk| chunk.ops = vec![lets_write]),
        to_maria.send_chunk(|chunk| chunk.ops = vec![throws_out, overthrows]),
    );
    assert!(matches!((&one, &other), (Fate::Taken(_), Fate::Taken(_))), "{one:?} {other:?}");
    until("removal wins", async || {
        let mut roles = Vec::new();
        for peer in [&ilona, &maria] {
            let members = peer.detail(SPACE).await.members;
            roles.extend(
                members.into_iter().filter(|known| known.name == "Vera" || known.name == "Ilona").map(|known| (known.name, known.role)),
            );
        }
        roles.sort();
        roles
            == [("Ilona", "owner"), ("Ilona", "owner"), ("Vera", "none"), ("Vera", "none")]
                .map(|(name, role)| (name.to_owned(), role.to_owned()))
    })
    .await;
    // Vera was thrown out and does not count; she hears of it.
    until("Vera knows", async || vera.status().await.spaces.iter().any(|space| space.name == SPACE && space.role == "none")).await;
    go_on(&ilona, &maria, &[]).await;
}

fn now() -> i64 {
    i64::try_from(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}

/// Somebody whose clock is off by so many years.
async fn by_another_clock(name: &str, years: i64) -> Peer {
    let dir = tempfile::tempdir().unwrap();
    let new = NewVault { person_name: name.into(), computer_name: format!("{name}’s laptop") };
    let skew = Duration::from_secs(365 * 24 * 3_600).as_millis();
    let surroundings = Virtual::new(&Time::at(now()), years * i64::try_from(skew).unwrap(), u64::try_from(years + 50).unwrap());
    let engine = Engine::create_in(dir.path(), &new, Arc::new(surroundings)).unwrap();
    let events = engine.subscribe();
    let host = Host::start(engine, loopback()).await.unwrap();
    Peer { dir, host, events, name: name.into() }
}

async fn rename(peer: &Peer, from: &str, to: &str) {
    let filter = ListFilter { kind: "person".into(), space: Some(SPACE.into()), ..ListFilter::default() };
    let Answer::List(page) = peer.query(Query::List { filter }).await else { panic!("a list") };
    let id = page.rows.into_iter().find(|row| row.name == from).expect("it is there").id;
    let edits = vec![FieldEdit::Set { field: "name".into(), label: None, value: to.into() }];
    peer.execute(Command::Edit { record: RecordRef { id, space: None }, edits }).await;
}

async fn a_clock_off_by(years: i64) {
    let ilona = Peer::new("Ilona").await;
    ilona.space(SPACE).await;
    let maria = by_another_clock("Maria", years).await;
    // For one hour, by Ilona's clock.
    maria.join_auto(&ilona.invite(SPACE, true).await).await.unwrap();
    maria.add(SPACE, "Priya").await;
    ilona.sees(SPACE, &["Priya"]).await;
    // What comes after something replaces it, whatever the clocks say.
    rename(&ilona, "Priya", "Priya R.").await;
    maria.sees(SPACE, &["Priya R."]).await;
    rename(&maria, "Priya R.", "Priya Raghunathan").await;
    ilona.sees(SPACE, &["Priya Raghunathan"]).await;
    rename(&ilona, "Priya Raghunathan", "Dr. Priya Raghunathan").await;
    maria.sees(SPACE, &["Dr. Priya Raghunathan"]).await;
    for peer in [&ilona, &maria] {
        assert_eq!(peer.status().await.conflicts, 0);
    }
    go_on(&ilona, &maria, &["Dr. Priya Raghunathan"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_ten_years_ahead() {
    a_clock_off_by(10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_ten_years_behind() {
    a_clock_off_by(-10).await;
}

/// Times are claims: the ends of the numbers are shown somehow, and everything else goes on.
#[tokio::test(flavor = "multi_thread")]
async fn times_at_the_ends_of_the_numbers() {
    let scene = Scene::new().await;
    let (feed, key) = (scene.mallory.feed(&scene.space, 1), scene.mallory.key());
    let mut place = None;
    let mut entries = Vec::new();
    for (number, time) in (1..).zip([i64::MIN, i64::MIN + 1, -1, i64::MAX / 1_000, i64::MAX]) {
        let fields = [("kind", "person".to_owned()), ("name", format!("At {number}")), ("birthday", "9999-12-31".to_owned())];
        let fields = fields.map(|(key, value)| (key.to_owned(), Scalar::Text(value))).into_iter().collect();
        let at = entry(&feed, place, number, &Change::first(feed.actor(), time, &fields), &key);
        place = after(&at);
        entries.push(at);
    }
    let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
    assert!(matches!(talk.give(entries).await, Fate::Taken(tips) if tips.0[&feed.id()].0 == 5));
    let all = ["At 1", "At 2", "At 3", "At 4", "At 5"];
    for peer in [&scene.ilona, &scene.maria] {
        peer.sees(SPACE, &all).await;
        for sort in [SortBy::Changed, SortBy::Created, SortBy::Last, SortBy::At] {
            let filter = ListFilter { kind: "person".into(), sort, ..ListFilter::default() };
            let Answer::List(page) = peer.query(Query::List { filter }).await else { panic!("a list") };
            assert_eq!(page.rows.len(), 5);
        }
        for query in [Query::SpaceTimeline { space: SPACE.into(), limit: 0 }, Query::Today { limit: 0 }, Query::Status] {
            peer.query(query).await;
        }
        is_sound(peer).await;
    }
    scene.goes_on(&all).await;
}
