//! What a peer can send that it should not.

use proptest::prelude::*;
use tuttu_model::SpaceId;

use super::world::{Vault, Wire, assert_same, sync};
use crate::feed::Vector;
use crate::limits::{FRAME_BYTES, FRAME_INFLATED_BYTES, WINDOW};
use crate::membership::Role;
use crate::replica::Replica;
use crate::session::message::{Blind, Chunk, End, Message, Offered, Summary};
use crate::session::{CloseReason, Effect, Session};
use crate::wire;

fn pair() -> (Vault, Vault, SpaceId) {
    let (mut a, mut b) = (Vault::new(1), Vault::new(2));
    let space = a.found(1);
    a.admit(&space, &mut b, Role::Editor);
    (a, b, space)
}

fn hello(protocol: u32, min_protocol: u32) -> Vec<u8> {
    let capabilities = vec!["teleport".to_owned()];
    wire::pack(&Message::Hello { protocol, min_protocol, capabilities, app: "x".into(), nonce: [2; 32] })
}

fn close(effects: &[Effect]) -> Option<CloseReason> {
    effects.iter().find_map(|effect| match effect {
        Effect::Close(reason) => Some(reason.clone()),
        _ => None,
    })
}

#[test]
fn frames_are_refused_when_they_are_nothing_or_too_much() {
    let (a, b, _) = pair();
    let bomb = zstd::bulk::compress(&vec![0; FRAME_INFLATED_BYTES + 1], 19).unwrap();
    let flagged = |flag: u8, bytes: &[u8]| [&[flag][..], bytes].concat();
    let frames =
        [Vec::new(), vec![7], vec![0], vec![1, 2, 3], flagged(0, &vec![0; FRAME_BYTES]), flagged(1, &bomb), flagged(0, &[200, 1, 2])];
    for frame in frames {
        for greeted in [false, true] {
            let mut session = Session::new(b.id());
            session.start(&a);
            if greeted {
                session.handle_frame(&hello(1, 1), &a);
            }
            let effects = session.handle_frame(&frame, &a);
            assert!(matches!(close(&effects), Some(CloseReason::Protocol(_))), "{effects:?}");
            assert!(matches!(effects.first(), Some(Effect::Send(_))), "the peer is told why");
            assert!(session.handle_frame(&hello(1, 1), &a).is_empty(), "after closing nothing is heard");
            assert!(session.is_quiet() && !session.wants_write());
        }
    }
}

#[test]
fn versions_meet_or_part() {
    let (a, b, _) = pair();
    for (protocol, min, expected) in
        [(1, 1, None), (9, 1, None), (9, 2, Some(CloseReason::Version(9))), (0, 0, Some(CloseReason::Version(0)))]
    {
        let mut session = Session::new(b.id());
        session.start(&a);
        // A newer hello may be longer.
        let mut frame = hello(protocol, min);
        frame.extend_from_slice(b"more");
        assert_eq!(close(&session.handle_frame(&frame, &a)), expected);
    }
    let mut session = Session::new(b.id());
    session.start(&a);
    session.handle_frame(&hello(1, 1), &a);
    assert!(matches!(close(&session.handle_frame(&hello(1, 1), &a)), Some(CloseReason::Protocol(_))), "one hello");
    let mut session = Session::new(b.id());
    let effects = session.handle_frame(&wire::pack(&Message::Offer { spaces: Vec::new() }), &a);
    assert!(matches!(close(&effects), Some(CloseReason::Protocol(_))), "hello comes first");
    let mut session = Session::new(b.id());
    let effects = session.handle_frame(&wire::pack(&Message::Bye { reason: "tired\n".repeat(500) }), &a);
    let Some(CloseReason::Peer(reason)) = close(&effects) else { panic!("{effects:?}") };
    assert!(reason.len() <= 500 && !reason.contains('\n'));
    assert_eq!(effects.len(), 1, "nothing is said to who has left");
}

