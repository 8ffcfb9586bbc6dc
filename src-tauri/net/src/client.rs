//! Reaching the process that holds a vault.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use tokio::io::WriteHalf;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tuttu_engine::api::{ErrorCode, ErrorView, Event};

use crate::frame;
use crate::request::{Reply, Request};
use crate::socket::{self, ANSWER_BYTES, Duplex, Message, PROTOCOL, REQUEST_BYTES};
use crate::tasks::Leash;

/// How long the other process may take to say hello.
const HELLO: Duration = Duration::from_secs(5);
/// Events kept while a request waits for its answer; the oldest go first.
const EVENTS: usize = 10_000;

/// A connection to the process that holds a vault.
#[derive(Debug)]
pub struct Client {
    write: WriteHalf<Box<dyn Duplex>>,
    messages: mpsc::Receiver<Message>,
    _reader: Leash,
    events: VecDeque<Event>,
    version: String,
}

impl Client {
    /// Connects to the process that holds the vault in this folder; `None` when there is none.
    ///
    /// # Errors
    /// When a process holds the vault but does not answer.
    pub async fn connect(vault: &Path) -> Result<Option<Self>, ErrorView> {
        let in_use = |why: &str| {
            let message = format!("Another process has the vault open, but does not answer: {why}.");
            ErrorView::new(ErrorCode::VaultInUse, message, "Close the other window or `tuttu serve`, then try again.")
        };
        let stream = match socket::connect(vault).await {
            Ok(Some(stream)) => stream,
            Ok(None) => return Ok(None),
            Err(error) => return Err(in_use(&error.to_string())),
        };
        let mut client = Self::new(stream);
        match timeout(HELLO, client.messages.recv()).await {
            Ok(Some(Message::Hello { protocol: PROTOCOL, version })) => {
                client.version = version;
                Ok(Some(client))
            }
            Ok(Some(_)) => Err(in_use("it is of another version")),
            // It stopped between accepting and greeting.
            Ok(None) => Ok(None),
            Err(_) => Err(in_use("it hangs")),
        }
    }

    /// Messages are read in a task of their own, so that waiting for one can be given up at any time.
    fn new(stream: Box<dyn Duplex>) -> Self {
        let (mut read, write) = tokio::io::split(stream);
        let (sender, messages) = mpsc::channel(16);
        let reader = Leash::spawn(async move {
            while let Ok(Some(frame)) = frame::read(&mut read, ANSWER_BYTES).await {
                match serde_json::from_slice(&frame) {
                    Ok(message) => {
                        if sender.send(message).await.is_err() {
                            return;
                        }
                    }
                    Err(error) => return tracing::warn!(%error, "the other process said something that is not understood"),
                }
            }
        });
        Self { write, messages, _reader: reader, events: VecDeque::new(), version: String::new() }
    }

    /// The version of the other process.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// What the other process says, or that it went away.
    pub async fn request(&mut self, request: Request) -> Result<Reply, ErrorView> {
        self.request_with_events(request, &mut |_| ()).await
    }

    /// The same, and shows each event that comes meanwhile (after [`Request::Subscribe`]).
    ///
    /// # Errors
    /// As [`Client::request`].
    pub async fn request_with_events(&mut self, request: Request, show: &mut (dyn FnMut(&Event) + Send)) -> Result<Reply, ErrorView> {
        let frame = serde_json::to_vec(&request).map_err(|error| ErrorView::new(ErrorCode::Internal, error.to_string(), ""))?;
        if frame.len() > REQUEST_BYTES {
            return Err(ErrorView::new(ErrorCode::Invalid, "This is too much for one request.", "Send less at once."));
        }
        frame::write(&mut self.write, &frame, REQUEST_BYTES).await.map_err(|_| went_away())?;
        loop {
            match self.messages.recv().await {
                Some(Message::Reply(reply)) => return Ok(reply),
                Some(Message::Error(error)) => return Err(error),
                Some(Message::Event(event)) => {
                    show(&event);
                    if self.events.len() >= EVENTS {
                        self.events.pop_front();
                    }
                    self.events.push_back(event);
                }
                Some(Message::Hello { .. }) => {}
                None => return Err(went_away()),
            }
        }
    }

    /// The next event, after [`Request::Subscribe`]. `None` when the other process stopped.
    pub async fn next_event(&mut self) -> Option<Event> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        loop {
            match self.messages.recv().await? {
                Message::Event(event) => return Some(event),
                Message::Hello { .. } | Message::Reply(_) | Message::Error(_) => {}
            }
        }
    }
}

fn went_away() -> ErrorView {
    ErrorView::new(
        ErrorCode::VaultInUse,
        "The process that held the vault stopped while it was asked.",
        "Look whether the change is there before you try again.",
    )
}
