//! Membership operations, fork proofs and entries come in.

use tuttu_model::{Change, DocumentId, FeedId, SpaceId};
use tuttu_sync::feed::{FeedHeader, ForkProof};
use tuttu_sync::membership::SignedOp;
use tuttu_sync::verdict::Standing;

use super::Tx;
use crate::error::StoreError;
use crate::packing::{self, ERASED};
use crate::reader::stream::standing_number;
use crate::rows::EntryWrite;
use crate::sql;

/// The newest entry before one that comes in.
struct Chain {
    fid: i64,
    items_so_far: i64,
}

impl Tx<'_> {
    /// Adds a membership operation after those it follows. `true` when it is new.
    ///
    /// # Errors
    /// When the space is not held, or it cannot be written.
    pub fn put_op(&mut self, space: &SpaceId, op: &SignedOp) -> Result<bool, StoreError> {
        let sql = "INSERT INTO op (sid, place, hash, bytes)
            VALUES (?1, (SELECT coalesce(max(place), 0) + 1 FROM op WHERE sid = ?1), ?2, ?3) ON CONFLICT (sid, hash) DO NOTHING";
        let added = sql::run(self.connection, sql, (self.held(space)?, op.hash().as_bytes(), sql::encode(op)?))?;
        Ok(added > 0)
    }

    /// Adds a fork proof. `true` when it is new.
    ///
    /// # Errors
    /// When the space is not held, or it cannot be written.
    pub fn put_proof(&mut self, space: &SpaceId, proof: &ForkProof) -> Result<bool, StoreError> {
        let bytes = sql::encode(proof)?;
        let hash = blake3::derive_key("tuttu stored fork proof v1", &bytes);
        let sql = "INSERT INTO proof (sid, hash, bytes) VALUES (?1, ?2, ?3) ON CONFLICT (sid, hash) DO NOTHING";
        Ok(sql::run(self.connection, sql, (self.held(space)?, hash, bytes))? > 0)
    }

    /// Adds an entry with its changes and gives it the next arrival number; one that is held already keeps its number and is left as it is.
    /// The changes of a valid entry count at once; those of others count when [`Tx::apply_verdict`] says so.
    ///
    /// # Errors
    /// When the space or the entry before it is not held, when the changes are not the ones it lists, or when it cannot be written.
    pub fn append_entry(&mut self, space: &SpaceId, write: &EntryWrite) -> Result<u64, StoreError> {
        let sid = self.held(space)?;
        let hash = write.entry.hash();
        let held = sql::one(self.connection, "SELECT arrival FROM entry WHERE hash = ?1", [hash.as_bytes()], |row| row.get(0))?;
        if let Some(arrival) = held {
            return Ok(sql::unsigned(arrival));
        }
        check_changes(write)?;
        let chain = self.chain(sid, space, write)?;
        let entry = write.entry.entry();
        let arrival = self.next_arrival(sid)?;
        let items = i64::try_from(entry.items.len()).unwrap_or(i64::MAX);
        let size: usize = write.changes.iter().filter_map(|(_, change)| change.as_ref()).map(|change| change.bytes.len()).sum();
        let first = sql::one(self.connection, "SELECT coalesce(max(cid), 0) + 1 FROM change", [], |row| row.get(0))?.unwrap_or(1);
        let sql = "INSERT INTO entry (sid, fid, seq, arrival, hash, standing, invalid, items, items_so_far, size, first_cid, signed)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
        let invalid = write.invalid.as_deref().map_or("", |reason| if reason.is_empty() { "invalid" } else { reason });
        sql::run(
            self.connection,
            sql,
            (
                sid,
                chain.fid,
                sql::signed(entry.seq),
                arrival,
                hash.as_bytes(),
                standing_number(write.standing),
                invalid,
                items,
                chain.items_so_far.saturating_add(items),
                i64::try_from(size).unwrap_or(i64::MAX),
                first,
                sql::encode(&write.entry.to_signed())?,
            ),
        )?;
        let eid = self.connection.last_insert_rowid();
        if write.invalid.is_none() {
            self.add_changes(sid, chain.fid, eid, first, write)?;
        }
        if write.standing == Standing::Valid {
            let sql = "UPDATE feed SET valid_len = ?2, valid_hash = ?3 WHERE fid = ?1 AND valid_len < ?2";
            sql::run(self.connection, sql, (chain.fid, sql::signed(entry.seq), hash.as_bytes()))?;
        }
        Ok(sql::unsigned(arrival))
    }

    /// Remembers a feed of which no entry is held.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_feed(&mut self, space: &SpaceId, header: &FeedHeader) -> Result<(), StoreError> {
        let sid = self.held(space)?;
        self.add_feed(sid, header).map(drop)
    }

    /// A feed takes no more entries from this place on (R5).
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn freeze_feed(&mut self, space: &SpaceId, feed: &FeedId, at_seq: u64, reason: &str) -> Result<(), StoreError> {
        let sid = self.held(space)?;
        let sql = "UPDATE feed SET frozen_at = ?3, frozen_why = ?4 WHERE sid = ?1 AND id = ?2";
        sql::run(self.connection, sql, (sid, feed.as_bytes(), sql::signed(at_seq.max(1)), reason)).map(drop)
    }

    /// A freeze is judged again after an update: the feed may go on.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn thaw_feed(&mut self, space: &SpaceId, feed: &FeedId) -> Result<(), StoreError> {
        let sid = self.held(space)?;
        let sql = "UPDATE feed SET frozen_at = 0, frozen_why = '' WHERE sid = ?1 AND id = ?2";
        sql::run(self.connection, sql, (sid, feed.as_bytes())).map(drop)
    }

    fn next_arrival(&self, sid: i64) -> Result<i64, StoreError> {
        let sql = "UPDATE space SET arrivals = arrivals + 1 WHERE sid = ?1 RETURNING arrivals";
        sql::one(self.connection, sql, [sid], |row| row.get(0))?.ok_or_else(|| StoreError::Other("the space is not held here".into()))
    }

    /// The feed and what its entries list so far; stores the header when the feed is new.
    fn chain(&self, sid: i64, space: &SpaceId, write: &EntryWrite) -> Result<Chain, StoreError> {
        let entry = write.entry.entry();
        let refuse = |reason: &str| Err(StoreError::Other(format!("an entry cannot be stored: {reason}")));
        let held = "SELECT fid FROM feed WHERE sid = ?1 AND id = ?2";
        let fid = match sql::one(self.connection, held, (sid, entry.feed.as_bytes()), |row| row.get(0))? {
            Some(fid) => fid,
            None if write.header.space != *space || write.header.id() != entry.feed => return refuse("the header is of another feed"),
            None => self.add_feed(sid, &write.header)?,
        };
        let Some(prev) = entry.prev else {
            return if entry.seq == 1 { Ok(Chain { fid, items_so_far: 0 }) } else { refuse("it names no entry before it") };
        };
        let before = "SELECT seq, items_so_far FROM entry WHERE hash = ?1 AND fid = ?2";
        let before = sql::one(self.connection, before, (prev.as_bytes(), fid), |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
        match before {
            Some((seq, items_so_far)) if seq.saturating_add(1) == sql::signed(entry.seq) => Ok(Chain { fid, items_so_far }),
            Some(_) => refuse("it is not at the place after the entry before it"),
            None => refuse("the entry before it is not held"),
        }
    }

    fn add_feed(&self, sid: i64, header: &FeedHeader) -> Result<i64, StoreError> {
        let sql = "INSERT INTO feed (sid, id, actor, computer, header) VALUES (?1, ?2, ?3, ?4, ?5)";
        let id = header.id();
        sql::run(self.connection, sql, (sid, id.as_bytes(), header.actor(), header.computer.as_bytes(), sql::encode(header)?))?;
        Ok(self.connection.last_insert_rowid())
    }

    fn add_changes(&self, sid: i64, fid: i64, eid: i64, first: i64, write: &EntryWrite) -> Result<(), StoreError> {
        let accepted = write.standing == Standing::Valid;
        let mut cid = first;
        for (item, (doc, change)) in write.entry.entry().items.iter().zip(&write.changes) {
            let did = self.number(sid, doc)?;
            if self.add_change([cid, did, eid, fid], item.change.as_bytes(), change.as_ref(), accepted)? {
                cid = cid.saturating_add(1);
            } else if accepted {
                // Another entry brought it before, one that does not count.
                let sql = "UPDATE change SET accepted = 1 WHERE did = ?1 AND hash = ?2";
                sql::run(self.connection, sql, (did, item.change.as_bytes()))?;
            }
        }
        Ok(())
    }

    fn add_change(
        &self,
        [cid, did, eid, fid]: [i64; 4],
        hash: &[u8; 32],
        change: Option<&Change>,
        accepted: bool,
    ) -> Result<bool, StoreError> {
        let sql = "INSERT INTO change (cid, did, eid, fid, hash, accepted, seq, start_op, max_op, time, deps, packing, bytes)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT (did, hash) DO NOTHING";
        let added = match change {
            Some(change) => {
                let (packing, bytes) = packing::pack_change(&change.bytes);
                let deps = sql::join_hashes(change.deps.iter().map(|hash| hash.as_bytes()));
                let [seq, start_op, max_op] = [change.seq, change.start_op, change.max_op].map(sql::signed);
                let values = (cid, did, eid, fid, hash, accepted, seq, start_op, max_op, change.time, deps, packing, bytes.as_ref());
                sql::run(self.connection, sql, values)?
            }
            None => {
                let none: &[u8] = &[];
                sql::run(self.connection, sql, (cid, did, eid, fid, hash, accepted, 0, 0, 0, 0, none, ERASED, none))?
            }
        };
        Ok(added > 0)
    }
}

/// The changes beside an entry are the ones it lists.
fn check_changes(write: &EntryWrite) -> Result<(), StoreError> {
    let items = &write.entry.entry().items;
    let same = |(item, (doc, change)): (&tuttu_sync::feed::Item, &(DocumentId, Option<Change>))| {
        item.doc == *doc && change.as_ref().is_none_or(|change| change.hash == item.change)
    };
    if write.invalid.is_some() || (items.len() == write.changes.len() && items.iter().zip(&write.changes).all(same)) {
        return Ok(());
    }
    Err(StoreError::Other("an entry cannot be stored: its changes are not the ones it lists".into()))
}
