//! Birthdays, anniversaries and other dates.

use tuttu_model::view::Labelled;

use super::card::Draft;
use super::property::Property;
use super::{dates, labels};

impl Draft<'_> {
    pub(super) fn birthday(&mut self, property: &Property<'_>) {
        let value = self.one_line(property);
        self.born(property, value);
    }

    pub(super) fn born(&mut self, property: &Property<'_>, value: String) {
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

    pub(super) fn add_date(&mut self, property: &Property<'_>, label: String, value: String) {
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
    pub(super) fn understood(&mut self, property: &Property<'_>, value: &str) -> Option<String> {
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
}
