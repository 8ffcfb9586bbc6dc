//! Step 3: what each side holds, feed by feed, and what follows from the difference.

use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::{ComputerId, EntryHash, FeedId};

use super::forks::Search;
use super::lane::{Io, Lane, Stage};
use super::message::{Message, Vectors};
use super::stream::Start;
use super::{CloseReason, Effect, Step};
use crate::feed::{FeedHeader, Vector};

/// Forks searched at once; the others are found in the round that the first proof begins.
const SEARCHES: usize = 32;

type Tip = (u64, EntryHash);

impl Lane {
    /// States what is held here.
    pub(super) fn state_vectors(&mut self, io: &mut Io<'_>) -> Step {
        let space = self.space;
        let valid = io.replica.vector(&space)?;
        let computers: BTreeSet<ComputerId> = io.replica.headers(&space)?.values().map(|header| header.computer).collect();
        let mut beyond = Vector::default();
        let (mut mine, mut yours) = (Vector::default(), Vector::default());
        let mut all_valid = true;
        for computer in computers {
            let tips = io.replica.raw_tips(&space, &computer)?;
            let differs = |(feed, tip): &(FeedId, Tip)| valid.0.get(feed) != Some(tip);
            let differing: BTreeMap<FeedId, Tip> = tips.0.iter().map(|(feed, tip)| (*feed, *tip)).filter(differs).collect();
            all_valid &= differing.is_empty();
            if computer == io.me {
                mine = tips;
            } else if computer == io.remote {
                yours = tips;
            } else {
                beyond.0.extend(differing);
            }
        }
        self.stream.holds_beyond(!all_valid);
        self.stated_rules = io.rules(&space)?;
        self.stage = Stage::Vectors;
        io.send(&Message::Vectors(Vectors { space: self.ours, round: self.round, rules: self.stated_rules, valid, mine, yours, beyond }));
        Ok(())
    }

    pub(super) fn vectors_came(&mut self, vectors: Vectors) {
        if vectors.round == self.round && matches!(self.stage, Stage::Rules | Stage::Vectors) {
            self.their_vectors = Some(vectors);
        }
    }

    /// Both have stated what they hold: the stream begins, or another round where the rules changed meanwhile.
    pub(super) fn compare_vectors(&mut self, io: &mut Io<'_>) -> Step {
        let Some(theirs) = self.their_vectors.take() else { return Ok(()) };
        if theirs.rules != self.stated_rules {
            // The same two hashes again: one side keeps what the other does not. Go on without being equal.
            let pair = Some((self.stated_rules, theirs.rules));
            if std::mem::replace(&mut self.differed, pair) != pair {
                return self.next_round(io);
            }
        }
        self.stage = Stage::Streaming;
        self.got_end = false;
        let mut forked: BTreeMap<FeedId, u64> = BTreeMap::new();
        for proof in io.replica.proofs(&self.space)? {
            let place = forked.entry(proof.header.id()).or_insert(u64::MAX);
            *place = proof.first.claimed_seq().min(proof.second.claimed_seq()).min(*place);
        }
        let comparison =
            Comparison { lane: self, io, headers: io.replica.headers(&self.space)?, valid: io.replica.vector(&self.space)?, forked };
        let plan = comparison.plan(&theirs)?;
        self.follow(plan, theirs, io)
    }

    fn follow(&mut self, plan: Plan, theirs: Vectors, io: &mut Io<'_>) -> Step {
        let Plan { mut start, ahead, forks, expected } = plan;
        start.blocked = !ahead.is_empty();
        self.progress = (0, expected);
        self.stream.begin(start);
        for feed in &ahead {
            self.stream.hold_back(*feed);
            io.effects.push(Effect::OwnFeedAhead { space: self.space, feed: *feed });
        }
        if self.peer_blocked == Some(self.round) {
            self.give_back(io)?;
        }
        if !ahead.is_empty() {
            io.send(&Message::Blocked { space: self.ours, round: self.round });
            self.yield_if_both_blocked(io);
        }
        for (number, (feed, seq)) in forks.into_iter().enumerate() {
            self.stream.hold_back(feed);
            // One that is under way goes on: rounds may come faster than its answers.
            if number < SEARCHES && !self.searches.contains_key(&feed) {
                self.begin_search(feed, Search::new(seq), io);
            }
        }
        self.peer = theirs.valid.clone();
        io.effects.push(Effect::Acknowledged { space: self.space, vector: theirs.valid });
        if expected > 0 {
            io.effects.push(Effect::Receiving { space: self.space, done: 0, total: expected });
        }
        Ok(())
    }

    /// The peer waits for its own entries before it sends.
    pub(super) fn peer_is_blocked(&mut self, round: u64, io: &Io<'_>) -> Step {
        self.peer_blocked = Some(round);
        self.yield_if_both_blocked(io);
        if round == self.round && self.stage == Stage::Streaming { self.give_back(io) } else { Ok(()) }
    }

    /// A copy of the peer's vault may have written a longer history of a feed than the one held here: then the length alone looked as if it held
    /// everything, but it is blocked, so it does not.
    fn give_back(&mut self, io: &Io<'_>) -> Step {
        let held = io.replica.raw_tips(&self.space, &io.remote)?;
        self.stream.send_again(held.0.iter().map(|(feed, (seq, _))| (*feed, *seq)));
        Ok(())
    }

    /// Both wait for the other: in one round the computer with the lower id goes first, in the next the other. What the first one has may rest on the feed
    /// it holds back, and only the other can resolve that.
    fn yield_if_both_blocked(&mut self, io: &Io<'_>) {
        let lower_goes = self.round % 2 == 1;
        if self.peer_blocked == Some(self.round) && (io.me < io.remote) == lower_goes {
            self.stream.unblock();
        }
    }
}

