use std::collections::BTreeMap;

use tuttu_model::{ComputerId, EntryHash, FeedId, OpHash, PersonId};
use tuttu_sync::feed::{ForkProof, Vector};
use tuttu_sync::membership::SignedOp;
use tuttu_sync::membership::{Op, OpBody, Signer};
use tuttu_sync::signing::SignatureBytes;
use tuttu_sync::verdict::Standing;

use super::world::*;
use crate::rows::EntryWrite;
use crate::{Lane, StoreError};

const FIELDS: [(&str, &str); 2] = [("kind", "person"), ("name", "Ann")];

fn one_change(feed: &mut Feed, number: u64) -> EntryWrite {
    let change = feed.first(&[("kind", "person"), ("name", &format!("Person {number}"))]);
    feed.entry(vec![(doc(number), change)])
}

/// A world with three feeds whose entries came in turn.
fn three_feeds(rounds: u64) -> (World, Vec<Feed>) {
    let world = World::new();
    let mut feeds: Vec<Feed> = (1..=3).map(|n| Feed::new(SPACE, ComputerId([n; 32]), n)).collect();
    let mut entries = Vec::new();
    for round in 0..rounds {
        for (n, feed) in feeds.iter_mut().enumerate() {
            entries.push(one_change(feed, round * 3 + n as u64));
        }
    }
    world.write(move |tx| entries.iter().try_for_each(|entry| tx.append_entry(&SPACE, entry).map(drop)));
    (world, feeds)
}

fn arrivals(world: &World, after: u64, skip: &Vector, limit: usize, bytes: usize) -> Vec<u64> {
    let entries = world.store.read(|reader| reader.stream(&SPACE, after, skip, limit, bytes)).unwrap();
    entries.iter().map(|entry| entry.arrival).collect()
}

#[test]
fn an_entry_comes_back_as_it_went_in() {
    let mut world = World::new();
    let change = world.feed.first(&FIELDS);
    let large = world.feed.first(&[("kind", "person"), ("notes", &"many words ".repeat(200))]);
    let entry = world.feed.entry(vec![(doc(1), change.clone()), (doc(2), large.clone())]);
    let (hash, feed) = (entry.entry.hash(), world.feed.id());
    let again = entry.clone();
    assert_eq!(world.write(move |tx| tx.append_entry(&SPACE, &entry)), 1);
    assert_eq!(world.write(move |tx| tx.append_entry(&SPACE, &again)), 1, "held already");

    let (stored, header) = world.store.read(|reader| reader.entry_by_hash(&hash)).unwrap().unwrap();
    assert_eq!(header, world.feed.header);
    assert_eq!((stored.arrival, stored.standing, stored.entry.hash()), (1, Standing::Valid, hash));
    assert_eq!(stored.changes, [Some(change.bytes.clone()), Some(large.bytes.clone())]);
    world
        .store
        .read(|reader| {
            assert!(reader.has_entry(&SPACE, &hash)?);
            assert!(!reader.has_entry(&SHARED, &hash)?);
            assert_eq!(reader.entry_at(&SPACE, &feed, 1)?, Some(hash));
            assert_eq!(reader.entry_at(&SPACE, &feed, 2)?, None);
            assert_eq!(reader.header(&SPACE, &feed)?, Some(world.feed.header.clone()));
            assert_eq!(reader.headers(&SPACE)?, BTreeMap::from([(feed, world.feed.header.clone())]));
            assert_eq!(reader.vector(&SPACE)?, Vector(BTreeMap::from([(feed, (1, hash))])));
            assert_eq!(reader.raw_tips(&SPACE, &COMPUTER)?, Vector(BTreeMap::from([(feed, (1, hash))])));
            assert_eq!(reader.raw_tips(&SPACE, &ComputerId([77; 32]))?, Vector::default());
            assert_eq!(reader.author(&world.feed.header.actor())?, Some((COMPUTER, SPACE)));
            assert_eq!(reader.author(&[0; 16])?, None);
            let facts = reader.entry_facts(&SPACE)?;
            assert_eq!((facts.len(), facts[0].hash, facts[0].seq, facts[0].items.len(), facts[0].invalid), (1, hash, 1, 2, false));
            let facts = reader.change_facts(&SPACE)?;
            assert_eq!((facts[&change.hash].doc, facts[&change.hash].feed, facts[&large.hash].seq), (doc(1), feed, 1));
            Ok(())
        })
        .unwrap();
}

