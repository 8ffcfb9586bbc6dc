//! Who may do what (R1, R1b, R8), said of a set of operations.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use super::{Act, Computer, EDITOR, Feed, Hand, Id, NONE, OWNER, Person, World};

/// Deepest grant below the genesis and deepest certificate below the person key.
pub const DEEPEST: usize = 64;

/// The fold over one set of operations. Asking needs the world they are in.
pub struct Fold {
    pub ops: BTreeSet<Id>,
    roles: Vec<Id>,
    effective: RefCell<HashMap<Id, bool>>,
}

impl Fold {
    pub(super) fn new(world: &World, ops: BTreeSet<Id>) -> Self {
        let roles = ops.iter().copied().filter(|op| world.ops[op].grant().is_some()).collect();
        Self { ops, roles, effective: RefCell::default() }
    }

    // Computers: a tree of certificates under each person's key.

    /// Whether an operation was right in its own causal past, in the name of `person` where its signer could have several.
    #[must_use]
    pub fn rightful(world: &World, op: Id, person: Option<Person>) -> bool {
        if let Some(known) = world.rightful.borrow().get(&(op, person)) {
            return *known;
        }
        let past = world.fold(&world.past[&op].iter().copied().collect());
        let it = &world.ops[&op];
        let speaks = |person: Person| match it.signer {
            Hand::Key(key) => key == person,
            Hand::Computer(computer) => past.live(world, person, computer),
        };
        let rightful = match it.act {
            Act::Genesis { .. } => true,
            Act::Certify { person, .. } => speaks(person) && tree_depth(world, op) <= DEEPEST,
            Act::Revoke { .. } => person.is_some_and(speaks),
            Act::SetRole { .. } | Act::Exclude { .. } | Act::Rename => it.tenure.is_some_and(|tenure| {
                let Some((holder, held)) = world.ops.get(&tenure).and_then(super::Op::grant) else { return false };
                let leaves = matches!(it.act, Act::SetRole { person, role: NONE, .. } if person == holder);
                past.ops.contains(&tenure)
                    && rank(world, tenure) < DEEPEST
                    && speaks(holder)
                    && held > NONE
                    && (held == OWNER || leaves)
                    && past.in_force(world, tenure)
            }),
        };
        world.rightful.borrow_mut().insert((op, person), rightful);
        rightful
    }

    /// The certificates that make a computer a person's, where one of them counts: those nearest to the key.
    #[must_use]
    pub fn certificates(&self, world: &World, person: Person, computer: Computer) -> Vec<Id> {
        let names = |op: &Id| world.ops[op].act == Act::Certify { person, computer };
        let rightful: Vec<Id> = self.ops.iter().copied().filter(names).filter(|op| Self::rightful(world, *op, None)).collect();
        let nearest = rightful.iter().map(|op| tree_depth(world, *op)).min();
        rightful.into_iter().filter(|op| Some(tree_depth(world, *op)) == nearest).collect()
    }

    /// Whether one of them counts.
    #[must_use]
    pub fn certified(&self, world: &World, person: Person, computer: Computer) -> bool {
        self.certificates(world, person, computer).into_iter().any(|op| self.counts(world, op, person))
    }

    fn computers_above(&self, world: &World, person: Person, computer: Computer) -> BTreeSet<Computer> {
        let mut all = BTreeSet::new();
        for certificate in self.certificates(world, person, computer) {
            if let Hand::Computer(above) = world.ops[&certificate].signer {
                all.insert(above);
                all.extend(self.computers_above(world, person, above));
            }
        }
        all
    }

    /// Revocations of a computer by those entitled to, whether or not they count.
    fn revocations(&self, world: &World, person: Person, computer: Computer) -> Vec<Id> {
        let of_it = |op: &Id| matches!(world.ops[op].act, Act::Revoke { computer: target, .. } if target == computer);
        let entitled = |op: &Id| match world.ops[op].signer {
            Hand::Key(key) => key == person,
            Hand::Computer(signer) => signer == computer || self.computers_above(world, person, computer).contains(&signer),
        };
        let by_the_person = self.ops.iter().copied().filter(of_it).filter(entitled).filter(|op| Self::rightful(world, *op, Some(person)));
        let excludes = |op: &Id| matches!(world.ops[op].act, Act::Exclude { person: p, computer: c, .. } if (p, c) == (person, computer));
        let by_owners = self.ops.iter().copied().filter(excludes).filter(|op| self.reaches(world, *op, person));
        by_the_person.chain(by_owners).collect()
    }

