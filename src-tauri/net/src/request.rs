//! What can be asked of a running Tuttu: by the window in its own process, and by the command line over the local socket.

use serde::{Deserialize, Serialize};
use tuttu_engine::api::{Answer, Command, JoinRequestView, Outcome, Query};

use crate::doctor::Diagnosis;

/// A request to the process that holds the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Request {
    /// Carry out a command. For [`Command::Invite`] the host fills in hints and, when none is given, the relay in use.
    Execute {
        /// The command.
        command: Command,
    },
    /// Answer a query; computers' states are filled in from the live connections.
    Query {
        /// The query.
        query: Query,
    },
    /// Dial the inviter named by a link; answers with [`Reply::JoinOffer`] once the words are there.
    Join {
        /// The link.
        link: String,
        /// The joiner skips comparing words: join at once if the inviter allows.
        auto: bool,
    },
    /// Dial the computer named by a link for one's own next computer; then as for [`Request::Join`]. Records that are here move along.
    JoinPerson {
        /// The link.
        link: String,
        /// The joiner skips comparing words.
        auto: bool,
        /// What this computer is called from now on; `None`: as before.
        computer_name: Option<String>,
    },
    /// The person compared the words: join (waits until the space has arrived, [`Reply::Joined`]) or give up.
    JoinAnswer {
        /// The offer.
        offer: String,
        /// The words are the same.
        same: bool,
    },
    /// Who waits to join.
    JoinRequests,
    /// The inviter compared the words: let them in or not.
    Answer {
        /// The request (id or unique prefix).
        request: String,
        /// Let them in.
        approve: bool,
    },
    /// Exchange with every reachable member until each has confirmed.
    Sync {
        /// How long to try, in seconds.
        timeout: u32,
    },
    /// Fetch a file of a record from whoever has it.
    Fetch {
        /// Its hash, or the beginning of it.
        hash: String,
        /// How long to try, in seconds.
        timeout: u32,
    },
    /// Examine the network: what works, what does not, and what to do.
    Examine,
    /// From now on this connection carries events.
    Subscribe,
    /// The addresses it listens on.
    Addresses,
    /// Stop (only for `serve`).
    Stop,
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", content = "value", rename_all = "kebab-case")]
pub enum Reply {
    /// To `execute`.
    Outcome(Outcome),
    /// To `query`.
    Answer(Answer),
    /// To `join`.
    JoinOffer(JoinOffer),
    /// To `join-answer`, and to `join` with `auto`.
    Joined(Joined),
    /// To `join-requests`.
    JoinRequests(Vec<JoinRequestView>),
    /// To `sync`.
    Synced(Vec<SyncResult>),
    /// To `fetch`.
    Fetched(Fetched),
    /// To `examine`.
    Examined(Vec<Diagnosis>),
    /// To `addresses`: this computer's id and `ip:port`s.
    Addresses(String, Vec<String>),
    /// Done.
    Done,
}

/// What the joiner sees before confirming. Nothing else has left the inviter's computer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct JoinOffer {
    /// Names this attempt.
    pub id: String,
    /// Who invites.
    pub inviter: String,
    /// On which computer.
    pub inviter_computer: String,
    /// To which space; empty where this becomes one of the inviter's own computers.
    pub space_name: String,
    /// As what.
    pub role: String,
    /// Until when the invitation works, RFC 3339.
    pub expires: String,
    /// The four words.
    pub words: Vec<String>,
    /// `direct`, `relay` or `lan`.
    pub path: String,
}

/// A space has arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Joined {
    /// The space.
    pub space: String,
    /// Its name.
    pub name: String,
    /// Who invited.
    pub inviter: String,
    /// The four words.
    pub words: Vec<String>,
    /// When this became a computer of a person: how many spaces came, and how many records moved into the private one.
    #[serde(default)]
    pub spaces: u32,
    /// See `spaces`.
    #[serde(default)]
    pub moved: u32,
}

/// What became of a file that was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Fetched {
    /// Its hash; as it was asked for when it was here before.
    pub hash: String,
    /// What the record calls it.
    pub name: String,
    /// It is here, whole.
    pub here: bool,
    /// Why not, in a sentence.
    pub reason: String,
}

/// How the exchange with one computer went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncResult {
    /// The computer.
    pub computer: String,
    /// Its name.
    pub computer_name: String,
    /// Whose it is.
    pub person: String,
    /// It could be reached.
    pub reachable: bool,
    /// It confirmed everything, and we have everything of it.
    pub confirmed: bool,
    /// Why not, in a sentence.
    pub reason: String,
}
