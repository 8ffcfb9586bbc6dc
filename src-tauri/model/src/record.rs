//! A record as read from its document: a flat map of keys to the values held for each.
//!
//! # The flat map
//! | key | value | merges as |
//! |---|---|---|
//! | `kind` | `person`, `org`, `note`, `call`, ... | register |
//! | `name`, `given`, `family`, `notes`, `birthday`, `text`, `at`, ... | text | register |
//! | `phones/ITEM` | `label TAB value` | one register: label and value together |
//! | `phones/ITEM/pref` | true | register |
//! | `addresses/ITEM/street`, `.../city`, ... | text | each part apart |
//! | `orgs/ITEM/org`, `.../name`, `.../title`, ... | text | each part apart |
//! | `relations/ITEM` | `type TAB id` | one register |
//! | `tag:partner` | true | set: add wins over a concurrent remove |
//! | `with:p_01...` | true | set of participants |
//! | `attachments/HASH` | `name TAB media type TAB size` | one register; the same file attached twice is one |
//! | `copies/ITEM` | `SPACE TAB ID TAB FIELDS` | one register |
//! | `custom:x-dietary` | text | register |
//! | `created` | RFC 3339 time | register, written once |
//! | `deleted` | RFC 3339 time | register; see [`Record::deletion`] |
//! | `moved` | `SPACE TAB ID` | forwarding id of a record that was moved away or merged into another |
//! | `merged:ID` | true | set of the records that were merged into this one |
//! | `distinct:ID` | true | set of the records that look alike and are not the same |
//!
//! All fields with their meaning are in `docs/records.md`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::field::FlatOp;
use crate::id::ChangeHash;

/// The key of the kind.
pub(crate) const KIND: &str = "kind";
/// The key of the time of creation.
pub(crate) const CREATED: &str = "created";
/// The key of the deletion mark.
pub(crate) const DELETED: &str = "deleted";
/// The key of the forwarding id.
pub(crate) const MOVED: &str = "moved";

/// What a record is. Kinds of newer versions are kept as [`Kind::Other`] and shown read-only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Kind {
    /// Somebody.
    Person,
    /// An organisation.
    Org,
    /// Something to remember about somebody.
    Note,
    /// A telephone or video call.
    Call,
    /// A meeting that took place.
    Meeting,
    /// An e-mail that was sent or received.
    Email,
    /// A chat or text message.
    Message,
    /// Something to do.
    Task,
    /// Something in the calendar.
    Event,
    /// Defines a field of a space's own.
    Field,
    /// Defines a kind of record of a space's own.
    KindDefinition,
    /// Words to choose from: statuses, labels, relation types.
    Vocabulary,
    /// Defines a type of relation with its reverse.
    RelationType,
    /// A saved view.
    View,
    /// Somebody one shares spaces with, as seen by this person: their card, whether their words were compared, whether they are blocked.
    Colleague,
    /// A kind this version does not know.
    Other(String),
}

impl Kind {
    /// The word stored in documents and used on the command line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Person => "person",
            Self::Org => "org",
            Self::Note => "note",
            Self::Call => "call",
            Self::Meeting => "meeting",
            Self::Email => "email",
            Self::Message => "message",
            Self::Task => "task",
            Self::Event => "event",
            Self::Field => "field",
            Self::KindDefinition => "kind",
            Self::Vocabulary => "vocabulary",
            Self::RelationType => "relation-type",
            Self::View => "view",
            Self::Colleague => "colleague",
            Self::Other(word) => word,
        }
    }

    /// The letters before the underscore in a printed id.
    #[must_use]
    pub fn prefix(&self) -> &'static str {
        match self {
            Self::Person => "p",
            Self::Org => "o",
            Self::Note | Self::Call | Self::Meeting | Self::Email | Self::Message => "a",
            Self::Task => "t",
            Self::Event => "e",
            Self::View => "v",
            Self::Field | Self::KindDefinition | Self::Vocabulary | Self::RelationType | Self::Colleague => "d",
            Self::Other(_) => "r",
        }
    }

    /// Notes, calls, meetings, e-mails and messages: what the timeline of a person shows.
    #[must_use]
    pub fn is_activity(&self) -> bool {
        matches!(self, Self::Note | Self::Call | Self::Meeting | Self::Email | Self::Message)
    }
}

impl Kind {
    /// Fields, kinds, vocabularies, relation types, views and colleagues: what says how a space is used. No list of people's own things shows them.
    #[must_use]
    pub fn is_definition(&self) -> bool {
        matches!(self, Self::Field | Self::KindDefinition | Self::Vocabulary | Self::RelationType | Self::View | Self::Colleague)
    }
}

impl From<String> for Kind {
    fn from(word: String) -> Self {
        Self::from(word.as_str())
    }
}

