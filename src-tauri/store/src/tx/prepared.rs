//! A record with everything that can be worked out before the transaction.

use tuttu_model::{DocumentId, SpaceId, view};

use crate::error::StoreError;
use crate::projection::Projection;
use crate::rows::RecordWrite;
use crate::{packing, stored_view};

/// A record ready to be put. Making it is half the work of putting a record: an import makes it on its own thread while the writer works on the
/// batch before.
#[derive(Debug, Clone)]
pub struct PreparedRecord {
    pub(super) space: SpaceId,
    pub(super) doc: DocumentId,
    /// Sorted.
    pub(super) heads: Vec<[u8; 32]>,
    /// Packed.
    pub(super) snapshot: Option<Vec<u8>>,
    pub(super) news: bool,
    /// Encoded.
    pub(super) view: Vec<u8>,
    pub(super) projection: Projection,
}

impl PreparedRecord {
    /// Works out what is derived from a record.
    ///
    /// # Errors
    /// When the view cannot be encoded.
    pub fn new(space: &SpaceId, write: &RecordWrite) -> Result<Self, StoreError> {
        let view = view::fields_view(&write.record);
        let mut heads: Vec<[u8; 32]> = write.heads.iter().map(|head| head.0).collect();
        heads.sort_unstable();
        let projection = Projection::of(&view);
        Ok(Self {
            space: *space,
            doc: write.doc,
            heads,
            snapshot: write.snapshot.as_deref().map(|snapshot| packing::pack_tagged(snapshot, &packing::CHANGES)),
            news: write.news,
            view: stored_view::encode(&view)?,
            projection,
        })
    }
}
