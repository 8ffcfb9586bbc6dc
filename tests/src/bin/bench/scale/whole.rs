//! A vault as a whole: how large it is beside its records as plain JSON, how long it takes to open beside the bare SQLite file, and what it takes of memory.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tuttu_engine::api::{Answer, ListFilter, Query};
use tuttu_engine::{Engine, NewVault};

use super::{Rows, millis};

/// Openings of each kind, in turn.
const OPENINGS: usize = 7;
/// Asks this program to open a vault and tell what memory it takes.
const PROBE: &str = "TUTTU_BENCH_PROBE";

pub(super) fn measure(dir: &Path, rows: &mut Rows) {
    size(dir, rows);
    opening(dir, rows);
    memory(dir, rows);
}

/// The file after a checkpoint, beside the records as JSON Lines.
fn size(dir: &Path, rows: &mut Rows) {
    let engine = Engine::open(dir).expect("the vault");
    let json: u64 = match engine.query(Query::Export { format: "json".into(), filter: ListFilter::default() }) {
        Ok(Answer::Export(text)) => text.len() as u64,
        other => panic!("{other:?}"),
    };
    drop(engine);
    let connection = rusqlite::Connection::open(dir.join("vault.db")).expect("the database");
    let checkpoint = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    checkpoint.expect("a checkpoint");
    let records: i64 = connection.query_row("SELECT count(*) FROM record", [], |row| row.get(0)).expect("a count");
    drop(connection);
    let bytes = std::fs::metadata(dir.join("vault.db")).expect("the database").len();
    rows.add("bytes of the vault for each record", bytes as f64 / records as f64);
    rows.add("bytes of plain JSON for each record", json as f64 / records as f64);
    rows.add("the vault beside plain JSON (at most 1.5 is wanted)", bytes as f64 / json as f64);
}

/// From nothing to the first page, beside opening the file with SQLite and reading as many rows.
fn opening(dir: &Path, rows: &mut Rows) {
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..OPENINGS {
        let begun = Instant::now();
        let connection = rusqlite::Connection::open(dir.join("vault.db")).expect("the database");
        let read: i64 = connection
            .query_row("SELECT sum(length(view)) FROM (SELECT view FROM record ORDER BY did LIMIT 50)", [], |row| row.get(0))
            .expect("some rows");
        bare.push(begun.elapsed());
        assert!(read > 0);
        drop(connection);
        let begun = Instant::now();
        let engine = Engine::open(dir).expect("the vault");
        first_page(&engine);
        ours.push(begun.elapsed());
    }
    let middle = |times: &mut Vec<Duration>| {
        times.sort();
        millis(times[times.len() / 2])
    };
    rows.add("open until the first page, over the bare SQLite file, ms (at most 100)", middle(&mut ours) - middle(&mut bare));
}

fn first_page(engine: &Engine) {
    let filter = ListFilter { kind: "person".into(), limit: 50, ..ListFilter::default() };
    assert!(engine.query(Query::List { filter }).is_ok());
}

/// What another process of this program takes for this vault beyond what it takes for an empty one.
fn memory(dir: &Path, rows: &mut Rows) {
    let empty = tempfile::tempdir().expect("a folder");
    let new = NewVault { person_name: "Bench".into(), computer_name: "bench".into() };
    drop(Engine::create(&empty.path().join("vault"), &new).expect("a vault"));
    if let (Some(full), Some(empty)) = (probed(dir), probed(&empty.path().join("vault"))) {
        rows.add("memory beyond an empty vault, MB (at most 60)", full - empty);
    }
}

fn probed(dir: &Path) -> Option<f64> {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).env(PROBE, dir).stdin(Stdio::null()).output().expect("a process");
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

/// In a process started by [`probed`]: opens the vault as the window does, searches, and tells the resident memory in MB.
pub(crate) fn probe() -> bool {
    let Some(dir) = std::env::var_os(PROBE) else { return false };
    let engine = Engine::open(Path::new(&dir)).expect("the vault");
    first_page(&engine);
    for text in ["a", "pri", "harbour", "budget"] {
        assert!(engine.query(Query::Search { text: text.into(), limit: 20 }).is_ok());
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes: Option<f64> =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.trim().parse().ok());
    let megabytes = kilobytes.map_or(String::new(), |kilobytes| (kilobytes / 1_024.0).to_string());
    let _ = writeln!(std::io::stdout(), "{megabytes}");
    true
}
