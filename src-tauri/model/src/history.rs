//! The history of a record's fields, and the edits that take a change back.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use automerge::{Automerge, ROOT, ReadDoc, legacy};

use crate::change::actor_of;
use crate::document::{ActorId, Document};
use crate::field::FlatOp;
use crate::guard::guarded;
use crate::id::ChangeHash;
use crate::record::{DELETED, Deletion, Scalar};
use crate::scalar::{from_stored, from_value};
use crate::texts;

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
    /// The value it wrote; `None` when it removed the key. Equal to `old` when the change only settled a conflict in favour of what was shown.
    pub new: Option<Scalar>,
}

/// Every field change of a document, oldest first: parents before children, concurrent changes by the time their authors claim.
/// The order is the same on every replica.
#[must_use]
pub fn field_changes(document: &Document) -> Vec<FieldChange> {
    let inner = document.automerge();
    let Ok(changes) = guarded(|| inner.get_changes(&[])) else { return Vec::new() };
    in_history_order(&changes).into_iter().flat_map(|change| fields_of(inner, change)).collect()
}

/// What one change did to each field, without going through the rest of the history; empty when the document has no such change.
#[must_use]
pub fn fields_changed_by(document: &Document, change: ChangeHash) -> Vec<FieldChange> {
    let inner = document.automerge();
    let Ok(Some(change)) = guarded(|| inner.get_change_by_hash(&automerge::ChangeHash(change.0))) else { return Vec::new() };
    fields_of(inner, &change)
}

/// The edits that take `change` back against the current state: only keys whose shown value is still the one it wrote are touched.
/// Taking back the change that made the record puts it in the trash, at `now` (RFC 3339, UTC).
#[must_use]
pub fn undo_ops(document: &Document, change: ChangeHash, now: &str) -> Vec<FlatOp> {
    let inner = document.automerge();
    let Ok(Some(undone)) = guarded(|| inner.get_change_by_hash(&automerge::ChangeHash(change.0))) else { return Vec::new() };
    let record = document.record();
    if undone.deps().is_empty() {
        let there = record.deletion == Deletion::Live;
        return if there { vec![FlatOp::Put(DELETED.into(), Scalar::Text(now.into()))] } else { Vec::new() };
    }
    let mut ops = Vec::new();
    for field in fields_of(inner, &undone) {
        let shown = record.fields.get(&field.key).and_then(|held| held.first());
        let still_there = match (&field.new, shown) {
            // By value, not by change: an undo further up may have written the same value again.
            (Some(new), Some(shown)) => shown.value.as_ref() == Some(new),
            (None, None) => true,
            _ => false,
        };
        if field.old == field.new {
            continue;
        }
        if !still_there {
            // Of a long text that others went on with, what this change did to it is taken back.
            if let (true, Some(Scalar::Text(old)), Some(Scalar::Text(new)), Some(Scalar::Text(shown))) =
                (texts::is_merged(&field.key), &field.old, &field.new, shown.and_then(|shown| shown.value.as_ref()))
                && let Some(text) = texts::merge(new, shown, old)
                && text != *shown
            {
                ops.push(FlatOp::Put(field.key, Scalar::Text(text)));
            }
            continue;
        }
        match field.old {
            None => ops.push(FlatOp::Delete(field.key)),
            // A value of a newer version cannot be written again by this one.
            Some(Scalar::Unknown(_)) => {}
            Some(old) => ops.push(FlatOp::Put(field.key, old)),
        }
    }
    ops
}

/// Parents before children; among those that are free to come next, the one with the earliest claimed time.
fn in_history_order(changes: &[automerge::Change]) -> Vec<&automerge::Change> {
    let present: BTreeMap<_, _> = changes.iter().map(|change| (change.hash(), change)).collect();
    let mut waiting: BTreeMap<automerge::ChangeHash, usize> = BTreeMap::new();
    let mut children: BTreeMap<automerge::ChangeHash, Vec<automerge::ChangeHash>> = BTreeMap::new();
    let mut ready = BinaryHeap::new();
    for change in changes {
        let parents: BTreeSet<_> = change.deps().iter().filter(|dep| present.contains_key(dep)).collect();
        if parents.is_empty() {
            ready.push(Reverse((change.timestamp(), change.hash())));
        }
        waiting.insert(change.hash(), parents.len());
        for parent in parents {
            children.entry(*parent).or_default().push(change.hash());
        }
    }
    let mut ordered = Vec::with_capacity(changes.len());
    while let Some(Reverse((_, hash))) = ready.pop() {
        ordered.extend(present.get(&hash).copied());
        for child in children.remove(&hash).unwrap_or_default() {
            let Some(left) = waiting.get_mut(&child) else { continue };
            *left = left.saturating_sub(1);
            if *left == 0
                && let Some(change) = present.get(&child)
            {
                ready.push(Reverse((change.timestamp(), child)));
            }
        }
    }
    ordered
}

/// What one change did to each key of the root map.
fn fields_of(document: &Automerge, change: &automerge::Change) -> Vec<FieldChange> {
    let Ok(expanded) = guarded(|| change.decode()) else { return Vec::new() };
    let mut last: BTreeMap<String, legacy::OpType> = BTreeMap::new();
    for op in expanded.operations {
        if let (legacy::ObjectId::Root, legacy::Key::Map(key)) = (op.obj, op.key) {
            last.insert(key.to_string(), op.action);
        }
    }
    let after = [change.hash()];
    last.into_iter()
        .map(|(key, action)| FieldChange {
            change: ChangeHash(change.hash().0),
            actor: actor_of(change.actor_id()).unwrap_or_default(),
            time: change.timestamp(),
            old: if change.deps().is_empty() { None } else { shown_at(document, &key, change.deps()) },
            new: match action {
                legacy::OpType::Put(value) => Some(from_stored(value)),
                // A removal of only the losers of a conflict leaves the winner, so what it left must be read.
                _ => shown_at(document, &key, &after),
            },
            key,
        })
        .collect()
}

fn shown_at(document: &Automerge, key: &str, heads: &[automerge::ChangeHash]) -> Option<Scalar> {
    guarded(|| document.get_at(ROOT, key, heads).ok().flatten().map(|(value, id)| from_value(document, value, &id))).ok().flatten()
}

#[cfg(test)]
mod tests;
