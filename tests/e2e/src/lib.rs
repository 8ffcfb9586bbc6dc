//! Purpose: drive the real window as a person would, one or two of them at a time.
//! May use: nothing of Tuttu; only what can be seen on the screen, and the signals of the operating system.
//! Invariants: every computer here has its own screen, folders and driver, and leaves nothing behind; no sleep stands for an event.
//! Start reading at: [`Person`], then [`Computer`].
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a harness: whatever fails here fails the test")]

mod computer;
mod person;
mod process;
mod window;

pub use computer::Computer;
pub use person::{NewPerson, Person};
pub use window::Window;
