//! What travels in an exchange.

use serde::{Deserialize, Serialize};
use tuttu_model::{ComputerId, EntryHash, FeedId, OpHash, SpaceId};

use crate::feed::{self, FeedHeader, ForkProof, SignedEntry, Vector};
use crate::limits::{
    CHANGE_BYTES, CHUNK_ENTRIES, CHUNK_RULES, ENTRY_BYTES, ENTRY_ITEMS, FEEDS, HASHES, OP_BYTES, PROOFS, REASON_CHARS, SPACES,
};
use crate::membership::SignedOp;
use crate::signing;

/// The version spoken here.
pub(super) const PROTOCOL: u32 = 1;
/// The oldest version understood here.
pub(super) const MIN_PROTOCOL: u32 = 1;

const OFFER_CONTEXT: &str = "tuttu space offer v1";
const PROOF_CONTEXT: &str = "tuttu fork proof id v1";
const RULES_CONTEXT: &str = "tuttu rules v1";

/// Names a space to a peer that knows it, and tells nothing to one that does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Blind(pub(super) [u8; 16]);

impl Blind {
    /// How `sender` names the space to `receiver` in the exchange in which it sent `nonce`.
    pub(super) fn new(space: &SpaceId, sender: &ComputerId, receiver: &ComputerId, nonce: &[u8; 32]) -> Self {
        let hash = signing::hash(OFFER_CONTEXT, &feed::encode(&(space, sender, receiver, nonce)));
        let mut id = [0; 16];
        id.copy_from_slice(hash.split_at(16).0);
        Self(id)
    }
}

/// What one side holds of a space, in hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Summary {
    /// Of the heads of the membership graph and the fork proofs.
    pub(super) rules: [u8; 32],
    /// Of the vector.
    pub(super) vector: [u8; 32],
    /// The accumulator, compared only when the other two are equal.
    pub(super) accumulator: [u8; 32],
}

/// A space offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Offered {
    pub(super) space: Blind,
    pub(super) summary: Summary,
}

/// What a chunk closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum End {
    /// Nothing, more may follow.
    No,
    /// The operations and proofs of this round.
    Rules,
    /// Everything held when this round's vectors were compared.
    Stream,
}

/// Bytes that are read and written in one piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blob(pub(super) Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(deserializer).map(|bytes| Self(bytes.to_vec()))
    }
}

/// An entry with the bytes of its changes beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WireEntry {
    pub(super) header: Option<FeedHeader>,
    pub(super) entry: SignedEntry,
    pub(super) changes: Vec<Option<Blob>>,
    pub(super) beyond_vector: bool,
}

/// Operations, proofs and entries, to be stored in one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chunk {
    pub(super) space: Blind,
    pub(super) round: u64,
    /// Named by the acknowledgement; 0 for a chunk that holds nothing and only ends something.
    pub(super) id: u64,
    pub(super) ops: Vec<SignedOp>,
    pub(super) proofs: Vec<ForkProof>,
    pub(super) entries: Vec<WireEntry>,
    pub(super) end: End,
}

/// What one side holds of a space, entry by entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Vectors {
    pub(super) space: Blind,
    pub(super) round: u64,
    /// The rules these vectors were judged by.
    pub(super) rules: [u8; 32],
    /// Valid held prefixes.
    pub(super) valid: Vector,
    /// Raw tips of the sender's own feeds.
    pub(super) mine: Vector,
    /// Raw tips of the receiver's feeds, as the sender holds them.
    pub(super) yours: Vector,
    /// Raw tips of other feeds, where they are not the valid ones.
    pub(super) beyond: Vector,
}

/// Everything that is said. The first two keep their shape in every version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Message {
    Bye {
        reason: String,
    },
    Hello {
        protocol: u32,
        min_protocol: u32,
        capabilities: Vec<String>,
        app: String,
        nonce: [u8; 32],
    },
    Offer {
        spaces: Vec<Offered>,
    },
    /// The sender does not know the receiver's computer in this space: show who let you in.
    Introduce {
        space: Blind,
        heads: Vec<OpHash>,
        known: Vec<OpHash>,
    },
    Rules {
        space: Blind,
        round: u64,
        heads: Vec<OpHash>,
        known: Vec<OpHash>,
        proofs: Vec<[u8; 32]>,
    },
    Vectors(Vectors),
    /// The receiver holds more of the sender's own feeds than the sender: it takes them back before it sends.
    Blocked {
        space: Blind,
        round: u64,
    },
    Chunk(Chunk),
    Ack {
        space: Blind,
        id: u64,
        tips: Vector,
    },
    /// Nothing is under way at the sender.
    Level {
        space: Blind,
        summary: Summary,
    },
    /// The sender has no more to say about this space.
    Stopped {
        space: Blind,
    },
    /// Which hashes have you at these places of this feed?
    Probe {
        space: Blind,
        feed: FeedId,
        at: Vec<u64>,
    },
    Places {
        space: Blind,
        feed: FeedId,
        hashes: Vec<(u64, Option<EntryHash>)>,
    },
    AskEntry {
        space: Blind,
        feed: FeedId,
        seq: u64,
    },
    OneEntry {
        space: Blind,
        feed: FeedId,
        entry: Option<SignedEntry>,
    },
    /// To an own computer only: a space that both may read and that it may not have heard of, by its first operation.
    Announce {
        genesis: Box<SignedOp>,
    },
}

