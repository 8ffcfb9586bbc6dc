//! Short schedules made by hand: the faults that earlier wordings of the rules had, one test each.

use std::collections::{BTreeSet, HashSet};

use tuttu_sync::membership::Role;
use tuttu_tests::reference::replica::{Replica, exchange};
use tuttu_tests::reference::{Act, Change, Computer, Cuts, EDITOR, Feed, Hand, Id, NONE, OWNER, Op, Person, VIEWER, World};

use crate::twin::{Twin, person_id};

const F: Person = 0;
const A: Person = 1;
const B: Person = 2;
const C: Person = 3;
const M: Person = 4;
const E: Person = 5;
const PERSONS: [Person; 6] = [F, A, B, C, M, E];

fn computer(person: Person) -> Computer {
    person * 10 + 1
}

/// A space founded by F, with members who all know of each other, each on one computer.
struct Scene {
    world: World,
    twin: Twin,
    replicas: Vec<Replica>,
    written: u64,
}

impl Scene {
    fn new(members: &[(Person, u8)]) -> Self {
        let (mut world, twin) = Twin::new(&PERSONS);
        let genesis = world.add_op(Op { parents: vec![], signer: Hand::Key(F), tenure: None, act: Act::Genesis { founder: F } });
        let mut scene = Self { world, twin, replicas: vec![Replica::new(computer(F), F)], written: 0 };
        scene.of(F).ops.insert(genesis);
        scene.certify_by_key(F, F);
        for (person, role) in members {
            scene.certify_by_key(F, *person);
            scene.set_role(F, *person, *role);
        }
        let ops = scene.of(F).ops.clone();
        for (person, _) in members {
            let mut replica = Replica::new(computer(*person), *person);
            replica.ops.clone_from(&ops);
            scene.replicas.push(replica);
        }
        scene
    }

    fn of(&mut self, person: Person) -> &mut Replica {
        self.replicas.iter_mut().find(|replica| replica.person == person).unwrap()
    }

    fn add(&mut self, holder: Person, signer: Hand, tenure: Option<Id>, act: Act) -> Id {
        let parents = self.replicas.iter().find(|replica| replica.person == holder).unwrap().heads(&self.world);
        let id = self.world.add_op(Op { parents, signer, tenure, act });
        self.of(holder).ops.insert(id);
        id
    }

    fn certify_by_key(&mut self, holder: Person, person: Person) -> Id {
        self.add(holder, Hand::Key(person), None, Act::Certify { person, computer: computer(person) })
    }

    fn grant(&mut self, person: Person) -> Id {
        let replica = self.replicas.iter().find(|replica| replica.person == person).unwrap();
        replica.view(&self.world).fold.grant(&self.world, person).unwrap()
    }

    /// `by` gives `person` a role, with honest cuts.
    fn set_role(&mut self, by: Person, person: Person, role: u8) -> Id {
        let replica = self.replicas.iter().find(|replica| replica.person == by).unwrap();
        let cuts = if role < EDITOR { replica.cuts_for(&self.world, person, None) } else { vec![] };
        let tenure = self.grant(by);
        self.set_role_under(by, tenure, person, role, cuts)
    }

    fn set_role_under(&mut self, by: Person, tenure: Id, person: Person, role: u8, cuts: Cuts) -> Id {
        self.add(by, Hand::Computer(computer(by)), Some(tenure), Act::SetRole { person, role, cuts })
    }

    fn write(&mut self, by: Person, docs: &[u64]) -> Id {
        self.written += 1;
        let content = self.written;
        let replica = self.replicas.iter_mut().find(|replica| replica.person == by).unwrap();
        replica.write(&mut self.world, docs, &mut || content)
    }

    fn meet(&mut self, a: Person, b: Person) -> usize {
        let at = |person: Person| self.replicas.iter().position(|replica| replica.person == person).unwrap();
        let pair = [at(a), at(b)];
        let [a, b] = self.replicas.get_disjoint_mut(pair).unwrap();
        exchange(&self.world, a, b, (None, None))
    }

