#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use iroh_base::SecretKey;

use super::*;
use crate::limits;
use crate::signing::SignatureError;

fn key(number: u16) -> SecretKey {
    let [high, low] = number.to_be_bytes();
    let mut bytes = [high; 32];
    bytes[31] = low;
    SecretKey::from_bytes(&bytes)
}

fn person(number: u16) -> PersonId {
    PersonId(*key(number).public().as_bytes())
}

fn computer(number: u16) -> ComputerId {
    ComputerId(*key(1000 + number).public().as_bytes())
}

/// A space in the making: operations are added on top of all before them, or of a chosen past.
struct Space {
    id: SpaceId,
    ops: Vec<VerifiedOp>,
    time: i64,
}

impl Space {
    /// Founded by person 1, on computer 1.
    fn new() -> Self {
        let genesis = genesis_of(1, "Choir").sign(&key(1)).verify().unwrap();
        let mut space = Self { id: genesis.space(), ops: vec![genesis], time: 0 };
        space.certify(1, 1);
        space
    }

    fn fold(&self) -> Membership {
        Membership::fold(self.ops.clone())
    }

    fn op_on(&mut self, parents: Vec<OpHash>, tenure: Option<OpHash>, signer: Signer, body: OpBody) -> Op {
        self.time += 1;
        Op { space: Some(self.id), parents, tenure, signer, time: self.time, body }
    }

    fn push(&mut self, op: Op, signing_key: &SecretKey) -> OpHash {
        let verified = op.sign(signing_key).verify().unwrap();
        let hash = verified.hash();
        self.ops.push(verified);
        hash
    }

    fn add(&mut self, tenure: Option<OpHash>, signer: Signer, signing_key: &SecretKey, body: OpBody) -> OpHash {
        let heads = self.fold().heads();
        let op = self.op_on(heads, tenure, signer, body);
        self.push(op, signing_key)
    }

    fn certificate(&self, of: u16, number: u16) -> OpBody {
        OpBody::Certify {
            person: person(of),
            person_name: format!("Person {of}"),
            computer: computer(number),
            computer_name: format!("Computer {number}"),
            consent: certify_consent(&self.id, &person(of), &key(1000 + number)),
        }
    }

    /// By the person key.
    fn certify(&mut self, of: u16, number: u16) -> OpHash {
        let body = self.certificate(of, number);
        self.add(None, Signer::Person(person(of)), &key(of), body)
    }

    fn certify_from(&mut self, of: u16, by: u16, number: u16) -> OpHash {
        let body = self.certificate(of, number);
        self.add(None, Signer::Computer(computer(by)), &key(1000 + by), body)
    }

    fn revoke(&mut self, by: u16, number: u16) -> OpHash {
        let body = OpBody::Revoke { computer: computer(number), cuts: vec![] };
        self.add(None, Signer::Computer(computer(by)), &key(1000 + by), body)
    }

    /// Person `by`, on their first computer, sets a role under the tenure they hold.
    fn set_role(&mut self, by: u16, of: u16, role: Role) -> OpHash {
        let body = OpBody::SetRole { person: person(of), person_name: format!("granted {of}"), role, cuts: vec![] };
        let signer = Signer::Computer(computer(by));
        let op = self.fold().draft(signer, self.time, body).unwrap();
        self.push(op, &key(1000 + by))
    }

    /// Person and computer of the same number, with a role from the founder.
    fn join(&mut self, number: u16, role: Role) -> OpHash {
        self.certify(number, number);
        self.set_role(1, number, role)
    }

    fn header(&self, number: u16, grant: OpHash) -> FeedHeader {
        FeedHeader { space: self.id, computer: computer(number), epoch: [0; 16], grant }
    }
}

fn genesis_of(founder: u16, name: &str) -> Op {
    let body = OpBody::Genesis {
        nonce: [1; 16],
        name: name.to_owned(),
        founder: person(founder),
        founder_name: "Founder".to_owned(),
        private: false,
    };
    Op { space: None, parents: vec![], tenure: None, signer: Signer::Person(person(founder)), time: 0, body }
}

