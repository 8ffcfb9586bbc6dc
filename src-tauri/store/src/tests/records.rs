use tuttu_model::{FlatOp, Scalar};

use super::world::*;
use crate::rows::{RecordWrite, Sort};
use crate::{Lane, StoreError};

#[test]
fn a_record_is_projected_and_read_back() {
    let mut world = World::new();
    let fields =
        [("kind", "person"), ("name", "Priya Raghunathan"), ("emails/aaaaaaa1", "work\tpriya@harbourline.example"), ("tag:partner", "")];
    let doc = world.add(&fields);
    let row = world.record(&doc).unwrap();
    assert_eq!(row.view.name, "Priya Raghunathan");
    assert_eq!(row.view.emails[0].value, "priya@harbourline.example");
    assert_eq!(row.view.tags, ["partner"]);
    assert_eq!((row.space, row.doc, row.news), (SPACE, doc, false));
    assert_eq!(world.store.read(|reader| reader.record(&SHARED, &doc)), Ok(None), "a record is known by space and id together");
}

#[test]
fn an_edit_moves_every_projection() {
    let mut world = World::new();
    let doc = world.add(&[("kind", "person"), ("name", "Ann Lee"), ("notes", "likes violets"), ("tag:partner", "")]);
    world.set(doc, "name", "Zoe Lee");
    world.set(doc, "notes", "likes roses");
    world.edit(doc, &[FlatOp::Delete("tag:partner".into()), FlatOp::Put("tag:funder".into(), Scalar::Flag(true))], false);
    assert_eq!(world.search("zoe"), ["Zoe Lee"]);
    assert_eq!(world.search("ann"), [""; 0]);
    assert_eq!(world.search("rose"), ["Zoe Lee (notes)"]);
    assert_eq!(world.search("violets"), [""; 0]);
    assert_eq!(world.search("tag:funder"), ["Zoe Lee (tag)"]);
    assert_eq!(world.search("tag:partner"), [""; 0]);
    assert_eq!(world.store.read(|reader| reader.find_by_name("zoe LEE")).unwrap(), [(SPACE, doc, "person".to_owned())]);
    assert_eq!(world.store.read(|reader| reader.find_by_name("ann lee")).unwrap(), []);
}

#[test]
fn snapshots_and_later_changes_make_the_document() {
    let mut world = World::new();
    let doc = world.add(&[("kind", "person"), ("name", "Ann")]);
    let parts = world.store.read(|reader| reader.changes_after_snapshot(&SPACE, &doc)).unwrap().unwrap();
    assert_eq!((parts.snapshot, parts.changes.len()), (None, 1));
    world.set(doc, "name", "Anna");
    let parts = world.store.read(|reader| reader.changes_after_snapshot(&SPACE, &doc)).unwrap().unwrap();
    assert_eq!((parts.snapshot.is_some(), parts.changes.len()), (true, 0));

    // An edit without a new snapshot leaves the old one, which stays good.
    let mut document = world.document(&doc);
    let change = document.edit(world.feed.header.actor(), 5, &[FlatOp::Put("name".into(), Scalar::Text("Anne".into()))]).unwrap().unwrap();
    let write = RecordWrite { doc, heads: document.heads(), record: document.record(), snapshot: None, news: false };
    let entry = world.feed.entry(vec![(doc, change)]);
    world.write(move |tx| {
        tx.append_entry(&SPACE, &entry)?;
        tx.put_record(&SPACE, &write)
    });
    let parts = world.store.read(|reader| reader.changes_after_snapshot(&SPACE, &doc)).unwrap().unwrap();
    assert_eq!((parts.snapshot.is_some(), parts.changes.len()), (true, 1));
    assert_eq!(world.document(&doc).heads(), document.heads());
    assert_eq!(world.store.read(|reader| reader.heads(&SPACE, &doc)).unwrap(), document.heads());

    let changes = world.store.read(|reader| reader.changes(&SPACE, &doc)).unwrap();
    assert_eq!(changes.iter().map(|change| (change.seq, change.accepted)).collect::<Vec<_>>(), [(1, true), (2, true), (3, true)]);
    assert_eq!(changes[1].deps, [changes[0].hash]);
    assert!(changes.iter().all(|change| change.actor == world.feed.header.actor() && change.bytes.is_some()));
    let known = world.store.read(|reader| reader.known(&SPACE, &doc)).unwrap();
    assert_eq!(known.len(), 3);
    assert_eq!(known[&changes[2].hash].deps, changes[2].deps);
    assert_eq!(world.store.read(|reader| reader.changes_after_snapshot(&SHARED, &doc)), Ok(None));
}

