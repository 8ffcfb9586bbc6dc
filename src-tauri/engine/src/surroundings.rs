//! What an open vault takes from outside: time and randomness. Nothing else in this crate reads a clock or throws dice.

use std::fmt::Debug;

use chrono::Utc;

use crate::api::{ErrorCode, ErrorView};
use crate::engine::Inner;

/// Time and randomness for one open vault. [`System`] unless a test gives its own, so that a run can be played again.
pub trait Surroundings: Debug + Send + Sync {
    /// Milliseconds since 1970 now.
    fn now_millis(&self) -> i64;

    /// Fills `bytes` with random ones that nobody can guess: keys are made of them.
    ///
    /// # Errors
    /// With the reason, when there are none.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), String>;
}

/// The clock and the random numbers of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Surroundings for System {
    fn now_millis(&self) -> i64 {
        Utc::now().timestamp_millis()
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), String> {
        getrandom::fill(bytes).map_err(|error| error.to_string())
    }
}

/// Random bytes.
pub(crate) fn random<const N: usize>(surroundings: &dyn Surroundings) -> Result<[u8; N], ErrorView> {
    let mut bytes = [0; N];
    surroundings.fill(&mut bytes).map_err(|error| {
        ErrorView::new(ErrorCode::Internal, format!("The system gave no random numbers: {error}."), "Nothing was changed.")
    })?;
    Ok(bytes)
}

impl Inner {
    /// Seconds since 1970 now.
    pub(crate) fn now(&self) -> i64 {
        self.surroundings.now_millis().div_euclid(1_000)
    }

    /// Milliseconds since 1970 now; 0 on a computer whose clock stands before that.
    pub(crate) fn now_millis(&self) -> u64 {
        u64::try_from(self.surroundings.now_millis()).unwrap_or(0)
    }

    /// Random bytes.
    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], ErrorView> {
        random(&*self.surroundings)
    }
}
