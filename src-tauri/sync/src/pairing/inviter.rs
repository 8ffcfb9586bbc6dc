//! The side that made the link.

use tuttu_model::{OpHash, PersonId, SpaceId};

use super::messages::{self, Message, PROTOCOL, Prover};
use super::{Binding, Found, Introduction, InvitationState, Refusal, SpaceOps, Words};
use crate::invite::LookupId;
use crate::membership::{OpBody, SignedOp, VerifiedOp};
use crate::signing::SignatureBytes;
use crate::{feed, wire};

/// Operations sent in one frame, in bytes.
const CHUNK_BYTES: usize = 1024 * 1024;

/// What the inviter's caller must do, in order.
#[allow(clippy::large_enum_variant, reason = "a pairing makes a handful of them, one at a time")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InviterEffect {
    /// Send a frame.
    Send(Vec<u8>),
    /// Look the invitation up and call [`Inviter::found`] or [`Inviter::not_found`].
    LookUp {
        /// The hash of its secret.
        id: LookupId,
    },
    /// The joiner proved that it has the link. Ask the person and call [`Inviter::approve`] or [`Inviter::decline`]. When the
    /// words need not be compared, approving at once is right. Count these against the invitation: a joiner that goes away
    /// after seeing the words and comes back may be trying nonces.
    Ask {
        /// Who asks.
        introduction: Introduction,
        /// The words.
        words: Words,
        /// Whether the person must compare them with the joiner's.
        compare: bool,
        /// This computer was let in with this invitation before, but the connection ended before it got everything.
        again: bool,
    },
    /// Both agreed that a computer is added: call [`Inviter::ask_consent`] with the spaces it gets.
    ListSpaces {
        /// The new computer.
        introduction: Introduction,
    },
    /// Both agreed: spend the invitation, write the operations, then call [`Inviter::send`] (or [`Inviter::fail`]).
    Grant {
        /// Who is let in.
        introduction: Introduction,
        /// The joiner's certificate for its computer in the space; its signature, person, computer and names are checked. `None` when a computer is added.
        certificate: Option<VerifiedOp>,
        /// When a computer is added: its consent for each space, in the order asked for; each belongs into the certificate, which checks it.
        consents: Vec<(SpaceId, SignatureBytes)>,
    },
    /// The joiner has everything.
    Finished,
    /// Over without success.
    Failed(Refusal),
}

#[allow(clippy::large_enum_variant, reason = "a pairing makes a handful of them, one at a time")]
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    New,
    LookingUp {
        commitment: [u8; 32],
        proof: [u8; 32],
    },
    Offered {
        commitment: [u8; 32],
    },
    Asked {
        approved: bool,
        confirmed: Option<Option<VerifiedOp>>,
    },
    /// Both agreed on a computer; the caller lists the spaces.
    Listing,
    Consenting {
        spaces: Vec<SpaceId>,
    },
    Granted,
    Sent,
    Over,
}

/// The inviter's side of one pairing.
#[derive(Debug)]
pub struct Inviter {
    binding: Binding,
    nonce: [u8; 32],
    state: State,
    space: Option<SpaceId>,
    auto: bool,
    again: bool,
    introduction: Option<Introduction>,
}

impl Inviter {
    /// A pairing over the TLS session of `binding`. `nonce` is 32 fresh random bytes.
    #[must_use]
    pub fn new(binding: Binding, nonce: [u8; 32]) -> Self {
        Self { binding, nonce, state: State::New, space: None, auto: false, again: false, introduction: None }
    }

    /// A frame came in.
    pub fn handle_frame(&mut self, frame: &[u8]) -> Vec<InviterEffect> {
        if self.state == State::Over {
            return Vec::new();
        }
        let message = match wire::unpack(frame) {
            Ok(message) => message,
            Err(error) => return self.end(Refusal::Protocol(error.to_string())),
        };
        match (message, self.state.clone()) {
            (Message::Refused(refusal), _) => {
                self.state = State::Over;
                vec![InviterEffect::Failed(refusal)]
            }
            (Message::Start { protocol, lookup, commitment, proof }, State::New) => self.started(protocol, lookup, commitment, proof),
            (Message::Open { nonce, introduction }, State::Offered { commitment }) => self.opened(&nonce, introduction, &commitment),
            (Message::Confirm { certificate }, State::Asked { approved, confirmed: None }) => self.confirmed(approved, certificate),
            (Message::Consent { signatures }, State::Consenting { spaces }) => self.consented(&spaces, signatures),
            (Message::Received, State::Sent) => {
                self.state = State::Over;
                vec![InviterEffect::Finished]
            }
            (other, _) => self.end(Refusal::Protocol(format!("{} came at the wrong time", other.name()))),
        }
    }

