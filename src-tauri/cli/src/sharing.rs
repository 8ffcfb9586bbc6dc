//! Spaces, members and invitations; joining and exchange beside it.

mod exchange;
mod joining;
mod tray;

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use tuttu_engine::api::{Answer, Command, ErrorCode, ErrorView, InvitationView, MemberView, Outcome, Query, SpaceSummary};

use crate::args::{BundleCommand, InvitationCommand, SharingCommand, SpaceCommand, seconds};
use crate::backend::{Backend, unexpected};
use crate::output::{Out, counted, printable};
use crate::{colleagues, computers, maintenance, serve};

pub(crate) use exchange::fetch;
pub(crate) use joining::{join_steps, wanted};

type Done = Result<ExitCode, ErrorView>;

const OK: Done = Ok(ExitCode::SUCCESS);

/// Carries out what belongs to sharing.
pub(crate) async fn run(out: Out, dir: &Path, command: SharingCommand, yes: bool) -> Done {
    match command {
        SharingCommand::Serve { bind, no_lan, relay } => serve::serve(out, dir, bind, !no_lan, relay).await,
        SharingCommand::Join { link, auto } => joining::join(out, dir, link, auto, yes).await,
        SharingCommand::Computer(command) => computers::run(out, dir, command, yes).await,
        SharingCommand::Sync { timeout } => exchange::sync(out, dir, &timeout).await,
        SharingCommand::Doctor => exchange::doctor(out, dir).await,
        SharingCommand::Invite { space, role, expires, auto, for_whom, relay } => {
            joining::invite(out, dir, joining::Terms { space, role, expires, auto, for_whom, relay }).await
        }
        other => {
            let mut backend = Backend::open(dir).await?;
            let done = with(out, &mut backend, other, yes).await;
            backend.close().await;
            done
        }
    }
}

