//! What days bring: who is to be met again, what is due, what takes place.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::Reader;
use crate::error::StoreError;
use crate::rows::{Agenda, AgendaRow, RecordKey, RecordRow, RhythmRow};
use crate::search::{BIRTHDAY, DAY, END, FOLLOWUP, REMINDER, REPEATED, RHYTHM, START, TODO};
use crate::sql;

impl Agenda {
    fn fact(self) -> &'static str {
        match self {
            Self::Todo => TODO,
            Self::FollowUp => FOLLOWUP,
            Self::Birthday => BIRTHDAY,
            Self::Day => DAY,
            Self::Start => START,
            Self::End => END,
            Self::Repeated => REPEATED,
            Self::Reminder => REMINDER,
        }
    }
}

impl Reader<'_> {
    /// Records by one of their dates, as texts are ordered: from (included) to (not included), at most so many, the earliest first. Not the trash.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn agenda(&self, of: Agenda, from: &str, to: &str, limit: usize) -> Result<Vec<AgendaRow>, StoreError> {
        let sql = "SELECT value, did FROM fact WHERE name = ?1 AND value >= ?2 AND value < ?3 ORDER BY value, did LIMIT ?4";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        sql::all(self.connection, sql, (of.fact(), from, to, limit), |row| {
            Ok(AgendaRow { value: row.get(0)?, key: RecordKey(row.get(1)?) })
        })
    }

    /// Everybody who has a rhythm, with the day one last met.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn rhythms(&self) -> Result<Vec<RhythmRow>, StoreError> {
        let mut rows: Vec<RhythmRow> = sql::all(self.connection, "SELECT value, did FROM fact WHERE name = ?1", [RHYTHM], |row| {
            let value: String = row.get(0)?;
            let (rhythm, snoozed) = value.split_once('\t').unwrap_or((&value, ""));
            Ok(RhythmRow { rhythm: rhythm.to_owned(), snoozed: snoozed.to_owned(), last: None, key: RecordKey(row.get(1)?) })
        })?;
        // Asked every minute from the start on: without a rhythm the search memory need not be there.
        if rows.is_empty() {
            return Ok(rows);
        }
        let lasts: BTreeMap<i64, u32> = self.shared.names.with(|lines| {
            let of = |row: &RhythmRow| Some((row.key.0, lines.about(row.key.0)?.last_day()));
            rows.iter().filter_map(of).collect()
        })?;
        for row in &mut rows {
            row.last = lasts.get(&row.key.0).copied().and_then(day);
        }
        Ok(rows)
    }

    /// The day one last met somebody.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn last_met(&self, key: RecordKey) -> Result<Option<NaiveDate>, StoreError> {
        self.shared.names.with(|lines| lines.about(key.0).map(|about| about.last_day()).and_then(day))
    }

    /// A record by its key; `None` when it is gone.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn record_of(&self, key: RecordKey) -> Result<Option<RecordRow>, StoreError> {
        self.record_at(key.0)
    }

    /// The key of a record.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn key_of(&self, space: &tuttu_model::SpaceId, doc: &tuttu_model::DocumentId) -> Result<Option<RecordKey>, StoreError> {
        Ok(self.did(space, doc)?.map(RecordKey))
    }
}

/// The way back from days since 1900.
fn day(number: u32) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(1900, 1, 1)?;
    (number > 0).then(|| first.checked_add_days(Days::new(u64::from(number)))).flatten()
}
