//! Typed identifiers. Each has its own printed shape and its own error.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Text that is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is not {expected}")]
pub struct ParseIdError {
    /// What was read, cut to 80 characters.
    pub text: String,
    /// What would have been right, with its article.
    pub expected: &'static str,
}

impl ParseIdError {
    fn new(text: &str, expected: &'static str) -> Self {
        Self { text: text.chars().take(80).collect(), expected }
    }
}

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn crockford_digit(byte: u8) -> Option<u8> {
    let upper = match byte.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    CROCKFORD.iter().position(|digit| *digit == upper).and_then(|at| u8::try_from(at).ok())
}

/// Names one document, unique within its space: 48 bits of milliseconds since 1970 and 80 random bits, printed as a
/// 26-digit ULID in Crockford's base 32.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocumentId(pub [u8; 16]);

impl DocumentId {
    /// Builds an id from the time of creation and ten random bytes.
    #[must_use]
    pub fn new(unix_millis: u64, random: [u8; 10]) -> Self {
        let mut bytes = [0; 16];
        let (time, rest) = bytes.split_at_mut(6);
        time.copy_from_slice(unix_millis.to_be_bytes().split_at(2).1);
        rest.copy_from_slice(&random);
        Self(bytes)
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = u128::from_be_bytes(self.0);
        let mut letters = [0; 26];
        for (letter, place) in letters.iter_mut().zip((0..26).rev()) {
            let digit = usize::try_from((number >> (5 * place)) & 31).unwrap_or(0);
            *letter = CROCKFORD.get(digit).copied().unwrap_or(b'0');
        }
        f.write_str(str::from_utf8(&letters).unwrap_or_default())
    }
}

impl fmt::Debug for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentId({self})")
    }
}

impl FromStr for DocumentId {
    type Err = ParseIdError;

    /// Reads 26 digits of Crockford's base 32, with or without a kind prefix such as `p_`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseIdError::new(text, "the id of a record");
        let digits = text.rsplit_once('_').map_or(text, |(_, digits)| digits);
        if digits.len() != 26 {
            return Err(wrong());
        }
        let mut number: u128 = 0;
        for (place, byte) in digits.bytes().enumerate() {
            let digit = crockford_digit(byte).ok_or_else(wrong)?;
            if place == 0 && digit > 7 {
                return Err(wrong());
            }
            number = (number << 5) | u128::from(digit);
        }
        Ok(Self(number.to_be_bytes()))
    }
}

macro_rules! id32 {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The raw bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, data_encoding::BASE32_NOPAD.encode(&self.0).to_ascii_lowercase())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let short: String = self.to_string().chars().take(10).collect();
                write!(f, "{}({short}…)", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let wrong = || ParseIdError::new(text, $expected);
                let digits = text.strip_prefix($prefix).ok_or_else(wrong)?.to_ascii_uppercase();
                let bytes = data_encoding::BASE32_NOPAD.decode(digits.as_bytes()).map_err(|_| wrong())?;
                bytes.try_into().map(Self).map_err(|_| wrong())
            }
        }

        impl From<[u8; 32]> for $name {
            fn from(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
    };
}

id32!(
    /// Names a space: the hash of its genesis operation.
    SpaceId, "s_", "the id of a space"
);
id32!(
    /// Names a person: their Ed25519 public key (RFC 8032).
    PersonId, "person_", "the id of a person's key"
);
id32!(
    /// Names a computer: its Ed25519 public key (RFC 8032), which is also its address on the network.
    ComputerId, "c_", "the id of a computer"
);
id32!(
    /// Names a feed: the hash of its header.
    FeedId, "f_", "the id of a feed"
);
id32!(
    /// The hash of an Automerge change (SHA-256, computed by Automerge).
    ChangeHash, "h_", "the hash of a change"
);
id32!(
    /// The hash of a feed entry.
    EntryHash, "e_", "the hash of an entry"
);
id32!(
    /// The hash of a membership operation.
    OpHash, "o_", "the hash of an operation"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_id_survives_printing_and_reading() {
        let id = DocumentId::new(1_763_110_000_000, [7; 10]);
        let text = format!("p_{id}");
        assert!(text.starts_with("p_01"), "{text}");
        assert_eq!(text.parse::<DocumentId>(), Ok(id));
        assert_eq!(text.to_ascii_lowercase().parse::<DocumentId>(), Ok(id));
    }

    #[test]
    fn text_that_is_no_id_is_named_in_the_error() {
        let error = "p_123".parse::<DocumentId>().map_err(|error| error.to_string());
        assert_eq!(error, Err("“p_123” is not the id of a record".into()));
        assert!("8ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse::<DocumentId>().is_err(), "more than 128 bits");
    }

    #[test]
    fn hashes_print_with_their_own_prefix() {
        let space = SpaceId([9; 32]);
        assert_eq!(space.to_string().parse::<SpaceId>(), Ok(space));
        assert!(space.to_string().parse::<ComputerId>().is_err());
    }
}
