//! What is inside the encryption of a bundle: who wrote it and what they hold, signed; then parts, then their number. Compressed as one stream.
//!
//! Each part is preceded by its length, four bytes, little-endian; a length of 0 ends them, and the number of parts follows in eight bytes.

use std::io::{BufReader, Error, ErrorKind, Read, Result, Write};

use iroh_base::SecretKey;
use serde::{Deserialize, Serialize};
use tuttu_model::{ComputerId, SpaceId};
use tuttu_sync::feed::{FeedHeader, ForkProof, SignedEntry, Vector, encode};
use tuttu_sync::membership::SignedOp;
use tuttu_sync::signing::{self, SignatureBytes, SignatureError};

const MAGIC: &[u8; 16] = b"tuttu bundle 1\n\0";
const CONTEXT: &str = "tuttu bundle v1";
/// Bytes of one part: a page of entries has some 4 MiB of changes, one entry at most 4 MiB more.
const PART_BYTES: usize = 32 * 1024 * 1024;
const LEVEL: i32 = 3;

/// What the writer says: an acknowledgement for whoever reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    /// The space.
    pub(crate) space: SpaceId,
    /// Who writes.
    pub(crate) computer: ComputerId,
    /// When, by the writer's clock, seconds since 1970.
    pub(crate) at: i64,
    /// What it durably holds.
    pub(crate) vector: Vector,
}

/// The first part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    said: Said,
    signature: SignatureBytes,
}

impl Head {
    pub(crate) fn sign(said: Said, key: &SecretKey) -> Self {
        let signature = signing::sign(key, &signing::hash(CONTEXT, &encode(&said)));
        Self { said, signature }
    }

    /// What is said, if the computer it names said it.
    ///
    /// # Errors
    /// When the signature is another's.
    pub(crate) fn verified(self) -> std::result::Result<Said, SignatureError> {
        signing::verify(&self.said.computer.0, &signing::hash(CONTEXT, &encode(&self.said)), &self.signature)?;
        Ok(self.said)
    }
}

/// An entry with its changes; one that was erased has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WrittenEntry {
    pub(crate) header: FeedHeader,
    pub(crate) entry: SignedEntry,
    pub(crate) changes: Vec<Option<Vec<u8>>>,
    /// It counted at the writer's; if not, something that counted rests on it.
    pub(crate) valid: bool,
}

/// A part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Part {
    /// Membership operations, parents first, and fork proofs.
    Rules { ops: Vec<SignedOp>, proofs: Vec<ForkProof> },
    /// Entries, in the writer's order of arrival.
    Entries(Vec<WrittenEntry>),
    /// A file of a record begins.
    File { hash: [u8; 32], size: u64 },
    /// The next bytes of the file.
    Bytes(Vec<u8>),
}

/// Writes parts.
pub(crate) struct BundleWriter<W: Write> {
    to: zstd::stream::write::Encoder<'static, W>,
    parts: u64,
}

impl<W: Write> BundleWriter<W> {
    pub(crate) fn begin(to: W, head: &Head) -> Result<Self> {
        let mut to = zstd::stream::write::Encoder::new(to, LEVEL)?;
        to.write_all(MAGIC)?;
        let mut writer = Self { to, parts: 0 };
        writer.frame(&encode(head))?;
        Ok(writer)
    }

    pub(crate) fn part(&mut self, part: &Part) -> Result<()> {
        self.parts += 1;
        self.frame(&encode(part))
    }

    /// Gives back what it wrote to, which has to be finished too.
    pub(crate) fn finish(mut self) -> Result<W> {
        self.to.write_all(&[0; 4])?;
        self.to.write_all(&self.parts.to_le_bytes())?;
        self.to.finish()
    }

    fn frame(&mut self, bytes: &[u8]) -> Result<()> {
        let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= PART_BYTES);
        let length = length.ok_or_else(|| Error::other("a part is larger than any may be"))?;
        self.to.write_all(&length.to_le_bytes())?;
        self.to.write_all(bytes)
    }
}

/// Reads parts, to the end and its check.
pub(crate) struct BundleReader<R: Read> {
    from: BufReader<zstd::stream::read::Decoder<'static, BufReader<R>>>,
    parts: u64,
}

impl<R: Read> BundleReader<R> {
    pub(crate) fn begin(from: R) -> Result<(Head, Self)> {
        let mut from = BufReader::new(zstd::stream::read::Decoder::new(from)?);
        let mut magic = [0; MAGIC.len()];
        from.read_exact(&mut magic)?;
        if magic != *MAGIC {
            return Err(garbled("it is not a bundle of Tuttu, or of a newer version"));
        }
        let mut reader = Self { from, parts: 0 };
        let head = reader.frame()?.ok_or_else(|| garbled("it is empty"))?;
        Ok((decode(&head)?, reader))
    }

    /// The next part; `None` at the end, when all of it was read.
    pub(crate) fn next(&mut self) -> Result<Option<Part>> {
        if let Some(frame) = self.frame()? {
            self.parts += 1;
            return decode(&frame).map(Some);
        }
        let mut rest = Vec::new();
        // To the very end, so that the last chunk of the encryption is verified too.
        self.from.by_ref().take(1_024).read_to_end(&mut rest)?;
        if rest == self.parts.to_le_bytes() { Ok(None) } else { Err(garbled("its end is not what was written")) }
    }

    fn frame(&mut self) -> Result<Option<Vec<u8>>> {
        let mut length = [0; 4];
        self.from.read_exact(&mut length)?;
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        if length == 0 {
            return Ok(None);
        }
        if length > PART_BYTES {
            return Err(garbled("a part of it is larger than any may be"));
        }
        let mut bytes = Vec::new();
        self.from.by_ref().take(u64::try_from(length).unwrap_or(0)).read_to_end(&mut bytes)?;
        if bytes.len() < length { Err(Error::from(ErrorKind::UnexpectedEof)) } else { Ok(Some(bytes)) }
    }
}

fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((part, [])) => Ok(part),
        _ => Err(garbled("a part of it cannot be read")),
    }
}

fn garbled(why: &str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}
