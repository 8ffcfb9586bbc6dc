#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use super::*;
use crate::document::Change;

const ANN: ActorId = [1; 16];
const BEN: ActorId = [2; 16];
const NOW: &str = "2026-11-14T09:12:00Z";

fn text(value: &str) -> Scalar {
    Scalar::Text(value.into())
}

fn put(key: &str, value: &str) -> FlatOp {
    FlatOp::Put(key.into(), text(value))
}

fn person() -> (Document, Change) {
    let fields = BTreeMap::from([("kind".to_owned(), text("person")), ("name".to_owned(), text("Priya"))]);
    let first = Change::first(ANN, 100, &fields);
    (Document::from_changes([first.bytes.as_slice()]).unwrap(), first)
}

fn edit(document: &mut Document, actor: ActorId, time: i64, ops: &[FlatOp]) -> Change {
    document.edit(actor, time, ops).unwrap().expect("the edit changes something")
}

fn merge(into: &mut Document, from: &Document) {
    let changes = from.changes().unwrap();
    into.apply(changes.iter().map(|change| change.bytes.as_slice())).unwrap();
}

/// Time, key, old and new of every entry.
fn lines(document: &Document) -> Vec<String> {
    let show = |value: Option<Scalar>| value.map_or_else(|| "-".to_owned(), |value| value.as_text());
    let line = |entry: FieldChange| format!("{} {} {} {}", entry.time, entry.key, show(entry.old), show(entry.new));
    field_changes(document).into_iter().map(line).collect()
}

#[test]
fn history_tells_what_each_author_saw_and_wrote() {
    let (mut ann, _) = person();
    edit(&mut ann, ANN, 110, &[put("name", "Priya R"), put("notes", "n")]);
    let mut ben = ann.clone();
    edit(&mut ben, BEN, 130, &[put("name", "Raghunathan")]);
    edit(&mut ann, ANN, 120, &[put("name", "P. R."), FlatOp::Delete("notes".into())]);
    merge(&mut ann, &ben);
    let expected = [
        "100 kind - person",
        "100 name - Priya",
        "110 name Priya Priya R",
        "110 notes - n",
        "120 name Priya R P. R.",
        "120 notes n -",
        "130 name Priya R Raghunathan",
    ];
    assert_eq!(lines(&ann), expected);
    merge(&mut ben, &ann);
    assert_eq!(lines(&ben), expected, "the order is the same on every replica");
    // Settling in favour of what is shown is an entry with old and new alike.
    let shown = ann.record().shown("name").cloned().unwrap();
    edit(&mut ann, ANN, 140, &[FlatOp::Put("name".into(), shown.clone())]);
    let last = field_changes(&ann).pop().unwrap();
    assert_eq!((last.old, last.new), (Some(shown.clone()), Some(shown)));
}

#[test]
fn parents_come_first_whatever_their_clocks_say() {
    let (mut ann, _) = person();
    edit(&mut ann, ANN, 50, &[put("name", "earlier clock")]);
    let times: Vec<_> = field_changes(&ann).into_iter().map(|entry| entry.time).collect();
    assert_eq!(times, [100, 100, 50]);
}

#[test]
fn an_undone_change_is_taken_back_and_undoing_that_does_it_again() {
    let (mut document, _) = person();
    let base = document.record();
    let done = edit(&mut document, ANN, 110, &[put("name", "Priya R"), put("notes", "n")]);
    let after = document.record();
    let ops = undo_ops(&document, done.hash, NOW);
    let undone = edit(&mut document, ANN, 120, &ops);
    assert_eq!(document.record().text("name"), base.text("name"));
    assert_eq!(document.record().shown("notes"), None);
    assert!(undo_ops(&document, done.hash, NOW).is_empty(), "nothing is left to take back");
    let ops = undo_ops(&document, undone.hash, NOW);
    edit(&mut document, ANN, 130, &ops);
    assert_eq!(document.record().text("name"), after.text("name"));
    assert_eq!(document.record().text("notes"), after.text("notes"));
}

#[test]
fn undo_leaves_what_was_changed_since() {
    let (mut document, _) = person();
    let done = edit(&mut document, ANN, 110, &[put("name", "Priya R"), put("notes", "n"), put("tag:x", "t")]);
    edit(&mut document, BEN, 120, &[put("notes", "by Ben"), FlatOp::Delete("tag:x".into())]);
    assert_eq!(undo_ops(&document, done.hash, NOW), [put("name", "Priya")]);
    let removal = field_changes(&document).pop().unwrap().change;
    let mut back = undo_ops(&document, removal, NOW);
    back.sort_by(|one, other| one.key().cmp(other.key()));
    assert_eq!(back, [put("notes", "n"), put("tag:x", "t")]);
}

#[test]
fn undoing_the_creation_is_deleting_and_undoing_that_restores() {
    let (mut document, first) = person();
    let ops = undo_ops(&document, first.hash, NOW);
    assert_eq!(ops, [put("deleted", NOW)]);
    let deletion = edit(&mut document, ANN, 120, &ops);
    assert!(undo_ops(&document, first.hash, NOW).is_empty(), "it is in the trash already");
    let ops = undo_ops(&document, deletion.hash, NOW);
    edit(&mut document, ANN, 130, &ops);
    assert_eq!(document.record().deletion, Deletion::Live);
    assert!(undo_ops(&document, ChangeHash([9; 32]), NOW).is_empty(), "an unknown change");
}
