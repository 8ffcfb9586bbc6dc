//! The exchange between two computers: a state machine without IO. Frames and outcomes come in, effects go out.
//!
//! Both sides run the same steps for every space both offer (DESIGN section 5, "Exchange order"):
//!
//! 1. `Hello` and `Offer`: per space a name that only its members know, and hashes of what is held. All equal: done, in one round trip.
//! 2. `Rules`: heads of the membership graph and names of the fork proofs; chunks with what the other lacks. Then both fold and judge again who may read.
//! 3. `Vectors`: what each holds, feed by feed. Forks are searched; a computer that was rolled back takes its own entries back first.
//! 4. `Chunk`s of entries in the sender's order of arrival, acknowledged when they are durable, at most [`limits::WINDOW`](crate::limits::WINDOW) under way.
//! 5. `Level`: both are still; the accumulators are compared. The lane stays open and every later commit goes out at once.
//!
//! A new operation or proof in the middle begins a new round at 2. [`Session`] routes; a [`lane::Lane`] is the exchange of one space;
//! `rules`, `vectors`, `stream`, `receive` and `forks` are its steps.

use std::collections::BTreeMap;

use tuttu_model::{ComputerId, FeedId, SpaceId};

use crate::feed::{FeedHeader, ForkProof, SignedEntry, Vector};
use crate::membership::SignedOp;
use crate::replica::{ReadError, Replica};
use crate::wire;

mod forks;
mod lane;
mod message;
mod offer;
mod own;
mod receive;
mod rules;
mod stream;
#[cfg(test)]
mod tests;
mod vectors;

use lane::{Io, Lane, Link};
use message::{Blind, MIN_PROTOCOL, Message, PROTOCOL, Summary};

/// An entry that came in, with the bytes of its changes beside it. Nothing of it is checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingEntry {
    /// The header of its feed, where the sender thought it new to us.
    pub header: Option<FeedHeader>,
    /// The entry.
    pub entry: SignedEntry,
    /// The bytes of its changes, in the order of its items; `None` where they were erased.
    pub changes: Vec<Option<Vec<u8>>>,
    /// Not valid at the sender, but needed by what is (R2), or our own entry returned to us (R3).
    pub beyond_vector: bool,
}

/// Things to verify and store in one transaction, in this order: operations, proofs, entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncomingBatch {
    /// Membership operations, parents first.
    pub ops: Vec<SignedOp>,
    /// Fork proofs.
    pub proofs: Vec<ForkProof>,
    /// Entries, in the sender's order of arrival.
    pub entries: Vec<IncomingEntry>,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOutcome {
    /// Entries stored now or held already.
    pub stored: usize,
    /// The batch broke the protocol (bad signature, entry out of order, over a limit): close with this reason. What came before it is kept.
    pub refused: Option<String>,
    /// It was refused only because something it follows or rests on is not here.
    pub pending: bool,
    /// A feed froze (R5): it stops, the others go on. With what was wrong.
    pub frozen: Vec<(tuttu_model::FeedId, String)>,
}

/// Why an exchange ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CloseReason {
    /// The peer broke the protocol.
    Protocol(String),
    /// The peer speaks another version; with theirs.
    Version(u32),
    /// The peer closed, with its reason.
    Peer(String),
    /// Our own database cannot be read.
    Local(String),
}

/// What the caller must do, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send a frame.
    Send(Vec<u8>),
    /// Verify and store durably, then call [`Session::stored`] with the same token.
    Store {
        /// Names this batch.
        token: u64,
        /// The space.
        space: SpaceId,
        /// What came in.
        batch: IncomingBatch,
    },
    /// The peer acknowledged that it durably holds this much of the space: record it with the time.
    Acknowledged {
        /// The space.
        space: SpaceId,
        /// What it holds.
        vector: Vector,
    },
    /// The peer holds more of this computer's own feed than this computer, or other entries of it: the database was rolled back or copied.
    /// They come in as entries with `beyond_vector`, before anything is sent; start a new epoch and re-apply what was written since.
    OwnFeedAhead {
        /// The space.
        space: SpaceId,
        /// The feed; it may be unknown here.
        feed: FeedId,
    },
    /// Both sides hold the same of this space.
    Equal {
        /// The space.
        space: SpaceId,
        /// The accumulators differ although everything else is equal: damage or a bug.
        damaged: bool,
    },
    /// We were removed from a space: tell the person.
    Removed {
        /// The space.
        space: SpaceId,
    },
    /// An own computer tells of a space that is not held here: keep its genesis, then call [`Session::changed`]; the rest of it comes by itself.
    Announced {
        /// The space.
        space: SpaceId,
        /// Its first operation, not yet verified.
        genesis: Box<SignedOp>,
    },
    /// Entries still to come in this space, as the peer's vector says.
    Receiving {
        /// The space.
        space: SpaceId,
        /// Stored so far in this exchange.
        done: u64,
        /// Of so many.
        total: u64,
    },
    /// End the exchange.
    Close(CloseReason),
}

