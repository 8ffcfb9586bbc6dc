//! The exchange of one space.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tuttu_model::{ComputerId, EntryHash, FeedId, SpaceId};

use super::forks::Search;
use super::message::{Blind, End, Message, Offered, Summary, Vectors, proof_id, rules_digest};
use super::rules::Outgoing;
use super::stream::Stream;
use super::{CloseReason, Effect, Step, broken};
use crate::feed::Vector;
use crate::limits::WINDOW;
use crate::membership::{Membership, SignedOp};
use crate::replica::Replica;
use crate::wire;

/// Rounds that may begin, one after the other, because entries came before what they rest on.
const REPEATS: u8 = 8;

/// What the lanes of an exchange share.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) remote: ComputerId,
    next_chunk: u64,
    next_token: u64,
    /// Chunks sent and not yet acknowledged.
    pub(super) unacked: BTreeMap<u64, SpaceId>,
    /// Batches given to the caller and not yet stored.
    pub(super) pending: BTreeMap<u64, Pending>,
}

impl Link {
    pub(super) fn new(remote: ComputerId) -> Self {
        Self { remote, next_chunk: 0, next_token: 0, unacked: BTreeMap::new(), pending: BTreeMap::new() }
    }

    pub(super) fn has_room(&self) -> bool {
        self.unacked.len() < WINDOW
    }

    pub(super) fn chunk_sent(&mut self, space: SpaceId) -> u64 {
        self.next_chunk += 1;
        self.unacked.insert(self.next_chunk, space);
        self.next_chunk
    }

    pub(super) fn was_sent(&self, chunk: u64) -> bool {
        (1..=self.next_chunk).contains(&chunk)
    }

    pub(super) fn token(&mut self, pending: Pending) -> u64 {
        self.next_token += 1;
        self.pending.insert(self.next_token, pending);
        self.next_token
    }
}

/// A batch on its way into the store.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) space: SpaceId,
    /// The chunk to acknowledge; `None` for what was not sent by the peer as a chunk.
    pub(super) chunk: Option<u64>,
    /// The last entry of each feed in it.
    pub(super) tips: BTreeMap<FeedId, (u64, EntryHash)>,
    /// It holds operations or proofs.
    pub(super) rules: bool,
    /// It holds entries that are not valid at the peer.
    pub(super) beyond: bool,
    /// It shows who let the peer in.
    pub(super) introduces: bool,
}

/// One call's view of the outside.
pub(super) struct Io<'a> {
    pub(super) replica: &'a dyn Replica,
    pub(super) me: ComputerId,
    pub(super) remote: ComputerId,
    pub(super) effects: Vec<Effect>,
    pub(super) link: &'a mut Link,
}

impl Io<'_> {
    pub(super) fn send(&mut self, message: &Message) {
        self.effects.push(Effect::Send(wire::pack(message)));
    }

    /// Who may read, by what is known now.
    pub(super) fn membership(&self, space: &SpaceId) -> Result<Option<Arc<Membership>>, CloseReason> {
        Ok(self.replica.membership(space)?)
    }

    /// The names of the fork proofs held, in order.
    pub(super) fn proofs(&self, space: &SpaceId) -> Result<Vec<[u8; 32]>, CloseReason> {
        let ids: BTreeSet<_> = self.replica.proofs(space)?.iter().map(proof_id).collect();
        Ok(ids.into_iter().collect())
    }

    /// The hash of heads and proofs.
    pub(super) fn rules(&self, space: &SpaceId) -> Result<[u8; 32], CloseReason> {
        let heads = self.membership(space)?.map(|membership| membership.heads()).unwrap_or_default();
        Ok(rules_digest(&heads, &self.proofs(space)?))
    }

    /// What is held now, in hashes, with the vector itself.
    pub(super) fn summary(&self, space: &SpaceId) -> Result<(Summary, Vector), CloseReason> {
        let vector = self.replica.vector(space)?;
        let summary = Summary { rules: self.rules(space)?, vector: vector.digest(), accumulator: self.replica.accumulator(space)? };
        Ok((summary, vector))
    }
}

/// Where the exchange of a space stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was said.
    Idle,
    /// We offered it; the peer has not.
    Offered,
    /// The peer's computer is not known here: it shows who let it in.
    Introducing,
    /// Our computer is not known there: we show who let us in.
    Presenting,
    /// We showed it.
    Presented,
    /// The peer may not read it any more: it gets its removal and nothing else.
    Removing,
    /// Operations and proofs.
    Rules,
    /// Our vectors are stated, the peer's are awaited.
    Vectors,
    /// Entries both ways, until the connection ends.
    Streaming,
    /// Over, until somebody offers again.
    Stopped,
}

