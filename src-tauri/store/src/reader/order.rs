//! Records in the order of a list, from any place on.

use std::cmp::Ordering;
use std::collections::VecDeque;

use rusqlite::types::{Value, ValueRef};
use serde::{Deserialize, Serialize};

use super::Reader;
use crate::error::StoreError;
use crate::rows::Sort;
use crate::search::{Bits, DUE, START, TextTable, Window};
use crate::sql;

/// Rows read at a time at first, and at most.
const FIRST_ROWS: usize = 64;
const MOST_ROWS: usize = 4_096;

/// A place in a list: stays good while records come, go and change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// 0: sorted by what was asked; 1: what lacks that, by name.
    pub(super) part: u8,
    pub(super) key: Vec<u8>,
    pub(super) did: i64,
}

impl Place {
    /// As text that is handed out.
    pub(super) fn print(&self, sort: Sort) -> Result<String, StoreError> {
        let bytes = sql::encode(&(sort as u8, self))?;
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The way back. `None` when it is no place in a list of this order.
    pub(super) fn parse(text: &str, sort: Sort) -> Option<Self> {
        let digits = text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        let bytes: Vec<u8> = digits.collect::<Option<_>>()?;
        let (of, place): (u8, Self) = sql::decode(&bytes, "a place in a list").ok()?;
        (of == sort as u8).then_some(place)
    }
}

/// Which records a list is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) kinds: Vec<String>,
    /// `None` for all spaces.
    pub(super) sids: Option<Vec<i64>>,
    pub(super) trash: bool,
    pub(super) sort: Sort,
}

impl Scope {
    pub(super) fn holds(&self, kind: &str, sid: i64, deleted: bool) -> bool {
        deleted == self.trash && self.in_space(sid) && self.kinds.iter().any(|held| held == kind)
    }

    pub(super) fn in_space(&self, sid: i64) -> bool {
        self.sids.as_ref().is_none_or(|sids| sids.contains(&sid))
    }

    /// Only people and organisations: what the search memory knows all about.
    pub(super) fn is_people(&self) -> bool {
        self.kinds.iter().all(|kind| kind == "person" || kind == "org")
    }

    /// The column a part of the list is sorted by, in `record`.
    fn column(&self, part: u8) -> &'static str {
        match (part, self.sort) {
            (0, Sort::Changed) => "changed",
            (0, Sort::Created) => "created",
            (0, Sort::At) => "place",
            _ => "collation",
        }
    }

    fn falls(&self, part: u8) -> bool {
        part == 0 && matches!(self.sort, Sort::Changed | Sort::Created | Sort::At | Sort::Last)
    }

    /// The order of two places.
    pub(super) fn compare(&self, one: &Place, other: &Place) -> Ordering {
        let order = one.key.cmp(&other.key).then(one.did.cmp(&other.did));
        one.part.cmp(&other.part).then(if self.falls(one.part) { order.reverse() } else { order })
    }

    fn fact(&self) -> Option<&'static str> {
        match self.sort {
            Sort::Due => Some(DUE),
            Sort::Start => Some(START),
            _ => None,
        }
    }
}

/// Goes through a list from a place on.
pub(super) struct Walk<'a> {
    reader: &'a Reader<'a>,
    scope: &'a Scope,
    streams: Vec<Stream>,
    /// The parts of the list that are still to come.
    after: Option<Place>,
    part: u8,
    /// Those that were in the first part.
    dated: Bits,
    source: Source,
}

/// In the order of time: which rows are gone through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    /// Only those that the text index gives for this, and only activities and the like.
    pub(super) text: Option<String>,
    pub(super) window: Window,
}

impl Source {
    /// All rows.
    pub(super) const ALL: Self = Self { text: None, window: Window::ALL };
}

