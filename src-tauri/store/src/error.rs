//! What can go wrong with the vault on disk.

/// An error of the store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Nothing here.
    #[error("there is no vault in this folder")]
    NoVault,
    /// A vault is here already.
    #[error("there is a vault in this folder already")]
    VaultExists,
    /// Another process holds the lock.
    #[error("another process has this vault open")]
    InUse,
    /// Written by a newer version.
    #[error("this vault was written by a newer version of Tuttu (schema {found}, this version knows {known})")]
    Newer {
        /// The schema version found.
        found: u32,
        /// The newest this version knows.
        known: u32,
    },
    /// Something stored in the database is damaged.
    #[error("the vault is damaged: {0}")]
    Damaged(String),
    /// Pages of the database file are damaged.
    #[error("a part of the vault’s database is damaged: {0}")]
    Corrupt(String),
    /// The file is no database of Tuttu's.
    #[error("the vault’s database cannot be read: {0}")]
    NotAVault(String),
    /// The folder or disk cannot be written.
    #[error("the vault cannot be written: {0}")]
    ReadOnly(String),
    /// No space left.
    #[error("the disk is full")]
    DiskFull,
    /// The caller's closure gave up: nothing was written.
    #[error("{0}")]
    Abandoned(String),
    /// Anything else.
    #[error("the vault cannot be read or written: {0}")]
    Other(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::{Error, ErrorCode};
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => return Self::DiskFull,
            // The file that processes share an index in could not grow, or be made: SQLite does not say so more plainly.
            Some(ErrorCode::SystemIoFailure) if is_no_room(&error) => return Self::DiskFull,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => return Self::ReadOnly(error.to_string()),
            Some(ErrorCode::DatabaseCorrupt) => return Self::Corrupt(error.to_string()),
            Some(ErrorCode::NotADatabase) => return Self::NotAVault(error.to_string()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => return Self::InUse,
            _ => {}
        }
        match &error {
            Error::FromSqlConversionFailure(..) | Error::InvalidColumnType(..) | Error::IntegralValueOutOfRange(..) => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Other(error.to_string()),
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::ReadOnly(plain(&error)),
            _ => Self::Other(plain(&error)),
        }
    }
}

fn is_no_room(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}

/// What the system says, without the number that it says it by.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let said = text.split_once(" (os error").map_or(text.as_str(), |(said, _)| said);
    let mut chars = said.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
