//! Records that may be the same.

use std::process::ExitCode;

use serde_json::json;
use tuttu_engine::api::{Answer, Command, DuplicateView, Query, RecordRef};

use crate::args::Scope;
use crate::backend::{Backend, unexpected};
use crate::output::{Out, printable};
use crate::records::{Done, print_outcome};

pub(crate) async fn list(out: Out, backend: &mut Backend, scope: Scope, limit: Option<u32>) -> Done {
    let pairs = match backend.query(Query::Duplicates { space: scope.space, limit: limit.unwrap_or(0) }).await? {
        Answer::Duplicates(pairs) => pairs,
        other => return Err(unexpected(&other)),
    };
    for pair in pairs {
        let object = json!({"score": pair.score, "ids": [pair.one.id, pair.other.id], "names": [pair.one.name, pair.other.name],
            "space": pair.one.space, "reasons": pair.reasons});
        out.answer(&object, &printable(&in_words(&pair)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `92 %  Priya R (p_01..) and Priya Raghunathan (p_02..): e-mail address priya@x.example, ...`
fn in_words(pair: &DuplicateView) -> String {
    let reason = |kind: &str| match kind {
        "email" => "e-mail address",
        "phone" => "phone number",
        "name" => "name",
        "similar-name" => "similar name",
        "short-name" => "shorter name",
        "sound" => "name that sounds alike",
        "org" => "organisation",
        "birthday" => "birthday",
        "other-birthday" => "but another birthday",
        _ => "also",
    };
    let reasons: Vec<String> = pair.reasons.iter().map(|why| format!("{} {}", reason(&why.kind), why.value)).collect();
    format!("{} %  {} ({}) and {} ({}): {}", pair.score, pair.one.name, pair.one.id, pair.other.name, pair.other.id, reasons.join(", "))
}

fn named(ids: Vec<String>, scope: &Scope) -> Vec<RecordRef> {
    ids.into_iter().map(|id| RecordRef { space: scope.space.clone(), id }).collect()
}

pub(crate) async fn merge(out: Out, backend: &mut Backend, ids: Vec<String>, scope: &Scope) -> Done {
    let outcome = backend.execute(Command::Merge { records: named(ids, scope) }).await?;
    print_outcome(out, backend, outcome).await
}

pub(crate) async fn unmerge(out: Out, backend: &mut Backend, record: RecordRef) -> Done {
    let outcome = backend.execute(Command::Unmerge { record }).await?;
    print_outcome(out, backend, outcome).await
}

pub(crate) async fn distinct(out: Out, backend: &mut Backend, ids: Vec<String>, scope: &Scope) -> Done {
    let outcome = backend.execute(Command::Distinct { records: named(ids, scope) }).await?;
    print_outcome(out, backend, outcome).await
}
