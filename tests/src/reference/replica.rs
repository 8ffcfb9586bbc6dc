//! One computer's copy of a space in the model, and the exchange between two of them.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

use super::view::View;
use super::{Change, Computer, Cuts, Doc, EDITOR, Feed, Id, Person, VIEWER, World};

/// What became of an entry offered to a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    Held,
    Refused,
    /// Something it needs is missing.
    Pending,
}

/// How many operations, entries and proofs a view was made of.
type Sizes = (usize, usize, usize);

/// What one computer holds.
#[derive(Clone)]
pub struct Replica {
    pub computer: Computer,
    pub person: Person,
    pub ops: BTreeSet<Id>,
    /// Entries in order of arrival.
    pub held: Vec<Id>,
    pub proofs: BTreeSet<Id>,
    /// The feed it writes now.
    pub feed: Option<Id>,
    /// Breaks the rules.
    pub bad: bool,
    view: RefCell<Option<(Sizes, Rc<View>)>>,
}

impl Replica {
    #[must_use]
    pub fn new(computer: Computer, person: Person) -> Self {
        Self {
            computer,
            person,
            ops: BTreeSet::new(),
            held: Vec::new(),
            proofs: BTreeSet::new(),
            feed: None,
            bad: false,
            view: RefCell::new(None),
        }
    }

    pub fn view(&self, world: &World) -> Rc<View> {
        let sizes = (self.ops.len(), self.held.len(), self.proofs.len());
        if let Some((seen, view)) = &*self.view.borrow()
            && *seen == sizes
        {
            return Rc::clone(view);
        }
        let view = Rc::new(View::new(world, world.fold(&self.ops), &self.held, &self.proofs));
        *self.view.borrow_mut() = Some((sizes, Rc::clone(&view)));
        view
    }

    /// Forgets the remembered view, after a change that leaves the sizes as they were.
    pub fn forget_view(&mut self) {
        *self.view.borrow_mut() = None;
    }

    #[must_use]
    pub fn heads(&self, world: &World) -> Vec<Id> {
        let followed: HashSet<Id> = self.ops.iter().flat_map(|op| &world.ops[op].parents).copied().collect();
        self.ops.iter().copied().filter(|op| !followed.contains(op)).collect()
    }

    #[must_use]
    pub fn may_write(&self, world: &World) -> bool {
        let fold = &self.view(world).fold;
        fold.live(world, self.person, self.computer) && fold.role(world, self.person) >= EDITOR
    }

    /// Offers a signed entry. `anyway` are entries that need no predecessor here: evidence, and the computer's own returned to it.
    pub fn offer(&mut self, world: &World, entry: Id, anyway: &HashSet<Id>) -> Offered {
        if self.held.contains(&entry) {
            return Offered::Held;
        }
        let (it, view) = (&world.entries[&entry], self.view(world));
        if !view.fold.licensed(world, it.feed) || !world.sound(entry) {
            return Offered::Refused;
        }
        let within: HashSet<Id> = it.items.iter().map(|(_, change)| *change).collect();
        let mut deps = it.items.iter().flat_map(|(_, change)| &world.changes[change].deps);
        if deps.any(|dep| !view.listed.contains_key(dep) && !within.contains(dep)) {
            return Offered::Pending;
        }
        if it.prev.is_some_and(|prev| !self.held.contains(&prev)) && !anyway.contains(&entry) {
            return Offered::Pending;
        }
        self.hold(world, entry);
        Offered::Held
    }

    /// Holds an entry without asking; notices forks.
    pub fn hold(&mut self, world: &World, entry: Id) {
        let it = &world.entries[&entry];
        let forks = |other: &Id| *other != entry && world.entries[other].feed == it.feed && world.entries[other].prev == it.prev;
        let forked: Vec<Id> = self.held.iter().copied().filter(forks).collect();
        if !forked.is_empty() {
            self.proofs.extend(forked);
            self.proofs.insert(entry);
        }
        self.held.push(entry);
    }

