//! Tuttu’s own numbers, from outside: `tuttu serve` on two or three vaults, and connections to their local sockets.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::runtime::Runtime;
use tuttu_engine::api::{Command, Event, Query, RecordRef};
use tuttu_engine::model::FieldEdit;
use tuttu_net::{Client, Request};
use tuttu_tests::process::Computer;

use crate::contacts::contact;
use crate::exchange::figures::{DURABLE, Figures, SEARCHABLE, THIRD, reconnect};
use crate::exchange::meter::Meter;
use crate::exchange::{DIFFERENCES, EDITS};

const SPACE: &str = "Bench";
/// How long the first exchange may take.
const LIMIT: Duration = Duration::from_secs(600);
/// How often the receiving side is asked whether all is found.
const LOOK: Duration = Duration::from_millis(5);
/// Between two edits, so that each goes by itself.
const PAUSE: Duration = Duration::from_millis(10);

pub(crate) fn measure(records: usize) -> Figures {
    let runtime = Runtime::new().expect("a runtime");
    let mut figures = Figures::default();
    let (mut one, mut other) = (Computer::new("One"), Computer::new("Other"));
    one.ok(&["space", "new", SPACE]);
    let added = add(&one, 0..records);
    one.serve();
    other.serve();
    first(&runtime, &one, &other, records, &mut figures);
    figures.edits(runtime.block_on(edits(&one.vault(), &other.vault(), &added)));
    let mut next = records;
    for differences in DIFFERENCES {
        one.kill();
        other.kill();
        for side in [&one, &other] {
            add(side, next..next + differences);
            next += differences;
        }
        let (whole, exchange, bytes) = meet(&mut one, &mut other);
        figures.meeting(&reconnect(differences), whole, Some(exchange), bytes);
        other.until(&["space", "show", SPACE], |space| space[0]["people"] == next);
    }
    third(&mut one, &mut other, next, &mut figures);
    figures
}

/// Adds these people; the id of the first.
fn add(side: &Computer, numbers: std::ops::Range<usize>) -> String {
    if numbers.is_empty() {
        return String::new();
    }
    let people: String = numbers.map(|n| format!("{}\n", contact(n))).collect();
    let added = side.feed(&["add", "person", "--stdin", "--space", SPACE], &people);
    added.first().and_then(|first| first["id"].as_str()).unwrap_or_default().to_owned()
}

/// From the link until the sender has the receiver’s word that all is on its disk, and until the receiver finds the last of them. Pairing is in it.
fn first(runtime: &Runtime, one: &Computer, other: &Computer, records: usize, figures: &mut Figures) {
    let meter = Meter::start(&[one.pid().unwrap_or_default(), other.pid().unwrap_or_default()]);
    let invitation = one.ok(&["invite", SPACE, "--auto"]);
    let found = runtime.spawn(found(other.vault(), records));
    let start = Instant::now();
    let joined = other.begin(&["join", invitation["link"].as_str().unwrap_or_default(), "--auto"]);
    one.event_within("delivered", LIMIT, |_| true);
    let durable = start.elapsed();
    let found = runtime.block_on(found).expect("the search goes on");
    figures.add(DURABLE, durable.as_secs_f64());
    figures.add(SEARCHABLE, found.duration_since(start).as_secs_f64());
    figures.costs(&meter);
    let _ = joined.lines();
}

/// When all are there and the last of them is found.
async fn found(vault: PathBuf, records: usize) -> Instant {
    let mut client = connect(&vault).await;
    let last = Query::Search { text: format!("word{}", records - 1), limit: 1 };
    let deadline = Instant::now() + LIMIT;
    loop {
        let rows = ask(&mut client, last.clone()).await;
        if rows.as_array().is_some_and(|rows| !rows.is_empty()) {
            let now = Instant::now();
            let status = ask(&mut client, Query::Status).await;
            if status["people"] == records {
                return now;
            }
        }
        assert!(Instant::now() < deadline, "{records} records did not arrive");
        tokio::time::sleep(LOOK).await;
    }
}

async fn connect(vault: &Path) -> Client {
    Client::connect(vault).await.ok().flatten().expect("tuttu serve answers")
}

async fn ask(client: &mut Client, query: Query) -> Value {
    let reply = client.request(Request::Query { query }).await.expect("an answer");
    serde_json::to_value(reply).expect("JSON")["value"]["value"].take()
}

/// Changes one field on one side, until the other side has said that it changed and shows the new value.
async fn edits(one: &Path, other: &Path, record: &str) -> Vec<Duration> {
    let (mut here, mut there) = (connect(one).await, connect(other).await);
    there.request(Request::Subscribe).await.expect("events");
    let mut times = Vec::new();
    for n in 0..EDITS {
        let value = format!("Notes {n}");
        let edit = FieldEdit::Set { field: "notes".into(), label: None, value: value.clone() };
        let command = Command::Edit { record: RecordRef::anywhere(record), edits: vec![edit] };
        let start = Instant::now();
        let (made, seen) = tokio::join!(here.request(Request::Execute { command }), seen(&mut there, record, &value));
        made.expect("the edit is made");
        times.push(seen.duration_since(start));
        tokio::time::sleep(PAUSE).await;
    }
    times
}

async fn seen(client: &mut Client, record: &str, value: &str) -> Instant {
    loop {
        let event = client.next_event().await.expect("tuttu serve runs");
        if !matches!(event, Event::Changed { remote: true, .. }) {
            continue;
        }
        let shown = ask(client, Query::Record { record: RecordRef::anywhere(record) }).await;
        if shown["notes"] == value {
            return Instant::now();
        }
    }
}

/// Starts both; from both listening until both have the other’s word, from the connection until then, and the bytes of it all.
fn meet(one: &mut Computer, other: &mut Computer) -> (f64, f64, Option<u64>) {
    let meter = Meter::start(&[]);
    one.serve();
    other.serve();
    let start = Instant::now();
    one.event("peer", |event| event["state"] != "away");
    let connected = Instant::now();
    one.event("delivered", |_| true);
    other.event("delivered", |_| true);
    (start.elapsed().as_secs_f64(), connected.elapsed().as_secs_f64(), meter.bytes())
}

/// A third computer gets all from one, then meets the other, which was off meanwhile: both hold the same and have never met.
fn third(one: &mut Computer, other: &mut Computer, records: usize, figures: &mut Figures) {
    other.kill();
    let mut third = Computer::new("Third");
    third.serve();
    let invitation = one.ok(&["invite", SPACE, "--auto"]);
    third.ok(&["join", invitation["link"].as_str().unwrap_or_default(), "--auto"]);
    third.until(&["space", "show", SPACE], |space| space[0]["people"] == records);
    third.kill();
    one.kill();
    let (whole, exchange, bytes) = meet(other, &mut third);
    figures.meeting(THIRD, whole, Some(exchange), bytes);
}
