//! What must hold of a foreign change before Automerge sees a byte of it (DESIGN section 5, "Never hand a peer's bytes to Automerge unchecked"; R5).
//! The same validator runs before every local commit.
//!
//! A verdict rests on the change and its causal past alone, never on what else is held, so it is the same on every computer. Two things are left to
//! [`tuttu_model::Document::apply`], which works on a copy and checks that the result can be saved and loaded: that a replaced operation
//! was on the same key, and that it was not itself a removal. Automerge does not find such an operation where it looks for it, whatever else the
//! document holds, so the copy never loads again, and the verdict is the same everywhere too.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::legacy::{Key, ObjectId, Op, OpId, OpType};
use automerge::{ExpandedChange, ScalarValue};
use tuttu_model::{ActorId, Change, ChangeHash};

use crate::limits::{CHANGE_BYTES, CHANGE_DEPS, CHANGE_OPS, CHANGE_PREDS, KEY_BYTES, MAX_OP, MESSAGE_BYTES};

mod layout;

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
    /// The counter of its first operation.
    pub start_op: u64,
    /// The counter of its last operation.
    pub max_op: u64,
    /// The changes it was made on top of.
    pub deps: Vec<ChangeHash>,
}

impl From<&Change> for Known {
    fn from(change: &Change) -> Self {
        Self { actor: change.actor, seq: change.seq, start_op: change.start_op, max_op: change.max_op, deps: change.deps.clone() }
    }
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

/// Checks one change of a feed with this actor against the changes held in its document (more than its causal past may be
/// given; the rest is not looked at). Never panics, whatever the bytes are, and reads no more than the limits allow.
#[must_use]
pub fn check_change(bytes: &[u8], announced: ChangeHash, actor: ActorId, held: &BTreeMap<ChangeHash, Known>) -> Checked {
    let (change, expanded) = match read(bytes, announced, actor) {
        Ok(read) => read,
        Err(reason) => return bad(reason),
    };
    if let Err(reason) = check_alone(&change, &expanded) {
        return bad(reason);
    }
    let past = match Past::of(&change.deps, held) {
        Ok(past) => past,
        Err(missing) => return Checked::Pending(missing),
    };
    match past.check_place(&change).and_then(|()| past.check_replaced(&change, &expanded.operations)) {
        Ok(()) => Checked::Good(change),
        Err(reason) => bad(reason),
    }
}

fn bad(reason: impl Into<String>) -> Checked {
    Checked::Bad(Invalid::Because(reason.into()))
}

type Reason = &'static str;

/// Reads the bytes, once their layout was measured, and makes sure that they are the one canonical form of what they say.
fn read(bytes: &[u8], announced: ChangeHash, actor: ActorId) -> Result<(Change, ExpandedChange), Reason> {
    if bytes.len() > CHANGE_BYTES {
        return Err("the change is longer than allowed");
    }
    layout::measure(bytes)?;
    // Automerge's reader has panicked on malformed input before; nothing of it is used after a panic.
    let parsed = catch_unwind(AssertUnwindSafe(|| {
        let change = automerge::Change::try_from(bytes).ok()?;
        let expanded = change.decode();
        let again = automerge::Change::from(expanded.clone());
        (again.raw_bytes() == bytes).then_some((change, expanded))
    }));
    let (change, expanded) = match parsed {
        Ok(Some(parsed)) => parsed,
        Ok(None) => return Err("the bytes are not a change in its canonical form"),
        Err(_) => return Err("the bytes cannot be read as a change"),
    };
    if change.hash().0 != announced.0 {
        return Err("the change is not the one announced");
    }
    if change.actor_id().to_bytes() != actor {
        return Err("the change names another author than its feed");
    }
    let count = u64::try_from(change.len()).unwrap_or(u64::MAX);
    let start_op = change.start_op().get();
    let max_op = start_op.checked_add(count).ok_or("the operation counter is too high")?.saturating_sub(1);
    let change = Change {
        hash: announced,
        actor,
        seq: change.seq(),
        start_op,
        max_op,
        deps: change.deps().iter().map(|hash| ChangeHash(hash.0)).collect(),
        time: change.timestamp(),
        bytes: bytes.to_vec(),
    };
    Ok((change, expanded))
}

/// What can be judged without any other change.
fn check_alone(change: &Change, expanded: &ExpandedChange) -> Result<(), Reason> {
    if expanded.operations.is_empty() {
        return Err("the change has no operations");
    }
    if expanded.operations.len() > CHANGE_OPS || change.max_op >= MAX_OP {
        return Err("the change has too many operations, or their counter is too high");
    }
    if change.deps.len() > CHANGE_DEPS || !change.deps.is_sorted_by(|a, b| a < b) {
        return Err("the dependencies are too many or not in order");
    }
    if change.seq == 0 || (change.seq > 1 && change.deps.is_empty()) {
        return Err("the change does not follow its author's one before");
    }
    if !expanded.extra_bytes.is_empty() || expanded.message.as_ref().is_some_and(|message| message.len() > MESSAGE_BYTES) {
        return Err("the change carries more than operations");
    }
    let mut preds = 0;
    for op in &expanded.operations {
        check_operation(op)?;
        preds += op.pred.len();
    }
    if preds > CHANGE_PREDS { Err("the change replaces too many operations") } else { Ok(()) }
}

/// Version 1 knows flat maps of plain values. Collaborative text will come with a later version, and with its own rules here.
fn check_operation(op: &Op) -> Result<(), Reason> {
    if op.obj != ObjectId::Root || op.insert {
        return Err("an operation is not on the record itself");
    }
    let Key::Map(key) = &op.key else {
        return Err("an operation has a place in a list for a key");
    };
    if key.is_empty() || key.len() > KEY_BYTES {
        return Err("a key is empty or too long");
    }
    match &op.action {
        OpType::Put(ScalarValue::Counter(_)) | OpType::Increment(_) => Err("counters are not used"),
        OpType::Put(_) => Ok(()),
        OpType::Delete if op.pred.is_empty() => Err("a removal removes nothing"),
        OpType::Delete => Ok(()),
        OpType::Make(_) => Err("a record holds plain values only"),
        OpType::MarkBegin(_) | OpType::MarkEnd(_) => Err("marks are not used"),
    }
}

/// The causal past of a change in its document.
struct Past<'a> {
    changes: BTreeMap<(ActorId, u64), &'a Known>,
    /// Some author's seq stands for two changes.
    torn: bool,
    /// The highest counter any dependency reaches.
    max_op: u64,
    deps: Vec<&'a Known>,
}

