//! Whether the text indexes hold the words of the records: all pairs of word and row, added up as hashes, because the indexes keep no text to
//! compare with.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::error::StoreError;
use crate::reader::Reader;
use crate::search::TextTable;

const CONTEXT: &str = "tuttu text index check v1";

/// The sum over all pairs of word and row of each index.
#[derive(Debug, Default)]
pub(super) struct TextSums(BTreeMap<TextTable, u128>);

impl TextSums {
    /// A record's words belong at this row.
    pub(super) fn expect(&mut self, table: TextTable, place: i64, text: &str) {
        // As the tokenizer of the indexes takes words apart.
        let words: BTreeSet<String> = text
            .split(|letter: char| letter.is_ascii() && !letter.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_lowercase)
            .collect();
        let sum = self.0.entry(table).or_default();
        for word in words {
            *sum = sum.wrapping_add(pair(&word, place));
        }
    }

    /// Gives what differs, in sentences.
    pub(super) fn compare(&self, reader: &Reader<'_>) -> Result<Vec<String>, StoreError> {
        let mut problems = Vec::new();
        for (table, name, what) in [
            (TextTable::Notes, "notes_text", "The words of notes cannot all be found by a search, or are found where they are not."),
            (
                TextTable::Activities,
                "activity_text",
                "The words of activities cannot all be found by a search, or are found where they are not.",
            ),
        ] {
            if held(reader.connection, name)? != self.0.get(&table).copied().unwrap_or_default() {
                problems.push(what.to_owned());
            }
        }
        Ok(problems)
    }
}

fn pair(word: &str, place: i64) -> u128 {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(&place.to_le_bytes());
    hasher.update(word.as_bytes());
    let hash = hasher.finalize();
    hash.as_bytes().first_chunk::<16>().map_or(0, |bytes| u128::from_le_bytes(*bytes))
}

fn held(connection: &Connection, index: &str) -> Result<u128, StoreError> {
    // The view of the index is a temporary table: nothing of the vault is written.
    connection.execute_batch("PRAGMA query_only = OFF")?;
    let made = connection.execute_batch(&format!("CREATE VIRTUAL TABLE temp.audited USING fts5vocab(main, {index}, instance)"));
    let mut sum: u128 = 0;
    let added = made.map_err(StoreError::from).and_then(|()| {
        let mut statement = connection.prepare("SELECT term, doc FROM temp.audited")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            sum = sum.wrapping_add(pair(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?, row.get(1)?));
        }
        Ok(())
    });
    let dropped = connection.execute_batch("DROP TABLE IF EXISTS temp.audited; PRAGMA query_only = ON");
    added?;
    dropped?;
    Ok(sum)
}
