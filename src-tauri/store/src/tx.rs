use std::ops::Deref;

use tuttu_model::{ChangeHash, DocumentId, FeedId, SpaceId};
use tuttu_sync::feed::ForkProof;
use tuttu_sync::membership::SignedOp;
use tuttu_sync::verdict::Verdict;

use crate::error::StoreError;
use crate::reader::Reader;
use crate::rows::*;

type Write<T> = Result<T, StoreError>;

/// One write transaction, on the writer thread. Reads see what it wrote.
#[derive(Debug)]
pub struct Tx<'a> {
    reader: Reader<'a>,
}

impl<'a> Deref for Tx<'a> {
    type Target = Reader<'a>;

    fn deref(&self) -> &Reader<'a> {
        &self.reader
    }
}

#[allow(missing_docs, clippy::missing_errors_doc, clippy::todo, unused_variables)]
impl Tx<'_> {
    pub fn put_meta(&mut self, key: &str, value: &[u8]) -> Write<()> { todo!() }
    pub fn put_setting(&mut self, key: &str, value: Option<&str>) -> Write<()> { todo!() }
    pub fn put_space(&mut self, row: &SpaceRow) -> Write<()> { todo!() }
    pub fn set_own_feed(&mut self, space: &SpaceId, feed: Option<FeedId>) -> Write<()> { todo!() }
    /// `true` when it is new.
    pub fn put_op(&mut self, space: &SpaceId, op: &SignedOp) -> Write<bool> { todo!() }
    /// `true` when it is new.
    pub fn put_proof(&mut self, space: &SpaceId, proof: &ForkProof) -> Write<bool> { todo!() }
    /// Returns its arrival number (the old one when it is held already). Its changes count at once when it stands `Valid`; those of others
    /// count when [`Tx::apply_verdict`] says so.
    pub fn append_entry(&mut self, space: &SpaceId, write: &EntryWrite) -> Write<u64> { todo!() }
    pub fn put_record(&mut self, space: &SpaceId, write: &RecordWrite) -> Write<()> { todo!() }
    pub fn remove_record(&mut self, space: &SpaceId, doc: &DocumentId) -> Write<()> { todo!() }
    pub fn apply_verdict(&mut self, space: &SpaceId, verdict: &Verdict) -> Write<Vec<DocumentId>> { todo!() }
    pub fn put_operation(&mut self, row: &OperationRow) -> Write<()> { todo!() }
    /// Adds changes to an operation that spans several transactions (an import), without writing the earlier ones again.
    pub fn extend_operation(&mut self, id: &[u8; 16], changes: &[(SpaceId, DocumentId, ChangeHash)]) -> Write<()> { todo!() }
    pub fn put_ack(&mut self, row: &AckRow) -> Write<()> { todo!() }
    pub fn put_invitation(&mut self, row: &InvitationRow) -> Write<()> { todo!() }
    pub fn set_invitation_state(&mut self, id: &str, state: &str) -> Write<()> { todo!() }
    pub fn mark_seen(&mut self, space: &SpaceId, doc: &DocumentId) -> Write<()> { todo!() }
    pub fn freeze_feed(&mut self, space: &SpaceId, feed: &FeedId, at_seq: u64, reason: &str) -> Write<()> { todo!() }
}
