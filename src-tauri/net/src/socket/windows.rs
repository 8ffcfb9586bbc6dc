//! A named pipe. Its default rights let other users read at most, and a pipe opened for both directions needs both.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeServer, ServerOptions};

use super::Duplex;

/// All instances of the pipe are taken at the moment (winerror.h).
const ERROR_PIPE_BUSY: i32 = 231;
const TRIES: u32 = 50;

#[derive(Debug)]
pub(crate) struct Listener {
    name: String,
    next: NamedPipeServer,
}

impl Listener {
    pub(crate) fn bind(vault: &Path) -> io::Result<Self> {
        let name = pipe_name(vault)?;
        // The first instance must be ours, so that nobody can sit on the name.
        let next = ServerOptions::new().first_pipe_instance(true).reject_remote_clients(true).create(&name)?;
        Ok(Self { name, next })
    }

    pub(crate) async fn accept(&mut self) -> io::Result<Box<dyn Duplex>> {
        self.next.connect().await?;
        let next = ServerOptions::new().reject_remote_clients(true).create(&self.name)?;
        Ok(Box::new(std::mem::replace(&mut self.next, next)))
    }
}

pub(crate) async fn connect(vault: &Path) -> io::Result<Option<Box<dyn Duplex>>> {
    let name = match pipe_name(vault) {
        Ok(name) => name,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    for _ in 0..TRIES {
        match ClientOptions::new().open(&name) {
            Ok(client) => return Ok(Some(Box::new(client))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.raw_os_error() == Some(ERROR_PIPE_BUSY) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "the process that holds the vault is busy"))
}

fn pipe_name(vault: &Path) -> io::Result<String> {
    let vault = std::fs::canonicalize(vault)?;
    let hash = blake3::hash(vault.to_string_lossy().to_lowercase().as_bytes());
    let short: String = hash.to_hex().chars().take(32).collect();
    Ok(format!(r"\\.\pipe\tuttu-{short}"))
}
