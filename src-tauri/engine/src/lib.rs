//! Purpose: the one API of Tuttu: `execute(Command)`, `query(Query)`, undo, import, export, subscribe; and `apply_remote`, the only other way in.
//! May use: `tuttu-store`, `tuttu-sync`, `tuttu-interchange`, `tuttu-model`.
//! Invariants: a command returns when its change is durable and never waits for the network; local and remote changes go through one commit; every
//! number in the sync line comes from an acknowledgement.
//! Start reading at: [`api`], then [`Engine`].

pub mod api;

pub use tuttu_model as model;
pub use tuttu_sync as sync;

mod engine_type;
pub use engine_type::{Engine, InvitationTerms, NewVault, Peer};