    /// Everybody meets everybody eight times; returns what travelled in the last round, after checking production.
    fn all_meet(&mut self) -> usize {
        let persons: Vec<Person> = self.replicas.iter().map(|replica| replica.person).collect();
        let mut moved = 0;
        for _ in 0..8 {
            moved = 0;
            for (number, a) in persons.iter().enumerate() {
                for b in &persons[number + 1..] {
                    moved += self.meet(*a, *b);
                }
            }
        }
        for replica in &self.replicas {
            self.twin.check(&self.world, replica);
        }
        moved
    }

    fn take_away(&mut self, person: Person) -> Replica {
        let at = self.replicas.iter().position(|replica| replica.person == person).unwrap();
        self.replicas.remove(at)
    }

    fn changes(&self, entry: Id) -> Vec<Id> {
        self.world.entries[&entry].items.iter().map(|(_, change)| *change).collect()
    }

    fn accepted(&mut self, person: Person, entry: Id) -> Vec<bool> {
        let changes = self.changes(entry);
        let replica = self.replicas.iter().find(|replica| replica.person == person).unwrap();
        let view = replica.view(&self.world);
        changes.iter().map(|change| view.accepted.contains(change)).collect()
    }

    /// An entry its computer never held: the other branch of a fork, or something written after removal.
    fn entry(&mut self, by: Person, feed: Id, prev: Option<Id>, doc: u64, deps: &[Id]) -> Id {
        self.written += 1;
        let change = Change { feed, doc, seq: 1, deps: deps.iter().copied().collect(), content: self.written, by: computer(by) };
        let change = self.world.add_change(change);
        self.world.add_entry(feed, prev, vec![(doc, change)])
    }

    fn offer(&mut self, to: Person, entry: Id) {
        let replica = self.replicas.iter_mut().find(|replica| replica.person == to).unwrap();
        replica.offer(&self.world, entry, &HashSet::new());
    }

    /// The roles that the fold of all operations gives, by production and by the model alike.
    fn roles(&mut self, ops: &BTreeSet<Id>) -> Vec<Role> {
        let folded = self.twin.membership(&self.world, ops);
        PERSONS.iter().map(|person| folded.role(&person_id(*person))).collect()
    }

    fn everybodys_ops(&self) -> BTreeSet<Id> {
        self.replicas.iter().flat_map(|replica| replica.ops.iter().copied()).collect()
    }
}

#[test]
fn promotion_does_not_cut_what_was_written_before_it() {
    let mut scene = Scene::new(&[(A, EDITOR)]);
    let entry = scene.write(A, &[1]);
    scene.set_role(F, A, OWNER);
    scene.all_meet();
    assert_eq!(scene.accepted(F, entry), [true]);
}

#[test]
fn a_member_added_again_writes_again() {
    let mut scene = Scene::new(&[(A, EDITOR)]);
    scene.set_role(F, A, NONE);
    scene.set_role(F, A, EDITOR);
    scene.of(A).ops = scene.of(F).ops.clone();
    let entry = scene.write(A, &[1]);
    scene.all_meet();
    assert_eq!(scene.accepted(F, entry), [true]);
}

#[test]
fn what_an_honest_editor_built_on_a_void_grants_writing_stays() {
    let mut scene = Scene::new(&[(A, EDITOR), (B, OWNER)]);
    scene.certify_by_key(B, E);
    scene.set_role(B, E, EDITOR);
    let mut newcomer = Replica::new(computer(E), E);
    newcomer.ops = scene.of(B).ops.clone();
    scene.replicas.push(newcomer);
    scene.write(E, &[1]);
    scene.meet(E, A);
    let honest = scene.write(A, &[1]);
    // F has not heard of the grant to E: it is void, and with it E's licence to go on, but not what A built on.
    scene.set_role(F, B, NONE);
    scene.all_meet();
    assert_eq!((scene.accepted(F, honest), scene.accepted(A, honest)), (vec![true], vec![true]));
}

