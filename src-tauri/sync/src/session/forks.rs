//! Finding where two histories of one feed part, for a proof that anybody can check (R4).

use tuttu_model::{EntryHash, FeedId};

use super::lane::{Io, Lane, Pending, Stage};
use super::message::Message;
use super::{Effect, IncomingBatch, Step};
use crate::feed::{ForkProof, SignedEntry};

/// Places asked for at once: each question narrows the search by this factor.
pub(super) const PLACES: usize = 32;
/// Questions before a search is given up: enough for any length.
const QUESTIONS: u32 = 16;

/// A search for the first entry that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Search {
    /// The last place known to be the same.
    same: u64,
    /// The first place known to differ.
    differs: u64,
    questions: u32,
}

impl Search {
    pub(super) fn new(differs: u64) -> Self {
        Self { same: 0, differs, questions: 0 }
    }

    /// Places strictly between the two, evenly spread.
    fn places(&self) -> Vec<u64> {
        let gap = self.differs.saturating_sub(self.same);
        let parts = u64::try_from(PLACES).unwrap_or(1).min(gap.saturating_sub(1));
        let place = |part: u64| self.same + u64::try_from(u128::from(gap) * u128::from(part) / u128::from(parts + 1)).unwrap_or(gap);
        let mut places: Vec<u64> = (1..=parts).map(place).filter(|place| *place > self.same && *place < self.differs).collect();
        places.dedup();
        places
    }
}

impl Lane {
    pub(super) fn begin_search(&mut self, feed: FeedId, search: Search, io: &mut Io<'_>) {
        self.searches.insert(feed, search);
        self.ask(&feed, io);
    }

    fn ask(&mut self, feed: &FeedId, io: &mut Io<'_>) {
        let Some(search) = self.searches.get_mut(feed) else { return };
        search.questions += 1;
        if search.questions > QUESTIONS {
            self.searches.remove(feed);
            return;
        }
        let at = search.places();
        if at.is_empty() {
            io.send(&Message::AskEntry { space: self.ours, feed: *feed, seq: search.differs });
        } else {
            io.send(&Message::Probe { space: self.ours, feed: *feed, at });
        }
    }

    pub(super) fn answer_probe(&mut self, feed: FeedId, at: &[u64], io: &mut Io<'_>) -> Step {
        let mut hashes = Vec::new();
        for seq in at {
            let held = if self.may_answer(io)? { io.replica.entry_at(&self.space, &feed, *seq)? } else { None };
            hashes.push((*seq, held));
        }
        io.send(&Message::Places { space: self.ours, feed, hashes });
        Ok(())
    }

    pub(super) fn answer_entry(&mut self, feed: FeedId, seq: u64, io: &mut Io<'_>) -> Step {
        // An own feed that was rolled back mends itself; it must not prove a fork against this computer.
        let own = io.replica.headers(&self.space)?.get(&feed).is_none_or(|header| header.computer == io.me);
        let entry = if own || !self.may_answer(io)? { None } else { io.replica.signed_entry_at(&self.space, &feed, seq)? };
        io.send(&Message::OneEntry { space: self.ours, feed, entry });
        Ok(())
    }

    fn may_answer(&self, io: &Io<'_>) -> Result<bool, super::CloseReason> {
        Ok(matches!(self.stage, Stage::Streaming | Stage::Vectors | Stage::Rules) && self.remote_may_read(io)?)
    }

    pub(super) fn places_came(&mut self, feed: &FeedId, hashes: &[(u64, Option<EntryHash>)], io: &mut Io<'_>) -> Step {
        let Some(mut search) = self.searches.get(feed).copied() else { return Ok(()) };
        for (seq, theirs) in hashes {
            if *seq <= search.same || *seq >= search.differs {
                continue;
            }
            let ours = io.replica.entry_at(&self.space, feed, *seq)?;
            if theirs.is_some() && ours == *theirs {
                search.same = *seq;
            } else {
                search.differs = *seq;
            }
        }
        self.searches.insert(*feed, search);
        self.ask(feed, io);
        Ok(())
    }

    pub(super) fn entry_came(&mut self, feed: &FeedId, entry: Option<SignedEntry>, io: &mut Io<'_>) -> Step {
        let Some(search) = self.searches.remove(feed) else { return Ok(()) };
        let ours = io.replica.signed_entry_at(&self.space, feed, search.differs)?;
        let header = io.replica.headers(&self.space)?.remove(feed);
        let (Some(theirs), Some(ours), Some(header)) = (entry, ours, header) else { return Ok(()) };
        let (Ok(checked_theirs), Ok(checked_ours)) = (theirs.clone().verify(&header), ours.clone().verify(&header)) else { return Ok(()) };
        let same_place = checked_theirs.entry().prev == checked_ours.entry().prev && checked_theirs.entry().seq == checked_ours.entry().seq;
        if !same_place || checked_theirs.hash() == checked_ours.hash() {
            return Ok(());
        }
        let (first, second) = if checked_ours.hash() < checked_theirs.hash() { (ours, theirs) } else { (theirs, ours) };
        let pending = Pending {
            space: self.space,
            chunk: None,
            tips: std::collections::BTreeMap::new(),
            rules: true,
            beyond: false,
            introduces: false,
        };
        let token = io.link.token(pending);
        self.unstored += 1;
        let proofs = vec![ForkProof { header, first, second }];
        io.effects.push(Effect::Store { token, space: self.space, batch: IncomingBatch { proofs, ..IncomingBatch::default() } });
        Ok(())
    }
}