#[test]
fn deleted_records_are_in_the_trash_only() {
    let mut world = World::new();
    let doc = world.add(&[("kind", "person"), ("name", "Ann Lee"), ("notes", "violets"), ("tag:x", "")]);
    world.set(doc, "deleted", "2026-11-20T10:00:00Z");
    assert!(world.record(&doc).unwrap().view.deleted);
    assert_eq!(world.list(&people()), (vec![], 0));
    for text in ["ann", "violets", "tag:x"] {
        assert_eq!(world.search(text), [""; 0], "{text}");
    }
    let mut trash = people();
    trash.trash = true;
    assert_eq!(world.list(&trash), (vec!["Ann Lee".to_owned()], 1));
    trash.text = "lee violets tag:x".into();
    assert_eq!(world.list(&trash), (vec!["Ann Lee".to_owned()], 1));
    trash.text = "nobody".into();
    assert_eq!(world.list(&trash), (vec![], 0));

    world.edit(doc, &[FlatOp::Delete("deleted".into())], false);
    assert_eq!(world.list(&people()), (vec!["Ann Lee".to_owned()], 1));
    assert_eq!(world.search("violets"), ["Ann Lee (notes)"]);
    assert_eq!(world.search("tag:x"), ["Ann Lee (tag)"]);
}

#[test]
fn a_removed_record_leaves_its_changes_and_nothing_else() {
    let mut world = World::new();
    let zero = world.store.read(|reader| reader.accumulator(&SPACE)).unwrap();
    let doc = world.add(&[("kind", "person"), ("name", "Ann Lee"), ("notes", "violets"), ("tag:x", "")]);
    assert_ne!(world.store.read(|reader| reader.accumulator(&SPACE)).unwrap(), zero);
    world.write(move |tx| tx.remove_record(&SPACE, &doc));
    assert_eq!(world.record(&doc), None);
    assert_eq!(world.search("ann"), [""; 0]);
    assert_eq!(world.search("violets"), [""; 0]);
    assert_eq!(world.search("tag:x"), [""; 0]);
    assert_eq!(world.list(&people()), (vec![], 0));
    assert_eq!(world.store.read(|reader| reader.accumulator(&SPACE)).unwrap(), zero);
    assert_eq!(world.store.read(|reader| reader.changes(&SPACE, &doc)).unwrap().len(), 1);
    assert_eq!(world.store.read(|reader| reader.documents(&SPACE)).unwrap(), [doc]);
    world.write(move |tx| tx.remove_record(&SPACE, &doc));
}

