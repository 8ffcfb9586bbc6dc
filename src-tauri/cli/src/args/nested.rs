//! The words after `space`, `computer`, `colleague`, `invitation`, `tag`, `attachment` and `bundle`.

use std::path::PathBuf;

use clap::Subcommand;

use super::shared::Scope;

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
    /// Make a member the owner in your place; you stay as an editor
    HandOver {
        /// The space
        space: String,
        /// The member: id, unique prefix or name
        member: String,
    },
}

/// What to do with invitations.
#[derive(Debug, Subcommand)]
pub(crate) enum InvitationCommand {
    /// Those of a space that can still be used, and those that ran out lately
    List {
        /// The space
        space: String,
    },
    /// Make one worthless that was not used yet
    Withdraw {
        /// The invitation: its id or the beginning of it
        invitation: String,
    },
}

/// What to do with the people one shares spaces with. What is noted of them is yours alone.
#[derive(Debug, Subcommand)]
pub(crate) enum ColleagueCommand {
    /// Everybody who is or was in a space with you: their card, whether you compared words, whether they are blocked
    List,
    /// Say which card of yours is theirs
    Link {
        /// The colleague: id, unique prefix or name
        person: String,
        /// The card
        card: String,
        #[command(flatten)]
        scope: Scope,
    },
    /// End that
    Unlink {
        /// The colleague
        person: String,
    },
    /// Compare the eight words that both of you see; only the same people see the same words
    Verify {
        /// The colleague
        person: String,
        /// Take it back instead
        #[arg(long)]
        not: bool,
    },
    /// Do not connect with their computers any more
    ///
    /// In spaces you share, what they change still reaches you through others; to end that, remove them or leave.
    Block {
        /// The colleague
        person: String,
    },
    /// Connect with their computers again
    Unblock {
        /// The colleague
        person: String,
    },
}

/// What to do with one's own computers.
#[derive(Debug, Subcommand)]
pub(crate) enum ComputerCommand {
    /// All of them: state, what each has confirmed, and in which spaces it is
    List,
    /// Make a link that lets your next computer in; needs no network
    Invite {
        /// How long it works: 10m, 1h
        #[arg(long, default_value = "10m")]
        expires: String,
        /// Let in whoever brings the link, without comparing words
        #[arg(long)]
        auto: bool,
        /// A relay to carry in the link, besides the one in use
        #[arg(long)]
        relay: Option<String>,
    },
    /// On the new computer, instead of init: become the next computer of who made the link
    Join {
        /// The link
        link: String,
        /// Skip comparing words
        #[arg(long)]
        auto: bool,
        /// This computer's name; the host name unless told
        #[arg(long, value_name = "NAME")]
        computer: Option<String>,
    },
    /// Take one out, lost or sold: it gets nothing further
    Revoke {
        /// The computer: id, unique prefix or name
        computer: String,
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

/// What to do with the settings of this computer.
#[derive(Debug, Subcommand)]
pub(crate) enum SettingCommand {
    /// All settings with their values
    List,
    /// Set one; a running Tuttu takes it over without losing connections
    Set {
        /// Its key, from `setting list`
        key: String,
        /// Its value
        value: String,
    },
    /// Go back to what holds without a choice
    Unset {
        /// Its key
        key: String,
    },
}

/// What to do with what does not count any more.
#[derive(Debug, Subcommand)]
pub(crate) enum TrayCommand {
    /// What members wrote after they were removed, or in a feed that ended, and would still change something
    List {
        /// The space
        space: String,
    },
    /// Write it anew, as yours
    Take {
        /// The space
        space: String,
        /// The changes, from `tray list`; all unless told
        changes: Vec<String>,
    },
    /// Do not offer it any more on this computer; it stays where it is
    Dismiss {
        /// The space
        space: String,
        /// The changes, from `tray list`
        #[arg(required = true)]
        changes: Vec<String>,
    },
}
