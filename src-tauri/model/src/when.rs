//! Dates and times as people type them, understood: whole and partial dates, times with an offset or in a time zone, rhythms and reminders.

use chrono::{DateTime, Datelike, Days, FixedOffset, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};

/// A date of which the year, or the month and day, may be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartialDate {
    /// Year; `None` for a birthday of unknown year.
    pub year: Option<i32>,
    /// Month, 1 to 12.
    pub month: Option<u32>,
    /// Day of the month.
    pub day: Option<u32>,
}

/// A point in time as a field says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A date, or part of one.
    Date(PartialDate),
    /// A time of the clock on the wall, in whatever zone the record names.
    Wall(NaiveDateTime),
    /// A moment: a time with its offset.
    Exact(DateTime<FixedOffset>),
}

impl PartialDate {
    /// Reads `1986-12-03`, `1986-12`, `1986`, `--12-03`, `--12`, the same without dashes, and `3.12.1986`. `None` for a day that does not exist.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let date = match text.strip_prefix("--") {
            Some(rest) => Self::without_year(rest)?,
            None if text.contains('.') => Self::dotted(text)?,
            None => Self::with_year(text)?,
        };
        date.exists().then_some(date)
    }

    fn without_year(text: &str) -> Option<Self> {
        let (month, day) = match text.split_once('-') {
            Some((month, day)) if day.len() == 2 => (month, Some(day)),
            None if text.len() == 4 => (text.get(..2)?, text.get(2..)),
            None => (text, None),
            Some(_) => return None,
        };
        if month.len() != 2 {
            return None;
        }
        let (month, day) = (number(month)?, day.map_or(Some(None), |day| number(day).map(Some))?);
        Some(Self { year: None, month: Some(month), day })
    }

    fn with_year(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next(), parts.next());
        if parts.next().is_some() {
            return None;
        }
        let (year, month, day) = match (month, day, year.len()) {
            (None, None, 8) => (year.get(..4)?, year.get(4..6), year.get(6..)),
            _ => (year, month, day),
        };
        let two = |text: Option<&str>| match text {
            None => Some(None),
            Some(text) if text.len() == 2 => number(text).map(Some),
            Some(_) => None,
        };
        if year.len() != 4 {
            return None;
        }
        Some(Self { year: Some(i32::try_from(number(year)?).ok()?), month: two(month)?, day: two(day)? })
    }

    /// Day, month and year between dots, as most of Europe writes; slashes would be read two ways.
    fn dotted(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').map(str::trim).collect();
        let [day, month, year] = parts.as_slice() else { return None };
        if year.len() != 4 {
            return None;
        }
        Some(Self { year: Some(i32::try_from(number(year)?).ok()?), month: Some(number(month)?), day: Some(number(day)?) })
    }

    /// Whether there is such a day; 29 February without a year is one.
    fn exists(&self) -> bool {
        let year = self.year.unwrap_or(2000);
        match (self.month, self.day) {
            (None, None) => self.year.is_some(),
            (Some(month), None) => (1..=12).contains(&month),
            (Some(month), Some(day)) => NaiveDate::from_ymd_opt(year, month, day).is_some(),
            (None, Some(_)) => false,
        }
    }

    /// The whole date, where nothing of it is unknown.
    #[must_use]
    pub fn whole(&self) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(self.year?, self.month?, self.day?)
    }

    /// The next time its day of the year comes, `from` included. 29 February is 28 February in other years. `None` when the day is unknown.
    #[must_use]
    pub fn next_from(&self, from: NaiveDate) -> Option<NaiveDate> {
        let (month, day) = (self.month?, self.day?);
        let of =
            |year: i32| NaiveDate::from_ymd_opt(year, month, day).or_else(|| NaiveDate::from_ymd_opt(year, month, day.checked_sub(1)?));
        let this = of(from.year())?;
        if this >= from { Some(this) } else { of(from.year().checked_add(1)?) }
    }

    /// In one spelling: `1986-12-03`, `1986-12`, `1986`, `--12-03`, `--12`.
    #[must_use]
    pub fn canonical(&self) -> String {
        let start = self.year.map_or_else(|| "-".to_owned(), |year| format!("{year:04}"));
        match (self.month, self.day) {
            (Some(month), Some(day)) => format!("{start}-{month:02}-{day:02}"),
            (Some(month), None) => format!("{start}-{month:02}"),
            _ => start,
        }
    }
}

