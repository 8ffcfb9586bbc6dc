//! Making every cache again from the changes, a few documents at a time. How far it has come is kept in the database, so it goes on after a crash.

use tuttu_model::{DocumentId, SpaceId};

use super::Tx;
use crate::error::StoreError;
use crate::reader::rebuild::WATERMARK;
use crate::{accumulator, projection, sql};

impl Tx<'_> {
    /// Empties the query tables. From here on [`crate::Reader::rebuild_from`] says where to go on, until [`Tx::end_rebuild`].
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin_rebuild(&mut self) -> Result<(), StoreError> {
        sql::run(self.connection, "INSERT INTO unseen (did) SELECT did FROM record WHERE news = 1 ON CONFLICT DO NOTHING", [])?;
        // What is shown of a record with lost changes cannot be made again: it may be all that is left of them.
        let left = "INSERT INTO damage (at, what, sid, doc, hash, why, kept)
            SELECT unixepoch(), 'shown', record.sid, doc.id, x'', 'what was shown of a record whose changes are damaged', record.view
            FROM record JOIN doc USING (did) WHERE record.did IN (SELECT change.did FROM lost JOIN change ON change.cid = lost.cid WHERE lost.cid > 0)";
        sql::run(self.connection, left, [])?;
        self.drop_projections()?;
        self.put_meta(WATERMARK, &0_i64.to_le_bytes())
    }

    /// Everything up to this document, by its short number, is made again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn rebuilt_to(&mut self, did: i64) -> Result<(), StoreError> {
        self.put_meta(WATERMARK, &did.to_le_bytes())
    }

    /// A snapshot that was not made again is dropped.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn drop_snapshot(&mut self, space: &SpaceId, doc: &DocumentId) -> Result<(), StoreError> {
        let Some(did) = self.did(space, doc)? else { return Ok(()) };
        let sql = "UPDATE doc SET snapshot = x'', snapshot_cid = 0 WHERE did = ?1 AND (snapshot_cid <> 0 OR snapshot <> x'')";
        sql::run(self.connection, sql, [did]).map(drop)
    }

    /// All documents are done: adds up the accumulators, and the query tables are this version's.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end_rebuild(&mut self) -> Result<(), StoreError> {
        self.sums.borrow_mut().write(self.connection)?;
        for (sid, _) in self.space_numbers()? {
            let sum = self.added_up(sid)?;
            sql::run(self.connection, "UPDATE space SET accumulator = ?2 WHERE sid = ?1", (sid, sum))?;
        }
        sql::run(self.connection, "DELETE FROM unseen", [])?;
        sql::run(self.connection, "DELETE FROM meta WHERE key = ?1", [WATERMARK])?;
        self.put_meta(projection::VERSION_KEY, projection::VERSION)
    }
}

impl crate::Reader<'_> {
    /// The accumulator of a space, from the heads of its documents.
    pub(crate) fn added_up(&self, sid: i64) -> Result<[u8; 32], StoreError> {
        let mut sum = [0; 32];
        sql::each(self.connection, "SELECT id, heads FROM doc WHERE sid = ?1 AND heads <> x''", [sid], |row| {
            let heads = sql::split_hashes(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
            sum = accumulator::with(sum, &DocumentId(row.get(0)?), &heads);
            Ok(true)
        })?;
        Ok(sum)
    }
}
