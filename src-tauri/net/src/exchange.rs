//! One exchange: drives a `tuttu-sync` session over a connection and carries out what it asks for. The session decides; here is only IO.

mod effects;
mod ending;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use iroh::endpoint::{Connection, RecvStream};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_stream::StreamExt;
use tuttu_engine::Engine;
use tuttu_engine::api::Event;
use tuttu_engine::model::{ComputerId, SpaceId};
use tuttu_sync::limits::FRAME_BYTES;
use tuttu_sync::replica::Replica;
use tuttu_sync::session::{Effect, Session};

use crate::address::{self, path_of};
use crate::blocking::aside;
use crate::live::{Code, Link, Order, Progress, Verdict};
use crate::net::Net;
use crate::outgoing::Outgoing;
use crate::tasks::Leash;
use crate::{files, frame, hints, whereabouts};

use ending::End;

/// The dialer opens the stream at once.
const OPENS_WITHIN: Duration = Duration::from_secs(10);
/// How often to look whether anything is shared still.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How often to look whether anything is shared by now.
const LOOK_OFTEN: Duration = Duration::from_secs(1);
/// A computer that shares nothing has this long to show that it does, or to be told that it does not any more.
const PATIENCE: Duration = Duration::from_secs(15);
/// The same, once everything is said.
const QUIET_PATIENCE: Duration = Duration::from_secs(3);
/// A pause for a session that wants to write but has nothing to say.
const BREATH: Duration = Duration::from_millis(10);
/// Frames read ahead while one is being worked on.
const READ_AHEAD: usize = 2;

pub(crate) type SharedReplica = Arc<dyn Replica + Send + Sync>;

/// What memberships say about a computer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Acquaintance {
    /// It is or was a member's.
    pub(crate) known: bool,
    /// It and this computer may read some space together.
    pub(crate) shares: bool,
    /// The person's name.
    pub(crate) person: String,
}

/// Looks a computer up in all spaces; of somebody who is blocked nothing is known. Blocks.
pub(crate) fn acquaintance(engine: &Engine, computer: &ComputerId) -> Acquaintance {
    let mut found = Acquaintance::default();
    if engine.is_blocked(computer).unwrap_or(false) {
        return found;
    }
    let replica = engine.replica();
    let me = replica.computer();
    for space in replica.spaces().unwrap_or_default() {
        let Ok(Some(membership)) = replica.membership(&space) else { continue };
        found.shares |= membership.may_read(computer) && membership.may_read(&me);
        if let Some((person, _)) = membership.names_of(computer) {
            found.known = true;
            found.person = person;
        }
    }
    found
}

/// Takes in a connection and exchanges over it until it ends, in a task of its own.
pub(crate) fn begin(
    net: &Arc<Net>,
    connection: Connection,
    dialed_here: bool,
    who: Acquaintance,
    permit: Option<tokio::sync::OwnedSemaphorePermit>,
) {
    let remote = address::computer(connection.remote_id());
    let (progress, standing) = watch::channel(Progress::default());
    let (orders, ordered) = mpsc::channel(16);
    let link = Link {
        connection: connection.clone(),
        dialed_here,
        since: Instant::now(),
        path: path_of(&connection).0,
        progress: standing,
        orders,
    };
    match net.live.offer(remote, link) {
        Verdict::Kept => {}
        Verdict::Duplicate => return Code::Duplicate.close(&connection, ""),
        Verdict::Full => return Code::Later.close(&connection, ""),
    }
    net.tasks.spawn(whereabouts::accompany(Arc::clone(net), connection.clone(), remote));
    let task_net = Arc::clone(net);
    net.tasks.spawn_orderly(async move {
        let net = task_net;
        let mut names = who.clone();
        let end = match streams(&connection, dialed_here).await {
            Err(end) => end,
            Ok((send, receive)) => {
                // Only now: the first stream is the exchange.
                net.tasks.spawn(files::give(Arc::clone(&net), connection.clone(), remote));
                let mut exchange = Exchange::new(&net, remote, who, progress, send);
                exchange.permit = permit;
                let end = exchange.drive(&connection, receive, ordered).await;
                exchange.farewell(&connection, &end).await;
                names = exchange.who;
                end
            }
        };
        ending::conclude(&net, &connection, remote, &names, &end).await;
    });
}

async fn streams(connection: &Connection, dialed_here: bool) -> Result<(iroh::endpoint::SendStream, RecvStream), End> {
    let opened = timeout(OPENS_WITHIN, async { if dialed_here { connection.open_bi().await } else { connection.accept_bi().await } });
    match opened.await {
        Ok(Ok(streams)) => Ok(streams),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::Silent),
    }
}

