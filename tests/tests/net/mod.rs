//! Vaults with running hosts on loopback, for the network tests.
#![allow(dead_code, reason = "each test file uses its part")]

use std::net::SocketAddr;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::broadcast;
use tokio::time::timeout;
use tuttu_engine::api::{
    Answer, Command, ErrorView, Event, InvitationView, JoinRequestView, ListFilter, Outcome, Query, SpaceDetail, VaultStatus,
};
use tuttu_engine::{Engine, NewVault};
use tuttu_net::{Host, HostOptions, JoinOffer, Joined, Reply, Request, SyncResult};

/// Long enough for a loaded machine; nothing here takes more than a moment.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A person with one computer.
pub(crate) struct Peer {
    pub(crate) dir: TempDir,
    pub(crate) host: Host,
    pub(crate) events: broadcast::Receiver<Event>,
    pub(crate) name: String,
}

pub(crate) fn loopback() -> HostOptions {
    HostOptions { bind: Some(SocketAddr::from(([127, 0, 0, 1], 0))), lan: false, relay: None, socket: false }
}

impl Peer {
    pub(crate) async fn new(name: &str) -> Self {
        Self::with(name, loopback()).await
    }

    pub(crate) async fn with(name: &str, options: HostOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let new = NewVault { person_name: name.into(), computer_name: format!("{name}’s laptop") };
        let engine = Engine::create(dir.path(), &new).unwrap();
        let events = engine.subscribe();
        let host = Host::start(engine, options).await.unwrap();
        Self { dir, host, events, name: name.into() }
    }

    /// Stops the host and gives back the folder.
    pub(crate) async fn stop(self) -> TempDir {
        drop(self.events);
        self.host.shutdown().await;
        self.dir
    }

    pub(crate) async fn again(name: &str, dir: TempDir) -> Self {
        Self::again_with(name, dir, loopback()).await
    }

    pub(crate) async fn again_with(name: &str, dir: TempDir, options: HostOptions) -> Self {
        let engine = open(dir.path()).await;
        let events = engine.subscribe();
        let host = Host::start(engine, options).await.unwrap();
        Self { dir, host, events, name: name.into() }
    }

    pub(crate) async fn execute(&self, command: Command) -> Outcome {
        match self.host.request(Request::Execute { command }).await {
            Ok(Reply::Outcome(outcome)) => outcome,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn space(&self, name: &str) {
        self.execute(Command::CreateSpace { name: name.into() }).await;
    }

    pub(crate) async fn add(&self, space: &str, name: &str) {
        let records = vec![serde_json::json!({ "name": name }).to_string()];
        self.execute(Command::Add { space: Some(space.into()), kind: "person".into(), records }).await;
    }

    pub(crate) async fn invite_with(&self, space: &str, role: &str, auto: bool, hints: Vec<String>) -> InvitationView {
        let command = Command::Invite {
            space: space.into(),
            role: role.into(),
            expires_in: 3_600,
            auto,
            for_whom: String::new(),
            hints,
            relay: None,
        };
        match self.execute(command).await {
            Outcome::Invitation { invitation } => invitation,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn invite(&self, space: &str, auto: bool) -> String {
        self.invite_with(space, "editor", auto, Vec::new()).await.link
    }

    pub(crate) async fn join(&self, link: &str) -> Result<JoinOffer, ErrorView> {
        match self.host.request(Request::Join { link: link.into(), auto: false }).await? {
            Reply::JoinOffer(offer) => Ok(offer),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn join_auto(&self, link: &str) -> Result<Joined, ErrorView> {
        match timeout(SOON, self.host.request(Request::Join { link: link.into(), auto: true })).await.expect("joining hangs")? {
            Reply::Joined(joined) => Ok(joined),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn join_answer(&self, offer: &str, same: bool) -> Result<Joined, ErrorView> {
        match timeout(SOON, self.host.request(Request::JoinAnswer { offer: offer.into(), same })).await.expect("joining hangs")? {
            Reply::Joined(joined) => Ok(joined),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn answer(&self, request: &str, approve: bool) -> Result<Reply, ErrorView> {
        self.host.request(Request::Answer { request: request.into(), approve }).await
    }

    pub(crate) async fn join_request(&mut self) -> JoinRequestView {
        self.event("a join request", |event| match event {
            Event::JoinRequest { request } => Some(request),
            _ => None,
        })
        .await
    }

    /// The first event that fits.
    pub(crate) async fn event<T>(&mut self, what: &str, fits: impl Fn(Event) -> Option<T>) -> T {
        let found = timeout(SOON, async {
            loop {
                match self.events.recv().await {
                    Ok(event) => {
                        if let Some(found) = fits(event) {
                            return found;
                        }
                    }
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => panic!("{} stopped", self.name),
                }
            }
        });
        found.await.unwrap_or_else(|_| panic!("{} saw no {what}", self.name))
    }

    pub(crate) async fn query(&self, query: Query) -> Answer {
        match self.host.request(Request::Query { query }).await {
            Ok(Reply::Answer(answer)) => answer,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn status(&self) -> VaultStatus {
        match self.query(Query::Status).await {
            Answer::Status(status) => status,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn detail(&self, space: &str) -> SpaceDetail {
        match self.query(Query::Space { space: space.into() }).await {
            Answer::Space(detail) => detail,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn names(&self, space: &str) -> Vec<String> {
        let filter = ListFilter { kind: "person".into(), space: Some(space.into()), ..ListFilter::default() };
        match self.host.request(Request::Query { query: Query::List { filter } }).await {
            Ok(Reply::Answer(Answer::List(page))) => page.rows.into_iter().map(|row| row.name).collect(),
            Err(_) => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    /// Waits until exactly these people are in the space.
    pub(crate) async fn sees(&self, space: &str, expected: &[&str]) {
        let mut names = Vec::new();
        let seen = timeout(SOON, async {
            loop {
                names = self.names(space).await;
                names.sort();
                if names == expected {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        if seen.await.is_err() {
            panic!("{} sees {names:?} instead of {expected:?}", self.name);
        }
    }

    pub(crate) async fn sync(&self, seconds: u32) -> Vec<SyncResult> {
        match self.host.request(Request::Sync { timeout: seconds }).await {
            Ok(Reply::Synced(results)) => results,
            other => panic!("{other:?}"),
        }
    }
}

/// Opens a vault that another host has just let go of.
pub(crate) async fn open(dir: &std::path::Path) -> Engine {
    let opened = timeout(SOON, async {
        loop {
            match Engine::open(dir) {
                Ok(engine) => return engine,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    });
    opened.await.expect("the vault stays locked")
}

/// Two people who share a space.
pub(crate) async fn pair(space: &str) -> (Peer, Peer) {
    let ilona = Peer::new("Ilona").await;
    let maria = Peer::new("Maria").await;
    ilona.space(space).await;
    let link = ilona.invite(space, true).await;
    maria.join_auto(&link).await.unwrap();
    (ilona, maria)
}
