//! Edits of lists: labelled values, addresses and roles in organisations.

use super::Planner;
use crate::assignment::split_label;
use crate::draft::{EditError, register};
use crate::limits::{check_count, check_text};
use crate::normal::fold;
use crate::record::Scalar;
use crate::view::{Address, Labelled};
use crate::vocabulary::{ADDRESS_PARTS, ADDRESSES, ORGS, RELATIONS, address_from_line, address_part, labelled};

impl Planner<'_> {
    // Lists of labelled values.

    /// The items of a list of labelled values, or of relations in the same clothes.
    pub(super) fn items(&self, list: &str) -> Vec<Labelled> {
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

    pub(super) fn set_labelled(&mut self, list: &str, label: Option<&str>, value: &str) -> Result<(), EditError> {
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

    pub(super) fn write_register(&mut self, list: &str, item: &str, label: &str, value: &str) -> Result<(), EditError> {
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
    pub(super) fn prefer(&mut self, list: &str, item: &str, items: &[Labelled], value: &str) -> Result<(), EditError> {
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

    pub(super) fn set_address(&mut self, label: Option<&str>, value: &str) -> Result<(), EditError> {
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
    pub(super) fn write_address(&mut self, item: &str, address: &Address) -> Result<(), EditError> {
        for part in ADDRESS_PARTS {
            let value = address_part(address, part).unwrap_or_default();
            if *part != "label" || !value.is_empty() {
                self.write_text(format!("{ADDRESSES}/{item}/{part}"), part, value)?;
            }
        }
        Ok(())
    }

    /// Sets the organisation of the first affiliation: a record's id links it, anything else is its name.
    pub(super) fn set_affiliation(&mut self, value: &str) -> Result<(), EditError> {
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

    pub(super) fn set_first_role(&mut self, part: &str, value: &str) -> Result<(), EditError> {
        match self.view.orgs.first().map(|role| role.item.clone()) {
            Some(item) => self.write_text(format!("{ORGS}/{item}/{part}"), part, value),
            None if value.trim().is_empty() => Ok(()),
            None => self.new_role(part, value),
        }
    }

    pub(super) fn new_role(&mut self, part: &str, value: &str) -> Result<(), EditError> {
        check_count(ORGS, self.view.orgs.len() + 1)?;
        let item = (self.new_item)();
        self.write_text(format!("{ORGS}/{item}/{part}"), part, value)
    }
}

/// Which part of an affiliation a value names: a record's id is a link, anything else a name.
pub(super) fn org_part(value: &str) -> &'static str {
    if value.starts_with("o_") && value.parse::<crate::id::DocumentId>().is_ok() { "org" } else { "name" }
}

/// The items a person means by naming one: its id, its value, `label:value`, its label, or the value in another spelling.
pub(super) fn matching(items: &[Labelled], list: &str, named: &str) -> Vec<String> {
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
