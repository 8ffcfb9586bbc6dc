//! From an empty file, or the schema of any earlier version, to the newest one.

use rusqlite::Connection;

use crate::error::StoreError;

/// "Tutt" in the file's header tells `file` and us whose database it is.
const APPLICATION_ID: i64 = 0x5475_7474;

/// Number n of this list takes a database from version n to n + 1. Released files are never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001.sql"),
    include_str!("../migrations/0002.sql"),
    include_str!("../migrations/0003.sql"),
    include_str!("../migrations/0004.sql"),
    include_str!("../migrations/0005.sql"),
    include_str!("../migrations/0006.sql"),
    include_str!("../migrations/0007.sql"),
];

/// The newest schema version.
pub(crate) fn newest() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// Refuses a database that is not ours or from a newer version, and brings an older one up to date.
pub(crate) fn migrate(connection: &Connection) -> Result<(), StoreError> {
    migrate_to(connection, newest())
}

/// The tables this database should have can be read at all. A full check takes seconds and belongs to `check`.
pub(crate) fn check(connection: &Connection) -> Result<(), StoreError> {
    for table in ["meta", "space", "feed", "entry", "doc", "change", "record", "finder", "notes_text", "activity_text"] {
        let sql = format!("SELECT 1 FROM {table} LIMIT 1");
        let mut statement = connection.prepare(&sql).map_err(|error| match StoreError::from(error) {
            StoreError::Other(reason) => StoreError::Damaged(reason),
            other => other,
        })?;
        statement.exists([])?;
    }
    Ok(())
}

pub(crate) fn migrate_to(connection: &Connection, target: u32) -> Result<(), StoreError> {
    let found = version(connection)?;
    if found > newest() {
        return Err(StoreError::Newer { found, known: newest() });
    }
    refuse_foreign(connection)?;
    for (at, migration) in MIGRATIONS.iter().enumerate() {
        let makes = u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1);
        if makes <= found || makes > target {
            continue;
        }
        let all = format!("BEGIN IMMEDIATE; {migration}\nPRAGMA user_version = {makes}; COMMIT;");
        if let Err(error) = connection.execute_batch(&all) {
            if !connection.is_autocommit() {
                connection.execute_batch("ROLLBACK")?;
            }
            return Err(error.into());
        }
    }
    Ok(())
}

pub(crate) fn version(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn refuse_foreign(connection: &Connection) -> Result<(), StoreError> {
    let id: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if id == APPLICATION_ID || (id == 0 && tables == 0) {
        return Ok(());
    }
    Err(StoreError::NotAVault("the file is a database of another program".into()))
}

#[cfg(test)]
mod tests;
