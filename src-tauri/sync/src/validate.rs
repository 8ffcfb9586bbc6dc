//! What must hold of a foreign change before Automerge sees a byte of it (DESIGN section 5, "Never hand a peer's bytes to Automerge unchecked"; R5).
//! The same validator runs before every local commit.

use std::collections::BTreeMap;

use tuttu_model::{ActorId, Change, ChangeHash};

/// Why a change is invalid: by itself and its causal past, the same on every computer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Not a plain change chunk, or not the announced bytes, or over a limit, or out of order, ...
    #[error("{0}")]
    Because(String),
}

/// What is known of a change already held in the same document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its author.
    pub actor: ActorId,
    /// Its seq.
    pub seq: u64,
    /// The counter of its last operation.
    pub max_op: u64,
}

/// The outcome of checking one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// It may be applied.
    Good(Change),
    /// Dependencies are missing: pending, not stored, not counted, never frozen.
    Pending(Vec<ChangeHash>),
    /// It freezes its feed.
    Bad(Invalid),
}

/// Checks one change of a feed with this actor against the changes held in its document.
/// Everything that can be known without applying: chunk type, size, hash, actor, seq, own previous change directly in deps,
/// deps present, start_op above the deps' max, bounded ops, preds and objects named exist, no list ops on maps, and so on.
#[must_use]
pub fn check_change(bytes: &[u8], announced: ChangeHash, actor: ActorId, held: &BTreeMap<ChangeHash, Known>) -> Checked {
    todo!()
}
