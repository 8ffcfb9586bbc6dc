//! The language of the search box, of saved views and of `--where`: one syntax tree, its parser and its printer.
//!
//! A query is words and filters. Everything in a row must hold; `or` and parentheses group, `-` and `not` deny. Nothing typed is an error: what is
//! not understood is searched as words and told back as a [`Warning`] with its place. Times stay as they were said (`today`, `7d`) until
//! [`date::resolve`] is given a day, so a saved view means the same tomorrow.

pub mod date;
mod filter;
mod parse;
mod print;
mod token;
mod tree;

pub use date::{Moment, Today, Unit};
pub use parse::parse;
pub use tree::{Compare, DateField, DateTest, Feature, Node, Parsed, Term, TextField, Warning};

/// Characters of a query; what is beyond them is left out.
pub const CHARS: usize = 20_000;
/// Characters of one word or value; longer ones are cut.
pub const WORD_CHARS: usize = 200;
/// Words and filters of a query; what is beyond them is left out.
pub const TERMS: usize = 64;
/// Parentheses inside each other; deeper ones do not group.
pub const DEPTH: usize = 16;

#[cfg(test)]
mod tests;
