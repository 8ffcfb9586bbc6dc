//! Making one record of two, so that every value is kept and it can be taken back.
//!
//! The record that stays is chosen by the ids alone ([`stays`]), so that two people who merge the same pair at the same time do the same. What the other
//! record held is copied under the same keys: copies made twice are equal, and equal edits are no conflict. The other record keeps all its
//! values, goes to the trash and says where it went. Taking it back undoes exactly the change that merged.

use std::collections::{BTreeMap, BTreeSet};

use crate::draft::EditError;
use crate::field::FlatOp;
use crate::id::{ChangeHash, DocumentId};
use crate::limits::{check_record, check_text, is_long};
use crate::normal::{digits, fold};
use crate::record::{Record, Scalar, split_register};
use crate::vocabulary::Key;

/// Numbers tried for a value that has no place of its own.
const PLACES: usize = 100;

/// Which of two records stays when they are merged: the older id.
#[must_use]
pub fn stays(one: DocumentId, other: DocumentId) -> DocumentId {
    one.min(other)
}

/// The key of the mark that `id` was merged into this record.
#[must_use]
pub fn merged_key(id: &str) -> String {
    format!("merged:{id}")
}

/// The key of the mark that `id` looks alike and is not the same.
#[must_use]
pub fn distinct_key(id: &str) -> String {
    format!("distinct:{id}")
}

/// The edits of the record that stays: everything the other holds and it does not. A value whose place is taken goes beside it: a second name or
/// birthday as a field of the person's own (`also name`), notes below the notes.
///
/// `id` and `other_id` are the printed ids of the two.
///
/// # Errors
/// When the record would become larger than any may be.
pub fn plan_merge(record: &Record, id: &str, other: &Record, other_id: &str) -> Result<Vec<FlatOp>, EditError> {
    let mut plan = Plan { record, other, ops: BTreeMap::new() };
    plan.put(merged_key(other_id), Scalar::Flag(true));
    for (key, held) in &other.fields {
        let values: BTreeSet<&Scalar> = held.iter().filter_map(|held| held.value.as_ref()).collect();
        for value in values {
            plan.take_over(key, value, id)?;
        }
    }
    let ops: Vec<FlatOp> = plan.ops.into_iter().map(|(key, value)| FlatOp::Put(key, value)).collect();
    check_record(record, &ops)?;
    Ok(ops)
}

/// The changes of the record that merged `other_id` into it: what must be undone to take it back.
#[must_use]
pub fn merging_changes(record: &Record, other_id: &str) -> Vec<ChangeHash> {
    let held = record.fields.get(&merged_key(other_id)).into_iter().flatten();
    let changes: BTreeSet<ChangeHash> = held.filter(|held| held.value == Some(Scalar::Flag(true))).map(|held| held.change).collect();
    changes.into_iter().collect()
}

struct Plan<'a> {
    record: &'a Record,
    other: &'a Record,
    ops: BTreeMap<String, Scalar>,
}

