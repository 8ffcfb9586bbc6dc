//! Which entries and changes count (R1 to R5): a pure function of (operations, entries held, fork proofs).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::fold::Fold;
use super::{Id, World};

/// The verdict over what one computer holds.
#[derive(Clone)]
pub struct View {
    pub fold: Rc<Fold>,
    /// By feed: its valid held prefix.
    pub chains: BTreeMap<Id, Vec<Id>>,
    /// Feeds that take no more.
    pub closed: BTreeSet<Id>,
    /// Entries in a valid prefix.
    pub valid: HashSet<Id>,
    /// By change: the entry that proves its author.
    pub listed: HashMap<Id, Id>,
    pub accepted: BTreeSet<Id>,
    /// Not valid, but something valid rests on it.
    pub evidence: BTreeSet<Id>,
    pub collided: bool,
}

impl View {
    #[must_use]
    pub fn new(world: &World, fold: Rc<Fold>, held: &[Id], proofs: &BTreeSet<Id>) -> Self {
        let mut view = Self {
            fold,
            chains: BTreeMap::new(),
            closed: BTreeSet::new(),
            valid: HashSet::new(),
            listed: HashMap::new(),
            accepted: BTreeSet::new(),
            evidence: BTreeSet::new(),
            collided: false,
        };
        let held_set: HashSet<Id> = held.iter().copied().collect();
        let mut next: BTreeMap<Id, HashMap<Option<Id>, BTreeSet<Id>>> = BTreeMap::new();
        for entry in held.iter().chain(proofs) {
            let it = &world.entries[entry];
            next.entry(it.feed).or_default().entry(it.prev).or_default().insert(*entry);
        }
        for (feed, next) in &next {
            view.follow(world, *feed, next, &held_set);
        }
        view.list(world, held);
        view.accept(world);
        view.travel(world, &held_set);
        view
    }

    /// The vector: length and newest entry of each valid prefix.
    #[must_use]
    pub fn vector(&self) -> BTreeMap<Id, (u64, Id)> {
        let tips = self.chains.iter().filter_map(|(feed, chain)| chain.last().map(|tip| (*feed, (chain.len() as u64, *tip))));
        tips.collect()
    }

    fn follow(&mut self, world: &World, feed: Id, next: &HashMap<Option<Id>, BTreeSet<Id>>, held: &HashSet<Id>) {
        let cuts = self.fold.cuts(world, feed);
        let limit = cuts.iter().map(|(seq, _)| *seq).min();
        let lowest: Vec<Option<Id>> = cuts.iter().filter(|(seq, _)| Some(*seq) == limit).map(|(_, entry)| *entry).collect();
        let mut chain: Vec<Id> = Vec::new();
        let stopped = loop {
            // A lowest cut that is alone and whose whole line is held settles everything.
            if let [Some(name)] = lowest.as_slice()
                && let Some(line) = line_to(world, *name, held)
                && Some(line.len() as u64) == limit
                && line.iter().all(|entry| world.sound(*entry) && world.entries[entry].feed == feed)
            {
                chain = line;
                break true;
            }
            let seq = chain.len() as u64;
            if limit.is_some_and(|limit| seq >= limit) {
                break true;
            }
            let Some(choices) = next.get(&chain.last().copied()) else { break false };
            if choices.len() > 1 {
                break true;
            }
            let entry = *choices.first().unwrap();
            if !held.contains(&entry) {
                break false;
            }
            if cuts.iter().any(|(place, name)| *place == seq + 1 && *name != Some(entry)) || !world.sound(entry) {
                break true;
            }
            chain.push(entry);
        };
        if stopped || !cuts.is_empty() {
            self.closed.insert(feed);
        }
        self.valid.extend(&chain);
        self.chains.insert(feed, chain);
    }