    /// The invitation that was looked up.
    pub fn found(&mut self, found: Found) -> Vec<InviterEffect> {
        let State::LookingUp { commitment, proof } = self.state else { return Vec::new() };
        let expected = messages::proof(&found.secret, &self.binding, Prover::Joiner, &commitment, &[0; 32]);
        // blake3's comparison takes the same time wherever the first difference is.
        if expected != blake3::Hash::from_bytes(proof) {
            return self.end(Refusal::Unknown);
        }
        self.again = match found.state {
            InvitationState::Open => false,
            InvitationState::Admitted => true,
            InvitationState::Used => return self.end(Refusal::Used),
            InvitationState::Expired => return self.end(Refusal::Expired),
            InvitationState::Withdrawn => return self.end(Refusal::Withdrawn),
        };
        self.space = found.space;
        self.auto = found.offer.auto;
        self.state = State::Offered { commitment };
        let proof = messages::proof(&found.secret, &self.binding, Prover::Inviter, &commitment, &self.nonce);
        send(&Message::Offer { nonce: self.nonce, proof: *proof.as_bytes(), offer: found.offer })
    }

    /// There is no such invitation.
    pub fn not_found(&mut self) -> Vec<InviterEffect> {
        match self.state {
            State::LookingUp { .. } => self.end(Refusal::Unknown),
            _ => Vec::new(),
        }
    }

    /// The person lets the joiner in.
    pub fn approve(&mut self) -> Vec<InviterEffect> {
        let State::Asked { approved, .. } = &mut self.state else { return Vec::new() };
        *approved = true;
        self.grant_if_agreed()
    }

    /// The person does not let the joiner in.
    pub fn decline(&mut self) -> Vec<InviterEffect> {
        match self.state {
            State::Over | State::Sent => Vec::new(),
            _ => self.end(Refusal::Declined),
        }
    }

    /// The spaces that a new computer of `person` gets.
    pub fn ask_consent(&mut self, person: PersonId, spaces: Vec<SpaceId>) -> Vec<InviterEffect> {
        if self.state != State::Listing {
            return Vec::new();
        }
        self.state = State::Consenting { spaces: spaces.clone() };
        send(&Message::AskConsent { person, spaces })
    }

    /// The operations of the space (or, for a computer, of all spaces it gets), each list parents first.
    pub fn send(&mut self, spaces: Vec<SpaceOps>) -> Vec<InviterEffect> {
        if self.state != State::Granted {
            return Vec::new();
        }
        self.state = State::Sent;
        let mut chunks = chunked(spaces);
        let last = chunks.pop().unwrap_or_default();
        let mut effects: Vec<_> = chunks.into_iter().flat_map(|spaces| send(&Message::Spaces { spaces, last: false })).collect();
        effects.extend(send(&Message::Spaces { spaces: last, last: true }));
        effects
    }

    /// Writing the operations failed.
    pub fn fail(&mut self, text: &str) -> Vec<InviterEffect> {
        match self.state {
            State::Over => Vec::new(),
            _ => self.end(Refusal::Failed(text.to_owned())),
        }
    }

    fn started(&mut self, protocol: u32, lookup: LookupId, commitment: [u8; 32], proof: [u8; 32]) -> Vec<InviterEffect> {
        if protocol != PROTOCOL {
            // The other side is told our version; our own person is told theirs.
            self.state = State::Over;
            let mut effects = send(&Message::Refused(Refusal::Version(PROTOCOL)));
            effects.push(InviterEffect::Failed(Refusal::Version(protocol)));
            return effects;
        }
        self.state = State::LookingUp { commitment, proof };
        vec![InviterEffect::LookUp { id: lookup }]
    }

