//! Whatever happens in the middle, what was confirmed is there and what was not leaves no trace.

use std::sync::mpsc;

use super::world::*;
use crate::{Lane, Store, StoreError};

#[test]
fn a_write_that_fails_or_panics_leaves_no_trace() {
    let mut world = World::new();
    world.add(&[("kind", "person"), ("name", "Ann"), ("notes", "violets")]);
    assert_eq!(world.search("a"), ["Ann"]);
    let change = world.feed.first(&[("kind", "person"), ("name", "Adam"), ("notes", "violets")]);
    for panics in [false, true] {
        let change = change.clone();
        let outcome: Result<(), _> = world.store.write(Lane::Local, move |tx| {
            tx.put_setting("half", Some("done"))?;
            tx.put_record(&SPACE, &sole(doc(50), &change))?;
            assert!(!panics, "on purpose");
            Err(StoreError::Abandoned("changed my mind".into()))
        });
        let Err(StoreError::Abandoned(reason)) = outcome else { panic!("{outcome:?}") };
        assert!(reason.contains(if panics { "on purpose" } else { "changed my mind" }), "{reason}");
    }
    assert_eq!(world.store.read(|reader| reader.setting("half")), Ok(None));
    assert_eq!(world.search("a"), ["Ann"]);
    assert_eq!(world.search("violets"), ["Ann (notes)"]);
    world.add(&[("kind", "person"), ("name", "Alma")]);
    assert_eq!(world.search("al"), ["Alma"]);
}

#[test]
fn a_process_that_dies_loses_only_what_was_not_confirmed() {
    let mut world = World::new();
    world.add(&[("kind", "person"), ("name", "Ann")]);
    let copy = world.dir.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    // What another process would find if this one died now: the files as they lie there, with a transaction half done.
    let from = world.store.dir().to_owned();
    let to = copy.clone();
    let copied: Result<(), _> = world.store.write(Lane::Local, move |tx| {
        tx.put_setting("half", Some("done"))?;
        for entry in std::fs::read_dir(&from)? {
            let entry = entry?;
            if entry.file_name() != "vault.lock" {
                std::fs::copy(entry.path(), to.join(entry.file_name()))?;
            }
        }
        Err(StoreError::Abandoned("only to look".into()))
    });
    assert_eq!(copied, Err(StoreError::Abandoned("only to look".into())));
    let store = Store::open(&copy).unwrap();
    let names = store.read(|reader| reader.list(&people())).unwrap().0;
    assert_eq!(names.iter().map(|row| row.view.name.as_str()).collect::<Vec<_>>(), ["Ann"]);
    assert_eq!(store.read(|reader| reader.setting("half")), Ok(None));
    assert_ne!(store.identity().unwrap().inode, world.store.identity().unwrap().inode, "a copy is told from the original");
}

#[test]
fn a_full_disk_is_said_so_and_is_not_the_end() {
    let mut world = World::new();
    world.add(&[("kind", "person"), ("name", "Ann"), ("notes", "violets")]);
    let limit = |world: &World, extra: i64| {
        world.write(move |tx| {
            let pages: i64 = tx.connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            Ok(tx.connection.query_row(&format!("PRAGMA max_page_count = {}", pages + extra), [], |_| Ok(()))?)
        });
    };
    limit(&world, 2);
    let notes: String = (0..4_000).map(|n| format!("word{n} ")).collect();
    let change = world.feed.first(&[("kind", "person"), ("name", "Bert"), ("notes", &notes)]);
    let mut feed = world.feed.clone();
    let entry = feed.entry(vec![(doc(50), change.clone())]);
    let outcome = world.store.write(Lane::Local, move |tx| {
        tx.append_entry(&SPACE, &entry)?;
        tx.put_record(&SPACE, &sole(doc(50), &change))
    });
    assert_eq!(outcome, Err(StoreError::DiskFull));
    assert_eq!(world.list(&people()), (vec!["Ann".to_owned()], 1));
    limit(&world, 1_000_000);
    world.add(&[("kind", "person"), ("name", "Cem"), ("notes", "violets")]);
    assert_eq!(world.search("violets"), ["Cem (notes)", "Ann (notes)"]);
}

