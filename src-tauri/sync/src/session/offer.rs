//! Greeting, and finding out which spaces both sides share without naming any other.

use tuttu_model::SpaceId;

use super::lane::{Io, Lane, Stage};
use super::message::{Blind, MIN_PROTOCOL, Message, Offered, PROTOCOL};
use super::{CloseReason, Session, Step};
use crate::limits::SPACES;

impl Session {
    pub(super) fn offer_all(&mut self, io: &mut Io<'_>) -> Step {
        let mut offers = Vec::new();
        for space in io.replica.spaces()? {
            let nonce = self.nonce;
            let lane = self.lanes.entry(space).or_insert_with(|| Lane::new(space, Blind::new(&space, &io.me, &io.remote, &nonce)));
            if offers.len() < SPACES {
                offers.extend(lane.prepare_offer(io)?);
            }
        }
        io.send(&Message::Offer { spaces: offers });
        Ok(())
    }

    /// The peer's hello: its version, and the nonce it names spaces with.
    pub(super) fn greeted(&mut self, protocol: u32, min_protocol: u32, nonce: [u8; 32], io: &mut Io<'_>) -> Step {
        let spoken = protocol.min(PROTOCOL);
        if spoken < min_protocol || spoken < MIN_PROTOCOL {
            return Err(CloseReason::Version(protocol));
        }
        self.remote_nonce = Some(nonce);
        for space in io.replica.spaces()? {
            self.names.insert(Blind::new(&space, &io.remote, &io.me, &nonce), space);
        }
        Ok(())
    }

    pub(super) fn offered(&mut self, spaces: &[Offered], io: &mut Io<'_>) -> Step {
        self.heard_offer = true;
        for Offered { space, summary } in spaces {
            match self.names.get(space).copied() {
                Some(known) => {
                    self.lane(known, io).offer_came(*summary, io)?;
                    self.settle(&known, io)?;
                }
                // It may be joined while the connection stays open.
                None if self.unmatched.len() < SPACES => {
                    self.unmatched.insert(*space, *summary);
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Looks at a space that may have become shared since the exchange began.
    pub(super) fn consider(&mut self, space: &SpaceId, io: &mut Io<'_>) -> Step {
        if io.membership(space)?.is_none() {
            return Ok(());
        }
        let waiting = self.remote_nonce.and_then(|nonce| {
            let name = Blind::new(space, &io.remote, &io.me, &nonce);
            self.names.insert(name, *space);
            self.unmatched.remove(&name)
        });
        let lane = self.lane(*space, io);
        if matches!(lane.stage, Stage::Idle | Stage::Stopped)
            && let Some(offer) = lane.prepare_offer(io)?
        {
            io.send(&Message::Offer { spaces: vec![offer] });
        }
        match waiting {
            Some(summary) => lane.offer_came(summary, io),
            None => Ok(()),
        }
    }

    fn lane(&mut self, space: SpaceId, io: &Io<'_>) -> &mut Lane {
        let nonce = self.nonce;
        self.lanes.entry(space).or_insert_with(|| Lane::new(space, Blind::new(&space, &io.me, &io.remote, &nonce)))
    }
}