#[test]
fn a_removed_member_cannot_unsay_what_counted_by_forking() {
    let mut scene = Scene::new(&[(A, EDITOR), (M, EDITOR)]);
    let counted: Vec<Id> = [1, 2, 3].into_iter().map(|doc| scene.write(M, &[doc])).collect();
    scene.meet(F, M);
    scene.meet(A, M);
    scene.set_role(F, M, NONE);
    let feed = scene.of(M).feed.unwrap();
    let fork = scene.entry(M, feed, None, 1, &[]);
    scene.offer(A, fork);
    scene.take_away(M);
    scene.all_meet();
    for person in [F, A] {
        assert!(counted.iter().all(|entry| scene.accepted(person, *entry) == [true]), "at {person}");
    }
}

#[test]
fn a_fork_smuggled_in_through_another_feed_does_not_displace_what_honest_members_built_on() {
    // Which of two clashing changes has the lower hash differs from try to try; seniority must win either way.
    for padding in 0..6 {
        let mut scene = Scene::new(&[(A, EDITOR), (M, EDITOR)]);
        for _ in 0..padding {
            scene.write(F, &[3]);
        }
        scene.write(M, &[1]);
        scene.all_meet();
        let honest = [scene.write(A, &[1]), scene.write(A, &[1])];
        scene.all_meet();
        let feed = scene.of(M).feed.unwrap();
        let fork = scene.entry(M, feed, None, 1, &[]);
        let smuggled = scene.changes(fork);
        let grant = scene.world.feeds[&feed].grant;
        let second = scene.world.add_feed(Feed { computer: computer(M), grant });
        let carrier = scene.entry(M, second, None, 1, &smuggled);
        scene.offer(A, fork);
        scene.offer(A, carrier);
        scene.take_away(M);
        scene.all_meet();
        for person in [F, A] {
            assert!(honest.iter().all(|entry| scene.accepted(person, *entry) == [true]), "at {person}, try {padding}");
        }
        assert_eq!(scene.accepted(F, fork), [false]);
    }
}

#[test]
fn a_restored_computer_loses_nothing_and_forks_nothing() {
    let mut scene = Scene::new(&[(A, EDITOR), (B, EDITOR)]);
    scene.write(A, &[1]);
    let backup = scene.of(A).held.clone();
    let before = scene.write(A, &[1]);
    scene.meet(A, F);
    let restored = scene.of(A);
    restored.held = backup;
    restored.feed = None;
    restored.forget_view();
    let after = scene.write(A, &[1]);
    assert_eq!(scene.all_meet(), 0);
    for person in [F, B] {
        assert_eq!((scene.accepted(person, before), scene.accepted(person, after)), (vec![true], vec![true]), "at {person}");
    }
}

#[test]
fn a_fork_is_settled_everywhere_and_nothing_is_sent_for_ever() {
    let mut scene = Scene::new(&[(A, EDITOR), (B, EDITOR), (M, EDITOR)]);
    for _ in 0..3 {
        scene.write(M, &[1]);
    }
    for person in [A, B, F] {
        scene.meet(M, person);
    }
    let feed = scene.of(M).feed.unwrap();
    let fork = scene.entry(M, feed, None, 1, &[]);
    scene.offer(A, fork);
    scene.take_away(M);
    assert_eq!(scene.all_meet(), 0);
    let vectors: BTreeSet<_> = scene.replicas.iter().map(|replica| replica.view(&scene.world).vector()).collect();
    assert_eq!(vectors.len(), 1);
}

#[test]
fn owners_of_equal_standing_cannot_remove_each_other() {
    let mut scene = Scene::new(&[(A, OWNER), (B, OWNER), (C, OWNER)]);
    for (by, target) in [(A, B), (B, C), (C, A)] {
        scene.set_role(by, target, NONE);
    }
    let ops = scene.everybodys_ops();
    assert_eq!(scene.roles(&ops)[..4], [Role::Owner; 4]);
}

