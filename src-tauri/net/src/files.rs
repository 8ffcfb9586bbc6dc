//! Files of records between computers: each on a stream of its own beside the exchange, behind it in priority.
//!
//! Whoever misses a file asks those who are connected and may read the space of a record that names it, one after the other. What comes is kept piece by piece
//! and goes on where it was cut off; it counts only when its hash is right.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::Duration;

use iroh::endpoint::{Connection, RecvStream, SendStream};
use tokio::sync::{broadcast::error::RecvError, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tuttu_engine::api::{ErrorView, Event};
use tuttu_engine::model::{ComputerId, SpaceId};
use tuttu_engine::{IncomingFile, WantedFile};
use tuttu_sync::feed::encode;
use tuttu_sync::files::{FILE_MESSAGE, FileAnswer, FileRequest};

use crate::blocking::{aside, ask};
use crate::frame;
use crate::net::Net;
use crate::request::Fetched;

/// Streams that the other side may have open at once beside the exchange.
pub(crate) const AT_ONCE: u8 = 4;
/// Files that come in at once.
const FETCHES: usize = 4;
/// Wanted files looked at together.
const LOOKED_AT: usize = 64;
/// Bytes read or written at once.
const PIECE: usize = 256 * 1024;
/// After so many bytes it is looked again whether the other side may still have them, and listeners are told how far it is.
const CHECKED_AFTER: u64 = 4 * 1024 * 1024;
/// A request, an answer or a piece that takes longer is given up.
const WITHIN: Duration = Duration::from_secs(30);
/// A computer that does not have a file is asked again after this time.
const ASK_AGAIN: Duration = Duration::from_secs(60);
/// The same, when others changed something meanwhile.
const AFTER_NEWS: Duration = Duration::from_secs(5);
/// After a transfer that was cut off.
const TRY_AGAIN: Duration = Duration::from_secs(2);
/// After something went wrong on this computer, as when the disk is full.
const REST: Duration = Duration::from_secs(120);

/// The longest that may be asked for.
const LONGEST: u32 = 3_600;

/// How fetching stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fetching {
    /// The last request to look that was carried out.
    looked: u64,
    /// Nothing is under way, and nothing more can be had of those who are connected.
    still: bool,
}

/// Requests to look for wanted files, and how it stands.
#[derive(Debug)]
pub(crate) struct Files {
    asked: watch::Sender<u64>,
    standing: watch::Sender<Fetching>,
}

impl Files {
    pub(crate) fn new() -> Self {
        Self { asked: watch::Sender::new(0), standing: watch::Sender::default() }
    }

    /// Looks for wanted files now, and waits until all that can be had is here.
    pub(crate) async fn fetch_all(&self) {
        let mut asked = 0;
        self.asked.send_modify(|number| {
            *number += 1;
            asked = *number;
        });
        let mut standing = self.standing.subscribe();
        // The sender lives as long as this.
        let _ = standing.wait_for(|standing| standing.looked >= asked && standing.still).await;
    }
}

/// Gives files over one connection for as long as it lasts.
pub(crate) async fn give(net: Arc<Net>, connection: Connection, remote: ComputerId) {
    let mut running = JoinSet::new();
    while let Ok((send, receive)) = connection.accept_bi().await {
        while running.try_join_next().is_some() {}
        let net = Arc::clone(&net);
        running.spawn(async move {
            if let Err(why) = give_one(&net, remote, send, receive).await {
                tracing::debug!(%remote, why, "a file was not given");
            }
        });
    }
}

