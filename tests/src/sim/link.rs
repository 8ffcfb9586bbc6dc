//! A connection between two vaults: two sessions and the bytes on their way. It can be cut at any byte, and either side can crash between any two
//! effects.

use std::collections::VecDeque;
use std::sync::Arc;

use tuttu_model::{ComputerId, SpaceId};
use tuttu_sync::replica::Replica;
use tuttu_sync::session::{CloseReason, Effect, Session};

use super::random::Random;
use super::vault::Vault;

/// Bytes of the length before each frame.
const HEAD: usize = 4;

/// One side of a link.
pub struct End {
    /// The vault's number.
    pub vault: usize,
    remote: ComputerId,
    replica: Arc<dyn Replica + Send + Sync>,
    session: Session,
    /// Effects that are still to be carried out, before anything else happens at this end.
    todo: VecDeque<Effect>,
    /// Bytes that came, and bytes on their way.
    came: Vec<u8>,
    coming: VecDeque<u8>,
    /// The vault changed and the session was not told yet.
    news: bool,
    closed: bool,
    /// The session has just decided to send entries.
    sends_entries: bool,
}

/// What a link tells the world about.
#[derive(Debug)]
pub enum News {
    /// Nothing was left to do.
    Nothing,
    /// Something happened that concerns this link alone.
    Moved,
    /// The vault stored something; true when something was left out because what it rests on was not there.
    Stored(bool),
    /// The other computer confirmed this much.
    Acknowledged(tuttu_sync::feed::Vector),
    /// Both hold the same; damaged when their contents differ all the same.
    Equal(SpaceId, bool),
    /// This side ended the session.
    Closed(CloseReason),
}

/// Two ends.
pub struct Link {
    /// The ends.
    pub ends: [End; 2],
    /// Nothing travels any more; what came is still worked on.
    pub cut: bool,
    /// Frames and bytes sent.
    pub sent: (usize, usize),
}

impl End {
    fn new(number: usize, vault: &Vault, remote: &Vault, random: &mut Random) -> Self {
        let replica = vault.engine().replica();
        let mut session = Session::new(remote.computer()).with_nonce(random.bytes32());
        let todo = session.start(&*replica).into();
        let (came, coming) = (Vec::new(), VecDeque::new());
        Self {
            vault: number,
            remote: remote.computer(),
            replica,
            session,
            todo,
            came,
            coming,
            news: false,
            closed: false,
            sends_entries: false,
        }
    }

    /// The vault changed.
    pub fn notice(&mut self) {
        self.news = true;
    }

    /// The computer at the other end.
    #[must_use]
    pub fn remote(&self) -> ComputerId {
        self.remote
    }

    fn frame(&mut self) -> Option<Vec<u8>> {
        let head: [u8; HEAD] = self.came.get(..HEAD)?.try_into().ok()?;
        let length = usize::try_from(u32::from_be_bytes(head)).ok()?;
        let frame = self.came.get(HEAD..HEAD + length)?.to_vec();
        self.came.drain(..HEAD + length);
        Some(frame)
    }

    fn can_go_on(&self) -> bool {
        !self.closed && (!self.todo.is_empty() || self.news || !self.coming.is_empty() || self.session.wants_write() || self.has_frame())
    }

    fn has_frame(&self) -> bool {
        let head = self.came.get(..HEAD).and_then(|head| <[u8; HEAD]>::try_from(head).ok());
        head.is_some_and(|head| self.came.len() >= HEAD + usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX))
    }

    /// One input for the session; its effects are carried out one by one later.
    fn ask(&mut self, space: &SpaceId, random: &mut Random) {
        let mut ways: Vec<u8> = Vec::new();
        ways.extend(self.news.then_some(0));
        ways.extend(self.has_frame().then_some(1));
        ways.extend((!self.coming.is_empty()).then_some(2));
        ways.extend(self.session.wants_write().then_some(3));
        if ways.is_empty() {
            return;
        }
        let effects = match *random.pick(&ways) {
            0 => {
                self.news = false;
                self.session.changed(space, &*self.replica)
            }
            1 => self.frame().map(|frame| self.session.handle_frame(&frame, &*self.replica)).unwrap_or_default(),
            2 => {
                let count = if random.chance(60) { self.coming.len() } else { 1 + random.below(self.coming.len()) };
                self.came.extend(self.coming.drain(..count));
                Vec::new()
            }
            _ => self.session.writable(&*self.replica),
        };
        self.plan(effects);
    }

    fn plan(&mut self, effects: Vec<Effect>) {
        self.sends_entries |= effects.iter().any(|effect| matches!(effect, Effect::Send(frame) if carries_entries(frame)));
        self.todo.extend(effects);
    }

    /// Whether the session decided to send entries since it was last asked.
    pub fn decided_to_send(&mut self) -> bool {
        std::mem::take(&mut self.sends_entries)
    }
}

