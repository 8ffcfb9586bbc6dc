//! What reading came upon and could not read. A reader cannot set it aside itself; whoever asked it does so afterwards.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::StoreError;
use crate::rows::Noticed;

/// The folder in the vault's folder where what is damaged is kept.
const FOLDER: &str = "damage";
/// While this file is in it, the database is mended before it is opened.
const SUSPECTED: &str = "suspected";
/// Notices kept until somebody takes them.
const KEPT: usize = 10_000;

/// Damaged things that were come upon and are not set aside yet.
#[derive(Debug, Default)]
pub(crate) struct Notices(Mutex<BTreeSet<Noticed>>);

impl Notices {
    pub(crate) fn add(&self, noticed: Noticed) {
        let mut found = self.lock();
        if found.len() < KEPT {
            found.insert(noticed);
        }
    }

    pub(crate) fn take(&self) -> BTreeSet<Noticed> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<Noticed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The folder where damaged files are kept.
pub(crate) fn folder(vault: &Path) -> PathBuf {
    vault.join(FOLDER)
}

/// Pages of the database are damaged: remembers that it has to be mended before it is opened the next time.
pub(crate) fn suspect(vault: &Path, error: &StoreError) {
    let StoreError::Corrupt(why) = error else { return };
    let folder = folder(vault);
    let mark = folder.join(SUSPECTED);
    if mark.exists() {
        return;
    }
    let noted = crate::connection::make_folder(&folder).and_then(|()| Ok(std::fs::write(&mark, why)?));
    if let Err(left) = noted {
        tracing::warn!(%left, "that the database is damaged could not be noted");
    }
}

/// Whether the database has to be mended before it is opened.
pub(crate) fn is_suspected(vault: &Path) -> bool {
    folder(vault).join(SUSPECTED).exists()
}

/// The database was mended.
pub(crate) fn clear(vault: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(folder(vault).join(SUSPECTED)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
