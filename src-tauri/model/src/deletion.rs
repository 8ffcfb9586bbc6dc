//! When a deletion is disputed.
//!
//! A record is disputed when it is shown as deleted while somebody changed it without knowing of any of the deletions held, and without any of
//! them knowing of the change. Two people who delete the same record at the same time do not disagree, so a change that deletes is never the
//! edit that disputes. A later choice (deleting again, or removing the mark) descends from both sides and settles it. All of this depends
//! only on the set of changes, so every replica says the same.

use std::collections::BTreeSet;

use automerge::{Automerge, ChangeHash, ReadDoc, legacy};

use crate::change::actor_of;
use crate::guard::guarded;
use crate::record::{DELETED, Held};
use crate::scalar::from_stored;

/// The newest edit that is concurrent with every one of the deleting changes, if there is one. Its `value` is `None`: on its side the record is
/// not deleted.
pub(crate) fn newest_concurrent_edit(document: &Automerge, deleters: &BTreeSet<ChangeHash>) -> Option<Held> {
    // Automerge lists changes parents first: one pass forward finds all descendants, one backward all ancestors.
    let changes = document.get_changes_meta(&[]);
    let mut after = deleters.clone();
    for change in &changes {
        if change.deps.iter().any(|dep| after.contains(dep)) {
            after.insert(change.hash);
        }
    }
    let mut before = deleters.clone();
    for change in changes.iter().rev() {
        if before.contains(&change.hash) {
            before.extend(change.deps.iter().copied());
        }
    }
    let mut concurrent: Vec<_> = changes.iter().filter(|change| !after.contains(&change.hash) && !before.contains(&change.hash)).collect();
    concurrent.sort_by_key(|change| std::cmp::Reverse((change.timestamp, change.hash)));
    let edit = concurrent.into_iter().find(|change| change.max_op >= change.start_op && !deletes(document, &change.hash))?;
    Some(Held {
        value: None,
        change: crate::id::ChangeHash(edit.hash.0),
        actor: actor_of(&edit.actor).unwrap_or_default(),
        time: edit.timestamp,
    })
}

/// Whether a change puts the record in the trash.
fn deletes(document: &Automerge, hash: &ChangeHash) -> bool {
    let Ok(Some(change)) = guarded(|| document.get_change_by_hash(hash).map(|change| change.decode())) else {
        return false;
    };
    change.operations.into_iter().any(|op| match (op.obj, op.key, op.action) {
        (legacy::ObjectId::Root, legacy::Key::Map(key), legacy::OpType::Put(value)) => {
            key.as_str() == DELETED && from_stored(value).marks_deletion()
        }
        _ => false,
    })
}
