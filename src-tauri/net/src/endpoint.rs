//! The iroh endpoint: its identity, its port, its relays and its addresses.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use iroh::endpoint::{BindOpts, Builder, NetReportConfig, QuicTransportConfig, VarInt, presets};
use iroh::{Endpoint, RelayMap, RelayMode, SecretKey};
use tuttu_engine::api::{ErrorCode, ErrorView};

use crate::{address, files};

/// The exchange of spaces.
pub(crate) const EXCHANGE: &[u8] = b"tuttu/1";
/// Pairing by a link.
pub(crate) const PAIRING: &[u8] = b"tuttu-pair/1";
/// The setting with the last port.
pub(crate) const PORT_SETTING: &str = "net.port";

/// A computer that says nothing for so many milliseconds is away; while connected, something is said every five seconds.
const SILENCE: VarInt = VarInt::from_u32(15_000);

/// Where to listen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// One address, or all interfaces.
    pub(crate) bind: Option<SocketAddr>,
    /// The port used last time, for when none is asked for.
    pub(crate) last_port: Option<u16>,
}

/// Opens the endpoint. Nothing is published anywhere; relays are only those in `relays`, which may be empty and change later.
///
/// # Errors
/// When the address cannot be bound.
pub(crate) async fn open(secret: [u8; 32], place: Place, relays: &RelayMap) -> Result<Endpoint, ErrorView> {
    let asked = place.bind.map_or(0, |address| address.port());
    if asked == 0
        && let Some(port) = place.last_port.filter(|port| *port != 0)
    {
        match open_at(secret, place.bind, port, relays).await {
            Ok(endpoint) => return Ok(endpoint),
            Err(error) => tracing::info!(port, %error, "the last port is taken; another one is used"),
        }
    }
    open_at(secret, place.bind, asked, relays).await
}

async fn open_at(secret: [u8; 32], bind: Option<SocketAddr>, port: u16, relays: &RelayMap) -> Result<Endpoint, ErrorView> {
    let failed = |why: String| {
        let place = bind.map_or_else(|| format!("port {port}"), |address| SocketAddr::new(address.ip(), port).to_string());
        let message = format!("Tuttu cannot listen on {place}: {why}.");
        ErrorView::new(ErrorCode::Invalid, message, "Another program may use it. Give another address, or port 0 for any.")
    };
    let builder = sockets(builder(secret, relays), bind, port).map_err(|error| failed(error.to_string()))?;
    builder.bind().await.map_err(|error| failed(reason(&error)))
}

fn builder(secret: [u8; 32], relays: &RelayMap) -> Builder {
    let mut report = NetReportConfig::minimal();
    report.https_probes = true;
    Endpoint::builder(presets::Minimal)
        .secret_key(SecretKey::from_bytes(&secret))
        .alpns(vec![EXCHANGE.to_vec(), PAIRING.to_vec()])
        // With an empty map nothing is contacted; a relay chosen later, or brought by a link, is added to it.
        .relay_mode(RelayMode::Custom(relays.clone()))
        .net_report_config(report)
        // Beside the exchange there is one stream each way for whereabouts, and some for files.
        .transport_config(
            QuicTransportConfig::builder()
                .max_idle_timeout(Some(SILENCE.into()))
                .max_concurrent_uni_streams(VarInt::from_u32(1))
                .max_concurrent_bidi_streams(files::AT_ONCE.into())
                .build(),
        )
}

fn sockets(builder: Builder, bind: Option<SocketAddr>, port: u16) -> Result<Builder, iroh::endpoint::InvalidSocketAddr> {
    match bind {
        Some(address) => builder.clear_ip_transports().bind_addr(SocketAddr::new(address.ip(), port)),
        None => builder
            .clear_ip_transports()
            .bind_addr(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))?
            // Where there is no IPv6, or its port is taken, IPv4 alone will do.
            .bind_addr_with_opts(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)), BindOpts::default().set_is_required(false)),
    }
}

/// The innermost reason of an error, which is the one people understand.
fn reason(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// The port to remember.
pub(crate) fn port(endpoint: &Endpoint) -> Option<u16> {
    let sockets = endpoint.bound_sockets();
    sockets.iter().find(|address| address.is_ipv4()).or_else(|| sockets.first()).map(SocketAddr::port)
}

/// Where others can reach this computer directly, best first.
pub(crate) fn addresses(endpoint: &Endpoint) -> Vec<SocketAddr> {
    let known = endpoint.addr();
    let bound = endpoint.bound_sockets();
    let found = address::worth_telling(known.ip_addrs().copied().chain(bound.iter().copied()));
    if !found.is_empty() {
        return found;
    }
    // No interface is up: say where it will listen once one is.
    let port = port(endpoint).unwrap_or_default();
    address::worth_telling(address::local_ips().into_iter().map(|ip| SocketAddr::new(ip, port)))
}

#[cfg(test)]
mod tests;
