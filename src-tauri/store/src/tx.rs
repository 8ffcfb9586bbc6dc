//! Everything that can be written in one transaction.

mod damage;
mod entry;
mod ledger;
mod links;
mod meetings;
mod prepared;
mod rebuild;
mod record;
mod verdict;

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

pub use prepared::PreparedRecord;

use rusqlite::Connection;
use tuttu_model::{DocumentId, FeedId, SpaceId};

use crate::collation::{Collation, LOCALE_SETTING};
use crate::error::StoreError;
use crate::reader::Reader;
use crate::rows::SpaceRow;
use crate::search::{NameUpdate, Texts};
use crate::sql;
use crate::writer::Shared;

/// One write transaction, on the writer thread. It reads what it wrote.
#[derive(Debug)]
pub struct Tx<'a> {
    reader: Reader<'a>,
    /// Changes of the text indexes, written at the end.
    texts: Texts,
    /// Changes of the search memory, made after the commit.
    names: Vec<NameUpdate>,
    /// Who met whom, written at the end.
    meetings: meetings::Meetings,
    /// The feeds of authors seen.
    authors: HashMap<String, i64>,
    collation: Arc<Collation>,
}

/// What a transaction leaves to be done after its commit.
#[derive(Debug)]
pub(crate) struct Aftermath {
    pub(crate) names: Vec<NameUpdate>,
    pub(crate) collation: Arc<Collation>,
}

impl<'a> Deref for Tx<'a> {
    type Target = Reader<'a>;

    fn deref(&self) -> &Reader<'a> {
        &self.reader
    }
}

impl<'a> Tx<'a> {
    pub(crate) fn new(connection: &'a Connection, shared: &'a Shared) -> Self {
        Self {
            reader: Reader::new(connection, shared),
            texts: Texts::default(),
            names: Vec::new(),
            meetings: meetings::Meetings::default(),
            authors: HashMap::new(),
            collation: shared.collation(),
        }
    }

    /// Writes what was kept for the end; gives what is to be done after the commit.
    pub(crate) fn finish(mut self) -> Result<Aftermath, StoreError> {
        let met = std::mem::take(&mut self.meetings).write(&self.reader)?;
        self.names.extend(met);
        self.reader.sums.borrow_mut().write(self.reader.connection)?;
        self.texts.write(self.reader.connection)?;
        Ok(Aftermath { names: self.names, collation: self.collation })
    }
}

impl Tx<'_> {
    /// Whether commits wait for the disk: what a simulated power cut loses depends on it.
    ///
    /// # Errors
    /// When it cannot be read.
    #[cfg(feature = "planted")]
    pub fn waits_for_the_disk(&self) -> Result<bool, StoreError> {
        let synchronous: Option<i64> = sql::one(self.connection, "PRAGMA synchronous", [], |row| row.get(0))?;
        Ok(synchronous.is_some_and(|level| level >= 2))
    }

    /// Keeps a value for the engine.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_meta(&mut self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        sql::run(self.connection, sql, (key, value)).map(drop)
    }

    /// Keeps a setting of this computer; `None` removes it. The language of names (`locale`) sorts all records anew, which takes some seconds in a
    /// large vault.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_setting(&mut self, key: &str, value: Option<&str>) -> Result<(), StoreError> {
        let sql = "INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        match value {
            Some(value) => sql::run(self.connection, sql, (key, value)).map(drop),
            None => sql::run(self.connection, "DELETE FROM setting WHERE key = ?1", [key]).map(drop),
        }?;
        if key == LOCALE_SETTING
            && let Some(collation) = Collation::new(value.unwrap_or_default())
        {
            collation.sort_again(self.connection)?;
            self.collation = Arc::new(collation);
        }
        Ok(())
    }

    /// Adds a space, or changes its name, privacy, feed and time.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_space(&mut self, row: &SpaceRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO space (id, name, private, own_feed, since, accumulator) VALUES (?1, ?2, ?3, ?4, ?5, zeroblob(32))
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, private = excluded.private, own_feed = excluded.own_feed,
                since = excluded.since";
        let own_feed = feed_bytes(row.own_feed.as_ref());
        sql::run(self.connection, sql, (row.id.as_bytes(), &row.name, row.private, own_feed, row.since)).map(drop)
    }

    /// The feed to which local commits of a space go from now on; `None` until a new one begins.
    ///
    /// # Errors
    /// When the space is not held, or it cannot be written.
    pub fn set_own_feed(&mut self, space: &SpaceId, feed: Option<FeedId>) -> Result<(), StoreError> {
        let sid = self.held(space)?;
        sql::run(self.connection, "UPDATE space SET own_feed = ?2 WHERE sid = ?1", (sid, feed_bytes(feed.as_ref()))).map(drop)
    }

    /// The short number of a space that must be here.
    fn held(&self, space: &SpaceId) -> Result<i64, StoreError> {
        self.sid(space)?.ok_or_else(|| StoreError::Other("the space is not held here".into()))
    }

    /// The short number of a document, which gets one if it has none yet.
    fn number(&self, sid: i64, doc: &DocumentId) -> Result<i64, StoreError> {
        let held = sql::one(self.connection, "SELECT did FROM doc WHERE sid = ?1 AND id = ?2", (sid, doc.0), |row| row.get(0))?;
        if let Some(did) = held {
            return Ok(did);
        }
        sql::run(self.connection, "INSERT INTO doc (sid, id) VALUES (?1, ?2)", (sid, doc.0))?;
        Ok(self.connection.last_insert_rowid())
    }
}

fn feed_bytes(feed: Option<&FeedId>) -> &[u8] {
    feed.map_or(&[], |feed| feed.as_bytes())
}
