//! Databases that were rolled back or copied, and computers that write two histories.

use tuttu_model::SpaceId;

use super::world::{Vault, Wire, assert_same, sync};
use crate::membership::Role;
use crate::replica::Replica;
use crate::session::Effect;
use crate::verdict::Standing;

fn pair() -> (Vault, Vault, SpaceId) {
    let (mut a, mut b) = (Vault::new(1), Vault::new(2));
    let space = a.found(1);
    a.admit(&space, &mut b, Role::Editor);
    (a, b, space)
}

fn ahead(wire: &Wire, side: usize) -> usize {
    wire.seen[side].iter().filter(|effect| matches!(effect, Effect::OwnFeedAhead { .. })).count()
}

#[test]
fn a_computer_that_was_rolled_back_takes_its_entries_back_first() {
    let (mut a, mut b, space) = pair();
    a.commit(&space, 1);
    let backup = a.clone();
    for doc in 2..20 {
        a.commit(&space, doc);
    }
    b.commit(&space, 50);
    sync(&mut a, &mut b);
    let mut a = backup;
    let wire = sync(&mut a, &mut b);
    assert_eq!(ahead(&wire, 0), 1);
    assert_eq!(ahead(&wire, 1), 0);
    assert_same(&a, &b, &space);
    assert_eq!(a.count(&space), 20);
    a.commit(&space, 3);
    sync(&mut a, &mut b);
    assert_same(&a, &b, &space);
    assert_eq!(b.vector(&space).unwrap().0.len(), 3, "what it writes now is in a new feed");
    assert!(b.proofs(&space).unwrap().is_empty());
}

#[test]
fn a_feed_that_was_forgotten_whole_comes_back() {
    let (mut a, mut b, space) = pair();
    let backup = a.clone();
    a.commit(&space, 1);
    sync(&mut a, &mut b);
    let mut a = backup;
    let wire = sync(&mut a, &mut b);
    assert_eq!(ahead(&wire, 0), 1);
    assert_same(&a, &b, &space);
    assert_eq!(a.count(&space), 1);
}

#[test]
fn two_computers_rolled_back_at_once_do_not_wait_for_each_other() {
    let (mut a, mut b, space) = pair();
    a.commit(&space, 1);
    b.commit(&space, 2);
    sync(&mut a, &mut b);
    let (old_a, old_b) = (a.clone(), b.clone());
    a.commit(&space, 3);
    let mut b2 = old_b.clone();
    sync(&mut a, &mut b2);
    b.commit(&space, 4);
    let mut a2 = old_a.clone();
    sync(&mut a2, &mut b);
    // A's newest state is lost, but b2 has its entry; B's is lost, but a2 has its entry.
    let wire = sync(&mut a2, &mut b2);
    assert_eq!((ahead(&wire, 0), ahead(&wire, 1)), (1, 1));
    assert_same(&a2, &b2, &space);
    assert_eq!(a2.count(&space), 4);
}

#[test]
fn entries_written_after_a_rollback_do_not_prove_a_fork_against_an_honest_computer() {
    let (mut a, mut b, space) = pair();
    a.commit(&space, 1);
    let mut restored = a.clone();
    a.commit(&space, 2);
    sync(&mut a, &mut b);
    restored.commit(&space, 9);
    let mut vaults = [&mut restored, &mut b];
    let mut wire = Wire::connect(&mut vaults);
    wire.run(&mut vaults);
    assert_eq!(ahead(&wire, 0), 1);
    assert_eq!(wire.close_reason(0), None);
    assert!(restored.proofs(&space).unwrap().is_empty());
    assert!(b.proofs(&space).unwrap().is_empty());
    assert_eq!(b.count(&space), 2, "the entry written under the old epoch never left");
}

/// Seed 5097. The owner knew the shorter history and ended it at its tip: then nothing at that place counts any more in the longer one, and its computer
/// took "nothing valid there" for "the same there".
#[test]
fn a_copy_that_was_cut_off_takes_back_the_other_history_before_what_rests_on_it() {
    let (mut a, mut b, space) = pair();
    b.commit(&space, 1);
    sync(&mut a, &mut b);
    let mut twin = b.clone();
    twin.commit_sized(&space, 1, 30);
    sync(&mut a, &mut twin);
    a.commit(&space, 1);
    for doc in 2..5 {
        b.commit(&space, doc);
    }
    a.set_role(&space, b.person(), Role::Viewer);
    let wire = sync(&mut b, &mut a);
    assert_eq!((ahead(&wire, 0), ahead(&wire, 1)), (1, 0));
    assert_same(&a, &b, &space);
    assert_eq!(b.count(&space), 6, "its own four, the other one and what rests on that");
}

/// Seed 8477. Each holds more of the other's feed than the other does, and what one of them has to give back rests on the feed it holds back. Whoever goes
/// first, they get there.
#[test]
fn two_that_wait_for_each_other_take_turns() {
    for swapped in [false, true] {
        let (mut a, mut b, space) = pair();
        if swapped {
            std::mem::swap(&mut a, &mut b);
        }
        for vault in [&mut a, &mut b] {
            vault.spaces.get_mut(&space).unwrap().proves_forks = true;
        }
        let (mut twin_a, mut twin_b) = (a.clone(), b.clone());
        a.commit(&space, 1);
        sync(&mut a, &mut twin_b);
        twin_b.commit(&space, 1);
        sync(&mut a, &mut twin_b);
        twin_a.commit(&space, 9);
        sync(&mut twin_a, &mut b);
        let mut vaults = [&mut a, &mut b];
        let mut wire = Wire::connect(&mut vaults);
        wire.run(&mut vaults);
        assert_eq!((wire.close_reason(0), wire.close_reason(1)), (None, None), "swapped: {swapped}");
        assert_same(&a, &b, &space);
    }
}

