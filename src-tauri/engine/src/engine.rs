use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;
use tuttu_model::{ComputerId, Document, DocumentId, FeedId, PersonId, SpaceId};
use tuttu_store::{Lane, Reader, Store, StoreError, Tx};
use tuttu_sync::feed::Vector;
use tuttu_sync::membership::Membership;
use tuttu_sync::replica::Replica;

use crate::api::{ErrorCode, ErrorView, Event};
use crate::authors::Authors;
use crate::damage::{document_to_edit, load_document};
use crate::failure::Failure;
use crate::keys::Keys;
use crate::surroundings::Surroundings;

/// Events kept for a listener that is slow; it then misses the oldest and asks again for all it shows.
const EVENTS: usize = 1_024;
/// Documents kept in memory for the next edit.
const DOCUMENTS: usize = 64;

/// Who a new vault belongs to.
#[derive(Debug, Clone)]
pub struct NewVault {
    /// The person's name.
    pub person_name: String,
    /// This computer's name.
    pub computer_name: String,
}

/// A computer to exchange with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its key.
    pub computer: ComputerId,
    /// Its name.
    pub computer_name: String,
    /// Whose it is.
    pub person_name: String,
}

/// The engine of one open vault. Cheap to clone; all clones are the same vault. Methods block for a few milliseconds: call them off an async executor.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    pub(crate) computer: ComputerId,
    /// Whose computer this is; it changes once, when a vault becomes somebody else's next computer.
    person: Mutex<PersonId>,
    pub(crate) surroundings: Arc<dyn Surroundings>,
    /// Held while the caches are made again.
    pub(crate) rebuilding: Arc<Mutex<()>>,
    events: broadcast::Sender<Event>,
    caches: Mutex<Caches>,
}

/// What is kept in memory beside the database. Everything here can be read again.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    pub(crate) memberships: BTreeMap<SpaceId, Arc<Membership>>,
    pub(crate) documents: Vec<((SpaceId, DocumentId), Document)>,
    pub(crate) reachable: BTreeSet<ComputerId>,
    pub(crate) authors: Authors,
    /// Lines of the log that are not written yet.
    pub(crate) gathered: crate::log::Gathered,
    /// Files that were asked for, by hash.
    pub(crate) asked_files: BTreeSet<[u8; 32]>,
}

impl Caches {
    /// Takes a document out of the cache; whoever commits puts it back.
    pub(crate) fn take_document(&mut self, key: &(SpaceId, DocumentId)) -> Option<Document> {
        let at = self.documents.iter().position(|(held, _)| held == key)?;
        Some(self.documents.remove(at).1)
    }

    pub(crate) fn keep_document(&mut self, key: (SpaceId, DocumentId), document: Document) {
        self.documents.retain(|(held, _)| *held != key);
        if self.documents.len() >= DOCUMENTS {
            self.documents.remove(0);
        }
        self.documents.push((key, document));
    }
}

impl Inner {
    pub(crate) fn new(store: Store, keys: Keys, person: PersonId, surroundings: Arc<dyn Surroundings>) -> Self {
        let (events, _) = broadcast::channel(EVENTS);
        Self {
            computer: keys.computer_id(),
            person: Mutex::new(person),
            store,
            keys,
            surroundings,
            rebuilding: Arc::default(),
            events,
            caches: Mutex::default(),
        }
    }

