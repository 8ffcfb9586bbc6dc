//! The verdict over a space: which entries are valid, which changes are accepted, what is evidence and what goes to the tray (R1-R5).
//! A pure function of (membership, proofs, entries held); computed afresh when operations, proofs or freezes change, and
//! extended cheaply when open feeds only grow.

use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::{ChangeHash, DocumentId, EntryHash, FeedId};

use crate::feed::{FeedHeader, ForkProof, Item, Vector};
use crate::membership::Membership;

/// What the verdict needs to know of a held entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryFacts {
    /// Its hash.
    pub hash: EntryHash,
    /// Its feed.
    pub feed: FeedId,
    /// Its place.
    pub seq: u64,
    /// The entry before.
    pub prev: Option<EntryHash>,
    /// What it lists.
    pub items: Vec<Item>,
    /// R5: the validator found it invalid by itself and its causal past.
    pub invalid: bool,
}

/// What the verdict needs to know of a held change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeFacts {
    /// The document.
    pub doc: DocumentId,
    /// The feed of its author.
    pub feed: FeedId,
    /// Its seq in that document.
    pub seq: u64,
    /// What it was made on top of.
    pub deps: Vec<ChangeHash>,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// In the valid prefix of its feed.
    Valid,
    /// Not valid, but an accepted change rests on it ("written after removal, kept because X built on it").
    Evidence,
    /// Set aside; an editor can re-apply it.
    Tray,
}

/// The outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Valid held prefixes.
    pub vector: Vector,
    /// The standing of every held entry.
    pub standing: BTreeMap<EntryHash, Standing>,
    /// The changes that count.
    pub accepted: BTreeSet<ChangeHash>,
    /// Feeds that take no more entries (cut, forked or frozen).
    pub closed: BTreeSet<FeedId>,
}

/// Judges everything held in one space.
#[must_use]
pub fn judge(
    membership: &Membership,
    headers: &BTreeMap<FeedId, FeedHeader>,
    proofs: &[ForkProof],
    entries: &[EntryFacts],
    changes: &BTreeMap<ChangeHash, ChangeFacts>,
) -> Verdict {
    todo!()
}
