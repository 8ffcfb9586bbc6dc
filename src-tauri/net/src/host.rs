//! The host: one vault, its network and its local socket, for as long as the process runs.

mod requests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;
use tuttu_engine::Engine;
use tuttu_engine::api::{ErrorView, Event};

use crate::blocking::{aside, ask};
pub use crate::client::Client;
use crate::endpoint::{self, Place};
use crate::net::Net;
use crate::relay::{self, Relay};
use crate::request::{Reply, Request};
use crate::{accept, files, hints, lan, reminding, socket, supervisor, wake};

/// How long tasks and connections may take to end.
const TO_END: Duration = Duration::from_secs(5);

/// How to run.
#[derive(Debug, Clone)]
pub struct HostOptions {
    /// Where to listen; port 0 means the last port if free, else any. `None`: all interfaces, port 0.
    pub bind: Option<SocketAddr>,
    /// Find and be found on the local network.
    pub lan: bool,
    /// A relay: a URL, or `public`. `None`: as kept in the settings; nothing kept means no relay.
    pub relay: Option<String>,
    /// Offer the local socket to other processes of the same user.
    pub socket: bool,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self { bind: None, lan: true, relay: None, socket: true }
    }
}

/// A running Tuttu. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Host {
    pub(crate) net: Arc<Net>,
}

impl Host {
    /// Starts the network and the socket. Without any network it starts all the same and keeps trying.
    ///
    /// # Errors
    /// When the address cannot be bound or the socket cannot be made.
    pub async fn start(engine: Engine, options: HostOptions) -> Result<Self, ErrorView> {
        let kept = Kept::read(engine.clone()).await?;
        let relay = Relay::chosen(options.relay.as_deref(), kept.relay.as_deref(), kept.link_relay.as_deref())?;
        let place = Place { bind: options.bind, last_port: kept.port };
        // The socket first: when it cannot be made, nothing has been opened to the network yet.
        let listener = if options.socket { Some(socket::Listener::bind(engine.dir())?) } else { None };
        let endpoint = endpoint::open(engine.computer_secret(), place, &relay.map()).await?;
        if let Some(port) = endpoint::port(&endpoint).filter(|port| Some(*port) != kept.port) {
            let engine = engine.clone();
            aside(move || hints::keep(&engine, endpoint::PORT_SETTING, &port.to_string())).await?;
        }
        let net = Net::new(engine, endpoint.clone(), place, (relay, options.relay), (options.lan && kept.lan, options.lan));
        let host = Self { net: Arc::clone(&net) };
        let me = endpoint.id();
        net.tasks.spawn(accept::run(Arc::clone(&net), endpoint));
        net.tasks.spawn(supervisor::run(Arc::clone(&net)));
        net.tasks.spawn(supervisor::watch_addresses(Arc::clone(&net)));
        net.tasks.spawn(wake::watch_sleep(Arc::clone(&net)));
        net.tasks.spawn(wake::watch_relay(Arc::clone(&net)));
        net.tasks.spawn(reminding::run(Arc::clone(&net)));
        net.tasks.spawn(files::fetch(Arc::clone(&net)));
        let finding = Arc::clone(&net);
        net.tasks.spawn(async move { finding.lan.run(me).await });
        if let Some(listener) = listener {
            net.tasks.spawn(socket::serve(host.clone(), listener));
        }
        Ok(host)
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.net.engine
    }

    /// Carries out a request; the same for the window and for the socket.
    ///
    /// # Errors
    /// What the engine or the network says.
    pub async fn request(&self, request: Request) -> Result<Reply, ErrorView> {
        requests::carry_out(&self.net, request).await
    }

    /// Events of the engine and the network.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.net.engine.subscribe()
    }

    /// The addresses it listens on now, best first.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.net.addresses()
    }

    /// Ready when another process asked this one to stop with [`Request::Stop`]. While nobody waits for this, such a request is refused: it is for
    /// processes without a window.
    pub async fn stop_requested(&self) {
        let mut asked = self.net.stop_asked.subscribe();
        // The sender lives as long as this host.
        let _ = asked.wait_for(|asked| *asked).await;
    }

    /// Reads the settings of the network again and dials everybody who is not connected. No connection is lost.
    ///
    /// # Errors
    /// When the settings cannot be read.
    pub async fn reload(&self) -> Result<(), ErrorView> {
        requests::settings_changed(&self.net).await?;
        self.net.lan.be_eager();
        self.net.dial_now();
        Ok(())
    }

    /// Closes connections in order, then the vault, as soon as no clone of this host or its engine is left.
    pub async fn shutdown(self) {
        // Each exchange ends in order by itself; what is left over is closed with the endpoint.
        self.net.tasks.shut_down(TO_END).await;
        if tokio::time::timeout(TO_END, self.net.endpoint().close()).await.is_err() {
            tracing::warn!("the connections did not end in time");
        }
    }
}

/// What the settings say about the network.
struct Kept {
    port: Option<u16>,
    relay: Option<String>,
    link_relay: Option<String>,
    lan: bool,
}

impl Kept {
    async fn read(engine: Engine) -> Result<Self, ErrorView> {
        ask(move || {
            Ok(Self {
                port: engine.setting(endpoint::PORT_SETTING)?.and_then(|port| port.parse().ok()),
                relay: engine.setting(relay::SETTING)?,
                link_relay: engine.setting(relay::LINK_SETTING)?,
                lan: engine.setting(lan::SETTING)?.as_deref() != Some("off"),
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests;
