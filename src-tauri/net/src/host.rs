//! The host: one vault, its network and its local socket, for as long as the process runs.

use std::net::SocketAddr;

use tokio::sync::broadcast;
use tuttu_engine::Engine;
use tuttu_engine::api::{ErrorView, Event};

use crate::request::{Reply, Request};

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

/// A running Tuttu. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Host {}

impl Host {
    /// Starts the network and the socket. Without any network it starts all the same and keeps trying.
    ///
    /// # Errors
    /// When the address cannot be bound or the socket cannot be made.
    pub async fn start(engine: Engine, options: HostOptions) -> Result<Self, ErrorView> {
        todo!()
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        todo!()
    }

    /// Carries out a request; the same for the window and for the socket.
    ///
    /// # Errors
    /// What the engine or the network says.
    pub async fn request(&self, request: Request) -> Result<Reply, ErrorView> {
        todo!()
    }

    /// Events of the engine and the network.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        todo!()
    }

    /// Closes connections in order, then the vault.
    pub async fn shutdown(self) {
        todo!()
    }
}

/// A connection to the process that holds a vault.
#[derive(Debug)]
pub struct Client {}

impl Client {
    /// Connects to the process that holds the vault in this folder; `None` when there is none.
    ///
    /// # Errors
    /// When a process holds the vault but does not answer.
    pub async fn connect(vault: &std::path::Path) -> Result<Option<Self>, ErrorView> {
        todo!()
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// What the other process says, or that it went away.
    pub async fn request(&mut self, request: Request) -> Result<Reply, ErrorView> {
        todo!()
    }

    /// The next event, after [`Request::Subscribe`]. `None` when the other process stopped.
    pub async fn next_event(&mut self) -> Option<Event> {
        todo!()
    }
}
