//! A small reference model of the sharing rules R1 to R8: what the production code in `tuttu-sync` must agree with.
//!
//! It works on plain numbers, knows no keys and no bytes, and spells every rule out in the most naive way: sets are sets, "in its own past" builds a
//! whole new fold over that past. [`fold::Fold`] says who may do what, [`view::View`] which entries and changes count, [`replica::Replica`] holds one
//! computer's state and exchanges it with another. Ids are ordered as the hashes they stand for, because some rules decide by the lower hash.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a model for tests: a broken assumption should stop it"
)]

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

pub mod fold;
pub mod replica;
pub mod view;

/// Stands for a hash: operation, feed, entry or change.
pub type Id = u64;
/// A person.
pub type Person = u64;
/// A computer.
pub type Computer = u64;
/// A document.
pub type Doc = u64;

/// No right at all.
pub const NONE: u8 = 0;
/// Reads.
pub const VIEWER: u8 = 1;
/// Writes.
pub const EDITOR: u8 = 2;
/// Decides who is in.
pub const OWNER: u8 = 3;

/// Whose key signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hand {
    Key(Person),
    Computer(Computer),
}

/// `(feed, seq, entry)`.
pub type Cuts = Vec<(Id, u64, Id)>;

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Genesis { founder: Person },
    Certify { person: Person, computer: Computer },
    Revoke { computer: Computer, cuts: Cuts },
    Exclude { person: Person, computer: Computer, cuts: Cuts },
    SetRole { person: Person, role: u8, cuts: Cuts },
    Rename,
}

#[derive(Debug, Clone)]
pub struct Op {
    pub parents: Vec<Id>,
    pub signer: Hand,
    pub tenure: Option<Id>,
    pub act: Act,
}

impl Op {
    /// The person and role it gives; the genesis makes its founder owner.
    #[must_use]
    pub fn grant(&self) -> Option<(Person, u8)> {
        match self.act {
            Act::Genesis { founder } => Some((founder, OWNER)),
            Act::SetRole { person, role, .. } => Some((person, role)),
            _ => None,
        }
    }

    fn cuts(&self) -> &[(Id, u64, Id)] {
        match &self.act {
            Act::Revoke { cuts, .. } | Act::SetRole { cuts, .. } | Act::Exclude { cuts, .. } => cuts,
            _ => &[],
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Feed {
    pub computer: Computer,
    pub grant: Id,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub feed: Id,
    pub seq: u64,
    pub prev: Option<Id>,
    pub items: Vec<(Doc, Id)>,
}

#[derive(Debug, Clone)]
pub struct Change {
    pub feed: Id,
    pub doc: Doc,
    pub seq: u64,
    pub deps: BTreeSet<Id>,
    /// What it says: re-applying makes another change with the same content.
    pub content: u64,
    /// Who really wrote it, which no rule may ask.
    pub by: Computer,
}

/// Gives ids to new things. A test that builds real operations and entries beside the model takes the ids from their hashes.
pub trait Names {
    fn op(&mut self, op: &Op) -> Id;
    fn feed(&mut self, feed: &Feed) -> Id;
    fn entry(&mut self, entry: &Entry) -> Id;
    fn change(&mut self, change: &Change) -> Id;
}

/// Everything that was ever made, by id; who holds what is for the replicas.
pub struct World {
    names: Box<dyn Names>,
    pub ops: HashMap<Id, Op>,
    pub feeds: HashMap<Id, Feed>,
    pub entries: HashMap<Id, Entry>,
    pub changes: HashMap<Id, Change>,
    /// By operation: its causal past.
    pub past: HashMap<Id, HashSet<Id>>,
    pub depth: HashMap<Id, usize>,
    folds: RefCell<HashMap<BTreeSet<Id>, Rc<fold::Fold>>>,
    rightful: RefCell<HashMap<(Id, Option<Person>), bool>>,
}

impl World {
    #[must_use]
    pub fn new(names: Box<dyn Names>) -> Self {
        Self {
            names,
            ops: HashMap::new(),
            feeds: HashMap::new(),
            entries: HashMap::new(),
            changes: HashMap::new(),
            past: HashMap::new(),
            depth: HashMap::new(),
            folds: RefCell::default(),
            rightful: RefCell::default(),
        }
    }

    pub fn add_op(&mut self, mut op: Op) -> Id {
        op.parents.sort_unstable();
        op.parents.dedup();
        let id = self.names.op(&op);
        let mut past: HashSet<Id> = op.parents.iter().copied().collect();
        for parent in &op.parents {
            past.extend(&self.past[parent]);
        }
        self.past.insert(id, past);
        self.depth.insert(id, 1 + op.parents.iter().map(|parent| self.depth[parent]).max().unwrap_or(0));
        self.ops.insert(id, op);
        id
    }

    pub fn add_feed(&mut self, feed: Feed) -> Id {
        let id = self.names.feed(&feed);
        self.feeds.insert(id, feed);
        id
    }

    pub fn add_change(&mut self, change: Change) -> Id {
        let id = self.names.change(&change);
        self.changes.insert(id, change);
        id
    }

    /// The entry that follows `prev` in a feed.
    pub fn add_entry(&mut self, feed: Id, prev: Option<Id>, items: Vec<(Doc, Id)>) -> Id {
        let seq = 1 + prev.map_or(0, |prev| self.entries[&prev].seq);
        let entry = Entry { feed, seq, prev, items };
        let id = self.names.entry(&entry);
        self.entries.insert(id, entry);
        id
    }

    /// The person a feed writes for: the one its grant names.
    #[must_use]
    pub fn author(&self, feed: Id) -> Option<Person> {
        self.ops.get(&self.feeds[&feed].grant)?.grant().map(|(person, _)| person)
    }

    /// Whether change `top` rests on change `base`.
    #[must_use]
    pub fn rests(&self, top: Id, base: Id) -> bool {
        let (mut seen, mut waiting) = (HashSet::new(), vec![top]);
        while let Some(change) = waiting.pop() {
            if seen.insert(change) {
                waiting.extend(&self.changes[&change].deps);
            }
        }
        seen.contains(&base)
    }

    /// R5: whether an entry is valid by itself: changes of its own actor, each on top of the actor's previous one in that document.
    #[must_use]
    pub fn sound(&self, entry: Id) -> bool {
        let entry = &self.entries[&entry];
        let mut seen = HashSet::new();
        entry.items.iter().all(|(doc, id)| {
            let change = &self.changes[id];
            let own_previous = |dep: &Id| self.changes[dep].feed == change.feed && self.changes[dep].seq + 1 == change.seq;
            change.feed == entry.feed
                && change.doc == *doc
                && seen.insert(*id)
                && (change.seq == 1 || change.deps.iter().any(own_previous))
                && change.deps.iter().all(|dep| self.changes[dep].doc == *doc)
        })
    }

    /// The fold over a set of operations, which must be closed under parents.
    #[must_use]
    pub fn fold(&self, ops: &BTreeSet<Id>) -> Rc<fold::Fold> {
        if let Some(fold) = self.folds.borrow().get(ops) {
            return Rc::clone(fold);
        }
        let fold = Rc::new(fold::Fold::new(self, ops.clone()));
        self.folds.borrow_mut().insert(ops.clone(), Rc::clone(&fold));
        fold
    }
}
