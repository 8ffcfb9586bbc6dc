//! Settings of this computer, by their keys.

use std::process::ExitCode;

use serde_json::json;
use tuttu_engine::api::{Answer, Command, ErrorCode, ErrorView, Query, Setting};

use crate::args::SettingCommand;
use crate::backend::{Backend, unexpected};
use crate::output::{Out, printable};

type Done = Result<ExitCode, ErrorView>;

/// The keys a person sets, and what each means. What Tuttu remembers for itself is not among them.
const KNOWN: [(&str, &str); 4] = [
    ("net.relay", "a relay to reach colleagues elsewhere: https://…, public, or off"),
    ("net.lan", "finding computers on the same network: on, or off"),
    ("attachments.fetch", "files of records: always, or ask; for one space: attachments.fetch.SPACE"),
    ("region", "where phone numbers without a country code are from: GB, FI, …"),
];

pub(crate) async fn run(out: Out, backend: &mut Backend, command: SettingCommand) -> Done {
    match command {
        SettingCommand::List => list(out, backend).await,
        SettingCommand::Set { key, value } => set(out, backend, key, value).await,
        SettingCommand::Unset { key } => set(out, backend, key, String::new()).await,
    }
}

/// Before the space, where a setting is of one.
const OF_SPACE: &str = "attachments.fetch.";

async fn space_id(backend: &mut Backend, space: String) -> Result<String, ErrorView> {
    match backend.query(Query::Space { space }).await? {
        Answer::Space(detail) => Ok(detail.summary.id),
        other => Err(unexpected(&other)),
    }
}

fn is_known(key: &str) -> bool {
    KNOWN.iter().any(|(known, _)| *known == key) || key.strip_prefix(OF_SPACE).is_some_and(|space| !space.is_empty())
}

async fn list(out: Out, backend: &mut Backend) -> Done {
    let kept: Vec<Setting> = match backend.query(Query::Settings).await? {
        Answer::Settings(settings) => settings.into_iter().filter(|setting| is_known(&setting.key)).collect(),
        other => return Err(unexpected(&other)),
    };
    let value = |key: &str| kept.iter().find(|setting| setting.key == key).map(|setting| setting.value.clone()).unwrap_or_default();
    let mut rows: Vec<(String, String, &str)> = KNOWN.iter().map(|(key, meaning)| ((*key).to_owned(), value(key), *meaning)).collect();
    let spaces = kept.iter().filter(|setting| KNOWN.iter().all(|(key, _)| *key != setting.key));
    rows.extend(spaces.map(|setting| (setting.key.clone(), setting.value.clone(), "")));
    if out.is_json() {
        rows.iter().try_for_each(|(key, value, _)| out.line(&json!({"key": key, "value": value}).to_string()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let unset = |value: String| if value.is_empty() { "-".to_owned() } else { value };
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(key, value, meaning)| vec![key, unset(value), meaning.to_owned()]).collect();
    out.table(&rows)?;
    Ok(ExitCode::SUCCESS)
}

async fn set(out: Out, backend: &mut Backend, key: String, value: String) -> Done {
    if !is_known(&key) {
        let known: Vec<&str> = KNOWN.iter().map(|(key, _)| *key).collect();
        return Err(ErrorView::new(
            ErrorCode::Invalid,
            format!("There is no setting “{key}”."),
            format!("Settings are {}.", known.join(", ")),
        ));
    }
    let allowed: &[&str] = match key.as_str() {
        "net.lan" => &["on", "off", ""],
        fetch if fetch.starts_with("attachments.fetch") => &["always", "ask", ""],
        _ => &[],
    };
    if !allowed.is_empty() && !allowed.contains(&value.as_str()) {
        let words: Vec<&str> = allowed.iter().copied().filter(|word| !word.is_empty()).collect();
        return Err(ErrorView::new(
            ErrorCode::Invalid,
            format!("“{value}” is not a value of {key}."),
            format!("Values are {}.", words.join(" and ")),
        ));
    }
    let key = match key.strip_prefix(OF_SPACE) {
        Some(space) => format!("{OF_SPACE}{}", space_id(backend, space.to_owned()).await?),
        None => key,
    };
    backend.execute(Command::SetSetting { key: key.clone(), value: value.clone() }).await?;
    let text = if value.is_empty() { format!("{key} is what it is without a choice.") } else { format!("{key} is {value}.") };
    out.answer(&json!({"key": key, "value": value}), &printable(&text))?;
    Ok(ExitCode::SUCCESS)
}
