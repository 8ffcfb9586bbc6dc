//! Too much: lengths, bombs, items, numbers, and time.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tuttu_engine::api::{Command, Event};
use tuttu_model::{DocumentId, EntryHash, FeedId};
use tuttu_sync::feed::Item;

use crate::forging::{person, signed};
use crate::net::Peer;
use crate::rogue::{EXCHANGE, PAIRING, Talk, dial, endpoint, hello};
use crate::scene::{SPACE, Scene, blames, until};
use crate::wire::{Chunk, End, Message, Vectors, WireEntry, pack};

const MIB: usize = 1 << 20;
/// What the whole process, with three vaults in it, may grow by during an attack.
const ROOM: usize = 48 * MIB;

/// The most memory this process has had since the last call of [`forget_peak`].
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("Linux says it");
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

fn forget_peak() -> usize {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    peak()
}

/// A frame with so many zeros in it.
fn bomb(mebibytes: usize) -> Vec<u8> {
    let mut frame = vec![1];
    let mut encoder = zstd::stream::Encoder::new(&mut frame, 3).unwrap();
    for _ in 0..mebibytes {
        std::io::Write::write_all(&mut encoder, &vec![0; MIB]).unwrap();
    }
    encoder.finish().unwrap();
    frame
}

fn compressed(message: &Message) -> Vec<u8> {
    let plain = pack(message).split_off(1);
    [vec![1], zstd::bulk::compress(&plain, 3).unwrap()].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oversized_length() {
    let scene = Scene::new().await;
    let before = forget_peak();
    for length in [u32::MAX, 6 * 1024 * 1024 + 1] {
        let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
        talk.say_bytes(&length.to_be_bytes()).await;
        let refusal = talk.refusal().await;
        assert!(refusal.contains(&format!("a frame of {length} bytes was announced")), "{refusal}");
        blames(&scene.ilona, "Mallory", "bytes was announced; the limit is").await;
        // In a pairing nothing is said at all.
        let mut talk = Talk::open(scene.mallory.connect(&scene.ilona, PAIRING).await).await;
        talk.say_bytes(&length.to_be_bytes()).await;
        talk.refusal().await;
    }
    // Just within the limit, and nothing behind it: room is made for what comes, not for what was announced.
    let mut waiting = Vec::new();
    for _ in 0..8 {
        let mut talk = Talk::open(scene.mallory.connect(&scene.ilona, PAIRING).await).await;
        talk.say_bytes(&(6_u32 * 1024 * 1024).to_be_bytes()).await;
        waiting.push(talk);
    }
    sleep(Duration::from_millis(200)).await;
    let grown = peak().saturating_sub(before);
    assert!(grown < ROOM, "{grown} bytes more");
    scene.goes_on(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compression_bomb() {
    let scene = Scene::new().await;
    let frame = bomb(512);
    assert!(frame.len() < 100_000, "{}", frame.len());
    let before = forget_peak();
    let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
    talk.say_frame(&frame).await;
    let refusal = talk.refusal().await;
    assert!(refusal.contains("does not decompress within"), "{refusal}");
    blames(&scene.ilona, "Mallory", "does not decompress within").await;
    let mut talk = Talk::open(scene.mallory.connect(&scene.ilona, PAIRING).await).await;
    talk.say_frame(&frame).await;
    talk.listen(Duration::from_secs(5)).await;
    let grown = peak().saturating_sub(before);
    assert!(grown < ROOM, "{grown} bytes more");
    scene.goes_on(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_million_items_in_one_entry() {
    let scene = Scene::new().await;
    let (feed, key) = (scene.mallory.feed(&scene.space, 1), scene.mallory.key());
    let change = person(feed.actor(), "FORGED");
    let item = Item { doc: DocumentId([1; 16]), change: change.hash };
    let bytes = || vec![Some(change.bytes.clone())];
    let million = signed(&feed, None, vec![item; 1_000_000], bytes(), &key);
    let most_that_fit = signed(&feed, None, vec![item; 160_000], bytes(), &key);
    let million_changes = WireEntry { changes: vec![None; 1_000_000], ..signed(&feed, None, vec![item], bytes(), &key) };
    let nothing = signed(&feed, None, Vec::new(), Vec::new(), &key);
    let frames = [
        (million, "does not decompress within"),
        (most_that_fit, "lists no changes, too many"),
        (million_changes, "no changes or too many"),
        (nothing, "no changes or too many"),
    ];
    for (entry, why) in frames {
        let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
        let mut chunk = talk.chunk(1, End::No);
        chunk.entries.push(entry);
        let frame = compressed(&Message::Chunk(chunk));
        let before = forget_peak();
        talk.say_frame(&frame).await;
        let refusal = talk.refusal().await;
        assert!(refusal.contains(why), "{refusal}");
        let grown = peak().saturating_sub(before);
        assert!(grown < ROOM, "{why}: {grown} bytes more");
        blames(&scene.ilona, "Mallory", why).await;
    }
    scene.goes_on(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vector_that_claims_two_to_the_sixty_third() {
    let scene = Scene::new().await;
    scene.maria.add(SPACE, "Priya").await;
    scene.ilona.add(SPACE, "Quentin").await;
    scene.ilona.sees(SPACE, &["Priya", "Quentin"]).await;
    let known: Vec<FeedId> = scene.ilona.host.engine().replica().headers(&scene.space).unwrap().into_keys().collect();
    let nowhere = EntryHash([9; 32]);
    for length in [0, 1 << 63, u64::MAX, u64::try_from(i64::MAX).unwrap()] {
        let claim = |claims: &mut Vectors| claims.valid.0.extend(known.iter().map(|feed| (*feed, (length, nowhere))));
        let mut talk = scene.mallory.stream_claiming(&scene.ilona, &scene.space, claim).await;
        let refusal = talk.refusal().await;
        assert!(refusal.contains("a list is longer than allowed"), "{length}: {refusal}");
    }
    // The highest place there can be, everywhere: of others' feeds, of Ilona's own, and of feeds that nobody knows.
    let claim = |claims: &mut Vectors| {
        let highest = (u64::try_from(i64::MAX).unwrap() - 1, nowhere);
        let feeds = || known.iter().copied().chain([FeedId([3; 32])]);
        for vector in [&mut claims.valid, &mut claims.mine, &mut claims.yours, &mut claims.beyond] {
            vector.0.extend(feeds().map(|feed| (feed, highest)));
        }
    };
    let mut talk = scene.mallory.stream_claiming(&scene.ilona, &scene.space, claim).await;
    talk.listen(Duration::from_millis(300)).await;
    // While it is connected and after, what is written reaches those who ask honestly.
    scene.goes_on(&["Priya", "Quentin"]).await;
    drop(talk);
}

/// One byte now and then, from a member and from as many strangers as are heard at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_drip() {
    let scene = Scene::new().await;
    let ilona = scene.ilona.host.engine().computer();
    let mut drips = vec![scene.mallory.greet(&scene.ilona, &scene.space).await];
    let mut strangers = Vec::new();
    for number in 0..8 {
        let stranger = endpoint(iroh::SecretKey::from_bytes(&[100 + number; 32])).await;
        let connection = dial(&stranger, &ilona, scene.ilona.host.addresses()[0], EXCHANGE).await.expect("a connection");
        strangers.push(stranger);
        drips.push(Talk::open(connection).await);
    }
    // That is all the room there is for strangers.
    let one_more = endpoint(iroh::SecretKey::from_bytes(&[99; 32])).await;
    let refused = dial(&one_more, &ilona, scene.ilona.host.addresses()[0], EXCHANGE).await.expect("a connection");
    assert!(timeout(Duration::from_secs(3), refused.closed()).await.is_ok(), "strangers have as many connections as they like");
    let frame = pack(&hello());
    let length = u32::try_from(frame.len()).unwrap().to_be_bytes();
    let bytes = [&length[..], &frame].concat();
    let began = Instant::now();
    let mut served = false;
    for byte in &bytes {
        for drip in &mut drips {
            drip.say_bytes(&[*byte]).await;
        }
        if !served {
            // The others go on meanwhile, and somebody new can come.
            scene.goes_on(&[]).await;
            let jon = Peer::new("Jon").await;
            jon.join_auto(&scene.ilona.invite(SPACE, true).await).await.unwrap();
            assert_eq!(jon.names(SPACE).await.len(), 2);
            served = true;
        }
        sleep(Duration::from_millis(300)).await;
        if began.elapsed() > Duration::from_secs(22) {
            break;
        }
    }
    for drip in &mut drips[1..] {
        assert!(timeout(Duration::from_secs(3), drip.connection.closed()).await.is_ok(), "a stranger holds a connection for ever");
    }
    // And there is room for the next.
    let connection = dial(&strangers[0], &ilona, scene.ilona.host.addresses()[0], EXCHANGE).await.expect("a connection");
    let mut talk = Talk::open(connection).await;
    talk.say(&hello()).await;
    assert!(matches!(talk.hear().await, Some(Message::Hello { .. })), "a stranger is heard again: {}", talk.why_closed());
}

/// A round after which there is none, and places that no database counts to.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_at_their_end() {
    let mut scene = Scene::new().await;
    scene.maria.add(SPACE, "Priya").await;
    scene.ilona.sees(SPACE, &["Priya"]).await;
    let feed = *scene.ilona.host.engine().replica().headers(&scene.space).unwrap().keys().next().unwrap();
    let last = u64::MAX;
    let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
    let space = talk.name;
    for message in [
        Message::Probe { space, feed, at: vec![0, last, last - 1, 1 << 63] },
        Message::AskEntry { space, feed, seq: last },
        Message::Places { space, feed, hashes: vec![(last, None), (0, None)] },
        Message::Blocked { space, round: last },
        Message::Chunk(Chunk { round: last, ..talk.chunk(0, End::Stream) }),
        Message::Rules { space, round: last, heads: Vec::new(), known: Vec::new(), proofs: Vec::new() },
    ] {
        talk.say(&message).await;
    }
    let ends = |message: &Message| matches!(message, Message::Rules { round, .. } if *round == last).then_some(());
    talk.until("the last round", ends).await;
    let rules_end = Chunk { round: last, ..talk.chunk(0, End::Rules) };
    talk.say(&Message::Chunk(rules_end)).await;
    let vectors = |message: &Message| if let Message::Vectors(said) = message { Some(said.clone()) } else { None };
    let said = talk.until("vectors", vectors).await;
    talk.say(&Message::Vectors(Vectors { space, mine: said.yours.clone(), yours: said.mine.clone(), ..said })).await;
    talk.say(&Message::Chunk(Chunk { round: last, ..talk.chunk(0, End::Stream) })).await;
    let streamed = |message: &Message| matches!(message, Message::Chunk(Chunk { end: End::Stream, .. })).then_some(());
    talk.until("the end of the stream", streamed).await;
    // Now the rules change, which needs a round.
    scene.ilona.execute(Command::RenameSpace { space: SPACE.into(), name: "Old harbour".into() }).await;
    assert_eq!(talk.refusal().await, "the rounds are at their end");
    let refused = |event| if let Event::Refused { reason, .. } = event { Some(reason) } else { None };
    let said = scene.ilona.event("a refusal", refused).await;
    assert!(said.starts_with("Mallory’s computer sent something"), "{said}");
    let knows = async |name: &str| scene.maria.status().await.spaces.iter().any(|space| space.name == name);
    until("the new name is known", async || knows("Old harbour").await).await;
    scene.ilona.execute(Command::RenameSpace { space: "Old harbour".into(), name: SPACE.into() }).await;
    until("the old name is back", async || knows(SPACE).await).await;
    scene.goes_on(&["Priya"]).await;
}
