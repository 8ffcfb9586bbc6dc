//! Damage is read around, set aside with its bytes, and never keeps the rest from being read.

use rusqlite::Connection;
use tuttu_model::Change;
use tuttu_sync::feed::Vector;

use super::world::*;
use crate::rows::{Noticed, SET_ASIDE};
use crate::{Lane, Store, StoreError};

const NOW: i64 = 1_764_000_000;

impl World {
    /// Changes the file behind the vault's back.
    fn behind(&self, sql: &str) {
        Connection::open(self.store.dir().join("vault.db")).unwrap().execute_batch(sql).unwrap();
    }
}

fn garbled(world: &mut World) -> tuttu_model::DocumentId {
    let ann = world.add(&[("kind", "person"), ("name", "Ann")]);
    world.add(&[("kind", "person"), ("name", "Ben")]);
    world.set(ann, "name", "Anna");
    world.add(&[("kind", "person"), ("name", "Cleo")]);
    world.behind("UPDATE change SET packing = 1, bytes = x'0102030405060708' WHERE cid = 3");
    ann
}

#[test]
fn a_garbled_change_is_read_around_and_noticed() {
    let mut world = World::new();
    let ann = garbled(&mut world);
    let rows = world.store.read(|reader| reader.changes(&SPACE, &ann)).unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows[0].bytes.is_some() && rows[0].damaged.is_none());
    assert!(rows[1].bytes.is_none() && rows[1].damaged.is_some());
    assert_eq!(world.store.take_noticed().into_iter().collect::<Vec<_>>(), [Noticed::Document(SPACE, ann)]);
    assert_eq!(world.store.take_noticed().len(), 0);
    assert_eq!(world.list(&people()).0, ["Anna", "Ben", "Cleo"], "what is shown is whole");
}

#[test]
fn what_is_set_aside_is_kept_not_offered_and_healed_by_the_same_bytes() {
    let mut world = World::new();
    let ann = garbled(&mut world);
    let feed = world.feed.id();
    let hash = world.store.read(|reader| reader.changes(&SPACE, &ann)).unwrap()[1].hash;
    assert!(world.write(move |tx| tx.set_change_aside(&SPACE, &ann, &hash, "garbled", NOW)));
    assert!(!world.write(move |tx| tx.set_change_aside(&SPACE, &ann, &hash, "garbled", NOW)), "once is enough");

    let (kept, offered, held, stream) = world
        .store
        .read(|reader| {
            let stream = reader.stream(&SPACE, 0, &Vector::default(), 99, 1 << 20)?;
            Ok((reader.damage_of(&SPACE, &ann)?, reader.offered_vector(&SPACE)?, reader.vector(&SPACE)?, stream.len()))
        })
        .unwrap();
    assert_eq!((kept.len(), kept[0].bytes, kept[0].healed), (1, 8, None));
    assert_eq!(held.0[&feed].0, 4, "the own vault knows what it holds");
    assert_eq!(offered.0[&feed].0, 2, "others are told that it ends before the damage");
    assert_eq!(stream, 2, "and get nothing that may rest on it");
    let rows = world.store.read(|reader| reader.changes(&SPACE, &ann)).unwrap();
    assert_eq!(rows[1].damaged.as_deref(), Some(SET_ASIDE));
    assert!(world.store.read(|reader| reader.is_incomplete(&SPACE, &ann)).unwrap());
    assert_eq!(world.store.read(|reader| reader.space(&SPACE)).unwrap().unwrap().own_feed, None, "a new feed begins");

    // A peer that holds the damaged entry gets what comes after it.
    let entry = world.store.read(|reader| reader.entry_at(&SPACE, &feed, 3)).unwrap().unwrap();
    let skip = Vector([(feed, (3, entry))].into());
    assert_eq!(world.store.read(|reader| reader.stream(&SPACE, 0, &skip, 99, 1 << 20)).unwrap().len(), 1);

    let whole = {
        let first = rows[0].bytes.clone().unwrap();
        let mut document = tuttu_model::Document::from_changes([first.as_slice()]).unwrap();
        let put = [tuttu_model::FlatOp::Put("name".into(), tuttu_model::Scalar::Text("Anna".into()))];
        document.edit(world.feed.header.actor(), 1_763_000_100, &put).unwrap().unwrap()
    };
    assert_eq!(whole.hash, hash, "the same change again");
    let stored = world.store.read(|reader| reader.entry_by_hash(&entry)).unwrap().unwrap().0;
    let verified = tuttu_sync::feed::VerifiedEntry::from_store(stored.entry);
    let healed = world.write(move |tx| tx.heal_entry(&SPACE, &verified, &[(ann, whole)], NOW + 9));
    assert_eq!(healed, [ann]);
    let (offered, left, all) =
        world.store.read(|reader| Ok((reader.offered_vector(&SPACE)?, reader.damage_of(&SPACE, &ann)?, reader.damages(9)?))).unwrap();
    assert_eq!((offered.0[&feed].0, left.len(), all[0].healed), (4, 0, Some(NOW + 9)));
    let bytes = world.store.read(|reader| reader.changes(&SPACE, &ann)).unwrap()[1].bytes.clone().unwrap();
    assert_eq!(Change::read(&bytes).unwrap().hash, hash);
}

