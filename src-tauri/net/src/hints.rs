//! Where a computer was reached last. Hints only: the computer's key says who answers.

use std::net::SocketAddr;

use iroh::{RelayUrl, TransportAddr};
use serde::{Deserialize, Serialize};
use tuttu_engine::Engine;
use tuttu_engine::api::{Command, ErrorView};
use tuttu_engine::model::ComputerId;

use crate::endpoint::PORT_SETTING;
use crate::relay::{self, Relay};
use crate::{address, clock};

/// Addresses remembered of one computer.
const KEPT: usize = 6;
/// Addresses put into an invitation.
const IN_A_LINK: usize = 8;

/// Where a computer may be found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hints {
    /// Direct addresses, the newest first.
    #[serde(default)]
    pub(crate) addrs: Vec<SocketAddr>,
    /// The relay it was met on.
    #[serde(default)]
    pub(crate) relay: Option<String>,
}

impl Hints {
    /// Those of an invitation; what is no address is left out.
    pub(crate) fn of_link(hints: &tuttu_sync::invite::Hints) -> Self {
        let addrs = hints.addrs.iter().filter_map(|text| text.parse().ok()).filter(|address: &SocketAddr| address.port() != 0).collect();
        Self { addrs, relay: hints.relay.clone() }
    }

    pub(crate) fn relay_url(&self) -> Option<RelayUrl> {
        match self.relay.as_deref()?.parse() {
            Ok(Relay::Own(url)) => Some(url),
            _ => None,
        }
    }

    /// Puts an address first. Whether anything changed.
    fn learn(&mut self, address: &TransportAddr) -> bool {
        match address {
            TransportAddr::Ip(address) => {
                if self.addrs.first() == Some(address) {
                    return false;
                }
                self.addrs.retain(|known| known != address);
                self.addrs.insert(0, *address);
                self.addrs.truncate(KEPT);
                true
            }
            TransportAddr::Relay(url) => {
                let url = url.to_string();
                self.relay.replace(url.clone()).as_ref() != Some(&url)
            }
            _ => false,
        }
    }
}

fn key(computer: &ComputerId) -> String {
    format!("net.hints.{computer}")
}

