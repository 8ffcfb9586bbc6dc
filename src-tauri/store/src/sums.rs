//! Sums that a transaction changes with every record: kept in memory until they are asked for or the transaction ends, because a thousand
//! records change the same few rows.

use std::collections::BTreeMap;

use rusqlite::Connection;
use tuttu_model::DocumentId;

use crate::error::StoreError;
use crate::{accumulator, sql};

/// What is not written yet.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    /// The accumulator of each space, as a difference to the one in its row.
    accumulators: BTreeMap<i64, [u8; 32]>,
    /// How many records of a kind came to a space, outside of the trash and in it.
    tally: BTreeMap<(i64, String), (i64, i64)>,
}

impl Sums {
    /// A document's heads changed; both sorted, either may be empty.
    pub(crate) fn move_heads(&mut self, sid: i64, doc: &DocumentId, before: &[[u8; 32]], heads: &[[u8; 32]]) {
        let difference = self.accumulators.entry(sid).or_default();
        if !before.is_empty() {
            *difference = accumulator::without(*difference, doc, before);
        }
        if !heads.is_empty() {
            *difference = accumulator::with(*difference, doc, heads);
        }
    }

    /// Records came or went.
    pub(crate) fn count(&mut self, sid: i64, kind: &str, deleted: bool, by: i64) {
        let (live, trashed) = self.tally.entry((sid, kind.to_owned())).or_default();
        *(if deleted { trashed } else { live }) += by;
    }

    /// Writes everything down.
    pub(crate) fn write(&mut self, connection: &Connection) -> Result<(), StoreError> {
        for (sid, difference) in std::mem::take(&mut self.accumulators) {
            let sum = sql::one(connection, "SELECT accumulator FROM space WHERE sid = ?1", [sid], |row| row.get(0))?;
            let sum = accumulator::sum(sum.unwrap_or_default(), difference);
            sql::run(connection, "UPDATE space SET accumulator = ?2 WHERE sid = ?1", (sid, sum))?;
        }
        for ((sid, kind), (live, trashed)) in std::mem::take(&mut self.tally) {
            let sql = "INSERT INTO tally (sid, kind, live, trashed) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (sid, kind) DO UPDATE SET live = live + excluded.live, trashed = trashed + excluded.trashed";
            sql::run(connection, sql, (sid, kind, live, trashed))?;
        }
        Ok(())
    }
}
