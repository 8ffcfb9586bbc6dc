//! Two processes on loopback: first sync and reconnect, beside PouchDB.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;
use tuttu_tests::process::Computer;

use crate::contacts::{CONTACTS, contact};
use crate::table::Table;

pub(crate) fn measure(table: &mut Table) {
    let ours = tuttu(table);
    if let Some(theirs) = pouchdb() {
        table.compare("first sync of 10,000 contacts, s; PouchDB’s time over ours", ours.0, theirs.0, theirs.0 / ours.0);
        table.compare("reconnect with 10 differences each, s; PouchDB’s time over ours", ours.1, theirs.1, theirs.1 / ours.1);
    }
}

/// First sync and reconnect between two processes; seconds.
fn tuttu(table: &mut Table) -> (f64, f64) {
    let (mut one, mut other) = (Computer::new("One"), Computer::new("Other"));
    one.ok(&["space", "new", "Bench"]);
    let people: String = (0..CONTACTS).map(|n| format!("{}\n", contact(n))).collect();
    one.feed(&["add", "person", "--stdin", "--space", "Bench"], &people);
    one.serve();
    other.serve();
    let invitation = one.ok(&["invite", "Bench", "--auto"]);
    let start = Instant::now();
    other.ok(&["join", invitation["link"].as_str().unwrap_or_default(), "--auto"]);
    other.until(&["space", "show", "Bench"], |space| space[0]["people"] == CONTACTS);
    let first = start.elapsed().as_secs_f64();
    one.kill();
    other.kill();
    let more = |from: usize| (from..from + 10).map(|n| format!("{}\n", contact(n))).collect::<String>();
    one.feed(&["add", "person", "--stdin", "--space", "Bench"], &more(CONTACTS));
    other.feed(&["add", "person", "--stdin", "--space", "Bench"], &more(2 * CONTACTS));
    one.serve();
    other.serve();
    let start = Instant::now();
    one.event("delivered", |_| true);
    other.event("delivered", |_| true);
    let reconnect = start.elapsed().as_secs_f64();
    other.until(&["space", "show", "Bench"], |space| space[0]["people"] == CONTACTS + 20);
    table.alone("first sync of 10,000 contacts, pairing included, s", first);
    table.alone("reconnect with 10 differences each, dialling included, s", reconnect);
    (first, reconnect)
}

/// The same with PouchDB: LevelDB on both sides, HTTP on loopback.
fn pouchdb() -> Option<(f64, f64)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/pouchdb");
    if !folder.join("node_modules").is_dir() {
        println!("PouchDB is not installed: run npm ci in {}", folder.display());
        return None;
    }
    let dir = tempfile::tempdir().expect("a folder");
    for name in ["server", "client"] {
        std::fs::create_dir(dir.path().join(name)).expect("a folder");
    }
    let node = |script: &str| {
        let mut command = Command::new("node");
        command.current_dir(&folder).arg(script).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    };
    let mut server = node("server.mjs").arg(dir.path().join("server")).spawn().ok()?;
    let mut line = String::new();
    BufReader::new(server.stdout.take()?).read_line(&mut line).ok()?;
    let port = serde_json::from_str::<Value>(&line).ok()?["port"].as_u64()?;
    let output = node("client.mjs").arg(dir.path().join("client")).arg(port.to_string()).arg(CONTACTS.to_string()).output().ok()?;
    let _ = server.kill();
    let _ = server.wait();
    let said: Value = serde_json::from_slice(&output.stdout).ok()?;
    Some((said["first"].as_f64()?, said["reconnect"].as_f64()?))
}
