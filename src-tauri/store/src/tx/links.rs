//! Links to other records and to files.

use super::Tx;
use crate::error::StoreError;
use crate::projection::Projection;
use crate::sql;

impl Tx<'_> {
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
