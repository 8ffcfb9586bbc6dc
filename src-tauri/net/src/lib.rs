//! Purpose: everything that touches the network or another process: the iroh endpoint, LAN discovery, pairing, the loop that drives `tuttu-sync`
//! sessions and carries out their effects, and the local socket through which a second process reaches the one that holds the vault.
//! May use: `tuttu-engine`, `tuttu-sync`.
//! Invariants: no relay unless chosen; nothing is published; every wait has a limit; the local socket is for the same user only.
//! Start reading at: [`host`].

pub mod host;
pub mod request;

pub use host::{Host, HostOptions};
pub use request::{JoinOffer, Joined, Reply, Request, SyncResult};
