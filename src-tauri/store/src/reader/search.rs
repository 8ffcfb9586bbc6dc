//! Search over everything, best first.

use std::collections::HashSet;

use tuttu_model::query::{Node, Term, TextField, parse};
use tuttu_model::{DocumentId, Kind, SpaceId};

use super::Reader;
use crate::error::StoreError;
use crate::rows::{Asking, Hit, ListQuery, Sort};
use crate::search::{Class, Evaluator, Needle, Needles, Piece, Set, TextQuery, TextTable, Window, did_at, pieces};
use crate::sql;

/// Rows looked at again for words longer than the text indexes list, before the index is asked for the whole word.
const LOOKED_AT_AGAIN: usize = 100;
/// For each of several words, the best names whose notes are looked at for the other words.
const LOOKED_AT_FOR_BOTH: usize = 20;
/// With fewer matches in names than this, slips of the finger are forgiven.
const FEW: usize = 3;

/// A search taken apart: words that are ranked, and filters.
struct Wanted {
    words: Vec<Node>,
    tree: Node,
    filters: Option<Node>,
}

impl Wanted {
    fn of(tree: Node) -> Self {
        let parts = match &tree {
            Node::All(parts) => parts.clone(),
            one => vec![one.clone()],
        };
        let (words, mut filters): (Vec<Node>, Vec<Node>) =
            parts.into_iter().partition(|part| matches!(part, Node::Term(Term::Word(_) | Term::Number(_))));
        let filters = if filters.len() > 1 { Some(Node::All(filters)) } else { filters.pop() };
        Self { words, tree, filters }
    }

    /// Kinds are asked for by name.
    fn names_kind(&self) -> bool {
        let parts = match &self.tree {
            Node::All(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        parts.iter().any(|part| matches!(part, Node::Term(Term::Text(TextField::Kind, _))))
    }

    fn needles(&self) -> Option<Needles> {
        let mut needles = Vec::new();
        for word in &self.words {
            match word {
                Node::Term(Term::Number(typed)) => match Needle::number(typed, true) {
                    Some(needle) => needles.push(needle),
                    None => needles.extend(pieces(typed).iter().map(|piece| Needle::word(piece, None))),
                },
                Node::Term(Term::Word(word)) => needles.extend(pieces(word).iter().map(|piece| Needle::word(piece, None))),
                _ => {}
            }
        }
        Needles::new(needles)
    }

    fn pieces(&self) -> Vec<Piece> {
        let text = |node: &Node| match node {
            Node::Term(Term::Number(text) | Term::Word(text)) => pieces(text),
            _ => Vec::new(),
        };
        self.words.iter().flat_map(text).collect()
    }
}

impl Reader<'_> {
    /// Search over everything, best first: names, organisations, e-mails and phones by how well they match and how close they are, then notes, then
    /// activities, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<Hit>, StoreError> {
        self.search_as(text, &Asking::default(), limit)
    }

