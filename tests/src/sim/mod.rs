//! The deterministic simulator: several real vaults (engine and SQLite), one seed, an in-memory network with partitions and cut streams, crashes, rolled-back
//! and copied vaults, random membership operations, forgers. When it is quiet, all vaults must be equal.

pub mod exchange;
pub mod forge;
pub mod random;
pub mod world;
