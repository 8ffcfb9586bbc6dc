//! What travels in a pairing, and the hashes that hold it together.

use serde::{Deserialize, Serialize};
use tuttu_model::PersonId;

use super::{Binding, Introduction, Offer, Refusal, SpaceOps, Words};
use crate::invite::{LookupId, Secret};
use crate::limits::NAME_CHARS;
use crate::membership::SignedOp;
use crate::signing::{self, SignatureBytes};
use crate::words::WORDS;

/// The version of this protocol. The shapes of [`Message::Start`] and of a refusal stay the same in every version.
pub(super) const PROTOCOL: u32 = 1;

const PROOF_CONTEXT: &str = "tuttu pairing proof key v1";
const COMMIT_CONTEXT: &str = "tuttu pairing commitment v1";
const WORDS_CONTEXT: &str = "tuttu pairing words v1";

#[allow(clippy::large_enum_variant, reason = "a pairing makes a handful of them, one at a time")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Message {
    Refused(Refusal),
    Start { protocol: u32, lookup: LookupId, commitment: [u8; 32], proof: [u8; 32] },
    Offer { nonce: [u8; 32], proof: [u8; 32], offer: Offer },
    Open { nonce: [u8; 32], introduction: Introduction },
    Confirm { certificate: Option<SignedOp> },
    AskConsent { person: PersonId },
    Consent { signature: SignatureBytes },
    Spaces { spaces: Vec<SpaceOps>, last: bool },
    Received,
    ConfirmVouched { vouchers: Vec<SignedOp> },
}

impl Message {
    /// Its name, for the text of an error.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Refused(_) => "a refusal",
            Self::Start { .. } => "a start",
            Self::Offer { .. } => "an offer",
            Self::Open { .. } => "an introduction",
            Self::Confirm { .. } | Self::ConfirmVouched { .. } => "a confirmation",
            Self::AskConsent { .. } => "a request for consent",
            Self::Consent { .. } => "consent",
            Self::Spaces { .. } => "spaces",
            Self::Received => "a receipt",
        }
    }
}

/// Which side proves that it knows the secret.
#[derive(Debug, Clone, Copy)]
pub(super) enum Prover {
    Joiner,
    Inviter,
}

/// Proves knowledge of the secret in this TLS session, for these two computers, this role and these values.
pub(super) fn proof(secret: &Secret, binding: &Binding, prover: Prover, commitment: &[u8; 32], nonce: &[u8; 32]) -> blake3::Hash {
    let key = signing::hash(PROOF_CONTEXT, &secret.0);
    let label: &[u8; 8] = match prover {
        Prover::Joiner => b"joiner  ",
        Prover::Inviter => b"inviter ",
    };
    let mut mac = blake3::Hasher::new_keyed(&key);
    mac.update(label);
    bind(&mut mac, binding);
    mac.update(commitment);
    mac.update(nonce);
    mac.finalize()
}

/// Binds the joiner to its nonce before it sees the inviter's.
pub(super) fn commitment(nonce: &[u8; 32]) -> [u8; 32] {
    signing::hash(COMMIT_CONTEXT, nonce)
}

/// The four words for this session and these nonces.
pub(super) fn words(binding: &Binding, inviter_nonce: &[u8; 32], joiner_nonce: &[u8; 32]) -> Words {
    let mut hasher = blake3::Hasher::new_derive_key(WORDS_CONTEXT);
    bind(&mut hasher, binding);
    hasher.update(inviter_nonce);
    hasher.update(joiner_nonce);
    let hash = hasher.finalize();
    let mut words = [""; 4];
    for (word, byte) in words.iter_mut().zip(hash.as_bytes()) {
        *word = WORDS.get(usize::from(*byte)).copied().unwrap_or_default();
    }
    Words(words)
}

fn bind(hasher: &mut blake3::Hasher, binding: &Binding) {
    hasher.update(&binding.exporter);
    hasher.update(binding.joiner.as_bytes());
    hasher.update(binding.inviter.as_bytes());
}

/// Whether a name a peer sent may be shown.
pub(super) fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= NAME_CHARS && !text.chars().any(char::is_control)
}
