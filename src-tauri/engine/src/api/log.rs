use serde::{Deserialize, Serialize};

use super::shape::shape;

shape!(
    /// Something that happened between this computer and others.
    LogLine {
        /// When, RFC 3339; the last time, where it happened again and again.
        at: String,
        /// What kind: `members`, `received`, `delivered`, `connected` or `refused`.
        kind: String,
        /// What happened, in a sentence.
        text: String,
    }
);
shape!(
    /// A change that does not count any more.
    TrayView {
        /// The change.
        change: String,
        /// The record.
        id: String,
        /// What the record is, or would be, called.
        name: String,
        /// Who wrote it.
        by: String,
        /// On which computer.
        computer: String,
        /// When, as they say, RFC 3339.
        at: String,
        /// What it would change now.
        fields: Vec<TrayField>,
    }
);
shape!(
    /// What a change that does not count would do to one field.
    TrayField {
        /// The field (`phones/ITEM`).
        field: String,
        /// What is there now.
        now: String,
        /// What the change wrote.
        written: String,
    }
);
