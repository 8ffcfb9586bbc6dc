//! Lists and searches.

use std::collections::HashSet;

use rusqlite::types::Value;
use tuttu_model::{DocumentId, SpaceId};

use super::Reader;
use crate::error::StoreError;
use crate::projection::Projection;
use crate::rows::{Hit, ListQuery, RecordRow, Sort};
use crate::search::{Needles, Sought, TextTable, did_at, searched_text, typed_text_matches};
use crate::sql;

/// Up to this many matches are looked up one by one; more are picked out of the sorted list.
const LOOKED_UP: usize = 2_000;
/// Rows looked at again for words longer than the text indexes list, before the index is asked for the whole word.
const LOOKED_AT_AGAIN: usize = 300;
/// For each of several words, the best names whose notes are looked at for the other words.
const LOOKED_AT_FOR_BOTH: usize = 50;

impl Reader<'_> {
    /// A page of a list, and how many there are in all.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn list(&self, query: &ListQuery) -> Result<(Vec<RecordRow>, u32), StoreError> {
        let sid = match &query.space {
            Some(space) => match self.sid(space)? {
                Some(sid) => Some(sid),
                None => return Ok((Vec::new(), 0)),
            },
            None => None,
        };
        let scope = Scope { query, sid };
        let mut sought = Sought::parse(&query.text);
        query.tags.iter().for_each(|tag| sought.add_tag(tag));
        let (page, total) = if sought.is_empty() {
            (self.page(&scope)?, self.total(&scope)?)
        } else if query.trash {
            self.trash_page(&scope, &sought)?
        } else {
            let matching = self.matching(&sought)?;
            if matching.len() <= LOOKED_UP { self.pick(&scope, &matching)? } else { self.sift(&scope, &matching)? }
        };
        Ok((self.records_at(&page)?, total))
    }

    /// Search over everything, best first: names, organisations, e-mails and phones by how well they match, then notes, then activities, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<Hit>, StoreError> {
        let sought = Sought::parse(text);
        let tagged = self.tagged(&sought.tags)?;
        let mut hits = Hits { reader: self, limit, tagged: tagged.as_deref(), seen: HashSet::new(), found: Vec::new() };
        match Needles::new(&sought) {
            Some(needles) => {
                for hit in self.shared.names.best(&needles, limit, |did| hits.is_tagged(did))? {
                    hits.add(hit.did, hit.field.as_str())?;
                }
                for (table, matched) in [(TextTable::Notes, "notes"), (TextTable::Activities, "activity")] {
                    self.search_text(table, matched, &sought, &mut hits)?;
                }
                self.search_both(&sought, &mut hits)?;
            }
            None => {
                for did in tagged.iter().flatten() {
                    hits.add(*did, "tag")?;
                }
            }
        }
        Ok(hits.found)
    }

    /// One word in the name, another in the notes: looks at the notes of those whose names match a word best.
    fn search_both(&self, sought: &Sought, hits: &mut Hits<'_>) -> Result<(), StoreError> {
        if sought.words.len() < 2 || hits.is_full() {
            return Ok(());
        }
        for word in &sought.words {
            let one = Sought { words: vec![word.clone()], ..Sought::default() };
            let Some(needles) = Needles::new(&one) else { continue };
            for hit in self.shared.names.best(&needles, LOOKED_AT_FOR_BOTH, |did| hits.is_tagged(did))? {
                let Some(view) = self.view_at(hit.did)? else { continue };
                let projection = Projection::of(&view);
                let text = format!("{} {}", projection.line.unwrap_or_default(), projection.text);
                if typed_text_matches(&text, &sought.words) {
                    hits.add(hit.did, "notes")?;
                }
            }
        }
        Ok(())
    }

    fn search_text(&self, table: TextTable, matched: &'static str, sought: &Sought, hits: &mut Hits<'_>) -> Result<(), StoreError> {
        let Some((query, look_again)) = sought.text_query(true).filter(|_| !hits.is_full()) else { return Ok(()) };
        let mut looked_at = 0;
        let mut gave_up = false;
        sql::each(self.connection, table.select(), [&query], |row| {
            let did = did_at(row.get(0)?);
            if look_again {
                looked_at += 1;
                gave_up = looked_at > LOOKED_AT_AGAIN;
            }
            if !gave_up && (!look_again || self.holds_words(did, sought)?) {
                hits.add(did, matched)?;
            }
            Ok(!gave_up && !hits.is_full())
        })?;
        if gave_up && let Some((query, single_letters)) = sought.text_query(false) {
            sql::each(self.connection, table.select(), [&query], |row| {
                let did = did_at(row.get(0)?);
                if !single_letters || self.holds_words(did, sought)? {
                    hits.add(did, matched)?;
                }
                Ok(!hits.is_full())
            })?;
        }
        Ok(())
    }

    fn holds_words(&self, did: i64, sought: &Sought) -> Result<bool, StoreError> {
        Ok(self.view_at(did)?.is_some_and(|view| typed_text_matches(&searched_text(&view), &sought.words)))
    }

    /// Every record that holds all that is sought, each word wherever it may be, by number.
    fn matching(&self, sought: &Sought) -> Result<Vec<i64>, StoreError> {
        let mut matching = self.tagged(&sought.tags)?;
        if let Some(phone) = &sought.phone {
            let mut found = self.in_names(&Sought { phone: Some(phone.clone()), ..Sought::default() })?;
            if let Some((query, _)) = sought.text_query(false) {
                self.in_texts(&query, &mut found)?;
            }
            narrow(&mut matching, found);
        } else {
            for word in &sought.words {
                let one = Sought { words: vec![word.clone()], ..Sought::default() };
                let mut found = self.in_names(&one)?;
                if let Some((query, _)) = one.text_query(false) {
                    self.in_texts(&query, &mut found)?;
                }
                narrow(&mut matching, found);
            }
        }
        Ok(matching.unwrap_or_default())
    }

    fn in_names(&self, sought: &Sought) -> Result<Vec<i64>, StoreError> {
        Needles::new(sought).map_or(Ok(Vec::new()), |needles| self.shared.names.matching(&needles))
    }

    fn in_texts(&self, query: &str, found: &mut Vec<i64>) -> Result<(), StoreError> {
        for table in [TextTable::Notes, TextTable::Activities] {
            sql::each(self.connection, table.select(), [query], |row| {
                found.push(did_at(row.get(0)?));
                Ok(true)
            })?;
        }
        Ok(())
    }

    /// The records that carry all these tags, by number; `None` when no tag is asked for.
    fn tagged(&self, tags: &[String]) -> Result<Option<Vec<i64>>, StoreError> {
        let mut matching = None;
        for tag in tags {
            let found = sql::all(self.connection, "SELECT did FROM tag WHERE word = ?1 ORDER BY did", [tag], |row| Ok(row.get(0)?))?;
            narrow(&mut matching, found);
        }
        Ok(matching)
    }

    /// A page of everything in the scope.
    fn page(&self, scope: &Scope<'_>) -> Result<Vec<i64>, StoreError> {
        let (sql, mut params) = scope.select();
        params.push(i64::from(scope.query.limit).into());
        params.push(i64::from(scope.query.offset).into());
        let sql = format!("{sql} LIMIT ?{} OFFSET ?{}", params.len() - 1, params.len());
        sql::all(self.connection, &sql, rusqlite::params_from_iter(params), |row| Ok(row.get(0)?))
    }

    fn total(&self, scope: &Scope<'_>) -> Result<u32, StoreError> {
        self.sums.borrow_mut().write(self.connection)?;
        let counted = if scope.query.trash { "trashed" } else { "live" };
        let sql = format!("SELECT coalesce(sum({counted}), 0) FROM tally WHERE (?1 IS NULL OR sid = ?1) AND (?2 IS NULL OR kind = ?2)");
        Ok(sql::one(self.connection, &sql, (scope.sid, &scope.query.kind), |row| row.get(0))?.unwrap_or(0))
    }

    /// A page of few matches: looks each one up and sorts them.
    fn pick(&self, scope: &Scope<'_>, matching: &[i64]) -> Result<(Vec<i64>, u32), StoreError> {
        let (column, _) = scope.order();
        let sql = format!("SELECT {column}, kind, sid, deleted FROM record WHERE did = ?1");
        let mut keys: Vec<(String, i64)> = Vec::new();
        for did in matching {
            let found = sql::one(self.connection, &sql, [did], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?, row.get::<_, bool>(3)?))
            })?;
            if let Some((key, kind, sid, deleted)) = found
                && !deleted
                && scope.holds(&kind, sid)
            {
                keys.push((key, *did));
            }
        }
        keys.sort();
        if scope.query.sort != Sort::Name {
            keys.reverse();
        }
        let total = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        Ok((scope.cut(keys.into_iter().map(|(_, did)| did)), total))
    }

    /// A page of many matches: goes through the sorted list and keeps what matches.
    fn sift(&self, scope: &Scope<'_>, matching: &[i64]) -> Result<(Vec<i64>, u32), StoreError> {
        let (sql, params) = scope.select();
        let mut found = Vec::new();
        sql::each(self.connection, &sql, rusqlite::params_from_iter(params), |row| {
            let did = row.get(0)?;
            if matching.binary_search(&did).is_ok() {
                found.push(did);
            }
            Ok(true)
        })?;
        let total = u32::try_from(found.len()).unwrap_or(u32::MAX);
        Ok((scope.cut(found.into_iter()), total))
    }

    /// What is in the trash is in no index: looks at each of them.
    fn trash_page(&self, scope: &Scope<'_>, sought: &Sought) -> Result<(Vec<i64>, u32), StoreError> {
        let (sql, params) = scope.select();
        let all: Vec<i64> = sql::all(self.connection, &sql, rusqlite::params_from_iter(params), |row| Ok(row.get(0)?))?;
        let mut found = Vec::new();
        for did in all {
            let Some(mut view) = self.view_at(did)? else { continue };
            view.deleted = false;
            let projection = Projection::of(&view);
            let text = format!("{} {}", projection.line.unwrap_or_default(), projection.text);
            let in_phone = sought.phone.as_ref().is_some_and(|phone| text.contains(phone));
            if sought.tags.iter().all(|tag| projection.tags.contains(tag)) && (in_phone || typed_text_matches(&text, &sought.words)) {
                found.push(did);
            }
        }
        let total = u32::try_from(found.len()).unwrap_or(u32::MAX);
        Ok((scope.cut(found.into_iter()), total))
    }
}

