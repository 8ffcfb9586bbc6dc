//! How change bytes and snapshots lie in their columns: as they are, or compressed where that helps.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::LazyLock;
use std::thread::LocalKey;

use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::CParameter;

use crate::error::StoreError;

/// As it is.
const PLAIN: i64 = 0;
/// Length before compression (four bytes, little-endian), then a zstd frame.
const ZSTD: i64 = 1;
/// Dropped by an `erase`, or never received because of one.
pub(crate) const ERASED: i64 = 2;

/// A zstd frame without its magic number, made with the dictionary of its column.
const WITH_DICTIONARY: i64 = 3;
/// Longer bytes have enough in common with themselves.
const DICTIONARY_HELPS: usize = 8 * 1024;
/// Four bytes that every zstd frame begins with, and that say nothing here.
const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// Level 1 takes a third of the time of level 3 for 2 % more bytes on changes of one record.
const LEVEL: i32 = 1;
/// Below this compression does not help.
const WORTH_TRYING: usize = 48;
/// Nothing we write inflates to more.
const INFLATED_LIMIT: usize = 256 * 1024 * 1024;

type Compressor = zstd::bulk::Compressor<'static>;
type Decompressor = zstd::bulk::Decompressor<'static>;

/// What small things have in common with others of their sort, and with what people write in several languages. `tests/src/bin/dictionary.rs` made them.
#[allow(missing_debug_implementations, reason = "zstd has none")]
pub(crate) struct Dictionary {
    encoding: EncoderDictionary<'static>,
    decoding: DecoderDictionary<'static>,
    slot: &'static LocalKey<RefCell<Small>>,
}

/// What a thread keeps for one dictionary.
#[derive(Default)]
struct Small(Option<Compressor>, Option<Decompressor>);

static CHANGES_1: &[u8] = include_bytes!("../dictionaries/changes-1.zdict");
static VIEWS_1: &[u8] = include_bytes!("../dictionaries/views.zdict");

/// Of changes. Vaults were written with it, so it never changes.
pub(crate) static CHANGES: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::new(CHANGES_1, &SMALL_CHANGES));
/// Of views. It may change with [`crate::projection::VERSION`].
pub(crate) static VIEWS: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::new(VIEWS_1, &SMALL_VIEWS));

thread_local! {
    // A compressor allocates some 100 KB: one for each thread, not one for each change.
    static COMPRESSOR: RefCell<Option<Compressor>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor>> = const { RefCell::new(None) };
    static SMALL_CHANGES: RefCell<Small> = const { RefCell::new(Small(None, None)) };
    static SMALL_VIEWS: RefCell<Small> = const { RefCell::new(Small(None, None)) };
}

/// What a thread keeps, made when it is first needed.
fn kept<T>(slot: &mut Option<T>, make: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<&mut T> {
    match slot {
        Some(held) => Ok(held),
        None => Ok(slot.insert(make()?)),
    }
}

/// How to store the bytes of a change: the packing and the bytes.
pub(crate) fn pack_change(bytes: &[u8]) -> (i64, Cow<'_, [u8]>) {
    pack(bytes, &CHANGES)
}

/// The bytes of a change as they were; `None` when they were erased.
pub(crate) fn unpack_change(packing: i64, bytes: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    if packing == ERASED { Ok(None) } else { unpack(packing, bytes, &CHANGES).map(Some) }
}

/// Packs into one column: the packing as first byte.
pub(crate) fn pack_tagged(bytes: &[u8], dictionary: &'static Dictionary) -> Vec<u8> {
    let (packing, packed) = pack(bytes, dictionary);
    let mut tagged = Vec::with_capacity(packed.len() + 1);
    tagged.push(u8::try_from(packing).unwrap_or_default());
    tagged.extend_from_slice(&packed);
    tagged
}

/// The way back of [`pack_tagged`]; `None` where nothing was packed.
pub(crate) fn unpack_tagged(tagged: &[u8], dictionary: &'static Dictionary) -> Result<Option<Vec<u8>>, StoreError> {
    tagged.split_first().map(|(packing, bytes)| unpack(i64::from(*packing), bytes, dictionary)).transpose()
}

fn pack<'a>(bytes: &'a [u8], dictionary: &'static Dictionary) -> (i64, Cow<'a, [u8]>) {
    let (packing, packed) =
        if bytes.len() <= DICTIONARY_HELPS { (WITH_DICTIONARY, dictionary.compress(bytes)) } else { (ZSTD, compress(bytes)) };
    match packed {
        Some(packed) if packed.len() < bytes.len() / 10 * 9 => (packing, packed.into()),
        _ => (PLAIN, bytes.into()),
    }
}

fn unpack(packing: i64, bytes: &[u8], dictionary: &'static Dictionary) -> Result<Vec<u8>, StoreError> {
    match packing {
        PLAIN => Ok(bytes.to_vec()),
        ZSTD => decompress(bytes),
        WITH_DICTIONARY => dictionary.decompress(bytes),
        other => Err(StoreError::Damaged(format!("bytes are packed in a way that is not known ({other})"))),
    }
}

