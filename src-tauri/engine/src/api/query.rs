use serde::{Deserialize, Serialize};

use super::bulk::{BulkChange, BulkView, OperationView};
use super::colleagues::ColleagueView;
use super::command::RecordRef;
use super::computers::OwnComputerView;
use super::log::{LogLine, TrayView};
use super::records::{BacklinkView, DifferenceView, FileView, TagView, WordView};
use super::today::TodayView;
use super::view::*;
use tuttu_model::RecordView;

/// How a list is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum SortBy {
    /// By name, as people sort names.
    #[default]
    Name,
    /// Newest change first.
    Changed,
    /// Newest first.
    Created,
    /// What is due first; what is not due comes last, by name.
    Due,
    /// What begins first; what does not begin comes last, by name.
    Start,
    /// Whom one met last; whom one never met comes last, by name.
    Last,
    /// What took place last; what does not take place comes last, by name.
    At,
}

/// By what a list is grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum GroupedBy {
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

/// What a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct ListFilter {
    /// `person`, `org`, ..., or `activity` for all activities; empty for all.
    pub kind: String,
    /// One space; `None` for all.
    pub space: Option<String>,
    /// A query in the language of the search box: words, `tag:x`, `due<today`, `-has:email`, `or`, ...; empty for all.
    pub text: String,
    /// Order.
    pub sort: SortBy,
    /// How many to leave out at the start.
    pub offset: u32,
    /// How many at most; 0 means 100.
    pub limit: u32,
    /// Where the page before ended (its `next`), instead of an offset: nothing is shown twice or left out when records come and go in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Everything that can be asked. Answered from the projections, never by loading documents (except history and conflicts of one record).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Query {
    /// The vault, its spaces and the sync line.
    Status,
    /// One record.
    Record {
        /// Which.
        record: RecordRef,
    },
    /// A record as it was at a moment.
    RecordAt {
        /// Which.
        record: RecordRef,
        /// The moment: a date (its end), or RFC 3339.
        at: String,
    },
    /// What changing every record of a list would do.
    BulkPreview {
        /// Which records; its order and page do not count.
        filter: ListFilter,
        /// What would be done to each.
        change: BulkChange,
    },
    /// Steps of this computer that can be taken back, newest first.
    Operations {
        /// At most this many; 0 means 100.
        limit: u32,
    },
    /// A page of a list.
    List {
        /// Which records.
        filter: ListFilter,
    },
    /// Whole records matching a filter, for the command line.
    Records {
        /// Which records.
        filter: ListFilter,
    },
    /// Whole records matching a filter, page by page.
    RecordPage {
        /// Which records.
        filter: ListFilter,
    },
    /// How many records of a list are in which group; its order and page do not count.
    Groups {
        /// Which records.
        filter: ListFilter,
        /// What makes a group.
        by: GroupedBy,
    },
    /// Search over everything, best first.
    Search {
        /// What was typed.
        text: String,
        /// At most this many.
        limit: u32,
    },
    /// Activities and field changes of a record, newest first. Of a person also the activities of their linked cards, of an organisation also those with
    /// the people who are in it now.
    Timeline {
        /// Whose.
        record: RecordRef,
        /// At most this many.
        limit: u32,
    },
    /// Activities, tasks and events of a space, and what was changed in its records, newest first.
    SpaceTimeline {
        /// Which: name, id or beginning of one.
        space: String,
        /// At most this many.
        limit: u32,
    },
    /// The history of a record's fields, newest first.
    History {
        /// Which.
        record: RecordRef,
    },
    /// Values kept side by side.
    Conflicts {
        /// Of one record, or of all.
        record: Option<RecordRef>,
    },
    /// Pairs of people, and of organisations, that may be the same, the most alike first.
    Duplicates {
        /// One space; `None` for all.
        space: Option<String>,
        /// At most this many; 0 means 100.
        limit: u32,
    },
    /// Records that link to this one, other than by taking part.
    Backlinks {
        /// Which.
        record: RecordRef,
    },
    /// All tags with their counts.
    Tags {
        /// Of one space; `None` for all.
        space: Option<String>,
    },
    /// Files of one record, or all.
    Files {
        /// Which record.
        record: Option<RecordRef>,
    },
    /// Words to choose from: `statuses`, `relations`, or the labels of a list (`phones`).
    Words {
        /// The space; `None` is the private space.
        space: Option<String>,
        /// Which.
        vocabulary: String,
    },
    /// What differs between a private card and its copies in shared spaces.
    Differences {
        /// The private card.
        record: RecordRef,
    },
    /// What the day brings: who is to be met, what is due, what takes place, what colleagues changed.
    Today {
        /// Lines of each part; 0 means 50.
        limit: u32,
    },
    /// Records in the trash.
    Trash,
    /// A space with its members and open invitations.
    Space {
        /// Which.
        space: String,
    },
    /// The person's own computers, this one first.
    Computers,
    /// Everybody who is or was in a space with this person.
    Colleagues,
    /// What members wrote that does not count any more and would still change something, oldest first.
    Tray {
        /// The space.
        space: String,
    },
    /// What happened between this computer and others, newest first.
    Log {
        /// At most this many; 0 means 100.
        limit: u32,
    },
    /// All settings of this computer.
    Settings,
    /// Records as the text of a file.
    Export {
        /// `vcard`, `vcard3` or `json`.
        format: String,
        /// Which records.
        filter: ListFilter,
    },
    /// Verifies signatures, chains, documents, projections and accumulators.
    Check,
    /// What could not be read and was set aside, newest first.
    Damage {
        /// Of one record and not healed yet, or all that ever was.
        record: Option<RecordRef>,
    },
}

