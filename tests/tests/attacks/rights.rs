//! Asking for what one has no right to: files, and spaces one is not in.

use std::time::Duration;

use iroh::endpoint::Connection;
use tokio::time::timeout;
use tuttu_engine::api::{Answer, Command, Event, Outcome, Query, RecordRef};
use tuttu_model::{Change, FeedId, Scalar, SpaceId};
use tuttu_sync::feed::{Vector, encode};
use tuttu_sync::files::{FileAnswer, FileRequest};

use crate::forging::entry;
use crate::net::{Peer, SOON};
use crate::rogue::{NONCE, Rogue};
use crate::scene::{SPACE, Scene, contains};
use crate::wire::{End, Message, Summary, Vectors, name};

/// Ilona’s file on a card in one of her spaces; its hash.
pub(crate) async fn attach(ilona: &Peer, space: Option<&str>, bytes: &[u8]) -> [u8; 32] {
    let records = vec![serde_json::json!({"name": "Card with a file"}).to_string()];
    let added = ilona.execute(Command::Add { space: space.map(str::to_owned), kind: "person".into(), records }).await;
    let Outcome::Records { ids, .. } = added else { panic!("{added:?}") };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("plan.pdf");
    std::fs::write(&path, bytes).unwrap();
    let record = RecordRef { id: ids[0].clone(), space: None };
    ilona.execute(Command::Attach { record, path: path.display().to_string(), name: String::new() }).await;
    blake3::hash(bytes).into()
}

