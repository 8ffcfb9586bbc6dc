use chrono::Weekday;

/// How often something repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// Every so many days.
    Daily,
    /// Every so many weeks.
    Weekly,
    /// Every so many months.
    Monthly,
    /// Every so many years.
    Yearly,
}

/// A recurrence rule of RFC 5545, read. Parts that are valid but beyond what is here (`BYSETPOS`, `BYHOUR`, ...) are in `others`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    /// How often.
    pub frequency: Frequency,
    /// Every so many of them; at least 1.
    pub interval: u32,
    /// Ends after so many times.
    pub count: Option<u32>,
    /// Ends then: `20261231` or `20261231T235959Z`, as typed.
    pub until: Option<String>,
    /// On these days of the week, with the number in the month or year (0: every one).
    pub by_day: Vec<(i32, Weekday)>,
    /// On these days of the month; negative from its end.
    pub by_month_day: Vec<i32>,
    /// In these months.
    pub by_month: Vec<i32>,
    /// Further parts, as typed.
    pub others: Vec<(String, String)>,
}

/// Further parts of the RFC: lists of numbers in a range, from both ends.
const NUMBERED: [(&str, i32, bool); 6] = [
    ("BYSECOND", 60, false),
    ("BYMINUTE", 59, false),
    ("BYHOUR", 23, false),
    ("BYYEARDAY", 366, true),
    ("BYWEEKNO", 53, true),
    ("BYSETPOS", 366, true),
];

impl Recurrence {
    /// Reads a rule, with or without `RRULE:` before it.
    ///
    /// # Errors
    /// What is wrong, in a few words.
    pub fn parse(typed: &str) -> Result<Self, String> {
        let text = typed.trim().to_ascii_uppercase();
        let text = text.strip_prefix("RRULE:").unwrap_or(&text);
        if text.len() > 1_000 {
            return Err("it is too long".into());
        }
        let mut rule = Self {
            frequency: Frequency::Daily,
            interval: 1,
            count: None,
            until: None,
            by_day: Vec::new(),
            by_month_day: Vec::new(),
            by_month: Vec::new(),
            others: Vec::new(),
        };
        let mut seen: Vec<&str> = Vec::new();
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').ok_or_else(|| format!("“{part}” has no value"))?;
            if seen.contains(&key) {
                return Err(format!("{key} is there twice"));
            }
            seen.push(key);
            rule.take(key, value)?;
        }
        if !seen.contains(&"FREQ") {
            return Err("it does not say how often (FREQ)".into());
        }
        if rule.count.is_some() && rule.until.is_some() {
            return Err("it has both COUNT and UNTIL".into());
        }
        Ok(rule)
    }

    fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        let wrong = || format!("{key} cannot be “{value}”");
        let count = |value: &str| value.parse::<u32>().ok().filter(|count| (1..=100_000).contains(count));
        match key {
            "FREQ" => {
                self.frequency = match value {
                    "DAILY" => Frequency::Daily,
                    "WEEKLY" => Frequency::Weekly,
                    "MONTHLY" => Frequency::Monthly,
                    "YEARLY" => Frequency::Yearly,
                    _ => return Err(wrong()),
                }
            }
            "INTERVAL" => self.interval = count(value).ok_or_else(wrong)?,
            "COUNT" => self.count = Some(count(value).ok_or_else(wrong)?),
            "UNTIL" => self.until = Some(until(value).ok_or_else(wrong)?),
            "BYDAY" => self.by_day = value.split(',').map(day).collect::<Option<_>>().ok_or_else(wrong)?,
            "BYMONTHDAY" => self.by_month_day = numbers(value, 31, true).ok_or_else(wrong)?,
            "BYMONTH" => self.by_month = numbers(value, 12, false).ok_or_else(wrong)?,
            "WKST" => {
                day(value).filter(|(number, _)| *number == 0).map(|_| self.others.push((key.into(), value.into()))).ok_or_else(wrong)?
            }
            _ => {
                let (_, highest, both) =
                    NUMBERED.iter().find(|(name, ..)| *name == key).ok_or_else(|| format!("{key} is not a part of a rule"))?;
                let zero = key.ends_with("HOUR") || key.ends_with("MINUTE") || key.ends_with("SECOND");
                let fits = value.split(',').all(|one| (zero && one == "0") || numbers(one, *highest, *both).is_some());
                if !fits {
                    return Err(wrong());
                }
                self.others.push((key.to_owned(), value.to_owned()));
            }
        }
        Ok(())
    }

    /// In words, for people: `every 2 weeks on Monday, 10 times`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let unit = match self.frequency {
            Frequency::Daily => "day",
            Frequency::Weekly => "week",
            Frequency::Monthly => "month",
            Frequency::Yearly => "year",
        };
        let mut words = match self.interval {
            1 => format!("every {unit}"),
            interval => format!("every {interval} {unit}s"),
        };
        if !self.by_day.is_empty() {
            let days: Vec<String> = self.by_day.iter().map(|(number, day)| day_in_words(*number, *day)).collect();
            words.push_str(&format!(" on {}", days.join(", ")));
        }
        if !self.by_month_day.is_empty() {
            let days: Vec<String> = self.by_month_day.iter().map(i32::to_string).collect();
            words.push_str(&format!(" on day {}", days.join(", ")));
        }
        if !self.by_month.is_empty() {
            let months: Vec<String> = self.by_month.iter().map(i32::to_string).collect();
            words.push_str(&format!(" in month {}", months.join(", ")));
        }
        for (key, value) in &self.others {
            words.push_str(&format!(" ({key}={value})"));
        }
        if let Some(count) = self.count {
            words.push_str(&format!(", {count} times"));
        }
        if let Some(until) = &self.until {
            words.push_str(&format!(", until {until}"));
        }
        words
    }
}

fn day_in_words(number: i32, day: Weekday) -> String {
    let name = match day {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    };
    match number {
        0 => name.to_owned(),
        -1 => format!("the last {name}"),
        number if number < 0 => format!("{name} {} from the end", number.unsigned_abs()),
        number => format!("{name} {number}"),
    }
}

/// `MO`, `2TU`, `-1FR`.
fn day(text: &str) -> Option<(i32, Weekday)> {
    let (number, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let number = if number.is_empty() {
        0
    } else {
        number.trim_start_matches('+').parse().ok().filter(|number| (-53..=53).contains(number) && *number != 0)?
    };
    let day = match name {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    };
    Some((number, day))
}

fn numbers(text: &str, highest: i32, both: bool) -> Option<Vec<i32>> {
    let one = |text: &str| {
        let number: i32 = text.trim_start_matches('+').parse().ok()?;
        (number != 0 && number <= highest && number >= if both { -highest } else { 1 }).then_some(number)
    };
    text.split(',').map(one).collect()
}

/// A date, or a time in UTC or by the clock.
fn until(text: &str) -> Option<String> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time.strip_suffix('Z').unwrap_or(time))),
        None => (text, None),
    };
    crate::when::PartialDate::parse(date).filter(|parsed| date.len() == 8 && parsed.whole().is_some())?;
    let fits = time.is_none_or(|time| time.len() == 6 && chrono::NaiveTime::parse_from_str(time, "%H%M%S").is_ok());
    fits.then(|| text.to_owned())
}
