//! Frames on their way out of one exchange. Writing goes on beside reading, so that two sides that both have much to say never wait for each other.

use std::sync::Arc;

use tokio::io::AsyncWrite;
use tokio::sync::{mpsc, watch};

use crate::frame;
use crate::tasks::Leash;

/// Bytes waiting to be written. A peer that asks for more than this without reading is cut off.
const WAITING: usize = 48 * 1024 * 1024;

/// The peer does not read what it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotReading;

#[derive(Debug)]
pub(crate) struct Outgoing {
    frames: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<watch::Sender<usize>>,
    _writer: Leash,
}

impl Outgoing {
    pub(crate) fn new(mut stream: impl AsyncWrite + Unpin + Send + 'static, limit: usize) -> Self {
        let (frames, mut queue) = mpsc::unbounded_channel::<Vec<u8>>();
        let waiting = Arc::new(watch::Sender::new(0_usize));
        let counter = Arc::clone(&waiting);
        let writer = Leash::spawn(async move {
            while let Some(bytes) = queue.recv().await {
                if let Err(error) = frame::write(&mut stream, &bytes, limit).await {
                    // The connection is gone; whoever reads from it hears of that.
                    tracing::debug!(%error, "a frame was not written");
                    return;
                }
                counter.send_modify(|waiting| *waiting = waiting.saturating_sub(bytes.len()));
            }
        });
        Self { frames, waiting, _writer: writer }
    }

    /// Queues a frame.
    ///
    /// # Errors
    /// When too much waits already.
    pub(crate) fn push(&self, frame: Vec<u8>) -> Result<(), NotReading> {
        self.waiting.send_modify(|waiting| *waiting += frame.len());
        if *self.waiting.borrow() > WAITING {
            return Err(NotReading);
        }
        // A writer that ended shows in the connection.
        let _ = self.frames.send(frame);
        Ok(())
    }

    /// Ready when everything queued is written.
    pub(crate) fn flushed(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut waiting = self.waiting.subscribe();
        async move {
            let _ = waiting.wait_for(|waiting| *waiting == 0).await;
        }
    }

    pub(crate) fn is_flushed(&self) -> bool {
        *self.waiting.borrow() == 0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn frames_go_out_in_order_and_flushed_means_written() {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        let out = Outgoing::new(near, 1_000);
        for byte in 0..10 {
            out.push(vec![byte; 100]).unwrap();
        }
        out.flushed().await;
        assert!(out.is_flushed());
        for byte in 0..10 {
            assert_eq!(frame::read(&mut far, 1_000).await.unwrap().unwrap(), vec![byte; 100]);
        }
    }

    #[tokio::test]
    async fn a_peer_that_does_not_read_is_noticed() {
        let (near, _far) = tokio::io::duplex(10);
        let out = Outgoing::new(near, 8 << 20);
        let frame = vec![0; 6 << 20];
        let pushed = (0..20).map_while(|_| out.push(frame.clone()).ok()).count();
        assert_eq!(pushed, 8, "48 MiB at most");
        assert!(tokio::time::timeout(Duration::from_millis(20), out.flushed()).await.is_err());
    }
}
