use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};

use rusqlite::Connection;

use crate::archive::{self, Piece};
use crate::collation::Collation;
use crate::error::StoreError;
use crate::lock::{self, FileIdentity};
use crate::noticed::{self, Notices};
use crate::reader::Reader;
use crate::rows::Noticed;
use crate::search::Names;
use crate::tx::Tx;
use crate::writer::{Shared, Writer};
use crate::{connection, migrate, projection, salvage};

/// Reading connections open at the same time; further readers wait for one.
const READERS: usize = 4;
/// Steps of SQLite's machine between two looks at whether to stop: some tens of microseconds.
const STEPS: i32 = 5_000;

/// Which queue a write waits in: local edits go before remote chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// The person's own edits.
    Local,
    /// Other people's changes and background work.
    Remote,
}

/// An open vault database. Cheap to clone; the last clone that goes closes it.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    // Before the writer, which closes the database for good when no reader is left.
    pool: Pool,
    writer: Writer,
}

impl Store {
    /// Whether there is a vault in this folder.
    #[must_use]
    pub fn exists(dir: &Path) -> bool {
        connection::database(dir).is_file() || salvage::is_interrupted(dir)
    }

    /// Makes a database in a folder that has none; makes the folder too, readable for its owner only.
    ///
    /// # Errors
    /// [`StoreError::VaultExists`], [`StoreError::InUse`], [`StoreError::ReadOnly`], [`StoreError::DiskFull`].
    pub fn create(dir: &Path) -> Result<Self, StoreError> {
        Self::make(dir, |writing| {
            migrate::migrate(writing)?;
            projection::stamp(writing)
        })
    }

    /// Makes a database in a folder that has none, from what [`Reader::dump`] gave in a vault of this schema. Its caches are not there yet:
    /// [`Reader::rebuild_from`] says so.
    ///
    /// # Errors
    /// As [`Store::create`]; [`StoreError::Newer`] and [`StoreError::Damaged`] when the pieces do not make a vault. Nothing is left behind then.
    pub fn restore(dir: &Path, schema: u32, pieces: &mut dyn Iterator<Item = Result<Piece, StoreError>>) -> Result<Self, StoreError> {
        Self::make(dir, |writing| archive::load(writing, schema, pieces))
    }

    fn make(dir: &Path, fill: impl FnOnce(&Connection) -> Result<(), StoreError>) -> Result<Self, StoreError> {
        if Self::exists(dir) {
            return Err(StoreError::VaultExists);
        }
        connection::make_folder(dir)?;
        let held = lock::take(dir)?;
        let path = connection::database(dir);
        if path.exists() {
            return Err(StoreError::VaultExists);
        }
        connection::make_file(&path)?;
        let opened = connection::writing(&path).and_then(|writing| {
            fill(&writing)?;
            Ok(writing)
        });
        match opened {
            Ok(writing) => Self::start(dir, writing, held),
            Err(error) => {
                // It was made a moment ago: left behind it would look like a vault.
                salvage::remove_files(&path);
                Err(error)
            }
        }
    }

    /// Opens the database of a folder, takes its lock and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::NoVault`], [`StoreError::InUse`], [`StoreError::Newer`], [`StoreError::Damaged`], [`StoreError::ReadOnly`].
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        if !Self::exists(dir) {
            return Err(StoreError::NoVault);
        }
        let held = lock::take(dir)?;
        salvage::finish_interrupted(dir)?;
        let opened = if noticed::is_suspected(dir) { Err(StoreError::Corrupt("it was found damaged".into())) } else { prepare(dir) };
        let writing = match opened {
            Err(StoreError::Corrupt(why)) => mended(dir, &why)?,
            other => other?,
        };
        Self::start(dir, writing, held)
    }

    fn start(dir: &Path, writing: Connection, held: std::fs::File) -> Result<Self, StoreError> {
        let database = connection::database(dir);
        let collation = RwLock::new(Arc::new(Collation::of(&writing)?));
        let names = Names::new(database.clone());
        let shared = Arc::new(Shared { dir: dir.to_owned(), names, notices: Notices::default(), database, collation });
        let writer = Writer::start(writing, held, Arc::clone(&shared))?;
        Ok(Self { inner: Arc::new(Inner { pool: Pool::default(), shared, writer }) })
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.inner.shared.dir
    }

    /// Runs `work` on the writer thread in one transaction and returns when it is durable. When `work` fails or panics nothing is written.
    ///
    /// `work` must not call `write` itself; it may call anything on the transaction, reads included.
    ///
    /// # Errors
    /// What `work` returned, or why it could not be written.
    pub fn write<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.inner.writer.write(lane, work)
    }

    /// Runs `work` on one consistent snapshot. Readers wait neither for writers nor for each other (beyond four at a time).
    ///
    /// # Errors
    /// What `work` returned, or why it could not be read.
    pub fn read<T>(&self, work: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let inner = &self.inner;
        let snapshot = inner.pool.snapshot(&inner.shared.database)?;
        work(&Reader::new(snapshot.connection()?, &inner.shared)).inspect_err(|error| noticed::suspect(&inner.shared.dir, error))
    }

    /// What readers came upon and could not read since this was last asked; whoever asks sets it aside.
    #[must_use]
    pub fn take_noticed(&self) -> BTreeSet<Noticed> {
        self.inner.shared.notices.take()
    }

    /// Runs `work` on one consistent snapshot until somebody sets `stop`; what it reads then fails. A search nobody waits for any more costs nothing.
    ///
    /// # Errors
    /// What `work` returned, or why it could not be read.
    pub fn read_until<T>(&self, stop: &Arc<AtomicBool>, work: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let inner = &self.inner;
        let mut snapshot = inner.pool.snapshot(&inner.shared.database)?;
        snapshot.stop_at(stop)?;
        work(&Reader::until(snapshot.connection()?, &inner.shared, Arc::clone(stop)))
    }

    /// Which file on which machine the database is.
    ///
    /// # Errors
    /// When the file cannot be looked at.
    pub fn identity(&self) -> Result<FileIdentity, StoreError> {
        lock::identity(&self.inner.shared.database)
    }

    /// Pages of the database are damaged: it is mended when it is opened the next time.
    pub fn suspect(&self, why: &str) {
        noticed::suspect(&self.inner.shared.dir, &StoreError::Corrupt(why.to_owned()));
    }

    /// Builds the search memory now instead of at the first search (some 50 ms for 100,000 people).
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn warm_up(&self) -> Result<(), StoreError> {
        self.inner.shared.names.warm_up()
    }
}

