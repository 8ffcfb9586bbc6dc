//! The end of a run: everybody meets until nothing moves, then everything is held against everything.

use std::collections::{BTreeMap, BTreeSet};

use tuttu_engine::api::{Answer, Query};

use super::link::Link;
use super::world::World;
use crate::reference::Id;

/// Rounds of meetings after which it must have become quiet.
const ROUNDS: usize = 30;
/// Small things after which one exchange must have ended.
const ENDLESS: usize = 200_000;
/// Frames and bytes of both sides together for a meeting of two that hold the same.
const NOTHING_NEW: (usize, usize) = (12, 6_000);

impl World {
    /// Lets everybody meet until nothing changes, then compares all vaults.
    pub fn settle(&mut self) {
        self.parts = None;
        for at in 0..self.links.len() {
            self.links[at].break_off(&mut self.random);
        }
        self.advance(usize::MAX, false);
        self.links.clear();
        self.look();
        let kept = self.promises();
        let mut cost = BTreeMap::new();
        for round in 0.. {
            let before = self.sights.clone();
            for one in 0..self.vaults.len() {
                for other in (0..one).filter(|other| self.reaches(one, *other)).collect::<Vec<_>>() {
                    cost.insert((one, other), self.meet(one, other));
                }
            }
            if before == self.sights {
                break;
            }
            self.require(round < ROUNDS, || "it does not become quiet".into());
        }
        self.verify(&kept);
        self.require_cheap(&cost);
        self.mesh();
    }

    /// One whole exchange of two; frames and bytes it took.
    pub fn meet(&mut self, one: usize, other: usize) -> (usize, usize) {
        let link = Link::new(&self.vaults, one, other, &mut self.random);
        self.links.push(link);
        self.run_dry();
        let link = self.links.remove(0);
        self.require(link.is_quiet(), || format!("{} and {} wait for each other", self.name(one), self.name(other)));
        self.look();
        link.sent
    }

    fn run_dry(&mut self) {
        for event in 0.. {
            let busy: Vec<(usize, usize)> =
                self.links.iter().enumerate().flat_map(|(at, link)| link.busy_ends().into_iter().map(move |end| (at, end))).collect();
            if busy.is_empty() {
                return;
            }
            self.require(event < ENDLESS, || "an exchange does not end".into());
            let (link, end) = *self.random.pick(&busy);
            self.happen(link, end);
        }
    }

    /// With everybody connected to everybody at once, nothing more may come.
    fn mesh(&mut self) {
        let before = self.sights.clone();
        for one in 0..self.vaults.len() {
            for other in 0..one {
                if self.reaches(one, other) {
                    let link = Link::new(&self.vaults, one, other, &mut self.random);
                    self.links.push(link);
                }
            }
        }
        self.run_dry();
        self.look();
        self.links.clear();
        self.require(before == self.sights, || "something came when everybody was connected at once".into());
    }

    /// Those who hold the same find that out with a few short frames.
    fn require_cheap(&self, cost: &BTreeMap<(usize, usize), (usize, usize)>) {
        for ((one, other), (frames, bytes)) in cost {
            if self.may_read(*one) && self.may_read(*other) {
                // Computers of one person speak of two spaces.
                let spaces = 1 + usize::from(self.are_ones_own(*one, &self.vaults[*other].computer()));
                let cheap = *frames <= spaces * NOTHING_NEW.0 && *bytes <= spaces * NOTHING_NEW.1;
                self.require(cheap, || {
                    format!("{} and {} hold the same and still take {frames} frames, {bytes} bytes", self.name(*one), self.name(*other))
                });
            }
        }
    }

    /// By name: saved records that a vault which may read still holds, with who wrote them and in which entry.
    fn promises(&self) -> Vec<(String, usize, Id)> {
        let readers = (0..self.vaults.len()).filter(|who| self.may_read(*who));
        let held: BTreeSet<Id> = readers.filter_map(|who| self.sight(who)).flat_map(|sight| sight.held.iter().copied()).collect();
        let mut promises = Vec::new();
        for (who, vault) in self.vaults.iter().enumerate() {
            promises.extend(
                vault.memory.saved.iter().filter(|(_, entry)| held.contains(entry)).map(|(name, entry)| (name.clone(), who, *entry)),
            );
        }
        promises
    }

