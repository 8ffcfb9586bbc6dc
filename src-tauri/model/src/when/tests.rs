#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::*;

fn day(text: &str) -> NaiveDate {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap()
}

#[test]
fn dates_in_any_spelling_have_one() {
    for (typed, canonical) in [
        ("1986-12-03", "1986-12-03"),
        ("19861203", "1986-12-03"),
        ("1986-12", "1986-12"),
        ("1986", "1986"),
        ("--12-03", "--12-03"),
        ("--1203", "--12-03"),
        ("--12", "--12"),
        ("--02-29", "--02-29"),
        ("3.12.1986", "1986-12-03"),
        (" 1986 ", "1986"),
    ] {
        assert_eq!(PartialDate::parse(typed).map(|date| date.canonical()).as_deref(), Some(canonical), "{typed}");
    }
    for wrong in
        ["", "-", "--", "1986-13", "1986-02-30", "2025-02-29", "12/03/1986", "86", "1986-1-2", "1986-12-03-1", "---03", "31.4.2020", "é986"]
    {
        assert_eq!(PartialDate::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn birthdays_come_every_year() {
    let birthday = PartialDate::parse("1986-12-03").unwrap();
    assert_eq!(birthday.next_from(day("2026-12-03")), Some(day("2026-12-03")));
    assert_eq!(birthday.next_from(day("2026-12-04")), Some(day("2027-12-03")));
    let leap = PartialDate::parse("--02-29").unwrap();
    assert_eq!(leap.next_from(day("2026-01-01")), Some(day("2026-02-28")));
    assert_eq!(leap.next_from(day("2028-01-01")), Some(day("2028-02-29")));
    assert_eq!(PartialDate::parse("1986-12").unwrap().next_from(day("2026-01-01")), None);
}

#[test]
fn times_are_moments_in_their_zone() {
    let utc = FixedOffset::east_opt(0).unwrap();
    let seconds = |text: &str, zone: &str| When::parse(text).unwrap().seconds(zone, utc);
    assert_eq!(seconds("2026-11-28T10:00:00+02:00", "America/Lima"), seconds("2026-11-28T08:00Z", ""));
    assert_eq!(seconds("2026-11-28 10:00", "Europe/Helsinki"), seconds("2026-11-28T08:00:00Z", ""));
    assert_eq!(seconds("2026-11-28", "Europe/Helsinki"), seconds("2026-11-27T22:00:00Z", ""));
    assert_eq!(seconds("2026-11", "Europe/Helsinki"), None);
    // In Helsinki half past three does not exist on 29 March 2026, and comes twice on 25 October.
    assert_eq!(seconds("2026-03-29T03:30", "Europe/Helsinki"), seconds("2026-03-29T01:30Z", ""));
    assert_eq!(seconds("2026-10-25T03:30", "Europe/Helsinki"), seconds("2026-10-25T00:30Z", ""));
    assert_eq!(When::parse("2026-11-28T10:00+02:00").unwrap().canonical(), "2026-11-28T10:00:00+02:00");
    for wrong in ["tomorrow", "2026-11-28T25:00", "2026-11-28T", "10:00"] {
        assert_eq!(When::parse(wrong), None, "{wrong}");
    }
    assert!(is_date("2026-11-28") && !is_date("2026-11") && !is_date("2026-11-28T10:00") && !is_date(""));
}

#[test]
fn rhythms_and_reminders() {
    assert_eq!(Rhythm::parse("6w").unwrap().after(day("2026-01-01")), Some(day("2026-02-12")));
    assert_eq!(Rhythm::parse("3m").unwrap().after(day("2026-11-30")), Some(day("2027-02-28")));
    assert_eq!(Rhythm::parse("1 year").unwrap().after(day("2024-02-29")), Some(day("2025-02-28")));
    for wrong in ["", "w", "0w", "6", "six weeks", "99999999w", "6 fortnights"] {
        assert_eq!(Rhythm::parse(wrong), None, "{wrong}");
    }
    assert_eq!(Reminder::parse("15m"), Some(Reminder::Before(900)));
    assert_eq!(Reminder::parse("1d"), Some(Reminder::Before(86_400)));
    assert!(matches!(Reminder::parse("2026-11-28T09:00"), Some(Reminder::At(When::Wall(_)))));
    assert_eq!(Reminder::parse("soon"), None);
}
