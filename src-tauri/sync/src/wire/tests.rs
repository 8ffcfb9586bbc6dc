#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;

use super::{FrameError, pack, unpack, unpack_longer};
use crate::limits::{FRAME_BYTES, FRAME_INFLATED_BYTES};

#[test]
fn short_messages_stay_as_they_are_and_long_ones_shrink() {
    assert_eq!(pack(&7_u8), [0, 7]);
    let long = vec![5_u8; 10_000];
    let frame = pack(&long);
    assert_eq!(frame.first(), Some(&1));
    assert!(frame.len() < 100);
    assert_eq!(unpack::<Vec<u8>>(&frame), Ok(long));
}

#[test]
fn frames_over_a_limit_are_refused() {
    assert_eq!(unpack::<u8>(&vec![0; FRAME_BYTES + 1]), Err(FrameError::TooLong));
    let mut bomb = vec![1];
    bomb.extend(zstd::bulk::compress(&vec![0; FRAME_INFLATED_BYTES + 1], 3).unwrap());
    assert!(bomb.len() < 2_000);
    assert_eq!(unpack::<Vec<u8>>(&bomb), Err(FrameError::Inflate));
    // A length that claims more than there is.
    assert_eq!(unpack::<Vec<u64>>(&[0, 0xff, 0xff, 0xff, 0xff, 0x0f]), Err(FrameError::Message));
}

#[test]
fn nothing_may_follow_a_message_except_the_first() {
    assert_eq!(unpack::<u8>(&[0, 7, 7]), Err(FrameError::Message));
    assert_eq!(unpack_longer::<u8>(&[0, 7, 7]), Ok(7));
    assert_eq!(unpack::<u8>(&[]), Err(FrameError::Kind));
    assert_eq!(unpack::<u8>(&[2, 7]), Err(FrameError::Kind));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = unpack::<Vec<(u64, String)>>(&bytes);
    }

    #[test]
    fn messages_survive(message in any::<Vec<(u64, String, bool)>>()) {
        prop_assert_eq!(unpack::<Vec<(u64, String, bool)>>(&pack(&message)), Ok(message));
    }
}
