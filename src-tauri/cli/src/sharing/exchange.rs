//! Exchange with others: files, everything, how the network is, what happened.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use tuttu_engine::api::{Answer, ErrorCode, ErrorView, Query};
use tuttu_net::{Health, Reply, Request};

use super::{Done, OK, duration};
use crate::backend::{Backend, unexpected};
use crate::output::{Out, printable};

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

pub(crate) async fn doctor(out: Out, dir: &Path) -> Done {
    let mut backend = Backend::open_with_network(dir, true).await?;
    let reply = backend.request(Request::Examine).await;
    backend.close().await;
    let findings = match reply? {
        Reply::Examined(findings) => findings,
        other => return Err(unexpected(&other)),
    };
    for finding in &findings {
        let mark = match finding.health {
            Health::Ok => "ok      ",
            Health::Note => "note    ",
            Health::Trouble => "trouble ",
        };
        let object = json!({"check": finding.check, "health": finding.health, "text": finding.text, "hint": finding.hint});
        let hint = if finding.hint.is_empty() { String::new() } else { format!("\n        {}", finding.hint) };
        out.answer(&object, &format!("{}{}", printable(&format!("{mark}{}", finding.text)), hint))?;
    }
    let well = findings.iter().all(|finding| finding.health != Health::Trouble);
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(crate) async fn log(out: Out, backend: &mut Backend, limit: Option<u32>) -> Done {
    let lines = match backend.query(Query::Log { limit: limit.unwrap_or_default() }).await? {
        Answer::Log(lines) => lines,
        other => return Err(unexpected(&other)),
    };
    for line in lines {
        let object = json!({"at": line.at, "kind": line.kind, "text": line.text});
        out.answer(&object, &printable(&format!("{}  {}", line.at, line.text)))?;
    }
    OK
}
