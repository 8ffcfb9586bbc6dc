//! The words of the engine's one API: commands, queries, their answers, events and errors. Plain data, the same for the window, the
//! command line and the local socket.

mod bulk;
mod colleagues;
mod command;
mod computers;
mod error;
mod event;
mod log;
mod query;
mod records;
mod shape;
mod today;
mod view;

pub use bulk::{BulkChange, BulkExample, BulkSpace, BulkView, OperationView};
pub use colleagues::ColleagueView;
pub use command::{BackupLock, Command, ImportFormat, Outcome, RecordRef, Secret, Warned};
pub use computers::OwnComputerView;
pub use error::{ErrorCode, ErrorView};
pub use event::Event;
pub use log::{LogLine, TrayField, TrayView};
pub use query::{Answer, GroupedBy, ListFilter, Query, SortBy};
pub use records::{BacklinkView, DifferenceView, FileView, TagView, WordView};
pub use today::{ReminderView, TodayItem, TodaySection, TodayView};
pub use view::*;
