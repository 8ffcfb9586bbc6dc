//! Search: names, organisations, e-mails and phones in memory with our own ranking; notes and activities in FTS5, newest first; everything that can be
//! filtered by as sets of record numbers.

mod bits;
mod evaluate;
mod facts;
mod line;
mod matcher;
mod names;
mod ranking;
mod streamed;
mod text;
mod typos;
mod wanted;
mod words;

pub(crate) use bits::{Bits, Set};
pub(crate) use evaluate::{Class, Evaluator};
pub(crate) use facts::{BIRTHDAY, DAY, DUE, END, FOLLOWUP, Fact, REMINDER, REPEATED, RHYTHM, START, TODO, facts_of, features_of};
pub(crate) use line::line_of;
pub(crate) use matcher::Subject;
pub(crate) use names::{About, NameUpdate, Names, day_number};
pub(crate) use ranking::{Needle, Needles};
pub(crate) use streamed::{TextQuery, Window, is_streamed};
pub(crate) use text::{TextTable, Texts, did_at, place_of, searched_text, seconds};
pub(crate) use wanted::{Piece, pieces};
