#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod attacks;
mod exchange;
mod own;
mod rollback;
mod sharing;
mod world;
