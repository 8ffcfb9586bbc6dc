//! Holds what a real vault says of the shared space against what the [reference model](crate::reference) says of the same operations, proofs and entries.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::rc::Rc;

use rusqlite::Connection;
use tuttu_engine::Engine;
use tuttu_model::{ComputerId, PersonId, SpaceId};
use tuttu_sync::feed::Vector;
use tuttu_sync::membership::{Cut, Membership, OpBody, Role, Signer, VerifiedOp};

use super::holdings::Holdings;
use crate::reference::fold::Fold;
use crate::reference::view::View;
use crate::reference::{Act, Change, Cuts, EDITOR, Entry, Feed, Hand, Id, Names, Op, VIEWER, World};

/// The number that stands for a hash or a key in the model. Numbers are ordered as hashes are.
#[must_use]
pub fn id_of(hash: &[u8]) -> Id {
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    Id::from_be_bytes(first)
}

/// Gives the id it was told.
struct Told(Rc<Cell<Id>>);

impl Names for Told {
    fn op(&mut self, _: &Op) -> Id {
        self.0.get()
    }

    fn feed(&mut self, _: &Feed) -> Id {
        self.0.get()
    }

    fn entry(&mut self, _: &Entry) -> Id {
        self.0.get()
    }

    fn change(&mut self, _: &Change) -> Id {
        self.0.get()
    }
}

/// What a vault holds of the space, when it was found to agree with the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// Operations.
    pub ops: BTreeSet<Id>,
    /// Entries in fork proofs.
    pub proofs: BTreeSet<Id>,
    /// Entries held, whatever became of them.
    pub held: BTreeSet<Id>,
    /// Entries that are valid.
    pub valid: BTreeSet<Id>,
    /// By feed: length and newest entry of the valid prefix.
    pub vector: BTreeMap<Id, (u64, Id)>,
    /// Changes that count.
    pub accepted: BTreeSet<Id>,
    /// Feeds that froze.
    pub frozen: BTreeSet<Id>,
    /// Feeds that take no more.
    pub closed: BTreeSet<Id>,
    /// How many entries are evidence, and how many are set aside.
    pub beyond: (usize, usize),
    /// Clashing changes were decided by seniority.
    pub collided: bool,
    /// This computer may read, and may write.
    pub rights: (bool, bool),
}

/// The model's world, filled with whatever the real vaults hold.
pub struct Oracle {
    world: World,
    told: Rc<Cell<Id>>,
    space: SpaceId,
    compared: HashSet<BTreeSet<Id>>,
}

impl Oracle {
    /// An oracle for one space.
    #[must_use]
    pub fn new(space: SpaceId) -> Self {
        let told = Rc::new(Cell::new(0));
        let world = World::new(Box::new(Told(Rc::clone(&told))));
        Self { world, told, space, compared: HashSet::new() }
    }

    /// Compares one vault with the model; `None` when it does not hold the space.
    ///
    /// # Errors
    /// With the first difference.
    ///
    /// # Panics
    /// When the vault cannot be read.
    pub fn look(&mut self, engine: &Engine, database: &Path) -> Result<Option<Sight>, String> {
        let replica = engine.replica();
        let Some(membership) = replica.membership(&self.space).expect("readable") else { return Ok(None) };
        let ops = self.learn_ops(&membership);
        let connection = Connection::open(database).expect("the database");
        let holdings = Holdings::read(&connection, &self.space);
        self.learn(engine, &holdings);
        let proofs = self.learn_proofs(engine);
        let fold = self.world.fold(&ops);
        if self.compared.insert(ops.clone()) {
            self.compare_membership(&membership, &fold, &ops)?;
        }
        let order: Vec<Id> = holdings.entries.iter().map(|entry| id_of(&entry.hash)).collect();
        let view = View::new(&self.world, Rc::clone(&fold), &order, &proofs);
        let vector = replica.vector(&self.space).expect("readable");
        let beyond = self.compare_view(&view, &holdings, &vector)?;
        let computer = id_of(engine.computer().as_bytes());
        let role = fold.role_of_computer(&self.world, computer);
        Ok(Some(Sight {
            ops,
            proofs,
            held: order.into_iter().collect(),
            valid: view.valid.iter().copied().collect(),
            vector: view.vector(),
            accepted: view.accepted.clone(),
            frozen: holdings.feeds.iter().filter(|feed| feed.frozen_at > 0).map(|feed| id_of(&feed.id)).collect(),
            closed: view.closed.clone(),
            beyond,
            collided: view.collided,
            rights: (role >= VIEWER, role >= EDITOR),
        }))
    }

