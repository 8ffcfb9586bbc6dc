//! Which changes count (R2, R4), and which entries must travel with what is valid.

use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::{ChangeHash, FeedId, OpHash, PersonId};

use super::chains::Chains;
use super::{ChangeFacts, Standing};
use crate::feed::FeedHeader;
use crate::membership::Membership;

/// What came out.
pub(super) struct Outcome {
    pub(super) accepted: BTreeSet<ChangeHash>,
    pub(super) collided: bool,
    /// By entry: not valid, but travels.
    evidence: Vec<bool>,
}

impl Outcome {
    pub(super) fn standing(&self, chains: &Chains<'_>, entry: usize) -> Standing {
        let is = |table: &[bool]| table.get(entry).copied().unwrap_or(false);
        if is(&chains.valid) {
            Standing::Valid
        } else if is(&self.evidence) {
            Standing::Evidence
        } else {
            Standing::Tray
        }
    }
}

/// Decides which changes count.
pub(super) fn accept(
    membership: &Membership,
    headers: &BTreeMap<FeedId, FeedHeader>,
    chains: &Chains<'_>,
    changes: &BTreeMap<ChangeHash, ChangeFacts>,
) -> Outcome {
    let web = Web::weave(chains, changes);
    let needed = web.closure(&web.roots, |_| true);
    let clashes = web.clashes(&needed);
    let mut dead: Vec<usize> = Vec::new();
    if !clashes.is_empty() {
        let backing = Backing::of(membership, headers, chains, &web, &needed);
        for clash in &clashes {
            let winner = clash.iter().copied().min_by_key(|change| backing.of_change(*change));
            dead.extend(clash.iter().copied().filter(|change| Some(*change) != winner));
        }
    }
    let unsupported = |change: &usize| !web.is_whole(*change) || web.deps[*change].iter().any(|dep| !needed[*dep]);
    dead.extend((0..web.hashes.len()).filter(|change| needed[*change]).filter(unsupported));
    let counted = if dead.is_empty() { needed.clone() } else { web.without(&needed, dead) };
    let accepted = web.hashes.iter().zip(&counted).filter(|(_, counted)| **counted).map(|(hash, _)| *hash).collect();
    Outcome { accepted, collided: !clashes.is_empty(), evidence: web.evidence(chains) }
}

/// The changes and what they rest on, numbered by hash. Every number handed out is below `hashes.len()`, and the tables have that length.
struct Web<'a> {
    hashes: Vec<ChangeHash>,
    facts: Vec<Option<&'a ChangeFacts>>,
    deps: Vec<Vec<usize>>,
    /// By change: a dependency is not held at all.
    broken: Vec<bool>,
    /// By change: the entry of its author's licensed feed that lists it; a valid one if there is one, else the one with the lowest hash.
    listed_by: Vec<Option<usize>>,
    /// What valid entries list.
    roots: Vec<usize>,
}

impl<'a> Web<'a> {
    fn weave(chains: &Chains<'_>, changes: &'a BTreeMap<ChangeHash, ChangeFacts>) -> Self {
        let mut hashes: Vec<ChangeHash> = changes.keys().copied().collect();
        let listed = chains.entries.iter().flat_map(|entry| &entry.items).map(|item| item.change);
        let without_facts: BTreeSet<ChangeHash> = listed.filter(|change| !changes.contains_key(change)).collect();
        if !without_facts.is_empty() {
            hashes.extend(without_facts);
            hashes.sort_unstable();
        }
        let facts: Vec<Option<&ChangeFacts>> = hashes.iter().map(|hash| changes.get(hash)).collect();
        let number = |hash: &ChangeHash| hashes.binary_search(hash).ok();
        let mut deps = Vec::with_capacity(hashes.len());
        let mut broken = Vec::with_capacity(hashes.len());
        for facts in &facts {
            let wanted = facts.map(|facts| facts.deps.as_slice()).unwrap_or_default();
            let found: Vec<usize> = wanted.iter().filter_map(number).collect();
            broken.push(found.len() < wanted.len());
            deps.push(found);
        }
        let (mut listed_by, mut roots) = (vec![None; hashes.len()], Vec::new());
        for (entry_number, entry) in chains.entries.iter().enumerate() {
            let valid = chains.valid[entry_number];
            if chains.tainted[entry_number] || !chains.licensed.contains(&entry.feed) {
                continue;
            }
            for item in &entry.items {
                let Some(change) = number(&item.change) else { continue };
                // A listing proves authorship only in the feed of the change's own actor.
                if facts[change].is_some_and(|facts| facts.feed != entry.feed || facts.doc != item.doc) {
                    continue;
                }
                if valid {
                    roots.push(change);
                }
                let better = listed_by[change].is_none_or(|other: usize| valid && !chains.valid[other]);
                if better {
                    listed_by[change] = Some(entry_number);
                }
            }
        }
        Self { hashes, facts, deps, broken, listed_by, roots }
    }

    /// Everything the given changes rest on, themselves included, as far as it is listed and allowed.
    fn closure(&self, from: &[usize], allowed: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut reached = vec![false; self.hashes.len()];
        let mut waiting: Vec<usize> = from.to_vec();
        while let Some(change) = waiting.pop() {
            if reached[change] || self.listed_by[change].is_none() || !allowed(change) {
                continue;
            }
            reached[change] = true;
            waiting.extend(&self.deps[change]);
        }
        reached
    }

    fn is_whole(&self, change: usize) -> bool {
        !self.broken[change]
    }