struct Exchange {
    net: Arc<Net>,
    remote: ComputerId,
    who: Acquaintance,
    announced: bool,
    replica: SharedReplica,
    /// Lent to the work beside the executor during a step.
    session: Option<Session>,
    out: Outgoing,
    progress: watch::Sender<Progress>,
    waiting: Vec<oneshot::Sender<()>>,
    delivered: BTreeMap<SpaceId, [u8; 32]>,
    receiving: Option<Instant>,
    /// The copies of some space differ although they should not.
    damaged: bool,
    /// Since when nothing is shared.
    alone_since: Instant,
    next_look: Instant,
    /// Held while the other side is a stranger.
    permit: Option<tokio::sync::OwnedSemaphorePermit>,
}

impl Exchange {
    fn new(
        net: &Arc<Net>,
        remote: ComputerId,
        who: Acquaintance,
        progress: watch::Sender<Progress>,
        send: iroh::endpoint::SendStream,
    ) -> Self {
        let mut nonce = [0; 32];
        if getrandom::fill(&mut nonce).is_err() {
            // The names of spaces then repeat between exchanges, which tells an eavesdropper nothing and a stranger very little.
            tracing::warn!("the system has no random bytes");
        }
        let app = concat!("tuttu ", env!("CARGO_PKG_VERSION"));
        Self {
            net: Arc::clone(net),
            remote,
            who,
            announced: false,
            replica: net.engine.replica(),
            session: Some(Session::new(remote).with_nonce(nonce).with_app(app)),
            out: Outgoing::new(send, FRAME_BYTES),
            progress,
            waiting: Vec::new(),
            delivered: BTreeMap::new(),
            receiving: None,
            damaged: false,
            alone_since: Instant::now(),
            next_look: Instant::now() + LOOK_OFTEN,
            permit: None,
        }
    }