    /// The feed to write next into: the current one while it is good, else a new epoch.
    pub fn feed_to_write(&mut self, world: &mut World) -> Id {
        let view = self.view(world);
        let grant = view.fold.grant(world, self.person).unwrap();
        if let Some(feed) = self.feed {
            let own: Vec<Id> = self.held.iter().copied().filter(|entry| world.entries[entry].feed == feed).collect();
            let role = |grant: Id| world.ops[&grant].grant().unwrap().1;
            let under = world.feeds[&feed].grant;
            let good = !view.closed.contains(&feed)
                && view.chains.get(&feed).map_or(0, Vec::len) == own.len()
                && role(under) >= EDITOR
                && (under == grant || role(under) == role(grant));
            let mut changes = own.iter().flat_map(|entry| &world.entries[entry].items);
            if good && changes.all(|(_, change)| view.accepted.contains(change)) {
                return feed;
            }
        }
        let feed = world.add_feed(Feed { computer: self.computer, grant });
        self.feed = Some(feed);
        feed
    }

    /// Writes one commit with a change in each document.
    pub fn write(&mut self, world: &mut World, docs: &[Doc], content: &mut dyn FnMut() -> u64) -> Id {
        let feed = self.feed_to_write(world);
        let view = self.view(world);
        let mut items = Vec::new();
        for doc in docs {
            let known: Vec<Id> = view.accepted.iter().copied().filter(|change| world.changes[change].doc == *doc).collect();
            let followed: HashSet<Id> = known.iter().flat_map(|change| &world.changes[change].deps).copied().collect();
            let mut deps: BTreeSet<Id> = known.iter().copied().filter(|change| !followed.contains(change)).collect();
            let own: Vec<Id> = known.iter().copied().filter(|change| world.changes[change].feed == feed).collect();
            let seq = own.iter().map(|change| world.changes[change].seq).max().unwrap_or(0);
            deps.extend(own.into_iter().filter(|change| world.changes[change].seq == seq));
            let change = Change { feed, doc: *doc, seq: seq + 1, deps, content: content(), by: self.computer };
            items.push((*doc, world.add_change(change)));
        }
        let prev = view.chains.get(&feed).and_then(|chain| chain.last().copied());
        let entry = world.add_entry(feed, prev, items);
        self.held.push(entry);
        entry
    }

    /// The cuts for ending a person's rights, or one computer's.
    #[must_use]
    pub fn cuts_for(&self, world: &World, person: Person, computer: Option<Computer>) -> Cuts {
        let vector = self.view(world).vector();
        let theirs =
            |feed: &Id| world.author(*feed) == Some(person) && computer.is_none_or(|computer| world.feeds[feed].computer == computer);
        vector.into_iter().filter(|(feed, _)| theirs(feed)).map(|(feed, (seq, entry))| (feed, seq, entry)).collect()
    }

    /// R3: writes again what it wrote and is not accepted any more. Returns how much that was.
    pub fn reapply(&mut self, world: &mut World) -> usize {
        if !self.may_write(world) {
            return 0;
        }
        let mut again = 0;
        for entry in self.held.clone() {
            if world.feeds[&world.entries[&entry].feed].computer != self.computer {
                continue;
            }
            for (doc, change) in world.entries[&entry].items.clone() {
                let view = self.view(world);
                let content = world.changes[&change].content;
                let counts = view.accepted.contains(&change) || view.accepted.iter().any(|other| world.changes[other].content == content);
                if !counts {
                    self.write(world, &[doc], &mut || content);
                    again += 1;
                }
            }
        }
        again
    }
}

