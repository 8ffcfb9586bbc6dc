#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::num::NonZeroU64;

use automerge::legacy;
use proptest::prelude::*;

use super::*;
use crate::conflict::{Choice, conflicts_of, plan_choice};
use crate::record::Kind;

mod merging;

pub(super) const ANN: ActorId = [1; 16];
pub(super) const BEN: ActorId = [2; 16];
pub(super) const CAT: ActorId = [3; 16];

pub(super) fn put(key: &str, value: &str) -> FlatOp {
    FlatOp::Put(key.into(), Scalar::Text(value.into()))
}

pub(super) fn delete(key: &str) -> FlatOp {
    FlatOp::Delete(key.into())
}

/// A person made by Ann.
pub(super) fn person() -> Document {
    let fields = [("kind", "person"), ("name", "Priya"), ("phones/aaaaaaaa", "mobile\t+44 1")];
    let fields = fields.into_iter().map(|(key, value)| (key.to_owned(), Scalar::Text(value.into()))).collect();
    Document::from_changes([Change::first(ANN, 100, &fields).bytes.as_slice()]).unwrap()
}

pub(super) fn edit(document: &mut Document, actor: ActorId, time: i64, ops: &[FlatOp]) -> Change {
    document.edit(actor, time, ops).unwrap().expect("the edit changes something")
}

pub(super) fn merge(into: &mut Document, from: &Document) {
    let changes = from.changes().unwrap();
    into.apply(changes.iter().map(|change| change.bytes.as_slice())).unwrap();
}

/// Two replicas that both have what either had.
pub(super) fn meet(one: &mut Document, other: &mut Document) {
    merge(one, &other.clone());
    merge(other, one);
    assert_eq!(one.record(), other.record());
    assert_eq!(one.heads(), other.heads());
}

#[test]
fn an_edit_that_changes_nothing_makes_no_change() {
    let mut document = person();
    assert_eq!(document.edit(ANN, 101, &[put("name", "Priya"), delete("notes")]), Ok(None));
    assert_eq!(document.edit(BEN, 101, &[]), Ok(None));
    let before = document.heads();
    let snapshot = Document::from_snapshot(&document.save()).unwrap();
    assert_eq!((snapshot.record(), snapshot.heads()), (document.record(), before));
}

#[test]
fn edits_of_different_fields_both_stand_and_of_one_field_are_both_kept() {
    let (mut ann, mut ben) = (person(), person());
    edit(&mut ann, ANN, 200, &[put("name", "Priya R"), put("notes", "from Ann")]);
    let by_ben = edit(&mut ben, BEN, 210, &[put("name", "Priya Raghunathan"), put("birthday", "1986-12-03")]);
    meet(&mut ann, &mut ben);
    let record = ann.record();
    assert_eq!((record.text("notes"), record.text("birthday")), ("from Ann".into(), "1986-12-03".into()));
    let values: Vec<_> = record.fields["name"].iter().map(|held| (held.value.clone().unwrap().as_text(), held.actor, held.time)).collect();
    assert_eq!(values, [("Priya Raghunathan".into(), BEN, 210), ("Priya R".into(), ANN, 200)]);
    assert_eq!(record.fields["name"][0].change, by_ben.hash);
}

#[test]
fn equal_edits_are_silent_and_choosing_settles_for_everybody() {
    let (mut ann, mut ben) = (person(), person());
    edit(&mut ann, ANN, 200, &[put("name", "Same"), put("notes", "one")]);
    edit(&mut ben, BEN, 210, &[put("name", "Same"), put("notes", "two")]);
    meet(&mut ann, &mut ben);
    assert_eq!(ann.record().fields["name"].len(), 1);
    assert_eq!(ann.edit(ANN, 220, &[put("name", "Same")]), Ok(None));
    for number in [1, 2] {
        let (mut ann, mut ben) = (ann.clone(), ben.clone());
        let wanted = ann.record().fields["notes"][number - 1].value.clone();
        let ops = plan_choice(&ann.record(), "notes", Choice::Number(number), &mut String::new).unwrap();
        let choice = edit(&mut ann, ANN, 300, &ops);
        let held = ann.record().fields["notes"].clone();
        assert_eq!(held, [Held { value: wanted, change: choice.hash, actor: ANN, time: 300 }], "the choice is a value of its own");
        meet(&mut ben, &mut ann);
        assert!(conflicts_of(&ben.record()).is_empty());
    }
}

