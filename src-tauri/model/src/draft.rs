//! A record to be made: what imports, forms and the command line hand over.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::field::{FieldEdit, FlatOp};
use crate::record::{Record, Scalar};
use crate::view::RecordView;

/// A record to be made, in the JSON shape of [`RecordView`] with everything optional; items need no ids. Unknown keys are kept in `custom`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordDraft {
    /// The values; `id`, `space`, `created`, `changed` and `conflicts` are ignored.
    pub view: RecordView,
}

/// Why an edit or a draft cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// No such field in this kind of record.
    #[error("“{field}” is not a field of {kind} records")]
    UnknownField {
        /// The field named.
        field: String,
        /// The record's kind.
        kind: String,
    },
    /// No such item in the list.
    #[error("there is no “{item}” in {field}")]
    NoSuchItem {
        /// The list.
        field: String,
        /// What was named.
        item: String,
    },
    /// Too long.
    #[error("{field} is too long: at most {limit} characters")]
    TooLong {
        /// The field.
        field: String,
        /// The limit in characters.
        limit: usize,
    },
    /// The JSON is not a record.
    #[error("not a record: {0}")]
    Shape(String),
    /// A record needs a name or a text.
    #[error("a {0} needs a name")]
    Nameless(String),
}

impl RecordDraft {
    /// Reads the JSON shape of the command line; every key optional, unknown text keys go to `custom`.
    ///
    /// # Errors
    /// [`EditError::Shape`] when a key has the wrong type.
    pub fn from_json(object: &serde_json::Map<String, serde_json::Value>) -> Result<Self, EditError> {
        todo!()
    }

    /// The flat map of the new document. `new_item` gives a fresh item id (8 lowercase letters and digits) each time.
    ///
    /// # Errors
    /// When a value is too long or the record has neither name nor text.
    pub fn to_fields(&self, created: &str, new_item: &mut dyn FnMut() -> String) -> Result<BTreeMap<String, Scalar>, EditError> {
        todo!()
    }
}

/// The edits of the flat map that carry out one edit on the record as it is now.
///
/// # Errors
/// See [`EditError`].
pub fn plan(record: &Record, edit: &FieldEdit, new_item: &mut dyn FnMut() -> String) -> Result<Vec<FlatOp>, EditError> {
    todo!()
}

/// Parses one `FIELD=VALUE`, `FIELD+=VALUE` or `FIELD-=VALUE` of the command line (`email=work:priya@x.example`, `tag+=partner`,
/// `address=work:"14 Quayside Row; Glasgow; ; G1 4QT; GB"`, `custom.x-dietary=vegan`, `title=...`).
///
/// # Errors
/// [`EditError::Shape`] when there is no `=`.
pub fn parse_assignment(text: &str) -> Result<Vec<FieldEdit>, EditError> {
    todo!()
}
