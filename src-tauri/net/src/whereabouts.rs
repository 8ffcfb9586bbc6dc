//! Members' computers tell each other where they are, and pass on what the others said, so that a joiner who knew only the inviter finds the rest.
//!
//! It travels beside the exchange, on one stream each way. A version that does not know it gives no room for such a stream or never reads it,
//! and nothing else changes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use iroh::SecretKey;
use iroh::endpoint::{Connection, RecvStream};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tuttu_engine::Engine;
use tuttu_engine::model::ComputerId;
use tuttu_sync::limits::{WHEREABOUTS, WHEREABOUTS_ADDRS, WHEREABOUTS_BYTES};
use tuttu_sync::replica::Replica;
use tuttu_sync::whereabouts::{Statement, Whereabouts, pack, unpack};

use crate::blocking::aside;
use crate::hints::{self, Hints};
use crate::net::Net;
use crate::tasks::Leash;
use crate::{clock, frame};

/// News within this time is told together, and nobody is listened to more often.
const GATHER: Duration = Duration::from_millis(200);

fn key(computer: &ComputerId) -> String {
    format!("net.told.{computer}")
}

/// What a computer said last of itself, as far as it was heard here.
fn kept(engine: &Engine, computer: &ComputerId) -> Option<Statement> {
    let text = engine.setting(&key(computer)).ok().flatten()?;
    let frame = BASE64.decode(text.as_bytes()).ok()?;
    unpack(&frame).ok()?.into_iter().find(|statement| statement.whereabouts().computer == *computer)
}

fn keep(engine: &Engine, statement: &Statement) {
    let text = BASE64.encode(&pack(std::slice::from_ref(statement)));
    hints::keep(engine, &key(&statement.whereabouts().computer), &text);
}

/// Where a computer said it can be reached. Blocks.
pub(crate) fn told(engine: &Engine, computer: &ComputerId) -> Hints {
    kept(engine, computer).map_or_else(Hints::default, |statement| {
        let said = statement.whereabouts();
        Hints::of_link(&tuttu_sync::invite::Hints { addrs: said.addrs.clone(), relay: said.relay.clone() })
    })
}

/// Makes a statement about this computer, if there is anything new to say. Blocks.
fn say_own(engine: &Engine, addresses: &[SocketAddr], relay: Option<String>, now: i64) -> bool {
    let me = engine.computer();
    let last = kept(engine, &me);
    let last = last.as_ref().map(Statement::whereabouts);
    let addrs: Vec<String> = addresses.iter().take(WHEREABOUTS_ADDRS).map(SocketAddr::to_string).collect();
    if last.is_some_and(|last| last.addrs == addrs && last.relay == relay) {
        return false;
    }
    // A clock that was set back must not make the new statement look old.
    let issued = last.map_or(now, |last| now.max(last.issued.saturating_add(1)));
    match (Whereabouts { computer: me, issued, addrs, relay }).sign(&SecretKey::from_bytes(&engine.computer_secret())) {
        Ok(statement) => {
            keep(engine, &statement);
            true
        }
        Err(error) => {
            tracing::warn!(%error, "this computer cannot say where it is");
            false
        }
    }
}

/// Says where this computer is now, to whom it concerns.
pub(crate) async fn update_own(net: &Net) {
    let on_purpose = net.place.bind.is_some_and(|bind| bind.ip().is_loopback());
    // An address of this computer for itself means nothing elsewhere.
    let addresses: Vec<SocketAddr> = net.addresses().into_iter().filter(|address| on_purpose || !address.ip().is_loopback()).collect();
    let relay = net.endpoint().addr().relay_urls().next().map(ToString::to_string);
    let engine = net.engine.clone();
    if aside(move || say_own(&engine, &addresses, relay, clock::now())).await.unwrap_or_default() {
        net.whereabouts_changed();
    }
}

/// The computers that `remote` may hear of, and we may tell of: those that read a space both of us read. Blocks.
fn concerned(replica: &dyn Replica, remote: &ComputerId) -> BTreeSet<ComputerId> {
    let mut found = BTreeSet::new();
    let me = replica.computer();
    for space in replica.spaces().unwrap_or_default() {
        let Ok(Some(membership)) = replica.membership(&space) else { continue };
        if membership.may_read(&me) && membership.may_read(remote) {
            let computers = membership.members().into_iter().flat_map(|member| member.computers).map(|(computer, _)| computer);
            found.extend(computers.filter(|computer| membership.may_read(computer)));
        }
    }
    found
}

