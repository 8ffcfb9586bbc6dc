//! The one thread that writes: local edits first, then remote chunks, and upkeep when neither waits.

use std::any::Any;
use std::collections::VecDeque;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use crate::collation::Collation;
use crate::error::StoreError;
use crate::noticed::{self, Notices};
use crate::search::Names;
use crate::store::Lane;
use crate::tx::Tx;
use crate::upkeep::Upkeep;

/// How long nothing must be written before upkeep begins.
const IDLE: Duration = Duration::from_millis(250);

/// What the writer, the readers and the store have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The vault's folder.
    pub(crate) dir: PathBuf,
    /// The database file.
    pub(crate) database: PathBuf,
    /// Names, addresses and numbers, searched in memory.
    pub(crate) names: Names,
    /// Damaged things that were come upon.
    pub(crate) notices: Notices,
    /// In which order names stand.
    pub(crate) collation: RwLock<Arc<Collation>>,
}

impl Shared {
    /// The present order of names.
    pub(crate) fn collation(&self) -> Arc<Collation> {
        Arc::clone(&self.collation.read().unwrap_or_else(PoisonError::into_inner))
    }
}

type Job = Box<dyn FnOnce(&Connection) + Send>;

#[derive(Default)]
struct Queues {
    local: VecDeque<Job>,
    remote: VecDeque<Job>,
    closed: bool,
}

/// The two queues and the bell beside them.
#[derive(Default)]
struct Inbox {
    queues: Mutex<Queues>,
    bell: Condvar,
}

enum Next {
    Job(Job),
    Idle,
    Closed,
}

/// The handle of the writer thread.
pub(crate) struct Writer {
    inbox: Arc<Inbox>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl Writer {
    /// Starts the thread. It owns the connection and the vault's lock until it ends.
    pub(crate) fn start(connection: Connection, lock: File, shared: Arc<Shared>) -> Result<Self, StoreError> {
        let inbox = Arc::new(Inbox::default());
        let its = Arc::clone(&inbox);
        let its_shared = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("tuttu-store".into()).spawn(move || {
            serve(&its, &connection, &its_shared);
            drop(connection);
            drop(lock);
        })?;
        Ok(Self { inbox, shared, thread: Some(thread) })
    }

    /// Carries out `work` in one transaction; returns when it is durable.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        if self.is_current_thread() {
            return Err(StoreError::Abandoned("a write was started inside another write".into()));
        }
        let (answer, wait) = mpsc::sync_channel(1);
        let shared = Arc::clone(&self.shared);
        self.inbox.put(lane, Box::new(move |connection| drop(answer.send(transact(connection, &shared, work)))))?;
        let written = wait.recv().unwrap_or_else(|_| Err(closed()));
        written.inspect_err(|error| noticed::suspect(&self.shared.dir, error))
    }

    fn is_current_thread(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| thread.thread().id() == std::thread::current().id())
    }
}

impl Drop for Writer {
    /// Lets what waits finish, then closes the database.
    fn drop(&mut self) {
        self.inbox.lock().closed = true;
        self.inbox.bell.notify_all();
        let here = self.is_current_thread();
        if let Some(thread) = self.thread.take()
            && !here
            && thread.join().is_err()
        {
            tracing::error!("the writer thread ended with a panic");
        }
    }
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Queues> {
        // A queue is whole after each push and pop, whatever happened to the thread that made it.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, lane: Lane, job: Job) -> Result<(), StoreError> {
        let mut queues = self.lock();
        if queues.closed {
            return Err(closed());
        }
        match lane {
            Lane::Local => queues.local.push_back(job),
            Lane::Remote => queues.remote.push_back(job),
        }
        self.bell.notify_one();
        Ok(())
    }

    /// The next job; waits for one, at most [`IDLE`] when upkeep is due.
    fn next(&self, upkeep_due: bool) -> Next {
        let mut queues = self.lock();
        loop {
            if let Some(job) = queues.local.pop_front().or_else(|| queues.remote.pop_front()) {
                return Next::Job(job);
            }
            if queues.closed {
                return Next::Closed;
            }
            if upkeep_due {
                let (back, waited) = self.bell.wait_timeout(queues, IDLE).unwrap_or_else(PoisonError::into_inner);
                queues = back;
                if waited.timed_out() && queues.local.is_empty() && queues.remote.is_empty() && !queues.closed {
                    return Next::Idle;
                }
            } else {
                queues = self.bell.wait(queues).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn is_empty(&self) -> bool {
        let queues = self.lock();
        queues.local.is_empty() && queues.remote.is_empty() && !queues.closed
    }
}

fn serve(inbox: &Inbox, connection: &Connection, shared: &Shared) {
    let mut upkeep = Upkeep::new(&shared.database);
    loop {
        match inbox.next(upkeep.is_due()) {
            Next::Job(job) => {
                job(connection);
                upkeep.wrote(connection);
            }
            Next::Idle => upkeep.run(connection, &|| inbox.is_empty()),
            Next::Closed => break,
        }
    }
    upkeep.close(connection);
}

fn transact<T>(connection: &Connection, shared: &Shared, work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    // Whatever `work` leaves half done is in the transaction, and that is rolled back.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut tx = Tx::new(connection, shared);
        let value = work(&mut tx)?;
        Ok((value, tx.finish()?))
    }));
    let (value, aftermath) = match outcome {
        Ok(Ok(done)) => done,
        Ok(Err(error)) => return Err(roll_back(connection, error)),
        Err(panic) => {
            let reason = StoreError::Abandoned(format!("a write was abandoned: {}", panic_text(panic.as_ref())));
            return Err(roll_back(connection, reason));
        }
    };
    if let Err(error) = connection.prepare_cached("COMMIT")?.execute([]) {
        return Err(roll_back(connection, error.into()));
    }
    *shared.collation.write().unwrap_or_else(PoisonError::into_inner) = aftermath.collation;
    shared.names.committed(aftermath.names);
    Ok(value)
}

/// Undoes the open transaction, unless SQLite did so itself (it does when the disk is full).
fn roll_back(connection: &Connection, reason: StoreError) -> StoreError {
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, %reason, "a transaction could not be rolled back");
    }
    reason
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("panic")
}

fn closed() -> StoreError {
    StoreError::Other("the vault is being closed".into())
}
