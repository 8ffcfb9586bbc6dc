//! Dates, whole or in part, and times of change.

/// A date as records hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Date {
    /// `1986-12-03`, `1986-12`, `1986`, `--12-03`, `--12` or `---03`.
    pub(super) text: String,
    /// A time of day that was left out; midnight does not count.
    pub(super) had_time: bool,
}

/// Apple's years for dates without one.
const NO_YEAR: [u16; 2] = [0, 1604];

/// Reads a date in the forms vCards have it in. `None`: it is not one, or there is no such day.
pub(super) fn read(value: &str, omitted_year: Option<&str>) -> Option<Date> {
    let value = value.trim();
    let (date, time) = match value.find(['T', 't', ' ']) {
        Some(at) => (value.get(..at)?, value.get(at + 1..)?),
        None => (value, ""),
    };
    let (year, month, day) = if let Some(rest) = date.strip_prefix("---") {
        (None, None, Some(number(rest, 2)?))
    } else if let Some(rest) = date.strip_prefix("--") {
        let (month, day) = month_and_day(rest)?;
        (None, Some(month), day)
    } else {
        with_year(date)?
    };
    let omitted = omitted_year.and_then(|year| year.trim().parse().ok());
    let year = year.filter(|year| !NO_YEAR.contains(year) && Some(*year) != omitted);
    let had_time = time.bytes().take_while(|byte| !matches!(byte, b'Z' | b'z' | b'+' | b'-')).any(|byte| matches!(byte, b'1'..=b'9'));
    Some(Date { text: format(year, month, day)?, had_time })
}

fn with_year(date: &str) -> Option<(Option<u16>, Option<u16>, Option<u16>)> {
    let mark = date.find(['-', '/', '.']);
    let Some(mark) = mark else {
        return match date.len() {
            4 => Some((Some(number(date, 4)?), None, None)),
            8 => Some((Some(number(date.get(..4)?, 4)?), Some(number(date.get(4..6)?, 2)?), Some(number(date.get(6..)?, 2)?))),
            _ => None,
        };
    };
    let separator = date.get(mark..=mark)?;
    let parts: Vec<&str> = date.split(separator).collect();
    match (parts.as_slice(), separator) {
        ([year, month], "-") => Some((Some(number(year, 4)?), Some(short(month)?), None)),
        ([year, month, day], _) if year.len() == 4 => Some((Some(number(year, 4)?), Some(short(month)?), Some(short(day)?))),
        // With dots, the day comes first wherever people write so; with slashes nobody can tell.
        ([day, month, year], ".") => Some((Some(number(year, 4)?), Some(short(month)?), Some(short(day)?))),
        _ => None,
    }
}

fn month_and_day(text: &str) -> Option<(u16, Option<u16>)> {
    match text.len() {
        2 => Some((number(text, 2)?, None)),
        4 => Some((number(text.get(..2)?, 2)?, Some(number(text.get(2..)?, 2)?))),
        5 if text.get(2..3) == Some("-") => Some((number(text.get(..2)?, 2)?, Some(number(text.get(3..)?, 2)?))),
        _ => None,
    }
}

fn number(text: &str, digits: usize) -> Option<u16> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn short(text: &str) -> Option<u16> {
    number(text, 2).or_else(|| number(text, 1))
}

fn days_in(year: Option<u16>, month: u16) -> Option<u16> {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(match year {
            Some(year) if year % 4 != 0 || year % 100 == 0 && year % 400 != 0 => 28,
            _ => 29,
        }),
        _ => None,
    }
}

fn format(year: Option<u16>, month: Option<u16>, day: Option<u16>) -> Option<String> {
    match (year, month, day) {
        (_, Some(month), Some(day)) if day == 0 || day > days_in(year, month)? => None,
        (Some(year), Some(month), Some(day)) => Some(format!("{year:04}-{month:02}-{day:02}")),
        (Some(year), Some(month), None) => days_in(None, month).map(|_| format!("{year:04}-{month:02}")),
        (Some(year), None, None) => Some(format!("{year:04}")),
        (None, Some(month), Some(day)) => Some(format!("--{month:02}-{day:02}")),
        (None, Some(month), None) => days_in(None, month).map(|_| format!("--{month:02}")),
        (None, None, Some(day)) if (1..=31).contains(&day) => Some(format!("---{day:02}")),
        _ => None,
    }
}

