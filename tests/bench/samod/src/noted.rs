//! Files on the disk, and which documents were written to them.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use samod::storage::{Storage, StorageKey, TokioFilesystemStorage};
use tokio::sync::watch;

#[derive(Debug, Clone)]
pub struct Noted {
    files: TokioFilesystemStorage,
    documents: Arc<Mutex<BTreeSet<String>>>,
    count: watch::Sender<usize>,
}

impl Noted {
    pub fn new(files: TokioFilesystemStorage) -> Self {
        Self { files, documents: Arc::default(), count: watch::Sender::new(0) }
    }

    pub fn note(&self, written: impl IntoIterator<Item = String>) {
        let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        documents.extend(written);
        self.count.send_replace(documents.len());
    }

    pub fn documents(&self) -> Vec<String> {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Until so many are written.
    pub async fn until(&self, count: usize) {
        // The sender is here, so it cannot end early.
        let _ = self.count.subscribe().wait_for(|written| *written >= count).await;
    }
}

/// The document, where this is a part of one.
fn document(key: &StorageKey) -> Option<String> {
    let mut parts = key.into_iter();
    let (document, kind) = (parts.next()?, parts.next()?);
    matches!(kind.as_str(), "incremental" | "snapshot").then(|| document.clone())
}

impl Storage for Noted {
    async fn load(&self, key: StorageKey) -> Option<Vec<u8>> {
        self.files.load(key).await
    }

    async fn load_range(&self, prefix: StorageKey) -> HashMap<StorageKey, Vec<u8>> {
        self.files.load_range(prefix).await
    }

    async fn put(&self, key: StorageKey, data: Vec<u8>) {
        let written = document(&key);
        self.files.put(key, data).await;
        self.note(written);
    }

    async fn delete(&self, key: StorageKey) {
        self.files.delete(key).await;
    }
}
