//! Short forms for statements that are prepared once and kept.

use rusqlite::{Connection, OptionalExtension, Params, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;

/// Runs a statement that returns nothing. Gives the number of rows it touched.
pub(crate) fn run(connection: &Connection, sql: &str, params: impl Params) -> Result<usize, StoreError> {
    Ok(connection.prepare_cached(sql)?.execute(params)?)
}

/// The first row, if there is one.
pub(crate) fn one<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, StoreError> {
    Ok(connection.prepare_cached(sql)?.query_row(params, read).optional()?)
}

/// Goes through the rows until `each` says `false`.
pub(crate) fn each(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut each: impl FnMut(&Row<'_>) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    while let Some(row) = rows.next()? {
        if !each(row)? {
            break;
        }
    }
    Ok(())
}

/// All rows.
pub(crate) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::new();
    each(connection, sql, params, |row| {
        found.push(read(row)?);
        Ok(true)
    })?;
    Ok(found)
}

/// SQLite has no unsigned numbers. Ours are counters far below 2^63; anything above is capped, and a column's CHECK refuses what makes no sense.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The way back of [`signed`].
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Encodes a value for a BLOB column.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    postcard::to_stdvec(value).map_err(|error| StoreError::Other(error.to_string()))
}

/// Decodes a BLOB column; `what` names it when it is damaged.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, StoreError> {
    postcard::from_bytes(bytes).map_err(|error| StoreError::Damaged(format!("{what}: {error}")))
}

/// Decodes a value at the beginning of bytes; the rest of them comes with it.
pub(crate) fn decode_first<'a, T: DeserializeOwned>(bytes: &'a [u8], what: &str) -> Result<(T, &'a [u8]), StoreError> {
    postcard::take_from_bytes(bytes).map_err(|error| StoreError::Damaged(format!("{what}: {error}")))
}

/// Decodes bytes of which none may be left over.
pub(crate) fn decode_all<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, StoreError> {
    match decode_first(bytes, what)? {
        (value, []) => Ok(value),
        _ => Err(StoreError::Damaged(format!("{what}: too long"))),
    }
}

/// 32-byte hashes one after the other.
pub(crate) fn join_hashes<'a>(hashes: impl IntoIterator<Item = &'a [u8; 32]>) -> Vec<u8> {
    hashes.into_iter().flatten().copied().collect()
}

/// The way back of [`join_hashes`].
pub(crate) fn split_hashes(bytes: &[u8]) -> Result<Vec<[u8; 32]>, StoreError> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if rest.is_empty() { Ok(hashes.to_vec()) } else { Err(StoreError::Damaged("a list of hashes has a wrong length".into())) }
}
