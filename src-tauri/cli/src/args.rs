//! The words of the command line (see the README and `tuttu help`).

mod nested;
mod shared;
mod sharing;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub(crate) use nested::{
    AttachmentCommand, BundleCommand, ColleagueCommand, ComputerCommand, InvitationCommand, SettingCommand, SpaceCommand, TagCommand,
    TrayCommand,
};
pub(crate) use shared::{LockWith, Many, Scope};
pub(crate) use sharing::SharingCommand;

/// People, organisations and what you did with them, on your own computer. Shares a space directly with colleagues, without a server.
#[derive(Debug, Parser)]
#[command(name = "tuttu", version, arg_required_else_help = true, disable_help_subcommand = false)]
pub(crate) struct Cli {
    /// The folder of the vault; the platform's data directory unless told
    #[arg(long, global = true, env = "TUTTU_VAULT", value_name = "DIR")]
    pub(crate) vault: Option<PathBuf>,
    /// Print JSON: one object, or one per line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Answer yes to every question
    #[arg(long, global = true)]
    pub(crate) yes: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a vault: your key, this computer's key, your own space
    Init {
        /// Your name
        #[arg(long)]
        name: String,
        /// This computer's name; the host name unless told
        #[arg(long)]
        computer: Option<String>,
    },
    /// You, this computer, spaces, members and who has what
    Status,
    /// Add a record: person, org, note, call, meeting, email, message, task or event
    Add {
        /// What it is
        kind: String,
        /// FIELD=VALUE, FIELD+=VALUE
        fields: Vec<String>,
        /// The space; My own unless told
        #[arg(long)]
        space: Option<String>,
        /// Read one JSON object per line from standard input
        #[arg(long, conflicts_with = "fields")]
        stdin: bool,
    },
    /// Change fields of a record; or of all that a query finds: set --where QUERY FIELD=VALUE...
    Set {
        /// The record (id, unique prefix or unique name), then FIELD=VALUE, FIELD+=VALUE, FIELD-=VALUE; with --where the fields alone
        #[arg(required = true, value_name = "ID FIELD=VALUE")]
        words: Vec<String>,
        #[command(flatten)]
        scope: Scope,
        #[command(flatten)]
        many: Many,
    },
    /// Show a record
    Get {
        /// The record
        id: String,
        /// As it was then: a date, or a time
        #[arg(long, value_name = "DATE")]
        at: Option<String>,
        #[command(flatten)]
        scope: Scope,
    },
    /// List records of a kind
    List {
        /// person, org, note, ..., activity, or all
        kind: String,
        #[command(flatten)]
        scope: Scope,
        /// A query: words, tag:x, due<today, -has:email, (a or b), ...; see docs/search.md
        #[arg(long = "where", value_name = "QUERY")]
        query: Option<String>,
        /// name, changed, created, due, start, last (contact) or at
        #[arg(long)]
        sort: Option<String>,
        /// Count groups instead: letter, kind, space, tag, org, changed or created (months)
        #[arg(long, value_name = "BY", conflicts_with_all = ["sort", "limit"])]
        group: Option<String>,
        /// At most this many
        #[arg(long)]
        limit: Option<u32>,
    },
    /// Find records by any word, number or address
    Search {
        /// What to find: words, numbers, and filters as in docs/search.md
        query: String,
        /// At most this many
        #[arg(long)]
        limit: Option<u32>,
    },
    /// Activities and changes of a record or a space, newest first
    Timeline {
        /// The record, or a space where no record is meant
        id: String,
        /// At most this many
        #[arg(long)]
        limit: Option<u32>,
        #[command(flatten)]
        scope: Scope,
    },
    /// Put records in the trash
    Delete {
        /// The records
        #[arg(required_unless_present = "query")]
        ids: Vec<String>,
        #[command(flatten)]
        scope: Scope,
        #[command(flatten)]
        many: Many,
    },
    /// Take records out of the trash; or make a vault out of a backup: restore FILE --vault NEW
    ///
    /// A restored vault is a computer of its own, with a new key. The passphrase is asked for on a terminal; scripts name a file or set
    /// TUTTU_PASSPHRASE.
    Restore {
        /// The records; or the backup file, where --vault names a folder that is not there yet
        #[arg(required = true)]
        ids: Vec<String>,
        #[command(flatten)]
        scope: Scope,
        /// A file whose first line is the passphrase of the backup
        #[arg(long, value_name = "FILE", conflicts_with = "identity")]
        passphrase_file: Option<PathBuf>,
        /// The age identity file that opens the backup
        #[arg(long, value_name = "FILE")]
        identity: Option<String>,
        /// This computer's name in the restored vault; the host name unless told
        #[arg(long)]
        computer: Option<String>,
    },
    /// What the day brings: who is to be met, what is due, what takes place, what colleagues changed
    Today {
        /// Lines of each part
        #[arg(long)]
        limit: Option<u32>,
        /// What colleagues changed counts as looked at from now on
        #[arg(long)]
        seen: bool,
    },
    /// What is in the trash
    Trash,
    /// Take back your last operation, or another one
    Undo {
        /// The operation, from `operations`
        operation: Option<String>,
    },
    /// What you did on this computer, newest first, and whether it is taken back
    Operations {
        /// At most this many
        #[arg(long)]
        limit: Option<u32>,
    },
    /// Do again what was taken back last
    Redo,
    /// Who changed which field, when and on which computer
    History {
        /// The record
        id: String,
        #[command(flatten)]
        scope: Scope,
    },
    /// Take back one change of a record
    Revert {
        /// The record
        id: String,
        /// The change, from `history`; with --at the fields that are to be what they were, all unless told
        #[arg(required_unless_present = "at")]
        words: Vec<String>,
        /// Make the record what it was then: a date, or a time
        #[arg(long, value_name = "DATE")]
        at: Option<String>,
        #[command(flatten)]
        scope: Scope,
    },
    /// Values kept side by side
    Conflicts {
        /// One record; all unless told
        id: Option<String>,
        #[command(flatten)]
        scope: Scope,
    },
    /// Settle a conflict for everybody
    Choose {
        /// The record
        id: String,
        /// The field, from `conflicts`
        field: String,
        /// A number of the list, or `both`
        choice: String,
        #[command(flatten)]
        scope: Scope,
    },
    /// Import files
    Import {
        /// The files
        #[arg(required_unless_present = "undo")]
        files: Vec<PathBuf>,
        /// vcard; found out unless told
        #[arg(long)]
        format: Option<String>,
        /// The space; My own unless told
        #[arg(long)]
        space: Option<String>,
        /// Only say what would happen
        #[arg(long)]
        dry_run: bool,
        /// Take back an import, as its report names it
        #[arg(long, value_name = "IMPORT", conflicts_with_all = ["files", "format", "space", "dry_run"])]
        undo: Option<String>,
    },
    /// People and organisations that may be the same, with the reasons
    Duplicates {
        #[command(flatten)]
        scope: Scope,
        /// At most this many
        #[arg(long)]
        limit: Option<u32>,
    },
    /// Make one record of several; `unmerge` takes it back
    Merge {
        /// The records
        #[arg(required = true, num_args = 2..)]
        ids: Vec<String>,
        #[command(flatten)]
        scope: Scope,
    },
    /// Take apart what was merged
    Unmerge {
        /// The record that stayed, or one that was merged into it
        id: String,
        #[command(flatten)]
        scope: Scope,
    },
    /// Remember that records look alike and are not the same
    Distinct {
        /// The records
        #[arg(required = true, num_args = 2..)]
        ids: Vec<String>,
        #[command(flatten)]
        scope: Scope,
    },
    /// Write records to a file or standard output
    Export {
        /// vcard, vcard3 or json
        #[arg(long, default_value = "vcard")]
        format: String,
        #[command(flatten)]
        scope: Scope,
        /// A query: words, tag:x, due<today, -has:email, (a or b), ...; see docs/search.md
        #[arg(long = "where", value_name = "QUERY")]
        query: Option<String>,
        /// The file; standard output unless told
        #[arg(short, long)]
        output: Option<PathBuf>,
    },
    /// What links to a record: relations, members, tasks, steps
    Links {
        /// The record
        id: String,
        #[command(flatten)]
        scope: Scope,
    },
    /// List, rename, merge and remove tags
    #[command(subcommand)]
    Tag(TagCommand),
    /// Words to choose from: statuses, relations, or the labels of phones, emails, ...
    Words {
        /// Which
        vocabulary: String,
        /// The space; My own unless told
        #[arg(long)]
        space: Option<String>,
    },
    /// Attach a file to a record
    Attach {
        /// The record
        id: String,
        /// The file
        file: PathBuf,
        /// What it is called; as the file unless told
        #[arg(long, default_value = "")]
        name: String,
        #[command(flatten)]
        scope: Scope,
    },
    /// Files of a record, or all
    Attachments {
        /// The record
        id: Option<String>,
        #[command(flatten)]
        scope: Scope,
    },
    /// Write an attached file to a path
    #[command(subcommand)]
    Attachment(AttachmentCommand),
    /// Put a linked copy of a private card into a shared space; notes and rhythm stay private
    Share {
        /// The card
        id: String,
        /// The space
        space: String,
        /// Fields that go there, separated by commas: names, emails, phones, addresses, orgs and urls unless told
        #[arg(long, value_delimiter = ',')]
        fields: Vec<String>,
    },
    /// What differs between a private card and its copies
    Differences {
        /// The private card
        id: String,
    },
    /// Take over values that differ, from a copy or to it
    TakeOver {
        /// The private card
        id: String,
        /// Fields, from `differences`; all that differ unless told
        fields: Vec<String>,
        /// Which copy, where there are several
        #[arg(long, default_value = "")]
        copy: String,
        /// From the private card to the copy
        #[arg(long)]
        to_copy: bool,
    },
    /// Move records to another space: move ID... SPACE; or all that a query finds: move --where QUERY SPACE
    Move {
        /// The records, then the space they go to; with --where the space alone
        #[arg(required = true, value_name = "ID SPACE")]
        words: Vec<String>,
        #[command(flatten)]
        many: Many,
    },
    /// Spaces, members, computers and the network
    #[command(flatten)]
    Sharing(SharingCommand),
    /// Verify signatures, chains, documents and what is shown
    Check {
        /// Set damage aside and make again what can be made again
        #[arg(long)]
        repair: bool,
    },
    /// Settings of this computer: relay, network, files, region
    #[command(subcommand)]
    Setting(SettingCommand),
    /// Make lists, search and check sums again from the changes
    Rebuild,
    /// What could not be read and was set aside
    Damage {
        /// One record; all unless told
        id: Option<String>,
        #[command(flatten)]
        scope: Scope,
    },
    /// Write everything to one encrypted file and read it back
    ///
    /// The passphrase is asked for on a terminal; scripts name a file or set TUTTU_PASSPHRASE.
    Backup {
        /// The file; must not exist yet
        file: PathBuf,
        #[command(flatten)]
        lock: LockWith,
    },
    /// Write who you are and your spaces to an encrypted text, for when all your computers are lost
    ///
    /// To print, or to keep on a stick. `tuttu restore FILE --vault NEW` makes a computer of yours from it; what is in the spaces comes from your colleagues'
    /// computers, or from a backup.
    RecoveryKit {
        /// The file; must not exist yet
        file: PathBuf,
        #[command(flatten)]
        lock: LockWith,
    },
}

/// Seconds of `90s`, `30m`, `24h`, `7d`.
pub(crate) fn seconds(text: &str) -> Option<u32> {
    let (number, unit) = text.split_at(text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len()));
    let factor = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    number.parse::<u32>().ok()?.checked_mul(factor).filter(|seconds| *seconds > 0)
}
