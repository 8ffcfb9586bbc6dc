//! Operations, acknowledgements and invitations are written down.

use tuttu_model::{ChangeHash, DocumentId, SpaceId};

use super::Tx;
use crate::error::StoreError;
use crate::rows::{AckRow, InvitationRow, LogRow, OperationRow};
use crate::sql;

/// Changes of an operation whose numbers follow each other.
#[derive(Debug, Default)]
struct Stretch {
    place: i64,
    first: i64,
    length: i64,
}

impl Tx<'_> {
    /// Writes an operation down, or replaces what was written of it; it keeps its place among the others.
    ///
    /// # Errors
    /// When a space is not held, or it cannot be written.
    pub fn put_operation(&mut self, row: &OperationRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO operation (id, label, time, undoes) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (id) DO UPDATE SET label = excluded.label, time = excluded.time, undoes = excluded.undoes";
        let undoes: &[u8] = row.undoes.as_ref().map_or(&[], |id| id);
        sql::run(self.connection, sql, (row.id, &row.label, row.time, undoes))?;
        let n = self.operation_number(&row.id)?;
        sql::run(self.connection, "DELETE FROM operation_change WHERE n = ?1", [n])?;
        self.add_operation_changes(n, &row.changes)
    }

    /// Adds changes to an operation that spans several transactions (an import) without writing the earlier ones again.
    ///
    /// # Errors
    /// When there is no such operation, a space is not held, or it cannot be written.
    pub fn extend_operation(&mut self, id: &[u8; 16], changes: &[(SpaceId, DocumentId, ChangeHash)]) -> Result<(), StoreError> {
        let n = self.operation_number(id)?;
        self.add_operation_changes(n, changes)
    }

    fn operation_number(&self, id: &[u8; 16]) -> Result<i64, StoreError> {
        sql::one(self.connection, "SELECT n FROM operation WHERE id = ?1", [id], |row| row.get(0))?
            .ok_or_else(|| StoreError::Other("there is no such operation".into()))
    }

    fn add_operation_changes(&self, n: i64, changes: &[(SpaceId, DocumentId, ChangeHash)]) -> Result<(), StoreError> {
        let last = "SELECT place, first_cid, changes FROM operation_change WHERE n = ?1 ORDER BY place DESC LIMIT 1";
        let last = sql::one(self.connection, last, [n], |row| Ok(Stretch { place: row.get(0)?, first: row.get(1)?, length: row.get(2)? }))?;
        let mut stretch = last.unwrap_or_default();
        for (space, doc, hash) in changes {
            let sql = "SELECT cid FROM change WHERE did = (SELECT did FROM doc WHERE sid = ?1 AND id = ?2) AND hash = ?3";
            let found = sql::one(self.connection, sql, (self.held(space)?, doc.0, hash.as_bytes()), |row| row.get::<_, i64>(0))?;
            let cid = found.ok_or_else(|| StoreError::Other("an operation names a change that is not held".into()))?;
            if stretch.length > 0 && cid == stretch.first.saturating_add(stretch.length) {
                stretch.length += 1;
                continue;
            }
            self.put_stretch(n, &stretch)?;
            stretch = Stretch { place: stretch.place.saturating_add(1), first: cid, length: 1 };
        }
        self.put_stretch(n, &stretch)
    }

    fn put_stretch(&self, n: i64, stretch: &Stretch) -> Result<(), StoreError> {
        if stretch.length == 0 {
            return Ok(());
        }
        let sql = "INSERT INTO operation_change (n, place, first_cid, changes) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (n, place) DO UPDATE SET changes = excluded.changes";
        sql::run(self.connection, sql, (n, stretch.place, stretch.first, stretch.length)).map(drop)
    }

    /// Writes down what a computer has confirmed.
    ///
    /// # Errors
    /// When the space is not held, or it cannot be written.
    pub fn put_ack(&mut self, row: &AckRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO ack (computer, sid, at, vector) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (computer, sid) DO UPDATE SET at = excluded.at, vector = excluded.vector";
        let values = (row.computer.as_bytes(), self.held(&row.space)?, row.at, sql::encode(&row.vector)?);
        sql::run(self.connection, sql, values).map(drop)
    }

    /// Writes an invitation down.
    ///
    /// # Errors
    /// When the space is not held, or it cannot be written.
    pub fn put_invitation(&mut self, row: &InvitationRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO invitation (id, sid, link, role, made, expires, for_whom, relay, auto, secret, state)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            ON CONFLICT (id) DO UPDATE SET link = excluded.link, role = excluded.role, expires = excluded.expires,
                for_whom = excluded.for_whom, relay = excluded.relay, auto = excluded.auto, state = excluded.state";
        let sid = self.held(&row.space)?;
        let values =
            (&row.id, sid, &row.link, &row.role, row.made, row.expires, &row.for_whom, &row.relay, row.auto, row.secret, &row.state);
        sql::run(self.connection, sql, values).map(drop)
    }

    /// An invitation was used or withdrawn.
    ///
    /// # Errors
    /// When there is no such invitation, or it cannot be written.
    pub fn set_invitation_state(&mut self, id: &str, state: &str) -> Result<(), StoreError> {
        match sql::run(self.connection, "UPDATE invitation SET state = ?2 WHERE id = ?1", (id, state))? {
            0 => Err(StoreError::Other("there is no such invitation".into())),
            _ => Ok(()),
        }
    }
}

/// Lines of the log that are kept.
const LOG_LINES: i64 = 10_000;
/// Lines looked back for one about the same.
const LOOKED_BACK: i64 = 20;

impl Tx<'_> {
    /// Writes a line of the log. A line about the same, not older than `within` seconds, is brought up to date instead: its count grows.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn log(&mut self, row: &LogRow, within: i64) -> Result<(), StoreError> {
        let last = sql::one(self.connection, "SELECT coalesce(max(n), 0) FROM log", [], |row| row.get::<_, i64>(0))?.unwrap_or_default();
        let count = sql::signed(row.count.max(1));
        let same = "UPDATE log SET at = ?1, count = count + ?2, text = ?3 WHERE n = (
            SELECT max(n) FROM log WHERE n > ?4 AND kind = ?5 AND about = ?6 AND at >= ?7)";
        let since = row.at.saturating_sub(within);
        if sql::run(self.connection, same, (row.at, count, &row.text, last - LOOKED_BACK, &row.kind, &row.about, since))? > 0 {
            return Ok(());
        }
        let sql = "INSERT INTO log (n, at, kind, about, count, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        sql::run(self.connection, sql, (last + 1, row.at, &row.kind, &row.about, count, &row.text))?;
        sql::run(self.connection, "DELETE FROM log WHERE n <= ?1", [last + 1 - LOG_LINES]).map(drop)
    }
}
