//! Records as projected.

use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::{DocumentId, Kind, RecordView, SpaceId, normal};

use super::Reader;
use crate::error::StoreError;
use crate::projection::{self, Projection};
use crate::rows::{Counts, Noticed, RecordRow, SpaceCounts};
use crate::{sql, stored_view};

/// Candidates returned for the beginning of an id.
const CANDIDATES: i64 = 100;

/// Records that hold a conflict. Named after its index because without statistics SQLite prefers a wider one.
const CONFLICTS: &str = "SELECT did FROM record INDEXED BY record_conflicts WHERE conflicts > 0 AND deleted = 0 ORDER BY did";

impl Reader<'_> {
    /// A record as projected, in the trash or not.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn record(&self, space: &SpaceId, doc: &DocumentId) -> Result<Option<RecordRow>, StoreError> {
        match self.did(space, doc)? {
            Some(did) => self.record_at(did),
            None => Ok(None),
        }
    }

    pub(crate) fn record_at(&self, did: i64) -> Result<Option<RecordRow>, StoreError> {
        let sql = "SELECT doc.sid, doc.id, record.news, record.view FROM record JOIN doc USING (did) WHERE record.did = ?1";
        let found = sql::one(self.connection, sql, [did], |row| {
            Ok((row.get(0)?, DocumentId(row.get(1)?), row.get(2)?, row.get::<_, Vec<u8>>(3)?))
        })?;
        let Some((sid, doc, news, view)) = found else { return Ok(None) };
        let space = self.space_id(sid)?;
        let view = match stored_view::decode_of(&view, &space, &doc) {
            Ok(view) => view,
            Err(_) => self.unreadable(did, &space, &doc)?,
        };
        Ok(Some(RecordRow { space, doc, view, news }))
    }

    /// What is shown of a record whose query table row cannot be read, until it is made again from its changes.
    fn unreadable(&self, did: i64, space: &SpaceId, doc: &DocumentId) -> Result<RecordView, StoreError> {
        self.notice(Noticed::View(*space, *doc));
        let kind: Option<String> = sql::one(self.connection, "SELECT kind FROM record WHERE did = ?1", [did], |row| row.get(0))?;
        Ok(damaged_view(&kind.unwrap_or_default(), space, doc))
    }

    /// A view without the ids of its record and space.
    pub(crate) fn view_at(&self, did: i64) -> Result<Option<RecordView>, StoreError> {
        let view = sql::one(self.connection, "SELECT view FROM record WHERE did = ?1", [did], |row| row.get::<_, Vec<u8>>(0))?;
        view.map(|view| stored_view::decode(&view)).transpose()
    }

    /// What is kept to show a record, before it is packed: dictionaries are made of it.
    ///
    /// # Errors
    /// When the database cannot be read, or it is damaged.
    pub fn unpacked_view(&self, space: &SpaceId, doc: &DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT view FROM record WHERE did = ?1";
        let Some(did) = self.did(space, doc)? else { return Ok(None) };
        let view = sql::one(self.connection, sql, [did], |row| row.get::<_, Vec<u8>>(0))?;
        view.map(|view| stored_view::unpacked(&view)).transpose()
    }

    pub(crate) fn records_at(&self, dids: &[i64]) -> Result<Vec<RecordRow>, StoreError> {
        let mut rows = Vec::with_capacity(dids.len());
        for did in dids {
            rows.extend(self.record_at(*did)?);
        }
        Ok(rows)
    }

    /// Records whose printed id begins with this (with or without the kind's letter), in all spaces, by id; at most 100.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn find_ids(&self, prefix: &str) -> Result<Vec<(SpaceId, DocumentId)>, StoreError> {
        let digits = prefix.rsplit_once('_').map_or(prefix, |(_, digits)| digits);
        let padded = |with: &str| format!("{digits}{}", with.repeat(26_usize.saturating_sub(digits.len()))).parse::<DocumentId>();
        // 26 digits hold 130 bits, an id has 128: the first digit is at most 7.
        let highest = if digits.is_empty() { Ok(DocumentId([0xFF; 16])) } else { padded("Z") };
        let (Ok(low), Ok(high)) = (padded("0"), highest) else { return Ok(Vec::new()) };
        let sql = "SELECT id FROM doc JOIN record USING (did) WHERE doc.sid = ?1 AND doc.id BETWEEN ?2 AND ?3 ORDER BY doc.id LIMIT ?4";
        let mut found = Vec::new();
        for (sid, space) in self.space_numbers()? {
            let ids = sql::all(self.connection, sql, (sid, low.0, high.0, CANDIDATES), |row| Ok(DocumentId(row.get(0)?)))?;
            found.extend(ids.into_iter().map(|id| (space, id)));
        }
        found.sort_by_key(|(space, id)| (*id, *space));
        found.truncate(usize::try_from(CANDIDATES).unwrap_or(usize::MAX));
        Ok(found)
    }

    /// Records with exactly this name, whatever its case and accents, in all spaces, without the trash: space, document and kind.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn find_by_name(&self, name: &str) -> Result<Vec<(SpaceId, DocumentId, String)>, StoreError> {
        let folded = normal::fold(name);
        if folded.is_empty() {
            return Ok(Vec::new());
        }
        // Named after its index, and why it may be used: without statistics SQLite goes through all records instead.
        let sql = "SELECT did FROM record INDEXED BY record_named WHERE named = ?1 AND named <> 0 AND deleted = 0 ORDER BY kind, did";
        let dids = sql::all(self.connection, sql, [projection::name_number(name)], |row| Ok(row.get(0)?))?;
        let same = self.records_at(&dids)?.into_iter().filter(|row| normal::fold(&row.view.name) == folded);
        Ok(same.map(|row| (row.space, row.doc, row.view.kind)).collect())
    }

    /// Activities in which a record took part, newest first, without the trash. With `space` given only those of that space and of private spaces:
    /// members of another space cannot put anything into the timeline of this one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn activities_of(&self, space: Option<&SpaceId>, doc: &DocumentId, limit: usize) -> Result<Vec<RecordRow>, StoreError> {
        let mut newest = Newest { limit, held: BTreeSet::new() };
        self.put_activities(&mut newest, space, doc)?;
        self.records_at(&newest.dids())
    }

    /// Activities in which any of these records took part, each once, newest first, without the trash. Each record is named with its space, and only
    /// activities of that space and of private spaces count for it. Only what is returned is read whole.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn activities_with(&self, records: &BTreeSet<(SpaceId, DocumentId)>, limit: usize) -> Result<Vec<RecordRow>, StoreError> {
        let mut newest = Newest { limit, held: BTreeSet::new() };
        for (space, doc) in records {
            self.go_on()?;
            self.put_activities(&mut newest, Some(space), doc)?;
        }
        self.records_at(&newest.dids())
    }

    /// Adds the activities of a record that are newer than the oldest that would be shown without them.
    fn put_activities(&self, newest: &mut Newest, space: Option<&SpaceId>, doc: &DocumentId) -> Result<(), StoreError> {
        let sql = "SELECT participant.at, record.did, record.kind FROM participant JOIN record USING (did) JOIN space USING (sid)
            WHERE participant.target = ?1 AND (?2 IS NULL OR space.id = ?2 OR space.private = 1)
            ORDER BY participant.at DESC, participant.did DESC";
        sql::each(self.connection, sql, (doc.0, space.map(SpaceId::as_bytes)), |row| {
            let place = (row.get::<_, String>(0)?, row.get(1)?);
            if !newest.takes(&place) {
                return Ok(false);
            }
            if Kind::from(row.get::<_, String>(2)?).is_activity() {
                newest.put(place);
            }
            Ok(true)
        })
    }

    /// The records that hold a conflict, without the trash: all of them, or the one named, if it does.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn conflicts(&self, of: Option<(SpaceId, DocumentId)>) -> Result<Vec<(SpaceId, DocumentId)>, StoreError> {
        let Some((space, doc)) = of else {
            let dids: Vec<i64> = sql::all(self.connection, CONFLICTS, [], |row| Ok(row.get(0)?))?;
            return dids.into_iter().map(|did| self.doc_id(did)).collect();
        };
        let Some(did) = self.did(&space, &doc)? else { return Ok(Vec::new()) };
        let holds = "SELECT 1 FROM record WHERE did = ?1 AND conflicts > 0 AND deleted = 0";
        let holds = sql::one(self.connection, holds, [did], |_| Ok(()))?;
        Ok(holds.map(|()| (space, doc)).into_iter().collect())
    }

    /// How many records there are, without the trash.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        let mut spaces: BTreeMap<i64, SpaceCounts> = BTreeMap::new();
        for (sid, space) in self.space_numbers()? {
            spaces.insert(sid, SpaceCounts { space, people: 0, orgs: 0, activities: 0 });
        }
        self.sums.borrow_mut().write(self.connection)?;
        sql::each(self.connection, "SELECT sid, kind, live FROM tally", [], |row| {
            let live: u32 = row.get(2)?;
            if let Some(counts) = spaces.get_mut(&row.get(0)?) {
                match Kind::from(row.get::<_, String>(1)?) {
                    Kind::Person => counts.people += live,
                    Kind::Org => counts.orgs += live,
                    kind if kind.is_activity() => counts.activities += live,
                    _ => {}
                }
            }
            Ok(true)
        })?;
        let conflicts = format!("SELECT count(*) FROM ({CONFLICTS})");
        let conflicts = sql::one(self.connection, &conflicts, [], |row| row.get(0))?.unwrap_or(0);
        Ok(Counts { spaces: spaces.into_values().collect(), conflicts })
    }

    /// Whether the query tables were made by this version's rules. When not, the engine drops them (`Tx::drop_projections`) and puts every record again.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn projections_are_current(&self) -> Result<bool, StoreError> {
        Ok(self.meta(projection::VERSION_KEY)?.as_deref() == Some(projection::VERSION) && self.rebuild_from()?.is_none())
    }

    /// Whether a record's query tables hold what they would hold if it were put now: for `check`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn projection_holds(&self, space: &SpaceId, doc: &DocumentId, view: &RecordView) -> Result<bool, StoreError> {
        let Some(did) = self.did(space, doc)? else { return Ok(false) };
        let shown = self.record_at(did)?.map(|row| row.view);
        if shown.as_ref() != Some(view) {
            return Ok(false);
        }
        let expected = Projection::of(view);
        let line = sql::one(self.connection, "SELECT line FROM finder WHERE did = ?1", [did], |row| row.get::<_, String>(0))?;
        let key = sql::one(self.connection, "SELECT collation FROM record WHERE did = ?1", [did], |row| row.get::<_, Vec<u8>>(0))?;
        Ok(line == expected.line && key == Some(self.shared.collation().key(&expected.sort)))
    }

    /// What SQLite finds wrong with the file, in its words; empty when all is well. Reads the whole database: for `check`.
    ///
    /// # Errors
    /// When the database cannot be read at all.
    pub fn damage(&self) -> Result<Vec<String>, StoreError> {
        let mut found = sql::all(self.connection, "PRAGMA integrity_check(20)", [], |row| Ok(row.get::<_, String>(0)?))?;
        found.retain(|line| line != "ok");
        let dangling = "SELECT 'a row of ' || \"table\" || ' refers to a missing row of ' || parent FROM pragma_foreign_key_check LIMIT 20";
        found.extend(sql::all(self.connection, dangling, [], |row| Ok(row.get::<_, String>(0)?))?);
        Ok(found)
    }

    /// All spaces with their short numbers.
    pub(crate) fn space_numbers(&self) -> Result<Vec<(i64, SpaceId)>, StoreError> {
        let sql = "SELECT sid, id FROM space ORDER BY private DESC, since, sid";
        sql::all(self.connection, sql, [], |row| Ok((row.get(0)?, SpaceId(row.get(1)?))))
    }
}