fn refused(op: Op, signing_key: &SecretKey) -> bool {
    matches!(op.sign(signing_key).verify(), Err(SignatureError::Malformed(_)))
}

#[test]
fn a_new_space_has_its_founder_as_owner() {
    let space = Space::new();
    let fold = space.fold();
    assert_eq!(fold.space(), Some(space.id));
    assert_eq!((fold.name(), fold.founder(), fold.is_private()), ("Choir".to_owned(), Some(person(1)), false));
    assert_eq!(fold.role(&person(1)), Role::Owner);
    assert!(fold.may_write(&computer(1)) && !fold.may_read(&computer(2)));
    assert_eq!(fold.members().len(), 1);
    assert_eq!(fold.members()[0].name, "Person 1");
    assert_eq!(fold.members()[0].computers, [(computer(1), "Computer 1".to_owned())]);
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let mut space = Space::new();
    space.join(2, Role::Owner);
    space.join(3, Role::Editor);
    space.set_role(2, 3, Role::Viewer);
    let forwards = space.fold();
    let backwards = Membership::fold(space.ops.iter().rev().cloned());
    assert_eq!(forwards.members(), backwards.members());
    assert_eq!(forwards.heads(), backwards.heads());
    assert_eq!(forwards.role(&person(3)), Role::Viewer);
}

#[test]
fn operations_of_other_spaces_or_with_a_missing_past_are_left_out() {
    let mut space = Space::new();
    let other = genesis_of(9, "Other").sign(&key(9)).verify().unwrap();
    space.join(2, Role::Editor);
    let whole = space.ops.clone();
    let strange = Membership::fold_space(&space.id, whole.iter().cloned().chain([other]));
    assert_eq!(strange.ops().len(), whole.len());
    let torn = Membership::fold(whole.iter().enumerate().filter(|(at, _)| *at != 2).map(|(_, op)| op.clone()));
    assert_eq!((torn.ops().len(), torn.role(&person(2))), (2, Role::None));
    assert_eq!(torn.with(whole.iter().cloned()).role(&person(2)), Role::Editor);
    let nothing = Membership::fold([]);
    assert_eq!((nothing.space(), nothing.name(), nothing.heads()), (None, String::new(), vec![]));
}

#[test]
fn an_editor_decides_nothing_and_a_stolen_tenure_helps_nobody() {
    let mut space = Space::new();
    let genesis = space.ops[0].hash();
    let own = space.join(2, Role::Editor);
    let body = |role| OpBody::SetRole { person: person(2), person_name: String::new(), role, cuts: vec![] };
    for tenure in [own, genesis] {
        space.add(Some(tenure), Signer::Computer(computer(2)), &key(1002), body(Role::Owner));
    }
    space.add(Some(genesis), Signer::Person(person(2)), &key(2), body(Role::Owner));
    assert_eq!(space.fold().role(&person(2)), Role::Editor);
    space.add(Some(own), Signer::Computer(computer(2)), &key(1002), body(Role::None));
    assert_eq!(space.fold().role(&person(2)), Role::None, "but anybody may leave");
}

#[test]
fn computers_are_a_tree_and_a_revoked_one_brings_down_only_what_it_did_not_tell() {
    let mut space = Space::new();
    let grant = space.join(2, Role::Editor);
    space.certify_from(2, 2, 20);
    space.certify_from(2, 20, 21);
    assert!(space.fold().may_write(&computer(21)));
    space.revoke(21, 20);
    assert!(space.fold().may_write(&computer(20)), "not by one below");
    space.revoke(2, 20);
    let fold = space.fold();
    assert!(!fold.may_read(&computer(20)) && fold.may_write(&computer(21)), "the certificate of 21 was known to who revoked 20");
    assert!(fold.is_licensed(&space.header(20, grant)));
    assert_eq!(fold.cuts(&space.header(20, grant)), [(0, None)]);
    assert!(fold.cuts(&space.header(21, grant)).is_empty());
    // What the revoked computer back-dates counts for nothing.
    let past = space.ops[..6].iter().map(VerifiedOp::hash).max_by_key(|hash| space.fold().graph.numbers[hash]).unwrap();
    let body = space.certificate(2, 22);
    let op = space.op_on(vec![past], None, Signer::Computer(computer(20)), body);
    space.push(op, &key(1020));
    assert!(!space.fold().may_read(&computer(22)));
}

