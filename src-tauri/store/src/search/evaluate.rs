//! From a query to the set of records that match, out of the search memory and the indexes.

use std::collections::BTreeSet;

use tuttu_model::query::date::{Stretch, resolve};
use tuttu_model::query::{DateField, DateTest, Feature, Node, Term, TextField};
use tuttu_model::{ActorId, DocumentId, Kind, normal};

use super::bits::{Bits, Set};
use super::facts::{self, bit, custom_name};
use super::matcher::{birthday, custom_matches, tag};
use super::names::{About, day_number};
use super::ranking::{Field, Needle, Needles};
use super::text::{TextTable, did_at, place_from, seconds};
use super::wanted::{Piece, phone_needles, pieces};
use super::words::typed_words;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::rows::Asking;
use crate::sql;

/// Rows read from one index for one term. A term that matches more says so little that the records of a page are looked at instead.
const ROWS: usize = 20_000;
/// Rows looked at again for words longer than the text indexes list, before the index is asked for the whole word.
const LOOKED_AT_AGAIN: usize = 100;

/// Which records a list can show at all: nothing is read for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class {
    /// People and organisations.
    pub(crate) people: bool,
    /// Everything else.
    pub(crate) others: bool,
}

/// Evaluates queries against one state of the vault.
pub(crate) struct Evaluator<'a> {
    pub(crate) reader: &'a Reader<'a>,
    pub(crate) class: Class,
    pub(crate) asking: &'a Asking,
}