    /// Whose computer this is.
    pub(crate) fn person(&self) -> PersonId {
        *self.person.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_person(&self, person: PersonId) {
        *self.person.lock().unwrap_or_else(PoisonError::into_inner) = person;
    }

    /// The key of the person, where this computer has it.
    pub(crate) fn person_key(&self) -> Option<&iroh_base::SecretKey> {
        self.keys.person.as_ref().filter(|_| self.keys.person_id() == Some(self.person()))
    }

    pub(crate) fn caches(&self) -> MutexGuard<'_, Caches> {
        // A panic while holding the lock leaves only caches behind, which are checked against the database on use.
        self.caches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn announce(&self, event: Event) {
        // No listener is not an error.
        let _ = self.events.send(event);
    }

    /// Runs `work` in one durable transaction; what it refuses comes back as it was said, with nothing written.
    pub(crate) fn write<T: Send + 'static>(
        self: &Arc<Self>,
        lane: Lane,
        work: impl FnOnce(&Arc<Self>, &mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, ErrorView> {
        let result = self.write_quietly(lane, work);
        self.set_noticed_aside();
        result
    }

    /// The same without a look at what it came upon.
    pub(crate) fn write_quietly<T: Send + 'static>(
        self: &Arc<Self>,
        lane: Lane,
        work: impl FnOnce(&Arc<Self>, &mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, ErrorView> {
        let refusal: Arc<Mutex<Option<ErrorView>>> = Arc::default();
        let (inner, said) = (Arc::clone(self), Arc::clone(&refusal));
        let result = self.store.write(lane, move |tx| {
            work(&inner, tx).map_err(|failure| match failure {
                Failure::Store(error) => error,
                Failure::Refused(view) => {
                    let text = view.message.clone();
                    *said.lock().unwrap_or_else(PoisonError::into_inner) = Some(view);
                    StoreError::Abandoned(text)
                }
            })
        });
        result.map_err(|error| {
            let mut caches = self.caches();
            caches.documents.clear();
            caches.memberships.clear();
            drop(caches);
            refusal.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_else(|| error.into())
        })
    }

    /// Reads from one consistent snapshot.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Reader<'_>) -> Result<T, Failure>) -> Result<T, ErrorView> {
        let mut refusal = None;
        let result = self.store.read(|reader| work(reader).map_err(|failure| failure.given_up(&mut refusal)));
        result.map_err(|error| refusal.unwrap_or_else(|| error.into()))
    }

    /// Reads from one consistent snapshot until nobody waits for it any more.
    pub(crate) fn read_until<T>(
        &self,
        stop: &Arc<AtomicBool>,
        work: impl FnOnce(&Reader<'_>) -> Result<T, Failure>,
    ) -> Result<T, ErrorView> {
        let mut refusal = None;
        let result = self.store.read_until(stop, |reader| work(reader).map_err(|failure| failure.given_up(&mut refusal)));
        result.map_err(|error| match refusal {
            Some(view) => view,
            None if stop.load(Ordering::Relaxed) => ErrorView::new(ErrorCode::Stopped, "A newer question took the place of this one.", ""),
            None => error.into(),
        })
    }

    /// The folded membership of a space.
    pub(crate) fn membership(&self, reader: &Reader<'_>, space: &SpaceId) -> Result<Arc<Membership>, Failure> {
        // Readers look at snapshots of different age: a fold is only good for the snapshot that has as many operations.
        let count = reader.op_count(space)?;
        if let Some(held) = self.caches().memberships.get(space)
            && held.ops().len() == count
        {
            return Ok(Arc::clone(held));
        }
        let mut verified = Vec::new();
        for signed in reader.ops(space)? {
            verified.push(signed.verify().map_err(|error| StoreError::Damaged(format!("a membership operation: {error}")))?);
        }
        let membership = Arc::new(Membership::fold(verified));
        self.caches().memberships.insert(*space, Arc::clone(&membership));
        Ok(membership)
    }

    /// The document as stored, to be changed; from the cache when its heads still match.
    pub(crate) fn document(&self, reader: &Reader<'_>, space: &SpaceId, doc: &DocumentId) -> Result<Document, Failure> {
        if let Some(held) = self.caches().take_document(&(*space, *doc))
            && held.heads() == reader.heads(space, doc)?
        {
            return Ok(held);
        }
        document_to_edit(reader, space, doc)
    }

    /// The document as far as it can be read.
    pub(crate) fn document_to_read(&self, reader: &Reader<'_>, space: &SpaceId, doc: &DocumentId) -> Result<Document, Failure> {
        if let Some(held) = self.caches().take_document(&(*space, *doc))
            && held.heads() == reader.heads(space, doc)?
        {
            return Ok(held);
        }
        load_document(reader, space, doc)
    }
}

impl Engine {
    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.inner.store.dir()
    }

    /// Events from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.inner.events.subscribe()
    }

    /// Sends an event to all listeners; the network side uses it for its own.
    pub fn announce(&self, event: Event) {
        self.inner.announce(event);
    }

    /// This computer.
    #[must_use]
    pub fn computer(&self) -> ComputerId {
        self.inner.computer
    }

    /// The computer's secret key: the identity of its endpoint.
    #[must_use]
    pub fn computer_secret(&self) -> [u8; 32] {
        self.inner.keys.computer.to_bytes()
    }

    /// What sync sessions read.
    #[must_use]
    pub fn replica(&self) -> Arc<dyn Replica + Send + Sync> {
        Arc::new(crate::replica::EngineReplica { inner: Arc::clone(&self.inner) })
    }

    /// Which computers have a live connection now; the sync line speaks of them.
    pub fn set_reachable(&self, computers: impl IntoIterator<Item = ComputerId>) {
        self.inner.caches().reachable = computers.into_iter().collect();
    }

    /// A setting or remembered value of this computer.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn setting(&self, key: &str) -> Result<Option<String>, ErrorView> {
        self.inner.read(|reader| Ok(reader.setting(key)?))
    }