    /// Whether an owner's exclusion reaches a member: all tenures of an owner they were ever rightfully given lie below the one it is signed under.
    fn reaches(&self, world: &World, exclusion: Id, person: Person) -> bool {
        let Some(under) = world.ops[&exclusion].tenure else { return false };
        let tenures = self.roles.iter().filter(|op| world.ops[op].grant() == Some((person, OWNER)));
        let mut rightful = tenures.filter(|op| Self::rightful(world, **op, None));
        Self::rightful(world, exclusion, None) && rightful.all(|tenure| tenures_above(world, *tenure).contains(&under))
    }

    fn takes_out(&self, world: &World, op: Id, person: Person) -> bool {
        match world.ops[&op].act {
            Act::Exclude { .. } => self.effective(world, op),
            _ => self.counts(world, op, person),
        }
    }

    /// Whether an operation in a person's name counts, as far as its computer goes: certified, and no revocation in force overlooked it.
    #[must_use]
    pub fn counts(&self, world: &World, op: Id, person: Person) -> bool {
        let computer = match world.ops[&op].signer {
            Hand::Key(key) => return key == person,
            Hand::Computer(computer) => computer,
        };
        let revokes_itself = matches!(world.ops[&op].act, Act::Revoke { computer: target, .. } if target == computer);
        self.certified(world, person, computer)
            && self.revocations(world, person, computer).into_iter().all(|revocation| {
                let excused = revokes_itself && world.ops[&revocation].signer == Hand::Computer(computer);
                revocation == op || excused || world.past[&revocation].contains(&op) || !self.takes_out(world, revocation, person)
            })
    }

    /// The revocations in force on a computer.
    #[must_use]
    pub fn revoking(&self, world: &World, person: Person, computer: Computer) -> Vec<Id> {
        self.revocations(world, person, computer).into_iter().filter(|op| self.takes_out(world, *op, person)).collect()
    }

    #[must_use]
    pub fn live(&self, world: &World, person: Person, computer: Computer) -> bool {
        self.certified(world, person, computer) && self.revoking(world, person, computer).is_empty()
    }

    // Roles: a tree of grants under the genesis.

    /// Whether an operation under a tenure has effect.
    #[must_use]
    pub fn effective(&self, world: &World, op: Id) -> bool {
        if let Some(known) = self.effective.borrow().get(&op) {
            return *known;
        }
        let it = &world.ops[&op];
        let effective = matches!(it.act, Act::Genesis { .. })
            || Self::rightful(world, op, None)
                && it.tenure.is_some_and(|tenure| {
                    let (holder, held) = world.ops[&tenure].grant().unwrap();
                    let about_self = it.grant().is_some_and(|(target, _)| target == holder);
                    let overlooked = |end: &Id| *end != op && !world.past[end].contains(&op);
                    let by_other = |end: &Id| !(about_self && in_name_of(world, *end) == Some(holder));
                    self.counts(world, op, holder)
                        && self.effective(world, tenure)
                        && (held < OWNER
                            || !self
                                .could_end(world, tenure, OWNER)
                                .into_iter()
                                .filter(overlooked)
                                .filter(by_other)
                                .any(|end| self.effective(world, end)))
                });
        self.effective.borrow_mut().insert(op, effective);
        effective
    }

    /// Operations that would take what a grant gave to below a role, if they have effect.
    fn could_end(&self, world: &World, grant: Id, below: u8) -> Vec<Id> {
        let (holder, held) = world.ops[&grant].grant().unwrap();
        let ends = |op: &Id| {
            let (target, left) = world.ops[op].grant().unwrap();
            let Some(under) = world.ops[op].tenure else { return false };
            let by_self = in_name_of(world, *op) == Some(holder) && rank(world, under) <= rank(world, grant);
            let entitled = held < OWNER || tenures_above(world, grant).contains(&under) || by_self;
            *op != grant && target == holder && left < below.min(held) && !world.past[&grant].contains(op) && entitled
        };
        self.roles.iter().copied().filter(ends).collect()
    }

    /// Operations with effect that take what a grant gave to below a role.
    #[must_use]
    pub fn ending(&self, world: &World, grant: Id, below: u8) -> Vec<Id> {
        self.could_end(world, grant, below).into_iter().filter(|op| self.effective(world, *op)).collect()
    }

