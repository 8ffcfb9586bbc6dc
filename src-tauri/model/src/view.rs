//! The JSON shape of a record: what the window, the command line and exports show.

use crate::id::{DocumentId, SpaceId};
use crate::record::{DELETED, Deletion, Held, Record, Scalar, split_register};
pub use crate::shape::{Address, Affiliation, Attachment, Copied, Flag, Labelled, RecordView, Relation, Stamp};
use crate::vocabulary::{
    ADDRESS_PARTS, AFFILIATION_PARTS, Key, address_part, address_part_mut, affiliation_part, affiliation_part_mut, labelled_mut,
    members_mut, single_mut,
};
use data_encoding::HEXLOWER;

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
#[must_use]
pub fn fields_view(record: &Record) -> RecordView {
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
    view.all_day = crate::when::is_date(&view.start);
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
        Key::Moved => view.moved = copied("", &value.as_text()),
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
            view.relations.push(Relation { item: item.to_owned(), kind: kind.to_owned(), id: id.to_owned(), ..Relation::default() });
        }
        Key::Attachment { hash } => view.attachments.push(attachment(hash, &value.as_text())),
        Key::Copied { item } => view.copies.push(copied(item, &value.as_text())),
        Key::Member { set: list, member } => {
            if let Some(members) = members_mut(view, list).filter(|_| set) {
                members.push(member.to_owned());
            }
        }
        Key::Custom(name) => drop(view.custom.insert(name.to_owned(), value.as_text())),
    }
}

/// A register of a file: name, media type and size.
fn attachment(hash: &str, register: &str) -> Attachment {
    let mut parts = register.splitn(3, '\t').map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    let (name, media, size) = (next(), next(), next());
    Attachment { hash: hash.to_owned(), name, media, size: size.parse().unwrap_or(0), missing: false }
}

/// A register that names a record of another space, and the fields it shares.
fn copied(item: &str, register: &str) -> Copied {
    let mut parts = register.splitn(3, '\t');
    let (space, id, fields) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let fields = fields.split(',').filter(|field| !field.is_empty()).map(str::to_owned).collect();
    Copied { item: item.to_owned(), space: space.to_owned(), id: id.to_owned(), fields }
}

fn time_text(seconds: i64) -> String {
    chrono::DateTime::from_timestamp(seconds, 0).map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
