//! Turns an edit as a person means it into edits of the flat map.

use std::collections::BTreeMap;

use crate::assignment::split_label;
use crate::draft::{EditError, clean_label, register};
use crate::field::{FieldEdit, FlatOp};
use crate::limits::{check_count, check_record, check_text, is_long};
use crate::normal::fold;
use crate::record::{Kind, Record, Scalar};
use crate::view::{Address, Affiliation, Labelled, RecordView, fields_view};
use crate::vocabulary::{
    ADDRESS_PARTS, ADDRESSES, AFFILIATION_PARTS, LABELLED, ORGS, RELATIONS, SINGLES, address_from_line, address_part, affiliation_part,
    canonical, labelled,
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
    /// A set, with the prefix of its keys.
    Set(&'a str, &'static str),
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
            "tags" => Ok(Target::Set(word, "tag")),
            "with" => Ok(Target::Set(word, "with")),
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
            Target::Set(_, prefix) if value.trim().is_empty() => {
                let members = if prefix == "tag" { self.view.tags.clone() } else { self.view.with.clone() };
                members.iter().for_each(|member| self.remove_member(prefix, member));
                Ok(())
            }
            Target::Set(name, prefix) => self.add_member(name, prefix, value),
            Target::Item(list, item, "") => self.set_whole_item(list, item, label, value),
            Target::Item(list, item, part) => self.set_item(list, item, part, value),
        }
    }

    /// Sets an item named by its id; a label that is not given stays.
    fn set_whole_item(&mut self, list: &str, item: &str, label: Option<&str>, value: &str) -> Result<(), EditError> {
        match list {
            ORGS => self.set_item(list, item, "name", value),
            ADDRESSES if value.trim().is_empty() => self.remove_items(list, &[item.to_owned()], item),
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
            Target::Set(name, prefix) => self.add_member(name, prefix, value),
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
            Target::Set(_, prefix) => {
                self.remove_member(prefix, item);
                Ok(())
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

    // Lists of labelled values.

    /// The items of a list of labelled values, or of relations in the same clothes.
    fn items(&self, list: &str) -> Vec<Labelled> {
        if list != RELATIONS {
            return labelled(&self.view, list).cloned().unwrap_or_default();
        }
        let dress = |held: &crate::view::Relation| Labelled {
            item: held.item.clone(),
            label: held.kind.clone(),
            value: held.id.clone(),
            pref: false,
        };
        self.view.relations.iter().map(dress).collect()
    }

    fn set_labelled(&mut self, list: &str, label: Option<&str>, value: &str) -> Result<(), EditError> {
        let items = self.items(list);
        let labelled_so = |item: &&Labelled| item.label == label.unwrap_or_default();
        if value.trim().is_empty() {
            let gone: Vec<_> = items.iter().filter(|item| label.is_none() || labelled_so(item)).map(|item| item.item.clone()).collect();
            gone.iter().for_each(|item| self.drop_item(list, item));
            return Ok(());
        }
        match items.iter().find(labelled_so) {
            Some(held) => self.write_register(list, &held.item, &held.label, value),
            None => self.add(list, label.or(Some("")), value),
        }
    }

    fn write_register(&mut self, list: &str, item: &str, label: &str, value: &str) -> Result<(), EditError> {
        if value.trim().is_empty() {
            self.drop_item(list, item);
            return Ok(());
        }
        check_text("label", label)?;
        check_text(list, value)?;
        self.put(format!("{list}/{item}"), Scalar::Text(register(label, value)));
        Ok(())
    }

    /// One item of a list is the preferred one.
    fn prefer(&mut self, list: &str, item: &str, items: &[Labelled], value: &str) -> Result<(), EditError> {
        let pref = match value {
            "true" | "1" | "yes" => true,
            "" | "false" | "0" | "no" => false,
            _ => return Err(EditError::Shape(format!("{list}/{item}/pref is true or false"))),
        };
        for other in items.iter().filter(|other| other.pref && (!pref || other.item != item)) {
            if pref || other.item == item {
                self.delete(&format!("{list}/{}/pref", other.item));
            }
        }
        if pref {
            self.put(format!("{list}/{item}/pref"), Scalar::Flag(true));
        }
        Ok(())
    }

    // Addresses and affiliations.

    fn set_address(&mut self, label: Option<&str>, value: &str) -> Result<(), EditError> {
        let wanted = label.unwrap_or_default();
        if value.trim().is_empty() {
            let gone = |held: &&Address| label.is_none() || held.label == wanted;
            let ids: Vec<_> = self.view.addresses.iter().filter(gone).map(|held| held.item.clone()).collect();
            ids.iter().for_each(|item| self.drop_item(ADDRESSES, item));
            return Ok(());
        }
        let mut address = address_from_line(value);
        wanted.clone_into(&mut address.label);
        let held = self.view.addresses.iter().find(|held| held.label == wanted).map(|held| held.item.clone());
        match held {
            Some(item) => self.write_address(&item, &address),
            None => self.add(ADDRESSES, label, value),
        }
    }

    /// Writes every part of an address; a label that is not given stays.
    fn write_address(&mut self, item: &str, address: &Address) -> Result<(), EditError> {
        for part in ADDRESS_PARTS {
            let value = address_part(address, part).unwrap_or_default();
            if *part != "label" || !value.is_empty() {
                self.write_text(format!("{ADDRESSES}/{item}/{part}"), part, value)?;
            }
        }
        Ok(())
    }

    /// Sets the organisation of the first affiliation: a record's id links it, anything else is its name.
    fn set_affiliation(&mut self, value: &str) -> Result<(), EditError> {
        let value = value.trim();
        let Some(first) = self.view.orgs.first().cloned() else {
            return if value.is_empty() { Ok(()) } else { self.new_role(org_part(value), value) };
        };
        let part = org_part(value);
        if part == "name" && first.name != value {
            // The link led to the organisation of the old name.
            self.delete(&format!("{ORGS}/{}/org", first.item));
        }
        self.write_text(format!("{ORGS}/{}/{part}", first.item), part, value)
    }

    fn set_first_role(&mut self, part: &str, value: &str) -> Result<(), EditError> {
        match self.view.orgs.first().map(|role| role.item.clone()) {
            Some(item) => self.write_text(format!("{ORGS}/{item}/{part}"), part, value),
            None if value.trim().is_empty() => Ok(()),
            None => self.new_role(part, value),
        }
    }

    fn new_role(&mut self, part: &str, value: &str) -> Result<(), EditError> {
        check_count(ORGS, self.view.orgs.len() + 1)?;
        let item = (self.new_item)();
        self.write_text(format!("{ORGS}/{item}/{part}"), part, value)
    }

    // Sets.

    fn add_member(&mut self, field: &str, prefix: &str, member: &str) -> Result<(), EditError> {
        let member = member.trim();
        if member.is_empty() {
            return Ok(());
        }
        check_text(field, member)?;
        let members = if prefix == "tag" { &self.view.tags } else { &self.view.with };
        if !members.iter().any(|held| held == member) {
            check_count(field, members.len() + 1)?;
            self.put(format!("{prefix}:{member}"), Scalar::Flag(true));
        }
        Ok(())
    }

    fn remove_member(&mut self, prefix: &str, member: &str) {
        self.delete(&format!("{prefix}:{member}"));
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

/// Which part of an affiliation a value names: a record's id is a link, anything else a name.
fn org_part(value: &str) -> &'static str {
    if value.starts_with("o_") && value.parse::<crate::id::DocumentId>().is_ok() { "org" } else { "name" }
}

/// The items a person means by naming one: its id, its value, `label:value`, its label, or the value in another spelling.
fn matching(items: &[Labelled], list: &str, named: &str) -> Vec<String> {
    let (label, value) = split_label(list, named);
    let spelled = |text: &str| if list == "phones" { crate::normal::digits(text) } else { fold(text) };
    let plain = spelled(named);
    let tests: [&dyn Fn(&Labelled) -> bool; 5] = [
        &|item| item.item == named,
        &|item| item.value == named,
        &|item| label == Some(item.label.as_str()) && spelled(&item.value) == spelled(value),
        &|item| !named.is_empty() && item.label == named,
        &|item| !plain.is_empty() && spelled(&item.value) == plain,
    ];
    let found = tests.iter().map(|test| items.iter().filter(|item| test(item)).map(|item| item.item.clone()).collect::<Vec<_>>());
    found.into_iter().find(|ids| !ids.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
