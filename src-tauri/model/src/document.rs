//! The Automerge document of one record.

use std::collections::BTreeMap;

use crate::field::FlatOp;
use crate::id::ChangeHash;
use crate::record::{Record, Scalar};

/// The author of a change inside Automerge: the first 16 bytes of the feed id.
pub type ActorId = [u8; 16];

/// What went wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The bytes are not a whole, plain Automerge change or document.
    #[error("the stored bytes are damaged: {0}")]
    Damaged(String),
    /// Automerge refused or panicked on changes that passed validation.
    #[error("the changes do not apply: {0}")]
    Refused(String),
}

/// One Automerge change with what is known of it without a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// SHA-256 of the change chunk.
    pub hash: ChangeHash,
    /// Its author.
    pub actor: ActorId,
    /// 1 for the author's first change in this document, then rising by one.
    pub seq: u64,
    /// The counter of its first operation.
    pub start_op: u64,
    /// The counter of its last operation.
    pub max_op: u64,
    /// The changes it was made on top of.
    pub deps: Vec<ChangeHash>,
    /// Seconds since 1970, as its author claims.
    pub time: i64,
    /// The plain (not deflated) change chunk.
    pub bytes: Vec<u8>,
}

impl Change {
    /// Reads a change chunk from the own store, where it was verified when it arrived.
    ///
    /// # Errors
    /// [`DocumentError::Damaged`] when the bytes are not a change chunk.
    pub fn read(bytes: &[u8]) -> Result<Self, DocumentError> {
        todo!()
    }

    /// Builds the first change of a new document without an Automerge document (11-19 us against 726 us put by put).
    #[must_use]
    pub fn first(actor: ActorId, time: i64, fields: &BTreeMap<String, Scalar>) -> Self {
        todo!()
    }

    /// Reads the record of a document that has only this change, without an Automerge document.
    /// `None` when the change is not a first change.
    #[must_use]
    pub fn sole_record(&self) -> Option<Record> {
        todo!()
    }
}

/// A loaded document. Loaded only to be edited or merged, never for reading lists.
#[derive(Debug, Clone)]
pub struct Document {
    inner: automerge::Automerge,
}

impl Document {
    /// An empty document.
    #[must_use]
    pub fn new() -> Self {
        todo!()
    }

    /// Rebuilds a document from the stored changes, parents first.
    ///
    /// # Errors
    /// When a change is damaged or does not apply; never panics (Automerge's panics are caught).
    pub fn from_changes<'a>(changes: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, DocumentError> {
        todo!()
    }

    /// Loads a snapshot written by [`Document::save`].
    ///
    /// # Errors
    /// When the bytes are damaged.
    pub fn from_snapshot(bytes: &[u8]) -> Result<Self, DocumentError> {
        todo!()
    }

    /// A snapshot of all changes.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        todo!()
    }

    /// Applies changes that passed the validator, on a copy, under `catch_unwind`, and checks that the result can be
    /// saved and loaded with the same heads; only then does the document change.
    ///
    /// # Errors
    /// [`DocumentError::Refused`]; the document is as before.
    pub fn apply<'a>(&mut self, changes: impl IntoIterator<Item = &'a [u8]>) -> Result<(), DocumentError> {
        todo!()
    }

    /// Makes one change by `actor` at `time` (seconds since 1970). `None` when `ops` change nothing.
    ///
    /// # Errors
    /// When Automerge refuses.
    pub fn edit(&mut self, actor: ActorId, time: i64, ops: &[FlatOp]) -> Result<Option<Change>, DocumentError> {
        todo!()
    }

    /// The record it holds now, conflicts included.
    #[must_use]
    pub fn record(&self) -> Record {
        todo!()
    }

    /// The hashes of the newest changes, sorted.
    #[must_use]
    pub fn heads(&self) -> Vec<ChangeHash> {
        todo!()
    }
}

impl Default for Document {
    fn default() -> Self {
        Self::new()
    }
}