async fn give_one(net: &Net, remote: ComputerId, mut send: SendStream, mut receive: RecvStream) -> Result<(), &'static str> {
    let request = timeout(WITHIN, frame::read(&mut receive, FILE_MESSAGE)).await;
    let Ok(Ok(Some(request))) = request else { return Err("the request did not come") };
    let Ok(FileRequest { space, hash, offset }) = FileRequest::decode(&request) else { return Err("the request is malformed") };
    // What is exchanged of records goes first. It fails only on a stream that has ended.
    let _ = send.set_priority(-1);
    let given = {
        let engine = net.engine.clone();
        ask(move || engine.give_file(&remote, &space, &hash)).await
    };
    let Some(given) = given.unwrap_or_default().filter(|given| offset <= given.size) else {
        let answer = encode(&FileAnswer::NotHere);
        timeout(WITHIN, frame::write(&mut send, &answer, FILE_MESSAGE)).await.map_err(|_| "the answer did not go")?.map_err(|_| "gone")?;
        return send.finish().map_err(|_| "gone");
    };
    let answer = encode(&FileAnswer::Here { size: given.size });
    timeout(WITHIN, frame::write(&mut send, &answer, FILE_MESSAGE)).await.map_err(|_| "the answer did not go")?.map_err(|_| "gone")?;
    let mut file = given.file;
    file.seek(SeekFrom::Start(offset)).map_err(|_| "the file cannot be read")?;
    let mut unchecked: u64 = 0;
    loop {
        let read = aside(move || {
            let mut piece = Vec::with_capacity(PIECE);
            let count = (&mut file).take(PIECE as u64).read_to_end(&mut piece);
            (file, piece, count)
        });
        let (back, piece, count) = read.await.map_err(|_| "the file cannot be read")?;
        file = back;
        if count.map_err(|_| "the file cannot be read")? == 0 {
            return send.finish().map_err(|_| "gone");
        }
        timeout(WITHIN, send.write_all(&piece)).await.map_err(|_| "it stalled")?.map_err(|_| "gone")?;
        unchecked += piece.len() as u64;
        if unchecked >= CHECKED_AFTER {
            unchecked = 0;
            let engine = net.engine.clone();
            let still = ask(move || engine.give_file(&remote, &space, &hash)).await;
            if still.unwrap_or_default().is_none() {
                // An abrupt end, so that it is not taken for the whole.
                let _ = send.reset(1_u8.into());
                return Err("the other side may not have it any more");
            }
        }
    }
}

/// Fetches one file because somebody asked for it.
///
/// # Errors
/// When no record names it, or it is larger than is fetched.
pub(crate) async fn fetch_now(net: &Arc<Net>, hash: String, seconds: u32) -> Result<Fetched, ErrorView> {
    let deadline = Instant::now() + Duration::from_secs(seconds.clamp(1, LONGEST).into());
    let engine = net.engine.clone();
    let asked = hash.clone();
    let Some(file) = ask(move || engine.ask_for_file(&asked)).await? else {
        return Ok(Fetched { hash, here: true, ..Fetched::default() });
    };
    net.look_at_peers();
    net.lan.be_eager();
    net.dial_now();
    let mut live = net.live.watch();
    loop {
        live.mark_unchanged();
        let tried = timeout_at(deadline, net.files.fetch_all()).await;
        let (engine, asked) = (net.engine.clone(), file.hash.clone());
        let here = ask(move || engine.ask_for_file(&asked)).await?.is_none();
        if here || tried.is_err() || Instant::now() >= deadline {
            let reason = if here { "" } else { "None of the computers that have it could be reached; it comes when one can." };
            return Ok(Fetched { hash: file.hash, name: file.name, here, reason: reason.to_owned() });
        }
        tokio::select! {
            // A sender that is gone means that this computer stops: the deadline ends it.
            _ = live.changed() => {}
            () = tokio::time::sleep(TRY_AGAIN) => {}
            () = sleep_until(deadline) => {}
        }
    }
}

/// How a transfer ended.
enum End {
    /// It is here, whole.
    Whole,
    /// The other side does not have it.
    NotThere,
    /// It was cut off; what came is kept.
    Cut,
    /// What came is something else.
    Wrong,
    /// It cannot be kept here.
    Failed(ErrorView),
}

