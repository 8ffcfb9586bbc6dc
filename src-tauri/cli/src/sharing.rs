//! Spaces, members, invitations, joining and exchange.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use tuttu_engine::api::{Answer, Command, ErrorCode, ErrorView, JoinRequestView, MemberView, Outcome, Query, SpaceSummary};
use tuttu_net::{Joined, Reply, Request};

use crate::args::seconds;
use crate::backend::{Backend, unexpected};
use crate::output::{Out, ask, counted, note, printable};

type Done = Result<ExitCode, ErrorView>;

const OK: Done = Ok(ExitCode::SUCCESS);

/// What an invitation offers.
pub(crate) struct Terms {
    pub(crate) space: String,
    pub(crate) role: String,
    pub(crate) expires: String,
    pub(crate) auto: bool,
    pub(crate) for_whom: String,
    pub(crate) relay: Option<String>,
}

pub(crate) fn duration(text: &str) -> Result<u32, ErrorView> {
    seconds(text).ok_or_else(|| ErrorView::new(ErrorCode::Invalid, format!("“{text}” is not a time."), "Write 30s, 45m, 24h or 7d."))
}

pub(crate) async fn status(out: Out, backend: &mut Backend) -> Done {
    let status = match backend.query(Query::Status).await? {
        Answer::Status(status) => status,
        other => return Err(unexpected(&other)),
    };
    if out.is_json() {
        let spaces: Vec<Value> = status.spaces.iter().map(space_json).collect();
        let object = json!({"person": {"id": status.person, "name": status.person_name},
            "computer": {"id": status.computer, "name": status.computer_name},
            "people": status.people, "orgs": status.orgs, "conflicts": status.conflicts,
            "sync": {"kind": status.sync.kind, "title": status.sync.title, "detail": status.sync.detail}, "spaces": spaces});
        out.line(&object.to_string())?;
        return OK;
    }
    out.line(&printable(&format!("{} on {}", status.person_name, status.computer_name)))?;
    let line = [status.sync.title.as_str(), status.sync.detail.as_str()].join(". ");
    out.line(&printable(line.trim_end_matches(". ")))?;
    if status.conflicts > 0 {
        out.line(&format!("{} records need your choice: tuttu conflicts", status.conflicts))?;
    }
    print_spaces(out, &status.spaces)?;
    for space in &status.spaces {
        print_members(out, &space.members)?;
    }
    OK
}

fn space_json(space: &SpaceSummary) -> Value {
    json!({"id": space.id, "name": space.name, "private": space.private, "role": space.role, "people": space.people, "orgs": space.orgs,
        "activities": space.activities, "members": space.members.iter().map(member_json).collect::<Vec<_>>()})
}

fn member_json(member: &MemberView) -> Value {
    let computers: Vec<Value> = member
        .computers
        .iter()
        .map(|computer| {
            json!({"id": computer.id, "name": computer.name, "state": if computer.this { "this" } else { computer.state.as_str() },
                "last_ack": computer.last_ack, "last_seen": computer.last_seen, "pending": computer.pending, "trouble": computer.trouble})
        })
        .collect();
    json!({"id": member.id, "name": member.name, "role": member.role, "me": member.me, "computers": computers})
}

fn print_spaces(out: Out, spaces: &[SpaceSummary]) -> Result<(), ErrorView> {
    let rows: Vec<Vec<String>> = spaces
        .iter()
        .map(|space| {
            let shared = if space.private { "only you".to_owned() } else { format!("{}, {} others", space.role, space.members.len()) };
            let short: String = space.id.chars().take(12).collect();
            vec![space.name.clone(), counted(space.people, "person", "people"), shared, short]
        })
        .collect();
    out.table(&rows)
}

fn print_members(out: Out, members: &[MemberView]) -> Result<(), ErrorView> {
    let mut rows = Vec::new();
    for member in members {
        rows.push(vec![member.name.clone(), member.role.clone(), member.id.chars().take(16).collect()]);
        for computer in &member.computers {
            let state = if computer.this { "this computer".to_owned() } else { computer.state.clone() };
            let holds = match (computer.this, computer.pending, computer.last_ack.is_empty()) {
                (true, ..) => String::new(),
                (false, 0, false) => format!("has all, as of {}", computer.last_ack),
                (false, pending, _) => format!("{pending} changes to send"),
            };
            rows.push(vec![format!("  {}", computer.name), state, holds]);
        }
    }
    out.table(&rows)
}

pub(crate) async fn spaces(out: Out, backend: &mut Backend) -> Done {
    match backend.query(Query::Status).await? {
        Answer::Status(status) if out.is_json() => status.spaces.iter().try_for_each(|space| out.line(&space_json(space).to_string()))?,
        Answer::Status(status) => print_spaces(out, &status.spaces)?,
        other => return Err(unexpected(&other)),
    }
    OK
}

async fn detail(backend: &mut Backend, space: String) -> Result<tuttu_engine::api::SpaceDetail, ErrorView> {
    match backend.query(Query::Space { space }).await? {
        Answer::Space(detail) => Ok(detail),
        other => Err(unexpected(&other)),
    }
}