#[test]
fn the_accumulator_is_the_same_whatever_the_order() {
    let mut one = World::new();
    let mut other = World::new();
    let fields: Vec<[(&str, &str); 2]> = ["Ann", "Ben", "Cem"].iter().map(|name| [("kind", "person"), ("name", *name)]).collect();
    let changes: Vec<_> = fields.iter().enumerate().map(|(n, fields)| (doc(n as u64), one.feed.first(fields))).collect();
    for (world, order) in [(&mut one, [0, 1, 2]), (&mut other, [2, 0, 1])] {
        for n in order {
            let (doc, change) = changes[n].clone();
            let entry = world.feed.entry(vec![(doc, change.clone())]);
            world.write(move |tx| {
                tx.append_entry(&SPACE, &entry)?;
                tx.put_record(&SPACE, &sole(doc, &change))?;
                tx.put_record(&SPACE, &sole(doc, &change))
            });
        }
    }
    let sum = |world: &World| world.store.read(|reader| reader.accumulator(&SPACE)).unwrap();
    assert_eq!(sum(&one), sum(&other));
    one.set(doc(1), "name", "Benno");
    assert_ne!(sum(&one), sum(&other));
    assert_eq!(one.store.read(|reader| reader.accumulator(&SHARED)).unwrap(), [0; 32]);
}

#[test]
fn news_stay_until_they_are_seen() {
    let mut world = World::new();
    let doc = world.add(&[("kind", "person"), ("name", "Ann")]);
    world.edit(doc, &[FlatOp::Put("name".into(), Scalar::Text("Anna".into()))], true);
    assert!(world.record(&doc).unwrap().news);
    world.set(doc, "name", "Anne");
    assert!(world.record(&doc).unwrap().news, "an own edit does not make others' changes seen");
    world.write(move |tx| tx.mark_seen(&SPACE, &doc));
    assert!(!world.record(&doc).unwrap().news);
}

#[test]
fn counts_follow_every_change() {
    let mut world = World::new();
    let ann = world.add(&[("kind", "person"), ("name", "Ann")]);
    world.add(&[("kind", "person"), ("name", "Ben")]);
    world.add(&[("kind", "org"), ("name", "Trust")]);
    world.add(&[("kind", "note"), ("text", "hello")]);
    world.add(&[("kind", "from the future"), ("name", "x")]);
    world.set(ann, "deleted", "2026-11-20T10:00:00Z");
    let counts = world.store.read(|reader| reader.counts()).unwrap();
    assert_eq!(counts.conflicts, 0);
    let own = &counts.spaces[0];
    assert_eq!((own.space, own.people, own.orgs, own.activities), (SPACE, 1, 1, 1));
    assert_eq!((counts.spaces[1].space, counts.spaces[1].people), (SHARED, 0));
    world.write(move |tx| tx.remove_record(&SPACE, &ann));
    assert_eq!(world.store.read(|reader| reader.counts()).unwrap().spaces[0].people, 1);
}

#[test]
fn conflicts_are_listed() {
    let mut world = World::new();
    let doc = world.add(&[("kind", "person"), ("name", "Ann")]);
    world.add(&[("kind", "person"), ("name", "Ben")]);
    let mut document = world.document(&doc);
    let mut other = world.document(&doc);
    let put = |name: &str| [FlatOp::Put("name".into(), Scalar::Text(name.into()))];
    let change = document.edit(world.feed.header.actor(), 5, &put("Anna")).unwrap().unwrap();
    let mut their_feed = Feed::new(SPACE, COMPUTER, 2);
    let theirs = other.edit(their_feed.header.actor(), 6, &put("Anne")).unwrap().unwrap();
    document.apply([theirs.bytes.as_slice()]).unwrap();
    let write = RecordWrite { doc, heads: document.heads(), record: document.record(), snapshot: Some(document.save()), news: true };
    let entries = [world.feed.entry(vec![(doc, change)]), their_feed.entry(vec![(doc, theirs)])];
    world.write(move |tx| {
        for entry in &entries {
            tx.append_entry(&SPACE, entry)?;
        }
        tx.put_record(&SPACE, &write)
    });
    assert_eq!(world.record(&doc).unwrap().view.conflicts, ["name"]);
    assert_eq!(world.store.read(|reader| reader.conflicts(None)).unwrap(), [(SPACE, doc)]);
    assert_eq!(world.store.read(|reader| reader.conflicts(Some((SPACE, doc)))).unwrap(), [(SPACE, doc)]);
    assert_eq!(world.store.read(|reader| reader.conflicts(Some((SPACE, super::world::doc(2))))).unwrap(), []);
    assert_eq!(world.store.read(|reader| reader.counts()).unwrap().conflicts, 1);
}