    async fn drive(&mut self, connection: &Connection, receive: RecvStream, mut orders: mpsc::Receiver<Order>) -> End {
        match self.drive_until_end(connection, receive, &mut orders).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn drive_until_end(
        &mut self,
        connection: &Connection,
        receive: RecvStream,
        orders: &mut mpsc::Receiver<Order>,
    ) -> Result<std::convert::Infallible, End> {
        let mut events = self.net.engine.subscribe();
        let stopped = self.net.tasks.stopped();
        tokio::pin!(stopped);
        let (mut frames, _reader) = read_ahead(receive);
        let mut paths = connection.path_events();
        let mut paths_end = false;
        self.meet(connection).await;
        self.make_room(connection);
        self.step(|session, replica| session.start(replica)).await?;
        loop {
            self.report(frames.is_empty()).await;
            let wants_write = self.wants_write();
            tokio::select! {
                frame = frames.recv() => match frame {
                    Some(Ok(frame)) => self.step(move |session, replica| session.handle_frame(&frame, replica)).await?,
                    Some(Err(error)) => return Err(End::of_read(&error)),
                    None => return Err(End::Gone),
                },
                event = events.recv() => self.changed(Some(event), &mut events).await?,
                () = self.out.flushed(), if wants_write || !self.out.is_flushed() => {
                    if wants_write {
                        self.write_on().await?;
                    }
                }
                Some(Order::WhenQuiet(answer)) = orders.recv() => {
                    self.changed(None, &mut events).await?;
                    self.waiting.push(answer);
                }
                event = paths.next(), if !paths_end => match event {
                    Some(_) => self.meet(connection).await,
                    None => paths_end = true,
                },
                () = sleep_until(self.next_look) => self.look().await?,
                () = &mut stopped => return Err(End::Stopping),
            }
        }
    }

    fn wants_write(&self) -> bool {
        self.session.as_ref().is_some_and(Session::wants_write)
    }

    async fn write_on(&mut self) -> Result<(), End> {
        let effects = self.ask_session(|session, replica| session.writable(replica)).await?;
        if effects.is_empty() && self.wants_write() {
            // Nothing came of it, and it wants to try again: not in a tight loop.
            sleep(BREATH).await;
        }
        self.carry_out(effects).await
    }

    /// Gives the session something to do, beside the executor, and carries out what it asks for.
    async fn step(&mut self, work: impl FnOnce(&mut Session, &dyn Replica) -> Vec<Effect> + Send + 'static) -> Result<(), End> {
        let effects = self.ask_session(work).await?;
        self.carry_out(effects).await
    }

    async fn ask_session(
        &mut self,
        work: impl FnOnce(&mut Session, &dyn Replica) -> Vec<Effect> + Send + 'static,
    ) -> Result<Vec<Effect>, End> {
        let Some(mut session) = self.session.take() else { return Err(End::Broken) };
        let replica = Arc::clone(&self.replica);
        let done = aside(move || {
            let effects = work(&mut session, &*replica);
            (session, effects)
        });
        let (session, effects) = done.await.map_err(|_| End::Broken)?;
        self.session = Some(session);
        Ok(effects)
    }

    /// Tells the session which spaces changed, all that is known so far at once.
    async fn changed(
        &mut self,
        first: Option<Result<Event, broadcast::error::RecvError>>,
        events: &mut broadcast::Receiver<Event>,
    ) -> Result<(), End> {
        let mut spaces = std::collections::BTreeSet::new();
        let (mut missed, mut members) = (false, false);
        let mut note = |event: Event| {
            if let Event::Changed { spaces: changed, records, .. } = event {
                members |= records.is_empty();
                spaces.extend(changed.iter().filter_map(|space| space.parse::<SpaceId>().ok()));
            }
        };
        match first {
            Some(Ok(event)) => note(event),
            Some(Err(broadcast::error::RecvError::Lagged(_))) => missed = true,
            Some(Err(broadcast::error::RecvError::Closed)) => return Err(End::Stopping),
            None => {}
        }
        loop {
            match events.try_recv() {
                Ok(event) => note(event),
                Err(broadcast::error::TryRecvError::Lagged(_)) => missed = true,
                Err(_) => break,
            }
        }
        if members || missed {
            self.look().await?;
        }
        if missed {
            let replica = Arc::clone(&self.replica);
            let all = aside(move || replica.spaces()).await.map_err(|_| End::Broken)?;
            spaces.extend(all.unwrap_or_default());
        }
        if spaces.is_empty() {
            return Ok(());
        }
        let tell =
            move |session: &mut Session, replica: &dyn Replica| spaces.iter().flat_map(|space| session.changed(space, replica)).collect();
        self.step(tell).await
    }

    /// Somebody who is known may ask for files beside the exchange.
    fn make_room(&self, connection: &Connection) {
        if self.who.known {
            connection.set_max_concurrent_bi_streams((files::AT_ONCE + 1).into());
        }
    }

    /// Notes how the other side is reached now, and where.
    async fn meet(&mut self, connection: &Connection) {
        let (path, address) = path_of(connection);
        let news = self.net.live.set_path(&self.remote, connection, path);
        if !self.who.known {
            return;
        }
        let first = !std::mem::replace(&mut self.announced, true);
        let (engine, remote) = (self.net.engine.clone(), self.remote);
        let noted = aside(move || {
            hints::learn(&engine, &remote, address.as_slice());
            if first {
                hints::seen(&engine, &remote);
            }
        });
        // Hints only.
        let _ = noted.await;
        if first || news {
            self.net.announce_peer(self.remote, &self.who.person, path.word()).await;
        }
    }

    /// Looks whether there is anything to exchange with the other side, still or by now.
    pub(super) async fn look(&mut self) -> Result<(), End> {
        let (engine, remote) = (self.net.engine.clone(), self.remote);
        let who = aside(move || acquaintance(&engine, &remote)).await.map_err(|_| End::Broken)?;
        if who.known && !self.who.known {
            self.permit = None;
            self.net.look_at_peers();
        }
        let met = who.known && !self.announced;
        self.who = who;
        if met && let Some(link) = self.net.live.get(&self.remote) {
            self.make_room(&link.connection);
            self.meet(&link.connection).await;
        }
        if self.who.shares {
            self.alone_since = Instant::now();
            self.next_look = Instant::now() + LOOK_EVERY;
            return Ok(());
        }
        self.next_look = Instant::now() + LOOK_OFTEN;
        let patience = if self.progress.borrow().quiet { QUIET_PATIENCE } else { PATIENCE };
        if self.alone_since.elapsed() < patience { Ok(()) } else { Err(End::NothingShared) }
    }

    /// Publishes how the exchange stands, and answers those who wait for it to be quiet.
    async fn report(&mut self, nothing_came: bool) {
        let session_quiet = self.session.as_ref().is_some_and(Session::is_quiet);
        let quiet = session_quiet && nothing_came && !self.wants_write() && self.out.is_flushed();
        let turned = self.progress.send_if_modified(|progress| std::mem::replace(&mut progress.quiet, quiet) != quiet);
        if !quiet {
            return;
        }
        for answer in self.waiting.drain(..) {
            // Whoever asked may have given up.
            let _ = answer.send(());
        }
        if turned {
            if !self.damaged {
                self.net.announce_trouble(&self.remote, "");
            }
            if self.receiving.take().is_some() {
                self.announce_line().await;
            }
        }
    }
}

/// Reads frames ahead in a task that ends with the handle.
fn read_ahead(mut receive: RecvStream) -> (mpsc::Receiver<std::io::Result<Vec<u8>>>, Leash) {
    let (sender, frames) = mpsc::channel(READ_AHEAD);
    let reader = Leash::spawn(async move {
        while let Some(frame) = frame::read(&mut receive, FRAME_BYTES).await.transpose() {
            let last = frame.is_err();
            if sender.send(frame).await.is_err() || last {
                return;
            }
        }
    });
    (frames, reader)
}