impl From<ReadError> for CloseReason {
    fn from(error: ReadError) -> Self {
        Self::Local(error.to_string())
    }
}

/// The outcome of one step: `Err` ends the exchange.
type Step = Result<(), CloseReason>;

fn broken(reason: &str) -> CloseReason {
    CloseReason::Protocol(reason.to_owned())
}

/// One exchange with one peer, over all spaces shared with it.
///
/// Call [`Session::start`], then give it every frame, outcome and change, carry out the effects in order, and call [`Session::writable`] while
/// [`Session::wants_write`] says so and the transport takes more.
#[derive(Debug)]
pub struct Session {
    nonce: [u8; 32],
    app: String,
    remote_nonce: Option<[u8; 32]>,
    /// The peer's first offer came: what it does not offer by now, it does not share.
    heard_offer: bool,
    closed: bool,
    lanes: BTreeMap<SpaceId, Lane>,
    /// The peer's names for the spaces held here.
    names: BTreeMap<Blind, SpaceId>,
    /// Offers of spaces that are not held here (yet).
    unmatched: BTreeMap<Blind, Summary>,
    announcements: own::Announcements,
    link: Link,
    /// The space that sent the last chunk, so that each gets its turn.
    turn: Option<SpaceId>,
}

impl Session {
    /// A new exchange with `remote`, as authenticated by the transport.
    #[must_use]
    pub fn new(remote: ComputerId) -> Self {
        Self {
            nonce: [0; 32],
            app: String::new(),
            remote_nonce: None,
            heard_offer: false,
            closed: false,
            lanes: BTreeMap::new(),
            names: BTreeMap::new(),
            unmatched: BTreeMap::new(),
            announcements: own::Announcements::default(),
            link: Link::new(remote),
            turn: None,
        }
    }

    /// Gives 32 fresh random bytes, so that the names of the spaces differ from one exchange to the next.
    #[must_use]
    pub fn with_nonce(mut self, nonce: [u8; 32]) -> Self {
        self.nonce = nonce;
        self
    }

    /// Gives the name and version of the app, shown to the peer.
    #[must_use]
    pub fn with_app(mut self, app: &str) -> Self {
        self.app = message::shown_reason(app);
        self
    }

    /// The first frames.
    pub fn start(&mut self, replica: &dyn Replica) -> Vec<Effect> {
        self.run(replica, |session, io| {
            io.send(&Message::Hello {
                protocol: PROTOCOL,
                min_protocol: MIN_PROTOCOL,
                capabilities: vec![own::ANNOUNCES.to_owned()],
                app: session.app.clone(),
                nonce: session.nonce,
            });
            session.offer_all(io)
        })
    }

    /// A frame came in.
    pub fn handle_frame(&mut self, frame: &[u8], replica: &dyn Replica) -> Vec<Effect> {
        self.run(replica, |session, io| {
            let first = session.remote_nonce.is_none();
            // The first message may be of a newer version and longer than ours.
            let read = if first { wire::unpack_longer(frame) } else { wire::unpack(frame) };
            let message: Message = read.map_err(|error| CloseReason::Protocol(error.to_string()))?;
            message.check().map_err(broken)?;
            match message {
                Message::Bye { reason } => Err(CloseReason::Peer(message::shown_reason(&reason))),
                Message::Hello { protocol, min_protocol, nonce, capabilities, .. } if first => {
                    session.announcements.understood = capabilities.iter().any(|said| said == own::ANNOUNCES);
                    session.greeted(protocol, min_protocol, nonce, io)
                }
                _ if first => Err(broken("the first message is not a hello")),
                other => session.route(other, io),
            }
        })
    }

    /// A batch was stored (or not).
    pub fn stored(&mut self, token: u64, outcome: StoreOutcome, replica: &dyn Replica) -> Vec<Effect> {
        self.run(replica, |session, io| {
            let Some(pending) = io.link.pending.remove(&token) else { return Ok(()) };
            let space = pending.space;
            let lane = session.lanes.get_mut(&space);
            if let Some(reason) = outcome.refused {
                match lane {
                    Some(lane) if outcome.pending && lane.may_wait() => lane.missing = true,
                    _ => return Err(CloseReason::Protocol(reason)),
                }
            }
            let Some(lane) = session.lanes.get_mut(&space) else { return Ok(()) };
            lane.stored(pending, outcome.stored, !outcome.frozen.is_empty(), io)?;
            session.settle(&space, io)?;
            session.judge_announcements(io)
        })
    }

    /// The space changed here, by a local commit or by another peer: what is new goes out with the next [`Session::writable`]. Calling it for the
    /// peer's own batches is harmless. To be called too when a space was made, joined or left.
    pub fn changed(&mut self, space: &SpaceId, replica: &dyn Replica) -> Vec<Effect> {
        self.run(replica, |session, io| {
            session.consider(space, io)?;
            if let Some(lane) = session.lanes.get_mut(space) {
                lane.changed();
            }
            session.settle(space, io)?;
            session.announce(io)?;
            session.judge_announcements(io)
        })
    }

