//! Changes that would make a record unreadable for ever, or stop the program, if Automerge saw them: each in a rightly signed entry of a member.

use std::num::NonZeroU64;

use automerge::ExpandedChange;
use automerge::legacy::{ElementId, Key, ObjectId, OpId, OpType};
use tuttu_model::{ActorId, Change, ChangeHash, Document, DocumentId};
use tuttu_sync::feed::Item;

use crate::forging::{after, edit, entry, person, signed};
use crate::rogue::Fate;
use crate::scene::Scene;

/// The bytes of a change, and the hash under which it is announced.
type Forged = (Vec<u8>, ChangeHash);

/// What the forged change would follow: the record of the card “Target”.
struct Target {
    actor: ActorId,
    first: Change,
}

impl Target {
    /// A change that gives the card another name.
    fn renamed(&self) -> Change {
        edit(self.actor, &[&self.first.bytes], "name", "FORGED")
    }

    /// The same, with something wrong about it.
    fn altered(&self, alter: impl FnOnce(&mut ExpandedChange)) -> Forged {
        let mut expanded = automerge::Change::try_from(self.renamed().bytes.as_slice()).unwrap().decode();
        alter(&mut expanded);
        let change = automerge::Change::from(expanded);
        (change.raw_bytes().to_vec(), ChangeHash(change.hash().0))
    }

    fn op(&self, counter: u64) -> OpId {
        OpId::new(counter, &automerge::ActorId::from(self.actor))
    }
}

/// Mallory writes a good entry, and a bad one after it: the feed stops before the bad one, for this reason, and the card stays as it was.
async fn stops(why: &str, forge: impl FnOnce(&Target) -> Forged) {
    let scene = Scene::new().await;
    let (feed, key) = (scene.mallory.feed(&scene.space, 1), scene.mallory.key());
    let target = Target { actor: feed.actor(), first: person(feed.actor(), "Target") };
    let good = entry(&feed, None, 1, &target.first, &key);
    let (bytes, change) = forge(&target);
    let bad = signed(&feed, after(&good), vec![Item { doc: DocumentId([1; 16]), change }], vec![Some(bytes)], &key);
    // What the feed's owner writes after the bad entry is not taken either.
    let follows = entry(&feed, after(&bad), 2, &person(feed.actor(), "FORGED follower"), &key);
    for honest in [&scene.ilona, &scene.maria] {
        let mut talk = scene.mallory.stream(honest, &scene.space).await;
        let fate = talk.give(vec![good.clone(), bad.clone(), follows.clone()]).await;
        assert!(matches!(&fate, Fate::Taken(tips) if tips.0[&feed.id()].0 == 1), "only the good one counts: {fate:?}");
        talk.hang_up();
    }
    scene.both_blame_mallory(why).await;
    scene.goes_on(&["Target"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_good_change_that_the_bad_ones_are_made_of() {
    let scene = Scene::new().await;
    let (feed, key) = (scene.mallory.feed(&scene.space, 1), scene.mallory.key());
    let target = Target { actor: feed.actor(), first: person(feed.actor(), "Target") };
    let first = entry(&feed, None, 1, &target.first, &key);
    let second = entry(&feed, after(&first), 1, &target.renamed(), &key);
    let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
    let fate = talk.give(vec![first, second]).await;
    assert!(matches!(&fate, Fate::Taken(tips) if tips.0[&feed.id()].0 == 2), "{fate:?}");
    scene.goes_on(&["FORGED"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deflated_chunk() {
    stops("not a plain change", |target| {
        let change = edit(target.actor, &[&target.first.bytes], "name", &"FORGED ".repeat(500));
        let mut change = automerge::Change::try_from(change.bytes.as_slice()).unwrap();
        let hash = ChangeHash(change.hash().0);
        let deflated = change.bytes().into_owned();
        assert_eq!(deflated[8], 2, "it is deflated");
        (deflated, hash)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_chunk() {
    stops("not a plain change", |target| {
        let renamed = target.renamed();
        let document = Document::from_changes([target.first.bytes.as_slice(), &renamed.bytes]).unwrap();
        (document.save(), renamed.hash)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pred_that_names_a_missing_operation() {
    stops("does not exist", |target| target.altered(|change| change.operations[0].pred = vec![target.op(50)].into())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_without_pred() {
    stops("removes nothing", |target| {
        target.altered(|change| {
            change.operations[0].action = OpType::Delete;
            change.operations[0].pred = Vec::new().into();
        })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_key_on_a_map() {
    stops("place in a list", |target| target.altered(|change| change.operations[0].key = Key::Seq(ElementId::Head))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_map_key_on_a_list() {
    stops("plain values only", |target| {
        target.altered(|change| {
            let list = target.op(3);
            let mut on_it = change.operations[0].clone();
            change.operations[0].action = OpType::Make(automerge::ObjType::List);
            on_it.obj = ObjectId::Id(list);
            on_it.pred = Vec::new().into();
            change.operations.push(on_it);
        })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_in_the_authors_numbers() {
    stops("next one", |target| target.altered(|change| change.seq = 9)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_on_an_unknown_object() {
    stops("not on the record itself", |target| target.altered(|change| change.operations[0].obj = ObjectId::Id(target.op(77)))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operation_ids_that_repeat() {
    stops("not numbered from the end", |target| target.altered(|change| change.start_op = NonZeroU64::new(2).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operation_ids_that_begin_too_low() {
    stops("not numbered from the end", |target| target.altered(|change| change.start_op = NonZeroU64::MIN)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operation_ids_at_the_end_of_the_numbers() {
    stops("counter is too high", |target| target.altered(|change| change.start_op = NonZeroU64::new(u64::from(u32::MAX)).unwrap())).await;
}

/// It is the author's second change, and says so, but rests on nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_does_not_rest_on_its_authors_one_before() {
    stops("does not follow", |target| {
        target.altered(|change| {
            change.deps.clear();
            change.operations[0].pred = Vec::new().into();
            change.start_op = NonZeroU64::MIN;
        })
    })
    .await;
}

/// It may come yet, so nobody is blamed; but until then nothing is taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_rests_on_missing_ones() {
    let scene = Scene::new().await;
    let (feed, key) = (scene.mallory.feed(&scene.space, 1), scene.mallory.key());
    let target = Target { actor: feed.actor(), first: person(feed.actor(), "Target") };
    let orphan = entry(&feed, None, 1, &target.renamed(), &key);
    let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
    let fate = talk.give(vec![orphan]).await;
    assert!(matches!(&fate, Fate::Taken(tips) if tips.0.is_empty()), "{fate:?}");
    let held = scene.ilona.host.engine().replica().headers(&scene.space).unwrap();
    assert!(!held.contains_key(&feed.id()), "it is not stored");
    talk.hang_up();
    scene.goes_on(&[]).await;
}
