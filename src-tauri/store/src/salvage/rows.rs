//! Rows of a damaged table, leaping over what cannot be read.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::{Connection, Row};

use super::Missing;
use crate::archive::{self, Cell, Kept, Loader};
use crate::error::StoreError;
use crate::sql;

/// How a walk through rows ended.
enum Walk {
    /// At the end of the table.
    Ended,
    /// At something that cannot be read, after the row with this number.
    Broken(i64),
}

/// One table being copied.
struct Copying<'a> {
    old: &'a Connection,
    loader: Loader<'a>,
    kept: &'a Kept,
    columns: String,
    copied: u64,
    refused: u64,
}

pub(super) fn copy_table(old: &Connection, new: &Connection, kept: &Kept, missing: &mut Missing) -> Result<(), StoreError> {
    let wanted = archive::columns(new, kept.table)?;
    if wanted.is_empty() {
        return Ok(());
    }
    let mut loader = Loader::new(new);
    loader.table(kept.table, &wanted)?;
    let mut copying = Copying { old, loader, kept, columns: wanted.join(", "), copied: 0, refused: 0 };
    new.execute_batch("BEGIN")?;
    if kept.number.is_empty() {
        copying.keyed(missing)?
    } else {
        copying.numbered(missing)?
    }
    new.execute_batch("COMMIT")?;
    if copying.refused > 0 {
        missing.say(format!("{} rows of “{}” that make no sense", copying.refused, kept.table));
    }
    tracing::info!(table = kept.table, rows = copying.copied, "taken over");
    Ok(())
}

impl Copying<'_> {
    fn numbered(&mut self, missing: &mut Missing) -> Result<(), StoreError> {
        let sql = format!("SELECT {0}, {1} FROM {2} WHERE {0} >= ?1 ORDER BY {0}", self.kept.number, self.columns, self.kept.table);
        let mut from = i64::MIN;
        while let Walk::Broken(last) = self.walk(&sql, from)? {
            let next = self.next_readable(last);
            let to = next.map_or("the end".to_owned(), |next| format!("number {next}"));
            missing.say(format!("rows of “{}” between number {} and {to}", self.kept.table, last.max(0)));
            match next {
                // From there, not from after the one before: that would be sought in the part that cannot be read.
                Some(next) => from = next,
                None => break,
            }
        }
        Ok(())
    }

    /// Reads on from a number until the end or until something cannot be read.
    fn walk(&mut self, sql: &str, from: i64) -> Result<Walk, StoreError> {
        let mut last = from.saturating_sub(1);
        let Ok(mut statement) = self.old.prepare(sql) else { return Ok(Walk::Broken(last)) };
        let Ok(mut rows) = statement.query([from]) else { return Ok(Walk::Broken(last)) };
        loop {
            match rows.next() {
                Ok(Some(row)) => {
                    let Ok(number) = row.get(0) else { return Ok(Walk::Broken(last)) };
                    last = number;
                    self.take(row, 1)?;
                }
                Ok(None) => return Ok(Walk::Ended),
                Err(_) => return Ok(Walk::Broken(last)),
            }
        }
    }

    /// A row that cannot be read, or makes no sense in the new database, is left out; the old file keeps it.
    fn take(&mut self, row: &Row<'_>, from: usize) -> Result<(), StoreError> {
        let count = row.as_ref().column_count();
        // The reader of a broken row has panicked elsewhere before; nothing of it is used after a panic.
        let cells = catch_unwind(AssertUnwindSafe(|| {
            (from..count).map(|at| archive::cell(row.get_ref(at)?)).collect::<Result<Vec<Cell>, StoreError>>()
        }));
        let Ok(Ok(cells)) = cells else {
            self.refused += 1;
            return Ok(());
        };
        match self.loader.row(&cells) {
            Ok(()) => self.copied += 1,
            Err(full @ (StoreError::DiskFull | StoreError::ReadOnly(_))) => return Err(full),
            Err(_) => self.refused += 1,
        }
        Ok(())
    }

    /// The first row after `last` from which on rows can be read again: leaps of growing length, then halving back.
    fn next_readable(&self, last: i64) -> Option<i64> {
        let last = last.max(0);
        let (mut bad, mut step) = (last, 1_i64);
        let mut good = loop {
            let at = last.checked_add(step)?;
            match self.first_from(at) {
                Ok(None) if step == 1 => return None,
                Ok(_) => break at,
                Err(_) => (bad, step) = (at, step.checked_mul(2)?),
            }
        };
        while good - bad > 1 {
            let middle = bad + (good - bad) / 2;
            match self.first_from(middle) {
                Ok(_) => good = middle,
                Err(_) => bad = middle,
            }
        }
        self.first_from(good).ok().flatten()
    }

    fn first_from(&self, number: i64) -> Result<Option<i64>, StoreError> {
        // All columns: the row itself has to be readable, not only its number.
        let sql = format!("SELECT {0}, {1} FROM {2} WHERE {0} >= ?1 ORDER BY {0} LIMIT 1", self.kept.number, self.columns, self.kept.table);
        sql::one(self.old, &sql, [number], |row| row.get(0))
    }

    /// Tables without numbers are small: from both ends until something cannot be read.
    fn keyed(&mut self, missing: &mut Missing) -> Result<(), StoreError> {
        let key = sql::all(self.old, "SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk", [self.kept.table], |row| {
            Ok(row.get::<_, String>(0)?)
        })?;
        for order in ["ASC", "DESC"] {
            let order = key.iter().map(|column| format!("{column} {order}")).collect::<Vec<_>>().join(", ");
            let sql = format!("SELECT {} FROM {} WHERE ?1 IS NOT NULL ORDER BY {order}", self.columns, self.kept.table);
            if let Walk::Ended = self.walk_keyed(&sql)? {
                return Ok(());
            }
        }
        // Rows that came from both ends were refused the second time.
        self.refused = 0;
        missing.say(format!("rows in the middle of “{}”", self.kept.table));
        Ok(())
    }

    fn walk_keyed(&mut self, sql: &str) -> Result<Walk, StoreError> {
        let Ok(mut statement) = self.old.prepare(sql) else { return Ok(Walk::Broken(0)) };
        let Ok(mut rows) = statement.query([0]) else { return Ok(Walk::Broken(0)) };
        loop {
            match rows.next() {
                Ok(Some(row)) => self.take(row, 0)?,
                Ok(None) => return Ok(Walk::Ended),
                Err(_) => return Ok(Walk::Broken(0)),
            }
        }
    }
}

/// Which records are news is told by no change: as far as it can be read.
pub(super) fn keep_news(old: &Connection, new: &Connection) {
    let Ok(mut statement) = old.prepare("SELECT did FROM record WHERE news = 1") else { return };
    let Ok(mut rows) = statement.query([]) else { return };
    while let Ok(Some(row)) = rows.next() {
        let kept = row.get::<_, i64>(0).map_err(StoreError::from);
        let put = |did| sql::run(new, "INSERT INTO unseen (did) VALUES (?1) ON CONFLICT DO NOTHING", [did]);
        if kept.and_then(put).is_err() {
            return;
        }
    }
}
