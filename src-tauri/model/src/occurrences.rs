//! When an event takes place: once, or as often as its rule says (RFC 5545, section 3.3.10).

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta, Utc};

use crate::RecordView;
use crate::understood::Recurrence;
use crate::when::{When, is_date};

/// Times within one stretch; more are not told.
const TIMES: u16 = 200;
const DAY: i64 = 86_400;

/// One time an event takes place, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// Its begin.
    pub start: i64,
    /// Its end, not included; the same as the begin where none is said.
    pub end: i64,
}

/// The times an event takes place between two moments, in their order, those included that begin before and go on. Wall times without a zone, and whole
/// days, are read where the person is (`here`). Nothing for an event whose begin or rule is not understood.
#[must_use]
pub fn occurrences(event: &RecordView, from: i64, to: i64, here: FixedOffset) -> Vec<Occurrence> {
    let Some(start) = When::parse(&event.start) else { return Vec::new() };
    let whole_days = is_date(&event.start);
    let zone = if whole_days { "" } else { event.timezone.as_str() };
    let Some(first) = start.seconds(zone, here) else { return Vec::new() };
    let length = length_of(event, first, whole_days, zone, here);
    let starts =
        if event.recurrence.trim().is_empty() { vec![first] } else { repeated(&start, &event.recurrence, (from - length, to), zone, here) };
    let mut found: Vec<Occurrence> = starts.into_iter().map(|start| Occurrence { start, end: start + length }).collect();
    found.retain(|one| one.start < to && (one.end > from || one.start >= from));
    found.sort_unstable();
    found
}

/// Seconds; an end before the begin counts as none.
fn length_of(event: &RecordView, first: i64, whole_days: bool, zone: &str, here: FixedOffset) -> i64 {
    let end = When::parse(&event.end).and_then(|end| end.seconds(zone, here));
    // The last of whole days is included.
    let length = end.map_or(0, |end| end - first) + if whole_days { DAY } else { 0 };
    length.max(if whole_days { DAY } else { 0 })
}

/// The begins by a rule. It is followed by the clock on the wall, so that a meeting at ten stays at ten when clocks change.
fn repeated(start: &When, rule: &str, (from, to): (i64, i64), zone: &str, here: FixedOffset) -> Vec<i64> {
    let Ok(understood) = Recurrence::parse(rule) else { return Vec::new() };
    let (wall, offset) = match start {
        When::Date(date) => match date.whole() {
            Some(day) => (day.and_time(chrono::NaiveTime::MIN), None),
            None => return Vec::new(),
        },
        When::Wall(wall) => (*wall, None),
        When::Exact(exact) => (exact.naive_local(), Some(*exact.offset())),
    };
    let seconds = |wall: NaiveDateTime| match offset {
        Some(offset) => Some((wall - TimeDelta::seconds(i64::from(offset.local_minus_utc()))).and_utc().timestamp()),
        None => When::Wall(wall).seconds(zone, here),
    };
    // A day on either side: which offset holds there is seen when each is turned into a moment.
    let bound = |seconds: i64, days: i64| DateTime::<Utc>::from_timestamp(seconds.saturating_add(days * DAY), 0);
    let until = understood.until.as_deref().and_then(until_wall);
    let (Some(low), Some(high)) = (bound(from, -1), bound(to, 1)) else { return Vec::new() };
    let high = until.map_or(high, |until| high.min(until.and_utc()));
    // The end is compared here: the library wants it in the zone of the begin.
    let parts = rule.trim().to_ascii_uppercase();
    let parts = parts.strip_prefix("RRULE:").unwrap_or(&parts);
    let bare: Vec<&str> = parts.split(';').filter(|part| !part.is_empty() && !part.starts_with("UNTIL=")).collect();
    let Ok(parsed) = bare.join(";").parse::<rrule::RRule<rrule::Unvalidated>>() else { return Vec::new() };
    let begin = wall.and_utc().with_timezone(&rrule::Tz::UTC);
    let Ok(set) = parsed.build(begin) else { return Vec::new() };
    let set = set.after(low.with_timezone(&rrule::Tz::UTC)).before(high.with_timezone(&rrule::Tz::UTC));
    set.all(TIMES).dates.into_iter().filter_map(|date| seconds(date.naive_utc())).collect()
}

