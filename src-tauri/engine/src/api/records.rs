use serde::{Deserialize, Serialize};

use super::shape::shape;

shape!(
    /// A record that links to another.
    BacklinkView {
        /// The record that links.
        id: String,
        /// Its space.
        space: String,
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
        /// The field by which it links: `relations`, `orgs`, `parent`, `assignee`, `copies`, `custom.KEY`.
        field: String,
        /// For a relation its type as written there; for a role the title.
        kind_there: String,
        /// What the link is called from here: `child` where the other says `parent`; empty where the type has no reverse name.
        kind_here: String,
        /// For a role: from, a date or part of one.
        since: String,
        /// For a role: until, a date or part of one; empty for a present one.
        until: String,
    }
);
shape!(
    /// A tag and how often it is used.
    TagView {
        /// As typed on one of the records.
        tag: String,
        /// Before the colon, `place` of `place:glasgow`; empty without one.
        context: String,
        /// Records that have it.
        records: u32,
    }
);
shape!(
    /// A file and the records it belongs to.
    FileView {
        /// BLAKE3 of its bytes.
        hash: String,
        /// File name.
        name: String,
        /// Media type.
        #[serde(rename = "type")]
        media: String,
        /// Bytes.
        size: u32,
        /// The bytes are not on this computer.
        missing: bool,
        /// The records that have it, by id.
        records: Vec<String>,
    }
);
shape!(
    /// A word to choose from.
    WordView {
        /// The word.
        value: String,
        /// Of a status: what it counts as, `open`, `done` or `cancelled`.
        category: String,
        /// Of a type of relation: its name from the other side.
        reverse: String,
        /// Defined in the space, not built in.
        own: bool,
    }
);
shape!(
    /// A value that differs between a private card and its copy in a shared space.
    DifferenceView {
        /// Which copy: an item of `copies`.
        copy: String,
        /// The copy's space.
        space: String,
        /// The copy.
        id: String,
        /// The field (`phones/ITEM`).
        field: String,
        /// The value on the private card; empty for none.
        own: String,
        /// The value of the copy; empty for none.
        shared: String,
    }
);
