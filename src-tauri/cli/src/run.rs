//! From the parsed words to requests and their answers in print.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use tuttu_engine::api::{ErrorCode, ErrorView};
use tuttu_engine::{Engine, NewVault};

use crate::args::{AttachmentCommand, Cli, Command, TagCommand};
use crate::backend::{Backend, vault_dir};
use crate::maintenance::KeyFrom;
use crate::output::Out;
use crate::{bulk, duplicates, lists, maintenance, past, records, settings, sharing, ties, today};

/// Runs one command line.
pub(crate) fn run(cli: Cli) -> Result<ExitCode, ErrorView> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| ErrorView::new(ErrorCode::Internal, format!("The program could not start: {error}."), ""))?;
    let code = runtime.block_on(dispatch(cli));
    // Tasks that hang on a dead network must not hold up the exit; everything durable is done.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    code
}

async fn dispatch(cli: Cli) -> Result<ExitCode, ErrorView> {
    let out = Out::new(cli.json);
    let dir = vault_dir(cli.vault)?;
    match cli.command {
        Command::Init { name, computer } => init(out, &dir, name, computer),
        Command::Attachment(AttachmentCommand::Fetch { hash, timeout }) => sharing::fetch(out, &dir, hash, &timeout).await,
        Command::Sharing(command) => sharing::run(out, &dir, command, cli.yes).await,
        Command::Restore { ids, scope: _, passphrase_file, identity, computer }
            if maintenance::is_backup(&dir, &ids, passphrase_file.is_some() || identity.is_some() || computer.is_some()) =>
        {
            let (name, file) = (computer.unwrap_or_else(host_name), ids.into_iter().next().unwrap_or_default());
            maintenance::restore(out, &dir, file.into(), KeyFrom { passphrase_file, key: identity }, name).await
        }
        other => {
            let mut backend = Backend::open(&dir).await?;
            let result = plain(out, &mut backend, &dir, other, cli.yes).await;
            backend.close().await;
            result
        }
    }
}

fn init(out: Out, dir: &Path, name: String, computer: Option<String>) -> Result<ExitCode, ErrorView> {
    let computer_name = computer.unwrap_or_else(host_name);
    let engine = Engine::create(dir, &NewVault { person_name: name.clone(), computer_name: computer_name.clone() })?;
    let id = engine.computer().to_string();
    out.answer(
        &json!({"vault": dir.display().to_string(), "person": name, "computer": computer_name, "id": id}),
        &format!("Made a vault for {name} in {}.", dir.display()),
    )?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn host_name() -> String {
    let from_file = std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned());
    std::env::var("COMPUTERNAME").ok().or(from_file).filter(|name| !name.is_empty()).unwrap_or_else(|| "My computer".to_owned())
}