#[test]
fn a_removed_owner_cannot_back_date() {
    let mut scene = Scene::new(&[(A, OWNER)]);
    let early = scene.of(F).ops.clone();
    for person in [B, C] {
        scene.certify_by_key(F, person);
        scene.set_role(F, person, EDITOR);
    }
    scene.of(A).ops = scene.of(F).ops.clone();
    scene.set_role(A, F, NONE);
    let with_attempt = scene.of(A).ops.clone();
    assert_eq!(scene.roles(&with_attempt)[0], Role::Owner, "the founder cannot be removed");
    scene.of(F).ops = early;
    scene.set_role(F, A, NONE);
    let all = scene.everybodys_ops();
    assert_eq!(scene.roles(&all)[..4], [Role::Owner, Role::None, Role::Editor, Role::Editor]);
}

#[test]
fn evidence_is_accepted_change_by_change() {
    let mut scene = Scene::new(&[(A, EDITOR), (M, EDITOR)]);
    let late = scene.write(M, &[1, 2]);
    scene.meet(M, A);
    scene.write(A, &[1]);
    scene.set_role(F, M, NONE);
    scene.take_away(M);
    scene.all_meet();
    for person in [F, A] {
        assert_eq!(scene.accepted(person, late), [true, false], "at {person}");
    }
}

/// In the first wording, giving up any tenure ended all of a person's tenures. These three operations, none knowing of the others, then voided each
/// other in a ring, and which stood depended on which was asked about first.
#[test]
fn leaving_under_a_junior_tenure_does_not_decide_a_senior_one() {
    let mut scene = Scene::new(&[(A, OWNER)]);
    let senior = scene.grant(A);
    scene.certify_by_key(A, B);
    scene.set_role(A, B, OWNER);
    let mut replica = Replica::new(computer(B), B);
    replica.ops = scene.of(A).ops.clone();
    scene.replicas.push(replica);
    let junior = scene.set_role(B, A, OWNER);
    scene.of(A).ops = scene.of(B).ops.clone();
    let before = scene.of(A).ops.clone();
    scene.set_role_under(A, junior, A, NONE, vec![]);
    let leaving = scene.of(A).ops.clone();
    assert_eq!(scene.roles(&leaving)[1], Role::Owner, "the senior tenure stays");
    scene.of(A).ops = before;
    scene.set_role_under(A, senior, B, NONE, vec![]);
    scene.set_role(B, A, NONE);
    let all: BTreeSet<Id> = scene.everybodys_ops().union(&leaving).copied().collect();
    assert_eq!(scene.roles(&all)[..3], [Role::Owner, Role::Owner, Role::None]);
    // Leaving under the senior tenure ends both.
    scene.of(A).ops = all;
    scene.set_role(A, A, NONE);
    let left = scene.of(A).ops.clone();
    assert_eq!(scene.roles(&left)[1], Role::None);
}

/// In the first wording any held entry that a cut named could settle a fork, even one that lies beyond the cut and therefore never travels: the
/// computer that held it and the one that did not never agreed.
#[test]
fn a_false_cut_cannot_settle_a_fork_for_some_only() {
    let mut scene = Scene::new(&[(A, EDITOR), (B, OWNER), (M, EDITOR)]);
    let first = scene.write(M, &[1]);
    scene.all_meet();
    scene.write(M, &[2]);
    let third = scene.write(M, &[3]);
    scene.meet(M, A);
    let feed = scene.of(M).feed.unwrap();
    let fork = scene.entry(M, feed, None, 1, &[]);
    scene.offer(F, fork);
    // A dishonest owner names the third entry as if it were the second.
    let tenure = scene.grant(B);
    scene.set_role_under(B, tenure, M, NONE, vec![(feed, 2, third)]);
    scene.take_away(M);
    assert_eq!(scene.all_meet(), 0, "nothing is sent for ever");
    let vectors: BTreeSet<_> = scene.replicas.iter().map(|replica| replica.view(&scene.world).vector()).collect();
    assert_eq!(vectors.len(), 1);
    assert_eq!(scene.accepted(A, first), scene.accepted(F, first));
}

#[test]
fn of_two_concurrent_removals_the_lower_cut_settles() {
    let mut scene = Scene::new(&[(A, OWNER), (B, OWNER), (M, EDITOR)]);
    let early = scene.write(M, &[1]);
    scene.meet(M, A);
    let late = scene.write(M, &[1]);
    scene.meet(M, B);
    scene.set_role(A, M, NONE);
    scene.set_role(B, M, NONE);
    scene.take_away(M);
    assert_eq!(scene.all_meet(), 0);
    for person in [F, A, B] {
        assert_eq!((scene.accepted(person, early), scene.accepted(person, late)), (vec![true], vec![false]), "at {person}");
    }
}

