use std::collections::BTreeMap;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use tuttu_model::view::{Address, Affiliation, Labelled, Relation, Stamp};

use super::limits::takes;
use super::*;

/// Any text as records hold it, with more of the characters that vCard gives a meaning.
fn text(one_line: bool) -> impl Strategy<Value = String> {
    let letter = prop_oneof![
        3 => prop::sample::select("abcXYZ 019äß漢🎉\u{301}".chars().collect::<Vec<_>>()),
        2 => prop::sample::select(",;:\\\"^=\n._-/%<>$!'&+@()".chars().collect::<Vec<_>>()),
        1 => any::<char>(),
    ];
    vec(letter, 1..40)
        .prop_map(move |letters| crate::text::clean(&letters.into_iter().collect::<String>(), one_line))
        .prop_filter("no text", |text| !text.is_empty())
}

fn line() -> impl Strategy<Value = String> {
    text(true)
}

fn maybe() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), line()]
}

fn label() -> impl Strategy<Value = String> {
    let words = [
        "",
        "work",
        "home",
        "mobile",
        "work mobile",
        "home fax",
        "other",
        "main",
        "iphone",
        "home page",
        "Work",
        "spouse",
        "linkedin",
        "skype",
        "home skype",
        "signal",
    ];
    prop_oneof![2 => prop::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => line()]
}

fn items(value: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<Labelled>> {
    let item = (label(), value, any::<bool>()).prop_map(|(label, value, pref)| Labelled { label, value, pref, ..Labelled::default() });
    vec(item, 0..4)
}

fn link() -> impl Strategy<Value = String> {
    prop_oneof!["https://[a-z]{1,8}\\.example/[a-z,;=?&%]{0,20}", line()]
}

/// Messaging addresses; one whose scheme would name a service that the label does not name is left out, and so are repetitions.
fn ims() -> impl Strategy<Value = Vec<Labelled>> {
    items(prop_oneof![line(), "[a-z.]{1,9}@chat\\.example", "https://chat\\.example/[a-z]{1,9}"]).prop_map(|mut items| {
        items.retain(|item| !item.value.contains(':') || item.value.starts_with("https:"));
        let mut seen = std::collections::BTreeSet::new();
        items.retain(|item| seen.insert((item.label.to_ascii_lowercase(), item.value.clone())));
        items
    })
}

fn date() -> impl Strategy<Value = String> {
    prop_oneof![
        (1_u16..3000, 1_u16..13, 1_u16..29)
            .prop_filter("Apple's", |(year, ..)| *year != 1604)
            .prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}")),
        (1_u16..13, 1_u16..29).prop_map(|(month, day)| format!("--{month:02}-{day:02}")),
        (1700_u16..3000).prop_map(|year| year.to_string()),
        (1700_u16..3000, 1_u16..13).prop_map(|(year, month)| format!("{year}-{month:02}")),
    ]
}

fn dates() -> impl Strategy<Value = Vec<Labelled>> {
    let label = prop_oneof![Just("anniversary".to_owned()), Just("died".to_owned()), Just(String::new()), line()];
    let value = prop_oneof![date(), "[a-z]{1,3}, [a-z;]{1,9}z"];
    btree_set((label, value), 0..4)
        .prop_map(|dates| dates.into_iter().map(|(label, value)| Labelled { label, value, ..Labelled::default() }).collect())
}

fn address() -> impl Strategy<Value = Address> {
    (label(), text(false), maybe(), maybe(), maybe(), maybe()).prop_map(|(label, street, city, region, postcode, country)| Address {
        label,
        street,
        city,
        region,
        postcode,
        country,
        ..Address::default()
    })
}

fn affiliation() -> impl Strategy<Value = Affiliation> {
    (maybe(), line(), maybe(), maybe(), maybe(), uid(), any::<bool>()).prop_map(|(name, title, department, since, until, org, linked)| {
        Affiliation { name, title, department, since, until, org: if linked { org } else { String::new() }, ..Affiliation::default() }
    })
}

fn uid() -> impl Strategy<Value = String> {
    "urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}"
}

fn relation() -> impl Strategy<Value = Relation> {
    let kind = prop_oneof![Just("spouse".to_owned()), Just("introduced by".to_owned()), maybe()];
    (kind, uid()).prop_map(|(kind, id)| Relation { kind, id, ..Relation::default() })
}

fn custom() -> impl Strategy<Value = BTreeMap<String, String>> {
    let key = prop_oneof!["x-[a-z]{3,6}q", "x-a(\\.[2-4])?", "vcard\\.(gender|geo|key|lang|tz|role|label|photo|bday|uidx|tel|x-a)", line()];
    let plain = btree_map(key, prop_oneof![text(false), "vcard[:;][a-zA-Z=,:;\\\\]{0,12}q"], 0..5);
    let related = btree_map("vcard\\.related(\\.spouse|\\.Aunt)?", line(), 0..3);
    (plain, related).prop_map(|(mut plain, related)| {
        plain.extend(related);
        plain
    })
}

prop_compose! {
    fn names()(name in line(), given in maybe(), family in maybe(), middle in maybe(), prefix in maybe(), suffix in maybe(), nickname in maybe(), pronouns in maybe()) -> RecordView {
        RecordView { name, given, family, middle, prefix, suffix, nickname, pronouns, ..RecordView::default() }
    }
}

