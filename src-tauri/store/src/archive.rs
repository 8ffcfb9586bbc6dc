//! The rows that cannot be made again, one after the other: what a backup holds, and what is saved out of a damaged file.

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, params_from_iter};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::reader::Reader;
use crate::{migrate, sql};

/// A table that is kept, and how its rows are found one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    pub(crate) table: &'static str,
    /// The column that numbers its rows; empty where it has none.
    pub(crate) number: &'static str,
}

const fn numbered(table: &'static str, number: &'static str) -> Kept {
    Kept { table, number }
}

const fn keyed(table: &'static str) -> Kept {
    Kept { table, number: "" }
}

/// Everything but the query tables; what others refer to first.
pub(crate) const KEPT: &[Kept] = &[
    keyed("meta"),
    keyed("setting"),
    numbered("space", "sid"),
    keyed("op"),
    keyed("proof"),
    numbered("feed", "fid"),
    numbered("entry", "eid"),
    numbered("doc", "did"),
    numbered("change", "cid"),
    numbered("operation", "n"),
    keyed("operation_change"),
    keyed("ack"),
    numbered("invitation", "n"),
    numbered("damage", "n"),
    keyed("lost"),
    keyed("held_file"),
    numbered("unseen", "did"),
];

/// In a recovery kit: who the person is and which spaces they are in, and nothing that anybody wrote.
const IN_KIT: &[&str] = &["meta", "setting", "space", "op", "proof"];

/// How much of a vault goes into an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything but caches, invitations and what belongs to this computer alone.
    All,
    /// The spaces with their members, and settings.
    Spaces,
}

impl Extent {
    fn holds(self, table: &str) -> bool {
        match self {
            Self::All => !NOT_BACKED_UP.contains(&table),
            Self::Spaces => IN_KIT.contains(&table),
        }
    }
}

/// Not in a backup: this computer's own, of no use on another.
const NOT_BACKED_UP: &[&str] = &["invitation"];

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Cell {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A piece of an archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Piece {
    /// The rows of this table come next, with these columns.
    Table {
        /// Its name.
        name: String,
        /// Its columns.
        columns: Vec<String>,
    },
    /// A row of the table named last.
    Row(Vec<Cell>),
}

impl Reader<'_> {
    /// Hands over every row of an archive. Gives how many rows.
    ///
    /// # Errors
    /// When the database cannot be read, or what `each` says.
    pub fn dump(&self, extent: Extent, each: &mut dyn FnMut(Piece) -> Result<(), StoreError>) -> Result<u64, StoreError> {
        let mut rows: u64 = 0;
        for kept in KEPT.iter().filter(|kept| extent.holds(kept.table)) {
            let columns = columns(self.connection, kept.table)?;
            each(Piece::Table { name: kept.table.to_owned(), columns: columns.clone() })?;
            let mut statement = self.connection.prepare(&dump_sql(kept.table, &columns))?;
            let mut found = statement.query([])?;
            while let Some(row) = found.next()? {
                rows += 1;
                each(Piece::Row((0..columns.len()).map(|at| cell(row.get_ref(at)?)).collect::<Result<_, StoreError>>()?))?;
            }
        }
        Ok(rows)
    }

    /// The schema version of the database, which an archive is loaded into again.
    #[must_use]
    pub fn schema(&self) -> u32 {
        migrate::newest()
    }
}

fn dump_sql(table: &str, columns: &[String]) -> String {
    let wanted = columns.iter().map(|column| match (table, column.as_str()) {
        // Caches are made again, and a restored vault begins new feeds.
        ("doc", "heads" | "snapshot") | ("space", "own_feed") => "x''".to_owned(),
        ("doc", "snapshot_cid") => "0".to_owned(),
        ("space", "accumulator") => "zeroblob(32)".to_owned(),
        _ => column.clone(),
    });
    let wanted = wanted.collect::<Vec<_>>().join(", ");
    match table {
        "meta" => format!("SELECT {wanted} FROM meta WHERE key NOT LIKE 'store.%' AND key NOT LIKE 'file.%'"),
        "unseen" => "SELECT did FROM record WHERE news = 1 UNION SELECT did FROM unseen".to_owned(),
        _ => format!("SELECT {wanted} FROM {table}"),
    }
}

