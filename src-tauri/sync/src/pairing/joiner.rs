//! The side that brings the link.

use tuttu_model::{PersonId, SpaceId};

use super::messages::{self, Message, PROTOCOL, Prover};
use super::{Binding, Introduction, Offer, Refusal, SpaceOps, Words};
use crate::invite::{Link, Secret};
use crate::limits::{OP_BYTES, OPS, SPACES};
use crate::membership::SignedOp;
use crate::signing::SignatureBytes;
use crate::{feed, wire};

/// What the joiner's caller must do, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JoinerEffect {
    /// Send a frame.
    Send(Vec<u8>),
    /// Show what is offered and the words; then call [`Joiner::confirm`] or [`Joiner::decline`]. When the words need not be
    /// compared, confirming at once is right.
    Show {
        /// What is offered.
        offer: Offer,
        /// The words.
        words: Words,
        /// Whether the person must compare them with the inviter's.
        compare: bool,
    },
    /// Only for a computer link: sign [`crate::membership::voucher_consent`] with this computer's key and call [`Joiner::consent`].
    Consent {
        /// The person whose computer this becomes.
        person: PersonId,
    },
    /// Done: the membership operations of each space, parents first, not yet verified, each with its genesis.
    Finished {
        /// The spaces.
        spaces: Vec<SpaceOps>,
    },
    /// Over without success.
    Failed(Refusal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Started,
    Shown,
    Confirmed,
    Over,
}

/// The joiner's side of one pairing.
#[derive(Debug)]
pub struct Joiner {
    binding: Binding,
    secret: Secret,
    space: Option<SpaceId>,
    introduction: Introduction,
    nonce: [u8; 32],
    state: State,
    /// Who asked for consent.
    person: Option<PersonId>,
    received: Vec<SpaceOps>,
    count: usize,
}

impl Joiner {
    /// A pairing for the link, over the TLS session of `binding`. `nonce` is 32 fresh random bytes.
    #[must_use]
    pub fn new(binding: Binding, link: &Link, introduction: Introduction, nonce: [u8; 32]) -> Self {
        Self {
            binding,
            secret: *link.secret(),
            space: link.space(),
            introduction,
            nonce,
            state: State::New,
            person: None,
            received: Vec::new(),
            count: 0,
        }
    }

    /// The first frame.
    pub fn start(&mut self) -> Vec<JoinerEffect> {
        if self.state != State::New {
            return Vec::new();
        }
        self.state = State::Started;
        let commitment = messages::commitment(&self.nonce);
        let proof = messages::proof(&self.secret, &self.binding, Prover::Joiner, &commitment, &[0; 32]);
        send(&Message::Start { protocol: PROTOCOL, lookup: self.secret.lookup(), commitment, proof: *proof.as_bytes() })
    }

    /// A frame came in.
    pub fn handle_frame(&mut self, frame: &[u8]) -> Vec<JoinerEffect> {
        if self.state == State::Over {
            return Vec::new();
        }
        match wire::unpack(frame) {
            Ok(Message::Refused(refusal)) => {
                self.state = State::Over;
                vec![JoinerEffect::Failed(refusal)]
            }
            Ok(Message::Offer { nonce, proof, offer }) if self.state == State::Started => self.offered(&nonce, &proof, offer),
            Ok(Message::AskConsent { person }) if self.state == State::Confirmed && self.space.is_none() => self.consent_asked(person),
            Ok(Message::Spaces { spaces, last }) if self.state == State::Confirmed => self.collect(spaces, last),
            Ok(other) => self.fail(Refusal::Protocol(format!("{} came at the wrong time", other.name()))),
            Err(error) => self.fail(Refusal::Protocol(error.to_string())),
        }
    }

    /// The person agreed (or the words need not be compared). `certificates` make this computer the person's in the space: one signed by the person key,
    /// or a chain of vouchers, each resting on the one before and the first on the genesis. None for a computer link.
    pub fn confirm(&mut self, mut certificates: Vec<SignedOp>) -> Vec<JoinerEffect> {
        if self.state != State::Shown {
            return Vec::new();
        }
        self.state = State::Confirmed;
        let vouched = certificates.iter().any(SignedOp::is_vouched);
        if vouched {
            return send(&Message::ConfirmVouched { vouchers: certificates });
        }
        send(&Message::Confirm { certificate: certificates.pop() })
    }