/// The rows of one kind, in order.
struct Stream {
    kind: String,
    rows: VecDeque<Place>,
    after: Option<Place>,
    done: bool,
    chunk: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(reader: &'a Reader<'a>, scope: &'a Scope, after: Option<Place>, source: Source) -> Result<Self, StoreError> {
        let part = after.as_ref().map_or(0, |place| place.part);
        let mut walk = Self { reader, scope, streams: Vec::new(), after, part, dated: Bits::default(), source };
        walk.begin()?;
        Ok(walk)
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        let after = self.after.take();
        let kinds: &[String] = if self.part == 0 && self.by_list() { &[String::new()] } else { &self.scope.kinds };
        let stream =
            |kind: &String| Stream { kind: kind.clone(), rows: VecDeque::new(), after: after.clone(), done: false, chunk: FIRST_ROWS };
        self.streams = kinds.iter().map(stream).collect();
        if self.part == 1 {
            self.dated = self.dated()?;
        }
        Ok(())
    }

    /// The first part comes from a table of its own, not kind by kind.
    fn by_list(&self) -> bool {
        self.scope.fact().is_some() || self.scope.sort == Sort::Last || self.source.text.is_some()
    }

    fn has_second_part(&self) -> bool {
        self.source == Source::ALL && (self.by_list() || (self.scope.sort == Sort::At && !self.scope.trash))
    }

    fn dated(&self) -> Result<Bits, StoreError> {
        if let Some(name) = self.scope.fact() {
            let mut dated = Bits::default();
            sql::each(self.reader.connection, "SELECT did FROM fact WHERE name = ?1", [name], |row| {
                dated.insert(row.get(0)?);
                Ok(true)
            })?;
            return Ok(dated);
        }
        match self.scope.sort {
            Sort::Last => self.reader.shared.names.with(|lines| lines.those(|about| about.last > 0)),
            _ => Ok(Bits::default()),
        }
    }

    /// The next place; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Place>, StoreError> {
        loop {
            for stream in &mut self.streams {
                if stream.rows.is_empty() && !stream.done {
                    fill(self.reader, self.scope, self.part, &self.source, stream)?;
                }
            }
            let nearest = self.streams.iter_mut().filter(|stream| !stream.rows.is_empty()).min_by(|one, other| {
                match (one.rows.front(), other.rows.front()) {
                    (Some(one), Some(other)) => self.scope.compare(one, other),
                    _ => Ordering::Equal,
                }
            });
            match nearest.and_then(|stream| stream.rows.pop_front()) {
                Some(place) if self.part == 1 && self.is_dated(&place)? => {}
                Some(place) => return Ok(Some(place)),
                None if self.part == 0 && self.has_second_part() => {
                    self.part = 1;
                    self.begin()?;
                }
                None => return Ok(None),
            }
        }
    }

    fn is_dated(&self, place: &Place) -> Result<bool, StoreError> {
        if self.scope.sort == Sort::At {
            let listed = "SELECT place > 4294967295 FROM record WHERE did = ?1";
            return Ok(sql::one(self.reader.connection, listed, [place.did], |row| row.get(0))?.unwrap_or(false));
        }
        Ok(self.dated.holds(place.did))
    }
}

/// Reads the next rows of a stream.
fn fill(reader: &Reader<'_>, scope: &Scope, part: u8, source: &Source, stream: &mut Stream) -> Result<(), StoreError> {
    reader.go_on()?;
    let asked = stream.chunk;
    let read = match (part, scope.sort, scope.fact()) {
        (0, Sort::At, _) if source.text.is_some() => texts(reader, scope, source, stream)?,
        (0, Sort::Last, _) => met(reader, scope, stream)?,
        (0, _, Some(name)) => facts(reader, scope, name, stream)?,
        _ => columns(reader, scope, part, source.window, stream)?,
    };
    stream.done = read < asked;
    stream.chunk = (asked * 4).min(MOST_ROWS);
    Ok(())
}

