#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::*;
use crate::document::{Change, Document};
use crate::history::undo_ops;
use crate::id::SpaceId;
use crate::record::Kind;
use crate::view::{RecordView, view_of};

const ONE: &str = "p_01";
const OTHER: &str = "p_02";

fn first(actor: u8, fields: &[(&str, &str)]) -> Change {
    let mut fields: BTreeMap<String, Scalar> =
        fields.iter().map(|(key, value)| ((*key).to_owned(), Scalar::Text((*value).to_owned()))).collect();
    fields.insert("kind".into(), Scalar::Text(Kind::Person.as_str().into()));
    Change::first([actor; 16], 1_763_110_000, &fields)
}

fn document(change: &Change) -> Document {
    Document::from_changes([change.bytes.as_slice()]).unwrap()
}

fn view(document: &Document) -> RecordView {
    view_of(&document.record(), &DocumentId([1; 16]), &SpaceId([1; 32]))
}

#[test]
fn every_value_is_kept_and_nothing_twice() {
    let one = document(&first(
        1,
        &[("name", "Priya R"), ("emails/a", "work\tPRIYA@x.example"), ("notes", "Tall."), ("orgs/r/name", "Harbourline")],
    ));
    let other = first(
        2,
        &[
            ("name", "Priya Raghunathan"),
            ("birthday", "--12-03"),
            ("emails/b", "home\tpriya@x.example"),
            ("emails/c", "home\tp@home.example"),
            ("notes", "Likes tea."),
            ("orgs/s/name", "harbourline"),
            ("orgs/t/name", "Quay Ltd"),
            ("orgs/t/title", "Chair"),
            ("custom:diet", "vegan"),
        ],
    );
    let mut one = one;
    let ops = plan_merge(&one.record(), ONE, &document(&other).record(), OTHER).unwrap();
    one.edit([1; 16], 1_763_110_100, &ops).unwrap();
    let view = view(&one);
    assert_eq!((view.name.as_str(), view.birthday.as_str()), ("Priya R", "--12-03"));
    assert_eq!(view.notes, "Tall.\n\nLikes tea.");
    assert_eq!(view.emails.iter().map(|item| item.value.as_str()).collect::<Vec<_>>(), ["PRIYA@x.example", "p@home.example"]);
    assert_eq!(view.orgs.iter().map(|role| role.name.as_str()).collect::<Vec<_>>(), ["Harbourline", "Quay Ltd"]);
    assert_eq!(view.custom.get("also name").map(String::as_str), Some("Priya Raghunathan"));
    assert_eq!(view.custom.get("diet").map(String::as_str), Some("vegan"));
    assert_eq!(view.merged, [OTHER]);
}

#[test]
fn two_people_who_merge_the_same_pair_do_not_disagree() {
    let base = first(1, &[("name", "Priya"), ("notes", "Tall.")]);
    let other = document(&first(2, &[("name", "Priya R"), ("notes", "Tea."), ("emails/b", "work\tp@x.example")]));
    let (mut here, mut there) = (document(&base), document(&base));
    let ops = plan_merge(&here.record(), ONE, &other.record(), OTHER).unwrap();
    let mine = here.edit([3; 16], 10, &ops).unwrap().unwrap();
    let theirs = there.edit([4; 16], 20, &ops).unwrap().unwrap();
    let both = Document::from_changes([base.bytes.as_slice(), mine.bytes.as_slice(), theirs.bytes.as_slice()]).unwrap();
    let shown = view(&both);
    assert_eq!(shown.conflicts, Vec::<String>::new(), "equal edits are silent");
    assert_eq!(shown.notes, "Tall.\n\nTea.");

    let mut both = both;
    for change in merging_changes(&both.record(), OTHER) {
        let ops = undo_ops(&both, change, "2026-01-01T00:00:00Z");
        both.edit([3; 16], 30, &ops).unwrap();
    }
    let apart = view(&both);
    assert_eq!((apart.notes.as_str(), apart.emails.len(), apart.merged.len()), ("Tall.", 0, 0), "taken back as a whole");
}

#[test]
fn what_was_edited_since_stays_when_it_is_taken_back() {
    let mut one = document(&first(1, &[("name", "Priya")]));
    let other = document(&first(2, &[("name", "Priya"), ("birthday", "1986"), ("nickname", "Pri")]));
    let ops = plan_merge(&one.record(), ONE, &other.record(), OTHER).unwrap();
    one.edit([1; 16], 10, &ops).unwrap();
    one.edit([1; 16], 20, &[FlatOp::Put("birthday".into(), Scalar::Text("1986-12-03".into()))]).unwrap();
    for change in merging_changes(&one.record(), OTHER) {
        let ops = undo_ops(&one, change, "2026-01-01T00:00:00Z");
        one.edit([1; 16], 30, &ops).unwrap();
    }
    let view = view(&one);
    assert_eq!((view.birthday.as_str(), view.nickname.as_str()), ("1986-12-03", ""));
}