#[test]
fn a_field_removed_on_one_side_and_written_on_the_other_keeps_the_value() {
    let (mut ann, mut ben) = (person(), person());
    edit(&mut ann, ANN, 200, &[delete("phones/aaaaaaaa")]);
    edit(&mut ben, BEN, 210, &[put("phones/aaaaaaaa", "mobile\t+44 2")]);
    meet(&mut ann, &mut ben);
    assert_eq!(ann.record().text("phones/aaaaaaaa"), "mobile\t+44 2");
    assert!(conflicts_of(&ann.record()).is_empty());
}

#[test]
fn a_deletion_and_an_edit_at_the_same_time_are_disputed_until_someone_chooses() {
    for deleter_is_low in [true, false] {
        let (deleting, editing) = if deleter_is_low { (ANN, BEN) } else { (BEN, ANN) };
        let (mut one, mut other) = (person(), person());
        let deletion = edit(&mut one, deleting, 200, &[put(DELETED, "2026-11-14T09:12:00Z")]);
        assert_eq!(one.record().deletion, Deletion::Deleted);
        let edited = edit(&mut other, editing, 210, &[put("name", "Priya R")]);
        meet(&mut one, &mut other);
        let Deletion::Disputed { deleted, edited: by } = one.record().deletion else { panic!("not disputed") };
        assert_eq!((deleted.change, by.change, by.value), (deletion.hash, edited.hash, None));
        // Going on editing does not settle it.
        edit(&mut one, deleting, 220, &[put("notes", "still here")]);
        assert!(matches!(one.record().deletion, Deletion::Disputed { .. }));
        for (number, outcome) in [(1, Deletion::Live), (2, Deletion::Deleted)] {
            let (mut one, mut other) = (one.clone(), other.clone());
            let ops = plan_choice(&one.record(), "deleted", Choice::Number(number), &mut String::new).unwrap();
            edit(&mut one, editing, 300, &ops);
            assert_eq!(one.record().deletion, outcome);
            meet(&mut one, &mut other);
            assert_eq!(other.record().deletion, outcome);
            let reloaded = Document::from_snapshot(&other.save()).unwrap();
            assert_eq!(reloaded.record(), other.record());
        }
    }
}

#[test]
fn two_deletions_at_the_same_time_agree() {
    let (mut ann, mut ben) = (person(), person());
    edit(&mut ann, ANN, 200, &[put(DELETED, "2026-11-14"), put("moved", "s_x\tp_y")]);
    edit(&mut ben, BEN, 210, &[put(DELETED, "2026-11-15")]);
    meet(&mut ann, &mut ben);
    assert_eq!(ann.record().deletion, Deletion::Deleted);
    assert!(conflicts_of(&ann.record()).is_empty());
}

#[test]
fn a_deletion_by_somebody_who_saw_the_edit_stands() {
    let (mut ann, mut ben, mut cat) = (person(), person(), person());
    edit(&mut ben, BEN, 200, &[put("name", "Priya R")]);
    merge(&mut cat, &ben);
    edit(&mut ann, ANN, 210, &[put(DELETED, "2026-11-14")]);
    edit(&mut cat, CAT, 220, &[put(DELETED, "2026-11-15")]);
    meet(&mut ann, &mut ben);
    assert!(matches!(ann.record().deletion, Deletion::Disputed { .. }));
    meet(&mut ann, &mut cat);
    assert_eq!(ann.record().deletion, Deletion::Deleted);
}

