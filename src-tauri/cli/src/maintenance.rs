//! Looking after the vault: check, rebuild, backup, restore, and what was damaged.

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};
use tuttu_engine::api::{Answer, BackupLock, CheckReport, Command, ErrorCode, ErrorView, Event, Outcome, Query, RecordRef, Secret};
use tuttu_engine::{Engine, Restore, RestoreKey};

use crate::args::LockWith;
use crate::backend::{Backend, unexpected};
use crate::output::{Out, counted, note, printable};

type Done = Result<ExitCode, ErrorView>;

const OK: Done = Ok(ExitCode::SUCCESS);
/// The passphrase of backups, for scripts.
const PASSPHRASE: &str = "TUTTU_PASSPHRASE";
/// Bytes of a passphrase or identity file.
const KEY_BYTES: u64 = 64 * 1024;
/// How an encrypted backup begins.
const MAGIC: &[u8; 21] = b"age-encryption.org/v1";

/// How a recovery kit begins.
const KIT: &[u8] = b"Tuttu recovery kit";

/// Shows how far long work is, on a terminal, in one line that is written over.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    shown: bool,
}

impl Progress {
    /// `None` where nobody looks.
    pub(crate) fn on_terminal() -> Option<Self> {
        std::io::stderr().is_terminal().then(Self::default)
    }

    pub(crate) fn show(&mut self, event: &Event) {
        let Event::Progress { what, done, total } = event else { return };
        let doing = match what.as_str() {
            "rebuild" => "Making the lists again",
            "check" => "Checking",
            "backup" => "Writing the backup",
            other => other,
        };
        let far = if *total == 0 { done.to_string() } else { format!("{done} of {total}") };
        let mut err = std::io::stderr().lock();
        // Nobody to tell is not an error.
        let _ = write!(err, "\r\u{1b}[K{}: {far}", printable(doing));
        let _ = err.flush();
        self.shown = true;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "\r\u{1b}[K");
            let _ = err.flush();
        }
    }
}

pub(crate) async fn check(out: Out, backend: &mut Backend, dir: &Path, repair: bool) -> Done {
    if !repair {
        return match backend.query_with_progress(Query::Check).await? {
            Answer::Check(report) => print_report(out, &report, false),
            other => Err(unexpected(&other)),
        };
    }
    let first = repaired(backend).await?;
    let of_the_file = first.findings.iter().any(|found| found.what == "file");
    if !of_the_file || !backend.reopen(dir)? {
        return print_report(out, &first, true);
    }
    // Opening it took over what could be read.
    let mut report = repaired(backend).await?;
    let mended = first.findings.into_iter().map(|mut found| {
        if found.what == "file" {
            found.done = "What could be read was taken into a new file; the damaged one is kept in the folder “damage”.".into();
        }
        found
    });
    report.findings.splice(0..0, mended);
    print_report(out, &report, true)
}

async fn repaired(backend: &mut Backend) -> Result<CheckReport, ErrorView> {
    match backend.execute_with_progress(Command::Repair).await? {
        Outcome::Repaired { report } => Ok(report),
        other => Err(unexpected(&other)),
    }
}

