//! The verdict over a space: which entries are valid, which changes are accepted, what is evidence and what goes to the tray (R1-R5).
//!
//! A pure function of (membership, proofs, entries held). [`judge`] computes it afresh; [`may_change`] tells whether a change of membership
//! makes that necessary, and [`extends_cleanly`] whether a new entry can simply be appended, which is the common case.

use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::{ChangeHash, DocumentId, EntryHash, FeedId};

use crate::feed::{FeedHeader, ForkProof, Item, Vector};
use crate::membership::Membership;

mod chains;
mod changes;
#[cfg(test)]
mod tests;

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
    /// Not valid, but something valid rests on it or on an entry after it, so it must travel with what is valid. Its changes count when they are
    /// among [`Verdict::accepted`] ("written after removal, kept because X built on it").
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
    /// Two changes clashed in (document, actor, seq), so the verdict also depends on who is senior to whom.
    pub collided: bool,
}

/// Judges everything held in one space.
///
/// The proofs must have been verified; an entry held must have its predecessor and its changes' dependencies held too. A listed change without facts
/// (its bytes were erased) counts as one that rests on nothing.
#[must_use]
pub fn judge(
    membership: &Membership,
    headers: &BTreeMap<FeedId, FeedHeader>,
    proofs: &[ForkProof],
    entries: &[EntryFacts],
    changes: &BTreeMap<ChangeHash, ChangeFacts>,
) -> Verdict {
    let chains = chains::Chains::follow(membership, headers, proofs, entries);
    let outcome = changes::accept(membership, headers, &chains, changes);
    let standing = chains.entries.iter().enumerate().map(|(number, entry)| (entry.hash, outcome.standing(&chains, number)));
    Verdict {
        standing: standing.collect(),
        accepted: outcome.accepted,
        collided: outcome.collided,
        vector: chains.vector,
        closed: chains.closed,
    }
}

/// Whether the verdict may differ under a new membership: when it may not, nothing needs to be judged again.
/// `headers` are all feeds held; `collided` is what the last verdict said.
#[must_use]
pub fn may_change(old: &Membership, new: &Membership, headers: &BTreeMap<FeedId, FeedHeader>, collided: bool) -> bool {
    headers.values().any(|header| {
        let author = old.author(header);
        let seniority = |membership: &Membership| author.map(|person| membership.seniority(&person));
        old.is_licensed(header) != new.is_licensed(header)
            || old.cuts(header) != new.cuts(header)
            || collided && (author != new.author(header) || seniority(old) != seniority(new))
    })
}

/// A new entry with what is needed to tell whether it can simply be appended.
#[derive(Debug, Clone, Copy)]
pub struct Extension<'a> {
    /// Its feed's header.
    pub header: &'a FeedHeader,
    /// The newest valid entry of its feed, from the vector.
    pub tip: Option<(u64, EntryHash)>,
    /// The entry, not held before.
    pub entry: &'a EntryFacts,
    /// Facts of the changes it lists.
    pub changes: &'a BTreeMap<ChangeHash, ChangeFacts>,
    /// The fork proofs of the space.
    pub proofs: &'a [ForkProof],
}

/// Whether a new entry changes nothing but itself: it becomes valid, its changes are accepted, and every other standing stays.
/// `closed` is from the last verdict. `accepted` tells whether a change held before is accepted; `held` whether a change of the entry's own feed with
/// this document and seq is held already. When the answer is false, store the entry and [`judge`].
#[must_use]
pub fn extends_cleanly(
    membership: &Membership,
    closed: &BTreeSet<FeedId>,
    extension: Extension<'_>,
    mut accepted: impl FnMut(&ChangeHash) -> bool,
    mut held: impl FnMut(&DocumentId, u64) -> bool,
) -> bool {
    let Extension { header, tip, entry, changes, proofs } = extension;
    let follows = match tip {
        Some((seq, hash)) => entry.seq == seq + 1 && entry.prev == Some(hash),
        None => entry.seq == 1 && entry.prev.is_none(),
    };
    if !follows || entry.invalid || closed.contains(&entry.feed) || entry.feed != header.id() {
        return false;
    }
    // A proof may be known before the entry the feed forks after: reaching that entry closes the feed.
    if proofs.iter().any(|proof| proof.header == *header) || !membership.is_licensed(header) || !membership.cuts(header).is_empty() {
        return false;
    }
    let listed: BTreeSet<ChangeHash> = entry.items.iter().map(|item| item.change).collect();
    let mut places = BTreeSet::new();
    entry.items.iter().all(|item| {
        changes.get(&item.change).is_some_and(|facts| {
            facts.feed == entry.feed
                && facts.doc == item.doc
                && places.insert((facts.doc, facts.seq))
                && !held(&facts.doc, facts.seq)
                && facts.deps.iter().all(|dep| listed.contains(dep) || accepted(dep))
        })
    })
}
