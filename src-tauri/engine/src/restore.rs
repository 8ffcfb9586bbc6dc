//! A backup becomes a vault: made in a folder beside its place, with a new computer key, and put there when it is whole.

use std::fs;
use std::io::{BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use age::secrecy::SecretString;
use tuttu_model::PersonId;
use tuttu_store::{Lane, Store, StoreError};
use tuttu_sync::membership::Role;

use crate::api::{ErrorCode, ErrorView, Secret};
use crate::backup::format::{Manifest, PieceReader, reason};
use crate::backup::lock::{self, Opened};
use crate::engine::{Engine, Inner};
use crate::files;
use crate::keys::Keys;
use crate::surroundings::System;
use crate::vault::{COMPUTER_NAME, checked_name};

/// What opens a backup.
#[derive(Debug, Clone)]
pub enum RestoreKey {
    /// The passphrase it was made with.
    Passphrase(Secret),
    /// The text of an age identity file (`AGE-SECRET-KEY-1…`).
    Identity(Secret),
}

/// A backup to restore.
#[derive(Debug, Clone)]
pub struct Restore {
    /// The backup file.
    pub file: PathBuf,
    /// What opens it.
    pub key: RestoreKey,
    /// The folder of the new vault; must not exist, or be empty.
    pub vault: PathBuf,
    /// The name of this computer.
    pub computer_name: String,
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Whose vault it is.
    pub person_name: String,
    /// The computer the backup was made on.
    pub made_on: String,
    /// When, seconds since 1970.
    pub made_at: i64,
    /// Spaces.
    pub spaces: u32,
    /// Records, with those in the trash.
    pub records: u32,
    /// Attached files.
    pub files: u32,
    /// It was a recovery kit: what is in the spaces has still to come.
    pub kit: bool,
}

const SAFE: &str = "Nothing was changed, and the backup is as it was.";

impl Restore {
    /// Makes the vault. When it fails nothing is left of it.
    ///
    /// # Errors
    /// When the folder is in use, the key does not fit, or the file is no whole backup; with what to do.
    pub fn run(&self) -> Result<Restored, ErrorView> {
        let computer_name = checked_name(&self.computer_name, "The computer’s name")?;
        check_target(&self.vault)?;
        let (manifest, mut pieces) = self.open()?;
        let keys = Keys::for_restored(&manifest.person, &System).ok_or_else(|| self.broken("the key in it cannot be read"))?;
        let making = Making::begin(&self.vault)?;
        let store = Store::restore(&making.path, manifest.schema, &mut pieces).map_err(|error| self.failed(error))?;
        let files = self.files(&mut pieces, &making)?;
        keys.save(&making.path)?;
        let restored = Restored { files, ..certify(store, keys, computer_name, &manifest)? };
        making.put_in_place(&self.vault)?;
        Ok(restored)
    }

    fn open(&self) -> Result<(Manifest, PieceReader<impl Read + use<>>), ErrorView> {
        let file = fs::File::open(&self.file).map_err(|error| {
            let message = format!("The backup {} cannot be read: {error}.", self.file.display());
            ErrorView::new(ErrorCode::File, message, "Nothing was changed. Check the name and the permissions of the file.")
        })?;
        let from = lock::encrypted(BufReader::new(file)).map_err(|error| self.broken(&reason(&error)))?;
        let opened = match &self.key {
            RestoreKey::Passphrase(passphrase) => lock::open_with_passphrase(from, SecretString::from(passphrase.0.clone())),
            RestoreKey::Identity(text) => {
                let wrong = |why: String| ErrorView::new(ErrorCode::Invalid, format!("The identity file cannot be read: {why}."), SAFE);
                let identities = age::IdentityFile::from_buffer(text.0.as_bytes()).map_err(|error| wrong(error.to_string()))?;
                let identities = identities.into_identities().map_err(|error| wrong(error.to_string()))?;
                lock::open(from, &identities.iter().map(|identity| &**identity as &dyn age::Identity).collect::<Vec<_>>())
            }
        };
        match opened {
            Ok(Opened::Yes(from)) => PieceReader::begin(from).map_err(|error| self.broken(&reason(&error))),
            Ok(Opened::No) => {
                let what = match self.key {
                    RestoreKey::Passphrase(_) => "The passphrase does not open this backup.",
                    RestoreKey::Identity(_) => "The identity does not open this backup.",
                };
                let hint = "Nothing was changed. Try again; capital letters and spaces count. Nobody can open it without the right one.";
                Err(ErrorView::new(ErrorCode::NotAllowed, what, hint))
            }
            Err(error) => Err(self.broken(&reason(&error))),
        }
    }

    /// Writes the attached files where the new vault has them.
    fn files<R: Read>(&self, pieces: &mut PieceReader<R>, making: &Making) -> Result<u32, ErrorView> {
        let written = pieces.files(&mut |hash| {
            let path = files::path_in(&making.files(), &data_encoding::HEXLOWER.encode(hash));
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::File::create_new(path).map(files::Synced)
        });
        written.map_err(|error| match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => self.failed(StoreError::DiskFull),
            _ => self.broken(&reason(&error)),
        })
    }

    fn broken(&self, why: &str) -> ErrorView {
        let message = format!("{} is not a whole backup: {why}.", self.file.display());
        ErrorView::new(ErrorCode::File, message, "Nothing was changed. Use another copy of it, or an earlier backup.")
    }

    fn failed(&self, error: StoreError) -> ErrorView {
        match error {
            StoreError::Damaged(why) => self.broken(&why),
            StoreError::DiskFull => {
                let hint = "Nothing half made was left, and the backup is as it was. Free some space, or choose another disk.";
                ErrorView::new(ErrorCode::DiskFull, "The backup is not restored: the disk is full.", hint)
            }
            other => other.into(),
        }
    }
}

