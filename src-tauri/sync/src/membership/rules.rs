//! The rules of membership (R1, R1b, R8), asked about any causally closed set of operations.
//!
//! Two questions are kept apart. Whether an operation was *rightful* is asked of its own causal past alone, so the answer never changes.
//! Whether it *counts* is asked of everything known: an operation stops counting when its signer's right is found to have ended without it.
//!
//! Why this ends: a computer's standing rests on certificates nearer to the person key; an operation under a tenure rests on operations under
//! tenures nearer to the genesis, and on those by which the signer gave the tenure up themselves, which rest on nearer ones only. Both trees are
//! at most 64 deep, so the recursion is shallow whatever a peer sends.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Act, CERTIFICATE_DEPTH, Graph, Hand, OpSet};
use super::op::Role;

/// What an operation's own past says of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Intrinsic {
    /// Its signer had the right to make it.
    pub(super) rightful: bool,
    /// For a certificate: how many certificates lie between the computer and the person key.
    tree_depth: usize,
    /// For a revocation: the persons in whose name its signer could speak.
    speaks_for: Vec<usize>,
}

/// Judges every operation in its own past, earliest first.
pub(super) fn intrinsic(graph: &Graph) -> Vec<Intrinsic> {
    let mut known: Vec<Intrinsic> = Vec::with_capacity(graph.nodes.len());
    for op in 0..graph.nodes.len() {
        let judged = Rules::within(graph, &known, graph.past(op)).judge_new(op);
        known.push(judged);
    }
    known
}

/// The rules over one set of operations; remembers what it worked out.
pub(super) struct Rules<'a> {
    graph: &'a Graph,
    known: &'a [Intrinsic],
    /// `None` stands for all operations.
    set: Option<&'a OpSet>,
    effective: BTreeMap<usize, bool>,
    counting: BTreeMap<(usize, usize), bool>,
}

impl<'a> Rules<'a> {
    pub(super) fn over_all(graph: &'a Graph, known: &'a [Intrinsic]) -> Self {
        Self { graph, known, set: None, effective: BTreeMap::new(), counting: BTreeMap::new() }
    }

    fn within(graph: &'a Graph, known: &'a [Intrinsic], set: &'a OpSet) -> Self {
        Self { graph, known, set: Some(set), effective: BTreeMap::new(), counting: BTreeMap::new() }
    }

    fn holds(&self, op: usize) -> bool {
        self.set.is_none_or(|set| set.has(op))
    }

    pub(super) fn is_rightful(&self, op: usize) -> bool {
        self.known[op].rightful
    }

    fn judge_new(&mut self, op: usize) -> Intrinsic {
        let node = &self.graph.nodes[op];
        let mut judged = Intrinsic::default();
        match node.act {
            Act::Certify { person, .. } => {
                let depth = match node.signer {
                    Hand::Key(key) => (key == person).then_some(1),
                    Hand::Computer(computer) if self.is_live(person, computer) => {
                        self.nearest_certificates(person, computer).first().map(|parent| self.known[*parent].tree_depth + 1)
                    }
                    Hand::Computer(_) => None,
                };
                judged.rightful = depth.is_some_and(|depth| depth <= CERTIFICATE_DEPTH);
                judged.tree_depth = depth.unwrap_or_default();
            }
            Act::Revoke { .. } => {
                judged.speaks_for = match node.signer {
                    Hand::Key(key) => vec![key],
                    Hand::Computer(computer) => {
                        let persons = self.graph.persons_of[computer].iter().copied();
                        persons.filter(|person| self.is_live(*person, computer)).collect()
                    }
                };
                judged.rightful = !judged.speaks_for.is_empty();
            }
            Act::Role { .. } | Act::Exclude { .. } | Act::Rename => judged.rightful = op == 0 || self.may_sign_under_tenure(op),
        }
        judged
    }

    fn may_sign_under_tenure(&mut self, op: usize) -> bool {
        let graph = self.graph;
        let node = &graph.nodes[op];
        let (Some(tenure), Some(_)) = (node.tenure, node.rank) else { return false };
        let Some((person, held)) = graph.grant(tenure) else { return false };
        let leaves = node.act == Act::Role { person, role: Role::None };
        let signer_speaks = match node.signer {
            Hand::Key(key) => key == person,
            Hand::Computer(computer) => self.is_live(person, computer),
        };
        signer_speaks && (held == Role::Owner || leaves) && self.is_in_force(tenure)
    }

