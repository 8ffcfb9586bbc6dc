//! Whether the query tables hold what the documents say: record by record, and at the end in sum, so that rows of nothing are found too. Needs
//! the memory of the sums alone, however many records there are.

mod text;

use std::collections::BTreeMap;

use tuttu_model::{ChangeHash, DocumentId, RecordView, SpaceId};

use crate::error::StoreError;
use crate::projection::Projection;
use crate::reader::Reader;
use crate::search::place_of;
use crate::{accumulator, sql, stored_view};
use text::TextSums;

/// What a vault's query tables should hold, added up while its documents are gone through.
#[derive(Debug, Default)]
pub struct Audit {
    records: u64,
    tags: u64,
    participants: u64,
    links: u64,
    files: u64,
    facts: u64,
    lines: u64,
    tally: BTreeMap<(i64, String), (i64, i64)>,
    accumulators: BTreeMap<i64, [u8; 32]>,
    texts: TextSums,
}

/// A record's row in the list of records.
struct Row {
    sid: i64,
    kind: String,
    collation: Vec<u8>,
    named: i64,
    created: i64,
    changed: i64,
    deleted: bool,
    conflicts: i64,
    place: i64,
    view: Vec<u8>,
}

impl Audit {
    /// Compares what is held of a record with what its document says; gives what differs, in words.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn record(
        &mut self,
        reader: &Reader<'_>,
        (did, space, doc): (i64, &SpaceId, &DocumentId),
        view: &RecordView,
        heads: &[ChangeHash],
    ) -> Result<Vec<&'static str>, StoreError> {
        let Some(sid) = reader.sid(space)? else { return Ok(vec!["its space"]) };
        let expected = Projection::of(view);
        let place = if expected.is_placed() { place_of(expected.table, did, &expected.at)? } else { 0 };
        self.expect(sid, did, &expected, place);
        let mut heads: Vec<[u8; 32]> = heads.iter().map(|head| head.0).collect();
        heads.sort_unstable();
        let sum = self.accumulators.entry(sid).or_default();
        *sum = accumulator::with(*sum, doc, &heads);
        let mut differs = Vec::new();
        if reader.heads(space, doc)?.iter().map(|head| head.0).ne(heads) {
            differs.push("the noted newest changes");
        }
        match row(reader, did)? {
            None => differs.push("the list of records, in which it is missing"),
            Some(row) => {
                let collation = reader.shared.collation().key(&expected.sort);
                differs.extend(row.differs(sid, &expected, place, (&collation, &stored_view::encode(view)?)));
            }
        }
        differs.extend(links_differ(reader, did, &expected)?);
        Ok(differs)
    }

    /// No change of a document counts, so nothing may be held of it. `true` when that is so.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn nothing(&mut self, reader: &Reader<'_>, did: i64) -> Result<bool, StoreError> {
        Ok(row(reader, did)?.is_none())
    }

    /// What could not be built is left as it stands: counts it as it is held.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn as_held(&mut self, reader: &Reader<'_>, did: i64, space: &SpaceId, doc: &DocumentId) -> Result<(), StoreError> {
        let Some(sid) = reader.sid(space)? else { return Ok(()) };
        let heads: Vec<[u8; 32]> = reader.heads(space, doc)?.iter().map(|head| head.0).collect();
        if !heads.is_empty() {
            let sum = self.accumulators.entry(sid).or_default();
            *sum = accumulator::with(*sum, doc, &heads);
        }
        let Some(row) = row(reader, did)? else { return Ok(()) };
        let Ok(view) = stored_view::decode(&row.view) else { return Ok(()) };
        self.expect(sid, did, &Projection::of(&view), row.place);
        Ok(())
    }

    fn expect(&mut self, sid: i64, did: i64, expected: &Projection, place: i64) {
        self.records += 1;
        self.tags += u64::try_from(expected.tags.len()).unwrap_or(0);
        self.participants += u64::try_from(expected.participants.len()).unwrap_or(0);
        self.links += u64::try_from(expected.links.len()).unwrap_or(0);
        self.files += u64::try_from(expected.files.len()).unwrap_or(0);
        self.facts += u64::try_from(expected.facts.len()).unwrap_or(0);
        self.lines += u64::from(expected.line.is_some());
        let (live, trashed) = self.tally.entry((sid, expected.kind.clone())).or_default();
        *(if expected.deleted { trashed } else { live }) += 1;
        self.texts.expect(expected.table, if place == 0 { did } else { place }, &expected.text);
    }

    /// Everything was gone through: gives what is wrong in sum, in sentences.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn finish(self, reader: &Reader<'_>) -> Result<Vec<String>, StoreError> {
        let mut problems = Vec::new();
        for (table, expected, what) in [
            ("record", self.records, "records are listed"),
            ("tag", self.tags, "tags are indexed"),
            ("participant", self.participants, "participants are indexed"),
            ("link", self.links, "links between records are indexed"),
            ("attached", self.files, "files of records are indexed"),
            ("fact", self.facts, "dates and other values are indexed"),
            ("finder", self.lines, "people and organisations are searched by name"),
        ] {
            let held = sql::one(reader.connection, &format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0))?;
            let held = held.map_or(0, sql::unsigned);
            if held != expected {
                problems.push(format!("{held} {what}, but the changes tell of {expected}."));
            }
        }
        let tally = sql::all(reader.connection, "SELECT sid, kind, live, trashed FROM tally WHERE live <> 0 OR trashed <> 0", [], |row| {
            Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?)))
        })?;
        if tally.into_iter().collect::<BTreeMap<(i64, String), (i64, i64)>>() != self.tally {
            problems.push("The noted numbers of records are wrong.".into());
        }
        for (sid, space) in reader.space_numbers()? {
            if reader.accumulator(&space)? != self.accumulators.get(&sid).copied().unwrap_or_default() {
                let name = reader.space(&space)?.map(|row| row.name).unwrap_or_default();
                problems.push(format!("The check sum of “{name}” does not match its records."));
            }
        }
        problems.extend(self.texts.compare(reader)?);
        Ok(problems)
    }
}