    fn verify(&mut self, promises: &[(String, usize, Id)]) {
        let readers: Vec<usize> = (0..self.vaults.len()).filter(|who| self.may_read(*who)).collect();
        self.verify_rights(&readers);
        let Some(first) = readers.first().copied() else { return };
        self.count("runs that end with a member");
        let expected = self.contents(first);
        for who in readers.iter().copied().filter(|who| self.can_meet(&readers) && !self.are_apart(first, *who)) {
            let (one, other) = (self.sight(first), self.sight(who));
            let pair = || format!("{} and {}", self.name(first), self.name(who));
            self.require(one.map(|it| &it.ops) == other.map(|it| &it.ops), || format!("{} have different operations", pair()));
            self.require(one.map(|it| &it.proofs) == other.map(|it| &it.proofs), || format!("{} know different forks", pair()));
            self.require(one.map(|it| &it.vector) == other.map(|it| &it.vector), || format!("{} have different vectors", pair()));
            self.require(one.map(|it| &it.accepted) == other.map(|it| &it.accepted), || format!("{} accept differently", pair()));
            self.require(self.contents(who) == expected, || format!("{} show different records", pair()));
            let replicas = [first, who].map(|who| self.vaults[who].engine().replica().accumulator(&self.space).expect("readable"));
            self.require(replicas[0] == replicas[1], || format!("{} have different accumulators", pair()));
        }
        for who in 0..self.vaults.len() {
            let Ok(Answer::Check(report)) = self.vaults[who].engine().query(Query::Check) else { self.fail("no check") };
            self.require(report.problems.is_empty(), || format!("{}: {:?}", self.name(who), report.problems));
            let shown = self.vaults[who].engine().query(Query::Status).is_ok();
            self.require(shown, || format!("{} shows nothing", self.name(who)));
        }
        let names: BTreeSet<&str> = expected.values().map(|(name, _)| name.as_str()).collect();
        let together = |writer: usize| self.can_meet(&readers) && !self.are_apart(first, writer);
        let promises = promises.iter().filter(|(_, writer, _)| self.may_write(*writer) && together(*writer));
        for (name, writer, entry) in promises {
            let there = names.contains(name.as_str());
            self.require(there, || format!("{name} was saved by {} and is lost: {}", self.name(*writer), self.whereabouts(*entry)));
        }
        let leaked = names.iter().find(|name| name.contains("SECRET") || name.contains("FORGED"));
        self.require(leaked.is_none(), || format!("{leaked:?} is shown"));
    }

    /// Who holds an entry, and whether it is valid there.
    fn whereabouts(&self, entry: Id) -> String {
        let known = self.sights.iter().enumerate().filter_map(|(who, sight)| sight.as_ref().map(|sight| (who, sight)));
        let here = known.filter(|(_, sight)| sight.held.contains(&entry));
        here.map(|(who, sight)| format!("{} (valid: {}) ", self.name(who), sight.valid.contains(&entry))).collect()
    }

    /// Copies of one vault never meet directly: with nobody else in the space they need not be equal.
    fn can_meet(&self, readers: &[usize]) -> bool {
        readers.iter().map(|who| self.vaults[*who].computer()).collect::<BTreeSet<_>>().len() > 1
    }

    /// Each believes that the other is out: neither offers the space any more. It takes a copy that left or was revoked on its own: its original never hears
    /// of that from those who do not talk to it.
    fn are_apart(&self, one: usize, other: usize) -> bool {
        self.two_histories && one != other && !self.lets_read(one, other) && !self.lets_read(other, one)
    }

    /// All who may read agree on who may.
    fn verify_rights(&self, readers: &[usize]) {
        for who in readers {
            let Some(sight) = self.sight(*who) else { continue };
            for other in 0..self.vaults.len() {
                // A copy may know what its original was never told.
                let copy = other != *who && self.vaults[other].computer() == self.vaults[*who].computer();
                // Nor does a vault hold the space at all that was put back to before it joined, or whose copy joined: R6 serves whoever offers a space, and
                // nobody offers one they do not hold. An invitation brings it.
                let forgot = self.two_histories && self.sight(other).is_none();
                let allowed = self.allows(&sight.ops, other);
                let apart = self.are_apart(*who, other);
                self.require(copy || forgot || apart || allowed == self.may_read(other), || {
                    format!("{} may read: {} says {allowed}, they themselves say {}", self.name(other), self.name(*who), !allowed)
                });
            }
        }
    }
}
