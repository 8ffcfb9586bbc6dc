#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::*;
use crate::record::Kind;

fn held(value: &str, time: i64) -> Held {
    Held { value: Some(Scalar::Text(value.into())), change: crate::id::ChangeHash([0; 32]), actor: [1; 16], time }
}

fn put(key: &str, value: &str) -> FlatOp {
    FlatOp::Put(key.into(), Scalar::Text(value.into()))
}

fn record() -> Record {
    let mut record = Record::new(Kind::Person);
    let conflicts = [
        ("addresses/aaaaaaaa/street", ["Shown St", "Other St"]),
        ("custom:diet", ["vegan", "none"]),
        ("name", ["Priya R", "Priya"]),
        ("notes", ["one\n", "two"]),
        ("phones/bbbbbbbb", ["mobile\t1", "work\t2"]),
        ("created", ["2026", "2027"]),
        ("newer", ["a", "b"]),
    ];
    for (key, [shown, other]) in conflicts {
        record.fields.insert(key.into(), vec![held(shown, 2), held(other, 1)]);
    }
    record
}

fn choose(record: &Record, field: &str, choice: &str) -> Result<Vec<FlatOp>, EditError> {
    plan_choice(record, field, choice.parse().unwrap(), &mut || "zzzzzzzz".to_owned())
}

#[test]
fn conflicts_are_named_in_the_words_of_the_json_shape() {
    let conflicts = conflicts_of(&record());
    let fields: Vec<_> = conflicts.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["addresses/aaaaaaaa/street", "custom.diet", "name", "notes", "phones/bbbbbbbb"]);
    assert_eq!(fields, crate::view::fields_view(&record()).conflicts);
}

#[test]
fn a_choice_writes_the_chosen_value() {
    let record = record();
    assert_eq!(choose(&record, "name", "1"), Ok(vec![put("name", "Priya R")]));
    assert_eq!(choose(&record, "name", "2"), Ok(vec![put("name", "Priya")]));
    assert_eq!(choose(&record, "custom.diet", "2"), Ok(vec![put("custom:diet", "none")]));
    assert_eq!(choose(&record, "phone", "2"), Ok(vec![put("phones/bbbbbbbb", "work\t2")]), "the only conflict of the list");
    assert_eq!(choose(&record, "addresses/aaaaaaaa/street", "2"), Ok(vec![put("addresses/aaaaaaaa/street", "Other St")]));
}

#[test]
fn both_can_be_kept_where_there_is_room() {
    let record = record();
    assert_eq!(
        choose(&record, "phones/bbbbbbbb", "both"),
        Ok(vec![put("phones/bbbbbbbb", "mobile\t1"), put("phones/zzzzzzzz", "work\t2")])
    );
    assert_eq!(choose(&record, "notes", "both"), Ok(vec![put("notes", "one\n\ntwo")]));
    for field in ["name", "addresses/aaaaaaaa/street", "custom.diet"] {
        assert_eq!(choose(&record, field, "both"), Err(EditError::NotBoth { field: field.into() }));
        assert!(!can_keep_both(field));
    }
}

#[test]
fn a_disputed_deletion_is_kept_or_deleted() {
    let mut record = record();
    let deleted = held("2026-11-14", 3);
    record.fields.insert(DELETED.into(), vec![deleted.clone()]);
    record.deletion = Deletion::Disputed { deleted, edited: Held { value: None, ..held("", 4) } };
    assert_eq!(conflicts_of(&record).last().map(|(field, held)| (field.as_str(), held.len())), Some(("deleted", 2)));
    assert_eq!(choose(&record, "deleted", "1"), Ok(vec![FlatOp::Delete("deleted".into())]));
    assert_eq!(choose(&record, "deleted", "2"), Ok(vec![put("deleted", "2026-11-14")]));
    assert_eq!(choose(&record, "deleted", "both"), Err(EditError::NotBoth { field: "deleted".into() }));
}

#[test]
fn wrong_choices_say_what_is_wrong() {
    let record = record();
    let text = |field, choice| choose(&record, field, choice).unwrap_err().to_string();
    assert_eq!(text("name", "3"), "name has 2 values: choose a number from 1 to 2");
    assert_eq!(text("name", "0"), "name has 2 values: choose a number from 1 to 2");
    assert_eq!(text("birthday", "1"), "birthday has no values to choose between");
    assert_eq!(text("created", "1"), "created has no values to choose between");
    assert!("perhaps".parse::<Choice>().is_err());
}
