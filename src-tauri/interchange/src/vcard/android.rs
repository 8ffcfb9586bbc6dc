//! Android's own property.

use super::card::Draft;
use super::escape;
use super::property::Property;

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
            Some("contact_event") if label(&EVENTS) == "birthday" => self.born(property, text),
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
