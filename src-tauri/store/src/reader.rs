//! Everything that can be asked of one consistent state of the vault.

mod agenda;
mod alike;
mod arrived;
pub(crate) mod audit;
mod damage;
mod document;
mod feed;
mod group;
mod ledger;
mod links;
mod list;
mod order;
pub(crate) mod rebuild;
mod record;
mod search;
pub(crate) mod stream;

pub(crate) use record::damaged_view;

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use tuttu_model::{DocumentId, FeedId, SpaceId};

use crate::error::StoreError;
use crate::rows::SpaceRow;
use crate::sql;
use crate::sums::Sums;
use crate::writer::Shared;

/// One consistent read. Inside a transaction it also sees what that transaction wrote, except that notes and activities written there are
/// found by searches only after the commit.
#[derive(Debug)]
pub struct Reader<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) shared: &'a Shared,
    /// Short numbers of spaces seen, and back.
    spaces: RefCell<HashMap<SpaceId, i64>>,
    ids: RefCell<HashMap<i64, SpaceId>>,
    /// Sums that a transaction changed; empty outside of one.
    pub(crate) sums: RefCell<Sums>,
    /// Set when nobody waits for the answer any more.
    stop: Option<Arc<AtomicBool>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(connection: &'a Connection, shared: &'a Shared) -> Self {
        Self { connection, shared, spaces: RefCell::default(), ids: RefCell::default(), sums: RefCell::default(), stop: None }
    }

    pub(crate) fn until(connection: &'a Connection, shared: &'a Shared, stop: Arc<AtomicBool>) -> Self {
        Self { stop: Some(stop), ..Self::new(connection, shared) }
    }

    /// For work between statements.
    ///
    /// # Errors
    /// When nobody waits for the answer any more.
    pub fn go_on(&self) -> Result<(), StoreError> {
        match &self.stop {
            Some(stop) if stop.load(Ordering::Relaxed) => Err(StoreError::Abandoned("nobody waits for this answer any more".into())),
            _ => Ok(()),
        }
    }
}

impl Reader<'_> {
    /// A value the engine keeps for itself.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        sql::one(self.connection, "SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
    }

    /// A setting of this computer.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        sql::one(self.connection, "SELECT value FROM setting WHERE key = ?1", [key], |row| row.get(0))
    }

    /// All settings, by key.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn settings(&self) -> Result<Vec<(String, String)>, StoreError> {
        sql::all(self.connection, "SELECT key, value FROM setting ORDER BY key", [], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// All spaces, the private ones first, then in the order in which they were made or joined.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn spaces(&self) -> Result<Vec<SpaceRow>, StoreError> {
        let sql = "SELECT id, name, private, own_feed, since FROM space ORDER BY private DESC, since, sid";
        sql::all(self.connection, sql, [], |row| Ok(space_row(row)?))
    }

    /// One space.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn space(&self, space: &SpaceId) -> Result<Option<SpaceRow>, StoreError> {
        let sql = "SELECT id, name, private, own_feed, since FROM space WHERE id = ?1";
        sql::one(self.connection, sql, [space.as_bytes()], space_row)
    }

    /// The sum over records of hash(document id, heads): equal on two computers exactly when they hold the same records.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn accumulator(&self, space: &SpaceId) -> Result<[u8; 32], StoreError> {
        self.sums.borrow_mut().write(self.connection)?;
        let sum = sql::one(self.connection, "SELECT accumulator FROM space WHERE id = ?1", [space.as_bytes()], |row| row.get(0))?;
        Ok(sum.unwrap_or_default())
    }

    /// The short number of a space; `None` when it is not held here.
    pub(crate) fn sid(&self, space: &SpaceId) -> Result<Option<i64>, StoreError> {
        if let Some(sid) = self.spaces.borrow().get(space) {
            return Ok(Some(*sid));
        }
        let sid = sql::one(self.connection, "SELECT sid FROM space WHERE id = ?1", [space.as_bytes()], |row| row.get(0))?;
        if let Some(sid) = sid {
            self.spaces.borrow_mut().insert(*space, sid);
        }
        Ok(sid)
    }

    /// The way back of [`Reader::sid`].
    pub(crate) fn space_id(&self, sid: i64) -> Result<SpaceId, StoreError> {
        if let Some(id) = self.ids.borrow().get(&sid) {
            return Ok(*id);
        }
        let id = sql::one(self.connection, "SELECT id FROM space WHERE sid = ?1", [sid], |row| row.get(0).map(SpaceId))?;
        let id = id.ok_or_else(|| StoreError::Damaged(format!("space number {sid} is missing")))?;
        self.ids.borrow_mut().insert(sid, id);
        Ok(id)
    }

    /// The short number of a document; `None` when it is not held here.
    pub(crate) fn did(&self, space: &SpaceId, doc: &DocumentId) -> Result<Option<i64>, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(None) };
        sql::one(self.connection, "SELECT did FROM doc WHERE sid = ?1 AND id = ?2", (sid, doc.0), |row| row.get(0))
    }

    /// The way back of [`Reader::did`].
    pub(crate) fn doc_id(&self, did: i64) -> Result<(SpaceId, DocumentId), StoreError> {
        let found = sql::one(self.connection, "SELECT sid, id FROM doc WHERE did = ?1", [did], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (sid, id) = found.ok_or_else(|| StoreError::Damaged(format!("document number {did} is missing")))?;
        Ok((self.space_id(sid)?, DocumentId(id)))
    }

    /// The short number of a feed.
    pub(crate) fn fid(&self, space: &SpaceId, feed: &FeedId) -> Result<Option<i64>, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(None) };
        sql::one(self.connection, "SELECT fid FROM feed WHERE sid = ?1 AND id = ?2", (sid, feed.as_bytes()), |row| row.get(0))
    }
}

fn space_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<SpaceRow> {
    let own_feed: Vec<u8> = row.get(3)?;
    Ok(SpaceRow {
        id: SpaceId(row.get(0)?),
        name: row.get(1)?,
        private: row.get(2)?,
        own_feed: <[u8; 32]>::try_from(own_feed).ok().map(FeedId),
        since: row.get(4)?,
    })
}
