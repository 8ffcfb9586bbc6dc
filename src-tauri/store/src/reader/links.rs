//! Links followed backwards, files, and tags with their counts.

use tuttu_model::{DocumentId, SpaceId};

use super::Reader;
use crate::error::StoreError;
use crate::rows::{Backlink, RecordRow};
use crate::sql;

impl Reader<'_> {
    /// Records that link to this one (other than by taking part), by how they link; without the trash. Only those of its own space and of private
    /// spaces: members of another space cannot put anything here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn backlinks(&self, space: &SpaceId, doc: &DocumentId, limit: usize) -> Result<Vec<Backlink>, StoreError> {
        let sql = "SELECT link.did, link.how FROM link JOIN record USING (did) JOIN space USING (sid)
            WHERE link.target = ?1 AND (space.id = ?2 OR space.private = 1) ORDER BY link.how, link.did LIMIT ?3";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found: Vec<(i64, String)> =
            sql::all(self.connection, sql, (doc.0, space.as_bytes(), limit), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut links = Vec::with_capacity(found.len());
        for (did, how) in found {
            for row in self.records_at(&[did])? {
                links.push(Backlink { row, how: how.clone() });
            }
        }
        Ok(links)
    }

    /// Records that link to this one in this way, the latest held first; which ones as for [`Reader::backlinks`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn linked_as(&self, space: &SpaceId, doc: &DocumentId, how: &str, limit: usize) -> Result<Vec<RecordRow>, StoreError> {
        let sql = "SELECT link.did FROM link JOIN record USING (did) JOIN space USING (sid)
            WHERE link.target = ?1 AND link.how = ?2 AND (space.id = ?3 OR space.private = 1) ORDER BY link.did DESC LIMIT ?4";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let dids: Vec<i64> = sql::all(self.connection, sql, (doc.0, how, space.as_bytes(), limit), |row| Ok(row.get(0)?))?;
        self.records_at(&dids)
    }

    /// Records that have this file, in the trash or not.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn records_with_file(&self, hash: &[u8; 32]) -> Result<Vec<RecordRow>, StoreError> {
        let dids: Vec<i64> =
            sql::all(self.connection, "SELECT did FROM attached WHERE hash = ?1 ORDER BY did", [hash], |row| Ok(row.get(0)?))?;
        self.records_at(&dids)
    }

    /// Hashes of files that records have and that begin with these bytes, each once, by hash.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn files(&self, limit: usize) -> Result<Vec<[u8; 32]>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        sql::all(self.connection, "SELECT DISTINCT hash FROM attached ORDER BY hash LIMIT ?1", [limit], |row| Ok(row.get(0)?))
    }

    /// Whether the bytes of a file came here through a space, and a record of that space outside the trash names it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn gives_file(&self, space: &SpaceId, hash: &[u8; 32]) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM held_file JOIN space USING (sid) WHERE held_file.hash = ?1 AND space.id = ?2
            AND EXISTS (SELECT 1 FROM attached JOIN record USING (did)
                WHERE attached.hash = held_file.hash AND record.sid = held_file.sid AND record.deleted = 0)";
        Ok(sql::one(self.connection, sql, (hash, space.as_bytes()), |_| Ok(()))?.is_some())
    }

    /// Files that records outside the trash name and that came here through none of their spaces: space, hash, and a record that names it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn files_elsewhere(&self, limit: usize) -> Result<Vec<(SpaceId, [u8; 32], DocumentId)>, StoreError> {
        let sql = "SELECT record.sid, attached.hash, max(record.did) FROM attached JOIN record USING (did) WHERE record.deleted = 0
            AND NOT EXISTS (SELECT 1 FROM held_file WHERE held_file.hash = attached.hash AND held_file.sid = record.sid)
            GROUP BY attached.hash, record.sid ORDER BY max(record.did) DESC LIMIT ?1";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found: Vec<(i64, [u8; 32], i64)> = sql::all(self.connection, sql, [limit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        found.into_iter().map(|(sid, hash, did)| Ok((self.space_id(sid)?, hash, self.doc_id(did)?.1))).collect()
    }

    /// Records that have a tag, in any case and with or without accents, without the trash.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn records_tagged(&self, tag: &str) -> Result<Vec<RecordRow>, StoreError> {
        let word = tuttu_model::normal::fold(tag);
        let dids: Vec<i64> = sql::all(self.connection, "SELECT did FROM tag WHERE word = ?1 ORDER BY did", [word], |row| Ok(row.get(0)?))?;
        self.records_at(&dids)
    }

    /// Tags, folded, with how many records have each, without the trash; by tag. `space`: only of that one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn tags(&self, space: Option<&SpaceId>, limit: usize) -> Result<Vec<(String, u32)>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let all = "SELECT word, count(*) FROM tag GROUP BY word ORDER BY word LIMIT ?1";
        let Some(space) = space else { return sql::all(self.connection, all, [limit], |row| Ok((row.get(0)?, row.get(1)?))) };
        let of = "SELECT tag.word, count(*) FROM tag JOIN record USING (did) JOIN space USING (sid) WHERE space.id = ?2
            GROUP BY tag.word ORDER BY tag.word LIMIT ?1";
        sql::all(self.connection, of, (limit, space.as_bytes()), |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// One record that has a tag, to show the tag as it was typed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn first_tagged(&self, word: &str) -> Result<Option<RecordRow>, StoreError> {
        let did: Option<i64> =
            sql::one(self.connection, "SELECT did FROM tag WHERE word = ?1 ORDER BY did LIMIT 1", [word], |row| row.get(0))?;
        Ok(self.records_at(&did.into_iter().collect::<Vec<_>>())?.pop())
    }
}
