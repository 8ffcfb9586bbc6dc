//! The history of a record's fields, and the edits that take a change back.

use crate::document::{ActorId, Document};
use crate::field::FlatOp;
use crate::id::ChangeHash;
use crate::record::Scalar;

/// One field that one change touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The change.
    pub change: ChangeHash,
    /// Its author.
    pub actor: ActorId,
    /// Seconds since 1970, as its author claims.
    pub time: i64,
    /// The key in the flat map.
    pub key: String,
    /// The value its author saw before.
    pub old: Option<Scalar>,
    /// The value it wrote; `None` when it removed the key.
    pub new: Option<Scalar>,
}

/// Every field change of a document, oldest first (in the order of the document's history).
#[must_use]
pub fn field_changes(document: &Document) -> Vec<FieldChange> {
    todo!()
}

/// The edits that take `change` back against the current state: only keys whose shown value is still the one it wrote are touched.
#[must_use]
pub fn undo_ops(document: &Document, change: ChangeHash) -> Vec<FlatOp> {
    todo!()
}