    /// Whether a computer may read by a set of operations, as the model says.
    #[must_use]
    pub fn may_read(&self, ops: &BTreeSet<Id>, computer: &ComputerId) -> bool {
        self.world.fold(ops).role_of_computer(&self.world, id_of(computer.as_bytes())) >= VIEWER
    }

    fn learn_ops(&mut self, membership: &Membership) -> BTreeSet<Id> {
        let mut ops = BTreeSet::new();
        for op in membership.in_order() {
            let id = id_of(&op.hash().0);
            ops.insert(id);
            if !self.world.ops.contains_key(&id) {
                self.told.set(id);
                self.world.add_op(model_op(op));
            }
        }
        ops
    }

    /// Feeds, entries and changes that no vault held before.
    fn learn(&mut self, engine: &Engine, holdings: &Holdings) {
        let replica = engine.replica();
        let headers = replica.headers(&self.space).expect("readable");
        for (feed, header) in &headers {
            let id = id_of(&feed.0);
            let made = Feed { computer: id_of(header.computer.as_bytes()), grant: id_of(&header.grant.0) };
            self.world.feeds.entry(id).or_insert(made);
        }
        for entry in &holdings.entries {
            let id = id_of(&entry.hash);
            // One known from a fork proof only lists nothing yet.
            if self.world.entries.get(&id).is_some_and(|known| !known.items.is_empty()) {
                continue;
            }
            let stored = replica.stream(&self.space, entry.arrival - 1, &Vector::default(), 1, 1).expect("readable").remove(0);
            let verified = stored.entry.verify(&headers[&tuttu_model::FeedId(entry.feed)]).expect("signed");
            let it = verified.entry();
            let items = it.items.iter().map(|item| (id_of(&item.doc.0[8..]), id_of(&item.change.0))).collect();
            let made = Entry { feed: id_of(&it.feed.0), seq: it.seq, prev: it.prev.map(|prev| id_of(&prev.0)), items };
            self.world.entries.insert(id, made);
        }
        for change in &holdings.changes {
            let id = id_of(&change.hash);
            self.world.changes.entry(id).or_insert_with(|| Change {
                feed: id_of(&change.feed),
                doc: id_of(&change.doc[8..]),
                seq: change.seq,
                deps: change.deps.iter().map(|dep| id_of(dep)).collect(),
                content: id,
                by: 0,
            });
        }
    }

    fn learn_proofs(&mut self, engine: &Engine) -> BTreeSet<Id> {
        let mut proofs = BTreeSet::new();
        for proof in engine.replica().proofs(&self.space).expect("readable") {
            let feed = id_of(&proof.header.id().0);
            let made = Feed { computer: id_of(proof.header.computer.as_bytes()), grant: id_of(&proof.header.grant.0) };
            self.world.feeds.entry(feed).or_insert(made);
            for signed in [&proof.first, &proof.second] {
                let id = id_of(&signed.hash().0);
                let prev = signed.claimed_prev().map(|prev| id_of(&prev.0));
                // What it lists is learned when somebody holds it.
                self.world.entries.entry(id).or_insert(Entry { feed, seq: signed.claimed_seq(), prev, items: Vec::new() });
                proofs.insert(id);
            }
        }
        proofs
    }

    fn compare_membership(&self, membership: &Membership, fold: &Fold, ops: &BTreeSet<Id>) -> Result<(), String> {
        let (mut persons, mut computers): (BTreeSet<PersonId>, BTreeSet<ComputerId>) = Default::default();
        for op in membership.ops().values() {
            match &op.op().body {
                OpBody::SetRole { person, .. } => drop(persons.insert(*person)),
                other => {
                    persons.extend(other.founding().map(|founding| *founding.founder));
                    let certified = other.certified();
                    persons.extend(certified.map(|certified| *certified.person));
                    computers.extend(certified.map(|certified| *certified.computer));
                }
            }
        }
        for person in persons {
            let model = fold.role(&self.world, id_of(person.as_bytes()));
            same(&format!("the role of person {person}"), &role_number(membership.role(&person)), &model)?;
            let grant = fold.grant(&self.world, id_of(person.as_bytes()));
            same(&format!("the grant of person {person}"), &membership.grant(&person).map(|grant| id_of(&grant.0)), &grant)?;
        }
        for computer in computers {
            let role = fold.role_of_computer(&self.world, id_of(computer.as_bytes()));
            let real = (membership.may_read(&computer), membership.may_write(&computer));
            same(&format!("what computer {computer} may (read, write)"), &real, &(role >= VIEWER, role >= EDITOR))?;
        }
        same("operations folded", &membership.ops().len(), &ops.len())
    }

