//! Purpose: address book formats to record drafts and back: vCard 2.1, 3.0 and 4.0 in, vCard 3.0 and 4.0 and JSON Lines out.
//! May use: `tuttu-model`. No clock, randomness, IO or async: bytes come in, values go out.
//! Invariants: reading never fails as a whole and never panics; what is not understood is kept or named in a warning; writing is strict.
//! Start reading at: [`vcard`], then `vcard/card.rs` (what each property becomes) and `vcard/write.rs` (the way back).

pub mod json;
mod sniff;
mod text;
pub mod vcard;

use std::fmt;

use serde::Serialize;
use tuttu_model::RecordDraft;

pub use sniff::{Format, sniff};

/// One record read from a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// The record to be made. Its links to other records are still the identifiers of the file: see [`Imported::links_mut`].
    pub draft: RecordDraft,
    /// The identifier the file gives it, for finding it again when the file is imported once more.
    pub uid: Option<String>,
    /// The line it begins on, counted from 1.
    pub line: u32,
    /// The picture, which a record holds as an attached file.
    pub picture: Option<vcard::Picture>,
}

impl Imported {
    /// The links to other records that are not links yet: each holds the identifier of another card, in the shape of [`Imported::uid`],
    /// usually `urn:uuid:...`. Whoever imports replaces it with the id of the record that card became.
    /// [`vcard::record_of_uid`] finds the record where the card was written by Tuttu.
    pub fn links_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let view = &mut self.draft.view;
        let orgs = view.orgs.iter_mut().map(|affiliation| &mut affiliation.org);
        view.relations.iter_mut().map(|relation| &mut relation.id).chain(orgs).filter(|id| !id.is_empty())
    }
}

/// Something a person should know about what was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The line it is about, counted from 1.
    pub line: u32,
    /// A sentence.
    pub message: String,
}

impl Warning {
    pub(crate) fn new(line: u32, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line {}: {}", self.line, self.message)
    }
}