/// Is it a date as records hold it?
pub(super) fn is_canonical(text: &str) -> bool {
    read(text, None).is_some_and(|date| date.text == text)
}

/// A date of a record in the basic form of vCard 4.0.
pub(super) fn basic(text: &str) -> String {
    let (dashes, rest) = text.split_at(text.bytes().take_while(|byte| *byte == b'-').count());
    // A year with a month is the one form that keeps its dash.
    if dashes.is_empty() && rest.len() == 7 { text.to_owned() } else { format!("{dashes}{}", rest.replace('-', "")) }
}

/// A time in UTC, `20261114T091200Z` or `2026-11-14T09:12:00Z`, as RFC 3339.
pub(super) fn timestamp(value: &str) -> Option<String> {
    let value = value.trim().strip_suffix(['Z', 'z'])?;
    let (date, time) = value.split_once(['T', 't'])?;
    let date = read(date, None).filter(|date| date.text.len() == 10)?;
    let time = time.split('.').next().unwrap_or_default().replace(':', "");
    if time.len() != 6 {
        return None;
    }
    let (hour, minute, second) = (number(time.get(..2)?, 2)?, number(time.get(2..4)?, 2)?, number(time.get(4..)?, 2)?);
    (hour < 24 && minute < 60 && second < 61).then(|| format!("{}T{hour:02}:{minute:02}:{second:02}Z", date.text))
}

/// An RFC 3339 time without punctuation, as vCard 4.0 has it.
pub(super) fn basic_timestamp(rfc3339: &str) -> Option<String> {
    timestamp(rfc3339).map(|time| time.replace(['-', ':'], ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_all_their_forms() {
        let cases = [
            ("1986-12-03", "1986-12-03"),
            ("19861203", "1986-12-03"),
            ("1986-12-03T00:00:00Z", "1986-12-03"),
            ("1986/12/3", "1986-12-03"),
            ("3.12.1986", "1986-12-03"),
            ("1986-12", "1986-12"),
            ("1986", "1986"),
            ("--1203", "--12-03"),
            ("--12-03", "--12-03"),
            ("--12", "--12"),
            ("---03", "---03"),
            ("1604-02-29", "--02-29"),
            ("--0229", "--02-29"),
            ("2000-02-29", "2000-02-29"),
        ];
        for (value, expected) in cases {
            assert_eq!(read(value, None), Some(Date { text: expected.into(), had_time: false }), "{value}");
            assert!(is_canonical(expected), "{expected}");
            assert_eq!(read(&basic(expected), None).map(|date| date.text), Some(expected.into()), "{}", basic(expected));
        }
        assert_eq!(read("1900-05-06", Some("1900")).map(|date| date.text), Some("--05-06".into()));
        assert_eq!(read("1986-12-03T10:22:00", None).map(|date| date.had_time), Some(true));
    }

    #[test]
    fn what_is_no_date() {
        for value in [
            "",
            "31.2.1990",
            "1900-02-29",
            "12/03/1986",
            "1986-13-01",
            "1986-00-10",
            "0000-00-00",
            "circa 1800",
            "--1",
            "-",
            "---",
            "1986-1-é",
        ] {
            assert_eq!(read(value, None), None, "{value}");
        }
    }

    #[test]
    fn times_of_change() {
        for value in ["20261114T091200Z", "2026-11-14T09:12:00Z", "2026-11-14T09:12:00.123Z"] {
            assert_eq!(timestamp(value).as_deref(), Some("2026-11-14T09:12:00Z"));
        }
        assert_eq!(timestamp("2026-11-14T09:12:00+02:00"), None);
        assert_eq!(basic_timestamp("2026-11-14T09:12:00Z").as_deref(), Some("20261114T091200Z"));
    }
}