    /// The certificates that make a computer this person's: of the rightful ones those nearest to the person key, the earliest first. One that counts is
    /// enough: whoever carries a voucher a second time, past a revocation, takes nothing from the first. Every certificate in a chain to the key is nearer than
    /// the one it carries.
    pub(super) fn nearest_certificates(&self, person: usize, computer: usize) -> Vec<usize> {
        let certificates = self.graph.certificates.get(&(person, computer)).into_iter().flatten().copied();
        let mut nearest: Vec<usize> = certificates.filter(|op| self.holds(*op) && self.known[*op].rightful).collect();
        nearest.sort_unstable_by_key(|op| (self.known[*op].tree_depth, *op));
        let depth = nearest.first().map(|op| self.known[*op].tree_depth);
        nearest.retain(|op| Some(self.known[*op].tree_depth) == depth);
        nearest
    }

    /// The first of them that counts, else the first; and whether it counts.
    pub(super) fn certificate(&mut self, person: usize, computer: usize) -> Option<(usize, bool)> {
        let nearest = self.nearest_certificates(person, computer);
        let counting = nearest.iter().copied().find(|op| self.counts(*op, person));
        counting.map(|op| (op, true)).or_else(|| nearest.first().map(|op| (*op, false)))
    }

    /// Whether an operation signed in a person's name stands, as far as the signing computer goes.
    pub(super) fn counts(&mut self, op: usize, person: usize) -> bool {
        if let Some(known) = self.counting.get(&(op, person)) {
            return *known;
        }
        let counts = self.work_out_counts(op, person);
        self.counting.insert((op, person), counts);
        counts
    }

    fn work_out_counts(&mut self, op: usize, person: usize) -> bool {
        let graph = self.graph;
        let node = &graph.nodes[op];
        let computer = match node.signer {
            Hand::Key(key) => return key == person,
            Hand::Computer(computer) => computer,
        };
        if !self.is_certified(person, computer) {
            return false;
        }
        // Two computers of one that revokes itself (a restored copy) must not void each other's revocation.
        let revokes_itself = node.act == Act::Revoke { computer };
        self.revocations(person, computer)
            .into_iter()
            .filter(|revocation| *revocation != op && !graph.precedes(op, *revocation))
            .filter(|revocation| !(revokes_itself && graph.nodes[*revocation].signer == node.signer))
            .all(|revocation| !self.takes_out(revocation, person))
    }

    /// Whether a revocation, or an owner's exclusion, is in force.
    fn takes_out(&mut self, op: usize, person: usize) -> bool {
        match self.graph.nodes[op].act {
            Act::Exclude { .. } => self.is_effective(op),
            _ => self.counts(op, person),
        }
    }

    /// The revocations of a computer by somebody entitled to: the person key, a computer above it, or itself; and owners' exclusions that reach it.
    fn revocations(&self, person: usize, computer: usize) -> Vec<usize> {
        let exclusions = self.graph.exclusions.get(&(person, computer)).into_iter().flatten().copied();
        let mut all: Vec<usize> = exclusions.filter(|op| self.holds(*op) && self.reaches(*op, person)).collect();
        all.extend(self.revocations_by_the_person(person, computer));
        all
    }

    /// Whether an owner's exclusion reaches a member: every owner's tenure the member was ever rightfully given lies below the one it is signed under. So
    /// an exclusion rests on tenures nearer to the genesis than those of whom it speaks of, and two owners' fates never hang on each other.
    fn reaches(&self, exclusion: usize, person: usize) -> bool {
        let Some(under) = self.graph.nodes[exclusion].tenure.filter(|_| self.known[exclusion].rightful) else { return false };
        let owner = |grant: &usize| matches!(self.graph.grant(*grant), Some((_, Role::Owner)));
        let tenures = self.graph.roles_of[person].iter().copied().filter(owner);
        tenures.filter(|op| self.holds(*op) && self.known[*op].rightful).all(|tenure| self.graph.is_above(under, tenure))
    }

