use std::collections::BTreeMap;

use tuttu_model::{ActorId, ChangeHash, ComputerId, DocumentId, EntryHash, FeedId, SpaceId};
use tuttu_sync::feed::{FeedHeader, ForkProof, Vector};
use tuttu_sync::membership::SignedOp;
use tuttu_sync::replica::StoredEntry;
use tuttu_sync::validate::Known;
use tuttu_sync::verdict::{ChangeFacts, EntryFacts};

use crate::error::StoreError;
use crate::rows::*;

type Read<T> = Result<T, StoreError>;

/// One consistent read.
#[derive(Debug)]
pub struct Reader<'a> {
    _connection: std::marker::PhantomData<&'a ()>,
}

#[allow(missing_docs, clippy::missing_errors_doc, clippy::todo, unused_variables)]
impl Reader<'_> {
    pub fn meta(&self, key: &str) -> Read<Option<Vec<u8>>> { todo!() }
    pub fn setting(&self, key: &str) -> Read<Option<String>> { todo!() }
    pub fn settings(&self) -> Read<Vec<(String, String)>> { todo!() }
    pub fn spaces(&self) -> Read<Vec<SpaceRow>> { todo!() }
    pub fn space(&self, space: &SpaceId) -> Read<Option<SpaceRow>> { todo!() }
    pub fn ops(&self, space: &SpaceId) -> Read<Vec<SignedOp>> { todo!() }
    pub fn proofs(&self, space: &SpaceId) -> Read<Vec<ForkProof>> { todo!() }
    pub fn headers(&self, space: &SpaceId) -> Read<BTreeMap<FeedId, FeedHeader>> { todo!() }
    pub fn header(&self, space: &SpaceId, feed: &FeedId) -> Read<Option<FeedHeader>> { todo!() }
    pub fn vector(&self, space: &SpaceId) -> Read<Vector> { todo!() }
    pub fn raw_tips(&self, space: &SpaceId, computer: &ComputerId) -> Read<Vector> { todo!() }
    /// The valid entry of a feed at a place.
    pub fn entry_at(&self, space: &SpaceId, feed: &FeedId, seq: u64) -> Read<Option<EntryHash>> { todo!() }
    pub fn entry_by_hash(&self, hash: &EntryHash) -> Read<Option<(StoredEntry, FeedHeader)>> { todo!() }
    pub fn has_entry(&self, space: &SpaceId, hash: &EntryHash) -> Read<bool> { todo!() }
    pub fn stream(&self, space: &SpaceId, after: u64, skip: &Vector, limit: usize, max_bytes: usize) -> Read<Vec<StoredEntry>> { todo!() }
    pub fn entry_facts(&self, space: &SpaceId) -> Read<Vec<EntryFacts>> { todo!() }
    pub fn change_facts(&self, space: &SpaceId) -> Read<BTreeMap<ChangeHash, ChangeFacts>> { todo!() }
    /// Feeds that froze: from which seq on and why.
    pub fn frozen_feeds(&self, space: &SpaceId) -> Read<Vec<(FeedId, u64, String)>> { todo!() }
    pub fn accumulator(&self, space: &SpaceId) -> Read<[u8; 32]> { todo!() }
    /// All changes of a document, accepted or not, parents first.
    pub fn changes(&self, space: &SpaceId, doc: &DocumentId) -> Read<Vec<ChangeRow>> { todo!() }
    /// The newest snapshot that still holds, and the accepted changes made after it. `None` when the document is not held.
    pub fn changes_after_snapshot(&self, space: &SpaceId, doc: &DocumentId) -> Read<Option<(Option<Vec<u8>>, Vec<Vec<u8>>)>> { todo!() }
    pub fn known(&self, space: &SpaceId, doc: &DocumentId) -> Read<BTreeMap<ChangeHash, Known>> { todo!() }
    pub fn heads(&self, space: &SpaceId, doc: &DocumentId) -> Read<Vec<ChangeHash>> { todo!() }
    /// All documents of a space.
    pub fn documents(&self, space: &SpaceId) -> Read<Vec<DocumentId>> { todo!() }
    pub fn record(&self, space: &SpaceId, doc: &DocumentId) -> Read<Option<RecordRow>> { todo!() }
    /// Records whose printed id (without the kind's letter) begins with this.
    pub fn find_ids(&self, prefix: &str) -> Read<Vec<(SpaceId, DocumentId)>> { todo!() }
    pub fn find_by_name(&self, name: &str) -> Read<Vec<(SpaceId, DocumentId, String)>> { todo!() }
    pub fn list(&self, query: &ListQuery) -> Read<(Vec<RecordRow>, u32)> { todo!() }
    pub fn search(&self, text: &str, limit: usize) -> Read<Vec<Hit>> { todo!() }
    /// Activities that name the record, newest first. With `space`: those of that space and of private spaces only.
    pub fn activities_of(&self, space: Option<&SpaceId>, doc: &DocumentId, limit: usize) -> Read<Vec<RecordRow>> { todo!() }
    pub fn conflicts(&self, of: Option<(SpaceId, DocumentId)>) -> Read<Vec<(SpaceId, DocumentId)>> { todo!() }
    pub fn counts(&self) -> Read<Counts> { todo!() }
    pub fn operation(&self, id: &[u8; 16]) -> Read<Option<OperationRow>> { todo!() }
    pub fn newest_operations(&self, limit: usize) -> Read<Vec<OperationRow>> { todo!() }
    pub fn acks(&self) -> Read<Vec<AckRow>> { todo!() }
    pub fn ack(&self, computer: &ComputerId, space: &SpaceId) -> Read<Option<AckRow>> { todo!() }
    pub fn pending_for(&self, space: &SpaceId, vector: &Vector) -> Read<u64> { todo!() }
    pub fn invitations(&self, space: &SpaceId) -> Read<Vec<InvitationRow>> { todo!() }
    pub fn invitation(&self, id: &str) -> Read<Option<InvitationRow>> { todo!() }
    pub fn author(&self, actor: &ActorId) -> Read<Option<(ComputerId, SpaceId)>> { todo!() }
}
