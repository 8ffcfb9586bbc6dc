#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::*;
use crate::view::{Address, Affiliation, Labelled};

fn items(values: &[&str]) -> Vec<Labelled> {
    let item = |(at, value): (usize, &&str)| Labelled { item: at.to_string(), value: (*value).to_owned(), ..Labelled::default() };
    values.iter().enumerate().map(item).collect()
}

fn read(mut view: RecordView, knowledge: &Knowledge) -> (Vec<(String, String)>, Vec<String>) {
    let before = view.clone();
    understand(&mut view, knowledge);
    let found = (view.understood.clone().into_iter().collect(), view.flags.iter().map(|flag| flag.field.clone()).collect());
    assert_eq!(RecordView { understood: before.understood.clone(), flags: before.flags.clone(), ..view }, before, "values stay as typed");
    found
}

#[test]
fn phones_are_understood_in_any_spelling() {
    for (typed, region, number) in [
        ("+44 7700 900142", "", Some("+447700900142")),
        ("(0141) 496-0173", "GB", Some("+441414960173")),
        ("040 123 4567", "FI", Some("+358401234567")),
        ("+48 58 123 45 67 ext. 12", "", Some("+48581234567;ext=12")),
        ("040 123 4567", "", None),
        ("112", "FI", None),
        ("1414", "", None),
    ] {
        assert_eq!(phone(typed, region), Ok(number.map(str::to_owned)), "{typed}");
    }
    for (typed, why) in [("ask Jon", "no digits"), ("+44 7700", "too short"), ("+44 7700 900142 900142", "too long"), ("+999 123456", "")] {
        assert!(phone(typed, "").unwrap_err().contains(why), "{typed}: {:?}", phone(typed, ""));
    }
    assert!(phone(&"1".repeat(100_000), "GB").is_err());
}

#[test]
fn email_addresses() {
    for good in ["priya@harbourline.example", "o'brien+x@a-b.co.uk", "µ@例え.テスト", "\"a b\"@x.example", "x@[127.0.0.1]"] {
        assert!(is_email(good), "{good}");
    }
    for bad in [
        "priya",
        "priya@",
        "@x.example",
        "a b@x.example",
        "a@localhost",
        "a@x..example",
        "a@-x.example",
        "a@b@x.example",
        ".a@x.example",
        "a@x.example.",
    ] {
        assert!(!is_email(bad), "{bad}");
    }
}

#[test]
fn amounts_of_money() {
    for (typed, read) in [
        ("EUR 212.40", "EUR 212.40"),
        ("€1,284.60", "EUR 1284.60"),
        ("1.284,60 €", "EUR 1284.60"),
        ("1 284,60 EUR", "EUR 1284.60"),
        ("£40k", "GBP 40000"),
        ("CHF 1'200", "CHF 1200"),
        ("2,5m GBP", "GBP 2500000"),
        ("USD -5", "USD -5"),
        ("₹12,34,567.8", "INR 1234567.8"),
        ("EUR 0.125", "EUR 0.125"),
        ("EUR 1.234.567", "EUR 1234567"),
    ] {
        assert_eq!(money(typed).map(|money| money.to_string()).as_deref(), Some(read), "{typed}");
    }
    for wrong in ["", "212.40", "$5", "EUR", "EUR 5 or 6", "a lot of EUR", "5 EUR EUR", "EUR 5-6"] {
        assert_eq!(money(wrong), None, "{wrong}");
    }
}