impl Message {
    /// Refuses what is over a limit, before anything else looks at it.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let fits = match self {
            Self::Bye { .. }
            | Self::Blocked { .. }
            | Self::Level { .. }
            | Self::Stopped { .. }
            | Self::AskEntry { .. }
            | Self::OneEntry { .. }
            | Self::Announce { .. } => true,
            Self::Hello { capabilities, .. } => capabilities.len() <= HASHES,
            Self::Offer { spaces } => spaces.len() <= SPACES,
            Self::Introduce { heads, known, .. } => heads.len() <= HASHES && known.len() <= HASHES,
            Self::Rules { heads, known, proofs, .. } => heads.len() <= HASHES && known.len() <= HASHES && proofs.len() <= PROOFS,
            Self::Vectors(vectors) => {
                let Vectors { valid, mine, yours, beyond, .. } = vectors;
                [valid, mine, yours, beyond].into_iter().all(is_vector)
            }
            Self::Chunk(chunk) => return chunk.check(),
            Self::Ack { tips, .. } => tips.0.len() <= CHUNK_ENTRIES && is_vector(tips),
            Self::Probe { at, .. } => at.len() <= super::forks::PLACES,
            Self::Places { hashes, .. } => hashes.len() <= super::forks::PLACES,
        };
        if fits { Ok(()) } else { Err("a list is longer than allowed") }
    }
}

/// Places begin at 1 and stay within what a database can count.
fn is_vector(vector: &Vector) -> bool {
    vector.0.len() <= FEEDS && vector.0.values().all(|(seq, _)| (1..crate::replica::ALL).contains(seq))
}

impl Chunk {
    pub(super) fn is_empty(&self) -> bool {
        self.ops.is_empty() && self.proofs.is_empty() && self.entries.is_empty()
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.ops.len() > CHUNK_RULES || self.proofs.len() > CHUNK_RULES || self.entries.len() > CHUNK_ENTRIES {
            return Err("a chunk holds too much");
        }
        if self.ops.iter().any(|op| feed::encode(op).len() > OP_BYTES) {
            return Err("an operation is longer than allowed");
        }
        if self.is_empty() != (self.id == 0) {
            return Err("a chunk has no number, or one it does not need");
        }
        self.entries.iter().try_for_each(WireEntry::check)
    }
}

impl WireEntry {
    fn check(&self) -> Result<(), &'static str> {
        if !(1..crate::replica::ALL).contains(&self.entry.claimed_seq()) {
            return Err("an entry's place is out of range");
        }
        if self.header.as_ref().is_some_and(|header| header.id() != self.entry.claimed_feed()) {
            return Err("an entry came with the header of another feed");
        }
        if self.changes.is_empty() || self.changes.len() > ENTRY_ITEMS {
            return Err("an entry has no changes or too many");
        }
        let sizes = || self.changes.iter().flatten().map(|change| change.0.len());
        if sizes().any(|size| size > CHANGE_BYTES) || sizes().sum::<usize>() > ENTRY_BYTES {
            return Err("the changes of an entry are longer than allowed");
        }
        Ok(())
    }
}

/// Names a fork proof.
pub(crate) fn proof_id(proof: &ForkProof) -> [u8; 32] {
    signing::hash(PROOF_CONTEXT, &feed::encode(proof))
}

/// A hash that is equal for equal memberships and proofs.
pub(crate) fn rules_digest(heads: &[OpHash], proofs: &[[u8; 32]]) -> [u8; 32] {
    signing::hash(RULES_CONTEXT, &feed::encode(&(heads, proofs)))
}

/// A reason as shown to people: one line, not too long.
pub(super) fn shown_reason(reason: &str) -> String {
    reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(REASON_CHARS).collect()
}
