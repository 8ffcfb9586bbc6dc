//! Virtual time, a wrong clock for each vault, and random numbers from the seed.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tuttu_engine::Surroundings;

use super::random::Random;

/// The true time of a simulation, in milliseconds since 1970. Clones are the same time.
#[derive(Debug, Clone, Default)]
pub struct Time(Arc<AtomicI64>);

impl Time {
    /// A time that stands still at `millis`.
    #[must_use]
    pub fn at(millis: i64) -> Self {
        Self(Arc::new(AtomicI64::new(millis)))
    }

    /// Lets some time pass.
    pub fn pass(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }

    fn now(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What one vault takes for time and chance.
#[derive(Debug)]
pub struct Virtual {
    time: Time,
    /// How far its clock is off, in milliseconds.
    skew: i64,
    random: Mutex<Random>,
}

impl Virtual {
    /// A clock that is off by `skew` milliseconds, and random numbers from a seed.
    #[must_use]
    pub fn new(time: &Time, skew: i64, seed: u64) -> Self {
        Self { time: time.clone(), skew, random: Mutex::new(Random::new(seed)) }
    }

    /// Seconds since 1970 by this clock.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.now_millis().div_euclid(1_000)
    }
}

impl Surroundings for Virtual {
    fn now_millis(&self) -> i64 {
        self.time.now() + self.skew
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), String> {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        for part in bytes.chunks_mut(8) {
            part.copy_from_slice(&random.next_u64().to_le_bytes()[..part.len()]);
        }
        Ok(())
    }
}
