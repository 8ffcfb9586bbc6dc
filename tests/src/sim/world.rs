//! Several vaults, the links between them, and what must hold after every step.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};

use rusqlite::Connection;
use tuttu_engine::api::{Answer, Command, ListFilter, Outcome, Query};
use tuttu_model::{ComputerId, SpaceId};
use tuttu_sync::membership::{OpBody, VerifiedOp};
use tuttu_sync::session::CloseReason;

use super::holdings::Holdings;
use super::link::{Link, News};
use super::oracle::{Oracle, Sight, id_of};
use super::random::Random;
use super::surroundings::{Time, Virtual};
use super::vault::Vault;
use crate::reference::Id;

/// The shared space.
pub const SPACE: &str = "Shared";
/// Who there is; the first founds the space.
pub const NAMES: [&str; 8] = ["Fay", "Ada", "Bob", "Cleo", "Dan", "Eve", "Gus", "Hal"];
/// When it begins: 2026, in milliseconds.
const BEGINS: i64 = 1_767_225_600_000;
const MINUTE: i64 = 60_000;
const YEAR: i64 = 365 * 24 * 60 * MINUTE;
/// Seeds from here on begin runs in which people have several computers. Those below stay what they were, so that a seed that failed once can be run again.
pub const FURTHER_COMPUTERS: u64 = 1_000_000;
/// Lines of the log that are kept.
const LOG: usize = 400;

/// Several vaults, of which the first founded the space.
pub struct World {
    folder: tempfile::TempDir,
    /// The vaults.
    pub vaults: Vec<Vault>,
    /// The space.
    pub space: SpaceId,
    pub(super) time: Time,
    pub(super) random: Random,
    pub(super) links: Vec<Link>,
    /// While the network is parted: which part each vault is in.
    pub(super) parts: Option<Vec<usize>>,
    /// What each vault held when it was last looked at.
    pub(super) sights: Vec<Option<Sight>>,
    pub(super) touched: BTreeSet<usize>,
    /// By computer: everything that was ever durable on it.
    ever: BTreeMap<ComputerId, BTreeSet<Id>>,
    oracle: Oracle,
    pub(super) written: usize,
    /// People let further computers in, and take them out.
    pub(super) further_computers: bool,
    /// Some feed may have two histories: a vault was copied or put back, or somebody wrote two.
    pub(super) two_histories: bool,
    /// How often each thing worth testing came up.
    pub seen: BTreeMap<&'static str, usize>,
    log: Vec<String>,
    transcript: DefaultHasher,
}

impl World {
    /// `people` vaults, all editors of one space, and `strangers` who are in none.
    ///
    /// # Panics
    /// When something that must work does not.
    #[must_use]
    pub fn new(seed: u64, people: usize, strangers: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (time, mut random) = (Time::at(BEGINS), Random::new(seed));
        let mut vaults: Vec<Vault> = Vec::new();
        for name in NAMES.iter().take(people + strangers) {
            let surroundings = surroundings(&time, &mut random);
            vaults.push(Vault::create(folder.path(), name, surroundings));
        }
        let made = vaults[0].engine().execute(Command::CreateSpace { name: SPACE.into() }).expect("a space");
        let Outcome::Space { id } = made else { panic!("{made:?}") };
        let space = id.parse().expect("a space id");
        let mut world = Self {
            folder,
            sights: vec![None; vaults.len()],
            touched: (0..vaults.len()).collect(),
            vaults,
            space,
            time,
            random,
            links: Vec::new(),
            parts: None,
            ever: BTreeMap::new(),
            oracle: Oracle::new(space),
            written: 0,
            further_computers: seed >= FURTHER_COMPUTERS,
            two_histories: false,
            seen: BTreeMap::new(),
            log: Vec::new(),
            transcript: DefaultHasher::new(),
        };
        for guest in 1..people {
            world.let_in(0, guest, "editor");
        }
        world.look();
        world
    }

