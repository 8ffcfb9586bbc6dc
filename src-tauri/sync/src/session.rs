//! The exchange between two computers: a state machine without IO. Frames and outcomes come in, effects go out.

use tuttu_model::{ComputerId, SpaceId};

use crate::feed::{FeedHeader, ForkProof, SignedEntry, Vector};
use crate::membership::SignedOp;
use crate::replica::Replica;

/// An entry that came in, with the bytes of its changes beside it. Nothing of it is checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingEntry {
    /// The header of its feed, where the sender thought it new to us.
    pub header: Option<FeedHeader>,
    /// The entry.
    pub entry: SignedEntry,
    /// The bytes of its changes, in the order of its items; `None` where they were erased.
    pub changes: Vec<Option<Vec<u8>>>,
    /// Not valid at the sender, but needed by what is (R2), or our own entry returned to us (R3).
    pub beyond_vector: bool,
}

/// Things to verify and store in one transaction, in this order: operations, proofs, entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncomingBatch {
    /// Membership operations, parents first.
    pub ops: Vec<SignedOp>,
    /// Fork proofs.
    pub proofs: Vec<ForkProof>,
    /// Entries, in the sender's order of arrival.
    pub entries: Vec<IncomingEntry>,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOutcome {
    /// Entries stored now or held already.
    pub stored: usize,
    /// The batch broke the protocol (bad signature, entry out of order, over a limit): close with this reason. What came before it is kept.
    pub refused: Option<String>,
    /// A feed froze (R5): it stops, the others go on. With what was wrong.
    pub frozen: Vec<(tuttu_model::FeedId, String)>,
}

/// Why an exchange ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CloseReason {
    /// The peer broke the protocol.
    Protocol(String),
    /// The peer speaks another version; with theirs.
    Version(u32),
    /// The peer closed, with its reason.
    Peer(String),
    /// Our own database cannot be read.
    Local(String),
}

/// What the caller must do, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send a frame.
    Send(Vec<u8>),
    /// Verify and store durably, then call [`Session::stored`] with the same token.
    Store {
        /// Names this batch.
        token: u64,
        /// The space.
        space: SpaceId,
        /// What came in.
        batch: IncomingBatch,
    },
    /// The peer acknowledged that it durably holds this much of the space: record it with the time.
    Acknowledged {
        /// The space.
        space: SpaceId,
        /// What it holds.
        vector: Vector,
    },
    /// Both sides hold the same of this space.
    Equal {
        /// The space.
        space: SpaceId,
        /// The accumulators differ although everything else is equal: damage or a bug.
        damaged: bool,
    },
    /// We were removed from a space: tell the person.
    Removed {
        /// The space.
        space: SpaceId,
    },
    /// Entries still to come in this space, as the peer's vector says.
    Receiving {
        /// The space.
        space: SpaceId,
        /// Stored so far in this exchange.
        done: u64,
        /// Of so many.
        total: u64,
    },
    /// End the exchange.
    Close(CloseReason),
}

/// One exchange with one peer, over all spaces shared with it.
#[derive(Debug)]
pub struct Session {
    remote: ComputerId,
    // helper: add state
}

impl Session {
    /// A new exchange with `remote`, as authenticated by the transport.
    #[must_use]
    pub fn new(remote: ComputerId) -> Self {
        todo!()
    }

    /// The first frames.
    pub fn start(&mut self, replica: &dyn Replica) -> Vec<Effect> {
        todo!()
    }

    /// A frame came in.
    pub fn handle_frame(&mut self, frame: &[u8], replica: &dyn Replica) -> Vec<Effect> {
        todo!()
    }

    /// A batch was stored (or not).
    pub fn stored(&mut self, token: u64, outcome: StoreOutcome, replica: &dyn Replica) -> Vec<Effect> {
        todo!()
    }

    /// The space changed here, by a local commit or by another peer: push what is new.
    pub fn changed(&mut self, space: &SpaceId, replica: &dyn Replica) -> Vec<Effect> {
        todo!()
    }

    /// The transport can take more: the next chunk, if one is waiting (one chunk per call keeps memory bounded).
    pub fn writable(&mut self, replica: &dyn Replica) -> Vec<Effect> {
        todo!()
    }

    /// Whether [`Session::writable`] would send something.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        todo!()
    }

    /// Nothing is under way: everything known is exchanged and acknowledged both ways.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        todo!()
    }
}