impl<'a> Past<'a> {
    /// Collects it; `Err` names what is missing.
    fn of(deps: &[ChangeHash], held: &'a BTreeMap<ChangeHash, Known>) -> Result<Self, Vec<ChangeHash>> {
        let mut seen: BTreeSet<ChangeHash> = deps.iter().copied().collect();
        let mut todo: Vec<ChangeHash> = deps.to_vec();
        let mut missing = Vec::new();
        let mut past = Self { changes: BTreeMap::new(), torn: false, max_op: 0, deps: Vec::new() };
        past.deps.extend(deps.iter().filter_map(|hash| held.get(hash)));
        past.max_op = past.deps.iter().map(|known| known.max_op).max().unwrap_or(0);
        while let Some(hash) = todo.pop() {
            let Some(known) = held.get(&hash) else {
                #[cfg(feature = "planted")]
                if crate::planted::is(crate::planted::Fault::UnlistedDependency) {
                    continue;
                }
                missing.push(hash);
                continue;
            };
            past.torn |= past.changes.insert((known.actor, known.seq), known).is_some();
            todo.extend(known.deps.iter().copied().filter(|dep| seen.insert(*dep)));
        }
        missing.sort_unstable();
        if missing.is_empty() { Ok(past) } else { Err(missing) }
    }

    fn check_place(&self, change: &Change) -> Result<(), Reason> {
        if self.torn {
            return Err("the change rests on two histories of one author");
        }
        let own_last = self.changes.range((change.actor, 0)..=(change.actor, u64::MAX)).next_back().map_or(0, |((_, seq), _)| *seq);
        if own_last.checked_add(1) != Some(change.seq) {
            return Err("the change is not its author's next one in this record");
        }
        let rests_on_own = self.deps.iter().any(|dep| dep.actor == change.actor && dep.seq == own_last);
        if change.seq > 1 && !rests_on_own {
            return Err("the change does not rest directly on its author's one before");
        }
        if change.start_op != self.max_op + 1 {
            return Err("the operations are not numbered from the end of what the change rests on");
        }
        Ok(())
    }

    /// Every operation replaced must be in the past, or earlier in this change on the same key.
    fn check_replaced(&self, change: &Change, operations: &[Op]) -> Result<(), Reason> {
        for (id, op) in (change.start_op..).zip(operations) {
            let mut before: Option<&OpId> = None;
            for pred in op.pred.iter() {
                if before.is_some_and(|before| before == pred) {
                    return Err("an operation replaces another one twice");
                }
                before = Some(pred);
                let author: ActorId = pred.actor().to_bytes().try_into().map_err(|_| "an operation replaced has no author of ours")?;
                let found = if author == change.actor && pred.counter() >= change.start_op {
                    pred.counter() < id && earlier_put(operations, pred.counter() - change.start_op, &op.key)
                } else {
                    self.holds(author, pred.counter())
                };
                if !found {
                    return Err("an operation replaces one that does not exist");
                }
            }
        }
        Ok(())
    }

    fn holds(&self, author: ActorId, counter: u64) -> bool {
        // The changes of one author are in the order of their counters, because each rests on the one before.
        self.changes.range((author, 0)..=(author, u64::MAX)).any(|(_, known)| known.start_op <= counter && counter <= known.max_op)
    }
}

fn earlier_put(operations: &[Op], index: u64, key: &Key) -> bool {
    usize::try_from(index)
        .ok()
        .and_then(|index| operations.get(index))
        .is_some_and(|op| op.key == *key && matches!(op.action, OpType::Put(_)))
}

#[cfg(test)]
mod tests;