    /// A clock and dice for another vault.
    pub(super) fn surroundings(&mut self) -> Virtual {
        surroundings(&self.time, &mut self.random)
    }

    /// Stops the simulation.
    ///
    /// # Panics
    /// Always.
    pub fn fail(&self, why: &str) -> ! {
        panic!("{why}");
    }

    pub(super) fn require(&self, holds: bool, why: impl FnOnce() -> String) {
        if !holds {
            self.fail(&why());
        }
    }

    pub(super) fn count(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    /// Writes down what happened.
    pub(super) fn tell(&mut self, what: String) {
        self.transcript.write(what.as_bytes());
        if self.log.len() >= LOG {
            self.log.remove(0);
        }
        self.log.push(what);
    }

    /// What happened last, line by line.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.join("\n")
    }

    /// What every vault holds, for whoever looks into a failure.
    #[must_use]
    pub fn holdings(&self) -> String {
        let mut lines = Vec::new();
        for (vault, sight) in self.vaults.iter().zip(&self.sights) {
            lines.push(format!("{} {:?} {sight:x?}", vault.name, vault.computer()));
            if sight.is_some() {
                lines.extend(Holdings::read(&Connection::open(vault.database()).expect("the database"), &self.space).lines());
                lines.extend(self.operations(vault));
            }
        }
        lines.join("\n")
    }

    /// The operations a vault holds, parents first, a line each.
    fn operations(&self, vault: &Vault) -> Vec<String> {
        let membership = vault.engine().replica().membership(&self.space).expect("readable").expect("held");
        let line = |op: &VerifiedOp| {
            let parents: Vec<Id> = op.op().parents.iter().map(|parent| id_of(&parent.0)).collect();
            let what = match &op.op().body {
                OpBody::SetRole { person_name, role, .. } => format!("{person_name} becomes {role:?}"),
                OpBody::Certify { person_name, computer, .. } => format!("{person_name} has {computer}"),
                OpBody::Revoke { computer, .. } => format!("{computer} is revoked"),
                other => format!("{other:?}"),
            };
            format!("  op {:x} after {parents:x?} by {:?}: {what}", id_of(&op.hash().0), op.op().signer)
        };
        membership.in_order().map(line).collect()
    }

