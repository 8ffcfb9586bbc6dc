//! The local socket: how a second process of the same user reaches the one that holds the vault.
//!
//! Frames of JSON. The server begins with [`Message::Hello`]; then each request frame gets one reply or error, in order; after
//! [`Request::Subscribe`] events come between them.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot};
use tokio::time::timeout;
use tuttu_engine::api::{ErrorCode, ErrorView, Event};

use crate::frame;
use crate::host::Host;
use crate::request::{Reply, Request};
use crate::tasks::Leash;

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

/// The version of what is said here.
pub(crate) const PROTOCOL: u32 = 1;
/// Bytes of one request.
pub(crate) const REQUEST_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of one answer.
pub(crate) const ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// Processes served at once.
const CLIENTS: usize = 64;
/// How long a client may take to read what it asked for.
const TO_READ: Duration = Duration::from_secs(30);

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Message {
    /// The first thing.
    Hello {
        /// See [`PROTOCOL`].
        protocol: u32,
        /// The version of the process.
        version: String,
    },
    /// The answer to a request.
    Reply(Reply),
    /// A request failed.
    Error(ErrorView),
    /// Something happened.
    Event(Event),
}

/// A stream in both directions.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Duplex for T {}

/// Waits for other processes.
#[derive(Debug)]
pub(crate) struct Listener(platform::Listener);

impl Listener {
    /// Opens the socket of a vault. Whoever calls this holds the vault's lock, so a socket left by a killed process is replaced.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn bind(vault: &Path) -> Result<Self, ErrorView> {
        platform::Listener::bind(vault).map(Self).map_err(|error| {
            let message = format!("Tuttu cannot offer its local socket: {error}.");
            ErrorView::new(ErrorCode::File, message, "Other commands would not reach this vault. Check the rights of the vault’s folder.")
        })
    }
}

/// Connects to the process that holds a vault; `None` when there is none.
///
/// # Errors
/// When there is one, but it cannot be reached.
pub(crate) async fn connect(vault: &Path) -> std::io::Result<Option<Box<dyn Duplex>>> {
    platform::connect(vault).await
}

/// Serves other processes until dropped.
pub(crate) async fn serve(host: Host, mut listener: Listener) {
    let places = Arc::new(Semaphore::new(CLIENTS));
    loop {
        let stream = match listener.0.accept().await {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "a process could not be served");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let client = host.clone();
        host.net.tasks.spawn(async move {
            if let Err(error) = Client::serve(client, stream).await {
                tracing::debug!(%error, "a process went away");
            }
            drop(place);
        });
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<Reply, ErrorView>> + Send>>;

/// A process being served.
struct Client<W> {
    host: Host,
    write: W,
    events: Option<broadcast::Receiver<Event>>,
}

impl<W: AsyncWrite + Unpin> Client<W> {
    async fn say(&mut self, message: &Message) -> std::io::Result<()> {
        let mut frame = serde_json::to_vec(message)?;
        if frame.len() > ANSWER_BYTES {
            let error = ErrorView::new(ErrorCode::Invalid, "The answer is too large for the local socket.", "Ask for less at once.");
            frame = serde_json::to_vec(&Message::Error(error))?;
        }
        timeout(TO_READ, frame::write(&mut self.write, &frame, ANSWER_BYTES)).await?
    }

    /// The next event, while the client wants any.
    async fn event(&mut self) -> Option<Event> {
        match &mut self.events {
            None => std::future::pending().await,
            Some(events) => match events.recv().await {
                Ok(event) => Some(event),
                // It missed some: it has to ask again for all it shows.
                Err(RecvError::Lagged(_)) => Some(Event::Changed { spaces: Vec::new(), records: Vec::new(), remote: false }),
                Err(RecvError::Closed) => None,
            },
        }
    }

    fn begin(&mut self, frame: &[u8]) -> Answering {
        match serde_json::from_slice::<Request>(frame) {
            Ok(Request::Subscribe) => {
                self.events = Some(self.host.subscribe());
                Box::pin(async { Ok(Reply::Done) })
            }
            Ok(request) => {
                let host = self.host.clone();
                Box::pin(async move { host.request(request).await })
            }
            Err(error) => Box::pin(async move {
                let message = format!("The request is not understood: {error}.");
                Err(ErrorView::new(ErrorCode::Invalid, message, "The two processes may be of different versions: restart the older one."))
            }),
        }
    }

    async fn talk(&mut self, mut frames: mpsc::Receiver<Vec<u8>>, mut gone: oneshot::Receiver<()>) -> std::io::Result<()> {
        self.say(&Message::Hello { protocol: PROTOCOL, version: env!("CARGO_PKG_VERSION").to_owned() }).await?;
        let mut answering: Option<Answering> = None;
        loop {
            let busy = answering.is_some();
            let current = async {
                match answering.as_mut() {
                    Some(work) => work.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                frame = frames.recv(), if !busy => match frame {
                    Some(frame) => answering = Some(self.begin(&frame)),
                    None => return Ok(()),
                },
                outcome = current => {
                    answering = None;
                    self.say(&outcome.map_or_else(Message::Error, Message::Reply)).await?;
                }
                event = self.event() => match event {
                    Some(event) => self.say(&Message::Event(event)).await?,
                    None => return Ok(()),
                },
                // What nobody waits for any more is dropped; a command that has begun ends all the same.
                _ = &mut gone, if busy => return Ok(()),
            }
        }
    }
}

impl Client<()> {
    async fn serve(host: Host, stream: Box<dyn Duplex>) -> std::io::Result<()> {
        let (mut read, write) = tokio::io::split(stream);
        let (sender, frames) = mpsc::channel(1);
        let (alive, gone) = oneshot::channel::<()>();
        let _reader = Leash::spawn(async move {
            let _alive = alive;
            while let Ok(Some(frame)) = frame::read(&mut read, REQUEST_BYTES).await {
                if sender.send(frame).await.is_err() {
                    return;
                }
            }
        });
        let mut client = Client { host, write, events: None };
        let talked = client.talk(frames, gone).await;
        // A client that went away does not hear this.
        let _ = client.write.shutdown().await;
        talked
    }
}
