//! Purpose: the harness of all tests that need more than one crate: real processes, the simulator, the reference model of the sharing rules, benchmarks.
//! May use: every library crate of Tuttu; nothing of Tauri.
//! Invariants: hermetic (temporary folders, loopback, ports picked by the system), seeded, every failing seed is printed.
//! Start reading at: [`process`], [`hosts`], [`sim`], [`reference`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    reason = "a test harness says what failed by panicking"
)]

pub mod generate;
pub mod hosts;
pub mod process;
pub mod reference;
pub mod sim;
