//! Purpose: what a person, organisation, activity and space is; typed ids; records and their Automerge documents; conflicts as values.
//! May use: nothing of Tuttu. No clock, randomness, IO or async: time, randomness and bytes come in as arguments.
//! Invariants: unknown kinds, fields and values are kept; a conflict is a value, never an error; ids are typed.
//! Start reading at: [`record`], then [`document`].

mod assignment;
mod change;
pub mod conflict;
mod deletion;
pub mod document;
pub mod done;
pub mod draft;
pub mod field;
mod guard;
pub mod history;
pub mod id;
pub mod item;
mod json;
pub mod likeness;
mod limits;
pub mod merge;
pub mod normal;
pub mod occurrences;
pub mod past;
mod plan;
pub mod query;
pub mod record;
mod scalar;
mod shape;
mod texts;
pub mod understood;
pub mod view;
mod vocabulary;
pub mod when;
pub mod words;

pub use conflict::{Choice, can_keep_both, conflicts_of, plan_choice};
pub use document::{ActorId, Change, Document, DocumentError};
pub use draft::{EditError, RecordDraft, parse_assignment, plan, plan_all};
pub use field::{FieldEdit, FlatOp, field_name, label_and_value};
pub use id::{ChangeHash, ComputerId, DocumentId, EntryHash, FeedId, OpHash, PersonId, SpaceId};
pub use item::ItemIds;
pub use record::{Deletion, Held, Kind, Record, Scalar};
pub use view::{RecordView, view_of};
pub use vocabulary::canonical as canonical_field;
