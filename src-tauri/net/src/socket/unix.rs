//! A Unix domain socket in the vault's folder.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use super::Duplex;

const NAME: &str = "tuttu.sock";
/// Tells where the socket is when the vault's own path is too long for one.
const POINTER: &str = "tuttu.sock.path";
/// Systems take between 104 and 108 bytes.
const PATH_BYTES: usize = 100;

#[derive(Debug)]
pub(crate) struct Listener {
    listener: UnixListener,
    path: PathBuf,
    user: u32,
}

impl Listener {
    pub(crate) fn bind(vault: &Path) -> io::Result<Self> {
        let user = own_user()?;
        let path = place(vault, user)?;
        // The vault's lock is held, so whatever lies here was left behind.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self { listener, path, user })
    }

    pub(crate) async fn accept(&mut self) -> io::Result<Box<dyn Duplex>> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            if stream.peer_cred()?.uid() == self.user {
                return Ok(Box::new(stream));
            }
            tracing::warn!("a process of another user tried the local socket");
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // One that stays is replaced at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

pub(crate) async fn connect(vault: &Path) -> io::Result<Option<Box<dyn Duplex>>> {
    let Some(path) = existing(vault) else { return Ok(None) };
    let stream = match UnixStream::connect(path).await {
        Ok(stream) => stream,
        // Nothing there, or left by a process that was killed.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if stream.peer_cred()?.uid() != own_user()? {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the socket belongs to another user"));
    }
    Ok(Some(Box::new(stream)))
}

/// The user this process runs as.
fn own_user() -> io::Result<u32> {
    let (left, _right) = UnixStream::pair()?;
    Ok(left.peer_cred()?.uid())
}

fn is_short(path: &Path) -> bool {
    path.as_os_str().as_bytes().len() <= PATH_BYTES
}

/// Where to put the socket; leaves a pointer in the vault when that is elsewhere.
fn place(vault: &Path, user: u32) -> io::Result<PathBuf> {
    let beside = vault.join(NAME);
    let pointer = vault.join(POINTER);
    if is_short(&beside) {
        match fs::remove_file(&pointer) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => return Ok(beside),
        }
    }
    let vault = fs::canonicalize(vault)?;
    let name: String = blake3::hash(vault.as_os_str().as_bytes()).to_hex().chars().take(16).collect();
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_absolute() && dir.is_dir());
    let candidates =
        [runtime.map(|dir| dir.join(format!("tuttu-{name}"))), Some(std::env::temp_dir().join(format!("tuttu-{user}-{name}")))];
    let mut failure = io::Error::new(io::ErrorKind::InvalidInput, "the folder’s path is too long, and so is every other one");
    for dir in candidates.into_iter().flatten() {
        let path = dir.join(NAME);
        if !is_short(&path) {
            continue;
        }
        match own_dir(&dir, user) {
            Ok(()) => {
                fs::write(&pointer, path.as_os_str().as_bytes())?;
                return Ok(path);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Makes a folder only this user can enter, or checks that it is one.
fn own_dir(dir: &Path, user: u32) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // Not following links: in a shared folder somebody else may have put one here.
    let found = fs::symlink_metadata(dir)?;
    if found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{} is not a folder of this user alone", dir.display())))
}

/// Where the socket of a running process would be; `None` when no process left word of it.
fn existing(vault: &Path) -> Option<PathBuf> {
    let beside = vault.join(NAME);
    if is_short(&beside) {
        return Some(beside);
    }
    let pointed = fs::read(vault.join(POINTER)).ok()?;
    let pointed = Path::new(OsStr::from_bytes(&pointed));
    is_short(pointed).then(|| pointed.to_owned())
}

#[cfg(test)]
mod tests;
