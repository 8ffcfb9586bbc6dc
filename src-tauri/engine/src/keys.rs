//! The secret keys of a vault: the person key, which certifies the first computer, and the computer key.
//!
//! They are files beside the database, readable by their user only. See `docs/adr/0006-keys-in-the-vault-folder.md`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use iroh_base::SecretKey;
use tuttu_model::{ComputerId, PersonId};

use crate::api::{ErrorCode, ErrorView};
use crate::surroundings::{Surroundings, random};

/// Both keys of a vault.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) person: SecretKey,
    pub(crate) computer: SecretKey,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({:?})", self.computer_id())
    }
}

impl Keys {
    /// Two new keys.
    pub(crate) fn generate(surroundings: &dyn Surroundings) -> Result<Self, ErrorView> {
        Ok(Self { person: SecretKey::from_bytes(&random(surroundings)?), computer: SecretKey::from_bytes(&random(surroundings)?) })
    }

    /// The person key of a backup, and a new key for this computer.
    pub(crate) fn for_restored(person: &str, surroundings: &dyn Surroundings) -> Option<Self> {
        let bytes: [u8; 32] = data_encoding::HEXLOWER.decode(person.as_bytes()).ok()?.try_into().ok()?;
        Some(Self { person: SecretKey::from_bytes(&bytes), computer: SecretKey::from_bytes(&random(surroundings).ok()?) })
    }

    pub(crate) fn person_id(&self) -> PersonId {
        PersonId(*self.person.public().as_bytes())
    }

    pub(crate) fn computer_id(&self) -> ComputerId {
        ComputerId(*self.computer.public().as_bytes())
    }

    /// Whether a vault's keys lie in this folder.
    pub(crate) fn are_in(dir: &Path) -> bool {
        path(dir, "person").exists() || path(dir, "computer").exists()
    }

    /// Reads both keys.
    pub(crate) fn load(dir: &Path) -> Result<Self, ErrorView> {
        Ok(Self { person: read(&path(dir, "person"))?, computer: read(&path(dir, "computer"))? })
    }

    /// Writes both keys, durably, before the database names them.
    pub(crate) fn save(&self, dir: &Path) -> Result<(), ErrorView> {
        let folder = dir.join("keys");
        fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
        restrict(&folder, 0o700);
        write(&path(dir, "person"), &self.person)?;
        write(&path(dir, "computer"), &self.computer)
    }
}

fn path(dir: &Path, name: &str) -> PathBuf {
    dir.join("keys").join(format!("{name}.key"))
}

fn read(path: &Path) -> Result<SecretKey, ErrorView> {
    let damaged = |why: String| {
        ErrorView::new(
            ErrorCode::Damaged,
            format!("The key file {} cannot be read: {why}.", path.display()),
            "Your records are safe, and nothing was changed. Put the file back from a copy of the folder, or restore a backup into a new folder: tuttu \
             restore FILE --vault NEW.",
        )
    };
    let text = fs::read_to_string(path).map_err(|error| damaged(error.to_string()))?;
    let bytes = data_encoding::HEXLOWER.decode(text.trim().as_bytes()).map_err(|error| damaged(error.to_string()))?;
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| damaged("it is not 32 bytes long".into()))?;
    Ok(SecretKey::from_bytes(&bytes))
}

fn write(path: &Path, key: &SecretKey) -> Result<(), ErrorView> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let text = data_encoding::HEXLOWER.encode(&key.to_bytes());
    options
        .open(path)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> ErrorView {
    ErrorView::new(
        ErrorCode::ReadOnly,
        format!("{} cannot be written: {error}.", path.display()),
        "Check the permissions of the folder, or choose another one.",
    )
}

#[cfg(unix)]
fn restrict(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    if let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(mode)) {
        tracing::warn!(path = %path.display(), %error, "permissions could not be narrowed");
    }
}

#[cfg(not(unix))]
fn restrict(_path: &Path, _mode: u32) {}
