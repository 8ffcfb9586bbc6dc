//! What is stored, row by row, as the engine sees it.

use std::collections::BTreeMap;

use tuttu_model::query::Today;
use tuttu_model::{ActorId, Change, ChangeHash, ComputerId, DocumentId, EntryHash, FeedId, OpHash, Record, RecordView, SpaceId};
use tuttu_sync::feed::{FeedHeader, VerifiedEntry};
use tuttu_sync::verdict::Standing;

/// A space held here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceRow {
    /// Its id.
    pub id: SpaceId,
    /// Its name, from membership.
    pub name: String,
    /// Shared only with the person's own computers.
    pub private: bool,
    /// The feed local commits go to; `None` until the first commit of an epoch.
    pub own_feed: Option<FeedId>,
    /// When it was made or joined here, seconds since 1970.
    pub since: i64,
}

/// A record as projected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// The space.
    pub space: SpaceId,
    /// The document.
    pub doc: DocumentId,
    /// The record (stamps carry actor ids in hexadecimal).
    pub view: RecordView,
    /// Somebody else changed it since the person looked.
    pub news: bool,
}

/// One record to write: the outcome of an edit or a merge.
#[derive(Debug, Clone)]
pub struct RecordWrite {
    /// The document.
    pub doc: DocumentId,
    /// Its heads now.
    pub heads: Vec<ChangeHash>,
    /// The record now; the store derives every projection from it.
    pub record: Record,
    /// A snapshot to keep beside the raw changes; `None` keeps none (one-change documents).
    pub snapshot: Option<Vec<u8>>,
    /// Somebody else's change: mark it as news.
    pub news: bool,
}

/// A change as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// Its hash.
    pub hash: ChangeHash,
    /// Its author.
    pub actor: ActorId,
    /// Its seq.
    pub seq: u64,
    /// The counter of its first and last operation.
    pub ops: (u64, u64),
    /// What it was made on top of.
    pub deps: Vec<ChangeHash>,
    /// The author's claimed time.
    pub time: i64,
    /// The bytes; `None` when erased or damaged.
    pub bytes: Option<Vec<u8>>,
    /// Why the bytes cannot be read, where they are damaged; those set aside before say so too.
    pub damaged: Option<String>,
    /// It counts (R2); changes that do not are kept, but the document is built without them.
    pub accepted: bool,
}

/// A change that does not count, of an entry that is not invalid by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsideRow {
    /// Its document.
    pub doc: DocumentId,
    /// The change.
    pub change: ChangeHash,
    /// The computer that wrote it.
    pub computer: ComputerId,
    /// The author's claimed time.
    pub time: i64,
}

/// A line about what happened between this computer and others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// When, in seconds since 1970; the last time, where it happened again.
    pub at: i64,
    /// What kind of thing.
    pub kind: String,
    /// Lines about the same within a while become one.
    pub about: String,
    /// How many of something; stands in the text where it says `{n}`.
    pub count: u64,
    /// What happened, in a sentence.
    pub text: String,
}

/// An entry to append.
#[derive(Debug, Clone)]
pub struct EntryWrite {
    /// The entry.
    pub entry: VerifiedEntry,
    /// Its feed's header, stored if it is not held yet.
    pub header: FeedHeader,
    /// Where it stands.
    pub standing: Standing,
    /// Its changes with their documents, in the order of its items; `None` for erased ones.
    pub changes: Vec<(DocumentId, Option<Change>)>,
    /// Found invalid by the validator (R5): kept as evidence of the freeze, its changes are not stored.
    pub invalid: Option<String>,
}

/// A step that can be taken back: one named operation of this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationRow {
    /// Its id, also in the feed entries.
    pub id: [u8; 16],
    /// In words: "Deleted Priya Raghunathan".
    pub label: String,
    /// Seconds since 1970.
    pub time: i64,
    /// The changes it made.
    pub changes: Vec<(SpaceId, DocumentId, ChangeHash)>,
    /// The operation it takes back, if it is an undo (or a redo, which takes back an undo).
    pub undoes: Option<[u8; 16]>,
}

