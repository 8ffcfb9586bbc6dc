//! The keys of the flat map and the fields of the JSON shape, in one place.

use crate::record::{CREATED, DELETED, KIND, MOVED};
use crate::view::{Address, Affiliation, Labelled, RecordView};

/// The text fields of a shape by name, so that no list of them is written twice.
macro_rules! text_fields {
    ($shape:ty, $names:ident, $get:ident, $get_mut:ident: $($field:ident),+ $(,)?) => {
        pub(crate) const $names: &[&str] = &[$(stringify!($field)),+];

        pub(crate) fn $get<'a>(shape: &'a $shape, field: &str) -> Option<&'a str> {
            $(if field == stringify!($field) { return Some(&shape.$field); })+
            None
        }

        pub(crate) fn $get_mut<'a>(shape: &'a mut $shape, field: &str) -> Option<&'a mut String> {
            $(if field == stringify!($field) { return Some(&mut shape.$field); })+
            None
        }
    };
}

text_fields!(RecordView, SINGLES, single, single_mut:
    name, given, family, middle, prefix, suffix, nickname, pronouns, birthday, notes, rhythm, text, at, duration);
text_fields!(Address, ADDRESS_PARTS, address_part, address_part_mut: label, street, city, region, postcode, country);
text_fields!(Affiliation, AFFILIATION_PARTS, affiliation_part, affiliation_part_mut: org, name, title, department, since, until);

/// The lists of labelled values.
pub(crate) const LABELLED: &[&str] = &["emails", "phones", "urls", "ims", "dates"];
/// The list of addresses.
pub(crate) const ADDRESSES: &str = "addresses";
/// The list of roles in organisations.
pub(crate) const ORGS: &str = "orgs";
/// The list of links to other records.
pub(crate) const RELATIONS: &str = "relations";

pub(crate) fn labelled<'a>(view: &'a RecordView, list: &str) -> Option<&'a Vec<Labelled>> {
    match list {
        "emails" => Some(&view.emails),
        "phones" => Some(&view.phones),
        "urls" => Some(&view.urls),
        "ims" => Some(&view.ims),
        "dates" => Some(&view.dates),
        _ => None,
    }
}

pub(crate) fn labelled_mut<'a>(view: &'a mut RecordView, list: &str) -> Option<&'a mut Vec<Labelled>> {
    match list {
        "emails" => Some(&mut view.emails),
        "phones" => Some(&mut view.phones),
        "urls" => Some(&mut view.urls),
        "ims" => Some(&mut view.ims),
        "dates" => Some(&mut view.dates),
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
    Tag(&'a str),
    With(&'a str),
    Merged(&'a str),
    Distinct(&'a str),
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
        if let Some((set, member)) = key.split_once(':') {
            match set {
                "tag" => return Self::Tag(member),
                "with" => return Self::With(member),
                "merged" => return Self::Merged(member),
                "distinct" => return Self::Distinct(member),
                "custom" => return Self::Custom(member),
                _ => {}
            }
        }
        let Some((list, rest)) = key.split_once('/') else {
            return if SINGLES.contains(&key) { Self::Single(key) } else { Self::Unknown };
        };
        match rest.split_once('/') {
            None if LABELLED.contains(&list) => Self::Labelled { list, item: rest },
            None if list == RELATIONS => Self::Relation { item: rest },
            Some((item, "pref")) if LABELLED.contains(&list) => Self::Pref { list, item },
            Some((item, part)) if list == ADDRESSES && ADDRESS_PARTS.contains(&part) => Self::Address { item, part },
            Some((item, part)) if list == ORGS && AFFILIATION_PARTS.contains(&part) => Self::Affiliation { item, part },
            _ => Self::Unknown,
        }
    }

    /// The field in the words of the JSON shape, for keys whose values people choose between. Members of sets never conflict, and what a newer
    /// version wrote is left to it.
    pub(crate) fn conflict_field(self, key: &str) -> Option<String> {
        match self {
            Self::Custom(name) => Some(format!("custom.{name}")),
            Self::Kind
            | Self::Single(_)
            | Self::Labelled { .. }
            | Self::Address { .. }
            | Self::Affiliation { .. }
            | Self::Relation { .. } => Some(key.to_owned()),
            _ => None,
        }
    }
}

/// The plural name of a field of the command line (`email` is `emails`); other words are themselves.
pub(crate) fn canonical(field: &str) -> &str {
    match field {
        "email" => "emails",
        "phone" => "phones",
        "url" => "urls",
        "im" => "ims",
        "date" => "dates",
        "tag" => "tags",
        "address" => ADDRESSES,
        "org" => ORGS,
        "relation" => RELATIONS,
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
