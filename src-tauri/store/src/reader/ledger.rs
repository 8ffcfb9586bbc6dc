//! Operations, acknowledgements and invitations.

use tuttu_model::{ChangeHash, ComputerId, DocumentId, EntryHash, SpaceId};
use tuttu_sync::feed::Vector;
use tuttu_sync::membership::SignedOp;

use super::Reader;
use crate::error::StoreError;
use crate::rows::{AckRow, AsideRow, InvitationRow, LogRow, OperationRow};
use crate::sql;

const INVITATION: &str = "SELECT invitation.id, space.id, link, role, made, expires, for_whom, relay, auto, secret, state
    FROM invitation JOIN space USING (sid)";
const ACK: &str = "SELECT ack.computer, space.id, ack.vector, ack.at FROM ack JOIN space USING (sid)";

impl Reader<'_> {
    /// One operation.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn operation(&self, id: &[u8; 16]) -> Result<Option<OperationRow>, StoreError> {
        let found = self.operations("SELECT n, id, label, time, undoes FROM operation WHERE id = ?1", [id], true)?;
        Ok(found.into_iter().next())
    }

    /// The newest operations, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn newest_operations(&self, limit: usize) -> Result<Vec<OperationRow>, StoreError> {
        self.newest(limit, true)
    }

    /// The newest operations, newest first, without the changes they made: an import made many.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn newest_operation_labels(&self, limit: usize) -> Result<Vec<OperationRow>, StoreError> {
        self.newest(limit, false)
    }

    fn newest(&self, limit: usize, with_changes: bool) -> Result<Vec<OperationRow>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.operations("SELECT n, id, label, time, undoes FROM operation ORDER BY n DESC LIMIT ?1", [limit], with_changes)
    }

    fn operations(&self, sql: &str, params: impl rusqlite::Params, with_changes: bool) -> Result<Vec<OperationRow>, StoreError> {
        let found = sql::all(self.connection, sql, params, |row| {
            let undoes: Vec<u8> = row.get(4)?;
            let undoes = <[u8; 16]>::try_from(undoes).ok();
            let operation = OperationRow { id: row.get(1)?, label: row.get(2)?, time: row.get(3)?, changes: Vec::new(), undoes };
            Ok((row.get::<_, i64>(0)?, operation))
        })?;
        found
            .into_iter()
            .map(|(n, mut operation)| {
                if with_changes {
                    operation.changes = self.operation_changes(n)?;
                }
                Ok(operation)
            })
            .collect()
    }

    fn operation_changes(&self, n: i64) -> Result<Vec<(SpaceId, tuttu_model::DocumentId, ChangeHash)>, StoreError> {
        let sql = "SELECT doc.sid, doc.id, change.hash FROM operation_change AS stretch
            CROSS JOIN change ON change.cid >= stretch.first_cid AND change.cid < stretch.first_cid + stretch.changes
            JOIN doc USING (did) WHERE stretch.n = ?1 ORDER BY stretch.place, change.cid";
        sql::all(self.connection, sql, [n], |row| {
            Ok((self.space_id(row.get(0)?)?, tuttu_model::DocumentId(row.get(1)?), ChangeHash(row.get(2)?)))
        })
    }

    /// What every computer has confirmed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn acks(&self) -> Result<Vec<AckRow>, StoreError> {
        sql::all(self.connection, &format!("{ACK} ORDER BY ack.computer, ack.sid"), [], ack_row)
    }

    /// What one computer has confirmed of one space.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn ack(&self, computer: &ComputerId, space: &SpaceId) -> Result<Option<AckRow>, StoreError> {
        let sql = format!("{ACK} WHERE ack.computer = ?1 AND space.id = ?2");
        let found = sql::all(self.connection, &sql, (computer.as_bytes(), space.as_bytes()), ack_row)?;
        Ok(found.into_iter().next())
    }

    /// How many changes of valid entries lie beyond a vector: what its owner has not got yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn pending_for(&self, space: &SpaceId, vector: &Vector) -> Result<u64, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(0) };
        let sql = "SELECT fid, id, valid_len FROM feed WHERE sid = ?1 AND valid_len > 0";
        let feeds: Vec<(i64, tuttu_model::FeedId, i64)> =
            sql::all(self.connection, sql, [sid], |row| Ok((row.get(0)?, tuttu_model::FeedId(row.get(1)?), row.get(2)?)))?;
        let mut pending: i64 = 0;
        for (fid, feed, ours) in feeds {
            let theirs = vector.0.get(&feed).map(|(length, hash)| (sql::signed(*length), *hash));
            if theirs.is_some_and(|(length, _)| length >= ours) {
                continue;
            }
            let confirmed = match theirs {
                Some((length, hash)) => self.items_up_to(fid, length, Some(hash))?,
                None => 0,
            };
            pending += self.items_up_to(fid, ours, None)? - confirmed;
        }
        Ok(sql::unsigned(pending))
    }

    /// How many changes a feed's valid entries list up to a place. 0 when another entry than the named one is valid there.
    fn items_up_to(&self, fid: i64, seq: i64, expected: Option<EntryHash>) -> Result<i64, StoreError> {
        let sql = "SELECT items_so_far, hash FROM entry WHERE fid = ?1 AND seq = ?2 AND standing = 0";
        let found = sql::one(self.connection, sql, (fid, seq), |row| Ok((row.get(0)?, EntryHash(row.get(1)?))))?;
        Ok(found.map_or(0, |(items, hash)| if expected.is_none_or(|expected| expected == hash) { items } else { 0 }))
    }

    /// The invitations made to a space, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn invitations(&self, space: &SpaceId) -> Result<Vec<InvitationRow>, StoreError> {
        let sql = format!("{INVITATION} WHERE space.id = ?1 ORDER BY invitation.n DESC");
        sql::all(self.connection, &sql, [space.as_bytes()], |row| Ok(invitation_row(row)?))
    }

    /// One invitation.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn invitation(&self, id: &str) -> Result<Option<InvitationRow>, StoreError> {
        sql::one(self.connection, &format!("{INVITATION} WHERE invitation.id = ?1"), [id], invitation_row)
    }
}

