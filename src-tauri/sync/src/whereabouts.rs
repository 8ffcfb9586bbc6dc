//! Where a computer says it can be reached, signed by it, so that others can pass it on. Hints only: whoever answers there still has to prove its key.

use iroh_base::SecretKey;
use serde::{Deserialize, Serialize};
use tuttu_model::ComputerId;

use crate::feed::encode;
use crate::limits::{WHEREABOUTS, WHEREABOUTS_ADDRS, WHEREABOUTS_TEXT};
use crate::signing::{self, SignatureBytes, SignatureError};
use crate::wire::{self, FrameError};

const CONTEXT: &str = "tuttu whereabouts v1";

/// What a computer says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whereabouts {
    /// Who says it.
    pub computer: ComputerId,
    /// Seconds since 1970 by its own clock, and higher than in anything it said before: of two statements the later one counts.
    pub issued: i64,
    /// Direct addresses as `ip:port`, best first.
    pub addrs: Vec<String>,
    /// The relay it listens on.
    pub relay: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Signed {
    whereabouts: Whereabouts,
    signature: SignatureBytes,
}

/// What travels; a reader passes over what it does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Note {
    Whereabouts(Vec<Signed>),
}

/// A statement that was really made by the computer it speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement(Signed);

impl Whereabouts {
    fn digest(&self) -> [u8; 32] {
        signing::hash(CONTEXT, &encode(self))
    }

    fn check(&self) -> Result<(), SignatureError> {
        let long = |text: &String| text.len() > WHEREABOUTS_TEXT;
        if self.addrs.len() > WHEREABOUTS_ADDRS || self.addrs.iter().any(long) || self.relay.as_ref().is_some_and(long) {
            return Err(SignatureError::Malformed("the whereabouts are over a limit"));
        }
        Ok(())
    }

    /// Signs it with the key of the computer itself.
    ///
    /// # Errors
    /// When it is over a limit, or the key is another computer's.
    pub fn sign(self, key: &SecretKey) -> Result<Statement, SignatureError> {
        let signature = signing::sign(key, &self.digest());
        Statement::prove(Signed { whereabouts: self, signature })
    }
}

impl Statement {
    fn prove(signed: Signed) -> Result<Self, SignatureError> {
        signed.whereabouts.check()?;
        signing::verify(signed.whereabouts.computer.as_bytes(), &signed.whereabouts.digest(), &signed.signature)?;
        Ok(Self(signed))
    }

    /// What was said.
    #[must_use]
    pub fn whereabouts(&self) -> &Whereabouts {
        &self.0.whereabouts
    }
}

/// A frame with statements; more than [`WHEREABOUTS`] are cut off.
#[must_use]
pub fn pack(statements: &[Statement]) -> Vec<u8> {
    wire::pack(&Note::Whereabouts(statements.iter().take(WHEREABOUTS).map(|statement| statement.0.clone()).collect()))
}

/// The statements in a frame, without those that nobody of that name made.
///
/// # Errors
/// When the frame is no list of statements, or is over a limit.
pub fn unpack(frame: &[u8]) -> Result<Vec<Statement>, FrameError> {
    let Note::Whereabouts(list) = wire::unpack(frame)?;
    if list.len() > WHEREABOUTS {
        return Err(FrameError::TooLong);
    }
    Ok(list.into_iter().filter_map(|signed| Statement::prove(signed).ok()).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use super::*;

    fn key(byte: u8) -> SecretKey {
        SecretKey::from_bytes(&[byte; 32])
    }

    fn said_by(byte: u8) -> Whereabouts {
        let computer = ComputerId(*key(byte).public().as_bytes());
        Whereabouts { computer, issued: 1_795_000_000, addrs: vec!["10.0.0.7:4433".into()], relay: Some("https://r.example".into()) }
    }

    #[test]
    fn what_was_said_can_be_passed_on() {
        let statement = said_by(1).sign(&key(1)).unwrap();
        let passed_on = unpack(&pack(std::slice::from_ref(&statement))).unwrap();
        assert_eq!(passed_on, [statement]);
        assert_eq!(passed_on[0].whereabouts(), &said_by(1));
    }

    #[test]
    fn nobody_speaks_for_another_computer() {
        assert_eq!(said_by(1).sign(&key(2)), Err(SignatureError::Mismatch));
        let honest = said_by(1).sign(&key(1)).unwrap();
        let mut forged = honest.0.clone();
        forged.whereabouts.addrs = vec!["10.6.6.6:666".into()];
        let mut later = honest.0.clone();
        later.whereabouts.issued += 1;
        let frame = wire::pack(&Note::Whereabouts(vec![forged, honest.0.clone(), later]));
        assert_eq!(unpack(&frame).unwrap(), [honest], "the others are passed over");
    }

    #[test]
    fn there_is_a_limit_on_everything() {
        let address = || "10.0.0.7:4433".to_owned();
        let many = Whereabouts { addrs: vec![address(); WHEREABOUTS_ADDRS + 1], ..said_by(1) };
        assert!(matches!(many.sign(&key(1)), Err(SignatureError::Malformed(_))));
        let long = Whereabouts { relay: Some("x".repeat(WHEREABOUTS_TEXT + 1)), ..said_by(1) };
        assert!(matches!(long.sign(&key(1)), Err(SignatureError::Malformed(_))));
        let statement = said_by(1).sign(&key(1)).unwrap();
        assert_eq!(unpack(&pack(&vec![statement.clone(); WHEREABOUTS + 1])).unwrap().len(), WHEREABOUTS);
        let frame = wire::pack(&Note::Whereabouts(vec![statement.0; WHEREABOUTS + 1]));
        assert_eq!(unpack(&frame), Err(FrameError::TooLong));
        assert!(unpack(b"\0nonsense").is_err());
        // A full frame fits into what a reader takes.
        let full = Whereabouts { addrs: vec!["x".repeat(WHEREABOUTS_TEXT); WHEREABOUTS_ADDRS], ..said_by(1) };
        let full = pack(&vec![full.sign(&key(1)).unwrap(); WHEREABOUTS]);
        assert!(full.len() < crate::limits::WHEREABOUTS_BYTES, "{}", full.len());
    }
}