#[test]
fn restoring_and_deleting_again_at_the_same_time_is_disputed() {
    let mut ann = person();
    edit(&mut ann, ANN, 200, &[put(DELETED, "2026-11-14")]);
    let mut ben = ann.clone();
    edit(&mut ann, ANN, 210, &[delete(DELETED)]);
    edit(&mut ben, BEN, 220, &[put(DELETED, "2026-11-15")]);
    meet(&mut ann, &mut ben);
    assert!(matches!(ann.record().deletion, Deletion::Disputed { .. }));
}

#[test]
fn changes_without_their_parents_are_refused_and_leave_the_document_alone() {
    let mut ann = person();
    let mut ahead = ann.clone();
    edit(&mut ahead, ANN, 200, &[put("name", "A")]);
    let second = edit(&mut ahead, ANN, 210, &[put("name", "B")]);
    let before = (ann.record(), ann.heads());
    assert!(matches!(ann.apply([second.bytes.as_slice()]), Err(DocumentError::Refused(_))));
    assert!(matches!(Document::from_changes([second.bytes.as_slice()]), Err(DocumentError::Refused(_))));
    assert_eq!((ann.record(), ann.heads()), before);
    assert!(ann.contains(&before.1[0]) && !ann.contains(&second.hash));
}

/// A change of Ben's on top of [`person`], with one thing wrong.
fn hostile(spoil: impl FnOnce(&mut automerge::ExpandedChange)) -> Vec<u8> {
    let base = person();
    let mut change = automerge::ExpandedChange {
        operations: vec![legacy::Op {
            action: legacy::OpType::Put("x".into()),
            obj: legacy::ObjectId::Root,
            key: legacy::Key::Map("notes".into()),
            pred: legacy::SortedVec::new(),
            insert: false,
        }],
        actor_id: automerge::ActorId::from(BEN),
        hash: None,
        seq: 1,
        start_op: NonZeroU64::new(4).unwrap(),
        time: 0,
        message: None,
        deps: base.heads().iter().map(|hash| automerge::ChangeHash(hash.0)).collect(),
        extra_bytes: Vec::new(),
        author: None,
    };
    spoil(&mut change);
    automerge::Change::from(change).raw_bytes().to_vec()
}

#[test]
fn malformed_changes_neither_panic_nor_get_in() {
    let op = |counter, actor: ActorId| legacy::OpId::new(counter, &automerge::ActorId::from(actor));
    assert_eq!(person().apply([hostile(|_| {}).as_slice()]), Ok(()), "the change is good before it is spoiled");
    let spoiled = [
        ("seq gap", hostile(|change| change.seq = 3)),
        (
            "low op id of a known actor",
            hostile(|change| {
                change.actor_id = automerge::ActorId::from(ANN);
                change.seq = 2;
                change.start_op = NonZeroU64::MIN;
            }),
        ),
        ("pred of a missing op", hostile(|change| change.operations[0].pred = vec![op(99, ANN)].into())),
        ("pred of an unknown actor", hostile(|change| change.operations[0].pred = vec![op(1, CAT)].into())),
        ("delete without pred", hostile(|change| change.operations[0].action = legacy::OpType::Delete)),
        ("op on a missing object", hostile(|change| change.operations[0].obj = legacy::ObjectId::Id(op(77, ANN)))),
        ("op on a scalar", hostile(|change| change.operations[0].obj = legacy::ObjectId::Id(op(1, ANN)))),
        (
            "seq without the author's own change",
            hostile(|change| {
                change.actor_id = automerge::ActorId::from(ANN);
                change.seq = 2;
                change.deps = Vec::new();
            }),
        ),
    ];
    for (what, bytes) in spoiled {
        let mut document = person();
        let before = document.record();
        assert!(document.apply([bytes.as_slice()]).is_err(), "{what}");
        assert_eq!(document.record(), before, "{what}");
        assert!(!panic_is_contained());
    }
}

