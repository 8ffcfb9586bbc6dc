//! How long queries take in vaults of 1,000, 10,000 and 100,000 contacts with ten activities each, side by side: the cost grows with what is found, not with
//! the vault. `bench_query [SIZE...]`; vaults are made in a temporary folder, or kept under `TUTTU_BENCH_VAULTS` and used again.

#![allow(clippy::expect_used, clippy::print_stdout, clippy::panic, reason = "a measuring program")]

use std::path::Path;
use std::time::{Duration, Instant};

use tuttu_engine::api::{Answer, GroupedBy, ListFilter, Query, SortBy};
use tuttu_engine::{Engine, NewVault};
use tuttu_tests::generate::{self, Dice, fill, word};

const SEED: u64 = 7;
const TIMES: u64 = 200;

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|size| size.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![1_000, 10_000, 100_000] } else { sizes };
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = std::env::var_os("TUTTU_BENCH_VAULTS").map_or_else(|| temporary.path().to_owned(), Into::into);
    let mut columns: Vec<Vec<(String, Duration, Duration)>> = Vec::new();
    for size in &sizes {
        let engine = vault(&folder.join(size.to_string()), *size);
        columns.push(measure(&engine, *size as u64));
    }
    print!("{:<44}", "CPU ms, p50 / p99");
    sizes.iter().for_each(|size| print!(" {size:>17}"));
    println!();
    for row in 0..columns.first().map_or(0, Vec::len) {
        print!("{:<44}", columns[0][row].0);
        for column in &columns {
            print!(" {:>8.2}/{:>8.2}", millis(column[row].1), millis(column[row].2));
        }
        println!();
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn vault(dir: &Path, size: usize) -> Engine {
    if Engine::exists(dir) {
        return Engine::open(dir).expect("the vault");
    }
    let engine = Engine::create(dir, &NewVault { person_name: "Bench".into(), computer_name: "bench".into() }).expect("a vault");
    let made = fill(&engine, size, SEED);
    let bytes = std::fs::metadata(dir.join("vault.db")).map_or(0, |file| file.len());
    println!(
        "made {} records for {size} contacts in {:.1} s: {:.0} a second; {:.0} MB",
        made.records,
        made.took.as_secs_f64(),
        made.records as f64 / made.took.as_secs_f64(),
        bytes as f64 / 1e6
    );
    // Indexes are merged in the first pauses.
    std::thread::sleep(Duration::from_secs(2 + size as u64 / 5_000));
    engine
}

type Row = (String, Duration, Duration);

struct Bench<'a> {
    engine: &'a Engine,
    size: u64,
    rows: Vec<Row>,
}

fn measure(engine: &Engine, size: u64) -> Vec<Row> {
    let mut bench = Bench { engine, size, rows: Vec::new() };
    let begun = clock();
    bench.search("warm up");
    let warm = clock() - begun;
    bench.rows.push(("first search (builds the search memory)".into(), warm, warm));
    bench.key_strokes();
    bench.lists();
    bench.groups();
    bench.rows
}

