//! A view as it lies in its column: a cache of what the changes tell, one for each record, so its size is a good part of the vault's.
//!
//! Left out is what the row says anyway (its id, its space), what is empty, and the letters of what is a number: ids, times and authors are printed again
//! when a view is read, and only where that gives back each letter.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use tuttu_model::view::Stamp;
use tuttu_model::{DocumentId, RecordView, SpaceId};

use crate::error::StoreError;
use crate::{packing, sql};

const WHAT: &str = "the projection of a record";
/// Letters of a time as nearly all are: `2026-11-25T09:12:00Z`.
const TIME: usize = 20;
/// Letters of an id: one for the kind, an underscore and 26 digits.
const PRINTED_ID: usize = 28;
/// Letters of an author.
const ACTOR: usize = 32;

/// A text, as the shortest thing that prints as this text.
#[derive(Debug, Serialize, Deserialize)]
enum Word {
    Text(String),
    /// Seconds since 1970.
    Time(i64),
    /// The kind's letter and the number.
    Id(char, DocumentId),
    /// Sixteen bytes in hexadecimal.
    Actor([u8; 16]),
}

/// What is kept beside the rest of a view.
#[derive(Debug, Serialize, Deserialize)]
struct Words {
    at: Word,
    with: Vec<Word>,
    created: (Word, Word),
    /// Nothing where nobody changed it since.
    changed: Option<(Word, Word)>,
}

impl Word {
    fn of(text: &str) -> Self {
        let short = match text.len() {
            TIME => chrono::DateTime::parse_from_rfc3339(text).ok().map(|time| Self::Time(time.timestamp())),
            PRINTED_ID => text.chars().next().zip(text.parse().ok()).map(|(kind, id)| Self::Id(kind, id)),
            ACTOR => HEXLOWER.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok()).map(Self::Actor),
            _ => None,
        };
        short.filter(|short| short.text() == text).unwrap_or_else(|| Self::Text(text.to_owned()))
    }

    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Time(seconds) => chrono::DateTime::from_timestamp(*seconds, 0)
                .map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
                .unwrap_or_default(),
            Self::Id(kind, id) => format!("{kind}_{id}"),
            Self::Actor(bytes) => HEXLOWER.encode(bytes),
        }
    }

    fn pair(stamp: &Stamp) -> (Self, Self) {
        (Self::of(&stamp.at), Self::of(&stamp.by))
    }
}

fn stamp((at, by): &(Word, Word)) -> Stamp {
    Stamp { at: at.text(), by: by.text() }
}

/// A view as stored. What is empty at the end of the encoding are noughts: how many is said by the first byte, and they are left out. Then it is packed.
pub(crate) fn encode(view: &RecordView) -> Result<Vec<u8>, StoreError> {
    let words = Words {
        at: Word::of(&view.at),
        with: view.with.iter().map(|id| Word::of(id)).collect(),
        created: Word::pair(&view.created),
        changed: (view.changed != view.created).then(|| Word::pair(&view.changed)),
    };
    let rest = RecordView {
        id: String::new(),
        space: String::new(),
        at: String::new(),
        with: Vec::new(),
        created: Stamp::default(),
        changed: Stamp::default(),
        ..view.clone()
    };
    let mut bytes = vec![0];
    bytes.extend(sql::encode(&words)?);
    bytes.extend(sql::encode(&rest)?);
    let filled = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1);
    let empty = u8::try_from(bytes.len() - filled).unwrap_or(u8::MAX);
    bytes.truncate(bytes.len() - usize::from(empty));
    if let Some(first) = bytes.first_mut() {
        *first = empty;
    }
    Ok(packing::pack_tagged(&bytes, &packing::VIEWS))
}

/// A stored view before it was packed.
pub(crate) fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    packing::unpack_tagged(bytes, &packing::VIEWS)?.ok_or_else(|| StoreError::Damaged(format!("{WHAT} is empty")))
}

/// The way back of [`encode`], without the id of the record and of its space.
pub(crate) fn decode(bytes: &[u8]) -> Result<RecordView, StoreError> {
    let damaged = || StoreError::Damaged(format!("{WHAT} has a wrong length"));
    let bytes = unpacked(bytes)?;
    let (empty, filled) = bytes.split_first().ok_or_else(damaged)?;
    let mut whole = Vec::with_capacity(filled.len() + usize::from(*empty));
    whole.extend_from_slice(filled);
    whole.resize(filled.len() + usize::from(*empty), 0);
    let (words, rest): (Words, _) = sql::decode_first(&whole, WHAT)?;
    let mut view: RecordView = sql::decode_all(rest, WHAT)?;
    view.at = words.at.text();
    view.with = words.with.iter().map(Word::text).collect();
    view.created = stamp(&words.created);
    view.changed = words.changed.as_ref().map_or_else(|| view.created.clone(), stamp);
    Ok(view)
}

/// A view as it is shown: with the ids, which its row says.
pub(crate) fn decode_of(bytes: &[u8], space: &SpaceId, doc: &DocumentId) -> Result<RecordView, StoreError> {
    let mut view = decode(bytes)?;
    view.id = format!("{}_{doc}", tuttu_model::Kind::from(view.kind.as_str()).prefix());
    view.space = space.to_string();
    Ok(view)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn what_prints_as_the_same_letters_is_kept_as_a_number() {
        for (text, short) in [
            ("2026-11-25T09:12:00Z", true),
            ("2026-11-25t09:12:00Z", false),
            ("2026-11-25T09:12:60Z", false),
            ("2026-11-25 09:12:00Z", false),
            ("p_01KAXJ6N5Y0000000000000000", true),
            ("p_01kaxj6n5y0000000000000000", false),
            ("é01KAXJ6N5Y0000000000000000", false),
            ("00112233445566778899aabbccddeeff", true),
            ("00112233445566778899AABBCCDDEEFF", false),
            ("", false),
        ] {
            let word = Word::of(text);
            assert_eq!(word.text(), text);
            assert_eq!(!matches!(word, Word::Text(_)), short, "{text}");
        }
    }

    #[test]
    fn an_activity_takes_little_more_than_its_text() {
        let stamp = Stamp { at: "2026-11-25T09:12:00Z".into(), by: "00112233445566778899aabbccddeeff".into() };
        let view = RecordView {
            kind: "note".into(),
            text: "Sent the draft budget and asked for the letter of support.".into(),
            at: "2026-11-24T15:00:00Z".into(),
            with: vec!["p_01KAXJ6N5Y0000000000000000".into()],
            created: stamp.clone(),
            changed: stamp,
            ..RecordView::default()
        };
        let stored = encode(&view).unwrap();
        assert!(stored.len() < view.text.len() + 80, "{} bytes", stored.len());
        assert_eq!(decode(&stored), Ok(view));
    }
}
