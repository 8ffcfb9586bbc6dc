//! Keeps a connection with every computer that shares a space: dials, waits longer after each failure, and dials at once when there is a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep, sleep_until};
use tuttu_engine::api::Event;
use tuttu_engine::model::ComputerId;

use crate::blocking::{aside, ask};
use crate::dial::dial;
use crate::endpoint::EXCHANGE;
use crate::exchange::{self, acquaintance};
use crate::live::Code;
use crate::net::{Net, Nudge};
use crate::tasks::Leash;
use crate::whereabouts;

/// The first wait after a failure.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(300);
/// The shortest wait after an exchange was refused.
const AFTER_REFUSAL: Duration = Duration::from_secs(60);
/// An exchange that lasted this long was no failure.
const GOOD: Duration = Duration::from_secs(10);
/// A local change is no reason to dial again sooner than this after the last attempt.
const BREATHER: Duration = Duration::from_secs(10);
/// Changes within this time are looked at together.
const GATHER: Duration = Duration::from_millis(100);
/// Look at whom to dial at least this often.
const LOOK_EVERY: Duration = Duration::from_secs(120);

/// Runs for as long as the host.
pub(crate) async fn run(net: Arc<Net>) {
    let mut dialers: BTreeMap<ComputerId, Leash> = BTreeMap::new();
    let mut events = net.engine.subscribe();
    let mut asked = net.peers_changed.subscribe();
    loop {
        asked.mark_unchanged();
        look(&net, &mut dialers).await;
        let look_again = sleep(LOOK_EVERY);
        tokio::pin!(look_again);
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Ok(Event::Changed { remote, .. }) => {
                        if !remote {
                            net.dial_soon();
                        }
                        sleep(GATHER).await;
                        break;
                    }
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return,
                },
                changed = asked.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    break;
                }
                () = &mut look_again => break,
            }
        }
    }
}

/// Starts and ends dialers so that there is one for each peer.
async fn look(net: &Arc<Net>, dialers: &mut BTreeMap<ComputerId, Leash>) {
    let engine = net.engine.clone();
    let (peers, blocked): (BTreeSet<ComputerId>, _) = match ask(move || Ok((engine.peers()?, engine.blocked_computers()?))).await {
        Ok((peers, blocked)) => (peers.into_iter().map(|peer| peer.computer).collect(), blocked),
        Err(error) => {
            tracing::warn!(%error, "the members' computers cannot be read");
            return;
        }
    };
    if !dialers.keys().eq(peers.iter().filter(|computer| **computer != net.me)) {
        net.whereabouts_changed();
    }
    dialers.retain(|computer, dialer| peers.contains(computer) && !dialer.is_finished());
    for link in blocked.iter().filter_map(|computer| net.live.get(computer)) {
        Code::Nothing.close(&link.connection, "");
    }
    for computer in peers {
        if computer != net.me {
            let net = Arc::clone(net);
            dialers.entry(computer).or_insert_with(|| Leash::spawn(keep_connected(net, computer)));
        }
    }
}

async fn keep_connected(net: Arc<Net>, computer: ComputerId) {
    let mut waits = Waits::new(jitter_seed());
    if computer < net.me {
        // Let the lower one dial first, so that two dials rarely cross.
        sleep(Duration::from_millis(400)).await;
    }
    loop {
        net.live.gone(&computer).await;
        // A reason that comes up during the attempt counts for the wait after it.
        let seen = (*net.nudges.borrow(), net.lan.addresses_of(&computer));
        let began = Instant::now();
        let dialed = tokio::select! {
            dialed = dial(&net, &computer, EXCHANGE) => dialed,
            // The other side was quicker.
            _ = net.live.there(&computer) => continue,
        };
        if let Ok(connection) = dialed {
            let engine = net.engine.clone();
            let Ok(who) = aside(move || acquaintance(&engine, &computer)).await else { return };
            exchange::begin(&net, connection, true, who, None);
            net.live.gone(&computer).await;
            if began.elapsed() > GOOD {
                waits.reset();
            }
        } else {
            net.contacts.failed(&computer);
        }
        let refused = !net.contacts.trouble(&computer).is_empty();
        wait(&net, &computer, waits.next(refused), seen).await;
    }
}

/// Waits, but not when there is a reason to dial again.
async fn wait(net: &Net, computer: &ComputerId, time: Duration, seen: (Nudge, Vec<SocketAddr>)) {
    let (seen, seen_at) = seen;
    let mut reasons = net.nudges.subscribe();
    let mut found = net.lan.watch();
    let attempted = Instant::now();
    let mut until = attempted + time;
    loop {
        let now = *reasons.borrow_and_update();
        found.mark_unchanged();
        let addresses = net.lan.addresses_of(computer);
        if now.now != seen.now || (!addresses.is_empty() && addresses != seen_at) {
            return;
        }
        if now.soon != seen.soon {
            until = until.min(attempted + BREATHER);
        }
        tokio::select! {
            () = sleep_until(until) => return,
            changed = reasons.changed() => if changed.is_err() { return },
            changed = found.changed() => if changed.is_err() { return },
            _ = net.live.there(computer) => return,
        }
    }
}

/// How long to wait after each failure: twice as long each time, a quarter more or less so that not everybody dials at once.
#[derive(Debug)]
struct Waits {
    next: Duration,
    seed: u64,
}

impl Waits {
    fn new(seed: u64) -> Self {
        Self { next: SHORTEST, seed }
    }

    fn reset(&mut self) {
        self.next = SHORTEST;
    }

    fn next(&mut self, refused: bool) -> Duration {
        let base = if refused { self.next.max(AFTER_REFUSAL) } else { self.next };
        self.next = (self.next * 2).min(LONGEST);
        // A linear congruential step is random enough to keep computers apart.
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let thousandths = u32::try_from(self.seed >> 33).unwrap_or_default() % 500;
        base * (750 + thousandths) / 1_000
    }
}

fn jitter_seed() -> u64 {
    getrandom::u64().unwrap_or(7)
}

/// Dials again when the addresses of this computer change, and tells listeners where it listens.
pub(crate) async fn watch_addresses(net: Arc<Net>) {
    use iroh::Watcher;

    let mut told = Vec::new();
    loop {
        let endpoint = net.endpoint();
        let mut addresses = endpoint.watch_addr();
        loop {
            let now = net.addresses();
            if now != told {
                if !told.is_empty() {
                    net.dial_now();
                    net.lan.be_eager();
                }
                net.announce_listening(&now);
                told = now;
            }
            whereabouts::update_own(&net).await;
            tokio::select! {
                changed = addresses.updated() => if changed.is_err() { break },
                () = endpoint.closed() => break,
            }
        }
        // Rebuilt, or going down, in which case this task is dropped.
        sleep(SHORTEST).await;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes_with_some_jitter() {
        let mut waits = Waits::new(3);
        let mut expected = SHORTEST;
        for _ in 0..12 {
            let wait = waits.next(false);
            assert!(wait >= expected * 3 / 4 && wait < expected * 5 / 4, "{wait:?} around {expected:?}");
            expected = (expected * 2).min(LONGEST);
        }
        waits.reset();
        assert!(waits.next(false) < Duration::from_secs(2));
        waits.reset();
        assert!(waits.next(true) >= AFTER_REFUSAL * 3 / 4, "a refusal waits longer");
    }
}