/// Fetches what is wanted, for as long as the host runs.
pub(crate) async fn fetch(net: Arc<Net>) {
    let mut events = net.engine.subscribe();
    let (mut live, mut asked) = (net.live.watch(), net.files.asked.subscribe());
    let mut fetcher = Fetcher {
        net: Arc::clone(&net),
        running: JoinSet::new(),
        under_way: BTreeSet::new(),
        later: BTreeMap::new(),
        never: BTreeSet::new(),
    };
    let mut looked = 0;
    loop {
        let before = std::mem::replace(&mut looked, *asked.borrow_and_update());
        if looked != before {
            // Somebody asked: those who did not have a file a moment ago may have it now.
            fetcher.later.clear();
        }
        live.mark_unchanged();
        // One look for all that has happened until now.
        while let Ok(event) = events.try_recv() {
            if matches!(event, Event::Changed { remote: true, .. }) {
                fetcher.news();
            }
        }
        let next = fetcher.look().await;
        net.files.standing.send_replace(Fetching { looked, still: fetcher.running.is_empty() });
        loop {
            tokio::select! {
                Some(done) = fetcher.running.join_next() => {
                    fetcher.ended(done);
                    break;
                }
                event = events.recv() => match event {
                    Ok(Event::Changed { remote: true, .. }) | Err(RecvError::Lagged(_)) => {
                        fetcher.news();
                        break;
                    }
                    Ok(_) => {}
                    Err(RecvError::Closed) => return,
                },
                changed = live.changed() => if changed.is_err() { return } else { break },
                changed = asked.changed() => if changed.is_err() { return } else { break },
                () = sleep_until(next) => break,
            }
        }
    }
}

type Attempt = ([u8; 32], ComputerId, End);

struct Fetcher {
    net: Arc<Net>,
    running: JoinSet<Attempt>,
    under_way: BTreeSet<[u8; 32]>,
    /// Whom not to ask for what before when.
    later: BTreeMap<([u8; 32], ComputerId), Instant>,
    /// Who sent something else.
    never: BTreeSet<([u8; 32], ComputerId)>,
}

impl Fetcher {
    /// Begins what can be begun; says when to look again.
    async fn look(&mut self) -> Instant {
        let now = Instant::now();
        self.later.retain(|_, until| *until > now);
        let engine = self.net.engine.clone();
        let wanted = match ask(move || engine.wanted_files(LOOKED_AT)).await {
            Ok(wanted) => wanted,
            Err(error) => {
                tracing::warn!(%error, "the wanted files cannot be read");
                return now + REST;
            }
        };
        for file in wanted {
            if self.running.len() >= FETCHES {
                break;
            }
            if !self.under_way.contains(&file.hash)
                && let Some((computer, connection)) = self.source(&file).await
            {
                self.under_way.insert(file.hash);
                let net = Arc::clone(&self.net);
                self.running.spawn(async move { (file.hash, computer, fetch_one(&net, &connection, &file).await) });
            }
        }
        self.later.values().min().copied().unwrap_or(now + ASK_AGAIN)
    }

    /// Others changed something: who did not have a file may have it by now.
    fn news(&mut self) {
        let soon = Instant::now() + AFTER_NEWS;
        self.later.values_mut().for_each(|until| *until = soon.min(*until));
    }

    /// Somebody connected who may have a file.
    async fn source(&self, file: &WantedFile) -> Option<(ComputerId, Connection)> {
        let (replica, space) = (self.net.engine.replica(), file.space);
        let computers: Vec<ComputerId> = self.net.live.paths().into_keys().collect();
        let readers = aside(move || readers(&*replica, &space, computers)).await.ok()?;
        let free = readers.into_iter().filter(|computer| {
            let attempt = (file.hash, *computer);
            !self.later.contains_key(&attempt) && !self.never.contains(&attempt)
        });
        free.filter_map(|computer| Some((computer, self.net.live.get(&computer)?.connection))).next()
    }

