//! Finding computers on the same network by multicast DNS, and being found.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use iroh::Endpoint;
use iroh::address_lookup::{AddrFilter, AddressLookup, EndpointData};
use iroh_mdns_address_lookup::{DiscoveryEvent, MdnsAddressLookup};
use tokio::sync::watch;
use tokio_stream::StreamExt;
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
        let service =
            MdnsAddressLookup::builder().service_name(SERVICE).addr_filter(AddrFilter::ip_only()).discovery_cadence(cadence).build(me);
        let service = match service {
            Ok(service) => service,
            Err(error) => {
                tracing::debug!(%error, "multicast is not possible now");
                self.publisher.replace(None);
                tokio::time::sleep(AGAIN_AFTER).await;
                return;
            }
        };
        let mut events = service.subscribe().await;
        self.publisher.replace(Some(service));
        let listen = async {
            while let Some(event) = events.next().await {
                self.note(event);
            }
            // The service ended by itself; do not spin.
            tokio::time::sleep(AGAIN_AFTER).await;
        };
        match limit {
            // Being over in time is the normal end.
            Some(limit) => drop(tokio::time::timeout(limit, listen).await),
            None => listen.await,
        }
    }

    fn note(&self, event: DiscoveryEvent) {
        match event {
            DiscoveryEvent::Discovered { endpoint_info, .. } => {
                let computer = address::computer(endpoint_info.endpoint_id);
                let mut addresses: Vec<SocketAddr> = endpoint_info.ip_addrs().copied().filter(|address| address.port() != 0).collect();
                addresses.truncate(ADDRESSES);
                self.found.send_if_modified(|found| {
                    let room = found.len() < FOUND || found.contains_key(&computer);
                    room && !addresses.is_empty() && found.insert(computer, addresses.clone()).as_ref() != Some(&addresses)
                });
            }
            DiscoveryEvent::Expired { endpoint_id } => {
                let computer = address::computer(endpoint_id);
                self.found.send_if_modified(|found| found.remove(&computer).is_some());
            }
            _ => {}
        }
    }
}

/// Hands the endpoint's addresses to the multicast service of the moment. It never resolves: what is found is kept in [`Found`], and dialing
/// chooses from there, so that a dial never waits for multicast.
#[derive(Debug, Default)]
struct Publisher {
    state: Mutex<(Option<EndpointData>, Option<MdnsAddressLookup>)>,
}

impl Publisher {
    fn replace(&self, service: Option<MdnsAddressLookup>) {
        let mut state = lock(&self.state);
        if let (Some(data), Some(service)) = (&state.0, &service) {
            service.publish(data);
        }
        state.1 = service;
    }
}

impl AddressLookup for Publisher {
    fn publish(&self, data: &EndpointData) {
        let mut state = lock(&self.state);
        state.0 = Some(data.clone());
        if let Some(service) = &state.1 {
            service.publish(data);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use iroh::SecretKey;
    use iroh::address_lookup::EndpointInfo;

    use super::*;

    fn discovered(seed: u16, addresses: &[&str]) -> DiscoveryEvent {
        let mut secret = [0; 32];
        secret.split_at_mut(2).0.copy_from_slice(&seed.to_be_bytes());
        let id = SecretKey::from_bytes(&secret).public();
        let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        DiscoveryEvent::Discovered { endpoint_info: EndpointInfo::new(id).with_ip_addrs(addresses), last_updated: None }
    }

    #[tokio::test]
    async fn what_is_found_is_remembered_within_limits() {
        let lan = Lan::new(true);
        let many: Vec<String> = (1..100).map(|last| format!("10.0.0.{last}:5")).collect();
        lan.note(discovered(1, &many.iter().map(String::as_str).collect::<Vec<_>>()));
        let me = *lan.watch().borrow().keys().next().unwrap();
        assert_eq!(lan.addresses_of(&me).len(), ADDRESSES);
        assert_eq!(lan.find(&me, Duration::from_secs(1)).await.unwrap().len(), ADDRESSES);
        for seed in 0..1_200 {
            lan.note(discovered(seed, &["10.0.0.1:5"]));
        }
        assert_eq!(lan.watch().borrow().len(), FOUND);
        lan.note(DiscoveryEvent::Expired { endpoint_id: address::endpoint_id(&me).unwrap() });
        assert!(lan.addresses_of(&me).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_there_is_not_an_error() {
        assert_eq!(Lan::new(true).find(&ComputerId([1; 32]), Duration::from_secs(3)).await, None);
    }
}
