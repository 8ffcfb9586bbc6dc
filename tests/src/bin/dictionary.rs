//! Makes the dictionaries with which the store packs changes and views (`src-tauri/store/dictionaries`): out of records as people write them.
//!
//! That of changes stays as it is for ever, because vaults were written with it: a better one is another packing. That of views goes with the version of
//! the query tables.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool of developers"
)]

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use tuttu_engine::api::{Command, Outcome};
use tuttu_engine::{Engine, NewVault};
use tuttu_store::rows::ListQuery;
use tuttu_store::{Store, StoreError};
use tuttu_tests::generate::Dice;

const NOTES: &str = include_str!("../../fixtures/dictionary/notes.txt");
const SIZE: usize = 8 * 1024;
const RECORDS: u64 = 3_000;
const NAMES: [&str; 16] = [
    "Anna", "Maria", "Jonas", "Elena", "Peter", "Laura", "Mikko", "Sanna", "Claire", "Pablo", "Ines", "Karin", "Erik", "Hanna", "Thomas",
    "Sofia",
];
const FAMILIES: [&str; 16] = [
    "Schneider",
    "Martin",
    "Jansen",
    "Novak",
    "Korhonen",
    "Larsson",
    "Bernard",
    "Castro",
    "Moreau",
    "Fischer",
    "Taylor",
    "Walker",
    "Mäkinen",
    "Andersson",
    "Keller",
    "Ricci",
];

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("dictionary FOLDER: where to write them");
        return ExitCode::from(2);
    };
    let dir = tempfile::TempDir::new().expect("a folder");
    let vault = dir.path().join("vault");
    fill(&vault);
    let (changes, views) = samples(&Store::open(&vault).expect("the vault")).expect("the samples");
    for (name, samples) in [("changes-1", changes), ("views", views)] {
        let dictionary = zstd::dict::from_samples(&samples, SIZE).expect("enough samples");
        std::fs::write(Path::new(&folder).join(format!("{name}.zdict")), &dictionary).expect("a file that can be written");
        let bytes: usize = samples.iter().map(Vec::len).sum();
        println!("{name}: {} bytes out of {} samples of {bytes} bytes", dictionary.len(), samples.len());
    }
    ExitCode::SUCCESS
}

type Samples = Vec<Vec<u8>>;

/// Changes, and what is kept to show records.
fn samples(store: &Store) -> Result<(Samples, Samples), StoreError> {
    store.read(|reader| {
        let (mut changes, mut views) = (Vec::new(), Vec::new());
        for row in reader.list(&ListQuery { limit: u32::MAX, ..ListQuery::default() })?.0 {
            changes.extend(reader.changes_after_snapshot(&row.space, &row.doc)?.unwrap_or_default().changes);
            views.extend(reader.unpacked_view(&row.space, &row.doc)?);
        }
        Ok((changes, views))
    })
}

fn fill(vault: &Path) {
    let engine = Engine::create(vault, &NewVault { person_name: "Sample".into(), computer_name: "sample".into() }).expect("a vault");
    let mut dice = Dice::new(7);
    let words: Vec<&str> = NOTES.split_whitespace().collect();
    let mut people: Vec<String> = Vec::new();
    for number in 0..RECORDS {
        let record = if people.len() < 300 { person(&mut dice, &words) } else { other(&mut dice, number, &words, &people) };
        let is_person = record["kind"] == "person";
        let Ok(Outcome::Records { ids, .. }) =
            engine.execute(Command::Add { space: None, kind: "person".into(), records: vec![record.to_string()] })
        else {
            panic!("{record} was not added");
        };
        if is_person {
            people.extend(ids);
        }
    }
}

/// Words in any order: whole sentences would fill the dictionary, and nobody writes them again.
fn text(dice: &mut Dice, words: &[&str]) -> String {
    (0..6 + dice.below(40)).map(|_| pick(dice, words)).collect::<Vec<_>>().join(" ")
}

fn pick<'a>(dice: &mut Dice, all: &[&'a str]) -> &'a str {
    all[dice.below(all.len() as u64) as usize]
}

fn day(dice: &mut Dice) -> String {
    format!("20{}-{:02}-{:02}", 18 + dice.below(20), 1 + dice.below(12), 1 + dice.below(28))
}

fn person(dice: &mut Dice, words: &[&str]) -> Value {
    let (given, family) = (pick(dice, &NAMES), pick(dice, &FAMILIES));
    let mail =
        format!("{}.{}@{}", given.to_lowercase(), family.to_lowercase(), pick(dice, &["example.org", "mail.example", "example.com"]));
    let mut person = json!({"kind": "person", "name": format!("{given} {family}"), "given": given, "family": family,
        "emails": [{"label": pick(dice, &["work", "home", ""]), "value": mail}],
        "phones": [{"label": pick(dice, &["mobile", "work", "home"]), "value": format!("+{} {} {}", 30 + dice.below(30), 100 + dice.below(900), 100_000 + dice.below(900_000))}],
        "notes": text(dice, words)});
    let mut set = |key: &str, value: Value| drop(person.as_object_mut().map(|fields| fields.insert(key.to_owned(), value)));
    if dice.below(3) == 0 {
        set(
            "addresses",
            json!([{"label": "home", "street": format!("{} Street {}", pick(dice, &FAMILIES), dice.below(90)), "city": pick(dice, &["London", "Berlin", "Paris", "Helsinki"]), "postcode": (10_000 + dice.below(80_000)).to_string(), "country": pick(dice, &["GB", "DE", "FR", "FI"])}]),
        );
        set(
            "orgs",
            json!([{"name": format!("{} Foundation", pick(dice, &FAMILIES)), "title": pick(dice, &["Director", "Manager", "Assistant", "Coordinator"])}]),
        );
    }
    if dice.below(3) == 0 {
        set("birthday", json!(format!("19{}-{:02}-{:02}", 40 + dice.below(60), 1 + dice.below(12), 1 + dice.below(28))));
        set("tags", json!([pick(dice, &["friend", "client", "press", "volunteer", "newsletter"])]));
        set("urls", json!([{"label": "home", "value": "https://www.example.org/"}]));
    }
    person
}

fn other(dice: &mut Dice, number: u64, words: &[&str], people: &[String]) -> Value {
    let with: Vec<&String> = (0..1 + dice.skewed(3)).map(|_| &people[dice.below(people.len() as u64) as usize]).collect();
    let at = format!("{}T{:02}:{:02}:00Z", day(dice), 8 + dice.below(12), dice.below(60));
    let title = || pick(&mut Dice::new(number), words).split('.').next().unwrap_or_default().chars().take(40).collect::<String>();
    match number % 12 {
        0 => json!({"kind": "task", "name": title(), "due": day(dice), "with": with, "status": pick(dice, &["", "done"])}),
        1 => json!({"kind": "event", "name": title(), "start": at, "place": pick(dice, &["Library", "Town hall", "Café"]), "with": with}),
        2 => {
            json!({"kind": "org", "name": format!("{} {}", pick(dice, &FAMILIES), pick(dice, &["Ltd", "GmbH", "Oy", "Trust", "Association"])), "notes": text(dice, words)})
        }
        3 => person(dice, words),
        4 => json!({"kind": "meeting", "name": title(), "text": text(dice, words), "at": at, "with": with, "duration": "60"}),
        kind => {
            let kind = ["note", "call", "meeting", "email", "message", "note", "call"][(kind % 7) as usize];
            json!({"kind": kind, "text": text(dice, words), "at": at, "with": with})
        }
    }
}