/// What is remembered of a computer; what cannot be read counts as nothing.
pub(crate) fn load(engine: &Engine, computer: &ComputerId) -> Hints {
    let text = engine.setting(&key(computer)).ok().flatten();
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Remembers where a computer was just met.
pub(crate) fn learn(engine: &Engine, computer: &ComputerId, met: &[TransportAddr]) {
    let mut hints = load(engine, computer);
    let mut changed = false;
    for address in met.iter().rev() {
        changed |= hints.learn(address);
    }
    if changed && let Ok(text) = serde_json::to_string(&hints) {
        keep(engine, &key(computer), &text);
    }
}

/// Writes a remembered value; failing to is no reason to stop.
pub(crate) fn keep(engine: &Engine, key: &str, value: &str) {
    if let Err(error) = engine.set_setting(key, Some(value)) {
        tracing::warn!(key, %error, "a value could not be remembered");
    }
}

/// When a computer was last connected, RFC 3339; empty for never.
pub(crate) fn last_seen(engine: &Engine, computer: &ComputerId) -> String {
    engine.setting(&format!("net.seen.{computer}")).ok().flatten().unwrap_or_default()
}

/// Remembers that a computer is connected now.
pub(crate) fn seen(engine: &Engine, computer: &ComputerId) {
    keep(engine, &format!("net.seen.{computer}"), &clock::rfc3339(clock::now()));
}

/// Fills in what an invitation needs from the network: addresses where none are given, and the relay in use where none is chosen.
pub(crate) fn fill_invite(command: Command, addresses: &[SocketAddr], relay: Option<String>) -> Command {
    match command {
        Command::Invite { space, role, expires_in, auto, for_whom, hints, relay: chosen } => {
            let hints = if hints.is_empty() { told(addresses) } else { hints };
            Command::Invite { space, role, expires_in, auto, for_whom, hints, relay: chosen.or(relay) }
        }
        Command::InviteComputer { expires_in, auto, hints, relay: chosen } => {
            let hints = if hints.is_empty() { told(addresses) } else { hints };
            Command::InviteComputer { expires_in, auto, hints, relay: chosen.or(relay) }
        }
        other => other,
    }
}

fn told(addresses: &[SocketAddr]) -> Vec<String> {
    addresses.iter().take(IN_A_LINK).map(SocketAddr::to_string).collect()
}

/// Fills in an invitation made while no host runs: the addresses of this computer with the port it will most likely listen on, and the relay kept
/// in the settings. Other commands come back as they are.
///
/// # Errors
/// When the settings cannot be read.
pub fn offline_invite(engine: &Engine, command: Command) -> Result<Command, ErrorView> {
    if !matches!(command, Command::Invite { .. } | Command::InviteComputer { .. }) {
        return Ok(command);
    }
    let port = engine.setting(PORT_SETTING)?.and_then(|port| port.parse::<u16>().ok()).filter(|port| *port != 0);
    let ips = port.map(|_| address::local_ips()).unwrap_or_default();
    let addresses = address::worth_telling(ips.into_iter().map(|ip| SocketAddr::new(ip, port.unwrap_or_default())));
    let relay = Relay::chosen(None, engine.setting(relay::SETTING)?.as_deref(), engine.setting(relay::LINK_SETTING)?.as_deref())?;
    let relay = match relay {
        Relay::Own(url) => Some(url.to_string()),
        // Which of the public relays it will be is known only once the network is up.
        Relay::Public | Relay::None => None,
    };
    Ok(fill_invite(command, &addresses, relay))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use super::*;

    fn ip(text: &str) -> TransportAddr {
        TransportAddr::Ip(text.parse().unwrap())
    }

    #[test]
    fn the_newest_address_is_first_and_old_ones_fall_off() {
        let mut hints = Hints::default();
        for last in 1..=10 {
            assert!(hints.learn(&ip(&format!("10.0.0.{last}:7"))));
        }
        assert!(!hints.learn(&ip("10.0.0.10:7")), "nothing new");
        assert!(hints.learn(&ip("10.0.0.8:7")));
        let shown: Vec<String> = hints.addrs.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["10.0.0.8:7", "10.0.0.10:7", "10.0.0.9:7", "10.0.0.7:7", "10.0.0.6:7", "10.0.0.5:7"]);
        assert!(hints.learn(&TransportAddr::Relay("https://relay.example".parse().unwrap())));
        assert!(hints.relay_url().is_some());
        let text = serde_json::to_string(&hints).unwrap();
        assert_eq!(serde_json::from_str::<Hints>(&text).unwrap(), hints);
    }

    #[test]
    fn nonsense_in_a_link_is_left_out() {
        let link =
            tuttu_sync::invite::Hints { addrs: vec!["10.0.0.1:5".into(), "x".into(), "10.0.0.1:0".into()], relay: Some("ftp://x".into()) };
        let hints = Hints::of_link(&link);
        assert_eq!(hints.addrs.len(), 1);
        assert_eq!(hints.relay_url(), None);
    }

    #[test]
    fn an_invitation_keeps_what_was_given() {
        let invite = |hints: Vec<String>, relay: Option<String>| Command::Invite {
            space: "Ours".into(),
            role: "editor".into(),
            expires_in: 60,
            auto: false,
            for_whom: String::new(),
            hints,
            relay,
        };
        let here = ["10.0.0.1:5".parse().unwrap()];
        let filled = fill_invite(invite(Vec::new(), None), &here, Some("https://r.example".into()));
        assert_eq!(filled, invite(vec!["10.0.0.1:5".into()], Some("https://r.example".into())));
        let given = invite(vec!["10.9.9.9:1".into()], Some(String::new()));
        assert_eq!(fill_invite(given.clone(), &here, Some("https://r.example".into())), given, "an empty relay means: none");
    }
}