fn print_report(out: Out, report: &CheckReport, repaired: bool) -> Done {
    let clean = report.problems.is_empty() && report.more == 0;
    let counts = [
        counted(report.spaces, "space", "spaces"),
        counted(report.feeds, "feed", "feeds"),
        counted(report.entries, "entry", "entries"),
        counted(report.documents, "record", "records"),
    ]
    .join(", ");
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(|found| json!({"what": found.what, "problem": found.problem, "safe": found.safe, "done": found.done}))
        .collect();
    let mut lines: Vec<String> =
        report.findings.iter().map(|found| printable(&format!("{} {} {}", found.problem, found.safe, found.done))).collect();
    if report.more > 0 {
        lines.push(format!("And {} more.", report.more));
    }
    if report.damaged > 0 {
        let line =
            "records are damaged; what could not be read is set aside, and comes again from colleagues who have it. See: tuttu damage";
        lines.push(format!("{} {line}", report.damaged));
    }
    match (clean, repaired && !report.findings.is_empty()) {
        (true, false) if report.damaged == 0 => lines.push(format!("All is well: {counts}.")),
        (true, false) => lines.push(format!("All else is well: {counts}.")),
        (true, true) => lines.push(format!("All of this is mended: {counts}.")),
        (false, _) => lines.push(counts),
    }
    out.answer(
        &json!({"ok": clean, "spaces": report.spaces, "feeds": report.feeds, "entries": report.entries, "documents": report.documents,
            "problems": report.problems, "findings": findings, "more": report.more, "damaged": report.damaged, "repaired": repaired}),
        &lines.join("\n"),
    )?;
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(crate) async fn rebuild(out: Out, backend: &mut Backend) -> Done {
    match backend.execute_with_progress(Command::Rebuild).await? {
        Outcome::Rebuilt { records } => {
            let text = format!("Made the lists, the search and the check sums of {records} records again.");
            out.answer(&json!({"records": records}), &text)?;
            OK
        }
        other => Err(unexpected(&other)),
    }
}

pub(crate) async fn damage(out: Out, backend: &mut Backend, record: Option<RecordRef>) -> Done {
    match backend.query(Query::Damage { record }).await? {
        Answer::Damage(damages) => {
            for damage in damages {
                let object = json!({"id": damage.id, "space": damage.space, "name": damage.name, "found": damage.found, "what": damage.what,
                    "healed": damage.healed});
                out.answer(&object, &printable(&format!("{}  {}", damage.found, damage.what)))?;
            }
            OK
        }
        other => Err(unexpected(&other)),
    }
}

/// How a backup is locked or opened, from the command line.
pub(crate) struct KeyFrom {
    pub(crate) passphrase_file: Option<PathBuf>,
    /// A recipient when it is written, an identity file when it is read.
    pub(crate) key: Option<String>,
}

impl From<LockWith> for KeyFrom {
    fn from(lock: LockWith) -> Self {
        Self { passphrase_file: lock.passphrase_file, key: lock.recipient }
    }
}

impl KeyFrom {
    /// What a new file is locked with.
    fn lock(self) -> Result<BackupLock, ErrorView> {
        Ok(match self.key {
            Some(recipient) => BackupLock::Recipient { recipient },
            None => BackupLock::Passphrase { passphrase: passphrase(self.passphrase_file.as_deref(), true)? },
        })
    }
}

pub(crate) async fn write_bundle(out: Out, backend: &mut Backend, file: &Path, space: String, everything: bool, files: bool) -> Done {
    let path = std::path::absolute(file).map_err(|error| unreadable(file, &error))?.to_string_lossy().into_owned();
    match backend.execute(Command::WriteBundle { path, space, everything, files }).await? {
        Outcome::Bundle { report } => {
            let text = format!(
                "Wrote {}: {} and {} of {}, for {}.",
                report.path,
                counted(report.changes, "change", "changes"),
                counted(report.files, "file", "files"),
                report.space,
                counted(report.computers, "computer", "computers")
            );
            let object = json!({"file": report.path, "space": report.space, "changes": report.changes, "files": report.files,
                "computers": report.computers, "bytes": report.bytes.parse::<u64>().unwrap_or(0)});
            out.answer(&object, &printable(&text))?;
            OK
        }
        other => Err(unexpected(&other)),
    }
}

pub(crate) async fn read_bundle(out: Out, backend: &mut Backend, file: &Path) -> Done {
    let path = std::path::absolute(file).map_err(|error| unreadable(file, &error))?.to_string_lossy().into_owned();
    match backend.execute(Command::ReadBundle { path }).await? {
        Outcome::Bundle { report } => {
            let text = format!(
                "Took in {} and {} of {}, written by {}.",
                counted(report.changes, "new change", "new changes"),
                counted(report.files, "new file", "new files"),
                report.space,
                if report.from.is_empty() { "somebody who is not a member any more" } else { &report.from }
            );
            let object = json!({"space": report.space, "from": report.from, "changes": report.changes, "files": report.files});
            out.answer(&object, &printable(&text))?;
            OK
        }
        other => Err(unexpected(&other)),
    }
}

pub(crate) async fn recovery_kit(out: Out, backend: &mut Backend, file: &Path, from: KeyFrom) -> Done {
    let (path, lock) = (std::path::absolute(file).map_err(|error| unreadable(file, &error))?, from.lock()?);
    match backend.execute(Command::RecoveryKit { path: path.to_string_lossy().into_owned(), lock }).await? {
        Outcome::BackedUp { report } => {
            let text = format!(
                "Wrote {} and read it back: you, and {}. Print it, or keep it apart from your computers.",
                report.path,
                counted(report.spaces, "space", "spaces")
            );
            let object =
                json!({"file": report.path, "bytes": report.bytes.parse::<u64>().unwrap_or(0), "at": report.at, "spaces": report.spaces});
            out.answer(&object, &printable(&text))?;
            OK
        }
        other => Err(unexpected(&other)),
    }
}

pub(crate) async fn backup(out: Out, backend: &mut Backend, file: &Path, from: KeyFrom) -> Done {
    let (path, lock) = (std::path::absolute(file).map_err(|error| unreadable(file, &error))?, from.lock()?);
    match backend.execute_with_progress(Command::Backup { path: path.to_string_lossy().into_owned(), lock }).await? {
        Outcome::BackedUp { report } => {
            let text = format!(
                "Wrote {} and read it back: {} in {}, {}, {}, {} bytes.",
                report.path,
                counted(report.records, "record", "records"),
                counted(report.spaces, "space", "spaces"),
                counted(report.changes, "change", "changes"),
                counted(report.files, "attached file", "attached files"),
                report.bytes
            );
            let object = json!({"file": report.path, "bytes": report.bytes.parse::<u64>().unwrap_or(0), "at": report.at,
                "spaces": report.spaces, "records": report.records, "changes": report.changes, "files": report.files,
                "missing_files": report.missing_files});
            out.answer(&object, &printable(&text))?;
            if report.missing_files > 0 {
                let missing = counted(report.missing_files, "attached file is", "attached files are");
                note(&format!("{missing} not whole on this computer, and so not in the backup. See: tuttu attachments"));
            }
            OK
        }
        other => Err(unexpected(&other)),
    }
}

/// Whether `restore` means a backup: it says so by its options, there is no vault whose records it could mean, or it is a file of that kind.
pub(crate) fn is_backup(dir: &Path, named: &[String], by_options: bool) -> bool {
    let [file] = named else { return false };
    let begins = |magic: &[u8]| {
        let mut begins = vec![0; magic.len()];
        std::fs::File::open(file).and_then(|mut file| file.read_exact(&mut begins)).is_ok() && begins == magic
    };
    by_options || !Engine::exists(dir) || begins(MAGIC) || begins(KIT)
}

pub(crate) async fn restore(out: Out, dir: &Path, file: PathBuf, from: KeyFrom, computer_name: String) -> Done {
    let key = match from.key {
        Some(identity) => RestoreKey::Identity(Secret(read_key(Path::new(&identity))?)),
        None => RestoreKey::Passphrase(passphrase(from.passphrase_file.as_deref(), false)?),
    };
    let restore = Restore { file, key, vault: dir.to_owned(), computer_name };
    let work = tokio::task::spawn_blocking(move || restore.run()).await;
    let restored = work.map_err(|error| ErrorView::new(ErrorCode::Internal, error.to_string(), "The backup is as it was."))??;
    let vault = dir.display();
    out.answer(
        &json!({"vault": vault.to_string(), "person": restored.person_name, "made_on": restored.made_on, "spaces": restored.spaces,
            "records": restored.records, "files": restored.files, "kit": restored.kit}),
        &printable(&format!(
            "Restored {} in {} of {} to {vault}.",
            counted(restored.records, "record", "records"),
            counted(restored.spaces, "space", "spaces"),
            restored.person_name
        )),
    )?;
    if restored.kit && !out.is_json() {
        note("What is in the spaces comes from your colleagues' computers: tuttu sync. What only you had comes from a backup.");
    }
    if !out.is_json() {
        note(&printable(&format!(
            "This is a computer of its own now. {} stays a computer of yours in your spaces: if it is lost: tuttu computer revoke.",
            restored.made_on
        )));
    }
    OK
}

/// The passphrase: from a file, from the environment, or typed on the terminal.
fn passphrase(file: Option<&Path>, twice: bool) -> Result<Secret, ErrorView> {
    if let Some(file) = file {
        let text = read_key(file)?;
        return Ok(Secret(text.lines().next().unwrap_or_default().to_owned()));
    }
    if let Ok(text) = std::env::var(PASSPHRASE) {
        return Ok(Secret(text));
    }
    let typed = |question: &str| {
        rpassword::prompt_password(question).map_err(|_| {
            let hint = "On a terminal it is asked for. Else name a file that holds it, --passphrase-file FILE, or set TUTTU_PASSPHRASE.";
            ErrorView::new(ErrorCode::Invalid, "There is no passphrase.", hint)
        })
    };
    if !std::io::stdin().is_terminal() {
        let hint = "Name a file that holds it, --passphrase-file FILE, or set TUTTU_PASSPHRASE.";
        return Err(ErrorView::new(ErrorCode::Invalid, "There is no passphrase.", hint));
    }
    let first = typed("Passphrase of the backup: ")?;
    if twice && typed("Once more: ")? != first {
        return Err(ErrorView::new(ErrorCode::Invalid, "The two passphrases differ.", "Nothing was written. Try again."));
    }
    Ok(Secret(first))
}

fn read_key(file: &Path) -> Result<String, ErrorView> {
    let about = std::fs::metadata(file).map_err(|error| unreadable(file, &error))?;
    if about.len() > KEY_BYTES {
        return Err(unreadable(file, &std::io::Error::other("it is larger than 64 KiB")));
    }
    std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))
}

fn unreadable(file: &Path, error: &std::io::Error) -> ErrorView {
    let message = format!("{} cannot be read: {error}.", file.display());
    ErrorView::new(ErrorCode::File, message, "Nothing was changed. Check the name and the permissions of the file.")
}
