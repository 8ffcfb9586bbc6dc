//! Two histories of one feed: finding the fork, and the proofs others send (R4).

use std::collections::BTreeSet;

use tuttu_model::{FeedId, SpaceId};
use tuttu_sync::feed::{FeedHeader, ForkProof, SignedEntry, VerifiedEntry};
use tuttu_sync::verdict::Standing;

use super::{Receiver, full};
use crate::failure::Failure;

impl Receiver<'_, '_, '_> {
    pub(super) fn proofs(&mut self, proofs: Vec<ForkProof>) -> Result<Option<String>, Failure> {
        if proofs.is_empty() {
            return Ok(None);
        }
        let mut held: BTreeSet<_> = self.tx.proofs(&self.space)?.iter().map(|proof| (proof.first.hash(), proof.second.hash())).collect();
        for proof in proofs {
            if !is_proof(&proof, &self.space) {
                return Ok(Some("a fork proof proves nothing".into()));
            }
            if !self.membership.is_licensed(&proof.header) {
                return Ok(Some("a fork proof is about a feed that nobody was ever allowed to write".into()));
            }
            let id = (proof.first.hash(), proof.second.hash());
            if held.contains(&id) {
                continue;
            }
            if held.len() >= self.room.proofs {
                return Ok(Some(full("fork proofs", self.room.proofs)));
            }
            held.insert(id);
            self.take_proof(&proof)?;
        }
        Ok(None)
    }

    pub(super) fn is_forked(&self, feed: &FeedId) -> Result<bool, Failure> {
        Ok(self.tx.proofs(&self.space)?.iter().any(|proof| proof.header.id() == *feed))
    }

    /// Two entries after the same one prove two histories, wherever either stands here: elsewhere something may rest on either. Above a proof only a second
    /// entry beside one that counts says anything new.
    pub(super) fn find_fork(&mut self, verified: &VerifiedEntry, header: &FeedHeader) -> Result<(), Failure> {
        let entry = verified.entry();
        let others = self.tx.entries_at(&self.space, &entry.feed, entry.seq)?;
        if others.is_empty() {
            return Ok(());
        }
        let proven = |proof: &ForkProof| proof.header.id() == entry.feed && proof.first.claimed_seq() <= entry.seq;
        let is_proven = self.tx.proofs(&self.space)?.iter().any(proven);
        for (other, standing) in others {
            if (!is_proven || standing == Standing::Valid) && self.fork(verified, header, other)? {
                break;
            }
        }
        Ok(())
    }

    /// Says whether the two are a proof.
    fn fork(&mut self, verified: &VerifiedEntry, header: &FeedHeader, other: tuttu_model::EntryHash) -> Result<bool, Failure> {
        let Some((held, _)) = self.tx.entry_by_hash(&other)? else { return Ok(false) };
        let (mut first, mut second) = (held.entry, verified.to_signed());
        if first.hash() > second.hash() {
            std::mem::swap(&mut first, &mut second);
        }
        let proof = ForkProof { header: header.clone(), first, second };
        let proves = is_proof(&proof, &self.space);
        if proves {
            // Without room for it the two entries say the same to this computer.
            if self.tx.proofs(&self.space)?.len() < self.room.proofs {
                self.take_proof(&proof)?;
            }
            self.needs_judging = true;
        }
        Ok(proves)
    }
}

/// Two different, rightly signed entries of one feed with the same predecessor.
fn is_proof(proof: &ForkProof, space: &SpaceId) -> bool {
    let verify = |entry: &SignedEntry| entry.clone().verify(&proof.header).ok();
    let (Some(first), Some(second)) = (verify(&proof.first), verify(&proof.second)) else { return false };
    proof.header.space == *space && first.hash() < second.hash() && first.entry().prev == second.entry().prev
}
