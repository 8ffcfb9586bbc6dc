//! The graph of operations in dense form: every operation, person and computer is a small number.
//!
//! Invariant of this module and of [`super::rules`]: operations are numbered by (depth, hash), so a lower number is never a descendant and
//! comparing numbers compares (depth, hash); operation 0 is the genesis. Every number handed out is below the length of the table it indexes,
//! and the tables never shrink, which is why they are indexed directly.

use std::collections::BTreeMap;

use tuttu_model::{ComputerId, OpHash, PersonId};

use super::op::{OpBody, Role, Signer, VerifiedOp};

/// Longest chain of owners each made owner by the one before; bounds the work of the fold.
pub(super) const TENURE_DEPTH: usize = 64;
/// Longest chain of computers each certified by the one before.
pub(super) const CERTIFICATE_DEPTH: usize = 64;

/// A set of operations, one bit each.
#[derive(Debug, Clone, Default)]
pub(super) struct OpSet(Vec<u64>);

impl OpSet {
    pub(super) fn has(&self, op: usize) -> bool {
        self.0.get(op / 64).is_some_and(|word| word >> (op % 64) & 1 == 1)
    }

    fn insert(&mut self, op: usize) {
        if self.0.len() <= op / 64 {
            self.0.resize(op / 64 + 1, 0);
        }
        if let Some(word) = self.0.get_mut(op / 64) {
            *word |= 1 << (op % 64);
        }
    }

    fn insert_all(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }
}

/// Who signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hand {
    /// A person's key.
    Key(usize),
    /// A computer.
    Computer(usize),
}

/// What an operation does, as far as rights go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// Sets a role; the genesis makes its founder owner.
    Role { person: usize, role: Role },
    /// Vouches for a computer.
    Certify { person: usize, computer: usize },
    /// Takes a computer out.
    Revoke { computer: usize },
    /// Takes a member's computer out, by an owner.
    Exclude { person: usize, computer: usize },
    /// Changes no right.
    Rename,
}

/// One operation.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) hash: OpHash,
    pub(super) depth: usize,
    pub(super) signer: Hand,
    pub(super) act: Act,
    /// The grant it is signed under; only if that is in its past and gives a role.
    pub(super) tenure: Option<usize>,
    /// Grants between it and the genesis; `None` when it hangs on nothing or too deep.
    pub(super) rank: Option<usize>,
    past: OpSet,
}

/// The graph, with the indexes the rules need.
#[derive(Debug, Clone, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) numbers: BTreeMap<OpHash, usize>,
    pub(super) persons: Vec<PersonId>,
    pub(super) computers: Vec<ComputerId>,
    person_numbers: BTreeMap<PersonId, usize>,
    computer_numbers: BTreeMap<ComputerId, usize>,
    /// By person: the operations that set their role, the genesis among them.
    pub(super) roles_of: Vec<Vec<usize>>,
    /// By computer: the operations that revoke it.
    pub(super) revocations_of: Vec<Vec<usize>>,
    /// By (person, computer): the operations by which owners took it out.
    pub(super) exclusions: BTreeMap<(usize, usize), Vec<usize>>,
    /// By computer: the persons a certificate names for it, in order of first certificate.
    pub(super) persons_of: Vec<Vec<usize>>,
    /// By (person, computer): the certificates.
    pub(super) certificates: BTreeMap<(usize, usize), Vec<usize>>,
}

impl Graph {
    /// Builds the graph of what hangs together from this genesis; the rest is left out.
    pub(super) fn build(genesis: OpHash, ops: &BTreeMap<OpHash, VerifiedOp>) -> Self {
        let mut graph = Self::default();
        for (depth, hash) in in_order(genesis, ops) {
            if let Some(op) = ops.get(&hash) {
                graph.add(hash, depth, op);
            }
        }
        graph
    }

    /// Whether `earlier` is in the causal past of `later`.
    pub(super) fn precedes(&self, earlier: usize, later: usize) -> bool {
        self.nodes[later].past.has(earlier)
    }

    /// The causal past of an operation.
    pub(super) fn past(&self, op: usize) -> &OpSet {
        &self.nodes[op].past
    }

    /// The person and role an operation gives, if that is what it does.
    pub(super) fn grant(&self, op: usize) -> Option<(usize, Role)> {
        match self.nodes[op].act {
            Act::Role { person, role } => Some((person, role)),
            Act::Certify { .. } | Act::Revoke { .. } | Act::Exclude { .. } | Act::Rename => None,
        }
    }

    /// The person in whose name an operation under a tenure is signed.
    pub(super) fn in_name_of(&self, op: usize) -> Option<usize> {
        self.nodes[op].tenure.and_then(|tenure| self.grant(tenure)).map(|(person, _)| person)
    }

    /// Whether `above` is a proper ancestor of `tenure` in the tree of grants.
    pub(super) fn is_above(&self, above: usize, tenure: usize) -> bool {
        let mut at = self.nodes[tenure].tenure;
        while let Some(op) = at {
            if op == above {
                return true;
            }
            at = self.nodes[op].tenure;
        }
        false
    }