/// What needs no network of its own.
async fn with(out: Out, backend: &mut Backend, command: SharingCommand, yes: bool) -> Done {
    match command {
        SharingCommand::Space(SpaceCommand::New { name }) => new_space(out, backend, name).await,
        SharingCommand::Space(SpaceCommand::List) => spaces(out, backend).await,
        SharingCommand::Space(SpaceCommand::Show { space }) => show_space(out, backend, space).await,
        SharingCommand::Space(SpaceCommand::Rename { space, name }) => rename(out, backend, space, name).await,
        SharingCommand::Space(SpaceCommand::Leave { space }) => leave(out, backend, space).await,
        SharingCommand::Space(SpaceCommand::HandOver { space, member }) => hand_over(out, backend, space, member).await,
        SharingCommand::Invitation(InvitationCommand::List { space }) => invitations(out, backend, space).await,
        SharingCommand::Invitation(InvitationCommand::Withdraw { invitation }) => withdraw(out, backend, invitation).await,
        SharingCommand::Colleague(command) => colleagues::run(out, backend, command, yes).await,
        SharingCommand::Approve { request } => joining::answer(out, backend, request, true).await,
        SharingCommand::Decline { request } => joining::answer(out, backend, request, false).await,
        SharingCommand::Requests => joining::requests(out, backend).await,
        SharingCommand::Members { space } => members(out, backend, space).await,
        SharingCommand::Role { space, member, role: word } => role(out, backend, space, member, word).await,
        SharingCommand::Remove { space, member, computer } => remove(out, backend, space, member, computer).await,
        SharingCommand::Tray(command) => tray::run(out, backend, command).await,
        SharingCommand::Log { limit } => exchange::log(out, backend, limit).await,
        SharingCommand::Bundle(BundleCommand::Write { file, space, all, no_files }) => {
            maintenance::write_bundle(out, backend, &file, space, all, !no_files).await
        }
        SharingCommand::Bundle(BundleCommand::Read { file }) => maintenance::read_bundle(out, backend, &file).await,
        // Carried out above.
        SharingCommand::Serve { .. }
        | SharingCommand::Join { .. }
        | SharingCommand::Computer(_)
        | SharingCommand::Sync { .. }
        | SharingCommand::Doctor
        | SharingCommand::Invite { .. } => OK,
    }
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
    json!({"id": member.id, "name": member.name, "role": member.role, "me": member.me, "blocked": member.blocked, "computers": computers})
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

async fn spaces(out: Out, backend: &mut Backend) -> Done {
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

async fn show_space(out: Out, backend: &mut Backend, space: String) -> Done {
    let detail = detail(backend, space).await?;
    if out.is_json() {
        let mut object = space_json(&detail.summary);
        if let Some(fields) = object.as_object_mut() {
            fields.insert("members".into(), detail.members.iter().map(member_json).collect());
            fields.insert("invitations".into(), detail.invitations.iter().map(invitation_json).collect());
        }
        out.line(&object.to_string())?;
        return OK;
    }
    print_spaces(out, std::slice::from_ref(&detail.summary))?;
    print_members(out, &detail.members)?;
    let invitations: Vec<Vec<String>> = detail.invitations.iter().map(invitation_row).collect();
    out.table(&invitations)?;
    OK
}

async fn members(out: Out, backend: &mut Backend, space: String) -> Done {
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

async fn new_space(out: Out, backend: &mut Backend, name: String) -> Done {
    let outcome = backend.execute(Command::CreateSpace { name }).await?;
    print_space(out, backend, outcome, "Made the space {}.").await
}

async fn rename(out: Out, backend: &mut Backend, space: String, name: String) -> Done {
    let outcome = backend.execute(Command::RenameSpace { space, name }).await?;
    print_space(out, backend, outcome, "The space is called {} now.").await
}

async fn leave(out: Out, backend: &mut Backend, space: String) -> Done {
    let outcome = backend.execute(Command::LeaveSpace { space }).await?;
    print_space(out, backend, outcome, "You left {}. Your copy stays readable.").await
}

async fn hand_over(out: Out, backend: &mut Backend, space: String, member: String) -> Done {
    let outcome = backend.execute(Command::HandOver { space, member }).await?;
    print_space(out, backend, outcome, "{} has another owner now. You are an editor.").await
}

async fn invitations(out: Out, backend: &mut Backend, space: String) -> Done {
    let detail = detail(backend, space).await?;
    if out.is_json() {
        detail.invitations.iter().try_for_each(|invitation| out.line(&invitation_json(invitation).to_string()))?;
        return OK;
    }
    let rows: Vec<Vec<String>> = detail.invitations.iter().map(invitation_row).collect();
    out.table(&rows)?;
    OK
}

fn invitation_json(invitation: &InvitationView) -> Value {
    json!({"id": invitation.id, "role": invitation.role, "expires": invitation.expires, "for": invitation.for_whom, "state": invitation.state})
}

fn invitation_row(invitation: &InvitationView) -> Vec<String> {
    let whom = if invitation.for_whom.is_empty() { "whoever has the link".to_owned() } else { invitation.for_whom.clone() };
    let until = format!("{}, until {}", invitation.state, invitation.expires);
    vec![invitation.id.chars().take(8).collect(), whom, invitation.role.clone(), until]
}

async fn withdraw(out: Out, backend: &mut Backend, invitation: String) -> Done {
    backend.execute(Command::WithdrawInvitation { invitation: invitation.clone() }).await?;
    out.answer(&json!({"invitation": invitation, "state": "withdrawn"}), "The invitation is withdrawn. Nobody can use it.")?;
    OK
}

async fn role(out: Out, backend: &mut Backend, space: String, member: String, role: String) -> Done {
    let outcome = backend.execute(Command::SetRole { space, member, role }).await?;
    print_space(out, backend, outcome, "The role in {} is changed.").await
}

async fn remove(out: Out, backend: &mut Backend, space: String, member: String, computer: Option<String>) -> Done {
    if let Some(computer) = computer {
        let outcome = backend.execute(Command::ExcludeComputer { space, member, computer }).await?;
        return print_space(out, backend, outcome, "That computer gets no further changes of {}. What it already has stays on it.").await;
    }
    let outcome = backend.execute(Command::RemoveMember { space, member }).await?;
    print_space(out, backend, outcome, "They get no further changes of {}. What they already have stays on their computers.").await
}
