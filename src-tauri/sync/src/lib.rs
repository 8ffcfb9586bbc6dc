//! Purpose: signed feeds, vectors, membership, validation and the peer protocol, as a state machine without IO.
//! May use: `tuttu-model`; `iroh-base` for keys. No clock, randomness, IO or async: bytes, time and randomness come in as arguments, effects go out as values.
//! Invariants: nothing unverified exposes its payload; every decision of validity is a pure function of (operations, proofs, entries); everything a peer sends has a limit.
//! Start reading at: [`feed`], [`membership`], [`verdict`], then [`session`].

#[cfg(test)]
mod conformance;
pub mod feed;
pub mod files;
pub mod invite;
pub mod limits;
pub mod membership;
pub mod pairing;
#[cfg(feature = "planted")]
pub mod planted;
pub mod replica;
pub mod session;
pub mod signing;
pub mod validate;
pub mod verdict;
pub mod whereabouts;
pub mod wire;
pub mod words;
