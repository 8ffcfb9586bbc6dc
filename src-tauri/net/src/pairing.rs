//! Pairing over the network: the side that made a link, and the side that brings it. What is said is decided in `tuttu_sync::pairing`.

pub(crate) mod inviting;
pub(crate) mod joining;

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;
use std::time::Duration;

use iroh::endpoint::{Connection, RecvStream, SendStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tuttu_engine::api::{ErrorCode, ErrorView, JoinRequestView};
use tuttu_sync::limits::FRAME_BYTES;
use tuttu_sync::pairing::{Binding, EXPORTER_LABEL};

use crate::address;
use crate::blocking::lock;
use crate::frame;
use crate::live::Code;
use crate::request::Joined;

/// How long people may take to compare words and to decide.
const TO_DECIDE: Duration = Duration::from_secs(600);
/// How long computers may take to answer each other.
const TO_ANSWER: Duration = Duration::from_secs(30);
/// How long the last word may take to arrive.
const LAST_WORD: Duration = Duration::from_secs(3);
/// Own attempts to join remembered at once.
const JOINS: usize = 16;

/// The stream of a pairing.
struct Line {
    connection: Connection,
    send: SendStream,
    frames: mpsc::Receiver<io::Result<Vec<u8>>>,
    /// The last frame was ours.
    spoke_last: bool,
    _reader: crate::tasks::Leash,
}

impl Line {
    fn new(connection: Connection, send: SendStream, mut receive: RecvStream) -> Self {
        let (sender, frames) = mpsc::channel(1);
        let reader = crate::tasks::Leash::spawn(async move {
            while let Some(frame) = frame::read(&mut receive, FRAME_BYTES).await.transpose() {
                let last = frame.is_err();
                if sender.send(frame).await.is_err() || last {
                    return;
                }
            }
        });
        Self { connection, send, frames, spoke_last: false, _reader: reader }
    }

    /// What ties the pairing to this connection.
    fn binding(connection: &Connection, dialed_here: bool, me: tuttu_engine::model::ComputerId) -> Option<Binding> {
        let mut exporter = [0; 32];
        connection.export_keying_material(&mut exporter, EXPORTER_LABEL, &[]).ok()?;
        let other = address::computer(connection.remote_id());
        let (joiner, inviter) = if dialed_here { (me, other) } else { (other, me) };
        Some(Binding { exporter, joiner, inviter })
    }

    async fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        self.spoke_last = true;
        timeout(TO_ANSWER, frame::write(&mut self.send, frame, FRAME_BYTES)).await?
    }

    /// The next frame; `None` when the other side is gone or broke the framing.
    async fn next(&mut self) -> Option<Vec<u8>> {
        let frame = self.frames.recv().await?.ok()?;
        self.spoke_last = false;
        Some(frame)
    }

    /// Ends in order: who spoke last waits for the other side to hang up, so that what was said arrives.
    async fn close(mut self) {
        // A stream that is gone already needs no end.
        let _ = self.send.finish();
        if self.spoke_last {
            let _ = timeout(LAST_WORD, self.connection.closed()).await;
        }
        Code::Done.close(&self.connection, "");
    }
}

/// 32 fresh random bytes.
fn nonce() -> Result<[u8; 32], ErrorView> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|_| ErrorView::new(ErrorCode::Internal, "The system has no random bytes.", "Try again in a moment."))?;
    Ok(bytes)
}

/// A short name for something that waits for an answer.
fn short_id(prefix: &str) -> Result<String, ErrorView> {
    let bytes = nonce()?;
    let digits = data_encoding::BASE32_NOPAD.encode(bytes.split_at(5).0).to_ascii_lowercase();
    Ok(format!("{prefix}_{digits}"))
}

/// What the person answered to a request, and where to say what came of it.
#[derive(Debug)]
struct Decision {
    approve: bool,
    done: oneshot::Sender<Result<(), ErrorView>>,
}

#[derive(Debug)]
struct Waiting {
    view: JoinRequestView,
    decide: mpsc::Sender<Decision>,
}

/// Those who brought an invitation and wait for the person to compare words.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    waiting: Mutex<BTreeMap<String, Waiting>>,
    /// How often words were shown for each invitation since the start.
    shown: Mutex<BTreeMap<String, u32>>,
}