    fn list(&mut self, world: &World, held: &[Id]) {
        let mut order: Vec<Id> = held.to_vec();
        order.sort_unstable_by_key(|entry| (!self.valid.contains(entry), *entry));
        for entry in order {
            if self.fold.licensed(world, world.entries[&entry].feed) && world.sound(entry) {
                for (_, change) in &world.entries[&entry].items {
                    self.listed.entry(*change).or_insert(entry);
                }
            }
        }
    }

    fn roots(&self, world: &World) -> Vec<Id> {
        self.valid.iter().flat_map(|entry| &world.entries[entry].items).map(|(_, change)| *change).collect()
    }

    fn accept(&mut self, world: &World) {
        let (mut needed, mut waiting) = (BTreeSet::new(), self.roots(world));
        while let Some(change) = waiting.pop() {
            if self.listed.contains_key(&change) && needed.insert(change) {
                waiting.extend(&world.changes[&change].deps);
            }
        }
        let mut places: HashMap<(u64, Id, u64), Vec<Id>> = HashMap::new();
        for change in &needed {
            let it = &world.changes[change];
            places.entry((it.doc, it.feed, it.seq)).or_default().push(*change);
        }
        let mut losers = HashSet::new();
        for clash in places.into_values().filter(|clash| clash.len() > 1) {
            self.collided = true;
            let winner = clash.iter().copied().min_by_key(|change| (self.backing(world, *change), *change)).unwrap();
            losers.extend(clash.into_iter().filter(|change| *change != winner));
        }
        let mut dead = HashMap::new();
        let mut waiting = self.roots(world);
        waiting.retain(|change| !is_dead(world, *change, &needed, &losers, &mut dead));
        while let Some(change) = waiting.pop() {
            if self.accepted.insert(change) {
                waiting.extend(&world.changes[&change].deps);
            }
        }
    }

    /// R4: the most senior person, other than the author, whose valid entries rest on a change.
    fn backing(&self, world: &World, change: Id) -> (usize, usize, Option<Id>) {
        let author = world.author(world.changes[&change].feed);
        let mut best = (usize::MAX, 0, None);
        for (feed, chain) in &self.chains {
            let person = world.author(*feed);
            if person != author {
                let items = chain.iter().flat_map(|entry| &world.entries[entry].items);
                if items.into_iter().any(|(_, top)| world.rests(*top, change)) {
                    best = best.min(self.fold.seniority(world, person.unwrap()));
                }
            }
        }
        best
    }

    /// What must travel with what is valid: what it rests on, with the whole chain from the last valid entry and what that rests on.
    fn travel(&mut self, world: &World, held: &HashSet<Id>) {
        let (mut seen, mut waiting) = (HashSet::new(), self.roots(world));
        while let Some(change) = waiting.pop() {
            if !seen.insert(change) {
                continue;
            }
            let Some(listing) = self.listed.get(&change) else { continue };
            waiting.extend(&world.changes[&change].deps);
            let mut at = Some(*listing);
            while let Some(entry) = at.filter(|entry| held.contains(entry) && !self.valid.contains(entry) && !self.evidence.contains(entry))
            {
                self.evidence.insert(entry);
                waiting.extend(world.entries[&entry].items.iter().map(|(_, change)| *change));
                at = world.entries[&entry].prev;
            }
        }
    }
}

/// The line from the first entry to this one, if all of it is held.
fn line_to(world: &World, entry: Id, held: &HashSet<Id>) -> Option<Vec<Id>> {
    let mut line = Vec::new();
    let mut at = Some(entry);
    while let Some(entry) = at {
        if !held.contains(&entry) {
            return None;
        }
        line.push(entry);
        at = world.entries[&entry].prev;
    }
    line.reverse();
    Some(line)
}

fn is_dead(world: &World, change: Id, needed: &BTreeSet<Id>, losers: &HashSet<Id>, known: &mut HashMap<Id, bool>) -> bool {
    if let Some(dead) = known.get(&change) {
        return *dead;
    }
    let dead = losers.contains(&change)
        || !needed.contains(&change)
        || world.changes[&change].deps.iter().any(|dep| is_dead(world, *dep, needed, losers, known));
    known.insert(change, dead);
    dead
}
