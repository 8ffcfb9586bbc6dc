//! Times as text.

use chrono::{DateTime, Local, SecondsFormat};
use tuttu_model::query::Today;

/// The day it is here at a moment, and how far the clocks here are ahead of UTC then.
pub(crate) fn today(now: i64) -> Today {
    let now = DateTime::from_timestamp(now, 0).unwrap_or_default().with_timezone(&Local);
    Today { date: now.date_naive(), offset: now.offset().local_minus_utc() / 60 }
}

/// RFC 3339 in UTC, to the second; empty for a time that is no time.
pub(crate) fn rfc3339(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)).unwrap_or_default()
}

/// A time as people say it: `14:11` today, `yesterday 18:40`, `Tue 18:40` within a week, else `17 Oct`.
pub(crate) fn spoken(seconds: i64, now: i64) -> String {
    let here = |seconds| DateTime::from_timestamp(seconds, 0).map(|time| time.with_timezone(&Local));
    let (Some(time), Some(now)) = (here(seconds), here(now)) else { return String::new() };
    let days = (now.date_naive() - time.date_naive()).num_days();
    match days {
        0 => time.format("%H:%M").to_string(),
        1 => time.format("yesterday %H:%M").to_string(),
        2..=6 => time.format("%a %H:%M").to_string(),
        _ => time.format("%-d %b").to_string(),
    }
}
