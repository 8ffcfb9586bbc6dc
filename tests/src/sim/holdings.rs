//! What lies in a vault's database of one space, read beside the engine.

use rusqlite::{Connection, Params, Row};
use tuttu_model::SpaceId;

use super::oracle::id_of;

/// An entry.
#[derive(Debug)]
pub struct HeldEntry {
    /// Its hash.
    pub hash: [u8; 32],
    /// Its feed.
    pub feed: [u8; 32],
    /// Its place.
    pub seq: u64,
    /// When it came.
    pub arrival: u64,
    /// 0 valid, 1 evidence, 2 tray.
    pub standing: i64,
}

/// A change.
#[derive(Debug)]
pub struct HeldChange {
    /// Its hash.
    pub hash: [u8; 32],
    /// Its document.
    pub doc: [u8; 16],
    /// Its author's feed.
    pub feed: [u8; 32],
    /// Its author's count in the document.
    pub seq: u64,
    /// What it rests on.
    pub deps: Vec<[u8; 32]>,
    /// It counts.
    pub accepted: bool,
}

/// A feed.
#[derive(Debug)]
pub struct HeldFeed {
    /// Its id.
    pub id: [u8; 32],
    /// Where it froze; 0 when it did not.
    pub frozen_at: u64,
    /// Why it froze.
    pub frozen_why: String,
}

/// A document, its heads, and whether it is shown.
pub type HeldDocument = ([u8; 16], Vec<[u8; 32]>, bool);

/// Everything of one space.
#[derive(Debug)]
pub struct Holdings {
    /// Entries in order of arrival.
    pub entries: Vec<HeldEntry>,
    /// Changes.
    pub changes: Vec<HeldChange>,
    /// Feeds.
    pub feeds: Vec<HeldFeed>,
    /// Documents.
    pub documents: Vec<HeldDocument>,
}

impl Holdings {
    /// Reads them.
    ///
    /// # Panics
    /// When they cannot be read.
    #[must_use]
    pub fn read(connection: &Connection, space: &SpaceId) -> Self {
        let sid: i64 = connection.query_row("SELECT sid FROM space WHERE id = ?1", [space.as_bytes()], |row| row.get(0)).expect("held");
        let entries = "SELECT entry.hash, feed.id, entry.seq, arrival, standing FROM entry JOIN feed USING (fid)
            WHERE entry.sid = ?1 AND invalid = '' ORDER BY arrival";
        let changes = "SELECT change.hash, doc.id, feed.id, change.seq, change.deps, accepted
            FROM doc JOIN change USING (did) JOIN feed USING (fid) WHERE doc.sid = ?1";
        Self {
            entries: all(connection, entries, [sid], |row| {
                Ok(HeldEntry { hash: row.get(0)?, feed: row.get(1)?, seq: place(row, 2)?, arrival: place(row, 3)?, standing: row.get(4)? })
            }),
            changes: all(connection, changes, [sid], |row| {
                let deps = hashes(row.get(4)?);
                Ok(HeldChange { hash: row.get(0)?, doc: row.get(1)?, feed: row.get(2)?, seq: place(row, 3)?, deps, accepted: row.get(5)? })
            }),
            feeds: all(connection, "SELECT id, frozen_at, frozen_why FROM feed WHERE sid = ?1", [sid], |row| {
                Ok(HeldFeed { id: row.get(0)?, frozen_at: place(row, 1)?, frozen_why: row.get(2)? })
            }),
            documents: all(
                connection,
                "SELECT doc.id, doc.heads, record.did IS NOT NULL FROM doc LEFT JOIN record USING (did) WHERE doc.sid = ?1",
                [sid],
                |row| Ok((row.get(0)?, hashes(row.get(1)?), row.get(2)?)),
            ),
        }
    }

    /// The entries in order of arrival, a line each.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let line = |entry: &HeldEntry| {
            let HeldEntry { hash, feed, seq, arrival, standing } = entry;
            format!("  {arrival}: feed {:x} seq {seq} entry {:x} standing {standing}", id_of(feed), id_of(hash))
        };
        self.entries.iter().map(line)
    }

    /// The entries held, whatever became of them, in all spaces.
    ///
    /// # Panics
    /// When they cannot be read.
    #[must_use]
    pub fn entry_hashes(connection: &Connection) -> Vec<[u8; 32]> {
        all(connection, "SELECT hash FROM entry", [], |row| row.get(0))
    }
}

fn all<T>(connection: &Connection, sql: &str, params: impl Params, read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
    let mut statement = connection.prepare(sql).expect("a statement");
    statement.query_map(params, read).expect("readable").map(|row| row.expect("a row")).collect()
}

fn place(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|number| u64::try_from(number).unwrap_or(0))
}

fn hashes(bytes: Vec<u8>) -> Vec<[u8; 32]> {
    bytes.as_chunks::<32>().0.to_vec()
}
