//! Commands on what ties records together: links, tags, words, files, and copies in shared spaces.

use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};
use tuttu_engine::api::{Answer, Command, ErrorCode, ErrorView, Outcome, Query, RecordRef};

use crate::backend::{Backend, unexpected};
use crate::output::{Out, printable};
use crate::records::{Done, OK, print_outcome};

/// A shape as one JSON object, without what is empty.
fn object(shape: &impl Serialize) -> Result<Value, ErrorView> {
    let value = serde_json::to_value(shape).map_err(|error| ErrorView::new(ErrorCode::Internal, error.to_string(), ""))?;
    let Value::Object(fields) = value else { return Ok(value) };
    let empty = |value: &Value| matches!(value, Value::String(text) if text.is_empty()) || *value == Value::Bool(false);
    Ok(Value::Object(fields.into_iter().filter(|(_, value)| !empty(value)).collect()))
}

/// One line for each shape: an object for programs, cells for people.
fn lines<T: Serialize>(out: Out, shapes: &[T], cells: impl Fn(&T) -> Vec<String>) -> Done {
    if out.is_json() {
        for shape in shapes {
            out.line(&object(shape)?.to_string())?;
        }
    } else {
        out.table(&shapes.iter().map(cells).collect::<Vec<_>>())?;
    }
    OK
}

pub(crate) async fn links(out: Out, backend: &mut Backend, record: RecordRef) -> Done {
    match backend.query(Query::Backlinks { record }).await? {
        Answer::Backlinks(links) => lines(out, &links, |link| {
            let what = if link.kind_here.is_empty() { &link.field } else { &link.kind_here };
            let years =
                if link.since.is_empty() && link.until.is_empty() { String::new() } else { format!("{} – {}", link.since, link.until) };
            vec![link.name.clone(), what.clone(), link.kind_there.clone(), years, link.id.clone()]
        }),
        other => Err(unexpected(&other)),
    }
}

pub(crate) async fn tags(out: Out, backend: &mut Backend, space: Option<String>) -> Done {
    match backend.query(Query::Tags { space }).await? {
        Answer::Tags(tags) => lines(out, &tags, |tag| vec![tag.tag.clone(), tag.records.to_string()]),
        other => Err(unexpected(&other)),
    }
}

pub(crate) async fn rename_tag(out: Out, backend: &mut Backend, from: String, to: String, space: Option<String>) -> Done {
    match backend.execute(Command::RenameTag { from, to, space }).await? {
        Outcome::Records { ids, label, .. } => out.answer(&json!({"changed": ids, "label": label}), &printable(&label))?,
        other => return Err(unexpected(&other)),
    }
    OK
}

pub(crate) async fn words(out: Out, backend: &mut Backend, vocabulary: String, space: Option<String>) -> Done {
    match backend.query(Query::Words { space, vocabulary }).await? {
        Answer::Words(words) => lines(out, &words, |word| vec![word.value.clone(), format!("{}{}", word.category, word.reverse)]),
        other => Err(unexpected(&other)),
    }
}

pub(crate) async fn attach(out: Out, backend: &mut Backend, record: RecordRef, file: &Path, name: String) -> Done {
    let outcome = backend.execute(Command::Attach { record, path: absolute(file), name }).await?;
    print_outcome(out, backend, outcome).await
}

pub(crate) async fn files(out: Out, backend: &mut Backend, record: Option<RecordRef>) -> Done {
    match backend.query(Query::Files { record }).await? {
        Answer::Files(files) => lines(out, &files, |file| {
            let missing = if file.missing { "not on this computer" } else { "" };
            vec![file.name.clone(), format!("{} bytes", file.size), file.hash.clone(), missing.to_owned()]
        }),
        other => Err(unexpected(&other)),
    }
}

pub(crate) async fn save_file(out: Out, backend: &mut Backend, hash: String, file: &Path) -> Done {
    let path = absolute(file);
    backend.execute(Command::SaveFile { hash, path: path.clone() }).await?;
    out.answer(&json!({"saved": path}), &format!("Saved {}", printable(&path)))?;
    OK
}

pub(crate) async fn share(out: Out, backend: &mut Backend, id: String, space: String, fields: Vec<String>) -> Done {
    let outcome = backend.execute(Command::Share { record: RecordRef::anywhere(id), space, fields }).await?;
    match outcome {
        Outcome::Records { ids, label, .. } => out.answer(&json!({"records": ids, "label": label}), &printable(&label))?,
        other => return Err(unexpected(&other)),
    }
    OK
}

pub(crate) async fn differences(out: Out, backend: &mut Backend, id: String) -> Done {
    match backend.query(Query::Differences { record: RecordRef::anywhere(id) }).await? {
        Answer::Differences(found) => lines(out, &found, |one| {
            vec![one.field.clone(), format!("yours: {}", one.own), format!("there: {}", one.shared), one.id.clone()]
        }),
        other => Err(unexpected(&other)),
    }
}

pub(crate) async fn take_over(out: Out, backend: &mut Backend, id: String, copy: String, fields: Vec<String>, to_copy: bool) -> Done {
    let outcome = backend.execute(Command::TakeOver { record: RecordRef::anywhere(id), copy, fields, to_copy }).await?;
    print_outcome(out, backend, outcome).await
}

/// The running app may have another working directory.
fn absolute(file: &Path) -> String {
    std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf()).to_string_lossy().into_owned()
}
