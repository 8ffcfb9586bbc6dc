//! Turns an edit as a person means it into edits of the flat map.

mod lists;

use std::collections::BTreeMap;

use self::lists::{matching, org_part};
use crate::draft::{EditError, attachment_register, clean_label};
use crate::field::{FieldEdit, FlatOp};
use crate::limits::{check_count, check_record, check_text, is_long};
use crate::normal::fold;
use crate::record::{Kind, Record, Scalar};
use crate::view::{Address, Affiliation, Attachment, RecordView, fields_view};
use crate::vocabulary::{
    ADDRESS_PARTS, ADDRESSES, AFFILIATION_PARTS, ATTACHMENTS, COPIES, LABELLED, MARKS, ORGS, RELATIONS, SETS, SINGLES, address_from_line,
    affiliation_part, canonical, members, set_prefix,
};

/// The edits of the flat map that carry out one edit on the record as it is now. Empty when it changes nothing.
///
/// # Errors
/// See [`EditError`].
pub fn plan(record: &Record, edit: &FieldEdit, new_item: &mut dyn FnMut() -> String) -> Result<Vec<FlatOp>, EditError> {
    let mut planner = Planner { record, view: fields_view(record), new_item, ops: Vec::new() };
    match edit {
        FieldEdit::Set { field, label, value } => planner.set(field, label.as_deref().map(clean_label).as_deref(), value)?,
        FieldEdit::Add { field, label, value } => planner.add(field, label.as_deref().map(clean_label).as_deref(), value)?,
        FieldEdit::SetItem { field, item, part, value } => planner.set_item(canonical(field), item, part, value)?,
        FieldEdit::Remove { field, item } => planner.remove(field, item)?,
    }
    check_record(record, &planner.ops)?;
    Ok(planner.ops)
}

/// The edits of the flat map that carry out several edits, each on the record as the ones before it leave it.
///
/// # Errors
/// See [`EditError`].
pub fn plan_all(record: &Record, edits: &[FieldEdit], new_item: &mut dyn FnMut() -> String) -> Result<Vec<FlatOp>, EditError> {
    if let [edit] = edits {
        return plan(record, edit, new_item);
    }
    let mut now = record.clone();
    let mut last: BTreeMap<String, FlatOp> = BTreeMap::new();
    for edit in edits {
        let ops = plan(&now, edit, new_item)?;
        now = now.with_ops(&ops);
        last.extend(ops.into_iter().map(|op| (op.key().to_owned(), op)));
    }
    // What was written and then put back, or added and then removed, changes nothing.
    let ops: Vec<_> = last.into_values().filter(|op| changes(record, op)).collect();
    check_record(record, &ops)?;
    Ok(ops)
}

fn changes(record: &Record, op: &FlatOp) -> bool {
    match (op, record.fields.get(op.key()).map(Vec::as_slice)) {
        (FlatOp::Put(_, value), Some([only])) => only.value.as_ref() != Some(value),
        (FlatOp::Put(..), _) => true,
        (FlatOp::Delete(_), held) => held.is_some(),
    }
}

