//! How often and when last one met each person and organisation: what activities say, counted as they come and go.

use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::{DocumentId, Kind};

use crate::error::StoreError;
use crate::reader::Reader;
use crate::search::{NameUpdate, day_number};
use crate::sql;

/// What a transaction changed; written at its end, once for each person, however many activities it brought.
#[derive(Debug, Default)]
pub(super) struct Meetings {
    changes: BTreeMap<DocumentId, Change>,
    /// Those who came into the search memory: counted from the beginning.
    came: BTreeSet<i64>,
}

#[derive(Debug, Default)]
struct Change {
    more: i64,
    latest: String,
    /// An activity went: the last one is to be looked for.
    lost: bool,
}

impl Meetings {
    /// An activity with somebody came.
    pub(super) fn met(&mut self, target: DocumentId, at: &str) {
        let change = self.changes.entry(target).or_default();
        change.more += 1;
        if change.latest.as_str() < at {
            change.latest = at.to_owned();
        }
    }

    /// An activity with somebody went.
    pub(super) fn parted(&mut self, target: DocumentId) {
        let change = self.changes.entry(target).or_default();
        change.more -= 1;
        change.lost = true;
    }

    /// A person or organisation came; there may be activities with it already.
    pub(super) fn came(&mut self, did: i64) {
        self.came.insert(did);
    }

    /// Writes everything; gives what the search memory is to be told.
    pub(super) fn write(self, reader: &Reader<'_>) -> Result<Vec<NameUpdate>, StoreError> {
        let mut updates = Vec::new();
        for did in &self.came {
            let (_, doc) = reader.doc_id(*did)?;
            let (meetings, last) = counted(reader, &doc)?;
            if meetings > 0 {
                updates.push(put(reader, *did, meetings, &last)?);
            }
        }
        if self.changes.is_empty() {
            return Ok(updates);
        }
        let spaces = reader.space_numbers()?;
        for (target, change) in &self.changes {
            for (sid, _) in &spaces {
                let sql = "SELECT did FROM doc WHERE sid = ?1 AND id = ?2";
                let did: Option<i64> = sql::one(reader.connection, sql, (sid, target.0), |row| row.get(0))?;
                if let Some(did) = did.filter(|did| !self.came.contains(did)) {
                    updates.extend(change.write(reader, did, target)?);
                }
            }
        }
        Ok(updates)
    }
}

impl Change {
    fn write(&self, reader: &Reader<'_>, did: i64, target: &DocumentId) -> Result<Option<NameUpdate>, StoreError> {
        if sql::one(reader.connection, "SELECT 1 FROM finder WHERE did = ?1", [did], |_| Ok(()))?.is_none() {
            return Ok(None);
        }
        let sql = "SELECT meetings, last FROM met WHERE did = ?1";
        let held = sql::one(reader.connection, sql, [did], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
        let (meetings, last) = held.unwrap_or_default();
        let (meetings, last) =
            if self.lost { counted(reader, target)? } else { (meetings.saturating_add(self.more), last.max(self.latest.clone())) };
        put(reader, did, meetings, &last).map(Some)
    }
}

fn counted(reader: &Reader<'_>, target: &DocumentId) -> Result<(i64, String), StoreError> {
    let sql = "SELECT participant.at, record.kind FROM participant JOIN record USING (did) WHERE participant.target = ?1
        ORDER BY participant.at DESC";
    let (mut meetings, mut last) = (0, String::new());
    sql::each(reader.connection, sql, [target.0], |row| {
        if Kind::from(row.get::<_, String>(1)?).is_activity() {
            if meetings == 0 {
                last = row.get(0)?;
            }
            meetings += 1;
        }
        Ok(true)
    })?;
    Ok((meetings, last))
}

fn put(reader: &Reader<'_>, did: i64, meetings: i64, last: &str) -> Result<NameUpdate, StoreError> {
    let sql = "INSERT INTO met (did, meetings, last) VALUES (?1, ?2, ?3)
        ON CONFLICT (did) DO UPDATE SET meetings = excluded.meetings, last = excluded.last";
    sql::run(reader.connection, sql, (did, meetings, last))?;
    Ok(NameUpdate::Met(did, u32::try_from(meetings).unwrap_or(0), day_number(last)))
}