impl Evaluator<'_> {
    /// The records that match, or that may.
    pub(crate) fn set(&self, node: &Node) -> Result<Set, StoreError> {
        match node {
            Node::All(parts) => {
                let mut set = Set::all();
                for part in parts {
                    set = set.and(self.set(part)?);
                }
                Ok(set)
            }
            Node::Any(parts) => {
                let mut set = Set::none();
                for part in parts {
                    set = set.or(self.set(part)?);
                }
                Ok(set)
            }
            Node::Not(inner) => Ok(self.set(inner)?.not()),
            Node::Term(term) => self.term(term),
        }
    }

    fn term(&self, term: &Term) -> Result<Set, StoreError> {
        match term {
            Term::Word(word) => self.word(word),
            Term::Phrase(phrase) => self.phrase(phrase),
            Term::Number(typed) => {
                let words = self.word(typed)?;
                match Needle::number(typed, true) {
                    Some(needle) if !phone_needles(typed).is_empty() => Ok(words.or(self.scanned(needle)?)),
                    _ => Ok(words),
                }
            }
            Term::Text(field, value) => self.text(field, value),
            Term::Date(field, test) => self.dated(*field, test),
            Term::Has(feature) => self.has(*feature),
            // A list shows what is in the trash, or what is not.
            Term::InTrash => Ok(Set::none()),
        }
    }

    fn word(&self, word: &str) -> Result<Set, StoreError> {
        let mut set = Set::all();
        for piece in pieces(word) {
            set = set.and(self.piece(&piece)?);
        }
        Ok(set)
    }

    fn piece(&self, piece: &Piece) -> Result<Set, StoreError> {
        let mut set = Set::none();
        if self.class.people {
            set = set.or(self.scanned(Needle::word(piece, None))?);
            if !piece.is_short() {
                set = set.or(self.in_texts(TextTable::Notes, piece)?);
            }
        }
        if self.class.others {
            set = set.or(self.in_texts(TextTable::Activities, piece)?);
        }
        Ok(set)
    }

    fn scanned(&self, needle: Needle) -> Result<Set, StoreError> {
        let Some(needles) = Needles::new(vec![needle]).filter(|_| self.class.people) else { return Ok(Set::none()) };
        self.reader.shared.names.with(|lines| Set::of(lines.matching(&needles)))
    }

    fn in_texts(&self, table: TextTable, piece: &Piece) -> Result<Set, StoreError> {
        let Some((query, again)) = piece.text_query(true) else { return self.anything(table) };
        if !again {
            return Ok(self.rows(table, &query, ROWS)?.map_or(self.anything(table)?, Set::of));
        }
        if let Some(few) = self.rows(table, &query, LOOKED_AT_AGAIN)? {
            return Ok(Set::of(few).loose());
        }
        let (query, again) = piece.text_query(false).unwrap_or((query, again));
        let found = self.rows(table, &query, ROWS)?.map_or(self.anything(table)?, Set::of);
        Ok(if again { found.loose() } else { found })
    }

    /// Any record of a text index may match.
    fn anything(&self, table: TextTable) -> Result<Set, StoreError> {
        match table {
            TextTable::Notes => self.people(|_| true).map(Set::loose),
            TextTable::Activities => Ok(Set::unknown()),
        }
    }

    /// The records a text index gives; `None` when there are more than `most`.
    fn rows(&self, table: TextTable, query: &str, most: usize) -> Result<Option<Bits>, StoreError> {
        self.limited(table.select(), [query], most, did_at)
    }

    fn limited(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        most: usize,
        number: impl Fn(i64) -> i64,
    ) -> Result<Option<Bits>, StoreError> {
        let (mut bits, mut count) = (Bits::default(), 0);
        sql::each(self.reader.connection, sql, params, |row| {
            count += 1;
            bits.insert(number(row.get(0)?));
            Ok(count <= most)
        })?;
        Ok((count <= most).then_some(bits))
    }

    fn exact(&self, sql: &str, params: impl rusqlite::Params) -> Result<Set, StoreError> {
        Ok(self.limited(sql, params, usize::MAX, |did| did)?.map_or(Set::unknown(), Set::of))
    }

    fn people(&self, so: impl Fn(&About) -> bool) -> Result<Set, StoreError> {
        self.reader.shared.names.with(|lines| Set::of(lines.those(so)))
    }

    fn phrase(&self, phrase: &str) -> Result<Set, StoreError> {
        let mut set = Set::all();
        for word in typed_words(phrase) {
            let mut one = Set::none();
            let query = format!("\"{word}\"");
            if self.class.people {
                one = one.or(self.scanned(Needle::word(&Piece::Start(word), None))?);
                one = one.or(self.rows(TextTable::Notes, &query, ROWS)?.map_or(self.anything(TextTable::Notes)?, Set::of));
            }
            if self.class.others {
                one = one.or(self.rows(TextTable::Activities, &query, ROWS)?.map_or(Set::unknown(), Set::of));
            }
            set = set.and(one);
        }
        Ok(set.loose())
    }

    fn text(&self, field: &TextField, value: &str) -> Result<Set, StoreError> {
        match field {
            TextField::Tag => {
                let (word, start) = tag(value);
                if start {
                    let sql = "SELECT did FROM tag WHERE word >= ?1 AND word < ?2";
                    return self.exact(sql, (&word, format!("{word}\u{10FFFF}")));
                }
                self.exact("SELECT did FROM tag WHERE word = ?1", [word])
            }
            TextField::Org => match value.parse::<DocumentId>() {
                Ok(org) => self.fact(facts::ORG, &org.to_string()),
                Err(_) => self.in_field(Field::Org, value),
            },
            TextField::Kind => self.of_kinds(&self.kinds(value)),
            TextField::Space => self.in_spaces(&self.sids(value)?),
            TextField::Name => self.in_field(Field::Name, value),
            TextField::Email => self.in_field(Field::Email, value),
            TextField::Phone => self.in_field(Field::Phone, value),
            TextField::City => self.in_field(Field::City, value),
            TextField::Country => self.in_field(Field::Country, value),
            TextField::Status => self.fact(facts::STATUS, &normal::fold(value)),
            TextField::Assignee => {
                let mut set = Set::none();
                for name in self.people_named(value) {
                    set = set.or(self.fact(facts::ASSIGNEE, &name)?);
                }
                Ok(set)
            }
            TextField::By => self.by(value),
            TextField::Custom(name) => {
                let (mut bits, mut rows) = (Bits::default(), 0);
                let sql = "SELECT did, value FROM fact WHERE name = ?1";
                sql::each(self.reader.connection, sql, [custom_name(name)], |row| {
                    rows += 1;
                    if custom_matches(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?, value) {
                        bits.insert(row.get(0)?);
                    }
                    Ok(true)
                })?;
                Ok(Set::of(bits))
            }
        }
    }

    fn fact(&self, name: &str, value: &str) -> Result<Set, StoreError> {
        self.exact("SELECT did FROM fact WHERE name = ?1 AND value = ?2", (name, value))
    }

    /// Words in one field of the search line. Other records have a name only, among the words of their text.
    fn in_field(&self, field: Field, value: &str) -> Result<Set, StoreError> {
        let sought = pieces(value);
        let mut set = Set::none();
        if self.class.people {
            let needles: Vec<Needle> = match field {
                Field::Phone => Needle::number(value, false).into_iter().collect(),
                _ => sought.iter().map(|piece| Needle::word(piece, Some(field))).collect(),
            };
            if let Some(needles) = Needles::new(needles) {
                set = self.reader.shared.names.with(|lines| Set::of(lines.matching(&needles)))?;
            }
        }
        if self.class.others && field == Field::Name {
            let mut named = Set::all();
            for piece in &sought {
                named = named.and(self.in_texts(TextTable::Activities, piece)?);
            }
            set = set.or(named.loose());
        }
        Ok(set)
    }

    /// The kinds a word of the query stands for.
    pub(crate) fn kinds(&self, value: &str) -> Vec<String> {
        match value {
            "activity" => ["note", "call", "meeting", "email", "message"].map(str::to_owned).to_vec(),
            other => vec![other.to_owned()],
        }
    }

    fn of_kinds(&self, kinds: &[String]) -> Result<Set, StoreError> {
        let mut set = Set::none();
        for kind in kinds {
            set = set.or(match Kind::from(kind.as_str()) {
                Kind::Person => self.people(|about| !about.org)?,
                Kind::Org => self.people(|about| about.org)?,
                _ => {
                    let sql = "SELECT did FROM record WHERE deleted = 0 AND kind = ?1";
                    self.limited(sql, [kind], ROWS, |did| did)?.map_or(Set::unknown(), Set::of)
                }
            });
        }
        Ok(set)
    }

    /// The numbers of the spaces a word means: by name, or by the beginning of the id.
    pub(crate) fn sids(&self, value: &str) -> Result<Vec<i64>, StoreError> {
        let (folded, start) = (normal::fold(value), value.to_ascii_lowercase());
        let mut found = Vec::new();
        for row in self.reader.spaces()? {
            let id = row.id.to_string();
            if normal::fold(&row.name) == folded || (start.len() > 3 && id.starts_with(&start)) {
                found.extend(self.reader.sid(&row.id)?);
            }
        }
        Ok(found)
    }

    fn in_spaces(&self, sids: &[i64]) -> Result<Set, StoreError> {
        let mut set = if self.class.people { self.people(|about| sids.contains(&about.sid))? } else { Set::none() };
        if self.class.others {
            for sid in sids {
                let sql = "SELECT did FROM record WHERE sid = ?1 AND deleted = 0";
                set = set.or(self.limited(sql, [sid], ROWS, |did| did)?.map_or(Set::unknown(), Set::of));
            }
        }
        Ok(set)
    }

    /// The actors a name stands for.
    pub(crate) fn authors(&self, value: &str) -> &[ActorId] {
        self.asking.authors.get(&normal::fold(value)).map_or(&[], Vec::as_slice)
    }

    fn by(&self, value: &str) -> Result<Set, StoreError> {
        let mut set = Set::none();
        for actor in self.authors(value) {
            let fids = sql::all(self.reader.connection, "SELECT fid FROM feed WHERE actor = ?1", [actor], |row| Ok(row.get::<_, i64>(0)?))?;
            for fid in fids {
                let sql = "SELECT did FROM record WHERE author = ?1";
                set = set.or(self.limited(sql, [fid], ROWS, |did| did)?.map_or(Set::unknown(), Set::of));
            }
        }
        Ok(set)
    }

    /// What somebody is called who is to do something.
    pub(crate) fn people_named(&self, value: &str) -> Vec<String> {
        let named = normal::fold(value);
        let mut names: BTreeSet<String> = [named.clone()].into();
        if named == "me" {
            names.extend(self.asking.me.iter().map(|name| normal::fold(name)));
        }
        names.into_iter().collect()
    }

    fn has(&self, feature: Feature) -> Result<Set, StoreError> {
        match feature {
            Feature::Conflict => self.exact("SELECT did FROM record INDEXED BY record_conflicts WHERE conflicts > 0 AND deleted = 0", []),
            Feature::News => self.exact("SELECT did FROM record INDEXED BY record_news WHERE news = 1 AND deleted = 0", []),
            feature => {
                let mut set = Set::none();
                if self.class.people {
                    set = self.people(|about| about.features & bit(feature) != 0)?;
                }
                if self.class.others {
                    set = set.or(self.fact(facts::HAS, feature.word())?);
                }
                Ok(set)
            }
        }
    }

    fn dated(&self, field: DateField, test: &DateTest) -> Result<Set, StoreError> {
        let stretches = match test {
            DateTest::Between(None, None) => vec![Stretch { yearly: false, from: None, to: None }],
            test => resolve(field, test, self.asking.today),
        };
        let mut set = Set::none();
        for stretch in &stretches {
            // What has no time is before no time.
            let low = stretch.from.clone().unwrap_or_else(|| "\u{1}".into());
            let high = stretch.to.clone().unwrap_or_else(|| "\u{10FFFF}".into());
            set = set.or(match field {
                DateField::Changed => self.in_time("changed", stretch)?,
                DateField::Created => self.in_time("created", stretch)?,
                DateField::Due => self.between(facts::DUE, &low, &high)?,
                DateField::Start => self.between(facts::START, &low, &high)?,
                DateField::Birthday => self.between(birthday(stretch), &low, &high)?,
                DateField::At => self.took_place(stretch)?,
                DateField::Last => {
                    let (from, to) = (stretch.from.as_deref().map_or(1, day_number), stretch.to.as_deref().map_or(u32::MAX, day_number));
                    // Days are kept, and the day of a time is looked at again.
                    let near = self.people(|about| about.last > 0 && about.last >= from && about.last <= to)?;
                    if stretch.from.is_none() && stretch.to.is_none() { near } else { near.loose() }
                }
            });
        }
        Ok(set)
    }

    fn between(&self, name: &str, low: &str, high: &str) -> Result<Set, StoreError> {
        self.exact("SELECT did FROM fact WHERE name = ?1 AND value >= ?2 AND value < ?3", (name, low, high))
    }

    fn in_time(&self, column: &str, stretch: &Stretch) -> Result<Set, StoreError> {
        // What has no time is before every time.
        let low = stretch.from.as_deref().map_or(Some(1), seconds).unwrap_or(i64::MAX);
        let high = stretch.to.as_deref().map_or(Some(i64::MAX), seconds).unwrap_or(0);
        let sql = format!("SELECT did FROM record WHERE deleted = 0 AND kind = ?1 AND {column} >= ?2 AND {column} < ?3");
        let mut set = Set::none();
        for kind in self.reader.kinds_held()? {
            let person = matches!(Kind::from(kind.as_str()), Kind::Person | Kind::Org);
            if (person && self.class.people) || (!person && self.class.others) {
                set = set.or(self.limited(&sql, (&kind, low, high), ROWS, |did| did)?.map_or(Set::unknown(), Set::of));
            }
        }
        Ok(set)
    }

    fn took_place(&self, stretch: &Stretch) -> Result<Set, StoreError> {
        let low = place_from(stretch.from.as_deref().unwrap_or_default());
        let high = stretch.to.as_deref().map_or(i64::MAX, |to| place_from(to).saturating_add(1 << 32));
        let sql = "SELECT did FROM record WHERE kind = ?1 AND place >= ?2 AND place < ?3 AND place > 4294967295";
        let mut set = Set::none();
        for kind in self.reader.kinds_held()?.into_iter().filter(|_| self.class.others) {
            set = set.or(self.limited(sql, (&kind, low, high), ROWS, |did| did)?.map_or(Set::unknown(), Set::of));
        }
        Ok(set.loose())
    }

    /// When one last met a person or organisation.
    pub(crate) fn last_of(&self, did: i64) -> Result<String, StoreError> {
        let last = sql::one(self.reader.connection, "SELECT last FROM met WHERE did = ?1", [did], |row| row.get(0))?;
        Ok(last.unwrap_or_default())
    }
}
