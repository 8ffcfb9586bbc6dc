//! What can be filtered by besides words: dated, chosen and custom values, and what a record has.

use std::collections::BTreeSet;

use tuttu_model::query::Feature;
use tuttu_model::when::PartialDate;
use tuttu_model::words::Category;
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

/// How often one wants to meet somebody, and behind a tab the day before which nobody is to be reminded.
pub(crate) const RHYTHM: &str = "rhythm";
/// When a task is due that is not done.
pub(crate) const TODO: &str = "todo";
/// When to come back to an activity.
pub(crate) const FOLLOWUP: &str = "followup";
/// The month and day of a date of somebody, and behind a tab what it is.
pub(crate) const DAY: &str = "day";
/// When an event begins that is repeated.
pub(crate) const REPEATED: &str = "repeated";
/// The end of an event.
pub(crate) const END: &str = "end";
/// Of what is not done: the reminder, what it is before, and its time zone, separated by tabs.
pub(crate) const REMINDER: &str = "reminder";

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
    agenda_of(view, &kind, &mut add);
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

/// What a day brings: who is to be met, what is to be done, what takes place.
fn agenda_of(view: &RecordView, kind: &Kind, add: &mut impl FnMut(&str, &str)) {
    let tabbed = |first: &str, second: &str| if second.is_empty() { first.to_owned() } else { format!("{first}\t{second}") };
    if !view.rhythm.is_empty() {
        add(RHYTHM, &tabbed(&view.rhythm, &view.snoozed));
    }
    for date in &view.dates {
        if let Some(PartialDate { month: Some(month), day: Some(day), .. }) = PartialDate::parse(&date.value) {
            add(DAY, &tabbed(&format!("{month:02}-{day:02}"), &date.label));
        }
    }
    add(FOLLOWUP, &view.followup);
    if *kind == Kind::Event {
        add(if view.recurrence.is_empty() { END } else { REPEATED }, if view.recurrence.is_empty() { &view.end } else { &view.start });
    }
    // Words of the space's own count as open here, and are looked up before anything is shown.
    let open = view.done.is_empty() && Category::from(view.status.as_str()) == Category::Open;
    if *kind == Kind::Task && open {
        add(TODO, &view.due);
    }
    if !view.reminder.is_empty() && open {
        let before = if *kind == Kind::Event { &view.start } else { &view.due };
        add(REMINDER, &format!("{}\t{before}\t{}", view.reminder, view.timezone));
    }
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
