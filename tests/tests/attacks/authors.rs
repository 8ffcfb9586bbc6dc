//! Writing what one may not write: in another's name, in another place, after the right to write ended.

use tuttu_sync::feed::FeedHeader;

use crate::forging::{entry, person};
use crate::rogue::Fate;
use crate::scene::{Scene, blames};

/// Somebody's first feed of the space.
fn feed_of(scene: &Scene, peer: &crate::net::Peer) -> FeedHeader {
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
