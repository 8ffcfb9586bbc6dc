//! Changing all records that a query finds, after a look at what that would do.

use serde_json::json;
use tuttu_engine::api::{Answer, BulkChange, BulkView, Command, ErrorCode, ErrorView, Outcome, Query};

use crate::args::{Many, Scope};
use crate::backend::{Backend, unexpected};
use crate::lists;
use crate::output::{Out, ask, note, printable};
use crate::records::{Done, OK, edits};

pub(crate) async fn edit(out: Out, backend: &mut Backend, fields: &[String], scope: Scope, many: Many, yes: bool) -> Done {
    change(out, backend, BulkChange::Edit { edits: edits(fields)? }, scope, many, yes).await
}

pub(crate) async fn delete(out: Out, backend: &mut Backend, scope: Scope, many: Many, yes: bool) -> Done {
    change(out, backend, BulkChange::Delete, scope, many, yes).await
}

pub(crate) async fn move_to(out: Out, backend: &mut Backend, space: String, many: Many, yes: bool) -> Done {
    change(out, backend, BulkChange::Move { space }, Scope { space: None }, many, yes).await
}

async fn change(out: Out, backend: &mut Backend, change: BulkChange, scope: Scope, many: Many, yes: bool) -> Done {
    let filter = lists::filter(many.kind.unwrap_or_default(), scope, many.query, None)?;
    let query = Query::BulkPreview { filter: filter.clone(), change: change.clone() };
    let preview = match backend.query_with_progress(query).await? {
        Answer::BulkPreview(preview) => preview,
        other => return Err(unexpected(&other)),
    };
    if many.dry_run {
        return print_preview(out, &preview, true);
    }
    if !out.is_json() {
        print_preview(out, &preview, false)?;
    }
    if preview.changing == 0 {
        return out.answer(&json!({"records": 0, "label": ""}), "Nothing to change.").map(|()| std::process::ExitCode::SUCCESS);
    }
    if !ask(&format!("Change {} records?", preview.changing), yes) {
        return Err(ErrorView::new(ErrorCode::NotAllowed, "Not confirmed.", "Nothing was changed. --yes answers the question in scripts."));
    }
    match backend.execute_with_progress(Command::ChangeAll { filter, change, digest: preview.digest }).await? {
        Outcome::Changed { records, label } => {
            out.answer(&json!({"records": records, "label": label}), &printable(&format!("{label}. Take it back: tuttu undo")))?;
            OK
        }
        other => Err(unexpected(&other)),
    }
}

fn print_preview(out: Out, view: &BulkView, whole: bool) -> Done {
    if out.is_json() {
        let value = serde_json::to_value(view).map_err(|error| ErrorView::new(ErrorCode::Internal, error.to_string(), ""))?;
        return out.line(&value.to_string()).map(|()| std::process::ExitCode::SUCCESS);
    }
    let spaces: Vec<String> = view.spaces.iter().map(|space| format!("{} in {}", space.records, printable(&space.name))).collect();
    let counts = format!("{} found, {} to be changed: {}", view.found, view.changing, spaces.join(", "));
    let line = counts.trim_end_matches(": ").to_owned();
    if whole {
        out.line(&line)?
    } else {
        note(&line)
    }
    if view.read_only > 0 {
        note(&format!("{} are in spaces you can only see, and stay as they are.", view.read_only));
    }
    for example in &view.examples {
        let line = printable(&format!("  {}  {}: {} -> {}", example.name, example.field, example.old, example.new));
        if whole { out.line(&line)? } else { note(&line) }
    }
    OK
}
