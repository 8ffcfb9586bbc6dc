//! How far a rebuild has come, and what comes next.

use tuttu_model::{DocumentId, SpaceId};

use super::Reader;
use crate::error::StoreError;
use crate::sql;

/// Under which key the last document made again is kept while a rebuild is under way.
pub(crate) const WATERMARK: &str = "store.rebuild";

impl Reader<'_> {
    /// The short number after which a rebuild goes on; `None` when none is under way.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn rebuild_from(&self) -> Result<Option<i64>, StoreError> {
        let kept = self.meta(WATERMARK)?;
        Ok(kept.map(|bytes| <[u8; 8]>::try_from(bytes).map_or(0, i64::from_le_bytes)))
    }

    /// The next documents of all spaces, by their short numbers.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn documents_after(&self, did: i64, limit: u32) -> Result<Vec<(i64, SpaceId, DocumentId)>, StoreError> {
        let sql = "SELECT did, sid, id FROM doc WHERE did > ?1 ORDER BY did LIMIT ?2";
        sql::all(self.connection, sql, (did, limit), |row| Ok((row.get(0)?, self.space_id(row.get(1)?)?, DocumentId(row.get(2)?))))
    }

    /// How many documents there are, and how many of them up to a short number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn document_count(&self, up_to: i64) -> Result<(u32, u32), StoreError> {
        let sql = "SELECT count(*), count(*) FILTER (WHERE did <= ?1) FROM doc";
        Ok(sql::one(self.connection, sql, [up_to], |row| Ok((row.get(0)?, row.get(1)?)))?.unwrap_or_default())
    }

    /// How many changes are held.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn change_count(&self) -> Result<u32, StoreError> {
        Ok(sql::one(self.connection, "SELECT count(*) FROM change", [], |row| row.get(0))?.unwrap_or(0))
    }

    /// Whether a record was news when the rebuild began.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn was_news(&self, did: i64) -> Result<bool, StoreError> {
        Ok(sql::one(self.connection, "SELECT 1 FROM unseen WHERE did = ?1", [did], |_| Ok(()))?.is_some())
    }
}