/// Keeps what is in both; the first set stands for all.
fn narrow(matching: &mut Option<Vec<i64>>, mut found: Vec<i64>) {
    found.sort_unstable();
    found.dedup();
    if let Some(before) = matching {
        found.retain(|did| before.binary_search(did).is_ok());
    }
    *matching = Some(found);
}

/// Which records a list is about, and in which order.
struct Scope<'a> {
    query: &'a ListQuery,
    sid: Option<i64>,
}

impl Scope<'_> {
    fn order(&self) -> (&'static str, &'static str) {
        match self.query.sort {
            Sort::Name => ("sort", ""),
            Sort::Changed => ("changed", " DESC"),
            Sort::Created => ("created", " DESC"),
        }
    }

    fn select(&self) -> (String, Vec<Value>) {
        let mut params: Vec<Value> = vec![i64::from(self.query.trash).into()];
        let mut sql = String::from("SELECT did FROM record WHERE deleted = ?1");
        if let Some(kind) = &self.query.kind {
            params.push(kind.clone().into());
            sql.push_str(&format!(" AND kind = ?{}", params.len()));
        }
        if let Some(sid) = self.sid {
            params.push(sid.into());
            sql.push_str(&format!(" AND sid = ?{}", params.len()));
        }
        let (column, direction) = self.order();
        sql.push_str(&format!(" ORDER BY {column}{direction}, did{direction}"));
        (sql, params)
    }

    fn holds(&self, kind: &str, sid: i64) -> bool {
        self.query.kind.as_ref().is_none_or(|wanted| wanted == kind) && self.sid.is_none_or(|wanted| wanted == sid)
    }

    fn cut(&self, dids: impl Iterator<Item = i64>) -> Vec<i64> {
        let number = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        dids.skip(number(self.query.offset)).take(number(self.query.limit)).collect()
    }
}

