//! `cargo xtask bench`: measures Tuttu beside its peers in the same run, prints one table and writes `target/bench.json`. Ratios count, not absolute times.

#![allow(clippy::expect_used, clippy::print_stdout, clippy::panic, reason = "a measuring program")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tuttu_engine::api::{Answer, Command, Outcome, Query};
use tuttu_engine::{Engine, NewVault};
use tuttu_tests::process::Computer;

/// Contacts of the larger measurements.
const CONTACTS: usize = 10_000;
/// Single edits measured.
const ADDS: usize = 300;

fn main() {
    let mut bench = Bench { rows: Vec::new() };
    bench.durable_add();
    bench.import_and_search();
    let ours = bench.tuttu_exchange();
    if let Some(theirs) = bench.pouchdb_exchange() {
        bench.row("first sync, PouchDB’s time over ours", ours.0, theirs.0, theirs.0 / ours.0);
        bench.row("reconnect with 10 differences each, PouchDB’s time over ours", ours.1, theirs.1, theirs.1 / ours.1);
    }
    bench.finish();
}

struct Bench {
    rows: Vec<Value>,
}

impl Bench {
    fn row(&mut self, name: &str, ours: f64, peer: f64, ratio: f64) {
        self.rows.push(json!({"name": name, "ours": ours, "peer": peer, "ratio": ratio}));
    }

    fn alone(&mut self, name: &str, ours: f64) {
        self.rows.push(json!({"name": name, "ours": ours, "peer": null, "ratio": null}));
    }

    fn finish(&self) {
        println!("{:<66} {:>12} {:>12} {:>8}", "what", "Tuttu", "peer", "ratio");
        for row in &self.rows {
            let number = |key: &str| row[key].as_f64().map_or_else(|| "-".to_owned(), |number| format!("{number:.4}"));
            println!(
                "{:<66} {:>12} {:>12} {:>8}",
                row["name"].as_str().unwrap_or_default(),
                number("ours"),
                number("peer"),
                number("ratio")
            );
        }
        let path = target().join("bench.json");
        std::fs::write(&path, json!({"rows": self.rows}).to_string()).expect("the results are written");
        println!("written to {}", path.display());
    }

    /// A durable add of one contact against a bare SQLite commit of the same bytes, in turn.
    fn durable_add(&mut self) {
        let dir = tempfile::tempdir().expect("a folder");
        let engine = vault(&dir.path().join("vault"));
        let bare = bare_database(&dir.path().join("bare.db"));
        let (mut ours, mut peer) = (Vec::new(), Vec::new());
        for n in 0..ADDS {
            let record = contact(n).to_string();
            let start = Instant::now();
            bare.execute("INSERT INTO record (bytes) VALUES (?1)", [record.as_bytes()]).expect("a commit");
            peer.push(start.elapsed());
            let start = Instant::now();
            let added = engine.execute(Command::Add { space: None, kind: "person".into(), records: vec![record] });
            ours.push(start.elapsed());
            assert!(added.is_ok(), "{added:?}");
        }
        for (name, part) in [("p50", 50), ("p99", 99)] {
            let (ours, peer) = (percentile(&mut ours, part), percentile(&mut peer, part));
            self.row(&format!("durable add of one contact against a bare SQLite commit, {name}, ms"), ours, peer, ours / peer);
        }
    }

    /// Cards per second until the last one is findable by a word of its notes, and search per key stroke.
    fn import_and_search(&mut self) {
        let dir = tempfile::tempdir().expect("a folder");
        let engine = vault(&dir.path().join("vault"));
        let cards: String = (0..CONTACTS).map(card).collect();
        let path = dir.path().join("cards.vcf");
        std::fs::write(&path, cards).expect("a file");
        let start = Instant::now();
        let import = Command::Import { path: path.to_string_lossy().into(), format: None, space: None, dry_run: false };
        let Ok(Outcome::Import { report }) = engine.execute(import) else { panic!("the import failed") };
        assert_eq!(report.added as usize, CONTACTS, "{:?}", report.warnings);
        let last = format!("word{}", CONTACTS - 1);
        while search(&engine, &last) == 0 {
            std::thread::yield_now();
        }
        self.alone("import of 10,000 cards until the last is findable, cards a second", CONTACTS as f64 / start.elapsed().as_secs_f64());
        for letters in [1, 2, 3, 5, 8, 12] {
            let mut times = Vec::new();
            for n in 0..200 {
                let name = contact(n * 47 % CONTACTS)["name"].as_str().unwrap_or_default().to_owned();
                let typed: String = name.chars().take(letters).collect();
                let start = Instant::now();
                search(&engine, &typed);
                times.push(start.elapsed());
            }
            for (name, part) in [("p50", 50), ("p99", 99)] {
                let time = percentile(&mut times, part);
                self.alone(&format!("search after {letters} letters, {name}, ms"), time);
            }
        }
    }

    /// First sync and reconnect between two processes; seconds.
    fn tuttu_exchange(&mut self) -> (f64, f64) {
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
        self.alone("first sync of 10,000 contacts, pairing included, s", first);
        self.alone("reconnect with 10 differences each, dialling included, s", reconnect);
        (first, reconnect)
    }

    /// The same with PouchDB: LevelDB on both sides, HTTP on loopback.
    fn pouchdb_exchange(&mut self) -> Option<(f64, f64)> {
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
            let mut command = Process::new("node");
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
}

fn vault(dir: &Path) -> Engine {
    Engine::create(dir, &NewVault { person_name: "Bench".into(), computer_name: "bench".into() }).expect("a vault")
}

fn bare_database(path: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(path).expect("a database");
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE record (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;")
        .expect("a schema");
    connection
}

fn contact(n: usize) -> Value {
    const GIVEN: [&str; 8] = ["Priya", "Tomasz", "Leilani", "Yusuf", "Hanae", "Mateo", "Guðrún", "Ελένη"];
    const FAMILY: [&str; 8] = ["Raghunathan", "Wieczorek", "Kahananui", "Demirkan", "Morisawa", "Villalba", "Þorsteinsdóttir", "Μαυρίδη"];
    let (given, family) = (GIVEN[n % 8], FAMILY[n / 8 % 8]);
    json!({"name": format!("{given} {family} {n}"), "given": given, "family": family,
        "emails": [{"label": "work", "value": format!("person{n}@harbour.example")}],
        "phones": [{"label": "mobile", "value": format!("+44 7700 {n:06}")}],
        "notes": format!("Met at the harbour, table {n}. Wants to hear about the spring meeting. word{n}")})
}

fn card(n: usize) -> String {
    let contact = contact(n);
    let text = |key: &str| contact[key].as_str().unwrap_or_default().to_owned();
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{}\r\nN:{};{};;;\r\nEMAIL;TYPE=WORK:person{n}@harbour.example\r\nTEL;TYPE=CELL:+44 7700 {n:06}\r\nNOTE:{}\r\nEND:VCARD\r\n",
        text("name"),
        text("family"),
        text("given"),
        text("notes").replace(',', "\\,")
    )
}

fn search(engine: &Engine, text: &str) -> usize {
    match engine.query(Query::Search { text: text.into(), limit: 20 }) {
        Ok(Answer::Search(rows)) => rows.len(),
        other => panic!("{other:?}"),
    }
}

/// Milliseconds.
fn percentile(times: &mut [Duration], part: usize) -> f64 {
    times.sort();
    times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1_000.0
}

fn target() -> PathBuf {
    let exe = std::env::current_exe().unwrap_or_default();
    exe.parent().and_then(Path::parent).map_or_else(|| PathBuf::from("target"), Path::to_path_buf)
}
