//! What sync sessions read, answered from the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use tuttu_model::{ComputerId, EntryHash, FeedId, SpaceId};
use tuttu_store::Reader;
use tuttu_sync::feed::{FeedHeader, ForkProof, Vector};
use tuttu_sync::membership::Membership;
use tuttu_sync::replica::{ReadError, Replica, StoredEntry};

use crate::engine::Inner;
use crate::failure::Failure;

#[derive(Debug)]
pub(crate) struct EngineReplica {
    pub(crate) inner: Arc<Inner>,
}

impl EngineReplica {
    fn read<T>(&self, work: impl FnOnce(&Reader<'_>) -> Result<T, Failure>) -> Result<T, ReadError> {
        let answer = self.inner.read(work).map_err(|error| ReadError(error.message));
        self.inner.set_noticed_aside();
        answer
    }
}

impl Replica for EngineReplica {
    fn computer(&self) -> ComputerId {
        self.inner.computer
    }

    fn spaces(&self) -> Result<Vec<SpaceId>, ReadError> {
        self.read(|reader| Ok(reader.spaces()?.into_iter().map(|row| row.id).collect()))
    }

    fn own_space(&self) -> Result<Option<SpaceId>, ReadError> {
        self.read(|reader| Ok(reader.spaces()?.into_iter().find(|row| row.private).map(|row| row.id)))
    }

    fn membership(&self, space: &SpaceId) -> Result<Option<Arc<Membership>>, ReadError> {
        self.read(|reader| match reader.space(space)? {
            Some(_) => Ok(Some(self.inner.membership(reader, space)?)),
            None => Ok(None),
        })
    }

    fn proofs(&self, space: &SpaceId) -> Result<Vec<ForkProof>, ReadError> {
        self.read(|reader| Ok(reader.proofs(space)?))
    }

    fn vector(&self, space: &SpaceId) -> Result<Vector, ReadError> {
        self.read(|reader| Ok(reader.offered_vector(space)?))
    }

    fn raw_tips(&self, space: &SpaceId, computer: &ComputerId) -> Result<Vector, ReadError> {
        self.read(|reader| Ok(reader.offered_tips(space, computer)?))
    }

    fn headers(&self, space: &SpaceId) -> Result<BTreeMap<FeedId, FeedHeader>, ReadError> {
        self.read(|reader| Ok(reader.headers(space)?))
    }

    fn entry_at(&self, space: &SpaceId, feed: &FeedId, seq: u64) -> Result<Option<EntryHash>, ReadError> {
        self.read(|reader| Ok(reader.entry_at(space, feed, seq)?))
    }

    fn holds(&self, space: &SpaceId, entry: &EntryHash) -> Result<bool, ReadError> {
        self.read(|reader| Ok(reader.has_entry(space, entry)?))
    }

    fn stream(&self, space: &SpaceId, after: u64, skip: &Vector, limit: usize, max_bytes: usize) -> Result<Vec<StoredEntry>, ReadError> {
        self.read(|reader| Ok(reader.stream(space, after, skip, limit, max_bytes)?))
    }

    fn accumulator(&self, space: &SpaceId) -> Result<[u8; 32], ReadError> {
        self.read(|reader| Ok(reader.accumulator(space)?))
    }
}
