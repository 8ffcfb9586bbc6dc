//! Files of records, asked for one by one: a request on a stream of its own, an answer, and behind it the bytes.

use serde::{Deserialize, Serialize};
use tuttu_model::SpaceId;

/// Bytes of a request or an answer at most.
pub const FILE_MESSAGE: usize = 256;

/// Asks for a file from some place on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRequest {
    /// The space of a record that names it. Only a space that both may read is ever named.
    pub space: SpaceId,
    /// BLAKE3 of the file.
    pub hash: [u8; 32],
    /// How many of its bytes are held already.
    pub offset: u64,
}

/// What comes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileAnswer {
    /// The bytes from the offset on follow, up to the end of the stream.
    Here {
        /// Bytes of the whole file.
        size: u64,
    },
    /// It is not here, or not for this computer in this space: that looks the same.
    NotHere,
}

/// Bytes that are no such message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message about a file is malformed")]
pub struct BadFileMessage;

impl FileRequest {
    /// Reads a request; nothing may stand behind it.
    ///
    /// # Errors
    /// When the bytes are something else.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadFileMessage> {
        whole(bytes)
    }
}

impl FileAnswer {
    /// Reads an answer; nothing may stand behind it.
    ///
    /// # Errors
    /// When the bytes are something else.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadFileMessage> {
        whole(bytes)
    }
}

fn whole<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, BadFileMessage> {
    match postcard::take_from_bytes(bytes) {
        Ok((message, [])) if bytes.len() <= FILE_MESSAGE => Ok(message),
        _ => Err(BadFileMessage),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use super::*;
    use crate::feed::encode;

    #[test]
    fn messages_come_back_and_nothing_else_is_one() {
        let request = FileRequest { space: SpaceId([3; 32]), hash: [7; 32], offset: u64::MAX };
        let bytes = encode(&request);
        assert!(bytes.len() <= FILE_MESSAGE);
        assert_eq!(FileRequest::decode(&bytes), Ok(request));
        for answer in [FileAnswer::Here { size: 1 << 40 }, FileAnswer::NotHere] {
            assert_eq!(FileAnswer::decode(&encode(&answer)), Ok(answer));
        }
        for wrong in [&bytes[..bytes.len() - 1], &[bytes.as_slice(), &[0]].concat(), &[], &[255; 300]] {
            assert_eq!(FileRequest::decode(wrong), Err(BadFileMessage));
        }
        assert_eq!(FileAnswer::decode(&[2]), Err(BadFileMessage));
    }
}
