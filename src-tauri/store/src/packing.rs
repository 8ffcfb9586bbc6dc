//! How change bytes and snapshots lie in their columns: as they are, or compressed where that helps.

use std::cell::RefCell;

use crate::error::StoreError;

/// As it is.
const PLAIN: i64 = 0;
/// Length before compression (four bytes, little-endian), then a zstd frame.
const ZSTD: i64 = 1;
/// Dropped by an `erase`, or never received because of one.
pub(crate) const ERASED: i64 = 2;

/// Level 1 takes a third of the time of level 3 for 2 % more bytes on changes of one record.
const LEVEL: i32 = 1;
/// Below this compression does not help.
const WORTH_TRYING: usize = 200;
/// Nothing we write inflates to more.
const INFLATED_LIMIT: usize = 256 * 1024 * 1024;

thread_local! {
    // A compressor allocates some 100 KB: one for each thread, not one for each change.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// How to store these bytes: the packing and the bytes.
pub(crate) fn pack(bytes: &[u8]) -> (i64, std::borrow::Cow<'_, [u8]>) {
    match compress(bytes) {
        Some(packed) if packed.len() < bytes.len() / 10 * 9 => (ZSTD, packed.into()),
        _ => (PLAIN, bytes.into()),
    }
}

/// The bytes as they were; `None` when they were erased.
pub(crate) fn unpack(packing: i64, bytes: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    match packing {
        PLAIN => Ok(Some(bytes.to_vec())),
        ZSTD => decompress(bytes).map(Some),
        _ => Ok(None),
    }
}

/// Packs into one column: the packing as first byte.
pub(crate) fn pack_tagged(bytes: &[u8]) -> Vec<u8> {
    let (packing, packed) = pack(bytes);
    let mut tagged = Vec::with_capacity(packed.len() + 1);
    tagged.push(u8::from(packing == ZSTD));
    tagged.extend_from_slice(&packed);
    tagged
}

/// The way back of [`pack_tagged`].
pub(crate) fn unpack_tagged(tagged: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    match tagged.split_first() {
        Some((packing, bytes)) => unpack(i64::from(*packing), bytes),
        None => Ok(None),
    }
}

fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(bytes.len()).ok()?;
    if bytes.len() < WORTH_TRYING || bytes.len() > INFLATED_LIMIT {
        return None;
    }
    let frame = COMPRESSOR.with_borrow_mut(|slot| {
        let compressor = match slot {
            Some(compressor) => compressor,
            None => slot.insert(zstd::bulk::Compressor::new(LEVEL).ok()?),
        };
        compressor.compress(bytes).ok()
    })?;
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
    let bytes = DECOMPRESSOR.with_borrow_mut(|slot| {
        let decompressor = match slot {
            Some(decompressor) => decompressor,
            None => slot.insert(zstd::bulk::Decompressor::new()?),
        };
        decompressor.decompress(frame, length)
    });
    let bytes = bytes.map_err(|error| damaged(&error.to_string()))?;
    if bytes.len() == length { Ok(bytes) } else { Err(damaged("wrong length")) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn bytes_come_back_as_they_were() {
        for bytes in [vec![], vec![7; 10], vec![7; 5_000], (0..=255).cycle().take(300).collect::<Vec<u8>>()] {
            let (packing, packed) = pack(&bytes);
            assert!(packed.len() <= bytes.len());
            assert_eq!(unpack(packing, &packed), Ok(Some(bytes.clone())));
            assert_eq!(unpack_tagged(&pack_tagged(&bytes)), Ok(Some(bytes)));
        }
    }

    #[test]
    fn damaged_bytes_are_an_error_and_allocate_nothing_large() {
        assert!(unpack(ZSTD, &[255, 255, 255, 255, 1, 2, 3]).is_err());
        assert!(unpack(ZSTD, &[1]).is_err());
        let (packing, packed) = pack(&[7; 5_000]);
        let mut broken = packed.into_owned();
        broken.truncate(broken.len() - 3);
        assert!(matches!(unpack(packing, &broken), Err(StoreError::Damaged(_))));
    }

    #[test]
    fn what_was_erased_has_no_bytes() {
        assert_eq!(unpack(ERASED, &[]), Ok(None));
        assert_eq!(unpack_tagged(&[]), Ok(None));
    }
}