/// What a field name means.
enum Target<'a> {
    /// One text.
    Single(&'a str),
    /// A field of the person's own.
    Custom(&'a str),
    /// A list of labelled values; relations are one, with the type as label and the id as value.
    Labelled(&'a str),
    Addresses,
    Affiliations,
    /// A part of the first affiliation.
    FirstRole(&'a str),
    /// A set.
    Set(&'a str),
    /// Files, or copies in other spaces: these can only be renamed and removed here.
    Elsewhere(&'a str),
    /// One item of a list, or one part of it.
    Item(&'a str, &'a str, &'a str),
}

struct Planner<'a> {
    record: &'a Record,
    view: RecordView,
    new_item: &'a mut dyn FnMut() -> String,
    ops: Vec<FlatOp>,
}

impl Planner<'_> {
    fn target<'f>(&self, field: &'f str) -> Result<Target<'f>, EditError> {
        let word = canonical(field);
        if let Some(name) = word.strip_prefix("custom.").filter(|name| !name.is_empty()) {
            check_text("custom", name)?;
            return Ok(Target::Custom(name));
        }
        if let Some((list, rest)) = word.split_once('/') {
            let (item, part) = rest.split_once('/').unwrap_or((rest, ""));
            return Ok(Target::Item(canonical(list), item, part));
        }
        match word {
            ADDRESSES => Ok(Target::Addresses),
            ORGS => Ok(Target::Affiliations),
            ATTACHMENTS | COPIES => Ok(Target::Elsewhere(word)),
            _ if SETS.contains(&word) && !MARKS.contains(&word) => Ok(Target::Set(word)),
            "title" | "department" | "since" | "until" => Ok(Target::FirstRole(word)),
            _ if SINGLES.contains(&word) => Ok(Target::Single(word)),
            _ if LABELLED.contains(&word) || word == RELATIONS => Ok(Target::Labelled(word)),
            _ => Err(self.unknown(field)),
        }
    }

    fn set(&mut self, field: &str, label: Option<&str>, value: &str) -> Result<(), EditError> {
        match self.target(field)? {
            Target::Single(name) => self.write_text(name.to_owned(), name, value),
            Target::Custom(name) => self.write_text(format!("custom:{name}"), "value", value),
            Target::FirstRole(part) => self.set_first_role(part, value),
            Target::Labelled(list) => self.set_labelled(list, label, value),
            Target::Addresses => self.set_address(label, value),
            Target::Affiliations => self.set_affiliation(value),
            Target::Set(set) if value.trim().is_empty() => {
                let members = members(&self.view, set).cloned().unwrap_or_default();
                members.iter().for_each(|member| self.remove_member(set, member));
                Ok(())
            }
            Target::Set(set) => self.add_member(set, value),
            Target::Elsewhere(_) => Err(EditError::NotText { field: field.to_owned() }),
            Target::Item(list, item, "") => self.set_whole_item(list, item, label, value),
            Target::Item(list, item, part) => self.set_item(list, item, part, value),
        }
    }

    /// Sets an item named by its id; a label that is not given stays.
    fn set_whole_item(&mut self, list: &str, item: &str, label: Option<&str>, value: &str) -> Result<(), EditError> {
        match list {
            ORGS => self.set_item(list, item, "name", value),
            ADDRESSES | ATTACHMENTS if value.trim().is_empty() => self.remove_items(list, &[item.to_owned()], item),
            ATTACHMENTS => self.set_item(list, item, "name", value),
            ADDRESSES => {
                self.find(list, self.view.addresses.iter().any(|held| held.item == item), item)?;
                let address = Address { label: label.unwrap_or_default().to_owned(), ..address_from_line(value) };
                self.write_address(item, &address)
            }
            _ if LABELLED.contains(&list) || list == RELATIONS => {
                let held = self.items(list).into_iter().find(|held| held.item == item);
                self.find(list, held.is_some(), item)?;
                self.write_register(list, item, label.unwrap_or(&held.unwrap_or_default().label), value)
            }
            _ => Err(self.unknown(&format!("{list}/{item}"))),
        }
    }

    fn add(&mut self, field: &str, label: Option<&str>, value: &str) -> Result<(), EditError> {
        let value = value.trim();
        match self.target(field)? {
            Target::Set(set) => self.add_member(set, value),
            _ if value.is_empty() => Ok(()),
            Target::Labelled(list) => {
                let held = self.items(list);
                if held.iter().any(|item| item.value == value && label.is_none_or(|label| label == item.label)) {
                    return Ok(());
                }
                check_count(list, held.len() + 1)?;
                let id = (self.new_item)();
                self.write_register(list, &id, label.unwrap_or_default(), value)
            }
            Target::Addresses => {
                let mut address = address_from_line(value);
                label.unwrap_or_default().trim().clone_into(&mut address.label);
                let same = |held: &&Address| Address { item: String::new(), ..(*held).clone() } == address;
                if self.view.addresses.iter().any(|held| same(&held)) {
                    return Ok(());
                }
                check_count(ADDRESSES, self.view.addresses.len() + 1)?;
                let id = (self.new_item)();
                self.write_address(&id, &address)
            }
            Target::Affiliations => {
                let part = org_part(value);
                if self.view.orgs.iter().any(|role| affiliation_part(role, part) == Some(value)) {
                    return Ok(());
                }
                self.new_role(part, value)
            }
            Target::Single(name) if is_long(name) => {
                let before = self.record.text(name);
                let text = if before.is_empty() { value.to_owned() } else { format!("{}\n\n{value}", before.trim_end()) };
                self.write_text(name.to_owned(), name, &text)
            }
            Target::Elsewhere(_) => Err(EditError::NotText { field: field.to_owned() }),
            Target::Single(_) | Target::Custom(_) | Target::FirstRole(_) | Target::Item(..) => {
                Err(EditError::NotAList { field: field.to_owned() })
            }
        }
    }

    fn set_item(&mut self, list: &str, item: &str, part: &str, value: &str) -> Result<(), EditError> {
        match list {
            ADDRESSES if ADDRESS_PARTS.contains(&part) => {
                self.find(list, self.view.addresses.iter().any(|held| held.item == item), item)?;
                self.write_text(format!("{list}/{item}/{part}"), part, value)
            }
            ORGS if AFFILIATION_PARTS.contains(&part) => {
                self.find(list, self.view.orgs.iter().any(|held| held.item == item), item)?;
                self.write_text(format!("{list}/{item}/{part}"), part, value)
            }
            ATTACHMENTS if part == "name" => {
                let held = self.view.attachments.iter().find(|held| held.hash == item).cloned();
                let Some(held) = held else { return self.find(list, false, item) };
                check_text(part, value)?;
                let renamed = Attachment { name: value.to_owned(), ..held };
                self.put(format!("{ATTACHMENTS}/{item}"), Scalar::Text(attachment_register(&renamed)));
                Ok(())
            }
            _ if LABELLED.contains(&list) || list == RELATIONS => {
                let items = self.items(list);
                let held = items.iter().find(|held| held.item == item);
                self.find(list, held.is_some(), item)?;
                let Some(held) = held else { return Ok(()) };
                match part {
                    "value" | "id" if (part == "id") == (list == RELATIONS) => self.write_register(list, item, &held.label, value),
                    "label" | "type" if (part == "type") == (list == RELATIONS) => self.write_register(list, item, value, &held.value),
                    "pref" if list != RELATIONS => self.prefer(list, item, &items, value),
                    _ => Err(self.unknown(&format!("{list}/{item}/{part}"))),
                }
            }
            _ => Err(self.unknown(&format!("{list}/{item}/{part}"))),
        }
    }

    fn remove(&mut self, field: &str, item: &str) -> Result<(), EditError> {
        let item = item.trim();
        match self.target(field)? {
            Target::Set(set) => {
                self.remove_member(set, item);
                Ok(())
            }
            Target::Elsewhere(list) => {
                let ids = self.elsewhere(list, item);
                self.remove_items(list, &ids, item)
            }
            Target::Custom(name) => self.remove_text(field, &format!("custom:{name}"), item),
            Target::Single(name) => self.remove_text(field, name, item),
            Target::FirstRole(part) => match self.view.orgs.first().map(|role| role.item.clone()) {
                Some(id) => self.remove_text(field, &format!("{ORGS}/{id}/{part}"), item),
                None => Err(EditError::NoSuchItem { field: field.to_owned(), item: item.to_owned() }),
            },
            Target::Labelled(list) => {
                let ids = matching(&self.items(list), list, item);
                self.remove_items(list, &ids, item)
            }
            Target::Addresses => {
                let line = |held: &Address| [&held.street, &held.city, &held.region, &held.postcode, &held.country].map(|part| fold(part));
                let wanted = line(&address_from_line(item));
                let found = |held: &&Address| {
                    held.item == item
                        || held.label == item
                        || line(held) == wanted
                        || (!held.street.is_empty() && fold(&held.street) == fold(item))
                };
                let ids: Vec<_> = self.view.addresses.iter().filter(found).map(|held| held.item.clone()).collect();
                self.remove_items(ADDRESSES, &ids, item)
            }
            Target::Affiliations => {
                let found =
                    |held: &&Affiliation| held.item == item || held.org == item || (!item.is_empty() && fold(&held.name) == fold(item));
                let ids: Vec<_> = self.view.orgs.iter().filter(found).map(|held| held.item.clone()).collect();
                self.remove_items(ORGS, &ids, item)
            }
            Target::Item(list, id, "") => self.remove_items(list, &[id.to_owned()], id),
            Target::Item(list, id, part) => self.set_item(list, id, part, ""),
        }
    }

    // Sets.

    fn add_member(&mut self, set: &str, member: &str) -> Result<(), EditError> {
        let member = member.trim();
        if member.is_empty() {
            return Ok(());
        }
        check_text(set, member)?;
        let held = members(&self.view, set).map(Vec::as_slice).unwrap_or_default();
        if !held.iter().any(|held| held == member) {
            check_count(set, held.len() + 1)?;
            self.put(format!("{}:{member}", set_prefix(set)), Scalar::Flag(true));
        }
        Ok(())
    }

    fn remove_member(&mut self, set: &str, member: &str) {
        self.delete(&format!("{}:{member}", set_prefix(set)));
    }

    /// The files or copies a person means: by hash or item, by the beginning of the hash, by name.
    fn elsewhere(&self, list: &str, named: &str) -> Vec<String> {
        if list == COPIES {
            let named = |held: &&crate::view::Copied| held.item == named || held.id == named;
            return self.view.copies.iter().filter(named).map(|held| held.item.clone()).collect();
        }
        let files = &self.view.attachments;
        let by_name = files.iter().filter(|held| held.name == named);
        let by_hash = files.iter().filter(|held| named.len() >= 4 && held.hash.starts_with(named));
        by_name.chain(by_hash).map(|held| held.hash.clone()).collect()
    }

    // The flat map.

    fn write_text(&mut self, key: String, field: &str, value: &str) -> Result<(), EditError> {
        let value = if is_long(field) { value } else { value.trim() };
        check_text(field, value)?;
        if matches!(self.record.shown(&key), Some(Scalar::Unknown(_))) {
            return Err(EditError::ReadOnly { field: key });
        }
        if !value.trim().is_empty() {
            self.put(key, Scalar::Text(value.to_owned()));
        } else if key == "name" && matches!(self.record.kind, Kind::Person | Kind::Org) {
            return Err(EditError::Nameless(self.record.kind.as_str().to_owned()));
        } else {
            self.delete(&key);
        }
        Ok(())
    }

    /// Clears a field that holds one value, if it holds this one.
    fn remove_text(&mut self, field: &str, key: &str, value: &str) -> Result<(), EditError> {
        let shown = self.record.text(key);
        if shown.is_empty() || !(value.is_empty() || shown == value) {
            return Err(EditError::NoSuchItem { field: field.to_owned(), item: value.to_owned() });
        }
        self.write_text(key.to_owned(), field, "")
    }

    fn remove_items(&mut self, list: &str, ids: &[String], named: &str) -> Result<(), EditError> {
        let there = |id: &String| self.keys_of(list, id).next().is_some();
        self.find(list, ids.iter().any(there), named)?;
        ids.iter().for_each(|id| self.drop_item(list, id));
        Ok(())
    }

    fn drop_item(&mut self, list: &str, item: &str) {
        let keys: Vec<String> = self.keys_of(list, item).cloned().collect();
        keys.iter().for_each(|key| self.delete(key));
    }

    /// `LIST/ITEM` and everything below it.
    fn keys_of(&self, list: &str, item: &str) -> impl Iterator<Item = &String> {
        let own = format!("{list}/{item}");
        let below = format!("{own}/");
        let held = self.record.fields.range(own.clone()..).map(|(key, _)| key);
        held.take_while(move |key| key.starts_with(&own)).filter(move |key| key.len() + 1 == below.len() || key.starts_with(&below))
    }

    fn put(&mut self, key: String, value: Scalar) {
        let op = FlatOp::Put(key, value);
        if changes(self.record, &op) {
            self.ops.push(op);
        }
    }

    fn delete(&mut self, key: &str) {
        if self.record.fields.contains_key(key) {
            self.ops.push(FlatOp::Delete(key.to_owned()));
        }
    }

    fn find(&self, field: &str, found: bool, item: &str) -> Result<(), EditError> {
        if found { Ok(()) } else { Err(EditError::NoSuchItem { field: field.to_owned(), item: item.to_owned() }) }
    }

    fn unknown(&self, field: &str) -> EditError {
        EditError::UnknownField { field: field.to_owned(), kind: self.record.kind.as_str().to_owned() }
    }
}

#[cfg(test)]
mod tests;