#[test]
fn a_write_inside_a_write_is_refused_instead_of_waiting_for_ever() {
    let world = World::new();
    let store = world.store.clone();
    let outcome = world.write(move |_| Ok(store.write(Lane::Local, |_| Ok(()))));
    assert!(matches!(outcome, Err(StoreError::Abandoned(_))));
}

#[test]
fn the_last_clone_may_go_on_the_writer_thread() {
    let world = World::new();
    let path = world.store.dir().to_owned();
    let World { dir, store, .. } = world;
    let inside = store.clone();
    let (done, wait) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ = store.write(Lane::Local, move |tx| {
                tx.put_setting("last", Some("word"))?;
                drop(inside);
                Ok(())
            });
            drop(store);
            done.send(()).unwrap();
        });
    });
    wait.recv().unwrap();
    let store = Store::open(&path).unwrap();
    assert_eq!(store.read(|reader| reader.setting("last")).unwrap().as_deref(), Some("word"));
    drop(dir);
}

#[test]
fn local_edits_go_before_remote_chunks() {
    let world = World::new();
    let (started, is_running) = mpsc::channel();
    let (release, may_go) = mpsc::channel::<()>();
    let (order, came) = mpsc::channel();
    std::thread::scope(|scope| {
        let store = &world.store;
        scope.spawn(move || {
            store.write(Lane::Remote, move |_| {
                started.send(()).unwrap();
                may_go.recv().unwrap();
                Ok(())
            })
        });
        is_running.recv().unwrap();
        for (lane, name) in [(Lane::Remote, "remote"), (Lane::Local, "local")] {
            let order = order.clone();
            scope.spawn(move || store.write(lane, move |_| order.send(name).map_err(|_| StoreError::Other("nobody listens".into()))));
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        release.send(()).unwrap();
    });
    assert_eq!([came.recv().unwrap(), came.recv().unwrap()], ["local", "remote"]);
}

#[test]
fn readers_do_not_wait_for_the_writer_and_see_one_state() {
    let mut world = World::new();
    world.add(&[("kind", "person"), ("name", "Ann")]);
    let store = world.store.clone();
    store
        .read(|reader| {
            assert_eq!(reader.list(&people())?.1, 1);
            world.add(&[("kind", "person"), ("name", "Ben")]);
            assert_eq!(reader.list(&people())?.1, 1, "a snapshot does not move");
            assert_eq!(reader.search("ben", 5)?, [], "not even in a search");
            assert_eq!(world.list(&people()).1, 2);
            Ok(())
        })
        .unwrap();
    // A reader that panics gives its place back.
    for _ in 0..10 {
        let store = world.store.clone();
        let outcome = std::thread::spawn(move || store.read(|_| -> Result<(), _> { panic!("on purpose") })).join();
        assert!(outcome.is_err());
    }
    assert_eq!(world.list(&people()).1, 2);
}

#[test]
fn a_sound_file_has_no_damage_and_a_broken_one_has() {
    let mut world = World::new();
    for n in 0..50 {
        world.add(&[("kind", "person"), ("name", &format!("Person {n}")), ("notes", "violets")]);
    }
    assert_eq!(world.store.read(|reader| reader.damage()), Ok(vec![]));
    let path = world.store.dir().to_owned();
    let World { dir, store, .. } = world;
    drop(store);
    let file = path.join("vault.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let last = bytes.len() - 4_096 * 8;
    bytes[last..].fill(0xAB);
    std::fs::write(&file, &bytes).unwrap();
    let found = Store::open(&path).and_then(|store| store.read(|reader| reader.damage()));
    assert!(matches!(&found, Ok(lines) if !lines.is_empty()) || matches!(found, Err(StoreError::Corrupt(_))), "{found:?}");
    assert_eq!(std::fs::read(&file).unwrap().len(), bytes.len(), "a damaged database is never deleted");
    drop(dir);
}
