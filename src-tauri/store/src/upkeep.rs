//! What must be done some time but never on the path of an edit: checkpoints of the write-ahead log and merging of the text indexes.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

/// Beyond this the write-ahead log is moved into the database even when no pause comes.
const LOG_LIMIT: u64 = 64 * 1024 * 1024;
/// Pages of a text index merged in one step; a waiting edit waits for one step at most.
const MERGE_PAGES: i64 = 64;
/// Merging steps in one pause.
const MERGE_STEPS: usize = 10_000;

#[derive(Debug)]
pub(crate) struct Upkeep {
    log: PathBuf,
    due: bool,
    /// The log's size when it was last moved without a pause; a reader may have been in the way.
    tried_at: u64,
}

impl Upkeep {
    pub(crate) fn new(database: &Path) -> Self {
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        // The log of a process that was killed is folded in at the first pause.
        Self { log: log.into(), due: true, tried_at: 0 }
    }

    pub(crate) fn is_due(&self) -> bool {
        self.due
    }

    /// Something was written.
    pub(crate) fn wrote(&mut self, connection: &Connection) {
        self.due = true;
        let size = std::fs::metadata(&self.log).map_or(0, |log| log.len());
        if size <= LOG_LIMIT {
            self.tried_at = 0;
        } else if size > self.tried_at.saturating_add(LOG_LIMIT) {
            self.tried_at = size;
            checkpoint(connection, "PASSIVE");
        }
    }

    /// A pause: does what is due until `may_go_on` says that somebody waits.
    pub(crate) fn run(&mut self, connection: &Connection, may_go_on: &dyn Fn() -> bool) {
        for table in ["notes_text", "activity_text"] {
            for _ in 0..MERGE_STEPS {
                if !may_go_on() {
                    return;
                }
                match merge(connection, table) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        tracing::warn!(%error, table, "a text index could not be merged");
                        break;
                    }
                }
            }
        }
        if may_go_on() {
            checkpoint(connection, "PASSIVE");
            self.due = false;
        }
    }

    /// The last act: nothing stays in the log.
    pub(crate) fn close(&mut self, connection: &Connection) {
        checkpoint(connection, "TRUNCATE");
    }
}

/// One step of merging. `false` when there is nothing left to merge (a step that finds nothing counts as one change or none).
fn merge(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    let before = connection.total_changes();
    let sql = format!("INSERT INTO {table} ({table}, rank) VALUES ('merge', ?1)");
    connection.prepare_cached(&sql)?.execute([MERGE_PAGES])?;
    Ok(connection.total_changes() >= before + 2)
}

fn checkpoint(connection: &Connection, mode: &str) {
    // A reader that is in the way only puts it off.
    if let Err(error) = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(())) {
        tracing::warn!(%error, "the write-ahead log could not be folded in");
    }
}
