use std::collections::BTreeMap;

use tuttu_model::{ChangeHash, ComputerId, DocumentId, EntryHash, FeedId, SpaceId};
use tuttu_sync::feed::Vector;

use super::world::*;
use crate::rows::{AckRow, InvitationRow, OperationRow, SpaceRow};
use crate::{Lane, StoreError};

#[test]
fn meta_and_settings_are_kept() {
    let world = World::new();
    world.write(|tx| {
        tx.put_meta("person", &[1, 2])?;
        tx.put_meta("person", &[1, 2, 3])?;
        tx.put_setting("theme", Some("dark"))?;
        tx.put_setting("density", Some("compact"))?;
        tx.put_setting("theme", Some("light"))?;
        tx.put_setting("gone", Some("x"))?;
        tx.put_setting("gone", None)
    });
    let world = world.reopen();
    world
        .store
        .read(|reader| {
            assert_eq!(reader.meta("person")?, Some(vec![1, 2, 3]));
            assert_eq!(reader.meta("nobody")?, None);
            assert_eq!(reader.setting("theme")?.as_deref(), Some("light"));
            assert_eq!(reader.setting("gone")?, None);
            let all: Vec<(String, String)> = [("density", "compact"), ("theme", "light")].map(|(k, v)| (k.into(), v.into())).into();
            assert_eq!(reader.settings()?, all);
            Ok(())
        })
        .unwrap();
}

#[test]
fn spaces_are_kept_and_changed() {
    let world = World::new();
    let feed = FeedId([7; 32]);
    world.write(move |tx| {
        tx.put_space(&SpaceRow { name: "Harbour 2".into(), ..space_row(SHARED, false) })?;
        tx.set_own_feed(&SHARED, Some(feed))
    });
    let spaces = world.store.read(|reader| reader.spaces()).unwrap();
    assert_eq!(spaces.iter().map(|space| (space.id, space.private)).collect::<Vec<_>>(), [(SPACE, true), (SHARED, false)]);
    assert_eq!((spaces[1].name.as_str(), spaces[1].own_feed), ("Harbour 2", Some(feed)));
    world.write(|tx| tx.set_own_feed(&SHARED, None));
    assert_eq!(world.store.read(|reader| reader.space(&SHARED)).unwrap().unwrap().own_feed, None);
    assert_eq!(world.store.read(|reader| reader.space(&tuttu_model::SpaceId([9; 32]))), Ok(None));
}

#[test]
fn operations_keep_their_order_and_grow() {
    let mut world = World::new();
    let docs = world.add_all(&[&[("name", "A")], &[("name", "B")], &[("name", "C")], &[("name", "D")]]);
    let change = |at: usize| {
        let heads = world.store.read(|reader| reader.heads(&SPACE, &docs[at])).unwrap();
        (SPACE, docs[at], heads[0])
    };
    let [a, b, c, d] = [0, 1, 2, 3].map(change);
    let row = |n: u8, changes: &[(SpaceId, DocumentId, ChangeHash)], undoes| OperationRow {
        id: [n; 16],
        label: format!("Step {n}"),
        time: i64::from(n),
        changes: changes.to_vec(),
        undoes,
    };
    let steps = [row(1, &[a], None), row(2, &[d, b, c], None), row(3, &[b], Some([2; 16]))];
    let written = steps.clone();
    world.write(move |tx| {
        written.iter().try_for_each(|step| tx.put_operation(step))?;
        tx.put_operation(&OperationRow { label: "Import".into(), ..written[0].clone() })?;
        // Those that follow each other are one row: what stands in the table does not show.
        tx.extend_operation(&[1; 16], &[b, d])
    });
    let newest = world.store.read(|reader| reader.newest_operations(2)).unwrap();
    assert_eq!(newest, [steps[2].clone(), steps[1].clone()]);
    let import = world.store.read(|reader| reader.operation(&[1; 16])).unwrap().unwrap();
    assert_eq!((import.label.as_str(), import.changes), ("Import", vec![a, b, d]));
    let rows = rusqlite::Connection::open(world.store.dir().join("vault.db")).unwrap();
    let rows: Vec<i64> = rows
        .prepare("SELECT changes FROM operation_change ORDER BY n, place")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows, [2, 1, 1, 2, 1], "a and b, d; d, b and c; b");
    assert_eq!(world.store.read(|reader| reader.operation(&[9; 16])), Ok(None));
    let labels = world.store.read(|reader| reader.newest_operation_labels(10)).unwrap();
    assert_eq!(labels.iter().map(|row| row.changes.len()).collect::<Vec<_>>(), [0, 0, 0]);
    let unknown = row(4, &[(SPACE, docs[0], ChangeHash([9; 32]))], None);
    let refused = world.store.write(Lane::Local, move |tx| tx.put_operation(&unknown));
    assert!(matches!(refused, Err(StoreError::Other(reason)) if reason.contains("not held")));
}

#[test]
fn acknowledgements_are_kept_for_each_computer_and_space() {
    let world = World::new();
    let row = |computer: u8, space, length, at| AckRow {
        computer: ComputerId([computer; 32]),
        space,
        vector: Vector(BTreeMap::from([(FeedId([1; 32]), (length, EntryHash([2; 32])))])),
        at,
    };
    world.write(move |tx| {
        tx.put_ack(&row(1, SPACE, 1, 10))?;
        tx.put_ack(&row(1, SPACE, 5, 20))?;
        tx.put_ack(&row(1, SHARED, 2, 15))?;
        tx.put_ack(&row(2, SPACE, 3, 30))
    });
    assert_eq!(world.store.read(|reader| reader.acks()).unwrap(), [row(1, SPACE, 5, 20), row(1, SHARED, 2, 15), row(2, SPACE, 3, 30)]);
    assert_eq!(world.store.read(|reader| reader.ack(&ComputerId([2; 32]), &SPACE)).unwrap(), Some(row(2, SPACE, 3, 30)));
    assert_eq!(world.store.read(|reader| reader.ack(&ComputerId([2; 32]), &SHARED)).unwrap(), None);
}

#[test]
fn invitations_are_kept_and_spent() {
    let world = World::new();
    let row = |n: u8| InvitationRow {
        id: format!("id{n}"),
        space: SHARED,
        link: format!("tuttu://join/{n}"),
        role: "editor".into(),
        made: 1,
        expires: 2,
        for_whom: "Jon".into(),
        relay: String::new(),
        auto: n == 2,
        secret: [n; 16],
        state: "open".into(),
    };
    world.write(move |tx| {
        tx.put_invitation(&row(1))?;
        tx.put_invitation(&row(2))?;
        tx.set_invitation_state("id1", "used")
    });
    let all = world.store.read(|reader| reader.invitations(&SHARED)).unwrap();
    assert_eq!(all, [row(2), InvitationRow { state: "used".into(), ..row(1) }]);
    assert_eq!(world.store.read(|reader| reader.invitations(&SPACE)).unwrap(), []);
    assert_eq!(world.store.read(|reader| reader.invitation("id2")).unwrap(), Some(row(2)));
    assert_eq!(world.store.read(|reader| reader.invitation("id3")).unwrap(), None);
    assert!(world.store.write(Lane::Local, |tx| tx.set_invitation_state("id3", "used")).is_err());
}