/// Seed 20390. What a computer gets back of its own may rest on what somebody else wrote and what does not count any more either: that comes with it.
#[test]
fn own_entries_come_back_with_what_they_rest_on() {
    let (mut a, mut b, space) = pair();
    let (mut c, mut d) = (Vault::new(3), Vault::new(4));
    a.admit(&space, &mut c, Role::Editor);
    a.admit(&space, &mut d, Role::Editor);
    sync(&mut a, &mut b);
    let mut twin = b.clone();
    c.commit(&space, 1);
    sync(&mut c, &mut twin);
    twin.commit(&space, 1);
    sync(&mut twin, &mut d);
    a.set_role(&space, c.person(), Role::Viewer);
    a.set_role(&space, b.person(), Role::Viewer);
    sync(&mut a, &mut d);
    assert_eq!(d.standings(&space), [Standing::Tray, Standing::Tray]);
    sync(&mut d, &mut b);
    assert_same(&d, &b, &space);
    assert_eq!(b.count(&space), 2, "the entry of its copy, and what that rests on");
}

/// Two members; a copy of the second one's vault; and a third who met the copy alone.
fn pair_and_a_third() -> ([Vault; 4], SpaceId) {
    let (mut a, mut b, space) = pair();
    let mut c = Vault::new(3);
    a.admit(&space, &mut c, Role::Editor);
    for vault in [&mut a, &mut b, &mut c] {
        vault.spaces.get_mut(&space).unwrap().proves_forks = true;
    }
    b.commit(&space, 1);
    sync(&mut a, &mut b);
    sync(&mut a, &mut c);
    let copy = b.clone();
    ([a, b, c, copy], space)
}

/// Seeds 6613, 6660 and 6667. The owner ended a feed at the tip of one history; the third had built upon the other, of which nothing counted there when the
/// first one came: nobody proved the fork, and the place in the feed hid the start of the other history.
#[test]
fn what_was_built_upon_a_history_that_was_cut_off_travels_with_it() {
    let ([mut a, mut b, mut c, mut copy], space) = pair_and_a_third();
    b.commit(&space, 1);
    sync(&mut a, &mut b);
    copy.commit_sized(&space, 1, 30);
    copy.commit(&space, 1);
    sync(&mut c, &mut copy);
    c.commit(&space, 1);
    a.set_role(&space, b.person(), Role::Viewer);
    sync(&mut a, &mut c);
    assert_same(&a, &c, &space);
    assert_eq!((a.count(&space), c.count(&space)), (5, 5));
    assert_eq!(a.proofs(&space).unwrap().len(), 1);
    sync(&mut b, &mut c);
    assert_same(&b, &c, &space);
}

/// Seed 6531. The feed was known to have two histories, which part late; the copy held a third one, which parts early and is longer than what counts of the others.
/// It waited for entries of another feed of its own, so it never sent the history that would have shown that.
#[test]
fn a_third_history_that_parts_before_the_known_two_is_not_taken_for_more_of_the_same() {
    let ([mut a, mut b, _, mut copy], space) = pair_and_a_third();
    b.commit(&space, 1);
    sync(&mut a, &mut b);
    let mut second = b.clone();
    for _ in 0..4 {
        b.commit(&space, 1);
    }
    second.commit_sized(&space, 1, 30);
    sync(&mut a, &mut b);
    sync(&mut a, &mut second);
    assert_eq!(a.proofs(&space).unwrap().len(), 1);
    a.commit(&space, 1);
    b.new_epoch(&space);
    sync(&mut a, &mut b);
    b.commit(&space, 1);
    sync(&mut a, &mut b);
    for doc in 2..6 {
        copy.commit_sized(&space, doc, 40);
    }
    sync(&mut copy, &mut a);
    assert_same(&a, &copy, &space);
}

#[test]
fn two_histories_of_one_feed_are_found_and_proven() {
    for (common, first, second) in [(0, 1, 1), (3, 1, 1), (100, 3, 70), (7, 50, 1)] {
        let (mut a, mut b, space) = pair();
        let mut c = Vault::new(3);
        let mut d = Vault::new(4);
        a.admit(&space, &mut c, Role::Editor);
        a.admit(&space, &mut d, Role::Editor);
        sync(&mut a, &mut b);
        for doc in 0..common {
            b.commit(&space, doc);
        }
        sync(&mut b, &mut c);
        sync(&mut b, &mut d);
        let mut twin = b.clone();
        for doc in 0..first {
            b.commit(&space, doc);
        }
        for _ in 0..second {
            twin.commit(&space, 200);
        }
        twin.commit_sized(&space, 201, 30);
        sync(&mut b, &mut c);
        sync(&mut twin, &mut d);
        let wire = sync(&mut c, &mut d);
        assert_eq!(c.proofs(&space).unwrap().len(), 1, "{common} {first} {second}");
        assert_same(&c, &d, &space);
        let frozen_at = c.vector(&space).unwrap().0.values().map(|(seq, _)| *seq).max().unwrap_or(0);
        assert_eq!(frozen_at, u64::from(common), "it stops at the last common entry");
        assert!(wire.frames[0] < 20, "{:?}", wire.frames);
        let proof = c.proofs(&space).unwrap().remove(0);
        assert_eq!(proof.first.claimed_seq(), u64::from(common) + 1);
        // The proof goes on to others, with membership.
        sync(&mut a, &mut c);
        assert_eq!(a.proofs(&space).unwrap().len(), 1);
        assert_same(&a, &d, &space);
    }
}
