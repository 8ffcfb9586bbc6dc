//! The network doctor: tries what an exchange needs, one thing after the other, and says in plain words what it found and what to do.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use iroh::endpoint::presets;
use iroh::{Endpoint, EndpointAddr, RelayMode, TransportAddr};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tuttu_engine::Peer;
use tuttu_engine::api::ErrorView;

use crate::address::Path;
use crate::blocking::{aside, ask};
use crate::dial::dial;
use crate::endpoint::EXCHANGE;
use crate::exchange::{self, acquaintance};
use crate::hints;
use crate::live::Code;
use crate::net::Net;
use crate::relay::Relay;
use crate::whereabouts;

/// How long an address of this computer may take to answer itself.
const TO_REACH_ITSELF: Duration = Duration::from_secs(3);
/// How long to look around on the network.
const TO_LOOK_AROUND: Duration = Duration::from_secs(3);
/// How long a relay may take.
const TO_REACH_RELAY: Duration = Duration::from_secs(6);
/// Own addresses tried.
const ADDRESSES: usize = 4;
/// Computers tried; the rest is counted.
const COMPUTERS: usize = 50;
/// The group of multicast DNS (RFC 6762, section 3).
const MULTICAST: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);

/// How something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It works.
    Ok,
    /// It works, or is as it was chosen, and there is something to know.
    Note,
    /// It does not work.
    Trouble,
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// What: `listening`, `firewall`, `lan`, `relay` or `computer`.
    pub check: String,
    /// How it was found.
    pub health: Health,
    /// What was found, in a sentence.
    pub text: String,
    /// What to do; empty when there is nothing.
    pub hint: String,
}

impl Diagnosis {
    fn new(check: &str, health: Health, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { check: check.to_owned(), health, text: text.into(), hint: hint.into() }
    }
}

/// Examines everything; takes seconds, because silence is only known after a while.
///
/// # Errors
/// When the vault cannot be read.
pub(crate) async fn examine(net: &Arc<Net>) -> Result<Vec<Diagnosis>, ErrorView> {
    let engine = net.engine.clone();
    let peers = ask(move || engine.peers()).await?;
    let addresses = net.addresses();
    let around = look_around(net, &peers);
    let (firewall, lan, relay, mut computers) =
        tokio::join!(reach_itself(&addresses, net), around, reach_relay(net), reach_all(net, &peers));
    let mut findings = vec![listening(&addresses)];
    findings.extend(firewall);
    findings.extend([lan, relay]);
    findings.append(&mut computers);
    Ok(findings)
}

fn listening(addresses: &[SocketAddr]) -> Diagnosis {
    let near = addresses.iter().filter(|address| !address.ip().is_loopback()).collect::<Vec<_>>();
    match near.as_slice() {
        [] => {
            let hint = "Everything is saved here and is exchanged when there is a network. If there is one, look whether Tuttu was started for this computer alone (--bind 127.0.0.1).";
            Diagnosis::new("listening", Health::Trouble, "This computer can be reached from no network.", hint)
        }
        [one] => Diagnosis::new("listening", Health::Ok, format!("Tuttu listens on {one}."), ""),
        [first, more @ ..] => {
            let text = format!("Tuttu listens on {first} and {} more addresses.", more.len());
            Diagnosis::new("listening", Health::Ok, text, "")
        }
    }
}

/// Dials every address of this computer from another socket: what keeps that out keeps everybody out.
async fn reach_itself(addresses: &[SocketAddr], net: &Net) -> Option<Diagnosis> {
    let near: Vec<SocketAddr> = addresses.iter().copied().filter(|address| !address.ip().is_loopback()).take(ADDRESSES).collect();
    near.first()?;
    let builder = Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled);
    let Ok(outside) = builder.bind().await else {
        let text = "This computer gives Tuttu no second socket, so it was not tried whether its addresses can be reached.";
        return Some(Diagnosis::new("firewall", Health::Note, text, ""));
    };
    let me = net.endpoint().id();
    let mut silent = Vec::new();
    for address in near {
        let target = EndpointAddr::from_parts(me, [TransportAddr::Ip(address)]);
        match timeout(TO_REACH_ITSELF, outside.connect(target, EXCHANGE)).await {
            Ok(Ok(connection)) => Code::Done.close(&connection, ""),
            _ => silent.push(address),
        }
    }
    outside.close().await;
    Some(match silent.first() {
        None => Diagnosis::new("firewall", Health::Ok, "Tuttu answers at its own addresses.", ""),
        Some(address) => {
            let text = format!("Tuttu does not answer at {address}, its own address.");
            let hint = format!("A firewall on this computer may be in the way: allow Tuttu to receive UDP on port {}.", address.port());
            Diagnosis::new("firewall", Health::Trouble, text, hint)
        }
    })
}

