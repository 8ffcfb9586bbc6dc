//! Changes of membership before, between and during exchanges.

use tuttu_model::SpaceId;

use super::world::{Vault, Wire, assert_same, sync};
use crate::membership::Role;
use crate::replica::Replica;
use crate::session::Effect;
use crate::verdict::Standing;

fn trio() -> (Vault, Vault, Vault, SpaceId) {
    let (mut a, mut b, mut c) = (Vault::new(1), Vault::new(2), Vault::new(3));
    let space = a.found(1);
    a.admit(&space, &mut b, Role::Editor);
    a.admit(&space, &mut c, Role::Editor);
    sync(&mut a, &mut b);
    (a, b, c, space)
}

fn removed(wire: &Wire, side: usize) -> bool {
    wire.seen[side].iter().any(|effect| matches!(effect, Effect::Removed { .. }))
}

#[test]
fn who_offers_what_nobody_shares_gets_nothing() {
    let (mut a, mut stranger) = (Vault::new(1), Vault::new(9));
    let space = a.found(1);
    a.commit(&space, 1);
    stranger.found(2);
    let wire = sync(&mut a, &mut stranger);
    assert_eq!(wire.frames, [2, 2]);
    assert!(stranger.membership(&space).unwrap().is_none());
}

#[test]
fn a_stranger_who_knows_the_space_gets_nothing() {
    let (mut a, _, _, space) = trio();
    a.commit(&space, 1);
    // Somebody found all operations, but is in none of them that counts.
    let mut stranger = Vault::new(9);
    stranger.take_ops(&space, a.ops(&space));
    let own = stranger.certificate(&space);
    stranger.take_ops(&space, vec![own]);
    let ops = a.ops(&space).len();
    sync(&mut a, &mut stranger);
    assert_eq!(stranger.count(&space), 0);
    assert_eq!(a.ops(&space).len(), ops, "what does not let it in is not stored");
}

#[test]
fn a_removed_member_learns_of_its_removal_and_of_nothing_after_it() {
    let (mut a, mut b, mut c, space) = trio();
    b.commit(&space, 1);
    sync(&mut a, &mut b);
    a.set_role(&space, b.person(), Role::None);
    a.set_role(&space, c.person(), Role::Viewer);
    a.commit(&space, 2);
    b.commit(&space, 3);
    let wire = sync(&mut a, &mut b);
    assert!(removed(&wire, 1));
    assert!(!removed(&wire, 0));
    assert_eq!(a.count(&space), 1 + 1, "nothing is taken from it");
    assert_eq!(b.count(&space), 1 + 1, "nothing is given to it");
    assert_eq!(b.ops(&space).len(), a.ops(&space).len() - 1, "the later change of C's role is not for it");
    assert_eq!(b.membership(&space).unwrap().unwrap().role(&c.person()), Role::Editor);
    // Once it knows, it does not ask again; and others serve it no more either.
    let wire = sync(&mut a, &mut b);
    assert_eq!(wire.frames, [2, 2]);
    sync(&mut a, &mut c);
    let wire = sync(&mut b, &mut c);
    assert_eq!(wire.frames, [2, 2]);
}

#[test]
fn a_removal_in_the_middle_stops_the_exchange() {
    let (mut a, mut b, _, space) = trio();
    let mut vaults = [&mut a, &mut b];
    let mut wire = Wire::connect(&mut vaults);
    wire.run(&mut vaults);
    let person = vaults[1].person();
    vaults[0].set_role(&space, person, Role::None);
    vaults[0].commit(&space, 5);
    wire.changed(0, &space, &mut vaults);
    wire.run(&mut vaults);
    wire.assert_quiet();
    assert!(removed(&wire, 1));
    assert_eq!(vaults[1].count(&space), 0);
}

#[test]
fn who_hears_of_a_members_removal_from_the_other_side_stops_serving_it() {
    let (mut a, mut b, mut c, space) = trio();
    sync(&mut a, &mut c);
    a.set_role(&space, b.person(), Role::None);
    c.commit(&space, 7);
    // B has the removal from A, and meets C, which has not: B itself brings it.
    sync(&mut a, &mut b);
    let wire = sync(&mut b, &mut c);
    assert_eq!(b.count(&space), 0, "C offered, B answered with its own removal");
    assert!(removed(&wire, 0));
    assert!(!c.membership(&space).unwrap().unwrap().may_read(&b.id()));
}

#[test]
fn a_member_let_back_in_is_served_again() {
    let (mut a, mut b, _, space) = trio();
    a.set_role(&space, b.person(), Role::None);
    sync(&mut a, &mut b);
    a.set_role(&space, b.person(), Role::Editor);
    a.commit(&space, 1);
    sync(&mut a, &mut b);
    assert_same(&a, &b, &space);
    assert_eq!(b.count(&space), 1);
}

#[test]
fn a_new_member_shows_others_who_let_it_in() {
    let (mut a, mut b, _, space) = trio();
    b.commit(&space, 1);
    let mut d = Vault::new(4);
    a.admit(&space, &mut d, Role::Editor);
    // B never heard of D; A is away.
    let wire = sync(&mut b, &mut d);
    assert_same(&b, &d, &space);
    assert_eq!(d.count(&space), 1);
    assert!(wire.frames[0] < 12);
}

