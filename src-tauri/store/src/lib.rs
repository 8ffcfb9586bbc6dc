//! Purpose: the vault on disk: one SQLite database, one writer, projections and search.
//! May use: `tuttu-sync`, `tuttu-model`.
//! Invariants: raw changes are the truth and every projection can be rebuilt from them; one commit writes changes, feed entry, operation, projections and
//! search together; damage is set aside with a report, never deleted; a newer database is refused.
//! Start reading at: [`Store`], then [`rows`].

mod accumulator;
mod archive;
mod audit;
mod collation;
mod connection;
pub mod error;
mod lock;
mod migrate;
mod noticed;
mod packing;
mod projection;
mod reader;
pub mod rows;
mod salvage;
mod search;
mod sql;
mod store;
mod stored_view;
mod sums;
mod tx;
mod upkeep;
mod writer;

#[cfg(test)]
mod tests;

pub use archive::{Cell, Extent, Piece};
pub use audit::Audit;
pub use collation::LOCALE_SETTING;
pub use error::StoreError;
pub use lock::FileIdentity;
pub use reader::Reader;
pub use reader::audit::{FeedRow, StoredRow};
pub use store::{Lane, Store};
pub use tx::{PreparedRecord, Tx};
