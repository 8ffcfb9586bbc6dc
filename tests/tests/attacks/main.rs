//! Attacks over real connections: a member with a modified program, a stranger, or somebody in the middle talks to honest hosts. After each attack the honest
//! ones converge, what they hold verifies, and who did it is named wherever signed evidence says so.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, reason = "tests")]

mod authors;
mod bricks;
mod capture;
mod floods;
mod forging;
mod invitations;
mod lies;
#[path = "../net/mod.rs"]
mod net;
mod privacy;
mod rights;
mod rogue;
mod rules;
mod scene;
mod wire;
