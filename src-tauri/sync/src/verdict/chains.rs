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

/// The valid prefixes. Entries are numbered by hash; every number handed out is below `entries.len()`, and the tables have that length.
pub(super) struct Chains<'a> {
    /// The held entries, by hash, each once.
    pub(super) entries: Vec<&'a EntryFacts>,
    /// By entry: in the valid prefix of its feed.
    pub(super) valid: Vec<bool>,
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
            entries,
            vector: Vector::default(),
            closed: BTreeSet::new(),
            licensed: BTreeSet::new(),
        };
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
        let limit = cuts.iter().map(|(seq, _)| *seq).min();
        let named: Vec<BTreeSet<usize>> =
            cuts.iter().filter_map(|(_, hash)| self.number(hash.as_ref()?)).map(|number| self.line_to(number)).collect();
        let (mut tip, mut seq, mut stopped) = (None, 0_u64, false);
        loop {
            if limit.is_some_and(|limit| seq >= limit) {
                stopped = true;
                break;
            }
            let start = steps.partition_point(|step| step.prev < tip);
            let next: Vec<&Step> = steps.iter().skip(start).take_while(|step| step.prev == tip).collect();
            let step = match next.as_slice() {
                [] => break,
                [only] => *only,
                // R4: a fork ends the feed, unless what the cuts in force name lies on one branch.
                _ => match settle(&next, &named) {
                    Some(step) => step,
                    None => {
                        stopped = true;
                        break;
                    }
                },
            };
            let Some(number) = step.held else { break };
            if !self.may_follow(number, seq + 1, cuts, &named) {
                stopped = true;
                break;
            }
            if let Some(valid) = self.valid.get_mut(number) {
                *valid = true;
            }
            (tip, seq) = (Some(step.hash), seq + 1);
        }
        if let Some(hash) = tip {
            self.vector.0.insert(feed, (seq, hash));
        }
        if stopped || !cuts.is_empty() {
            self.closed.insert(feed);
        }
    }

    /// An entry and all held ones before it.
    fn line_to(&self, number: usize) -> BTreeSet<usize> {
        let mut line = BTreeSet::new();
        let mut at = Some(number);
        while let Some(number) = at {
            line.insert(number);
            at = self.entries.get(number).and_then(|entry| self.number(entry.prev.as_ref()?));
        }
        line
    }

    /// R1: once a named entry is held, only what leads to it counts; until then, its place must have its hash. R5: nothing invalid counts.
    fn may_follow(&self, number: usize, seq: u64, cuts: &[(u64, Option<EntryHash>)], named: &[BTreeSet<usize>]) -> bool {
        self.entries.get(number).is_some_and(|entry| {
            !entry.invalid
                && entry.seq == seq
                && named.iter().all(|line| line.contains(&number))
                && cuts.iter().all(|(place, hash)| *place != seq || *hash == Some(entry.hash))
        })
    }
}

fn settle<'s>(branches: &[&'s Step], named: &[BTreeSet<usize>]) -> Option<&'s Step> {
    if named.is_empty() {
        return None;
    }
    let leads = |step: &&&Step| step.held.is_some_and(|number| named.iter().all(|line| line.contains(&number)));
    let mut leading = branches.iter().filter(leads);
    match (leading.next(), leading.next()) {
        (Some(step), None) => Some(step),
        _ => None,
    }
}
