//! The words of sharing: spaces, their members, one's own computers, the network.

use std::net::SocketAddr;

use clap::Subcommand;

use super::nested::{BundleCommand, ColleagueCommand, ComputerCommand, InvitationCommand, SpaceCommand, TrayCommand};

/// What to do with spaces, and with those they are shared with.
#[derive(Debug, Subcommand)]
pub(crate) enum SharingCommand {
    /// Make, list, show, rename and leave spaces
    #[command(subcommand)]
    Space(SpaceCommand),
    /// Make an invitation link
    Invite {
        /// The space
        space: String,
        /// editor, viewer or owner
        #[arg(long, default_value = "editor")]
        role: String,
        /// How long it works: 30m, 24h, 7d
        #[arg(long, default_value = "24h")]
        expires: String,
        /// Let in whoever brings the link, without comparing words (bearer access)
        #[arg(long)]
        auto: bool,
        /// For whom, a note to yourself
        #[arg(long = "for", default_value = "")]
        for_whom: String,
        /// A relay the link carries: a URL, or `public`
        #[arg(long)]
        relay: Option<String>,
    },
    /// Join a space by its link
    Join {
        /// The link
        link: String,
        /// Skip comparing words
        #[arg(long)]
        auto: bool,
    },
    /// Your own computers
    #[command(subcommand)]
    Computer(ComputerCommand),
    /// Invitations you made
    #[command(subcommand)]
    Invitation(InvitationCommand),
    /// The people you share spaces with
    #[command(subcommand)]
    Colleague(ColleagueCommand),
    /// Let in somebody who waits
    Approve {
        /// The request, from `requests` or the event
        request: String,
    },
    /// Turn away somebody who waits
    Decline {
        /// The request
        request: String,
    },
    /// Who waits to be let in
    Requests,
    /// The members of a space and their computers
    Members {
        /// The space
        space: String,
    },
    /// Give a member another role
    Role {
        /// The space
        space: String,
        /// The member: id, unique prefix or name
        member: String,
        /// owner, editor or viewer
        role: String,
    },
    /// Remove a member; what they have stays on their computers
    Remove {
        /// The space
        space: String,
        /// The member
        member: String,
        /// Only this computer of theirs: id, unique prefix or name
        #[arg(long)]
        computer: Option<String>,
    },
    /// Run until stopped: exchange with colleagues' computers
    Serve {
        /// Where to listen; port 0: the last port if free, else any
        #[arg(long, value_name = "ADDR:PORT")]
        bind: Option<SocketAddr>,
        /// Do not find and be found on the local network
        #[arg(long)]
        no_lan: bool,
        /// A relay: a URL, or `public`
        #[arg(long)]
        relay: Option<String>,
    },
    /// Exchange with every reachable member until each has confirmed
    Sync {
        /// How long to try: 30s, 2m
        #[arg(long, default_value = "30s")]
        timeout: String,
    },
    /// Exchange by file, where there is no network
    #[command(subcommand)]
    Bundle(BundleCommand),
    /// What members wrote that does not count any more, and taking it up
    #[command(subcommand)]
    Tray(TrayCommand),
    /// Try what an exchange needs, and say what to do
    ///
    /// Looks at this computer's addresses, its firewall, its network, the relay and every colleague's computer. Exit 1 when something does not work.
    Doctor,
    /// What happened between this computer and others, newest first
    Log {
        /// At most this many
        #[arg(long)]
        limit: Option<u32>,
    },
}