async fn plain(out: Out, backend: &mut Backend, dir: &Path, command: Command, yes: bool) -> Result<ExitCode, ErrorView> {
    match command {
        Command::Status => sharing::status(out, backend).await,
        Command::Add { kind, space, stdin: true, .. } => records::add_lines(out, backend, &kind, space).await,
        Command::Add { kind, fields, space, stdin: false } => records::add(out, backend, kind, &fields, space).await,
        Command::Set { words, scope, many } => match many.query {
            Some(_) => bulk::edit(out, backend, &words, scope, many, yes).await,
            None => records::set(out, backend, &words, scope).await,
        },
        Command::Get { id, at: Some(at), scope } => past::get(out, backend, records::reference(scope, id), at).await,
        Command::Get { id, at: None, scope } => records::get(out, backend, records::reference(scope, id)).await,
        Command::List { kind, scope, query, sort: _, group: Some(by), limit: _ } => {
            lists::groups(out, backend, kind, scope, query, &by).await
        }
        Command::List { kind, scope, query, sort, group: None, limit } => lists::list(out, backend, kind, scope, query, sort, limit).await,
        Command::Search { query, limit } => lists::search(out, backend, query, limit).await,
        Command::Timeline { id, limit, scope } => records::timeline(out, backend, records::reference(scope, id), limit).await,
        Command::Delete { ids, scope, many } => match many.query {
            Some(_) => bulk::delete(out, backend, scope, many, yes).await,
            None => records::delete(out, backend, ids, &scope, true).await,
        },
        Command::Restore { ids, scope, .. } => records::delete(out, backend, ids, &scope, false).await,
        Command::Today { limit, seen } => today::today(out, backend, limit, seen).await,
        Command::Trash => records::trash(out, backend).await,
        Command::Undo { operation: None } => records::undo(out, backend).await,
        Command::Undo { operation: Some(operation) } => past::undo(out, backend, operation).await,
        Command::Operations { limit } => past::operations(out, backend, limit).await,
        Command::Redo => records::redo(out, backend).await,
        Command::History { id, scope } => records::history(out, backend, records::reference(scope, id)).await,
        Command::Revert { id, words, at, scope } => past::revert(out, backend, records::reference(scope, id), words, at).await,
        Command::Conflicts { id, scope } => records::conflicts(out, backend, id.map(|id| records::reference(scope, id))).await,
        Command::Choose { id, field, choice, scope } => records::choose(out, backend, records::reference(scope, id), field, choice).await,
        Command::Import { undo: Some(import), .. } => records::undo_import(out, backend, import).await,
        Command::Import { files, format, space, dry_run, undo: None } => {
            records::import(out, backend, &files, format.as_deref(), space, dry_run).await
        }
        Command::Duplicates { scope, limit } => duplicates::list(out, backend, scope, limit).await,
        Command::Merge { ids, scope } => duplicates::merge(out, backend, ids, &scope).await,
        Command::Unmerge { id, scope } => duplicates::unmerge(out, backend, records::reference(scope, id)).await,
        Command::Distinct { ids, scope } => duplicates::distinct(out, backend, ids, &scope).await,
        Command::Export { format, scope, query, output } => records::export(out, backend, format, scope, query, output).await,
        Command::Links { id, scope } => ties::links(out, backend, records::reference(scope, id)).await,
        Command::Tag(TagCommand::List { space }) => ties::tags(out, backend, space).await,
        Command::Tag(TagCommand::Rename { from, to, space }) => ties::rename_tag(out, backend, from, to, space).await,
        Command::Tag(TagCommand::Remove { tag, space }) => ties::rename_tag(out, backend, tag, String::new(), space).await,
        Command::Words { vocabulary, space } => ties::words(out, backend, vocabulary, space).await,
        Command::Attach { id, file, name, scope } => ties::attach(out, backend, records::reference(scope, id), &file, name).await,
        Command::Attachments { id, scope } => ties::files(out, backend, id.map(|id| records::reference(scope, id))).await,
        Command::Attachment(AttachmentCommand::Save { hash, file }) => ties::save_file(out, backend, hash, &file).await,
        Command::Share { id, space, fields } => ties::share(out, backend, id, space, fields).await,
        Command::Differences { id } => ties::differences(out, backend, id).await,
        Command::TakeOver { id, fields, copy, to_copy } => ties::take_over(out, backend, id, copy, fields, to_copy).await,
        Command::Move { mut words, many } => {
            let space = words.pop().unwrap_or_default();
            match (many.query.is_some(), words.is_empty()) {
                (true, true) => bulk::move_to(out, backend, space, many, yes).await,
                (false, false) => records::move_to(out, backend, words, space).await,
                (true, false) => {
                    Err(ErrorView::new(ErrorCode::Invalid, "Name records, or a query, not both.", "tuttu move --where QUERY SPACE"))
                }
                (false, true) => Err(ErrorView::new(ErrorCode::Invalid, "Name the records and the space.", "tuttu move ID... SPACE")),
            }
        }
        Command::Check { repair } => maintenance::check(out, backend, dir, repair).await,
        Command::Setting(command) => settings::run(out, backend, command).await,
        Command::Rebuild => maintenance::rebuild(out, backend).await,
        Command::Damage { id, scope } => maintenance::damage(out, backend, id.map(|id| records::reference(scope, id))).await,
        Command::Backup { file, lock } => maintenance::backup(out, backend, &file, lock.into()).await,
        Command::RecoveryKit { file, lock } => maintenance::recovery_kit(out, backend, &file, lock.into()).await,
        // Carried out above.
        Command::Attachment(AttachmentCommand::Fetch { .. }) | Command::Init { .. } | Command::Sharing(_) => Ok(ExitCode::SUCCESS),
    }
}