#[test]
fn values_of_newer_versions_are_kept_and_shown() {
    let mut inner = Automerge::new().with_actor(automerge::ActorId::from(ANN));
    let mut transaction = inner.transaction();
    transaction.put(ROOT, "kind", "expense").unwrap();
    transaction.put(ROOT, "amount", 12.5).unwrap();
    transaction.put(ROOT, "paid", automerge::ScalarValue::Timestamp(1_763_110_000_000)).unwrap();
    transaction.put(ROOT, "visits", automerge::ScalarValue::counter(3)).unwrap();
    transaction.put(ROOT, "receipt", vec![1_u8, 2, 3]).unwrap();
    transaction.put(ROOT, "big", u64::MAX).unwrap();
    transaction.put(ROOT, "small", 7_u64).unwrap();
    let text = transaction.put_object(ROOT, "story", automerge::ObjType::Text).unwrap();
    transaction.splice_text(&text, 0, 0, "once").unwrap();
    transaction.commit();
    let mut document = Document { inner };
    edit(&mut document, BEN, 5, &[put("name", "Lunch")]);
    let record = Document::from_snapshot(&document.save()).unwrap().record();
    assert_eq!(record.kind, Kind::Other("expense".into()));
    let unknown = |text: &str| Some(Scalar::Unknown(text.to_owned()));
    let expected = [
        ("amount", unknown("12.5")),
        ("paid", unknown("2025-11-14T08:46:40Z")),
        ("visits", unknown("3")),
        ("receipt", unknown("3 bytes")),
        ("big", unknown("18446744073709551615")),
        ("small", Some(Scalar::Number(7))),
        ("story", unknown("once")),
        ("name", Some(Scalar::Text("Lunch".into()))),
    ];
    for (key, value) in expected {
        assert_eq!(record.shown(key).cloned(), value, "{key}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut document = person();
        prop_assert!(document.apply([bytes.as_slice()]).is_err());
        prop_assert!(Document::from_changes([bytes.as_slice()]).is_err());
        prop_assert!(Document::from_snapshot(&bytes).is_err() || bytes.is_empty());
    }

    #[test]
    fn damaged_snapshots_never_panic(at in any::<prop::sample::Index>(), flip in 1..=255u8) {
        let mut bytes = person().save();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        drop(Document::from_snapshot(&bytes));
    }
}

/// Not a check: prints how long the hot paths take (`cargo test -p tuttu-model -- --ignored --nocapture timings`).
#[test]
#[ignore = "prints timings"]
#[allow(clippy::disallowed_methods, clippy::print_stdout, reason = "measures time")]
fn timings() {
    let fields: BTreeMap<String, Scalar> =
        (0..25).map(|at| (format!("custom:{at:02}"), Scalar::Text(format!("a value of some length {at}")))).collect();
    let rounds = 2_000_u32;
    let start = std::time::Instant::now();
    for time in 0..rounds {
        std::hint::black_box(Change::first(ANN, time.into(), &fields));
    }
    println!("first {:?}", start.elapsed() / rounds);
    let first = Change::first(ANN, 1, &fields);
    let start = std::time::Instant::now();
    for _ in 0..rounds {
        std::hint::black_box(first.sole_record());
    }
    println!("sole_record {:?}", start.elapsed() / rounds);
    let start = std::time::Instant::now();
    for _ in 0..rounds {
        std::hint::black_box(Document::from_changes([first.bytes.as_slice()]).unwrap());
    }
    println!("load {:?}", start.elapsed() / rounds);
    let document = Document::from_changes([first.bytes.as_slice()]).unwrap();
    let start = std::time::Instant::now();
    for _ in 0..rounds {
        std::hint::black_box(document.record());
    }
    println!("record {:?}", start.elapsed() / rounds);
    let copies = vec![document.clone(); 200];
    let start = std::time::Instant::now();
    for mut copy in copies {
        std::hint::black_box(copy.edit(BEN, 2, &[put("custom:03", "b"), put("custom:99", "c")]).unwrap());
    }
    println!("edit {:?}", start.elapsed() / 200);
    let mut edited = document.clone();
    let change = edit(&mut edited, BEN, 2, &[put("custom:03", "b")]);
    let start = std::time::Instant::now();
    for _ in 0..200 {
        document.clone().apply([change.bytes.as_slice()]).unwrap();
    }
    println!("apply {:?}", start.elapsed() / 200);
}
