//! The side that made the link.

use tuttu_model::OpHash;

use super::messages::{self, Message, PROTOCOL, Prover};
use super::{Binding, Found, Goal, Introduction, InvitationState, Refusal, SpaceOps, Words};
use crate::invite::LookupId;
use crate::membership::voucher::VOUCHERS;
use crate::membership::{SignedOp, Signer, VerifiedOp};
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
    /// Both agreed: spend the invitation, write the operations, then call [`Inviter::send`] (or [`Inviter::fail`]).
    Grant {
        /// Who is let in.
        introduction: Introduction,
        /// What makes the joiner's computer theirs in the space: one certificate by their person key, or a chain of vouchers. Signatures, persons, the
        /// computer and names are checked. Empty when a computer is added.
        certificates: Vec<VerifiedOp>,
        /// When a computer is added: its consent to be the inviter's; it belongs into the voucher, which checks it.
        consent: Option<SignatureBytes>,
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
        confirmed: Option<Vec<VerifiedOp>>,
    },
    /// Both agreed on a computer; it is asked for its consent.
    Consenting,
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
    goal: Option<Goal>,
    auto: bool,
    again: bool,
    introduction: Option<Introduction>,
}

impl Inviter {
    /// A pairing over the TLS session of `binding`. `nonce` is 32 fresh random bytes.
    #[must_use]
    pub fn new(binding: Binding, nonce: [u8; 32]) -> Self {
        Self { binding, nonce, state: State::New, goal: None, auto: false, again: false, introduction: None }
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
            (Message::Confirm { certificate }, State::Asked { approved, confirmed: None }) => {
                self.confirmed(approved, certificate.into_iter().collect())
            }
            (Message::ConfirmVouched { vouchers }, State::Asked { approved, confirmed: None }) => self.confirmed(approved, vouchers),
            (Message::Consent { signature }, State::Consenting) => self.consented(signature),
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
        self.goal = Some(found.goal);
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
        let person_fits = match self.goal {
            Some(Goal::Space(_)) => introduction.person.is_some() && messages::is_name(&introduction.person_name),
            Some(Goal::Computer(_)) | None => introduction.person.is_none() && introduction.person_name.is_empty(),
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

    fn confirmed(&mut self, approved: bool, certificates: Vec<SignedOp>) -> Vec<InviterEffect> {
        match self.check_certificates(certificates) {
            Ok(certificates) => {
                self.state = State::Asked { approved, confirmed: Some(certificates) };
                self.grant_if_agreed()
            }
            Err(text) => self.end(Refusal::Protocol(text.to_owned())),
        }
    }

    fn check_certificates(&self, certificates: Vec<SignedOp>) -> Result<Vec<VerifiedOp>, &'static str> {
        let (Some(Goal::Space(space)), Some(introduction)) = (self.goal, &self.introduction) else {
            return if certificates.is_empty() { Ok(Vec::new()) } else { Err("a certificate came where none is needed") };
        };
        if certificates.len() > VOUCHERS {
            return Err("there are too many certificates");
        }
        let mut above = (OpHash(space.0), introduction.person.map(Signer::Person));
        let mut verified: Vec<VerifiedOp> = Vec::with_capacity(certificates.len());
        for certificate in certificates {
            if feed::encode(&certificate).len() > crate::limits::OP_BYTES {
                return Err("a certificate is too long");
            }
            let certificate = certificate.verify().map_err(|_| "the certificate's signature does not match")?;
            let op = certificate.op();
            let certified = op.body.certified().ok_or("the certificate is another operation")?;
            // Each is signed by who the one before vouches for, the first by the person key, and rests on it.
            let follows = op.space == Some(space) && op.parents == [above.0] && Some(op.authority()) == above.1;
            if !follows || Some(*certified.person) != introduction.person || *certified.person_name != introduction.person_name {
                return Err("the certificate is for somebody else");
            }
            above = (certificate.hash(), Some(Signer::Computer(*certified.computer)));
            verified.push(certificate);
        }
        let last = verified.last().and_then(|certificate| certificate.op().body.certified()).ok_or("the certificate is missing")?;
        if *last.computer != self.binding.joiner || *last.computer_name != introduction.computer_name {
            return Err("the certificate is for somebody else");
        }
        Ok(verified)
    }

    fn grant_if_agreed(&mut self) -> Vec<InviterEffect> {
        let State::Asked { approved: true, confirmed: Some(certificates) } = &self.state else { return Vec::new() };
        let Some(introduction) = self.introduction.clone() else { return Vec::new() };
        let certificates = certificates.clone();
        if let Some(Goal::Computer(person)) = self.goal {
            self.state = State::Consenting;
            return send(&Message::AskConsent { person });
        }
        self.state = State::Granted;
        vec![InviterEffect::Grant { introduction, certificates, consent: None }]
    }

    fn consented(&mut self, consent: SignatureBytes) -> Vec<InviterEffect> {
        let Some(introduction) = self.introduction.clone() else { return Vec::new() };
        self.state = State::Granted;
        vec![InviterEffect::Grant { introduction, certificates: Vec::new(), consent: Some(consent) }]
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
