//! A relay of one's own, as somebody would run one: the real server, in a process of its own, on a host of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};

use tuttu_tests::hosts::Host;

/// Tells the process that is to be the relay where to listen.
const ADDRESS: &str = "TUTTU_TEST_RELAY";
const LISTENS: &str = "the relay listens";

/// A running relay.
pub(crate) struct Relay {
    child: Child,
}

impl Relay {
    /// Starts it on a host and waits until it listens.
    pub(crate) fn start(host: &Host, address: &str) -> Self {
        let mut command = host.command(std::env::current_exe().unwrap());
        command.args(["--exact", "relay_server::serves", "--ignored", "--nocapture"]).env(ADDRESS, address);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(said.any(|line| line.contains(LISTENS)), "the relay ended");
        Self { child }
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
#[ignore = "the relay itself, started by the tests that need one"]
fn serves() {
    let Ok(address) = std::env::var(ADDRESS) else { return };
    let address: SocketAddr = address.parse().unwrap();
    let mut config = iroh_relay::server::ServerConfig::default();
    // Without TLS: what passes is encrypted between the computers, and a test has no certificate.
    config.relay = Some(iroh_relay::server::RelayConfig::new(address));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let _server = iroh_relay::server::Server::spawn(config).await.unwrap();
        println!("{LISTENS} on {address}");
        std::future::pending::<()>().await;
    });
}
