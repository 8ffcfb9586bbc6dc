//! The people one shares spaces with.

use std::process::ExitCode;

use serde_json::{Value, json};
use tuttu_engine::api::{Answer, ColleagueView, Command, ErrorCode, ErrorView, Outcome, Query};

use crate::args::ColleagueCommand;
use crate::backend::{Backend, unexpected};
use crate::output::{Out, ask, note, printable};
use crate::records::reference;

type Done = Result<ExitCode, ErrorView>;

pub(crate) async fn run(out: Out, backend: &mut Backend, command: ColleagueCommand, yes: bool) -> Done {
    match command {
        ColleagueCommand::List => list(out, backend).await,
        ColleagueCommand::Link { person, card, scope } => {
            let card = Some(reference(scope, card));
            carry_out(out, backend, &person.clone(), Command::LinkColleague { person, card }).await
        }
        ColleagueCommand::Unlink { person } => {
            carry_out(out, backend, &person.clone(), Command::LinkColleague { person, card: None }).await
        }
        ColleagueCommand::Verify { person, not: false } => verify(out, backend, person, yes).await,
        ColleagueCommand::Verify { person, not: true } => {
            carry_out(out, backend, &person.clone(), Command::VerifyColleague { person, verified: false }).await
        }
        ColleagueCommand::Block { person } => {
            carry_out(out, backend, &person.clone(), Command::BlockColleague { person, blocked: true }).await
        }
        ColleagueCommand::Unblock { person } => {
            carry_out(out, backend, &person.clone(), Command::BlockColleague { person, blocked: false }).await
        }
    }
}

async fn all(backend: &mut Backend) -> Result<Vec<ColleagueView>, ErrorView> {
    match backend.query(Query::Colleagues).await? {
        Answer::Colleagues(colleagues) => Ok(colleagues),
        other => Err(unexpected(&other)),
    }
}

/// The one that a text means: name, id, or the beginning of one.
async fn named(backend: &mut Backend, person: &str) -> Result<ColleagueView, ErrorView> {
    let wanted = person.trim().to_lowercase();
    let (exact, others): (Vec<_>, Vec<_>) =
        all(backend).await?.into_iter().partition(|one| one.name.to_lowercase() == wanted || one.id == wanted);
    let begins = |one: &ColleagueView| wanted.len() > 3 && one.id.starts_with(&wanted);
    let mut found = if exact.is_empty() { others.into_iter().filter(begins).collect() } else { exact };
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (None, _) => Err(ErrorView::new(ErrorCode::NotFound, format!("There is no colleague “{person}”."), "See: tuttu colleague list")),
        (Some(_), false) => {
            let hint = "Name the one you mean by the id: tuttu --json colleague list";
            Err(ErrorView::new(ErrorCode::Ambiguous, format!("“{person}” means more than one colleague."), hint))
        }
    }
}

fn colleague_json(one: &ColleagueView) -> Value {
    let computers: Vec<Value> = one
        .computers
        .iter()
        .map(|computer| json!({"id": computer.id, "name": computer.name, "state": computer.state, "last_seen": computer.last_seen}))
        .collect();
    json!({"id": one.id, "name": one.name, "card": one.card, "card_name": one.card_name, "words": one.words, "verified": one.verified,
        "blocked": one.blocked, "spaces": one.spaces, "computers": computers})
}

/// What is to be said about one, in words.
fn standing(one: &ColleagueView) -> String {
    let mut said = Vec::new();
    if !one.blocked.is_empty() {
        said.push("blocked".to_owned());
    }
    said.push(if one.verified.is_empty() { "not compared" } else { "compared" }.to_owned());
    let here = one.computers.iter().any(|computer| computer.state != "away");
    let seen = one.computers.iter().map(|computer| computer.last_seen.as_str()).max().unwrap_or_default();
    said.push(match (here, seen) {
        (true, _) => "connected".to_owned(),
        (false, "") => "never seen".to_owned(),
        (false, seen) => format!("last seen {seen}"),
    });
    said.join(", ")
}

async fn list(out: Out, backend: &mut Backend) -> Done {
    let colleagues = all(backend).await?;
    if out.is_json() {
        colleagues.iter().try_for_each(|one| out.line(&colleague_json(one).to_string()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = colleagues
        .iter()
        .map(|one| {
            let card = if one.card_name.is_empty() { "no card".to_owned() } else { format!("card {}", one.card_name) };
            vec![one.name.clone(), standing(one), card, one.spaces.join(", ")]
        })
        .collect();
    out.table(&rows)?;
    Ok(ExitCode::SUCCESS)
}

async fn carry_out(out: Out, backend: &mut Backend, person: &str, command: Command) -> Done {
    let outcome = backend.execute(command).await?;
    let Outcome::Records { label, .. } = outcome else { return Err(unexpected(&outcome)) };
    let one = named(backend, person).await?;
    out.answer(&colleague_json(&one), &printable(&format!("{label}. {}: {}.", one.name, standing(&one))))?;
    Ok(ExitCode::SUCCESS)
}

async fn verify(out: Out, backend: &mut Backend, person: String, yes: bool) -> Done {
    let one = named(backend, &person).await?;
    note(&printable(&format!("Call {} or meet. Both of you see, under “verify”, these eight words: {}", one.name, one.words.join(" "))));
    if !ask("Are the words the same?", yes) {
        let hint =
            "Somebody may be in between, or it is another person of that name. Nothing was noted; with --yes the words count as compared.";
        return Err(ErrorView::new(ErrorCode::NotAllowed, "The words were not compared, or are not the same.", hint));
    }
    carry_out(out, backend, &person, Command::VerifyColleague { person: one.id, verified: true }).await
}
