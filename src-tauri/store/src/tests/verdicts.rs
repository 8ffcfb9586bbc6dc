use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::ChangeHash;
use tuttu_sync::feed::Vector;
use tuttu_sync::verdict::{Standing, Verdict};

use super::world::*;
use crate::rows::RecordWrite;

fn verdict(standing: &[(&crate::rows::EntryWrite, Standing)], accepted: &[ChangeHash], vector: Vector) -> Verdict {
    Verdict {
        vector,
        standing: standing.iter().map(|(write, standing)| (write.entry.hash(), *standing)).collect(),
        accepted: accepted.iter().copied().collect::<BTreeSet<_>>(),
        closed: BTreeSet::new(),
        collided: false,
    }
}

#[test]
fn a_verdict_moves_standings_acceptance_and_vectors() {
    let mut world = World::new();
    let feed = world.feed.id();
    let first = world.feed.first(&[("kind", "person"), ("name", "Ann")]);
    let mut document = tuttu_model::Document::from_changes([first.bytes.as_slice()]).unwrap();
    let put = [tuttu_model::FlatOp::Put("name".into(), tuttu_model::Scalar::Text("Anna".into()))];
    let second = document.edit(world.feed.header.actor(), 7, &put).unwrap().unwrap();
    let other = world.feed.first(&[("kind", "person"), ("name", "Ben")]);
    let hashes = [first.hash, second.hash, other.hash];
    let one = world.feed.entry(vec![(doc(1), first.clone())]);
    let two = world.feed.entry(vec![(doc(1), second), (doc(2), other.clone())]);
    let record =
        RecordWrite { doc: doc(1), heads: document.heads(), record: document.record(), snapshot: Some(document.save()), news: false };
    let entries = [one.clone(), two.clone()];
    world.write(move |tx| {
        for entry in &entries {
            tx.append_entry(&SPACE, entry)?;
        }
        tx.put_record(&SPACE, &record)?;
        tx.put_record(&SPACE, &sole(doc(2), &other))
    });

    // The feed is cut after its first entry.
    let tip = Vector(BTreeMap::from([(feed, (1, one.entry.hash()))]));
    let cut = verdict(&[(&one, Standing::Valid), (&two, Standing::Tray)], &hashes[..1], tip.clone());
    let again = cut.clone();
    assert_eq!(world.write(move |tx| tx.apply_verdict(&SPACE, &cut)), [doc(1), doc(2)]);
    assert_eq!(world.write(move |tx| tx.apply_verdict(&SPACE, &again)), [], "nothing is left to change");
    assert_eq!(world.store.read(|reader| reader.vector(&SPACE)).unwrap(), tip);
    assert_eq!(world.store.read(|reader| reader.entry_at(&SPACE, &feed, 2)).unwrap(), None);
    let parts = world.store.read(|reader| reader.changes_after_snapshot(&SPACE, &doc(1))).unwrap().unwrap();
    assert_eq!((parts.snapshot, parts.changes), (None, vec![first.bytes]), "the snapshot held what does not count any more");
    let standing = |n: usize| world.store.read(|reader| reader.stream(&SPACE, 0, &Vector::default(), 9, 1 << 20)).unwrap()[n].standing;
    assert_eq!((standing(0), standing(1)), (Standing::Valid, Standing::Tray));

    // One change of the second entry is evidence.
    let evidence = verdict(&[(&one, Standing::Valid), (&two, Standing::Evidence)], &hashes[..2], tip);
    assert_eq!(world.write(move |tx| tx.apply_verdict(&SPACE, &evidence)), [doc(1)]);
    assert_eq!(standing(1), Standing::Evidence);

    // The right to write comes back.
    let whole = Vector(BTreeMap::from([(feed, (2, two.entry.hash()))]));
    let all = verdict(&[(&one, Standing::Valid), (&two, Standing::Valid)], &hashes, whole.clone());
    assert_eq!(world.write(move |tx| tx.apply_verdict(&SPACE, &all)), [doc(2)]);
    assert_eq!(world.store.read(|reader| reader.vector(&SPACE)).unwrap(), whole);

    // And the whole feed goes.
    let none = verdict(&[(&one, Standing::Tray), (&two, Standing::Tray)], &[], Vector::default());
    assert_eq!(world.write(move |tx| tx.apply_verdict(&SPACE, &none)), [doc(1), doc(2)]);
    assert_eq!(world.store.read(|reader| reader.vector(&SPACE)).unwrap(), Vector::default());
}
