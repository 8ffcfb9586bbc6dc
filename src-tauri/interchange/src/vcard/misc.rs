//! Dates, tags, relations, and Android's own fields.

use tuttu_model::view::{Labelled, Relation};

use super::card::Draft;
use super::property::Property;
use super::{dates, escape, labels};

/// Android's numbers for dates and relatives; 0 is a label of the person's own.
const EVENTS: [&str; 4] = ["", "anniversary", "other", "birthday"];
const RELATIVES: [&str; 15] = [
    "",
    "assistant",
    "brother",
    "child",
    "domestic partner",
    "father",
    "friend",
    "manager",
    "mother",
    "parent",
    "partner",
    "referred by",
    "relative",
    "sister",
    "spouse",
];

impl Draft<'_> {
    pub(super) fn birthday(&mut self, property: &Property<'_>) {
        let value = self.one_line(property);
        if value.is_empty() {
            return;
        }
        match self.understood(property, &value) {
            Some(date) if self.view.birthday.is_empty() => self.view.birthday = date,
            Some(date) if date == self.view.birthday => {}
            Some(date) => self.custom("vcard.bday", date),
            None => self.custom("vcard.bday", value),
        }
    }

    pub(super) fn date(&mut self, property: &Property<'_>, label: String) {
        let value = self.one_line(property);
        self.add_date(property, label, value);
    }

    pub(super) fn apple_date(&mut self, property: &Property<'_>) {
        let label = self.label_of(property).map(labels::from_apple).unwrap_or_default();
        let label = self.limited_name(property, label);
        self.date(property, label);
    }

    fn add_date(&mut self, property: &Property<'_>, label: String, value: String) {
        if value.is_empty() {
            return;
        }
        let value = self.understood(property, &value).unwrap_or(value);
        // Programs write the anniversary both in the old and the new way.
        if !self.view.dates.iter().any(|known| known.label == label && known.value == value) {
            self.view.dates.push(Labelled { label, value, ..Labelled::default() });
        }
    }

    /// The date in the form of records. `None`: it is not one, and the person is told.
    fn understood(&mut self, property: &Property<'_>, value: &str) -> Option<String> {
        let date = dates::read(value, property.param("X-APPLE-OMIT-YEAR").as_deref());
        let shown: String = value.chars().take(60).collect();
        match date {
            None => {
                let is_text = property.param("VALUE").is_some_and(|kind| kind.eq_ignore_ascii_case("text"));
                if !is_text {
                    self.warn(property.line, format!("The date “{shown}” could not be understood; it is kept as text."));
                }
                None
            }
            Some(date) => {
                if date.had_time {
                    self.warn(property.line, format!("The time of day in “{shown}” was left out; the date is kept."));
                }
                Some(date.text)
            }
        }
    }

    pub(super) fn tags(&mut self, property: &Property<'_>) {
        let tags = self.parts(property, b',');
        // Google puts every contact in this group.
        self.view.tags.extend(tags.into_iter().filter(|tag| !tag.is_empty() && !tag.eq_ignore_ascii_case("myContacts")));
    }

    pub(super) fn related(&mut self, property: &Property<'_>) {
        let value = self.one_line(property);
        let types: Vec<String> = property.types().into_iter().filter(|word| word != "pref").collect();
        let kind = self.label_of(property).map_or_else(|| types.join(", "), labels::from_apple);
        let kind = self.limited_name(property, kind);
        if value.is_empty() {
            return;
        }
        let is_text = property.name == "X-ABRELATEDNAMES" || property.param("VALUE").is_some_and(|kind| kind.eq_ignore_ascii_case("text"));
        let is_link = !is_text && value.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("urn:"));
        if is_link {
            self.view.relations.push(Relation { kind, id: value, ..Relation::default() });
        } else {
            self.related_name(&kind, value);
        }
    }

    /// Somebody who is only a name is no record to link to.
    fn related_name(&mut self, kind: &str, name: String) {
        let key = if kind.is_empty() { "vcard.related".to_owned() } else { format!("vcard.related.{kind}") };
        self.custom(&key, name);
    }

    /// `X-ANDROID-CUSTOM:vnd.android.cursor.item/nickname;Bobby;1;;...`: a row of Android's table of contact data.
    pub(super) fn android(&mut self, property: &Property<'_>) {
        let parts: Vec<String> = escape::split(property.value(), b';').take(4).map(|part| self.plain(property, part, true)).collect();
        let [kind, value, number, own] = match parts.as_slice() {
            [kind, rest @ ..] => [kind.as_str(), at(rest, 0), at(rest, 1), at(rest, 2)],
            [] => return,
        };
        let label = |words: &[&str]| {
            number
                .parse::<usize>()
                .ok()
                .and_then(|number| words.get(number).copied())
                .filter(|word| !word.is_empty())
                .unwrap_or(own)
                .to_owned()
        };
        let text = self.limited(property, value.to_owned(), super::MAX_VALUE);
        match kind.strip_prefix("vnd.android.cursor.item/") {
            _ if text.is_empty() => {}
            Some("nickname") => {
                let nickname = self.limited_name(property, text);
                self.add_nickname(&nickname);
            }
            Some("contact_event") if label(&EVENTS) == "birthday" && self.view.birthday.is_empty() => {
                self.view.birthday = self.understood(property, &text).unwrap_or(text);
            }
            Some("contact_event") => {
                let label = self.limited_name(property, label(&EVENTS));
                self.add_date(property, label, text);
            }
            Some("relation") => {
                let kind = self.limited_name(property, label(&RELATIVES));
                self.related_name(&kind, text);
            }
            _ => self.keep(property),
        }
    }
}

fn at(parts: &[String], index: usize) -> &str {
    parts.get(index).map_or("", String::as_str)
}