/// What follows from two vectors.
struct Plan {
    start: Start,
    /// Own feeds of which the peer holds more, or something else.
    ahead: BTreeSet<FeedId>,
    /// Feeds with two histories, with a place where they differ.
    forks: Vec<(FeedId, u64)>,
    /// Entries the peer has and we do not.
    expected: u64,
}

struct Comparison<'a> {
    lane: &'a Lane,
    io: &'a Io<'a>,
    headers: BTreeMap<FeedId, FeedHeader>,
    valid: Vector,
    /// Feeds with a fork proof, and the first place where one parts.
    forked: BTreeMap<FeedId, u64>,
}

impl Comparison<'_> {
    fn plan(self, theirs: &Vectors) -> Result<Plan, CloseReason> {
        let ahead = self.ahead(&theirs.yours)?;
        let mut plan = Plan { start: Start::default(), ahead, forks: Vec::new(), expected: 0 };
        for (feed, tip) in &theirs.valid.0 {
            let owner = self.headers.get(feed).map(|header| header.computer);
            let ours = self.valid.0.get(feed).map_or(0, |(seq, _)| *seq);
            plan.expected = plan.expected.saturating_add(tip.0.saturating_sub(ours));
            if let Some(parting) = self.forked.get(feed) {
                // Beyond that a place says nothing: of two entries there the peer may hold either.
                let same = tip.0.min(parting.saturating_sub(1));
                if same > 0 && self.entry_is(feed, *tip)? {
                    plan.start.skip.0.insert(*feed, (same, tip.1));
                }
            } else if tip.0 > ours || self.entry_is(feed, *tip)? {
                plan.start.skip.0.insert(*feed, *tip);
            } else if owner != Some(self.io.me) && owner != Some(self.io.remote) {
                // A computer's own feed is not searched: it was rolled back, and is about to take its entries back.
                plan.forks.push((*feed, tip.0));
            }
        }
        plan.start.set_aside_too = self.own_feeds_of_peer(theirs, &mut plan.start.skip)?;
        self.beyond(&theirs.beyond, &mut plan.start.skip)?;
        for feed in &plan.ahead {
            let held = self.valid.0.get(feed).map_or(0, |(seq, _)| *seq);
            let known = theirs.valid.0.get(feed).map_or(0, |(seq, _)| *seq);
            let raw = theirs.yours.0.get(feed).map_or(0, |(seq, _)| *seq);
            plan.expected = plan.expected.saturating_add(raw.saturating_sub(held.max(known)));
        }
        plan.start.introduced = theirs.valid.0.keys().chain(theirs.mine.0.keys()).copied().collect();
        plan.start.forked = self.forked.into_keys().collect();
        Ok(plan)
    }

    /// Own feeds of which the peer holds more than we do, or other entries (R3). Whether they count is all one: where a cut ends the other history, nothing
    /// counts here at its place.
    fn ahead(&self, yours: &Vector) -> Result<BTreeSet<FeedId>, CloseReason> {
        let mine = self.io.replica.raw_tips(&self.lane.space, &self.io.me)?;
        let mut ahead = BTreeSet::new();
        for (feed, tip) in &yours.0 {
            let is_ahead = match mine.0.get(feed) {
                _ if self.forked.contains_key(feed) => false,
                None => self.headers.get(feed).is_none_or(|header| header.computer == self.io.me),
                Some((seq, _)) if tip.0 > *seq => true,
                Some(_) => !self.io.replica.holds(&self.lane.space, &tip.1)?,
            };
            if is_ahead {
                ahead.insert(*feed);
            }
        }
        Ok(ahead)
    }

    /// The peer gets back all of its own feeds that it does not hold, from where it holds them as we do. Says whether there is any such.
    fn own_feeds_of_peer(&self, theirs: &Vectors, skip: &mut Vector) -> Result<bool, CloseReason> {
        let held = self.io.replica.raw_tips(&self.lane.space, &self.io.remote)?;
        let mut lacks = false;
        for (feed, held_tip) in &held.0 {
            if self.forked.contains_key(feed) {
                // The newest place says nothing: equal ones can hide the other history.
                lacks = true;
                continue;
            }
            match theirs.mine.0.get(feed) {
                Some(tip) if tip == held_tip || tip.0 > held_tip.0 || self.entry_is(feed, *tip)? => {
                    lacks |= tip.0 < held_tip.0;
                    skip.0.insert(*feed, *tip);
                }
                _ => {
                    lacks = true;
                    skip.0.remove(feed);
                }
            }
        }
        Ok(lacks)
    }

    /// What the peer holds beyond the valid entries is left out where it is exactly what we hold.
    fn beyond(&self, beyond: &Vector, skip: &mut Vector) -> Result<(), CloseReason> {
        for (feed, tip) in &beyond.0 {
            let Some(header) = self.headers.get(feed) else { continue };
            if self.forked.contains_key(feed) || header.computer == self.io.remote {
                continue;
            }
            let held = self.io.replica.raw_tips(&self.lane.space, &header.computer)?;
            if held.0.get(feed) == Some(tip) {
                skip.0.insert(*feed, *tip);
            }
        }
        Ok(())
    }

    fn entry_is(&self, feed: &FeedId, tip: Tip) -> Result<bool, CloseReason> {
        Ok(self.entry_at(feed, tip.0)? == Some(tip.1))
    }

    fn entry_at(&self, feed: &FeedId, seq: u64) -> Result<Option<EntryHash>, CloseReason> {
        Ok(self.io.replica.entry_at(&self.lane.space, feed, seq)?)
    }
}
