//! A database file with damaged pages: every row that can be read goes into a new file, which takes the old one's place. The old file is kept. What
//! is missing then is written down as lost, so that colleagues' computers send it again.

mod links;
mod rows;

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::error::StoreError;
use crate::{archive, connection, migrate, noticed, projection};

/// The file being made. It is whole once the damaged one was moved away.
const MENDING: &str = "vault.db.mending";
/// What SQLite puts beside a database.
const BESIDE: &[&str] = &["", "-wal", "-shm", "-journal"];

/// What could not be taken over.
#[derive(Debug, Default)]
pub(crate) struct Missing {
    lines: Vec<String>,
}

impl Missing {
    fn say(&mut self, line: String) {
        tracing::warn!("{line}");
        self.lines.push(line);
    }
}

/// Whether a mending was interrupted after the damaged file was moved away.
pub(crate) fn is_interrupted(dir: &Path) -> bool {
    !connection::database(dir).exists() && dir.join(MENDING).is_file()
}

/// Ends a mending that was interrupted, or takes away what it left.
pub(crate) fn finish_interrupted(dir: &Path) -> Result<(), StoreError> {
    let made = dir.join(MENDING);
    if is_interrupted(dir) {
        std::fs::rename(&made, connection::database(dir))?;
        sync_folder(dir)?;
        return noticed::clear(dir);
    }
    if made.exists() {
        remove_files(&made);
    }
    Ok(())
}

/// Takes over everything readable and keeps the damaged file in the folder `damage`, with a report beside it.
pub(crate) fn mend(dir: &Path, why: &str) -> Result<(), StoreError> {
    let (damaged, made) = (connection::database(dir), dir.join(MENDING));
    remove_files(&made);
    let missing = match copy(&damaged, &made) {
        Ok(missing) => missing,
        Err(error) => {
            remove_files(&made);
            return Err(error);
        }
    };
    let kept = fresh_folder(dir)?;
    std::fs::write(kept.join("report.txt"), report(why, &missing))?;
    std::fs::File::open(&made)?.sync_all()?;
    for suffix in BESIDE.iter().rev() {
        let from = with_suffix(&damaged, suffix);
        if from.exists() {
            std::fs::rename(&from, with_suffix(&kept.join(connection::DATABASE), suffix))?;
        }
    }
    sync_folder(&kept)?;
    std::fs::rename(&made, &damaged)?;
    sync_folder(dir)?;
    noticed::clear(dir)
}

/// A new database with every row of the damaged one that can be read.
fn copy(damaged: &Path, made: &Path) -> Result<Missing, StoreError> {
    let old = connection::reading(damaged)?;
    let version = migrate::version(&old)?;
    if version == 0 || version > migrate::newest() {
        return Err(StoreError::Newer { found: version, known: migrate::newest() });
    }
    connection::make_file(made)?;
    let new = Connection::open(made)?;
    // Nobody reads it before it is whole and synced.
    new.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF")?;
    migrate::migrate_to(&new, version)?;
    let mut missing = Missing::default();
    for kept in archive::KEPT {
        rows::copy_table(&old, &new, kept, &mut missing)?;
    }
    migrate::migrate(&new)?;
    new.execute_batch("BEGIN")?;
    rows::keep_news(&old, &new);
    links::tie(&new, &mut missing)?;
    projection::ask_for_rebuild(&new)?;
    new.execute_batch("COMMIT")?;
    new.close().map_err(|(_, error)| StoreError::from(error))?;
    Ok(missing)
}

/// What stands for the hash of an entry of which nothing is left but its place.
pub(crate) fn nameless(fid: i64, seq: i64) -> [u8; 32] {
    let mut place = fid.to_le_bytes().to_vec();
    place.extend_from_slice(&seq.to_le_bytes());
    blake3::derive_key("tuttu entry without a name v1", &place)
}

fn report(why: &str, missing: &Missing) -> String {
    let mut text = format!(
        "The database of this vault was damaged ({why}).\nEverything that could be read was taken into a new one. The damaged file is kept here as it was \
         found; nothing was deleted.\n"
    );
    if missing.lines.is_empty() {
        text.push_str("No row is missing: the damage lay in what can be made again.\n");
    } else {
        text.push_str("What could not be read:\n");
        missing.lines.iter().for_each(|line| text.push_str(&format!("* {line}\n")));
        text.push_str(
            "What was shared comes again from colleagues’ computers at the next exchange. Keep this folder until all is there.\n",
        );
    }
    text
}

/// A folder of its own for each damaged file.
fn fresh_folder(dir: &Path) -> Result<PathBuf, StoreError> {
    let folder = noticed::folder(dir);
    connection::make_folder(&folder)?;
    for number in 1..10_000 {
        let fresh = folder.join(format!("database-{number}"));
        match std::fs::create_dir(&fresh) {
            Ok(()) => return Ok(fresh),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Other("the folder for damaged files is full".into()))
}

/// Removes a database that is not used, with what SQLite put beside it.
pub(crate) fn remove_files(database: &Path) {
    for suffix in BESIDE {
        let file = with_suffix(database, suffix);
        if file.exists()
            && let Err(left) = std::fs::remove_file(&file)
        {
            tracing::error!(%left, file = %file.display(), "a file could not be taken away");
        }
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn sync_folder(dir: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    std::fs::File::open(dir)?.sync_all()?;
    Ok(())
}
