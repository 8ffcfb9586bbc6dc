//! Feeds: the append-only, hash-chained, signed lists of commits that one computer made in one space.

use std::collections::BTreeMap;

use iroh_base::SecretKey;
use serde::{Deserialize, Serialize};
use tuttu_model::{ActorId, ChangeHash, ComputerId, DocumentId, EntryHash, FeedId, OpHash, SpaceId};

use crate::signing::{self, SignatureBytes, SignatureError};

const HEADER: &str = "tuttu feed header v1";
const ENTRY: &str = "tuttu feed entry v1";

/// What a feed is: whose, in which space, written under which grant. The epoch makes feeds of one computer differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedHeader {
    /// The space.
    pub space: SpaceId,
    /// The computer that writes and signs it.
    pub computer: ComputerId,
    /// 16 random bytes; a new epoch starts whenever the database may have been rolled back or copied.
    pub epoch: [u8; 16],
    /// The membership operation it writes under.
    pub grant: OpHash,
}

impl FeedHeader {
    /// The feed's id: the hash of this header.
    #[must_use]
    pub fn id(&self) -> FeedId {
        FeedId(signing::hash(HEADER, &encode(self)))
    }

    /// The Automerge actor of every change in this feed.
    #[must_use]
    pub fn actor(&self) -> ActorId {
        actor_of(&self.id())
    }
}

/// The Automerge actor of a feed: the first 16 bytes of its id.
#[must_use]
pub fn actor_of(feed: &FeedId) -> ActorId {
    let mut actor = [0; 16];
    actor.copy_from_slice(feed.0.split_at(16).0);
    actor
}

/// One change listed in an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The document.
    pub doc: DocumentId,
    /// The change that was added to it.
    pub change: ChangeHash,
}

/// One commit in a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The feed.
    pub feed: FeedId,
    /// 1 for the first entry, then rising by one.
    pub seq: u64,
    /// The entry before; `None` for the first.
    pub prev: Option<EntryHash>,
    /// The operation this commit belongs to; entries of one large operation share it.
    pub operation: [u8; 16],
    /// The changes it added, at most [`crate::limits::ENTRY_ITEMS`].
    pub items: Vec<Item>,
}

impl Entry {
    /// The hash that is chained and signed.
    #[must_use]
    pub fn hash(&self) -> EntryHash {
        EntryHash(signing::hash(ENTRY, &encode(self)))
    }

    /// Signs the entry.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> SignedEntry {
        let signature = signing::sign(key, &self.hash().0);
        SignedEntry { entry: self, signature }
    }
}

/// An entry with its signature, not yet checked against a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedEntry {
    entry: Entry,
    signature: SignatureBytes,
}

impl SignedEntry {
    /// Puts together what was stored apart.
    #[must_use]
    pub fn from_parts(entry: Entry, signature: SignatureBytes) -> Self {
        Self { entry, signature }
    }

    /// The feed it claims to be in, needed to find the key to check it with.
    #[must_use]
    pub fn claimed_feed(&self) -> FeedId {
        self.entry.feed
    }

    /// Its claimed place, needed to route it before it is checked.
    #[must_use]
    pub fn claimed_seq(&self) -> u64 {
        self.entry.seq
    }

    /// The entry it claims to follow; two of one feed with the same are a fork.
    #[must_use]
    pub fn claimed_prev(&self) -> Option<EntryHash> {
        self.entry.prev
    }

    /// Its hash; says nothing about who wrote it.
    #[must_use]
    pub fn hash(&self) -> EntryHash {
        self.entry.hash()
    }

    /// Checks the signature with the key of the feed's computer.
    ///
    /// # Errors
    /// When the entry is of another feed or the signature does not match.
    pub fn verify(self, header: &FeedHeader) -> Result<VerifiedEntry, SignatureError> {
        let hash = self.entry.hash();
        if self.entry.feed != header.id() {
            return Err(SignatureError::Mismatch);
        }
        signing::verify(header.computer.as_bytes(), &hash.0, &self.signature)?;
        Ok(VerifiedEntry { hash, entry: self.entry, signature: self.signature })
    }
}

