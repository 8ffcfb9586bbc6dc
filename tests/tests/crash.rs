//! Real `tuttu` processes, ended with SIGKILL at random moments: every write that was acknowledged is there, the vault is sound, no half backup lies
//! about. `TUTTU_KILLS` says how many times (default 24), `TUTTU_SEED` which times.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tuttu_tests::process::{Computer, tuttu};

/// The key pair of an age recipient, for this test alone.
struct Locksmith {
    recipient: String,
    identity: PathBuf,
}

/// A number that looks random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound.max(1)
    }
}

/// What must be in the vault.
#[derive(Default)]
struct Acknowledged {
    /// Ids that were printed.
    records: BTreeSet<String>,
    /// The notes last acknowledged of a record, and those that were being written when a process was killed since.
    notes: BTreeMap<String, (String, BTreeSet<String>)>,
}

struct World {
    computer: Computer,
    beside: tempfile::TempDir,
    dice: Dice,
    told: Acknowledged,
    locksmith: Locksmith,
    next: u32,
    backups: u32,
    killed: u32,
    /// How long each kind of work takes when nobody kills it, to kill it at a random moment of it.
    takes: BTreeMap<&'static str, Duration>,
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

impl World {
    fn new(seed: u64) -> Self {
        use age::secrecy::ExposeSecret;
        let beside = tempfile::tempdir().unwrap();
        let identity = age::x25519::Identity::generate();
        let file = beside.path().join("identity");
        std::fs::write(&file, identity.to_string().expose_secret()).unwrap();
        let locksmith = Locksmith { recipient: identity.to_public().to_string(), identity: file };
        let (computer, told, takes) = (Computer::new("Ilona"), Acknowledged::default(), BTreeMap::new());
        Self { computer, beside, dice: Dice(seed), told, locksmith, next: 0, backups: 0, killed: 0, takes }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(tuttu());
        command.arg("--vault").arg(self.computer.vault()).arg("--json").args(args);
        command.env_remove("TUTTU_VAULT").env("HOME", self.beside.path()).env("XDG_RUNTIME_DIR", self.beside.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn name(&mut self) -> String {
        self.next += 1;
        format!("Person {:06}", self.next)
    }

    /// Waits a random part of what this work takes, then kills. What the process printed before is given; `true` when it had ended by itself.
    fn kill_some_time(&mut self, kind: &'static str, mut child: Child) -> (Vec<Value>, bool) {
        let stdout = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || BufReader::new(stdout).lines().map_while(Result::ok).collect::<Vec<_>>());
        let takes = self.takes.get(kind).copied().unwrap_or(Duration::from_millis(400));
        let wait = takes.mul_f64(self.dice.below(1_100) as f64 / 1_000.0);
        let begun = Instant::now();
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success(), "{kind} failed by itself");
                self.takes.insert(kind, begun.elapsed());
                break true;
            }
            if begun.elapsed() >= wait {
                child.kill().unwrap();
                child.wait().unwrap();
                self.killed += 1;
                break false;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        let lines = reader.join().unwrap();
        // The last line may be cut off.
        (lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect(), ended)
    }

    fn acknowledge(&mut self, printed: &[Value]) {
        for record in printed {
            if let Some(id) = record["id"].as_str() {
                self.told.records.insert(id.to_owned());
                if let Some(notes) = record["notes"].as_str() {
                    self.told.notes.insert(id.to_owned(), (notes.to_owned(), BTreeSet::new()));
                }
            }
        }
    }

    fn adds(&mut self) {
        let lines: String = (0..150).map(|_| format!("{{\"name\":\"{}\",\"notes\":\"first\"}}\n", self.name())).collect();
        let mut child = self.command(&["add", "person", "--stdin"]).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let feeder = std::thread::spawn(move || drop(stdin.write_all(lines.as_bytes())));
        let (printed, _) = self.kill_some_time("adds", child);
        feeder.join().unwrap();
        self.acknowledge(&printed);
    }

    /// Small edits one after the other, by a process that serves: that one is killed.
    fn edits_through_a_server(&mut self) {
        self.computer.serve();
        let (mut ids, dice) = (self.told.records.iter().cloned().collect::<Vec<_>>(), self.dice.roll());
        ids.truncate(400);
        if ids.is_empty() {
            ids.push(self.computer.ok(&["add", "person", "name=Only one"])["id"].as_str().unwrap().to_owned());
            self.told.records.insert(ids[0].clone());
        }
        let vault = self.computer.vault();
        let editor = std::thread::spawn(move || edit_until_refused(&vault, &ids, dice));
        std::thread::sleep(Duration::from_millis(self.dice.below(350)));
        self.computer.kill();
        self.killed += 1;
        for (id, notes, acknowledged) in editor.join().unwrap() {
            let (held, maybe) =
                self.told.notes.entry(id).or_insert_with(|| (String::new(), BTreeSet::from([String::new(), "first".to_owned()])));
            if acknowledged {
                (*held, *maybe) = (notes, BTreeSet::new());
            } else {
                maybe.insert(notes);
            }
        }
    }

