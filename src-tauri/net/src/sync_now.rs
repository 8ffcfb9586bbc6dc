//! Exchanging with everybody now, because somebody asked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tuttu_engine::Peer;
use tuttu_engine::api::ErrorView;
use tuttu_engine::model::ComputerId;

use crate::blocking::ask;
use crate::live::{Link, Order};
use crate::net::Net;
use crate::request::SyncResult;

/// A computer that did not answer this many dials is not reachable now.
const DIALS: u64 = 2;
/// Nobody is called unreachable sooner than this.
const AT_LEAST: Duration = Duration::from_secs(8);
/// The longest that may be asked for.
const LONGEST: u32 = 3_600;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    Confirmed,
    Unreachable,
    NotInTime,
}

/// Exchanges with every reachable member's computer until each has confirmed all, or the time is over.
pub(crate) async fn run(net: &Arc<Net>, seconds: u32) -> Result<Vec<SyncResult>, ErrorView> {
    let engine = net.engine.clone();
    let peers = ask(move || engine.peers()).await?;
    let deadline = Instant::now() + Duration::from_secs(seconds.clamp(1, LONGEST).into());
    net.look_at_peers();
    net.lan.be_eager();
    net.dial_now();
    let mut fates = round(net, peers.iter().map(|peer| peer.computer), deadline).await;
    // What one computer brought may have to go on to the next: those who confirmed do so once more.
    let reached: Vec<ComputerId> = fates.iter().filter(|(_, fate)| **fate == Fate::Confirmed).map(|(computer, _)| *computer).collect();
    if reached.len() > 1 {
        fates.extend(round(net, reached, deadline).await);
    }
    // The files of what was exchanged belong to it; those that take longer come later.
    let _ = timeout_at(deadline, net.files.fetch_all()).await;
    Ok(peers.iter().map(|peer| result(net, peer, fates.get(&peer.computer))).collect())
}

async fn round(net: &Arc<Net>, computers: impl IntoIterator<Item = ComputerId>, deadline: Instant) -> BTreeMap<ComputerId, Fate> {
    let mut running = JoinSet::new();
    for computer in computers {
        let net = Arc::clone(net);
        running.spawn(async move { (computer, one(&net, &computer, deadline).await) });
    }
    running.join_all().await.into_iter().collect()
}

async fn one(net: &Net, computer: &ComputerId, deadline: Instant) -> Fate {
    let mut reached = false;
    loop {
        let link = tokio::select! {
            link = timeout_at(deadline, net.live.there(computer)) => match link {
                Ok(link) => link,
                Err(_) => break,
            },
            () = given_up(net, computer), if !reached => return Fate::Unreachable,
        };
        reached = true;
        match timeout_at(deadline, quiet(&link)).await {
            Ok(true) => return Fate::Confirmed,
            // The connection ended on the way: wait for the next one, but not in a tight loop.
            Ok(false) => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(_) => break,
        }
    }
    if reached { Fate::NotInTime } else { Fate::Unreachable }
}

/// Waits until nothing is under way; `false` when the exchange ended first.
async fn quiet(link: &Link) -> bool {
    let (answer, answered) = oneshot::channel();
    link.orders.send(Order::WhenQuiet(answer)).await.is_ok() && answered.await.is_ok()
}

/// Ready when enough dials failed.
async fn given_up(net: &Net, computer: &ComputerId) {
    let mut changed = net.contacts.watch();
    let before = net.contacts.failures(computer);
    let enough = async {
        while net.contacts.failures(computer) < before + DIALS {
            if changed.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::join!(enough, tokio::time::sleep(AT_LEAST));
}

fn result(net: &Net, peer: &Peer, fate: Option<&Fate>) -> SyncResult {
    let trouble = net.contacts.trouble(&peer.computer);
    let reason = match fate {
        Some(Fate::Confirmed) => String::new(),
        _ if !trouble.is_empty() => trouble,
        Some(Fate::NotInTime) => "It is connected but has not confirmed everything yet; the exchange goes on.".to_owned(),
        Some(Fate::Unreachable) | None => "It cannot be reached now; the exchange follows when it can.".to_owned(),
    };
    SyncResult {
        computer: peer.computer.to_string(),
        computer_name: peer.computer_name.clone(),
        person: peer.person_name.clone(),
        reachable: matches!(fate, Some(Fate::Confirmed | Fate::NotInTime)),
        confirmed: matches!(fate, Some(Fate::Confirmed)),
        reason,
    }
}