fn ack_row(row: &rusqlite::Row<'_>) -> Result<AckRow, StoreError> {
    Ok(AckRow {
        computer: ComputerId(row.get(0)?),
        space: SpaceId(row.get(1)?),
        vector: sql::decode(&row.get::<_, Vec<u8>>(2)?, "an acknowledged vector")?,
        at: row.get(3)?,
    })
}

fn invitation_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<InvitationRow> {
    Ok(InvitationRow {
        id: row.get(0)?,
        space: SpaceId(row.get(1)?),
        link: row.get(2)?,
        role: row.get(3)?,
        made: row.get(4)?,
        expires: row.get(5)?,
        for_whom: row.get(6)?,
        relay: row.get(7)?,
        auto: row.get(8)?,
        secret: row.get(9)?,
        state: row.get(10)?,
    })
}

impl Reader<'_> {
    /// The newest lines of the log.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn log(&self, limit: u32) -> Result<Vec<LogRow>, StoreError> {
        sql::all(self.connection, "SELECT at, kind, about, count, text FROM log ORDER BY n DESC LIMIT ?1", [limit], |row| {
            Ok(LogRow { at: row.get(0)?, kind: row.get(1)?, about: row.get(2)?, count: sql::unsigned(row.get(3)?), text: row.get(4)? })
        })
    }

    /// Changes that do not count, of entries that are not invalid by themselves, in order of arrival. Costs as much as there are such changes in the vault.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn set_aside(&self, space: &SpaceId, limit: u32) -> Result<Vec<AsideRow>, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(Vec::new()) };
        let sql = "SELECT doc.id, change.hash, feed.computer, change.time FROM change INDEXED BY change_aside
            JOIN entry USING (eid) JOIN doc USING (did) JOIN feed ON feed.fid = change.fid
            WHERE change.accepted = 0 AND entry.sid = ?1 AND entry.invalid = '' ORDER BY change.cid LIMIT ?2";
        sql::all(self.connection, sql, (sid, limit), |row| {
            Ok(AsideRow {
                doc: DocumentId(row.get(0)?),
                change: ChangeHash(row.get(1)?),
                computer: ComputerId(row.get(2)?),
                time: row.get(3)?,
            })
        })
    }

    /// The membership operations of a space from a place on, in order of insertion, and the place after the last.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn ops_from(&self, space: &SpaceId, place: i64) -> Result<(Vec<SignedOp>, i64), StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok((Vec::new(), place)) };
        let sql = "SELECT bytes, place FROM op WHERE sid = ?1 AND place >= ?2 ORDER BY place";
        let found: Vec<(SignedOp, i64)> = sql::all(self.connection, sql, (sid, place), |row| {
            Ok((sql::decode(&row.get::<_, Vec<u8>>(0)?, "a membership operation")?, row.get(1)?))
        })?;
        let next = found.last().map_or(place, |(_, last)| last.saturating_add(1));
        Ok((found.into_iter().map(|(op, _)| op).collect(), next))
    }
}
