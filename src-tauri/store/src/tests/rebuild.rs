//! The query tables can be made again, from where a rebuild was; an archive holds everything they are made from.

use super::world::*;
use crate::{Audit, Piece, Store, StoreError};

/// Puts every record again, as the engine does; at most `batches` batches of two.
fn rebuild(world: &World, batches: usize) {
    for _ in 0..batches {
        let Some(from) = world.store.read(|reader| reader.rebuild_from()).unwrap() else { return };
        let next = world.store.read(|reader| reader.documents_after(from, 2)).unwrap();
        let writes: Vec<_> = next
            .iter()
            .map(|(_, space, doc)| {
                let document = world.document(doc);
                let write =
                    crate::rows::RecordWrite { doc: *doc, heads: document.heads(), record: document.record(), snapshot: None, news: false };
                (*space, write)
            })
            .collect();
        let last = next.last().map(|(did, ..)| *did);
        world.write(move |tx| {
            writes.iter().try_for_each(|(space, write)| tx.put_record(space, write))?;
            match last {
                Some(last) => tx.rebuilt_to(last),
                None => tx.end_rebuild(),
            }
        });
    }
}

fn filled() -> World {
    let mut world = World::new();
    for n in 0..7 {
        let name = format!("Person {n}");
        world.add(&[("kind", "person"), ("name", &name), ("notes", "violets by the sea"), ("tag:harbour", "")]);
    }
    let note = world.add(&[("kind", "note"), ("text", "O'Brien brought violets, 12 of them")]);
    world.set(note, "text", "O'Brien brought roses");
    let gone = world.add(&[("kind", "org"), ("name", "Trust")]);
    world.set(gone, "deleted", "2026-01-01T00:00:00Z");
    world.write(|tx| tx.mark_news(&SPACE, &doc(2)));
    world
}

/// What `check` compares, over all documents.
fn audited(world: &World) -> Vec<String> {
    world
        .store
        .read(|reader| {
            let (mut audit, mut found) = (Audit::default(), Vec::new());
            for (did, space, doc) in reader.documents_after(0, 1_000)? {
                let document = world.document(&doc);
                let view = tuttu_model::view::view_of(&document.record(), &doc, &space);
                let differs = audit.record(reader, (did, &space, &doc), &view, &document.heads())?;
                found.extend(differs.into_iter().map(str::to_owned));
            }
            found.extend(audit.finish(reader)?);
            Ok(found)
        })
        .unwrap()
}

#[test]
fn a_sound_vault_passes_and_each_wrong_row_is_found() {
    let none: Vec<String> = Vec::new();
    assert_eq!(audited(&filled()), none);
    for wrong in [
        "UPDATE record SET collation = x'FF' WHERE did = 1",
        "INSERT INTO fact (name, value, did) VALUES ('due', '2026-01-01', 3)",
        "UPDATE record SET deleted = 1 WHERE did = 1",
        "UPDATE record SET view = (SELECT view FROM record WHERE did = 2) WHERE did = 1",
        "DELETE FROM record WHERE did = 1",
        "DELETE FROM tag WHERE did = 3",
        "INSERT INTO tag (word, did) VALUES ('other', 3)",
        "DELETE FROM finder WHERE did = 4",
        "UPDATE finder SET line = 'x' WHERE did = 4",
        "UPDATE tally SET live = live + 1 WHERE kind = 'person'",
        "DELETE FROM tally",
        "UPDATE space SET accumulator = zeroblob(32)",
        "UPDATE doc SET heads = x'' WHERE did = 1",
        "DELETE FROM notes_text WHERE rowid = 5",
        "INSERT INTO notes_text (rowid, words) VALUES (77, 'intruder')",
        "DELETE FROM activity_text",
    ] {
        let world = filled();
        rusqlite::Connection::open(world.store.dir().join("vault.db")).unwrap().execute_batch(wrong).unwrap();
        assert_ne!(audited(&world), none, "{wrong}");
        world.write(|tx| tx.begin_rebuild());
        rebuild(&world, 99);
        assert_eq!(audited(&world), none, "after {wrong}");
    }
}