#[test]
fn rules_made_while_connected_go_before_the_entries_that_need_them() {
    let (mut a, mut b, mut c, space) = trio();
    sync(&mut a, &mut c);
    let mut d = Vault::new(4);
    let mut vaults = [&mut a, &mut b];
    let mut wire = Wire::connect(&mut vaults);
    wire.run(&mut vaults);
    vaults[0].admit(&space, &mut d, Role::Editor);
    d.commit(&space, 8);
    sync(vaults[0], &mut d);
    wire.changed(0, &space, &mut vaults);
    wire.run(&mut vaults);
    wire.assert_quiet();
    assert_same(&a, &b, &space);
    assert_eq!(b.count(&space), 1);
}

#[test]
fn both_change_the_rules_at_once() {
    let (mut a, mut b, mut c, space) = trio();
    a.set_role(&space, b.person(), Role::Owner);
    sync(&mut a, &mut b);
    let mut vaults = [&mut a, &mut b];
    let mut wire = Wire::connect(&mut vaults);
    wire.run(&mut vaults);
    let mut others = [Vault::new(5), Vault::new(6)];
    for (side, other) in others.iter_mut().enumerate() {
        vaults[side].admit(&space, other, Role::Editor);
    }
    wire.changed(0, &space, &mut vaults);
    wire.changed(1, &space, &mut vaults);
    wire.run(&mut vaults);
    wire.assert_quiet();
    assert_same(&a, &b, &space);
    assert_eq!(a.membership(&space).unwrap().unwrap().members().len(), 5);
    sync(&mut b, &mut c);
    assert_same(&a, &c, &space);
}

#[test]
fn a_slow_disk_and_an_eager_engine_change_nothing() {
    let (mut a, mut b, mut c, space) = trio();
    sync(&mut a, &mut c);
    a.set_role(&space, b.person(), Role::Owner);
    sync(&mut a, &mut b);
    for doc in 0..5 {
        a.commit_sized(&space, doc, 400_000);
        b.commit_sized(&space, 50 + doc, 400_000);
        c.commit(&space, 100 + doc);
    }
    sync(&mut b, &mut c);
    a.set_role(&space, Vault::new(7).person(), Role::Viewer);
    b.set_role(&space, c.person(), Role::None);
    let mut vaults = [&mut a, &mut b];
    let mut wire = Wire::connect(&mut vaults);
    wire.slow = true;
    for number in 0..20 {
        wire.step(&mut vaults);
        if number == 9 {
            let late = vaults[0].found(9);
            vaults[0].commit(&late, 1);
            vaults[0].commit(&space, 30);
            wire.changed(0, &space, &mut vaults);
            wire.changed(0, &late, &mut vaults);
        }
    }
    wire.run(&mut vaults);
    wire.assert_quiet();
    assert_same(&a, &b, &space);
    assert_eq!(a.count(&space), 16);
}

#[test]
fn many_operations_apart_cost_about_the_difference() {
    let (mut a, mut b, _, space) = trio();
    for round in 0..200 {
        let role = if round % 2 == 0 { Role::Viewer } else { Role::Editor };
        a.set_role(&space, Vault::new(50).person(), role);
    }
    sync(&mut a, &mut b);
    a.set_role(&space, Vault::new(51).person(), Role::Viewer);
    b.set_role(&space, Vault::new(52).person(), Role::Viewer);
    let wire = sync(&mut a, &mut b);
    assert_same(&a, &b, &space);
    assert!(wire.bytes[0] < 4_000 && wire.bytes[1] < 4_000, "{:?}", wire.bytes);
}

#[test]
fn a_space_joined_while_connected_is_exchanged_at_once() {
    let (mut a, mut b) = (Vault::new(1), Vault::new(2));
    let space = a.found(1);
    a.commit(&space, 1);
    let mut vaults = [&mut a, &mut b];
    let mut wire = Wire::connect(&mut vaults);
    wire.run(&mut vaults);
    let (first, second) = vaults.split_at_mut(1);
    first[0].admit(&space, second[0], Role::Editor);
    wire.changed(0, &space, &mut vaults);
    wire.run(&mut vaults);
    wire.changed(1, &space, &mut vaults);
    wire.run(&mut vaults);
    wire.assert_quiet();
    assert_same(&a, &b, &space);
    assert_eq!(b.count(&space), 1);
}

#[test]
fn evidence_travels_and_the_rest_stays_in_the_tray() {
    let (mut a, mut b, mut c, space) = trio();
    sync(&mut a, &mut c);
    // B is removed, does not know it, and goes on; C does not know it either and builds on B's work.
    a.set_role(&space, b.person(), Role::None);
    b.commit(&space, 1);
    sync(&mut b, &mut c);
    c.commit(&space, 1);
    b.commit(&space, 2);
    sync(&mut b, &mut c);
    sync(&mut a, &mut c);
    assert_same(&a, &c, &space);
    assert_eq!(a.standings(&space), [Standing::Evidence, Standing::Valid]);
    assert_eq!(c.standings(&space), [Standing::Evidence, Standing::Valid, Standing::Tray]);
    let wire = sync(&mut a, &mut c);
    assert_eq!(wire.frames, [2, 2], "evidence is not sent again");
}
