//! Three computers that write and exchange without a pause, and one after the other is ended with SIGKILL in the middle of it: nothing that was acknowledged is
//! lost anywhere. `TUTTU_KILLS` says how many times (default 8), `TUTTU_SEED` which times.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tuttu_tests::process::{Computer, share, tuttu};

const SPACE: &str = "Harbour";
const PEOPLE: [&str; 3] = ["Ilona", "Maria", "Jon"];
/// Kills before the three must agree, and three others begin.
const TOGETHER: u64 = 10;
/// Records that are added in one go.
const BATCH: u32 = 60;
/// A process is killed within this time after the writing begins.
const WITHIN: u64 = 1_200;

/// A number that looks random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn who_is_killed_in_the_middle_of_an_exchange_loses_nothing() {
    let (kills, seed) = (number("TUTTU_KILLS", 8), number("TUTTU_SEED", u64::from(std::process::id())));
    println!("TUTTU_SEED={seed} TUTTU_KILLS={kills}");
    let (mut dice, begun) = (Dice(seed), Instant::now());
    let (mut in_the_middle, mut killed, mut records) = (0, 0, 0);
    while in_the_middle < kills {
        let mut three = Three::met();
        let until = kills.min(in_the_middle + TOGETHER);
        while in_the_middle < until {
            in_the_middle += u64::from(three.one_is_killed(&mut dice));
            killed += 1;
            assert!(killed < 20 + 4 * kills, "of {killed} kills only {in_the_middle} were in the middle of an exchange");
        }
        records += three.agree();
        println!("{killed} kills, {in_the_middle} of them in the middle of an exchange; {records} records; {:?}", begun.elapsed());
    }
}

/// What somebody was told is written.
#[derive(Default)]
struct Told {
    /// How many names were used.
    names: u32,
    /// Ids that were printed.
    records: BTreeSet<String>,
    /// The record whose notes are written again and again.
    diary: Option<String>,
    /// What the diary says, and what it may say as well: what was under way when the process was killed.
    says: String,
    maybe: BTreeSet<String>,
}

struct Three {
    computers: [Computer; 3],
    told: [Told; 3],
}

impl Three {
    fn met() -> Self {
        let mut computers = PEOPLE.map(Computer::new);
        computers.iter_mut().for_each(Computer::serve);
        let [ilona, maria, jon] = &computers;
        ilona.ok(&["space", "new", SPACE]);
        share(ilona, maria, SPACE, "editor");
        share(ilona, jon, SPACE, "editor");
        Self { computers, told: Default::default() }
    }

    fn acknowledged(&self) -> u64 {
        self.told.iter().map(|told| told.records.len() as u64).sum()
    }

    /// Some of them write, one of them is killed meanwhile and started again. Whether it was in the middle of an exchange: something acknowledged had not
    /// arrived.
    fn one_is_killed(&mut self, dice: &mut Dice) -> bool {
        let victim = usize::try_from(dice.below(3)).unwrap();
        let write = 1 + dice.below(7);
        let writes = |n: usize| write & (1 << n) != 0;
        let after = Duration::from_millis(dice.below(WITHIN));
        let (stop, acknowledged) = (AtomicBool::new(false), AtomicU64::new(self.acknowledged()));
        let vaults = self.computers.each_ref().map(Computer::vault);
        let victims = &mut self.computers[victim];
        let before = std::thread::scope(|scope| {
            for ((n, told), vault) in self.told.iter_mut().enumerate().zip(&vaults).filter(|((n, _), _)| writes(*n)) {
                let (stop, acknowledged) = (&stop, &acknowledged);
                scope.spawn(move || Writer { vault, name: PEOPLE[n], told, acknowledged }.write_until(stop));
            }
            std::thread::sleep(after);
            // Never more than it was: what is being read of an answer is not counted yet.
            let before = acknowledged.load(Ordering::SeqCst);
            stop.store(true, Ordering::SeqCst);
            victims.kill();
            before
        });
        let alone = write == 1 << victim;
        let behind = |computer: &Computer| computer.ok(&["space", "show", SPACE])["people"].as_u64().unwrap() < before;
        // While the others write, what they have says nothing about the killed one.
        let sent = alone && self.computers.iter().enumerate().any(|(n, computer)| n != victim && behind(computer));
        self.computers[victim].serve();
        sent || behind(&self.computers[victim])
    }