    /// Groups of different changes with the same (document, actor, seq).
    fn clashes(&self, needed: &[bool]) -> Vec<Vec<usize>> {
        let place = |change: &usize| self.facts[*change].map(|facts| (facts.feed, facts.doc, facts.seq));
        let mut placed: Vec<usize> = (0..self.hashes.len()).filter(|change| needed[*change] && self.facts[*change].is_some()).collect();
        placed.sort_unstable_by_key(|change| (place(change), *change));
        placed.chunk_by(|a, b| place(a) == place(b)).filter(|group| group.len() > 1).map(<[usize]>::to_vec).collect()
    }

    /// By change: the needed changes made directly on top of it.
    fn dependants(&self, needed: &[bool]) -> Vec<Vec<usize>> {
        let mut above = vec![Vec::new(); self.hashes.len()];
        for change in (0..self.hashes.len()).filter(|change| needed[*change]) {
            for dep in &self.deps[change] {
                above[*dep].push(change);
            }
        }
        above
    }

    /// What is left of the needed changes when the dead ones and all that rest on them are taken out: what a valid entry lists, and what that rests on.
    fn without(&self, needed: &[bool], mut dead: Vec<usize>) -> Vec<bool> {
        let above = self.dependants(needed);
        let mut gone = vec![false; self.hashes.len()];
        while let Some(change) = dead.pop() {
            if !gone[change] {
                gone[change] = true;
                dead.extend(&above[change]);
            }
        }
        self.closure(&self.roots, |change| needed[change] && !gone[change])
    }

    /// By entry: not valid, but on the way between something valid and what it rests on. An entry travels with its whole chain from the last
    /// valid one, and with what every change in those rests on.
    fn evidence(&self, chains: &Chains<'_>) -> Vec<bool> {
        let mut travels = vec![false; chains.entries.len()];
        let mut seen = vec![false; self.hashes.len()];
        let mut waiting = self.roots.clone();
        while let Some(change) = waiting.pop() {
            if std::mem::replace(&mut seen[change], true) {
                continue;
            }
            let Some(listing) = self.listed_by[change] else { continue };
            waiting.extend(&self.deps[change]);
            let mut at = Some(listing);
            while let Some(number) = at.filter(|number| !chains.valid[*number] && !travels[*number]) {
                travels[number] = true;
                let entry = chains.entries[number];
                waiting.extend(entry.items.iter().filter_map(|item| self.hashes.binary_search(&item.change).ok()));
                at = entry.prev.and_then(|prev| chains.number(&prev));
            }
        }
        travels
    }
}

type Rank = (usize, usize, Option<OpHash>);

/// R4: of clashing changes the one stands on which the most senior person other than its author rests.
struct Backing {
    /// By change: its author, and the two most senior persons in whose valid entries something rests on it; lower is more senior.
    authors: Vec<Option<PersonId>>,
    best: Vec<[Option<(Rank, PersonId)>; 2]>,
}

impl Backing {
    /// One pass from the newest changes down, so that a flood of clashes costs no more than one.
    fn of(membership: &Membership, headers: &BTreeMap<FeedId, FeedHeader>, chains: &Chains<'_>, web: &Web<'_>, needed: &[bool]) -> Self {
        let author_of = |feed: &FeedId| headers.get(feed).and_then(|header| membership.author(header));
        let by_feed: BTreeMap<FeedId, PersonId> = headers.keys().filter_map(|feed| Some((*feed, author_of(feed)?))).collect();
        let ranks: BTreeMap<PersonId, Rank> = by_feed.values().map(|person| (*person, membership.seniority(person))).collect();
        let authors: Vec<Option<PersonId>> = web.facts.iter().map(|facts| by_feed.get(&facts.as_ref()?.feed).copied()).collect();
        let mut best = vec![[None, None]; web.hashes.len()];
        let mut waiting_for: Vec<usize> = web.dependants(needed).iter().map(Vec::len).collect();
        let mut ready: Vec<usize> = (0..web.hashes.len()).filter(|change| needed[*change] && waiting_for[*change] == 0).collect();
        while let Some(change) = ready.pop() {
            let in_valid = web.listed_by[change].is_some_and(|entry| chains.valid[entry]);
            if let Some(person) = authors[change].filter(|_| in_valid)
                && let Some(rank) = ranks.get(&person)
            {
                add(&mut best[change], (*rank, person));
            }
            let passed_on = best[change];
            for dep in &web.deps[change] {
                passed_on.into_iter().flatten().for_each(|backer| add(&mut best[*dep], backer));
                waiting_for[*dep] = waiting_for[*dep].saturating_sub(1);
                if waiting_for[*dep] == 0 && needed[*dep] {
                    ready.push(*dep);
                }
            }
        }
        Self { authors, best }
    }

    /// Lower stands. Numbers compare as hashes do.
    fn of_change(&self, change: usize) -> (Rank, usize) {
        let others = self.best[change].into_iter().flatten().filter(|(_, person)| Some(*person) != self.authors[change]);
        (others.map(|(rank, _)| rank).min().unwrap_or((usize::MAX, 0, None)), change)
    }
}

/// Keeps the two most senior, each person once.
fn add(best: &mut [Option<(Rank, PersonId)>; 2], backer: (Rank, PersonId)) {
    let mut all: Vec<(Rank, PersonId)> = best.iter().copied().flatten().chain([backer]).collect();
    all.sort_unstable();
    all.dedup();
    *best = [all.first().copied(), all.get(1).copied()];
}
