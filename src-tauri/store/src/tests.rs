#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod crash;
mod damage;
mod feeds;
mod ledger;
mod lists;
mod pace;
mod query;
mod rebuild;
mod records;
mod search;
mod verdicts;
pub(crate) mod world;
