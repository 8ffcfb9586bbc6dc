use serde::{Deserialize, Serialize};

/// A stable word for each kind of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// There is no vault here yet.
    NoVault,
    /// There is a vault here already.
    VaultExists,
    /// Another process has the vault open.
    VaultInUse,
    /// The vault was written by a newer version.
    NewerVault,
    /// The vault is damaged.
    Damaged,
    /// The folder cannot be written.
    ReadOnly,
    /// The disk is full.
    DiskFull,
    /// No such record, space, member, ...
    NotFound,
    /// More than one fits.
    Ambiguous,
    /// The input is wrong.
    Invalid,
    /// The person may not do that here.
    NotAllowed,
    /// There is nothing to undo or redo.
    NothingToUndo,
    /// The file cannot be read or written.
    File,
    /// The link is wrong, used, expired or withdrawn.
    Link,
    /// The other computer cannot be reached, or refused.
    Unreachable,
    /// It took too long.
    Timeout,
    /// Nobody waits for the answer any more: a newer question took its place.
    Stopped,
    /// Something that should not happen.
    Internal,
}

/// An error as people and programs see it: what is wrong, what is safe and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[error("{message}")]
pub struct ErrorView {
    /// For programs.
    pub code: ErrorCode,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What is safe and what to do; may be empty.
    pub hint: String,
}

impl ErrorView {
    /// An error with a hint.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into() }
    }
}
