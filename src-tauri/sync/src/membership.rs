//! Membership: the small signed graph of operations that says who may read and write a space (DESIGN section 5, R1, R1b, R8).
//!
//! [`op`] holds what travels; `graph` numbers it; `rules` decides. [`Membership`] is the fold: a pure function of the set of operations.

use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::{ComputerId, EntryHash, FeedId, OpHash, PersonId, SpaceId};

use crate::feed::{FeedHeader, Vector};

pub mod computers;
mod graph;
pub mod op;
mod rules;
#[cfg(test)]
mod tests;
pub mod voucher;

pub use op::{Cut, Op, OpBody, Role, SignedOp, Signer, VerifiedOp, certify_consent};
pub use voucher::{Vouched, Voucher, voucher_consent};

use graph::Graph;
use rules::{Intrinsic, Rules};

/// A member as the fold sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub person: PersonId,
    /// Their name: what their newest certificate calls them, else what they were granted a role as.
    pub name: String,
    /// Their role now.
    pub role: Role,
    /// The operation that gave it.
    pub grant: Option<OpHash>,
    /// Their computers that count now, with names.
    pub computers: Vec<(ComputerId, String)>,
}

/// The fold of a set of operations: a pure function of the set, whatever order they came in.
#[derive(Debug, Clone)]
pub struct Membership {
    ops: BTreeMap<OpHash, VerifiedOp>,
    graph: Graph,
    /// By operation, as in the graph.
    intrinsic: Vec<Intrinsic>,
    /// By operation: it stands (for roles and names: effective; for certificates and revocations: counts).
    stands: Vec<bool>,
    /// By person: the grant that gives them their role.
    grants: Vec<Option<usize>>,
    /// By (person, computer).
    computers: BTreeMap<(usize, usize), ComputerState>,
}

#[derive(Debug, Clone)]
struct ComputerState {
    /// The certificate that counts for this person, and whether it still stands.
    certificate: usize,
    certified: bool,
    /// The revocations in force.
    revoking: Vec<usize>,
}

impl ComputerState {
    fn is_live(&self) -> bool {
        self.certified && self.revoking.is_empty()
    }
}

impl Membership {
    /// Folds a set of verified operations of one space (R1, R1b, R8). The set should be closed under parents: what does not hang together
    /// with the genesis is left out. Of several geneses the one with the lowest hash is folded; [`Membership::fold_space`] says which.
    #[must_use]
    pub fn fold(ops: impl IntoIterator<Item = VerifiedOp>) -> Self {
        let ops: BTreeMap<OpHash, VerifiedOp> = ops.into_iter().map(|op| (op.hash(), op)).collect();
        let genesis = ops.values().find(|op| op.op().body.founding().is_some()).map(VerifiedOp::space);
        match genesis {
            Some(space) => Self::of(space, ops),
            None => Self::of(SpaceId([0; 32]), BTreeMap::new()),
        }
    }

    /// Folds the operations of this space, ignoring all others.
    #[must_use]
    pub fn fold_space(space: &SpaceId, ops: impl IntoIterator<Item = VerifiedOp>) -> Self {
        Self::of(*space, ops.into_iter().map(|op| (op.hash(), op)).collect())
    }

    /// Folds these and more operations, of the same space.
    #[must_use]
    pub fn with(&self, more: impl IntoIterator<Item = VerifiedOp>) -> Self {
        let all = self.ops.values().cloned().chain(more);
        match self.space() {
            Some(space) => Self::fold_space(&space, all),
            None => Self::fold(all),
        }
    }

    fn of(space: SpaceId, mut ops: BTreeMap<OpHash, VerifiedOp>) -> Self {
        ops.retain(|_, op| op.space() == space);
        let graph = Graph::build(OpHash(space.0), &ops);
        ops.retain(|hash, _| graph.numbers.contains_key(hash));
        let intrinsic = rules::intrinsic(&graph);
        let mut rules = Rules::over_all(&graph, &intrinsic);
        let stands = (0..graph.nodes.len()).map(|op| stands(&graph, &mut rules, op)).collect();
        let grants = (0..graph.persons.len()).map(|person| grant_in_force(&graph, &mut rules, person)).collect();
        let mut computers = BTreeMap::new();
        for (person, computer) in graph.certificates.keys().copied() {
            if let Some((certificate, certified)) = rules.certificate(person, computer) {
                let state = ComputerState { certificate, certified, revoking: rules.revoking(person, computer) };
                computers.insert((person, computer), state);
            }
        }
        Self { ops, graph, intrinsic, stands, grants, computers }
    }

