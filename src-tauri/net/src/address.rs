//! What addresses tell: how far away a computer is, and which of our own are worth telling others.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use iroh::TransportAddr;
use iroh::endpoint::Connection;
use tuttu_engine::model::ComputerId;

/// How a computer is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    /// On the same network.
    Lan,
    /// Directly over the internet.
    Direct,
    /// Through a relay.
    Relay,
}

impl Path {
    /// The word in views and events.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Lan => "lan",
            Self::Direct => "direct",
            Self::Relay => "relay",
        }
    }

    fn of(address: &TransportAddr) -> Self {
        match address {
            TransportAddr::Ip(address) if is_near(address.ip()) => Self::Lan,
            TransportAddr::Relay(_) => Self::Relay,
            _ => Self::Direct,
        }
    }
}

/// How a connection runs now, and the other side's address on that path.
pub(crate) fn path_of(connection: &Connection) -> (Path, Option<TransportAddr>) {
    let paths = connection.paths();
    let selected = paths.iter().find(iroh::endpoint::Path::is_selected).or_else(|| paths.iter().next());
    let address = selected.map(|path| path.remote_addr().clone());
    (address.as_ref().map_or(Path::Direct, Path::of), address)
}

/// Whether an address belongs to the same building rather than the internet.
fn is_near(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// Puts addresses in the order worth trying and telling: loopback only when there is nothing else, link-local never (it means nothing without
/// its interface), IPv4 before IPv6.
pub(crate) fn worth_telling(addresses: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut all: Vec<SocketAddr> = addresses
        .into_iter()
        .map(|address| SocketAddr::new(address.ip().to_canonical(), address.port()))
        .filter(|address| address.port() != 0 && !address.ip().is_unspecified() && !address.ip().is_multicast())
        .filter(|address| !matches!(address.ip(), IpAddr::V6(ip) if ip.is_unicast_link_local()))
        .collect();
    all.sort_by_key(|address| (address.is_ipv6(), *address));
    all.dedup();
    if all.iter().any(|address| !address.ip().is_loopback()) {
        all.retain(|address| !address.ip().is_loopback());
    }
    all
}

/// The addresses of this computer's main interfaces, found without sending anything: connecting a UDP socket only asks the routing table.
pub(crate) fn local_ips() -> Vec<IpAddr> {
    // Addresses set aside for documentation (RFC 5737, RFC 3849): surely behind the default route.
    let probes = [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")];
    let mut found = Vec::new();
    for (from, to) in probes {
        let Ok(socket) = UdpSocket::bind(from) else { continue };
        if socket.connect(to).is_ok()
            && let Ok(address) = socket.local_addr()
            && !address.ip().is_unspecified()
        {
            found.push(address.ip());
        }
    }
    if found.is_empty() {
        found.push(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    found
}

/// The computer behind an endpoint id.
pub(crate) fn computer(id: iroh::EndpointId) -> ComputerId {
    ComputerId(*id.as_bytes())
}

/// The endpoint id of a computer; `None` when the bytes are no public key.
pub(crate) fn endpoint_id(computer: &ComputerId) -> Option<iroh::EndpointId> {
    iroh::EndpointId::from_bytes(computer.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use super::*;

    fn worth(addresses: &[&str]) -> Vec<String> {
        worth_telling(addresses.iter().map(|text| text.parse().unwrap())).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn loopback_is_told_only_when_there_is_nothing_else() {
        assert_eq!(worth(&["127.0.0.1:7", "192.168.1.4:7", "[::1]:7"]), ["192.168.1.4:7"]);
        assert_eq!(worth(&["[::1]:7", "127.0.0.1:7"]), ["127.0.0.1:7", "[::1]:7"]);
    }

    #[test]
    fn useless_addresses_are_left_out() {
        assert_eq!(worth(&["0.0.0.0:7", "10.0.0.1:0", "[fe80::1]:7", "[::ffff:10.0.0.2]:9", "10.0.0.2:9"]), ["10.0.0.2:9"]);
    }

    #[test]
    fn a_path_is_named_by_its_address() {
        let near = |text: &str| Path::of(&TransportAddr::Ip(text.parse().unwrap())).word();
        assert_eq!(near("192.168.3.4:1"), "lan");
        assert_eq!(near("[fd00::1]:1"), "lan");
        assert_eq!(near("8.8.8.8:1"), "direct");
        assert_eq!(Path::of(&TransportAddr::Relay("https://relay.example".parse().unwrap())).word(), "relay");
    }

    #[test]
    fn there_is_always_some_address() {
        assert!(!local_ips().is_empty());
    }
}
