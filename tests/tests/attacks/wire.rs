//! The messages of `docs/protocol.md`, written a second time: what a modified program says is not what ours would let it say.

use serde::{Deserialize, Serialize};
use tuttu_model::{ComputerId, EntryHash, FeedId, OpHash, SpaceId};
use tuttu_sync::feed::{FeedHeader, ForkProof, SignedEntry, Vector, encode};
use tuttu_sync::membership::SignedOp;
use tuttu_sync::signing;

/// The name of a space in one exchange.
pub(crate) type Name = [u8; 16];

/// How `sender` names a space to `receiver` in the exchange in which it sent `nonce`.
pub(crate) fn name(space: &SpaceId, sender: &ComputerId, receiver: &ComputerId, nonce: &[u8; 32]) -> Name {
    let hash = signing::hash("tuttu space offer v1", &encode(&(space, sender, receiver, nonce)));
    hash[..16].try_into().unwrap()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) rules: [u8; 32],
    pub(crate) vector: [u8; 32],
    pub(crate) accumulator: [u8; 32],
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Offered {
    pub(crate) space: Name,
    pub(crate) summary: Summary,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum End {
    No,
    Rules,
    Stream,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WireEntry {
    pub(crate) header: Option<FeedHeader>,
    pub(crate) entry: SignedEntry,
    pub(crate) changes: Vec<Option<Vec<u8>>>,
    pub(crate) beyond_vector: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Chunk {
    pub(crate) space: Name,
    pub(crate) round: u64,
    pub(crate) id: u64,
    pub(crate) ops: Vec<SignedOp>,
    pub(crate) proofs: Vec<ForkProof>,
    pub(crate) entries: Vec<WireEntry>,
    pub(crate) end: End,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Vectors {
    pub(crate) space: Name,
    pub(crate) round: u64,
    pub(crate) rules: [u8; 32],
    pub(crate) valid: Vector,
    pub(crate) mine: Vector,
    pub(crate) yours: Vector,
    pub(crate) beyond: Vector,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Message {
    Bye { reason: String },
    Hello { protocol: u32, min_protocol: u32, capabilities: Vec<String>, app: String, nonce: [u8; 32] },
    Offer { spaces: Vec<Offered> },
    Introduce { space: Name, heads: Vec<OpHash>, known: Vec<OpHash> },
    Rules { space: Name, round: u64, heads: Vec<OpHash>, known: Vec<OpHash>, proofs: Vec<[u8; 32]> },
    Vectors(Vectors),
    Blocked { space: Name, round: u64 },
    Chunk(Chunk),
    Ack { space: Name, id: u64, tips: Vector },
    Level { space: Name, summary: Summary },
    Stopped { space: Name },
    Probe { space: Name, feed: FeedId, at: Vec<u64> },
    Places { space: Name, feed: FeedId, hashes: Vec<(u64, Option<EntryHash>)> },
    AskEntry { space: Name, feed: FeedId, seq: u64 },
    OneEntry { space: Name, feed: FeedId, entry: Option<SignedEntry> },
    Announce { genesis: Box<SignedOp> },
}

/// A message as a frame that is not compressed.
pub(crate) fn pack<T: Serialize>(message: &T) -> Vec<u8> {
    [vec![0], postcard::to_stdvec(message).unwrap()].concat()
}

/// A frame without its compression: the message in postcard.
pub(crate) fn plain(frame: &[u8]) -> Vec<u8> {
    match frame.split_first().expect("a frame") {
        (0, plain) => plain.to_vec(),
        (1, small) => zstd::bulk::decompress(small, 16 << 20).expect("zstd"),
        (flag, _) => panic!("a frame of kind {flag}"),
    }
}