    fn revocations_by_the_person(&self, person: usize, computer: usize) -> Vec<usize> {
        let revocations = &self.graph.revocations_of[computer];
        if revocations.is_empty() {
            return Vec::new();
        }
        let above = self.computers_above(person, computer);
        let entitled = |op: &usize| match self.graph.nodes[*op].signer {
            Hand::Key(key) => key == person,
            Hand::Computer(signer) => signer == computer || above.contains(&signer),
        };
        let said = |op: &usize| self.holds(*op) && self.known[*op].speaks_for.contains(&person);
        revocations.iter().copied().filter(|op| said(op) && entitled(op)).collect()
    }

    pub(super) fn computers_above(&self, person: usize, computer: usize) -> Vec<usize> {
        let mut above: Vec<usize> = Vec::new();
        let mut waiting = vec![computer];
        while let Some(at) = waiting.pop() {
            for certificate in self.nearest_certificates(person, at) {
                let Hand::Computer(signer) = self.graph.nodes[certificate].signer else { continue };
                if !above.contains(&signer) {
                    above.push(signer);
                    waiting.push(signer);
                }
            }
        }
        above
    }

    /// The revocations in force on a computer.
    pub(super) fn revoking(&mut self, person: usize, computer: usize) -> Vec<usize> {
        let revocations = self.revocations(person, computer);
        revocations.into_iter().filter(|op| self.takes_out(*op, person)).collect()
    }

    /// Whether a computer counts as this person's.
    pub(super) fn is_live(&mut self, person: usize, computer: usize) -> bool {
        self.is_certified(person, computer) && self.revoking(person, computer).is_empty()
    }

    fn is_certified(&mut self, person: usize, computer: usize) -> bool {
        self.certificate(person, computer).is_some_and(|(_, counts)| counts)
    }

    /// Whether an operation under a tenure stands: it was rightful, its signer counts, and whatever ended its tenure knew of it.
    pub(super) fn is_effective(&mut self, op: usize) -> bool {
        if op == 0 {
            return true;
        }
        if let Some(known) = self.effective.get(&op) {
            return *known;
        }
        let effective = self.work_out_effective(op);
        self.effective.insert(op, effective);
        effective
    }

    fn work_out_effective(&mut self, op: usize) -> bool {
        let graph = self.graph;
        let Some(tenure) = graph.nodes[op].tenure.filter(|_| self.known[op].rightful) else { return false };
        let Some((person, held)) = graph.grant(tenure) else { return false };
        if !self.counts(op, person) || !self.is_effective(tenure) {
            return false;
        }
        if held != Role::Owner {
            return true;
        }
        // Nobody's leaving is undone by their own leaving elsewhere.
        let about_self = graph.grant(op).is_some_and(|(target, _)| target == person);
        graph.roles_of[person]
            .iter()
            .copied()
            .filter(|end| *end != op && self.holds(*end) && !graph.precedes(op, *end))
            .filter(|end| self.could_end(*end, tenure, Role::Owner))
            .filter(|end| !(about_self && graph.in_name_of(*end) == Some(person)))
            .collect::<Vec<_>>()
            .into_iter()
            .all(|end| !self.is_effective(end))
    }

    /// Whether `end`, if it is effective, takes the role that `grant` gave to below `below`.
    fn could_end(&self, end: usize, grant: usize, below: Role) -> bool {
        let graph = self.graph;
        let (Some((person, held)), Some((target, left))) = (graph.grant(grant), graph.grant(end)) else { return false };
        if end == 0 || end == grant || target != person || left >= below.min(held) || graph.precedes(end, grant) {
            return false;
        }
        if held != Role::Owner {
            return true;
        }
        let Some(under) = graph.nodes[end].tenure else { return false };
        let by_self = graph.in_name_of(end) == Some(person);
        // Giving up a tenure gives up the ones as far from the genesis or farther; without this bound two owners' fates can hang on each other.
        graph.is_above(under, grant) || by_self && graph.nodes[under].rank <= graph.nodes[grant].rank
    }

