//! The Automerge document of one record.

use automerge::iter::MapRangeItem;
use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{Automerge, AutomergeError, ROOT, ReadDoc, ScalarValueRef, Value, ValueRef};
use std::collections::{BTreeMap, BTreeSet};

pub use crate::change::Change;
pub use crate::guard::panic_is_contained;

use crate::change::{actor_of, parse};
use crate::deletion::newest_concurrent_edit;
use crate::field::FlatOp;
use crate::guard::guarded;
use crate::id::ChangeHash;
use crate::record::{DELETED, Deletion, Held, Record, Scalar};
use crate::scalar::{from_value, to_stored};
use crate::texts;

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

impl From<AutomergeError> for DocumentError {
    fn from(error: AutomergeError) -> Self {
        Self::Refused(error.to_string())
    }
}

/// A loaded document. Loaded only to be edited or merged, never for reading lists.
#[derive(Debug, Clone)]
pub struct Document {
    inner: Automerge,
}

impl Document {
    /// An empty document.
    #[must_use]
    pub fn new() -> Self {
        Self { inner: Automerge::new() }
    }

    /// Rebuilds a document from the stored changes, parents first.
    ///
    /// # Errors
    /// When a change is damaged or does not apply; never panics (Automerge's panics are caught).
    pub fn from_changes<'a>(changes: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, DocumentError> {
        let mut inner = Automerge::new();
        let parsed = parse_all(changes)?;
        guarded(|| take_in(&mut inner, parsed))??;
        Ok(Self { inner })
    }

    /// Loads a snapshot written by [`Document::save`].
    ///
    /// # Errors
    /// When the bytes are damaged.
    pub fn from_snapshot(bytes: &[u8]) -> Result<Self, DocumentError> {
        let damaged = |why: String| DocumentError::Damaged(why);
        let inner =
            guarded(|| Automerge::load(bytes)).map_err(|error| damaged(error.to_string()))?.map_err(|error| damaged(error.to_string()))?;
        Ok(Self { inner })
    }

    /// A snapshot of all changes.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        self.inner.save()
    }

    /// Applies changes that passed the validator, on a copy, under `catch_unwind`, and checks that the result can be
    /// saved and loaded with the same heads; only then does the document change.
    ///
    /// # Errors
    /// [`DocumentError::Damaged`] or [`DocumentError::Refused`]; the document is as before.
    pub fn apply<'a>(&mut self, changes: impl IntoIterator<Item = &'a [u8]>) -> Result<(), DocumentError> {
        let parsed = parse_all(changes)?;
        let mut copy = self.inner.clone();
        let copy = guarded(move || {
            take_in(&mut copy, parsed)?;
            // Automerge takes in some malformed changes and then writes documents it cannot read: this is the last gate.
            let reloaded = Automerge::load(&copy.save_nocompress())?;
            if reloaded.get_heads() == copy.get_heads() {
                Ok(copy)
            } else {
                Err(DocumentError::Refused("the saved document has other heads".into()))
            }
        })??;
        self.inner = copy;
        Ok(())
    }

    /// Makes one change by `actor` at `time` (seconds since 1970). `None` when `ops` change nothing.
    ///
    /// # Errors
    /// When Automerge refuses; the document is to be dropped then.
    pub fn edit(&mut self, actor: ActorId, time: i64, ops: &[FlatOp]) -> Result<Option<Change>, DocumentError> {
        let redelete = ops.iter().any(|op| op.key() == DELETED) && matches!(self.deletion(), Deletion::Disputed { .. });
        let inner = &mut self.inner;
        inner.set_actor(automerge::ActorId::from(actor));
        guarded(|| {
            let mut transaction = inner.transaction();
            for op in ops {
                write(&mut transaction, op, redelete)?;
            }
            if transaction.commit_with(CommitOptions::default().with_time(time)).0.is_none() {
                return Ok(None);
            }
            inner.get_last_local_change().as_ref().map(Change::of).transpose()
        })?
    }

    /// The record it holds now, conflicts included.
    #[must_use]
    pub fn record(&self) -> Record {
        let mut times = Times { inner: &self.inner, known: BTreeMap::new() };
        let mut fields = BTreeMap::new();
        for item in self.inner.map_range(ROOT, ..) {
            let key = item.key.to_string();
            let held = if item.conflict { self.all_held(&key, &mut times) } else { vec![self.sole_held(item, &mut times)] };
            fields.insert(key, held);
        }
        let deletion = self.deletion();
        Record::of(fields, deletion)
    }

    /// The hashes of the newest changes, sorted.
    #[must_use]
    pub fn heads(&self) -> Vec<ChangeHash> {
        self.inner.get_heads().into_iter().map(|hash| ChangeHash(hash.0)).collect()
    }

    /// Whether it has this change.
    #[must_use]
    pub fn contains(&self, change: &ChangeHash) -> bool {
        self.inner.get_change_meta_by_hash(&automerge::ChangeHash(change.0)).is_some()
    }

    /// All its changes, parents first.
    ///
    /// # Errors
    /// [`DocumentError::Refused`] when Automerge cannot give them back.
    pub fn changes(&self) -> Result<Vec<Change>, DocumentError> {
        guarded(|| self.inner.get_changes(&[]))?.iter().map(Change::of).collect()
    }

    pub(crate) fn of(inner: Automerge) -> Self {
        Self { inner }
    }

    pub(crate) fn automerge(&self) -> &Automerge {
        &self.inner
    }

    fn sole_held(&self, item: MapRangeItem<'_>, times: &mut Times<'_>) -> Held {
        let id = item.id();
        let value = match item.value {
            ValueRef::Scalar(ScalarValueRef::Str(text)) => Scalar::Text(text.into_owned()),
            ValueRef::Scalar(other) => crate::scalar::from_stored(other.into()),
            ValueRef::Object(kind) => from_value(&self.inner, Value::Object(kind), &id),
        };
        times.held(value, &id)
    }

    /// Every value held for a key, the winner first; equal values are one.
    fn all_held(&self, key: &str, times: &mut Times<'_>) -> Vec<Held> {
        let mut held: Vec<Held> = Vec::new();
        for (value, id) in self.inner.get_all(ROOT, key).unwrap_or_default().into_iter().rev() {
            let value = from_value(&self.inner, value, &id);
            if !held.iter().any(|other| other.value.as_ref() == Some(&value)) {
                held.push(times.held(value, &id));
            }
        }
        if held.len() > 1 && texts::is_merged(key) {
            let merged = guarded(|| texts::one_of(&self.inner, key, &held));
            if let Ok(Some(merged)) = merged {
                return vec![merged];
            }
        }
        held
    }

    fn deletion(&self) -> Deletion {
        let values = self.inner.get_all(ROOT, DELETED).unwrap_or_default();
        let mut deleters = BTreeSet::new();
        let mut shown = None;
        let mut times = Times { inner: &self.inner, known: BTreeMap::new() };
        for (value, id) in values {
            let held = times.held(from_value(&self.inner, value, &id), &id);
            deleters.insert(automerge::ChangeHash(held.change.0));
            shown = Some(held);
        }
        let Some(deleted) = shown.filter(|held| held.value.as_ref().is_some_and(Scalar::marks_deletion)) else {
            return Deletion::Live;
        };
        match newest_concurrent_edit(&self.inner, &deleters) {
            Some(edited) => Deletion::Disputed { deleted, edited },
            None => Deletion::Deleted,
        }
    }
}

