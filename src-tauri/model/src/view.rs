//! The JSON shape of a record: what the window, the command line and exports show.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::id::{DocumentId, SpaceId};
use crate::record::{DELETED, Deletion, Held, Record, Scalar, split_register};
use crate::vocabulary::{
    ADDRESS_PARTS, AFFILIATION_PARTS, Key, address_part, address_part_mut, affiliation_part, affiliation_part_mut, labelled_mut, single_mut,
};

macro_rules! shape {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident : $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        #[serde(rename_all = "camelCase")]
        pub struct $name { $($(#[$field_doc])* pub $field: $type),* }
    };
}

shape!(
    /// A labelled value: an e-mail address, a phone number, a link, a date.
    Labelled {
        /// The item's id in the record, stable across edits.
        item: String,
        /// `work`, `home`, `mobile`, ... or the person's own word.
        label: String,
        /// As typed.
        value: String,
        /// Preferred among its kind.
        pref: bool,
    }
);
shape!(
    /// A postal address; its parts merge apart.
    Address {
        /// The item's id in the record.
        item: String,
        /// `work`, `home`, ...
        label: String,
        /// Street and number.
        street: String,
        /// City.
        city: String,
        /// Region or state.
        region: String,
        /// Postal code.
        postcode: String,
        /// Country, as typed.
        country: String,
    }
);
shape!(
    /// A role in an organisation.
    Affiliation {
        /// The item's id in the record.
        item: String,
        /// The organisation's record, if it has one.
        org: String,
        /// The organisation's name.
        name: String,
        /// Title.
        title: String,
        /// Department.
        department: String,
        /// From, a date or part of one.
        since: String,
        /// Until, a date or part of one.
        until: String,
    }
);
shape!(
    /// A typed link to another record.
    Relation {
        /// The item's id in the record.
        item: String,
        /// `introduced by`, `spouse`, ...
        #[serde(rename = "type")]
        kind: String,
        /// The other record.
        id: String,
    }
);
shape!(
    /// When and by whom.
    Stamp {
        /// RFC 3339, UTC.
        at: String,
        /// The person's name.
        by: String,
    }
);
shape!(
    /// A record in the shape the window and the command line show.
    ///
    /// Empty text, lists and maps mean "not there"; the command line leaves them out.
    RecordView {
        /// `p_01...`
        id: String,
        /// `person`, `org`, `note`, ...
        kind: String,
        /// The space it belongs to.
        space: String,
        /// The full name (vCard FN), its own field; for an activity its subject.
        name: String,
        /// Given name.
        given: String,
        /// Family name.
        family: String,
        /// Middle name.
        middle: String,
        /// Honorific before the name.
        prefix: String,
        /// Letters after the name.
        suffix: String,
        /// Nickname.
        nickname: String,
        /// Pronouns, as the person says them.
        pronouns: String,
        /// E-mail addresses.
        emails: Vec<Labelled>,
        /// Phone numbers.
        phones: Vec<Labelled>,
        /// Addresses.
        addresses: Vec<Address>,
        /// Roles in organisations.
        orgs: Vec<Affiliation>,
        /// Links.
        urls: Vec<Labelled>,
        /// Messaging addresses.
        ims: Vec<Labelled>,
        /// `1986-12-03`, `--12-03` or `1986`.
        birthday: String,
        /// Other dates.
        dates: Vec<Labelled>,
        /// Tags, sorted.
        tags: Vec<String>,
        /// Notes about the record.
        notes: String,
        /// Keep in touch every so often: `6w`, `3m`.
        rhythm: String,
        /// Fields of the person's own and fields kept from imports.
        custom: BTreeMap<String, String>,
        /// Links to other records.
        relations: Vec<Relation>,
        /// The text of an activity.
        text: String,
        /// When an activity took place, RFC 3339 UTC.
        at: String,
        /// How long it took, in minutes, as text.
        duration: String,
        /// The records that took part in an activity.
        with: Vec<String>,
        /// The records that were merged into this one.
        merged: Vec<String>,
        /// The records that look like this one and are not the same.
        distinct: Vec<String>,
        /// Where the record is now, when it was moved away or merged into another.
        moved: String,
        /// When and by whom it was made.
        created: Stamp,
        /// When and by whom it was last changed.
        changed: Stamp,
        /// Keys of fields with more than one value (`phones/ITEM`, `name`, `deleted`).
        conflicts: Vec<String>,
        /// Keys a newer version wrote that this one does not know; shown read-only.
        unknown: Vec<String>,
        /// In the trash.
        deleted: bool,
    }
);

impl RecordView {
    /// The JSON object of the command line: empty values left out.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Map<String, serde_json::Value> {
        let Ok(serde_json::Value::Object(object)) = serde_json::to_value(self) else {
            return serde_json::Map::new();
        };
        object.into_iter().filter(|(_, value)| !is_empty(value)).map(|(key, value)| (key, without_empty(value))).collect()
    }
}

fn is_empty(value: &serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_empty),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

fn without_empty(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(fields) => Value::Object(
            fields.into_iter().filter(|(_, value)| !is_empty(value)).map(|(key, value)| (key, without_empty(value))).collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_empty).collect()),
        other => other,
    }
}

