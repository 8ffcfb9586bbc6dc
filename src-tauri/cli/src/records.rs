//! Commands on records.

use std::io::BufRead;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};
use tuttu_engine::api::{Answer, Command, ErrorCode, ErrorView, ImportFormat, Outcome, Query, RecordRef, Row};
use tuttu_engine::model::draft::parse_assignment;
use tuttu_engine::model::{FieldEdit, RecordView};

use crate::args::Scope;
use crate::backend::{Backend, unexpected};
use crate::lists;
use crate::output::{Out, note, printable};

pub(crate) type Done = Result<ExitCode, ErrorView>;

/// Records of one commit when they come from standard input.
const BATCH: usize = 1_000;
pub(crate) const OK: Done = Ok(ExitCode::SUCCESS);

/// A record named on the command line.
pub(crate) fn reference(scope: Scope, id: String) -> RecordRef {
    RecordRef { space: scope.space, id }
}

pub(crate) fn edits(fields: &[String]) -> Result<Vec<FieldEdit>, ErrorView> {
    let mut edits = Vec::new();
    for field in fields {
        edits.extend(parse_assignment(field)?);
    }
    Ok(edits)
}

async fn record(backend: &mut Backend, record: RecordRef) -> Result<RecordView, ErrorView> {
    match backend.query(Query::Record { record }).await? {
        Answer::Record(view) => Ok(*view),
        other => Err(unexpected(&other)),
    }
}

pub(crate) fn print_record(out: Out, view: &RecordView) -> Result<(), ErrorView> {
    let object = Value::Object(view.to_json());
    if out.is_json() {
        return out.line(&object.to_string());
    }
    let name = if view.name.is_empty() { view.text.lines().next().unwrap_or_default().to_owned() } else { view.name.clone() };
    out.line(&out.strong(&printable(&name)))?;
    let mut rows = vec![vec!["id".to_owned(), view.id.clone()]];
    for (key, value) in view.to_json() {
        if !matches!(key.as_str(), "id" | "name" | "space" | "kind" | "created" | "changed" | "unknown" | "understood") {
            rows.extend(field_rows(&key, &value));
        }
    }
    rows.push(vec!["changed".to_owned(), format!("{} {}", view.changed.at, view.changed.by)]);
    out.table(&rows)
}

fn field_rows(key: &str, value: &Value) -> Vec<Vec<String>> {
    match value {
        Value::Array(items) => items.iter().map(|item| vec![key.to_owned(), item_text(item)]).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| vec![name.clone(), item_text(value)]).collect(),
        other => vec![vec![key.to_owned(), item_text(other)]],
    }
}

fn item_text(item: &Value) -> String {
    match item {
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            let parts = fields.iter().filter(|(name, _)| !matches!(name.as_str(), "item" | "label" | "pref"));
            let text = parts.map(|(_, value)| item_text(value)).collect::<Vec<_>>().join(", ");
            match fields.get("label").and_then(Value::as_str) {
                Some(label) => format!("{text} ({label})"),
                None => text,
            }
        }
        other => other.to_string(),
    }
}

pub(crate) async fn print_outcome(out: Out, backend: &mut Backend, outcome: Outcome) -> Done {
    match outcome {
        Outcome::Records { ids, space, label } => {
            if !out.is_json() {
                out.line(&printable(&label))?;
            }
            for id in ids {
                let view = record(backend, RecordRef { space: Some(space.clone()), id }).await?;
                if out.is_json() {
                    print_record(out, &view)?;
                } else {
                    out.line(&view.id)?;
                }
            }
        }
        Outcome::Undone { label, ids } => {
            out.answer(&json!({"undone": label, "ids": ids}), &format!("Taken back: {}", printable(&label)))?
        }
        other => return Err(unexpected(&other)),
    }
    OK
}

pub(crate) async fn add(out: Out, backend: &mut Backend, kind: String, fields: &[String], space: Option<String>) -> Done {
    let outcome = backend.execute(Command::Create { space, kind, edits: edits(fields)? }).await?;
    print_outcome(out, backend, outcome).await
}

pub(crate) async fn add_lines(out: Out, backend: &mut Backend, kind: &str, space: Option<String>) -> Done {
    let mut lines = (1_u64..).zip(std::io::stdin().lock().lines());
    loop {
        let (mut records, mut ended) = (Vec::with_capacity(BATCH), true);
        for (number, line) in lines.by_ref().take(BATCH) {
            let safe = "What was printed before is added and saved; the rest is not.";
            let line = line.map_err(|error| ErrorView::new(ErrorCode::File, format!("Standard input cannot be read: {error}."), safe))?;
            ended = false;
            if line.trim().is_empty() {
                continue;
            }
            // Told here, where the line's number is known.
            if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&line) {
                return Err(ErrorView::new(ErrorCode::Invalid, format!("Line {number} is not JSON: {error}."), safe));
            }
            records.push(line);
        }
        if ended {
            return OK;
        }
        if records.is_empty() {
            continue;
        }
        match backend.execute(Command::Add { space: space.clone(), kind: kind.to_owned(), records }).await? {
            Outcome::Records { ids, .. } => {
                for id in ids {
                    out.answer(&json!({"id": id}), &id)?;
                }
            }
            other => return Err(unexpected(&other)),
        }
    }
}