/// The answer to a query, variant for variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", content = "value", rename_all = "camelCase")]
pub enum Answer {
    /// To `status`.
    Status(VaultStatus),
    /// To `record`.
    Record(Box<RecordView>),
    /// To `recordAt`.
    RecordAt(Box<RecordView>),
    /// To `bulkPreview`.
    BulkPreview(BulkView),
    /// To `operations`.
    Operations(Vec<OperationView>),
    /// To `list`.
    List(Page),
    /// To `records`.
    Records(Vec<RecordView>),
    /// To `recordPage`.
    RecordPage(RecordPage),
    /// To `groups`.
    Groups(Vec<GroupView>),
    /// To `search`.
    Search(Vec<Row>),
    /// To `timeline`.
    Timeline(Vec<TimelineItem>),
    /// To `spaceTimeline`.
    SpaceTimeline(Vec<TimelineItem>),
    /// To `history`.
    History(Vec<HistoryItem>),
    /// To `conflicts`.
    Conflicts(Vec<ConflictView>),
    /// To `duplicates`.
    Duplicates(Vec<DuplicateView>),
    /// To `backlinks`.
    Backlinks(Vec<BacklinkView>),
    /// To `tags`.
    Tags(Vec<TagView>),
    /// To `files`.
    Files(Vec<FileView>),
    /// To `words`.
    Words(Vec<WordView>),
    /// To `differences`.
    Differences(Vec<DifferenceView>),
    /// To `today`.
    Today(Box<TodayView>),
    /// To `trash`.
    Trash(Vec<Row>),
    /// To `space`.
    Space(SpaceDetail),
    /// To `computers`.
    Computers(Vec<OwnComputerView>),
    /// To `colleagues`.
    Colleagues(Vec<ColleagueView>),
    /// To `tray`.
    Tray(Vec<TrayView>),
    /// To `log`.
    Log(Vec<LogLine>),
    /// To `settings`.
    Settings(Vec<Setting>),
    /// To `export`.
    Export(String),
    /// To `check`.
    Check(CheckReport),
    /// To `damage`.
    Damage(Vec<DamageView>),
}
