//! Invitations, and the steps of joining on both sides.

use std::path::Path;

use serde_json::json;
use tuttu_engine::api::{Command, ErrorCode, ErrorView, JoinRequestView, Outcome};
use tuttu_net::{Joined, Reply, Request};

use super::{Done, OK, duration};
use crate::backend::{Backend, unexpected};
use crate::output::{Out, ask, note, printable};

/// What an invitation offers.
pub(crate) struct Terms {
    pub(crate) space: String,
    pub(crate) role: String,
    pub(crate) expires: String,
    pub(crate) auto: bool,
    pub(crate) for_whom: String,
    pub(crate) relay: Option<String>,
}

pub(crate) async fn invite(out: Out, dir: &Path, terms: Terms) -> Done {
    let expires_in = duration(&terms.expires)?;
    let mut backend = Backend::open_with_network(dir, false).await?;
    let command = Command::Invite {
        space: terms.space,
        role: terms.role,
        expires_in,
        auto: terms.auto,
        for_whom: terms.for_whom,
        hints: Vec::new(),
        relay: terms.relay,
    };
    let outcome = backend.execute(command).await;
    backend.close().await;
    let Outcome::Invitation { invitation } = outcome? else {
        return Err(ErrorView::new(ErrorCode::Internal, "No invitation was made.", ""));
    };
    out.answer(&json!({"link": invitation.link, "expires": invitation.expires, "role": invitation.role}), &invitation.link)?;
    if !out.is_json() {
        note(&format!("Works once, until {}, as {}. Keep Tuttu open, or run: tuttu serve", invitation.expires, invitation.role));
        if invitation.auto {
            note("Whoever has this link is let in without comparing words.");
        }
        if invitation.relay.is_empty() {
            note("It works on the same network. To reach further, name a relay: --relay URL");
        }
    }
    OK
}

pub(crate) async fn join(out: Out, dir: &Path, link: String, auto: bool, yes: bool) -> Done {
    let mut backend = Backend::open_with_network(dir, true).await?;
    let joined = join_steps(&mut backend, Request::Join { link, auto }, yes).await;
    backend.close().await;
    let joined = joined?;
    out.answer(
        &json!({"space": joined.space, "name": joined.name, "inviter": joined.inviter, "words": joined.words}),
        &printable(&format!("You joined {}. {} invited you.", joined.name, joined.inviter)),
    )?;
    OK
}

pub(crate) async fn join_steps(backend: &mut Backend, request: Request, yes: bool) -> Result<Joined, ErrorView> {
    let offer = match backend.request(request).await? {
        Reply::Joined(joined) => return Ok(joined),
        Reply::JoinOffer(offer) => offer,
        other => return Err(unexpected(&other)),
    };
    if offer.space_name.is_empty() {
        note(&printable(&format!("This becomes one of {}’s computers, let in by {}.", offer.inviter, offer.inviter_computer)));
    } else {
        note(&printable(&format!(
            "{} invites you to {} as {}, from {}.",
            offer.inviter, offer.space_name, offer.role, offer.inviter_computer
        )));
    }
    note(&format!("Call them or ask in person. Their screen must show these four words: {}", offer.words.join(" ")));
    let same = ask("Are the words the same?", yes);
    if same {
        note(&printable(&format!("Waiting for {} to confirm.", offer.inviter)));
    }
    match backend.request(Request::JoinAnswer { offer: offer.id, same }).await? {
        Reply::Joined(joined) => Ok(joined),
        Reply::Done => {
            Err(ErrorView::new(ErrorCode::NotAllowed, "You did not join.", "Nothing was shared. With --yes the words count as compared."))
        }
        other => Err(unexpected(&other)),
    }
}

pub(crate) async fn requests(out: Out, backend: &mut Backend) -> Done {
    match backend.request(Request::JoinRequests).await? {
        Reply::JoinRequests(requests) => {
            for request in requests {
                let object = json!({"id": request.id, "space": request.space, "space_name": request.space_name, "person": request.person_name,
                    "computer": request.computer_name, "role": request.role, "words": request.words, "at": request.at});
                let text = format!("{}  {}: {}", request.id, wanted(&request), request.words.join(" "));
                out.answer(&object, &printable(&text))?;
            }
        }
        other => return Err(unexpected(&other)),
    }
    OK
}

/// Who wants what.
pub(crate) fn wanted(request: &JoinRequestView) -> String {
    let JoinRequestView { person_name, computer_name, space_name, role, .. } = request;
    if role == "computer" {
        format!("{computer_name} becomes one of your computers")
    } else {
        format!("{person_name} joins {space_name} as {role}")
    }
}

pub(crate) async fn answer(out: Out, backend: &mut Backend, request: String, approve: bool) -> Done {
    backend.request(Request::Answer { request: request.clone(), approve }).await?;
    let text = if approve { "They are let in." } else { "They were turned away." };
    out.answer(&json!({"request": request, "approved": approve}), text)?;
    OK
}