impl When {
    /// Reads a date or part of one, `2026-11-28T10:00` (seconds and a space instead of `T` are allowed), or RFC 3339.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(date) = PartialDate::parse(text) {
            return Some(Self::Date(date));
        }
        // A space instead of the T is common; offsets have no space in them.
        let text = text.replacen(' ', "T", 1);
        if let Ok(exact) = DateTime::parse_from_rfc3339(&text) {
            return Some(Self::Exact(exact));
        }
        let forms = ["%Y-%m-%dT%H:%M:%S%:z", "%Y-%m-%dT%H:%M%:z"];
        let minutes = text.strip_suffix('Z').map(|text| format!("{text}+00:00")).unwrap_or_else(|| text.clone());
        if let Some(exact) = forms.iter().find_map(|form| DateTime::parse_from_str(&minutes, form).ok()) {
            return Some(Self::Exact(exact));
        }
        ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"].iter().find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok()).map(Self::Wall)
    }

    /// The moment, in seconds since 1970: a date begins at midnight and a wall time is read in `zone` (a name of the IANA database; unknown or
    /// empty: `here`). A time that a change of clocks skips is read an hour later, one that comes twice the first time. `None` for partial dates.
    #[must_use]
    pub fn seconds(&self, zone: &str, here: FixedOffset) -> Option<i64> {
        let wall = match self {
            Self::Exact(exact) => return Some(exact.timestamp()),
            Self::Wall(wall) => *wall,
            Self::Date(date) => date.whole()?.and_time(NaiveTime::MIN),
        };
        match zone_of(zone) {
            Some(zone) => {
                let hour_on = wall.checked_add_signed(chrono::TimeDelta::hours(1))?;
                zone.from_local_datetime(&wall)
                    .earliest()
                    .or_else(|| zone.from_local_datetime(&hour_on).earliest())
                    .map(|at| at.timestamp())
            }
            None => here.from_local_datetime(&wall).earliest().map(|at| at.timestamp()),
        }
    }

    /// The day it falls on: of a moment the day in its own offset.
    #[must_use]
    pub fn day(&self) -> Option<NaiveDate> {
        match self {
            Self::Date(date) => date.whole(),
            Self::Wall(wall) => Some(wall.date()),
            Self::Exact(exact) => Some(exact.date_naive()),
        }
    }

    /// In one spelling.
    #[must_use]
    pub fn canonical(&self) -> String {
        match self {
            Self::Date(date) => date.canonical(),
            Self::Wall(wall) => wall.format("%Y-%m-%dT%H:%M:%S").to_string(),
            Self::Exact(exact) => exact.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        }
    }
}

/// Whether a text is a whole date without a time: an event that starts so lasts whole days.
#[must_use]
pub fn is_date(text: &str) -> bool {
    !text.is_empty() && PartialDate::parse(text).is_some_and(|date| date.whole().is_some())
}

/// The time zone of this name in the IANA database.
#[must_use]
pub fn zone_of(name: &str) -> Option<chrono_tz::Tz> {
    name.trim().parse().ok()
}

/// How often to keep in touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// Every so many days.
    Days(u32),
    /// Every so many months.
    Months(u32),
}

impl Rhythm {
    /// Reads `10d`, `6w`, `3m`, `1y`. `None` for anything else and for nought.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (count, unit) = counted(text)?;
        match unit {
            "d" | "day" | "days" => Some(Self::Days(count)),
            "w" | "week" | "weeks" => Some(Self::Days(count.checked_mul(7)?)),
            "m" | "month" | "months" => Some(Self::Months(count)),
            "y" | "year" | "years" => Some(Self::Months(count.checked_mul(12)?)),
            _ => None,
        }
    }

    /// The day on which it is time again.
    #[must_use]
    pub fn after(&self, last: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Days(days) => last.checked_add_days(Days::new(u64::from(*days))),
            Self::Months(months) => last.checked_add_months(Months::new(*months)),
        }
    }
}

/// When to remind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reminder {
    /// At this time; a date reminds in the morning.
    At(When),
    /// So many seconds before the task is due or the event starts.
    Before(i64),
}

impl Reminder {
    /// Reads `15m`, `2h`, `1d`, `1w` (before), or what [`When::parse`] reads.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(when) = When::parse(text) {
            return Some(Self::At(when));
        }
        let (count, unit) = counted(text)?;
        let seconds = match unit {
            "m" | "min" | "minutes" => 60,
            "h" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            _ => return None,
        };
        Some(Self::Before(i64::from(count).checked_mul(seconds)?))
    }
}

/// A number above nought and the word after it.
fn counted(text: &str) -> Option<(u32, &str)> {
    let text = text.trim();
    let (count, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit())?);
    let count: u32 = count.parse().ok().filter(|count| (1..=100_000).contains(count))?;
    Some((count, unit.trim()))
}

fn number(digits: &str) -> Option<u32> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests;
