//! Search over everything, best first.

use std::collections::HashSet;

use tuttu_model::query::{Node, Term, TextField, parse};
use tuttu_model::{DocumentId, SpaceId};

use super::Reader;
use crate::error::StoreError;
use crate::rows::{Asking, Hit, ListQuery, Sort};
use crate::search::{Class, Evaluator, Needle, Needles, Piece, Set, TextTable, did_at, pieces};
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

    /// The query of all pieces for a text index, and whether what it finds must be looked at again.
    fn text_query(&self, cut: bool) -> Option<(String, bool)> {
        let (mut query, mut again) = (String::new(), false);
        for piece in self.pieces() {
            match piece.text_query(cut) {
                Some((part, look)) => {
                    query.push_str(&part);
                    query.push(' ');
                    again |= look;
                }
                None => again = true,
            }
        }
        (!query.is_empty()).then_some((query, again))
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
        let set = wanted.filters.as_ref().map_or(Ok(Set::all()), |filters| evaluator.set(filters))?;
        let mut hits = Hits { reader: self, evaluator, wanted: &wanted, set: &set, limit, seen: HashSet::new(), found: Vec::new() };
        let Some(needles) = wanted.needles() else {
            self.filtered(text, asking, limit, &mut hits)?;
            return Ok(hits.found);
        };
        hits.add_names(&needles)?;
        let few = hits.found.len() < FEW;
        for (table, matched) in [(TextTable::Notes, "notes"), (TextTable::Activities, "activity")] {
            self.search_text(table, matched, &mut hits)?;
        }
        self.search_both(&mut hits)?;
        if few && let Some(needles) = self.forgiving(&wanted)? {
            hits.add_names(&needles)?;
        }
        Ok(hits.found)
    }

    /// Filters alone: the closest first.
    fn filtered(&self, text: &str, asking: &Asking, limit: usize, hits: &mut Hits<'_>) -> Result<(), StoreError> {
        let tagged = matches!(&hits.wanted.tree, Node::Term(Term::Text(TextField::Tag, _)));
        let matched = if tagged { "tag" } else { "" };
        if hits.set.all_but || hits.set.bits.len() > 6 * LOOKED_AT_AGAIN {
            let query = ListQuery {
                text: text.to_owned(),
                sort: Sort::Changed,
                limit: u32::try_from(limit).unwrap_or(u32::MAX),
                asking: asking.clone(),
                ..ListQuery::default()
            };
            let rows = self.list_page(&query)?.rows;
            hits.found = rows.into_iter().map(|row| Hit { space: row.space, doc: row.doc, matched }).collect();
            return Ok(());
        }
        let mut dids: Vec<(u32, i64)> = self
            .shared
            .names
            .with(|lines| hits.set.bits.iter().map(|did| (lines.about(did).map_or(0, |about| about.closeness), did)).collect())?;
        dids.sort_unstable_by(|one, other| other.cmp(one));
        for (_, did) in dids {
            hits.add(did, matched)?;
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

    fn search_text(&self, table: TextTable, matched: &'static str, hits: &mut Hits<'_>) -> Result<(), StoreError> {
        let Some((query, look_again)) = hits.wanted.text_query(true).filter(|_| !hits.is_full()) else { return Ok(()) };
        let mut looked_at = 0;
        let mut gave_up = false;
        sql::each(self.connection, table.select(), [&query], |row| {
            let did = did_at(row.get(0)?);
            if look_again && hits.set.holds(did) {
                looked_at += 1;
                gave_up = looked_at > LOOKED_AT_AGAIN;
            }
            if !gave_up && (!look_again || hits.holds_words(did)?) {
                hits.add(did, matched)?;
            }
            Ok(!gave_up && !hits.is_full())
        })?;
        if gave_up && let Some((query, again)) = hits.wanted.text_query(false) {
            sql::each(self.connection, table.select(), [&query], |row| {
                let did = did_at(row.get(0)?);
                if !again || hits.holds_words(did)? {
                    hits.add(did, matched)?;
                }
                Ok(!hits.is_full())
            })?;
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
            let all = std::iter::once(piece).chain(near.into_iter().map(Piece::Start));
            needles.push(Needle::any(all));
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
