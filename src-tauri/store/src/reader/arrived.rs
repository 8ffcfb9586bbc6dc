//! What was changed in a space, the last to arrive first.

use tuttu_model::{ActorId, ChangeHash, DocumentId, SpaceId};

use super::Reader;
use crate::error::StoreError;
use crate::rows::ArrivedChange;
use crate::sql;

impl Reader<'_> {
    /// Changes of a space's records that count, the last to arrive here first. Costs as much as what it returns, and the entries of which nothing
    /// counts among it: the order of arrival is that of the space, so nothing of other spaces is looked at.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn arrived(&self, space: &SpaceId, limit: usize) -> Result<Vec<ArrivedChange>, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        let entries = "SELECT eid, first_cid, items FROM entry WHERE sid = ?1 AND invalid = '' ORDER BY arrival DESC";
        sql::each(self.connection, entries, [sid], |row| {
            self.go_on()?;
            let (eid, first, items): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            if found.len() < limit {
                self.arrived_with(eid, (first, first.saturating_add(items)), limit - found.len(), &mut found)?;
            }
            Ok(found.len() < limit)
        })?;
        Ok(found)
    }

    /// The changes one entry brought, the last first.
    fn arrived_with(&self, eid: i64, cids: (i64, i64), limit: usize, found: &mut Vec<ArrivedChange>) -> Result<(), StoreError> {
        let sql = "SELECT doc.id, change.hash, change.time, feed.actor FROM change JOIN doc USING (did) JOIN feed ON feed.fid = change.fid
            WHERE change.cid >= ?1 AND change.cid < ?2 AND change.eid = ?3 AND change.accepted = 1 ORDER BY change.cid DESC LIMIT ?4";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        sql::each(self.connection, sql, (cids.0, cids.1, eid, limit), |row| {
            let actor: ActorId = row.get(3)?;
            found.push(ArrivedChange { doc: DocumentId(row.get(0)?), change: ChangeHash(row.get(1)?), time: row.get(2)?, actor });
            Ok(true)
        })
    }
}