impl Requests {
    /// All that wait, in the order they came.
    pub(crate) fn views(&self) -> Vec<JoinRequestView> {
        let mut views: Vec<_> = lock(&self.waiting).values().map(|waiting| waiting.view.clone()).collect();
        views.sort_by(|left, right| (&left.at, &left.id).cmp(&(&right.at, &right.id)));
        views
    }

    fn add(&self, view: JoinRequestView, decide: mpsc::Sender<Decision>) {
        lock(&self.waiting).insert(view.id.clone(), Waiting { view, decide });
    }

    /// Whether it was still waiting.
    fn remove(&self, id: &str) -> bool {
        lock(&self.waiting).remove(id).is_some()
    }

    /// Counts that words were shown for an invitation, and says how often that was.
    fn count(&self, invitation: &str) -> u32 {
        let mut shown = lock(&self.shown);
        let count = shown.entry(invitation.to_owned()).or_default();
        *count += 1;
        *count
    }

    /// Answers a request, named by its id or the beginning of it.
    ///
    /// # Errors
    /// When there is none or more than one, or letting them in failed.
    pub(crate) async fn answer(&self, request: &str, approve: bool) -> Result<(), ErrorView> {
        let decide = self.find(request)?;
        let (done, outcome) = oneshot::channel();
        let gone =
            || ErrorView::new(ErrorCode::NotFound, "That request is over: the other side went away.", "The invitation can be used again.");
        decide.send(Decision { approve, done }).await.map_err(|_| gone())?;
        outcome.await.map_err(|_| gone())?
    }

    fn find(&self, request: &str) -> Result<mpsc::Sender<Decision>, ErrorView> {
        let waiting = lock(&self.waiting);
        let fitting: Vec<&Waiting> = waiting.iter().filter(|(id, _)| fits(id, request)).map(|(_, waiting)| waiting).collect();
        match fitting.as_slice() {
            [only] => Ok(only.decide.clone()),
            [] => Err(ErrorView::new(
                ErrorCode::NotFound,
                format!("Nobody waits to join as “{request}”."),
                "Requests end when the other side goes away.",
            )),
            several => {
                let ids: Vec<_> = several.iter().map(|waiting| waiting.view.id.as_str()).collect();
                Err(ErrorView::new(
                    ErrorCode::Ambiguous,
                    format!("“{request}” fits more than one request."),
                    format!("Candidates: {}.", ids.join(", ")),
                ))
            }
        }
    }
}

/// Whether an id is meant by what was typed: all of it, or its beginning, with or without the prefix.
fn fits(id: &str, typed: &str) -> bool {
    let typed = typed.trim().to_ascii_lowercase();
    let bare = id.split_once('_').map_or(id, |(_, digits)| digits);
    !typed.is_empty() && (id.starts_with(&typed) || bare.starts_with(&typed))
}

#[derive(Debug)]
struct Offered {
    since: Instant,
    decide: oneshot::Sender<bool>,
    outcome: oneshot::Receiver<Result<Joined, ErrorView>>,
}

/// Own attempts to join that wait for the person to compare words.
#[derive(Debug, Default)]
pub(crate) struct Joins {
    offered: Mutex<BTreeMap<String, Offered>>,
}

impl Joins {
    fn add(&self, id: String, offered: Offered) {
        let mut all = lock(&self.offered);
        all.retain(|_, offered| offered.since.elapsed() < 2 * TO_DECIDE);
        if all.len() >= JOINS
            && let Some(oldest) = all.iter().min_by_key(|(_, offered)| offered.since).map(|(id, _)| id.clone())
        {
            all.remove(&oldest);
        }
        all.insert(id, offered);
    }

    /// Answers an offer and waits for what comes of it.
    ///
    /// # Errors
    /// When there is no such offer, or joining failed.
    pub(crate) async fn answer(&self, offer: &str, same: bool) -> Result<Joined, ErrorView> {
        let over = || ErrorView::new(ErrorCode::NotFound, "That offer is over.", "Use the link again.");
        let offered = lock(&self.offered).remove(offer).ok_or_else(over)?;
        // When the other side ended it meanwhile, the outcome says why.
        let _ = offered.decide.send(same);
        offered.outcome.await.map_err(|_| over())?
    }
}

#[cfg(test)]
mod tests;
