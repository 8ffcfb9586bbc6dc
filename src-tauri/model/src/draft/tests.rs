#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::document::Change;

const CREATED_AT: &str = "2026-11-14T09:12:00Z";

fn draft(json: &Value) -> Result<RecordDraft, EditError> {
    RecordDraft::from_json(json.as_object().unwrap())
}

fn fields(draft: &RecordDraft) -> Result<BTreeMap<String, Scalar>, EditError> {
    let mut ids = ItemIds::new(1_763_110_000, 5);
    draft.to_fields(CREATED_AT, &mut || ids.next_id())
}

/// The JSON that comes back after a record was made of the draft, without what the maker adds.
fn made(draft: &RecordDraft) -> Value {
    let record = Change::first([1; 16], 100, &fields(draft).unwrap()).sole_record().unwrap();
    let mut view = fields_view(&record);
    assert_eq!(view.created.at, CREATED_AT);
    view.created = crate::view::Stamp::default();
    view.changed = crate::view::Stamp::default();
    forget_items(&mut view);
    let mut json = view.to_json();
    for list in json.values_mut().filter_map(Value::as_array_mut) {
        for object in list.iter_mut().filter_map(Value::as_object_mut) {
            object.remove("item");
        }
    }
    Value::Object(json)
}

#[test]
fn the_person_of_the_contract_survives() {
    let person = json!({
        "id": "p_01J", "kind": "person", "space": "s_01J", "name": "Priya Raghunathan", "given": "Priya", "family": "Raghunathan",
        "emails": [{"label": "work", "value": "priya@harbourline.example", "pref": true}],
        "phones": [{"label": "mobile", "value": "+44 7700 900142"}],
        "addresses": [{"label": "work", "street": "14 Quayside Row", "city": "Glasgow", "region": "", "postcode": "G1 4QT", "country": "GB"}],
        "orgs": [{"org": "o_01J", "name": "Harbourline Trust", "title": "Head of Partnerships", "department": "", "since": "2021-05", "until": ""}],
        "urls": [{"label": "home", "value": "https://x.example"}], "ims": [{"label": "signal", "value": "..."}],
        "birthday": "1986-12-03", "dates": [{"label": "first met", "value": "2021-05"}],
        "tags": ["partner", "funder"], "notes": "...", "rhythm": "6w", "custom": {"x-dietary": "vegan"},
        "relations": [{"type": "introduced by", "id": "p_01J"}],
        "created": {"at": "2026-11-14T09:12:00Z", "by": "Ilona"}, "changed": {"at": "...", "by": "Maria"},
        "conflicts": ["phones"]
    });
    let expected = json!({
        "kind": "person", "name": "Priya Raghunathan", "given": "Priya", "family": "Raghunathan",
        "emails": [{"label": "work", "value": "priya@harbourline.example", "pref": true}],
        "phones": [{"label": "mobile", "value": "+44 7700 900142"}],
        "addresses": [{"label": "work", "street": "14 Quayside Row", "city": "Glasgow", "postcode": "G1 4QT", "country": "GB"}],
        "orgs": [{"org": "o_01J", "name": "Harbourline Trust", "title": "Head of Partnerships", "since": "2021-05"}],
        "urls": [{"label": "home", "value": "https://x.example"}], "ims": [{"label": "signal", "value": "..."}],
        "birthday": "1986-12-03", "dates": [{"label": "first met", "value": "2021-05"}],
        "tags": ["funder", "partner"], "notes": "...", "rhythm": "6w", "custom": {"x-dietary": "vegan"},
        "relations": [{"type": "introduced by", "id": "p_01J"}],
    });
    assert_eq!(made(&draft(&person).unwrap()), expected);
}

#[test]
fn short_forms_and_unknown_keys_are_taken() {
    let call = json!({
        "kind": "call", "subject": "About the grant", "text": "Went well", "at": "2026-11-14T09:00:00Z", "duration": 25,
        "with": ["p_01", "p_02"], "mood": "good", "score": 7, "deep": {"a": [1]}, "none": null, "emails": ["a@x"], "orgs": ["Trust"],
        "addresses": ["1 High St; Leeds"], "tags": "one",
    });
    let expected = json!({
        "kind": "call", "name": "About the grant", "text": "Went well", "at": "2026-11-14T09:00:00Z", "duration": "25",
        "with": ["p_01", "p_02"], "custom": {"mood": "good", "score": "7", "deep": "{\"a\":[1]}"},
        "emails": [{"value": "a@x"}], "orgs": [{"name": "Trust"}], "addresses": [{"street": "1 High St", "city": "Leeds"}], "tags": ["one"],
    });
    assert_eq!(made(&draft(&call).unwrap()), expected);
}