    /// Whether a grant gives its role.
    #[must_use]
    pub fn in_force(&self, world: &World, grant: Id) -> bool {
        let (holder, role) = world.ops[&grant].grant().unwrap();
        let replaced = || {
            self.roles.iter().any(|op| {
                let (target, other) = world.ops[op].grant().unwrap();
                target == holder && other <= role && world.past[op].contains(&grant) && self.effective(world, *op)
            })
        };
        role > NONE && self.effective(world, grant) && self.ending(world, grant, role).is_empty() && (role == OWNER || !replaced())
    }

    /// The grant that gives a person their role: the highest, then the most senior.
    #[must_use]
    pub fn grant(&self, world: &World, person: Person) -> Option<Id> {
        let theirs = self.roles.iter().copied().filter(|op| world.ops[op].grant().unwrap().0 == person);
        let in_force = theirs.filter(|op| self.in_force(world, *op));
        in_force.min_by_key(|op| (OWNER - world.ops[op].grant().unwrap().1, rank(world, *op), world.depth[op], *op))
    }

    #[must_use]
    pub fn role(&self, world: &World, person: Person) -> u8 {
        self.grant(world, person).map_or(NONE, |grant| world.ops[&grant].grant().unwrap().1)
    }

    /// Lower is more senior.
    #[must_use]
    pub fn seniority(&self, world: &World, person: Person) -> (usize, usize, Option<Id>) {
        self.grant(world, person).map_or((usize::MAX, 0, None), |grant| (rank(world, grant), world.depth[&grant], Some(grant)))
    }

    /// The best role of the persons whose computer this counts as.
    #[must_use]
    pub fn role_of_computer(&self, world: &World, computer: Computer) -> u8 {
        let persons = self.ops.iter().filter_map(|op| match world.ops[op].act {
            Act::Certify { person, computer: certified } if certified == computer => Some(person),
            _ => None,
        });
        persons.filter(|person| self.live(world, *person, computer)).map(|person| self.role(world, person)).max().unwrap_or(NONE)
    }

    // Feeds.

    /// R1b: the grant and the certificate were right in their own past, and the grant lets write.
    #[must_use]
    pub fn licensed(&self, world: &World, feed: Id) -> bool {
        let feed = &world.feeds[&feed];
        let Some((person, role)) = world.ops.get(&feed.grant).and_then(super::Op::grant) else { return false };
        self.ops.contains(&feed.grant)
            && role >= EDITOR
            && Self::rightful(world, feed.grant, None)
            && !self.certificates(world, person, feed.computer).is_empty()
    }

    /// R1: the cuts in force; `(0, None)` shuts the feed.
    #[must_use]
    pub fn cuts(&self, world: &World, feed: Id) -> BTreeSet<(u64, Option<Id>)> {
        let shut = BTreeSet::from([(0, None)]);
        let Feed { computer, grant } = world.feeds[&feed];
        if !self.licensed(world, feed) || !self.effective(world, grant) {
            return shut;
        }
        let (person, _) = world.ops[&grant].grant().unwrap();
        if !self.certified(world, person, computer) {
            return shut;
        }
        let ends = self.ending(world, grant, EDITOR).into_iter().chain(self.revoking(world, person, computer));
        ends.map(|end| {
            let named = world.ops[&end].cuts().iter().find(|(cut, _, _)| *cut == feed);
            named.map_or((0, None), |(_, seq, entry)| (*seq, Some(*entry)))
        })
        .collect()
    }
}

/// The grants above one, nearest first.
#[must_use]
pub fn tenures_above(world: &World, grant: Id) -> Vec<Id> {
    let mut above = Vec::new();
    let mut at = world.ops[&grant].tenure;
    while let Some(tenure) = at {
        above.push(tenure);
        at = world.ops[&tenure].tenure;
    }
    above
}

fn rank(world: &World, grant: Id) -> usize {
    tenures_above(world, grant).len()
}

fn in_name_of(world: &World, op: Id) -> Option<Person> {
    world.ops[&op].tenure.and_then(|tenure| world.ops[&tenure].grant()).map(|(person, _)| person)
}

fn tree_depth(world: &World, certificate: Id) -> usize {
    let it = &world.ops[&certificate];
    match (&it.act, it.signer) {
        (Act::Certify { person, .. }, Hand::Computer(signer)) => {
            let past = world.fold(&world.past[&certificate].iter().copied().collect());
            past.certificates(world, *person, signer).first().map_or(usize::MAX, |above| tree_depth(world, *above).saturating_add(1))
        }
        _ => 1,
    }
}
