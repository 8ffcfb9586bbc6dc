//! The sharing rules R1 to R8, proven on random worlds: the reference model keeps its invariants, and the production fold and verdict, fed with real
//! signed operations and entries, agree with it at every step.
//!
//! `TUTTU_SEEDS` and `TUTTU_STEPS` say how many worlds and how long; `TUTTU_SEED` replays one. A failure prints its seed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod directed;
mod dishonest;
mod random;
mod twin;