    /// A number that says everything that happened: equal for equal runs.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.transcript.finish()
    }

    pub(super) fn name(&self, who: usize) -> &str {
        &self.vaults[who].name
    }

    // The network.

    /// Whether two vaults can reach each other now. Copies of one vault have the same key: no network brings them together.
    pub(super) fn reaches(&self, one: usize, other: usize) -> bool {
        let apart = self.parts.as_ref().is_some_and(|parts| parts[one] != parts[other]);
        one != other && !apart && self.vaults[one].computer() != self.vaults[other].computer()
    }

    /// The vault changed: its sessions will be told, and it will be looked at.
    pub(super) fn touch(&mut self, who: usize) {
        self.touched.insert(who);
        for end in self.links.iter_mut().flat_map(|link| &mut link.ends).filter(|end| end.vault == who) {
            end.notice();
        }
        self.note_holdings(who);
    }

    /// What is durable now was durable once, whatever happens to the disk.
    pub(super) fn note_holdings(&mut self, who: usize) {
        let connection = Connection::open(self.vaults[who].database()).expect("the database");
        let held = Holdings::entry_hashes(&connection);
        self.ever.entry(self.vaults[who].computer()).or_default().extend(held.iter().map(|hash| id_of(hash)));
    }

    /// All links of a vault end, with nobody being told.
    pub(super) fn lose_links(&mut self, who: usize) {
        for link in self.links.iter_mut().filter(|link| link.is_of(who)) {
            link.lose(who, &mut self.random);
        }
        // A lost end holds the engine open.
        let (gone, kept) = std::mem::take(&mut self.links).into_iter().partition(|link| link.is_of(who));
        self.links = kept;
        let _: Vec<Link> = gone;
    }

    /// Lets `events` small things happen, each at a random end of a random link.
    pub(super) fn advance(&mut self, events: usize, crashes: bool) {
        for _ in 0..events {
            let busy: Vec<(usize, usize)> =
                self.links.iter().enumerate().flat_map(|(at, link)| link.busy_ends().into_iter().map(move |end| (at, end))).collect();
            if busy.is_empty() {
                break;
            }
            let (link, end) = *self.random.pick(&busy);
            self.happen(link, end);
            let who = self.links.get(link).map(|link| link.ends[end].vault);
            if let Some(who) = who.filter(|_| crashes && self.random.below(300) == 0) {
                self.crash(who);
            }
        }
        self.links.retain(|link| !link.cut || link.can_go_on());
    }

    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Whether two computers share the private space of one person, whose entries look like all others on the wire.
    pub(super) fn are_ones_own(&self, who: usize, remote: &ComputerId) -> bool {
        let replica = self.vaults[who].engine().replica();
        let Some(own) = replica.own_space().expect("readable") else { return false };
        replica.membership(&own).expect("readable").is_some_and(|membership| membership.may_read(remote))
    }

    /// One small thing happens at one end of one link.
    pub(super) fn happen(&mut self, link: usize, end: usize) {
        let (who, remote) = (self.links[link].ends[end].vault, self.links[link].ends[end].remote());
        let before = self.links[link].sent;
        let news = self.links[link].advance(end, &self.vaults, &self.space, &mut self.random);
        let after = self.links[link].sent;
        if self.links[link].ends[end].decided_to_send() {
            self.count("chunks of entries");
            let membership = self.vaults[who].engine().replica().membership(&self.space).expect("readable");
            let allowed = membership.is_some_and(|membership| membership.may_read(&remote)) || self.are_ones_own(who, &remote);
            self.require(allowed, || format!("{} sends entries to {remote}, who may not read (R6)", self.name(who)));
        }
        self.transcript.write_usize(after.1 - before.1);
        match news {
            News::Nothing | News::Moved => {}
            News::Stored(pending) => {
                self.require(!pending || self.two_histories, || format!("{} got an entry before what it rests on (I4)", self.name(who)));
                self.touch(who);
            }
            News::Acknowledged(vector) => {
                let ever = self.ever.get(&remote);
                let held = vector.0.values().all(|(_, tip)| ever.is_some_and(|ever| ever.contains(&id_of(&tip.0))));
                self.require(held, || format!("{} believes that {remote} holds what it never did", self.name(who)));
            }
            News::Equal(_, damaged) => self.require(!damaged, || format!("{} and {remote} hold the same, but differ", self.name(who))),
            News::Closed(reason) => {
                self.tell(format!("{} closed: {reason:?}", self.name(who)));
                let honest = matches!(reason, CloseReason::Peer(_));
                self.require(honest, || format!("{} found {remote} breaking the protocol: {reason:?}", self.name(who)));
            }
        }
    }

    /// Everything in memory of a vault goes, in the middle of whatever it was doing.
    pub(super) fn crash(&mut self, who: usize) {
        self.tell(format!("{} crashes", self.name(who)));
        self.count("crashes");
        self.lose_links(who);
        self.vaults[who].crash();
        self.touched.insert(who);
    }

    // Looking.

    /// Holds every vault that changed against the model, and against the others.
    pub fn look(&mut self) {
        for who in std::mem::take(&mut self.touched) {
            let vault = &self.vaults[who];
            let sight = match self.oracle.look(vault.engine(), &vault.database()) {
                Ok(sight) => sight,
                Err(difference) => self.fail(&format!("{} differs from the reference model in {difference}", vault.name)),
            };
            self.compare_with_before(who, sight.as_ref());
            self.compare_with_others(who, sight.as_ref());
            if let Some(sight) = &sight {
                for (what, happened) in [
                    ("looks with evidence", sight.beyond.0 > 0),
                    ("looks with a tray", sight.beyond.1 > 0),
                    ("looks with a fork", !sight.proofs.is_empty()),
                    ("looks with a collision", sight.collided),
                    ("looks with a frozen feed", !sight.frozen.is_empty()),
                ] {
                    *self.seen.entry(what).or_default() += usize::from(happened);
                }
            }
            self.count("looks");
            self.sights[who] = sight;
        }
    }

    /// Nothing that was durable may vanish.
    fn compare_with_before(&self, who: usize, now: Option<&Sight>) {
        let (Some(before), Some(now)) = (&self.sights[who], now) else { return };
        let kept = before.held.is_subset(&now.held) && before.ops.is_subset(&now.ops) && before.proofs.is_subset(&now.proofs);
        self.require(kept, || format!("{} held something durably and does not any more", self.name(who)));
        let lost = self.vaults[who].memory.saved.iter().find(|(_, entry)| !now.held.contains(entry));
        self.require(lost.is_none(), || format!("{} was told that {lost:?} is saved, and it is not", self.name(who)));
    }

    /// Equal operations, proofs and vectors mean equal contents.
    fn compare_with_others(&self, who: usize, now: Option<&Sight>) {
        let Some(now) = now else { return };
        for (other, sight) in self.sights.iter().enumerate() {
            let Some(sight) = sight.as_ref().filter(|_| other != who) else { continue };
            let equal = sight.ops == now.ops && sight.proofs == now.proofs && sight.vector == now.vector;
            self.require(!equal || sight.accepted == now.accepted, || {
                format!("{} and {} have equal rules and vectors, but other changes count", self.name(who), self.name(other))
            });
        }
    }

    /// What a vault holds, as last looked at.
    pub(super) fn sight(&self, who: usize) -> Option<&Sight> {
        self.sights[who].as_ref()
    }

    /// Whether `who` lets `other` read.
    #[must_use]
    pub fn lets_read(&self, who: usize, other: usize) -> bool {
        self.sight(who).is_some_and(|sight| self.allows(&sight.ops, other))
    }

    /// Whether a vault’s computer may read by a set of operations.
    pub(super) fn allows(&self, ops: &BTreeSet<Id>, who: usize) -> bool {
        self.oracle.may_read(ops, &self.vaults[who].computer())
    }

    pub(super) fn may_write(&self, who: usize) -> bool {
        self.sight(who).is_some_and(|sight| sight.rights.1)
    }

    /// Whether somebody may read, as they know it themselves.
    #[must_use]
    pub fn may_read(&self, who: usize) -> bool {
        self.sight(who).is_some_and(|sight| sight.rights.0)
    }

    /// Why feeds froze that somebody holds.
    ///
    /// # Panics
    /// When the vault cannot be read.
    #[must_use]
    pub fn freezes(&self, who: usize) -> Vec<String> {
        let holdings = Holdings::read(&Connection::open(self.vaults[who].database()).expect("the database"), &self.space);
        holdings.feeds.into_iter().filter(|feed| feed.frozen_at > 0).map(|feed| feed.frozen_why).collect()
    }

    /// Everything shown of the space, by id.
    pub(super) fn contents(&self, who: usize) -> BTreeMap<String, (String, String)> {
        let filter = ListFilter { space: Some(SPACE.into()), limit: 100_000, ..ListFilter::default() };
        let Ok(Answer::Records(records)) = self.vaults[who].engine().query(Query::Records { filter }) else { self.fail("no records") };
        let shown = |view: &tuttu_model::RecordView| serde_json::Value::Object(view.to_json()).to_string();
        records.iter().map(|view| (view.id.clone(), (view.name.clone(), shown(view)))).collect()
    }
}

/// A clock that is minutes off, or years, and dice.
fn surroundings(time: &Time, random: &mut Random) -> Virtual {
    let most = if random.chance(60) { 5 * MINUTE } else { 15 * YEAR };
    let skew = i64::try_from(random.next_u64() % most.unsigned_abs()).unwrap_or(0);
    let skew = if random.chance(50) { skew } else { -skew };
    Virtual::new(time, skew, random.next_u64())
}
