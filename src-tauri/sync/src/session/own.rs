//! Telling one's own other computers of spaces they have not heard of. Nobody else is told: whoever shares a space knows its name already.

use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::SpaceId;

use super::lane::{Io, Stage};
use super::message::Message;
use super::{CloseReason, Effect, Session, Step, broken};
use crate::feed;
use crate::limits::{OP_BYTES, SPACES};
use crate::membership::SignedOp;

/// A computer that says so in its Hello understands announcements.
pub(super) const ANNOUNCES: &str = "announces-spaces";
/// Announcements kept of a computer that is not known as an own one yet.
const WAITING: usize = 100;

/// What was announced, and what was heard.
#[derive(Debug, Default)]
pub(super) struct Announcements {
    /// The peer understands them.
    pub(super) understood: bool,
    said: BTreeSet<SpaceId>,
    /// Heard from a computer that may turn out to be an own one.
    waiting: BTreeMap<SpaceId, SignedOp>,
}

impl Session {
    /// Announces every space that both computers may read and that the peer, an own computer, has not offered.
    pub(super) fn announce(&mut self, io: &mut Io<'_>) -> Step {
        if !self.heard_offer || !self.announcements.understood {
            return Ok(());
        }
        let offered = |space: &&SpaceId| self.lanes.get(*space).is_some_and(|lane| lane.stage == Stage::Offered);
        let news: Vec<SpaceId> =
            self.lanes.keys().filter(offered).filter(|space| !self.announcements.said.contains(*space)).copied().collect();
        if news.is_empty() || !is_own(io)? {
            return Ok(());
        }
        for space in news {
            let genesis = io.membership(&space)?.and_then(|membership| membership.in_order().next().map(|op| op.to_signed()));
            if let Some(genesis) = genesis {
                self.announcements.said.insert(space);
                io.send(&Message::Announce { genesis: Box::new(genesis) });
            }
        }
        Ok(())
    }

    /// The peer tells of a space.
    pub(super) fn announced(&mut self, genesis: SignedOp, io: &mut Io<'_>) -> Step {
        if feed::encode(&genesis).len() > OP_BYTES {
            return Err(broken("an operation is longer than allowed"));
        }
        let space = genesis.claimed_space();
        if genesis.hash().0 != space.0 {
            return Err(broken("what was announced is not the beginning of a space"));
        }
        if self.announcements.waiting.len() < WAITING {
            self.announcements.waiting.insert(space, genesis);
        }
        self.judge_announcements(io)
    }

    /// Takes over what was announced, once it is known that an own computer said it.
    pub(super) fn judge_announcements(&mut self, io: &mut Io<'_>) -> Step {
        if self.announcements.waiting.is_empty() || !is_own(io)? {
            return Ok(());
        }
        let held = io.replica.spaces()?;
        for (space, genesis) in std::mem::take(&mut self.announcements.waiting) {
            if !held.contains(&space) && held.len() < SPACES {
                io.effects.push(Effect::Announced { space, genesis: Box::new(genesis) });
            }
        }
        Ok(())
    }
}

/// Whether both computers are the same person's, by the space that only those share.
fn is_own(io: &Io<'_>) -> Result<bool, CloseReason> {
    let Some(own) = io.replica.own_space()? else { return Ok(false) };
    let Some(membership) = io.membership(&own)? else { return Ok(false) };
    Ok(membership.may_read(&io.me) && membership.may_read(&io.remote))
}
