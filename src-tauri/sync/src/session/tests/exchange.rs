//! The ordinary ways of an exchange, and what it costs.

use tuttu_model::SpaceId;

use super::world::{Vault, Wire, assert_same, sync};
use crate::membership::Role;
use crate::replica::Replica;
use crate::session::Effect;

fn pair() -> (Vault, Vault, SpaceId) {
    let (mut a, mut b) = (Vault::new(1), Vault::new(2));
    let space = a.found(1);
    a.admit(&space, &mut b, Role::Editor);
    (a, b, space)
}

fn acknowledged(wire: &Wire, side: usize) -> Option<crate::feed::Vector> {
    wire.seen[side].iter().rev().find_map(|effect| match effect {
        Effect::Acknowledged { vector, .. } => Some(vector.clone()),
        _ => None,
    })
}

fn equal(wire: &Wire, side: usize) -> Vec<bool> {
    let damaged = |effect: &Effect| match effect {
        Effect::Equal { damaged, .. } => Some(*damaged),
        _ => None,
    };
    wire.seen[side].iter().filter_map(damaged).collect()
}

#[test]
fn a_first_exchange_brings_everything_and_is_acknowledged() {
    let (mut a, mut b, space) = pair();
    for doc in 0..100 {
        a.commit(&space, doc);
    }
    let wire = sync(&mut a, &mut b);
    assert_same(&a, &b, &space);
    assert_eq!(b.count(&space), 100);
    assert_eq!(acknowledged(&wire, 0), Some(a.vector(&space).unwrap()), "status rests on acknowledgement");
    assert_eq!(equal(&wire, 0), [false]);
    assert_eq!(equal(&wire, 1), [false]);
    let progress: Vec<_> = wire.seen[1].iter().filter(|effect| matches!(effect, Effect::Receiving { .. })).collect();
    assert_eq!(progress.first(), Some(&&Effect::Receiving { space, done: 0, total: 100 }));
    assert_eq!(progress.last(), Some(&&Effect::Receiving { space, done: 100, total: 100 }));
}

#[test]
fn no_difference_costs_one_round_trip_of_hashes() {
    let (mut a, mut b, space) = pair();
    for doc in 0..200 {
        a.commit(&space, doc);
    }
    sync(&mut a, &mut b);
    let wire = sync(&mut a, &mut b);
    assert_eq!(wire.frames, [2, 2], "a hello and an offer each");
    assert!(wire.bytes[0] < 250 && wire.bytes[1] < 250, "{:?}", wire.bytes);
    assert_eq!(equal(&wire, 0), [false]);
    assert_eq!(acknowledged(&wire, 1), Some(a.vector(&space).unwrap()));
}

/// Seeds 7893 and 7901. An operation and what was written under it came from a third, in the middle of a stream: the stream read them before the session was told.
#[test]
fn what_was_written_under_a_new_operation_waits_for_it() {
    let (mut a, mut b, mut c) = (Vault::new(1), Vault::new(2), Vault::new(3));
    let space = a.found(1);
    a.admit(&space, &mut b, Role::Editor);
    for doc in 0..40 {
        a.commit_sized(&space, doc, 200_000);
    }
    let mut elsewhere = a.clone();
    elsewhere.admit(&space, &mut c, Role::Editor);
    c.commit(&space, 50);
    let mut vaults = [&mut a, &mut b];
    let mut wire = Wire::connect(&mut vaults);
    while vaults[1].count(&space) == 0 {
        assert!(wire.step(&mut vaults));
    }
    sync(&mut elsewhere, &mut c);
    sync(vaults[0], &mut c);
    assert_eq!(wire.close_reason(1), None);
    wire.run(&mut vaults);
    wire.assert_quiet();
    assert_same(&a, &b, &space);
}

#[test]
fn ten_differences_each_way_cost_the_same_whatever_is_held() {
    let mut costs = Vec::new();
    for held in [10, 200] {
        let (mut a, mut b, space) = pair();
        for doc in 0..held {
            a.commit(&space, u8::try_from(doc % 250).unwrap());
        }
        sync(&mut a, &mut b);
        for doc in 0..10 {
            a.commit(&space, doc);
            b.commit(&space, 100 + doc);
        }
        let wire = sync(&mut a, &mut b);
        assert_same(&a, &b, &space);
        assert_eq!(a.count(&space), held + 20);
        costs.push(wire.bytes[0] + wire.bytes[1]);
        assert!(wire.frames[0] <= 8 && wire.frames[1] <= 8, "{:?}", wire.frames);
    }
    assert!(costs[0] < 6_000, "{costs:?}");
    assert!(costs[1] < costs[0] + 800, "{costs:?}");
}

#[test]
fn an_exchange_cut_at_any_frame_loses_nothing_when_it_is_resumed() {
    let (mut a, mut b, space) = pair();
    for doc in 0..10 {
        a.commit_sized(&space, doc, 400_000);
        b.commit(&space, 100 + doc);
    }
    let frames = {
        let (mut a, mut b) = (a.clone(), b.clone());
        sync(&mut a, &mut b).frames
    };
    for cut in 0..frames[0] + frames[1] {
        let (mut a, mut b) = (a.clone(), b.clone());
        let mut vaults = [&mut a, &mut b];
        let mut wire = Wire::connect(&mut vaults);
        while wire.frames[0] + wire.frames[1] < cut && wire.step(&mut vaults) {}
        let held = (a.count(&space), b.count(&space));
        drop(wire);
        let wire = sync(&mut a, &mut b);
        assert_same(&a, &b, &space);
        assert_eq!((a.count(&space), b.count(&space)), (20, 20), "cut at {cut}");
        let again = (20 - held.0 + 20 - held.1) * 410_000 + 10_000;
        assert!(wire.bytes[0] + wire.bytes[1] < again, "what was stored is not sent again");
    }
}

