//! Step 1 and 2: membership operations and fork proofs.

use std::collections::{BTreeSet, VecDeque};

use tuttu_model::OpHash;

use super::lane::{Io, Lane, Pending, Stage};
use super::message::{Chunk, End, Message, proof_id, rules_digest};
use super::{CloseReason, Effect, IncomingBatch, Step};
use crate::feed;
use crate::limits::{CHUNK_BYTES, CHUNK_RULES, HASHES};
use crate::membership::{Membership, SignedOp, VerifiedOp};

/// Operations and proofs that the peer lacks, in the order they are sent.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    ops: VecDeque<OpHash>,
    proofs: VecDeque<[u8; 32]>,
}

impl Lane {
    /// States what is known, and asks for the same.
    pub(super) fn begin_round(&mut self, round: u64, io: &mut Io<'_>) -> Step {
        let Some(membership) = io.membership(&self.space)? else { return Ok(()) };
        self.stage = Stage::Rules;
        self.round = round;
        self.out = None;
        (self.rules_end_sent, self.rules_end_got, self.rules_dirty) = (false, false, false);
        (self.their_vectors, self.end_waiting) = (None, None);
        (self.missing, self.rules_first) = (false, false);
        let heads = membership.heads();
        let proofs = io.proofs(&self.space)?;
        self.stated_rules = rules_digest(&heads, &proofs);
        io.send(&Message::Rules { space: self.ours, round, heads: named(heads), known: sample(&membership), proofs });
        Ok(())
    }

    /// The peer states what it knows.
    pub(super) fn rules_came(&mut self, round: u64, heads: &[OpHash], known: &[OpHash], proofs: &[[u8; 32]], io: &mut Io<'_>) -> Step {
        if !matches!(self.stage, Stage::Rules | Stage::Vectors | Stage::Streaming) || round < self.round {
            return Ok(());
        }
        if round > self.round {
            self.begin_round(round, io)?;
        }
        if self.stage != Stage::Rules || self.out.is_some() {
            return Ok(());
        }
        let Some(membership) = io.membership(&self.space)? else { return Ok(()) };
        if !membership.may_read(&io.remote) {
            return self.begin_removal(io);
        }
        let has: BTreeSet<_> = proofs.iter().collect();
        self.out = Some(Outgoing {
            ops: missing(&membership, heads, known),
            proofs: io.proofs(&self.space)?.into_iter().filter(|id| !has.contains(id)).collect(),
        });
        Ok(())
    }

    /// The peer may not read the space any more: it gets its removal with what that rests on, and nothing else (R6).
    pub(super) fn begin_removal(&mut self, io: &mut Io<'_>) -> Step {
        if let Some(membership) = io.membership(&self.space)? {
            self.begin_removal_by(&membership, io);
        }
        Ok(())
    }

    /// The same by the operations held here and those that the peer showed.
    fn begin_removal_by(&mut self, membership: &Membership, io: &mut Io<'_>) {
        io.link.unacked.retain(|_, space| *space != self.space);
        self.stage = Stage::Removing;
        self.out = Some(Outgoing { ops: removal(membership, io), proofs: VecDeque::new() });
    }

    /// The peer offered the space, but its computer is not in the membership known here: it may have been let in by somebody else.
    pub(super) fn begin_introduction(&mut self, io: &mut Io<'_>) -> Step {
        let Some(membership) = io.membership(&self.space)? else { return Ok(()) };
        self.stage = Stage::Introducing;
        self.shown.clear();
        io.send(&Message::Introduce { space: self.ours, heads: named(membership.heads()), known: sample(&membership) });
        Ok(())
    }

    /// The peer asks who let us in.
    pub(super) fn present(&mut self, heads: &[OpHash], known: &[OpHash], io: &mut Io<'_>) -> Step {
        let Some(membership) = io.membership(&self.space)? else { return Ok(()) };
        if self.stage == Stage::Offered && membership.may_read(&io.remote) {
            self.stage = Stage::Presenting;
            self.out = Some(Outgoing { ops: missing(&membership, heads, known), proofs: VecDeque::new() });
        } else {
            // Nothing to show, or not to this peer: it must not wait.
            let end =
                Chunk { space: self.ours, round: 0, id: 0, ops: Vec::new(), proofs: Vec::new(), entries: Vec::new(), end: End::Rules };
            io.send(&Message::Chunk(end));
        }
        Ok(())
    }

    /// Folds what an unknown peer showed, without storing any of it unless it lets the peer in.
    pub(super) fn judge_introduction(&mut self, io: &mut Io<'_>) -> Step {
        let Some(membership) = io.membership(&self.space)? else { return Ok(()) };
        let shown = std::mem::take(&mut self.shown);
        let mut ops = membership.ops().clone();
        for op in &shown {
            let Ok(op) = op.clone().verify() else { break };
            if op.space() == self.space && op.op().parents.iter().all(|parent| ops.contains_key(parent)) {
                ops.insert(op.hash(), op);
            }
        }
        let with_shown = Membership::fold_space(&self.space, ops.into_values());
        if with_shown.may_read(&io.remote) {
            self.store_introduction(shown, io);
        } else if membership.person_of(&io.remote).is_some() || !with_shown.removals_of(&io.remote).is_empty() {
            // It may have been let in, or in again, by somebody who had lost the right to.
            self.begin_removal_by(&with_shown, io);
        } else {
            self.stop(true, io);
        }
        Ok(())
    }

