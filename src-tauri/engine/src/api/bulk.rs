//! Changing many records at once, and the steps that can be taken back.

use serde::{Deserialize, Serialize};
use tuttu_model::FieldEdit;

use super::shape::shape;

/// What is done to each of many records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum BulkChange {
    /// Fields are edited.
    Edit {
        /// How.
        edits: Vec<FieldEdit>,
    },
    /// It goes to the trash.
    Delete,
    /// It goes to another space.
    Move {
        /// The space.
        space: String,
    },
}

shape!(
    /// One field of one record, as it is and as it would be.
    BulkExample {
        /// The record.
        id: String,
        /// Its name.
        name: String,
        /// The field.
        field: String,
        /// What it is.
        old: String,
        /// What it would be.
        new: String,
    }
);
shape!(
    /// How many records of a space would be changed.
    BulkSpace {
        /// The space.
        space: String,
        /// Its name.
        name: String,
        /// How many.
        records: u32,
    }
);
shape!(
    /// What changing many records would do.
    BulkView {
        /// Records found.
        found: u32,
        /// Records that would be changed; the others are so already, or cannot be changed here.
        changing: u32,
        /// Records in spaces this person may only see.
        read_only: u32,
        /// Where those are that would be changed.
        spaces: Vec<BulkSpace>,
        /// The first few.
        examples: Vec<BulkExample>,
        /// Stands for the records found, as they are now.
        digest: String,
    }
);
shape!(
    /// A step that can be taken back.
    OperationView {
        /// Its id.
        id: String,
        /// In words.
        label: String,
        /// When, RFC 3339.
        at: String,
        /// It is taken back already.
        undone: bool,
        /// It takes another one back.
        undoes: bool,
    }
);
