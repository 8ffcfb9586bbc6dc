//! What was damaged, and what follows from it for what is offered to others.

use std::collections::BTreeMap;

use tuttu_model::{ComputerId, DocumentId, EntryHash, FeedId, SpaceId};
use tuttu_sync::feed::Vector;

use super::Reader;
use crate::error::StoreError;
use crate::rows::{DamageRow, Noticed};
use crate::salvage::nameless;
use crate::sql;

const DAMAGE: &str = "SELECT damage.at, damage.what, damage.sid, damage.doc, damage.why, length(damage.kept), damage.healed FROM damage";

impl Reader<'_> {
    /// What was set aside, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn damages(&self, limit: u32) -> Result<Vec<DamageRow>, StoreError> {
        sql::all(self.connection, &format!("{DAMAGE} ORDER BY n DESC LIMIT ?1"), [limit], |row| self.damage_row(row))
    }

    /// What of a record is damaged and not healed yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn damage_of(&self, space: &SpaceId, doc: &DocumentId) -> Result<Vec<DamageRow>, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(Vec::new()) };
        let sql = format!("{DAMAGE} WHERE sid = ?1 AND doc = ?2 AND healed = 0 ORDER BY n");
        sql::all(self.connection, &sql, (sid, doc.0), |row| self.damage_row(row))
    }

    /// How many records hold damage that is not healed yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn damaged_records(&self) -> Result<u32, StoreError> {
        let sql = "SELECT count(*) FROM (SELECT DISTINCT sid, doc FROM damage WHERE healed = 0 AND doc <> x'')";
        Ok(sql::one(self.connection, sql, [], |row| row.get(0))?.unwrap_or(0))
    }

    fn damage_row(&self, row: &rusqlite::Row<'_>) -> Result<DamageRow, StoreError> {
        let doc: Vec<u8> = row.get(3)?;
        let healed: i64 = row.get(6)?;
        Ok(DamageRow {
            at: row.get(0)?,
            what: row.get(1)?,
            space: self.space_id(row.get(2)?).ok(),
            doc: <[u8; 16]>::try_from(doc).ok().map(DocumentId),
            why: row.get(4)?,
            bytes: sql::unsigned(row.get(5)?),
            healed: (healed != 0).then_some(healed),
        })
    }

    /// Remembers that something cannot be read; the engine sets it aside after the question is answered.
    pub fn notice(&self, noticed: Noticed) {
        self.shared.notices.add(noticed);
    }

    /// Whether bytes of a document's changes are lost.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_incomplete(&self, space: &SpaceId, doc: &DocumentId) -> Result<bool, StoreError> {
        if !self.anything_lost()? {
            return Ok(false);
        }
        let Some(did) = self.did(space, doc)? else { return Ok(false) };
        let sql = "SELECT 1 FROM lost JOIN change ON change.cid = lost.cid WHERE lost.cid > 0 AND change.did = ?1 LIMIT 1";
        Ok(sql::one(self.connection, sql, [did], |_| Ok(()))?.is_some())
    }

    /// Whether something at this place of a feed is lost.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_lost(&self, space: &SpaceId, feed: &FeedId, seq: u64) -> Result<bool, StoreError> {
        if !self.anything_lost()? {
            return Ok(false);
        }
        let Some(fid) = self.fid(space, feed)? else { return Ok(false) };
        let sql = "SELECT 1 FROM lost WHERE fid = ?1 AND seq = ?2 LIMIT 1";
        Ok(sql::one(self.connection, sql, (fid, sql::signed(seq)), |_| Ok(()))?.is_some())
    }

    /// The valid held prefixes as others are told: each ends before the first place of which something is lost, so that they send it again.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn offered_vector(&self, space: &SpaceId) -> Result<Vector, StoreError> {
        self.lowered(space, self.vector(space)?)
    }

    /// The newest entries of a computer's feeds as others are told, see [`Reader::offered_vector`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn offered_tips(&self, space: &SpaceId, computer: &ComputerId) -> Result<Vector, StoreError> {
        self.lowered(space, self.raw_tips(space, computer)?)
    }

    fn lowered(&self, space: &SpaceId, mut vector: Vector) -> Result<Vector, StoreError> {
        for (feed, (fid, first)) in self.lost_from(space)? {
            let Some((length, _)) = vector.0.get(&feed) else { continue };
            if sql::signed(*length) < first {
                continue;
            }
            let before = "SELECT hash FROM entry WHERE fid = ?1 AND seq = ?2 ORDER BY standing, arrival LIMIT 1";
            match sql::one(self.connection, before, (fid, first - 1), |row| row.get(0).map(EntryHash))? {
                Some(hash) => vector.0.insert(feed, (sql::unsigned(first - 1), hash)),
                None => vector.0.remove(&feed),
            };
        }
        Ok(vector)
    }

    /// The first place of each feed of which something is lost.
    fn lost_from(&self, space: &SpaceId) -> Result<BTreeMap<FeedId, (i64, i64)>, StoreError> {
        if !self.anything_lost()? {
            return Ok(BTreeMap::new());
        }
        let Some(sid) = self.sid(space)? else { return Ok(BTreeMap::new()) };
        let sql = "SELECT feed.id, feed.fid, min(lost.seq) FROM lost JOIN feed USING (fid) WHERE feed.sid = ?1 GROUP BY feed.fid";
        let found = sql::all(self.connection, sql, [sid], |row| Ok((FeedId(row.get(0)?), (row.get(1)?, row.get(2)?))))?;
        Ok(found.into_iter().collect())
    }

    /// The arrival number from which on nothing is sent to somebody who holds `skip`: the first entry that rests on what is lost here, or comes after
    /// it in its feed. Later entries may rest on it too, so the stream stops there until it is healed.
    pub(super) fn held_back(&self, sid: i64, skip: &Vector) -> Result<i64, StoreError> {
        let mut bound = i64::MAX;
        if !self.anything_lost()? {
            return Ok(bound);
        }
        let feeds = "SELECT DISTINCT feed.fid, feed.id FROM lost JOIN feed USING (fid) WHERE feed.sid = ?1";
        let feeds: Vec<(i64, FeedId)> = sql::all(self.connection, feeds, [sid], |row| Ok((row.get(0)?, FeedId(row.get(1)?))))?;
        for (fid, feed) in feeds {
            let held = skip.0.get(&feed).map_or(0, |(length, _)| sql::signed(*length));
            let sql = "SELECT min(arrival) FROM entry WHERE fid = ?1 AND seq >= (SELECT min(seq) FROM lost WHERE fid = ?1 AND seq > ?2)";
            if let Some(Some(arrival)) = sql::one(self.connection, sql, (fid, held), |row| row.get::<_, Option<i64>>(0))? {
                bound = bound.min(arrival);
            }
        }
        Ok(bound)
    }

    /// Whether nothing is left of the entry at this place of a feed, not even its hash, and one that names `prev` follows the entry before it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_nameless(&self, space: &SpaceId, feed: &FeedId, seq: u64, prev: Option<EntryHash>) -> Result<bool, StoreError> {
        if !self.anything_lost()? {
            return Ok(false);
        }
        let Some(fid) = self.fid(space, feed)? else { return Ok(false) };
        let seq = sql::signed(seq);
        let held = "SELECT 1 FROM entry WHERE hash = ?1";
        if sql::one(self.connection, held, [nameless(fid, seq)], |_| Ok(()))?.is_none() {
            return Ok(false);
        }
        let before = "SELECT 1 FROM entry WHERE fid = ?1 AND seq = ?2 AND hash = ?3";
        match prev {
            Some(prev) => Ok(sql::one(self.connection, before, (fid, seq - 1, prev.as_bytes()), |_| Ok(()))?.is_some()),
            None => Ok(seq == 1),
        }
    }

    /// The documents whose changes an entry brought.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn documents_of_entry(&self, hash: &EntryHash) -> Result<Vec<DocumentId>, StoreError> {
        let sql =
            "SELECT DISTINCT doc.id FROM entry JOIN change ON change.cid >= entry.first_cid AND change.cid < entry.first_cid + entry.items
            AND change.eid = entry.eid JOIN doc USING (did) WHERE entry.hash = ?1";
        sql::all(self.connection, sql, [hash.as_bytes()], |row| Ok(DocumentId(row.get(0)?)))
    }

    fn anything_lost(&self) -> Result<bool, StoreError> {
        Ok(sql::one(self.connection, "SELECT 1 FROM lost LIMIT 1", [], |_| Ok(()))?.is_some())
    }
}