impl Dictionary {
    fn new(bytes: &[u8], slot: &'static LocalKey<RefCell<Small>>) -> Self {
        Self { encoding: EncoderDictionary::copy(bytes, LEVEL), decoding: DecoderDictionary::copy(bytes), slot }
    }

    fn compress(&'static self, bytes: &[u8]) -> Option<Vec<u8>> {
        if bytes.len() < WORTH_TRYING {
            return None;
        }
        let make = || {
            let mut compressor = Compressor::with_prepared_dictionary(&self.encoding)?;
            // The column says which dictionary.
            compressor.set_parameter(CParameter::DictIdFlag(false))?;
            Ok(compressor)
        };
        let mut frame = self.slot.with_borrow_mut(|slot| kept(&mut slot.0, make)?.compress(bytes)).ok()?;
        frame.drain(..frame.starts_with(&MAGIC).then_some(MAGIC.len())?);
        Some(frame)
    }

    fn decompress(&'static self, packed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let frame = [&MAGIC, packed].concat();
        let make = || Decompressor::with_prepared_dictionary(&self.decoding);
        let bytes = self.slot.with_borrow_mut(|slot| kept(&mut slot.1, make)?.decompress(&frame, DICTIONARY_HELPS));
        bytes.map_err(|error| StoreError::Damaged(format!("compressed bytes: {error}")))
    }
}

fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(bytes.len()).ok()?;
    if bytes.len() > INFLATED_LIMIT {
        return None;
    }
    let frame = COMPRESSOR.with_borrow_mut(|slot| kept(slot, || Compressor::new(LEVEL))?.compress(bytes)).ok()?;
    let mut packed = Vec::with_capacity(frame.len() + 4);
    packed.extend_from_slice(&length.to_le_bytes());
    packed.extend_from_slice(&frame);
    Some(packed)
}

fn decompress(packed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let damaged = |what: &str| StoreError::Damaged(format!("compressed bytes: {what}"));
    let (length, frame) = packed.split_first_chunk::<4>().ok_or_else(|| damaged("too short"))?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| damaged("too long"))?;
    if length > INFLATED_LIMIT {
        return Err(damaged("too long"));
    }
    let bytes = DECOMPRESSOR.with_borrow_mut(|slot| kept(slot, Decompressor::new)?.decompress(frame, length));
    let bytes = bytes.map_err(|error| damaged(&error.to_string()))?;
    if bytes.len() == length { Ok(bytes) } else { Err(damaged("wrong length")) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn bytes_come_back_as_they_were() {
        for bytes in [vec![], vec![7; 10], vec![7; 5_000], vec![7; 20_000], (0..=255).cycle().take(300).collect::<Vec<u8>>()] {
            let (packing, packed) = pack_change(&bytes);
            assert!(packed.len() <= bytes.len());
            assert_eq!(unpack_change(packing, &packed), Ok(Some(bytes.clone())));
            assert_eq!(unpack_tagged(&pack_tagged(&bytes, &VIEWS), &VIEWS), Ok(Some(bytes)));
        }
    }

    #[test]
    fn damaged_bytes_are_an_error_and_allocate_nothing_large() {
        assert!(unpack_change(ZSTD, &[255, 255, 255, 255, 1, 2, 3]).is_err());
        assert!(unpack_change(ZSTD, &[1]).is_err());
        assert!(unpack_change(4, &[1]).is_err());
        for length in [5_000, 20_000] {
            let bytes = vec![7; length];
            let (packing, packed) = pack_change(&bytes);
            let mut broken = packed.into_owned();
            broken.truncate(broken.len() - 3);
            assert!(matches!(unpack_change(packing, &broken), Err(StoreError::Damaged(_))));
        }
        // A frame that says it is much larger than any we write.
        let bomb = zstd::bulk::compress(&[0; 10_000_000], 1).unwrap();
        assert!(matches!(unpack_change(WITH_DICTIONARY, &bomb[MAGIC.len()..]), Err(StoreError::Damaged(_))));
    }

    #[test]
    fn what_was_erased_has_no_bytes() {
        assert_eq!(unpack_change(ERASED, &[]), Ok(None));
        assert_eq!(unpack_tagged(&[], &CHANGES), Ok(None));
    }

    /// Vaults were written with it.
    #[test]
    fn the_dictionary_of_changes_stays_as_it_is() {
        assert_eq!(blake3::hash(CHANGES_1).to_hex().get(..16), Some("688e8d96c4023d9c"));
        let text = "Called about the invoice. She will pay it this week and asked for a new quote for the autumn workshop.";
        let (packing, packed) = pack_change(text.as_bytes());
        assert!(packing == WITH_DICTIONARY && packed.len() < text.len() * 3 / 4, "{} bytes of {}", packed.len(), text.len());
    }
}