prop_compose! {
    fn view()(
        names in names(), is_org in any::<bool>(), emails in items(line()), phones in items(line()), urls in items(link()), ims in ims(),
        addresses in vec(address(), 0..3), orgs in vec(affiliation(), 0..4), birthday in prop_oneof![Just(String::new()), date()], dates in dates(),
        rest in (btree_set(line(), 0..4), prop_oneof![Just(String::new()), text(false)], custom(), vec(relation(), 0..3), maybe())
    ) -> RecordView {
        let (tags, notes, custom, relations, rhythm) = rest;
        let kind = if is_org { "org" } else { "person" }.to_owned();
        let changed = Stamp { at: "2026-11-14T09:12:00Z".into(), ..Stamp::default() };
        RecordView { kind, emails, phones, urls, ims, addresses, orgs, birthday, dates, tags: tags.into_iter().collect(), notes, custom, relations, rhythm, changed, ..names }
    }
}

/// As many cases as a quick run takes; `PROPTEST_CASES` asks for more.
fn cases(number: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    let number = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { number };
    ProptestConfig { cases: number, failure_persistence: None, ..default }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn what_is_written_reads_the_same(view in view(), v4 in any::<bool>()) {
        let text = write([&view], if v4 { Version::V4 } else { Version::V3 }, |_| None);
        prop_assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n', '\0'])), "{}", text);
        let cards: Vec<_> = read(text.as_bytes()).collect();
        prop_assert_eq!(cards.len(), 1, "{}", &text);
        prop_assert_eq!(&cards[0].warnings, &Vec::new(), "{}", &text);
        prop_assert_eq!(&cards[0].imported.as_ref().unwrap().draft.view, &view, "{}", &text);
    }

    #[test]
    fn an_independent_parser_reads_the_name(view in view(), v4 in any::<bool>()) {
        let text = write([&view], if v4 { Version::V4 } else { Version::V3 }, |_| None);
        let card = calcard::vcard::VCard::parse(&text).expect("a card");
        let name = card.property(&calcard::vcard::VCardProperty::Fn).and_then(|entry| entry.values.first()).and_then(|value| value.as_text().map(str::to_owned));
        prop_assert_eq!(name, Some(view.name));
    }

    #[test]
    fn any_bytes_are_read(bytes in vec(any::<u8>(), 0..600)) {
        check(&bytes);
    }

    #[test]
    fn any_lines_are_read(lines in vec(prop_oneof![
        Just("BEGIN:VCARD".to_owned()), Just("END:VCARD".to_owned()), Just("VERSION:2.1".to_owned()), Just("AGENT:".to_owned()), Just("KIND:group".to_owned()),
        "(item[12]\\.)?(N|FN|TEL|ADR|ORG|BDAY|NOTE|URL|IMPP|X-ABLabel|PHOTO|CATEGORIES|RELATED|X-ANDROID-CUSTOM|X-SOCIALPROFILE|MEMBER|UID)(;(TYPE|PREF|ENCODING|CHARSET|VALUE|LABEL|X-A)?=?[a-zA-Z0-9\"^,-]{0,8}){0,3}:?\\PC{0,30}",
    ], 0..40), end in prop::sample::select(vec!["\r\n", "\n", "\r", "=\n", "\n "])) {
        check(lines.join(end).as_bytes());
    }

    #[test]
    fn damaged_files_are_read(
        file in prop::sample::select(fixtures()), edits in vec((any::<prop::sample::Index>(), prop_oneof![any::<u8>(), prop::sample::select(b"\r\n :;,=\\\".^".to_vec())], 0_u8..3), 0..30)
    ) {
        let mut bytes = file.to_vec();
        for (at, byte, how) in edits {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes.truncate(bytes.len().max(2) - 1 - at % 9.min(bytes.len() - 1)),
            }
        }
        check(&bytes);
    }
}

fn fixtures() -> Vec<&'static [u8]> {
    vec![
        include_bytes!("../../../../../tests/fixtures/vcard/android.vcf"),
        include_bytes!("../../../../../tests/fixtures/vcard/apple.vcf"),
        include_bytes!("../../../../../tests/fixtures/vcard/careless.vcf"),
        include_bytes!("../../../../../tests/fixtures/vcard/nextcloud.vcf"),
        include_bytes!("../../../../../tests/fixtures/vcard/outlook.vcf"),
        include_bytes!("../../../../../tests/fixtures/vcard/thunderbird.vcf"),
        include_bytes!("../../../../../tests/fixtures/vcard/utf16.vcf"),
    ]
}

/// Reading ends, and what was read can be written and read again as the same record.
fn check(bytes: &[u8]) {
    let cards: Vec<_> = read(bytes).take(bytes.len() + 2).collect();
    assert!(cards.len() <= bytes.len() + 1, "it never ends");
    for draft in cards.into_iter().filter_map(|card| card.imported).map(|imported| imported.draft) {
        takes(&draft);
        let mut view = draft.view;
        view.created = Stamp::default();
        for version in [Version::V3, Version::V4] {
            let text = write([&view], version, |_| None);
            let again: Vec<_> = views(&text);
            assert_eq!(again.len(), 1, "{text}");
            assert_eq!(again[0], view, "{text}");
        }
    }
}
