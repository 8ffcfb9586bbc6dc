//! Links to other records and to files.

use tuttu_model::{DocumentId, SpaceId};

use super::Tx;
use crate::error::StoreError;
use crate::projection::Projection;
use crate::sql;

impl Tx<'_> {
    /// The bytes of a file came here through a space.
    ///
    /// # Errors
    /// When the space is not held, or it cannot be written.
    pub fn hold_file(&self, space: &SpaceId, hash: &[u8; 32]) -> Result<(), StoreError> {
        let sql = "INSERT INTO held_file (hash, sid) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        sql::run(self.connection, sql, (hash, self.held(space)?)).map(drop)
    }

    /// The files of a record are put into another space by the person: what came here through the one is theirs to give in the other.
    ///
    /// # Errors
    /// When a space is not held, or it cannot be written.
    pub fn hold_files_of(&self, space: &SpaceId, doc: &DocumentId, target: &SpaceId) -> Result<(), StoreError> {
        let (sid, target) = (self.held(space)?, self.held(target)?);
        let sql = "INSERT INTO held_file (hash, sid) SELECT hash, ?3 FROM attached JOIN held_file USING (hash)
            WHERE attached.did = (SELECT did FROM doc WHERE sid = ?1 AND id = ?2) AND held_file.sid = ?1 ON CONFLICT DO NOTHING";
        sql::run(self.connection, sql, (sid, doc.0, target)).map(drop)
    }

    /// Writes what has changed between two projections of a record.
    pub(super) fn put_links(&self, did: i64, before: Option<&Projection>, now: &Projection) -> Result<(), StoreError> {
        if let Some(before) = before {
            for (target, how) in before.links.difference(&now.links) {
                sql::run(self.connection, "DELETE FROM link WHERE target = ?1 AND how = ?2 AND did = ?3", (target.0, how, did))?;
            }
            for hash in before.files.difference(&now.files) {
                sql::run(self.connection, "DELETE FROM attached WHERE hash = ?1 AND did = ?2", (hash, did))?;
            }
        }
        for (target, how) in &now.links {
            let sql = "INSERT INTO link (target, how, did) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            sql::run(self.connection, sql, (target.0, how, did))?;
        }
        for hash in &now.files {
            sql::run(self.connection, "INSERT INTO attached (hash, did) VALUES (?1, ?2) ON CONFLICT DO NOTHING", (hash, did))?;
        }
        Ok(())
    }
}
