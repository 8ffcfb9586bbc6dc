//! What is inside the encryption: a manifest, then the rows of the vault, then the attached files, then their numbers and hash. Compressed as one stream.
//!
//! Each piece is preceded by its length, four bytes, little-endian; a length of 0 ends the rows. A file is its hash and its contents piece by piece, ended by a
//! length of 0; another 0 ends the files. Format 1 had no files: there the numbers follow the rows. Nothing is allocated because a length says so beyond
//! [`PIECE_BYTES`].

use std::io::{BufReader, Error, ErrorKind, Read, Result, Write};

use serde::{Deserialize, Serialize};
use tuttu_store::{Piece, StoreError};

/// The first bytes inside.
const MAGIC: &[u8; 16] = b"tuttu backup 1\n\0";
/// The version of what follows them.
pub(crate) const FORMAT: u32 = 2;
/// The version without files.
const WITHOUT_FILES: u32 = 1;
/// Bytes of a file in one piece.
const FILE_PIECE: usize = 256 * 1024;
/// Bytes of one piece: a change has at most 512 KiB, a damaged row kept as it was found can be longer.
const PIECE_BYTES: usize = 64 * 1024 * 1024;
/// A little better than level 1, a little faster than level 3.
const LEVEL: i32 = 2;

/// Whose backup it is. It holds the person key: whoever opens a backup can act as the person. Never a computer's key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// See [`FORMAT`].
    pub(crate) format: u32,
    /// The schema version of the rows.
    pub(crate) schema: u32,
    /// When it was made, seconds since 1970.
    pub(crate) made: i64,
    /// The person's name.
    pub(crate) person_name: String,
    /// The computer it was made on.
    pub(crate) computer_name: String,
    /// The person key in hexadecimal.
    pub(crate) person: String,
    /// It is a recovery kit: the spaces and who is in them, without anything that was written there.
    #[serde(default)]
    pub(crate) kit: bool,
}

impl std::fmt::Debug for Manifest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Manifest({} on {})", self.person_name, self.computer_name)
    }
}

#[derive(Serialize, Deserialize)]
struct Trailer {
    rows: u64,
    hash: [u8; 32],
}

/// The hash of a file in a backup.
pub(crate) type FileHash = [u8; 32];

/// Writes pieces.
pub(crate) struct PieceWriter<W: Write> {
    to: zstd::stream::write::Encoder<'static, W>,
    hasher: blake3::Hasher,
}

impl<W: Write> PieceWriter<W> {
    pub(crate) fn begin(to: W, manifest: &Manifest) -> Result<Self> {
        let mut to = zstd::stream::write::Encoder::new(to, LEVEL)?;
        to.write_all(MAGIC)?;
        let mut writer = Self { to, hasher: blake3::Hasher::new() };
        writer.frame(&serde_json::to_vec(manifest)?)?;
        Ok(writer)
    }

    pub(crate) fn piece(&mut self, piece: &Piece) -> Result<()> {
        self.frame(&postcard::to_stdvec(piece).map_err(Error::other)?)
    }

    /// The rows are written; files follow.
    pub(crate) fn end_rows(&mut self) -> Result<()> {
        self.to.write_all(&[0; 4])
    }

    /// A file: what is read from `from`, to its end.
    pub(crate) fn file(&mut self, hash: &FileHash, from: &mut impl Read) -> Result<()> {
        self.frame(hash)?;
        let mut piece = vec![0; FILE_PIECE];
        loop {
            let count = from.read(&mut piece)?;
            let Some(bytes) = piece.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
            self.frame(bytes)?;
        }
        self.to.write_all(&[0; 4])
    }

    /// Gives back what it wrote to, which has to be finished too.
    pub(crate) fn finish(mut self, rows: u64) -> Result<W> {
        self.to.write_all(&[0; 4])?;
        let trailer = Trailer { rows, hash: *self.hasher.finalize().as_bytes() };
        self.to.write_all(&postcard::to_stdvec(&trailer).map_err(Error::other)?)?;
        self.to.finish()
    }

    fn frame(&mut self, bytes: &[u8]) -> Result<()> {
        let length = u32::try_from(bytes.len()).ok().filter(|_| !bytes.is_empty() && bytes.len() <= PIECE_BYTES);
        let length = length.ok_or_else(|| Error::other("a row is larger than any may be"))?;
        self.hasher.update(bytes);
        self.to.write_all(&length.to_le_bytes())?;
        self.to.write_all(bytes)
    }
}