pub(crate) async fn set(out: Out, backend: &mut Backend, words: &[String], scope: Scope) -> Done {
    let Some((id, fields)) = words.split_first().filter(|(_, fields)| !fields.is_empty()) else {
        let hint = "Nothing was changed. tuttu set ID FIELD=VALUE, or tuttu set --where QUERY FIELD=VALUE";
        return Err(ErrorView::new(ErrorCode::Invalid, "Say which record, and what is to be changed.", hint));
    };
    let outcome = backend.execute(Command::Edit { record: reference(scope, id.clone()), edits: edits(fields)? }).await?;
    print_outcome(out, backend, outcome).await
}

pub(crate) async fn get(out: Out, backend: &mut Backend, reference: RecordRef) -> Done {
    let view = record(backend, reference).await?;
    print_record(out, &view)?;
    let record = Some(RecordRef { space: Some(view.space.clone()), id: view.id.clone() });
    if let Answer::Damage(damages) = backend.query(Query::Damage { record }).await? {
        damages.iter().for_each(|damage| note(&printable(&damage.what)));
    }
    OK
}

pub(crate) fn print_rows(out: Out, rows: &[Row]) -> Result<(), ErrorView> {
    if !out.is_json() {
        let cells: Vec<_> = rows.iter().map(|row| vec![row.name.clone(), row.detail.clone(), row.id.clone()]).collect();
        return out.table(&cells);
    }
    for row in rows {
        let value = serde_json::to_value(row).map_err(|error| ErrorView::new(ErrorCode::Internal, error.to_string(), ""))?;
        out.line(&value.to_string())?;
    }
    Ok(())
}

pub(crate) async fn trash(out: Out, backend: &mut Backend) -> Done {
    match backend.query(Query::Trash).await? {
        Answer::Trash(rows) => print_rows(out, &rows)?,
        other => return Err(unexpected(&other)),
    }
    OK
}

/// Of a record; where there is none and the text means a space, of that.
pub(crate) async fn timeline(out: Out, backend: &mut Backend, record: RecordRef, limit: Option<u32>) -> Done {
    let limit = limit.unwrap_or(0);
    let space = Some(record.id.clone()).filter(|_| record.space.is_none());
    let items = match (backend.query(Query::Timeline { record, limit }).await, space) {
        (Ok(Answer::Timeline(items)), _) => items,
        (Ok(other), _) => return Err(unexpected(&other)),
        (Err(error), Some(space)) if error.code == ErrorCode::NotFound => {
            match backend.query(Query::SpaceTimeline { space, limit }).await {
                Ok(Answer::SpaceTimeline(items)) => items,
                Ok(other) => return Err(unexpected(&other)),
                // There is no such space either: what is said of records suggests some.
                Err(of_space) if of_space.code == ErrorCode::NotFound => return Err(error),
                Err(of_space) => return Err(of_space),
            }
        }
        (Err(error), _) => return Err(error),
    };
    for item in items {
        let object = json!({"kind": item.kind, "id": item.id, "at": item.at, "by": item.by, "name": item.name, "text": item.text, "space": item.space});
        out.answer(&object, &printable(&format!("{}  {}  {}  {} {}", item.at, item.kind, item.by, item.name, item.text)))?;
    }
    OK
}

pub(crate) async fn delete(out: Out, backend: &mut Backend, ids: Vec<String>, scope: &Scope, deleted: bool) -> Done {
    let records = ids.into_iter().map(|id| RecordRef { space: scope.space.clone(), id }).collect();
    let command = if deleted { Command::Delete { records } } else { Command::Restore { records } };
    let outcome = backend.execute(command).await?;
    print_outcome(out, backend, outcome).await
}

pub(crate) async fn undo(out: Out, backend: &mut Backend) -> Done {
    let outcome = backend.execute(Command::Undo).await?;
    print_outcome(out, backend, outcome).await
}

pub(crate) async fn redo(out: Out, backend: &mut Backend) -> Done {
    match backend.execute(Command::Redo).await? {
        Outcome::Undone { label, ids } => {
            out.answer(&json!({"redone": label, "ids": ids}), &format!("Done again: {}", printable(&label)))?;
            OK
        }
        other => Err(unexpected(&other)),
    }
}

