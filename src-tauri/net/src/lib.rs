//! Purpose: everything that touches the network or another process: the iroh endpoint, LAN discovery, pairing, the loop that drives `tuttu-sync`
//! sessions and carries out their effects, and the local socket through which a second process reaches the one that holds the vault.
//! May use: `tuttu-engine`, `tuttu-sync`.
//! Invariants: no relay unless chosen; nothing is published; every wait has a limit; the local socket is for the same user only.
//! Start reading at: [`host`].

mod accept;
mod address;
mod blocking;
mod client;
mod clock;
mod contact;
mod dial;
mod doctor;
mod endpoint;
mod exchange;
mod files;
mod frame;
mod hints;
pub mod host;
mod lan;
mod live;
mod net;
mod outgoing;
mod pairing;
mod relay;
mod reminding;
pub mod request;
mod socket;
mod states;
mod supervisor;
mod sync_now;
mod tasks;
mod wake;
mod whereabouts;

pub use client::Client;
pub use doctor::{Diagnosis, Health};
pub use hints::offline_invite;
pub use host::{Host, HostOptions};
pub use request::{Fetched, JoinOffer, Joined, Reply, Request, SyncResult};
