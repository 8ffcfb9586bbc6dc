//! The deterministic simulator: several real vaults (engine and SQLite) under one seed, with virtual time and given randomness, so that a seed says
//! everything about a run, byte for byte.
//!
//! Vaults write, connect (several sessions at once, their steps interleaved), are cut off at any byte, parted for long, crash between any two effects
//! of a session, are put back from old copies and copied while they go on; members come and go and change roles; some forge. After every step each
//! vault is held against the [reference model](crate::reference) of the rules; when it is quiet all vaults must be equal.
//! Start reading at: [`world`], [`oracle`].

pub mod acts;
mod computers;
pub mod forge;
pub mod holdings;
pub mod link;
pub mod oracle;
pub mod quiet;
pub mod random;
pub mod run;
pub mod surroundings;
pub mod vault;
pub mod world;
