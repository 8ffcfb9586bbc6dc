//! Other programs, two or three processes of each on loopback with the same records. What they are told is in `tests/bench/lines.mjs`.

use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::contacts::contact;
use crate::exchange::figures::{DURABLE, Figures, Outcome, SEARCHABLE, THIRD, reconnect};
use crate::exchange::meter::Meter;
use crate::exchange::{DIFFERENCES, EDITS};
use crate::table::programs;

/// How long each step of a peer may take. What takes longer, and all after it, is not measured and counts as not finished.
const LIMIT: Duration = Duration::from_secs(120);
/// Between two edits: the other side begins to watch.
const PAUSE: Duration = Duration::from_millis(30);

/// A program to compare with.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// Its folder beside the tests.
    folder: &'static str,
    program: Program,
}

#[derive(Debug)]
enum Program {
    /// `peer.mjs` in its folder.
    Node,
    /// Built beside this program.
    Beside(&'static str),
}

pub(crate) const PEERS: [Peer; 3] = [
    Peer { name: "PouchDB", folder: "pouchdb", program: Program::Node },
    Peer { name: "automerge-repo", folder: "automerge-repo", program: Program::Node },
    Peer { name: "samod", folder: "samod", program: Program::Beside("tuttu-bench-samod") },
];

impl Peer {
    fn place(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("bench").join(self.folder)
    }

    /// The program, or what has to be done to have it.
    fn command(&self) -> Result<Command, String> {
        let place = self.place();
        match self.program {
            Program::Node if place.join("node_modules").is_dir() => {
                let mut command = Command::new("node");
                command.arg(place.join("peer.mjs"));
                Ok(command)
            }
            Program::Beside(name) => {
                let program = programs().join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
                let how = format!("run cargo build --release --target-dir target --manifest-path {}/Cargo.toml", place.display());
                program.is_file().then(|| Command::new(program)).ok_or(how)
            }
            Program::Node => Err(format!("run npm ci in {}", place.display())),
        }
    }

    pub(crate) fn measure(&self, records: usize) -> Outcome {
        if let Err(how) = self.command() {
            return Outcome::Absent(how);
        }
        let mut figures = Figures::default();
        let dir = tempfile::tempdir().expect("a folder");
        if self.story(dir.path(), records, &mut figures).is_none() {
            figures.give_up();
        }
        Outcome::Measured(figures)
    }

    /// The same as with Tuttu; `None` as soon as something is not finished in time.
    fn story(&self, dir: &Path, records: usize, figures: &mut Figures) -> Option<()> {
        {
            let (mut one, mut other) = (self.start(dir, "one")?, self.start(dir, "other")?);
            let record = one.make(dir, 0..records)?;
            first(&mut one, &mut other, records, figures)?;
            figures.edits(edits(&mut one, &mut other, &record)?);
        }
        let mut next = records;
        for differences in DIFFERENCES {
            let (mut one, mut other) = (self.start(dir, "one")?, self.start(dir, "other")?);
            for side in [&mut one, &mut other] {
                side.make(dir, next..next + differences)?;
                next += differences;
            }
            let meter = Meter::start(&[]);
            let whole = meet(&mut one, &mut other, next)?;
            figures.meeting(&reconnect(differences), whole, None, meter.bytes());
        }
        {
            let (mut one, mut third) = (self.start(dir, "one")?, self.start(dir, "third")?);
            meet(&mut one, &mut third, next)?;
        }
        let (mut other, mut third) = (self.start(dir, "other")?, self.start(dir, "third")?);
        let meter = Meter::start(&[]);
        let whole = meet(&mut other, &mut third, next)?;
        figures.meeting(THIRD, whole, None, meter.bytes());
        Some(())
    }

    fn start(&self, dir: &Path, side: &str) -> Option<Running> {
        let folder = dir.join(side);
        std::fs::create_dir_all(&folder).expect("a folder");
        let log = std::fs::File::options().create(true).append(true).open(dir.join("peers.log")).expect("a log");
        let mut command = self.command().ok()?;
        let mut child = command.arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn().ok()?;
        let (stdin, stdout) = (child.stdin.take()?, child.stdout.take()?);
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for answer in BufReader::new(stdout).lines().map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok()) {
                if sender.send(answer).is_err() {
                    break;
                }
            }
        });
        let mut running = Running { child, stdin, answers };
        running.ask(&json!({"order": "open"}))?;
        Some(running)
    }
}

/// One computer of a peer.
struct Running {
    child: Child,
    stdin: ChildStdin,
    answers: Receiver<Value>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    fn say(&mut self, order: &Value) -> Option<()> {
        self.stdin.write_all(format!("{order}\n").as_bytes()).ok()
    }

    /// Its answer; `None` when none comes in time, or it ended.
    fn heard(&self) -> Option<Value> {
        self.answers.recv_timeout(LIMIT).ok()
    }

    fn ask(&mut self, order: &Value) -> Option<Value> {
        self.say(order)?;
        self.heard()
    }

    /// By what the first of them is known.
    fn make(&mut self, dir: &Path, numbers: Range<usize>) -> Option<Value> {
        if numbers.is_empty() {
            return Some(Value::Null);
        }
        let lines: String = numbers.map(|n| format!("{}\n", numbered(n))).collect();
        let file = dir.join("records");
        std::fs::write(&file, lines).expect("a file");
        Some(self.ask(&json!({"order": "make", "file": file}))?["first"].take())
    }
}

/// The record, by which its program can tell it from others.
fn numbered(n: usize) -> Value {
    let mut record = contact(n);
    record["number"] = n.into();
    record
}

/// They have no search: a record that can be read counts as found.
fn first(one: &mut Running, other: &mut Running, records: usize, figures: &mut Figures) -> Option<()> {
    let meter = Meter::start(&[one.child.id(), other.child.id()]);
    let time = meet(one, other, records)?;
    figures.add(DURABLE, time);
    figures.add(SEARCHABLE, time);
    figures.costs(&meter);
    Some(())
}

/// From the connection until each has told that it has all, and holds so many.
fn meet(one: &mut Running, other: &mut Running, records: usize) -> Option<f64> {
    let port = other.ask(&json!({"order": "listen"}))?["port"].take();
    let hold = json!({"order": "hold", "count": records});
    let start = Instant::now();
    other.say(&hold)?;
    one.ask(&json!({"order": "connect", "port": port}))?;
    one.ask(&hold)?;
    other.heard()?;
    let time = start.elapsed();
    (time < LIMIT).then_some(time.as_secs_f64())
}

fn edits(one: &mut Running, other: &mut Running, record: &Value) -> Option<Vec<Duration>> {
    let mut times = Vec::new();
    for n in 0..EDITS {
        let value = format!("Notes {n}");
        other.say(&json!({"order": "see", "record": record, "value": value}))?;
        std::thread::sleep(PAUSE);
        let start = Instant::now();
        one.say(&json!({"order": "edit", "record": record, "value": value}))?;
        other.heard()?;
        times.push(start.elapsed());
        one.heard()?;
    }
    Some(times)
}
