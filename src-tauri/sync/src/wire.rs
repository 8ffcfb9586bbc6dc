//! Frames: one flag byte (0 as is, 1 zstd) and a message in postcard. How frames are told apart on a stream is the transport's matter.

use serde::{Serialize, de::DeserializeOwned};

use crate::limits::{FRAME_BYTES, FRAME_INFLATED_BYTES};

const RAW: u8 = 0;
const ZSTD: u8 = 1;
const LEVEL: i32 = 3;
/// Shorter messages are not worth compressing.
const COMPRESS_FROM: usize = 512;

/// Why a frame was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Over the limit as it came.
    #[error("the frame is longer than {FRAME_BYTES} bytes")]
    TooLong,
    /// Over the limit after decompression, or not zstd.
    #[error("the frame does not decompress within {FRAME_INFLATED_BYTES} bytes")]
    Inflate,
    /// Empty, or of an unknown flag.
    #[error("the frame is of an unknown kind")]
    Kind,
    /// Not one whole message.
    #[error("the frame is not a message of this protocol")]
    Message,
}

/// Puts a message into a frame, compressed where that is shorter.
pub(crate) fn pack<T: Serialize>(message: &T) -> Vec<u8> {
    let plain = crate::feed::encode(message);
    if plain.len() >= COMPRESS_FROM
        && let Ok(small) = zstd::bulk::compress(&plain, LEVEL)
        && small.len() < plain.len()
    {
        return flagged(ZSTD, &small);
    }
    flagged(RAW, &plain)
}

fn flagged(flag: u8, bytes: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(bytes.len() + 1);
    frame.push(flag);
    frame.extend_from_slice(bytes);
    frame
}

/// Reads a message from a frame. Never allocates more than the limits, whatever the frame says.
pub(crate) fn unpack<T: DeserializeOwned>(frame: &[u8]) -> Result<T, FrameError> {
    match inflate(frame, |plain| postcard::take_from_bytes(plain).map(|(message, rest)| (message, rest.is_empty())))? {
        (message, true) => Ok(message),
        (_, false) => Err(FrameError::Message),
    }
}

/// Reads a message that a newer version may have made longer.
pub(crate) fn unpack_longer<T: DeserializeOwned>(frame: &[u8]) -> Result<T, FrameError> {
    inflate(frame, |plain| postcard::take_from_bytes(plain).map(|(message, _)| message))
}

fn inflate<T>(frame: &[u8], read: impl FnOnce(&[u8]) -> postcard::Result<T>) -> Result<T, FrameError> {
    if frame.len() > FRAME_BYTES {
        return Err(FrameError::TooLong);
    }
    match frame.split_first() {
        Some((&RAW, plain)) => read(plain).map_err(|_| FrameError::Message),
        Some((&ZSTD, small)) => {
            let plain = zstd::bulk::decompress(small, FRAME_INFLATED_BYTES).map_err(|_| FrameError::Inflate)?;
            read(&plain).map_err(|_| FrameError::Message)
        }
        _ => Err(FrameError::Kind),
    }
}

#[cfg(test)]
mod tests;
