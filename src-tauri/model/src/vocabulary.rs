//! The keys of the flat map and the fields of the JSON shape, in one place.

use crate::record::{CREATED, DELETED, KIND, MOVED};
use crate::view::{Address, Affiliation, Labelled, RecordView};

/// The name of a field in JSON: the word given, else its name in Rust.
macro_rules! word_of {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $word:literal) => {
        $word
    };
}

/// The text fields of a shape by name, so that no list of them is written twice.
macro_rules! text_fields {
    ($shape:ty, $names:ident, $get:ident, $get_mut:ident: $($field:ident $($word:literal)?),+ $(,)?) => {
        pub(crate) const $names: &[&str] = &[$(word_of!($field $($word)?)),+];

        pub(crate) fn $get<'a>(shape: &'a $shape, field: &str) -> Option<&'a str> {
            $(if field == word_of!($field $($word)?) { return Some(&shape.$field); })+
            None
        }

        pub(crate) fn $get_mut<'a>(shape: &'a mut $shape, field: &str) -> Option<&'a mut String> {
            $(if field == word_of!($field $($word)?) { return Some(&mut shape.$field); })+
            None
        }
    };
}

/// The lists of a shape by name.
macro_rules! lists {
    ($shape:ty, $item:ty, $names:ident, $get:ident, $get_mut:ident: $($field:ident),+ $(,)?) => {
        pub(crate) const $names: &[&str] = &[$(stringify!($field)),+];

        pub(crate) fn $get<'a>(shape: &'a $shape, list: &str) -> Option<&'a Vec<$item>> {
            $(if list == stringify!($field) { return Some(&shape.$field); })+
            None
        }

        pub(crate) fn $get_mut<'a>(shape: &'a mut $shape, list: &str) -> Option<&'a mut Vec<$item>> {
            $(if list == stringify!($field) { return Some(&mut shape.$field); })+
            None
        }
    };
}

// What most records have comes first: lookups go through the list.
text_fields!(RecordView, SINGLES, single, single_mut:
    name, given, family, text, at, duration, birthday, notes, rhythm, middle, prefix, suffix, nickname, pronouns, status, due, start, end,
    timezone, place, direction, followup, assignee, parent, reminder, recurrence, done, gender, photo, snoozed,
    phonetic_given "phoneticGiven", phonetic_middle "phoneticMiddle", phonetic_family "phoneticFamily", phonetic_name "phoneticName",
    word, value_type "valueType", reverse, query, sort, columns, group);
text_fields!(Address, ADDRESS_PARTS, address_part, address_part_mut: label, street, city, region, postcode, country);
text_fields!(Affiliation, AFFILIATION_PARTS, affiliation_part, affiliation_part_mut: org, name, title, department, since, until);
// The lists of labelled values.
lists!(RecordView, Labelled, LABELLED, labelled, labelled_mut:
    emails, phones, urls, ims, dates, languages, keys, identifiers, options);
// The sets.
lists!(RecordView, String, SETS, members, members_mut: tags, with, kinds, merged, distinct);

/// Sets that only commands of their own write.
pub(crate) const MARKS: &[&str] = &["merged", "distinct"];
/// The list of addresses.
pub(crate) const ADDRESSES: &str = "addresses";
/// The list of roles in organisations.
pub(crate) const ORGS: &str = "orgs";
/// The list of links to other records.
pub(crate) const RELATIONS: &str = "relations";
/// The list of files.
pub(crate) const ATTACHMENTS: &str = "attachments";
/// The list of copies in other spaces.
pub(crate) const COPIES: &str = "copies";

/// What stands before the members of a set in the flat map.
pub(crate) fn set_prefix(set: &str) -> &'static str {
    match set {
        "tags" => "tag",
        "with" => "with",
        "merged" => "merged",
        "distinct" => "distinct",
        _ => "for",
    }
}

fn set_of(prefix: &str) -> Option<&'static str> {
    match prefix {
        "tag" => Some("tags"),
        "with" => Some("with"),
        "for" => Some("kinds"),
        "merged" => Some("merged"),
        "distinct" => Some("distinct"),
        _ => None,
    }
}

