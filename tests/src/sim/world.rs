//! The people of a simulation, what they do, and what must hold of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tuttu_engine::api::{Answer, Command, ListFilter, Outcome, Query, RecordRef};
use tuttu_engine::{Engine, NewVault};
use tuttu_model::{FieldEdit, SpaceId};

use super::exchange::{Exchange, exchange};
use super::random::Random;

/// The shared space.
pub const SPACE: &str = "Shared";
const NAMES: [&str; 8] = ["Fay", "Ada", "Bob", "Cleo", "Dan", "Eve", "Gus", "Hal"];

/// One person's only computer.
pub struct Vault {
    dir: PathBuf,
    engine: Option<Engine>,
    /// Records this vault was told are saved and that nothing took back: their names.
    acknowledged: BTreeSet<String>,
    snapshot: Option<(PathBuf, BTreeSet<String>)>,
}

impl Vault {
    /// The open engine.
    ///
    /// # Panics
    /// When it is closed, which only happens inside a step.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("the vault is open between steps")
    }

    fn close(&mut self) {
        self.engine = None;
    }

    fn open(&mut self) {
        self.engine = Some(Engine::open(&self.dir).expect("the vault opens again"));
    }
}

/// Several vaults, of which the first founded the space.
pub struct World {
    folder: tempfile::TempDir,
    /// The vaults.
    pub vaults: Vec<Vault>,
    /// The space.
    pub space: SpaceId,
    random: Random,
    written: usize,
    log: Vec<String>,
}

impl World {
    /// `people` vaults, all editors of one space.
    ///
    /// # Panics
    /// When something that must work does not.
    #[must_use]
    pub fn new(seed: u64, people: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut vaults: Vec<Vault> = Vec::new();
        for name in NAMES.iter().take(people) {
            let dir = folder.path().join(name);
            let new = NewVault { person_name: (*name).into(), computer_name: format!("{name}’s computer") };
            let engine = Engine::create(&dir, &new).expect("a vault");
            vaults.push(Vault { dir, engine: Some(engine), acknowledged: BTreeSet::new(), snapshot: None });
        }
        let made = vaults[0].engine().execute(Command::CreateSpace { name: SPACE.into() }).expect("a space");
        let Outcome::Space { id } = made else { panic!("{made:?}") };
        let space = id.parse().expect("a space id");
        let mut world = Self { folder, vaults, space, random: Random::new(seed), written: 0, log: Vec::new() };
        for guest in 1..people {
            world.admit(0, guest, "editor");
        }
        world
    }

    /// Lets a guest in, without a network: what pairing does, step by step.
    fn admit(&mut self, host: usize, guest: usize, role: &str) {
        let (host, guest) = (self.vaults[host].engine(), self.vaults[guest].engine());
        let invite = Command::Invite {
            space: SPACE.into(),
            role: role.into(),
            expires_in: 3_600,
            auto: true,
            for_whom: String::new(),
            hints: Vec::new(),
            relay: None,
        };
        let Ok(Outcome::Invitation { invitation }) = host.execute(invite) else { panic!("no invitation") };
        let certificate = guest.join_certificate(&self.space).expect("a certificate");
        let (_, name, _) = guest.introduction().expect("a name");
        let ops = host.admit(&invitation.id, &guest.computer(), certificate, &name).expect("admitted");
        guest.joined(&self.space, ops).expect("joined");
    }

    /// One random step.
    pub fn step(&mut self) {
        let who = self.random.below(self.vaults.len());
        match self.random.below(100) {
            0..35 => self.write(who),
            35..72 => self.meet(who),
            72..82 => self.membership(who),
            82..90 => self.crash(who),
            90..94 => self.snapshot(who),
            94..96 => self.roll_back(who),
            96..98 => self.note_to_self(who),
            _ => self.forge(who),
        }
    }

    fn may_write(&self, who: usize) -> bool {
        let replica = self.vaults[who].engine().replica();
        let membership = replica.membership(&self.space).expect("readable").expect("the space is held");
        membership.may_write(&self.vaults[who].engine().computer())
    }