#[test]
fn a_computer_revokes_itself_and_its_person_signs_it_in_again_by_key_only_while_not_revoked() {
    let mut space = Space::new();
    space.join(2, Role::Editor);
    space.certify_from(2, 2, 20);
    space.revoke(20, 20);
    assert!(!space.fold().may_read(&computer(20)));
    space.certify(2, 20);
    assert!(!space.fold().may_read(&computer(20)), "what a computer said of itself stands");
    assert!(space.fold().may_read(&computer(2)));
}

#[test]
fn an_owner_excludes_one_computer_of_those_in_reach() {
    let mut space = Space::new();
    space.join(2, Role::Owner);
    space.join(3, Role::Editor);
    space.certify_from(3, 3, 30);
    space.certify_from(2, 2, 20);
    let exclude = |space: &mut Space, by: u16, of: u16, number: u16| {
        let body = OpBody::Exclude { person: person(of), computer: computer(number), cuts: vec![] };
        let op = space.fold().draft(Signer::Computer(computer(by)), space.time, body).unwrap();
        space.push(op, &key(1000 + by))
    };
    let writes =
        |space: &Space| [1, 2, 20, 3, 30].into_iter().filter(|number| space.fold().may_write(&computer(*number))).collect::<Vec<_>>();
    // An editor decides nothing; nobody reaches up, or their equals.
    exclude(&mut space, 3, 2, 2);
    exclude(&mut space, 2, 1, 1);
    assert_eq!(writes(&space), [1, 2, 20, 3, 30]);
    let excluded = exclude(&mut space, 2, 3, 30);
    assert_eq!(writes(&space), [1, 2, 20, 3]);
    assert_eq!(space.fold().role(&person(3)), Role::Editor);
    // Neither another certificate, by whomever, nor another role brings it back; and what it vouches for now is nobody's.
    space.certify(3, 30);
    space.set_role(1, 3, Role::Viewer);
    space.set_role(1, 3, Role::Editor);
    space.certify_from(3, 30, 31);
    assert_eq!(writes(&space), [1, 2, 20, 3]);
    assert!(!space.fold().may_read(&computer(31)));
    assert!(space.fold().removals_of(&computer(30)).contains(&excluded));
    // The founder reaches everybody; who was made an owner by somebody else is out of reach from then on.
    exclude(&mut space, 1, 2, 20);
    assert_eq!(writes(&space), [1, 2, 3]);
    space.set_role(1, 3, Role::Owner);
    exclude(&mut space, 2, 3, 3);
    assert_eq!(writes(&space), [1, 2, 3, 30], "what a lesser owner said of them before does not reach them any more either");
    assert!(!space.fold().removals_of(&computer(30)).contains(&excluded));
}

#[test]
fn a_certificate_needs_the_computers_consent() {
    let space = Space::new();
    let mut body = space.certificate(9, 1);
    if let OpBody::Certify { consent, .. } = &mut body {
        *consent = certify_consent(&space.id, &person(9), &key(1009));
    }
    let parents = space.fold().heads();
    let op = Op { space: Some(space.id), parents, tenure: None, signer: Signer::Person(person(9)), time: 0, body };
    assert_eq!(op.sign(&key(9)).verify(), Err(SignatureError::Mismatch));
}

#[test]
fn a_computer_claimed_by_two_keeps_both_licences() {
    let mut space = Space::new();
    let grant = space.join(2, Role::Editor);
    let before = space.fold();
    let genesis = space.ops[0].hash();
    let body = space.certificate(9, 2);
    let claim = space.op_on(vec![genesis], None, Signer::Person(person(9)), body);
    space.push(claim, &key(9));
    let after = space.fold();
    let header = space.header(2, grant);
    assert!(before.is_licensed(&header) && after.is_licensed(&header));
    assert!(after.cuts(&header).is_empty() && after.may_write(&computer(2)));
    assert_eq!(after.author(&header), Some(person(2)));
}

