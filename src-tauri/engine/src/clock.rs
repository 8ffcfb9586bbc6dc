//! The one place where the engine reads the clock.

use chrono::{DateTime, Local, SecondsFormat, Utc};
use tuttu_model::query::Today;

/// Seconds since 1970 now.
pub(crate) fn now() -> i64 {
    Utc::now().timestamp()
}

/// Milliseconds since 1970 now.
pub(crate) fn now_millis() -> u64 {
    u64::try_from(Utc::now().timestamp_millis()).unwrap_or(0)
}

/// The day it is here, and how far the clocks here are ahead of UTC.
pub(crate) fn today() -> Today {
    let now = Local::now();
    Today { date: now.date_naive(), offset: now.offset().local_minus_utc() / 60 }
}

/// RFC 3339 in UTC, to the second; empty for a time that is no time.
pub(crate) fn rfc3339(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)).unwrap_or_default()
}

/// A time as people say it: `14:11` today, `yesterday 18:40`, `Tue 18:40` within a week, else `17 Oct`.
pub(crate) fn spoken(seconds: i64) -> String {
    let Some(time) = DateTime::from_timestamp(seconds, 0).map(|time| time.with_timezone(&Local)) else {
        return String::new();
    };
    let days = (Local::now().date_naive() - time.date_naive()).num_days();
    match days {
        0 => time.format("%H:%M").to_string(),
        1 => time.format("yesterday %H:%M").to_string(),
        2..=6 => time.format("%a %H:%M").to_string(),
        _ => time.format("%-d %b").to_string(),
    }
}
