//! Lists: which records, in which order, page by page.

use tuttu_model::RecordView;
use tuttu_model::query::{Node, Term, TextField, parse};

use super::Reader;
use super::order::{Place, Scope, Walk};
use crate::error::StoreError;
use crate::rows::{ListPage, ListQuery, RecordRow, Sort};
use crate::search::{Bits, Class, Evaluator, Needle, Needles, Piece, Set, Subject, pieces};
use crate::sql;

/// Up to this many matches are looked up one by one; more are picked out of the sorted list.
const LOOKED_UP: usize = 2_000;
/// Up to this many that may match are all looked at, to count them.
const LOOKED_AT: usize = 200;
/// Up to this many matches outside the search memory are counted one by one.
const COUNTED: usize = 5_000;

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
        let class = Class {
            people: scope.kinds.iter().any(|kind| kind == "person" || kind == "org"),
            others: scope.kinds.iter().any(|kind| kind != "person" && kind != "org"),
        };
        let evaluator = self.evaluator(query, class);
        let set = match &plan.tree {
            Some(_) if scope.trash => Set::unknown(),
            Some(tree) => evaluator.set(tree)?,
            None => Set::all(),
        };
        let mut chosen = Chosen { reader: self, evaluator, tree: plan.tree.as_ref(), set: &set, left_out: 0, offset: number(query.offset) };
        let wanted = number(query.limit).saturating_add(1);
        let mut page = Vec::new();
        if scope.trash {
            // What is in the trash is in no index: each is looked at.
            let (mut walk, mut total) = (Walk::new(self, scope, None)?, 0);
            while let Some(place) = walk.next()? {
                if chosen.matches(place.did)? {
                    total += 1;
                    let behind = after.as_ref().is_none_or(|after| scope.compare(&place, after).is_gt());
                    if behind && !chosen.leaves_out() && page.len() < wanted {
                        page.push(place);
                    }
                }
            }
            return Ok((page, (total, false)));
        }
        if let Some(few) = self.few(scope, &set)? {
            let (mut whole, mut total) = (true, 0);
            for place in self.places_in(scope, &few)? {
                if page.len() >= wanted && !set.exact && few.len() > LOOKED_AT {
                    whole = false;
                    break;
                }
                if chosen.matches(place.did)? {
                    total += 1;
                    let behind = after.as_ref().is_none_or(|after| scope.compare(&place, after).is_gt());
                    if behind && !chosen.leaves_out() && page.len() < wanted {
                        page.push(place);
                    }
                }
            }
            return Ok((page, (total, !whole)));
        }
        let mut walk = Walk::new(self, scope, after)?;
        let mut ended = false;
        while page.len() < wanted {
            let Some(place) = walk.next()? else {
                ended = true;
                break;
            };
            if chosen.matches(place.did)? && !chosen.leaves_out() {
                page.push(place);
            }
        }
        let so_far = (chosen.left_out + page.len(), !(ended && query.cursor.is_none()));
        let total = if set.exact { self.total(scope, &set)?.map_or(so_far, |total| (total, false)) } else { so_far };
        Ok((page, total))
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

pub(super) fn number(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// Chooses the records of a page.
struct Chosen<'a> {
    reader: &'a Reader<'a>,
    evaluator: Evaluator<'a>,
    tree: Option<&'a Node>,
    set: &'a Set,
    left_out: usize,
    offset: usize,
}

impl Chosen<'_> {
    fn matches(&self, did: i64) -> Result<bool, StoreError> {
        if !self.set.holds(did) {
            return Ok(false);
        }
        match self.tree {
            Some(tree) if !self.set.exact => self.reader.looked_at(did, &self.evaluator, tree),
            _ => Ok(true),
        }
    }

    /// Whether a match is one of those before the page.
    fn leaves_out(&mut self) -> bool {
        let before = self.left_out < self.offset;
        self.left_out += usize::from(before);
        before
    }
}

impl Reader<'_> {
    /// Whether a record matches, by looking at it.
    pub(super) fn looked_at(&self, did: i64, evaluator: &Evaluator<'_>, tree: &Node) -> Result<bool, StoreError> {
        self.go_on()?;
        let sql = "SELECT view, sid, news FROM record WHERE did = ?1";
        let found = sql::one(self.connection, sql, [did], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?, row.get(2)?)))?;
        let Some((view, sid, news)) = found else { return Ok(false) };
        let view: RecordView = crate::projection::decode(&view)?;
        evaluator.holds(tree, &Subject::new(&view, sid, news))
    }
}
