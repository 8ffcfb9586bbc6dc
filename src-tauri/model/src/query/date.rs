//! Moments as people say them, and the days they mean.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::tree::{Compare, DateField, DateTest};

/// The day on which a query is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Today {
    /// The day, where the person is.
    pub date: NaiveDate,
    /// Minutes by which the person's clock is ahead of UTC.
    pub offset: i32,
}

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Days.
    Day,
    /// Weeks, from Monday.
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
}

/// A moment as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// `2026`.
    Year(i32),
    /// `2026-11`.
    Month(i32, u32),
    /// `2026-11-14`.
    Day(NaiveDate),
    /// `12`: a month of any year, for birthdays.
    MonthOfYear(u32),
    /// `12-03`: a day of any year, for birthdays.
    DayOfYear(u32, u32),
    /// `today`, `yesterday`, `next-week`, ...: so many units from this one, and as long as one.
    Span(Unit, i8),
    /// `7d`, `-2w`, `+3m`: so long ago or ahead; without a sign ago for what was, ahead for what will be.
    Away(Option<bool>, u32, Unit),
}

/// A stretch of text values, from (included) and to (not included); `None` is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Months and days (`12-03`) are compared, not dates.
    pub yearly: bool,
    /// See the type.
    pub from: Option<String>,
    /// See the type.
    pub to: Option<String>,
}

type Range = (Option<NaiveDate>, Option<NaiveDate>);

/// Reads a moment. `yearly` allows months and days without a year.
pub(super) fn parse(text: &str, yearly: bool) -> Option<Moment> {
    let text = text.to_lowercase();
    if let Some(said) = WORDS.iter().find(|(word, ..)| *word == text) {
        return Some(Moment::Span(said.1, said.2));
    }
    away(&text).or_else(|| calendar(&text, yearly))
}

/// The words for days, weeks, months and years near today.
pub(super) const WORDS: [(&str, Unit, i8); 12] = [
    ("today", Unit::Day, 0),
    ("yesterday", Unit::Day, -1),
    ("tomorrow", Unit::Day, 1),
    ("week", Unit::Week, 0),
    ("last-week", Unit::Week, -1),
    ("next-week", Unit::Week, 1),
    ("month", Unit::Month, 0),
    ("last-month", Unit::Month, -1),
    ("next-month", Unit::Month, 1),
    ("year", Unit::Year, 0),
    ("last-year", Unit::Year, -1),
    ("next-year", Unit::Year, 1),
];

fn away(text: &str) -> Option<Moment> {
    let (ahead, rest) = match text.strip_prefix('+') {
        Some(rest) => (Some(true), rest),
        None => text.strip_prefix('-').map_or((None, text), |rest| (Some(false), rest)),
    };
    let unit = match rest.chars().last()? {
        'd' => Unit::Day,
        'w' => Unit::Week,
        'm' => Unit::Month,
        'y' => Unit::Year,
        _ => return None,
    };
    let digits = rest.get(..rest.len() - 1)?;
    let count = plain(digits, 1..=4)?;
    Some(Moment::Away(ahead, count, unit))
}

fn calendar(text: &str, yearly: bool) -> Option<Moment> {
    let bare = text.strip_prefix("--").filter(|_| yearly);
    let parts: Vec<&str> = bare.unwrap_or(text).split('-').collect();
    match (parts.as_slice(), bare.is_some()) {
        ([year], false) if year.len() == 4 => Some(Moment::Year(i32::try_from(plain(year, 4..=4)?).ok()?)),
        ([month], _) if yearly => plain(month, 1..=2).filter(|month| (1..=12).contains(month)).map(Moment::MonthOfYear),
        ([year, month], false) if year.len() == 4 => {
            let month = plain(month, 1..=2).filter(|month| (1..=12).contains(month))?;
            Some(Moment::Month(i32::try_from(plain(year, 4..=4)?).ok()?, month))
        }
        ([month, day], _) if yearly => {
            let (month, day) = (plain(month, 1..=2)?, plain(day, 1..=2)?);
            // 2024 had a 29 February.
            NaiveDate::from_ymd_opt(2024, month, day).map(|_| Moment::DayOfYear(month, day))
        }
        ([year, month, day], false) => {
            let year = i32::try_from(plain(year, 4..=4)?).ok()?;
            NaiveDate::from_ymd_opt(year, plain(month, 1..=2)?, plain(day, 1..=2)?).map(Moment::Day)
        }
        _ => None,
    }
}