#[test]
fn wrong_types_are_named() {
    let cases = [
        (json!({"name": ["x"]}), "not a record: name must be text"),
        (json!({"emails": 7}), "not a record: emails must be a list"),
        (json!({"emails": [{"value": true}]}), "not a record: emails: value must be text"),
        (json!({"emails": [{"value": "a", "pref": 1}]}), "not a record: emails “pref” must be true or false"),
        (json!({"custom": []}), "not a record: custom must be an object"),
        (json!({"tags": [[]]}), "not a record: tags must be text"),
    ];
    for (json, message) in cases {
        assert_eq!(draft(&json).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_person_is_called_by_what_is_known() {
    let cases = [
        (json!({"given": "Priya", "family": "R"}), Some("Priya R")),
        (json!({"family": "R"}), Some("R")),
        (json!({"orgs": [{"name": "Trust"}], "emails": ["a@x"]}), Some("Trust")),
        (json!({"emails": ["a@x"], "phones": ["1"]}), Some("a@x")),
        (json!({"phones": ["1"]}), Some("1")),
        (json!({"notes": "nobody"}), None),
        (json!({"kind": "org", "notes": "nothing"}), None),
        (json!({"kind": "note", "tags": ["t"]}), None),
        (json!({"kind": "note", "text": "t"}), Some("")),
    ];
    for (json, expected) in cases {
        let name = fields(&draft(&json).unwrap()).map(|fields| fields.get("name").map(Scalar::as_text).unwrap_or_default());
        match expected {
            Some(expected) => assert_eq!(name.as_deref(), Ok(expected), "{json}"),
            None => assert!(matches!(name, Err(EditError::Nameless(_))), "{json}"),
        }
    }
}

#[test]
fn drafts_have_limits() {
    let too_long = draft(&json!({"name": "P", "notes": "x".repeat(256 * 1024 + 1)})).unwrap();
    assert!(matches!(fields(&too_long), Err(EditError::TooLong { .. })));
    let too_many = draft(&json!({"name": "P", "phones": vec!["1"; 501]})).unwrap();
    assert!(matches!(fields(&too_many), Err(EditError::TooMany { .. })));
    let custom: BTreeMap<String, String> = (0..50).map(|at| (at.to_string(), "x".repeat(10_000))).collect();
    let too_large = draft(&json!({"name": "P", "custom": custom})).unwrap();
    assert!(matches!(fields(&too_large), Err(EditError::TooLarge { .. })));
}

#[test]
fn items_keep_their_ids_and_never_overwrite_each_other() {
    let mut person =
        draft(&json!({"name": "P", "phones": [{"value": "1", "item": "abcd1234"}, {"value": "2", "item": "abcd1234"}, "3"]})).unwrap();
    let fields = person.to_fields("", &mut || "same0000".to_owned()).unwrap();
    let items: Vec<_> = fields.keys().filter(|key| key.starts_with("phones/")).collect();
    assert_eq!(items.len(), 3, "{items:?}");
    assert!(fields.contains_key("phones/abcd1234"));
    person.view.phones.clear();
    assert!(person.to_fields("", &mut String::new).is_ok());
}

#[test]
fn assignments_make_a_draft() {
    let edits: Vec<FieldEdit> = ["name=Priya", "email=a@x", "email=b@x", "email=work:c@x", "org=Trust", "title=Head", "tag=x"]
        .iter()
        .flat_map(|text| parse_assignment(text).unwrap())
        .collect();
    let draft = RecordDraft::from_edits(&Kind::Person, &edits).unwrap();
    let expected = json!({
        "kind": "person", "name": "Priya", "emails": [{"value": "a@x"}, {"value": "b@x"}, {"label": "work", "value": "c@x"}],
        "orgs": [{"name": "Trust", "title": "Head"}], "tags": ["x"],
    });
    assert_eq!(made(&draft), expected);
    let call = RecordDraft::from_edits(&Kind::Call, &parse_assignment("text=hello").unwrap()).unwrap();
    assert!(fields(&call).is_ok());
    let typo = RecordDraft::from_edits(&Kind::Person, &parse_assignment("nmae=x").unwrap());
    assert!(matches!(typo, Err(EditError::UnknownField { .. })));
}

fn words() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9éß+@.-]{1,8}( [a-z\\t]{0,3}[a-z])?"
}

fn labels() -> impl Strategy<Value = String> {
    "[a-z]{0,6}"
}

fn drafts() -> impl Strategy<Value = Value> {
    let items = || prop::collection::vec((labels(), words(), any::<bool>()), 0..4);
    let parts = prop::collection::vec((words(), labels(), labels()), 0..3);
    let custom = prop::collection::btree_map("[a-z:./ -]{1,8}", words(), 0..4);
    (words(), items(), items(), parts, prop::collection::btree_set(words(), 0..4), custom, labels()).prop_map(
        |(name, emails, dates, parts, tags, custom, notes)| {
            let list = |items: Vec<(String, String, bool)>| -> Vec<Value> {
                items.into_iter().map(|(label, value, pref)| json!({"label": label, "value": value, "pref": pref})).collect()
            };
            let addresses: Vec<_> =
                parts.iter().map(|(street, city, label)| json!({"street": street, "city": city, "label": label})).collect();
            let orgs: Vec<_> = parts.iter().map(|(name, title, since)| json!({"name": name, "title": title, "since": since})).collect();
            let relations: Vec<_> = parts.iter().map(|(id, kind, _)| json!({"id": id, "type": kind})).collect();
            json!({
                "kind": "person", "name": name, "emails": list(emails), "dates": list(dates), "addresses": addresses, "orgs": orgs,
                "relations": relations, "tags": tags, "custom": custom, "notes": notes,
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_draft_survives_the_document_and_the_view(json in drafts()) {
        let once = draft(&json).unwrap();
        let came_back = made(&once);
        let twice = draft(&came_back).unwrap();
        prop_assert_eq!(&once.view, &RecordView { tags: once.view.tags.clone(), ..twice.view.clone() });
        prop_assert_eq!(made(&twice), came_back);
    }

    #[test]
    fn any_json_is_a_draft_or_an_error(text in "[\\[\\]{}:,\"a-z0-9]{0,40}", key in prop::sample::select(vec!["emails", "orgs", "custom", "x"])) {
        let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if let Ok(draft) = draft(&json!({"name": "P", key: value})) {
            prop_assert!(fields(&draft).is_ok());
        }
    }
}
