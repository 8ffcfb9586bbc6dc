//! Finding computers on the same network by multicast DNS, and being found.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use iroh::Endpoint;
use iroh::address_lookup::{AddressLookup, EndpointData};
use swarm_discovery::{Discoverer, DropGuard};
use tokio::sync::watch;
use tuttu_engine::model::ComputerId;

use crate::address;
use crate::blocking::lock;

/// The setting that switches it off, with the value `off`.
pub(crate) const SETTING: &str = "net.lan";
const SERVICE: &str = "tuttu";
/// How often to ask around at first, and after something happened.
const EAGER: Duration = Duration::from_secs(1);
/// How long to be eager.
const EAGER_FOR: Duration = Duration::from_secs(60);
/// How often to ask around otherwise; each question costs every computer on the network an answer.
const CALM: Duration = Duration::from_secs(10);
/// When multicast is not possible now.
const AGAIN_AFTER: Duration = Duration::from_secs(30);
/// Computers remembered; anybody on the network can announce any number.
const FOUND: usize = 1_000;
/// Addresses remembered of one computer.
const ADDRESSES: usize = 8;

/// Computers on the network with their addresses, newest knowledge.
pub(crate) type Found = BTreeMap<ComputerId, Vec<SocketAddr>>;

#[derive(Debug)]
pub(crate) struct Lan {
    publisher: Arc<Publisher>,
    found: watch::Sender<Found>,
    /// Whether to take part, and a count of reasons to be eager again.
    wanted: watch::Sender<(bool, u64)>,
}

impl Lan {
    pub(crate) fn new(on: bool) -> Self {
        Self { publisher: Arc::default(), found: watch::Sender::default(), wanted: watch::Sender::new((on, 0)) }
    }

    /// Makes the endpoint tell its addresses here. To be called for each new endpoint.
    pub(crate) fn attach(&self, endpoint: &Endpoint) {
        match endpoint.address_lookup() {
            Ok(services) => services.add(Arc::clone(&self.publisher)),
            Err(error) => tracing::warn!(%error, "the endpoint is closed already"),
        }
    }

    pub(crate) fn switch(&self, on: bool) {
        self.wanted.send_if_modified(|(now, _)| std::mem::replace(now, on) != on);
    }

    pub(crate) fn is_on(&self) -> bool {
        self.wanted.borrow().0
    }