/// The keys of a record in the shape of [`RecordView`]. `created.by` and `changed.by` are left as the author's actor id in hexadecimal
/// (32 digits): whoever shows the record replaces them with names.
#[must_use]
pub fn view_of(record: &Record, id: &DocumentId, space: &SpaceId) -> RecordView {
    let mut view = fields_view(record);
    view.id = format!("{}_{id}", record.kind.prefix());
    view.space = space.to_string();
    view
}

/// Everything of the view but the ids of the record and its space.
pub(crate) fn fields_view(record: &Record) -> RecordView {
    let mut view = RecordView { kind: record.kind.as_str().to_owned(), ..RecordView::default() };
    let mut newest: Option<&Held> = None;
    for (key, held) in &record.fields {
        newest = held.iter().chain(newest).max_by_key(|held| held.time);
        let Some(first) = held.first() else { continue };
        let Some(value) = &first.value else { continue };
        let parsed = Key::parse(key);
        if parsed == Key::Created {
            view.created = Stamp { at: value.as_text(), by: HEXLOWER.encode(&first.actor) };
        }
        place(&mut view, parsed, value);
        if parsed == Key::Unknown || matches!(value, Scalar::Unknown(_)) {
            view.unknown.push(key.clone());
        }
        if held.len() > 1 {
            view.conflicts.extend(parsed.conflict_field(key));
        }
    }
    view.addresses.retain(|address| ADDRESS_PARTS.iter().any(|part| address_part(address, part) != Some("")));
    view.orgs.retain(|role| AFFILIATION_PARTS.iter().any(|part| affiliation_part(role, part) != Some("")));
    view.changed = newest.map(|held| Stamp { at: time_text(held.time), by: HEXLOWER.encode(&held.actor) }).unwrap_or_default();
    view.deleted = record.deletion == Deletion::Deleted;
    if matches!(record.deletion, Deletion::Disputed { .. }) {
        view.conflicts.push(DELETED.to_owned());
    }
    view
}

/// Puts one value where it belongs. Keys come sorted, so the parts of an item follow each other.
fn place(view: &mut RecordView, key: Key<'_>, value: &Scalar) {
    let set = !matches!(value, Scalar::Flag(false));
    match key {
        Key::Kind | Key::Created | Key::Deleted | Key::Unknown => {}
        Key::Moved => view.moved = forwarded_to(&value.as_text()).to_owned(),
        Key::Single(field) => {
            if let Some(slot) = single_mut(view, field) {
                *slot = value.as_text();
            }
        }
        Key::Labelled { list, item } => {
            let text = value.as_text();
            let (label, value) = split_register(&text);
            if let Some(items) = labelled_mut(view, list).filter(|_| !value.is_empty()) {
                items.push(Labelled { item: item.to_owned(), label: label.to_owned(), value: value.to_owned(), pref: false });
            }
        }
        Key::Pref { list, item } => {
            let last = labelled_mut(view, list).and_then(|items| items.last_mut());
            if let Some(last) = last.filter(|last| last.item == item) {
                last.pref = set;
            }
        }
        Key::Address { item, part } => {
            if view.addresses.last().is_none_or(|last| last.item != item) {
                view.addresses.push(Address { item: item.to_owned(), ..Address::default() });
            }
            if let Some(slot) = view.addresses.last_mut().and_then(|last| address_part_mut(last, part)) {
                *slot = value.as_text();
            }
        }
        Key::Affiliation { item, part } => {
            if view.orgs.last().is_none_or(|last| last.item != item) {
                view.orgs.push(Affiliation { item: item.to_owned(), ..Affiliation::default() });
            }
            if let Some(slot) = view.orgs.last_mut().and_then(|last| affiliation_part_mut(last, part)) {
                *slot = value.as_text();
            }
        }
        Key::Relation { item } => {
            let text = value.as_text();
            let (kind, id) = split_register(&text);
            view.relations.push(Relation { item: item.to_owned(), kind: kind.to_owned(), id: id.to_owned() });
        }
        Key::Tag(tag) if set => view.tags.push(tag.to_owned()),
        Key::With(id) if set => view.with.push(id.to_owned()),
        Key::Merged(id) if set => view.merged.push(id.to_owned()),
        Key::Distinct(id) if set => view.distinct.push(id.to_owned()),
        Key::Tag(_) | Key::With(_) | Key::Merged(_) | Key::Distinct(_) => {}
        Key::Custom(name) => drop(view.custom.insert(name.to_owned(), value.as_text())),
    }
}

/// The record's id in a forwarding id (`SPACE TAB ID`).
fn forwarded_to(text: &str) -> &str {
    split_register(text).1
}

fn time_text(seconds: i64) -> String {
    chrono::DateTime::from_timestamp(seconds, 0).map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