/// Whether this computer may take part in multicast.
fn multicast() -> std::io::Result<()> {
    UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?.join_multicast_v4(&MULTICAST, &Ipv4Addr::UNSPECIFIED)
}

async fn look_around(net: &Net, peers: &[Peer]) -> Diagnosis {
    if !net.lan.is_on() {
        let hint = "Switch it on in the settings of the network, or start without --no-lan.";
        return Diagnosis::new("lan", Health::Note, "Finding computers on the same network is switched off.", hint);
    }
    if let Err(error) = multicast() {
        let hint = "Colleagues are found all the same once a link, or an earlier meeting, has told where they are.";
        return Diagnosis::new("lan", Health::Trouble, format!("This computer cannot ask around on its network: {error}."), hint);
    }
    net.lan.be_eager();
    let mut found = net.lan.watch();
    let until = Instant::now() + TO_LOOK_AROUND;
    let everybody = async {
        let _ = found.wait_for(|found| !peers.is_empty() && peers.iter().all(|peer| found.contains_key(&peer.computer))).await;
    };
    tokio::select! {
        () = everybody => {}
        () = tokio::time::sleep_until(until) => {}
    }
    let found = net.lan.watch().borrow().clone();
    let known = peers.iter().filter(|peer| found.contains_key(&peer.computer)).count();
    if found.is_empty() {
        let hint = "If a colleague’s computer is on this network and Tuttu runs there: guest networks keep computers apart. Use another network, or a relay.";
        return Diagnosis::new("lan", Health::Note, "No other computer that runs Tuttu was found on this network.", hint);
    }
    Diagnosis::new(
        "lan",
        Health::Ok,
        format!("Computers that run Tuttu on this network: {}, of people you know: {known}.", found.len()),
        "",
    )
}

async fn reach_relay(net: &Net) -> Diagnosis {
    let relay = net.relay();
    let named = match &relay {
        Relay::None => {
            let hint = "To reach colleagues elsewhere, choose the same relay as they do: tuttu serve --relay URL, or in the settings of the network.";
            let text = "No relay is chosen: who is on another network is reached only where their address is open.";
            return Diagnosis::new("relay", Health::Note, text, hint);
        }
        Relay::Public => "The public relay".to_owned(),
        Relay::Own(url) => format!("The relay {url}"),
    };
    let endpoint = net.endpoint();
    let until = Instant::now() + TO_REACH_RELAY;
    while Instant::now() < until {
        if iroh::Watcher::get(&mut endpoint.home_relay_status()).iter().any(iroh::endpoint::RelayStatus::is_connected) {
            return Diagnosis::new("relay", Health::Ok, format!("{named} is connected."), "");
        }
        sleep(Duration::from_millis(100)).await;
    }
    let hint = "Look whether this computer reaches the internet, and whether the address of the relay is right. On the same network nothing is missing.";
    Diagnosis::new("relay", Health::Trouble, format!("{named} does not answer."), hint)
}

async fn reach_all(net: &Arc<Net>, peers: &[Peer]) -> Vec<Diagnosis> {
    let mut trying = JoinSet::new();
    for (at, peer) in peers.iter().take(COMPUTERS).enumerate() {
        let (net, peer) = (Arc::clone(net), peer.clone());
        trying.spawn(async move { (at, reach(&net, &peer).await) });
    }
    let mut findings = trying.join_all().await;
    findings.sort_by_key(|(at, _)| *at);
    let mut findings: Vec<Diagnosis> = findings.into_iter().map(|(_, finding)| finding).collect();
    if let Some(left) = peers.len().checked_sub(COMPUTERS).filter(|left| *left > 0) {
        findings.push(Diagnosis::new("computer", Health::Note, format!("{left} more computers were not tried."), ""));
    }
    findings
}

