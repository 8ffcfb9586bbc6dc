//! Reaching a computer: one set of addresses after the other, each with its own short limit, because a single dead address can hold up a dial
//! for half a minute.

use std::time::Duration;

use iroh::endpoint::Connection;
use iroh::{EndpointAddr, TransportAddr};
use tuttu_engine::model::ComputerId;

use crate::address;
use crate::blocking::aside;
use crate::hints::{self, Hints};
use crate::net::Net;
use crate::relay::Relay;
use crate::whereabouts;

/// The limit for one set of addresses.
const EACH: Duration = Duration::from_secs(5);

/// Nobody answered at any known address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unreachable;

/// Dials a known computer: addresses fresh from the network, then where it was met last, then where it says it is, then relays.
///
/// # Errors
/// When nobody answered.
pub(crate) async fn dial(net: &Net, computer: &ComputerId, alpn: &[u8]) -> Result<Connection, Unreachable> {
    let (engine, id) = (net.engine.clone(), *computer);
    let known = aside(move || (hints::load(&engine, &id), whereabouts::told(&engine, &id)));
    let (met, told) = known.await.unwrap_or_default();
    for set in candidates(&net.lan.addresses_of(computer), &met, &told, &net.relay()) {
        if let Ok(connection) = try_set(net, computer, set, alpn).await {
            return Ok(connection);
        }
    }
    Err(Unreachable)
}

/// The sets to try, in order, without empty ones.
fn candidates(lan: &[std::net::SocketAddr], met: &Hints, told: &Hints, relay: &Relay) -> Vec<Vec<TransportAddr>> {
    let direct = |addresses: &[std::net::SocketAddr]| addresses.iter().copied().map(TransportAddr::Ip).collect::<Vec<_>>();
    let mut relays: Vec<_> = met.relay_url().into_iter().chain(told.relay_url()).map(TransportAddr::Relay).collect();
    if let Relay::Own(url) = relay {
        // Colleagues usually share a relay.
        relays.push(TransportAddr::Relay(url.clone()));
    }
    relays.dedup();
    let hinted: Vec<_> = met.addrs.iter().copied().filter(|address| !lan.contains(address)).collect();
    let said: Vec<_> = told.addrs.iter().copied().filter(|address| !lan.contains(address) && !hinted.contains(address)).collect();
    let mut sets = vec![direct(lan), direct(&hinted), direct(&said), relays];
    sets.retain(|set| !set.is_empty());
    sets
}

/// Dials at one set of addresses.
///
/// # Errors
/// When nobody answered in time.
pub(crate) async fn try_set(net: &Net, computer: &ComputerId, set: Vec<TransportAddr>, alpn: &[u8]) -> Result<Connection, Unreachable> {
    let id = address::endpoint_id(computer).ok_or(Unreachable)?;
    // The semaphore is never closed.
    let _permit = net.dials.acquire().await.map_err(|_| Unreachable)?;
    let endpoint = net.endpoint();
    let target = EndpointAddr::from_parts(id, set);
    match tokio::time::timeout(EACH, endpoint.connect(target, alpn)).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => {
            tracing::debug!(%computer, %error, "a dial failed");
            Err(Unreachable)
        }
        Err(_) => Err(Unreachable),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use super::*;

    #[test]
    fn fresh_addresses_go_before_old_ones_and_relays_come_last() {
        let lan = ["192.168.1.2:5".parse().unwrap()];
        let hints =
            Hints { addrs: vec!["192.168.1.2:5".parse().unwrap(), "8.8.8.8:5".parse().unwrap()], relay: Some("https://a.example".into()) };
        let told = Hints {
            addrs: ["8.8.8.8:5", "9.9.9.9:5", "9.9.9.10:5"].map(|text| text.parse().unwrap()).to_vec(),
            relay: Some("https://a.example".into()),
        };
        let sets = candidates(&lan, &hints, &told, &Relay::Own("https://b.example".parse().unwrap()));
        let shown: Vec<usize> = sets.iter().map(Vec::len).collect();
        assert_eq!(shown, [1, 1, 2, 2]);
        assert!(sets[3].iter().all(TransportAddr::is_relay));
        assert!(candidates(&[], &Hints::default(), &Hints::default(), &Relay::None).is_empty());
    }
}
