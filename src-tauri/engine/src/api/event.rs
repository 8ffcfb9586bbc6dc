use serde::{Deserialize, Serialize};

use super::today::ReminderView;
use super::view::{JoinRequestView, SyncLine};

/// What the engine and the network tell their listeners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// Records, members or spaces changed: ask again for what you show.
    Changed {
        /// The spaces.
        spaces: Vec<String>,
        /// The records by their ids without the letter of their kind, at most 1,000; empty when more, or when the change is not about records.
        records: Vec<String>,
        /// It came from somebody else's computer.
        remote: bool,
    },
    /// The sync line or a computer's state changed.
    Sync {
        /// The line now.
        line: SyncLine,
    },
    /// A computer connected or went away.
    Peer {
        /// The computer.
        computer: String,
        /// The person's name.
        name: String,
        /// `direct`, `relay`, `lan` or `away`.
        state: String,
    },
    /// A computer confirmed everything of a space.
    Delivered {
        /// The computer.
        computer: String,
        /// The person's name.
        name: String,
        /// The space.
        space: String,
    },
    /// An exchange was refused, by us or by them.
    Refused {
        /// The computer.
        computer: String,
        /// Why, in a sentence.
        reason: String,
    },
    /// Somebody brought an invitation: compare words.
    JoinRequest {
        /// The request.
        request: JoinRequestView,
    },
    /// A join request is over: it was answered, withdrawn or the other side went away.
    JoinRequestEnded {
        /// The request.
        id: String,
    },
    /// How an import goes.
    ImportProgress {
        /// Cards done.
        done: u32,
        /// Of so many.
        total: u32,
    },
    /// How long work goes: `rebuild` (the lists are made again), `check`, `backup`.
    Progress {
        /// Which work.
        what: String,
        /// Done so far.
        done: u32,
        /// Of so many; 0 when not known.
        total: u32,
    },
    /// A file of a record comes from another computer.
    File {
        /// Its hash.
        hash: String,
        /// What the record calls it.
        name: String,
        /// The space it comes through.
        space: String,
        /// Bytes that are here.
        done: u32,
        /// Of so many; equal when it is whole.
        total: u32,
    },
    /// It is time for something, or was while nobody could be told: the newest first.
    Reminder {
        /// What.
        reminders: Vec<ReminderView>,
    },
    /// The network side listens.
    Listening {
        /// This computer's id.
        computer: String,
        /// Addresses, `ip:port`.
        addresses: Vec<String>,
    },
}
