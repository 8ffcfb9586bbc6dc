//! Records as they were, and steps that are taken back.

use serde_json::json;
use tuttu_engine::api::{Answer, Command, ErrorCode, ErrorView, Query, RecordRef};

use crate::backend::{Backend, unexpected};
use crate::output::{Out, printable};
use crate::records::{Done, OK, print_outcome, print_record};

pub(crate) async fn get(out: Out, backend: &mut Backend, record: RecordRef, at: String) -> Done {
    match backend.query(Query::RecordAt { record, at }).await? {
        Answer::RecordAt(view) => print_record(out, &view)?,
        other => return Err(unexpected(&other)),
    }
    OK
}

pub(crate) async fn revert(out: Out, backend: &mut Backend, record: RecordRef, words: Vec<String>, at: Option<String>) -> Done {
    let command = match (at, words.as_slice()) {
        (Some(at), _) => Command::RevertTo { record, at, fields: words },
        (None, [change]) => Command::Revert { record, change: change.clone() },
        (None, _) => {
            let hint = "Nothing was changed. tuttu revert ID CHANGE, or tuttu revert ID --at DATE [FIELD...]";
            return Err(ErrorView::new(ErrorCode::Invalid, "One change is taken back at a time.", hint));
        }
    };
    let outcome = backend.execute(command).await?;
    print_outcome(out, backend, outcome).await
}

pub(crate) async fn operations(out: Out, backend: &mut Backend, limit: Option<u32>) -> Done {
    match backend.query(Query::Operations { limit: limit.unwrap_or(0) }).await? {
        Answer::Operations(operations) => {
            for operation in operations {
                let state = if operation.undone { "  (taken back)" } else { "" };
                let sign = if operation.undoes { "took back: " } else { "" };
                let short = operation.id.get(..8).unwrap_or(&operation.id);
                out.answer(
                    &json!({"id": operation.id, "label": operation.label, "at": operation.at, "undone": operation.undone, "undoes": operation.undoes}),
                    &printable(&format!("{short}  {}  {sign}{}{state}", operation.at, operation.label)),
                )?;
            }
        }
        other => return Err(unexpected(&other)),
    }
    OK
}

pub(crate) async fn undo(out: Out, backend: &mut Backend, operation: String) -> Done {
    let outcome = backend.execute(Command::UndoOperation { operation }).await?;
    print_outcome(out, backend, outcome).await
}
