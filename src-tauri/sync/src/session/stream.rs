//! Step 4, sending: entries in this computer's order of arrival, until the peer has all of them; then each new one at once.

use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::{ComputerId, EntryHash, FeedId};

use super::CloseReason;
use super::lane::{Io, Lane};
use super::message::{Blob, Chunk, End, Message, WireEntry};
use crate::feed::{FeedHeader, Vector};
use crate::limits::{CHUNK_BYTES, CHUNK_ENTRIES};
use crate::replica::{ALL, StoredEntry};
use crate::verdict::Standing;

/// Pages read for one chunk before others get their turn, where all of a page is set aside.
const PAGES: usize = 8;

/// What is still to be sent of one space.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// What the peer holds or must not get, feed by feed.
    skip: Vector,
    /// Feeds with two histories: the place in them says nothing, so entries are remembered one by one.
    forked: BTreeSet<FeedId>,
    exact: BTreeSet<EntryHash>,
    /// Feeds whose header the peer has.
    introduced: BTreeSet<FeedId>,
    cursor: u64,
    /// Something may be beyond the cursor.
    dirty: bool,
    end_sent: bool,
    blocked: bool,
    /// Entries are held that are not valid. A later one may turn any of them into evidence, so the stream starts over when something changes.
    beyond: bool,
    /// The peer lacks entries of its own: they go with all that was set aside, because they may rest on any of it.
    set_aside_too: bool,
    /// Something was sent, stored or changed since the last comparison of accumulators.
    pub(super) moved: bool,
}

/// Where a stream begins.
#[derive(Debug, Default)]
pub(super) struct Start {
    pub(super) skip: Vector,
    pub(super) forked: BTreeSet<FeedId>,
    pub(super) introduced: BTreeSet<FeedId>,
    pub(super) blocked: bool,
    /// The peer lacks entries of its own.
    pub(super) set_aside_too: bool,
}

impl Stream {
    /// Both sides hold the same already.
    pub(super) fn begin_level(&mut self, vector: &Vector) {
        let (dirty, beyond, moved) = (self.dirty, self.beyond, self.moved);
        let introduced = vector.0.keys().copied().collect();
        *self = Self { skip: vector.clone(), introduced, end_sent: true, dirty, beyond, moved, ..Self::default() };
    }

    /// A new round: everything that `start` does not leave out is sent.
    pub(super) fn begin(&mut self, start: Start) {
        let (beyond, exact) = (self.beyond, std::mem::take(&mut self.exact));
        let Start { skip, forked, introduced, blocked, set_aside_too } = start;
        *self = Self { skip, forked, exact, introduced, blocked, beyond, set_aside_too, dirty: true, moved: true, ..Self::default() };
    }

    pub(super) fn holds_beyond(&mut self, beyond: bool) {
        self.beyond = beyond;
    }

    /// Something may be new.
    pub(super) fn touch(&mut self) {
        self.dirty = true;
        self.moved = true;
        if self.beyond {
            self.cursor = 0;
        }
    }

    pub(super) fn wants_write(&self) -> bool {
        !self.blocked && (self.dirty || !self.end_sent)
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.blocked
    }

    pub(super) fn unblock(&mut self) {
        self.blocked = false;
    }

    /// The peer holds this entry.
    pub(super) fn peer_holds(&mut self, feed: FeedId, seq: u64, hash: EntryHash) {
        if self.forked.contains(&feed) {
            self.exact.insert(hash);
        } else if self.skip.0.get(&feed).is_none_or(|(held, _)| *held < seq) {
            self.skip.0.insert(feed, (seq, hash));
        }
    }

    /// Feeds of which so much is held here go out from the beginning where the peer was thought to hold more.
    pub(super) fn send_again(&mut self, held: impl Iterator<Item = (FeedId, u64)>) {
        for (feed, length) in held {
            if self.skip.0.get(&feed).is_some_and(|(skipped, _)| *skipped > length && *skipped < ALL) {
                self.skip.0.remove(&feed);
                self.set_aside_too = true;
                self.cursor = 0;
                self.touch();
            }
        }
    }

    /// The whole feed stays here until the next round.
    pub(super) fn hold_back(&mut self, feed: FeedId) {
        self.skip.0.insert(feed, (ALL, EntryHash([0; 32])));
    }

    /// What of a page goes to the peer: valid entries, what they rest on, and its own entries whatever became of them, with all that those may rest on.
    fn choose(&mut self, page: Vec<StoredEntry>, headers: &BTreeMap<FeedId, FeedHeader>, remote: &ComputerId) -> Vec<WireEntry> {
        let mut chosen = Vec::new();
        for StoredEntry { arrival, entry, standing, changes } in page {
            self.cursor = self.cursor.max(arrival);
            let (feed, hash) = (entry.claimed_feed(), entry.hash());
            let Some(header) = headers.get(&feed) else { continue };
            let theirs = header.computer == *remote;
            if (standing == Standing::Tray && !theirs && !self.set_aside_too) || self.exact.contains(&hash) {
                continue;
            }
            #[cfg(feature = "planted")]
            if standing == Standing::Evidence && crate::planted::is(crate::planted::Fault::LostEvidence) {
                continue;
            }
            self.peer_holds(feed, entry.claimed_seq(), hash);
            chosen.push(WireEntry {
                header: self.introduced.insert(feed).then(|| header.clone()),
                entry,
                changes: changes.into_iter().map(|change| change.map(Blob)).collect(),
                beyond_vector: standing != Standing::Valid || theirs,
            });
        }
        chosen
    }
}

impl Lane {
    /// Sends one chunk of entries, or the end of them: says whether anything was sent.
    pub(super) fn send_entries(&mut self, io: &mut Io<'_>) -> Result<bool, CloseReason> {
        if !self.stream.wants_write() {
            return Ok(false);
        }
        for _ in 0..PAGES {
            let page = io.replica.stream(&self.space, self.stream.cursor, &self.stream.skip, CHUNK_ENTRIES, CHUNK_BYTES)?;
            if page.is_empty() {
                self.stream.dirty = false;
                let ends = !std::mem::replace(&mut self.stream.end_sent, true);
                if ends {
                    self.send_chunk(0, Vec::new(), End::Stream, io);
                }
                return Ok(ends);
            }
            // Asked after the page was read: what is in it may have been written under an operation that came since the rules were compared.
            if io.rules(&self.space)? != self.stated_rules {
                (self.rules_dirty, self.rules_first) = (true, true);
                return Ok(false);
            }
            let headers = io.replica.headers(&self.space)?;
            let entries = self.stream.choose(page, &headers, &io.remote);
            if !entries.is_empty() {
                self.stream.moved = true;
                let id = io.link.chunk_sent(self.space);
                self.send_chunk(id, entries, End::No, io);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn send_chunk(&self, id: u64, entries: Vec<WireEntry>, end: End, io: &mut Io<'_>) {
        io.send(&Message::Chunk(Chunk { space: self.ours, round: self.round, id, ops: Vec::new(), proofs: Vec::new(), entries, end }));
    }
}