/// Asks for a file beside an exchange: its bytes, or nothing.
pub(crate) async fn ask(connection: &Connection, space: SpaceId, hash: [u8; 32], offset: u64) -> Option<Vec<u8>> {
    let (mut send, mut receive) = timeout(SOON, connection.open_bi()).await.expect("room for a stream").ok()?;
    let request = encode(&FileRequest { space, hash, offset });
    send.write_all(&u32::try_from(request.len()).unwrap().to_be_bytes()).await.ok()?;
    send.write_all(&request).await.ok()?;
    send.finish().ok()?;
    let all = timeout(SOON, receive.read_to_end(1 << 20)).await.expect("an answer").ok()?;
    let (length, rest) = all.split_at(4);
    let (answer, bytes) = rest.split_at(u32::from_be_bytes(length.try_into().unwrap()) as usize);
    match FileAnswer::decode(answer).unwrap() {
        FileAnswer::Here { .. } => Some(bytes.to_vec()),
        FileAnswer::NotHere => {
            assert!(bytes.is_empty());
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_files_of_others() {
    let scene = Scene::new().await;
    let ilona = &scene.ilona;
    ilona.space("Garden").await;
    let garden = ilona.detail("Garden").await.summary.id.parse().unwrap();
    let own = ilona.status().await.spaces.iter().find(|space| space.private).unwrap().id.parse().unwrap();
    let (shared, hidden, private) = (
        attach(ilona, Some(SPACE), b"shared file").await,
        attach(ilona, Some("Garden"), b"hidden file").await,
        attach(ilona, None, b"private file").await,
    );
    let talk = scene.mallory.stream(ilona, &scene.space).await;
    assert_eq!(ask(&talk.connection, scene.space, shared, 0).await.as_deref(), Some(&b"shared file"[..]), "what one may have comes");
    for space in [scene.space, garden, own, SpaceId([0; 32])] {
        for hash in [hidden, private, [0; 32]] {
            assert_eq!(ask(&talk.connection, space, hash, 0).await, None);
        }
    }
    assert_eq!(ask(&talk.connection, garden, shared, 0).await, None, "through another space neither");
    assert_eq!(ask(&talk.connection, scene.space, shared, u64::MAX).await, None);
    // A record of one's own that names the hash earns nothing.
    let feed = scene.mallory.feed(&scene.space, 1);
    let names_it = format!("attachments/{}", blake3::Hash::from_bytes(private));
    let fields = [("kind", "person"), ("name", "Trap"), (names_it.as_str(), "plan.pdf\tapplication/pdf\t12")];
    let fields = fields.map(|(key, value)| (key.to_owned(), Scalar::Text(value.to_owned()))).into_iter().collect();
    let trap = entry(&feed, None, 1, &Change::first(feed.actor(), 0, &fields), &scene.mallory.key());
    let mut talk = talk;
    talk.give(vec![trap]).await;
    ilona.sees(SPACE, &["Card with a file", "Trap"]).await;
    let page = ilona.query(Query::Files { record: None }).await;
    let Answer::Files(files) = page else { panic!("{page:?}") };
    let trapped = files.iter().any(|file| file.hash == blake3::Hash::from_bytes(private).to_string() && file.records.len() == 2);
    assert!(trapped, "the record does name it: {files:#?}");
    assert_eq!(ask(&talk.connection, scene.space, private, 0).await, None);
    // Nor does membership that ended.
    ilona.execute(Command::RemoveMember { space: SPACE.into(), member: "Mallory".into() }).await;
    assert_eq!(ask(&talk.connection, scene.space, shared, 0).await, None);
    scene.goes_on(&["Card with a file", "Trap"]).await;
}

/// Mallory has learnt the id of a space of Ilona’s and Maria’s, and asks for it in every way there is.
#[tokio::test(flavor = "multi_thread")]
async fn asking_for_a_space_one_is_not_in() {
    let scene = Scene::new().await;
    scene.ilona.space("Garden").await;
    scene.maria.join_auto(&scene.ilona.invite("Garden", true).await).await.unwrap();
    scene.ilona.add("Garden", "Secret rose").await;
    scene.maria.sees("Garden", &["Secret rose"]).await;
    let garden = scene.ilona.detail("Garden").await.summary.id.parse().unwrap();
    let feeds: Vec<FeedId> = scene.ilona.host.engine().replica().headers(&garden).unwrap().into_keys().collect();
    for message in questions(&scene.mallory, &scene.ilona, &garden, feeds[0]) {
        let mut talk = scene.mallory.greet(&scene.ilona, &garden).await;
        assert_eq!((talk.summary(), talk.offered.len()), (None, 1), "it is not offered, and the harbour is");
        let summary = Summary { rules: [1; 32], vector: [2; 32], accumulator: [3; 32] };
        talk.offer(summary).await;
        talk.say(&message).await;
        let heard = talk.listen(Duration::from_millis(150)).await;
        let told = |message: &Message| match message {
            Message::Chunk(chunk) => !(chunk.ops.is_empty() && chunk.entries.is_empty()),
            Message::Vectors(_) | Message::Rules { .. } => true,
            Message::Places { hashes, .. } => hashes.iter().any(|(_, hash)| hash.is_some()),
            Message::OneEntry { entry, .. } => entry.is_some(),
            _ => false,
        };
        assert!(!heard.iter().any(told), "{message:?} is answered: {heard:?}");
        assert!(!talk.heard.iter().any(|bytes| contains(bytes, b"Garden") || contains(bytes, b"Secret rose")));
        talk.hang_up();
    }
    scene.goes_on(&[]).await;
    assert_eq!(scene.maria.names("Garden").await, ["Secret rose"]);
}

fn questions(mallory: &Rogue, ilona: &Peer, space: &SpaceId, feed: FeedId) -> Vec<Message> {
    let space = name(space, &mallory.computer(), &ilona.host.engine().computer(), &NONCE);
    let nothing = Vector::default;
    let end = |end| crate::wire::Chunk { space, round: 1, id: 0, ops: Vec::new(), proofs: Vec::new(), entries: Vec::new(), end };
    vec![
        Message::Introduce { space, heads: Vec::new(), known: Vec::new() },
        Message::Rules { space, round: 1, heads: Vec::new(), known: Vec::new(), proofs: Vec::new() },
        Message::Vectors(Vectors {
            space,
            round: 1,
            rules: [1; 32],
            valid: nothing(),
            mine: nothing(),
            yours: nothing(),
            beyond: nothing(),
        }),
        Message::Blocked { space, round: 1 },
        Message::Chunk(end(End::Rules)),
        Message::Chunk(end(End::Stream)),
        Message::Probe { space, feed, at: vec![1] },
        Message::AskEntry { space, feed, seq: 1 },
    ]
}

/// Mallory is asked for the file of a record of Mallory's, and sends something else.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_something_else() {
    let mut scene = Scene::new().await;
    let (feed, key) = (scene.mallory.feed(&scene.space, 1), scene.mallory.key());
    let promised = blake3::hash(b"the promised").to_string();
    let names_it = format!("attachments/{promised}");
    let fields = [("kind", "person"), ("name", "Bait"), (names_it.as_str(), "plan.pdf\tapplication/pdf\t12")];
    let fields = fields.map(|(key, value)| (key.to_owned(), Scalar::Text(value.to_owned()))).into_iter().collect();
    let bait = entry(&feed, None, 1, &Change::first(feed.actor(), 0, &fields), &key);
    let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
    talk.give(vec![bait]).await;
    let (mut send, mut receive) = timeout(SOON, talk.connection.accept_bi()).await.expect("it is asked for").unwrap();
    receive.read_to_end(1_000).await.unwrap();
    let answer = encode(&FileAnswer::Here { size: 12 });
    send.write_all(&u32::try_from(answer.len()).unwrap().to_be_bytes()).await.unwrap();
    // As much as was promised, and more.
    let _ = send.write_all(&[&answer[..], b"FORGED bytesand an endless rest"].concat()).await;
    let me = scene.mallory.computer().to_string();
    let refused = |event| match event {
        Event::Refused { computer, reason } if computer == me => Some(reason),
        _ => None,
    };
    let said = scene.ilona.event("a word about it", refused).await;
    assert!(said.contains("something else than the file that was asked for"), "{said}");
    let Answer::Files(files) = scene.ilona.query(Query::Files { record: None }).await else { panic!("files") };
    assert!(files.iter().all(|file| file.missing), "{files:#?}");
    scene.goes_on(&["Bait"]).await;
}
