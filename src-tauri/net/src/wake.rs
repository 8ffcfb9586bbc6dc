//! Noticing that the computer slept, and that a relay hangs.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use iroh::Watcher;
use tokio::time::{Instant, sleep};

use crate::accept;
use crate::endpoint;
use crate::live::Code;
use crate::net::Net;
use crate::relay::Relay;

/// How often the clocks are compared.
const COMPARE_EVERY: Duration = Duration::from_secs(5);
/// Clocks this far apart mean that the computer slept.
const SLEPT: Duration = Duration::from_secs(15);
/// A relay that is not connected for this long is hanging.
const HANGING: Duration = Duration::from_secs(120);
/// The longest time between two rebuilds of the endpoint.
const REBUILD_AT_MOST: Duration = Duration::from_secs(3_600);

/// Compares the wall clock with the monotonic one, which stands still in sleep on most systems.
pub(crate) async fn watch_sleep(net: Arc<Net>) {
    loop {
        let (wall, monotonic) = (SystemTime::now(), Instant::now());
        sleep(COMPARE_EVERY).await;
        // A wall clock that was set back counts as no time passed.
        let wall = wall.elapsed().unwrap_or_default();
        if slept(wall, monotonic.elapsed()) {
            tracing::info!("woke up; all connections are made anew");
            net.endpoint().network_change().await;
            net.live.close_all(Code::Later);
            net.lan.be_eager();
            net.dial_now();
        }
    }
}

/// Whether the computer, or this process, stood still: the wall clock ran ahead, or the tick came far too late.
fn slept(wall: Duration, monotonic: Duration) -> bool {
    wall > monotonic + SLEPT || monotonic > COMPARE_EVERY + SLEPT
}

/// Looks after the connection to the chosen relay: when it hangs, first tells the endpoint that the network changed, then builds the endpoint anew
/// with the same key. Never while somebody is connected directly: those connections are worth more.
pub(crate) async fn watch_relay(net: Arc<Net>) {
    let mut hanging_since: Option<Instant> = None;
    let mut poked = false;
    let mut patience = HANGING;
    let mut was_connected = false;
    loop {
        let connected = next_relay_status(&net.endpoint()).await;
        if connected && !was_connected {
            // Those who can be reached only through it need not wait any longer.
            net.dial_now();
        }
        was_connected = connected;
        if net.relay() == Relay::None || connected {
            (hanging_since, poked, patience) = (None, false, HANGING);
            continue;
        }
        let since = *hanging_since.get_or_insert_with(Instant::now);
        if since.elapsed() < patience {
            continue;
        }
        if !poked {
            poked = true;
            hanging_since = Some(Instant::now());
            net.endpoint().network_change().await;
        } else if net.live.paths().is_empty() {
            (hanging_since, poked) = (None, false);
            patience = (patience * 2).min(REBUILD_AT_MOST);
            rebuild(&net).await;
        }
    }
}

/// Whether the relay is connected, as soon as that changes and at least as often as the clocks are compared.
async fn next_relay_status(endpoint: &iroh::Endpoint) -> bool {
    let mut status = endpoint.home_relay_status();
    // That it did not change in time is an answer, too.
    if let Ok(Err(_)) = tokio::time::timeout(COMPARE_EVERY, status.updated()).await {
        // The endpoint is closed and about to be opened again.
        sleep(COMPARE_EVERY).await;
    }
    status.get().iter().any(iroh::endpoint::RelayStatus::is_connected)
}

/// Closes the endpoint and opens it again with the same key, on the same port when possible.
async fn rebuild(net: &Arc<Net>) {
    tracing::info!("the relay hangs; the endpoint is built anew");
    let old = net.endpoint();
    let port = endpoint::port(&old);
    old.close().await;
    drop(old);
    // The socket goes with the last task that held it; a moment of patience keeps the port.
    sleep(COMPARE_EVERY).await;
    let place = endpoint::Place { last_port: port.or(net.place.last_port), ..net.place };
    let opened = loop {
        match endpoint::open(net.engine.computer_secret(), place, &net.relay().map()).await {
            Ok(endpoint) => break endpoint,
            Err(error) => {
                tracing::warn!(%error, "the endpoint cannot be opened; trying again");
                sleep(COMPARE_EVERY).await;
            }
        }
    };
    net.replace_endpoint(opened.clone());
    net.tasks.spawn(accept::run(Arc::clone(net), opened));
    net.dial_now();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_shows_in_the_clocks() {
        let seconds = Duration::from_secs;
        assert!(!slept(seconds(5), seconds(5)));
        assert!(!slept(seconds(0), seconds(6)), "the wall clock was set back");
        assert!(slept(seconds(3_600), seconds(5)), "suspended: the monotonic clock stood still");
        assert!(slept(seconds(60), seconds(60)), "the process was stopped");
    }
}