    /// Gives the numbers of entries that are evidence and that are set aside.
    fn compare_view(&self, view: &View, holdings: &Holdings, vector: &Vector) -> Result<(usize, usize), String> {
        let real: BTreeMap<Id, (u64, Id)> = vector.0.iter().map(|(feed, (seq, tip))| (id_of(&feed.0), (*seq, id_of(&tip.0)))).collect();
        same("the vector", &real, &view.vector())?;
        let mut beyond = (0, 0);
        for entry in &holdings.entries {
            let id = id_of(&entry.hash);
            let model = match (view.valid.contains(&id), view.evidence.contains(&id)) {
                (true, _) => 0,
                (false, true) => 1,
                (false, false) => 2,
            };
            same(
                &format!("the standing of entry {} of feed {:x} (0 valid, 1 evidence, 2 tray)", entry.seq, id_of(&entry.feed)),
                &entry.standing,
                &model,
            )?;
            beyond.0 += usize::from(model == 1);
            beyond.1 += usize::from(model == 2);
        }
        let accepted: BTreeSet<Id> = holdings.changes.iter().filter(|change| change.accepted).map(|change| id_of(&change.hash)).collect();
        same("the accepted changes", &accepted, &view.accepted)?;
        for feed in holdings.feeds.iter().filter(|feed| feed.frozen_at > 0) {
            let length = real.get(&id_of(&feed.id)).map_or(0, |(length, _)| *length);
            if length >= feed.frozen_at {
                let (id, at, why) = (id_of(&feed.id), feed.frozen_at, &feed.frozen_why);
                return Err(format!("feed {id:x} froze at {at} ({why}) and counts up to {length}"));
            }
        }
        self.compare_documents(view, holdings)?;
        Ok(beyond)
    }

    /// The heads of each document are the accepted changes that no accepted change rests on.
    fn compare_documents(&self, view: &View, holdings: &Holdings) -> Result<(), String> {
        let mut heads: BTreeMap<Id, BTreeSet<Id>> = BTreeMap::new();
        let followed: HashSet<Id> = view.accepted.iter().flat_map(|change| &self.world.changes[change].deps).copied().collect();
        for change in view.accepted.iter().filter(|change| !followed.contains(change)) {
            heads.entry(self.world.changes[change].doc).or_default().insert(*change);
        }
        for (doc, real, shown) in &holdings.documents {
            let model = heads.remove(&id_of(&doc[8..])).unwrap_or_default();
            let real: BTreeSet<Id> = real.iter().map(|head| id_of(head)).collect();
            same("the heads of a document", &real, &model)?;
            same("whether a document is shown", shown, &!model.is_empty())?;
        }
        same("documents that are not there", &heads.len(), &0)
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, real: &T, model: &T) -> Result<(), String> {
    if real == model { Ok(()) } else { Err(format!("{what}: the vault says {real:x?}, the model {model:x?}")) }
}

fn role_number(role: Role) -> u8 {
    match role {
        Role::None => 0,
        Role::Viewer => 1,
        Role::Editor => 2,
        Role::Owner => 3,
    }
}

fn model_cuts(cuts: &[Cut]) -> Cuts {
    cuts.iter().map(|cut| (id_of(&cut.feed.0), cut.seq, id_of(&cut.entry.0))).collect()
}

fn model_op(op: &VerifiedOp) -> Op {
    let op = op.op();
    let act = match &op.body {
        OpBody::Genesis { founder, .. } | OpBody::Found { founder, .. } => Act::Genesis { founder: id_of(founder.as_bytes()) },
        OpBody::Certify { person, computer, .. } => Act::Certify { person: id_of(person.as_bytes()), computer: id_of(computer.as_bytes()) },
        OpBody::Revoke { computer, cuts } => Act::Revoke { computer: id_of(computer.as_bytes()), cuts: model_cuts(cuts) },
        OpBody::Exclude { person, computer, cuts } => {
            Act::Exclude { person: id_of(person.as_bytes()), computer: id_of(computer.as_bytes()), cuts: model_cuts(cuts) }
        }
        OpBody::SetRole { person, role, cuts, .. } => {
            Act::SetRole { person: id_of(person.as_bytes()), role: role_number(*role), cuts: model_cuts(cuts) }
        }
        OpBody::Vouch { voucher } => {
            let (person, computer) = (&voucher.vouched.person, &voucher.vouched.computer);
            Act::Certify { person: id_of(person.as_bytes()), computer: id_of(computer.as_bytes()) }
        }
        OpBody::Rename { .. } => Act::Rename,
    };
    let signer = match op.authority() {
        Signer::Person(person) => Hand::Key(id_of(person.as_bytes())),
        Signer::Computer(computer) => Hand::Computer(id_of(computer.as_bytes())),
    };
    Op {
        parents: op.parents.iter().map(|parent| id_of(&parent.0)).collect(),
        signer,
        tenure: op.tenure.map(|tenure| id_of(&tenure.0)),
        act,
    }
}
