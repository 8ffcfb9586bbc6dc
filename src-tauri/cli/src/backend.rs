//! Where a command is carried out: in the process that has the vault open, or here.

use std::path::{Path, PathBuf};

use crate::maintenance::Progress;
use tuttu_engine::api::{Answer, Command, ErrorCode, ErrorView, Outcome, Query};
use tuttu_engine::{Engine, default_vault_dir};
use tuttu_net::{Client, Host, HostOptions, Reply, Request};

/// The process that carries out requests.
pub(crate) enum Backend {
    /// Another process has the vault open.
    Other(Client),
    /// The vault is open here, without a network.
    Here(Engine),
    /// The vault is open here, with a network.
    Host(Host),
    /// The vault was closed and could not be opened again.
    Closed,
}

/// Opens the vault in this process; its lists are complete then, which after an update may take a while.
async fn open_here(dir: &Path) -> Result<Engine, ErrorView> {
    let engine = Engine::open(dir)?;
    let (mut progress, mut events, waiting) = (Progress::on_terminal(), engine.subscribe(), engine.clone());
    let mut work = tokio::task::spawn_blocking(move || waiting.finish_rebuilding());
    loop {
        tokio::select! {
            done = &mut work => {
                done.map_err(|error| ErrorView::new(ErrorCode::Internal, error.to_string(), ""))??;
                return Ok(engine);
            }
            Ok(event) = events.recv() => if let Some(progress) = &mut progress { progress.show(&event) },
        }
    }
}

/// The folder of the vault.
pub(crate) fn vault_dir(given: Option<PathBuf>) -> Result<PathBuf, ErrorView> {
    given.or_else(default_vault_dir).ok_or_else(|| {
        ErrorView::new(ErrorCode::NoVault, "There is no home directory to look for a vault in.", "Name the folder: --vault DIR")
    })
}

impl Backend {
    /// Connects to the process that has the vault, or opens it here without a network.
    pub(crate) async fn open(dir: &Path) -> Result<Self, ErrorView> {
        match Client::connect(dir).await? {
            Some(client) => Ok(Self::Other(client)),
            None => Ok(Self::Here(open_here(dir).await?)),
        }
    }

    /// The same, with a network for as long as this command runs.
    pub(crate) async fn open_with_network(dir: &Path, lan: bool) -> Result<Self, ErrorView> {
        match Self::open(dir).await? {
            Self::Here(engine) => Ok(Self::Host(Host::start(engine, HostOptions { bind: None, lan, relay: None, socket: true }).await?)),
            other => Ok(other),
        }
    }

    /// Carries out a request.
    pub(crate) async fn request(&mut self, request: Request) -> Result<Reply, ErrorView> {
        match (self, request) {
            (Self::Other(client), request) => client.request(request).await,
            (Self::Host(host), request) => host.request(request).await,
            (Self::Here(engine), Request::Execute { command }) => engine.execute(command).map(Reply::Outcome),
            (Self::Here(engine), Request::Query { query }) => engine.query(query).map(Reply::Answer),
            (Self::Here(_) | Self::Closed, _) => Err(ErrorView::new(
                ErrorCode::Unreachable,
                "Tuttu is not running for this vault, so nobody can wait to be let in.",
                "Open the app, or run: tuttu serve",
            )),
        }
    }

    /// Carries out a command.
    pub(crate) async fn execute(&mut self, command: Command) -> Result<Outcome, ErrorView> {
        match self.request(Request::Execute { command }).await? {
            Reply::Outcome(outcome) => Ok(outcome),
            other => Err(unexpected(&other)),
        }
    }

    /// Carries out a command that may take long; on a terminal it says how far it is.
    pub(crate) async fn execute_with_progress(&mut self, command: Command) -> Result<Outcome, ErrorView> {
        match self.request_with_progress(Request::Execute { command }).await? {
            Reply::Outcome(outcome) => Ok(outcome),
            other => Err(unexpected(&other)),
        }
    }

    /// Asks a query that may take long; on a terminal it says how far it is.
    pub(crate) async fn query_with_progress(&mut self, query: Query) -> Result<Answer, ErrorView> {
        match self.request_with_progress(Request::Query { query }).await? {
            Reply::Answer(answer) => Ok(answer),
            other => Err(unexpected(&other)),
        }
    }

    async fn request_with_progress(&mut self, request: Request) -> Result<Reply, ErrorView> {
        let Some(mut progress) = Progress::on_terminal() else { return self.request(request).await };
        match self {
            Self::Other(client) => {
                client.request(Request::Subscribe).await?;
                client.request_with_events(request, &mut |event| progress.show(event)).await
            }
            Self::Host(_) | Self::Closed => self.request(request).await,
            Self::Here(engine) => {
                let (mut events, engine) = (engine.subscribe(), engine.clone());
                let mut work = tokio::task::spawn_blocking(move || match request {
                    Request::Execute { command } => engine.execute(command).map(Reply::Outcome),
                    Request::Query { query } => engine.query(query).map(Reply::Answer),
                    other => Err(unexpected(&other)),
                });
                loop {
                    tokio::select! {
                        done = &mut work => {
                            return done.map_err(|error| ErrorView::new(ErrorCode::Internal, error.to_string(), ""))?;
                        }
                        Ok(event) = events.recv() => progress.show(&event),
                    }
                }
            }
        }
    }

    /// Asks a query.
    pub(crate) async fn query(&mut self, query: Query) -> Result<Answer, ErrorView> {
        match self.request(Request::Query { query }).await? {
            Reply::Answer(answer) => Ok(answer),
            other => Err(unexpected(&other)),
        }
    }

    /// Closes the vault that is open here and opens it again; `false` when another process has it.
    pub(crate) fn reopen(&mut self, dir: &Path) -> Result<bool, ErrorView> {
        if !matches!(self, Self::Here(_)) {
            return Ok(false);
        }
        // Closed before it is opened: one vault, one process, one handle.
        drop(std::mem::replace(self, Self::Closed));
        *self = Self::Here(Engine::open(dir)?);
        Ok(true)
    }

    /// Ends in order.
    pub(crate) async fn close(self) {
        if let Self::Host(host) = self {
            host.shutdown().await;
        }
    }
}

/// An answer that does not fit the question: the other process is another version.
pub(crate) fn unexpected(answer: &dyn std::fmt::Debug) -> ErrorView {
    let text: String = format!("{answer:?}").chars().take(80).collect();
    ErrorView::new(
        ErrorCode::Internal,
        format!("The running Tuttu gave an answer that does not fit: {text}."),
        "Perhaps it is another version. Close it and try again.",
    )
}