#[test]
fn entries_are_refused_when_they_do_not_fit() {
    let mut world = World::new();
    let first = one_change(&mut world.feed, 1);
    let second = one_change(&mut world.feed, 2);
    let third = one_change(&mut world.feed, 3);
    let refused = |entry: EntryWrite| {
        let outcome = world.store.write(Lane::Remote, move |tx| tx.append_entry(&SPACE, &entry));
        assert!(matches!(outcome, Err(StoreError::Other(_))), "{outcome:?}");
    };
    refused(second.clone());
    world.write({
        let first = first.clone();
        move |tx| tx.append_entry(&SPACE, &first)
    });
    refused(third);
    refused(EntryWrite { changes: first.changes.clone(), ..second.clone() });
    refused(EntryWrite { changes: vec![], ..second.clone() });
    let stranger = Feed::new(SHARED, COMPUTER, 8).header;
    let mut other = Feed::new(SPACE, COMPUTER, 9);
    refused(EntryWrite { header: stranger, ..one_change(&mut other, 4) });
    let foreign = second.clone();
    let outcome = world.store.write(Lane::Remote, move |tx| tx.append_entry(&SHARED, &foreign));
    assert!(outcome.is_err(), "an entry of one space is not taken into another");
    assert_eq!(world.write(move |tx| tx.append_entry(&SPACE, &second)), 2);
}

#[test]
fn a_stream_follows_arrival_and_leaves_out_what_is_held() {
    let (world, feeds) = three_feeds(100);
    let none = Vector::default();
    assert_eq!(arrivals(&world, 0, &none, 1_000, usize::MAX), (1..=300).collect::<Vec<_>>());
    assert_eq!(arrivals(&world, 290, &none, 4, usize::MAX), [291, 292, 293, 294]);
    assert_eq!(arrivals(&world, 300, &none, 4, usize::MAX), [0; 0]);
    // All of the first feed, 98 entries of the second.
    let skip = Vector(BTreeMap::from([(feeds[0].id(), (100, EntryHash([0; 32]))), (feeds[1].id(), (98, EntryHash([0; 32])))]));
    let expected: Vec<u64> = (1..=300).filter(|n| n % 3 == 0 || (n % 3 == 2 && *n > 294)).collect();
    assert_eq!(arrivals(&world, 0, &skip, 1_000, usize::MAX), expected);
    assert_eq!(arrivals(&world, 294, &skip, 1_000, usize::MAX), [296, 297, 299, 300]);
    let all = Vector(feeds.iter().map(|feed| (feed.id(), (u64::MAX, EntryHash([0; 32])))).collect());
    assert_eq!(arrivals(&world, 0, &all, 1_000, usize::MAX), [0; 0]);
    assert_eq!(arrivals(&world, 0, &none, 0, usize::MAX), [0; 0]);
}

#[test]
fn a_stream_has_at_least_one_entry_and_not_many_bytes_more_than_asked() {
    let (world, _) = three_feeds(10);
    let none = Vector::default();
    assert_eq!(arrivals(&world, 0, &none, 1_000, 0), [1]);
    let entries = world.store.read(|reader| reader.stream(&SPACE, 0, &none, 10, usize::MAX)).unwrap();
    let sizes: Vec<usize> = entries.iter().map(|entry| entry.changes.iter().flatten().map(Vec::len).sum()).collect();
    let three = sizes.iter().take(3).sum();
    assert_eq!(arrivals(&world, 0, &none, 1_000, three), [1, 2, 3]);
    assert_eq!(arrivals(&world, 0, &none, 1_000, three - 1), [1, 2]);
}

#[test]
fn a_stream_does_not_look_at_what_it_leaves_out() {
    let (world, feeds) = three_feeds(300);
    let skip = Vector(feeds.iter().map(|feed| (feed.id(), (299, EntryHash([0; 32])))).collect());
    let steps = world
        .store
        .read(|reader| {
            let before = virtual_steps(reader.connection);
            assert_eq!(reader.stream(&SPACE, 0, &skip, 100, usize::MAX)?.len(), 3);
            Ok(virtual_steps(reader.connection) - before)
        })
        .unwrap();
    assert!(steps < 2_000, "{steps} steps for three entries");
}

