use calcard::vcard::{VCard, VCardProperty, VCardValue};
use tuttu_model::view::{Affiliation, Labelled, Relation, Stamp};

use super::*;
use crate::Imported;

fn mara() -> RecordView {
    RecordView {
        id: "p_01JD0000000000000000000000".into(),
        kind: "person".into(),
        name: "Mara, née Ek; “Lind”".into(),
        given: "Mara".into(),
        family: "Lind".into(),
        phones: vec![Labelled { label: "Kesämökki".into(), value: "+358 9 5550 1234".into(), pref: true, ..Labelled::default() }],
        orgs: vec![Affiliation {
            org: "o_01JD0000000000000000000001".into(),
            name: "Harbourline".into(),
            since: "2021-05".into(),
            ..Affiliation::default()
        }],
        birthday: "--12-03".into(),
        notes: "one\ntwo \\ three".into(),
        relations: vec![Relation { kind: "introduced by".into(), id: "p_01JD0000000000000000000002".into(), ..Relation::default() }],
        custom: [("x-dietary".to_owned(), "vegan, mostly".to_owned()), ("Shoe size".to_owned(), "39".to_owned())].into(),
        changed: Stamp { at: "2026-11-14T09:12:00Z".into(), by: "Ilona".into() },
        ..RecordView::default()
    }
}

#[test]
fn a_record_in_version_4() {
    let expected = "BEGIN:VCARD\r\nVERSION:4.0\r\nPRODID:-//Tuttu//Tuttu//EN\r\nUID:urn:uuid:01934000-0000-0000-0000-000000000000\r\n\
        REV:20261114T091200Z\r\nFN:Mara\\, née Ek\\; “Lind”\r\nN:Lind;Mara;;;\r\n\
        ORG;X-SINCE=2021-05;X-ORG-UID=\"urn:uuid:01934000-0000-0000-0000-00000000000\r\n 1\":Harbourline\r\n\
        item1.TEL;PREF=1:+358 9 5550 1234\r\nitem1.X-ABLabel:Kesämökki\r\nBDAY:--1203\r\nNOTE:one\\ntwo \\\\ three\r\n\
        item2.RELATED:urn:uuid:01934000-0000-0000-0000-000000000002\r\nitem2.X-ABLabel:introduced by\r\n\
        item3.X-TUTTU-FIELD:39\r\nitem3.X-ABLabel:Shoe size\r\nX-DIETARY:vegan\\, mostly\r\nEND:VCARD\r\n";
    assert_eq!(write([&mara()], Version::V4, |_| None), expected);
}

