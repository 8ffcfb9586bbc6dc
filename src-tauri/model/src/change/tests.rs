#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{Automerge, ROOT};
use proptest::prelude::*;

use super::*;
use crate::document::Document;
use crate::record::{Deletion, Kind};

const ACTOR: ActorId = *b"first sixteen by";

fn scalars() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        6 => ".{0,40}".prop_map(Scalar::Text),
        1 => any::<bool>().prop_map(Scalar::Flag),
        1 => any::<i64>().prop_map(Scalar::Number),
    ]
}

fn maps() -> impl Strategy<Value = BTreeMap<String, Scalar>> {
    prop::collection::btree_map("[a-z/:é]{1,12}", scalars(), 0..30)
}

fn put_by_put(time: i64, fields: &BTreeMap<String, Scalar>) -> Vec<u8> {
    let mut document = Automerge::new().with_actor(automerge::ActorId::from(ACTOR));
    let mut transaction = document.transaction();
    for (key, value) in fields {
        transaction.put(ROOT, key.as_str(), to_stored(value)).unwrap();
    }
    transaction.commit_with(CommitOptions::default().with_time(time));
    document.get_last_local_change().unwrap().raw_bytes().to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_first_change_is_byte_for_byte_the_one_automerge_makes(time in any::<i64>(), fields in maps()) {
        prop_assume!(!fields.is_empty());
        let change = Change::first(ACTOR, time, &fields);
        prop_assert_eq!(&change.bytes, &put_by_put(time, &fields));
        prop_assert_eq!(Change::read(&change.bytes), Ok(change));
    }

    #[test]
    fn a_first_change_reads_the_same_with_and_without_a_document(time in 0..i64::from(u32::MAX), fields in maps()) {
        let change = Change::first(ACTOR, time, &fields);
        let document = Document::from_changes([change.bytes.as_slice()]).unwrap();
        prop_assert_eq!(change.sole_record(), Some(document.record()));
        prop_assert_eq!(document.heads(), vec![change.hash]);
    }

    #[test]
    fn garbage_is_no_change_and_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Change::read(&bytes).is_err());
    }

    #[test]
    fn a_flipped_byte_is_noticed(at in any::<prop::sample::Index>(), flip in 1..=255u8, fields in maps()) {
        let change = Change::first(ACTOR, 1, &fields);
        let mut bytes = change.bytes;
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert!(Change::read(&bytes).is_err(), "byte {}", at);
    }
}

#[test]
fn long_changes_stay_plain() {
    let text = Scalar::Text("long notes ".repeat(5_000));
    let change = Change::first(ACTOR, 7, &BTreeMap::from([("notes".to_owned(), text)]));
    assert_eq!(change.bytes[8], 1);
    let mut document = Document::from_changes([change.bytes.as_slice()]).unwrap();
    let longer = FlatOp::Put("notes".into(), Scalar::Text("longer notes ".repeat(5_000)));
    let edit = document.edit(ACTOR, 8, &[longer]).unwrap().unwrap();
    assert_eq!(edit.bytes[8], 1);
    assert_eq!((edit.seq, edit.start_op, edit.max_op, edit.deps), (2, 2, 2, vec![change.hash]));
}

use crate::field::FlatOp;

#[test]
fn deflated_and_document_chunks_are_refused() {
    let text = Scalar::Text("text ".repeat(500));
    let change = Change::first(ACTOR, 7, &BTreeMap::from([("notes".to_owned(), text)]));
    let deflated = automerge::Change::try_from(change.bytes.as_slice()).unwrap().bytes().into_owned();
    assert_eq!(deflated[8], 2, "the library deflates long changes");
    assert!(matches!(Change::read(&deflated), Err(DocumentError::Damaged(_))));
    let document = Document::from_changes([change.bytes.as_slice()]).unwrap().save();
    assert!(matches!(Change::read(&document), Err(DocumentError::Damaged(_))));
}

#[test]
fn only_a_first_change_is_a_record_of_its_own() {
    let fields = BTreeMap::from([("kind".to_owned(), Scalar::Text("person".into())), ("deleted".to_owned(), Scalar::Text("2026".into()))]);
    let first = Change::first(ACTOR, 7, &fields);
    let record = first.sole_record().unwrap();
    assert_eq!((record.kind, record.deletion), (Kind::Person, Deletion::Deleted));
    let mut document = Document::from_changes([first.bytes.as_slice()]).unwrap();
    let second = document.edit(ACTOR, 8, &[FlatOp::Delete("deleted".into())]).unwrap().unwrap();
    assert_eq!(second.sole_record(), None);
}

#[test]
fn a_first_change_with_nested_objects_needs_a_document() {
    let mut document = Automerge::new().with_actor(automerge::ActorId::from(ACTOR));
    let mut transaction = document.transaction();
    transaction.put_object(ROOT, "checklist", automerge::ObjType::List).unwrap();
    transaction.commit();
    let change = Change::of(&document.get_last_local_change().unwrap()).unwrap();
    assert_eq!(change.sole_record(), None);
    let record = Document::from_changes([change.bytes.as_slice()]).unwrap().record();
    assert_eq!(record.shown("checklist"), Some(&Scalar::Unknown("a list of 0".into())));
}
