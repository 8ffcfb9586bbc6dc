//! Feed entries as they lie there, damaged or not: for `check`.

use tuttu_model::{EntryHash, FeedId, SpaceId};
use tuttu_sync::feed::{FeedHeader, SignedEntry};
use tuttu_sync::verdict::Standing;

use super::Reader;
use super::feed::signed_entry;
use super::stream::standing_of;
use crate::error::StoreError;
use crate::sql;

/// A feed entry as it lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRow {
    /// Its number in the order of arrival.
    pub arrival: u64,
    /// The feed it is filed under.
    pub feed: FeedId,
    /// Its place there.
    pub seq: u64,
    /// The hash it is filed under.
    pub hash: EntryHash,
    /// Where it stands.
    pub standing: Standing,
    /// Found invalid when it came: its changes are not kept.
    pub invalid: bool,
    /// Its own bytes are lost.
    pub lost: bool,
    /// The entry, or why it cannot be read.
    pub entry: Result<SignedEntry, String>,
}

/// A feed with what is noted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRow {
    /// Its id.
    pub id: FeedId,
    /// Its header, or why it cannot be read.
    pub header: Result<FeedHeader, String>,
    /// The noted valid prefix.
    pub valid: (u64, Option<EntryHash>),
}

impl Reader<'_> {
    /// Entries of a space in order of arrival, invalid and damaged ones too.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn stored_rows(&self, space: &SpaceId, after: u64, limit: u32) -> Result<Vec<StoredRow>, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(Vec::new()) };
        let sql = "SELECT entry.arrival, feed.id, entry.seq, entry.hash, entry.standing, entry.invalid <> '', entry.signed,
                EXISTS (SELECT 1 FROM lost WHERE lost.fid = entry.fid AND lost.seq = entry.seq AND lost.cid = 0)
            FROM entry JOIN feed USING (fid) WHERE entry.sid = ?1 AND entry.arrival > ?2 ORDER BY entry.arrival LIMIT ?3";
        sql::all(self.connection, sql, (sid, sql::signed(after), limit), |row| {
            Ok(StoredRow {
                arrival: sql::unsigned(row.get(0)?),
                feed: FeedId(row.get(1)?),
                seq: sql::unsigned(row.get(2)?),
                hash: EntryHash(row.get(3)?),
                standing: standing_of(row.get(4)?)?,
                invalid: row.get(5)?,
                entry: signed_entry(row.get_ref(6)?.as_blob().map_err(rusqlite::Error::from)?).map_err(|error| error.to_string()),
                lost: row.get(7)?,
            })
        })
    }

    /// The feeds of a space with what is noted of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn feed_rows(&self, space: &SpaceId) -> Result<Vec<FeedRow>, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(Vec::new()) };
        let sql = "SELECT id, header, valid_len, valid_hash FROM feed WHERE sid = ?1 ORDER BY fid";
        sql::all(self.connection, sql, [sid], |row| {
            let header = sql::decode(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?, "a feed header");
            let hash: Vec<u8> = row.get(3)?;
            Ok(FeedRow {
                id: FeedId(row.get(0)?),
                header: header.map_err(|error: StoreError| error.to_string()),
                valid: (sql::unsigned(row.get(2)?), <[u8; 32]>::try_from(hash).ok().map(EntryHash)),
            })
        })
    }

    /// Whether an entry's own bytes can be read, and are the entry it is filed as.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn entry_is_readable(&self, hash: &EntryHash) -> Result<bool, StoreError> {
        let signed =
            sql::one(self.connection, "SELECT signed FROM entry WHERE hash = ?1", [hash.as_bytes()], |row| row.get::<_, Vec<u8>>(0))?;
        Ok(signed.is_none_or(|signed| signed_entry(&signed).is_ok_and(|entry| entry.hash() == *hash)))
    }

    /// Whether a change that an entry lists is held, with or without its bytes.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn has_change(&self, space: &SpaceId, item: &tuttu_sync::feed::Item) -> Result<bool, StoreError> {
        let Some(did) = self.did(space, &item.doc)? else { return Ok(false) };
        let sql = "SELECT 1 FROM change WHERE did = ?1 AND hash = ?2";
        Ok(sql::one(self.connection, sql, (did, item.change.as_bytes()), |_| Ok(()))?.is_some())
    }
}