#[test]
fn a_record_in_version_3() {
    let text = write([&mara()], Version::V3, |_| None);
    for line in [
        "VERSION:3.0",
        "REV:2026-11-14T09:12:00Z",
        "item1.TEL;TYPE=pref:+358 9 5550 1234",
        "BDAY;X-APPLE-OMIT-YEAR=1604;VALUE=date:1604-12-03",
        "item2.X-TUTTU-RELATION:urn:uuid:01934000-0000-0000-0000-000000000002",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
}

#[test]
fn links_are_found_and_replaced() {
    let text = write([&mara()], Version::V4, |_| None);
    let mut imported: Imported = read(text.as_bytes()).next().unwrap().imported.unwrap();
    assert_eq!(record_of_uid(imported.uid.as_deref().unwrap()), mara().id.parse().ok());
    for link in imported.links_mut() {
        *link = record_of_uid(link).unwrap().to_string();
    }
    assert_eq!(imported.draft.view.relations[0].id, "01JD0000000000000000000002");
    assert_eq!(imported.draft.view.orgs[0].org, "01JD0000000000000000000001");
    assert_eq!(record_of_uid("urn:uuid:no"), None);
    assert_eq!(record_of_uid("+123"), None);
}

#[test]
fn other_kinds_of_records_are_left_out() {
    let mut text = String::new();
    let call = RecordView { kind: "call".into(), name: "x".into(), ..RecordView::default() };
    assert!(!write_record(&call, Version::V4, None, &mut text));
    assert_eq!(text, "");
}

#[test]
fn the_name_and_its_parts_are_always_there() {
    let text = write([&RecordView { kind: "person".into(), ..RecordView::default() }], Version::V3, |_| None);
    assert!(text.contains("\r\nFN:?\r\nN:;;;;\r\n"), "{text}");
    let text = write([&RecordView { kind: "org".into(), name: "Kaiku".into(), ..RecordView::default() }], Version::V3, |_| None);
    assert!(text.contains("X-ABShowAs:COMPANY\r\nFN:Kaiku\r\nN:;;;;\r\nORG:Kaiku\r\n"), "{text}");
}

#[test]
fn lines_are_folded_between_characters() {
    let view = RecordView { kind: "person".into(), name: "🎉ä".repeat(60), ..RecordView::default() };
    for line in write([&view], Version::V4, |_| None).split("\r\n") {
        assert!(line.len() <= 75, "{line}");
    }
    assert_eq!(views(&write([&view], Version::V4, |_| None))[0].name, view.name);
}

/// An independent parser agrees on what was written.
#[test]
fn others_read_what_is_written() {
    for version in [Version::V3, Version::V4] {
        let text = write([&mara()], version, |_| None);
        let card = VCard::parse(&text).unwrap();
        let text_of = |property: &VCardProperty| {
            card.property(property).and_then(|entry| entry.values.first()).and_then(VCardValue::as_text).map(str::to_owned)
        };
        assert_eq!(text_of(&VCardProperty::Fn), Some(mara().name), "{text}");
        assert_eq!(text_of(&VCardProperty::Note), Some(mara().notes));
        assert_eq!(text_of(&VCardProperty::Tel), Some("+358 9 5550 1234".into()));
        assert_eq!(text_of(&VCardProperty::Other("X-DIETARY".into())), Some("vegan, mostly".into()));
    }
}

#[test]
fn what_is_said_about_a_person_comes_back_in_both_versions() {
    let item = |label: &str, value: &str, pref: bool| Labelled { label: label.into(), value: value.into(), pref, ..Labelled::default() };
    for gender in ["male", "not applicable", "genderfluid; mostly", "M"] {
        let record = RecordView {
            kind: "person".into(),
            name: "Yamada Taro".into(),
            phonetic_given: "たろう".into(),
            phonetic_middle: "middle".into(),
            phonetic_family: "やまだ".into(),
            phonetic_name: "ya-MA-da".into(),
            gender: gender.into(),
            timezone: "Asia/Tokyo".into(),
            languages: vec![item("", "ja", true), item("some", "Tamil", false), item("", "en-GB", false)],
            keys: vec![item("", "https://x.example/key.asc", false), item("pgp", "-----BEGIN\nabc;,", false)],
            identifiers: vec![item("VAT", "GB 123 4567 89", false), item("", "0000-0002", false)],
            ..RecordView::default()
        };
        for version in [Version::V3, Version::V4] {
            let text = write([&record], version, |_| None);
            let back = read(text.as_bytes()).filter_map(|card| card.imported).next().unwrap().draft.view;
            let keys = vec![record.keys[0].clone(), item("pgp", "-----BEGIN abc;,", false)];
            let expected = RecordView { keys, ..record.clone() };
            assert_eq!(RecordView { orgs: Vec::new(), ..back }, expected, "{text}");
        }
    }
    let v4 = write(
        [&RecordView {
            gender: "male".into(),
            languages: vec![item("", "fr", false)],
            ..RecordView { kind: "person".into(), name: "A".into(), ..RecordView::default() }
        }],
        Version::V4,
        |_| None,
    );
    assert!(v4.contains("\r\nGENDER:M\r\n") && v4.contains("\r\nLANG:fr\r\n"), "{v4}");
}

#[test]
fn what_a_field_cannot_say_is_kept_as_it_is() {
    let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:A\r\nGENDER:M;transmasculine\r\nTZ:-0500\r\nLANG;TYPE=work;PREF=1:fr\r\nKEY;MEDIATYPE=application/pgp-keys:ftp://x.example/k\r\nEND:VCARD\r\n";
    let view = read(card.as_bytes()).filter_map(|card| card.imported).next().unwrap().draft.view;
    assert_eq!((view.gender.as_str(), view.timezone.as_str(), view.languages.len(), view.keys.len()), ("", "", 0, 0));
    let text = write([&view], Version::V4, |_| None);
    for line in ["GENDER:M;transmasculine", "TZ:-0500", "LANG;TYPE=work;PREF=1:fr", "KEY;MEDIATYPE=application/pgp-keys:ftp://x.example/k"]
    {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{line}: {text}");
    }
}