#[test]
fn removal_cuts_feeds_under_earlier_grants_only() {
    let mut space = Space::new();
    let first = space.join(2, Role::Editor);
    space.set_role(1, 2, Role::None);
    let second = space.set_role(1, 2, Role::Editor);
    let fold = space.fold();
    assert_eq!(fold.cuts(&space.header(2, first)), [(0, None)]);
    assert!(fold.cuts(&space.header(2, second)).is_empty());
    assert_eq!(fold.grant(&person(2)), Some(second));
    assert!(fold.is_licensed(&space.header(2, first)), "a licence never changes");
    let viewer = space.set_role(1, 2, Role::Viewer);
    assert!(!space.fold().is_licensed(&space.header(2, viewer)));
}

#[test]
fn cuts_come_from_the_vector_and_name_the_longest_feeds_when_there_are_too_many() {
    let mut space = Space::new();
    let grant = space.join(2, Role::Editor);
    let fold = space.fold();
    let mut headers = BTreeMap::new();
    let mut vector = Vector::default();
    for number in 0..op::CUTS + 100 {
        let mut header = space.header(2, grant);
        header.epoch[..8].copy_from_slice(&number.to_be_bytes());
        vector.0.insert(header.id(), (1 + number as u64, EntryHash([7; 32])));
        headers.insert(header.id(), header);
    }
    let cuts = fold.cuts_for(&person(2), None, &headers, &vector);
    assert_eq!(cuts.len(), op::CUTS);
    assert!(cuts.iter().all(|cut| cut.seq > 100) && cuts.is_sorted());
    assert!(fold.cuts_for(&person(2), Some(&computer(3)), &headers, &vector).is_empty());
    assert!(fold.cuts_for(&person(1), None, &headers, &vector).is_empty());
    let body = OpBody::SetRole { person: person(2), person_name: "x".repeat(200), role: Role::None, cuts: cuts.clone() };
    let op = fold.draft(Signer::Computer(computer(1)), 0, body).unwrap();
    space.push(op, &key(1001));
    let (feed, header) = headers.iter().find(|(feed, _)| cuts.iter().any(|cut| cut.feed == **feed)).unwrap();
    assert_eq!(space.fold().cuts(header), [(vector.0[feed].0, Some(EntryHash([7; 32])))]);
}

#[test]
fn names_are_the_newest() {
    let mut space = Space::new();
    space.join(2, Role::Owner);
    let op = space.fold().draft(Signer::Computer(computer(2)), 0, OpBody::Rename { name: "Quartet".to_owned() }).unwrap();
    space.push(op, &key(1002));
    let fold = space.fold();
    assert_eq!(fold.name(), "Quartet");
    assert_eq!(fold.names_of(&computer(2)), Some(("Person 2".to_owned(), "Computer 2".to_owned())));
    assert_eq!(fold.person_of(&computer(2)), Some(person(2)));
    assert_eq!(fold.names_of(&computer(3)), None);
}

#[test]
fn a_removed_computer_is_served_its_removal_with_its_past() {
    let mut space = Space::new();
    space.join(2, Role::Editor);
    let removal = space.set_role(1, 2, Role::None);
    space.join(3, Role::Editor);
    let fold = space.fold();
    let removals = fold.removals_of(&computer(2));
    assert_eq!(removals, BTreeSet::from([removal]));
    let served = fold.causal_past(&removals);
    assert_eq!((served.len(), served[0].hash(), served.last().unwrap().hash()), (5, space.ops[0].hash(), removal));
    assert_eq!(Membership::fold(served).role(&person(2)), Role::None);
    assert!(fold.removals_of(&computer(3)).is_empty());
}

