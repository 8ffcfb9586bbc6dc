//! Pairing: how a computer that brings a link is let into a space, or becomes one's own next computer.
//!
//! ```text
//! joiner                                             inviter
//!   Start   lookup, commitment to a nonce, proof  ->    finds the invitation, checks the proof
//!           checks the proof, shows the offer     <-  Offer   nonce, proof, what is offered
//!   Open    the committed nonce, names            ->    asks the person
//!           (both sides show the same four words)
//!   Confirm certificate for the space             ->    only after both agreed:
//!           (a computer link only)                <-  AskConsent  the person
//!   Consent the new computer's signature          ->
//!           checks that it is the space asked for <-  Spaces  membership operations, in chunks, the last one marked
//!   Received                                      ->    done
//! ```
//!
//! The proofs are keyed hashes over the TLS session's exported key, so they are worth nothing in another session. The joiner
//! is bound to its nonce before it sees the inviter's, so nobody in the middle can try nonces until both pairs of words agree.

use std::fmt;

use serde::{Deserialize, Serialize};
use tuttu_model::{ComputerId, PersonId, SpaceId};

use crate::membership::{Role, SignedOp};

mod inviter;
mod joiner;
mod messages;

pub use inviter::{Inviter, InviterEffect};
pub use joiner::{Joiner, JoinerEffect};

/// What ties a pairing to one TLS session between two computers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// 32 bytes exported from the TLS session with the label [`EXPORTER_LABEL`] and an empty context.
    pub exporter: [u8; 32],
    /// The computer that brought the link.
    pub joiner: ComputerId,
    /// The computer that made it.
    pub inviter: ComputerId,
}

/// The label for exporting key material from the TLS session.
pub const EXPORTER_LABEL: &[u8] = b"tuttu pairing v1";

/// The four words both sides must see alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words(pub [&'static str; 4]);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// All that the joiner sees before the inviter agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The inviter's name.
    pub inviter_name: String,
    /// The inviter's computer's name.
    pub computer_name: String,
    /// The space's name; `None` when a computer is added.
    pub space_name: Option<String>,
    /// The role; `None` when a computer is added.
    pub role: Option<Role>,
    /// When the invitation ends, in seconds since 1970.
    pub expires: i64,
    /// The inviter opted out of comparing words.
    pub auto: bool,
}

/// Who asks to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduction {
    /// The person's key; `None` when this becomes a computer of the inviter.
    pub person: Option<PersonId>,
    /// The person's name; empty when this becomes a computer of the inviter.
    pub person_name: String,
    /// The computer's name.
    pub computer_name: String,
    /// The joiner opted out of comparing words.
    pub auto: bool,
}

/// The membership operations of one space, parents first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceOps {
    /// The space.
    pub space: SpaceId,
    /// Its operations.
    pub ops: Vec<SignedOp>,
}

/// What the inviter found for a [`LookupId`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The secret of the invitation.
    pub secret: crate::invite::Secret,
    /// What is offered.
    pub offer: Offer,
    /// Where it leads.
    pub goal: Goal,
    /// Whether it can still be used, by the inviter's clock.
    pub state: InvitationState,
}

/// Where an invitation leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Into this space.
    Space(SpaceId),
    /// Among the computers of this person, the inviter.
    Computer(PersonId),
}

/// Whether an invitation can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationState {
    /// Nobody used it.
    Open,
    /// This very joiner was let in with it, but the connection ended before the operations arrived: they are sent again without asking.
    Admitted,
    /// Somebody used it.
    Used,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Withdrawn,
}

/// Why a pairing ended without success. The text is for the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// The inviter has no such invitation, or the proof is wrong. The two are not told apart.
    #[error("The invitation is not known on that computer. Ask for a new one.")]
    Unknown,
    /// The invitation was used.
    #[error("The invitation was already used. Ask for a new one.")]
    Used,
    /// The invitation has expired.
    #[error("The invitation has expired. Ask for a new one.")]
    Expired,
    /// The inviter took it back.
    #[error("The invitation was taken back. Ask for a new one.")]
    Withdrawn,
    /// The inviter said no.
    #[error("The request was declined.")]
    Declined,
    /// The joiner said no.
    #[error("The other side cancelled, perhaps because the words differed.")]
    Cancelled,
    /// The other computer could not prove that it knows the invitation's secret.
    #[error("The other computer could not prove that it made this invitation. Nothing was sent to it.")]
    Impostor,
    /// The other side speaks another version of the protocol; with theirs.
    #[error("The other computer runs a Tuttu that is too old or too new for this one (its protocol is {0}). Update both.")]
    Version(u32),
    /// The other side broke the protocol.
    #[error("The other computer sent something that makes no sense: {0}")]
    Protocol(String),
    /// Something failed on the inviter's computer.
    #[error("The other computer could not finish: {0}")]
    Failed(String),
}

#[cfg(test)]
mod tests;

/// The hashes of a pairing, for the protocol's test vectors.
#[cfg(test)]
pub(crate) struct PairingVectors {
    pub(crate) commitment: [u8; 32],
    pub(crate) joiner_proof: [u8; 32],
    pub(crate) inviter_proof: [u8; 32],
    pub(crate) words: String,
}

#[cfg(test)]
pub(crate) fn vectors_for_tests(
    secret: &crate::invite::Secret,
    binding: &Binding,
    inviter_nonce: &[u8; 32],
    joiner_nonce: &[u8; 32],
) -> PairingVectors {
    use messages::Prover;
    let commitment = messages::commitment(joiner_nonce);
    PairingVectors {
        commitment,
        joiner_proof: *messages::proof(secret, binding, Prover::Joiner, &commitment, &[0; 32]).as_bytes(),
        inviter_proof: *messages::proof(secret, binding, Prover::Inviter, &commitment, inviter_nonce).as_bytes(),
        words: messages::words(binding, inviter_nonce, joiner_nonce).to_string(),
    }
}
