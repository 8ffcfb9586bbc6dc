//! What else is said about a person: pronunciation, gender, languages, time zone, keys, numbers others know them by.
//!
//! A property is taken into its field where the field says all of it; with parameters beyond that it is kept as it is.

use tuttu_model::view::Labelled;

use super::card::Draft;
use super::labels;
use super::property::Property;

/// Letters of vCard's `GENDER` and the words they stand for.
pub(super) const GENDERS: [(&str, &str); 5] = [("M", "male"), ("F", "female"), ("O", "other"), ("N", "not applicable"), ("U", "unknown")];

impl Draft<'_> {
    pub(super) fn phonetic(&mut self, property: &Property<'_>) {
        let value = self.plain(property, property.value(), true);
        let field = match property.name.as_str() {
            "X-PHONETIC-FIRST-NAME" => &mut self.view.phonetic_given,
            "X-PHONETIC-MIDDLE-NAME" => &mut self.view.phonetic_middle,
            "X-PHONETIC-LAST-NAME" => &mut self.view.phonetic_family,
            _ => &mut self.view.phonetic_name,
        };
        let free = field.is_empty();
        if !free || !self.says_all(property) {
            return self.keep(property);
        }
        let value = self.limited_name(property, value);
        match property.name.as_str() {
            "X-PHONETIC-FIRST-NAME" => self.view.phonetic_given = value,
            "X-PHONETIC-MIDDLE-NAME" => self.view.phonetic_middle = value,
            "X-PHONETIC-LAST-NAME" => self.view.phonetic_family = value,
            _ => self.view.phonetic_name = value,
        }
    }

    pub(super) fn gender(&mut self, property: &Property<'_>) {
        let value = property.value();
        let parts = if property.name == "GENDER" { value.split_once(';') } else { None };
        let (letter, text) = parts.unwrap_or((value, ""));
        let word = GENDERS.iter().find(|(short, _)| property.name == "GENDER" && *short == letter).map(|(_, word)| *word);
        let own_words = property.name == "X-GENDER" || (letter.is_empty() && !text.is_empty());
        let both = word.is_some() && !text.is_empty();
        if !self.view.gender.is_empty() || both || !self.says_all(property) || (word.is_none() && !own_words) {
            return self.keep(property);
        }
        let text = if text.is_empty() { value } else { text };
        let text = word.map_or_else(|| self.plain(property, text, true), str::to_owned);
        self.view.gender = self.limited_name(property, text);
    }

    /// A name of the IANA database; offsets say less and are kept as they are.
    pub(super) fn time_zone(&mut self, property: &Property<'_>) {
        let value = self.plain(property, property.value(), true);
        let is_name = value.starts_with(char::is_alphabetic) && !value.contains(':');
        if !is_name || !self.view.timezone.is_empty() || !self.says_all(property) {
            return self.keep(property);
        }
        self.view.timezone = self.limited_name(property, value);
    }

    pub(super) fn language(&mut self, property: &Property<'_>) {
        if let Some(item) = self.plain_item(property) {
            self.view.languages.push(item);
        }
    }

    pub(super) fn public_key(&mut self, property: &Property<'_>) {
        if let Some(item) = self.plain_item(property) {
            self.view.keys.push(item);
        }
    }

    pub(super) fn number_elsewhere(&mut self, property: &Property<'_>) {
        if let Some(item) = self.plain_item(property) {
            self.view.identifiers.push(item);
        }
    }

    /// Whether the value says everything that is in the property.
    fn says_all(&self, property: &Property<'_>) -> bool {
        says_all(property, &[]) && self.label_of(property).is_none()
    }

    /// The value with its label and preference. `None`: there is more in it, and it was kept.
    fn plain_item(&mut self, property: &Property<'_>) -> Option<Labelled> {
        if !says_all(property, &["PREF"]) || property.is_binary() || property.cut {
            self.keep(property);
            return None;
        }
        let label = self.label_of(property).map(labels::from_apple).unwrap_or_default();
        let label = self.limited_name(property, label);
        let value = self.one_line(property);
        let pref = property.preference() == Some(1);
        (!value.is_empty()).then_some(Labelled { label, value, pref, ..Labelled::default() })
    }
}

/// Whether a line that is kept would be taken into a field when it is read again; `params` with their semicolons.
pub(super) fn is_taken(name: &str, params: &str, value: &str, has_label: bool) -> bool {
    let plain = !has_label && matches!(params, "" | ";VALUE=text");
    match name {
        "GENDER" => {
            let (letter, text) = value.split_once(';').unwrap_or((value, ""));
            plain && if text.is_empty() { GENDERS.iter().any(|(short, _)| *short == letter) } else { letter.is_empty() }
        }
        "TZ" => plain && value.starts_with(char::is_alphabetic) && !value.contains(':'),
        "LANG" | "KEY" => params.split(';').all(|param| param.is_empty() || param == "VALUE=text" || param.starts_with("PREF=")),
        "X-GENDER" | "X-PHONETIC-FIRST-NAME" | "X-PHONETIC-MIDDLE-NAME" | "X-PHONETIC-LAST-NAME" => plain,
        _ => false,
    }
}

/// Whether no parameter but these, and that the value is text, goes with the value.
fn says_all(property: &Property<'_>, beside: &[&str]) -> bool {
    let mut known = vec!["X-ABLABEL"];
    known.extend_from_slice(beside);
    if property.param("VALUE").is_some_and(|kind| kind.eq_ignore_ascii_case("text")) {
        known.push("VALUE");
    }
    property.params_text(&known).is_empty()
}
