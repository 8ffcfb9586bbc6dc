//! The tray: what does not count any more, and taking it up.

use serde_json::json;
use tuttu_engine::api::{Answer, Command, Outcome, Query};

use super::{Done, OK};
use crate::args::TrayCommand;
use crate::backend::{Backend, unexpected};
use crate::output::{Out, printable};

pub(crate) async fn run(out: Out, backend: &mut Backend, command: TrayCommand) -> Done {
    let (command, text) = match command {
        TrayCommand::List { space } => return list(out, backend, space).await,
        TrayCommand::Take { space, changes } => (Command::TakeUp { space, changes }, "Taken up, as your own changes."),
        TrayCommand::Dismiss { space, changes } => (Command::Dismiss { space, changes }, "It is not offered any more on this computer."),
    };
    let outcome = backend.execute(command).await?;
    let Outcome::Records { ids, .. } = outcome else { return Err(unexpected(&outcome)) };
    out.answer(&json!({"records": ids}), text)?;
    OK
}

async fn list(out: Out, backend: &mut Backend, space: String) -> Done {
    let set_aside = match backend.query(Query::Tray { space }).await? {
        Answer::Tray(set_aside) => set_aside,
        other => return Err(unexpected(&other)),
    };
    for one in set_aside {
        let fields: Vec<_> =
            one.fields.iter().map(|field| json!({"field": field.field, "now": field.now, "written": field.written})).collect();
        let object = json!({"change": one.change, "id": one.id, "name": one.name, "by": one.by, "computer": one.computer, "at": one.at, "fields": fields});
        let shown: Vec<String> =
            one.fields.iter().map(|field| format!("{}: {} instead of {}", field.field, field.written, field.now)).collect();
        let head = format!("{}  {} by {} on {}, {}", one.change.get(..8).unwrap_or_default(), one.name, one.by, one.computer, one.at);
        out.answer(&object, &printable(&format!("{head}: {}", shown.join("; "))))?;
    }
    OK
}
