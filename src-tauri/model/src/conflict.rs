//! Conflicts as values: what is held side by side, and the edits that settle it.

use crate::draft::{EditError, register};
use crate::field::FlatOp;
use crate::limits::{ITEMS, check_count, check_record, check_text, is_long};
use crate::record::{DELETED, Deletion, Held, Record, Scalar, split_register};
use crate::vocabulary::{Key, canonical};

/// What somebody decided about a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The value with this number, counted from 1. For a disputed deletion 1 keeps the record and 2 deletes it.
    Number(usize),
    /// Every value.
    Both,
}

impl std::str::FromStr for Choice {
    type Err = EditError;

    /// Reads `1`, `2`, ... or `both`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.parse()) {
            ("both", _) => Ok(Self::Both),
            (_, Ok(number)) => Ok(Self::Number(number)),
            _ => Err(EditError::Shape(format!("“{}” is neither a number nor “both”", text.chars().take(40).collect::<String>()))),
        }
    }
}

/// Every field with more than one value, in the words of the JSON shape (`name`, `phones/ITEM`, `custom.x-dietary`, `deleted`), with the values
/// in the order they are numbered. For `deleted` the first is the edit that keeps the record (its value is `None`), the second the deletion.
#[must_use]
pub fn conflicts_of(record: &Record) -> Vec<(String, Vec<Held>)> {
    let held = record.fields.iter().filter(|(_, held)| held.len() > 1);
    let mut conflicts: Vec<_> = held.filter_map(|(key, held)| Some((Key::parse(key).conflict_field(key)?, held.clone()))).collect();
    if let Deletion::Disputed { deleted, edited } = &record.deletion {
        conflicts.push((DELETED.to_owned(), vec![edited.clone(), deleted.clone()]));
    }
    conflicts
}

/// Whether all values of this field can be kept.
#[must_use]
pub fn can_keep_both(field: &str) -> bool {
    matches!(Key::parse(field), Key::Labelled { .. } | Key::Relation { .. }) || is_long(field)
}

/// The edits that settle one conflict for everybody. `field` as [`conflicts_of`] names it; a list (`phones`) will do when only one of its items
/// has a conflict.
///
/// # Errors
/// [`EditError::NoConflict`], [`EditError::NoSuchChoice`], [`EditError::NotBoth`], or a limit.
pub fn plan_choice(record: &Record, field: &str, choice: Choice, new_item: &mut dyn FnMut() -> String) -> Result<Vec<FlatOp>, EditError> {
    let (field, held) = find(record, field)?;
    let values: Vec<Option<&Scalar>> = held.iter().map(|held| held.value.as_ref()).collect();
    let ops = match choice {
        Choice::Number(number) => {
            let outside = || EditError::NoSuchChoice { field: field.clone(), count: values.len() };
            let chosen = *number.checked_sub(1).and_then(|at| values.get(at)).ok_or_else(outside)?;
            let key = flat_key(&field);
            match chosen {
                None => vec![FlatOp::Delete(key)],
                Some(Scalar::Unknown(_)) => return Err(EditError::ReadOnly { field }),
                Some(value) => vec![FlatOp::Put(key, value.clone())],
            }
        }
        Choice::Both => keep_all(record, &field, &values, new_item)?,
    };
    check_record(record, &ops)?;
    Ok(ops)
}

fn find(record: &Record, field: &str) -> Result<(String, Vec<Held>), EditError> {
    let wanted = match field.split_once('/') {
        Some((list, item)) => format!("{}/{item}", canonical(list)),
        None => canonical(field).to_owned(),
    };
    let mut conflicts = conflicts_of(record);
    if let Some(at) = conflicts.iter().position(|(name, _)| *name == wanted) {
        return Ok(conflicts.swap_remove(at));
    }
    let below = format!("{wanted}/");
    conflicts.retain(|(name, _)| name.starts_with(&below));
    match conflicts.pop() {
        Some(only) if conflicts.is_empty() => Ok(only),
        _ => Err(EditError::NoConflict { field: field.to_owned() }),
    }
}

/// Keeps the shown value where it is and the others beside it: as new items of the list, or as further paragraphs of long text.
fn keep_all(
    record: &Record,
    field: &str,
    values: &[Option<&Scalar>],
    new_item: &mut dyn FnMut() -> String,
) -> Result<Vec<FlatOp>, EditError> {
    if !can_keep_both(field) {
        return Err(EditError::NotBoth { field: field.to_owned() });
    }
    if values.iter().any(|value| matches!(value, Some(Scalar::Unknown(_)))) {
        return Err(EditError::ReadOnly { field: field.to_owned() });
    }
    let texts: Vec<String> = values.iter().flatten().map(|value| value.as_text()).collect();
    if is_long(field) {
        let text = texts.iter().map(|text| text.trim_end()).collect::<Vec<_>>().join("\n\n");
        check_text(field, &text)?;
        return Ok(vec![FlatOp::Put(field.to_owned(), Scalar::Text(text))]);
    }
    let list = field.split_once('/').map_or(field, |(list, _)| list);
    let below = format!("{list}/");
    let present = record.fields.range(below.clone()..).map(|(key, _)| key).take_while(|key| key.starts_with(&below));
    let count = present.filter(|key| !key.get(below.len()..).unwrap_or_default().contains('/')).count();
    check_count(list, count.saturating_add(texts.len().saturating_sub(1)).min(ITEMS + 1))?;
    let mut ops = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        let (label, value) = split_register(text);
        let key = if at == 0 { field.to_owned() } else { format!("{list}/{}", new_item()) };
        ops.push(FlatOp::Put(key, Scalar::Text(register(label, value))));
    }
    Ok(ops)
}

/// The key of the flat map behind a field of the JSON shape.
fn flat_key(field: &str) -> String {
    field.strip_prefix("custom.").map_or_else(|| field.to_owned(), |name| format!("custom:{name}"))
}

#[cfg(test)]
mod tests;
