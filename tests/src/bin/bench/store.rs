//! One computer: adding, importing, searching.

use std::path::Path;
use std::time::Instant;

use tuttu_engine::api::{Answer, Command, Outcome, Query};
use tuttu_engine::{Engine, NewVault};

use crate::contacts::{CONTACTS, card, contact};
use crate::table::{Table, percentile};

/// Single edits measured.
const ADDS: usize = 300;

pub(crate) fn measure(table: &mut Table) {
    durable_add(table);
    import_and_search(table);
}

/// A durable add of one contact against a bare SQLite commit of the same bytes, in turn.
fn durable_add(table: &mut Table) {
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
    table.series("durable add of one contact against a bare SQLite commit", &mut ours, &mut peer, &[50, 99]);
}

/// Cards per second until the last one is findable by a word of its notes, and search per key stroke.
fn import_and_search(table: &mut Table) {
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
    table.alone("import of 10,000 cards until the last is findable, cards a second", CONTACTS as f64 / start.elapsed().as_secs_f64());
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
            table.alone(&format!("search after {letters} letters, {name}, ms"), time);
        }
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

fn search(engine: &Engine, text: &str) -> usize {
    match engine.query(Query::Search { text: text.into(), limit: 20 }) {
        Ok(Answer::Search(rows)) => rows.len(),
        other => panic!("{other:?}"),
    }
}