    /// This computer's signature that it becomes the person's.
    pub fn consent(&mut self, signature: SignatureBytes) -> Vec<JoinerEffect> {
        if self.state == State::Confirmed { send(&Message::Consent { signature }) } else { Vec::new() }
    }

    /// The person said no, or closed the dialog.
    pub fn decline(&mut self) -> Vec<JoinerEffect> {
        if self.state == State::Over { Vec::new() } else { self.fail(Refusal::Cancelled) }
    }

    fn consent_asked(&mut self, person: PersonId) -> Vec<JoinerEffect> {
        if self.person.replace(person).is_some() {
            return self.fail(Refusal::Protocol("consent was asked for twice".to_owned()));
        }
        vec![JoinerEffect::Consent { person }]
    }

    fn offered(&mut self, nonce: &[u8; 32], proof: &[u8; 32], offer: Offer) -> Vec<JoinerEffect> {
        let commitment = messages::commitment(&self.nonce);
        let expected = messages::proof(&self.secret, &self.binding, Prover::Inviter, &commitment, nonce);
        // blake3's comparison takes the same time wherever the first difference is.
        if expected != blake3::Hash::from_bytes(*proof) {
            return self.fail(Refusal::Impostor);
        }
        if let Err(text) = self.check_offer(&offer) {
            return self.fail(Refusal::Protocol(text.to_owned()));
        }
        self.state = State::Shown;
        let words = messages::words(&self.binding, nonce, &self.nonce);
        let compare = !(offer.auto && self.introduction.auto);
        let mut effects = send(&Message::Open { nonce: self.nonce, introduction: self.introduction.clone() });
        effects.push(JoinerEffect::Show { offer, words, compare });
        effects
    }

    fn check_offer(&self, offer: &Offer) -> Result<(), &'static str> {
        let names = [Some(&offer.inviter_name), Some(&offer.computer_name), offer.space_name.as_ref()];
        if !names.into_iter().flatten().all(|name| messages::is_name(name)) {
            return Err("a name in the offer is empty or too long");
        }
        let for_space = offer.space_name.is_some() && offer.role.is_some_and(|role| role != crate::membership::Role::None);
        let for_computer = offer.space_name.is_none() && offer.role.is_none();
        let fits = if self.space.is_some() { for_space } else { for_computer };
        if fits { Ok(()) } else { Err("the offer does not fit the link") }
    }

    fn collect(&mut self, spaces: Vec<SpaceOps>, last: bool) -> Vec<JoinerEffect> {
        for SpaceOps { space, ops } in spaces {
            self.count += ops.len();
            let oversized = ops.iter().any(|op| feed::encode(op).len() > OP_BYTES);
            let wanted = self.space.is_none_or(|expected| expected == space);
            if oversized || !wanted || self.count > OPS || self.received.len() >= SPACES {
                return self.fail(Refusal::Protocol("the spaces sent are over a limit or not the ones asked for".to_owned()));
            }
            match self.received.iter_mut().find(|received| received.space == space) {
                Some(received) => received.ops.extend(ops),
                None => self.received.push(SpaceOps { space, ops }),
            }
        }
        if !last {
            return Vec::new();
        }
        let has_genesis = |received: &SpaceOps| received.ops.iter().any(|op| op.hash().0 == received.space.0);
        if self.received.is_empty() || !self.received.iter().all(has_genesis) {
            return self.fail(Refusal::Protocol("the operations do not begin the space".to_owned()));
        }
        self.state = State::Over;
        let mut effects = send(&Message::Received);
        effects.push(JoinerEffect::Finished { spaces: std::mem::take(&mut self.received) });
        effects
    }

    fn fail(&mut self, refusal: Refusal) -> Vec<JoinerEffect> {
        self.state = State::Over;
        let mut effects = send(&Message::Refused(refusal.clone()));
        effects.push(JoinerEffect::Failed(refusal));
        effects
    }
}

fn send(message: &Message) -> Vec<JoinerEffect> {
    vec![JoinerEffect::Send(wire::pack(message))]
}
