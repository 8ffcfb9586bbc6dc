//! One computer with samod: one document a record, files on the disk, TCP on loopback. What it is told is in `../lines.mjs`.

mod contents;
mod noted;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::try_join_all;
use samod::storage::TokioFilesystemStorage;
use samod::tokio_io::TcpDialer;
use samod::{BackoffConfig, ConnectionId, DocHandle, DocumentId, Repo};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::noted::Noted;

/// How often the state of a document is looked at even if nothing is heard.
const AGAIN: Duration = Duration::from_millis(50);

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("a folder is needed")?);
    let mut computer = Computer::new(&folder).await;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut out = tokio::io::stdout();
    while let Some(line) = lines.next_line().await? {
        let said = computer.answer(&serde_json::from_str(&line)?).await?;
        out.write_all(format!("{said}\n").as_bytes()).await?;
        out.flush().await?;
    }
    Ok(())
}

/// The library looks only when it hears something; what it heard while it took in changes itself it would miss.
async fn told(document: &DocHandle, connection: ConnectionId) {
    while timeout(AGAIN, document.they_have_our_changes(connection)).await.is_err() {}
}

struct Computer {
    repo: Repo,
    storage: Noted,
    /// Which documents there are: the library does not tell, an application keeps that.
    index: PathBuf,
    /// Those that are open.
    open: Vec<DocHandle>,
}

impl Computer {
    async fn new(folder: &Path) -> Self {
        let storage = Noted::new(TokioFilesystemStorage::new(folder.join("documents")));
        let repo = Repo::build_tokio().with_storage(storage.clone()).load().await;
        Self { repo, storage, index: folder.join("records.json"), open: Vec::new() }
    }

    async fn answer(&mut self, order: &Value) -> Result<Value, Failure> {
        let text = |key: &str| order[key].as_str().unwrap_or_default();
        match text("order") {
            "make" => return self.make(text("file")).await,
            "open" => self.open().await?,
            "listen" => return self.listen().await,
            "connect" => self.connect(order["port"].as_u64().unwrap_or_default()).await?,
            "hold" => self.hold(order["count"].as_u64().unwrap_or_default() as usize).await?,
            "edit" => self.document(text("record")).await?.with_document(|document| contents::change(document, "notes", text("value")))?,
            "see" => self.see(text("record"), text("value")).await?,
            other => return Err(format!("there is no order {other}").into()),
        }
        Ok(json!({}))
    }

    async fn make(&mut self, file: &str) -> Result<Value, Failure> {
        let from = self.open.len();
        for line in std::fs::read_to_string(file)?.lines() {
            self.open.push(self.repo.create(contents::document(&serde_json::from_str(line)?)?).await?);
        }
        self.remember()?;
        Ok(json!({"first": self.open.get(from).map(|made| made.document_id().to_string())}))
    }

    fn remember(&self) -> Result<(), Failure> {
        Ok(std::fs::write(&self.index, json!(self.storage.documents()).to_string())?)
    }

    async fn open(&mut self) -> Result<(), Failure> {
        let held: Vec<String> = if self.index.is_file() { serde_json::from_slice(&std::fs::read(&self.index)?)? } else { Vec::new() };
        self.open = try_join_all(held.iter().map(|id| self.document(id))).await?;
        self.storage.note(held);
        Ok(())
    }

    async fn document(&self, id: &str) -> Result<DocHandle, Failure> {
        let found = self.repo.find(DocumentId::from_str(id)?).await?;
        found.ok_or_else(|| format!("there is no document {id}").into())
    }

    async fn listen(&self) -> Result<Value, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let acceptor = self.repo.make_acceptor(format!("tcp://127.0.0.1:{port}").parse()?)?;
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                if acceptor.accept_tokio_io(stream).is_err() {
                    break;
                }
            }
        });
        Ok(json!({"port": port}))
    }

    /// Until the other side has told of every document here that it has all of it.
    async fn connect(&self, port: u64) -> Result<(), Failure> {
        let dialer = TcpDialer::new(format!("tcp://127.0.0.1:{port}").parse()?).map_err(|error| error.to_string())?;
        let dialer = self.repo.dial(BackoffConfig::default(), Arc::new(dialer))?;
        dialer.established().await.map_err(|_| "no connection")?;
        let connection = dialer.connection_id().ok_or("no connection")?;
        futures::future::join_all(self.open.iter().map(|document| told(document, connection))).await;
        Ok(())
    }

    async fn hold(&self, count: usize) -> Result<(), Failure> {
        self.storage.until(count).await;
        self.remember()
    }

    async fn see(&self, record: &str, value: &str) -> Result<(), Failure> {
        let document = self.document(record).await?;
        let mut changes = document.changes();
        while document.with_document(|document| contents::text(document, "notes")).as_deref() != Some(value) {
            changes.next().await.ok_or("the document went away")?;
        }
        Ok(())
    }
}