/// A session of A that has greeted and matched with a B played by the test, and B's name for the space.
fn matched(a: &Vault, b: &Vault, space: &SpaceId) -> (Session, Blind) {
    let mut session = Session::new(b.id());
    session.start(a);
    session.handle_frame(&hello(1, 1), a);
    let name = Blind::new(space, &b.id(), &a.id(), &[2; 32]);
    let vector = a.vector(space).unwrap();
    let heads = a.membership(space).unwrap().unwrap().heads();
    let summary = Summary {
        rules: crate::session::message::rules_digest(&heads, &[]),
        vector: vector.digest(),
        accumulator: a.accumulator(space).unwrap(),
    };
    let effects = session.handle_frame(&wire::pack(&Message::Offer { spaces: vec![Offered { space: name, summary }] }), a);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Equal { damaged: false, .. })), "{effects:?}");
    (session, name)
}

#[test]
fn messages_out_of_place_end_the_exchange_or_change_nothing() {
    let (a, b, space) = pair();
    let name = matched(&a, &b, &space).1;
    let empty = Chunk { space: name, round: 0, id: 0, ops: Vec::new(), proofs: Vec::new(), entries: Vec::new(), end: End::No };
    let other = Blind([9; 16]);
    let refused = [
        Message::Level { space: other, summary: Summary { rules: [0; 32], vector: [0; 32], accumulator: [0; 32] } },
        Message::Ack { space: name, id: 77, tips: Vector::default() },
        Message::Ack { space: name, id: 0, tips: Vector::default() },
        Message::Chunk(Chunk { id: 5, ..empty.clone() }),
        Message::Probe { space: name, feed: tuttu_model::FeedId([1; 32]), at: vec![1; 1000] },
        Message::Rules { space: name, round: 1, heads: vec![tuttu_model::OpHash([1; 32]); 5000], known: Vec::new(), proofs: Vec::new() },
    ];
    for message in refused {
        let mut session = matched(&a, &b, &space).0;
        let effects = session.handle_frame(&wire::pack(&message), &a);
        assert!(matches!(close(&effects), Some(CloseReason::Protocol(_))), "{message:?} {effects:?}");
    }
    let harmless = [
        Message::Chunk(Chunk { round: 99, end: End::Rules, ..empty.clone() }),
        Message::Chunk(Chunk { round: 99, end: End::Stream, ..empty }),
        Message::Rules { space: name, round: 0, heads: Vec::new(), known: Vec::new(), proofs: Vec::new() },
        Message::Blocked { space: name, round: 3 },
        Message::AskEntry { space: name, feed: tuttu_model::FeedId([1; 32]), seq: 4 },
        Message::Probe { space: name, feed: tuttu_model::FeedId([1; 32]), at: vec![0, 1, u64::MAX] },
        Message::Places { space: name, feed: tuttu_model::FeedId([1; 32]), hashes: vec![(1, None)] },
        Message::OneEntry { space: name, feed: tuttu_model::FeedId([1; 32]), entry: None },
        Message::Introduce { space: name, heads: Vec::new(), known: Vec::new() },
        Message::Level { space: name, summary: Summary { rules: [0; 32], vector: [0; 32], accumulator: [0; 32] } },
    ];
    for message in harmless {
        let mut session = matched(&a, &b, &space).0;
        let effects = session.handle_frame(&wire::pack(&message), &a);
        assert_eq!(close(&effects), None, "{message:?}");
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Store { .. })), "{message:?}");
    }
}

#[test]
fn a_flood_of_chunks_is_cut_off() {
    let (a, b, space) = pair();
    let (mut session, name) = matched(&a, &b, &space);
    let ops = vec![b.certificate(&space)];
    let mut stores = 0;
    for id in 1..100 {
        let ops = ops.clone();
        let chunk = Chunk { space: name, round: 0, id, ops, proofs: Vec::new(), entries: Vec::new(), end: End::No };
        let effects = session.handle_frame(&wire::pack(&Message::Chunk(chunk)), &a);
        stores += effects.iter().filter(|effect| matches!(effect, Effect::Store { .. })).count();
        if close(&effects).is_some() {
            break;
        }
    }
    assert_eq!(stores, 2 * WINDOW);
}

