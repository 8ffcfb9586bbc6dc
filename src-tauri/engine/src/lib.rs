//! Purpose: the one API of Tuttu: `execute(Command)`, `query(Query)`, undo, import, export, subscribe; and `apply_remote`, the only other way in.
//! May use: `tuttu-store`, `tuttu-sync`, `tuttu-interchange`, `tuttu-model`.
//! Invariants: a command returns when its change is durable and never waits for the network; local and remote changes go through one commit; every
//! number in the sync line comes from an acknowledgement.
//! Start reading at: [`api`], then [`Engine`].

pub mod api;

mod authors;
mod backup;
mod bulk;
mod bundle;
mod check;
mod clock;
mod colleagues;
mod commands;
mod commit;
mod computers;
mod damage;
mod definitions;
mod duplicates;
mod engine;
mod failure;
mod fetching;
mod files;
mod import;
mod keys;
mod links;
mod log;
mod members;
mod moving;
mod pairing;
mod past;
mod place;
mod queries;
mod rebuild;
mod reminders;
mod remote;
mod replica;
mod resolve;
mod restore;
mod share;
mod surroundings;
mod sync_line;
mod tags;
mod timeline;
mod today;
mod tray;
mod typed_links;
mod undo;
mod vault;

pub use computers::joining::Adopted;
pub use engine::{Engine, NewVault, Peer};
pub use fetching::{GivenFile, IncomingFile, WantedFile};
pub use pairing::InvitationTerms;
pub use place::default_vault_dir;
pub use restore::{Restore, RestoreKey, Restored};
pub use surroundings::{Surroundings, System};
pub use tuttu_model as model;
pub use tuttu_sync as sync;
