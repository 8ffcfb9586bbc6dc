//! Membership operations, fork proofs, feeds and entries.

use std::collections::BTreeMap;

use tuttu_model::{ActorId, ChangeHash, ComputerId, DocumentId, EntryHash, FeedId, SpaceId};
use tuttu_sync::feed::{FeedHeader, ForkProof, SignedEntry, Vector, VerifiedEntry};
use tuttu_sync::membership::SignedOp;
use tuttu_sync::verdict::{ChangeFacts, EntryFacts, Standing};

use super::Reader;
use super::stream::standing_of;
use crate::error::StoreError;
use crate::packing::ERASED;
use crate::rows::Noticed;
use crate::sql;

impl Reader<'_> {
    /// The membership operations of a space, parents first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn ops(&self, space: &SpaceId) -> Result<Vec<SignedOp>, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(Vec::new()) };
        sql::all(self.connection, "SELECT bytes FROM op WHERE sid = ?1 ORDER BY place", [sid], |row| {
            sql::decode(&row.get::<_, Vec<u8>>(0)?, "a membership operation")
        })
    }

    /// How many membership operations a space has. Operations are only ever added, so the number names the set within one database.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn op_count(&self, space: &SpaceId) -> Result<usize, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(0) };
        let counts = sql::all(self.connection, "SELECT count(*) FROM op WHERE sid = ?1", [sid], |row| Ok(row.get::<_, i64>(0)?))?;
        Ok(counts.first().and_then(|count| usize::try_from(*count).ok()).unwrap_or(0))
    }

    /// The fork proofs of a space, by their hash.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn proofs(&self, space: &SpaceId) -> Result<Vec<ForkProof>, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(Vec::new()) };
        sql::all(self.connection, "SELECT bytes FROM proof WHERE sid = ?1 ORDER BY hash", [sid], |row| {
            sql::decode(&row.get::<_, Vec<u8>>(0)?, "a fork proof")
        })
    }

    /// The headers of all feeds of a space.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn headers(&self, space: &SpaceId) -> Result<BTreeMap<FeedId, FeedHeader>, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(BTreeMap::new()) };
        let headers = sql::all(self.connection, "SELECT id, header FROM feed WHERE sid = ?1", [sid], |row| {
            Ok((FeedId(row.get(0)?), sql::decode(&row.get::<_, Vec<u8>>(1)?, "a feed header")?))
        })?;
        Ok(headers.into_iter().collect())
    }

    /// The header of one feed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn header(&self, space: &SpaceId, feed: &FeedId) -> Result<Option<FeedHeader>, StoreError> {
        let Some(fid) = self.fid(space, feed)? else { return Ok(None) };
        self.header_of(fid).map(Some)
    }

    pub(crate) fn header_of(&self, fid: i64) -> Result<FeedHeader, StoreError> {
        let bytes = sql::one(self.connection, "SELECT header FROM feed WHERE fid = ?1", [fid], |row| row.get::<_, Vec<u8>>(0))?;
        sql::decode(&bytes.unwrap_or_default(), "a feed header")
    }

    /// Valid held prefixes, feed by feed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn vector(&self, space: &SpaceId) -> Result<Vector, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(Vector::default()) };
        let sql = "SELECT id, valid_len, valid_hash FROM feed WHERE sid = ?1 AND valid_len > 0";
        let tips =
            sql::all(self.connection, sql, [sid], |row| Ok((FeedId(row.get(0)?), (sql::unsigned(row.get(1)?), EntryHash(row.get(2)?)))))?;
        Ok(Vector(tips.into_iter().collect()))
    }

    /// The newest entry held of each feed of a computer, valid or not (but not those that are invalid by themselves: their changes are not kept).
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn raw_tips(&self, space: &SpaceId, computer: &ComputerId) -> Result<Vector, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(Vector::default()) };
        let feeds = "SELECT fid, id FROM feed WHERE sid = ?1 AND computer = ?2";
        let feeds: Vec<(i64, FeedId)> =
            sql::all(self.connection, feeds, (sid, computer.as_bytes()), |row| Ok((row.get(0)?, FeedId(row.get(1)?))))?;
        let mut tips = Vector::default();
        for (fid, feed) in feeds {
            let newest = "SELECT seq, hash FROM entry WHERE fid = ?1 AND invalid = '' ORDER BY seq DESC, arrival LIMIT 1";
            let tip = sql::one(self.connection, newest, [fid], |row| Ok((sql::unsigned(row.get(0)?), EntryHash(row.get(1)?))))?;
            if let Some(tip) = tip {
                tips.0.insert(feed, tip);
            }
        }
        Ok(tips)
    }

    /// The valid entry of a feed at a place.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn entry_at(&self, space: &SpaceId, feed: &FeedId, seq: u64) -> Result<Option<EntryHash>, StoreError> {
        let Some(fid) = self.fid(space, feed)? else { return Ok(None) };
        let sql = "SELECT hash FROM entry WHERE fid = ?1 AND seq = ?2 AND standing = 0";
        sql::one(self.connection, sql, (fid, sql::signed(seq)), |row| row.get(0).map(EntryHash))
    }

    /// The entries of a feed at a place, in order of arrival, with where they stand.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn entries_at(&self, space: &SpaceId, feed: &FeedId, seq: u64) -> Result<Vec<(EntryHash, Standing)>, StoreError> {
        let Some(fid) = self.fid(space, feed)? else { return Ok(Vec::new()) };
        let sql = "SELECT hash, standing FROM entry WHERE fid = ?1 AND seq = ?2 ORDER BY arrival";
        let found: Vec<(EntryHash, i64)> =
            sql::all(self.connection, sql, (fid, sql::signed(seq)), |row| Ok((EntryHash(row.get(0)?), row.get(1)?)))?;
        found.into_iter().map(|(hash, number)| Ok((hash, standing_of(number)?))).collect()
    }

    /// Whether an entry is held, wherever it stands.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn has_entry(&self, space: &SpaceId, hash: &EntryHash) -> Result<bool, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(false) };
        let held = sql::one(self.connection, "SELECT sid FROM entry WHERE hash = ?1", [hash.as_bytes()], |row| row.get(0))?;
        Ok(held == Some(sid))
    }

    /// What the verdict needs to know of every entry, in order of arrival.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn entry_facts(&self, space: &SpaceId) -> Result<Vec<EntryFacts>, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(Vec::new()) };
        let sql = "SELECT hash, invalid <> '', signed FROM entry WHERE sid = ?1 ORDER BY arrival";
        sql::all(self.connection, sql, [sid], |row| {
            let Ok(signed) = signed_entry(row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?) else {
                return self.facts_without_bytes(space, EntryHash(row.get(0)?), row.get(1)?);
            };
            let verified = VerifiedEntry::from_store(signed);
            let entry = verified.entry();
            Ok(EntryFacts {
                hash: EntryHash(row.get(0)?),
                feed: entry.feed,
                seq: entry.seq,
                prev: entry.prev,
                items: entry.items.clone(),
                invalid: row.get(1)?,
            })
        })
    }

    /// What an entry said whose own bytes are damaged: it was verified when it came, and its columns and changes still tell.
    fn facts_without_bytes(&self, space: &SpaceId, hash: EntryHash, invalid: bool) -> Result<EntryFacts, StoreError> {
        self.notice(Noticed::Entry(*space, hash));
        let sql = "SELECT entry.eid, entry.fid, entry.seq, feed.id FROM entry JOIN feed USING (fid) WHERE entry.hash = ?1";
        let found = sql::one(self.connection, sql, [hash.as_bytes()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, FeedId(row.get(3)?)))
        })?;
        let (eid, fid, seq, feed) = found.ok_or_else(|| StoreError::Damaged("an entry is missing".into()))?;
        let before = "SELECT hash FROM entry WHERE fid = ?1 AND seq = ?2 ORDER BY standing, arrival LIMIT 1";
        let prev = sql::one(self.connection, before, (fid, seq - 1), |row| row.get(0).map(EntryHash))?;
        let items = "SELECT doc.id, change.hash FROM change JOIN doc USING (did) WHERE change.eid = ?1 ORDER BY change.cid";
        let items = sql::all(self.connection, items, [eid], |row| {
            Ok(tuttu_sync::feed::Item { doc: DocumentId(row.get(0)?), change: ChangeHash(row.get(1)?) })
        })?;
        Ok(EntryFacts { hash, feed, seq: sql::unsigned(seq), prev, items, invalid })
    }

    /// What the verdict needs to know of every change whose bytes were seen.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn change_facts(&self, space: &SpaceId) -> Result<BTreeMap<ChangeHash, ChangeFacts>, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(BTreeMap::new()) };
        let sql = "SELECT change.hash, doc.id, feed.id, change.seq, change.deps FROM doc JOIN change USING (did) JOIN feed USING (fid)
            WHERE doc.sid = ?1 AND NOT (change.packing = ?2 AND change.seq = 0)";
        let facts = sql::all(self.connection, sql, (sid, ERASED), |row| {
            let deps = sql::split_hashes(row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?)?;
            let facts = ChangeFacts {
                doc: DocumentId(row.get(1)?),
                feed: FeedId(row.get(2)?),
                seq: sql::unsigned(row.get(3)?),
                deps: deps.into_iter().map(ChangeHash).collect(),
            };
            Ok((ChangeHash(row.get(0)?), facts))
        })?;
        Ok(facts.into_iter().collect())
    }

    /// Feeds that froze (R5): the feed, the first place that does not count, and what was wrong there.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn frozen_feeds(&self, space: &SpaceId) -> Result<Vec<(FeedId, u64, String)>, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(Vec::new()) };
        let sql = "SELECT id, frozen_at, frozen_why FROM feed WHERE sid = ?1 AND frozen_at > 0 ORDER BY fid";
        sql::all(self.connection, sql, [sid], |row| Ok((FeedId(row.get(0)?), sql::unsigned(row.get(1)?), row.get(2)?)))
    }

    /// The feed of each computer that came here last.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn newest_feeds(&self, space: &SpaceId) -> Result<Vec<(FeedId, ComputerId)>, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(Vec::new()) };
        let sql = "SELECT id, computer, MAX(fid) FROM feed WHERE sid = ?1 GROUP BY computer";
        sql::all(self.connection, sql, [sid], |row| Ok((FeedId(row.get(0)?), ComputerId(row.get(1)?))))
    }

    /// Whose changes an Automerge actor makes, and in which space.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn author(&self, actor: &ActorId) -> Result<Option<(ComputerId, SpaceId)>, StoreError> {
        let sql = "SELECT feed.computer, space.id FROM feed JOIN space USING (sid) WHERE feed.actor = ?1 ORDER BY feed.fid LIMIT 1";
        sql::one(self.connection, sql, [actor], |row| Ok((ComputerId(row.get(0)?), SpaceId(row.get(1)?))))
    }
}

pub(super) fn signed_entry(bytes: &[u8]) -> Result<SignedEntry, StoreError> {
    sql::decode(bytes, "a feed entry")
}
