//! The JSON shape of a record: what the window, the command line and exports show.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
pub fn view_of(record: &crate::record::Record, id: &crate::id::DocumentId, space: &crate::id::SpaceId) -> RecordView {
    todo!()
}
