//! Rows that refer to each other are tied together again, and what is missing between them is written down as lost.

use rusqlite::Connection;
use tuttu_model::EntryHash;
use tuttu_sync::feed::{SignedEntry, VerifiedEntry};

use super::Missing;
use crate::error::StoreError;
use crate::packing::ERASED;
use crate::sql;

/// Every row stands on rows that are there, or goes (the damaged file keeps it); every entry and change that should be there is, be it without bytes.
pub(super) fn tie(new: &Connection, missing: &mut Missing) -> Result<(), StoreError> {
    for (what, sql) in [
        ("feeds of spaces that are gone", "DELETE FROM feed WHERE sid NOT IN (SELECT sid FROM space)"),
        ("entries of feeds that are gone", "DELETE FROM entry WHERE fid NOT IN (SELECT fid FROM feed)"),
        ("changes of feeds that are gone", "DELETE FROM change WHERE fid NOT IN (SELECT fid FROM feed)"),
        ("records of spaces that are gone", "DELETE FROM doc WHERE sid NOT IN (SELECT sid FROM space)"),
    ] {
        count(new, missing, what, sql)?;
    }
    // What refers to the snapshot of the old file would be a guess here.
    new.execute_batch("UPDATE doc SET snapshot = x'', snapshot_cid = 0 WHERE snapshot_cid <> 0 OR snapshot <> x''")?;
    missing_entries(new, missing)?;
    listed_changes(new, missing)?;
    for (what, sql) in [
        ("changes of entries that are gone", "DELETE FROM change WHERE eid NOT IN (SELECT eid FROM entry)"),
        ("changes of records that are gone", "DELETE FROM change WHERE did NOT IN (SELECT did FROM doc)"),
        (
            "steps that could be taken back",
            "DELETE FROM operation_change WHERE did NOT IN (SELECT did FROM doc) OR n NOT IN (SELECT n FROM operation)",
        ),
        ("acknowledgements", "DELETE FROM ack WHERE sid NOT IN (SELECT sid FROM space)"),
        ("invitations", "DELETE FROM invitation WHERE sid NOT IN (SELECT sid FROM space)"),
        ("membership operations", "DELETE FROM op WHERE sid NOT IN (SELECT sid FROM space)"),
        ("fork proofs", "DELETE FROM proof WHERE sid NOT IN (SELECT sid FROM space)"),
        ("places in feeds that are gone", "DELETE FROM lost WHERE fid NOT IN (SELECT fid FROM feed)"),
        ("marks of news", "DELETE FROM unseen WHERE did NOT IN (SELECT did FROM doc)"),
    ] {
        count(new, missing, what, sql)?;
    }
    // A feed is held up to its last entry that is here.
    new.execute_batch(
        "UPDATE feed SET valid_len = coalesce((SELECT max(seq) FROM entry WHERE entry.fid = feed.fid AND standing = 0), 0) WHERE valid_len > 0;
         UPDATE feed SET valid_hash = coalesce((SELECT hash FROM entry WHERE entry.fid = feed.fid AND standing = 0 AND seq = valid_len), x'');
         UPDATE space SET arrivals = max(arrivals, coalesce((SELECT max(arrival) FROM entry WHERE entry.sid = space.sid), 0)), own_feed = x''",
    )?;
    Ok(())
}

fn count(new: &Connection, missing: &mut Missing, what: &str, sql: &str) -> Result<(), StoreError> {
    let rows = sql::run(new, sql, [])?;
    if rows > 0 {
        missing.say(format!("{rows} {what}"));
    }
    Ok(())
}