fn columns(reader: &Reader<'_>, scope: &Scope, part: u8, window: Window, stream: &mut Stream) -> Result<usize, StoreError> {
    let column = scope.column(part);
    let (sign, direction) = if scope.falls(part) { ("<", " DESC") } else { (">", "") };
    let mut params: Vec<Value> = vec![stream.kind.clone().into()];
    let mut sql = format!("SELECT did, {column}, sid FROM record WHERE kind = ?1");
    // In the order of time only what is not in the trash has a place; there the index does not know what is in it.
    if column == "place" {
        // The first bound tells SQLite which index has these rows.
        sql.push_str(" AND place > 4294967295 AND place >= ?2 AND place < ?3");
        params.push(window.low.into());
        params.push(window.high.into());
    } else {
        params.push(i64::from(scope.trash).into());
        sql.push_str(" AND deleted = ?2");
    }
    if let (Some([sid]), "collation") = (scope.sids.as_deref(), column) {
        params.push((*sid).into());
        sql.push_str(&format!(" AND sid = ?{}", params.len()));
    }
    if let Some(after) = &stream.after {
        params.push(value(column, &after.key));
        params.push(after.did.into());
        sql.push_str(&format!(" AND ({column}, did) {sign} (?{}, ?{})", params.len() - 1, params.len()));
    }
    params.push(i64::try_from(stream.chunk).unwrap_or(i64::MAX).into());
    sql.push_str(&format!(" ORDER BY {column}{direction}, did{direction} LIMIT ?{}", params.len()));
    let mut read = 0;
    sql::each(reader.connection, &sql, rusqlite::params_from_iter(params), |row| {
        read += 1;
        let place = Place { part, key: bytes(row.get_ref(1)?), did: row.get(0)? };
        if scope.in_space(row.get(2)?) {
            stream.rows.push_back(place.clone());
        }
        stream.after = Some(place);
        Ok(true)
    })?;
    Ok(read)
}

/// Rows that the text index gives, newest first.
fn texts(reader: &Reader<'_>, scope: &Scope, source: &Source, stream: &mut Stream) -> Result<usize, StoreError> {
    let sql = format!(
        "SELECT found.rowid, record.did, record.kind, record.sid, record.deleted FROM ({}) AS found CROSS JOIN record ON record.did = found.rowid & 4294967295
            LIMIT ?4",
        TextTable::Activities.select_within()
    );
    let high = match &stream.after {
        Some(after) => <[u8; 8]>::try_from(after.key.as_slice()).map_or(source.window.high, i64::from_be_bytes).min(source.window.high),
        None => source.window.high,
    };
    let text = source.text.as_deref().unwrap_or_default();
    let mut read = 0;
    sql::each(reader.connection, &sql, (text, source.window.low, high, i64::try_from(stream.chunk).unwrap_or(i64::MAX)), |row| {
        read += 1;
        let place = Place { part: 0, key: bytes(row.get_ref(0)?), did: row.get(1)? };
        let kind = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
        if scope.holds(kind, row.get(3)?, row.get(4)?) {
            stream.rows.push_back(place.clone());
        }
        stream.after = Some(place);
        Ok(true)
    })?;
    Ok(read)
}

/// Keys compare as bytes the way SQLite compares the values: numbers here are never negative.
fn bytes(value: ValueRef<'_>) -> Vec<u8> {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
        ValueRef::Integer(number) => number.to_be_bytes().to_vec(),
        ValueRef::Real(_) | ValueRef::Null => Vec::new(),
    }
}

fn value(column: &str, key: &[u8]) -> Value {
    match column {
        "collation" => Value::Blob(key.to_vec()),
        "place" | "changed" | "created" => Value::Integer(<[u8; 8]>::try_from(key).map(i64::from_be_bytes).unwrap_or(0)),
        _ => Value::Text(String::from_utf8_lossy(key).into_owned()),
    }
}

