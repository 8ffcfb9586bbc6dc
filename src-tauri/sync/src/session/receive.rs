//! Step 4 and 5, receiving: chunks go to the store, and are acknowledged when they are durable.

use std::collections::BTreeMap;

use super::lane::{Io, Lane, Pending, Stage};
use super::message::{Chunk, End, Message, WireEntry};
use super::{Effect, IncomingBatch, IncomingEntry, Step, broken};
use crate::feed::Vector;
use crate::limits::{CHUNK_RULES, WINDOW};

/// Operations an unknown computer may show to be let in.
const SHOWN: usize = 4 * CHUNK_RULES;

impl Lane {
    pub(super) fn chunk_came(&mut self, chunk: Chunk, io: &mut Io<'_>) -> Step {
        let takes_entries = matches!(self.stage, Stage::Rules | Stage::Vectors | Stage::Streaming);
        let takes_ops = takes_entries || matches!(self.stage, Stage::Offered | Stage::Presented);
        match self.stage {
            Stage::Introducing => return self.collect_introduction(chunk, io),
            // Nothing is taken from who may not read any more; the peer forgets the chunk when it hears that we stopped.
            Stage::Idle | Stage::Removing | Stage::Presenting | Stage::Stopped => return Ok(()),
            _ => {}
        }
        if (!takes_entries && !chunk.entries.is_empty()) || !takes_ops {
            return Err(broken("entries came before the rules"));
        }
        if chunk.end != End::No {
            self.end_waiting = Some((chunk.round, chunk.end));
        }
        if chunk.is_empty() { Ok(()) } else { self.store(chunk, io) }
    }

    fn store(&mut self, chunk: Chunk, io: &mut Io<'_>) -> Step {
        if io.link.pending.len() >= 2 * WINDOW {
            return Err(broken("more chunks came than were asked for"));
        }
        let mut tips = BTreeMap::new();
        for entry in &chunk.entries {
            let (feed, seq) = (entry.entry.claimed_feed(), entry.entry.claimed_seq());
            tips.insert(feed, (seq, entry.entry.hash()));
            // What the peer sent it holds; it need not come back.
            self.stream.peer_holds(feed, seq, entry.entry.hash());
        }
        #[cfg(feature = "planted")]
        if crate::planted::is(crate::planted::Fault::EarlyAcknowledgement) {
            io.send(&Message::Ack { space: self.ours, id: chunk.id, tips: Vector(tips.clone()) });
        }
        let beyond = chunk.entries.iter().any(|entry| entry.beyond_vector);
        let rules = !chunk.ops.is_empty() || !chunk.proofs.is_empty();
        let pending = Pending { space: self.space, chunk: Some(chunk.id), tips, rules, beyond, introduces: false };
        let token = io.link.token(pending);
        self.unstored += 1;
        let entries = chunk.entries.into_iter().map(incoming).collect();
        let batch = IncomingBatch { ops: chunk.ops, proofs: chunk.proofs, entries };
        io.effects.push(Effect::Store { token, space: self.space, batch });
        Ok(())
    }

    /// A batch is durable: acknowledge it with what is valid of it here.
    pub(super) fn stored(&mut self, pending: Pending, count: usize, froze: bool, io: &mut Io<'_>) -> Step {
        self.unstored = self.unstored.saturating_sub(1);
        if pending.rules || !pending.tips.is_empty() {
            // An entry may have proved that its feed has two histories.
            self.rules_dirty = true;
        }
        if pending.beyond || froze {
            self.stream.holds_beyond(true);
        }
        if pending.introduces {
            return self.introduced(io);
        }
        if !pending.tips.is_empty() && !self.missing {
            self.repeats = 0;
        }
        let Some(id) = pending.chunk else { return Ok(()) };
        if self.stage == Stage::Stopped {
            return Ok(());
        }
        let mut tips = Vector::default();
        if !pending.tips.is_empty() {
            tips = io.replica.vector(&self.space)?;
            tips.0.retain(|feed, _| pending.tips.contains_key(feed));
            if !self.missing {
                self.received(&pending, count, io);
            }
        }
        io.send(&Message::Ack { space: self.ours, id, tips });
        Ok(())
    }

    fn received(&mut self, pending: &Pending, count: usize, io: &mut Io<'_>) {
        self.stream.moved = true;
        for (feed, (seq, hash)) in pending.tips.iter().filter(|_| !pending.beyond) {
            self.peer_grew = true;
            if self.peer.0.get(feed).is_none_or(|(held, _)| held < seq) {
                self.peer.0.insert(*feed, (*seq, *hash));
            }
        }
        let (done, total) = self.progress;
        if total > done {
            self.progress.0 = total.min(done.saturating_add(u64::try_from(count).unwrap_or(u64::MAX)));
            io.effects.push(Effect::Receiving { space: self.space, done: self.progress.0, total });
        }
    }

    /// The peer durably holds a chunk.
    pub(super) fn acknowledged(&mut self, id: u64, tips: Vector, io: &mut Io<'_>) -> Step {
        if !io.link.was_sent(id) {
            return Err(broken("a chunk was acknowledged that was never sent"));
        }
        if io.link.unacked.remove(&id) != Some(self.space) || tips.0.is_empty() {
            return Ok(());
        }
        self.stream.moved = true;
        self.peer.0.extend(tips.0);
        io.effects.push(Effect::Acknowledged { space: self.space, vector: self.peer.clone() });
        Ok(())
    }

    /// An unknown computer shows who let it in. Nothing of it is stored before it is known to count.
    fn collect_introduction(&mut self, chunk: Chunk, io: &mut Io<'_>) -> Step {
        if !chunk.entries.is_empty() || !chunk.proofs.is_empty() || self.shown.len() + chunk.ops.len() > SHOWN {
            return Err(broken("an introduction holds more than operations, or too many"));
        }
        if chunk.id != 0 {
            io.send(&Message::Ack { space: self.ours, id: chunk.id, tips: Vector::default() });
        }
        self.shown.extend(chunk.ops);
        if chunk.end == End::Rules {
            self.end_waiting = Some((chunk.round, End::Rules));
        }
        Ok(())
    }

    /// What let the peer in is stored: offer the space, and compare with what the peer offered in the beginning.
    fn introduced(&mut self, io: &mut Io<'_>) -> Step {
        if self.theirs.is_none() || !self.remote_may_read(io)? {
            self.stop(true, io);
            return Ok(());
        }
        // Even where we know that we left or were removed: the peer may not know that yet, or know better.
        self.offer_regardless(io)?;
        self.both_offered(io)
    }
}

fn incoming(entry: WireEntry) -> IncomingEntry {
    IncomingEntry {
        header: entry.header,
        entry: entry.entry,
        changes: entry.changes.into_iter().map(|change| change.map(|bytes| bytes.0)).collect(),
        beyond_vector: entry.beyond_vector,
    }
}
