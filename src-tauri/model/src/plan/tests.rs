#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::draft::parse_assignment;
use crate::item::ItemIds;
use crate::view::Labelled;
use crate::view::RecordView;

/// A record after these assignments, item ids counted up from `00000000`.
fn after(record: &Record, assignments: &[&str]) -> Result<Record, EditError> {
    let mut ids = ItemIds::new(0, u32::try_from(record.fields.len()).unwrap());
    let edits: Vec<FieldEdit> = assignments.iter().flat_map(|text| parse_assignment(text).unwrap()).collect();
    let ops = plan_all(record, &edits, &mut || ids.next_id())?;
    Ok(record.with_ops(&ops))
}

fn person(assignments: &[&str]) -> Record {
    after(&Record::new(Kind::Person), assignments).unwrap()
}

fn view(record: &Record) -> RecordView {
    fields_view(record)
}

fn pairs(items: &[Labelled]) -> Vec<(&str, &str)> {
    items.iter().map(|item| (item.label.as_str(), item.value.as_str())).collect()
}

fn ops(record: &Record, edit: &FieldEdit) -> Result<Vec<FlatOp>, EditError> {
    plan(record, edit, &mut || "zzzzzzzz".to_owned())
}

#[test]
fn labelled_lists() {
    let record = person(&["email=work:a@x", "email=home:b@x", "email=c@x"]);
    assert_eq!(pairs(&view(&record).emails), [("work", "a@x"), ("home", "b@x"), ("", "c@x")]);
    let record = after(&record, &["email=work:d@x", "email+=work:e@x", "email+=b@x", "email=f@x"]).unwrap();
    assert_eq!(pairs(&view(&record).emails), [("work", "d@x"), ("home", "b@x"), ("", "f@x"), ("work", "e@x")]);
    let record = after(&record, &["email-=home:B@X", "email-=e@x"]).unwrap();
    assert_eq!(pairs(&view(&record).emails), [("work", "d@x"), ("", "f@x")]);
    assert!(view(&after(&record, &["email="]).unwrap()).emails.is_empty());
    assert_eq!(pairs(&view(&after(&record, &["email=work:"]).unwrap()).emails), [("", "f@x")]);
}

#[test]
fn an_item_is_removed_by_what_a_person_calls_it() {
    let record = person(&["phone=mobile:+44 7700 900142", "phone=work:020 1"]);
    for named in ["mobile", "+44 7700 900142", "+447700900142", "mobile:+447700-900142", "00000001"] {
        let left = after(&record, &[&format!("phone-={named}")]).unwrap();
        assert_eq!(pairs(&view(&left).phones), [("work", "020 1")], "{named}");
    }
    let error = after(&record, &["phone-=fax"]).unwrap_err();
    assert_eq!(error.to_string(), "there is no “fax” in phones");
}

#[test]
fn addresses_and_affiliations() {
    let record = person(&["address=work:14 Quayside Row; Glasgow; ; G1 4QT; GB", "org=Harbourline Trust", "title=Head"]);
    let expected = Address {
        item: view(&record).addresses[0].item.clone(),
        label: "work".into(),
        street: "14 Quayside Row".into(),
        city: "Glasgow".into(),
        region: String::new(),
        postcode: "G1 4QT".into(),
        country: "GB".into(),
    };
    assert_eq!(view(&record).addresses, [expected]);
    let role = &view(&record).orgs[0];
    assert_eq!((role.name.as_str(), role.title.as_str(), view(&record).orgs.len()), ("Harbourline Trust", "Head", 1));
    let moved = after(&record, &["address=work:1 High St; Leeds", "org+=Second", "title="]).unwrap();
    let address = &view(&moved).addresses[0];
    assert_eq!((address.street.as_str(), address.postcode.as_str(), view(&moved).addresses.len()), ("1 High St", "", 1));
    assert_eq!((view(&moved).orgs[0].title.as_str(), view(&moved).orgs[1].name.as_str()), ("", "Second"));
    let gone = after(&moved, &["address-=1 High St", "org-=second"]).unwrap();
    assert_eq!((view(&gone).addresses.len(), view(&gone).orgs.len()), (0, 1));
}

#[test]
fn a_linked_organisation_is_a_link_and_a_new_name_unlinks_it() {
    let id = format!("o_{}", crate::id::DocumentId([1; 16]));
    let record = person(&["org=Old", &format!("org={id}")]);
    assert_eq!((view(&record).orgs[0].name.as_str(), view(&record).orgs[0].org.as_str()), ("Old", id.as_str()));
    let renamed = after(&record, &["org=New"]).unwrap();
    assert_eq!((view(&renamed).orgs[0].name.as_str(), view(&renamed).orgs[0].org.as_str()), ("New", ""));
}

#[test]
fn sets_and_single_fields() {
    let record = person(&["name=P", "tag=a,b", "tag+=c", "custom.diet=vegan", "notes=one", "notes+=two", "with=p_01"]);
    let shown = view(&record);
    assert_eq!((shown.tags.join(" "), shown.notes.as_str(), shown.with.join(" ")), ("a b c".into(), "one\n\ntwo", "p_01".into()));
    let less = after(&record, &["tag-=b", "tag-=never there", "custom.diet-=", "notes="]).unwrap();
    assert_eq!(view(&less).tags, ["a", "c"]);
    assert!(view(&less).custom.is_empty() && view(&less).notes.is_empty());
    assert!(view(&after(&record, &["tags="]).unwrap()).tags.is_empty());
}

