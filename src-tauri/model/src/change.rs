//! One Automerge change: read and written without a document wherever that is possible.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use automerge::legacy;

use crate::document::{ActorId, DocumentError};
use crate::guard::guarded;
use crate::id::ChangeHash;
use crate::record::{Held, Record, Scalar};
use crate::scalar::{from_stored, to_stored};

/// Where the chunk type stands in a chunk: after four magic bytes and four bytes of checksum.
const CHUNK_TYPE: usize = 8;
/// The only chunk type taken: a plain change. Deflated changes could blow up to any size when read.
const PLAIN_CHANGE: u8 = 1;

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
        Self::of(&parse(bytes)?)
    }

    /// Builds the first change of a new document without an Automerge document (11-19 us against 726 us put by put).
    #[must_use]
    pub fn first(actor: ActorId, time: i64, fields: &BTreeMap<String, Scalar>) -> Self {
        let operations = fields
            .iter()
            .map(|(key, value)| legacy::Op {
                action: legacy::OpType::Put(to_stored(value)),
                obj: legacy::ObjectId::Root,
                key: legacy::Key::Map(key.as_str().into()),
                pred: legacy::SortedVec::new(),
                insert: false,
            })
            .collect();
        let change = automerge::Change::from(automerge::ExpandedChange {
            operations,
            actor_id: automerge::ActorId::from(actor),
            hash: None,
            seq: 1,
            start_op: NonZeroU64::MIN,
            time,
            message: None,
            deps: Vec::new(),
            extra_bytes: Vec::new(),
            author: None,
        });
        Self::with_actor(&change, actor)
    }

    /// Reads the record of a document that has only this change, without an Automerge document.
    /// `None` when the change is not a first change, or holds more than a flat map (load the document then).
    #[must_use]
    pub fn sole_record(&self) -> Option<Record> {
        if self.seq != 1 || self.start_op != 1 || !self.deps.is_empty() {
            return None;
        }
        let change = parse(&self.bytes).ok()?;
        let expanded = guarded(|| change.decode()).ok()?;
        let mut written: BTreeMap<String, Vec<(u64, Scalar)>> = BTreeMap::new();
        for (counter, op) in (1..).zip(expanded.operations) {
            let (legacy::ObjectId::Root, legacy::Key::Map(key)) = (op.obj, op.key) else { return None };
            let values = written.entry(key.to_string()).or_default();
            values.retain(|(at, _)| !op.pred.iter().any(|pred| pred.counter() == *at));
            match op.action {
                legacy::OpType::Put(value) => values.push((counter, from_stored(value))),
                legacy::OpType::Delete => {}
                _ => return None,
            }
        }
        let fields = written
            .into_iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(key, values)| (key, values.into_iter().rev().map(|(_, value)| self.held(value)).collect()))
            .collect();
        Some(Record::of_undisputed(fields))
    }

    fn held(&self, value: Scalar) -> Held {
        Held { value: Some(value), change: self.hash, actor: self.actor, time: self.time }
    }

    pub(crate) fn of(change: &automerge::Change) -> Result<Self, DocumentError> {
        let actor = actor_of(change.actor_id()).ok_or_else(|| DocumentError::Damaged("the author is not 16 bytes".into()))?;
        Ok(Self::with_actor(change, actor))
    }

    fn with_actor(change: &automerge::Change, actor: ActorId) -> Self {
        let start_op = change.start_op().get();
        let count = u64::try_from(change.len()).unwrap_or(u64::MAX);
        Self {
            hash: ChangeHash(change.hash().0),
            actor,
            seq: change.seq(),
            start_op,
            max_op: start_op.saturating_add(count).saturating_sub(1),
            deps: change.deps().iter().map(|hash| ChangeHash(hash.0)).collect(),
            time: change.timestamp(),
            bytes: change.raw_bytes().to_vec(),
        }
    }
}

/// The actor of a change of ours; `None` when it has another length.
pub(crate) fn actor_of(actor: &automerge::ActorId) -> Option<ActorId> {
    actor.to_bytes().try_into().ok()
}

/// Parses one plain change chunk with a right checksum; nothing else is ever handed to Automerge.
pub(crate) fn parse(bytes: &[u8]) -> Result<automerge::Change, DocumentError> {
    let damaged = |why: &str| DocumentError::Damaged(why.to_owned());
    if bytes.get(CHUNK_TYPE) != Some(&PLAIN_CHANGE) {
        return Err(damaged("not a plain change chunk"));
    }
    let change = guarded(|| automerge::Change::try_from(bytes))
        .map_err(|error| DocumentError::Damaged(error.to_string()))?
        .map_err(|error| DocumentError::Damaged(error.to_string()))?;
    if bytes.get(4..CHUNK_TYPE) != change.hash().0.get(..4) {
        return Err(damaged("the checksum is wrong"));
    }
    Ok(change)
}

#[cfg(test)]
mod tests;