/// Tells and listens for as long as a connection lasts.
pub(crate) async fn accompany(net: Arc<Net>, connection: Connection, remote: ComputerId) {
    let both = async { tokio::join!(tell(&net, &connection, remote), listen(&net, &connection, remote)) };
    tokio::select! {
        _ = both => {}
        _ = connection.closed() => {}
    }
}

async fn tell(net: &Net, connection: &Connection, remote: ComputerId) {
    let mut changed = net.watch_whereabouts();
    let mut said: BTreeMap<ComputerId, i64> = BTreeMap::new();
    let mut stream = None;
    loop {
        changed.mark_unchanged();
        let (engine, known) = (net.engine.clone(), said.clone());
        let Ok(news) = aside(move || news_for(&engine, &remote, &known)).await else { return };
        for batch in news.chunks(WHEREABOUTS) {
            let stream = match &mut stream {
                Some(stream) => stream,
                // Whoever does not know this kind of stream gives no room for it: then this waits until the end.
                none => match connection.open_uni().await {
                    Ok(opened) => none.insert(opened),
                    Err(_) => return,
                },
            };
            if frame::write(stream, &pack(batch), WHEREABOUTS_BYTES).await.is_err() {
                return;
            }
        }
        said.extend(news.iter().map(|statement| (statement.whereabouts().computer, statement.whereabouts().issued)));
        if changed.changed().await.is_err() {
            return;
        }
        sleep(GATHER).await;
    }
}

/// What `remote` did not hear from us yet. Blocks.
fn news_for(engine: &Engine, remote: &ComputerId, said: &BTreeMap<ComputerId, i64>) -> Vec<Statement> {
    let concerned = concerned(&*engine.replica(), remote);
    let statements = concerned.iter().filter(|computer| *computer != remote).filter_map(|computer| kept(engine, computer));
    statements
        .filter(|statement| said.get(&statement.whereabouts().computer).is_none_or(|at| *at < statement.whereabouts().issued))
        .collect()
}

async fn listen(net: &Net, connection: &Connection, remote: ComputerId) {
    let Ok(stream) = connection.accept_uni().await else { return };
    let (mut frames, _reader) = frames(stream);
    let mut changed = net.watch_whereabouts();
    // A statement may come before the operation that makes its computer a member's: it is kept for a while.
    let mut waiting: Vec<Statement> = Vec::new();
    loop {
        tokio::select! {
            frame = frames.recv() => match frame {
                Some(frame) => waiting.extend(unpack(&frame).unwrap_or_default()),
                None => return,
            },
            changed = changed.changed() => if changed.is_err() { return },
        }
        let engine = net.engine.clone();
        let statements = std::mem::take(&mut waiting);
        let Ok((left, news)) = aside(move || take_in(&engine, &remote, statements)).await else { return };
        waiting = left;
        if news {
            net.whereabouts_changed();
            net.dial_soon();
        }
        sleep(GATHER).await;
    }
}

/// Keeps the statements that concern us and are news; gives back those of computers that are not members', as far as there is room. Blocks.
fn take_in(engine: &Engine, remote: &ComputerId, statements: Vec<Statement>) -> (Vec<Statement>, bool) {
    let me = engine.computer();
    let concerned = concerned(&*engine.replica(), remote);
    let (known, mut unknown): (Vec<_>, Vec<_>) =
        statements.into_iter().partition(|statement| concerned.contains(&statement.whereabouts().computer));
    let mut news = false;
    for statement in known {
        let said = statement.whereabouts();
        let newer = kept(engine, &said.computer).is_none_or(|kept| kept.whereabouts().issued < said.issued);
        if said.computer != me && newer {
            keep(engine, &statement);
            news = true;
        }
    }
    unknown.truncate(WHEREABOUTS);
    (unknown, news)
}

/// Reads frames in a task that ends with the handle: a frame half read is never lost.
fn frames(mut stream: RecvStream) -> (mpsc::Receiver<Vec<u8>>, Leash) {
    let (sender, frames) = mpsc::channel(1);
    let reader = Leash::spawn(async move {
        while let Ok(Some(frame)) = frame::read(&mut stream, WHEREABOUTS_BYTES).await {
            if sender.send(frame).await.is_err() {
                return;
            }
        }
    });
    (frames, reader)
}

#[cfg(test)]
mod tests;
