//! The live connections, one for each computer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use iroh::endpoint::{Connection, VarInt};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tuttu_engine::model::{ComputerId, SpaceId};

use crate::address::Path;
use crate::blocking::lock;

/// Connections kept at once.
const CONNECTIONS: usize = 256;
/// Two dials that cross each other end within this time.
const CROSSING: Duration = Duration::from_secs(3);

/// Why a connection is closed, as the other side sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// All is well.
    Done = 0,
    /// Nothing to exchange; tells nothing else.
    Nothing = 1,
    /// There is another connection between the two.
    Duplicate = 2,
    /// The other side broke the protocol; with what was wrong.
    Protocol = 3,
    /// The other side speaks another version.
    Version = 4,
    /// This computer stops.
    Stopping = 5,
    /// Something is wrong here, or there are too many connections: try again later.
    Later = 6,
}

impl Code {
    pub(crate) fn close(self, connection: &Connection, reason: &str) {
        connection.close(VarInt::from_u32(self as u32), reason.as_bytes());
    }

    pub(crate) fn is(self, code: VarInt) -> bool {
        code == VarInt::from_u32(self as u32)
    }
}

/// How an exchange stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Everything known is exchanged and acknowledged both ways.
    pub(crate) quiet: bool,
    /// Spaces in which both sides were found to hold the same at least once.
    pub(crate) equal: BTreeSet<SpaceId>,
}

/// What others ask of a running exchange.
#[derive(Debug)]
pub(crate) enum Order {
    /// Take in all changes made so far, then say when nothing is under way any more.
    WhenQuiet(oneshot::Sender<()>),
}

/// A handle on a live connection.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) connection: Connection,
    pub(crate) dialed_here: bool,
    pub(crate) since: Instant,
    pub(crate) path: Path,
    pub(crate) progress: watch::Receiver<Progress>,
    pub(crate) orders: mpsc::Sender<Order>,
}

/// What becomes of a new connection.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is the one; an older one it replaces was closed.
    Kept,
    /// There is a better one.
    Duplicate,
    /// There are too many.
    Full,
}

/// Which of two connections with one computer stays: the newer, unless two dials crossed; then both sides keep the one dialed by the lower id.
///
/// A computer dials only when it has no connection, so one that dials again has lost the old one, whatever it looks like from here.
fn newer_stays(dialed_here: (bool, bool), older_age: Duration, we_are_lower: bool) -> bool {
    let (older_here, newer_here) = dialed_here;
    let crossed = older_here != newer_here && (newer_here || older_age < CROSSING);
    if crossed { newer_here == we_are_lower } else { true }
}

#[derive(Debug)]
pub(crate) struct Live {
    me: ComputerId,
    links: Mutex<BTreeMap<ComputerId, Link>>,
    changed: watch::Sender<u64>,
}

impl Live {
    pub(crate) fn new(me: ComputerId) -> Self {
        Self { me, links: Mutex::default(), changed: watch::Sender::new(0) }
    }

    /// Woken by every change.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Takes in a new connection, or not.
    pub(crate) fn offer(&self, computer: ComputerId, link: Link) -> Verdict {
        let mut links = lock(&self.links);
        if let Some(older) = links.get(&computer).filter(|older| older.connection.close_reason().is_none()) {
            let dialed_here = (older.dialed_here, link.dialed_here);
            if !newer_stays(dialed_here, older.since.elapsed(), self.me < computer) {
                return Verdict::Duplicate;
            }
            Code::Duplicate.close(&older.connection, "");
        } else if links.len() >= CONNECTIONS && !links.contains_key(&computer) {
            return Verdict::Full;
        }
        links.insert(computer, link);
        drop(links);
        self.bump();
        Verdict::Kept
    }

    /// Takes out a connection that ended, unless another one took its place.
    pub(crate) fn remove(&self, computer: &ComputerId, connection: &Connection) -> bool {
        let mut links = lock(&self.links);
        let same = links.get(computer).is_some_and(|link| link.connection.stable_id() == connection.stable_id());
        if same {
            links.remove(computer);
            drop(links);
            self.bump();
        }
        same
    }

    /// Notes how a connection runs now. Whether that is news.
    pub(crate) fn set_path(&self, computer: &ComputerId, connection: &Connection, path: Path) -> bool {
        let mut links = lock(&self.links);
        let link = links.get_mut(computer).filter(|link| link.connection.stable_id() == connection.stable_id());
        let news = link.is_some_and(|link| std::mem::replace(&mut link.path, path) != path);
        drop(links);
        if news {
            self.bump();
        }
        news
    }

    pub(crate) fn get(&self, computer: &ComputerId) -> Option<Link> {
        lock(&self.links).get(computer).filter(|link| link.connection.close_reason().is_none()).cloned()
    }

    pub(crate) fn paths(&self) -> BTreeMap<ComputerId, Path> {
        lock(&self.links).iter().map(|(computer, link)| (*computer, link.path)).collect()
    }

    /// Ready when there is no connection with this computer.
    pub(crate) async fn gone(&self, computer: &ComputerId) {
        let mut changed = self.watch();
        while lock(&self.links).contains_key(computer) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// Ready when there is a connection with this computer.
    pub(crate) async fn there(&self, computer: &ComputerId) -> Link {
        let mut changed = self.watch();
        loop {
            if let Some(link) = self.get(computer) {
                return link;
            }
            if changed.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    pub(crate) fn close_all(&self, code: Code) {
        for link in lock(&self.links).values() {
            code.close(&link.connection, "");
        }
    }

    fn bump(&self) {
        self.changed.send_modify(|version| *version += 1);
    }
}

#[cfg(test)]
mod tests;
