//! One vault, one process; and how a copied vault is told from the one it was copied from.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// The lock file's name in the vault's folder. It stays there; only the lock on it counts, and the system takes that back when the process ends.
const LOCK: &str = "vault.lock";

/// Which file on which machine the database is. When it differs from what was recorded, the database was copied or restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    /// The file system's device number; 0 where there is none.
    pub device: u64,
    /// The file's number on that device; 0 where there is none.
    pub inode: u64,
    /// A hash of the machine's own id; zeros where it has none.
    pub machine: [u8; 32],
}

/// Takes the vault's lock, or says that another process has it.
pub(crate) fn take(dir: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(dir.join(LOCK))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Which file on which machine `database` is.
pub(crate) fn identity(database: &Path) -> Result<FileIdentity, StoreError> {
    let (device, inode) = file_number(&std::fs::metadata(database)?);
    // The machine's id is for this machine only: what is kept and copied along with a vault is a hash.
    let machine = machine_id().map_or([0; 32], |id| blake3::derive_key("tuttu machine id v1", id.trim().as_bytes()));
    Ok(FileIdentity { device, inode, machine })
}

#[cfg(unix)]
fn file_number(metadata: &std::fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn file_number(_: &std::fs::Metadata) -> (u64, u64) {
    (0, 0)
}

#[cfg(target_os = "linux")]
fn machine_id() -> Option<String> {
    ["/etc/machine-id", "/var/lib/dbus/machine-id"].iter().find_map(|path| std::fs::read_to_string(path).ok())
}

#[cfg(target_os = "macos")]
fn machine_id() -> Option<String> {
    let output = std::process::Command::new("/usr/sbin/ioreg").args(["-rd1", "-c", "IOPlatformExpertDevice"]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().find(|line| line.contains("IOPlatformUUID")).map(ToOwned::to_owned)
}

#[cfg(windows)]
fn machine_id() -> Option<String> {
    let key = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography";
    let output = std::process::Command::new("reg").args(["query", key, "/v", "MachineGuid"]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().find(|line| line.contains("MachineGuid")).map(ToOwned::to_owned)
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
fn machine_id() -> Option<String> {
    None
}
