//! The changes of one document.

use std::collections::BTreeMap;

use tuttu_model::{ChangeHash, DocumentId, SpaceId};
use tuttu_sync::validate::Known;

use super::Reader;
use crate::error::StoreError;
use crate::rows::{ChangeRow, DocumentParts, Noticed, SET_ASIDE};
use crate::{packing, sql};

impl Reader<'_> {
    /// All changes of a document, accepted or not, parents first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn changes(&self, space: &SpaceId, doc: &DocumentId) -> Result<Vec<ChangeRow>, StoreError> {
        let Some(did) = self.did(space, doc)? else { return Ok(Vec::new()) };
        let sql = "SELECT change.hash, feed.actor, change.seq, change.start_op, change.max_op, change.deps, change.time, change.packing,
                change.bytes, EXISTS (SELECT 1 FROM lost WHERE lost.cid = change.cid AND lost.cid > 0), change.accepted
            FROM change JOIN feed USING (fid) WHERE change.did = ?1 ORDER BY change.cid";
        sql::all(self.connection, sql, [did], |row| {
            let hash = ChangeHash(row.get(0)?);
            let (bytes, damaged) =
                self.readable(space, doc, row.get(9)?, row.get(7)?, row.get_ref(8)?.as_blob().map_err(rusqlite::Error::from)?)?;
            Ok(ChangeRow {
                hash,
                actor: row.get(1)?,
                seq: sql::unsigned(row.get(2)?),
                ops: (sql::unsigned(row.get(3)?), sql::unsigned(row.get(4)?)),
                // Named in the bytes too; `check` compares.
                deps: sql::split_hashes(&row.get::<_, Vec<u8>>(5)?).unwrap_or_default().into_iter().map(ChangeHash).collect(),
                time: row.get(6)?,
                bytes,
                damaged,
                accepted: row.get(10)?,
            })
        })
    }

    /// The bytes of a change, or why they cannot be read. Damage does not keep the rest of the document from being read.
    fn readable(
        &self,
        space: &SpaceId,
        doc: &DocumentId,
        lost: bool,
        packing: i64,
        bytes: &[u8],
    ) -> Result<(Option<Vec<u8>>, Option<String>), StoreError> {
        if lost {
            return Ok((None, Some(SET_ASIDE.into())));
        }
        match packing::unpack_change(packing, bytes) {
            Ok(bytes) => Ok((bytes, None)),
            Err(StoreError::Damaged(why)) => {
                self.notice(Noticed::Document(*space, *doc));
                Ok((None, Some(why)))
            }
            Err(other) => Err(other),
        }
    }

    /// What a document is built from: the newest snapshot that still holds and the accepted changes made after it (all of them where there is no
    /// snapshot), parents first. `None` when the document is not held.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn changes_after_snapshot(&self, space: &SpaceId, doc: &DocumentId) -> Result<Option<DocumentParts>, StoreError> {
        let Some(did) = self.did(space, doc)? else { return Ok(None) };
        let kept = sql::one(self.connection, "SELECT snapshot_cid, snapshot FROM doc WHERE did = ?1", [did], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        })?;
        let (mut covered, packed) = kept.unwrap_or_default();
        let snapshot = packing::unpack_tagged(&packed, &packing::CHANGES).unwrap_or_else(|_| {
            // A cache: everything it held is in the changes.
            self.notice(Noticed::Document(*space, *doc));
            covered = 0;
            None
        });
        let sql = "SELECT packing, bytes FROM change WHERE did = ?1 AND cid > ?2 AND accepted = 1 ORDER BY cid";
        let changes = sql::all(self.connection, sql, (did, covered), |row| {
            packing::unpack_change(row.get(0)?, row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)
        })?;
        Ok(Some(DocumentParts { snapshot, changes: changes.into_iter().flatten().collect() }))
    }

    /// What the validator needs to know of the changes held of a document.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn known(&self, space: &SpaceId, doc: &DocumentId) -> Result<BTreeMap<ChangeHash, Known>, StoreError> {
        let Some(did) = self.did(space, doc)? else { return Ok(BTreeMap::new()) };
        let sql = "SELECT change.hash, feed.actor, change.seq, change.start_op, change.max_op, change.deps
            FROM change JOIN feed USING (fid) WHERE change.did = ?1";
        let known = sql::all(self.connection, sql, [did], |row| {
            let known = Known {
                actor: row.get(1)?,
                seq: sql::unsigned(row.get(2)?),
                start_op: sql::unsigned(row.get(3)?),
                max_op: sql::unsigned(row.get(4)?),
                deps: sql::split_hashes(&row.get::<_, Vec<u8>>(5)?)?.into_iter().map(ChangeHash).collect(),
            };
            Ok((ChangeHash(row.get(0)?), known))
        })?;
        Ok(known.into_iter().collect())
    }

    /// The newest accepted changes of a document, sorted, as of its last `put_record`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn heads(&self, space: &SpaceId, doc: &DocumentId) -> Result<Vec<ChangeHash>, StoreError> {
        let Some(did) = self.did(space, doc)? else { return Ok(Vec::new()) };
        let heads = sql::one(self.connection, "SELECT heads FROM doc WHERE did = ?1", [did], |row| row.get::<_, Vec<u8>>(0))?;
        Ok(sql::split_hashes(&heads.unwrap_or_default())?.into_iter().map(ChangeHash).collect())
    }

    /// All documents held of a space, with or without a record.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn documents(&self, space: &SpaceId) -> Result<Vec<DocumentId>, StoreError> {
        let Some(sid) = self.sid(space)? else { return Ok(Vec::new()) };
        sql::all(self.connection, "SELECT id FROM doc WHERE sid = ?1 ORDER BY id", [sid], |row| Ok(DocumentId(row.get(0)?)))
    }
}
