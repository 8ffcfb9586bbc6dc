//! Computers' keys as age keys: the X25519 keys that belong to their Ed25519 keys, as age does for SSH keys. Signatures and key agreement keep their domains apart.

use std::collections::BTreeSet;

use age::x25519::{Identity, Recipient};
use bech32::{Bech32, Hrp};
use ed25519_dalek::{SigningKey, VerifyingKey};
use iroh_base::SecretKey;
use tuttu_model::ComputerId;

use crate::api::{ErrorCode, ErrorView};

fn unusable() -> ErrorView {
    ErrorView::new(ErrorCode::Internal, "A computer's key cannot be used to encrypt.", "Nothing was written.")
}

fn text(prefix: &str, bytes: &[u8; 32]) -> Result<String, ErrorView> {
    let prefix = Hrp::parse(prefix).map_err(|_| unusable())?;
    bech32::encode::<Bech32>(prefix, bytes).map_err(|_| unusable())
}

/// What a file for these computers is locked with.
pub(super) fn recipients(computers: &BTreeSet<ComputerId>) -> Result<Vec<Recipient>, ErrorView> {
    computers.iter().map(recipient).collect()
}

fn recipient(computer: &ComputerId) -> Result<Recipient, ErrorView> {
    let key = VerifyingKey::from_bytes(&computer.0).map_err(|_| unusable())?;
    text("age", &key.to_montgomery().to_bytes())?.parse().map_err(|_| unusable())
}

/// What opens a file for this computer.
pub(super) fn identity(key: &SecretKey) -> Result<Identity, ErrorView> {
    let bytes = SigningKey::from_bytes(&key.to_bytes()).to_scalar_bytes();
    text("age-secret-key-", &bytes)?.to_uppercase().parse().map_err(|_| unusable())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_locked_for_a_computer_opens_with_its_key() {
        let key = SecretKey::from_bytes(&[7; 32]);
        let recipient = recipient(&ComputerId(*key.public().as_bytes())).unwrap();
        assert_eq!(identity(&key).unwrap().to_public().to_string(), recipient.to_string());
        let other = SecretKey::from_bytes(&[8; 32]);
        assert_ne!(identity(&other).unwrap().to_public().to_string(), recipient.to_string());
    }
}