    fn store_introduction(&mut self, ops: Vec<SignedOp>, io: &mut Io<'_>) {
        self.unstored += 1;
        let pending = Pending {
            space: self.space,
            chunk: None,
            tips: std::collections::BTreeMap::new(),
            rules: true,
            beyond: false,
            introduces: true,
        };
        let token = io.link.token(pending);
        io.effects.push(Effect::Store { token, space: self.space, batch: IncomingBatch { ops, ..IncomingBatch::default() } });
    }

    /// Sends one chunk of operations and proofs, or the end of them.
    pub(super) fn send_rules(&mut self, io: &mut Io<'_>) -> Result<bool, CloseReason> {
        let Some(mut out) = self.out.take() else { return Ok(false) };
        let (ops, proofs) = self.next_rules(&mut out, io)?;
        let done = out.ops.is_empty() && out.proofs.is_empty();
        if !done {
            self.out = Some(out);
        }
        let end = if done && self.stage != Stage::Removing { End::Rules } else { End::No };
        let empty = ops.is_empty() && proofs.is_empty();
        if !empty || end == End::Rules {
            let id = if empty { 0 } else { io.link.chunk_sent(self.space) };
            io.send(&Message::Chunk(Chunk { space: self.ours, round: self.round, id, ops, proofs, entries: Vec::new(), end }));
        }
        match self.stage {
            Stage::Removing if done => self.stop(true, io),
            Stage::Presenting if done => self.stage = Stage::Presented,
            _ => self.rules_end_sent = done,
        }
        Ok(true)
    }

    fn next_rules(&self, out: &mut Outgoing, io: &Io<'_>) -> Result<(Vec<SignedOp>, Vec<feed::ForkProof>), CloseReason> {
        let mut bytes = 0;
        let mut ops = Vec::new();
        let membership = io.membership(&self.space)?;
        while ops.len() < CHUNK_RULES && bytes < CHUNK_BYTES {
            let Some(hash) = out.ops.pop_front() else { break };
            if let Some(op) = membership.as_ref().and_then(|membership| membership.ops().get(&hash)) {
                let op = op.to_signed();
                bytes += feed::encode(&op).len();
                ops.push(op);
            }
        }
        if !out.ops.is_empty() || out.proofs.is_empty() {
            return Ok((ops, Vec::new()));
        }
        let mut proofs = Vec::new();
        let mut held = io.replica.proofs(&self.space)?;
        held.retain(|proof| out.proofs.contains(&proof_id(proof)));
        for proof in held {
            let size = feed::encode(&proof).len();
            if proofs.len() < CHUNK_RULES && (bytes == 0 || bytes + size <= CHUNK_BYTES) {
                bytes += size;
                let id = proof_id(&proof);
                out.proofs.retain(|other| *other != id);
                proofs.push(proof);
            }
        }
        if proofs.is_empty() && bytes == 0 {
            // What was promised is not held any more.
            out.proofs.clear();
        }
        Ok((ops, proofs))
    }
}

/// As many heads as a message may name. Only a flood makes so many; what is not named comes once more, which does no harm.
fn named(mut heads: Vec<OpHash>) -> Vec<OpHash> {
    heads.truncate(HASHES);
    heads
}

/// Some operations of different age, newest first, so that two graphs that went apart find where they were one.
fn sample(membership: &Membership) -> Vec<OpHash> {
    let order = in_order(membership);
    let mut known = Vec::new();
    let mut back = 1;
    while let Some(op) = order.len().checked_sub(back).and_then(|index| order.get(index)) {
        known.push(op.hash());
        back *= 2;
    }
    known.extend(order.first().map(VerifiedOp::hash));
    known
}

fn in_order(membership: &Membership) -> Vec<VerifiedOp> {
    membership.causal_past(&membership.heads().into_iter().collect())
}

/// What a peer lacks that knows `heads` and `known`, parents first.
fn missing(membership: &Membership, heads: &[OpHash], known: &[OpHash]) -> VecDeque<OpHash> {
    let held: BTreeSet<OpHash> = heads.iter().chain(known).copied().filter(|hash| membership.ops().contains_key(hash)).collect();
    let has: BTreeSet<OpHash> = membership.causal_past(&held).iter().map(VerifiedOp::hash).collect();
    in_order(membership).iter().map(VerifiedOp::hash).filter(|hash| !has.contains(hash)).collect()
}

/// The operations that took the peer out, with what they rest on, parents first.
fn removal(membership: &Membership, io: &Io<'_>) -> VecDeque<OpHash> {
    membership.causal_past(&membership.removals_of(&io.remote)).iter().map(VerifiedOp::hash).collect()
}