    pub(super) fn person(&self, id: &PersonId) -> Option<usize> {
        self.person_numbers.get(id).copied()
    }

    pub(super) fn computer(&self, id: &ComputerId) -> Option<usize> {
        self.computer_numbers.get(id).copied()
    }

    fn number_person(&mut self, id: PersonId) -> usize {
        let next = self.persons.len();
        let number = *self.person_numbers.entry(id).or_insert(next);
        if number == next {
            self.persons.push(id);
            self.roles_of.push(Vec::new());
        }
        number
    }

    fn number_computer(&mut self, id: ComputerId) -> usize {
        let next = self.computers.len();
        let number = *self.computer_numbers.entry(id).or_insert(next);
        if number == next {
            self.computers.push(id);
            self.revocations_of.push(Vec::new());
            self.persons_of.push(Vec::new());
        }
        number
    }

    fn add(&mut self, hash: OpHash, depth: usize, verified: &VerifiedOp) {
        let number = self.nodes.len();
        let op = verified.op();
        let mut past = OpSet::default();
        for parent in op.parents.iter().filter_map(|parent| self.numbers.get(parent)) {
            past.insert_all(&self.nodes[*parent].past);
            past.insert(*parent);
        }
        let signer = match op.authority() {
            Signer::Person(id) => Hand::Key(self.number_person(id)),
            Signer::Computer(id) => Hand::Computer(self.number_computer(id)),
        };
        let tenure = op.tenure.and_then(|tenure| self.numbers.get(&tenure).copied());
        let tenure = tenure.filter(|tenure| past.has(*tenure) && self.grant(*tenure).is_some_and(|(_, role)| role > Role::None));
        let act = self.index(number, &op.body);
        let rank = match (number, tenure) {
            (0, _) => Some(0),
            (_, Some(tenure)) => self.nodes[tenure].rank.map(|rank| rank + 1).filter(|rank| *rank <= TENURE_DEPTH),
            (_, None) => None,
        };
        self.numbers.insert(hash, number);
        self.nodes.push(Node { hash, depth, signer, act, tenure, rank, past });
    }

    fn index(&mut self, number: usize, body: &OpBody) -> Act {
        match body {
            OpBody::Genesis { founder, .. } | OpBody::Found { founder, .. } => {
                let person = self.number_person(*founder);
                self.roles_of[person].push(number);
                Act::Role { person, role: Role::Owner }
            }
            OpBody::SetRole { person, role, .. } => {
                let person = self.number_person(*person);
                self.roles_of[person].push(number);
                Act::Role { person, role: *role }
            }
            OpBody::Certify { person, computer, .. } => self.index_certificate(number, *person, *computer),
            OpBody::Vouch { voucher } => self.index_certificate(number, voucher.vouched.person, voucher.vouched.computer),
            OpBody::Revoke { computer, .. } => {
                let computer = self.number_computer(*computer);
                self.revocations_of[computer].push(number);
                Act::Revoke { computer }
            }
            OpBody::Exclude { person, computer, .. } => {
                let (person, computer) = (self.number_person(*person), self.number_computer(*computer));
                self.exclusions.entry((person, computer)).or_default().push(number);
                Act::Exclude { person, computer }
            }
            OpBody::Rename { .. } => Act::Rename,
        }
    }

    fn index_certificate(&mut self, number: usize, person: PersonId, computer: ComputerId) -> Act {
        let (person, computer) = (self.number_person(person), self.number_computer(computer));
        self.certificates.entry((person, computer)).or_default().push(number);
        if !self.persons_of[computer].contains(&person) {
            self.persons_of[computer].push(person);
        }
        Act::Certify { person, computer }
    }
}

/// The operations whose whole past leads back to the genesis, by (depth, hash).
fn in_order(genesis: OpHash, ops: &BTreeMap<OpHash, VerifiedOp>) -> Vec<(usize, OpHash)> {
    let mut children: BTreeMap<OpHash, Vec<OpHash>> = BTreeMap::new();
    let mut waiting: BTreeMap<OpHash, (usize, usize)> = BTreeMap::new();
    for (hash, op) in ops {
        let parents = &op.op().parents;
        for parent in parents {
            children.entry(*parent).or_default().push(*hash);
        }
        waiting.insert(*hash, (parents.len(), 1));
    }
    let mut ready = vec![(1, genesis)];
    let mut order = Vec::with_capacity(ops.len());
    while let Some((depth, hash)) = ready.pop() {
        order.push((depth, hash));
        for child in children.get(&hash).into_iter().flatten() {
            if let Some((missing, deepest)) = waiting.get_mut(child) {
                *missing = missing.saturating_sub(1);
                *deepest = (*deepest).max(depth + 1);
                if *missing == 0 {
                    ready.push((*deepest, *child));
                }
            }
        }
    }
    order.sort_unstable();
    order
}