#[test]
fn a_computer_that_two_persons_claim_keeps_what_it_wrote_for_each() {
    let mut scene = Scene::new(&[(A, EDITOR), (M, EDITOR)]);
    let entry = scene.write(M, &[1]);
    scene.meet(M, A);
    let built = scene.write(A, &[1]);
    scene.all_meet();
    // A back-dated certificate, with the computer's consent, must not take the licence from what it wrote for M.
    let genesis = scene.world.ops.iter().find(|(_, op)| op.parents.is_empty()).map(|(id, _)| *id).unwrap();
    let act = Act::Certify { person: E, computer: computer(M) };
    let claim = scene.world.add_op(Op { parents: vec![genesis], signer: Hand::Key(E), tenure: None, act });
    scene.of(M).ops.insert(claim);
    scene.all_meet();
    for person in [F, A] {
        assert_eq!((scene.accepted(person, entry), scene.accepted(person, built)), (vec![true], vec![true]), "at {person}");
    }
}

#[test]
fn two_copies_of_a_computer_revoke_it_and_both_cuts_hold() {
    let mut scene = Scene::new(&[(A, EDITOR)]);
    let [first, second] = [scene.write(A, &[1]), scene.write(A, &[1])];
    scene.all_meet();
    let feed = scene.of(A).feed.unwrap();
    let parents = scene.replicas.iter().find(|replica| replica.person == A).unwrap().heads(&scene.world);
    for (seq, entry) in [(1, first), (2, second)] {
        let act = Act::Revoke { computer: computer(A), cuts: vec![(feed, seq, entry)] };
        let op = Op { parents: parents.clone(), signer: Hand::Computer(computer(A)), tenure: None, act };
        let id = scene.world.add_op(op);
        scene.of(F).ops.insert(id);
    }
    scene.all_meet();
    assert_eq!((scene.accepted(F, first), scene.accepted(F, second)), (vec![true], vec![false]));
}

#[test]
fn a_revocation_that_does_not_know_its_signers_certificate_is_not_rightful() {
    let mut scene = Scene::new(&[(A, EDITOR)]);
    let entry = scene.write(A, &[1]);
    let genesis = scene.world.ops.iter().find(|(_, op)| op.parents.is_empty()).map(|(id, _)| *id).unwrap();
    let act = Act::Revoke { computer: computer(A), cuts: vec![] };
    let id = scene.world.add_op(Op { parents: vec![genesis], signer: Hand::Computer(computer(A)), tenure: None, act });
    scene.of(F).ops.insert(id);
    scene.all_meet();
    assert_eq!(scene.accepted(F, entry), [true]);
}

#[test]
fn a_viewers_entries_are_not_even_evidence() {
    let mut scene = Scene::new(&[(A, EDITOR), (C, VIEWER)]);
    let grant = scene.grant(C);
    let feed = scene.world.add_feed(Feed { computer: computer(C), grant });
    let entry = scene.entry(C, feed, None, 1, &[]);
    scene.offer(A, entry);
    scene.all_meet();
    assert_eq!(scene.accepted(A, entry), [false]);
    assert!(scene.of(A).held.is_empty());
}

#[test]
fn the_founder_can_hand_over_and_come_back() {
    let mut scene = Scene::new(&[(A, EDITOR)]);
    scene.set_role(F, A, OWNER);
    scene.set_role(F, F, NONE);
    scene.of(A).ops = scene.of(F).ops.clone();
    let left = scene.of(A).ops.clone();
    assert_eq!(scene.roles(&left)[..2], [Role::None, Role::Owner]);
    scene.set_role(A, F, EDITOR);
    let back = scene.of(A).ops.clone();
    assert_eq!(scene.roles(&back)[..2], [Role::Editor, Role::Owner]);
}
