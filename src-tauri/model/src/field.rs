//! Edits of a record, as people make them and as the document takes them.

use serde::{Deserialize, Serialize};

use crate::record::Scalar;

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
