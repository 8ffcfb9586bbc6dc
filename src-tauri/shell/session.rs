//! The vault of this process: not there yet, becoming somebody's, open, or in trouble.

use std::path::{Path, PathBuf};

use tauri::{AppHandle, Emitter};
use tokio::sync::RwLock;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tuttu_engine::api::{ErrorCode, ErrorView, Event};
use tuttu_engine::{Engine, NewVault, Restore, RestoreKey, Restored};
use tuttu_net::host::Client;
use tuttu_net::{Host, HostOptions};

const EVENT: &str = "engine-event";

/// How the vault stands.
#[derive(Debug, Clone)]
pub(crate) enum Vault {
    /// There is none yet.
    None,
    /// One that is nobody's yet, with its network: it is to become the next computer of whoever made the link.
    Joining(Engine, Host),
    /// Open, with its network.
    Open(Host),
    /// It is there but cannot be used.
    Trouble(ErrorView),
}

/// The one vault of this process.
#[derive(Debug)]
pub(crate) struct Session {
    dir: Option<PathBuf>,
    vault: RwLock<Vault>,
}

impl Session {
    /// A session on the vault in this folder; nothing is opened yet.
    pub(crate) fn new(dir: Option<PathBuf>) -> Self {
        Self { dir, vault: RwLock::new(Vault::None) }
    }

    /// How the vault stands now. Opens it if it is there and not open, so asking again is also trying again.
    pub(crate) async fn look(&self, app: &AppHandle) -> Vault {
        let mut vault = self.vault.write().await;
        if !matches!(*vault, Vault::Open(_) | Vault::Joining(..)) {
            *vault = match self.open().await {
                Ok(Some(host)) => opened(app, host),
                Ok(None) => Vault::None,
                Err(error) => Vault::Trouble(error),
            };
        }
        vault.clone()
    }

    /// Makes the vault.
    ///
    /// # Errors
    /// When there is one, or it cannot be made.
    pub(crate) async fn create(&self, app: &AppHandle, new: NewVault) -> Result<(), ErrorView> {
        let mut vault = self.vault.write().await;
        if matches!(*vault, Vault::Open(_)) {
            return Err(exists_already());
        }
        give_up_joining(&mut vault, true).await;
        let dir = self.dir()?.to_owned();
        let engine = off_the_executor(move || Engine::create(&dir, &new)).await?;
        *vault = opened(app, start(engine).await?);
        Ok(())
    }

    /// Makes the vault from a backup or a recovery kit.
    ///
    /// # Errors
    /// When there is one, the file cannot be opened with this key, or the vault cannot be made. Nothing is left of it then.
    pub(crate) async fn restore(
        &self,
        app: &AppHandle,
        file: PathBuf,
        key: RestoreKey,
        computer_name: String,
    ) -> Result<Restored, ErrorView> {
        let mut vault = self.vault.write().await;
        match &*vault {
            Vault::Open(_) => return Err(exists_already()),
            Vault::Trouble(error) => return Err(error.clone()),
            Vault::None | Vault::Joining(..) => give_up_joining(&mut vault, true).await,
        }
        let dir = self.dir()?.to_owned();
        let (engine, restored) = off_the_executor(move || {
            // What was begun by joining and never became anybody's is in nobody's way.
            if Engine::exists(&dir)
                && let Ok(unfinished) = Engine::open_to_join(&dir)
            {
                unfinished.discard_unfinished();
            }
            let restored = Restore { file, key, vault: dir.clone(), computer_name }.run()?;
            Ok((Engine::open(&dir)?, restored))
        })
        .await?;
        *vault = opened(app, start(engine).await?);
        Ok(restored)
    }

    /// The open vault; where there is none, one that is nobody's yet, made to become the next computer of a person.
    ///
    /// # Errors
    /// When there is one that cannot be used, or none can be made.
    pub(crate) async fn host_to_join(&self) -> Result<Host, ErrorView> {
        let mut vault = self.vault.write().await;
        match &*vault {
            Vault::Open(host) | Vault::Joining(_, host) => Ok(host.clone()),
            Vault::Trouble(error) => Err(error.clone()),
            Vault::None => {
                let dir = self.dir()?.to_owned();
                let engine = off_the_executor(move || Engine::open_to_join(&dir)).await?;
                match start(engine.clone()).await {
                    Ok(host) => {
                        *vault = Vault::Joining(engine, host.clone());
                        Ok(host)
                    }
                    Err(error) => {
                        engine.discard_unfinished();
                        Err(error)
                    }
                }
            }
        }
    }

    /// The vault that is becoming somebody's, or else the open one.
    ///
    /// # Errors
    /// When there is neither.
    pub(crate) async fn joining_host(&self) -> Result<Host, ErrorView> {
        if let Vault::Joining(_, host) = &*self.vault.read().await {
            return Ok(host.clone());
        }
        self.host().await
    }