pub(crate) async fn show_space(out: Out, backend: &mut Backend, space: String) -> Done {
    let detail = detail(backend, space).await?;
    if out.is_json() {
        let mut object = space_json(&detail.summary);
        if let Some(fields) = object.as_object_mut() {
            fields.insert("members".into(), detail.members.iter().map(member_json).collect());
            let invitations = detail.invitations.iter().map(|invitation| {
                json!({"id": invitation.id, "role": invitation.role, "expires": invitation.expires, "for": invitation.for_whom, "state": invitation.state})
            });
            fields.insert("invitations".into(), invitations.collect());
        }
        out.line(&object.to_string())?;
        return OK;
    }
    print_spaces(out, std::slice::from_ref(&detail.summary))?;
    print_members(out, &detail.members)?;
    for invitation in &detail.invitations {
        out.line(&printable(&format!(
            "Invitation {} as {}, {} until {}",
            invitation.for_whom, invitation.role, invitation.state, invitation.expires
        )))?;
    }
    OK
}

pub(crate) async fn members(out: Out, backend: &mut Backend, space: String) -> Done {
    let detail = detail(backend, space).await?;
    if out.is_json() {
        detail.members.iter().try_for_each(|member| out.line(&member_json(member).to_string()))?;
    } else {
        print_members(out, &detail.members)?;
    }
    OK
}

async fn print_space(out: Out, backend: &mut Backend, outcome: Outcome, text: &str) -> Done {
    let Outcome::Space { id } = outcome else { return Err(unexpected(&outcome)) };
    let detail = detail(backend, id).await?;
    out.answer(&space_json(&detail.summary), &printable(&text.replace("{}", &detail.summary.name)))?;
    OK
}

pub(crate) async fn new_space(out: Out, backend: &mut Backend, name: String) -> Done {
    let outcome = backend.execute(Command::CreateSpace { name }).await?;
    print_space(out, backend, outcome, "Made the space {}.").await
}

pub(crate) async fn rename(out: Out, backend: &mut Backend, space: String, name: String) -> Done {
    let outcome = backend.execute(Command::RenameSpace { space, name }).await?;
    print_space(out, backend, outcome, "The space is called {} now.").await
}

pub(crate) async fn leave(out: Out, backend: &mut Backend, space: String) -> Done {
    let outcome = backend.execute(Command::LeaveSpace { space }).await?;
    print_space(out, backend, outcome, "You left {}. Your copy stays readable.").await
}

pub(crate) async fn role(out: Out, backend: &mut Backend, space: String, member: String, role: String) -> Done {
    let outcome = backend.execute(Command::SetRole { space, member, role }).await?;
    print_space(out, backend, outcome, "The role in {} is changed.").await
}

pub(crate) async fn remove(out: Out, backend: &mut Backend, space: String, member: String, computer: Option<String>) -> Done {
    if let Some(computer) = computer {
        let outcome = backend.execute(Command::ExcludeComputer { space, member, computer }).await?;
        return print_space(out, backend, outcome, "That computer gets no further changes of {}. What it already has stays on it.").await;
    }
    let outcome = backend.execute(Command::RemoveMember { space, member }).await?;
    print_space(out, backend, outcome, "They get no further changes of {}. What they already have stays on their computers.").await
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

pub(crate) async fn fetch(out: Out, dir: &Path, hash: String, timeout: &str) -> Done {
    let timeout = duration(timeout)?;
    let mut backend = Backend::open_with_network(dir, true).await?;
    let reply = backend.request(Request::Fetch { hash, timeout }).await;
    backend.close().await;
    let Reply::Fetched(fetched) = reply? else {
        return Err(ErrorView::new(ErrorCode::Internal, "The exchange gave no answer.", "Everything is saved on this computer."));
    };
    let text = match (fetched.here, fetched.name.as_str()) {
        (true, "") => "It is on this computer.".to_owned(),
        (true, name) => format!("“{name}” is on this computer now."),
        (false, name) => format!("“{name}” did not come. {}", fetched.reason),
    };
    let object = json!({"hash": fetched.hash, "name": fetched.name, "here": fetched.here, "reason": fetched.reason});
    out.answer(&object, &printable(&text))?;
    Ok(if fetched.here { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(crate) async fn sync(out: Out, dir: &Path, timeout: &str) -> Done {
    let timeout = duration(timeout)?;
    let mut backend = Backend::open_with_network(dir, true).await?;
    let reply = backend.request(Request::Sync { timeout }).await;
    backend.close().await;
    let Reply::Synced(results) = reply? else {
        return Err(ErrorView::new(ErrorCode::Internal, "The exchange gave no answer.", "Everything is saved on this computer."));
    };
    let mut missing = false;
    for result in &results {
        missing |= result.reachable && !result.confirmed;
        let state = match (result.reachable, result.confirmed) {
            (_, true) => "has all, and we have all of it".to_owned(),
            (true, false) => format!("did not confirm: {}", result.reason),
            (false, false) => "not reachable".to_owned(),
        };
        let object = json!({"computer": result.computer, "computer_name": result.computer_name, "person": result.person,
            "reachable": result.reachable, "confirmed": result.confirmed, "reason": result.reason});
        out.answer(&object, &printable(&format!("{}, {}: {state}", result.person, result.computer_name)))?;
    }
    Ok(if missing { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
