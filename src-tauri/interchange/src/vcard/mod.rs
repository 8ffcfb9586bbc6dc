//! vCard 2.1, 3.0 and 4.0, as programs write them.
//!
//! Reading is lenient and lazy: [`read`] gives one [`Card`] at a time, each with what could be used and warnings about the rest; it has no error.
//! Writing is strict (RFC 6350 and RFC 2426). What this program writes, it reads back as the same record.

mod android;
mod card;
mod contact;
mod dates;
mod escape;
mod groups;
mod ims;
mod kept;
mod labels;
mod lines;
mod names;
mod occasions;
mod person;
mod picture;
mod places;
mod property;
mod reader;
mod ties;
mod write;
mod write_person;

#[cfg(test)]
mod tests;

use tuttu_model::DocumentId;

use crate::{Imported, Warning};

pub use reader::{Reader, count, read};
pub use write::{write, write_record};

/// The longest card that is read, in bytes, pictures and sounds not counted.
const MAX_CARD: usize = 1024 * 1024;

/// The most properties of a card that are read.
const MAX_PROPERTIES: usize = 2_000;

/// The most text kept of one card, in bytes, the keys of its values included: a record has a limit too, which is a little above.
const MAX_TEXT: usize = 384 * 1024;

/// What the key of a value takes of [`MAX_TEXT`], about.
const KEY: usize = 32;

/// The most items of one list of a record.
const MAX_ITEMS: usize = 500;

/// The longest name, label or tag, in characters.
const MAX_NAME: usize = 1_000;

/// The longest key of a field of the person's own, in characters, with room for a number behind it.
const MAX_KEY: usize = 980;

/// The longest note, in bytes.
const MAX_NOTE: usize = 256 * 1024;

/// The longest of all other values, in characters.
const MAX_VALUE: usize = 10_000;

/// The most warnings about one card.
const MAX_WARNINGS: usize = 50;

/// The longest picture, in bytes as it stands in the file: three quarters of it are the picture.
const MAX_PICTURE: usize = 4 * 1024 * 1024;

/// Properties that hold the picture of somebody.
const PICTURES: [&str; 2] = ["PHOTO", "X-MS-CARDPICTURE"];

/// Properties that hold pictures or sounds.
const MEDIA: [&str; 4] = ["PHOTO", "LOGO", "SOUND", "X-MS-CARDPICTURE"];

/// A version to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 3.0, RFC 2426: what most programs read.
    V3,
    /// 4.0, RFC 6350.
    V4,
}

/// One card of a file, or a place in it where a card should have been.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Card {
    /// The record; `None` when there was nothing to make one from, which a warning explains.
    pub imported: Option<Imported>,
    /// What a person should know, in the order of the lines.
    pub warnings: Vec<Warning>,
}

pub use picture::Picture;

/// The identifier under which a record is written.
#[must_use]
pub fn uid_of(record: DocumentId) -> String {
    let number = u128::from_be_bytes(record.0);
    let hex = format!("{number:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| hex.get(range).unwrap_or_default().to_owned());
    format!("urn:uuid:{}", parts.join("-"))
}

/// The record that was written under an identifier. `None`: the identifier is not a UUID, so another program made it. Any UUID gives an id;
/// whether there is such a record, the caller looks up.
#[must_use]
pub fn record_of_uid(uid: &str) -> Option<DocumentId> {
    let hex = uid.trim().to_ascii_lowercase();
    let hex = hex.strip_prefix("urn:uuid:")?.replace('-', "");
    let digits = hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u128::from_str_radix(&hex, 16).ok().filter(|_| digits)?;
    Some(DocumentId(number.to_be_bytes()))
}