impl From<&str> for Kind {
    fn from(word: &str) -> Self {
        match word {
            "person" => Self::Person,
            "org" => Self::Org,
            "note" => Self::Note,
            "call" => Self::Call,
            "meeting" => Self::Meeting,
            "email" => Self::Email,
            "message" => Self::Message,
            "task" => Self::Task,
            "event" => Self::Event,
            "field" => Self::Field,
            "kind" => Self::KindDefinition,
            "vocabulary" => Self::Vocabulary,
            "relation-type" => Self::RelationType,
            "view" => Self::View,
            "colleague" => Self::Colleague,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl From<Kind> for String {
    fn from(kind: Kind) -> Self {
        kind.as_str().to_owned()
    }
}

/// One stored value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scalar {
    /// Text.
    Text(String),
    /// A flag, as used by sets.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// Something a newer version wrote; kept in the document, shown as this text.
    Unknown(String),
}

impl Scalar {
    /// The text shown for this value.
    #[must_use]
    pub fn as_text(&self) -> String {
        match self {
            Self::Text(text) | Self::Unknown(text) => text.clone(),
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
        }
    }

    /// Whether this value of `deleted` says that the record is deleted.
    pub(crate) fn marks_deletion(&self) -> bool {
        !matches!(self, Self::Flag(false)) && *self != Self::Text(String::new())
    }
}

/// One value held for a key, with who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The value; `None` only among the sides of a conflict where one side removed the key.
    pub value: Option<Scalar>,
    /// The change that wrote it.
    pub change: ChangeHash,
    /// The author: the actor id of the change, the first 16 bytes of its feed id.
    pub actor: [u8; 16],
    /// When its author says it was written, in seconds since 1970. A claim: never used to judge validity.
    pub time: i64,
}

/// A record as read from its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is.
    pub kind: Kind,
    /// Every key with the values held for it; the first is shown, the others are conflicts. Never empty.
    pub fields: BTreeMap<String, Vec<Held>>,
    /// Deleted, not deleted, or deleted on one computer and edited on another at the same time.
    pub deletion: Deletion,
}

impl Record {
    /// An empty record of a kind: what a new record is planned against.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        let word = Scalar::Text(kind.as_str().to_owned());
        Self { kind, fields: BTreeMap::from([(KIND.to_owned(), vec![Held::planned(word)])]), deletion: Deletion::Live }
    }

    /// The value shown for a key.
    #[must_use]
    pub fn shown(&self, key: &str) -> Option<&Scalar> {
        self.fields.get(key)?.first()?.value.as_ref()
    }

    /// The text shown for a key; empty when there is none.
    #[must_use]
    pub fn text(&self, key: &str) -> String {
        self.shown(key).map(Scalar::as_text).unwrap_or_default()
    }

    /// The record as it would be after these edits, to plan further ones. Values so written have no change, author or time yet.
    #[must_use]
    pub fn with_ops(&self, ops: &[FlatOp]) -> Self {
        let mut next = self.clone();
        for op in ops {
            match op {
                FlatOp::Put(key, value) => drop(next.fields.insert(key.clone(), vec![Held::planned(value.clone())])),
                FlatOp::Delete(key) => drop(next.fields.remove(key)),
            }
        }
        if ops.iter().any(|op| op.key() == DELETED) { Self::of_undisputed(next.fields) } else { Self::of(next.fields, next.deletion) }
    }

    pub(crate) fn of(fields: BTreeMap<String, Vec<Held>>, deletion: Deletion) -> Self {
        let mut record = Self { kind: Kind::Other(String::new()), fields, deletion };
        record.kind = Kind::from(record.text(KIND));
        record
    }

    /// A record nobody can have edited while it was deleted.
    pub(crate) fn of_undisputed(fields: BTreeMap<String, Vec<Held>>) -> Self {
        let mut record = Self::of(fields, Deletion::Live);
        if record.shown(DELETED).is_some_and(Scalar::marks_deletion) {
            record.deletion = Deletion::Deleted;
        }
        record
    }
}

impl Held {
    fn planned(value: Scalar) -> Self {
        Self { value: Some(value), change: ChangeHash([0; 32]), actor: [0; 16], time: 0 }
    }
}

/// Splits a register such as `label TAB value` (`phones/ITEM`, `relations/ITEM`). Without a tab it is all value.
#[must_use]
pub fn split_register(text: &str) -> (&str, &str) {
    text.split_once('\t').unwrap_or(("", text))
}

/// Whether a record is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletion {
    /// It is there.
    Live,
    /// It was deleted and nobody edited it meanwhile.
    Deleted,
    /// Somebody deleted it while somebody else edited it: it stays visible until someone chooses.
    Disputed {
        /// The deletion.
        deleted: Held,
        /// The newest concurrent edit.
        edited: Held,
    },
}