    /// The same, for somebody: `me` and `today` in the query mean something.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn search_as(&self, text: &str, asking: &Asking, limit: usize) -> Result<Vec<Hit>, StoreError> {
        let Some(tree) = parse(text).tree else { return Ok(Vec::new()) };
        let wanted = Wanted::of(tree);
        let evaluator = Evaluator { reader: self, class: Class { people: true, others: true }, asking };
        let set = match &wanted.filters {
            // Without words to rank by, people are asked first, and the rest row by row.
            Some(_) if wanted.words.is_empty() => Set::unknown(),
            Some(filters) => evaluator.set(filters)?,
            None => Set::all(),
        };
        let mut hits = Hits { reader: self, evaluator, wanted: &wanted, set: &set, limit, seen: HashSet::new(), found: Vec::new() };
        let Some(needles) = wanted.needles() else {
            self.filtered(text, asking, limit, &mut hits)?;
            return Ok(hits.found);
        };
        hits.add_names(&needles)?;
        let few = hits.found.len() < FEW;
        let words = Node::All(wanted.words.clone());
        for (table, matched) in [(TextTable::Notes, "notes"), (TextTable::Activities, "activity")] {
            self.search_text(table, matched, &words, &mut hits)?;
        }
        self.search_both(&mut hits)?;
        if few && let Some(needles) = self.forgiving(&wanted)? {
            hits.add_names(&needles)?;
        }
        Ok(hits.found)
    }

    /// Filters alone: of people and organisations the closest first, then activities and the rest, newest first.
    fn filtered(&self, text: &str, asking: &Asking, limit: usize, hits: &mut Hits<'_>) -> Result<(), StoreError> {
        let tree = hits.wanted.tree.clone();
        let tagged = matches!(&tree, Node::Term(Term::Text(TextField::Tag, _)));
        let matched = if tagged { "tag" } else { "" };
        let people = Evaluator { reader: self, class: Class { people: true, others: false }, asking };
        self.add_closest(&people.set(&tree)?, &people, matched, hits)?;
        if hits.is_full() {
            return Ok(());
        }
        if TextQuery::of(&tree, true).is_some() {
            return self.search_text(TextTable::Activities, "activity", &tree, hits);
        }
        let query = ListQuery {
            text: text.to_owned(),
            sort: Sort::Changed,
            limit: u32::try_from(limit).unwrap_or(u32::MAX),
            asking: asking.clone(),
            ..ListQuery::default()
        };
        for row in self.list_page(&query)?.rows {
            if let Some(did) = self.did(&row.space, &row.doc)?
                && !hits.is_full()
                && hits.seen.insert(did)
            {
                hits.found.push(Hit { space: row.space, doc: row.doc, matched });
            }
        }
        Ok(())
    }

    /// The people and organisations of a set, the closest first.
    fn add_closest(&self, set: &Set, evaluator: &Evaluator<'_>, matched: &'static str, hits: &mut Hits<'_>) -> Result<(), StoreError> {
        let mut closest: Vec<(u32, i64)> = self.shared.names.with(|lines| {
            let held = lines.each().filter(|(did, _)| set.holds(*did));
            held.map(|(did, about)| (about.closeness, did)).collect()
        })?;
        closest.sort_unstable_by(|one, other| other.cmp(one));
        for (_, did) in closest {
            if hits.is_full() {
                break;
            }
            if set.exact || self.looked_at(did, evaluator, &hits.wanted.tree)? {
                hits.add(did, matched)?;
            }
        }
        Ok(())
    }

    /// One word in the name, another in the notes: looks at the notes of those whose names match a word best.
    fn search_both(&self, hits: &mut Hits<'_>) -> Result<(), StoreError> {
        let sought = hits.wanted.pieces();
        if hits.wanted.words.len() < 2 || hits.is_full() {
            return Ok(());
        }
        for piece in &sought {
            let Some(needles) = Needles::new(vec![Needle::word(piece, None)]) else { continue };
            let set = hits.set;
            let best = self.shared.names.with(|lines| lines.best(&needles, LOOKED_AT_FOR_BOTH, &|did| set.holds(did)))?;
            for hit in best {
                let tree = &hits.wanted.tree;
                if !hits.seen.contains(&hit.did) && self.looked_at(hit.did, &hits.evaluator, tree)? {
                    hits.add(hit.did, "notes")?;
                }
            }
        }
        Ok(())
    }

    /// Newest first. Long words are sought by their beginning until that finds too much else.
    fn search_text(&self, table: TextTable, matched: &'static str, tree: &Node, hits: &mut Hits<'_>) -> Result<(), StoreError> {
        let window = if table == TextTable::Activities { Window::of(&hits.wanted.tree, hits.evaluator.asking) } else { Window::EVERY };
        for (cut, most) in [(true, LOOKED_AT_AGAIN), (false, usize::MAX)] {
            let Some(query) = TextQuery::of(tree, cut).filter(|_| !hits.is_full()) else { return Ok(()) };
            let mut looked_at = 0;
            sql::each(self.connection, table.select_within(), (&query.query, window.low, window.high), |row| {
                let did = did_at(row.get(0)?);
                if query.exact {
                    hits.add(did, matched)?;
                } else if hits.set.holds(did) && !hits.seen.contains(&did) {
                    looked_at += 1;
                    if looked_at <= most && hits.holds_words(did)? {
                        hits.add(did, matched)?;
                    }
                }
                Ok(looked_at <= most && !hits.is_full())
            })?;
            if looked_at <= most {
                break;
            }
        }
        Ok(())
    }

    /// The words with those that may have been meant beside each. `None` when there are none.
    fn forgiving(&self, wanted: &Wanted) -> Result<Option<Needles>, StoreError> {
        let mut replaced = false;
        let mut needles = Vec::new();
        for piece in wanted.pieces() {
            let near = match &piece {
                Piece::Start(word) => self.shared.names.with(|lines| lines.near(word))?,
                Piece::Run(_) => Vec::new(),
            };
            replaced |= !near.is_empty();
            needles.push(Needle::meant(&piece, &near));
        }
        Ok(Needles::new(needles).filter(|_| replaced))
    }
}

/// Hits so far, each record once.
struct Hits<'a> {
    reader: &'a Reader<'a>,
    evaluator: Evaluator<'a>,
    wanted: &'a Wanted,
    set: &'a Set,
    limit: usize,
    seen: HashSet<i64>,
    found: Vec<Hit>,
}

impl Hits<'_> {
    fn is_full(&self) -> bool {
        self.found.len() >= self.limit
    }

    fn add_names(&mut self, needles: &Needles) -> Result<(), StoreError> {
        let (set, limit) = (self.set, self.limit);
        for hit in self.reader.shared.names.with(|lines| lines.best(needles, limit, &|did| set.holds(did)))? {
            self.add(hit.did, hit.field.as_str())?;
        }
        Ok(())
    }

    fn holds_words(&self, did: i64) -> Result<bool, StoreError> {
        Ok(self.set.holds(did) && self.reader.looked_at(did, &self.evaluator, &self.wanted.tree)?)
    }

    /// Adds a record unless it is there already, does not pass the filters, or is not (any more, or not yet) in this snapshot.
    fn add(&mut self, did: i64, matched: &'static str) -> Result<(), StoreError> {
        if self.is_full() || !self.set.holds(did) || !self.seen.insert(did) {
            return Ok(());
        }
        if let Some(filters) = &self.wanted.filters
            && !self.set.exact
            && !self.reader.looked_at(did, &self.evaluator, filters)?
        {
            return Ok(());
        }
        let sql = "SELECT doc.sid, doc.id, record.kind FROM record JOIN doc USING (did) WHERE record.did = ?1 AND record.deleted = 0";
        let found: Option<(i64, DocumentId, String)> =
            sql::one(self.reader.connection, sql, [did], |row| Ok((row.get(0)?, DocumentId(row.get(1)?), row.get(2)?)))?;
        // How a space is used is found by its kind, not among people's own things.
        if let Some((sid, doc, kind)) = found
            && (self.wanted.names_kind() || !Kind::from(kind).is_definition())
        {
            let space: SpaceId = self.reader.space_id(sid)?;
            self.found.push(Hit { space, doc, matched });
        }
        Ok(())
    }
}