    fn opened(&mut self, nonce: &[u8; 32], introduction: Introduction, commitment: &[u8; 32]) -> Vec<InviterEffect> {
        if messages::commitment(nonce) != *commitment {
            return self.end(Refusal::Protocol("the nonce is not the one committed to".to_owned()));
        }
        let person_fits = match self.space {
            Some(_) => introduction.person.is_some() && messages::is_name(&introduction.person_name),
            None => introduction.person.is_none() && introduction.person_name.is_empty(),
        };
        if !person_fits || !messages::is_name(&introduction.computer_name) {
            return self.end(Refusal::Protocol("the introduction does not fit the invitation".to_owned()));
        }
        let words = messages::words(&self.binding, &self.nonce, nonce);
        let compare = !(self.auto && introduction.auto);
        self.introduction = Some(introduction.clone());
        self.state = State::Asked { approved: false, confirmed: None };
        vec![InviterEffect::Ask { introduction, words, compare, again: self.again }]
    }

    fn confirmed(&mut self, approved: bool, certificate: Option<SignedOp>) -> Vec<InviterEffect> {
        match self.check_certificate(certificate) {
            Ok(certificate) => {
                self.state = State::Asked { approved, confirmed: Some(certificate) };
                self.grant_if_agreed()
            }
            Err(text) => self.end(Refusal::Protocol(text.to_owned())),
        }
    }

    fn check_certificate(&self, certificate: Option<SignedOp>) -> Result<Option<VerifiedOp>, &'static str> {
        let (Some(space), Some(introduction)) = (self.space, &self.introduction) else {
            return if certificate.is_none() { Ok(None) } else { Err("a certificate came where none is needed") };
        };
        let certificate = certificate.ok_or("the certificate is missing")?;
        if feed::encode(&certificate).len() > crate::limits::OP_BYTES {
            return Err("the certificate is too long");
        }
        let certificate = certificate.verify().map_err(|_| "the certificate's signature does not match")?;
        let op = certificate.op();
        let OpBody::Certify { person, person_name, computer, computer_name, .. } = &op.body else {
            return Err("the certificate is another operation");
        };
        let same_names = *person_name == introduction.person_name && *computer_name == introduction.computer_name;
        let same_keys = Some(*person) == introduction.person && *computer == self.binding.joiner;
        if !same_names || !same_keys || op.space != Some(space) || op.parents != [OpHash(space.0)] {
            return Err("the certificate is for somebody else");
        }
        Ok(Some(certificate))
    }

    fn grant_if_agreed(&mut self) -> Vec<InviterEffect> {
        let State::Asked { approved: true, confirmed: Some(certificate) } = &self.state else { return Vec::new() };
        let Some(introduction) = self.introduction.clone() else { return Vec::new() };
        let certificate = certificate.clone();
        if self.space.is_none() {
            self.state = State::Listing;
            return vec![InviterEffect::ListSpaces { introduction }];
        }
        self.state = State::Granted;
        vec![InviterEffect::Grant { introduction, certificate, consents: Vec::new() }]
    }

    fn consented(&mut self, spaces: &[SpaceId], consents: Vec<(SpaceId, SignatureBytes)>) -> Vec<InviterEffect> {
        let Some(introduction) = self.introduction.clone() else { return Vec::new() };
        if !consents.iter().map(|(space, _)| space).eq(spaces) {
            return self.end(Refusal::Protocol("the consent is for other spaces".to_owned()));
        }
        self.state = State::Granted;
        vec![InviterEffect::Grant { introduction, certificate: None, consents }]
    }

    fn end(&mut self, refusal: Refusal) -> Vec<InviterEffect> {
        self.state = State::Over;
        let mut effects = send(&Message::Refused(refusal.clone()));
        effects.push(InviterEffect::Failed(refusal));
        effects
    }
}

/// Splits the operations into frames of about [`CHUNK_BYTES`].
fn chunked(spaces: Vec<SpaceOps>) -> Vec<Vec<SpaceOps>> {
    let mut chunks = Vec::new();
    let mut chunk: Vec<SpaceOps> = Vec::new();
    let mut bytes = 0;
    for SpaceOps { space, ops } in spaces {
        chunk.push(SpaceOps { space, ops: Vec::new() });
        for op in ops {
            let size = feed::encode(&op).len();
            if bytes > 0 && bytes + size > CHUNK_BYTES {
                chunks.push(std::mem::replace(&mut chunk, vec![SpaceOps { space, ops: Vec::new() }]));
                bytes = 0;
            }
            bytes += size;
            if let Some(part) = chunk.last_mut() {
                part.ops.push(op);
            }
        }
    }
    chunks.push(chunk);
    chunks
}

fn send(message: &Message) -> Vec<InviterEffect> {
    vec![InviterEffect::Send(wire::pack(message))]
}
