//! Frames on a stream: a length as four bytes, big-endian, then that many bytes.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Bytes read at once; also what is allocated before anything of a frame has come.
const PIECE: usize = 64 * 1024;
/// A frame that began must go on at least this often.
const PIECE_WITHIN: Duration = Duration::from_secs(60);

/// Reads one frame; `None` when the stream ended between frames. Memory grows with what has come, never with what was announced.
///
/// # Errors
/// When the frame is longer than `limit`, is cut off, stalls, or the stream fails.
pub(crate) async fn read<R: AsyncRead + Unpin>(stream: &mut R, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; 4];
    if stream.read(head.get_mut(..1).unwrap_or_default()).await? == 0 {
        return Ok(None);
    }
    within(stream.read_exact(head.get_mut(1..).unwrap_or_default())).await?;
    let length = usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX);
    if length > limit {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a frame of {length} bytes was announced; the limit is {limit}")));
    }
    let mut frame = Vec::with_capacity(length.min(PIECE));
    let mut rest = stream.take(u64::try_from(length).unwrap_or(u64::MAX));
    while frame.len() < length {
        frame.reserve(PIECE.min(length - frame.len()));
        if within(rest.read_buf(&mut frame)).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the stream ended inside a frame"));
        }
    }
    Ok(Some(frame))
}

/// Writes one frame and flushes it.
///
/// # Errors
/// When the frame is longer than `limit` or the stream fails.
pub(crate) async fn write<W: AsyncWrite + Unpin>(stream: &mut W, frame: &[u8], limit: usize) -> io::Result<()> {
    let length = u32::try_from(frame.len()).ok().filter(|_| frame.len() <= limit);
    let Some(length) = length else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("a frame of {} bytes is over the limit of {limit}", frame.len())));
    };
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(frame).await?;
    stream.flush().await
}

async fn within<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(PIECE_WITHIN, work).await.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "a frame stalled"))?
}

#[cfg(test)]
mod tests;