/// Steps of SQLite's virtual machine in all statements kept prepared that a stream uses.
fn virtual_steps(connection: &rusqlite::Connection) -> i32 {
    let sql = "SELECT arrival, eid, size FROM entry INDEXED BY entry_feed WHERE fid = ?1 AND arrival > ?2 AND seq > ?3 AND invalid = ''
                ORDER BY arrival LIMIT ?4";
    connection.prepare_cached(sql).unwrap().get_status(rusqlite::StatementStatus::VmStep)
}

#[test]
fn both_branches_of_a_fork_are_held_and_streamed() {
    let mut world = World::new();
    let first = one_change(&mut world.feed, 1);
    let mut branch = world.feed.clone();
    let second = one_change(&mut world.feed, 2);
    let third = one_change(&mut world.feed, 3);
    let other_second = EntryWrite { standing: Standing::Tray, ..one_change(&mut branch, 4) };
    let other_third = EntryWrite { standing: Standing::Tray, ..one_change(&mut branch, 5) };
    let (feed, valid_tip) = (world.feed.id(), third.entry.hash());
    let entries = [first, second, third, other_second, other_third];
    world.write(move |tx| entries.iter().try_for_each(|entry| tx.append_entry(&SPACE, entry).map(drop)));
    world
        .store
        .read(|reader| {
            assert_eq!(reader.vector(&SPACE)?.0[&feed], (3, valid_tip));
            assert_eq!(reader.entry_at(&SPACE, &feed, 3)?, Some(valid_tip));
            Ok(())
        })
        .unwrap();
    let skip = |length| Vector(BTreeMap::from([(feed, (length, EntryHash([0; 32])))]));
    assert_eq!(arrivals(&world, 0, &skip(1), 10, usize::MAX), [2, 3, 4, 5]);
    assert_eq!(arrivals(&world, 0, &skip(2), 10, usize::MAX), [3, 5]);
    let changes = world.store.read(|reader| reader.changes(&SPACE, &doc(4))).unwrap();
    assert!(!changes[0].accepted, "what is in the tray does not count");
}

#[test]
fn an_invalid_entry_is_kept_as_evidence_without_its_changes() {
    let mut world = World::new();
    let good = one_change(&mut world.feed, 1);
    let bad = EntryWrite { standing: Standing::Tray, invalid: Some("the change is too large".into()), ..one_change(&mut world.feed, 2) };
    let (feed, tip) = (world.feed.id(), good.entry.hash());
    world.write(move |tx| {
        tx.append_entry(&SPACE, &good)?;
        tx.append_entry(&SPACE, &bad)?;
        tx.freeze_feed(&SPACE, &feed, 2, "the change is too large")
    });
    world
        .store
        .read(|reader| {
            assert_eq!(reader.entry_facts(&SPACE)?.iter().map(|facts| facts.invalid).collect::<Vec<_>>(), [false, true]);
            assert_eq!(reader.frozen_feeds(&SPACE)?, [(feed, 2, "the change is too large".to_owned())]);
            assert_eq!(reader.vector(&SPACE)?.0[&feed], (1, tip));
            assert_eq!(reader.raw_tips(&SPACE, &COMPUTER)?.0[&feed], (1, tip));
            assert_eq!(reader.changes(&SPACE, &doc(2))?, []);
            Ok(())
        })
        .unwrap();
    assert_eq!(arrivals(&world, 0, &Vector::default(), 10, usize::MAX), [1]);
    world.write(move |tx| tx.thaw_feed(&SPACE, &feed));
    assert_eq!(world.store.read(|reader| reader.frozen_feeds(&SPACE)).unwrap(), []);
}

#[test]
fn an_erased_change_is_listed_without_bytes() {
    let mut world = World::new();
    let mut entry = one_change(&mut world.feed, 1);
    entry.changes[0].1 = None;
    let hash = entry.entry.hash();
    world.write(move |tx| tx.append_entry(&SPACE, &entry));
    let (stored, _) = world.store.read(|reader| reader.entry_by_hash(&hash)).unwrap().unwrap();
    assert_eq!(stored.changes, [None]);
    let changes = world.store.read(|reader| reader.changes(&SPACE, &doc(1))).unwrap();
    assert_eq!((changes.len(), &changes[0].bytes), (1, &None));
    assert!(world.store.read(|reader| reader.change_facts(&SPACE)).unwrap().is_empty());
}

