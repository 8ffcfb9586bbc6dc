//! What all parts of a running host share.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use iroh::Endpoint;
use tokio::sync::{Semaphore, watch};
use tuttu_engine::Engine;
use tuttu_engine::api::{Answer, ErrorView, Event, Query};
use tuttu_engine::model::ComputerId;

use crate::blocking::{aside, ask, lock};
use crate::contact::Contacts;
use crate::endpoint::{self, Place};
use crate::files::Files;
use crate::lan::Lan;
use crate::live::Live;
use crate::pairing::{Joins, Requests};
use crate::relay::Relay;
use crate::tasks::Tasks;

/// Handshakes under way at once.
const HANDSHAKES: usize = 64;
/// People pairing at once.
const PAIRINGS: usize = 8;
/// Exchanges at once with computers not known yet.
const STRANGERS: usize = 8;
/// Dials at once.
const DIALS: usize = 16;

/// A reason for those who wait to dial again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Nudge {
    /// Dial now: the network changed, or the person asked.
    pub(crate) now: u64,
    /// There is something to send: dial if the last attempt was not just now.
    pub(crate) soon: u64,
}

pub(crate) struct Net {
    pub(crate) engine: Engine,
    pub(crate) me: ComputerId,
    pub(crate) place: Place,
    endpoint: RwLock<Endpoint>,
    relay: Mutex<Relay>,
    /// The relay this run was started with, which goes before the settings.
    pub(crate) relay_option: Option<String>,
    /// Whether this run may find others on the network, whatever the settings say.
    pub(crate) lan_option: bool,
    pub(crate) lan: Lan,
    pub(crate) live: Live,
    /// Held while the engine is told who is reachable, so that the newest word is the last.
    telling: Mutex<()>,
    pub(crate) contacts: Contacts,
    pub(crate) files: Files,
    pub(crate) requests: Requests,
    pub(crate) joins: Joins,
    pub(crate) tasks: Tasks,
    pub(crate) nudges: watch::Sender<Nudge>,
    /// Counts reasons to look again at whom to dial.
    pub(crate) peers_changed: watch::Sender<u64>,
    /// Counts news of where computers are, and of whom that concerns.
    whereabouts: watch::Sender<u64>,
    /// Somebody asked the process to stop.
    pub(crate) stop_asked: watch::Sender<bool>,
    pub(crate) handshakes: Arc<Semaphore>,
    pub(crate) pairings: Arc<Semaphore>,
    pub(crate) strangers: Arc<Semaphore>,
    pub(crate) dials: Arc<Semaphore>,
}

impl std::fmt::Debug for Net {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Net").field("me", &self.me).field("place", &self.place).finish_non_exhaustive()
    }
}

impl Net {
    pub(crate) fn new(engine: Engine, endpoint: Endpoint, place: Place, relay: (Relay, Option<String>), lan: (bool, bool)) -> Arc<Self> {
        let me = engine.computer();
        let (lan, lan_option) = (Lan::new(lan.0), lan.1);
        lan.attach(&endpoint);
        Arc::new(Self {
            engine,
            me,
            place,
            endpoint: RwLock::new(endpoint),
            relay: Mutex::new(relay.0),
            relay_option: relay.1,
            lan_option,
            lan,
            live: Live::new(me),
            telling: Mutex::default(),
            contacts: Contacts::new(),
            files: Files::new(),
            requests: Requests::default(),
            joins: Joins::default(),
            tasks: Tasks::new(),
            nudges: watch::Sender::default(),
            peers_changed: watch::Sender::new(0),
            whereabouts: watch::Sender::new(0),
            stop_asked: watch::Sender::new(false),
            handshakes: Arc::new(Semaphore::new(HANDSHAKES)),
            pairings: Arc::new(Semaphore::new(PAIRINGS)),
            strangers: Arc::new(Semaphore::new(STRANGERS)),
            dials: Arc::new(Semaphore::new(DIALS)),
        })
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        self.endpoint.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn replace_endpoint(&self, endpoint: Endpoint) {
        self.lan.attach(&endpoint);
        *self.endpoint.write().unwrap_or_else(PoisonError::into_inner) = endpoint;
    }

    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        endpoint::addresses(&self.endpoint())
    }

