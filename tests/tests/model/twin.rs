//! The same world twice: for every thing the model makes, the real signed one is made beside it and lends it its hash.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use iroh_base::SecretKey;
use tuttu_model::{ChangeHash, ComputerId, DocumentId, EntryHash, FeedId, OpHash, PersonId, SpaceId};
use tuttu_sync::feed::{self, FeedHeader, ForkProof, Item};
use tuttu_sync::membership::{self, Cut, Membership, OpBody, Role, Signer, VerifiedOp, Vouched, Voucher, certify_consent, voucher_consent};
use tuttu_sync::verdict::{ChangeFacts, EntryFacts, Extension, Standing, Verdict, extends_cleanly, judge, may_change};
use tuttu_tests::reference::replica::Replica;
use tuttu_tests::reference::{Act, Change, Computer, Cuts, Doc, Entry, Feed, Hand, Id, Names, Op, Person, World};

/// Small and reproducible random numbers (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.number() % end as u64).unwrap()
    }

    /// True so many times in a thousand.
    pub(crate) fn chance(&mut self, per_mille: usize) -> bool {
        self.below(1000) < per_mille
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }
}

/// The real things, by the model's ids.
#[derive(Default)]
pub(crate) struct Real {
    made: u64,
    space: Option<SpaceId>,
    pub(crate) ops: HashMap<Id, VerifiedOp>,
    pub(crate) headers: HashMap<Id, FeedHeader>,
    entries: HashMap<Id, feed::Entry>,
    changes: HashMap<Id, ChangeFacts>,
}

fn id_of(hash: &[u8; 32]) -> Id {
    u64::from_be_bytes(hash[..8].try_into().unwrap())
}

fn spread(id: Id) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&id.to_be_bytes());
    bytes
}

fn key(kind: u8, number: u64) -> SecretKey {
    let mut bytes = spread(number);
    bytes[31] = kind;
    SecretKey::from_bytes(&bytes)
}

pub(crate) fn person_id(person: Person) -> PersonId {
    PersonId(*key(1, person).public().as_bytes())
}

pub(crate) fn computer_id(computer: Computer) -> ComputerId {
    ComputerId(*key(2, computer).public().as_bytes())
}

fn role(role: u8) -> Role {
    [Role::None, Role::Viewer, Role::Editor, Role::Owner][usize::from(role)]
}

fn doc_id(doc: Doc) -> DocumentId {
    DocumentId::new(doc, [0; 10])
}

impl Real {
    fn unique(&mut self) -> u64 {
        self.made += 1;
        Random(self.made).number()
    }

    fn entry_hash(&self, id: Id) -> EntryHash {
        self.entries.get(&id).map_or(EntryHash(spread(id)), feed::Entry::hash)
    }

    fn op_hash(&self, id: Id) -> OpHash {
        self.ops[&id].hash()
    }

    fn cuts(&self, cuts: &Cuts) -> Vec<Cut> {
        let mut cuts: Vec<Cut> = cuts
            .iter()
            .map(|(feed, seq, entry)| Cut { feed: self.headers[feed].id(), seq: *seq, entry: self.entry_hash(*entry) })
            .collect();
        cuts.sort_unstable();
        cuts
    }

    fn body(&mut self, act: &Act) -> OpBody {
        let name = self.unique().to_string();
        match act {
            Act::Genesis { founder } => {
                OpBody::Genesis { nonce: [7; 16], name, founder: person_id(*founder), founder_name: String::new(), private: false }
            }
            Act::Certify { person, computer } => {
                let person = person_id(*person);
                let consent = certify_consent(&self.space.unwrap(), &person, &key(2, *computer));
                let (person_name, computer_name) = (format!("person {name}"), format!("computer {name}"));
                OpBody::Certify { person, person_name, computer: computer_id(*computer), computer_name, consent }
            }
            Act::Revoke { computer, cuts } => OpBody::Revoke { computer: computer_id(*computer), cuts: self.cuts(cuts) },
            Act::Exclude { person, computer, cuts } => {
                OpBody::Exclude { person: person_id(*person), computer: computer_id(*computer), cuts: self.cuts(cuts) }
            }
            Act::SetRole { person, role: given, cuts } => {
                OpBody::SetRole { person: person_id(*person), person_name: name, role: role(*given), cuts: self.cuts(cuts) }
            }
            Act::Rename => OpBody::Rename { name },
        }
    }
}

impl Real {
    fn voucher(&mut self, person: Person, computer: Computer, by: Signer, by_key: &SecretKey) -> Voucher {
        let (name, person) = (self.unique(), person_id(person));
        let (person_name, computer_name) = (format!("person {name}"), format!("computer {name}"));
        let vouched = Vouched { person, person_name, computer: computer_id(computer), computer_name, by };
        vouched.sign(by_key, voucher_consent(&person, &key(2, computer)))
    }
}