    fn import(&mut self) {
        let cards: String =
            (0..1_500).map(|_| format!("BEGIN:VCARD\r\nVERSION:4.0\r\nFN:{}\r\nNOTE:imported\r\nEND:VCARD\r\n", self.name())).collect();
        let file = self.beside.path().join("cards.vcf");
        std::fs::write(&file, cards).unwrap();
        let before = self.count();
        let child = self.command(&["import", &file.to_string_lossy()]).spawn().unwrap();
        let (_, ended) = self.kill_some_time("import", child);
        let added = self.count() - before;
        let whole = if ended { [1_500; 3] } else { [0, 1_000, 1_500] };
        assert!(whole.contains(&added), "{added} cards of 1500 were added");
    }

    fn rebuild(&mut self) {
        let child = self.command(&["rebuild"]).spawn().unwrap();
        self.kill_some_time("rebuild", child);
    }

    fn backup(&mut self) {
        self.backups += 1;
        let file = self.beside.path().join(format!("backup-{}", self.backups));
        let (path, recipient) = (file.to_string_lossy().into_owned(), self.locksmith.recipient.clone());
        let child = self.command(&["backup", &path, "--recipient", &recipient]).spawn().unwrap();
        let (_, ended) = self.kill_some_time("backup", child);
        assert!(!ended || file.is_file());
        if file.is_file() {
            self.restore(&file);
            std::fs::remove_file(&file).unwrap();
        }
        // What lies there unfinished is named so, and in nobody's way.
        let _ = std::fs::remove_file(self.beside.path().join(format!("backup-{}.part", self.backups)));
    }

    fn restore(&mut self, file: &Path) {
        let vault = self.beside.path().join("restored");
        let run = |args: &[&str]| {
            let mut command = Command::new(tuttu());
            command.arg("--vault").arg(&vault).arg("--json").args(args).env_remove("TUTTU_VAULT").env("HOME", self.beside.path());
            let output = command.env("XDG_RUNTIME_DIR", self.beside.path()).stdin(Stdio::null()).output().unwrap();
            assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
            serde_json::from_slice::<Value>(&output.stdout).unwrap()
        };
        let restored = run(&["restore", &file.to_string_lossy(), "--identity", &self.locksmith.identity.to_string_lossy()]);
        assert!(restored["records"].as_u64().unwrap() >= self.told.records.len() as u64);
        assert_eq!(run(&["check"])["ok"], true);
        std::fs::remove_dir_all(&vault).unwrap();
    }

    fn count(&self) -> u64 {
        self.computer.lines(&["space", "list"])[0]["people"].as_u64().unwrap()
    }

    /// Every acknowledged write is there, and the vault is sound.
    fn verify(&mut self) {
        let report = self.computer.ok(&["check"]);
        assert_eq!((report["ok"].as_bool(), report["damaged"].as_u64()), (Some(true), Some(0)), "{report:#}");
        let held: BTreeMap<String, String> = self
            .computer
            .lines(&["export", "--format", "json"])
            .iter()
            .map(|record| (record["id"].as_str().unwrap().to_owned(), record["notes"].as_str().unwrap_or_default().to_owned()))
            .collect();
        let missing: Vec<_> = self.told.records.iter().filter(|id| !held.contains_key(*id)).collect();
        assert!(missing.is_empty(), "acknowledged records are gone: {missing:?}");
        for (id, (notes, maybe)) in &mut self.told.notes {
            let now = held.get(id).cloned().unwrap_or_default();
            assert!(now == *notes || maybe.contains(&now), "{id} says {now:?}, acknowledged was {notes:?}, under way {maybe:?}");
            // Settled by what is there.
            *notes = now;
            maybe.clear();
        }
    }
}

/// Edits through the process that has the vault, until it is gone. What was written, and whether it was acknowledged.
fn edit_until_refused(vault: &Path, ids: &[String], seed: u64) -> Vec<(String, String, bool)> {
    let mut dice = Dice(seed);
    let mut done = Vec::new();
    let socket_gone = Instant::now() + Duration::from_secs(20);
    while Instant::now() < socket_gone {
        let id = &ids[usize::try_from(dice.below(ids.len() as u64)).unwrap()];
        let notes = format!("edit {}", dice.roll());
        let output = Command::new(tuttu())
            .arg("--vault")
            .arg(vault)
            .args(["--json", "set", id, &format!("notes={notes}")])
            .env("XDG_RUNTIME_DIR", vault.parent().unwrap())
            .env_remove("TUTTU_VAULT")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let acknowledged = output.status.success();
        done.push((id.clone(), notes, acknowledged));
        if !acknowledged || done.len() > 40 {
            break;
        }
    }
    done
}

#[test]
fn whatever_was_acknowledged_survives_any_kill() {
    let (kills, seed) = (number("TUTTU_KILLS", 24), number("TUTTU_SEED", u64::from(std::process::id())));
    println!("TUTTU_SEED={seed} TUTTU_KILLS={kills}");
    let mut killed = 0;
    let mut generation: u64 = 0;
    while killed < kills {
        generation += 1;
        let mut world = World::new(seed.wrapping_add(generation.wrapping_mul(7_919)));
        for round in 0..30 {
            if killed + u64::from(world.killed) >= kills {
                break;
            }
            match (round + world.dice.below(2)) % 5 {
                0 => world.adds(),
                1 => world.edits_through_a_server(),
                2 => world.rebuild(),
                3 => world.backup(),
                _ => world.import(),
            }
            world.verify();
        }
        killed += u64::from(world.killed);
    }
    println!("{killed} processes were killed in {generation} vaults");
}
