//! Two engines exchange through real sessions over an in-memory wire that can be cut after any frame.

use std::collections::VecDeque;
use std::sync::Arc;

use tuttu_engine::Engine;
use tuttu_model::ComputerId;
use tuttu_sync::replica::Replica;
use tuttu_sync::session::{CloseReason, Effect, Session};

/// Frames after which an exchange must have ended: a loop is a fault.
const ENDLESS: usize = 100_000;

/// How an exchange ended.
#[derive(Debug, Default)]
pub struct Exchange {
    /// Frames sent by both sides.
    pub frames: usize,
    /// Bytes of all frames.
    pub bytes: usize,
    /// Why a side closed, if one did.
    pub closed: Option<CloseReason>,
    /// A side found equal vectors but different contents.
    pub damaged: bool,
}

struct Side<'a> {
    engine: &'a Engine,
    replica: Arc<dyn Replica + Send + Sync>,
    session: Session,
    peer: ComputerId,
    inbox: VecDeque<Vec<u8>>,
}

impl<'a> Side<'a> {
    fn new(engine: &'a Engine, peer: &Engine, nonce: [u8; 32]) -> Self {
        let session = Session::new(peer.computer()).with_nonce(nonce);
        Self { engine, replica: engine.replica(), session, peer: peer.computer(), inbox: VecDeque::new() }
    }

    /// Carries out effects; frames to send come back.
    fn carry_out(&mut self, effects: Vec<Effect>, exchange: &mut Exchange) -> Vec<Vec<u8>> {
        let (mut frames, mut todo) = (Vec::new(), VecDeque::from(effects));
        while let Some(effect) = todo.pop_front() {
            match effect {
                Effect::Send(frame) => frames.push(frame),
                Effect::Store { token, space, batch } => {
                    let outcome = self.engine.apply_remote(&self.peer, &space, batch);
                    todo.extend(self.session.stored(token, outcome, &*self.replica));
                }
                Effect::Acknowledged { space, vector } => {
                    let recorded = self.engine.acknowledged(&self.peer, &space, &vector);
                    assert!(recorded.is_ok(), "{recorded:?}");
                }
                Effect::OwnFeedAhead { space, feed } => {
                    let recorded = self.engine.own_feed_ahead(&space, &feed);
                    assert!(recorded.is_ok(), "{recorded:?}");
                }
                Effect::Equal { damaged, .. } => exchange.damaged |= damaged,
                Effect::Close(reason) => exchange.closed = Some(reason),
                _ => {}
            }
        }
        frames
    }
}

/// Lets two engines exchange until both are quiet, or until the wire is cut after `cut` frames.
///
/// # Panics
/// When it never ends.
pub fn exchange(one: &Engine, other: &Engine, nonces: [[u8; 32]; 2], cut: Option<usize>) -> Exchange {
    let mut exchange = Exchange::default();
    let mut sides = [Side::new(one, other, nonces[0]), Side::new(other, one, nonces[1])];
    for at in 0..2 {
        let effects = {
            let side = &mut sides[at];
            side.session.start(&*side.replica)
        };
        deliver(&mut sides, at, effects, &mut exchange);
    }
    loop {
        let over = exchange.closed.is_some() || cut.is_some_and(|cut| exchange.frames >= cut);
        if over {
            return exchange;
        }
        assert!(exchange.frames < ENDLESS, "the exchange does not end");
        let Some(at) = (0..2).find(|at| !sides[*at].inbox.is_empty()) else {
            let Some(at) = (0..2).find(|at| sides[*at].session.wants_write()) else { return exchange };
            let effects = {
                let side = &mut sides[at];
                side.session.writable(&*side.replica)
            };
            deliver(&mut sides, at, effects, &mut exchange);
            continue;
        };
        let side = &mut sides[at];
        let Some(frame) = side.inbox.pop_front() else { continue };
        let effects = side.session.handle_frame(&frame, &*side.replica);
        deliver(&mut sides, at, effects, &mut exchange);
    }
}

fn deliver(sides: &mut [Side<'_>; 2], from: usize, effects: Vec<Effect>, exchange: &mut Exchange) {
    let frames = sides[from].carry_out(effects, exchange);
    for frame in frames {
        exchange.frames += 1;
        exchange.bytes += frame.len();
        sides[1 - from].inbox.push_back(frame);
    }
}
