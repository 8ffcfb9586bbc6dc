#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod attacks;
mod honest;

use std::collections::BTreeMap;

use automerge::transaction::Transactable;
use automerge::{ActorId as Actor, AutoCommit, ExpandedChange, ROOT};
use tuttu_model::{ActorId, ChangeHash};

use super::{Checked, Known, check_change};

const A: ActorId = [0xa; 16];
const B: ActorId = [0xb; 16];

type Held = BTreeMap<ChangeHash, Known>;

fn hash_of(change: &automerge::Change) -> ChangeHash {
    ChangeHash(change.hash().0)
}

fn document(actor: ActorId) -> AutoCommit {
    AutoCommit::new().with_actor(Actor::from(actor))
}

/// Commits and gives the change.
fn commit(doc: &mut AutoCommit) -> automerge::Change {
    doc.commit().expect("something to commit");
    doc.get_last_local_change().expect("a local change").clone()
}

fn check(change: &automerge::Change, actor: ActorId, held: &Held) -> Checked {
    check_change(change.raw_bytes(), hash_of(change), actor, held)
}

fn hold(change: &automerge::Change, held: &mut Held) {
    let actor: ActorId = change.actor_id().to_bytes().try_into().unwrap();
    match check(change, actor, held) {
        Checked::Good(good) => held.insert(good.hash, Known::from(&good)),
        other => panic!("an honest change was not good: {other:?}"),
    };
}

/// Two authors' documents after some shared history, and what is held of it.
fn history() -> (AutoCommit, AutoCommit, Held) {
    let mut held = Held::new();
    let mut a = document(A);
    a.put(ROOT, "name", "Priya").unwrap();
    a.put(ROOT, "birthday", "1986-12-03").unwrap();
    hold(&commit(&mut a), &mut held);
    let mut b = a.fork().with_actor(Actor::from(B));
    b.put(ROOT, "name", "Priya R.").unwrap();
    hold(&commit(&mut b), &mut held);
    a.merge(&mut b).unwrap();
    a.put(ROOT, "notes", "x").unwrap();
    hold(&commit(&mut a), &mut held);
    b.merge(&mut a).unwrap();
    (a, b, held)
}

/// An honest next change of A, changed by `edit`.
fn forged(edit: impl FnOnce(&mut ExpandedChange)) -> (automerge::Change, Held) {
    let (mut a, _, held) = history();
    a.put(ROOT, "name", "Priya Raghunathan").unwrap();
    a.put(ROOT, "city", "Glasgow").unwrap();
    let mut expanded = commit(&mut a).decode();
    edit(&mut expanded);
    (automerge::Change::from(expanded), held)
}

fn reason(checked: Checked) -> String {
    match checked {
        Checked::Bad(invalid) => invalid.to_string(),
        other => panic!("not refused: {other:?}"),
    }
}

#[track_caller]
fn assert_refused(expected: &str, edit: impl FnOnce(&mut ExpandedChange)) {
    let (change, held) = forged(edit);
    let reason = reason(check(&change, A, &held));
    assert!(reason.contains(expected), "{reason}");
}