/// The last moment of `20261231` or `20261231T235959Z`, by the clock.
fn until_wall(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim_end_matches('Z');
    let parsed = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S");
    parsed.ok().or_else(|| chrono::NaiveDate::parse_from_str(text, "%Y%m%d").ok()?.and_hms_opt(23, 59, 59))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use super::*;

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp()
    }

    fn starts(event: &RecordView, from: &str, to: &str) -> Vec<String> {
        let here = FixedOffset::east_opt(7_200).unwrap();
        let found = occurrences(event, at(from), at(to), here);
        found.into_iter().map(|one| DateTime::from_timestamp(one.start, 0).unwrap().format("%Y-%m-%dT%H:%MZ").to_string()).collect()
    }

    fn event(start: &str, end: &str, zone: &str, rule: &str) -> RecordView {
        RecordView { start: start.into(), end: end.into(), timezone: zone.into(), recurrence: rule.into(), ..RecordView::default() }
    }

    #[test]
    fn once_means_once_and_what_has_begun_goes_on() {
        let talk = event("2026-11-28T10:00", "2026-11-28T12:00", "Europe/Helsinki", "");
        assert_eq!(starts(&talk, "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"), ["2026-11-28T08:00Z"]);
        assert_eq!(starts(&talk, "2026-11-28T09:00:00Z", "2026-11-29T00:00:00Z"), ["2026-11-28T08:00Z"]);
        assert_eq!(starts(&talk, "2026-11-28T10:00:00Z", "2026-11-29T00:00:00Z"), [""; 0]);
        let fair = event("2026-11-27", "2026-11-29", "", "");
        assert_eq!(starts(&fair, "2026-11-29T12:00:00Z", "2026-11-29T13:00:00Z"), ["2026-11-26T22:00Z"], "the last day is included");
        assert_eq!(starts(&fair, "2026-11-29T22:00:00Z", "2026-11-30T22:00:00Z"), [""; 0]);
    }

    #[test]
    fn a_weekly_meeting_stays_at_its_hour_when_clocks_change() {
        let weekly = event("2026-10-12T10:00", "2026-10-12T11:00", "Europe/London", "FREQ=WEEKLY;BYDAY=MO");
        let found = starts(&weekly, "2026-10-19T00:00:00Z", "2026-11-03T00:00:00Z");
        assert_eq!(found, ["2026-10-19T09:00Z", "2026-10-26T10:00Z", "2026-11-02T10:00Z"]);
    }

    #[test]
    fn rules_end_and_are_followed_for_decades() {
        let ended = event("2020-01-01T09:00", "", "UTC", "RRULE:FREQ=DAILY;UNTIL=20260105");
        assert_eq!(starts(&ended, "2026-01-05T00:00:00Z", "2026-01-09T00:00:00Z"), ["2026-01-05T09:00Z"]);
        let counted = event("2026-01-01T09:00", "", "UTC", "FREQ=DAILY;COUNT=3");
        assert_eq!(starts(&counted, "2026-01-03T00:00:00Z", "2026-01-09T00:00:00Z"), ["2026-01-03T09:00Z"]);
        let old = event("1976-02-29", "", "", "FREQ=YEARLY");
        assert_eq!(starts(&old, "2028-02-27T00:00:00Z", "2028-03-02T00:00:00Z"), ["2028-02-28T22:00Z"]);
        let last_friday = event("2026-01-30T17:00:00+01:00", "", "", "FREQ=MONTHLY;BYDAY=-1FR");
        assert_eq!(starts(&last_friday, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"), ["2026-11-27T16:00Z"]);
    }

    #[test]
    fn what_is_not_understood_takes_place_nowhere() {
        for (start, rule) in [("soon", ""), ("--12-03", ""), ("2026-01-01", "FREQ=SOMETIMES"), ("", "FREQ=DAILY")] {
            assert_eq!(starts(&event(start, "", "", rule), "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"), [""; 0], "{start} {rule}");
        }
    }
}