#[test]
fn rules_of_recurrence() {
    let words = |rule: &str| Recurrence::parse(rule).map(|rule| rule.in_words());
    assert_eq!(words("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,-1FR;COUNT=10").as_deref(), Ok("every 2 weeks on Monday, the last Friday, 10 times"));
    assert_eq!(
        words("rrule:freq=yearly;bymonth=12;bymonthday=3;until=20301231t000000z").as_deref(),
        Ok("every year on day 3 in month 12, until 20301231T000000Z")
    );
    assert_eq!(
        words("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1;WKST=SU").as_deref(),
        Ok("every month on Monday, Tuesday (BYSETPOS=-1) (WKST=SU)")
    );
    for wrong in [
        "",
        "every week",
        "FREQ=SOMETIMES",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;COUNT=1;UNTIL=20300101",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=0MO",
        "FREQ=DAILY;UNTIL=2030",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;X=1",
        "FREQ=WEEKLY;BYDAY=é",
    ] {
        assert!(Recurrence::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn minutes_in_any_spelling() {
    for (typed, read) in [
        ("90", Some(90)),
        ("1h", Some(60)),
        ("1h 30m", Some(90)),
        ("1:30", Some(90)),
        ("45 min", Some(45)),
        ("long", None),
        ("1:75", None),
        ("", None),
    ] {
        assert_eq!(minutes(typed), read, "{typed}");
    }
}

#[test]
fn wrong_looking_values_are_flagged_and_kept() {
    let view = RecordView {
        kind: "person".into(),
        phones: items(&["0141 496 0173", "ask Jon"]),
        emails: items(&["priya@harbourline.example", "priya at harbourline"]),
        urls: items(&["https://x.example", "x.example/a", "not a link"]),
        addresses: vec![Address { country: "GB".into(), ..Address::default() }],
        orgs: vec![Affiliation { item: "r".into(), since: "2023".into(), until: "2021-05".into(), ..Affiliation::default() }],
        birthday: "3.12.2086".into(),
        dates: items(&["2021-05", "May 2021"]),
        timezone: "Glasgow".into(),
        rhythm: "often".into(),
        photo: "ab".into(),
        ..RecordView::default()
    };
    let today = NaiveDate::from_ymd_opt(2026, 11, 25);
    let (understood, flags) = read(view, &Knowledge { today, ..Knowledge::default() });
    let expected = [("birthday", "2086-12-03"), ("phones/0", "+441414960173")];
    assert_eq!(understood, expected.map(|(field, value)| (field.to_owned(), value.to_owned())));
    assert_eq!(flags, ["phones/1", "emails/1", "urls/2", "timezone", "photo", "birthday", "dates/1", "orgs/r/until", "rhythm"]);
}

#[test]
fn plans_are_read_in_their_zone() {
    let event = |start: &str, end: &str| RecordView {
        kind: "event".into(),
        start: start.into(),
        end: end.into(),
        timezone: "Europe/Helsinki".into(),
        status: "someday".into(),
        recurrence: "FREQ=DAILY".into(),
        duration: "1h".into(),
        ..RecordView::default()
    };
    let (understood, flags) = read(event("2026-11-28 10:00", "2026-11-28T08:30Z"), &Knowledge::default());
    assert_eq!(flags, ["status"]);
    assert_eq!(understood.len(), 4, "{understood:?}");
    let statuses = Knowledge { statuses: vec!["someday".into()], ..Knowledge::default() };
    assert_eq!(read(event("2026-11-28 10:00", "2026-11-28T07:30Z"), &statuses).1, ["end"]);
}

#[test]
fn own_fields_fit_their_definition() {
    let define =
        |word: &str, value_type: &str| FieldDefinition { word: word.into(), value_type: value_type.into(), ..FieldDefinition::default() };
    let mut fields: Vec<_> = ["number", "date", "link", "money", "yesno", "hologram"].map(|kind| define(kind, kind)).into();
    fields.push(FieldDefinition { options: vec!["red".into(), "blue".into()], ..define("choice", "choice") });
    fields.push(FieldDefinition { kinds: vec!["org".into()], ..define("only-orgs", "text") });
    let knowledge = Knowledge { fields, ..Knowledge::default() };
    let person = |values: &[(&str, &str)]| RecordView {
        kind: "person".into(),
        custom: values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..RecordView::default()
    };
    let good = [
        ("number", "1,5"),
        ("date", "2026-11"),
        ("link", "x.example"),
        ("money", "€5"),
        ("yesno", "TRUE"),
        ("hologram", "?"),
        ("choice", "red"),
    ];
    let (understood, flags) = read(person(&good), &knowledge);
    assert_eq!(flags, Vec::<String>::new());
    let understood: Vec<_> = understood.iter().map(|(field, value)| (field.as_str(), value.as_str())).collect();
    assert_eq!(understood, [("custom.money", "EUR 5"), ("custom.number", "1.5"), ("custom.yesno", "yes")]);
    let bad = [
        ("number", "many"),
        ("date", "soon"),
        ("link", "see there"),
        ("money", "5"),
        ("yesno", "maybe"),
        ("choice", "green"),
        ("only-orgs", "x"),
        ("free", "x"),
    ];
    assert_eq!(
        read(person(&bad), &knowledge).1,
        ["custom.number", "custom.date", "custom.link", "custom.money", "custom.yesno", "custom.choice", "custom.only-orgs"]
    );
}
