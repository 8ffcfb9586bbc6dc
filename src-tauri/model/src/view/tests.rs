#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use super::*;
use crate::document::{Change, Document};
use crate::field::FlatOp;

fn record(fields: &[(&str, Scalar)]) -> Record {
    let fields = fields.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    Change::first([0xAB; 16], 1_763_110_000, &fields).sole_record().unwrap()
}

fn text(value: &str) -> Scalar {
    Scalar::Text(value.into())
}

#[test]
fn the_flat_map_becomes_the_json_shape() {
    let record = record(&[
        ("kind", text("person")),
        ("created", text("2025-11-14T08:46:39Z")),
        ("name", text("Priya Raghunathan")),
        ("emails/00000002", text("home\tp@x.example")),
        ("emails/00000001", text("work\tpriya@x.example")),
        ("emails/00000001/pref", Scalar::Flag(true)),
        ("phones/00000003/pref", Scalar::Flag(true)),
        ("addresses/00000004/street", text("14 Quayside Row")),
        ("addresses/00000004/label", text("work")),
        ("addresses/00000005/label", text("")),
        ("orgs/00000006/name", text("Harbourline Trust")),
        ("relations/00000007", text("introduced by\tp_01")),
        ("tag:partner", Scalar::Flag(true)),
        ("tag:old", Scalar::Flag(false)),
        ("with:p_02", Scalar::Flag(true)),
        ("custom:x-dietary", text("vegan")),
        ("moved", text("s_x\tp_y")),
        ("budget", text("12")),
        ("phones/00000008/extension", text("12")),
    ]);
    let id = DocumentId::new(1_763_110_000_000, [7; 10]);
    let view = view_of(&record, &id, &SpaceId([1; 32]));
    let json = serde_json::Value::Object(view.to_json());
    let expected = serde_json::json!({
        "id": format!("p_{id}"),
        "kind": "person",
        "space": SpaceId([1; 32]).to_string(),
        "name": "Priya Raghunathan",
        "emails": [
            {"item": "00000001", "label": "work", "value": "priya@x.example", "pref": true},
            {"item": "00000002", "label": "home", "value": "p@x.example"},
        ],
        "addresses": [{"item": "00000004", "label": "work", "street": "14 Quayside Row"}],
        "orgs": [{"item": "00000006", "name": "Harbourline Trust"}],
        "relations": [{"item": "00000007", "type": "introduced by", "id": "p_01"}],
        "tags": ["partner"],
        "with": ["p_02"],
        "custom": {"x-dietary": "vegan"},
        "created": {"at": "2025-11-14T08:46:39Z", "by": "ab".repeat(16)},
        "changed": {"at": "2025-11-14T08:46:40Z", "by": "ab".repeat(16)},
        "moved": {"space": "s_x", "id": "p_y"},
        "unknown": ["budget", "phones/00000008/extension"],
    });
    assert_eq!(json, expected);
}

#[test]
fn the_newest_change_names_its_author() {
    let fields = BTreeMap::from([("kind".to_owned(), text("note")), ("text".to_owned(), text("t"))]);
    let first = Change::first([1; 16], 100, &fields);
    let mut document = Document::from_changes([first.bytes.as_slice()]).unwrap();
    document.edit([2; 16], 200, &[FlatOp::Put("text".into(), text("u"))]).unwrap();
    let view = view_of(&document.record(), &DocumentId([0; 16]), &SpaceId([1; 32]));
    assert!(view.id.starts_with("a_"), "{}", view.id);
    assert_eq!(view.changed, Stamp { at: "1970-01-01T00:03:20Z".into(), by: "02".repeat(16) });
}

#[test]
fn deleted_records_say_so_and_disputed_ones_stay_visible() {
    let mut record = record(&[("kind", text("person")), ("name", text("P")), ("deleted", text("2026"))]);
    assert!(fields_view(&record).deleted);
    let held = record.fields["deleted"][0].clone();
    record.deletion = Deletion::Disputed { deleted: held.clone(), edited: Held { value: None, ..held } };
    let view = fields_view(&record);
    assert!(!view.deleted);
    assert_eq!(view.conflicts, ["deleted"]);
}

#[test]
fn values_of_newer_types_are_listed_as_unknown() {
    let mut record = record(&[("kind", text("person")), ("name", text("P"))]);
    record.fields.get_mut("name").unwrap()[0].value = Some(Scalar::Unknown("P".into()));
    let view = fields_view(&record);
    assert_eq!((view.name.as_str(), view.unknown.as_slice()), ("P", ["name".to_owned()].as_slice()));
}

#[test]
fn tasks_events_and_files_have_their_fields() {
    let hash = "ab".repeat(32);
    let record = record(&[
        ("kind", text("event")),
        ("name", text("Board")),
        ("start", text("2026-11-28")),
        ("end", text("2026-11-29")),
        ("timezone", text("Europe/Helsinki")),
        ("recurrence", text("FREQ=YEARLY")),
        ("phoneticGiven", text("ilona")),
        ("languages/00000001", text("some\tTamil")),
        ("for:person", Scalar::Flag(true)),
        (&format!("attachments/{hash}"), text("terms.pdf\tapplication/pdf\t214016")),
        ("copies/00000002", text("s_x\te_y")),
        ("moved", text("s_z\te_z")),
    ]);
    let view = fields_view(&record);
    assert!(view.all_day);
    assert_eq!((view.start.as_str(), view.recurrence.as_str(), view.phonetic_given.as_str()), ("2026-11-28", "FREQ=YEARLY", "ilona"));
    assert_eq!((view.languages[0].label.as_str(), view.languages[0].value.as_str(), view.kinds[0].as_str()), ("some", "Tamil", "person"));
    let file = &view.attachments[0];
    assert_eq!(
        (file.hash.as_str(), file.name.as_str(), file.media.as_str(), file.size),
        (hash.as_str(), "terms.pdf", "application/pdf", 214_016)
    );
    assert_eq!((view.copies[0].space.as_str(), view.moved.id.as_str()), ("s_x", "e_z"));
    assert_eq!(view.unknown, Vec::<String>::new());
}

#[test]
fn when_a_task_was_done_is_never_a_conflict() {
    let mut record = record(&[("kind", text("task")), ("name", text("Ring")), ("status", text("done")), ("done", text("2026"))]);
    for key in ["status", "done"] {
        let held = record.fields.get_mut(key).unwrap();
        let other = Held { value: Some(text("other")), ..held[0].clone() };
        held.push(other);
    }
    assert_eq!(fields_view(&record).conflicts, ["status"]);
}
