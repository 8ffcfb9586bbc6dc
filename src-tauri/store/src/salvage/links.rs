//! Rows that refer to each other are tied together again, and what is missing between them is written down as lost.

use std::collections::VecDeque;

use rusqlite::Connection;
use tuttu_model::EntryHash;
use tuttu_sync::feed::{SignedEntry, VerifiedEntry};

use super::{Missing, nameless};
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
            "DELETE FROM operation_change WHERE n NOT IN (SELECT n FROM operation)
                OR NOT EXISTS (SELECT 1 FROM change WHERE cid >= first_cid AND cid < first_cid + operation_change.changes)",
        ),
        ("acknowledgements", "DELETE FROM ack WHERE sid NOT IN (SELECT sid FROM space)"),
        ("invitations", "DELETE FROM invitation WHERE sid NOT IN (SELECT sid FROM space)"),
        ("membership operations", "DELETE FROM op WHERE sid NOT IN (SELECT sid FROM space)"),
        ("fork proofs", "DELETE FROM proof WHERE sid NOT IN (SELECT sid FROM space)"),
        ("places in feeds that are gone", "DELETE FROM lost WHERE fid NOT IN (SELECT fid FROM feed)"),
        ("notes of where files came from", "DELETE FROM held_file WHERE sid NOT IN (SELECT sid FROM space)"),
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

/// Entries of a feed that are missing between others get rows without bytes, so that what they brought stays readable. The last of them is named by
/// the entry after it; one before that has no name until it comes again.
fn missing_entries(new: &Connection, missing: &mut Missing) -> Result<(), StoreError> {
    let sql = "SELECT eid, fid, sid, seq, arrival, items_so_far - items, standing, signed FROM entry AS after WHERE seq > 1
        AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.fid = after.fid AND entry.seq = after.seq - 1) ORDER BY fid, seq";
    let gaps = sql::all(new, sql, [], |row| {
        let [eid, fid, sid, seq, arrival, so_far, standing] =
            [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
        Ok((After { eid, fid, sid, seq, arrival, so_far, standing }, row.get::<_, Vec<u8>>(7)?))
    })?;
    for (after, signed) in gaps {
        let before = "SELECT max(seq), coalesce(max(eid), 0) FROM entry WHERE fid = ?1 AND seq < ?2";
        let held = sql::one(new, before, (after.fid, after.seq), |row| Ok((row.get::<_, Option<i64>>(0)?.unwrap_or(0), row.get(1)?)))?;
        let (last_seq, last_eid) = held.unwrap_or_default();
        missing.say(format!("{} entries of a feed, before its number {}", after.seq - last_seq - 1, after.seq));
        fill_gap(new, &after, last_seq, last_eid, previous(&signed))?;
    }
    Ok(())
}

/// The entry behind a gap.
struct After {
    eid: i64,
    fid: i64,
    sid: i64,
    seq: i64,
    arrival: i64,
    /// Changes listed before it.
    so_far: i64,
    standing: i64,
}

fn fill_gap(new: &Connection, after: &After, last_seq: i64, last_eid: i64, name: Option<EntryHash>) -> Result<(), StoreError> {
    // The changes that the missing entries brought bear the numbers of their rows, and these rise with the places in the feed.
    let orphans =
        "SELECT DISTINCT eid FROM change WHERE fid = ?1 AND eid > ?2 AND eid < ?3 AND eid NOT IN (SELECT eid FROM entry) ORDER BY eid";
    let mut orphans: VecDeque<i64> = sql::all(new, orphans, (after.fid, last_eid, after.eid), |row| Ok(row.get(0)?))?.into();
    for seq in last_seq + 1..after.seq {
        let eid = match orphans.pop_front() {
            Some(eid) => eid,
            None => {
                let free = "SELECT max(coalesce((SELECT max(eid) FROM entry), 0), coalesce((SELECT max(eid) FROM change), 0)) + 1";
                sql::one(new, free, [], |row| row.get(0))?.unwrap_or(1)
            }
        };
        let is_last = seq == after.seq - 1;
        while let Some(left) = orphans.front().filter(|_| is_last) {
            sql::run(new, "UPDATE change SET eid = ?2 WHERE eid = ?1", (left, eid))?;
            orphans.pop_front();
        }
        let brought = "SELECT count(*), coalesce(sum(length(bytes)), 0), coalesce(min(cid), 1) FROM change WHERE eid = ?1";
        let [items, size, first] =
            sql::one(new, brought, [eid], |row| Ok([row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?]))?.unwrap_or([0, 0, 1]);
        let hash = name.filter(|_| is_last).map_or_else(|| nameless(after.fid, seq), |name| name.0);
        let sql = "INSERT INTO entry (eid, sid, fid, seq, arrival, hash, standing, items, items_so_far, size, first_cid, signed)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, x'')";
        let arrival = free_arrival(new, after.sid, after.arrival - (after.seq - seq))?;
        sql::run(new, sql, (eid, after.sid, after.fid, seq, arrival, hash, after.standing, items, after.so_far, size, first))?;
        sql::run(new, "INSERT INTO lost (fid, seq, cid) VALUES (?1, ?2, 0) ON CONFLICT DO NOTHING", (after.fid, seq))?;
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

/// The number wanted, where nobody has it, else one at the end.
fn free_arrival(new: &Connection, sid: i64, wanted: i64) -> Result<i64, StoreError> {
    let taken = "SELECT 1 FROM entry WHERE sid = ?1 AND arrival = ?2";
    if wanted >= 1 && sql::one(new, taken, (sid, wanted), |_| Ok(()))?.is_none() {
        return Ok(wanted);
    }
    let last = "SELECT max(coalesce((SELECT max(arrival) FROM entry WHERE sid = ?1), 0), (SELECT arrivals FROM space WHERE sid = ?1)) + 1";
    Ok(sql::one(new, last, [sid], |row| row.get(0))?.unwrap_or(1))
}
