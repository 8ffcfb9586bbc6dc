//! What can be filtered by besides words: dated, chosen and custom values, and what a record has.

use std::collections::BTreeSet;

use tuttu_model::query::Feature;
use tuttu_model::{DocumentId, Kind, RecordView, normal};

/// Facts of one record; more are not filtered by.
const FACTS: usize = 500;
/// Characters of a value; what is beyond them is not compared.
const VALUE_CHARS: usize = 120;

/// Names of facts.
pub(crate) const DUE: &str = "due";
pub(crate) const START: &str = "start";
/// A birthday's month and day.
pub(crate) const BIRTHDAY: &str = "birthday";
/// A birthday with its year, or the year alone.
pub(crate) const BORN: &str = "born";
pub(crate) const STATUS: &str = "status";
pub(crate) const ASSIGNEE: &str = "assignee";
/// The id of an organisation's record.
pub(crate) const ORG: &str = "org";
/// What a record has that is neither a person nor an organisation.
pub(crate) const HAS: &str = "has";

/// A named value: what the table `fact` holds.
pub(crate) type Fact = (String, String);

/// The facts of a record.
pub(crate) fn facts_of(view: &RecordView) -> BTreeSet<Fact> {
    let mut facts = BTreeSet::new();
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() && facts.len() < FACTS {
            facts.insert((name.to_owned(), value.chars().take(VALUE_CHARS).collect::<String>()));
        }
    };
    let kind = Kind::from(view.kind.as_str());
    add(DUE, &view.due);
    add(START, &view.start);
    let status = if kind == Kind::Task && view.status.is_empty() { "open" } else { &view.status };
    add(STATUS, &normal::fold(status));
    add(ASSIGNEE, &normal::fold(&view.assignee));
    match view.birthday.strip_prefix("--") {
        Some(day) => add(BIRTHDAY, day),
        None => {
            add(BORN, &view.birthday);
            add(BIRTHDAY, view.birthday.get(5..).unwrap_or_default());
        }
    }
    for role in &view.orgs {
        if let Ok(org) = role.org.parse::<DocumentId>() {
            add(ORG, &org.to_string());
        }
    }
    for (key, value) in &view.custom {
        if !key.starts_with("vcard.") {
            add(&custom_name(key), &normal::fold(value));
        }
    }
    if !matches!(kind, Kind::Person | Kind::Org) {
        let features = features_of(view);
        for feature in FEATURES {
            if features & bit(feature) != 0 {
                add(HAS, feature.word());
            }
        }
    }
    facts
}

/// The name under which a field of one's own is kept: its case, and whether its words are separated by spaces or dashes, do not count.
pub(crate) fn custom_name(key: &str) -> String {
    format!("custom.{}", normal::fold(key).replace([' ', '_'], "-"))
}

/// The features that are read from a record alone; conflicts and news have indexes of their own.
const FEATURES: [Feature; 14] = [
    Feature::Email,
    Feature::Phone,
    Feature::Address,
    Feature::Org,
    Feature::Tag,
    Feature::Notes,
    Feature::Birthday,
    Feature::Link,
    Feature::Im,
    Feature::Date,
    Feature::Relation,
    Feature::Rhythm,
    Feature::Due,
    Feature::Assignee,
];

/// The bit of a feature; none for conflicts and news.
pub(crate) fn bit(feature: Feature) -> u32 {
    FEATURES.iter().position(|other| *other == feature).map_or(0, |at| 1 << at)
}

/// The features of a record, as bits.
pub(crate) fn features_of(view: &RecordView) -> u32 {
    let has = |feature: Feature| match feature {
        Feature::Email => !view.emails.is_empty(),
        Feature::Phone => !view.phones.is_empty(),
        Feature::Address => !view.addresses.is_empty(),
        Feature::Org => !view.orgs.is_empty(),
        Feature::Tag => !view.tags.is_empty(),
        Feature::Notes => !view.notes.is_empty(),
        Feature::Birthday => !view.birthday.is_empty(),
        Feature::Link => !view.urls.is_empty(),
        Feature::Im => !view.ims.is_empty(),
        Feature::Date => !view.dates.is_empty(),
        Feature::Relation => !view.relations.is_empty(),
        Feature::Rhythm => !view.rhythm.is_empty(),
        Feature::Due => !view.due.is_empty(),
        Feature::Assignee => !view.assignee.is_empty(),
        Feature::Conflict | Feature::News => false,
    };
    FEATURES.into_iter().filter(|feature| has(*feature)).map(bit).sum()
}