impl Row {
    fn differs(&self, sid: i64, expected: &Projection, place: i64, (collation, view): (&[u8], &[u8])) -> Vec<&'static str> {
        let mut differs = Vec::new();
        if self.view != view {
            differs.push("what is shown");
        }
        let columns = (&self.kind, &self.created, &self.changed, self.deleted, self.conflicts);
        if columns != (&expected.kind, &expected.created, &expected.changed, expected.deleted, expected.conflicts) || self.sid != sid {
            differs.push("the list of records");
        }
        if self.collation != collation || self.named != expected.named {
            differs.push("its place in the list");
        }
        if self.place != place {
            differs.push("its place in the text index");
        }
        differs
    }
}

fn row(reader: &Reader<'_>, did: i64) -> Result<Option<Row>, StoreError> {
    let sql = "SELECT sid, kind, collation, named, created, changed, deleted, conflicts, place, view FROM record WHERE did = ?1";
    sql::one(reader.connection, sql, [did], |row| {
        Ok(Row {
            sid: row.get(0)?,
            kind: row.get(1)?,
            collation: row.get(2)?,
            named: row.get(3)?,
            created: row.get(4)?,
            changed: row.get(5)?,
            deleted: row.get(6)?,
            conflicts: row.get(7)?,
            place: row.get(8)?,
            view: row.get(9)?,
        })
    })
}

fn links_differ(reader: &Reader<'_>, did: i64, expected: &Projection) -> Result<Vec<&'static str>, StoreError> {
    let mut differs = Vec::new();
    let line = sql::one(reader.connection, "SELECT line FROM finder WHERE did = ?1", [did], |row| row.get::<_, String>(0))?;
    if line != expected.line {
        differs.push("what is searched by name");
    }
    let tag = "SELECT 1 FROM tag WHERE word = ?1 AND did = ?2";
    for word in &expected.tags {
        if sql::one(reader.connection, tag, (word, did), |_| Ok(()))?.is_none() {
            differs.push("its tags");
            break;
        }
    }
    let participant = "SELECT 1 FROM participant WHERE target = ?1 AND at = ?2 AND did = ?3";
    for target in &expected.participants {
        if sql::one(reader.connection, participant, (target.0, &expected.at, did), |_| Ok(()))?.is_none() {
            differs.push("its participants");
            break;
        }
    }
    let link = "SELECT 1 FROM link WHERE target = ?1 AND how = ?2 AND did = ?3";
    for (target, how) in &expected.links {
        if sql::one(reader.connection, link, (target.0, how, did), |_| Ok(()))?.is_none() {
            differs.push("its links");
            break;
        }
    }
    let fact = "SELECT 1 FROM fact WHERE name = ?1 AND value = ?2 AND did = ?3";
    for (name, value) in &expected.facts {
        if sql::one(reader.connection, fact, (name, value, did), |_| Ok(()))?.is_none() {
            differs.push("its dates and other values");
            break;
        }
    }
    Ok(differs)
}