    /// The effective operations that take the role a grant gave to below `below`.
    pub(super) fn ending(&mut self, grant: usize, below: Role) -> Vec<usize> {
        let graph = self.graph;
        let Some((person, _)) = graph.grant(grant) else { return Vec::new() };
        let ends = graph.roles_of[person].iter().copied();
        let possible: Vec<usize> = ends.filter(|end| self.holds(*end) && self.could_end(*end, grant, below)).collect();
        possible.into_iter().filter(|end| self.is_effective(*end)).collect()
    }

    /// The operations because of which a grant gives nothing: those that ended it, those that ended what it was signed under without its knowing, and
    /// whatever voids those that would undo one of them. Who knows these and their past comes to the same conclusion, whatever else it knows.
    pub(super) fn against(&mut self, grant: usize) -> BTreeSet<usize> {
        // A lower role ends it too, and may itself have been ended.
        let Some((_, role)) = self.graph.grant(grant) else { return BTreeSet::new() };
        let ends: BTreeSet<usize> = self.ending(grant, role).into_iter().collect();
        let waiting = ends.iter().copied().chain([grant]).collect();
        self.upheld(ends, waiting)
    }

    /// The same for an owner's exclusion: what voids those that would undo it.
    pub(super) fn behind(&mut self, exclusion: usize) -> BTreeSet<usize> {
        self.upheld(BTreeSet::from([exclusion]), vec![exclusion])
    }

    fn upheld(&mut self, mut against: BTreeSet<usize>, mut waiting: Vec<usize>) -> BTreeSet<usize> {
        let mut seen = BTreeSet::new();
        while let Some(op) = waiting.pop() {
            if seen.insert(op) {
                let (ends, tenure) = self.unknown_ends(op);
                against.extend(ends.iter().filter(|end| self.is_effective(**end)));
                waiting.extend(ends.into_iter().chain(tenure));
                against.extend(self.unknown_revocations(op));
            }
        }
        against
    }

    /// What could end the tenure of an operation that it did not know of, and the tenure.
    fn unknown_ends(&self, op: usize) -> (Vec<usize>, Option<usize>) {
        let graph = self.graph;
        let tenure = graph.nodes[op].tenure;
        let Some((tenure, (person, _))) = tenure.and_then(|tenure| Some((tenure, graph.grant(tenure)?))) else { return (Vec::new(), None) };
        let ends = graph.roles_of[person].iter().copied().filter(|end| *end != op && self.holds(*end) && !graph.precedes(op, *end));
        (ends.filter(|end| self.could_end(*end, tenure, Role::Owner)).collect(), Some(tenure))
    }

    /// Revocations in force of the computer that signed an operation, or of one above it, that it did not know of.
    fn unknown_revocations(&mut self, op: usize) -> Vec<usize> {
        let (Hand::Computer(computer), Some(person)) = (self.graph.nodes[op].signer, self.graph.in_name_of(op)) else { return Vec::new() };
        let mut revocations = self.revoking_above(person, computer);
        revocations.extend(self.revoking(person, computer));
        revocations.retain(|revocation| !self.graph.precedes(op, *revocation));
        revocations
    }

    /// The revocations in force on the computers that vouch for one.
    pub(super) fn revoking_above(&mut self, person: usize, computer: usize) -> Vec<usize> {
        let above = self.computers_above(person, computer);
        above.into_iter().flat_map(|computer| self.revoking(person, computer)).collect()
    }

    /// Whether a grant gives its role now: effective, not ended, and not replaced by a later grant of the same role.
    pub(super) fn is_in_force(&mut self, grant: usize) -> bool {
        let graph = self.graph;
        let Some((person, role)) = graph.grant(grant) else { return false };
        if role == Role::None || !self.is_effective(grant) || !self.ending(grant, role).is_empty() {
            return false;
        }
        // An owner's tenure is ended, never replaced: an equal does not take its place in the tree.
        let replaces = |later: &usize| graph.grant(*later).is_some_and(|(_, other)| other <= role) && graph.precedes(grant, *later);
        let later: Vec<usize> = graph.roles_of[person].iter().copied().filter(|op| self.holds(*op)).filter(replaces).collect();
        role == Role::Owner || later.into_iter().all(|op| !self.is_effective(op))
    }
}
