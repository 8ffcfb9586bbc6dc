//! Which entries of each feed are its valid prefix (R1, R1b, R4, R5).

use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::{EntryHash, FeedId};

use super::EntryFacts;
use crate::feed::{FeedHeader, ForkProof, Vector};
use crate::membership::Membership;

/// One entry that follows another, held or known only from a fork proof. The order groups them by (feed, predecessor).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    feed: FeedId,
    prev: Option<EntryHash>,
    hash: EntryHash,
    /// Its number in [`Chains::entries`]; `None` when it is not held.
    held: Option<usize>,
}

/// The valid prefixes. Entries are numbered by hash; every number handed out is below `entries.len()`, and the tables have that length, which is why
/// they are indexed directly.
pub(super) struct Chains<'a> {
    /// The held entries, by hash, each once.
    pub(super) entries: Vec<&'a EntryFacts>,
    /// By entry: in the valid prefix of its feed.
    pub(super) valid: Vec<bool>,
    /// By entry: invalid, out of place, or after one that is (R5): neither valid nor evidence.
    pub(super) tainted: Vec<bool>,
    pub(super) vector: Vector,
    pub(super) closed: BTreeSet<FeedId>,
    /// Feeds whose signed entries may be evidence.
    pub(super) licensed: BTreeSet<FeedId>,
}

impl<'a> Chains<'a> {
    pub(super) fn follow(
        membership: &Membership,
        headers: &BTreeMap<FeedId, FeedHeader>,
        proofs: &[ForkProof],
        held: &'a [EntryFacts],
    ) -> Self {
        let mut entries: Vec<&EntryFacts> = held.iter().collect();
        entries.sort_unstable_by_key(|entry| entry.hash);
        entries.dedup_by_key(|entry| entry.hash);
        let mut chains = Self {
            valid: vec![false; entries.len()],
            tainted: vec![false; entries.len()],
            entries,
            vector: Vector::default(),
            closed: BTreeSet::new(),
            licensed: BTreeSet::new(),
        };
        chains.taint();
        let steps = chains.steps(proofs);
        let proven = proofs.iter().map(|proof| (proof.header.id(), &proof.header));
        let feeds: BTreeMap<FeedId, &FeedHeader> = headers.iter().map(|(feed, header)| (*feed, header)).chain(proven).collect();
        for (feed, header) in feeds {
            if membership.is_licensed(header) {
                chains.licensed.insert(feed);
            }
            let start = steps.partition_point(|step| step.feed < feed);
            let end = steps.partition_point(|step| step.feed <= feed);
            chains.follow_feed(feed, steps.get(start..end).unwrap_or_default(), &membership.cuts(header));
        }
        chains
    }

    pub(super) fn number(&self, hash: &EntryHash) -> Option<usize> {
        self.entries.binary_search_by_key(hash, |entry| entry.hash).ok()
    }

    fn taint(&mut self) {
        let mut by_place: Vec<usize> = (0..self.entries.len()).collect();
        by_place.sort_unstable_by_key(|number| self.entries[*number].seq);
        for number in by_place {
            let entry = self.entries[number];
            let after_tainted = match entry.prev {
                None => entry.seq != 1,
                Some(prev) => self.number(&prev).is_some_and(|prev| {
                    let before = self.entries[prev];
                    self.tainted[prev] || before.feed != entry.feed || before.seq.checked_add(1) != Some(entry.seq)
                }),
            };
            self.tainted[number] = entry.invalid || after_tainted;
        }
    }

    fn steps(&self, proofs: &[ForkProof]) -> Vec<Step> {
        let held = self.entries.iter().enumerate();
        let mut steps: Vec<Step> =
            held.map(|(number, entry)| Step { feed: entry.feed, prev: entry.prev, hash: entry.hash, held: Some(number) }).collect();
        for proof in proofs {
            let feed = proof.header.id();
            for signed in [&proof.first, &proof.second] {
                let hash = signed.hash();
                if self.number(&hash).is_none() {
                    steps.push(Step { feed, prev: signed.claimed_prev(), hash, held: None });
                }
            }
        }
        steps.sort_unstable();
        steps.dedup();
        steps
    }

    fn follow_feed(&mut self, feed: FeedId, steps: &[Step], cuts: &[(u64, Option<EntryHash>)]) {
        #[cfg(feature = "planted")]
        let cuts = if crate::planted::is(crate::planted::Fault::CutIgnored) { &[] } else { cuts };
        let (line, stopped) = match self.settled_line(feed, cuts) {
            Some(line) => (line, true),
            None => self.walk(steps, cuts),
        };
        if let Some(tip) = line.last().map(|number| self.entries[*number]) {
            self.vector.0.insert(feed, (tip.seq, tip.hash));
        }
        for number in line {
            self.valid[number] = true;
        }
        if stopped || !cuts.is_empty() {
            self.closed.insert(feed);
        }
    }

    /// R1, R4: when all of the lowest cuts name one entry and the whole line to it is held, exactly that line is valid, whatever forks off it.
    /// Nothing else that is held may decide: it might not travel, and two computers would never agree.
    fn settled_line(&self, feed: FeedId, cuts: &[(u64, Option<EntryHash>)]) -> Option<Vec<usize>> {
        let (limit, name) = *cuts.iter().min()?;
        if cuts.iter().any(|(seq, other)| *seq == limit && *other != name) {
            return None;
        }
        let mut line = Vec::new();
        let (mut at, mut seq) = (name, limit);
        while let Some(hash) = at {
            let number = self.number(&hash)?;
            let entry = self.entries[number];
            if self.tainted[number] || entry.feed != feed || entry.seq != seq || seq == 0 {
                return None;
            }
            line.push(number);
            (at, seq) = (entry.prev, seq - 1);
        }
        line.reverse();
        (seq == 0 && !line.is_empty()).then_some(line)
    }

    /// The held entries from the first on, up to a cut, a fork or something invalid. The second part says whether it was one of those.
    fn walk(&self, steps: &[Step], cuts: &[(u64, Option<EntryHash>)]) -> (Vec<usize>, bool) {
        let limit = cuts.iter().map(|(seq, _)| *seq).min();
        let (mut line, mut tip, mut seq) = (Vec::new(), None, 0_u64);
        loop {
            if limit.is_some_and(|limit| seq >= limit) {
                return (line, true);
            }
            let start = steps.partition_point(|step| step.prev < tip);
            let mut next = steps.iter().skip(start).take_while(|step| step.prev == tip);
            let step = match (next.next(), next.next()) {
                (None, _) => return (line, false),
                (Some(only), None) => only,
                #[cfg(feature = "planted")]
                (Some(first), Some(_)) if crate::planted::is(crate::planted::Fault::RepeatedSeq) => first,
                (Some(_), Some(_)) => return (line, true),
            };
            let Some(number) = step.held else { return (line, false) };
            let entry = self.entries[number];
            seq += 1;
            let named_otherwise = cuts.iter().any(|(place, hash)| *place == seq && *hash != Some(entry.hash));
            if self.tainted[number] || entry.seq != seq || named_otherwise {
                return (line, true);
            }
            line.push(number);
            tip = Some(step.hash);
        }
    }
}