fn facts(reader: &Reader<'_>, scope: &Scope, name: &str, stream: &mut Stream) -> Result<usize, StoreError> {
    let after = stream.after.clone().unwrap_or(Place { part: 0, key: Vec::new(), did: 0 });
    let sql = "SELECT fact.did, fact.value, record.kind, record.sid, record.deleted FROM fact JOIN record USING (did)
        WHERE fact.name = ?1 AND (fact.value, fact.did) > (?2, ?3) ORDER BY fact.value, fact.did LIMIT ?4";
    let from = String::from_utf8_lossy(&after.key).into_owned();
    let mut read = 0;
    sql::each(reader.connection, sql, (name, from, after.did, i64::try_from(stream.chunk).unwrap_or(i64::MAX)), |row| {
        read += 1;
        let place = Place { part: 0, key: bytes(row.get_ref(1)?), did: row.get(0)? };
        let kind = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
        if scope.holds(kind, row.get(3)?, row.get(4)?) {
            stream.rows.push_back(place.clone());
        }
        stream.after = Some(place);
        Ok(true)
    })?;
    Ok(read)
}

/// Those one met, the last first, out of the search memory.
fn met(reader: &Reader<'_>, scope: &Scope, stream: &mut Stream) -> Result<usize, StoreError> {
    if scope.trash {
        return Ok(0);
    }
    let holds = |kind: &str| scope.kinds.iter().any(|held| held == kind);
    let (people, orgs) = (holds("person"), holds("org"));
    let after = stream.after.as_ref().map(|after| (<[u8; 4]>::try_from(after.key.as_slice()).map_or(0, u32::from_be_bytes), after.did));
    let mut met: Vec<(u32, i64)> = reader.shared.names.with(|lines| {
        let met = lines.each().filter(|(did, about)| {
            let behind = after.is_none_or(|after| (about.last, *did) < after);
            about.last > 0 && behind && scope.in_space(about.sid) && if about.org { orgs } else { people }
        });
        met.map(|(did, about)| (about.last, did)).collect()
    })?;
    // Only the first of them are put in order.
    let newest_first = |one: &(u32, i64), other: &(u32, i64)| other.cmp(one);
    if met.len() > stream.chunk {
        met.select_nth_unstable_by(stream.chunk - 1, newest_first);
        met.truncate(stream.chunk);
    }
    met.sort_unstable_by(newest_first);
    for (last, did) in &met {
        stream.rows.push_back(Place { part: 0, key: last.to_be_bytes().to_vec(), did: *did });
    }
    stream.after = stream.rows.back().cloned();
    Ok(met.len())
}

impl Reader<'_> {
    /// The places of these records in a list; those that do not belong to it are left out.
    pub(super) fn places_in(&self, scope: &Scope, dids: &Bits) -> Result<Vec<Place>, StoreError> {
        let mut places = Vec::new();
        let dated: std::collections::HashMap<i64, Vec<u8>> = match scope.fact() {
            Some(name) => sql::all(self.connection, "SELECT did, value FROM fact WHERE name = ?1", [name], |row| {
                Ok((row.get(0)?, bytes(row.get_ref(1)?)))
            })?
            .into_iter()
            .collect(),
            None => Default::default(),
        };
        let sql = format!("SELECT kind, sid, deleted, collation, {}, place FROM record WHERE did = ?1", scope.column(0));
        for did in dids.iter() {
            let found = sql::one(self.connection, &sql, [did], |row| {
                let belongs = scope.holds(row.get_ref(0)?.as_str()?, row.get(1)?, row.get(2)?);
                Ok(belongs.then_some((bytes(row.get_ref(3)?), bytes(row.get_ref(4)?), row.get::<_, i64>(5)?)))
            })?;
            let Some((name, key, place)) = found.flatten() else { continue };
            let first = match scope.sort {
                Sort::Last => {
                    let last = self.shared.names.with(|lines| lines.about(did).map_or(0, |about| about.last))?;
                    (last > 0).then(|| last.to_be_bytes().to_vec())
                }
                Sort::Due | Sort::Start => dated.get(&did).cloned(),
                Sort::At => (place >= 1 << 32).then_some(key),
                Sort::Name | Sort::Changed | Sort::Created => Some(key),
            };
            places.push(match first {
                Some(key) => Place { part: 0, key, did },
                None => Place { part: 1, key: name, did },
            });
        }
        places.sort_unstable_by(|one, other| scope.compare(one, other));
        Ok(places)
    }
}