struct RealNames(Rc<RefCell<Real>>);

impl Names for RealNames {
    fn op(&mut self, op: &Op) -> Id {
        let mut real = self.0.borrow_mut();
        let mut parents: Vec<OpHash> = op.parents.iter().map(|parent| real.op_hash(*parent)).collect();
        parents.sort_unstable();
        let (signer, signing_key) = match op.signer {
            Hand::Key(person) => (Signer::Person(person_id(person)), key(1, person)),
            Hand::Computer(computer) => (Signer::Computer(computer_id(computer)), key(2, computer)),
        };
        let tenure = op.tenure.map(|tenure| real.op_hash(tenure));
        let time = i64::try_from(real.unique() >> 1).unwrap();
        let (signer, signing_key, body) = match op.act {
            // Half of the certificates are vouchers that the computer itself carries into the space: they must count the same.
            Act::Certify { person, computer } if real.unique().is_multiple_of(2) => {
                let voucher = real.voucher(person, computer, signer, &signing_key);
                (Signer::Computer(computer_id(computer)), key(2, computer), OpBody::Vouch { voucher })
            }
            _ => (signer, signing_key, real.body(&op.act)),
        };
        let made = membership::Op { space: real.space, parents, tenure, signer, time, body };
        let verified = made.sign(&signing_key).verify().expect("the model makes only well-formed operations");
        real.space.get_or_insert(verified.space());
        let id = id_of(&verified.hash().0);
        real.ops.insert(id, verified);
        id
    }

    fn feed(&mut self, feed: &Feed) -> Id {
        let mut real = self.0.borrow_mut();
        let mut epoch = [0; 16];
        epoch[..8].copy_from_slice(&real.unique().to_be_bytes());
        let header =
            FeedHeader { space: real.space.unwrap(), computer: computer_id(feed.computer), epoch, grant: real.op_hash(feed.grant) };
        let id = id_of(&header.id().0);
        real.headers.insert(id, header);
        id
    }

    fn entry(&mut self, entry: &Entry) -> Id {
        let mut real = self.0.borrow_mut();
        let items = entry.items.iter().map(|(doc, change)| Item { doc: doc_id(*doc), change: ChangeHash(spread(*change)) }).collect();
        let feed = real.headers[&entry.feed].id();
        let prev = entry.prev.map(|prev| real.entry_hash(prev));
        let made = feed::Entry { feed, seq: entry.seq, prev, operation: [0; 16], items };
        let id = id_of(&made.hash().0);
        real.entries.insert(id, made);
        id
    }

    fn change(&mut self, change: &Change) -> Id {
        let mut real = self.0.borrow_mut();
        let id = real.unique();
        let deps = change.deps.iter().map(|dep| ChangeHash(spread(*dep))).collect();
        let facts = ChangeFacts { doc: doc_id(change.doc), feed: real.headers[&change.feed].id(), seq: change.seq, deps };
        real.changes.insert(id, facts);
        id
    }
}

/// What production said last about a computer's copy.
struct Shadow {
    ops: BTreeSet<Id>,
    proofs: BTreeSet<Id>,
    held: Vec<Id>,
    verdict: Verdict,
}

/// What [`judge`] is given.
struct Holding {
    headers: BTreeMap<FeedId, FeedHeader>,
    proofs: Vec<ForkProof>,
    entries: Vec<EntryFacts>,
    changes: BTreeMap<ChangeHash, ChangeFacts>,
}

/// Checks production against the model.
pub(crate) struct Twin {
    pub(crate) real: Rc<RefCell<Real>>,
    persons: Vec<Person>,
    memberships: HashMap<BTreeSet<Id>, Rc<Membership>>,
    shadows: HashMap<Computer, Shadow>,
    /// How often each thing worth testing came up.
    pub(crate) seen: BTreeMap<&'static str, usize>,
}

impl Twin {
    pub(crate) fn new(persons: &[Person]) -> (World, Self) {
        let real = Rc::new(RefCell::new(Real::default()));
        let world = World::new(Box::new(RealNames(Rc::clone(&real))));
        let twin = Self { real, persons: persons.to_vec(), memberships: HashMap::new(), shadows: HashMap::new(), seen: BTreeMap::new() };
        (world, twin)
    }

    fn count(&mut self, what: &'static str, happened: bool) {
        *self.seen.entry(what).or_default() += usize::from(happened);
    }