#[test]
fn what_another_computer_lacks_is_counted_in_changes() {
    let (world, feeds) = three_feeds(4);
    let pending = |vector: &Vector| world.store.read(|reader| reader.pending_for(&SPACE, vector)).unwrap();
    let ours = world.store.read(|reader| reader.vector(&SPACE)).unwrap();
    assert_eq!(pending(&ours), 0);
    assert_eq!(pending(&Vector::default()), 12);
    let mut theirs = ours.clone();
    theirs.0.remove(&feeds[0].id());
    let at = world.store.read(|reader| reader.entry_at(&SPACE, &feeds[1].id(), 1)).unwrap().unwrap();
    theirs.0.insert(feeds[1].id(), (1, at));
    assert_eq!(pending(&theirs), 4 + 3);
    theirs.0.insert(feeds[1].id(), (1, EntryHash([9; 32])));
    assert_eq!(pending(&theirs), 4 + 4, "another history confirms nothing of ours");
    theirs.0.insert(feeds[2].id(), (99, EntryHash([9; 32])));
    theirs.0.insert(FeedId([8; 32]), (99, EntryHash([9; 32])));
    assert_eq!(pending(&theirs), 4 + 4);
}

fn op(number: u8) -> SignedOp {
    let founder = PersonId([4; 32]);
    let body = OpBody::Genesis { nonce: [number; 16], name: "S".into(), founder, founder_name: "F".into(), private: false };
    let op = Op { space: None, parents: Vec::new(), tenure: None, signer: Signer::Person(founder), time: 1, body };
    postcard::from_bytes(&postcard::to_stdvec(&(op, SignatureBytes([5; 64]))).unwrap()).unwrap()
}

#[test]
fn operations_and_proofs_are_kept_once_and_in_order() {
    let mut world = World::new();
    let ops: Vec<SignedOp> = [3, 1, 2].map(op).into();
    let again = ops.clone();
    let new = world.write(move |tx| again.iter().chain(&again).map(|op| tx.put_op(&SPACE, op)).collect::<Result<Vec<_>, _>>());
    assert_eq!(new, [true, true, true, false, false, false]);
    assert_eq!(world.store.read(|reader| reader.ops(&SPACE)).unwrap(), ops);
    assert_eq!(world.store.read(|reader| reader.ops(&SHARED)).unwrap(), []);

    let mut branch = world.feed.clone();
    let (first, second) = (one_change(&mut world.feed, 1), one_change(&mut branch, 2));
    let proof = ForkProof { header: world.feed.header.clone(), first: first.entry.to_signed(), second: second.entry.to_signed() };
    let kept = proof.clone();
    let new = world.write(move |tx| Ok([tx.put_proof(&SPACE, &kept)?, tx.put_proof(&SPACE, &kept)?]));
    assert_eq!(new, [true, false]);
    assert_eq!(world.store.read(|reader| reader.proofs(&SPACE)).unwrap(), [proof]);
    assert_ne!(op(1).hash(), OpHash([0; 32]));
}

#[test]
fn what_was_changed_last_comes_first() {
    let mut world = World::new();
    let ann = world.add(&FIELDS);
    let mut shared = Feed::new(SHARED, COMPUTER, 5);
    let elsewhere = one_change(&mut shared, 900);
    world.write(move |tx| tx.append_entry(&SHARED, &elsewhere).map(drop));
    let others = world.add_all(&[&FIELDS, &FIELDS, &FIELDS]);
    let edited = world.edit(ann, &[tuttu_model::FlatOp::Put("notes".into(), tuttu_model::Scalar::Text("violets".into()))], false);
    // What waits for a decision does not count.
    let mut waiting = one_change(&mut Feed::new(SPACE, ComputerId([8; 32]), 8), 901);
    waiting.standing = Standing::Tray;
    world.write(move |tx| tx.append_entry(&SPACE, &waiting).map(drop));
    let arrived = |limit| world.store.read(|reader| reader.arrived(&SPACE, limit)).unwrap();
    let docs: Vec<_> = arrived(10).into_iter().map(|change| change.doc).collect();
    assert_eq!(docs, [ann, others[2], others[1], others[0], ann], "nothing of the other space");
    let newest = &arrived(1)[0];
    assert_eq!((newest.change, newest.time, newest.actor), (edited, 1_763_000_100, world.feed.header.actor()));
    assert_eq!(arrived(3).len(), 3, "a page may end within an entry");
    assert_eq!(arrived(0), []);
}
