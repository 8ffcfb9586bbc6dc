//! What `key:value` means.

use super::date::{self, Moment, Unit};
use super::tree::{Compare, DateField, DateTest, Feature, Node, Term, TextField};

/// What a filter came to.
pub(super) enum Meaning {
    /// It is understood.
    Node(Node),
    /// It is understood but says nothing yet.
    Nothing,
    /// Its key is known and its value is not: in a sentence, what would be right.
    Wrong(String),
    /// It is not a filter.
    Unknown,
}

/// Keys of text fields; the first of a field is the one that is printed.
const TEXTS: [(&str, TextField); 20] = [
    ("tag", TextField::Tag),
    ("tags", TextField::Tag),
    ("org", TextField::Org),
    ("organisation", TextField::Org),
    ("organization", TextField::Org),
    ("company", TextField::Org),
    ("kind", TextField::Kind),
    ("type", TextField::Kind),
    ("space", TextField::Space),
    ("name", TextField::Name),
    ("email", TextField::Email),
    ("mail", TextField::Email),
    ("phone", TextField::Phone),
    ("tel", TextField::Phone),
    ("city", TextField::City),
    ("country", TextField::Country),
    ("status", TextField::Status),
    ("assignee", TextField::Assignee),
    ("by", TextField::By),
    ("author", TextField::By),
];

/// Keys of times; the first of a field is the one that is printed.
const DATES: [(&str, DateField); 12] = [
    ("due", DateField::Due),
    ("start", DateField::Start),
    ("starts", DateField::Start),
    ("changed", DateField::Changed),
    ("modified", DateField::Changed),
    ("created", DateField::Created),
    ("added", DateField::Created),
    ("birthday", DateField::Birthday),
    ("born", DateField::Birthday),
    ("at", DateField::At),
    ("when", DateField::At),
    ("last", DateField::Last),
];

/// What `has:` may ask for; the first of a feature is the one that is printed.
const FEATURES: [(&str, Feature); 27] = [
    ("email", Feature::Email),
    ("emails", Feature::Email),
    ("phone", Feature::Phone),
    ("phones", Feature::Phone),
    ("address", Feature::Address),
    ("org", Feature::Org),
    ("tag", Feature::Tag),
    ("tags", Feature::Tag),
    ("notes", Feature::Notes),
    ("note", Feature::Notes),
    ("birthday", Feature::Birthday),
    ("link", Feature::Link),
    ("url", Feature::Link),
    ("im", Feature::Im),
    ("date", Feature::Date),
    ("dates", Feature::Date),
    ("relation", Feature::Relation),
    ("relations", Feature::Relation),
    ("rhythm", Feature::Rhythm),
    ("conflict", Feature::Conflict),
    ("conflicts", Feature::Conflict),
    ("news", Feature::News),
    ("due", Feature::Due),
    ("assignee", Feature::Assignee),
    ("mail", Feature::Email),
    ("organisation", Feature::Org),
    ("addresses", Feature::Address),
];

/// Other words for kinds of records.
const KINDS: [(&str, &str); 20] = [
    ("people", "person"),
    ("persons", "person"),
    ("contact", "person"),
    ("contacts", "person"),
    ("orgs", "org"),
    ("organisation", "org"),
    ("organisations", "org"),
    ("organization", "org"),
    ("organizations", "org"),
    ("company", "org"),
    ("notes", "note"),
    ("calls", "call"),
    ("meetings", "meeting"),
    ("emails", "email"),
    ("e-mail", "email"),
    ("messages", "message"),
    ("tasks", "task"),
    ("todo", "task"),
    ("events", "event"),
    ("activities", "activity"),
];

impl TextField {
    /// The key that is printed.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Custom(name) => format!("custom.{name}"),
            other => TEXTS.iter().find(|(_, field)| field == other).map(|(key, _)| (*key).to_owned()).unwrap_or_default(),
        }
    }
}

impl DateField {
    /// The key that is printed.
    #[must_use]
    pub fn key(&self) -> &'static str {
        DATES.iter().find(|(_, field)| field == self).map_or("", |(key, _)| *key)
    }
}