#[test]
fn who_was_let_in_by_an_owner_whose_tenure_had_ended_is_served_what_ended_it() {
    let mut space = Space::new();
    space.join(2, Role::Editor);
    let by_name = space.set_role(1, 2, Role::None);
    space.join(3, Role::Owner);
    let before = space.ops.clone();
    let ended = space.set_role(1, 3, Role::None);
    let (with_removal, removal) = (space.fold(), space.ops.pop().unwrap());
    let again = space.set_role(3, 2, Role::Editor);
    assert_eq!(space.fold().role(&person(2)), Role::Editor);
    let shown = space.ops.last().cloned().unwrap();
    let all = with_removal.with([shown.clone()]);
    assert_eq!((all.role(&person(2)), all.removals_of(&computer(2))), (Role::None, BTreeSet::from([by_name, ended])));
    let served = all.causal_past(&all.removals_of(&computer(2)));
    assert!(served.iter().all(|op| op.hash() != again));
    let there = Membership::fold(before.into_iter().chain([shown]).chain(served));
    assert_eq!((there.role(&person(2)), removal.hash()), (Role::None, ended));
}

/// Seed 7045. Two copies of the owner's vault: one removed an editor and let them in again, the other made them a viewer. The removal ends the viewer's grant, and
/// that the later editor's one; who had not heard of the viewer's was served the removal alone, and went on.
#[test]
fn who_is_out_because_a_removal_and_a_demotion_met_is_served_both() {
    let mut space = Space::new();
    space.join(2, Role::Editor);
    let demotion = space.set_role(1, 2, Role::Viewer);
    let demoted = space.ops.pop().unwrap();
    let removal = space.set_role(1, 2, Role::None);
    space.set_role(1, 2, Role::Editor);
    assert_eq!(space.fold().role(&person(2)), Role::Editor);
    let all = space.fold().with([demoted]);
    assert_eq!((all.role(&person(2)), all.removals_of(&computer(2))), (Role::None, BTreeSet::from([removal, demotion])));
    let served = all.causal_past(&all.removals_of(&computer(2)));
    assert_eq!(Membership::fold(space.ops.into_iter().chain(served)).role(&person(2)), Role::None);
}

#[test]
fn malformed_operations_are_refused() {
    let space = Space::new();
    let heads = space.fold().heads();
    let base = |body| Op { space: Some(space.id), parents: heads.clone(), tenure: None, signer: Signer::Person(person(1)), time: 0, body };
    let rename = |name: String| Op { tenure: Some(space.ops[0].hash()), ..base(OpBody::Rename { name }) };
    assert!(!refused(rename("x".repeat(limits::NAME_CHARS)), &key(1)));
    assert!(refused(rename("x".repeat(limits::NAME_CHARS + 1)), &key(1)), "long name");
    assert!(refused(base(OpBody::Rename { name: String::new() }), &key(1)), "no tenure");
    let revoke = |cuts| OpBody::Revoke { computer: computer(1), cuts };
    assert!(refused(Op { tenure: Some(heads[0]), ..base(revoke(vec![])) }, &key(1)), "a tenure it does not need");
    assert!(refused(Op { parents: vec![], ..base(revoke(vec![])) }, &key(1)), "no parents");
    assert!(refused(Op { parents: vec![heads[0], heads[0]], ..base(revoke(vec![])) }, &key(1)), "a parent twice");
    assert!(refused(Op { space: None, ..base(revoke(vec![])) }, &key(1)), "no space");
    let cut = |feed, seq| Cut { feed: FeedId([feed; 32]), seq, entry: EntryHash([0; 32]) };
    assert!(refused(base(revoke(vec![cut(1, 0)])), &key(1)), "a cut at 0");
    assert!(refused(base(revoke(vec![cut(2, 1), cut(1, 1)])), &key(1)), "cuts out of order");
    assert!(refused(base(revoke(vec![cut(1, 1), cut(1, 2)])), &key(1)), "a feed cut twice");
    let promote = OpBody::SetRole { person: person(1), person_name: String::new(), role: Role::Editor, cuts: vec![cut(1, 1)] };
    assert!(refused(Op { tenure: Some(heads[0]), ..base(promote) }, &key(1)), "cuts with a role that writes");
    assert!(refused(Op { parents: heads.clone(), ..genesis_of(1, "") }, &key(1)), "a genesis with parents");
    assert!(refused(Op { signer: Signer::Person(person(2)), ..genesis_of(1, "") }, &key(2)), "a genesis by another");
    let forged = genesis_of(1, "").sign(&key(2));
    assert_eq!(forged.verify(), Err(SignatureError::Mismatch));
}