    /// The production fold of a set of operations, compared with the model's when it is new.
    pub(crate) fn membership(&mut self, world: &World, ops: &BTreeSet<Id>) -> Rc<Membership> {
        if let Some(known) = self.memberships.get(ops) {
            return Rc::clone(known);
        }
        let folded = Membership::fold(ops.iter().map(|op| self.real.borrow().ops[op].clone()));
        let folded = Rc::new(folded);
        self.compare_fold(world, ops, &folded);
        self.memberships.insert(ops.clone(), Rc::clone(&folded));
        folded
    }

    fn compare_fold(&mut self, world: &World, ops: &BTreeSet<Id>, folded: &Membership) {
        let model = world.fold(ops);
        assert_eq!(folded.ops().len(), ops.len(), "operations folded");
        for person in &self.persons {
            let id = person_id(*person);
            assert_eq!(folded.role(&id), role(model.role(world, *person)), "role of person {person}");
            let grant = model.grant(world, *person).map(|grant| self.real.borrow().op_hash(grant));
            assert_eq!(folded.grant(&id), grant, "grant of person {person}");
            let (rank, depth, grant) = model.seniority(world, *person);
            let grant = grant.map(|grant| self.real.borrow().op_hash(grant));
            assert_eq!(folded.seniority(&id), (rank, depth, grant), "seniority of person {person}");
        }
        for op in ops {
            if let Act::Certify { person, computer } = world.ops[op].act {
                let live = model.live(world, person, computer);
                assert_eq!(folded.is_live(&person_id(person), &computer_id(computer)), live, "computer {computer} of {person}");
                let computer_role = model.role_of_computer(world, computer);
                assert_eq!(folded.may_read(&computer_id(computer)), computer_role >= 1, "computer {computer} may read");
                assert_eq!(folded.may_write(&computer_id(computer)), computer_role >= 2, "computer {computer} may write");
            }
            if world.ops[op].tenure.is_some() {
                assert_eq!(folded.stands(&self.real.borrow().op_hash(*op)), model.effective(world, *op), "operation stands");
            }
        }
        for feed in world.feeds.keys() {
            self.compare_feed(world, ops, folded, *feed);
        }
        let excludes = |op: &Id| matches!(world.ops[op].act, Act::Exclude { person, computer, .. } if model.revoking(world, person, computer).contains(op));
        self.count("folds with an exclusion in force", ops.iter().any(excludes));
        self.count("folds", true);
    }

    fn compare_feed(&self, world: &World, ops: &BTreeSet<Id>, folded: &Membership, feed: Id) {
        let model = world.fold(ops);
        let real = self.real.borrow();
        let header = &real.headers[&feed];
        assert_eq!(folded.is_licensed(header), model.licensed(world, feed), "licence of feed {feed:x}");
        let cuts: BTreeSet<_> = folded.cuts(header).into_iter().collect();
        let expected = model.cuts(world, feed).into_iter().map(|(seq, entry)| (seq, entry.map(|entry| real.entry_hash(entry))));
        assert_eq!(cuts, expected.collect(), "cuts of feed {feed:x}");
    }

    fn holding(&self, world: &World, held: &[Id], proofs: &BTreeSet<Id>) -> Holding {
        let real = self.real.borrow();
        let feeds: BTreeSet<Id> = held.iter().chain(proofs).map(|entry| world.entries[entry].feed).collect();
        let mut forks: BTreeMap<(Id, Option<Id>), Vec<Id>> = BTreeMap::new();
        for entry in proofs {
            forks.entry((world.entries[entry].feed, world.entries[entry].prev)).or_default().push(*entry);
        }
        let verified = |entry: &Id| {
            let it = &world.entries[entry];
            let computer = world.feeds[&it.feed].computer;
            real.entries[entry].clone().sign(&key(2, computer)).verify(&real.headers[&it.feed]).unwrap()
        };
        let mut fork_proofs = Vec::new();
        for ((feed, _), branches) in &forks {
            for pair in branches.windows(2) {
                let proof = ForkProof::of(&real.headers[feed], &verified(&pair[0]), &verified(&pair[1])).unwrap();
                proof.verify().unwrap();
                fork_proofs.push(proof);
            }
        }
        let facts = |entry: &Id| {
            let it = &real.entries[entry];
            let (feed, seq, prev, items) = (it.feed, it.seq, it.prev, it.items.clone());
            EntryFacts { hash: it.hash(), feed, seq, prev, items, invalid: !world.sound(*entry) }
        };
        let items = held.iter().flat_map(|entry| &world.entries[entry].items);
        Holding {
            headers: feeds.iter().map(|feed| (real.headers[feed].id(), real.headers[feed].clone())).collect(),
            proofs: fork_proofs,
            entries: held.iter().map(facts).collect(),
            changes: items.map(|(_, change)| (ChangeHash(spread(*change)), real.changes[change].clone())).collect(),
        }
    }