impl Feature {
    /// The word that is printed behind `has:`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        FEATURES.iter().find(|(_, feature)| feature == self).map_or("", |(word, _)| *word)
    }
}

/// What a filter means.
pub(super) fn meaning(key: &str, sign: &str, value: &str) -> Meaning {
    let value = value.trim();
    if let Some((_, field)) = DATES.iter().find(|(known, _)| *known == key) {
        return if value.is_empty() { Meaning::Nothing } else { time(*field, sign, value) };
    }
    let custom = key.strip_prefix("custom.").filter(|name| !name.is_empty()).map(|name| TextField::Custom(name.to_owned()));
    let field = custom.or_else(|| TEXTS.iter().find(|(known, _)| *known == key).map(|(_, field)| field.clone()));
    if !(field.is_some() || matches!(key, "has" | "in" | "is")) || sign != ":" {
        return Meaning::Unknown;
    }
    if value.is_empty() {
        return Meaning::Nothing;
    }
    match field {
        Some(TextField::Kind) => Meaning::Node(Node::Term(Term::Text(TextField::Kind, kind(value)))),
        Some(field) => Meaning::Node(Node::Term(Term::Text(field, value.to_owned()))),
        None => word(key, value),
    }
}

fn kind(value: &str) -> String {
    let word = value.to_lowercase();
    KINDS.iter().find(|(other, _)| *other == word).map_or(word.clone(), |(_, kind)| (*kind).to_owned())
}

fn word(key: &str, value: &str) -> Meaning {
    let value = value.to_lowercase();
    if key == "in" {
        return match value.as_str() {
            "trash" => Meaning::Node(Node::Term(Term::InTrash)),
            _ => Meaning::Wrong("“in:” knows only “trash”".into()),
        };
    }
    if key == "is" {
        // Said by those who come from other programs.
        return match value.as_str() {
            "open" | "done" => Meaning::Node(Node::Term(Term::Text(TextField::Status, value))),
            "overdue" => Meaning::Node(overdue()),
            _ => Meaning::Wrong("“is:” knows “open”, “done” and “overdue”".into()),
        };
    }
    match FEATURES.iter().find(|(word, _)| *word == value) {
        Some((_, feature)) => Meaning::Node(Node::Term(Term::Has(*feature))),
        None => {
            let mut known: Vec<&str> = FEATURES.iter().map(|(_, feature)| feature.word()).collect();
            known.dedup();
            known.sort_unstable();
            known.dedup();
            Meaning::Wrong(format!("“has:” knows {}", known.join(", ")))
        }
    }
}

fn overdue() -> Node {
    Node::Term(Term::Date(DateField::Due, DateTest::Is(Compare::Before, Moment::Span(Unit::Day, 0))))
}

fn time(field: DateField, sign: &str, value: &str) -> Meaning {
    let test = |test| Node::Term(Term::Date(field, test));
    let plain = sign == ":";
    match value.to_lowercase().as_str() {
        "any" if plain => return Meaning::Node(test(DateTest::Between(None, None))),
        "none" | "never" if plain => return Meaning::Node(Node::Not(Box::new(test(DateTest::Between(None, None))))),
        "overdue" if plain && field == DateField::Due => return Meaning::Node(overdue()),
        _ => {}
    }
    let yearly = field == DateField::Birthday;
    let moment = |text: &str| date::parse(text, yearly);
    if plain && let Some((from, to)) = value.split_once("..") {
        let end = |text: &str| if text.is_empty() { Some(None) } else { moment(text).map(Some) };
        if let (Some(from), Some(to)) = (end(from), end(to)) {
            return Meaning::Node(test(DateTest::Between(from, to)));
        }
    } else if let Some(moment) = moment(value) {
        let compare = match sign {
            "<" | ":<" => Compare::Before,
            "<=" | ":<=" => Compare::UpTo,
            ">" | ":>" => Compare::After,
            ">=" | ":>=" => Compare::From,
            _ => Compare::In,
        };
        return Meaning::Node(test(DateTest::Is(compare, moment)));
    }
    Meaning::Wrong("a time is 2026, 2026-11, 2026-11-14, today, week, next-month, 7d, 2w, 3m or 1y".into())
}
