//! Purpose: what a person, organisation, activity and space is; typed ids; records and their Automerge documents; conflicts as values.
//! May use: nothing of Tuttu. No clock, randomness, IO or async: time, randomness and bytes come in as arguments.
//! Invariants: unknown kinds, fields and values are kept; a conflict is a value, never an error; ids are typed.
//! Start reading at: [`record`], then [`document`].

pub mod document;
pub mod draft;
pub mod field;
pub mod history;
pub mod id;
pub mod normal;
pub mod record;
pub mod view;

pub use document::{ActorId, Change, Document, DocumentError};
pub use draft::RecordDraft;
pub use field::{FieldEdit, FlatOp};
pub use id::{ChangeHash, ComputerId, DocumentId, EntryHash, FeedId, OpHash, PersonId, SpaceId};
pub use record::{Held, Kind, Record, Scalar};
pub use view::RecordView;