impl Plan<'_> {
    fn put(&mut self, key: String, value: Scalar) {
        self.ops.insert(key, value);
    }

    fn shown(&self, key: &str) -> Option<&Scalar> {
        self.ops.get(key).or_else(|| self.record.shown(key))
    }

    fn take_over(&mut self, key: &str, value: &Scalar, own_id: &str) -> Result<(), EditError> {
        match Key::parse(key) {
            Key::Kind | Key::Created | Key::Deleted | Key::Moved => {}
            // A mark about itself would be nonsense.
            Key::Member { member, .. } if member == own_id => {}
            Key::Relation { .. } if split_register(&value.as_text()).1 == own_id => {}
            Key::Labelled { list, .. } | Key::Pref { list, .. } => self.take_item(list, key, value),
            Key::Address { item, .. } => self.take_parts("addresses", item, key, value),
            Key::Affiliation { item, .. } => self.take_parts("orgs", item, key, value),
            Key::Single(field) if is_long(field) => return self.append(key, value),
            Key::Single(field) => self.beside(key, field, value),
            Key::Custom(name) => self.beside(key, name, value),
            // Sets, relations and what this version does not know: the same key.
            _ if self.shown(key).is_none() => self.put(key.to_owned(), value.clone()),
            _ => {}
        }
        Ok(())
    }

    /// An item of a list, unless the list holds its value already; its preference only where none is preferred.
    fn take_item(&mut self, list: &str, key: &str, value: &Scalar) {
        if let Key::Pref { item, .. } = Key::parse(key) {
            let preferred =
                self.record.fields.keys().any(|held| matches!(Key::parse(held), Key::Pref { list: other, .. } if other == list));
            if !preferred && self.ops.contains_key(&format!("{list}/{item}")) {
                self.put(key.to_owned(), value.clone());
            }
            return;
        }
        let spelled = |value: &Scalar| {
            let text = value.as_text();
            let value = split_register(&text).1;
            if list == "phones" { digits(value) } else { fold(value) }
        };
        let wanted = spelled(value);
        let held =
            self.record.fields.iter().filter(|(key, _)| matches!(Key::parse(key), Key::Labelled { list: other, .. } if other == list));
        let mut held = held.flat_map(|(_, held)| held.iter().filter_map(|held| held.value.as_ref()));
        if !held.any(|held| spelled(held) == wanted) && self.shown(key).is_none() {
            self.put(key.to_owned(), value.clone());
        }
    }

    /// A part of an address or a role, unless an item with the same parts is there.
    fn take_parts(&mut self, list: &str, item: &str, key: &str, value: &Scalar) {
        let wanted = parts(self.other, list, item);
        let mut items: BTreeSet<&str> = BTreeSet::new();
        for held in self.record.fields.keys() {
            if let Key::Address { item, .. } | Key::Affiliation { item, .. } = Key::parse(held)
                && held.starts_with(list)
            {
                items.insert(item);
            }
        }
        let there = items.into_iter().any(|item| wanted.is_subset(&parts(self.record, list, item)));
        if !there && self.shown(key).is_none() {
            self.put(key.to_owned(), value.clone());
        }
    }

    /// A text of which there is one: in its place when that is free, else beside it.
    fn beside(&mut self, key: &str, field: &str, value: &Scalar) {
        let text = value.as_text();
        if text.trim().is_empty() || self.shown(key).is_some_and(|held| fold(&held.as_text()) == fold(&text)) {
            return;
        }
        if self.shown(key).is_none() {
            self.put(key.to_owned(), value.clone());
            return;
        }
        for place in 1..PLACES {
            let key = if place == 1 { format!("custom:also {field}") } else { format!("custom:also {field} {place}") };
            match self.shown(&key) {
                Some(held) if held.as_text() == text => return,
                Some(_) => {}
                None => return self.put(key, Scalar::Text(text)),
            }
        }
    }

    fn append(&mut self, key: &str, value: &Scalar) -> Result<(), EditError> {
        let (before, more) = (self.shown(key).map(Scalar::as_text).unwrap_or_default(), value.as_text());
        if more.trim().is_empty() || before.contains(more.trim()) {
            return Ok(());
        }
        let text = if before.is_empty() { more } else { format!("{}\n\n{more}", before.trim_end()) };
        check_text(key, &text)?;
        self.put(key.to_owned(), Scalar::Text(text));
        Ok(())
    }
}

/// The parts of one item, folded; its label does not tell it from others.
fn parts(record: &Record, list: &str, item: &str) -> BTreeSet<(String, String)> {
    let below = format!("{list}/{item}/");
    let held = record.fields.range(below.clone()..).take_while(|(key, _)| key.starts_with(&below));
    held.filter_map(|(key, held)| {
        let part = key.get(below.len()..)?;
        let text = held.first()?.value.as_ref()?.as_text();
        (part != "label" && !text.is_empty()).then(|| (part.to_owned(), fold(&text)))
    })
    .collect()
}

#[cfg(test)]
mod tests;
