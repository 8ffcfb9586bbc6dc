//! Search: names, organisations, e-mails and phones in memory with our own ranking; notes and activities in FTS5, newest first.

mod line;
mod names;
mod ranking;
mod sought;
mod text;
mod words;

pub(crate) use line::line_of;
pub(crate) use names::{NameUpdate, Names};
pub(crate) use ranking::Needles;
pub(crate) use sought::{Sought, typed_text_matches};
pub(crate) use text::{TextTable, Texts, did_at, place_of, searched_text};
