//! Lists: which records, in which order, page by page.

use tuttu_model::query::{Node, Term, TextField, parse};
use tuttu_model::{Kind, RecordView};

use super::Reader;
use super::order::{Place, Scope, Source, Walk};
use crate::error::StoreError;
use crate::rows::{ListPage, ListQuery, RecordRow, Sort};
use crate::search::{Bits, Class, Evaluator, Needle, Needles, Piece, Set, Subject, TextQuery, Window, is_streamed, pieces};
use crate::{sql, stored_view};

/// Up to this many matches are looked up one by one; more are picked out of the sorted list.
const LOOKED_UP: usize = 1_000;
/// Up to this many that may match are all looked at, to count them.
const LOOKED_AT: usize = 200;
/// Up to this many matches outside the search memory are counted one by one.
const COUNTED: usize = 5_000;

/// Records that are looked at for one page before long words are sought whole.
const LOOKED_AT_AGAIN: usize = 300;
/// Matches in a text index that are counted beyond the first page.
const COUNTED_ON: usize = 1_000;

/// A list taken apart: where it looks, and what must hold there.
pub(super) struct Plan {
    pub(super) scope: Scope,
    pub(super) tree: Option<Node>,
}

impl Reader<'_> {
    /// A page of a list, and how many there are in all (or at least).
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn list(&self, query: &ListQuery) -> Result<(Vec<RecordRow>, u32), StoreError> {
        let page = self.list_page(query)?;
        Ok((page.rows, page.total))
    }

    /// A page of a list.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn list_page(&self, query: &ListQuery) -> Result<ListPage, StoreError> {
        let Some(plan) = self.plan(query)? else { return Ok(ListPage::default()) };
        let page = self.planned_page(query, &plan)?;
        if page.total > 0 || !query.forgiving || plan.scope.trash {
            return Ok(page);
        }
        let Some(meant) = plan.tree.as_ref().map(|tree| self.meant(tree)).transpose()?.flatten() else { return Ok(page) };
        let text = meant.to_string();
        let page = self.planned_page(query, &Plan { tree: Some(meant), ..plan })?;
        Ok(ListPage { meant: (page.total > 0).then_some(text), ..page })
    }

    /// Whether a text is a place in a list of this order.
    #[must_use]
    pub fn is_cursor(&self, text: &str, sort: Sort) -> bool {
        Place::parse(text, sort).is_some()
    }

    /// Every record that matches, by number, without looking at order and pages.
    pub(super) fn matching(&self, query: &ListQuery) -> Result<Vec<i64>, StoreError> {
        let Some(plan) = self.plan(query)? else { return Ok(Vec::new()) };
        let everything = ListQuery { offset: 0, cursor: None, limit: u32::MAX, ..query.clone() };
        Ok(self.places_of(&everything, &plan)?.0.into_iter().map(|place| place.did).collect())
    }

    /// Takes a list apart. `None` when its space is not held here.
    pub(super) fn plan(&self, query: &ListQuery) -> Result<Option<Plan>, StoreError> {
        let mut sids = None;
        if let Some(space) = &query.space {
            let Some(sid) = self.sid(space)? else { return Ok(None) };
            sids = Some(vec![sid]);
        }
        let mut parts = match parse(&query.text).tree {
            Some(Node::All(parts)) => parts,
            other => other.into_iter().collect(),
        };
        parts.extend(query.tags.iter().map(|tag| Node::Term(Term::Text(TextField::Tag, tag.clone()))));
        let evaluator = self.evaluator(query, Class { people: true, others: true });
        let trash = query.trash || parts.contains(&Node::Term(Term::InTrash));
        let mut kinds = if trash { self.kinds_in_trash()? } else { self.kinds_held()? };
        if let Some(kind) = &query.kind {
            let wanted = evaluator.kinds(kind);
            kinds.retain(|kind| wanted.contains(kind));
        }
        let mut rest = Vec::new();
        let names_kind = |part: &Node| matches!(part, Node::Term(Term::Text(TextField::Kind, _)));
        if query.kind.is_none() && !query.definitions && !trash && !parts.iter().any(names_kind) {
            kinds.retain(|kind| !Kind::from(kind.as_str()).is_definition());
        }
        for part in parts {
            match &part {
                Node::Term(Term::Text(TextField::Kind, value)) => {
                    let wanted = evaluator.kinds(value);
                    kinds.retain(|kind| wanted.contains(kind));
                }
                Node::Term(Term::Text(TextField::Space, value)) => {
                    let wanted = evaluator.sids(value)?;
                    let before = sids.take();
                    sids = Some(wanted.into_iter().filter(|sid| before.as_ref().is_none_or(|before| before.contains(sid))).collect());
                }
                Node::Term(Term::InTrash) => {}
                _ => rest.push(part),
            }
        }
        let tree = if rest.len() > 1 { Some(Node::All(rest)) } else { rest.pop() };
        Ok(Some(Plan { scope: Scope { kinds, sids, trash, sort: query.sort }, tree }))
    }

    fn evaluator<'a>(&'a self, query: &'a ListQuery, class: Class) -> Evaluator<'a> {
        Evaluator { reader: self, class, asking: &query.asking }
    }

    fn planned_page(&self, query: &ListQuery, plan: &Plan) -> Result<ListPage, StoreError> {
        let (mut places, mut total) = self.places_of(query, plan)?;
        let limit = number(query.limit);
        let mut next = None;
        if places.len() > limit {
            places.truncate(limit);
            next = places.last().map(|place| place.print(query.sort)).transpose()?;
        }
        let seen = number(query.offset) + places.len() + usize::from(next.is_some());
        if total.1 && query.cursor.is_none() {
            total.0 = total.0.max(seen);
        }
        let dids: Vec<i64> = places.iter().map(|place| place.did).collect();
        let rows = self.records_at(&dids)?;
        Ok(ListPage { rows, total: u32::try_from(total.0).unwrap_or(u32::MAX), at_least: total.1, next, meant: None })
    }

    /// The places of a page and of one record behind it, and how many there are: exactly, or at least.
    fn places_of(&self, query: &ListQuery, plan: &Plan) -> Result<(Vec<Place>, (usize, bool)), StoreError> {
        let after = query.cursor.as_ref().map(|text| {
            Place::parse(text, query.sort)
                .ok_or_else(|| StoreError::Other("this is not a place in this list; begin at its first page".into()))
        });
        let after = after.transpose()?;
        let scope = &plan.scope;
        let people = |kind: &String| kind == "person" || kind == "org";
        let class = Class { people: scope.kinds.iter().any(people), others: !scope.kinds.iter().all(people) };
        let evaluator = self.evaluator(query, class);
        let in_time = scope.sort == Sort::At && !class.people && !scope.trash;
        let (mut set, mut source) = match &plan.tree {
            Some(_) if scope.trash => (Set::unknown(), Source::ALL),
            Some(tree) if in_time => streamed(tree, &evaluator, true)?,
            Some(tree) => (evaluator.set(tree)?, Source::ALL),
            None => (Set::all(), Source::ALL),
        };
        let few = if scope.trash { None } else { self.few(scope, &set)? };
        if few.is_some() && source != Source::ALL {
            // They are found without the source, so it has told nothing of them.
            set = set.loose();
        }
        let mut page = Choosing {
            evaluator,
            tree: plan.tree.as_ref(),
            set,
            scope,
            after: after.as_ref(),
            before: number(query.offset),
            wanted: number(query.limit).saturating_add(1),
            places: Vec::new(),
            matched: 0,
            looked_at: 0,
        };
        if scope.trash {
            // What is in the trash is in no index: each is looked at.
            let mut walk = Walk::new(self, scope, None, Source::ALL)?;
            while let Some(place) = walk.next()? {
                page.consider(place)?;
            }
            return Ok((page.places, (page.matched, false)));
        }
        if let Some(few) = few {
            let all = page.set.exact || few.len() <= LOOKED_AT;
            let mut left = self.places_in(scope, &few)?.into_iter();
            while all || !page.is_full() {
                let Some(place) = left.next() else { break };
                page.consider(place)?;
            }
            return Ok((page.places, (page.matched, left.next().is_some())));
        }
        let mut ended = self.walk(&mut page, after.clone(), source.clone(), source.text.as_ref().map(|_| LOOKED_AT_AGAIN))?;
        if let (None, Some(tree)) = (ended, &plan.tree) {
            // Long words were sought by their beginning, and too few of those that begin so are meant.
            (page.set, source) = streamed(tree, &page.evaluator, false)?;
            (page.before, page.matched) = (number(query.offset), 0);
            page.places.clear();
            ended = self.walk(&mut page, after.clone(), source.clone(), None)?;
        }
        let ended = ended.unwrap_or(false);
        let so_far = (page.matched, !ended || query.cursor.is_some());
        let told = page.set.exact && source == Source::ALL;
        let total = if told { self.total(scope, &page.set)?.map_or(so_far, |total| (total, false)) } else { so_far };
        Ok((page.places, total))
    }

    /// Fills a page from a source: whether the list ended; `None` when more than `most` records had to be looked at for it.
    fn walk(&self, page: &mut Choosing<'_>, after: Option<Place>, source: Source, most: Option<usize>) -> Result<Option<bool>, StoreError> {
        // Where the set says nothing, the first page goes on for a while: a small number of matches is told exactly.
        let counted_on = source.text.is_some() && page.set.exact && after.is_none();
        let mut walk = Walk::new(self, page.scope, after, source)?;
        while !page.is_full() || (counted_on && page.matched < COUNTED_ON) {
            match walk.next()? {
                Some(place) => page.consider(place)?,
                None => return Ok(Some(true)),
            }
            if most.is_some_and(|most| page.looked_at > most && !page.is_full()) {
                return Ok(None);
            }
        }
        Ok(Some(false))
    }

    /// The records of a set that is small enough to look each one up.
    fn few(&self, scope: &Scope, set: &Set) -> Result<Option<Bits>, StoreError> {
        if !set.all_but {
            return Ok((set.bits.len() <= LOOKED_UP).then(|| set.bits.clone()));
        }
        // Everything in a small space: its index knows names only.
        if let Some([sid]) = scope.sids.as_deref()
            && self.tally(scope)? <= LOOKED_UP
        {
            let mut found = Bits::default();
            for kind in &scope.kinds {
                let sql = "SELECT did FROM record WHERE sid = ?1 AND deleted = 0 AND kind = ?2";
                sql::each(self.connection, sql, (sid, kind), |row| {
                    let did = row.get(0)?;
                    if set.holds(did) {
                        found.insert(did);
                    }
                    Ok(true)
                })?;
            }
            return Ok(Some(found));
        }
        Ok(None)
    }

    /// How many records there are in a scope.
    fn tally(&self, scope: &Scope) -> Result<usize, StoreError> {
        self.sums.borrow_mut().write(self.connection)?;
        let mut total = 0;
        let counted = if scope.trash { "trashed" } else { "live" };
        sql::each(self.connection, &format!("SELECT sid, kind, {counted} FROM tally"), [], |row| {
            let kind = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
            if scope.in_space(row.get(0)?) && scope.kinds.iter().any(|held| held == kind) {
                total += number(row.get(2)?);
            }
            Ok(true)
        })?;
        Ok(total)
    }

    /// How many records of a set there are in a scope; `None` when counting would take too long.
    fn total(&self, scope: &Scope, set: &Set) -> Result<Option<usize>, StoreError> {
        if set.all_but && set.bits.len() == 0 {
            return self.tally(scope).map(Some);
        }
        if scope.is_people() {
            let holds = |kind: &str| scope.kinds.iter().any(|held| held == kind);
            let (people, orgs) = (holds("person"), holds("org"));
            return self.shared.names.with(|lines| {
                let mine = lines
                    .each()
                    .filter(|(did, about)| set.holds(*did) && scope.in_space(about.sid) && if about.org { orgs } else { people });
                Some(mine.count())
            });
        }
        if set.bits.len() > COUNTED {
            return Ok(None);
        }
        let mut within = 0;
        for did in set.bits.iter() {
            let belongs = sql::one(self.connection, "SELECT kind, sid, deleted FROM record WHERE did = ?1", [did], |row| {
                Ok(scope.holds(row.get_ref(0)?.as_str()?, row.get(1)?, row.get(2)?))
            })?;
            within += usize::from(belongs.unwrap_or(false));
        }
        Ok(Some(if set.all_but { self.tally(scope)?.saturating_sub(within) } else { within }))
    }

    /// The kinds of which there are records outside the trash.
    pub(crate) fn kinds_held(&self) -> Result<Vec<String>, StoreError> {
        self.kinds_where("live")
    }

    fn kinds_in_trash(&self) -> Result<Vec<String>, StoreError> {
        self.kinds_where("trashed")
    }

    fn kinds_where(&self, counted: &str) -> Result<Vec<String>, StoreError> {
        self.sums.borrow_mut().write(self.connection)?;
        let sql = format!("SELECT DISTINCT kind FROM tally WHERE {counted} > 0 ORDER BY kind");
        sql::all(self.connection, &sql, [], |row| Ok(row.get(0)?))
    }

    /// A query with each word that no name has replaced by words that names have and that are nearly the same. `None` when nothing is replaced.
    pub(super) fn meant(&self, tree: &Node) -> Result<Option<Node>, StoreError> {
        match tree {
            Node::Term(Term::Word(word)) => {
                let sought = pieces(word);
                let [Piece::Start(word)] = sought.as_slice() else { return Ok(None) };
                let near = self.shared.names.with(|lines| lines.near(word))?;
                let mut near: Vec<Node> = near.into_iter().map(|word| Node::Term(Term::Word(word))).collect();
                Ok(if near.len() > 1 { Some(Node::Any(near)) } else { near.pop() })
            }
            Node::All(parts) => {
                let (mut meant, mut replaced) = (Vec::with_capacity(parts.len()), false);
                for part in parts {
                    let known = match part {
                        Node::Term(Term::Word(word)) => self.is_in_a_name(word)?,
                        _ => true,
                    };
                    let other = if known { None } else { self.meant(part)? };
                    replaced |= other.is_some();
                    meant.push(other.unwrap_or_else(|| part.clone()));
                }
                Ok(replaced.then_some(Node::All(meant)))
            }
            _ => Ok(None),
        }
    }

    fn is_in_a_name(&self, word: &str) -> Result<bool, StoreError> {
        let needles = pieces(word).iter().map(|piece| Needle::word(piece, None)).collect();
        let Some(needles) = Needles::new(needles) else { return Ok(true) };
        self.shared.names.with(|lines| !lines.best(&needles, 1, &|_| true).is_empty())
    }
}