fn named(peer: &Peer) -> String {
    format!("“{}” of {}", peer.computer_name, peer.person_name)
}

async fn reach(net: &Arc<Net>, peer: &Peer) -> Diagnosis {
    if let Some(link) = net.live.get(&peer.computer) {
        return connected(net, peer, link.path);
    }
    if let Ok(connection) = dial(net, &peer.computer, EXCHANGE).await {
        let (path, _) = crate::address::path_of(&connection);
        let (engine, computer) = (net.engine.clone(), peer.computer);
        if let Ok(who) = aside(move || acquaintance(&engine, &computer)).await {
            exchange::begin(net, connection, true, who, None);
        }
        return connected(net, peer, path);
    }
    // Perhaps they were quicker.
    if let Some(link) = net.live.get(&peer.computer) {
        return connected(net, peer, link.path);
    }
    let (engine, computer) = (net.engine.clone(), peer.computer);
    let known =
        aside(move || (hints::load(&engine, &computer), whereabouts::told(&engine, &computer), hints::last_seen(&engine, &computer)));
    let (met, told, seen) = known.await.unwrap_or_default();
    let addresses = met.addrs.iter().chain(&told.addrs).collect::<std::collections::BTreeSet<_>>().len();
    away(peer, addresses, met.relay.or(told.relay).is_some(), &seen)
}

fn connected(net: &Net, peer: &Peer, path: Path) -> Diagnosis {
    let how = match path {
        Path::Lan => "on the same network",
        Path::Direct => "directly, over the internet",
        Path::Relay => "through the relay",
    };
    let text = format!("{} is connected, {how}.", named(peer));
    match net.contacts.trouble(&peer.computer) {
        trouble if trouble.is_empty() => Diagnosis::new("computer", Health::Ok, text, ""),
        trouble => Diagnosis::new("computer", Health::Trouble, format!("{text} {trouble}"), "What is here is safe. It is tried again."),
    }
}

fn away(peer: &Peer, addresses: usize, relay: bool, seen: &str) -> Diagnosis {
    let last = if seen.is_empty() { "It was never connected.".to_owned() } else { format!("It was connected last at {seen}.") };
    let (tried, hint) = match (addresses, relay) {
        (0, false) => (
            "cannot be tried: nobody has told where it is",
            "It is found by itself on the same network. Elsewhere both need the same relay, or a new link.",
        ),
        (_, true) => (
            "does not answer, not through its relay either",
            "Most likely it is off, or Tuttu does not run there. What is to send waits here.",
        ),
        (_, false) => (
            "does not answer at any address it was known at",
            "Most likely it is off, or Tuttu does not run there. If it runs on another network, both need the same relay.",
        ),
    };
    Diagnosis::new("computer", Health::Note, format!("{} {tried}. {last}", named(peer)), hint)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use tuttu_engine::model::ComputerId;

    use super::*;

    #[test]
    fn a_computer_that_only_hears_itself_is_in_no_network() {
        let here: SocketAddr = "127.0.0.1:4000".parse().unwrap();
        let there: SocketAddr = "192.168.1.2:4000".parse().unwrap();
        assert_eq!(listening(&[here]).health, Health::Trouble);
        assert_eq!(listening(&[]).health, Health::Trouble);
        assert_eq!(listening(&[there]).text, "Tuttu listens on 192.168.1.2:4000.");
    }

    #[test]
    fn why_a_computer_is_away_depends_on_what_was_known_of_it() {
        let peer = Peer { computer: ComputerId([1; 32]), computer_name: "laptop".into(), person_name: "Maria".into() };
        assert_eq!(
            away(&peer, 0, false, "").text,
            "“laptop” of Maria cannot be tried: nobody has told where it is. It was never connected."
        );
        assert!(away(&peer, 2, false, "2026-11-25T10:00:00Z").hint.contains("both need the same relay"));
        assert!(!away(&peer, 2, true, "").hint.contains("both need the same relay"));
    }
}