#[test]
fn a_view_that_cannot_be_read_stands_as_damaged_and_can_be_put_again() {
    let mut world = World::new();
    let ann = world.add(&[("kind", "person"), ("name", "Ann"), ("tag:harbour", ""), ("notes", "violets")]);
    let ben = world.add(&[("kind", "person"), ("name", "Ben")]);
    world.behind("UPDATE record SET view = x'FFFF' WHERE did = 1");
    let shown = world.record(&ann).unwrap().view;
    assert_eq!((shown.name.as_str(), shown.kind.as_str()), ("Damaged record", "person"));
    assert_eq!(world.record(&ben).unwrap().view.name, "Ben");
    assert_eq!(world.store.take_noticed().into_iter().collect::<Vec<_>>(), [Noticed::View(SPACE, ann)]);
    let first = world.store.read(|reader| reader.changes(&SPACE, &ann)).unwrap()[0].bytes.clone().unwrap();
    let write = sole(ann, &Change::read(&first).unwrap());
    world.write(move |tx| {
        tx.set_view_aside(&SPACE, &ann, "garbled", NOW)?;
        tx.put_record(&SPACE, &write)
    });
    assert_eq!(world.record(&ann).unwrap().view.name, "Ann");
    assert_eq!(world.search("violets"), ["Ann (notes)"]);
    assert_eq!(world.list(&people()), (vec!["Ann".to_owned(), "Ben".to_owned()], 2));
    assert_eq!(world.store.read(|reader| reader.damages(9)).unwrap()[0].bytes, 2, "the bytes are kept");
}

#[test]
fn an_entry_that_cannot_be_read_is_not_passed_on_and_still_counts() {
    let mut world = World::new();
    garbled(&mut world);
    world.behind("UPDATE change SET packing = 0 WHERE cid = 3; UPDATE entry SET signed = x'00' WHERE seq = 2");
    let feed = world.feed.id();
    let sent = world.store.read(|reader| reader.stream(&SPACE, 0, &Vector::default(), 99, 1 << 20)).unwrap();
    assert_eq!(sent.len(), 1);
    let noticed = world.store.take_noticed().into_iter().collect::<Vec<_>>();
    let [Noticed::Entry(_, hash)] = noticed.as_slice() else { panic!("{noticed:?}") };
    let hash = *hash;
    let facts = world.store.read(|reader| reader.entry_facts(&SPACE)).unwrap();
    assert_eq!(facts.len(), 4);
    assert_eq!((facts[1].feed, facts[1].seq, facts[1].prev, facts[1].items.len()), (feed, 2, Some(facts[0].hash), 1));
    assert!(world.write(move |tx| tx.set_entry_aside(&SPACE, &hash, "garbled", NOW)));
    assert_eq!(world.store.read(|reader| reader.offered_vector(&SPACE)).unwrap().0[&feed].0, 1);
}