    /// Asks around quickly for a while.
    pub(crate) fn be_eager(&self) {
        self.wanted.send_modify(|(_, reasons)| *reasons += 1);
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Found> {
        self.found.subscribe()
    }

    pub(crate) fn addresses_of(&self, computer: &ComputerId) -> Vec<SocketAddr> {
        self.found.borrow().get(computer).cloned().unwrap_or_default()
    }

    /// Waits until a computer is found; `None` when it is not in time, at once when finding is switched off.
    pub(crate) async fn find(&self, computer: &ComputerId, within: Duration) -> Option<Vec<SocketAddr>> {
        if !self.is_on() {
            return None;
        }
        let mut found = self.watch();
        let found = tokio::time::timeout(within, found.wait_for(|found| found.contains_key(computer))).await.ok()?.ok()?;
        found.get(computer).cloned()
    }

    /// Takes part for as long as it is wanted; ends never.
    pub(crate) async fn run(&self, me: iroh::EndpointId) {
        let mut wanted = self.wanted.subscribe();
        loop {
            let (on, _) = *wanted.borrow_and_update();
            if !on {
                self.publisher.replace(None);
                self.found.send_replace(Found::new());
                if wanted.changed().await.is_err() {
                    return;
                }
                continue;
            }
            let eager = self.take_part(me, EAGER, Some(EAGER_FOR));
            tokio::select! {
                () = eager => {}
                _ = wanted.changed() => continue,
            }
            tokio::select! {
                () = self.take_part(me, CALM, None) => {}
                _ = wanted.changed() => {}
            }
        }
    }

    async fn take_part(&self, me: iroh::EndpointId, cadence: Duration, limit: Option<Duration>) {
        let found = self.found.clone();
        let heard = move |name: &str, peer: &swarm_discovery::Peer| {
            if let Some(computer) = computer_called(name).filter(|computer| *computer != address::computer(me)) {
                note(&found, computer, peer.addrs().iter().map(|(ip, port)| SocketAddr::new(*ip, *port)));
            }
        };
        let discoverer = Discoverer::new_interactive(SERVICE.to_owned(), name_of(&address::computer(me))).with_cadence(cadence);
        match discoverer.with_callback(heard).spawn(&tokio::runtime::Handle::current()) {
            Ok(guard) => self.publisher.replace(Some(guard)),
            Err(error) => {
                tracing::debug!(%error, "multicast is not possible now");
                self.publisher.replace(None);
                return tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
        match limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    }
}

/// The name under which a computer is announced.
fn name_of(computer: &ComputerId) -> String {
    BASE32_NOPAD.encode(computer.as_bytes()).to_ascii_lowercase()
}

fn computer_called(name: &str) -> Option<ComputerId> {
    let bytes = BASE32_NOPAD.decode(name.to_ascii_uppercase().as_bytes()).ok()?;
    bytes.try_into().ok().map(ComputerId)
}

/// Takes in where a computer is; nowhere means that it went silent.
fn note(found: &watch::Sender<Found>, computer: ComputerId, addresses: impl Iterator<Item = SocketAddr>) {
    let addresses: Vec<SocketAddr> = addresses.filter(|address| address.port() != 0).take(ADDRESSES).collect();
    found.send_if_modified(|found| {
        if addresses.is_empty() {
            return found.remove(&computer).is_some();
        }
        let room = found.len() < FOUND || found.contains_key(&computer);
        room && found.insert(computer, addresses.clone()).as_ref() != Some(&addresses)
    });
}

/// Hands the endpoint's addresses to the multicast service of the moment. It never resolves: what is found is kept in [`Found`], and dialing
/// chooses from there, so that a dial never waits for multicast.
#[derive(Debug, Default)]
struct Publisher {
    state: Mutex<(Option<EndpointData>, Option<Announcing>)>,
}

impl Publisher {
    fn replace(&self, guard: Option<DropGuard>) {
        let mut state = lock(&self.state);
        let (data, announcing) = &mut *state;
        *announcing = guard.map(|guard| Announcing { guard, interfaces: BTreeSet::new() });
        if let (Some(data), Some(announcing)) = (data, announcing) {
            announcing.publish(data);
        }
    }
}

impl AddressLookup for Publisher {
    fn publish(&self, data: &EndpointData) {
        let mut state = lock(&self.state);
        state.0 = Some(data.clone());
        if let Some(announcing) = &mut state.1 {
            announcing.publish(data);
        }
    }
}

/// A running multicast service.
struct Announcing {
    guard: DropGuard,
    /// The addresses of the interfaces it speaks on.
    interfaces: BTreeSet<Ipv4Addr>,
}

impl std::fmt::Debug for Announcing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Announcing").field("interfaces", &self.interfaces).finish_non_exhaustive()
    }
}

impl Announcing {
    fn publish(&mut self, data: &EndpointData) {
        let mut ports: BTreeMap<u16, Vec<IpAddr>> = BTreeMap::new();
        for address in data.ip_addrs() {
            ports.entry(address.port()).or_default().push(address.ip());
        }
        // Each interface by name: otherwise the system sends where its default route points, and on a network without a gateway nowhere.
        let interfaces = own_interfaces(ports.values().flatten().copied());
        for gone in self.interfaces.difference(&interfaces) {
            self.guard.remove_interface_v4(*gone);
        }
        for new in interfaces.difference(&self.interfaces) {
            self.guard.add_interface_v4(*new);
        }
        self.interfaces = interfaces;
        self.guard.remove_all();
        for (port, ips) in ports {
            self.guard.add(port, ips);
        }
    }
}

/// Those that belong to an interface of this computer, which what others see of it from outside does not.
fn own_interfaces(addresses: impl Iterator<Item = IpAddr>) -> BTreeSet<Ipv4Addr> {
    let v4 = addresses.filter_map(|ip| match ip.to_canonical() {
        IpAddr::V4(ip) if !ip.is_loopback() && !ip.is_unspecified() => Some(ip),
        _ => None,
    });
    v4.filter(|ip| UdpSocket::bind((*ip, 0)).is_ok()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use super::*;

    fn computer(seed: u16) -> ComputerId {
        let mut bytes = [0; 32];
        bytes.split_at_mut(2).0.copy_from_slice(&seed.to_be_bytes());
        ComputerId(bytes)
    }

    fn hear(lan: &Lan, seed: u16, addresses: &[&str]) {
        note(&lan.found, computer(seed), addresses.iter().map(|text| text.parse().unwrap()));
    }

    #[tokio::test]
    async fn what_is_found_is_remembered_within_limits() {
        let lan = Lan::new(true);
        let many: Vec<String> = (1..100).map(|last| format!("10.0.0.{last}:5")).collect();
        hear(&lan, 1, &many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(lan.addresses_of(&computer(1)).len(), ADDRESSES);
        assert_eq!(lan.find(&computer(1), Duration::from_secs(1)).await.unwrap().len(), ADDRESSES);
        for seed in 0..1_200 {
            hear(&lan, seed, &["10.0.0.1:5"]);
        }
        assert_eq!(lan.watch().borrow().len(), FOUND);
        hear(&lan, 1, &["10.0.0.1:0"]);
        assert!(lan.addresses_of(&computer(1)).is_empty(), "a port 0 is no place");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_there_is_not_an_error() {
        assert_eq!(Lan::new(true).find(&ComputerId([1; 32]), Duration::from_secs(3)).await, None);
    }

    #[test]
    fn a_computer_is_announced_by_its_key() {
        let name = name_of(&computer(7));
        assert!(name.len() <= 63 && name.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit()), "{name} is a DNS label");
        assert_eq!(computer_called(&name), Some(computer(7)));
        assert_eq!(computer_called("printer"), None);
    }

    #[test]
    fn multicast_goes_only_where_this_computer_is() {
        let ips = ["127.0.0.1", "203.0.113.9", "::1", "0.0.0.0"].map(|text| text.parse().unwrap());
        assert!(own_interfaces(ips.into_iter()).is_empty());
    }
}
