//! Tests of reading and writing together.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod limits;
mod picture;
mod random;
mod reading;
mod writing;

use tuttu_model::RecordView;

use super::*;

/// The records of a text, whatever the warnings.
fn views(text: &str) -> Vec<RecordView> {
    read(text.as_bytes()).filter_map(|card| card.imported).map(|imported| imported.draft.view).collect()
}

/// The only record of a card made of these lines.
fn one(lines: &str) -> RecordView {
    let mut found = views(&format!("BEGIN:VCARD\r\nVERSION:4.0\r\n{lines}\r\nEND:VCARD\r\n"));
    assert_eq!(found.len(), 1, "{lines}");
    found.remove(0)
}

/// All warnings of a text, with their lines.
fn warnings(text: &str) -> Vec<String> {
    read(text.as_bytes()).flat_map(|card| card.warnings).map(|warning| warning.to_string()).collect()
}
