//! Writing what else is said about a person.

use data_encoding::BASE64;
use tuttu_model::view::Labelled;

use super::escape;
use super::labels;
use super::person::GENDERS;
use super::picture::Picture;
use super::write::{Writer, is_plain_uri};

impl Writer<'_> {
    /// The picture itself: as a `data:` address in 4.0, as base 64 in 3.0.
    pub(super) fn picture(&mut self, picture: &Picture) {
        let Some(media) = picture.media_type() else { return };
        let encoded = BASE64.encode(&picture.bytes);
        if self.v4() {
            self.line("PHOTO", "", &format!("data:{media};base64,{encoded}"));
        } else {
            let kind = media.rsplit('/').next().unwrap_or_default().to_ascii_uppercase();
            self.line("PHOTO", &format!(";ENCODING=b;TYPE={kind}"), &encoded);
        }
    }

    pub(super) fn person(&mut self) {
        let record = self.record;
        self.text("X-PHONETIC-FIRST-NAME", "", &record.phonetic_given);
        self.text("X-PHONETIC-MIDDLE-NAME", "", &record.phonetic_middle);
        self.text("X-PHONETIC-LAST-NAME", "", &record.phonetic_family);
        self.text("X-TUTTU-PHONETIC-NAME", "", &record.phonetic_name);
        self.gender();
        self.text("TZ", if self.v4() { "" } else { ";VALUE=text" }, &record.timezone);
        for language in &record.languages {
            let is_tag = language.label.is_empty() && is_language_tag(&language.value);
            self.plain_item(if self.v4() && is_tag { "LANG" } else { "X-TUTTU-LANGUAGE" }, language);
        }
        for key in &record.keys {
            let is_link = key.label.is_empty() && is_plain_uri(&key.value);
            self.plain_item(if self.v4() && is_link { "KEY" } else { "X-TUTTU-KEY" }, key);
        }
        for identifier in &record.identifiers {
            self.plain_item("X-TUTTU-IDENTIFIER", identifier);
        }
    }

    fn gender(&mut self) {
        let gender = &self.record.gender;
        let letter = GENDERS.iter().find(|(_, word)| word == gender).map(|(letter, _)| *letter);
        match letter {
            _ if gender.is_empty() => {}
            _ if !self.v4() => self.text("X-GENDER", "", gender),
            Some(letter) => self.line("GENDER", "", letter),
            None => self.line("GENDER", "", &format!(";{}", escape::text(gender))),
        }
    }

    fn plain_item(&mut self, name: &str, item: &Labelled) {
        if item.value.is_empty() {
            return;
        }
        // A property of our own says its preference as version 4.0 does, in both.
        let preference = if item.pref { ";PREF=1" } else { "" };
        let value = if name == "KEY" { item.value.clone() } else { escape::text(&item.value) };
        self.labelled(name, preference, &value, Some(&labels::to_apple(&item.label)));
    }
}

/// `fr`, `pt-BR`, `zh-Hans`.
fn is_language_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().is_some_and(|part| matches!(part.len(), 2 | 3) && part.bytes().all(|byte| byte.is_ascii_alphabetic()));
    first && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
