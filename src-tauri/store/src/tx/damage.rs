//! Damage is set aside with its bytes, and healed when the same bytes come again.

use tuttu_model::{Change, ChangeHash, DocumentId, EntryHash, SpaceId};
use tuttu_sync::feed::VerifiedEntry;

use super::Tx;
use crate::error::StoreError;
use crate::packing::{self, ERASED};
use crate::rows::DamageWrite;
use crate::salvage::nameless;
use crate::sql;

impl Tx<'_> {
    /// Writes down what is damaged, with its bytes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_damage(&mut self, write: &DamageWrite) -> Result<(), StoreError> {
        let sid = match &write.space {
            Some(space) => self.sid(space)?.unwrap_or(0),
            None => 0,
        };
        let doc: &[u8] = write.doc.as_ref().map_or(&[], |doc| &doc.0);
        let hash: &[u8] = write.hash.as_ref().map_or(&[], |hash| hash);
        let sql = "INSERT INTO damage (at, what, sid, doc, hash, why, kept) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        sql::run(self.connection, sql, (write.at, write.what, sid, doc, hash, &write.why, &write.kept)).map(drop)
    }

    /// Takes the bytes of a change, which cannot be read, out of the way: they go to the damage, the place in the feed counts as lost, and this
    /// computer begins a new feed in the space, because it may not know its own last change any more. `false` when that was done before.
    ///
    /// # Errors
    /// When the change is not held, or it cannot be written.
    pub fn set_change_aside(
        &mut self,
        space: &SpaceId,
        doc: &DocumentId,
        hash: &ChangeHash,
        why: &str,
        at: i64,
    ) -> Result<bool, StoreError> {
        let Some(did) = self.did(space, doc)? else { return Ok(false) };
        let sql =
            "SELECT change.cid, entry.fid, entry.seq, change.bytes FROM change JOIN entry USING (eid) WHERE did = ?1 AND change.hash = ?2";
        let found = sql::one(self.connection, sql, (did, hash.as_bytes()), |row| {
            Ok(([row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?], row.get::<_, Vec<u8>>(3)?))
        })?;
        let Some(([cid, fid, seq], kept)) = found else { return Err(StoreError::Other("there is no such change".into())) };
        let lost = "INSERT INTO lost (fid, seq, cid) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        if sql::run(self.connection, lost, (fid, seq, cid))? == 0 {
            return Ok(false);
        }
        let (space_id, doc_id) = (Some(*space), Some(*doc));
        self.put_damage(&DamageWrite { at, what: "change", space: space_id, doc: doc_id, hash: Some(hash.0), why: why.to_owned(), kept })?;
        sql::run(self.connection, "UPDATE change SET packing = ?2, bytes = x'' WHERE cid = ?1", (cid, ERASED))?;
        sql::run(self.connection, "UPDATE doc SET snapshot = x'', snapshot_cid = 0 WHERE did = ?1", [did])?;
        self.set_own_feed(space, None)?;
        Ok(true)
    }

    /// The same for an entry whose own bytes cannot be read. Its changes stay.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_entry_aside(&mut self, space: &SpaceId, hash: &EntryHash, why: &str, at: i64) -> Result<bool, StoreError> {
        let sql = "SELECT eid, fid, seq, signed FROM entry WHERE hash = ?1";
        let found = sql::one(self.connection, sql, [hash.as_bytes()], |row| {
            Ok(([row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?], row.get::<_, Vec<u8>>(3)?))
        })?;
        let Some(([eid, fid, seq], kept)) = found else { return Err(StoreError::Other("there is no such entry".into())) };
        let lost = "INSERT INTO lost (fid, seq, cid) VALUES (?1, ?2, 0) ON CONFLICT DO NOTHING";
        if sql::run(self.connection, lost, (fid, seq))? == 0 {
            return Ok(false);
        }
        self.put_damage(&DamageWrite { at, what: "entry", space: Some(*space), doc: None, hash: Some(hash.0), why: why.to_owned(), kept })?;
        sql::run(self.connection, "UPDATE entry SET signed = x'' WHERE eid = ?1", [eid])?;
        self.set_own_feed(space, None)?;
        Ok(true)
    }

    /// Keeps what is shown of a record and cannot be read, before it is made again from the changes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_view_aside(&mut self, space: &SpaceId, doc: &DocumentId, why: &str, at: i64) -> Result<(), StoreError> {
        let Some(did) = self.did(space, doc)? else { return Ok(()) };
        let kept = sql::one(self.connection, "SELECT view FROM record WHERE did = ?1", [did], |row| row.get::<_, Vec<u8>>(0))?;
        let Some(kept) = kept else { return Ok(()) };
        let (space_id, doc_id) = (Some(*space), Some(*doc));
        self.put_damage(&DamageWrite { at, what: "view", space: space_id, doc: doc_id, hash: None, why: why.to_owned(), kept })
    }

    /// An entry came again, verified, of which something is lost here: its bytes take their places. Changes beside it that are not given stay lost.
    /// Gives the documents that have bytes again.
    ///
    /// # Errors
    /// When the entry is not held, or it cannot be written.
    pub fn heal_entry(
        &mut self,
        space: &SpaceId,
        entry: &VerifiedEntry,
        changes: &[(DocumentId, Change)],
        at: i64,
    ) -> Result<Vec<DocumentId>, StoreError> {
        let hash = entry.hash();
        if let Some(fid) = self.fid(space, &entry.entry().feed)? {
            // It had no name; from here on it has.
            let place = nameless(fid, sql::signed(entry.entry().seq));
            sql::run(self.connection, "UPDATE entry SET hash = ?2 WHERE hash = ?1", (place, hash.as_bytes()))?;
        }
        let sql = "SELECT eid, fid, seq FROM entry WHERE hash = ?1";
        let found = sql::one(self.connection, sql, [hash.as_bytes()], |row| Ok([row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?]))?;
        let Some([eid, fid, seq]) = found else { return Err(StoreError::Other("there is no such entry".into())) };
        let gone = "DELETE FROM lost WHERE fid = ?1 AND seq = ?2 AND cid = ?3";
        if sql::run(self.connection, gone, (fid, seq, 0))? > 0 {
            sql::run(self.connection, "UPDATE entry SET signed = ?2 WHERE eid = ?1", (eid, sql::encode(&entry.to_signed())?))?;
            sql::run(self.connection, "UPDATE damage SET healed = ?2 WHERE hash = ?1 AND healed = 0", (hash.as_bytes(), at))?;
        }
        let mut healed = Vec::new();
        for (doc, change) in changes {
            let sid = self.held(space)?;
            let did = self.number(sid, doc)?;
            let cid = "SELECT cid FROM change WHERE did = ?1 AND hash = ?2";
            let cid = sql::one(self.connection, cid, (did, change.hash.as_bytes()), |row| row.get::<_, i64>(0))?;
            let Some(cid) = cid else {
                healed.extend(self.put_missing([did, eid, fid], change)?.then_some(*doc));
                continue;
            };
            if sql::run(self.connection, gone, (fid, seq, cid))? == 0 {
                continue;
            }
            self.put_bytes(cid, change)?;
            let sql = "UPDATE damage SET healed = ?2 WHERE hash = ?1 AND healed = 0";
            sql::run(self.connection, sql, (change.hash.as_bytes(), at))?;
            healed.push(*doc);
        }
        Ok(healed)
    }

    /// A change that an entry lists and that is not here at all, not even by name.
    fn put_missing(&self, [did, eid, fid]: [i64; 3], change: &Change) -> Result<bool, StoreError> {
        let sql = "INSERT INTO change (did, eid, fid, hash, accepted, seq, start_op, max_op, time, deps, packing, bytes)
            SELECT ?1, ?2, ?3, ?4, standing = 0, 0, 0, 0, 0, x'', ?5, x'' FROM entry WHERE eid = ?2";
        if sql::run(self.connection, sql, (did, eid, fid, change.hash.as_bytes(), ERASED))? == 0 {
            return Ok(false);
        }
        self.put_bytes(self.connection.last_insert_rowid(), change).map(|()| true)
    }

    /// The bytes of a change were found elsewhere in this vault (a snapshot holds every change).
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn mend_change(&mut self, space: &SpaceId, doc: &DocumentId, change: &Change) -> Result<(), StoreError> {
        let Some(did) = self.did(space, doc)? else { return Ok(()) };
        let sql = "SELECT cid FROM change WHERE did = ?1 AND hash = ?2";
        let cid = sql::one(self.connection, sql, (did, change.hash.as_bytes()), |row| row.get::<_, i64>(0))?;
        cid.map_or(Ok(()), |cid| self.put_bytes(cid, change))
    }

    /// What was damaged of a record besides its changes , its view, was made again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn views_healed(&mut self, space: &SpaceId, doc: &DocumentId, at: i64) -> Result<(), StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(()) };
        let sql = "UPDATE damage SET healed = ?3 WHERE sid = ?1 AND doc = ?2 AND healed = 0 AND what = 'view'";
        sql::run(self.connection, sql, (sid, doc.0, at)).map(drop)
    }

    fn put_bytes(&self, cid: i64, change: &Change) -> Result<(), StoreError> {
        let (packing, bytes) = packing::pack_change(&change.bytes);
        let deps = sql::join_hashes(change.deps.iter().map(|hash| hash.as_bytes()));
        let [seq, start_op, max_op] = [change.seq, change.start_op, change.max_op].map(sql::signed);
        // The numbers too: where the whole row was gone they were not known.
        let sql = "UPDATE change SET packing = ?2, bytes = ?3, seq = ?4, start_op = ?5, max_op = ?6, time = ?7, deps = ?8 WHERE cid = ?1";
        sql::run(self.connection, sql, (cid, packing, bytes.as_ref(), seq, start_op, max_op, change.time, deps)).map(drop)
    }
}