#[test]
fn items_by_part() {
    let record = person(&["phone=mobile:1", "phone=work:2", "address=home:Street"]);
    let shown = view(&record);
    let set = |list: &str, item: &str, part: &str, value: &str| FieldEdit::SetItem {
        field: list.into(),
        item: item.into(),
        part: part.into(),
        value: value.into(),
    };
    let first = &shown.phones[0].item;
    let second = &shown.phones[1].item;
    let step = |record: &Record, edit: &FieldEdit| record.with_ops(&ops(record, edit).unwrap());
    let record = step(&record, &set("phones", first, "label", "car"));
    let record = step(&record, &set("phone", first, "pref", "true"));
    let record = step(&record, &set("phones", second, "pref", "true"));
    assert_eq!(
        view(&record).phones.iter().map(|item| (item.label.as_str(), item.pref)).collect::<Vec<_>>(),
        [("car", false), ("work", true)]
    );
    let record = step(&record, &set("phones", second, "value", ""));
    assert_eq!(pairs(&view(&record).phones), [("car", "1")]);
    assert!(!record.fields.keys().any(|key| key.contains(second.as_str())), "the preference went with the item");
    let address = &shown.addresses[0].item;
    let record = step(&record, &set("addresses", address, "city", "Leeds"));
    assert_eq!(view(&record).addresses[0].city, "Leeds");
    assert!(matches!(ops(&record, &set("phones", "nothere1", "value", "x")), Err(EditError::NoSuchItem { .. })));
    assert!(matches!(ops(&record, &set("phones", first, "city", "x")), Err(EditError::UnknownField { .. })));
    let whole = after(&record, &[&format!("phones/{first}=car2:99"), &format!("addresses/{address}/street=New")]).unwrap();
    assert_eq!(pairs(&view(&whole).phones), [("car", "car2:99")].map(|_| ("car2", "99")));
    assert_eq!((view(&whole).addresses[0].street.as_str(), view(&whole).addresses[0].label.as_str()), ("New", "home"));
}

#[test]
fn nothing_is_written_when_nothing_changes() {
    let all = ["name=P", "email=work:a@x", "tag=t", "org=O", "title=T", "address=work:S; C", "custom.c=v", "relation=spouse:p_01"];
    let record = person(&all);
    for text in all {
        for edit in parse_assignment(text).unwrap() {
            assert_eq!(ops(&record, &edit), Ok(vec![]), "{text}");
        }
    }
    let edits: Vec<_> = ["name=Q", "name=P", "tag+=new", "tag-=new"].iter().flat_map(|text| parse_assignment(text).unwrap()).collect();
    assert_eq!(plan_all(&record, &edits, &mut String::new), Ok(vec![]));
}

#[test]
fn setting_a_field_in_conflict_settles_it_even_to_the_shown_value() {
    let mut record = person(&["name=P"]);
    let other = crate::record::Held { value: Some(Scalar::Text("Q".into())), ..record.fields["name"][0].clone() };
    record.fields.get_mut("name").unwrap().push(other);
    let edit = &parse_assignment("name=P").unwrap()[0];
    assert_eq!(ops(&record, edit), Ok(vec![FlatOp::Put("name".into(), Scalar::Text("P".into()))]));
}

#[test]
fn what_cannot_be_taken_says_why() {
    let record = person(&["name=P", "email=work:a@x"]);
    let error = |text: &str| after(&record, &[text]).unwrap_err().to_string();
    assert_eq!(error("nmae=x"), "“nmae” is not a field of person records");
    assert_eq!(error("created=x"), "“created” is not a field of person records");
    assert_eq!(error("name="), "a person needs a name");
    assert_eq!(error("birthday+=x"), "birthday holds one value: set it instead");
    assert_eq!(error(&format!("name={}", "é".repeat(1_001))), "name is too long: at most 1000 characters");
    assert_eq!(error(&format!("phone={}", "1".repeat(10_001))), "phones is too long: at most 10000 characters");
    assert!(after(&record, &[&format!("name={}", "é".repeat(1_000))]).is_ok());
    let mut unknown = record.clone();
    unknown.fields.get_mut("name").unwrap()[0].value = Some(Scalar::Unknown("?".into()));
    assert!(matches!(after(&unknown, &["name=x"]), Err(EditError::ReadOnly { .. })));
}

#[test]
fn lists_and_records_have_limits() {
    let tags: Vec<String> = (0..crate::limits::ITEMS).map(|at| format!("tag+={at}")).collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let full = person(&tags);
    assert!(matches!(after(&full, &["tag+=one more"]), Err(EditError::TooMany { .. })));
    let long = "x".repeat(250 * 1024);
    let record = person(&[&format!("notes={long}")]);
    assert!(matches!(after(&record, &[&format!("text={long}")]), Err(EditError::TooLarge { .. })));
    assert!(after(&record, &["notes=short", &format!("text={long}")]).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_assignment_plans_without_panic_and_repeats_to_nothing(
        field in prop::sample::select(vec!["name", "email", "phone", "tag", "org", "title", "address", "relation", "custom.a", "notes", "x"]),
        sign in prop::sample::select(vec!["=", "+=", "-="]),
        value in "[a-z:; @,\\t+é0-9]{0,20}",
    ) {
        let record = person(&["name=P", "email=work:a@x", "org=O"]);
        let text = format!("{field}{sign}{value}");
        if let Ok(next) = after(&record, &[&text])
            && sign == "=" && !matches!(field, "tag" | "name")
        {
            let again = after(&next, &[&text]).unwrap();
            prop_assert_eq!(again, next, "{}", text);
        }
    }
}