/// Entries before which one is missing: the missing one gets a row without bytes, named as the next one names it. Where several in a row are
/// missing only the last has a name; the others come in again like new ones.
fn missing_entries(new: &Connection, missing: &mut Missing) -> Result<(), StoreError> {
    let sql = "SELECT eid, fid, sid, seq, arrival, items, items_so_far, standing, signed FROM entry AS after WHERE seq > 1
        AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.fid = after.fid AND entry.seq = after.seq - 1) ORDER BY fid, seq DESC";
    let gaps = sql::all(new, sql, [], |row| {
        let numbers: [i64; 8] = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?];
        Ok((numbers, row.get::<_, Vec<u8>>(8)?))
    })?;
    for ([eid, fid, sid, seq, arrival, items, items_so_far, standing], signed) in gaps {
        let before = "SELECT max(seq), coalesce(max(items_so_far), 0), coalesce(max(eid), 0) FROM entry WHERE fid = ?1 AND seq < ?2";
        let (held, so_far, held_eid) = sql::one(new, before, (fid, seq), |row| {
            Ok((row.get::<_, Option<i64>>(0)?.unwrap_or(0), row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        })?
        .unwrap_or_default();
        for place in held + 1..seq {
            sql::run(new, "INSERT INTO lost (fid, seq, cid) VALUES (?1, ?2, 0) ON CONFLICT DO NOTHING", (fid, place))?;
        }
        missing.say(format!("{} entries of a feed, before its number {seq}", seq - held - 1));
        let Some(prev) = previous(&signed) else { continue };
        // The changes it brought bear the number of its row: known when exactly one such number is left over.
        let orphans = "SELECT DISTINCT eid FROM change WHERE fid = ?1 AND eid > ?2 AND eid < ?3 AND eid NOT IN (SELECT eid FROM entry)";
        let orphans: Vec<i64> = sql::all(new, orphans, (fid, held_eid, eid), |row| Ok(row.get(0)?))?;
        let its_eid = match orphans.as_slice() {
            [only] if seq - held == 2 => *only,
            _ => {
                let free = "SELECT max(coalesce((SELECT max(eid) FROM entry), 0), coalesce((SELECT max(eid) FROM change), 0)) + 1";
                sql::one(new, free, [], |row| row.get(0))?.unwrap_or(1)
            }
        };
        let its_items = (items_so_far - items - so_far).max(0);
        let size = "SELECT coalesce(sum(length(bytes)), 0), coalesce(min(cid), 1) FROM change WHERE eid = ?1";
        let (size, first) = sql::one(new, size, [its_eid], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?.unwrap_or((0, 1));
        let sql = "INSERT INTO entry (eid, sid, fid, seq, arrival, hash, standing, items, items_so_far, size, first_cid, signed)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, x'')";
        let its_arrival = free_arrival(new, sid, arrival)?;
        let values = (its_eid, sid, fid, seq - 1, its_arrival, prev.as_bytes(), standing, its_items, so_far + its_items, size, first);
        sql::run(new, sql, values)?;
    }
    Ok(())
}

/// Each change that an entry lists has a row, and a record.
fn listed_changes(new: &Connection, missing: &mut Missing) -> Result<(), StoreError> {
    let mut gone: u64 = 0;
    let mut after = 0;
    loop {
        let sql = "SELECT eid, sid, fid, seq, standing, signed FROM entry WHERE eid > ?1 AND invalid = '' ORDER BY eid LIMIT 500";
        let entries = sql::all(new, sql, [after], |row| {
            let numbers: [i64; 5] = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
            Ok((numbers, row.get::<_, Vec<u8>>(5)?))
        })?;
        let Some((numbers, _)) = entries.last() else { break };
        after = numbers[0];
        for (numbers, signed) in &entries {
            gone += tie_entry(new, *numbers, signed)?;
        }
    }
    if gone > 0 {
        missing.say(format!("the bytes of {gone} changes"));
    }
    Ok(())
}

fn tie_entry(new: &Connection, [eid, sid, fid, seq, standing]: [i64; 5], signed: &[u8]) -> Result<u64, StoreError> {
    let Ok(signed) = sql::decode::<SignedEntry>(signed, "a feed entry") else { return Ok(0) };
    let verified = VerifiedEntry::from_store(signed);
    let mut gone = 0;
    for item in &verified.entry().items {
        let doc = sql::one(new, "SELECT did FROM doc WHERE sid = ?1 AND id = ?2", (sid, item.doc.0), |row| row.get::<_, i64>(0))?;
        let hash = item.change.as_bytes();
        if let Some(did) = doc
            && sql::one(new, "SELECT 1 FROM change WHERE did = ?1 AND hash = ?2", (did, hash), |_| Ok(()))?.is_some()
        {
            continue;
        }
        // The record's row is gone, but not this change of it: it tells the number.
        let number = "SELECT did FROM change WHERE hash = ?1 AND fid = ?2 AND did NOT IN (SELECT did FROM doc)";
        let orphan = sql::one(new, number, (hash, fid), |row| row.get::<_, i64>(0))?;
        if let Some(did) = orphan
            && doc.is_none()
        {
            sql::run(new, "INSERT INTO doc (did, sid, id) VALUES (?1, ?2, ?3)", (did, sid, item.doc.0))?;
            continue;
        }
        let did = match doc {
            Some(did) => did,
            None => {
                // Not the number of a record whose row is gone and whose changes are not come by yet.
                let free = "SELECT max(coalesce((SELECT max(did) FROM doc), 0), coalesce((SELECT max(did) FROM change), 0)) + 1";
                let did = sql::one(new, free, [], |row| row.get::<_, i64>(0))?.unwrap_or(1);
                sql::run(new, "INSERT INTO doc (did, sid, id) VALUES (?1, ?2, ?3)", (did, sid, item.doc.0))?;
                did
            }
        };
        let sql = "INSERT INTO change (did, eid, fid, hash, accepted, seq, start_op, max_op, time, deps, packing, bytes)
            VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, 0, 0, x'', ?6, x'')";
        sql::run(new, sql, (did, eid, fid, hash, standing == 0, ERASED))?;
        let lost = "INSERT INTO lost (fid, seq, cid) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        sql::run(new, lost, (fid, seq, new.last_insert_rowid()))?;
        let damage = "INSERT INTO damage (at, what, sid, doc, hash, why, kept) VALUES (unixepoch(), 'change', ?1, ?2, ?3, ?4, x'')";
        sql::run(
            new,
            damage,
            (sid, item.doc.0, hash, "it lay in a damaged part of the database file, which is kept in the folder “damage”"),
        )?;
        gone += 1;
    }
    Ok(gone)
}

fn previous(signed: &[u8]) -> Option<EntryHash> {
    sql::decode::<SignedEntry>(signed, "a feed entry").ok()?.claimed_prev()
}

/// The number just below that nobody has, else one at the end.
fn free_arrival(new: &Connection, sid: i64, below: i64) -> Result<i64, StoreError> {
    let taken = "SELECT 1 FROM entry WHERE sid = ?1 AND arrival = ?2";
    let before = below - 1;
    if before >= 1 && sql::one(new, taken, (sid, before), |_| Ok(()))?.is_none() {
        return Ok(before);
    }
    let last = "SELECT max(coalesce((SELECT max(arrival) FROM entry WHERE sid = ?1), 0), (SELECT arrivals FROM space WHERE sid = ?1)) + 1";
    Ok(sql::one(new, last, [sid], |row| row.get(0))?.unwrap_or(1))
}
