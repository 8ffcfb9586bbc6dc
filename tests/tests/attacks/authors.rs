//! Writing what one may not write: in another's name, in another place, after the right to write ended.

use std::time::Duration;

use tuttu_engine::api::{Command, Event};
use tuttu_model::Change;
use tuttu_sync::feed::{FeedHeader, Vector};
use tuttu_sync::membership::VerifiedOp;

use crate::forging::{after, entry, person};
use crate::net::{Peer, pair};
use crate::rogue::{Fate, Rogue};
use crate::scene::{Scene, blames, contains, go_on, joins};
use crate::wire::{End, Message, WireEntry};

/// Somebody's first feed of the space.
fn feed_of(scene: &Scene, peer: &Peer) -> FeedHeader {
    let headers = peer.host.engine().replica().headers(&scene.space).unwrap();
    headers.into_values().find(|header| header.computer == peer.host.engine().computer()).expect("something was written")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_author_inside_ones_own_feed() {
    let scene = Scene::new().await;
    scene.maria.add("Harbour", "Priya").await;
    scene.ilona.sees("Harbour", &["Priya"]).await;
    let victim = feed_of(&scene, &scene.maria);
    let mine = scene.mallory.feed(&scene.space, 1);
    let forged = entry(&mine, None, 1, &person(victim.actor(), "FORGED"), &scene.mallory.key());
    let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
    let fate = talk.give(vec![forged.clone()]).await;
    assert!(matches!(&fate, Fate::Taken(tips) if tips.0.is_empty()), "nothing of the feed counts: {fate:?}");
    let mut talk = scene.mallory.stream(&scene.maria, &scene.space).await;
    talk.give(vec![forged]).await;
    scene.both_blame_mallory("names another author than its feed").await;
    scene.goes_on(&["Priya"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_author_in_the_authors_own_feed() {
    let scene = Scene::new().await;
    scene.maria.add("Harbour", "Priya").await;
    scene.ilona.sees("Harbour", &["Priya"]).await;
    let victim = feed_of(&scene, &scene.maria);
    let tip = scene.maria.host.engine().replica().vector(&scene.space).unwrap().0[&victim.id()];
    let forged = entry(&victim, Some(tip), 1, &person(victim.actor(), "FORGED"), &scene.mallory.key());
    let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
    let fate = talk.give(vec![forged]).await;
    assert!(matches!(&fate, Fate::Refused(why) if why.contains("not signed by the computer of its feed")), "{fate:?}");
    blames(&scene.ilona, "Mallory", "not signed by the computer of its feed").await;
    scene.goes_on(&["Priya"]).await;
}

/// A change of Maria's, put into another document by somebody else; and one of Mallory's own that is listed twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_into_another_document() {
    let scene = Scene::new().await;
    scene.maria.add("Harbour", "Priya").await;
    scene.ilona.sees("Harbour", &["Priya"]).await;
    let stored = scene.ilona.host.engine().replica().stream(&scene.space, 0, &Vector::default(), 1, 1).unwrap();
    let bytes = stored[0].changes[0].clone().unwrap();
    let replayed = Change::read(&bytes).unwrap();
    let mine = scene.mallory.feed(&scene.space, 1);
    let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
    let fate = talk.give(vec![entry(&mine, None, 1, &replayed, &scene.mallory.key())]).await;
    assert!(matches!(&fate, Fate::Taken(tips) if tips.0.is_empty()), "{fate:?}");
    blames(&scene.ilona, "Mallory", "names another author than its feed").await;
    scene.goes_on(&["Priya"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_into_another_space() {
    let scene = Scene::new().await;
    let harbour = scene.space;
    // What Maria wrote to all in one space is not to appear in another one that the same three share.
    scene.maria.add("Harbour", "Priya").await;
    scene.ilona.sees("Harbour", &["Priya"]).await;
    let replica = scene.ilona.host.engine().replica();
    let stored = replica.stream(&harbour, 0, &Vector::default(), 1, 1).unwrap().remove(0);
    let header = replica.headers(&harbour).unwrap()[&stored.entry.claimed_feed()].clone();
    let (garden, scene) = scene.also_share("Garden").await;
    let replayed = WireEntry { header: Some(header.clone()), entry: stored.entry, changes: stored.changes, beyond_vector: false };
    for header in [Some(header.clone()), Some(FeedHeader { space: garden, ..header }), None] {
        let mut talk = scene.mallory.stream(&scene.ilona, &garden).await;
        let fate = talk.give(vec![WireEntry { header, ..replayed.clone() }]).await;
        let waits = matches!(&fate, Fate::Taken(tips) if tips.0.is_empty());
        assert!(waits || matches!(&fate, Fate::Refused(why) if why.contains("header of another feed")), "{fate:?}");
    }
    assert!(scene.ilona.names("Garden").await.is_empty() && scene.maria.names("Garden").await.is_empty());
    scene.goes_on(&["Priya"]).await;
}

/// An editor loses the right to write. What they write on, in the old feed or a new one under the old right, counts nowhere: neither with who knows of it, nor
/// in the end with who heard it before the removal.
#[tokio::test(flavor = "multi_thread")]
async fn a_back_dated_entry_after_a_cut() {
    let Scene { ilona, maria, mallory, space } = Scene::new().await;
    let (key, feed) = (mallory.key(), mallory.feed(&space, 1));
    let before = entry(&feed, None, 1, &person(feed.actor(), "Before"), &key);
    let mut talk = mallory.stream(&ilona, &space).await;
    assert!(matches!(talk.give(vec![before.clone()]).await, Fate::Taken(tips) if tips.0.len() == 1));
    talk.hang_up();
    maria.sees("Harbour", &["Before"]).await;
    let dir = maria.stop().await;
    ilona.execute(Command::SetRole { space: "Harbour".into(), member: "Mallory".into(), role: "viewer".into() }).await;
    let late = entry(&feed, after(&before), 2, &person(feed.actor(), "FORGED late"), &key);
    let other = FeedHeader { epoch: [2; 16], ..feed.clone() };
    let afresh = entry(&other, None, 3, &person(other.actor(), "FORGED afresh"), &key);
    let mut talk = mallory.stream(&ilona, &space).await;
    let fate = talk.give(vec![late.clone(), afresh.clone()]).await;
    assert!(matches!(&fate, Fate::Taken(tips) if tips.0.values().all(|(length, _)| *length == 1)), "only what was before counts: {fate:?}");
    talk.hang_up();
    assert_eq!(ilona.names("Harbour").await, ["Before"]);
    // Maria has not heard of it and takes it, until she meets somebody who has.
    let ilonas = ilona.stop().await;
    let maria = Peer::again("Maria", dir).await;
    let mut talk = mallory.stream(&maria, &space).await;
    talk.give(vec![late, afresh]).await;
    maria.sees("Harbour", &["Before", "FORGED afresh", "FORGED late"]).await;
    talk.hang_up();
    let ilona = Peer::again("Ilona", ilonas).await;
    go_on(&ilona, &maria, &["Before"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_who_writes_and_an_editor_who_carries_it() {
    let (ilona, maria) = pair("Harbour").await;
    let vera = joins("Vera", "viewer", &ilona, &maria).await;
    let mallory = joins("Mallory", "editor", &ilona, &maria).await;
    let (vera, mallory) = (Rogue::of(vera).await, Rogue::of(mallory).await);
    let space = ilona.detail("Harbour").await.summary.id.parse().unwrap();
    let feed = vera.feed(&space, 1);
    let written = entry(&feed, None, 1, &person(feed.actor(), "FORGED"), &vera.key());
    // Under the right of the editor as well.
    let borrowed = FeedHeader { grant: mallory.grant(&space), ..feed };
    let borrowing = entry(&borrowed, None, 1, &person(borrowed.actor(), "FORGED"), &vera.key());
    for (carrier, name) in [(&vera, "Vera"), (&mallory, "Mallory")] {
        for forged in [&written, &borrowing] {
            let mut talk = carrier.stream(&ilona, &space).await;
            let fate = talk.give(vec![forged.clone()]).await;
            assert!(matches!(&fate, Fate::Refused(why) if why.contains("written by Vera, who was not allowed to")), "{fate:?}");
        }
        blames(&ilona, name, "written by Vera, who was not allowed to").await;
    }
    go_on(&ilona, &maria, &[]).await;
}

/// The certificate and the grant are as good as ever by themselves; the removal is not in them.
#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_who_returns_with_an_old_certificate() {
    let scene = Scene::new().await;
    scene.ilona.add("Harbour", "Priya").await;
    scene.maria.sees("Harbour", &["Priya"]).await;
    let summary = scene.mallory.greet(&scene.ilona, &scene.space).await.summary().expect("still a member");
    let old: Vec<_> =
        scene.mallory.engine.replica().membership(&scene.space).unwrap().unwrap().in_order().map(VerifiedOp::to_signed).collect();
    scene.ilona.execute(Command::RemoveMember { space: "Harbour".into(), member: "Mallory".into() }).await;
    scene.ilona.add("Harbour", "Secret of ours").await;
    scene.maria.sees("Harbour", &["Priya", "Secret of ours"]).await;
    for honest in [&scene.ilona, &scene.maria] {
        let mut talk = scene.mallory.greet(honest, &scene.space).await;
        assert_eq!(talk.summary(), None, "the space is not offered");
        talk.offer(summary).await;
        let mut shown = talk.chunk(1, End::Rules);
        shown.ops.clone_from(&old);
        talk.say(&Message::Chunk(shown)).await;
        // Entries at once, without waiting for anything.
        let feed = scene.mallory.feed(&scene.space, 1);
        let mut chunk = talk.chunk(2, End::Stream);
        chunk.entries.push(entry(&feed, None, 1, &person(feed.actor(), "FORGED"), &scene.mallory.key()));
        talk.say(&Message::Chunk(chunk)).await;
        let heard = talk.listen(Duration::from_millis(700)).await;
        let told = heard.iter().any(|message| matches!(message, Message::Chunk(chunk) if !chunk.ops.is_empty()));
        assert!(told, "they learn that they were removed: {heard:?}");
        assert!(!heard.iter().any(|message| matches!(message, Message::Chunk(chunk) if !chunk.entries.is_empty())), "and get nothing else");
        assert!(!talk.heard.iter().any(|bytes| contains(bytes, b"Secret of ours")));
        talk.hang_up();
    }
    scene.goes_on(&["Priya", "Secret of ours"]).await;
}

/// Each of the two gets another history; whichever way it becomes known, both have the proof and say whose it is.
#[tokio::test(flavor = "multi_thread")]
async fn two_entries_with_one_sequence_number() {
    let mut scene = Scene::new().await;
    let (key, feed) = (scene.mallory.key(), scene.mallory.feed(&scene.space, 1));
    let common = entry(&feed, None, 1, &person(feed.actor(), "Common"), &key);
    let one = entry(&feed, after(&common), 2, &person(feed.actor(), "FORGED for Ilona"), &key);
    let other = entry(&feed, after(&common), 3, &person(feed.actor(), "FORGED for Maria"), &key);
    let (mut to_ilona, mut to_maria) =
        (scene.mallory.stream(&scene.ilona, &scene.space).await, scene.mallory.stream(&scene.maria, &scene.space).await);
    tokio::join!(to_ilona.give(vec![common.clone(), one]), to_maria.give(vec![common, other]));
    scene.both_blame_mallory("wrote two histories of its changes").await;
    for peer in [&mut scene.ilona, &mut scene.maria] {
        let proofs = peer.host.engine().replica().proofs(&scene.space).unwrap();
        assert!(proofs.iter().all(|proof| proof.header.computer == scene.mallory.engine.computer()) && proofs.len() == 1);
        let refused = |event| if let Event::Refused { reason, .. } = event { Some(reason) } else { None };
        let said = peer.event("a word about it", refused).await;
        assert!(said.contains("Mallory’s computer “Mallory’s laptop” wrote two histories"), "{said}");
    }
    // The feed stops where it parted.
    scene.goes_on(&["Common"]).await;
}