    /// Compares everything production says about a computer's copy with what the model says.
    pub(crate) fn check(&mut self, world: &World, replica: &Replica) {
        let folded = self.membership(world, &replica.ops);
        let view = replica.view(world);
        let holding = self.holding(world, &replica.held, &replica.proofs);
        for feed in view.chains.keys() {
            self.compare_feed(world, &replica.ops, &folded, *feed);
        }
        let verdict = judge(&folded, &holding.headers, &holding.proofs, &holding.entries, &holding.changes);
        let real = self.real.borrow();
        let vector: BTreeMap<_, _> =
            view.vector().into_iter().map(|(feed, (seq, tip))| (real.headers[&feed].id(), (seq, real.entry_hash(tip)))).collect();
        assert_eq!(verdict.vector.0, vector, "vector");
        let accepted: BTreeSet<_> = view.accepted.iter().map(|change| ChangeHash(spread(*change))).collect();
        assert_eq!(verdict.accepted, accepted, "accepted");
        let closed: BTreeSet<_> = view.closed.iter().map(|feed| real.headers[feed].id()).collect();
        assert_eq!(verdict.closed, closed, "closed");
        assert_eq!(verdict.collided, view.collided, "collided");
        for entry in &replica.held {
            let standing = match (view.valid.contains(entry), view.evidence.contains(entry)) {
                (true, _) => Standing::Valid,
                (false, true) => Standing::Evidence,
                (false, false) => Standing::Tray,
            };
            assert_eq!(verdict.standing[&real.entry_hash(*entry)], standing, "standing of entry {entry:x}");
        }
        drop(real);
        self.count("views", true);
        self.count("views with evidence", !view.evidence.is_empty());
        self.count("views with a tray", view.evidence.len() + view.valid.len() < replica.held.len());
        self.count("views with a collision", view.collided);
        self.count("views with a fork", !replica.proofs.is_empty());
        self.check_shortcuts(world, replica, &folded, &verdict);
        let (ops, proofs, held) = (replica.ops.clone(), replica.proofs.clone(), replica.held.clone());
        self.shadows.insert(replica.computer, Shadow { ops, proofs, held, verdict });
    }

    /// The shortcuts must come to what judging afresh comes to.
    fn check_shortcuts(&mut self, world: &World, replica: &Replica, folded: &Membership, verdict: &Verdict) {
        let Some(shadow) = self.shadows.remove(&replica.computer) else { return };
        if !replica.held.starts_with(&shadow.held) || replica.proofs != shadow.proofs {
            return;
        }
        if replica.ops != shadow.ops {
            let old = self.membership(world, &shadow.ops);
            let holding = self.holding(world, &shadow.held, &shadow.proofs);
            let spared = !may_change(&old, folded, &holding.headers, shadow.verdict.collided);
            self.count("memberships that spare judging", spared);
            if spared {
                let again = judge(folded, &holding.headers, &holding.proofs, &holding.entries, &holding.changes);
                assert_eq!(again, shadow.verdict, "a membership said to change nothing");
            }
            return;
        }
        let mut grown = shadow.verdict;
        for length in shadow.held.len()..replica.held.len() {
            let clean = self.extend(world, &replica.held[..=length], &replica.proofs, folded, &mut grown);
            self.count("entries appended", clean);
            if !clean {
                let holding = self.holding(world, &replica.held[..=length], &replica.proofs);
                grown = judge(folded, &holding.headers, &holding.proofs, &holding.entries, &holding.changes);
            }
        }
        assert_eq!(grown, *verdict, "a verdict that grew entry by entry");
    }

    fn extend(&self, world: &World, held: &[Id], proofs: &BTreeSet<Id>, folded: &Membership, verdict: &mut Verdict) -> bool {
        let (newest, before) = held.split_last().unwrap();
        let one = self.holding(world, &[*newest], proofs);
        let entry = &one.entries[0];
        let extension = Extension {
            header: &one.headers[&entry.feed],
            tip: verdict.vector.0.get(&entry.feed).copied(),
            entry,
            changes: &one.changes,
            proofs: &one.proofs,
        };
        let own_before = |doc: &DocumentId, seq: u64| {
            let items = before.iter().flat_map(|entry| &world.entries[entry].items);
            let real = self.real.borrow();
            items.into_iter().map(|(_, change)| &real.changes[change]).any(|it| it.feed == entry.feed && it.doc == *doc && it.seq == seq)
        };
        let clean = extends_cleanly(folded, &verdict.closed, extension, |dep| verdict.accepted.contains(dep), own_before);
        if clean {
            verdict.vector.0.insert(entry.feed, (entry.seq, entry.hash));
            verdict.standing.insert(entry.hash, Standing::Valid);
            verdict.accepted.extend(entry.items.iter().map(|item| item.change));
        }
        clean
    }
}