/// In the order of time, without people: words and days are asked of the indexes as the list goes on, the rest of the query is a set. With `cut` long words
/// are asked for by their beginning.
fn streamed(tree: &Node, evaluator: &Evaluator<'_>, cut: bool) -> Result<(Set, Source), StoreError> {
    let parts = match tree {
        Node::All(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let (asked, rest): (Vec<Node>, Vec<Node>) = parts.iter().cloned().partition(is_streamed);
    let mut set = Set::all();
    for part in &rest {
        set = set.and(evaluator.set(part)?);
    }
    let asked = Node::All(asked);
    let window = Window::of(&asked, evaluator.asking);
    let text = TextQuery::of(&asked, cut);
    // Days are cut from texts of times, so they are looked at again; words need not be where the index was asked for all of them.
    let exact = window == Window::ALL && text.as_ref().is_none_or(|text| text.exact);
    let set = if exact { set } else { set.loose() };
    Ok((set, Source { text: text.map(|text| text.query), window }))
}

pub(super) fn number(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// A page as it is filled.
struct Choosing<'a> {
    evaluator: Evaluator<'a>,
    tree: Option<&'a Node>,
    set: Set,
    scope: &'a Scope,
    after: Option<&'a Place>,
    /// How many are still to be left out.
    before: usize,
    wanted: usize,
    places: Vec<Place>,
    /// How many matched so far, on this page or not.
    matched: usize,
    /// How many had to be looked at.
    looked_at: usize,
}

impl Choosing<'_> {
    fn is_full(&self) -> bool {
        self.places.len() >= self.wanted
    }

    /// Counts a record if it matches, and puts it on the page if it belongs there.
    fn consider(&mut self, place: Place) -> Result<(), StoreError> {
        if !self.set.holds(place.did) {
            return Ok(());
        }
        if let Some(tree) = self.tree.filter(|_| !self.set.exact) {
            self.looked_at += 1;
            if !self.evaluator.reader.looked_at(place.did, &self.evaluator, tree)? {
                return Ok(());
            }
        }
        self.matched += 1;
        if self.after.is_some_and(|after| self.scope.compare(&place, after).is_le()) {
            return Ok(());
        }
        if self.before > 0 {
            self.before -= 1;
        } else if !self.is_full() {
            self.places.push(place);
        }
        Ok(())
    }
}

impl Reader<'_> {
    /// Whether a record matches, by looking at it.
    pub(super) fn looked_at(&self, did: i64, evaluator: &Evaluator<'_>, tree: &Node) -> Result<bool, StoreError> {
        self.go_on()?;
        let sql = "SELECT view, sid, news FROM record WHERE did = ?1";
        let found = sql::one(self.connection, sql, [did], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?, row.get(2)?)))?;
        let Some((view, sid, news)) = found else { return Ok(false) };
        let view: RecordView = stored_view::decode(&view)?;
        evaluator.holds(tree, &Subject::new(&view, (did, sid), news))
    }
}