#[test]
fn the_same_id_in_two_spaces_is_two_records() {
    let mut world = World::new();
    let own = world.add(&[("kind", "person"), ("name", "Ann")]);
    let mut feed = Feed::new(SHARED, COMPUTER, 5);
    let change = feed.first(&[("kind", "person"), ("name", "Mallory")]);
    let entry = feed.entry(vec![(own, change.clone())]);
    world.write(move |tx| {
        tx.append_entry(&SHARED, &entry)?;
        tx.put_record(&SHARED, &sole(own, &change))
    });
    assert_eq!(world.record(&own).unwrap().view.name, "Ann");
    assert_eq!(world.store.read(|reader| reader.changes(&SPACE, &own)).unwrap().len(), 1);
    assert_eq!(world.store.read(|reader| reader.find_ids(&own.to_string())).unwrap(), [(SPACE, own), (SHARED, own)]);
}

#[test]
fn ids_are_found_by_their_beginning() {
    let mut world = World::new();
    let one = world.add(&[("kind", "person"), ("name", "Ann")]);
    let two = world.add(&[("kind", "person"), ("name", "Ben")]);
    let find = |prefix: &str| world.store.read(|reader| reader.find_ids(prefix)).unwrap();
    let text = one.to_string();
    assert_eq!(find(&format!("p_{text}")), [(SPACE, one)]);
    assert_eq!(find(&text.to_lowercase()), [(SPACE, one)]);
    assert_eq!(find(text.get(..6).unwrap()), [(SPACE, one), (SPACE, two)]);
    assert_eq!(find("p_").len(), 2);
    for nothing in ["7ZZ", "8", "Ann", "p_01!", "%", &"0".repeat(40)] {
        assert_eq!(find(nothing), [], "{nothing}");
    }
}

#[test]
fn activities_are_listed_newest_first() {
    let mut world = World::new();
    let ann = world.add(&[("kind", "person"), ("name", "Ann")]);
    let with = format!("with:p_{ann}");
    world.add(&[("kind", "note"), ("text", "old"), ("at", "2020-01-01T09:00:00Z"), (&with, "")]);
    let call = world.add(&[("kind", "call"), ("text", "new"), ("at", "2026-01-01T09:00:00Z"), (&with, "")]);
    world.add(&[("kind", "note"), ("text", "about nobody"), ("at", "2026-01-01T09:00:00Z"), ("with:nonsense", "")]);
    world.add(&[("kind", "task"), ("name", "no activity"), (&with, "")]);
    // A member of another space writes something about a person of this one.
    let mut feed = Feed::new(SHARED, COMPUTER, 5);
    let change = feed.first(&[("kind", "note"), ("text", "from elsewhere"), ("at", "2026-02-01T09:00:00Z"), (&with, "")]);
    let entry = feed.entry(vec![(doc(900), change.clone())]);
    world.write(move |tx| {
        tx.append_entry(&SHARED, &entry)?;
        tx.put_record(&SHARED, &sole(doc(900), &change))
    });
    let texts = |world: &World, space| {
        let rows = world.store.read(|reader| reader.activities_of(space, &ann, 10)).unwrap();
        rows.into_iter().map(|row| row.view.text).collect::<Vec<_>>()
    };
    assert_eq!(texts(&world, Some(&SPACE)), ["new", "old"]);
    assert_eq!(texts(&world, Some(&SHARED)), ["from elsewhere", "new", "old"], "private activities about a shared person");
    assert_eq!(texts(&world, None), ["from elsewhere", "new", "old"]);
    assert_eq!(world.store.read(|reader| reader.activities_of(None, &ann, 1)).unwrap().len(), 1);

    world.set(call, "at", "2019-01-01T09:00:00Z");
    assert_eq!(texts(&world, Some(&SPACE)), ["old", "new"]);
    world.set(call, "deleted", "2026-11-20T10:00:00Z");
    assert_eq!(texts(&world, Some(&SPACE)), ["old"]);
}