#[test]
fn a_refused_batch_ends_the_exchange_and_keeps_what_came_before() {
    let (mut a, mut b, space) = pair();
    for doc in 0..5 {
        a.commit_sized(&space, doc, 10_000);
    }
    let mut vaults = [&mut a, &mut b];
    let mut wire = Wire::connect(&mut vaults);
    let mut tampered = false;
    for _ in 0..100 {
        // Turn one byte near the end of the chunk to B.
        if let Some(frame) = wire.queues[1].front_mut()
            && frame.len() > 10_000
            && let Some(byte) = frame.iter_mut().rev().nth(30)
        {
            *byte ^= 1;
            tampered = true;
        }
        if !wire.step(&mut vaults) {
            break;
        }
    }
    assert!(tampered);
    assert!(wire.close_reason(1).is_some());
    assert_eq!(b.count(&space), 4, "the entries before the damaged one are kept");
    sync(&mut a, &mut b);
    assert_same(&a, &b, &space);
}

#[test]
fn frames_that_come_twice_or_from_an_older_exchange_do_no_harm() {
    let (mut a, mut b, space) = pair();
    for doc in 0..5 {
        a.commit(&space, doc);
        b.commit(&space, 50 + doc);
    }
    let mut recorded = Vec::new();
    {
        let (mut a, mut b) = (a.clone(), b.clone());
        let mut vaults = [&mut a, &mut b];
        let mut wire = Wire::connect(&mut vaults);
        loop {
            recorded.extend(wire.queues[1].front().cloned());
            if !wire.step(&mut vaults) {
                break;
            }
        }
    }
    for frame in &recorded {
        let (mut a, mut b) = (a.clone(), b.clone());
        let mut vaults = [&mut a, &mut b];
        let mut wire = Wire::connect(&mut vaults);
        wire.run(&mut vaults);
        let effects = wire.sessions[1].handle_frame(frame, vaults[1]);
        wire.carry_out(1, effects, &mut vaults);
        wire.run(&mut vaults);
        assert_eq!(b.count(&space), 10);
        sync(&mut a, &mut b);
        assert_same(&a, &b, &space);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Whatever bytes come, at whatever point: no panic, and what is stored was verified.
    #[test]
    fn garbage_never_panics(point in 0_usize..14, at in any::<prop::sample::Index>(), byte in any::<u8>(), tail in prop::collection::vec(any::<u8>(), 0..20)) {
        let (mut a, mut b, space) = pair();
        for doc in 0..3 {
            a.commit(&space, doc);
            b.commit(&space, 50 + doc);
        }
        let mut vaults = [&mut a, &mut b];
        let mut wire = Wire::connect(&mut vaults);
        for _ in 0..point {
            wire.step(&mut vaults);
        }
        if let Some(frame) = wire.queues[1].front_mut() {
            let index = at.index(frame.len());
            frame[index] = byte;
            frame.extend(tail);
        }
        wire.run(&mut vaults);
        prop_assert!(b.count(&space) <= 6);
        sync(&mut a, &mut b);
        assert_same(&a, &b, &space);
    }

    /// Random work in three vaults, exchanges cut anywhere: all end up the same.
    #[test]
    fn three_vaults_converge(steps in prop::collection::vec((0_u8..8, 0_usize..3, 0_u8..4, 0_usize..30), 0..40)) {
        let mut vaults = [Vault::new(1), Vault::new(2), Vault::new(3)];
        let space = vaults[0].found(1);
        let (first, rest) = vaults.split_at_mut(1);
        for other in rest {
            first[0].admit(&space, other, Role::Editor);
        }
        for (action, who, doc, cut) in steps {
            match action {
                0..4 => {
                    vaults[who].commit(&space, doc);
                }
                _ => {
                    let (low, high) = if who == 2 { (0, 2) } else { (who, who + 1) };
                    let (left, right) = vaults.split_at_mut(high);
                    let mut two = [&mut left[low], &mut right[0]];
                    let mut wire = Wire::connect(&mut two);
                    wire.slow = doc % 2 == 0;
                    for _ in 0..cut {
                        wire.step(&mut two);
                    }
                }
            }
        }
        for _ in 0..2 {
            for (low, high) in [(0, 1), (1, 2)] {
                let (left, right) = vaults.split_at_mut(high);
                sync(&mut left[low], &mut right[0]);
            }
        }
        let (left, right) = vaults.split_at_mut(2);
        sync(&mut left[0], &mut right[0]);
        assert_same(&vaults[0], &vaults[1], &space);
        assert_same(&vaults[0], &vaults[2], &space);
        prop_assert_eq!(vaults[0].count(&space), vaults[2].count(&space));
    }
}
