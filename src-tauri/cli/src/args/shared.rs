//! Options that several commands have.

use std::path::PathBuf;

use clap::Args;

/// Many records at once.
#[derive(Debug, Args)]
pub(crate) struct Many {
    /// All records that a query finds, as one operation
    #[arg(long = "where", value_name = "QUERY", id = "query")]
    pub(crate) query: Option<String>,
    /// Of this kind only
    #[arg(long, requires = "query")]
    pub(crate) kind: Option<String>,
    /// Only show what would be done
    #[arg(long, requires = "query")]
    pub(crate) dry_run: bool,
}

/// Narrows to one space.
#[derive(Debug, Args)]
pub(crate) struct Scope {
    /// The space; all unless told
    #[arg(long)]
    pub(crate) space: Option<String>,
}

/// What a file that is written is locked with.
#[derive(Debug, Args)]
pub(crate) struct LockWith {
    /// A file whose first line is the passphrase
    #[arg(long, value_name = "FILE", conflicts_with = "recipient")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Lock it for an age recipient instead of with a passphrase
    #[arg(long, value_name = "AGE1...")]
    pub(crate) recipient: Option<String>,
}
