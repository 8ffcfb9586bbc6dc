//! Edits of a record, as people make them and as the document takes them.

use serde::{Deserialize, Serialize};

use crate::record::{Scalar, split_register};
use crate::vocabulary::Key;

/// One edit as a person means it. `field` uses the keys of the JSON shape of a record (`name`, `phones`, `tags`, `custom.x-dietary`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "op", rename_all = "camelCase")]
pub enum FieldEdit {
    /// Sets a single-valued field; empty text clears it. For a list field: replaces the item with that label, or adds it.
    Set {
        /// The field.
        field: String,
        /// The label, for list fields.
        label: Option<String>,
        /// The new value.
        value: String,
    },
    /// Adds an item to a list, or a member to a set (tags, participants).
    Add {
        /// The field.
        field: String,
        /// The label, where the field has labels.
        label: Option<String>,
        /// The value.
        value: String,
    },
    /// Changes one part of one list item (`value`, `label`, `pref`, `street`, `title`, ...).
    SetItem {
        /// The list field.
        field: String,
        /// The item's id.
        item: String,
        /// Which part of it.
        part: String,
        /// The new value; empty clears the part.
        value: String,
    },
    /// Removes an item by its id or value, or a member of a set.
    Remove {
        /// The field.
        field: String,
        /// The item's id, its value, or the member.
        item: String,
    },
}

/// One edit of the flat map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FlatOp {
    /// Writes a value; all values held for the key until now are replaced.
    Put(String, Scalar),
    /// Removes a key.
    Delete(String),
}

impl FlatOp {
    /// The key it touches.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Put(key, _) | Self::Delete(key) => key,
        }
    }
}

/// The field of the JSON shape behind a key of the flat map, for histories: `custom.x-dietary`, `tags`, `with`; other keys are themselves.
#[must_use]
pub fn field_name(key: &str) -> String {
    match Key::parse(key) {
        Key::Custom(name) => format!("custom.{name}"),
        Key::Member { set, .. } => set.to_owned(),
        _ => key.to_owned(),
    }
}

/// The label and the value to show for what a key holds: the parts of a register, the member of a set, plain text without a label.
#[must_use]
pub fn label_and_value(key: &str, value: &Scalar) -> (String, String) {
    let text = value.as_text();
    match Key::parse(key) {
        Key::Labelled { .. } | Key::Relation { .. } => {
            let (label, value) = split_register(&text);
            (label.to_owned(), value.to_owned())
        }
        Key::Member { member, .. } => (String::new(), member.to_owned()),
        Key::Copied { .. } => (String::new(), text.split('\t').nth(1).unwrap_or_default().to_owned()),
        Key::Attachment { .. } => (String::new(), text.split('\t').next().unwrap_or_default().to_owned()),
        _ => (String::new(), text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_shown_in_the_words_of_the_json_shape() {
        let shown = |key: &str, value: Scalar| (field_name(key), label_and_value(key, &value));
        let expected = |field: &str, label: &str, value: &str| (field.to_owned(), (label.to_owned(), value.to_owned()));
        assert_eq!(shown("phones/abcd1234", Scalar::Text("work\t1".into())), expected("phones/abcd1234", "work", "1"));
        assert_eq!(shown("tag:partner", Scalar::Flag(true)), expected("tags", "", "partner"));
        assert_eq!(shown("custom:diet", Scalar::Text("a\tb".into())), expected("custom.diet", "", "a\tb"));
        assert_eq!(shown("name", Scalar::Text("P".into())), expected("name", "", "P"));
    }
}