/// What a computer has confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AckRow {
    /// The computer.
    pub computer: ComputerId,
    /// The space.
    pub space: SpaceId,
    /// The vector it durably holds.
    pub vector: tuttu_sync::feed::Vector,
    /// When it said so, by our clock, seconds since 1970.
    pub at: i64,
}

/// An invitation made here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationRow {
    /// Its id: the lookup hash of its secret in hexadecimal.
    pub id: String,
    /// The space.
    pub space: SpaceId,
    /// The link.
    pub link: String,
    /// The role it gives.
    pub role: String,
    /// When it was made and when it runs out, seconds since 1970.
    pub made: i64,
    /// See `made`.
    pub expires: i64,
    /// For whom, a note to oneself.
    pub for_whom: String,
    /// The relay it carries.
    pub relay: String,
    /// The inviter approves whoever brings it.
    pub auto: bool,
    /// The one-time secret.
    pub secret: [u8; 16],
    /// `open`, `used` or `withdrawn`.
    pub state: String,
}

/// A membership operation as stored: its hash and its encoding.
pub type OpRow = (OpHash, tuttu_sync::membership::SignedOp);

/// A hit of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The space.
    pub space: SpaceId,
    /// The document.
    pub doc: DocumentId,
    /// Where it was found: empty for the name, else `email`, `phone`, `org`, `notes`, `tag`, `activity`.
    pub matched: &'static str,
}

/// A record that links to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlink {
    /// The record that links.
    pub row: RecordRow,
    /// How: `relation TYPE`, `org`, `parent`, `assignee`, `copy`, `custom KEY`.
    pub how: String,
}

/// A change of a space's record, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivedChange {
    /// The record it belongs to.
    pub doc: DocumentId,
    /// Which.
    pub change: ChangeHash,
    /// Seconds since 1970, as its author claims.
    pub time: i64,
    /// Its author, from their feed.
    pub actor: ActorId,
}

/// An entry's place.
pub type EntryPlace = (FeedId, u64, EntryHash);

/// How a list is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// By name, as people sort names.
    #[default]
    Name,
    /// Newest change first.
    Changed,
    /// Newest first.
    Created,
    /// What is due first, then what is not due, by name.
    Due,
    /// What begins first, then what does not begin, by name.
    Start,
    /// Whom one met last, then whom one never met, by name.
    Last,
    /// What took place last, then what does not take place, by name.
    At,
}

/// Who asks, and when: what words like `me` and `today` in a query mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    /// The day.
    pub today: Today,
    /// The actors behind the folded names in `by:`.
    pub authors: BTreeMap<String, Vec<ActorId>>,
    /// What the person is called where tasks say who is to do them.
    pub me: Vec<String>,
}

impl Default for Asking {
    fn default() -> Self {
        Self { today: Today { date: chrono::NaiveDate::default(), offset: 0 }, authors: BTreeMap::new(), me: Vec::new() }
    }
}

/// What a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// `person`, `org`, ...; `activity` for all activities; `None` for all.
    pub kind: Option<String>,
    /// One space; `None` for all.
    pub space: Option<SpaceId>,
    /// A query (see [`tuttu_model::query`]). Empty for all.
    pub text: String,
    /// Tags, all of them.
    pub tags: Vec<String>,
    /// Order.
    pub sort: Sort,
    /// How many to leave out at the start.
    pub offset: u32,
    /// Where the page before ended; `None` for the first page.
    pub cursor: Option<String>,
    /// How many at most.
    pub limit: u32,
    /// What is in the trash instead of what is not.
    pub trash: bool,
    /// When nothing matches, take slips in names for what they may have meant.
    pub forgiving: bool,
    /// Definitions too, without being asked for by their kind.
    pub definitions: bool,
    /// Who asks.
    pub asking: Asking,
}