    fn ended(&mut self, done: Result<Attempt, tokio::task::JoinError>) {
        let Ok((hash, computer, end)) = done else {
            // A task that panicked says nothing of itself; what it had under way is tried again.
            self.under_way.clear();
            return;
        };
        self.under_way.remove(&hash);
        let wait = match end {
            End::Whole => return,
            End::NotThere => ASK_AGAIN,
            End::Cut => TRY_AGAIN,
            End::Wrong => {
                let reason = "It sent something else than the file that was asked for.";
                self.net.announce_trouble(&computer, reason);
                self.never.insert((hash, computer));
                return;
            }
            End::Failed(error) => {
                tracing::warn!(%error, "a file cannot be kept");
                REST
            }
        };
        self.later.insert((hash, computer), Instant::now() + wait);
    }
}

/// Those of these computers that may read a space. Blocks.
fn readers(replica: &dyn tuttu_sync::replica::Replica, space: &SpaceId, computers: Vec<ComputerId>) -> Vec<ComputerId> {
    let Ok(Some(membership)) = replica.membership(space) else { return Vec::new() };
    if !membership.may_read(&replica.computer()) {
        return Vec::new();
    }
    computers.into_iter().filter(|computer| membership.may_read(computer)).collect()
}

async fn fetch_one(net: &Net, connection: &Connection, file: &WantedFile) -> End {
    let (engine, wanted) = (net.engine.clone(), file.clone());
    let mut incoming = match ask(move || engine.take_in_file(&wanted)).await {
        Ok(incoming) => incoming,
        Err(error) => return End::Failed(error),
    };
    let Ok(Ok((mut send, mut receive))) = timeout(WITHIN, connection.open_bi()).await else { return End::Cut };
    let request = encode(&FileRequest { space: file.space, hash: file.hash, offset: incoming.held() });
    if !matches!(timeout(WITHIN, frame::write(&mut send, &request, FILE_MESSAGE)).await, Ok(Ok(()))) || send.finish().is_err() {
        return End::Cut;
    }
    let Ok(Ok(Some(answer))) = timeout(WITHIN, frame::read(&mut receive, FILE_MESSAGE)).await else { return End::Cut };
    match FileAnswer::decode(&answer) {
        Ok(FileAnswer::Here { size }) if size == file.size => {}
        // Whoever wrote the record may have said a wrong size: nobody knows who errs.
        Ok(FileAnswer::Here { .. } | FileAnswer::NotHere) => return End::NotThere,
        Err(_) => return End::Wrong,
    }
    // What was held before may have come from somebody else.
    let all_theirs = incoming.held() == 0;
    let mut unreported: u64 = 0;
    incoming.report();
    while incoming.left() > 0 {
        let mut piece = vec![0; PIECE];
        let read = match timeout(WITHIN, receive.read(&mut piece)).await {
            Ok(Ok(Some(count))) => count,
            // The end before the end.
            _ => return End::Cut,
        };
        if read as u64 > incoming.left() {
            // More than it said itself.
            incoming.discard();
            return End::Wrong;
        }
        piece.truncate(read);
        unreported += read as u64;
        let report = unreported >= CHECKED_AFTER;
        let kept = aside(move || {
            let kept = incoming.put(&piece);
            if report && kept.is_ok() {
                incoming.report();
            }
            (incoming, kept)
        });
        let Ok((back, kept)) = kept.await else { return End::Cut };
        incoming = back;
        if report {
            unreported = 0;
        }
        if let Err(error) = kept {
            return End::Failed(error);
        }
    }
    match finish(incoming).await {
        End::Wrong if !all_theirs => End::Cut,
        end => end,
    }
}

async fn finish(incoming: IncomingFile) -> End {
    let done = aside(move || {
        incoming.report();
        incoming.finish()
    });
    match done.await {
        Ok(Ok(true)) => End::Whole,
        Ok(Ok(false)) => End::Wrong,
        Ok(Err(error)) | Err(error) => End::Failed(error),
    }
}
