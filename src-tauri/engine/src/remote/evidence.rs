//! What was signed and cannot have been by an honest program: two histories of one feed, and changes that no Tuttu makes. Whoever signed it is named.

use std::collections::BTreeMap;

use tuttu_model::{ComputerId, FeedId, SpaceId};
use tuttu_store::Reader;
use tuttu_sync::feed::{FeedHeader, ForkProof};
use tuttu_sync::membership::Membership;

use super::Receiver;
use crate::engine::Inner;
use crate::failure::Failure;

const TWO_HISTORIES: &str =
    "wrote two histories of its changes: its program was altered, or its vault was copied. Where they part they do not count any more";

fn no_change_of_ours(why: &str) -> String {
    format!("wrote a change that no Tuttu makes ({why}). That one and what follows it is not taken")
}

/// A computer as a sentence begins with it.
fn named(membership: &Membership, computer: &ComputerId) -> String {
    match membership.names_of(computer) {
        Some((person, name)) => format!("{person}’s computer “{name}”"),
        None => "A computer that is nobody’s".to_owned(),
    }
}

impl Receiver<'_, '_, '_> {
    /// Remembers a proof, and tells whom it is about.
    pub(super) fn take_proof(&mut self, proof: &ForkProof) -> Result<(), Failure> {
        if self.tx.put_proof(&self.space, proof)? {
            self.needs_judging = true;
            self.accuse(&proof.header.computer, TWO_HISTORIES);
        }
        Ok(())
    }

    /// A feed takes no more from this place on, and whoever wrote it is named.
    pub(super) fn freeze(&mut self, feed: FeedId, introduced: Option<FeedHeader>, seq: u64, why: &str) -> Result<(), Failure> {
        let known = self.tx.header(&self.space, &feed)?;
        if known.is_none()
            && let Some(header) = &introduced
        {
            self.tx.put_feed(&self.space, header)?;
        }
        self.tx.freeze_feed(&self.space, &feed, seq, why)?;
        if self.closed.insert(feed)
            && let Some(header) = known.or(introduced)
        {
            self.accuse(&header.computer, &no_change_of_ours(why));
        }
        Ok(())
    }

    fn accuse(&mut self, computer: &ComputerId, what: &str) {
        if *computer != self.inner.computer {
            self.applied.accused.push((*computer, format!("{} {what}.", named(&self.membership, computer))));
        }
    }

    /// Why an entry is refused that nobody may have written.
    pub(super) fn unlicensed(&self, computer: &ComputerId) -> String {
        match self.membership.names_of(computer) {
            Some((person, _)) => format!("an entry was written by {person}, who was not allowed to"),
            None => "an entry was written by somebody who was never allowed to".to_owned(),
        }
    }
}

impl Inner {
    /// What signed evidence says of other computers in a space, until they go on in a new feed.
    pub(crate) fn evidence(&self, reader: &Reader<'_>, space: &SpaceId) -> Result<BTreeMap<ComputerId, String>, Failure> {
        let (frozen, proofs) = (reader.frozen_feeds(space)?, reader.proofs(space)?);
        let mut said = BTreeMap::new();
        if frozen.is_empty() && proofs.is_empty() {
            return Ok(said);
        }
        let newest: BTreeMap<FeedId, ComputerId> = reader.newest_feeds(space)?.into_iter().collect();
        let frozen = frozen.into_iter().map(|(feed, _, why)| (feed, no_change_of_ours(&why)));
        for (feed, what) in frozen.chain(proofs.iter().map(|proof| (proof.header.id(), TWO_HISTORIES.to_owned()))) {
            if let Some(computer) = newest.get(&feed).filter(|computer| **computer != self.computer) {
                said.insert(*computer, format!("It {what}."));
            }
        }
        Ok(said)
    }
}
