//! What the session reads from its own side, answered from memory or from a database snapshot.

use std::collections::BTreeMap;

use tuttu_model::{ComputerId, EntryHash, FeedId, SpaceId};

use crate::feed::{FeedHeader, ForkProof, SignedEntry, Vector};
use crate::membership::Membership;
use crate::verdict::Standing;

/// An entry as stored, with what travels beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its number in this computer's order of arrival in the space; rises, never reused.
    pub arrival: u64,
    /// The entry.
    pub entry: SignedEntry,
    /// Where it stands here.
    pub standing: Standing,
    /// The bytes of its changes, in the order of its items; `None` where they were erased.
    pub changes: Vec<Option<Vec<u8>>>,
}

/// Reading failed: the database is damaged or gone. The text is for the log and the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the vault cannot be read: {0}")]
pub struct ReadError(pub String);

/// A place that no feed reaches, used to leave a whole feed out of a stream. The highest number a database can hold.
pub const ALL: u64 = i64::MAX.unsigned_abs();

/// One side's state, as the session reads it. Implementations answer from one consistent snapshot per call.
pub trait Replica {
    /// This computer.
    fn computer(&self) -> ComputerId;

    /// The spaces held here.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn spaces(&self) -> Result<Vec<SpaceId>, ReadError>;

    /// The space that only the person's own computers share.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn own_space(&self) -> Result<Option<SpaceId>, ReadError> {
        Ok(None)
    }

    /// The folded membership of a space; `None` when it is not held here.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn membership(&self, space: &SpaceId) -> Result<Option<std::sync::Arc<Membership>>, ReadError>;

    /// The fork proofs of a space.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn proofs(&self, space: &SpaceId) -> Result<Vec<ForkProof>, ReadError>;

    /// Valid held prefixes.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn vector(&self, space: &SpaceId) -> Result<Vector, ReadError>;

    /// The raw tips of all feeds held, valid or not, of one computer: what it is asked to take back (R3).
    ///
    /// # Errors
    /// When the database cannot be read.
    fn raw_tips(&self, space: &SpaceId, computer: &ComputerId) -> Result<Vector, ReadError>;

    /// The headers of all feeds held.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn headers(&self, space: &SpaceId) -> Result<BTreeMap<FeedId, FeedHeader>, ReadError>;

    /// The valid entry of a feed at a place.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn entry_at(&self, space: &SpaceId, feed: &FeedId, seq: u64) -> Result<Option<EntryHash>, ReadError>;

    /// Whether an entry is held, wherever it stands.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn holds(&self, space: &SpaceId, entry: &EntryHash) -> Result<bool, ReadError>;

    /// Entries that arrived after `after`, in order of arrival, at most `limit` entries and about `max_bytes` bytes of changes (at least one entry).
    /// Entries of feeds in `skip` up to and including the given seq are left out, whatever the hash beside it (the reader seeks past them, it does
    /// not load them; a seq of [`ALL`] leaves out the feed). All other entries come, those set aside included; the caller judges by their standing.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn stream(&self, space: &SpaceId, after: u64, skip: &Vector, limit: usize, max_bytes: usize) -> Result<Vec<StoredEntry>, ReadError>;

    /// The entry of a feed at a place, with its signature: what a fork proof is made of.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn signed_entry_at(&self, space: &SpaceId, feed: &FeedId, seq: u64) -> Result<Option<SignedEntry>, ReadError> {
        let Some(wanted) = self.entry_at(space, feed, seq)? else { return Ok(None) };
        let nothing = EntryHash([0; 32]);
        let mut skip = Vector(self.headers(space)?.into_keys().map(|other| (other, (ALL, nothing))).collect());
        skip.0.insert(*feed, (seq.saturating_sub(1), nothing));
        let found = self.stream(space, 0, &skip, 1, 1)?;
        Ok(found.into_iter().map(|stored| stored.entry).find(|entry| entry.hash() == wanted))
    }

    /// The sum over records of hash(document id, heads), compared only when vectors, membership and frozen feeds are equal.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn accumulator(&self, space: &SpaceId) -> Result<[u8; 32], ReadError>;
}