#[test]
fn a_rebuild_goes_on_where_it_was_and_edits_go_on_beside_it() {
    let world = filled();
    let (before, sum) = world.store.read(|reader| Ok((reader.counts()?, reader.accumulator(&SPACE)?))).unwrap();
    world.write(|tx| tx.begin_rebuild());
    assert_eq!(world.store.read(|reader| reader.projections_are_current()), Ok(false));
    assert_eq!(world.list(&people()).1, 0);
    rebuild(&world, 2);
    assert_eq!(world.list(&people()).1, 4);
    let mut world = world.reopen();
    assert_eq!(world.store.read(|reader| reader.rebuild_from()), Ok(Some(4)));
    // One that is done, one that is still to come, a new one.
    world.set(doc(1), "name", "Person one");
    world.set(doc(6), "name", "Person six");
    world.add(&[("kind", "person"), ("name", "New")]);
    rebuild(&world, 99);
    assert_eq!(world.store.read(|reader| reader.projections_are_current()), Ok(true));
    let none: Vec<String> = Vec::new();
    assert_eq!(audited(&world), none);
    let (after, now) = world.store.read(|reader| Ok((reader.counts()?, reader.accumulator(&SPACE)?))).unwrap();
    assert_eq!(after.spaces[0].people, before.spaces[0].people + 1);
    assert_ne!(sum, now);
    let news = |n| world.record(&doc(n)).unwrap().news;
    assert_eq!((news(1), news(2), news(3)), (false, true, false), "what is news no change tells");
}

#[test]
fn an_archive_makes_the_same_vault_again() {
    let world = filled();
    let mut pieces = Vec::new();
    let rows = world
        .store
        .read(|reader| {
            reader.dump(crate::Extent::All, &mut |piece| {
                pieces.push(piece);
                Ok(())
            })
        })
        .unwrap();
    assert_eq!(rows, u64::try_from(pieces.iter().filter(|piece| matches!(piece, Piece::Row(_))).count()).unwrap());
    let path = world.dir.path().join("restored");
    let store = Store::restore(&path, crate::migrate::newest(), &mut pieces.clone().into_iter().map(Ok)).unwrap();
    let again = World { dir: tempfile::TempDir::new().unwrap(), store, feed: world.feed.clone(), next: world.next };
    assert_eq!(again.store.read(|reader| reader.rebuild_from()), Ok(Some(0)));
    rebuild(&again, 99);
    let none: Vec<String> = Vec::new();
    assert_eq!(audited(&again), none);
    for n in 1..=9 {
        assert_eq!(again.record(&doc(n)), world.record(&doc(n)));
    }
    assert_eq!(again.store.read(|reader| reader.accumulator(&SPACE)), world.store.read(|reader| reader.accumulator(&SPACE)));
    assert_eq!(again.store.read(|reader| reader.vector(&SPACE)), world.store.read(|reader| reader.vector(&SPACE)));
}

#[test]
fn an_archive_that_is_cut_off_or_makes_no_sense_leaves_nothing() {
    let world = filled();
    let mut pieces = Vec::new();
    world
        .store
        .read(|reader| {
            reader.dump(crate::Extent::All, &mut |piece| {
                pieces.push(Ok(piece));
                Ok(())
            })
        })
        .unwrap();
    let table = |name: &str, column: &str| Ok(Piece::Table { name: name.into(), columns: vec![column.into()] });
    let half: Vec<_> = pieces.iter().take(20).cloned().chain([Err(StoreError::Damaged("cut off".into()))]).collect();
    let dangling: Vec<_> = pieces.iter().skip(12).cloned().collect();
    for (n, pieces) in [
        half,
        dangling,
        vec![table("record", "did")],
        vec![table("sqlite_schema", "sql")],
        vec![table("meta", "key) VALUES ('x', x'')--")],
        vec![Ok(Piece::Row(vec![crate::Cell::Number(1)]))],
    ]
    .into_iter()
    .enumerate()
    {
        let path = world.dir.path().join(format!("restored-{n}"));
        let outcome = Store::restore(&path, crate::migrate::newest(), &mut pieces.into_iter());
        assert!(outcome.is_err(), "{n}");
        assert!(!Store::exists(&path), "{n}");
    }
    let newer = Store::restore(&world.dir.path().join("newer"), 999, &mut std::iter::empty());
    assert!(matches!(newer, Err(StoreError::Newer { found: 999, .. })));
}