#[test]
fn projections_can_be_dropped_and_made_again() {
    let mut world = World::new();
    let doc = world.add(&[("kind", "person"), ("name", "Ann Lee"), ("notes", "violets"), ("tag:x", "")]);
    let note = world.add(&[("kind", "note"), ("text", "called about violets"), ("at", "2026-01-01T09:00:00Z")]);
    assert_eq!(world.search("ann"), ["Ann Lee"]);
    let sum = world.store.read(|reader| reader.accumulator(&SPACE)).unwrap();
    assert_eq!(world.store.read(|reader| reader.projections_are_current()), Ok(true));
    let writes: Vec<_> = [doc, note]
        .map(|doc| {
            let document = world.document(&doc);
            RecordWrite { doc, heads: document.heads(), record: document.record(), snapshot: None, news: false }
        })
        .into();
    world.write(move |tx| {
        tx.drop_projections()?;
        writes.iter().try_for_each(|write| tx.put_record(&SPACE, write))
    });
    assert_eq!(world.store.read(|reader| reader.projections_are_current()), Ok(true));
    assert_eq!(world.search("ann"), ["Ann Lee"]);
    assert_eq!(world.search("violets"), ["Ann Lee (notes)", "called about violets (activity)"]);
    assert_eq!(world.list(&people()).1, 1);
    assert_eq!(world.store.read(|reader| reader.accumulator(&SPACE)).unwrap(), sum);
    let view = world.record(&doc).unwrap().view;
    assert_eq!(world.store.read(|reader| reader.projection_holds(&SPACE, &doc, &view)), Ok(true));
}

#[test]
fn a_record_needs_its_space() {
    let world = World::new();
    let write = RecordWrite { doc: doc(1), heads: vec![], record: person("Ann"), snapshot: None, news: false };
    let nowhere = tuttu_model::SpaceId([99; 32]);
    let outcome = world.store.write(Lane::Local, move |tx| tx.put_record(&nowhere, &write));
    assert!(matches!(outcome, Err(StoreError::Other(_))));
    let query = crate::rows::ListQuery { space: Some(nowhere), limit: 10, sort: Sort::Changed, ..Default::default() };
    assert_eq!(world.list(&query), (vec![], 0));
}

#[test]
fn sums_are_right_in_the_middle_of_a_transaction_too() {
    let world = World::new();
    let mut feed = world.feed.clone();
    let changes: Vec<_> = ["Ann", "Ben"].iter().map(|name| feed.first(&[("kind", "person"), ("name", *name)])).collect();
    let entry = feed.entry(vec![(doc(1), changes[0].clone()), (doc(2), changes[1].clone())]);
    let (middle, end) = world.write(move |tx| {
        tx.append_entry(&SPACE, &entry)?;
        tx.put_record(&SPACE, &sole(doc(1), &changes[0]))?;
        let middle = (tx.accumulator(&SPACE)?, tx.counts()?.spaces[0].people, tx.list(&people())?.1, tx.find_by_name("ann")?.len());
        let prepared = crate::PreparedRecord::new(&SPACE, &sole(doc(2), &changes[1]))?;
        tx.put_prepared(&prepared)?;
        Ok((middle, tx.accumulator(&SPACE)?))
    });
    assert_ne!(middle.0, [0; 32]);
    assert_ne!(middle.0, end);
    assert_eq!((middle.1, middle.2, middle.3), (1, 1, 1));
    assert_eq!(world.store.read(|reader| reader.accumulator(&SPACE)).unwrap(), end);
    assert_eq!(world.store.read(|reader| reader.counts()).unwrap().spaces[0].people, 2);
}