/// Dates of records by which days are planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agenda {
    /// When an open task is due.
    Todo,
    /// When to come back to an activity.
    FollowUp,
    /// Month and day of a birthday.
    Birthday,
    /// Month and day of another date of somebody, and behind a tab what it is.
    Day,
    /// When something begins.
    Start,
    /// When an event that is not repeated ends.
    End,
    /// When an event began that is repeated.
    Repeated,
    /// The reminder of what is not done, what it is before, and its time zone, separated by tabs.
    Reminder,
}

/// A record in one state of the vault, cheap to hand around; read it with [`crate::Reader::record_of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey(pub(crate) i64);

/// A record by one of its dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgendaRow {
    /// The date as the record has it.
    pub value: String,
    /// The record.
    pub key: RecordKey,
}

/// Somebody whom one wants to meet every so often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RhythmRow {
    /// How often, as typed.
    pub rhythm: String,
    /// No reminder before this day; empty for none.
    pub snoozed: String,
    /// When one last met.
    pub last: Option<chrono::NaiveDate>,
    /// Who.
    pub key: RecordKey,
}

/// A page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListPage {
    /// The records.
    pub rows: Vec<RecordRow>,
    /// How many there are in all.
    pub total: u32,
    /// There may be more than `total`: counting them all would take too long.
    pub at_least: bool,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
    /// The query that was answered instead, when only that finds something.
    pub meant: Option<String>,
}

/// By what a list is grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    /// The first letter of the name.
    Letter,
    /// The kind.
    Kind,
    /// The space.
    Space,
    /// Tags; a record may be in several groups.
    Tag,
    /// Organisations; a person may be in several groups.
    Org,
    /// The month of the last change.
    Changed,
    /// The month in which it was made.
    Created,
}

/// A group of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The letter, the kind, the space's id, the folded tag, the organisation's folded name, or the month (`2026-11`).
    pub key: String,
    /// How many records are in it.
    pub count: u32,
}

/// How many records there are, without the trash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Space by space.
    pub spaces: Vec<SpaceCounts>,
    /// Records with a conflict, in all spaces.
    pub conflicts: u32,
}

/// How many records there are in one space, without the trash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceCounts {
    /// The space.
    pub space: SpaceId,
    /// People.
    pub people: u32,
    /// Organisations.
    pub orgs: u32,
    /// Activities.
    pub activities: u32,
}

/// What a document is built from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentParts {
    /// The newest snapshot that still holds; `None` where there is none.
    pub snapshot: Option<Vec<u8>>,
    /// The accepted changes made after it, parents first.
    pub changes: Vec<Vec<u8>>,
}

/// What [`ChangeRow::damaged`] says of a change that was set aside before.
pub const SET_ASIDE: &str = "it was damaged, and is set aside";

/// Something damaged, to set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamageWrite {
    /// When it was found, seconds since 1970.
    pub at: i64,
    /// `change`, `entry`, `view` or `shown`.
    pub what: &'static str,
    /// Its space, where it is known.
    pub space: Option<SpaceId>,
    /// Its record, where it is known.
    pub doc: Option<DocumentId>,
    /// The hash of the change or entry.
    pub hash: Option<[u8; 32]>,
    /// What was wrong with it.
    pub why: String,
    /// The bytes as they were found.
    pub kept: Vec<u8>,
}

/// Something damaged that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamageRow {
    /// When it was found, seconds since 1970.
    pub at: i64,
    /// `change`, `entry`, `view` or `shown`.
    pub what: String,
    /// Its space, where it is known.
    pub space: Option<SpaceId>,
    /// Its record, where it is known.
    pub doc: Option<DocumentId>,
    /// What was wrong with it.
    pub why: String,
    /// How many bytes are kept of it.
    pub bytes: u64,
    /// When it was made whole again; `None`: not yet.
    pub healed: Option<i64>,
}

/// What a reader came upon and could not read; the engine sets it aside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Noticed {
    /// Changes of this document.
    Document(SpaceId, DocumentId),
    /// What is shown of this document.
    View(SpaceId, DocumentId),
    /// An entry of this space.
    Entry(SpaceId, EntryHash),
}