/// Fills leaf pages of a table with noise.
fn damage_pages(path: &std::path::Path, table: &str, count: usize) -> Vec<u32> {
    let pages: Vec<u32> = {
        let connection = Connection::open(path).unwrap();
        let sql = "SELECT pageno FROM dbstat WHERE name = ?1 AND pagetype = 'leaf' ORDER BY pageno";
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([table], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let chosen: Vec<u32> = pages.iter().skip(pages.len() / 3).take(count).copied().collect();
    assert!(!chosen.is_empty(), "{table} has {} leaf pages", pages.len());
    let mut bytes = std::fs::read(path).unwrap();
    for page in &chosen {
        let start = (*page as usize - 1) * 4_096;
        bytes[start..start + 4_096].fill(0xAB);
    }
    std::fs::write(path, bytes).unwrap();
    chosen
}

/// 300 people in 60 entries.
fn filled() -> (World, Vec<tuttu_model::DocumentId>) {
    let mut world = World::new();
    let mut docs = Vec::new();
    for entry in 0..60 {
        let texts: Vec<_> = (0..5).map(|n| (format!("Person {:03}", entry * 5 + n), format!("violets {n} ").repeat(20))).collect();
        let records: Vec<Vec<(&str, &str)>> =
            texts.iter().map(|(name, notes)| vec![("kind", "person"), ("name", name.as_str()), ("notes", notes.as_str())]).collect();
        docs.extend(world.add_all(&records.iter().map(Vec::as_slice).collect::<Vec<_>>()));
    }
    (world, docs)
}

/// Closes the vault, damages pages of a table, opens it again as often as a person would.
fn reopened(world: World, table: &str) -> World {
    let World { dir, store, feed, next } = world;
    let path = store.dir().to_owned();
    drop(store);
    damage_pages(&path.join("vault.db"), table, 2);
    let before = std::fs::read(path.join("vault.db")).unwrap();
    let store = Store::open(&path).unwrap();
    let mended_at_once = path.join("damage").exists();
    let found = store.read(|reader| reader.damage());
    assert_eq!(found == Ok(vec![]), mended_at_once, "{table}: {found:?}");
    let store = if mended_at_once {
        store
    } else {
        store.suspect("a page was damaged");
        drop(store);
        Store::open(&path).unwrap()
    };
    let kept = std::fs::read(path.join("damage/database-1/vault.db")).unwrap();
    assert_eq!(kept, before, "the damaged file is kept as it was found");
    assert!(std::fs::read_to_string(path.join("damage/database-1/report.txt")).unwrap().contains("nothing was deleted"));
    assert_eq!(store.read(|reader| reader.damage()), Ok(vec![]), "the new file is whole");
    assert_eq!(store.read(|reader| reader.rebuild_from()), Ok(Some(0)), "the lists have to be made again");
    World { dir, store, feed, next }
}

#[test]
fn damaged_pages_of_changes_lose_only_what_lay_in_them() {
    let (world, docs) = filled();
    let world = reopened(world, "change");
    let lost = world.store.read(|reader| docs.iter().map(|doc| reader.is_incomplete(&SPACE, doc)).collect::<Result<Vec<_>, _>>()).unwrap();
    let gone = lost.iter().filter(|lost| **lost).count();
    assert!((1..60).contains(&gone), "{gone} of 300 records are incomplete");
    for (doc, lost) in docs.iter().zip(&lost) {
        let rows = world.store.read(|reader| reader.changes(&SPACE, doc)).unwrap();
        assert_eq!((rows.len(), rows[0].bytes.is_none()), (1, *lost), "every change is there, at least by name");
    }
    let first = lost.iter().position(|lost| *lost).unwrap();
    let offered = world.store.read(|reader| reader.offered_vector(&SPACE)).unwrap();
    assert_eq!(offered.0.values().next().map(|(length, _)| *length), Some(u64::try_from(first / 5).unwrap()));
}

#[test]
fn damaged_pages_of_entries_get_a_name_from_the_next_one() {
    let (world, docs) = filled();
    let world = reopened(world, "entry");
    let facts = world.store.read(|reader| reader.entry_facts(&SPACE)).unwrap();
    assert_eq!(facts.len(), 60, "each has a row, some without bytes");
    for (before, after) in facts.iter().zip(facts.iter().skip(1)) {
        assert_eq!((after.seq, after.prev, after.items.len()), (before.seq + 1, Some(before.hash), 5));
    }
    let feed = facts[0].feed;
    let nameless = facts.iter().zip(facts.iter().skip(1)).filter(|(before, after)| {
        let (prev, seq) = (Some(before.hash), after.seq);
        world.store.read(|reader| reader.is_nameless(&SPACE, &feed, seq, prev)).unwrap()
    });
    assert!(nameless.count() > 0, "several in a row were missing: only the last has a name");
    for doc in &docs {
        let rows = world.store.read(|reader| reader.changes(&SPACE, doc)).unwrap();
        assert!(rows.len() == 1 && rows[0].bytes.is_some(), "what they brought stays readable");
    }
}

#[test]
fn damaged_pages_of_records_find_their_changes_again() {
    let (world, docs) = filled();
    let world = reopened(world, "doc");
    for doc in &docs {
        let rows = world.store.read(|reader| reader.changes(&SPACE, doc)).unwrap();
        assert_eq!(rows.len(), 1);
        assert!(rows[0].bytes.is_some(), "the changes of {doc} were not in those pages");
    }
}

#[test]
fn damaged_pages_of_lists_lose_nothing() {
    for table in ["record", "finder", "notes_text_data"] {
        let (world, docs) = filled();
        let world = reopened(world, table);
        let whole = docs.iter().all(|doc| !world.store.read(|reader| reader.is_incomplete(&SPACE, doc)).unwrap());
        assert!(whole, "{table}");
    }
}

#[test]
fn a_mending_that_was_interrupted_is_ended() {
    let (world, _) = filled();
    let World { dir: _dir, store, .. } = world;
    let path = store.dir().to_owned();
    drop(store);
    // Killed while the new file was being made: it is made again.
    std::fs::write(path.join("vault.db.mending"), b"half").unwrap();
    drop(Store::open(&path).unwrap());
    assert!(!path.join("vault.db.mending").exists());
    // Killed after the damaged file was moved away: the new one takes its place.
    std::fs::rename(path.join("vault.db"), path.join("vault.db.mending")).unwrap();
    assert!(Store::exists(&path));
    let store = Store::open(&path).unwrap();
    assert_eq!(store.read(|reader| reader.list(&people())).unwrap().1, 300);
}

#[test]
fn corruption_in_use_is_remembered_until_the_next_opening() {
    let (world, _) = filled();
    let World { dir: _dir, store, .. } = world;
    let path = store.dir().to_owned();
    drop(store);
    damage_pages(&path.join("vault.db"), "record", 100);
    let store = Store::open(&path).unwrap();
    let outcome = store.read(|reader| reader.list(&people()));
    assert!(matches!(outcome, Err(StoreError::Corrupt(_))), "{outcome:?}");
    assert!(path.join("damage/suspected").exists());
    store.write(Lane::Local, |tx| tx.put_setting("still", Some("writes"))).unwrap();
    drop(store);
    let store = Store::open(&path).unwrap();
    assert!(!path.join("damage/suspected").exists());
    assert_eq!(store.read(|reader| reader.setting("still")).unwrap().as_deref(), Some("writes"));
}
