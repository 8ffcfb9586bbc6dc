//! A new verdict over a space: which entries are valid and which changes count.

use std::collections::BTreeSet;

use tuttu_model::{ChangeHash, DocumentId, EntryHash, FeedId, SpaceId};
use tuttu_sync::verdict::Verdict;

use super::Tx;
use crate::error::StoreError;
use crate::reader::stream::standing_number;
use crate::sql;

impl Tx<'_> {
    /// Carries out a verdict. Gives the documents whose accepted changes are others now: their records must be rebuilt and put (or removed, where
    /// no accepted change is left).
    ///
    /// # Errors
    /// When the space is not held, or it cannot be written.
    pub fn apply_verdict(&mut self, space: &SpaceId, verdict: &Verdict) -> Result<Vec<DocumentId>, StoreError> {
        let sid = self.held(space)?;
        self.move_entries(sid, verdict)?;
        self.move_tips(sid, verdict)?;
        let touched = self.accept(sid, verdict)?;
        let mut documents = Vec::with_capacity(touched.len());
        for did in touched {
            // The snapshot may hold what does not count any more.
            sql::run(self.connection, "UPDATE doc SET snapshot = x'', snapshot_cid = 0 WHERE did = ?1", [did])?;
            documents.push(self.doc_id(did)?.1);
        }
        Ok(documents)
    }

    /// Nothing in a space was ever ended, cut, forked or frozen: everything held counts. Says whether anything differed; what [`Tx::apply_verdict`]
    /// would do, without looking at more than what differs.
    ///
    /// # Errors
    /// When the space is not held, or it cannot be written.
    pub fn accept_everything(&mut self, space: &SpaceId) -> Result<bool, StoreError> {
        let sid = self.held(space)?;
        let mut differed = sql::run(self.connection, "UPDATE entry SET standing = 0 WHERE sid = ?1 AND standing <> 0", [sid])?;
        let changes = "UPDATE change SET accepted = 1 WHERE accepted = 0 AND fid IN (SELECT fid FROM feed WHERE sid = ?1)";
        differed += sql::run(self.connection, changes, [sid])?;
        let tips = "UPDATE feed SET valid_len = tip.seq, valid_hash = tip.hash FROM
            (SELECT fid, max(seq) AS seq, hash FROM entry WHERE sid = ?1 AND invalid = '' GROUP BY fid) AS tip
            WHERE tip.fid = feed.fid AND (valid_len <> tip.seq OR valid_hash <> tip.hash)";
        differed += sql::run(self.connection, tips, [sid])?;
        Ok(differed > 0)
    }

    fn move_entries(&self, sid: i64, verdict: &Verdict) -> Result<(), StoreError> {
        let held = sql::all(self.connection, "SELECT eid, hash, standing FROM entry WHERE sid = ?1", [sid], |row| {
            Ok((row.get::<_, i64>(0)?, EntryHash(row.get(1)?), row.get::<_, i64>(2)?))
        })?;
        for (eid, hash, before) in held {
            if let Some(now) = verdict.standing.get(&hash).map(|standing| standing_number(*standing))
                && now != before
            {
                sql::run(self.connection, "UPDATE entry SET standing = ?2 WHERE eid = ?1", (eid, now))?;
            }
        }
        Ok(())
    }

    fn move_tips(&self, sid: i64, verdict: &Verdict) -> Result<(), StoreError> {
        let feeds = sql::all(self.connection, "SELECT fid, id FROM feed WHERE sid = ?1", [sid], |row| {
            Ok((row.get::<_, i64>(0)?, FeedId(row.get(1)?)))
        })?;
        for (fid, feed) in feeds {
            let (length, hash) = match verdict.vector.0.get(&feed) {
                Some((length, hash)) => (sql::signed(*length), hash.as_bytes().as_slice()),
                None => (0, [].as_slice()),
            };
            let sql = "UPDATE feed SET valid_len = ?2, valid_hash = ?3 WHERE fid = ?1 AND (valid_len <> ?2 OR valid_hash <> ?3)";
            sql::run(self.connection, sql, (fid, length, hash))?;
        }
        Ok(())
    }

    fn accept(&self, sid: i64, verdict: &Verdict) -> Result<BTreeSet<i64>, StoreError> {
        let sql = "SELECT change.cid, change.did, change.hash, change.accepted FROM doc JOIN change USING (did) WHERE doc.sid = ?1";
        let changes = sql::all(self.connection, sql, [sid], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, ChangeHash(row.get(2)?), row.get::<_, bool>(3)?))
        })?;
        let mut touched = BTreeSet::new();
        for (cid, did, hash, before) in changes {
            let now = verdict.accepted.contains(&hash);
            if now != before {
                sql::run(self.connection, "UPDATE change SET accepted = ?2 WHERE cid = ?1", (cid, now))?;
                touched.insert(did);
            }
        }
        Ok(touched)
    }
}
