//! What another computer lacks, in our order of arrival.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use tuttu_model::{DocumentId, EntryHash, FeedId, SpaceId};
use tuttu_sync::feed::{FeedHeader, Item, Vector, VerifiedEntry};
use tuttu_sync::replica::StoredEntry;
use tuttu_sync::verdict::Standing;

use super::Reader;
use super::feed::signed_entry;
use crate::error::StoreError;
use crate::rows::Noticed;
use crate::{packing, sql};

/// Entries of one feed looked up at a time while merging.
const AHEAD: i64 = 32;

/// An entry's place in the order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    arrival: i64,
    eid: i64,
    size: i64,
}

/// One feed's entries beyond what the reader has, a few at a time.
#[derive(Debug)]
struct Cursor {
    fid: i64,
    skip: i64,
    after: i64,
    ahead: VecDeque<Place>,
    ended: bool,
}

impl Reader<'_> {
    /// Entries that arrived after `after`, in order of arrival; those of feeds in `skip` up to and including the given seq are left out, and so are
    /// entries that are invalid by themselves. At most `limit` entries and about `max_bytes` bytes of changes, but at least one entry.
    /// Costs as much as what it returns and the number of feeds, however much is left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn stream(
        &self,
        space: &SpaceId,
        after: u64,
        skip: &Vector,
        limit: usize,
        max_bytes: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(Vec::new()) };
        let places = self.places(sid, sql::signed(after), skip, limit, i64::try_from(max_bytes).unwrap_or(i64::MAX))?;
        let mut entries = Vec::with_capacity(places.len());
        for place in places {
            match self.stored_entry(place.eid) {
                Ok((entry, _)) => entries.push(entry),
                // What is damaged is not passed on, nor what came after it: that may rest on it.
                Err(StoreError::Damaged(_)) => {
                    self.notice_entry(space, place.eid)?;
                    break;
                }
                Err(other) => return Err(other),
            }
        }
        Ok(entries)
    }

    /// An entry with its changes, and its feed's header.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn entry_by_hash(&self, hash: &EntryHash) -> Result<Option<(StoredEntry, FeedHeader)>, StoreError> {
        let eid = sql::one(self.connection, "SELECT eid FROM entry WHERE hash = ?1", [hash.as_bytes()], |row| row.get(0))?;
        let Some(eid) = eid else { return Ok(None) };
        match self.stored_entry(eid) {
            Ok((entry, fid)) => Ok(Some((entry, self.header_of(fid)?))),
            Err(StoreError::Damaged(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }

    fn notice_entry(&self, space: &SpaceId, eid: i64) -> Result<(), StoreError> {
        let hash = sql::one(self.connection, "SELECT hash FROM entry WHERE eid = ?1", [eid], |row| row.get(0).map(EntryHash))?;
        hash.into_iter().for_each(|hash| self.notice(Noticed::Entry(*space, hash)));
        Ok(())
    }

    fn places(&self, sid: i64, after: i64, skip: &Vector, limit: usize, max_bytes: i64) -> Result<Vec<Place>, StoreError> {
        let mut cursors = self.cursors(sid, after, skip)?;
        let mut heap: BinaryHeap<Reverse<(Place, usize)>> = BinaryHeap::new();
        for (at, cursor) in cursors.iter_mut().enumerate() {
            heap.extend(self.advance(cursor)?.map(|place| Reverse((place, at))));
        }
        let mut places = Vec::new();
        let bound = self.held_back(sid, skip)?;
        let mut bytes = 0;
        while let Some(Reverse((place, at))) = heap.pop() {
            if place.arrival >= bound || places.len() >= limit || (!places.is_empty() && bytes + place.size > max_bytes) {
                break;
            }
            bytes += place.size;
            places.push(place);
            if let Some(cursor) = cursors.get_mut(at) {
                heap.extend(self.advance(cursor)?.map(|place| Reverse((place, at))));
            }
        }
        Ok(places)
    }

    /// A cursor for every feed that has something newer than `after` and beyond `skip`, set to where that begins.
    fn cursors(&self, sid: i64, after: i64, skip: &Vector) -> Result<Vec<Cursor>, StoreError> {
        let feeds: Vec<(i64, FeedId)> =
            sql::all(self.connection, "SELECT fid, id FROM feed WHERE sid = ?1", [sid], |row| Ok((row.get(0)?, FeedId(row.get(1)?))))?;
        let mut cursors = Vec::new();
        for (fid, feed) in feeds {
            let skip = skip.0.get(&feed).map_or(0, |(length, _)| sql::signed(*length));
            // An entry is stored after its predecessor: beyond `skip` nothing arrived before the first entry at the next place.
            let first = "SELECT min(arrival) FROM entry WHERE fid = ?1 AND seq = ?2";
            let first = sql::one(self.connection, first, (fid, skip.saturating_add(1)), |row| row.get::<_, Option<i64>>(0))?.flatten();
            if let Some(first) = first {
                cursors.push(Cursor { fid, skip, after: after.max(first - 1), ahead: VecDeque::new(), ended: false });
            }
        }
        Ok(cursors)
    }

    fn advance(&self, cursor: &mut Cursor) -> Result<Option<Place>, StoreError> {
        if cursor.ahead.is_empty() && !cursor.ended {
            let sql =
                "SELECT arrival, eid, size FROM entry INDEXED BY entry_feed WHERE fid = ?1 AND arrival > ?2 AND seq > ?3 AND invalid = ''
                ORDER BY arrival LIMIT ?4";
            let found = sql::all(self.connection, sql, (cursor.fid, cursor.after, cursor.skip, AHEAD), |row| {
                Ok(Place { arrival: row.get(0)?, eid: row.get(1)?, size: row.get(2)? })
            })?;
            cursor.ended = i64::try_from(found.len()).unwrap_or(AHEAD) < AHEAD;
            cursor.after = found.last().map_or(cursor.after, |place| place.arrival);
            cursor.ahead = found.into();
        }
        Ok(cursor.ahead.pop_front())
    }

    fn stored_entry(&self, eid: i64) -> Result<(StoredEntry, i64), StoreError> {
        let sql = "SELECT arrival, standing, first_cid, items, sid, fid, signed FROM entry WHERE eid = ?1";
        let found = sql::one(self.connection, sql, [eid], |row| {
            let numbers: [i64; 6] = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
            Ok((numbers, row.get::<_, Vec<u8>>(6)?))
        })?;
        let ([arrival, standing, first, count, sid, fid], signed) =
            found.ok_or_else(|| StoreError::Damaged(format!("entry number {eid} is missing")))?;
        let verified = VerifiedEntry::from_store(signed_entry(&signed)?);
        let changes = self.change_bytes(eid, sid, first, count, &verified.entry().items)?;
        let entry = StoredEntry { arrival: sql::unsigned(arrival), entry: verified.to_signed(), standing: standing_of(standing)?, changes };
        Ok((entry, fid))
    }

    /// The bytes of an entry's changes. They lie one after the other, except those that another entry brought first.
    fn change_bytes(&self, eid: i64, sid: i64, first: i64, count: i64, items: &[Item]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let sql = "SELECT doc.id, change.hash, change.packing, change.bytes FROM change JOIN doc USING (did)
            WHERE cid >= ?1 AND cid < ?2 AND eid = ?3 ORDER BY cid";
        let rows: Vec<(Item, Option<Vec<u8>>)> = sql::all(self.connection, sql, (first, first.saturating_add(count), eid), |row| {
            let item = Item { doc: DocumentId(row.get(0)?), change: tuttu_model::ChangeHash(row.get(1)?) };
            let bytes = row.get_ref(3)?.as_blob().map_err(rusqlite::Error::from)?;
            Ok((item, packing::unpack_change(row.get(2)?, bytes)?))
        })?;
        let mut rows = rows.into_iter().peekable();
        items
            .iter()
            .map(|item| match rows.next_if(|(next, _)| next == item) {
                Some((_, bytes)) => Ok(bytes),
                None => self.bytes_of(sid, item),
            })
            .collect()
    }

    fn bytes_of(&self, sid: i64, item: &Item) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT packing, bytes FROM change WHERE did = (SELECT did FROM doc WHERE sid = ?1 AND id = ?2) AND hash = ?3";
        let found = sql::one(self.connection, sql, (sid, item.doc.0, item.change.as_bytes()), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        })?;
        found.map_or(Ok(None), |(packing, bytes)| packing::unpack_change(packing, &bytes))
    }
}

/// The number of a standing in its column.
pub(crate) fn standing_number(standing: Standing) -> i64 {
    match standing {
        Standing::Valid => 0,
        Standing::Evidence => 1,
        Standing::Tray => 2,
    }
}

/// The way back of [`standing_number`].
pub(crate) fn standing_of(number: i64) -> Result<Standing, StoreError> {
    match number {
        0 => Ok(Standing::Valid),
        1 => Ok(Standing::Evidence),
        2 => Ok(Standing::Tray),
        other => Err(StoreError::Damaged(format!("an entry stands at {other}"))),
    }
}