fn plain(digits: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let good = lengths.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if good { digits.parse().ok() } else { None }
}

/// The stretches of values a test means on a day. Times that were written down by a clock (changed, created, took place) are compared in UTC.
#[must_use]
pub fn resolve(field: DateField, test: &DateTest, today: Today) -> Vec<Stretch> {
    let yearly = |moment: &Moment| match moment {
        Moment::MonthOfYear(_) | Moment::DayOfYear(..) => true,
        Moment::Span(unit, _) => field == DateField::Birthday && !matches!(unit, Unit::Year),
        Moment::Away(..) => field == DateField::Birthday,
        _ => false,
    };
    match test {
        DateTest::Is(compare, moment) if yearly(moment) => yearly_stretches(*compare, moment, today),
        DateTest::Is(compare, moment) => {
            let (from, to) = days(moment, field, today);
            let range = match compare {
                Compare::In => within(moment, (from, to), today),
                Compare::Before => (None, from),
                Compare::UpTo => (None, to),
                Compare::After => (to, None),
                Compare::From => (from, None),
            };
            vec![stretch(field, range, today)]
        }
        DateTest::Between(from, to) => {
            if let (Some(from), Some(to)) = (from, to)
                && yearly(from)
                && yearly(to)
            {
                let (start, end) = (month_days(from, today), month_days(to, today));
                return around(start.0, end.1);
            }
            let from = from.as_ref().and_then(|moment| days(moment, field, today).0);
            let to = to.as_ref().and_then(|moment| days(moment, field, today).1);
            vec![stretch(field, (from, to), today)]
        }
    }
}

fn stretch(field: DateField, (from, to): Range, today: Today) -> Stretch {
    let text = |date: NaiveDate| match field {
        DateField::Changed | DateField::Created | DateField::At | DateField::Last => {
            let midnight = date.and_time(chrono::NaiveTime::MIN) - chrono::TimeDelta::minutes(i64::from(today.offset));
            midnight.format("%Y-%m-%dT%H:%M:%SZ").to_string()
        }
        // Written so that parts of dates (`1986`, `2026-12`) are within what they are part of.
        DateField::Due | DateField::Start | DateField::Birthday => match (date.month(), date.day()) {
            (1, 1) => date.format("%Y").to_string(),
            (_, 1) => date.format("%Y-%m").to_string(),
            _ => date.to_string(),
        },
    };
    Stretch { yearly: false, from: from.map(text), to: to.map(text) }
}

/// Within `7d` is from then until today, or from today until then.
fn within(moment: &Moment, (from, to): Range, today: Today) -> Range {
    if !matches!(moment, Moment::Away(..)) {
        return (from, to);
    }
    let tomorrow = today.date.checked_add_days(Days::new(1));
    if from.is_some_and(|from| from > today.date) { (Some(today.date), to) } else { (from, tomorrow) }
}

