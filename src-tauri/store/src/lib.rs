//! Purpose: the vault on disk: one SQLite database, one writer, projections and search.
//! May use: `tuttu-sync`, `tuttu-model`.
//! Invariants: raw changes are the truth and every projection can be rebuilt from them; one commit writes changes, feed entry, operation, projections and
//! search together; damage is set aside with a report, never deleted; a newer database is refused.
//! Start reading at: [`Store`], then [`rows`].

pub mod error;
mod reader;
pub mod rows;
mod store;
mod tx;

pub use error::StoreError;
pub use reader::Reader;
pub use store::{FileIdentity, Lane, Store};
pub use tx::Tx;