    pub(crate) fn relay(&self) -> Relay {
        lock(&self.relay).clone()
    }

    /// Uses this relay from now on, without losing connections.
    pub(crate) async fn use_relay(&self, relay: Relay) {
        let before = std::mem::replace(&mut *lock(&self.relay), relay.clone());
        if before == relay {
            return;
        }
        let endpoint = self.endpoint();
        for url in before.map().urls::<Vec<_>>() {
            endpoint.remove_relay(&url).await;
        }
        for config in relay.map().relays::<Vec<_>>() {
            endpoint.insert_relay(config.url.clone(), config).await;
        }
        self.dial_now();
    }

    /// The relay an invitation can carry: one's own, or the public one this computer listens on.
    pub(crate) async fn relay_to_tell(&self) -> Option<String> {
        match self.relay() {
            Relay::None => None,
            Relay::Own(url) => Some(url.to_string()),
            Relay::Public => {
                // Which one it is turns out within moments of the start, if the internet is there.
                for _ in 0..20 {
                    if let Some(url) = self.endpoint().addr().relay_urls().next() {
                        return Some(url.to_string());
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                None
            }
        }
    }

    /// Everybody who waits dials again at once.
    pub(crate) fn dial_now(&self) {
        self.nudges.send_modify(|nudge| nudge.now += 1);
    }

    /// Everybody who has waited for a while dials again.
    pub(crate) fn dial_soon(&self) {
        self.nudges.send_modify(|nudge| nudge.soon += 1);
    }

    pub(crate) fn look_at_peers(&self) {
        self.peers_changed.send_modify(|version| *version += 1);
    }

    /// There is something to tell about where computers are, or somebody new to tell it to.
    pub(crate) fn whereabouts_changed(&self) {
        self.whereabouts.send_modify(|version| *version += 1);
    }

    pub(crate) fn watch_whereabouts(&self) -> watch::Receiver<u64> {
        self.whereabouts.subscribe()
    }

    pub(crate) async fn setting(&self, key: &'static str) -> Result<Option<String>, ErrorView> {
        let engine = self.engine.clone();
        ask(move || engine.setting(key)).await
    }

    /// Tells listeners that a computer came, went, or is reached another way.
    pub(crate) async fn announce_peer(&self, computer: ComputerId, person: &str, state: &str) {
        let state = state.to_owned();
        let event = Event::Peer { computer: computer.to_string(), name: person.to_owned(), state: state.clone() };
        let telling = lock(&self.telling);
        self.engine.set_reachable(self.live.paths().into_keys());
        drop(telling);
        let engine = self.engine.clone();
        let announced = aside(move || {
            engine.announce(event);
            engine.note_peer(&computer, &state);
            if let Ok(Answer::Status(status)) = engine.query(Query::Status) {
                engine.announce(Event::Sync { line: status.sync });
            }
        });
        // What went wrong is in the log; the state itself is kept in the table of connections.
        let _ = announced.await;
    }

    /// Tells listeners why an exchange was refused, once for each reason.
    pub(crate) fn announce_trouble(&self, computer: &ComputerId, reason: &str) {
        if self.contacts.set_trouble(computer, reason) && !reason.is_empty() {
            self.engine.note_refused(computer, reason);
            self.engine.announce(Event::Refused { computer: computer.to_string(), reason: reason.to_owned() });
        }
    }

    pub(crate) fn announce_listening(&self, addresses: &[SocketAddr]) {
        let addresses = addresses.iter().map(SocketAddr::to_string).collect();
        self.engine.announce(Event::Listening { computer: self.me.to_string(), addresses });
    }
}