/// The columns of a table; none when there is no such table.
pub(crate) fn columns(connection: &Connection, table: &str) -> Result<Vec<String>, StoreError> {
    sql::all(connection, "SELECT name FROM pragma_table_info(?1)", [table], |row| Ok(row.get(0)?))
}

/// A value as it lies in its column.
pub(crate) fn cell(value: ValueRef<'_>) -> Result<Cell, StoreError> {
    match value {
        ValueRef::Integer(number) => Ok(Cell::Number(number)),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Ok(Cell::Text(text.to_owned())),
            Err(_) => Err(StoreError::Damaged("a text is not written in UTF-8".into())),
        },
        ValueRef::Blob(bytes) => Ok(Cell::Bytes(bytes.to_vec())),
        ValueRef::Null | ValueRef::Real(_) => Err(StoreError::Damaged("a column holds what it never holds".into())),
    }
}

/// Puts rows into a database: `INSERT` into tables and columns that are there, nothing else.
#[derive(Debug)]
pub(crate) struct Loader<'a> {
    connection: &'a Connection,
    insert: Option<(String, usize)>,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(connection: &'a Connection) -> Self {
        Self { connection, insert: None }
    }

    pub(crate) fn table(&mut self, name: &str, wanted: &[String]) -> Result<(), StoreError> {
        let known = KEPT.iter().any(|kept| kept.table == name);
        let there = columns(self.connection, name)?;
        if !known || wanted.is_empty() || !wanted.iter().all(|column| there.contains(column)) {
            return Err(StoreError::Damaged(format!("there is no table {name:?} with these columns")));
        }
        let places = vec!["?"; wanted.len()].join(", ");
        self.insert = Some((format!("INSERT INTO {name} ({}) VALUES ({places})", wanted.join(", ")), wanted.len()));
        Ok(())
    }

    pub(crate) fn row(&self, cells: &[Cell]) -> Result<(), StoreError> {
        let (sql, count) = self.insert.as_ref().ok_or_else(|| StoreError::Damaged("a row comes before its table".into()))?;
        if cells.len() != *count {
            return Err(StoreError::Damaged("a row has too few or too many values".into()));
        }
        let values = cells.iter().map(|cell| match cell {
            Cell::Number(number) => Value::Integer(*number),
            Cell::Text(text) => Value::Text(text.clone()),
            Cell::Bytes(bytes) => Value::Blob(bytes.clone()),
        });
        self.connection.prepare_cached(sql)?.execute(params_from_iter(values))?;
        Ok(())
    }
}

/// Fills an empty database of the schema an archive was made from, brings it up to date, and has its caches made again.
pub(crate) fn load(
    connection: &Connection,
    schema: u32,
    pieces: &mut dyn Iterator<Item = Result<Piece, StoreError>>,
) -> Result<(), StoreError> {
    if schema > migrate::newest() {
        return Err(StoreError::Newer { found: schema, known: migrate::newest() });
    }
    migrate::migrate_to(connection, schema)?;
    connection.execute_batch("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")?;
    let mut loader = Loader::new(connection);
    for piece in pieces {
        match piece? {
            Piece::Table { name, columns } => loader.table(&name, &columns)?,
            Piece::Row(cells) => loader.row(&cells)?,
        }
    }
    connection.execute_batch("COMMIT")?;
    let dangling: i64 = connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
    if dangling > 0 {
        return Err(StoreError::Damaged(format!("{dangling} of its rows refer to rows that are not in it")));
    }
    connection.execute_batch("PRAGMA foreign_keys = ON")?;
    migrate::migrate(connection)?;
    crate::projection::ask_for_rebuild(connection)
}
