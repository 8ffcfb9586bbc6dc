//! The picture of somebody, as it stands in a card.

use super::property::Property;
use crate::text;

/// The picture of a person or organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its bytes, as a file would hold them.
    pub bytes: Vec<u8>,
}

impl Picture {
    /// The picture in a property: base 64, or a `data:` address (RFC 2397). `None` when it is neither.
    pub(super) fn of(property: &Property<'_>) -> Option<Self> {
        let value = property.value();
        let encoded = if property.is_binary() {
            value
        } else {
            // A comma and a semicolon may be escaped.
            let rest = value.get(..5).filter(|start| start.eq_ignore_ascii_case("data:")).and_then(|_| value.get(5..))?;
            let (head, encoded) = rest.split_once(',')?;
            head.trim_end_matches('\\').to_ascii_lowercase().ends_with("base64").then_some(encoded)?
        };
        let bytes = text::base64(encoded).filter(|bytes| !bytes.is_empty())?;
        Some(Self { bytes })
    }

    /// Its media type by its first bytes; `None` when it is of no kind that is known.
    #[must_use]
    pub fn media_type(&self) -> Option<&'static str> {
        match self.bytes.as_slice() {
            [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
            [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
            [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
            [b'B', b'M', ..] => Some("image/bmp"),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
            [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm', ..] => Some("image/heic"),
            _ => None,
        }
    }
}