/// The first day of a moment and the first day after it. Beyond the calendar nothing bounds.
fn days(moment: &Moment, field: DateField, today: Today) -> Range {
    let (start, unit) = match *moment {
        Moment::Year(year) => (NaiveDate::from_ymd_opt(year, 1, 1), Unit::Year),
        Moment::Month(year, month) => (NaiveDate::from_ymd_opt(year, month, 1), Unit::Month),
        Moment::Day(day) => (Some(day), Unit::Day),
        Moment::MonthOfYear(month) => (NaiveDate::from_ymd_opt(today.date.year(), month, 1), Unit::Month),
        Moment::DayOfYear(month, day) => (NaiveDate::from_ymd_opt(today.date.year(), month, day), Unit::Day),
        Moment::Span(unit, offset) => (moved(begin(today.date, unit), unit, i64::from(offset)), unit),
        Moment::Away(ahead, count, unit) => {
            let ahead = ahead.unwrap_or(matches!(field, DateField::Due | DateField::Start | DateField::Birthday));
            let count = i64::from(count);
            (moved(Some(today.date), unit, if ahead { count } else { -count }), Unit::Day)
        }
    };
    (start, moved(start, unit, 1))
}

fn begin(date: NaiveDate, unit: Unit) -> Option<NaiveDate> {
    match unit {
        Unit::Day => Some(date),
        Unit::Week => date.checked_sub_days(Days::new(u64::from(date.weekday().num_days_from_monday()))),
        Unit::Month => date.with_day(1),
        Unit::Year => NaiveDate::from_ymd_opt(date.year(), 1, 1),
    }
}

fn moved(date: Option<NaiveDate>, unit: Unit, by: i64) -> Option<NaiveDate> {
    let (date, count) = (date?, by.unsigned_abs());
    let months = |each: u32| u32::try_from(count).ok()?.checked_mul(each).map(Months::new);
    match (unit, by >= 0) {
        (Unit::Day, true) => date.checked_add_days(Days::new(count)),
        (Unit::Day, false) => date.checked_sub_days(Days::new(count)),
        (Unit::Week, true) => date.checked_add_days(Days::new(count * 7)),
        (Unit::Week, false) => date.checked_sub_days(Days::new(count * 7)),
        (Unit::Month, true) => date.checked_add_months(months(1)?),
        (Unit::Month, false) => date.checked_sub_months(months(1)?),
        (Unit::Year, true) => date.checked_add_months(months(12)?),
        (Unit::Year, false) => date.checked_sub_months(months(12)?),
    }
}

fn yearly_stretches(compare: Compare, moment: &Moment, today: Today) -> Vec<Stretch> {
    let (from, to) = month_days(moment, today);
    let open = |from, to| vec![Stretch { yearly: true, from, to }];
    match compare {
        Compare::In if matches!(moment, Moment::Away(..)) => {
            let now = today.date.format("%m-%d").to_string();
            let ahead = !matches!(moment, Moment::Away(Some(false), ..));
            if ahead { around(now, to) } else { around(from, format!("{now}~")) }
        }
        Compare::In => around(from, to),
        Compare::Before => open(None, Some(from)),
        Compare::UpTo => open(None, Some(to)),
        Compare::After => open(Some(to), None),
        Compare::From => open(Some(from), None),
    }
}

/// From one day of the year to another, over New Year where need be.
fn around(from: String, to: String) -> Vec<Stretch> {
    if from <= to {
        return vec![Stretch { yearly: true, from: Some(from), to: Some(to) }];
    }
    vec![Stretch { yearly: true, from: Some(from), to: None }, Stretch { yearly: true, from: None, to: Some(to) }]
}

/// The first day of the year of a moment, and what is just behind its last one.
fn month_days(moment: &Moment, today: Today) -> (String, String) {
    match moment {
        Moment::MonthOfYear(month) => (format!("{month:02}"), format!("{month:02}~")),
        Moment::DayOfYear(month, day) => (format!("{month:02}-{day:02}"), format!("{month:02}-{day:02}~")),
        moment => {
            let (from, to) = days(moment, DateField::Birthday, today);
            let last = to.and_then(|to| to.pred_opt());
            let text = |date: Option<NaiveDate>| date.unwrap_or(today.date).format("%m-%d").to_string();
            (text(from), format!("{}~", text(last)))
        }
    }
}