pub(crate) async fn undo_import(out: Out, backend: &mut Backend, import: String) -> Done {
    let outcome = backend.execute(Command::UndoImport { import }).await?;
    print_outcome(out, backend, outcome).await
}

pub(crate) async fn history(out: Out, backend: &mut Backend, record: RecordRef) -> Done {
    match backend.query(Query::History { record }).await? {
        Answer::History(items) => {
            for item in items {
                let object = json!({"id": item.id, "change": item.change, "field": item.field, "old": item.old, "new": item.new,
                    "by": item.by, "computer": item.computer, "at": item.at});
                let text = format!("{}  {} on {}  {}: {} -> {}", item.at, item.by, item.computer, item.field, item.old, item.new);
                out.answer(&object, &printable(&text))?;
            }
        }
        other => return Err(unexpected(&other)),
    }
    OK
}

pub(crate) async fn conflicts(out: Out, backend: &mut Backend, record: Option<RecordRef>) -> Done {
    match backend.query(Query::Conflicts { record }).await? {
        Answer::Conflicts(conflicts) => {
            for conflict in conflicts {
                let values: Vec<Value> = conflict
                    .values
                    .iter()
                    .map(|value| json!({"n": value.n, "value": value.value, "by": value.by, "at": value.at, "computer": value.computer}))
                    .collect();
                if out.is_json() {
                    out.line(&json!({"id": conflict.id, "field": conflict.field, "values": values}).to_string())?;
                    continue;
                }
                out.line(&format!("{} {}  {}", out.strong(&printable(&conflict.name)), conflict.id, conflict.field))?;
                for value in &conflict.values {
                    out.line(&printable(&format!("  {}  {}  {} on {}, {}", value.n, value.value, value.by, value.computer, value.at)))?;
                }
            }
        }
        other => return Err(unexpected(&other)),
    }
    OK
}

pub(crate) async fn choose(out: Out, backend: &mut Backend, record: RecordRef, field: String, choice: String) -> Done {
    let outcome = backend.execute(Command::Choose { record, field, choice }).await?;
    print_outcome(out, backend, outcome).await
}

pub(crate) async fn import(
    out: Out,
    backend: &mut Backend,
    files: &[PathBuf],
    format: Option<&str>,
    space: Option<String>,
    dry_run: bool,
) -> Done {
    let format = match format {
        None => None,
        Some("vcard") => Some(ImportFormat::Vcard),
        Some(other) => {
            return Err(ErrorView::new(ErrorCode::Invalid, format!("“{other}” is not a format this version reads."), "vcard is."));
        }
    };
    for file in files {
        // The running app may have another working directory.
        let path = std::path::absolute(file).unwrap_or_else(|_| file.clone()).to_string_lossy().into_owned();
        let report = match backend.execute(Command::Import { path, format, space: space.clone(), dry_run }).await? {
            Outcome::Import { report } => report,
            other => return Err(unexpected(&other)),
        };
        let warnings: Vec<Value> =
            report.warnings.iter().map(|warning| json!({"line": warning.line, "message": warning.message})).collect();
        if !out.is_json() {
            for warning in &report.warnings {
                note(&printable(&format!("{}:{}: {}", warning.file, warning.line, warning.message)));
            }
        }
        out.answer(
            &json!({"import": report.import, "added": report.added, "updated": report.updated, "unchanged": report.unchanged,
                "skipped": report.skipped, "warnings": warnings}),
            &format!("{} added, {} unchanged, {} skipped", report.added, report.unchanged, report.skipped),
        )?;
    }
    OK
}

pub(crate) async fn export(
    out: Out,
    backend: &mut Backend,
    format: String,
    scope: Scope,
    query: Option<String>,
    output: Option<PathBuf>,
) -> Done {
    let filter = lists::filter(String::new(), scope, query, None)?;
    let text = match backend.query(Query::Export { format, filter }).await? {
        Answer::Export(text) => text,
        other => return Err(unexpected(&other)),
    };
    match output {
        None => out.raw(&text)?,
        Some(path) => std::fs::write(&path, text).map_err(|error| {
            ErrorView::new(ErrorCode::File, format!("{} cannot be written: {error}.", path.display()), "Everything in the vault is safe.")
        })?,
    }
    OK
}

pub(crate) async fn move_to(out: Out, backend: &mut Backend, ids: Vec<String>, space: String) -> Done {
    let records = ids.into_iter().map(RecordRef::anywhere).collect();
    let outcome = backend.execute(Command::Move { records, space }).await?;
    print_outcome(out, backend, outcome).await
}