    /// Joining came to an end. A vault that was nobody's is open now, or goes away again; where the other computer was out of reach it may have
    /// let this one in already, and the link then works again with the same key only, which stays for that.
    pub(crate) async fn joining_ended(&self, app: &AppHandle, joined: Result<bool, &ErrorView>) {
        let mut vault = self.vault.write().await;
        match joined {
            Ok(true) => {
                if let Vault::Joining(_, host) = &*vault {
                    *vault = opened(app, host.clone());
                }
            }
            Ok(false) => give_up_joining(&mut vault, true).await,
            Err(error) => {
                let gone = matches!(error.code, ErrorCode::Unreachable | ErrorCode::Timeout);
                give_up_joining(&mut vault, !gone).await;
            }
        }
    }

    /// The open vault.
    ///
    /// # Errors
    /// Why it is not open.
    pub(crate) async fn host(&self) -> Result<Host, ErrorView> {
        match &*self.vault.read().await {
            Vault::Open(host) => Ok(host.clone()),
            Vault::Trouble(error) => Err(error.clone()),
            Vault::None | Vault::Joining(..) => Err(ErrorView::new(ErrorCode::NoVault, "There is no vault yet.", "Say who you are first.")),
        }
    }

    /// Closes the network and the vault.
    pub(crate) async fn close(&self) {
        let before = std::mem::replace(&mut *self.vault.write().await, Vault::None);
        if let Vault::Open(host) | Vault::Joining(_, host) = before {
            host.shutdown().await;
        }
    }

    async fn open(&self) -> Result<Option<Host>, ErrorView> {
        let dir = self.dir()?.to_owned();
        let wanted = dir.clone();
        let opened = off_the_executor(move || if Engine::exists(&wanted) { Engine::open(&wanted).map(Some) } else { Ok(None) }).await;
        match opened {
            Ok(Some(engine)) => Ok(Some(start(engine).await?)),
            Ok(None) => Ok(None),
            // It was to become somebody's, and that was not finished: it can be tried again, or one begins anew.
            Err(error) if error.code == ErrorCode::NoVault => Ok(None),
            Err(error) if error.code == ErrorCode::VaultInUse => Err(in_use(&dir, error).await),
            Err(error) => Err(error),
        }
    }

    fn dir(&self) -> Result<&Path, ErrorView> {
        self.dir.as_deref().ok_or_else(|| {
            ErrorView::new(ErrorCode::File, "This computer names no folder for your data.", "Start Tuttu with: tuttu-app --vault FOLDER")
        })
    }
}

fn exists_already() -> ErrorView {
    ErrorView::new(ErrorCode::VaultExists, "There is a vault here already.", "Nothing was changed.")
}

/// Closes a vault that did not become anybody's, and removes it unless its key may be needed again.
async fn give_up_joining(vault: &mut Vault, discard: bool) {
    if !matches!(vault, Vault::Joining(..)) {
        return;
    }
    if let Vault::Joining(engine, host) = std::mem::replace(vault, Vault::None) {
        host.shutdown().await;
        if discard {
            engine.discard_unfinished();
        }
    }
}

async fn start(engine: Engine) -> Result<Host, ErrorView> {
    Host::start(engine, HostOptions { bind: None, lan: true, relay: None, socket: true }).await
}

/// Who holds the vault: a process that answers can be named and stopped; one that does not may only be slow to end.
async fn in_use(dir: &Path, error: ErrorView) -> ErrorView {
    match Client::connect(dir).await {
        Ok(Some(_)) => ErrorView::new(
            ErrorCode::VaultInUse,
            "Another Tuttu on this computer has this vault open: a second window, or `tuttu serve` in a terminal.",
            "Everything in it is safe. Close that window, or stop `tuttu serve` with Ctrl C, then try again.",
        ),
        Ok(None) => error,
        Err(why) => why,
    }
}

fn opened(app: &AppHandle, host: Host) -> Vault {
    tauri::async_runtime::spawn(forward(app.clone(), host.subscribe()));
    Vault::Open(host)
}

/// Hands every event to the window. When the window was too slow for some of them, it is told to ask again for all it shows.
async fn forward(app: AppHandle, mut events: Receiver<Event>) {
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(_)) => Event::Changed { spaces: Vec::new(), records: Vec::new(), remote: true },
            Err(RecvError::Closed) => return,
        };
        if let Err(error) = app.emit(EVENT, &event) {
            tracing::warn!(%error, "an event did not reach the window");
        }
    }
}

/// Runs blocking work where it may block.
async fn off_the_executor<T: Send + 'static>(work: impl FnOnce() -> Result<T, ErrorView> + Send + 'static) -> Result<T, ErrorView> {
    tauri::async_runtime::spawn_blocking(work).await.unwrap_or_else(|error| {
        tracing::error!(%error, "work on the vault ended unexpectedly");
        Err(ErrorView::new(
            ErrorCode::Internal,
            "Something went wrong inside Tuttu.",
            "Everything confirmed so far is saved on this computer. Close Tuttu and open it again.",
        ))
    })
}