#[test]
fn at_most_four_chunks_are_under_way() {
    let (mut a, mut b, space) = pair();
    for doc in 0..40 {
        a.commit_sized(&space, doc, 500_000);
    }
    let mut vaults = [&mut a, &mut b];
    let mut wire = Wire::connect(&mut vaults);
    let mut most = 0;
    // The receiver gets its frames, but its acknowledgements stay on the way.
    for _ in 0..200 {
        if let Some(frame) = wire.queues[1].pop_front() {
            let effects = wire.sessions[1].handle_frame(&frame, vaults[1]);
            wire.carry_out(1, effects, &mut vaults);
        }
        if most == 0
            && let Some(frame) = wire.queues[0].pop_front()
        {
            let effects = wire.sessions[0].handle_frame(&frame, vaults[0]);
            wire.carry_out(0, effects, &mut vaults);
        }
        while wire.sessions[0].wants_write() {
            let effects = wire.sessions[0].writable(vaults[0]);
            wire.carry_out(0, effects, &mut vaults);
            most += 1;
        }
        if wire.sessions[1].wants_write() {
            let effects = wire.sessions[1].writable(vaults[1]);
            wire.carry_out(1, effects, &mut vaults);
        }
    }
    assert!(vaults[1].count(&space) < 40, "the window is closed");
    assert!(!wire.sessions[0].is_quiet());
    wire.run(&mut vaults);
    wire.assert_quiet();
    assert_same(&a, &b, &space);
}

#[test]
fn a_third_member_carries() {
    let (mut a, mut b, space) = pair();
    let mut c = Vault::new(3);
    a.admit(&space, &mut c, Role::Editor);
    for doc in 0..10 {
        a.commit(&space, doc);
    }
    sync(&mut a, &mut b);
    // C never meets A again: B brings A's entries, and C's grant was made after B last heard of the rules only if B has them.
    sync(&mut b, &mut c);
    assert_same(&b, &c, &space);
    assert_eq!(c.count(&space), 10);
    c.commit(&space, 3);
    sync(&mut b, &mut c);
    sync(&mut a, &mut b);
    assert_same(&a, &c, &space);
}

#[test]
fn commits_are_pushed_both_ways_while_connected() {
    let (mut a, mut b, space) = pair();
    let mut vaults = [&mut a, &mut b];
    let mut wire = Wire::connect(&mut vaults);
    wire.run(&mut vaults);
    for round in 0..5 {
        let before = wire.frames;
        vaults[0].commit(&space, round);
        wire.changed(0, &space, &mut vaults);
        vaults[1].commit(&space, 50 + round);
        wire.changed(1, &space, &mut vaults);
        assert!(!wire.sessions[0].is_quiet());
        wire.run(&mut vaults);
        wire.assert_quiet();
        assert_eq!(vaults[0].vector(&space), vaults[1].vector(&space));
        assert!(wire.frames[0] - before[0] <= 4, "a chunk, an acknowledgement, a level or two");
    }
    assert_eq!(acknowledged(&wire, 0), Some(a.vector(&space).unwrap()));
    assert_same(&a, &b, &space);
    assert!(equal(&wire, 1).len() > 1);
}

#[test]
fn nothing_comes_back_to_who_sent_it() {
    let (mut a, mut b, space) = pair();
    let mut vaults = [&mut a, &mut b];
    let mut wire = Wire::connect(&mut vaults);
    wire.run(&mut vaults);
    vaults[0].commit_sized(&space, 1, 50_000);
    wire.changed(0, &space, &mut vaults);
    wire.run(&mut vaults);
    wire.changed(1, &space, &mut vaults);
    wire.run(&mut vaults);
    assert!(wire.bytes[1] < 2_000, "{:?}", wire.bytes);
}

#[test]
fn unequal_records_under_equal_vectors_are_called_damage() {
    let (mut a, mut b, space) = pair();
    a.commit(&space, 1);
    sync(&mut a, &mut b);
    b.spaces.get_mut(&space).unwrap().broken_accumulator = true;
    let wire = sync(&mut a, &mut b);
    assert_eq!(equal(&wire, 0), [true]);
    assert_eq!(equal(&wire, 1), [true]);
}

#[test]
fn several_spaces_take_turns_and_others_are_not_named() {
    let (mut a, mut b, first) = pair();
    let second = a.found(2);
    a.admit(&second, &mut b, Role::Viewer);
    let secret = a.found(3);
    for doc in 0..20 {
        a.commit(&first, doc);
        a.commit(&second, doc);
        a.commit(&secret, doc);
    }
    let wire = sync(&mut a, &mut b);
    assert_same(&a, &b, &first);
    assert_same(&a, &b, &second);
    assert!(b.membership(&secret).unwrap().is_none());
    for effects in &wire.seen {
        assert!(!format!("{effects:?}").contains(&format!("{secret:?}")));
    }
}

#[test]
fn names_of_spaces_differ_between_directions_and_exchanges() {
    use crate::session::message::Blind;
    let (a, b, space) = pair();
    let one = Blind::new(&space, &a.id(), &b.id(), &[1; 32]);
    assert_ne!(one, Blind::new(&space, &b.id(), &a.id(), &[1; 32]), "a name cannot be sent back as one's own");
    assert_ne!(one, Blind::new(&space, &a.id(), &b.id(), &[2; 32]));
}
