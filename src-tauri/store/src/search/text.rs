//! The text indexes: what goes into them, in which row, and in which order it is written.

use std::collections::BTreeMap;

use rusqlite::Connection;
use tuttu_model::{Kind, RecordView};

use super::words::folded_words;
use crate::error::StoreError;
use crate::sql;

/// Bytes of text of one record; what is beyond them is not searched.
const TEXT_BYTES: usize = 256 * 1024;

/// The lowest row an activity can have: that of the first day.
pub(crate) const FIRST_PLACE: i64 = 1 << 32;

/// A text index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TextTable {
    /// Notes and the rest of people and organisations.
    Notes,
    /// Activities and everything else.
    Activities,
}

impl TextTable {
    pub(crate) fn of(kind: &Kind) -> Self {
        if matches!(kind, Kind::Person | Kind::Org) { Self::Notes } else { Self::Activities }
    }

    fn insert(self) -> &'static str {
        match self {
            Self::Notes => "INSERT INTO notes_text (rowid, words) VALUES (?1, ?2)",
            Self::Activities => "INSERT INTO activity_text (rowid, words) VALUES (?1, ?2)",
        }
    }

    fn delete(self) -> &'static str {
        match self {
            Self::Notes => "DELETE FROM notes_text WHERE rowid = ?1",
            Self::Activities => "DELETE FROM activity_text WHERE rowid = ?1",
        }
    }

    /// Matching rows, newest first. Never by rank: that reads every match before the first row.
    pub(crate) fn select(self) -> &'static str {
        match self {
            Self::Notes => "SELECT rowid FROM notes_text WHERE notes_text MATCH ?1 ORDER BY rowid DESC",
            Self::Activities => "SELECT rowid FROM activity_text WHERE activity_text MATCH ?1 ORDER BY rowid DESC",
        }
    }

    /// The same between two rows: from the second parameter on, up to the third and without it.
    pub(crate) fn select_within(self) -> &'static str {
        match self {
            Self::Notes => "SELECT rowid FROM notes_text WHERE notes_text MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid DESC",
            Self::Activities => {
                "SELECT rowid FROM activity_text WHERE activity_text MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid DESC"
            }
        }
    }
}

/// The words of a record that its text index holds, separated by spaces; empty when there is nothing to index.
pub(crate) fn searched_text(view: &RecordView) -> String {
    let mut text = String::new();
    let mut add = |part: &str| {
        let left = TEXT_BYTES.saturating_sub(text.len());
        let part = part.get(..part.floor_char_boundary(left)).unwrap_or_default();
        for word in folded_words(part) {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&word);
        }
    };
    if !matches!(Kind::from(view.kind.as_str()), Kind::Person | Kind::Org) {
        add(&view.name);
        view.tags.iter().for_each(|tag| add(tag));
        view.emails.iter().chain(&view.phones).for_each(|item| add(&item.value));
    }
    add(&view.text);
    add(&view.notes);
    for address in &view.addresses {
        [&address.street, &address.city, &address.region, &address.postcode, &address.country].into_iter().for_each(|part| add(part));
    }
    view.urls.iter().chain(&view.ims).chain(&view.dates).for_each(|item| add(&item.value));
    view.custom.values().for_each(|value| add(value));
    view.relations.iter().for_each(|relation| add(&relation.kind));
    text
}

/// The row of a record in its text index. Rows are sought from the highest down, so an activity's row begins with its day: newest first costs nothing.
/// The record's number is its lower half, so no table is needed for the way back.
pub(crate) fn place_of(table: TextTable, did: i64, at: &str) -> Result<i64, StoreError> {
    if did >= 1 << 32 {
        return Err(StoreError::Other("the vault holds too many records".into()));
    }
    let day = match table {
        TextTable::Notes => 0,
        // Never zero: that is how the index by time knows what has a time.
        TextTable::Activities => day_of(at).max(1),
    };
    Ok((day << 32) | did)
}

/// The way back of [`place_of`].
pub(crate) fn did_at(place: i64) -> i64 {
    place & 0xFFFF_FFFF
}

/// The lowest row whose time is not before a day (`2026-11-14`, or a time on it).
pub(crate) fn place_from(day: &str) -> i64 {
    day_of(day).max(1) << 32
}

/// Days since 1900, from an RFC 3339 time or a date. What is not a date is in 1900.
pub(crate) fn day_of(at: &str) -> i64 {
    let date = at.get(..10).and_then(|day| day.parse::<chrono::NaiveDate>().ok());
    let since = chrono::NaiveDate::from_ymd_opt(1900, 1, 1);
    date.zip(since).map_or(0, |(date, since)| (date - since).num_days().clamp(0, 0x3FFF_FFFF))
}

/// Seconds since 1970 of an RFC 3339 time, or of the beginning of a date; what was before is in the first second. `None` where it is neither.
pub(crate) fn seconds(time: &str) -> Option<i64> {
    let time = match chrono::DateTime::parse_from_rfc3339(time) {
        Ok(time) => time.timestamp(),
        Err(_) => time.parse::<chrono::NaiveDate>().ok()?.and_time(chrono::NaiveTime::MIN).and_utc().timestamp(),
    };
    Some(time.max(1))
}

/// What a transaction changes in the text indexes, kept until its end: FTS5 begins a new segment whenever rows come out of order,
/// so they are written in order, once.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    changes: BTreeMap<(TextTable, i64), TextChange>,
}

#[derive(Debug, Default)]
struct TextChange {
    /// The row is in the index since before this transaction.
    held: bool,
    words: Option<String>,
}

impl Texts {
    /// A row that an earlier transaction (or this one) wrote goes.
    pub(crate) fn remove(&mut self, table: TextTable, place: i64) {
        self.changes.entry((table, place)).or_insert(TextChange { held: true, words: None }).words = None;
    }

    /// A row comes; what was at its place was removed before.
    pub(crate) fn insert(&mut self, table: TextTable, place: i64, words: String) {
        self.changes.entry((table, place)).or_default().words = Some(words);
    }

    /// Writes everything.
    pub(crate) fn write(self, connection: &Connection) -> Result<(), StoreError> {
        for ((table, place), change) in &self.changes {
            if change.held {
                sql::run(connection, table.delete(), [place])?;
            }
        }
        for ((table, place), change) in &self.changes {
            if let Some(words) = &change.words {
                sql::run(connection, table.insert(), (place, words))?;
            }
        }
        Ok(())
    }
}
