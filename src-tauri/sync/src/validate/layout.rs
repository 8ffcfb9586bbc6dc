//! Measures a change chunk before Automerge reads it. Its columns are run-length encoded: a hundred bytes can claim 2^60 operations, and
//! Automerge walks them all. Here only the lengths of the runs are added up.

use crate::limits::{CHANGE_OPS, CHANGE_PREDS};

type Reason = &'static str;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHECKSUM: usize = 4;
const PLAIN_CHANGE: u8 = 1;
const HASH: usize = 32;
const BROKEN: Reason = "the bytes are not a whole change";
/// Columns a change may have; today's changes have at most 14.
const COLUMNS: u64 = 32;
/// The column id of the replaced operations; its members have as many rows as its group column says.
const PRED: u64 = 7;

/// How the rows of a column are stored: the low three bits of its specification.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rows {
    /// Runs of numbers whose sum says how many rows the members of the group have.
    Group,
    Unsigned,
    Signed,
    Flags,
    Text,
    /// Bytes without rows of their own, as long as the column before says.
    Raw,
}

impl Rows {
    fn of(specification: u64) -> Self {
        match specification & 7 {
            0 => Self::Group,
            3 => Self::Signed,
            4 => Self::Flags,
            5 => Self::Text,
            7 => Self::Raw,
            _ => Self::Unsigned,
        }
    }
}

/// Checks that the bytes are one plain change chunk with columns that are not deflated and not longer than the limits.
pub(super) fn measure(bytes: &[u8]) -> Result<(), Reason> {
    let mut chunk = Cursor(bytes);
    if chunk.take(MAGIC.len())? != MAGIC {
        return Err("the bytes are not Automerge's");
    }
    chunk.take(CHECKSUM)?;
    if chunk.take(1)? != [PLAIN_CHANGE] {
        return Err("the chunk is not a plain change");
    }
    let length = chunk.length()?;
    if length != chunk.0.len() {
        return Err(BROKEN);
    }
    let dependencies = chunk.length()?;
    chunk.take(dependencies.checked_mul(HASH).ok_or(BROKEN)?)?;
    chunk.take_sized()?; // author
    chunk.unsigned()?; // seq
    chunk.unsigned()?; // counter of the first operation
    chunk.signed()?; // time
    chunk.take_sized()?; // message
    for _ in 0..chunk.unsigned()? {
        chunk.take_sized()?; // other authors
    }
    measure_columns(&mut chunk)
}

fn measure_columns(chunk: &mut Cursor<'_>) -> Result<(), Reason> {
    let count = chunk.unsigned()?;
    if count > COLUMNS {
        return Err("the change has too many columns");
    }
    let mut columns = Vec::new();
    for _ in 0..count {
        columns.push((chunk.unsigned()?, chunk.length()?));
    }
    for (specification, length) in columns {
        if specification & 8 != 0 {
            return Err("a column is deflated");
        }
        let column = Cursor(chunk.take(length)?);
        let limit = if specification >> 4 == PRED { CHANGE_PREDS } else { CHANGE_OPS };
        column.check_rows(Rows::of(specification), u64::try_from(limit).unwrap_or(u64::MAX))?;
    }
    Ok(())
}

/// Reads from the front of bytes.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Reason> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(BROKEN)?;
        self.0 = rest;
        Ok(taken)
    }

    fn take_sized(&mut self) -> Result<&'a [u8], Reason> {
        let length = self.length()?;
        self.take(length)
    }

    fn length(&mut self) -> Result<usize, Reason> {
        usize::try_from(self.unsigned()?).map_err(|_| BROKEN)
    }

    /// LEB128, at most 64 bits.
    fn unsigned(&mut self) -> Result<u64, Reason> {
        let mut value: u64 = 0;
        for shift in (0..64).step_by(7) {
            let byte = u64::from(*self.take(1)?.first().ok_or(BROKEN)?);
            let part = byte & 0x7f;
            if shift == 63 && part > 1 {
                return Err(BROKEN);
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(BROKEN)
    }

    /// Signed LEB128, at most 64 bits.
    fn signed(&mut self) -> Result<i64, Reason> {
        let mut value: i64 = 0;
        for shift in (0..64).step_by(7) {
            let byte = i64::from(*self.take(1)?.first().ok_or(BROKEN)?);
            value |= (byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if byte & 0x40 != 0 && shift + 7 < 64 {
                    value |= -1 << (shift + 7);
                }
                return Ok(value);
            }
        }
        Err(BROKEN)
    }

    fn check_rows(mut self, kind: Rows, limit: u64) -> Result<(), Reason> {
        let mut rows: u64 = 0;
        let mut members: u64 = 0;
        while kind != Rows::Raw && !self.0.is_empty() {
            let (run, sum) = if kind == Rows::Flags { (self.unsigned()?, 0) } else { self.run(kind, limit)? };
            rows = rows.saturating_add(run);
            members = members.saturating_add(sum);
            if rows > limit || members > limit {
                return Err("the change claims more operations than allowed");
            }
        }
        Ok(())
    }

    /// One run: how many rows, and for a group the sum of their values.
    fn run(&mut self, kind: Rows, limit: u64) -> Result<(u64, u64), Reason> {
        let count = self.signed()?;
        if count == 0 {
            return Ok((self.unsigned()?, 0));
        }
        if count > 0 {
            let value = self.value(kind)?;
            return Ok((count.unsigned_abs(), value.saturating_mul(count.unsigned_abs())));
        }
        let rows = count.unsigned_abs();
        if rows > limit {
            return Err("the change claims more operations than allowed");
        }
        let mut sum: u64 = 0;
        for _ in 0..rows {
            sum = sum.saturating_add(self.value(kind)?);
        }
        Ok((rows, sum))
    }

    /// Steps over one value; says its size where it counts members of a group.
    fn value(&mut self, kind: Rows) -> Result<u64, Reason> {
        match kind {
            Rows::Group => self.unsigned(),
            Rows::Unsigned => self.unsigned().map(|_| 0),
            Rows::Signed => self.signed().map(|_| 0),
            Rows::Text => self.take_sized().map(|_| 0),
            Rows::Flags | Rows::Raw => Ok(0),
        }
    }
}