    /// Waits until each says that the others have all; then all hold the same, and whatever was acknowledged. How many records that is.
    fn agree(&self) -> u64 {
        for computer in &self.computers {
            computer.until(&["status"], |status| status[0]["sync"]["kind"] == "all");
        }
        let held = self.computers.each_ref().map(|computer| {
            let mut records = computer.lines(&["export", "--format", "json", "--space", SPACE]);
            records.sort_by_key(|record| text(&record["id"]).to_owned());
            let report = computer.ok(&["check"]);
            assert_eq!((&report["ok"], &report["damaged"]), (&Value::Bool(true), &Value::from(0)), "{report:#}");
            records
        });
        assert!(
            held[0] == held[1] && held[1] == held[2],
            "they hold {:?} records, or the same ones differently",
            held.each_ref().map(Vec::len)
        );
        let records: BTreeMap<&str, &Value> = held[0].iter().map(|record| (text(&record["id"]), record)).collect();
        let names: BTreeSet<&str> = held[0].iter().map(|record| text(&record["name"])).collect();
        assert_eq!(names.len(), held[0].len(), "something is there twice");
        for (told, author) in self.told.iter().zip(PEOPLE) {
            for id in &told.records {
                let record = records.get(id.as_str()).unwrap_or_else(|| panic!("{id} of {author} was acknowledged and is gone"));
                assert!(text(&record["name"]).starts_with(author) && record["created"]["by"] == author, "{record:#}");
            }
            let says = told.diary.as_ref().map(|id| text(&records[id.as_str()]["notes"])).unwrap_or_default();
            assert!(says == told.says || told.maybe.contains(says), "{author}’s diary says {says}, acknowledged was {}", told.says);
        }
        held[0].len() as u64
    }
}

/// Writes on one computer through the process that has the vault.
struct Writer<'a> {
    vault: &'a Path,
    name: &'static str,
    told: &'a mut Told,
    acknowledged: &'a AtomicU64,
}

impl Writer<'_> {
    /// Adds and edits in turn until told to stop, or until nobody answers.
    fn write_until(mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::SeqCst) && self.adds() && self.edits() {}
    }

    /// Whether it was done to its end.
    fn adds(&mut self) -> bool {
        let names = self.told.names..self.told.names + BATCH;
        self.told.names = names.end;
        let lines: String =
            names.map(|n| format!("{{\"name\":\"{} {n:06}\",\"emails\":[{{\"value\":\"{n}@quay.example\"}}]}}\n", self.name)).collect();
        let (printed, done) = self.say(&["add", "person", "--stdin", "--space", SPACE], &lines);
        for record in &printed {
            self.told.records.insert(text(&record["id"]).to_owned());
        }
        self.acknowledged.fetch_add(printed.len() as u64, Ordering::SeqCst);
        done
    }

    fn edits(&mut self) -> bool {
        let Some(diary) = self.told.diary.clone().or_else(|| self.told.records.first().cloned()) else { return true };
        self.told.diary = Some(diary.clone());
        let says = format!("after {} records", self.told.names);
        let (_, done) = self.say(&["set", &diary, &format!("notes={says}"), "--space", SPACE], "");
        if done {
            (self.told.says, self.told.maybe) = (says, BTreeSet::new());
        } else {
            self.told.maybe.insert(says);
        }
        done
    }

    /// Runs a command; what it printed, and whether it succeeded.
    fn say(&self, args: &[&str], input: &str) -> (Vec<Value>, bool) {
        let home: PathBuf = self.vault.parent().map(Path::to_owned).unwrap_or_default();
        let mut command = Command::new(tuttu());
        command.arg("--vault").arg(self.vault).arg("--json").args(args);
        command.env_remove("TUTTU_VAULT").env("HOME", &home).env("XDG_RUNTIME_DIR", &home);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        // A command that was refused does not read.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        (printed, output.status.success())
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
