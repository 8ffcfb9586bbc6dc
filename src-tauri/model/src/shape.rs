//! The shapes of a record's JSON: what the window, the command line and exports show. `docs/records.md` says what each field means and how it
//! merges.

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
    /// A role in an organisation; its parts merge apart.
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
        /// The other record; or a name, where somebody is known by name alone.
        id: String,
        /// The other record's name now. Filled in where one record is shown, not stored.
        name: String,
        /// What became of the other record: empty (it is there), `missing` (not on this computer), `trash`, `moved`, or `text` (a name, no
        /// record). Filled in where one record is shown, not stored.
        state: String,
    }
);
shape!(
    /// A file that belongs to a record. Its bytes lie beside the database, once for each content.
    Attachment {
        /// BLAKE3 of its bytes, in hexadecimal.
        hash: String,
        /// File name.
        name: String,
        /// Media type, `image/jpeg`; may be empty.
        #[serde(rename = "type")]
        media: String,
        /// Bytes.
        size: u32,
        /// The bytes are not on this computer. Filled in where one record is shown, not stored.
        missing: bool,
    }
);
shape!(
    /// Another place of the same record. Where one record of a shared space is shown, this person's private card of it is filled in.
    Copied {
        /// The item's id in the record.
        item: String,
        /// The other space.
        space: String,
        /// The record there.
        id: String,
        /// The fields that were put there, and whose differences are offered.
        fields: Vec<String>,
    }
);
shape!(
    /// A value that looks wrong. It is kept all the same.
    Flag {
        /// The field, or the item of a list (`phones/ITEM`).
        field: String,
        /// What looks wrong, in a sentence.
        message: String,
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
    /// Empty text, lists and maps mean "not there"; the command line leaves them out. Fields stand in the order in which records use them: what
    /// most records leave empty is at the end, so that it takes no room where views are stored.
    RecordView {
        /// `p_01...`
        id: String,
        /// `person`, `org`, `note`, ...
        kind: String,
        /// The space it belongs to.
        space: String,
        /// The full name (vCard FN), its own field; for an activity its subject, for a task or event its title.
        name: String,
        /// The text of an activity.
        text: String,
        /// When an activity took place, RFC 3339 UTC.
        at: String,
        /// The records that took part in an activity or event, or that a task is about.
        with: Vec<String>,
        /// The records that were merged into this one.
        merged: Vec<String>,
        /// The records that look like this one and are not the same.
        distinct: Vec<String>,
        /// When and by whom it was made.
        created: Stamp,
        /// When and by whom it was last changed.
        changed: Stamp,
        /// How long an activity took, in minutes, as text.
        duration: String,
        /// Given name.
        given: String,
        /// Family name.
        family: String,
        /// E-mail addresses.
        emails: Vec<Labelled>,
        /// Phone numbers.
        phones: Vec<Labelled>,
        /// Roles in organisations.
        orgs: Vec<Affiliation>,
        /// Addresses.
        addresses: Vec<Address>,
        /// Tags, sorted; `place:glasgow` where a tag has a context.
        tags: Vec<String>,
        /// `1986-12-03`, `--12-03` or `1986`.
        birthday: String,
        /// Keep in touch every so often: `6w`, `3m`.
        rhythm: String,
        /// Links.
        urls: Vec<Labelled>,
        /// Notes about the record.
        notes: String,
        /// Fields of the person's own and fields kept from imports.
        custom: BTreeMap<String, String>,
        /// Links to other records.
        relations: Vec<Relation>,
        /// Messaging addresses.
        ims: Vec<Labelled>,
        /// Other dates; the labels `anniversary` and `died` are those of vCard.
        dates: Vec<Labelled>,
        /// Middle name.
        middle: String,
        /// Honorific before the name.
        prefix: String,
        /// Letters after the name.
        suffix: String,
        /// Nicknames, separated by commas.
        nickname: String,
        /// Pronouns, as the person says them.
        pronouns: String,
        /// Where a task or event stands: `open`, `done`, `cancelled`, or a word of the space's vocabulary. Empty is `open`.
        status: String,
        /// When a task is due: a date or RFC 3339.
        due: String,
        /// When to remind of a task or event: a date, RFC 3339, or how long before (`1d`, `15m`).
        reminder: String,
        /// Who does a task: a member or a person's record.
        assignee: String,
        /// When a task was done, RFC 3339.
        done: String,
        /// The task, organisation, event or project this is a part of.
        parent: String,
        /// When an event starts: a date (all day), or a time, with its offset or in `timezone`.
        start: String,
        /// When an event ends, like `start`; of an event that lasts whole days, its last day.
        end: String,
        /// A time zone of the IANA database, `Europe/Helsinki`: of an event, or where a person lives.
        timezone: String,
        /// The event lasts whole days: `start` is a date. Derived.
        all_day: bool,
        /// How an event or task repeats: RFC 5545, `FREQ=WEEKLY;BYDAY=MO`.
        recurrence: String,
        /// Where an event or activity takes place.
        place: String,
        /// Who began a call, e-mail or message: `in` or `out`.
        direction: String,
        /// When to come back to an activity: a date or RFC 3339.
        followup: String,
        /// No reminders of the rhythm before this date.
        snoozed: String,
        /// Files.
        attachments: Vec<Attachment>,
        /// The picture: the hash of one of the attachments.
        photo: String,
        /// Languages a person speaks.
        languages: Vec<Labelled>,
        /// Gender, in the person's words.
        gender: String,
        /// How the given name is pronounced.
        phonetic_given: String,
        /// How the middle name is pronounced.
        phonetic_middle: String,
        /// How the family name is pronounced.
        phonetic_family: String,
        /// How the whole name is pronounced.
        phonetic_name: String,
        /// Public keys and certificates.
        keys: Vec<Labelled>,
        /// Numbers under which others know it: VAT, register, ORCID.
        identifiers: Vec<Labelled>,
        /// Of a definition: the word it defines (the key of a custom field, a kind, the name of a vocabulary).
        word: String,
        /// Of a field's definition: `text`, `number`, `date`, `choice`, `link`, `money` or `yesno`.
        value_type: String,
        /// Of a definition: the words to choose from, in their order.
        options: Vec<Labelled>,
        /// Of a field's definition: the kinds of record that have it; empty for all.
        kinds: Vec<String>,
        /// Of a relation type: what it is called from the other side.
        reverse: String,
        /// Of a saved view: what it finds.
        query: String,
        /// Of a saved view: its order.
        sort: String,
        /// Of a saved view: its columns, separated by commas.
        columns: String,
        /// Of a saved view: the field it is grouped by.
        group: String,
        /// Of a private card: its copies in shared spaces.
        copies: Vec<Copied>,
        /// Where the record is now, when it was moved away or merged into another; this is what is left of it.
        moved: Copied,
        /// Keys of fields with more than one value (`phones/ITEM`, `name`, `deleted`).
        conflicts: Vec<String>,
        /// Keys a newer version wrote that this one does not know; shown read-only.
        unknown: Vec<String>,
        /// In the trash.
        deleted: bool,
        /// What typed values were understood as (`phones/ITEM`: `+447700900142`). Filled in where one record is shown, not stored.
        understood: BTreeMap<String, String>,
        /// Values that look wrong. Filled in where records are shown, not stored.
        flags: Vec<Flag>,
    }
);