/// An entry whose signature was checked. The only kind that exposes what it lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedEntry {
    hash: EntryHash,
    entry: Entry,
    signature: SignatureBytes,
}

impl VerifiedEntry {
    /// Takes an entry from the own store, where it was checked when it arrived.
    #[must_use]
    pub fn from_store(signed: SignedEntry) -> Self {
        Self { hash: signed.hash(), entry: signed.entry, signature: signed.signature }
    }

    /// Its hash.
    #[must_use]
    pub fn hash(&self) -> EntryHash {
        self.hash
    }

    /// What it says.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The signature, kept as evidence.
    #[must_use]
    pub fn signature(&self) -> &SignatureBytes {
        &self.signature
    }

    /// Back to the form that travels.
    #[must_use]
    pub fn to_signed(&self) -> SignedEntry {
        SignedEntry { entry: self.entry.clone(), signature: self.signature }
    }
}

/// Two signed entries of one feed with the same predecessor: proof, transferable to anybody, that its computer wrote two histories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkProof {
    /// The feed's header.
    pub header: FeedHeader,
    /// The entry with the lower hash.
    pub first: SignedEntry,
    /// The other one.
    pub second: SignedEntry,
}

impl ForkProof {
    /// Makes the proof from two entries, if they are one: different, of this feed, with the same predecessor.
    #[must_use]
    pub fn of(header: &FeedHeader, a: &VerifiedEntry, b: &VerifiedEntry) -> Option<Self> {
        let feed = header.id();
        let forks = a.hash != b.hash && a.entry.prev == b.entry.prev && a.entry.feed == feed && b.entry.feed == feed;
        let (first, second) = if a.hash < b.hash { (a, b) } else { (b, a) };
        forks.then(|| Self { header: header.clone(), first: first.to_signed(), second: second.to_signed() })
    }

    /// Checks that it proves what it claims: both signatures match and the entries are a fork of the header's feed, lower hash first.
    ///
    /// # Errors
    /// When a signature does not match or the entries are no fork.
    pub fn verify(&self) -> Result<(), SignatureError> {
        let first = self.first.clone().verify(&self.header)?;
        let second = self.second.clone().verify(&self.header)?;
        if first.hash >= second.hash || first.entry.prev != second.entry.prev {
            return Err(SignatureError::Malformed("the two entries are no fork, or not in order"));
        }
        Ok(())
    }
}

/// `{feed -> (length, hash of the newest entry)}` of a space: what a computer validly holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vector(pub BTreeMap<FeedId, (u64, EntryHash)>);

impl Vector {
    /// A hash that is equal for equal vectors.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        signing::hash("tuttu vector v1", &encode(self))
    }

    /// Whether who holds this much holds everything of `wanted`.
    #[must_use]
    pub fn covers(&self, wanted: &Self) -> bool {
        wanted.0.iter().all(|(feed, (length, tip))| {
            self.0.get(feed).is_some_and(|(held, held_tip)| held > length || (held == length && held_tip == tip))
        })
    }
}

/// The canonical encoding of what is hashed and signed (postcard).
#[must_use]
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    // Serialising plain structs to memory cannot fail; an empty encoding would only make a hash nobody else has.
    postcard::to_stdvec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(entries: &[(u8, u64, u8)]) -> Vector {
        Vector(entries.iter().map(|(feed, length, hash)| (FeedId([*feed; 32]), (*length, EntryHash([*hash; 32])))).collect())
    }

    #[test]
    fn a_vector_covers_another_only_when_every_feed_does() {
        let ours = vector(&[(1, 5, 9), (2, 1, 8)]);
        assert!(ours.covers(&ours));
        assert!(vector(&[(1, 6, 1), (2, 1, 8), (3, 1, 1)]).covers(&ours), "more is fine");
        assert!(!vector(&[(1, 5, 9)]).covers(&ours), "a feed is missing");
        assert!(!vector(&[(1, 4, 9), (2, 1, 8)]).covers(&ours), "an entry is missing");
        assert!(!vector(&[(1, 5, 7), (2, 1, 8)]).covers(&ours), "another history");
        assert!(vector(&[]).covers(&vector(&[])));
    }
}
