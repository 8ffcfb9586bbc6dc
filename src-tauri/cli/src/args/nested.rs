//! The words after `space`, `tag` and `attachment`.

use std::path::PathBuf;

use clap::Subcommand;

/// What to do with spaces.
#[derive(Debug, Subcommand)]
pub(crate) enum SpaceCommand {
    /// Make a space
    New {
        /// Its name
        name: String,
    },
    /// All spaces
    List,
    /// One space with its members and invitations
    Show {
        /// The space
        space: String,
    },
    /// Rename a space
    Rename {
        /// The space
        space: String,
        /// The new name
        name: String,
    },
    /// Leave a space; your copy stays readable
    Leave {
        /// The space
        space: String,
    },
}

/// What to do with tags.
#[derive(Debug, Subcommand)]
pub(crate) enum TagCommand {
    /// All tags with their counts
    List {
        /// The space; all unless told
        #[arg(long)]
        space: Option<String>,
    },
    /// Give every record with one tag another instead; a tag that is there already is merged with
    Rename {
        /// The tag
        from: String,
        /// What it becomes
        to: String,
        /// Only in this space
        #[arg(long)]
        space: Option<String>,
    },
    /// Take a tag off every record
    Remove {
        /// The tag
        tag: String,
        /// Only in this space
        #[arg(long)]
        space: Option<String>,
    },
}

/// What to do with attached files.
#[derive(Debug, Subcommand)]
pub(crate) enum AttachmentCommand {
    /// Write a file to a path, verified
    Save {
        /// Its hash, or the beginning of it
        hash: String,
        /// Where to
        file: PathBuf,
    },
    /// Fetch a file that is not on this computer from one that has it
    Fetch {
        /// Its hash, or the beginning of it
        hash: String,
        /// How long to try
        #[arg(long, default_value = "30s")]
        timeout: String,
    },
}

/// What to do with bundles.
#[derive(Debug, Subcommand)]
pub(crate) enum BundleCommand {
    /// Write what the other computers of a space may lack to an encrypted file
    ///
    /// Only the computers that read the space now can open it. Whoever carries it needs no part in the space.
    Write {
        /// The file; must not exist yet
        file: PathBuf,
        /// The space
        #[arg(long)]
        space: String,
        /// Also what all of them have confirmed
        #[arg(long)]
        all: bool,
        /// Without the files of its records
        #[arg(long)]
        no_files: bool,
    },
    /// Take in such a file; reading it twice is harmless
    Read {
        /// The file
        file: PathBuf,
    },
}