/// The newest of several lists that are each gone through from the newest on.
struct Newest {
    limit: usize,
    held: BTreeSet<(String, i64)>,
}

impl Newest {
    /// Whether a place, or anything older behind it, can be among the newest.
    fn takes(&self, place: &(String, i64)) -> bool {
        self.limit > 0 && (self.held.len() < self.limit || self.held.first().is_some_and(|oldest| oldest <= place))
    }

    fn put(&mut self, place: (String, i64)) {
        self.held.insert(place);
        if self.held.len() > self.limit {
            self.held.pop_first();
        }
    }

    fn dids(&self) -> Vec<i64> {
        self.held.iter().rev().map(|(_, did)| *did).collect()
    }
}

/// What stands for a record of which nothing can be read.
pub(crate) fn damaged_view(kind: &str, space: &SpaceId, doc: &DocumentId) -> RecordView {
    let kind = if kind.is_empty() { Kind::Person } else { Kind::from(kind) };
    RecordView {
        id: format!("{}_{doc}", kind.prefix()),
        space: space.to_string(),
        name: "Damaged record".into(),
        notes: "This record cannot be read. Nothing was deleted: its bytes are set aside, and a colleague’s computer that has it sends it again.".into(),
        kind: kind.into(),
        ..RecordView::default()
    }
}
