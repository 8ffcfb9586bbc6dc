//! One's own computers.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use tuttu_engine::Engine;
use tuttu_engine::api::{Answer, Command, ErrorCode, ErrorView, ListFilter, Outcome, OwnComputerView, Query};
use tuttu_net::{Client, Host, HostOptions, Request};

use crate::args::ComputerCommand;
use crate::backend::{Backend, unexpected};
use crate::output::{Out, ask, counted, note, printable};
use crate::run::host_name;
use crate::sharing::{duration, join_steps};

type Done = Result<ExitCode, ErrorView>;

const OK: Done = Ok(ExitCode::SUCCESS);

pub(crate) async fn run(out: Out, dir: &Path, command: ComputerCommand, yes: bool) -> Done {
    match command {
        ComputerCommand::Invite { expires, auto, relay } => invite(out, dir, &expires, auto, relay).await,
        ComputerCommand::Join { link, auto, computer } => join(out, dir, link, auto, computer, yes).await,
        ComputerCommand::List => {
            let mut backend = Backend::open(dir).await?;
            let listed = list(out, &mut backend).await;
            backend.close().await;
            listed
        }
        ComputerCommand::Revoke { computer } => {
            let mut backend = Backend::open(dir).await?;
            let revoked = revoke(out, &mut backend, computer).await;
            backend.close().await;
            revoked
        }
    }
}

async fn invite(out: Out, dir: &Path, expires: &str, auto: bool, relay: Option<String>) -> Done {
    let expires_in = duration(expires)?;
    let mut backend = Backend::open_with_network(dir, false).await?;
    let outcome = backend.execute(Command::InviteComputer { expires_in, auto, hints: Vec::new(), relay }).await;
    backend.close().await;
    let Outcome::Invitation { invitation } = outcome? else {
        return Err(ErrorView::new(ErrorCode::Internal, "No link was made.", ""));
    };
    out.answer(&json!({"link": invitation.link, "expires": invitation.expires}), &invitation.link)?;
    if !out.is_json() {
        note(&format!(
            "On your other computer: tuttu computer join LINK. Works once, until {}. Keep Tuttu open, or run: tuttu serve",
            invitation.expires
        ));
        if invitation.auto {
            note("Whoever has this link becomes one of your computers, with everything that is yours, without comparing words.");
        }
        if invitation.relay.is_empty() {
            note("It works on the same network. To reach further, name a relay: --relay URL");
        }
    }
    OK
}

async fn join(out: Out, dir: &Path, link: String, auto: bool, computer: Option<String>, yes: bool) -> Done {
    let is_new = !Engine::exists(dir);
    let (mut backend, engine) = open_to_join(dir).await?;
    let computer_name = if is_new { Some(computer.unwrap_or_else(host_name)) } else { computer };
    let joined = match may_move(&mut backend, &engine, yes).await {
        Ok(()) => join_steps(&mut backend, Request::JoinPerson { link, auto, computer_name }, yes).await,
        Err(error) => Err(error),
    };
    backend.close().await;
    // Where the other computer went away it may have let this one in already: the link then works again with the same key, and with no other.
    let gone = matches!(&joined, Err(error) if matches!(error.code, ErrorCode::Unreachable | ErrorCode::Timeout));
    if let Some(engine) = engine.filter(|_| !gone) {
        engine.discard_unfinished();
    }
    let joined = joined?;
    let object = json!({"person": joined.inviter, "inviter": joined.inviter, "space": joined.space, "name": joined.name,
        "spaces": joined.spaces, "moved": joined.moved, "words": joined.words});
    let moved = if joined.moved > 0 { format!(" {} moved here.", counted(joined.moved, "record", "records")) } else { String::new() };
    let spaces = counted(joined.spaces, "space", "spaces");
    out.answer(&object, &printable(&format!("This is one of {}’s computers now, with {spaces}.{moved}", joined.inviter)))?;
    OK
}

/// The process that has the vault, or a network for the vault here; one that is nobody's yet is made where there is none.
async fn open_to_join(dir: &Path) -> Result<(Backend, Option<Engine>), ErrorView> {
    if let Some(client) = Client::connect(dir).await? {
        return Ok((Backend::Other(client), None));
    }
    let engine = Engine::open_to_join(dir)?;
    match Host::start(engine.clone(), HostOptions { bind: None, lan: true, relay: None, socket: true }).await {
        Ok(host) => Ok((Backend::Host(host), Some(engine))),
        Err(error) => {
            engine.discard_unfinished();
            Err(error)
        }
    }
}

/// Asks, where there are records that move along.
async fn may_move(backend: &mut Backend, engine: &Option<Engine>, yes: bool) -> Result<(), ErrorView> {
    if engine.as_ref().is_some_and(Engine::is_unfinished) {
        return Ok(());
    }
    let page = match backend.query(Query::List { filter: ListFilter { limit: 1, ..ListFilter::default() } }).await? {
        Answer::List(page) => page,
        other => return Err(unexpected(&other)),
    };
    if page.total == 0 {
        return Ok(());
    }
    note(&format!(
        "This vault holds {}. They move into “My own” of the person whose computer this becomes.",
        counted(page.total, "record", "records")
    ));
    if ask("Go on?", yes) {
        return Ok(());
    }
    Err(ErrorView::new(
        ErrorCode::NotAllowed,
        "This vault holds records, and you did not agree to move them.",
        "Nothing was changed. With --yes they are moved.",
    ))
}

async fn list(out: Out, backend: &mut Backend) -> Done {
    let computers = match backend.query(Query::Computers).await? {
        Answer::Computers(computers) => computers,
        other => return Err(unexpected(&other)),
    };
    if out.is_json() {
        for own in &computers {
            let computer = &own.computer;
            let object = json!({"id": computer.id, "name": computer.name, "this": computer.this, "state": state(own),
                "last_ack": computer.last_ack, "last_seen": computer.last_seen, "pending": computer.pending, "spaces": own.spaces,
                "trouble": computer.trouble, "revocable": own.revocable});
            out.line(&object.to_string())?;
        }
        return OK;
    }
    let rows: Vec<Vec<String>> = computers
        .iter()
        .map(|own| {
            let holds = match (own.computer.this || own.revoked, own.computer.pending, own.computer.last_ack.is_empty()) {
                (true, ..) => String::new(),
                (false, 0, false) => format!("has all, as of {}", own.computer.last_ack),
                (false, pending, _) => format!("{} to send", counted(pending, "change", "changes")),
            };
            let state = if own.computer.this { "this computer".to_owned() } else { state(own).to_owned() };
            vec![own.computer.name.clone(), state, holds, own.spaces.join(", "), own.computer.id.chars().take(12).collect()]
        })
        .collect();
    out.table(&rows)?;
    OK
}

fn state(own: &OwnComputerView) -> &str {
    match (own.revoked, own.computer.this) {
        (true, _) => "revoked",
        (false, true) => "this",
        (false, false) => &own.computer.state,
    }
}

async fn revoke(out: Out, backend: &mut Backend, computer: String) -> Done {
    backend.execute(Command::RevokeComputer { computer: computer.clone() }).await?;
    let text = "It gets nothing further and nothing is taken from it. What it already has stays on it.";
    out.answer(&json!({"computer": computer, "revoked": true}), text)?;
    OK
}