/// Reads pieces, to the end and its check.
pub(crate) struct PieceReader<R: Read> {
    from: BufReader<zstd::stream::read::Decoder<'static, BufReader<R>>>,
    hasher: blake3::Hasher,
    rows: u64,
    /// The rows are read.
    ended: bool,
    format: u32,
}

impl<R: Read> PieceReader<R> {
    pub(crate) fn begin(from: R) -> Result<(Manifest, Self)> {
        let mut from = BufReader::new(zstd::stream::read::Decoder::new(from)?);
        let mut magic = [0; MAGIC.len()];
        from.read_exact(&mut magic)?;
        if magic != *MAGIC {
            return Err(garbled("it is not a backup of Tuttu, or of a newer version"));
        }
        let mut reader = Self { from, hasher: blake3::Hasher::new(), rows: 0, ended: false, format: FORMAT };
        let manifest = reader.frame()?.ok_or_else(|| garbled("it is empty"))?;
        let manifest: Manifest = serde_json::from_slice(&manifest)?;
        if !(WITHOUT_FILES..=FORMAT).contains(&manifest.format) {
            return Err(garbled("it was written by a newer version of Tuttu"));
        }
        reader.format = manifest.format;
        Ok((manifest, reader))
    }

    fn frame(&mut self) -> Result<Option<Vec<u8>>> {
        let mut length = [0; 4];
        self.from.read_exact(&mut length)?;
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        if length == 0 {
            return Ok(None);
        }
        if length > PIECE_BYTES {
            return Err(garbled("a row in it is larger than any may be"));
        }
        let mut bytes = Vec::new();
        self.from.by_ref().take(u64::try_from(length).unwrap_or(0)).read_to_end(&mut bytes)?;
        if bytes.len() < length {
            return Err(Error::from(ErrorKind::UnexpectedEof));
        }
        self.hasher.update(&bytes);
        Ok(Some(bytes))
    }

    fn read(&mut self) -> Result<Option<Piece>> {
        let Some(frame) = self.frame()? else {
            self.ended = true;
            return if self.format == WITHOUT_FILES { self.check().map(|()| None) } else { Ok(None) };
        };
        let piece = postcard::from_bytes(&frame).map_err(|_| garbled("a row in it cannot be read"))?;
        self.rows += u64::from(matches!(piece, Piece::Row(_)));
        Ok(Some(piece))
    }

    /// The files, after the rows: `place` gives where each is written. Gives their number when all of it was read and is what was written.
    pub(crate) fn files<W: Write>(&mut self, place: &mut impl FnMut(&FileHash) -> Result<W>) -> Result<u32> {
        let mut files = 0;
        if self.format == WITHOUT_FILES {
            return Ok(files);
        }
        while let Some(hash) = self.frame()? {
            let hash = FileHash::try_from(hash.as_slice()).map_err(|_| garbled("the name of a file in it cannot be read"))?;
            let (mut to, mut hasher) = (place(&hash)?, blake3::Hasher::new());
            while let Some(bytes) = self.frame()? {
                hasher.update(&bytes);
                to.write_all(&bytes)?;
            }
            to.flush()?;
            if hasher.finalize() != blake3::Hash::from_bytes(hash) {
                return Err(garbled("a file in it is not the one that was attached"));
            }
            files += 1;
        }
        self.check().map(|()| files)
    }

    fn check(&mut self) -> Result<()> {
        let mut rest = Vec::new();
        // To the very end, so that the last chunk of the encryption is verified too.
        self.from.by_ref().take(1_024).read_to_end(&mut rest)?;
        let trailer: Trailer = postcard::from_bytes(&rest).map_err(|_| garbled("its end cannot be read"))?;
        if trailer.rows == self.rows && trailer.hash == *self.hasher.finalize().as_bytes() {
            Ok(())
        } else {
            Err(garbled("its rows are not the ones that were written"))
        }
    }
}

impl<R: Read> Iterator for PieceReader<R> {
    type Item = std::result::Result<Piece, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        match self.read() {
            Ok(piece) => piece.map(Ok),
            Err(error) => {
                self.ended = true;
                Some(Err(StoreError::Damaged(reason(&error))))
            }
        }
    }
}

fn garbled(why: &str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

/// Why a backup cannot be read, in words.
pub(crate) fn reason(error: &Error) -> String {
    match error.kind() {
        ErrorKind::UnexpectedEof => "the file is cut off".into(),
        _ => error.to_string(),
    }
}
