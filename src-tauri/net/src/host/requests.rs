//! Carrying out requests.

use std::net::SocketAddr;
use std::sync::Arc;

use tuttu_engine::api::{Command, ErrorCode, ErrorView, Outcome, Query};

use crate::blocking::ask;
use crate::net::Net;
use crate::pairing::joining;
use crate::relay::{self, Relay};
use crate::request::{Reply, Request};
use crate::{doctor, files, hints, lan, states, sync_now};

pub(super) async fn carry_out(net: &Arc<Net>, request: Request) -> Result<Reply, ErrorView> {
    match request {
        Request::Execute { command } => execute(net, command).await.map(Reply::Outcome),
        Request::Query { query } => answer(net, query).await,
        Request::Join { link, auto } => joining::join(net, &link, auto).await,
        Request::JoinPerson { link, auto, computer_name } => joining::join_person(net, &link, auto, computer_name).await,
        Request::JoinAnswer { offer, same } => net.joins.answer(&offer, same).await.map(Reply::Joined),
        Request::JoinRequests => Ok(Reply::JoinRequests(net.requests.views())),
        Request::Answer { request, approve } => net.requests.answer(&request, approve).await.map(|()| Reply::Done),
        Request::Sync { timeout } => sync_now::run(net, timeout).await.map(Reply::Synced),
        Request::Fetch { hash, timeout } => files::fetch_now(net, hash, timeout).await.map(Reply::Fetched),
        Request::Examine => doctor::examine(net).await.map(Reply::Examined),
        // Events flow on the socket; in the own process there is `Host::subscribe`.
        Request::Subscribe => Ok(Reply::Done),
        Request::Addresses => {
            let addresses = net.addresses().iter().map(SocketAddr::to_string).collect();
            Ok(Reply::Addresses(net.me.to_string(), addresses))
        }
        Request::Stop => stop(net),
    }
}

async fn execute(net: &Arc<Net>, command: Command) -> Result<Outcome, ErrorView> {
    let command = match command {
        Command::Invite { ref relay, .. } | Command::InviteComputer { ref relay, .. } => {
            let relay = if relay.is_none() { net.relay_to_tell().await } else { None };
            hints::fill_invite(command, &net.addresses(), relay)
        }
        Command::SetSetting { ref key, ref value } if key == relay::SETTING => {
            // What cannot be used is refused before it is kept.
            value.parse::<Relay>()?;
            command
        }
        other => other,
    };
    let setting = match &command {
        Command::SetSetting { key, .. } => key.starts_with("net."),
        _ => false,
    };
    let engine = net.engine.clone();
    let outcome = ask(move || engine.execute(command)).await?;
    if setting {
        settings_changed(net).await?;
    }
    Ok(outcome)
}

/// Takes over changed settings without a restart.
pub(super) async fn settings_changed(net: &Arc<Net>) -> Result<(), ErrorView> {
    net.lan.switch(net.lan_option && net.setting(lan::SETTING).await?.as_deref() != Some("off"));
    let (kept, link) = (net.setting(relay::SETTING).await?, net.setting(relay::LINK_SETTING).await?);
    net.use_relay(Relay::chosen(net.relay_option.as_deref(), kept.as_deref(), link.as_deref())?).await;
    Ok(())
}

async fn answer(net: &Arc<Net>, query: Query) -> Result<Reply, ErrorView> {
    let net = Arc::clone(net);
    ask(move || {
        let answer = net.engine.query(query)?;
        Ok(Reply::Answer(states::fill(&net, answer)))
    })
    .await
}

fn stop(net: &Net) -> Result<Reply, ErrorView> {
    if net.stop_asked.receiver_count() == 0 {
        let message = "The process that holds the vault has a window; close it there.";
        return Err(ErrorView::new(ErrorCode::NotAllowed, message, "Only `tuttu serve` can be stopped like this."));
    }
    net.stop_asked.send_replace(true);
    Ok(Reply::Done)
}
