//! `tuttu serve`: runs until stopped and exchanges with colleagues' computers.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use tokio::sync::broadcast::error::RecvError;
use tuttu_engine::Engine;
use tuttu_engine::api::{ErrorCode, ErrorView, Event};
use tuttu_net::{Client, Host, HostOptions, Reply, Request};

use crate::output::Out;

pub(crate) async fn serve(out: Out, dir: &Path, bind: Option<SocketAddr>, lan: bool, relay: Option<String>) -> Result<ExitCode, ErrorView> {
    if Client::connect(dir).await?.is_some() {
        return Err(ErrorView::new(
            ErrorCode::VaultInUse,
            "Tuttu is running for this vault already.",
            "Everything in it is safe. Close the app or the other “tuttu serve” first.",
        ));
    }
    let engine = Engine::open(dir)?;
    let mut events = engine.subscribe();
    let host = Host::start(engine, HostOptions { bind, lan, relay, socket: true }).await?;
    if let Reply::Addresses(computer, addresses) = host.request(Request::Addresses).await? {
        print(out, &Event::Listening { computer, addresses })?;
    }
    let mut stop = std::pin::pin!(stop_signal());
    let mut reload = reload_signals();
    loop {
        tokio::select! {
            () = &mut stop => break,
            () = reload.asked() => host.reload().await?,
            event = events.recv() => match event {
                Ok(Event::Listening { .. }) => {}
                Ok(event) => print(out, &event)?,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            },
        }
    }
    host.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

fn print(out: Out, event: &Event) -> Result<(), ErrorView> {
    if out.is_json() {
        let text = serde_json::to_string(event).map_err(|error| ErrorView::new(ErrorCode::Internal, error.to_string(), ""))?;
        return out.line(&text);
    }
    let text = match event {
        Event::Listening { addresses, .. } => format!("Listening on {}. Stop with Ctrl C.", addresses.join(", ")),
        Event::Peer { name, state, .. } => format!("{name}: {state}"),
        Event::Delivered { name, .. } => format!("{name} has all"),
        Event::Refused { reason, .. } => format!("Refused: {reason}"),
        Event::JoinRequest { request } => format!(
            "If you agree, {}. Compare the words: {}. Then: tuttu approve {}",
            crate::sharing::wanted(request),
            request.words.join(" "),
            request.id
        ),
        Event::Reminder { reminders } => {
            for reminder in reminders {
                let when = if reminder.missed { format!("missed, {}", reminder.at) } else { reminder.at.clone() };
                out.line(&crate::output::printable(&format!("Reminder: {} ({when})", reminder.name)))?;
            }
            return Ok(());
        }
        Event::File { name, done, total, .. } if done == total => format!("{name}: all {total} bytes are here"),
        Event::File { name, done, total, .. } => format!("{name}: {done} of {total} bytes"),
        Event::JoinRequestEnded { .. }
        | Event::Changed { .. }
        | Event::Sync { .. }
        | Event::ImportProgress { .. }
        | Event::Progress { .. } => {
            return Ok(());
        }
    };
    out.line(&crate::output::printable(&text))
}

#[cfg(unix)]
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}

#[cfg(not(unix))]
async fn stop_signal() {
    let _ = tokio::signal::ctrl_c().await;
}

/// Signals that ask to read the settings again.
#[cfg(unix)]
struct Reloads(Option<tokio::signal::unix::Signal>);

#[cfg(unix)]
fn reload_signals() -> Reloads {
    Reloads(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok())
}

#[cfg(unix)]
impl Reloads {
    async fn asked(&mut self) {
        match &mut self.0 {
            Some(signal) => {
                signal.recv().await;
            }
            None => std::future::pending().await,
        }
    }
}

/// Where there are no such signals, `tuttu setting set` does the same.
#[cfg(not(unix))]
struct Reloads;

#[cfg(not(unix))]
fn reload_signals() -> Reloads {
    Reloads
}

#[cfg(not(unix))]
impl Reloads {
    async fn asked(&mut self) {
        std::future::pending().await
    }
}
