use std::path::Path;

use crate::error::StoreError;

/// Which queue a write waits in: local edits go before remote chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// The person's own edits.
    Local,
    /// Other people's changes and background work.
    Remote,
}

/// An open vault database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {}

/// One write transaction, on the writer thread.
#[derive(Debug)]
pub struct Tx<'a> {
    _connection: std::marker::PhantomData<&'a ()>,
}

/// One consistent read.
#[derive(Debug)]
pub struct Reader<'a> {
    _connection: std::marker::PhantomData<&'a ()>,
}

impl Store {
    /// Makes a database in a folder that has none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn create(dir: &Path) -> Result<Self, StoreError> {
        let _ = dir;
        todo!()
    }
}