impl Bench<'_> {
    fn row(&mut self, name: impl Into<String>, mut work: impl FnMut(&Self, &mut Dice)) {
        let mut dice = Dice::new(SEED);
        let mut took: Vec<Duration> = (0..TIMES)
            .map(|_| {
                let begun = clock();
                work(self, &mut dice);
                clock() - begun
            })
            .collect();
        took.sort();
        let at = |part: usize| took[(took.len() - 1) * part / 100];
        self.rows.push((name.into(), at(50), at(99)));
    }

    fn search(&self, text: &str) -> usize {
        match self.engine.query(Query::Search { text: text.into(), limit: 20 }) {
            Ok(Answer::Search(rows)) => rows.len(),
            other => panic!("{other:?}"),
        }
    }

    fn list(&self, filter: ListFilter) -> Option<String> {
        match self.engine.query(Query::List { filter: ListFilter { limit: 50, ..filter } }) {
            Ok(Answer::List(page)) => page.next,
            other => panic!("{other:?}"),
        }
    }

    fn person(&self, dice: &mut Dice) -> serde_json::Value {
        generate::person(SEED, dice.below(self.size), self.size / 5)
    }

    fn text_of(person: &serde_json::Value, key: &str) -> String {
        let value = if person[key].is_array() { &person[key][0]["value"] } else { &person[key] };
        value.as_str().unwrap_or_default().to_owned()
    }

    fn key_strokes(&mut self) {
        for letters in [1, 2, 3, 4, 5, 8, 12] {
            self.row(format!("search: {letters} letters of a name"), |bench, dice| {
                let name = Self::text_of(&bench.person(dice), "name");
                bench.search(&name.chars().take(letters).collect::<String>());
            });
        }
        for (what, key, letters) in [("an e-mail address", "emails", 8), ("a phone number", "phones", 40)] {
            self.row(format!("search: {what}"), |bench, dice| {
                let value = Self::text_of(&bench.person(dice), key);
                bench.search(&value.chars().take(letters).collect::<String>());
            });
        }
        for letters in [1, 2, 3, 4, 5, 6, 7, 8, 12] {
            self.row(format!("search: {letters} letters of a word of a text"), |bench, dice| {
                bench.search(&word(dice.skewed(12_000)).chars().take(letters).collect::<String>());
            });
        }
        self.row("search: two words of texts", |bench, dice| {
            bench.search(&format!("{} {}", word(dice.skewed(12_000)), word(dice.skewed(12_000))));
        });
        self.row("search: a name with a slip", |bench, dice| {
            let name = Self::text_of(&bench.person(dice), "family");
            bench.search(&name.chars().enumerate().filter(|(at, _)| *at != 3).map(|(_, letter)| letter).collect::<String>());
        });
        self.row("search: nothing there", |bench, dice| {
            bench.search(&format!("zq{}x", dice.below(99_999)));
        });
        self.row("search: a word, tag and not", |bench, dice| {
            bench.search(&format!("{} tag:partner -has:birthday", word(dice.skewed(12_000))));
        });
        self.row("search: this or that", |bench, dice| {
            bench.search(&format!("{} or {}", word(dice.skewed(12_000)), word(dice.skewed(12_000))));
        });
        self.row("search: a phrase", |bench, dice| {
            bench.search(&format!("\"{} {}\"", word(dice.skewed(200)), word(dice.skewed(200))));
        });
    }

    fn lists(&mut self) {
        let people = |text: String| ListFilter { kind: "person".into(), text, ..ListFilter::default() };
        for (name, sort) in [
            ("name", SortBy::Name),
            ("changed", SortBy::Changed),
            ("created", SortBy::Created),
            ("last contact", SortBy::Last),
            ("due", SortBy::Due),
        ] {
            self.row(format!("people by {name}, first page"), |bench, _| drop(bench.list(ListFilter { sort, ..people(String::new()) })));
        }
        self.row("everything by name, first page", |bench, _| drop(bench.list(ListFilter::default())));
        self.row("activities by time, first page", |bench, _| {
            bench.list(ListFilter { kind: "activity".into(), sort: SortBy::At, ..ListFilter::default() });
        });
        for letters in [1, 2, 3, 5, 8] {
            self.row(format!("people filtered by {letters} letters"), |bench, dice| {
                let text: String = word(dice.skewed(12_000)).chars().take(letters).collect();
                bench.list(people(text));
            });
        }
        for text in [
            "tag:partner",
            "-tag:partner",
            "tag:partner -has:birthday",
            "city:glasgow",
            "birthday:12",
            "has:email -has:birthday (tag:vip or tag:press)",
            "last<1y",
            "changed>7d",
            "budget tag:partner",
        ] {
            self.row(format!("people where {text}"), |bench, _| drop(bench.list(people(text.into()))));
        }
        for text in ["budget", "budget at:2026", "budget meeting -spring", "at:2026-03", "\"the budget\""] {
            self.row(format!("meetings by time where {text}"), |bench, _| {
                bench.list(ListFilter { kind: "meeting".into(), text: text.into(), sort: SortBy::At, ..ListFilter::default() });
            });
        }
        let mut cursor = None;
        self.row("people by name, page after page", move |bench, _| {
            cursor = bench.list(ListFilter { cursor: cursor.take(), ..people(String::new()) });
        });
    }

    fn groups(&mut self) {
        for (name, by) in
            [("letter", GroupedBy::Letter), ("tag", GroupedBy::Tag), ("space", GroupedBy::Space), ("month", GroupedBy::Created)]
        {
            self.row(format!("people grouped by {name}"), |bench, _| {
                let filter = ListFilter { kind: "person".into(), ..ListFilter::default() };
                assert!(bench.engine.query(Query::Groups { filter, by }).is_ok());
            });
        }
    }
}

/// Processor time of this thread where the system tells it, else the time that passed: other work on the machine must not count.
fn clock() -> Duration {
    static BEGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| BEGIN.get_or_init(Instant::now).elapsed(), Duration::from_nanos)
}