impl Default for Document {
    fn default() -> Self {
        Self::new()
    }
}

/// Looks up who wrote a value and when, each change once.
struct Times<'a> {
    inner: &'a Automerge,
    known: BTreeMap<automerge::ChangeHash, i64>,
}

impl Times<'_> {
    fn held(&mut self, value: Scalar, id: &automerge::ObjId) -> Held {
        let actor = match id {
            automerge::ObjId::Id(_, actor, _) => actor_of(actor).unwrap_or_default(),
            automerge::ObjId::Root => ActorId::default(),
        };
        // Every op of a document belongs to one of its changes, so the hash is always found.
        let hash = self.inner.hash_for_opid(id).unwrap_or(automerge::ChangeHash([0; 32]));
        let time =
            *self.known.entry(hash).or_insert_with(|| self.inner.get_change_meta_by_hash(&hash).map_or(0, |change| change.timestamp));
        Held { value: Some(value), change: ChangeHash(hash.0), actor, time }
    }
}

fn parse_all<'a>(changes: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<automerge::Change>, DocumentError> {
    changes.into_iter().map(parse).collect()
}

/// Applies changes and makes sure that none of them only waits for a parent.
fn take_in(document: &mut Automerge, changes: Vec<automerge::Change>) -> Result<(), DocumentError> {
    let hashes: Vec<_> = changes.iter().map(automerge::Change::hash).collect();
    document.apply_changes(changes)?;
    if hashes.iter().all(|hash| document.get_change_meta_by_hash(hash).is_some()) {
        Ok(())
    } else {
        Err(DocumentError::Refused("a change is missing its parents".into()))
    }
}

/// Writes one edit. Where the same value is written again to settle something (a conflict, or a deletion that an edit disputes) the key is
/// removed first: else Automerge writes nothing, or only removes the losers, and the choice would not be a value of its own.
fn write(transaction: &mut Transaction<'_>, op: &FlatOp, redelete: bool) -> Result<(), AutomergeError> {
    match op {
        FlatOp::Delete(key) => transaction.delete(ROOT, key.as_str()),
        FlatOp::Put(key, value) => {
            let stored = to_stored(value);
            let held = transaction.get_all(ROOT, key.as_str())?;
            let same = |value: &Value<'_>| value.as_scalar() == Some(&stored);
            if held.last().is_some_and(|(value, _)| same(value)) {
                let disputed = redelete && key == DELETED;
                if !disputed && held.iter().all(|(value, _)| same(value)) {
                    return Ok(());
                }
                drop(held);
                transaction.delete(ROOT, key.as_str())?;
            }
            transaction.put(ROOT, key.as_str(), stored)
        }
    }
}

#[cfg(test)]
mod tests;