/// The exchange of one space with one peer.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) space: SpaceId,
    /// Our name for the space.
    pub(super) ours: Blind,
    pub(super) stage: Stage,
    pub(super) round: u64,
    /// What we offered and what the peer offered.
    pub(super) offered: Option<(Summary, Vector)>,
    pub(super) theirs: Option<Summary>,
    /// Operations and proofs still to be sent.
    pub(super) out: Option<Outgoing>,
    pub(super) rules_end_sent: bool,
    pub(super) rules_end_got: bool,
    /// Operations or proofs may have changed since they were last compared.
    pub(super) rules_dirty: bool,
    /// They did change: no entry goes out before another round has begun.
    pub(super) rules_first: bool,
    /// The hash of the rules we last stated.
    pub(super) stated_rules: [u8; 32],
    /// The two hashes that differed when vectors were last compared: the same pair again means that another round brings nothing.
    pub(super) differed: Option<([u8; 32], [u8; 32])>,
    pub(super) their_vectors: Option<Vectors>,
    /// What the peer durably holds, as it says.
    pub(super) peer: Vector,
    /// It sent entries of its own since it was last told to hold as much as we do.
    pub(super) peer_grew: bool,
    pub(super) stream: Stream,
    pub(super) got_end: bool,
    pub(super) end_waiting: Option<(u64, End)>,
    pub(super) stop_waiting: bool,
    /// Something came before what it rests on, and was not stored: another round brings it.
    pub(super) missing: bool,
    /// Rounds begun for that since a chunk was stored whole.
    pub(super) repeats: u8,
    /// The round in which the peer waits for its own entries.
    pub(super) peer_blocked: Option<u64>,
    /// Batches in the store's hands.
    pub(super) unstored: usize,
    /// Entries stored and expected in this round.
    pub(super) progress: (u64, u64),
    pub(super) searches: BTreeMap<FeedId, Search>,
    /// What a peer that is not known yet has shown.
    pub(super) shown: Vec<SignedOp>,
    level_sent: Option<Summary>,
    pub(super) level_got: Option<Summary>,
    level_seen: Option<Summary>,
    level_reported: Option<(Summary, Summary)>,
}

impl Lane {
    pub(super) fn new(space: SpaceId, ours: Blind) -> Self {
        Self {
            space,
            ours,
            stage: Stage::Idle,
            round: 0,
            offered: None,
            theirs: None,
            out: None,
            rules_end_sent: false,
            rules_end_got: false,
            rules_dirty: false,
            rules_first: false,
            stated_rules: [0; 32],
            differed: None,
            their_vectors: None,
            peer: Vector::default(),
            peer_grew: false,
            stream: Stream::default(),
            got_end: false,
            end_waiting: None,
            stop_waiting: false,
            missing: false,
            repeats: 0,
            peer_blocked: None,
            unstored: 0,
            progress: (0, 0),
            searches: BTreeMap::new(),
            shown: Vec::new(),
            level_sent: None,
            level_got: None,
            level_seen: None,
            level_reported: None,
        }
    }

    pub(super) fn handle(&mut self, message: Message, io: &mut Io<'_>) -> Step {
        match message {
            Message::Introduce { heads, known, .. } => self.present(&heads, &known, io),
            Message::Rules { round, heads, known, proofs, .. } => self.rules_came(round, &heads, &known, &proofs, io),
            Message::Vectors(vectors) => {
                self.vectors_came(vectors);
                Ok(())
            }
            Message::Blocked { round, .. } => self.peer_is_blocked(round, io),
            Message::Chunk(chunk) => self.chunk_came(chunk, io),
            Message::Ack { id, tips, .. } => self.acknowledged(id, tips, io),
            Message::Level { summary, .. } => {
                self.level_got = Some(summary);
                Ok(())
            }
            Message::Stopped { .. } => {
                self.stop_waiting = true;
                io.link.unacked.retain(|_, space| *space != self.space);
                Ok(())
            }
            Message::Probe { feed, at, .. } => self.answer_probe(feed, &at, io),
            Message::Places { feed, hashes, .. } => self.places_came(&feed, &hashes, io),
            Message::AskEntry { feed, seq, .. } => self.answer_entry(feed, seq, io),
            Message::OneEntry { feed, entry, .. } => self.entry_came(&feed, entry, io),
            Message::Bye { .. } | Message::Hello { .. } | Message::Offer { .. } | Message::Announce { .. } => {
                Err(broken("a message came in the wrong place"))
            }
        }
    }