#[test]
fn the_largest_operation_is_within_its_limit() {
    let cuts = (0..op::CUTS as u64).map(|number| {
        let mut feed = [0; 32];
        feed[..8].copy_from_slice(&number.to_be_bytes());
        Cut { feed: FeedId(feed), seq: u64::MAX, entry: EntryHash([0; 32]) }
    });
    let mut parents: Vec<OpHash> = (0..op::PARENTS).map(|number| OpHash(crate::signing::hash("test", &number.to_be_bytes()))).collect();
    parents.sort();
    let body =
        OpBody::SetRole { person: person(1), person_name: "\u{10348}".repeat(limits::NAME_CHARS), role: Role::None, cuts: cuts.collect() };
    let signer = Signer::Person(person(1));
    let op = Op { space: Some(SpaceId([0; 32])), parents, tenure: Some(OpHash([0; 32])), signer, time: i64::MIN, body };
    assert!(op.sign(&key(1)).verify().is_ok());
}

/// Operations made without checking signatures: only the fold is under test.
fn chain_of(length: usize, mut body: impl FnMut(usize, &[OpHash]) -> (Option<usize>, Signer, OpBody)) -> Vec<VerifiedOp> {
    let genesis = VerifiedOp::from_store(genesis_of(1, "").sign(&key(1)));
    let space = genesis.space();
    let mut hashes = vec![genesis.hash()];
    let mut ops = vec![genesis];
    let signature_of = key(1);
    for number in 1..length {
        let (tenure, signer, body) = body(number, &hashes);
        let parents = vec![*hashes.last().unwrap()];
        let op = Op { space: Some(space), parents, tenure: tenure.map(|at| hashes[at]), signer, time: 0, body };
        let verified = VerifiedOp::from_store(op.sign(&signature_of));
        hashes.push(verified.hash());
        ops.push(verified);
    }
    ops
}

fn grant_to(number: usize, role: Role) -> OpBody {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&number.to_be_bytes());
    OpBody::SetRole { person: PersonId(id), person_name: String::new(), role, cuts: vec![] }
}

#[test]
fn ten_thousand_operations_fold_without_trouble() {
    let founder = Signer::Person(person(1));
    let ops = chain_of(10_000, |number, _| (Some(0), founder, grant_to(number % 500, [Role::Editor, Role::None][number / 500 % 2])));
    let fold = Membership::fold(ops);
    assert_eq!(fold.ops().len(), 10_000);
    assert_eq!(fold.members().len(), 501);
}

#[test]
fn a_chain_of_owners_ends_at_the_depth_limit_and_never_overflows_the_stack() {
    // Each owner makes the next one, who signs with their person key.
    let id = |number: usize| {
        let OpBody::SetRole { person, .. } = grant_to(number, Role::Owner) else { panic!("not a role") };
        person
    };
    let ops = chain_of(5_000, |number, _| {
        let signer = if number == 1 { person(1) } else { id(number - 1) };
        (Some(number - 1), Signer::Person(signer), grant_to(number, Role::Owner))
    });
    let fold = std::thread::Builder::new().stack_size(512 * 1024).spawn(move || Membership::fold(ops)).unwrap().join().unwrap();
    assert_eq!(fold.role(&id(graph::TENURE_DEPTH)), Role::Owner);
    assert_eq!(fold.role(&id(graph::TENURE_DEPTH + 1)), Role::None);
}

#[test]
fn a_long_quarrel_over_one_owner_folds_in_time() {
    // The founder makes one person owner and ends it again, thousands of times; in between that person acts.
    let other = PersonId([9; 32]);
    let set = |role| OpBody::SetRole { person: other, person_name: String::new(), role, cuts: vec![] };
    let ops = chain_of(3_000, |number, _| match number % 3 {
        1 => (Some(0), Signer::Person(person(1)), set(Role::Owner)),
        2 => (Some(number - 1), Signer::Person(other), grant_to(7, Role::Editor)),
        _ => (Some(0), Signer::Person(person(1)), set(Role::None)),
    });
    let fold = Membership::fold(ops);
    assert_eq!(fold.role(&other), Role::Owner);
}