    /// The space id.
    #[must_use]
    pub fn space(&self) -> Option<SpaceId> {
        self.graph.nodes.first().map(|genesis| SpaceId(genesis.hash.0))
    }

    /// The space's name now: the newest renaming that stands, else the genesis.
    #[must_use]
    pub fn name(&self) -> String {
        let mut newest = self.standing_bodies().filter_map(|body| match body {
            OpBody::Rename { name } => Some(name.as_str()),
            other => other.founding().map(|founding| founding.name),
        });
        newest.next_back().unwrap_or_default().to_owned()
    }

    /// Whether the genesis calls it the founder's own space.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.body(0).and_then(OpBody::founding).is_some_and(|founding| founding.private)
    }

    /// The founder.
    #[must_use]
    pub fn founder(&self) -> Option<PersonId> {
        self.body(0).and_then(OpBody::founding).map(|founding| *founding.founder)
    }

    /// The newest operations: the parents of the next one. Sorted.
    #[must_use]
    pub fn heads(&self) -> Vec<OpHash> {
        let followed: BTreeSet<&OpHash> = self.ops.values().flat_map(|op| &op.op().parents).collect();
        self.ops.keys().filter(|hash| !followed.contains(hash)).copied().collect()
    }

    /// The next operation of a signer, not yet signed: its parents are the heads, its tenure the most senior grant of the signer's person.
    /// `None` when the signer has no tenure to sign under. Whether it will count is for the fold of the result to say.
    #[must_use]
    pub fn draft(&self, signer: Signer, time: i64, body: OpBody) -> Option<Op> {
        let person = match signer {
            Signer::Person(person) => Some(person),
            Signer::Computer(computer) => self.person_of(&computer),
        };
        let tenure = match body {
            OpBody::SetRole { .. } | OpBody::Rename { .. } | OpBody::Exclude { .. } => Some(person.and_then(|person| self.grant(&person))?),
            _ => None,
        };
        let mut parents = self.heads();
        if parents.len() > op::PARENTS {
            // Only a flood of operations makes so many heads. What the signer's right rests on comes first, then the deepest.
            let rest = tenure.into_iter().chain(self.signers_certificate(&signer, person.as_ref()));
            let needed: BTreeSet<OpHash> = rest.collect();
            let number = |hash: &OpHash| self.graph.numbers.get(hash).copied().unwrap_or_default();
            let carries = |hash: &OpHash| needed.iter().any(|need| need == hash || self.graph.precedes(number(need), number(hash)));
            parents.sort_by_key(|hash| (!carries(hash), std::cmp::Reverse(number(hash))));
            parents.truncate(op::PARENTS);
            parents.sort_unstable();
        }
        Some(Op { space: self.space(), parents, tenure, signer, time, body })
    }

    /// Everyone who is or was a member, by person.
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        let mut people: Vec<PersonId> = self.graph.persons.clone();
        people.sort_unstable();
        people.iter().filter_map(|person| self.graph.person(person).and_then(|number| self.member(*person, number))).collect()
    }

    /// The role of a person now.
    #[must_use]
    pub fn role(&self, person: &PersonId) -> Role {
        self.graph.person(person).map_or(Role::None, |person| self.role_of(person))
    }

    /// The grant in force that gives a person their role; of several, the most senior.
    #[must_use]
    pub fn grant(&self, person: &PersonId) -> Option<OpHash> {
        let grant = self.grant_of(self.graph.person(person)?)?;
        Some(self.graph.nodes[grant].hash)
    }

    /// Whose computer it is, from its certificate, whether or not it still counts. A computer that let two persons certify it is taken for the one
    /// for whom it still counts, then the one who certified it first; what it wrote is credited to the person named by the feed's grant
    /// ([`Membership::author`]).
    #[must_use]
    pub fn person_of(&self, computer: &ComputerId) -> Option<PersonId> {
        let (person, _) = self.state_of(computer)?;
        self.graph.persons.get(person).copied()
    }

    /// The person a feed writes for: the one its grant names.
    #[must_use]
    pub fn author(&self, header: &FeedHeader) -> Option<PersonId> {
        let grant = *self.graph.numbers.get(&header.grant)?;
        let (person, _) = self.graph.grant(grant)?;
        self.graph.persons.get(person).copied()
    }

    /// The name of a person and of a computer, from their newest certificate, whether or not they still count.
    #[must_use]
    pub fn names_of(&self, computer: &ComputerId) -> Option<(String, String)> {
        let (person, _) = self.state_of(computer)?;
        let computer = self.graph.computer(computer)?;
        Some((self.person_name(person)?, self.computer_name(person, computer)?))
    }

    /// R6: whether the space may be served to this computer (a live certificate, and its person is at least a viewer).
    #[must_use]
    pub fn may_read(&self, computer: &ComputerId) -> bool {
        self.best_role(computer) >= Role::Viewer
    }

    /// Whether this computer may write now.
    #[must_use]
    pub fn may_write(&self, computer: &ComputerId) -> bool {
        self.best_role(computer).writes()
    }

    /// Whether this computer counts as this person's now.
    #[must_use]
    pub fn is_live(&self, person: &PersonId, computer: &ComputerId) -> bool {
        let numbers = self.graph.person(person).zip(self.graph.computer(computer));
        numbers.and_then(|pair| self.computers.get(&pair)).is_some_and(ComputerState::is_live)
    }

    /// Whether an operation stands: rightful, and neither its signer's computer nor tenure was ended without knowing of it.
    #[must_use]
    pub fn stands(&self, op: &OpHash) -> bool {
        self.graph.numbers.get(op).and_then(|op| self.stands.get(*op)).copied().unwrap_or(false)
    }

    /// R1b: whether a feed's grant and certificate were rightful in their own causal past and gave editor or owner.
    #[must_use]
    pub fn is_licensed(&self, header: &FeedHeader) -> bool {
        self.license(header).is_some()
    }

    /// R1: the cuts in force on a feed: empty when it is open; `(0, None)` when its grant is not in force.
    #[must_use]
    pub fn cuts(&self, header: &FeedHeader) -> Vec<(u64, Option<EntryHash>)> {
        let shut = vec![(0, None)];
        let Some((grant, state)) = self.license(header) else { return shut };
        if !self.stands[grant] || !state.certified {
            return shut;
        }
        let mut rules = Rules::over_all(&self.graph, &self.intrinsic);
        let ends = rules.ending(grant, Role::Editor).into_iter().chain(state.revoking.iter().copied());
        let feed = header.id();
        let mut cuts: Vec<_> = ends.map(|end| self.cut_by(end, &feed)).collect();
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }

    /// R4: lower is more senior (depth in the grant tree, then depth in the graph, then hash).
    #[must_use]
    pub fn seniority(&self, person: &PersonId) -> (usize, usize, Option<OpHash>) {
        let grant = self.graph.person(person).and_then(|person| self.grant_of(person));
        grant.map_or((usize::MAX, 0, None), |grant| {
            let node = &self.graph.nodes[grant];
            (node.rank.unwrap_or(usize::MAX), node.depth, Some(node.hash))
        })
    }

    /// The cuts an operation ending the rights of `person` (or of one `computer` of theirs) must carry, from the valid vector.
    /// Should there be more feeds than an operation may name, the longest are named: the others are cut at 0.
    #[must_use]
    pub fn cuts_for(
        &self,
        person: &PersonId,
        computer: Option<&ComputerId>,
        headers: &BTreeMap<FeedId, FeedHeader>,
        vector: &Vector,
    ) -> Vec<Cut> {
        let theirs =
            |header: &FeedHeader| self.author(header) == Some(*person) && computer.is_none_or(|computer| *computer == header.computer);
        let held = vector.0.iter().filter(|(feed, (seq, _))| *seq > 0 && headers.get(feed).is_some_and(theirs));
        let mut cuts: Vec<Cut> = held.map(|(feed, (seq, entry))| Cut { feed: *feed, seq: *seq, entry: *entry }).collect();
        if cuts.len() > op::CUTS {
            cuts.sort_by_key(|cut| (std::cmp::Reverse(cut.seq), cut.feed));
            cuts.truncate(op::CUTS);
            cuts.sort_unstable();
        }
        cuts
    }

    /// The operations it was folded from: those of the space that hang together with its genesis.
    #[must_use]
    pub fn ops(&self) -> &BTreeMap<OpHash, VerifiedOp> {
        &self.ops
    }

    /// The operations from the genesis on, parents before children: the order to send and to store them in.
    pub fn in_order(&self) -> impl Iterator<Item = &VerifiedOp> {
        self.graph.nodes.iter().filter_map(|node| self.ops.get(&node.hash))
    }

    /// An operation with everything it rests on, parents first: what a removed computer is served (R6).
    #[must_use]
    pub fn causal_past(&self, of: &BTreeSet<OpHash>) -> Vec<VerifiedOp> {
        let wanted: Vec<usize> = of.iter().filter_map(|hash| self.graph.numbers.get(hash)).copied().collect();
        let carried = |op: usize| wanted.iter().any(|top| *top == op || self.graph.precedes(op, *top));
        self.in_order().enumerate().filter(|(number, _)| carried(*number)).map(|(_, op)| op.clone()).collect()
    }

    /// The operations in force by which this computer lost access, by name or because whoever let it in lost the right to: what it is served, with
    /// their past, when it is no longer allowed (R6).
    #[must_use]
    pub fn removals_of(&self, computer: &ComputerId) -> BTreeSet<OpHash> {
        let Some(number) = self.graph.computer(computer) else { return BTreeSet::new() };
        let mut rules = Rules::over_all(&self.graph, &self.intrinsic);
        let mut removals = BTreeSet::new();
        for person in &self.graph.persons_of[number] {
            if let Some(state) = self.computers.get(&(*person, number)) {
                for end in state.revoking.iter().copied() {
                    removals.extend(rules.behind(end));
                }
                if !state.certified {
                    removals.extend(rules.revoking_above(*person, number));
                }
            }
            let gave = |op: &usize| self.graph.grant(*op).is_some_and(|(_, role)| role > Role::None) && self.intrinsic[*op].rightful;
            for grant in self.graph.roles_of[*person].iter().copied().filter(gave) {
                removals.extend(rules.against(grant));
            }
        }
        removals.into_iter().map(|op| self.graph.nodes[op].hash).collect()
    }

    fn body(&self, op: usize) -> Option<&OpBody> {
        self.graph.nodes.get(op).and_then(|node| self.ops.get(&node.hash)).map(|op| &op.op().body)
    }

    fn standing_bodies(&self) -> impl DoubleEndedIterator<Item = &OpBody> {
        (0..self.graph.nodes.len()).filter(|op| self.stands[*op]).filter_map(|op| self.body(op))
    }

    /// The vouchers that stand here.
    pub(crate) fn standing_vouchers(&self) -> impl Iterator<Item = &Voucher> {
        self.standing_bodies().filter_map(|body| match body {
            OpBody::Vouch { voucher } => Some(voucher),
            _ => None,
        })
    }

    fn grant_of(&self, person: usize) -> Option<usize> {
        self.grants.get(person).copied().flatten()
    }

    fn role_of(&self, person: usize) -> Role {
        self.grant_of(person).and_then(|grant| self.graph.grant(grant)).map_or(Role::None, |(_, role)| role)
    }

    fn state_of(&self, computer: &ComputerId) -> Option<(usize, &ComputerState)> {
        let computer = self.graph.computer(computer)?;
        let persons = self.graph.persons_of[computer].iter().copied();
        let states = persons.filter_map(|person| self.computers.get(&(person, computer)).map(|state| (person, state)));
        states.min_by_key(|(_, state)| (!state.is_live(), state.certificate))
    }

    fn best_role(&self, computer: &ComputerId) -> Role {
        let Some(computer) = self.graph.computer(computer) else { return Role::None };
        let persons = self.graph.persons_of[computer].iter().copied();
        let live = persons.filter(|person| self.computers.get(&(*person, computer)).is_some_and(ComputerState::is_live));
        live.map(|person| self.role_of(person)).max().unwrap_or(Role::None)
    }

    fn license(&self, header: &FeedHeader) -> Option<(usize, &ComputerState)> {
        let grant = *self.graph.numbers.get(&header.grant)?;
        let (person, role) = self.graph.grant(grant)?;
        let state = self.computers.get(&(person, self.graph.computer(&header.computer)?))?;
        let licensed = Some(header.space) == self.space() && role.writes() && self.intrinsic[grant].rightful;
        licensed.then_some((grant, state))
    }

    fn cut_by(&self, end: usize, feed: &FeedId) -> (u64, Option<EntryHash>) {
        let cuts: &[Cut] = match self.body(end) {
            Some(OpBody::SetRole { cuts, .. } | OpBody::Revoke { cuts, .. } | OpBody::Exclude { cuts, .. }) => cuts,
            _ => &[],
        };
        cuts.iter().find(|cut| cut.feed == *feed).map_or((0, None), |cut| (cut.seq, Some(cut.entry)))
    }

    fn member(&self, person: PersonId, number: usize) -> Option<Member> {
        let was_granted = |op: &usize| self.intrinsic[*op].rightful && self.graph.grant(*op).is_some_and(|(_, role)| role > Role::None);
        if !self.graph.roles_of[number].iter().any(was_granted) {
            return None;
        }
        let granted_as = || {
            let bodies = self.graph.roles_of[number].iter().filter(|op| self.intrinsic[**op].rightful).filter_map(|op| self.body(*op));
            let mut names = bodies.filter_map(|body| match body {
                OpBody::SetRole { person_name, .. } => Some(person_name.as_str()),
                other => other.founding().map(|founding| founding.founder_name),
            });
            names.rfind(|name| !name.is_empty()).map(str::to_owned)
        };
        let name = self.person_name(number).or_else(granted_as).unwrap_or_default();
        let pairs = self.computers.range((number, 0)..(number + 1, 0)).filter(|(_, state)| state.is_live());
        let mut computers: Vec<_> = pairs
            .filter_map(|((_, computer), _)| {
                let id = self.graph.computers.get(*computer)?;
                Some((*id, self.computer_name(number, *computer).unwrap_or_default()))
            })
            .collect();
        computers.sort_unstable();
        Some(Member { person, name, role: self.role_of(number), grant: self.grant(&person), computers })
    }

    fn person_name(&self, person: usize) -> Option<String> {
        let certificates = self.graph.certificates.range((person, 0)..(person + 1, 0)).flat_map(|(_, ops)| ops);
        self.newest_certificate(certificates).map(|(name, _)| name)
    }

    fn computer_name(&self, person: usize, computer: usize) -> Option<String> {
        let certificates = self.graph.certificates.get(&(person, computer))?;
        self.newest_certificate(certificates.iter()).map(|(_, name)| name)
    }

    fn newest_certificate<'a>(&self, certificates: impl Iterator<Item = &'a usize>) -> Option<(String, String)> {
        let newest = *certificates.filter(|op| self.intrinsic[**op].rightful).max()?;
        let certified = self.body(newest)?.certified()?;
        Some((certified.person_name.to_owned(), certified.computer_name.to_owned()))
    }

    fn signers_certificate(&self, signer: &Signer, person: Option<&PersonId>) -> Option<OpHash> {
        let Signer::Computer(computer) = signer else { return None };
        let pair = self.graph.person(person?).zip(self.graph.computer(computer))?;
        self.computers.get(&pair).map(|state| self.graph.nodes[state.certificate].hash)
    }
}

fn stands(graph: &Graph, rules: &mut Rules<'_>, op: usize) -> bool {
    match graph.nodes[op].act {
        graph::Act::Certify { person, .. } => rules.is_rightful(op) && rules.counts(op, person),
        graph::Act::Revoke { computer } => graph.persons_of[computer].iter().any(|person| rules.revoking(*person, computer).contains(&op)),
        graph::Act::Exclude { .. } | graph::Act::Role { .. } | graph::Act::Rename => rules.is_effective(op),
    }
}

fn grant_in_force(graph: &Graph, rules: &mut Rules<'_>, person: usize) -> Option<usize> {
    let granted: Vec<usize> = graph.roles_of[person].iter().copied().filter(|grant| rules.is_in_force(*grant)).collect();
    granted.into_iter().min_by_key(|grant| {
        let role = graph.grant(*grant).map(|(_, role)| role);
        (std::cmp::Reverse(role), graph.nodes[*grant].rank, *grant)
    })
}