    /// Where a feed has two histories (a copied vault, a fork) and only one side has noticed yet, entries come that rest on the history which is
    /// not here. That is no fault of the peer, unless it goes on and on.
    pub(super) fn may_wait(&self) -> bool {
        self.repeats < REPEATS
    }

    /// Something of the space changed here.
    pub(super) fn changed(&mut self) {
        self.rules_dirty = true;
        self.stream.touch();
    }

    pub(super) fn wants_write(&self) -> bool {
        match self.stage {
            Stage::Rules => self.out.is_some() && !self.rules_end_sent,
            Stage::Removing | Stage::Presenting => true,
            Stage::Streaming => !self.rules_first && self.stream.wants_write(),
            _ => false,
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        if self.unstored > 0 || self.stop_waiting {
            return false;
        }
        match self.stage {
            Stage::Idle | Stage::Offered | Stage::Stopped => true,
            Stage::Streaming => self.is_still(),
            _ => false,
        }
    }

    fn is_still(&self) -> bool {
        self.got_end && !self.stream.wants_write() && !self.stream.is_blocked() && !self.rules_dirty && self.searches.is_empty()
    }

    /// One chunk, if there is one: says whether anything was sent.
    pub(super) fn send_next(&mut self, io: &mut Io<'_>) -> Result<bool, CloseReason> {
        match self.stage {
            Stage::Rules | Stage::Presenting | Stage::Removing => self.send_rules(io),
            Stage::Streaming => {
                if !self.remote_may_read(io)? {
                    self.begin_removal(io)?;
                    return Ok(false);
                }
                self.send_entries(io)
            }
            _ => Ok(false),
        }
    }

    pub(super) fn remote_may_read(&self, io: &Io<'_>) -> Result<bool, CloseReason> {
        Ok(io.membership(&self.space)?.is_some_and(|membership| membership.may_read(&io.remote)))
    }

    fn we_may_read(&self, io: &Io<'_>) -> Result<bool, CloseReason> {
        Ok(io.membership(&self.space)?.is_some_and(|membership| membership.may_read(&io.me)))
    }

    /// Takes the steps that are due. Called after everything that may have made one due.
    pub(super) fn settle(&mut self, io: &mut Io<'_>) -> Step {
        if self.unstored > 0 {
            return Ok(());
        }
        if self.stop_waiting {
            return self.peer_stopped(io);
        }
        match self.end_waiting.take() {
            Some((round, End::Rules)) if round == self.round && self.stage == Stage::Rules => self.rules_end_got = true,
            Some((_, End::Rules)) if self.stage == Stage::Introducing => self.judge_introduction(io)?,
            Some((round, End::Stream)) if round == self.round => {
                self.got_end = true;
                self.stream.unblock();
            }
            _ => {}
        }
        if self.stage == Stage::Rules && self.rules_end_sent && self.rules_end_got {
            self.rules_done(io)?;
        }
        if self.stage == Stage::Vectors && self.their_vectors.is_some() {
            self.compare_vectors(io)?;
        }
        if self.stage == Stage::Streaming {
            self.settle_stream(io)?;
        }
        Ok(())
    }

    fn peer_stopped(&mut self, io: &mut Io<'_>) -> Step {
        let removed = self.stage != Stage::Stopped && !self.we_may_read(io)?;
        self.stop(false, io);
        if removed {
            io.effects.push(Effect::Removed { space: self.space });
        }
        Ok(())
    }

    /// Both sides have the same operations and proofs: judge again who may read, and go on to the vectors.
    fn rules_done(&mut self, io: &mut Io<'_>) -> Step {
        if !self.we_may_read(io)? {
            self.stop(true, io);
            io.effects.push(Effect::Removed { space: self.space });
            return Ok(());
        }
        if !self.remote_may_read(io)? {
            return self.begin_removal(io);
        }
        self.state_vectors(io)
    }

    fn settle_stream(&mut self, io: &mut Io<'_>) -> Step {
        if self.rules_dirty {
            self.rules_dirty = false;
            if io.rules(&self.space)? != self.stated_rules {
                return match (self.we_may_read(io)?, self.remote_may_read(io)?) {
                    // Where we left, the peer hears it before the exchange ends.
                    (_, true) => self.next_round(io),
                    (true, false) => self.begin_removal(io),
                    // The person left on one of their computers: it tells the others.
                    (false, false) => {
                        io.effects.push(Effect::Removed { space: self.space });
                        self.begin_removal(io)
                    }
                };
            }
        }
        if self.missing && self.got_end && self.searches.is_empty() {
            self.missing = false;
            self.repeats += 1;
            return self.next_round(io);
        }
        let under_way = io.link.unacked.values().any(|space| *space == self.space);
        if !self.is_still() || under_way { Ok(()) } else { self.say_level(io) }
    }

    pub(super) fn next_round(&mut self, io: &mut Io<'_>) -> Step {
        // Nobody gets there by counting.
        let next = self.round.checked_add(1).ok_or_else(|| broken("the rounds are at their end"))?;
        self.begin_round(next, io)
    }

    /// Both ways are still: say what is held, and compare.
    fn say_level(&mut self, io: &mut Io<'_>) -> Step {
        if !self.stream.moved && self.level_sent.is_some() && self.level_seen == self.level_got {
            return Ok(());
        }
        let (summary, vector) = io.summary(&self.space)?;
        self.stream.moved = false;
        self.level_seen = self.level_got;
        if self.level_sent != Some(summary) {
            self.level_sent = Some(summary);
            io.send(&Message::Level { space: self.ours, summary });
        }
        if let Some(theirs) = self.level_got {
            self.report_level(summary, theirs, &vector, io);
        }
        Ok(())
    }

    fn report_level(&mut self, mine: Summary, theirs: Summary, vector: &Vector, io: &mut Io<'_>) {
        let equal = mine.rules == theirs.rules && mine.vector == theirs.vector;
        if !equal || self.level_reported == Some((mine, theirs)) {
            return;
        }
        self.level_reported = Some((mine, theirs));
        if std::mem::take(&mut self.peer_grew) || self.peer != *vector {
            self.peer = vector.clone();
            io.effects.push(Effect::Acknowledged { space: self.space, vector: vector.clone() });
        }
        io.effects.push(Effect::Equal { space: self.space, damaged: mine.accumulator != theirs.accumulator });
    }

    /// Offers the space, if both may read it.
    pub(super) fn prepare_offer(&mut self, io: &Io<'_>) -> Result<Option<Offered>, CloseReason> {
        if !self.remote_may_read(io)? || !self.we_may_read(io)? {
            return Ok(None);
        }
        let (summary, vector) = io.summary(&self.space)?;
        self.offered = Some((summary, vector));
        self.stage = Stage::Offered;
        Ok(Some(Offered { space: self.ours, summary }))
    }

    /// The peer offered the space.
    pub(super) fn offer_came(&mut self, theirs: Summary, io: &mut Io<'_>) -> Step {
        if !matches!(self.stage, Stage::Idle | Stage::Offered | Stage::Presented | Stage::Stopped) {
            return Ok(());
        }
        let Some(membership) = io.membership(&self.space)? else { return Ok(()) };
        self.theirs = Some(theirs);
        if !membership.may_read(&io.remote) {
            // Not known here, or removed as far as is known here: it may have been let in, or in again, by somebody we have not met since.
            return self.begin_introduction(io);
        }
        if self.offered.is_none() {
            // Even where we believe that we were removed: the peer may know better.
            self.offer_regardless(io)?;
        }
        self.both_offered(io)
    }

    /// Offers the space, whether or not this computer may read it.
    pub(super) fn offer_regardless(&mut self, io: &mut Io<'_>) -> Step {
        let (summary, vector) = io.summary(&self.space)?;
        self.offered = Some((summary, vector));
        io.send(&Message::Offer { spaces: vec![Offered { space: self.ours, summary }] });
        Ok(())
    }

    /// Both offered: equal hashes end it here, else a round begins at the first step that differs. Both sides judge by the same two summaries.
    pub(super) fn both_offered(&mut self, io: &mut Io<'_>) -> Step {
        let (Some((mine, vector)), Some(theirs)) = (self.offered.take(), self.theirs.take()) else { return Ok(()) };
        self.stated_rules = mine.rules;
        if mine.rules != theirs.rules {
            return self.begin_round(1, io);
        }
        if mine.vector != theirs.vector {
            self.round = 1;
            return self.state_vectors(io);
        }
        self.stage = Stage::Streaming;
        self.got_end = true;
        self.stream.begin_level(&vector);
        (self.level_sent, self.level_got, self.level_seen) = (Some(mine), Some(theirs), Some(theirs));
        self.report_level(mine, theirs, &vector, io);
        Ok(())
    }

    /// Ends the exchange of this space.
    pub(super) fn stop(&mut self, tell: bool, io: &mut Io<'_>) {
        if tell {
            io.send(&Message::Stopped { space: self.ours });
        }
        io.link.unacked.retain(|_, space| *space != self.space);
        let unstored = self.unstored;
        *self = Self::new(self.space, self.ours);
        self.stage = Stage::Stopped;
        self.unstored = unstored;
    }
}
