//! The one place where this crate reads the wall clock.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat};

/// Seconds since 1970 now; 0 on a computer whose clock stands before that.
pub(crate) fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).map(|time| time.as_secs()).unwrap_or_default();
    i64::try_from(elapsed).unwrap_or(i64::MAX)
}

/// RFC 3339 in UTC, to the second; empty for a time that is no time.
pub(crate) fn rfc3339(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)).unwrap_or_default()
}

/// A point in time as people say it, with its zone: `14 November 2026, 09:12 UTC`.
pub(crate) fn spoken(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).map(|time| time.format("%-d %B %Y, %H:%M UTC").to_string()).unwrap_or_default()
}