/// Opens the database file for writing and brings it up to date.
fn prepare(dir: &Path) -> Result<Connection, StoreError> {
    let path = connection::database(dir);
    if std::fs::metadata(&path)?.len() == 0 {
        return Err(StoreError::NotAVault("the file is empty: it was cut off, or the vault was never made to the end".into()));
    }
    let writing = connection::writing(&path)?;
    migrate::migrate(&writing)?;
    migrate::check(&writing)?;
    projection::stamp(&writing)?;
    Ok(writing)
}

/// Pages of the file are damaged: what can be read is taken into a new one first. Where that is not possible now, it is opened as it is: what
/// can be read of it still can.
fn mended(dir: &Path, why: &str) -> Result<Connection, StoreError> {
    match salvage::mend(dir, why) {
        Ok(()) => prepare(dir),
        Err(not_mended) => {
            tracing::error!(%not_mended, why, "the damaged database could not be mended");
            prepare(dir).map_err(|_| not_mended)
        }
    }
}

/// Connections that are not in use, and how many there are in all.
#[derive(Debug, Default)]
struct Pool {
    state: Mutex<PoolState>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct PoolState {
    idle: Vec<Connection>,
    open: usize,
}

impl Pool {
    fn snapshot(&self, database: &Path) -> Result<Snapshot<'_>, StoreError> {
        let mut state = self.lock();
        let idle = loop {
            if let Some(connection) = state.idle.pop() {
                break Some(connection);
            }
            if state.open < READERS {
                state.open += 1;
                break None;
            }
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        drop(state);
        // From here on the guard gives the place back, whatever happens.
        let mut snapshot = Snapshot { pool: self, connection: idle };
        let connection = match snapshot.connection.take() {
            Some(connection) => connection,
            None => connection::reading(database)?,
        };
        connection.prepare_cached("BEGIN")?.execute([])?;
        snapshot.connection = Some(connection);
        Ok(snapshot)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, PoolState> {
        // The list is whole after each push and pop.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection with a read transaction; gives itself back.
struct Snapshot<'a> {
    pool: &'a Pool,
    connection: Option<Connection>,
}

impl Snapshot<'_> {
    fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection.as_ref().ok_or_else(|| StoreError::Other("a reader has no connection".into()))
    }

    fn stop_at(&mut self, stop: &Arc<AtomicBool>) -> Result<(), StoreError> {
        if let Some(connection) = &mut self.connection {
            let stop = Arc::clone(stop);
            connection.progress_handler(STEPS, Some(move || stop.load(Ordering::Relaxed)))?;
        }
        Ok(())
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        let mut back = self.connection.take();
        if let Some(connection) = &mut back {
            // What stopped one reader must not stop the next.
            let forgotten = connection.progress_handler(0, None::<fn() -> bool>);
            debug_assert!(forgotten.is_ok());
        }
        let back = back.filter(|connection| connection.execute_batch("ROLLBACK").is_ok());
        let mut state = self.pool.lock();
        match back {
            Some(connection) => state.idle.push(connection),
            None => state.open -= 1,
        }
        self.pool.freed.notify_one();
    }
}

#[cfg(test)]
mod tests;