/// What `from` sends to `to`, in its order of arrival, and which of it is evidence.
///
/// # Panics
/// When `from` lacks something its own entries rest on, which breaks I4.
#[must_use]
pub fn stream(world: &World, from: &Replica, to: &Replica) -> (Vec<Id>, HashSet<Id>) {
    let (mine, theirs) = (from.view(world), to.view(world));
    let theirs_vector = theirs.vector();
    let mut wanted: HashSet<Id> = HashSet::new();
    for (feed, chain) in &mine.chains {
        let (length, tip) = theirs_vector.get(feed).copied().map_or((0, None), |(length, tip)| (length as usize, Some(tip)));
        let Some(last) = chain.last() else { continue };
        let agree = length <= chain.len() && (length == 0 || chain.get(length - 1).copied() == tip);
        let they_have_all = length > chain.len() && theirs.chains[feed][chain.len() - 1] == *last;
        if agree {
            wanted.extend(&chain[length..]);
        } else if !they_have_all {
            wanted.extend(chain);
        }
    }
    wanted.extend(from.held.iter().copied().filter(|entry| {
        let feed = world.entries[entry].feed;
        world.feeds[&feed].computer == to.computer && !to.held.contains(entry) && mine.fold.licensed(world, feed) && world.sound(*entry)
    }));
    let (mut evidence, mut seen) = (HashSet::new(), HashSet::new());
    let mut waiting: Vec<Id> = wanted.iter().flat_map(|entry| &world.entries[entry].items).map(|(_, change)| *change).collect();
    while let Some(change) = waiting.pop() {
        if !seen.insert(change) {
            continue;
        }
        let listing = *mine.listed.get(&change).expect("I4: the sender lacks something its entries rest on");
        let mut at = Some(listing);
        while let Some(entry) = at.filter(|entry| !mine.valid.contains(entry) && !evidence.contains(entry)) {
            evidence.insert(entry);
            let items = &world.entries[&entry].items;
            waiting.extend(items.iter().flat_map(|(_, change)| world.changes[change].deps.iter().chain([change])));
            at = world.entries[&entry].prev;
        }
        if wanted.contains(&listing) || evidence.contains(&listing) {
            waiting.extend(&world.changes[&change].deps);
        }
    }
    (from.held.iter().copied().filter(|entry| wanted.contains(entry) || evidence.contains(entry)).collect(), evidence)
}

/// R6: whether `a` serves `b`.
#[must_use]
pub fn serves(world: &World, a: &Replica, b: &Replica) -> bool {
    a.view(world).fold.role_of_computer(world, b.computer) >= VIEWER
}

/// One exchange: operations and proofs both ways, then entries both ways, the first so many of each when the line breaks.
/// Returns how many entries travelled that were new or needless.
///
/// # Panics
/// When an honest sender's stream has an entry before something it needs (I4).
pub fn exchange(world: &World, a: &mut Replica, b: &mut Replica, break_after: (Option<usize>, Option<usize>)) -> usize {
    let ops: BTreeSet<Id> = a.ops.union(&b.ops).copied().collect();
    let proofs: BTreeSet<Id> = a.proofs.union(&b.proofs).copied().collect();
    for side in [&mut *a, &mut *b] {
        side.ops.clone_from(&ops);
        side.proofs.clone_from(&proofs);
    }
    if !(serves(world, a, b) && serves(world, b, a)) {
        return 0;
    }
    send(world, a, b, break_after.0) + send(world, b, a, break_after.1)
}

fn send(world: &World, from: &Replica, to: &mut Replica, break_after: Option<usize>) -> usize {
    let (entries, evidence) = stream(world, from, to);
    let entries = &entries[..break_after.unwrap_or(usize::MAX).min(entries.len())];
    let own = |entry: &Id| world.feeds[&world.entries[entry].feed].computer == to.computer;
    let anyway: HashSet<Id> = entries.iter().copied().filter(own).chain(evidence.iter().copied()).collect();
    let mut sent = 0;
    for entry in entries {
        if to.held.contains(entry) {
            sent += usize::from(!evidence.contains(entry));
            continue;
        }
        let outcome = to.offer(world, *entry, &anyway);
        sent += 1;
        assert!(outcome != Offered::Pending || from.bad, "I4: entry {entry:x} came before something it needs");
    }
    sent
}

/// The changes of a replica's held entries by content.
#[must_use]
pub fn contents_held(world: &World, replica: &Replica) -> HashSet<u64> {
    let items = replica.held.iter().flat_map(|entry| &world.entries[entry].items);
    items.map(|(_, change)| world.changes[change].content).collect()
}