/// Hits so far, each record once.
struct Hits<'a> {
    reader: &'a Reader<'a>,
    limit: usize,
    tagged: Option<&'a [i64]>,
    seen: HashSet<i64>,
    found: Vec<Hit>,
}

impl Hits<'_> {
    fn is_full(&self) -> bool {
        self.found.len() >= self.limit
    }

    fn is_tagged(&self, did: i64) -> bool {
        self.tagged.is_none_or(|tagged| tagged.binary_search(&did).is_ok())
    }

    /// Adds a record unless it is there already, lacks a tag, or is not (any more, or not yet) in this snapshot.
    fn add(&mut self, did: i64, matched: &'static str) -> Result<(), StoreError> {
        if self.is_full() || !self.is_tagged(did) || !self.seen.insert(did) {
            return Ok(());
        }
        let sql = "SELECT doc.sid, doc.id FROM record JOIN doc USING (did) WHERE record.did = ?1 AND record.deleted = 0";
        let found: Option<(i64, DocumentId)> =
            sql::one(self.reader.connection, sql, [did], |row| Ok((row.get(0)?, DocumentId(row.get(1)?))))?;
        if let Some((sid, doc)) = found {
            let space: SpaceId = self.reader.space_id(sid)?;
            self.found.push(Hit { space, doc, matched });
        }
        Ok(())
    }
}