    /// Keeps a value; `None` removes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_setting(&self, key: &str, value: Option<&str>) -> Result<(), ErrorView> {
        if key.is_empty() || key.len() > 200 || value.is_some_and(|text| text.len() > 64 * 1024) {
            return Err(ErrorView::new(ErrorCode::Invalid, "A setting has a short name and at most 64 KiB.", ""));
        }
        let (key, value) = (key.to_owned(), value.map(str::to_owned));
        self.inner.write(Lane::Local, move |_, tx| Ok(tx.put_setting(&key, value.as_deref())?))
    }

    /// Whether commits wait for the disk.
    ///
    /// # Errors
    /// When it cannot be read.
    #[cfg(feature = "planted")]
    pub fn waits_for_the_disk(&self) -> Result<bool, ErrorView> {
        self.inner.write(Lane::Local, |_, tx| Ok(tx.waits_for_the_disk()?))
    }

    /// A peer holds more of our own feed than we do: a new epoch from the next commit on.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub fn own_feed_ahead(&self, space: &SpaceId, feed: &FeedId) -> Result<(), ErrorView> {
        let (space, feed) = (*space, *feed);
        self.inner.write(Lane::Local, move |_, tx| {
            let current = tx.space(&space)?.and_then(|row| row.own_feed);
            if current == Some(feed) {
                tx.set_own_feed(&space, None)?;
            }
            Ok(())
        })
    }

    /// A computer durably holds this much of a space; `true` when that is everything that is held here.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub fn acknowledged(&self, computer: &ComputerId, space: &SpaceId, vector: &Vector) -> Result<bool, ErrorView> {
        self.acknowledged_at(computer, space, vector, self.inner.now())
    }

    /// The same, said at an earlier time.
    pub(crate) fn acknowledged_at(&self, computer: &ComputerId, space: &SpaceId, vector: &Vector, at: i64) -> Result<bool, ErrorView> {
        let row = tuttu_store::rows::AckRow { computer: *computer, space: *space, vector: vector.clone(), at };
        let all = self.inner.write(Lane::Remote, move |_, tx| {
            tx.put_ack(&row)?;
            Ok(row.vector.covers(&tx.vector(&row.space)?))
        })?;
        if all {
            self.note_delivered(computer, space);
        }
        let line = self.sync_line()?;
        self.announce(Event::Sync { line });
        Ok(all)
    }
}
