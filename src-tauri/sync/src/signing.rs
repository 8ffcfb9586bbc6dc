//! Hashes and signatures with their domains kept apart.

use iroh_base::{PublicKey, SecretKey, Signature};
use serde::{Deserialize, Serialize};

/// Why signed bytes were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The key is not a point on the curve.
    #[error("the key is not an Ed25519 public key")]
    BadKey,
    /// The signature does not belong to these bytes and this key.
    #[error("the signature does not match")]
    Mismatch,
    /// What was signed breaks a rule of form, so no honest computer made it.
    #[error("the signed bytes are malformed: {0}")]
    Malformed(&'static str),
}

/// An Ed25519 signature (RFC 8032).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignatureBytes(pub [u8; 64]);

impl std::fmt::Debug for SignatureBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start = self.0.first().copied().unwrap_or(0);
        write!(f, "SignatureBytes({start:02x}…)")
    }
}

impl Serialize for SignatureBytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for SignatureBytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes: &[u8] = <&[u8]>::deserialize(deserializer)?;
        bytes.try_into().map(Self).map_err(|_| serde::de::Error::custom("a signature has 64 bytes"))
    }
}

/// BLAKE3 in key derivation mode: the context keeps hashes of different things apart.
#[must_use]
pub fn hash(context: &str, bytes: &[u8]) -> [u8; 32] {
    blake3::derive_key(context, bytes)
}

/// Signs a 32-byte hash made by [`hash`]; the domain is in the hash.
#[must_use]
pub fn sign(key: &SecretKey, digest: &[u8; 32]) -> SignatureBytes {
    SignatureBytes(key.sign(digest).to_bytes())
}

/// Checks a signature over a hash.
///
/// # Errors
/// When the key is no key, or the signature does not match.
pub fn verify(key: &[u8; 32], digest: &[u8; 32], signature: &SignatureBytes) -> Result<(), SignatureError> {
    let key = PublicKey::from_bytes(key).map_err(|_| SignatureError::BadKey)?;
    key.verify(digest, &Signature::from_bytes(&signature.0)).map_err(|_| SignatureError::Mismatch)
}