/// The restored vault is a computer of its own: certified by the person key in every space the person is a member of, with new feeds.
fn certify(store: Store, keys: Keys, computer_name: String, manifest: &Manifest) -> Result<Restored, ErrorView> {
    let person = keys.person_id();
    let inner = Inner::new(store, keys, person.unwrap_or(PersonId([0; 32])), Arc::new(System));
    if person.is_none() {
        inner.set_person(inner.read(|reader| Ok(inner.noted_person(reader)?.unwrap_or(PersonId([0; 32]))))?);
    }
    let engine = Engine { inner: Arc::new(inner) };
    let spaces = engine.inner.write(Lane::Local, move |inner, tx| {
        tx.put_meta(COMPUTER_NAME, computer_name.as_bytes())?;
        let spaces = tx.spaces()?;
        for row in &spaces {
            // Without the person key another computer of the person has to let this one in.
            if let Some(key) = inner.person_key()
                && inner.membership(tx, &row.id)?.role(&inner.person()) != Role::None
            {
                let certificate = inner.certificate(tx, &row.id, key)?;
                tx.put_op(&row.id, &certificate)?;
                if row.private {
                    // So that the person's other computers can take it along into spaces they make.
                    inner.vouch_for_itself(tx, &row.id)?;
                }
            }
        }
        Ok(u32::try_from(spaces.len()).unwrap_or(u32::MAX))
    })?;
    engine.remember_place()?;
    engine.rebuild()?;
    let records = engine.inner.read(|reader| Ok(reader.document_count(0)?.0))?;
    Ok(Restored {
        person_name: manifest.person_name.clone(),
        made_on: manifest.computer_name.clone(),
        made_at: manifest.made,
        spaces,
        records,
        files: 0,
        kit: manifest.kit,
    })
}

fn check_target(vault: &Path) -> Result<(), ErrorView> {
    let taken = match fs::read_dir(vault) {
        Ok(mut inside) => inside.next().is_some(),
        Err(_) => vault.exists(),
    };
    if taken {
        let message = format!("{} exists already.", vault.display());
        return Err(ErrorView::new(ErrorCode::VaultExists, message, "Nothing was changed. Name a new folder: --vault NEW"));
    }
    Ok(())
}

/// The folder in which the vault is made; removed again unless it is put in its place.
struct Making {
    path: PathBuf,
    placed: bool,
}

impl Making {
    fn begin(vault: &Path) -> Result<Self, ErrorView> {
        let mut name = vault.as_os_str().to_owned();
        name.push(".restoring");
        let making = Self { path: name.into(), placed: false };
        // Left by a process that was killed.
        making.clear();
        if making.path.exists() {
            let message = format!("{} is in the way.", making.path.display());
            return Err(ErrorView::new(ErrorCode::File, message, "Nothing was changed. Move it away, or name another folder."));
        }
        Ok(making)
    }

    fn put_in_place(mut self, vault: &Path) -> Result<(), ErrorView> {
        let failed = |error: std::io::Error| ErrorView::new(ErrorCode::File, format!("{} cannot be made: {error}.", vault.display()), SAFE);
        if vault.exists() {
            // Empty, as was checked; else this refuses.
            fs::remove_dir(vault).map_err(failed)?;
        }
        fs::rename(&self.path, vault).map_err(failed)?;
        self.placed = true;
        sync_parent(vault).map_err(failed)
    }

    fn files(&self) -> PathBuf {
        self.path.join(files::FOLDER)
    }

    /// Removes what a restore makes, nothing else.
    fn clear(&self) {
        let _ = fs::remove_dir_all(self.files());
        for name in ["vault.db", "vault.db-wal", "vault.db-shm", "vault.db-journal", "vault.lock", "keys/person.key", "keys/computer.key"] {
            let _ = fs::remove_file(self.path.join(name));
        }
        let _ = fs::remove_dir(self.path.join("keys"));
        let _ = fs::remove_dir(&self.path);
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        if !self.placed {
            self.clear();
        }
    }
}

/// Makes the name of a file durable.
pub(crate) fn sync_parent(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::File::open(parent)?.sync_all()?;
    }
    Ok(())
}