/// A key of the flat map, understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key<'a> {
    Kind,
    Created,
    Deleted,
    Moved,
    Single(&'a str),
    Labelled { list: &'a str, item: &'a str },
    Pref { list: &'a str, item: &'a str },
    Address { item: &'a str, part: &'a str },
    Affiliation { item: &'a str, part: &'a str },
    Relation { item: &'a str },
    Attachment { hash: &'a str },
    Copied { item: &'a str },
    Member { set: &'static str, member: &'a str },
    Custom(&'a str),
    Unknown,
}

impl<'a> Key<'a> {
    pub(crate) fn parse(key: &'a str) -> Self {
        match key {
            KIND => return Self::Kind,
            CREATED => return Self::Created,
            DELETED => return Self::Deleted,
            MOVED => return Self::Moved,
            _ => {}
        }
        if let Some((prefix, member)) = key.split_once(':') {
            if prefix == "custom" {
                return Self::Custom(member);
            }
            if let Some(set) = set_of(prefix) {
                return Self::Member { set, member };
            }
        }
        let Some((list, rest)) = key.split_once('/') else {
            return if SINGLES.contains(&key) { Self::Single(key) } else { Self::Unknown };
        };
        match rest.split_once('/') {
            None if LABELLED.contains(&list) => Self::Labelled { list, item: rest },
            None if list == RELATIONS => Self::Relation { item: rest },
            None if list == ATTACHMENTS => Self::Attachment { hash: rest },
            None if list == COPIES => Self::Copied { item: rest },
            Some((item, "pref")) if LABELLED.contains(&list) => Self::Pref { list, item },
            Some((item, part)) if list == ADDRESSES && ADDRESS_PARTS.contains(&part) => Self::Address { item, part },
            Some((item, part)) if list == ORGS && AFFILIATION_PARTS.contains(&part) => Self::Affiliation { item, part },
            _ => Self::Unknown,
        }
    }

    /// The field in the words of the JSON shape, for keys whose values people choose between. Members of sets never conflict, when a task was
    /// done is said by the status, and what a newer version wrote is left to it.
    pub(crate) fn conflict_field(self, key: &str) -> Option<String> {
        match self {
            Self::Custom(name) => Some(format!("custom.{name}")),
            Self::Single("done") => None,
            Self::Kind
            | Self::Single(_)
            | Self::Labelled { .. }
            | Self::Address { .. }
            | Self::Affiliation { .. }
            | Self::Relation { .. }
            | Self::Attachment { .. } => Some(key.to_owned()),
            _ => None,
        }
    }
}

/// The plural name of a field of the command line (`email` is `emails`); other words are themselves.
#[must_use]
pub fn canonical(field: &str) -> &str {
    match field {
        "email" => "emails",
        "phone" => "phones",
        "url" | "website" => "urls",
        "im" => "ims",
        "date" => "dates",
        "tag" => "tags",
        "address" => ADDRESSES,
        "org" => ORGS,
        "relation" => RELATIONS,
        "attachment" => ATTACHMENTS,
        "language" => "languages",
        "key" => "keys",
        "identifier" => "identifiers",
        "option" => "options",
        "for" => "kinds",
        "about" => "with",
        "follow-up" | "followUp" => "followup",
        "type" => "valueType",
        "subject" => "name",
        other => other,
    }
}

/// Whether items of this list have labels (for relations: types).
pub(crate) fn has_labels(list: &str) -> bool {
    LABELLED.contains(&list) || list == ADDRESSES || list == RELATIONS
}

/// The parts of an address typed on one line: street; city; region; postcode; country.
pub(crate) fn address_from_line(line: &str) -> Address {
    let mut parts = line.splitn(5, ';').map(|part| part.trim().to_owned());
    let mut next = || parts.next().unwrap_or_default();
    Address { street: next(), city: next(), region: next(), postcode: next(), country: next(), ..Address::default() }
}