impl Link {
    /// Connects two vaults.
    #[must_use]
    pub fn new(vaults: &[Vault], one: usize, other: usize, random: &mut Random) -> Self {
        let ends = [(one, other), (other, one)].map(|(here, there)| End::new(here, &vaults[here], &vaults[there], random));
        Self { ends, cut: false, sent: (0, 0) }
    }

    /// Whether it joins this vault with another.
    #[must_use]
    pub fn is_of(&self, vault: usize) -> bool {
        self.ends.iter().any(|end| end.vault == vault)
    }

    /// Whether something is left to do.
    #[must_use]
    pub fn can_go_on(&self) -> bool {
        self.ends.iter().any(End::can_go_on)
    }

    /// Which ends have something left to do.
    #[must_use]
    pub fn busy_ends(&self) -> Vec<usize> {
        (0..2).filter(|at| self.ends[*at].can_go_on()).collect()
    }

    /// Both sessions say that nothing is under way.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.ends.iter().all(|end| end.closed || end.session.is_quiet())
    }

    /// Some of the bytes on their way still come, the others never: perhaps half a frame.
    pub fn break_off(&mut self, random: &mut Random) {
        self.cut = true;
        for end in &mut self.ends {
            let rest = random.below(end.coming.len() + 1);
            end.coming.truncate(rest);
        }
    }

    /// One end vanishes with all it had in memory.
    pub fn lose(&mut self, vault: usize, random: &mut Random) {
        self.break_off(random);
        for end in self.ends.iter_mut().filter(|end| end.vault == vault) {
            end.closed = true;
        }
    }

    /// The smallest thing that can happen at one end: one effect, or one input.
    pub fn advance(&mut self, at: usize, vaults: &[Vault], space: &SpaceId, random: &mut Random) -> News {
        let end = &mut self.ends[at];
        if end.closed || !end.can_go_on() {
            return News::Nothing;
        }
        let Some(effect) = end.todo.pop_front() else {
            end.ask(space, random);
            return News::Moved;
        };
        let engine = vaults[end.vault].engine();
        match effect {
            Effect::Send(frame) => self.send(at, &frame),
            Effect::Store { token, space, batch } => {
                let outcome = engine.apply_remote(&end.remote, &space, batch);
                let pending = outcome.pending;
                let more = end.session.stored(token, outcome, &*end.replica);
                end.plan(more);
                News::Stored(pending)
            }
            Effect::Acknowledged { space, vector } => {
                let recorded = engine.acknowledged(&end.remote, &space, &vector);
                assert!(recorded.is_ok(), "{recorded:?}");
                News::Acknowledged(vector)
            }
            Effect::OwnFeedAhead { space, feed } => {
                let recorded = engine.own_feed_ahead(&space, &feed);
                assert!(recorded.is_ok(), "{recorded:?}");
                News::Moved
            }
            Effect::Equal { space, damaged } => News::Equal(space, damaged),
            Effect::Close(reason) => {
                end.closed = true;
                self.cut = true;
                News::Closed(reason)
            }
            Effect::Announced { space, genesis } => {
                let taken = engine.announced(&space, *genesis);
                assert!(taken.is_ok(), "{taken:?}");
                let more = end.session.changed(&space, &*end.replica);
                end.plan(more);
                News::Stored(false)
            }
            Effect::Removed { .. } | Effect::Receiving { .. } => News::Moved,
        }
    }

    fn send(&mut self, from: usize, frame: &[u8]) -> News {
        self.sent = (self.sent.0 + 1, self.sent.1 + frame.len());
        if !self.cut {
            let length = u32::try_from(frame.len()).expect("a frame is short");
            let to = &mut self.ends[1 - from];
            to.coming.extend(length.to_be_bytes());
            to.coming.extend(frame);
        }
        News::Moved
    }
}

/// Whether a frame is a chunk with entries in it: message 7 with no operations and no proofs but something after them (docs/protocol.md).
fn carries_entries(frame: &[u8]) -> bool {
    let plain = match frame.split_first() {
        Some((0, plain)) => plain.to_vec(),
        Some((_, small)) => zstd::bulk::decompress(small, tuttu_sync::limits::FRAME_INFLATED_BYTES).unwrap_or_default(),
        None => return false,
    };
    if plain.first() != Some(&7) {
        return false;
    }
    let mut rest = plain.get(1 + 16..).unwrap_or_default();
    // round, id, operations, proofs, entries
    let numbers: Vec<u64> = (0..5).map(|_| number(&mut rest)).collect();
    numbers[2] == 0 && numbers[3] == 0 && numbers[4] > 0
}

/// A number in LEB128.
fn number(bytes: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    while let Some((byte, rest)) = bytes.split_first() {
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << shift;
        shift += 7;
        if byte & 0x80 == 0 || shift > 63 {
            break;
        }
    }
    value
}
