//! The secret keys of a vault: the computer key, and on the first computer the person key, which certifies it.
//!
//! They are files beside the database, readable by their user only. See `docs/adr/0006-keys-in-the-vault-folder.md`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use iroh_base::SecretKey;
use tuttu_model::{ComputerId, PersonId};

use crate::api::{ErrorCode, ErrorView};
use crate::surroundings::{Surroundings, random};

/// The keys of a vault.
#[derive(Clone)]
pub(crate) struct Keys {
    /// Not on a computer that another one of the person let in: no private key is ever copied.
    pub(crate) person: Option<SecretKey>,
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
        Ok(Self { person: Some(SecretKey::from_bytes(&random(surroundings)?)), ..Self::for_joining(surroundings)? })
    }

    /// A new key for a computer that becomes somebody's next.
    pub(crate) fn for_joining(surroundings: &dyn Surroundings) -> Result<Self, ErrorView> {
        Ok(Self { person: None, computer: SecretKey::from_bytes(&random(surroundings)?) })
    }

    /// The person key of a backup, if there is one in it, and a new key for this computer.
    pub(crate) fn for_restored(person: &str, surroundings: &dyn Surroundings) -> Option<Self> {
        let computer = Self::for_joining(surroundings).ok()?;
        if person.is_empty() {
            return Some(computer);
        }
        let bytes: [u8; 32] = data_encoding::HEXLOWER.decode(person.as_bytes()).ok()?.try_into().ok()?;
        Some(Self { person: Some(SecretKey::from_bytes(&bytes)), ..computer })
    }

    /// Whose person key is here.
    pub(crate) fn person_id(&self) -> Option<PersonId> {
        self.person.as_ref().map(|key| PersonId(*key.public().as_bytes()))
    }

    pub(crate) fn computer_id(&self) -> ComputerId {
        ComputerId(*self.computer.public().as_bytes())
    }

    /// Whether a vault's keys lie in this folder.
    pub(crate) fn are_in(dir: &Path) -> bool {
        path(dir, "person").exists() || path(dir, "computer").exists()
    }

    /// Reads the keys. `for_another`: the database says that the vault is not, or not yet, of the person whose key would lie here.
    pub(crate) fn load(dir: &Path, for_another: bool) -> Result<Self, ErrorView> {
        let computer = read(&path(dir, "computer"))?;
        let person = if for_another { None } else { Some(read(&path(dir, "person"))?) };
        Ok(Self { person, computer })
    }

    /// Writes the keys, durably, before the database names them.
    pub(crate) fn save(&self, dir: &Path) -> Result<(), ErrorView> {
        let folder = dir.join("keys");
        fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
        restrict(&folder, 0o700);
        if let Some(person) = &self.person {
            write(&path(dir, "person"), person)?;
        }
        write(&path(dir, "computer"), &self.computer)
    }
}

/// Puts the key of who the vault belonged to before aside: nothing is signed with it any more.
pub(crate) fn set_person_aside(dir: &Path) {
    let (from, to) = (path(dir, "person"), path(dir, "person.before"));
    if from.exists()
        && let Err(error) = fs::rename(&from, &to)
    {
        // The database says whose vault it is; the file is not read any more.
        tracing::warn!(%error, "the key of the identity before could not be put aside");
    }
}

/// Removes the keys of a vault that never became anybody's.
pub(crate) fn discard(dir: &Path) {
    // A key nobody ever vouched for is worth nothing.
    let _ = fs::remove_file(path(dir, "computer"));
    let _ = fs::remove_dir(dir.join("keys"));
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
