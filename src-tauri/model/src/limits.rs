//! How much a record may hold. A change travels whole and must stay below the protocol's limit for one change.

use crate::draft::EditError;
use crate::field::FlatOp;
use crate::record::{Record, Scalar};

/// Characters of a name, a label, a tag or the key of a field of one's own.
pub(crate) const NAME_CHARS: usize = 1_000;
/// Bytes of long text: notes and the text of an activity.
pub(crate) const LONG_BYTES: usize = 256 * 1024;
/// Characters of any other value.
pub(crate) const VALUE_CHARS: usize = 10_000;
/// Items of one list.
pub(crate) const ITEMS: usize = 500;
/// Bytes of all keys and values of a record together.
pub(crate) const RECORD_BYTES: usize = 400 * 1024;

/// Fields that hold paragraphs.
pub(crate) fn is_long(field: &str) -> bool {
    matches!(field, "notes" | "text")
}

fn is_name(field: &str) -> bool {
    matches!(
        field,
        "name"
            | "given"
            | "family"
            | "middle"
            | "prefix"
            | "suffix"
            | "nickname"
            | "pronouns"
            | "label"
            | "type"
            | "tags"
            | "custom"
            | "status"
            | "direction"
            | "phoneticGiven"
            | "phoneticMiddle"
            | "phoneticFamily"
            | "phoneticName"
            | "word"
            | "reverse"
            | "valueType"
    )
}

/// Refuses text that is too long for its field.
pub(crate) fn check_text(field: &str, text: &str) -> Result<(), EditError> {
    let (limit, fits) = if is_long(field) {
        (LONG_BYTES, text.len() <= LONG_BYTES)
    } else {
        let limit = if is_name(field) { NAME_CHARS } else { VALUE_CHARS };
        (limit, text.len() <= limit || text.chars().count() <= limit)
    };
    if fits { Ok(()) } else { Err(EditError::TooLong { field: field.to_owned(), limit }) }
}

/// Refuses more items than a list may have.
pub(crate) fn check_count(field: &str, count: usize) -> Result<(), EditError> {
    if count <= ITEMS { Ok(()) } else { Err(EditError::TooMany { field: field.to_owned(), limit: ITEMS }) }
}

/// Bytes of one key with its value.
pub(crate) fn weight(key: &str, value: &Scalar) -> usize {
    let value = match value {
        Scalar::Text(text) | Scalar::Unknown(text) => text.len(),
        Scalar::Flag(_) => 1,
        Scalar::Number(_) => 8,
    };
    key.len() + value
}

/// Refuses edits that make a record larger than it may be; a record that merging made too large may still shrink.
pub(crate) fn check_record(record: &Record, ops: &[FlatOp]) -> Result<(), EditError> {
    let before: usize = record.fields.iter().filter_map(|(key, held)| Some(weight(key, held.first()?.value.as_ref()?))).sum();
    let replaced: usize = ops.iter().filter_map(|op| Some(weight(op.key(), record.shown(op.key())?))).sum();
    let added: usize = ops
        .iter()
        .map(|op| match op {
            FlatOp::Put(key, value) => weight(key, value),
            FlatOp::Delete(_) => 0,
        })
        .sum();
    let after = before.saturating_sub(replaced) + added;
    if after > RECORD_BYTES && after > before { Err(EditError::TooLarge { limit: RECORD_BYTES / 1024 }) } else { Ok(()) }
}