    fn people(&self, who: usize) -> Vec<(String, String)> {
        let filter = ListFilter { kind: "person".into(), space: Some(SPACE.into()), limit: 100_000, ..ListFilter::default() };
        match self.vaults[who].engine().query(Query::List { filter }) {
            Ok(Answer::List(page)) => page.rows.into_iter().map(|row| (row.id, row.name)).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn write(&mut self, who: usize) {
        let people = self.people(who);
        let may = self.may_write(who);
        self.written += 1;
        let command = if people.is_empty() || self.random.chance(50) {
            let record = format!("{{\"name\":\"P{:04} by {}\"}}", self.written, NAMES[who]);
            Command::Add { space: Some(SPACE.into()), kind: "person".into(), records: vec![record] }
        } else {
            let (id, _) = self.random.pick(&people).clone();
            let field = (*self.random.pick(&["notes", "birthday", "nickname"])).to_owned();
            let edit = FieldEdit::Set { field, label: None, value: format!("value {} of {}", self.written, NAMES[who]) };
            Command::Edit { record: RecordRef { space: Some(SPACE.into()), id }, edits: vec![edit] }
        };
        let added = matches!(command, Command::Add { .. });
        let result = self.vaults[who].engine().execute(command);
        assert_eq!(result.is_ok(), may, "who may write must be able to, and nobody else: {result:?}");
        self.log.push(format!("{} writes {}: {may}", NAMES[who], self.written));
        if added && may {
            self.vaults[who].acknowledged.insert(format!("P{:04} by {}", self.written, NAMES[who]));
        }
    }

    /// Something private, which must never leave.
    fn note_to_self(&mut self, who: usize) {
        let record = format!("{{\"name\":\"SECRET of {}\"}}", NAMES[who]);
        let command = Command::Add { space: None, kind: "person".into(), records: vec![record] };
        assert!(self.vaults[who].engine().execute(command).is_ok());
    }

    fn meet(&mut self, who: usize) {
        let other = self.random.below(self.vaults.len());
        if other != who {
            let cut = self.random.chance(40).then(|| self.random.below(12));
            let done = self.exchange(who, other, cut);
            self.log.push(format!("{} meets {} cut {cut:?}: {done:?}", NAMES[who], NAMES[other]));
        }
    }

    /// Lets two vaults exchange.
    pub fn exchange(&mut self, one: usize, other: usize, cut: Option<usize>) -> Exchange {
        let nonces = [self.random.bytes32(), self.random.bytes32()];
        exchange(self.vaults[one].engine(), self.vaults[other].engine(), nonces, cut)
    }

    fn membership(&mut self, who: usize) {
        let member = self.random.below(self.vaults.len());
        if member == who {
            return;
        }
        let role = (*self.random.pick(&["viewer", "editor", "editor", "owner", "none"])).to_owned();
        let command = Command::SetRole { space: SPACE.into(), member: NAMES[member].into(), role: role.clone() };
        // Refused for whoever is not an owner; the simulation goes on either way.
        let result = self.vaults[who].engine().execute(command);
        self.log.push(format!("{} makes {} {role}: {}", NAMES[who], NAMES[member], result.is_ok()));
    }

    fn crash(&mut self, who: usize) {
        self.vaults[who].close();
        self.vaults[who].open();
    }

    fn snapshot(&mut self, who: usize) {
        let to = self.folder.path().join(format!("{}-snapshot", NAMES[who]));
        let vault = &mut self.vaults[who];
        vault.close();
        let _ = std::fs::remove_dir_all(&to);
        copy_folder(&vault.dir, &to);
        vault.snapshot = Some((to, vault.acknowledged.clone()));
        vault.open();
        self.log.push(format!("{} is copied", NAMES[who]));
    }

    /// An old copy of the folder is put back: what was written since is gone from this disk, perhaps not from others’.
    fn roll_back(&mut self, who: usize) {
        let vault = &mut self.vaults[who];
        let Some((from, acknowledged)) = vault.snapshot.take() else { return };
        vault.close();
        std::fs::remove_dir_all(&vault.dir).expect("the folder goes");
        copy_folder(&from, &vault.dir);
        vault.acknowledged = acknowledged;
        vault.open();
        self.log.push(format!("{} is rolled back", NAMES[who]));
    }

    /// A member with a modified program sends changes in somebody else’s name; nobody may believe them.
    fn forge(&mut self, who: usize) {
        let target = self.random.below(self.vaults.len());
        let victim = self.random.below(self.vaults.len());
        if target == who || target == victim || who == victim || !self.may_write(who) {
            return;
        }
        let forged = super::forge::in_the_name_of(self.vaults[victim].engine(), self.vaults[who].engine(), &self.space);
        let outcome = self.vaults[target].engine().apply_remote(&self.vaults[who].engine().computer(), &self.space, forged);
        assert!(outcome.stored == 0, "a forged entry was stored: {outcome:?}");
    }

    /// Lets everybody meet until nothing changes, then holds everything against everything.
    ///
    /// # Panics
    /// When vaults differ, something acknowledged is lost, or something private leaked.
    pub fn settle(&mut self, seed: u64) {
        for round in 0..30 {
            let before = self.vectors();
            for one in 0..self.vaults.len() {
                for other in 0..one {
                    self.exchange(one, other, None);
                }
            }
            if before == self.vectors() {
                break;
            }
            assert!(round < 29, "seed {seed}: it does not settle\n{}", self.log.join("\n"));
        }
        self.verify(seed);
    }

    fn vectors(&self) -> Vec<tuttu_sync::feed::Vector> {
        self.vaults.iter().map(|vault| vault.engine().replica().vector(&self.space).expect("readable")).collect()
    }

    fn verify(&self, seed: u64) {
        let tell = || format!("seed {seed}\n{}", self.log.join("\n"));
        let founder = self.vaults[0].engine().replica().membership(&self.space).expect("readable").expect("held");
        let current: Vec<usize> = (0..self.vaults.len()).filter(|at| founder.may_read(&self.vaults[*at].engine().computer())).collect();
        let expected = self.contents(0);
        for at in &current {
            let replica = self.vaults[*at].engine().replica();
            assert_eq!(replica.vector(&self.space), self.vaults[0].engine().replica().vector(&self.space), "{}", tell());
            assert_eq!(replica.accumulator(&self.space), self.vaults[0].engine().replica().accumulator(&self.space), "{}", tell());
            assert_eq!(self.contents(*at), expected, "{} differs from Fay; {}", NAMES[*at], tell());
            let Ok(Answer::Check(report)) = self.vaults[*at].engine().query(Query::Check) else { panic!("no check") };
            assert!(report.problems.is_empty(), "{:?} {}", report.problems, tell());
        }
        for at in &current {
            if self.may_write(*at) {
                for name in &self.vaults[*at].acknowledged {
                    assert!(expected.contains_key(name), "{name} was saved and is lost; {}", tell());
                }
            }
        }
        assert!(!expected.keys().any(|name| name.contains("SECRET") || name.contains("FORGED")), "{}", tell());
    }

    /// Everything shown of the space, by name.
    fn contents(&self, who: usize) -> BTreeMap<String, String> {
        let filter = ListFilter { space: Some(SPACE.into()), limit: 100_000, ..ListFilter::default() };
        let Ok(Answer::Records(records)) = self.vaults[who].engine().query(Query::Records { filter }) else { panic!("no records") };
        records.into_iter().map(|view| (view.name.clone(), serde_json::Value::Object(view.to_json()).to_string())).collect()
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for item in std::fs::read_dir(from).expect("a folder") {
        let item = item.expect("an item");
        let (path, target) = (item.path(), to.join(item.file_name()));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else if path.is_file() {
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}