    /// The transport can take more: the next chunk, if one is waiting (one chunk per call keeps memory bounded).
    pub fn writable(&mut self, replica: &dyn Replica) -> Vec<Effect> {
        self.run(replica, |session, io| {
            let waiting: Vec<SpaceId> = session.lanes.iter().filter(|(_, lane)| lane.wants_write()).map(|(space, _)| *space).collect();
            let (before, after): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|space| session.turn.is_some_and(|turn| *space <= turn));
            for space in after.into_iter().chain(before) {
                if !io.link.has_room() {
                    break;
                }
                let Some(lane) = session.lanes.get_mut(&space) else { continue };
                let sent = lane.send_next(io)?;
                session.settle(&space, io)?;
                if sent {
                    session.turn = Some(space);
                    break;
                }
            }
            Ok(())
        })
    }

    /// Whether [`Session::writable`] has something to look at. It may turn out to be nothing new.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        !self.closed && self.link.has_room() && self.lanes.values().any(Lane::wants_write)
    }

    /// Nothing is under way: everything known is exchanged and acknowledged both ways.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.closed
            || (self.heard_offer && self.link.pending.is_empty() && self.link.unacked.is_empty() && self.lanes.values().all(Lane::is_quiet))
    }

    fn run(&mut self, replica: &dyn Replica, step: impl FnOnce(&mut Self, &mut Io<'_>) -> Step) -> Vec<Effect> {
        if self.closed {
            return Vec::new();
        }
        // The link is lent to the step, so that a lane can be borrowed beside it.
        let mut link = std::mem::replace(&mut self.link, Link::new(replica.computer()));
        let mut io = Io { replica, me: replica.computer(), remote: link.remote, effects: Vec::new(), link: &mut link };
        let outcome = step(self, &mut io);
        if let Err(reason) = outcome {
            self.closed = true;
            let said = match &reason {
                CloseReason::Protocol(text) => Some(text.clone()),
                CloseReason::Version(_) => Some(format!("this computer speaks versions {MIN_PROTOCOL} to {PROTOCOL} of the protocol")),
                CloseReason::Local(_) => Some("this computer cannot read its own data".to_owned()),
                CloseReason::Peer(_) => None,
            };
            if let Some(text) = said {
                io.send(&Message::Bye { reason: message::shown_reason(&text) });
            }
            io.effects.push(Effect::Close(reason));
        }
        let effects = io.effects;
        self.link = link;
        effects
    }

    fn route(&mut self, message: Message, io: &mut Io<'_>) -> Step {
        let name = match &message {
            Message::Bye { .. } | Message::Hello { .. } => return Err(broken("a hello came twice")),
            Message::Offer { .. } | Message::Announce { .. } => None,
            Message::Vectors(vectors) => Some(vectors.space),
            Message::Chunk(chunk) => Some(chunk.space),
            Message::Introduce { space, .. }
            | Message::Rules { space, .. }
            | Message::Blocked { space, .. }
            | Message::Ack { space, .. }
            | Message::Level { space, .. }
            | Message::Stopped { space }
            | Message::Probe { space, .. }
            | Message::Places { space, .. }
            | Message::AskEntry { space, .. }
            | Message::OneEntry { space, .. } => Some(*space),
        };
        let Some(name) = name else {
            return match message {
                Message::Offer { spaces } => {
                    self.offered(&spaces, io)?;
                    self.announce(io)
                }
                Message::Announce { genesis } => self.announced(*genesis, io),
                _ => Ok(()),
            };
        };
        let Some(space) = self.names.get(&name).copied() else { return Err(broken("a message is about a space that was not offered")) };
        let Some(lane) = self.lanes.get_mut(&space) else { return Err(broken("a message is about a space that was not offered")) };
        lane.handle(message, io)?;
        self.settle(&space, io)
    }

    fn settle(&mut self, space: &SpaceId, io: &mut Io<'_>) -> Step {
        let Some(lane) = self.lanes.get_mut(space) else { return Ok(()) };
        lane.settle(io)
    }
}

/// Hashes and frames for the protocol's test vectors.
#[cfg(test)]
pub(crate) mod vectors_for_tests {
    use tuttu_model::{ComputerId, SpaceId};

    use super::message::{Blind, Message};
    use crate::wire;

    pub(crate) use super::message::{proof_id, rules_digest};

    pub(crate) fn space_name(space: &SpaceId, sender: &ComputerId, receiver: &ComputerId, nonce: &[u8; 32]) -> [u8; 16] {
        Blind::new(space, sender, receiver, nonce).0
    }

    pub(crate) fn announce(genesis: crate::membership::SignedOp) -> Vec<u8> {
        wire::pack(&Message::Announce { genesis: Box::new(genesis) })
    }

    pub(crate) fn hello(nonce: [u8; 32]) -> Vec<u8> {
        wire::pack(&Message::Hello { protocol: 1, min_protocol: 1, capabilities: Vec::new(), app: "tuttu 0.1.0".into(), nonce })
    }

    pub(crate) fn bye(reason: &str) -> Vec<u8> {
        wire::pack(&Message::Bye { reason: reason.to_owned() })
    }
}
