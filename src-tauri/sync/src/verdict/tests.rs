#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use iroh_base::SecretKey;
use tuttu_model::{ComputerId, OpHash, PersonId, SpaceId};

use super::*;
use crate::feed::Entry;
use crate::membership::{Cut, Op, OpBody, Role, Signer, VerifiedOp, certify_consent};

fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32])
}

fn person(number: u8) -> PersonId {
    PersonId(*key(number).public().as_bytes())
}

fn computer(number: u8) -> ComputerId {
    ComputerId(*key(100 + number).public().as_bytes())
}

/// Two editors beside the founder, and what their computers hold.
struct Scene {
    space: SpaceId,
    ops: Vec<VerifiedOp>,
    headers: BTreeMap<FeedId, FeedHeader>,
    grants: BTreeMap<u8, OpHash>,
    entries: Vec<EntryFacts>,
    changes: BTreeMap<ChangeHash, ChangeFacts>,
    proofs: Vec<ForkProof>,
}

impl Scene {
    fn new() -> Self {
        let founder = person(1);
        let body = OpBody::Genesis { nonce: [0; 16], name: String::new(), founder, founder_name: String::new(), private: false };
        let genesis = Op { space: None, parents: vec![], tenure: None, signer: Signer::Person(founder), time: 0, body };
        let genesis = genesis.sign(&key(1)).verify().unwrap();
        let mut scene = Self {
            space: genesis.space(),
            ops: vec![genesis],
            headers: BTreeMap::new(),
            grants: BTreeMap::new(),
            entries: Vec::new(),
            changes: BTreeMap::new(),
            proofs: Vec::new(),
        };
        for number in [2, 3] {
            let consent = certify_consent(&scene.space, &person(number), &key(100 + number));
            let (person_name, computer_name) = (String::new(), String::new());
            let body = OpBody::Certify { person: person(number), person_name, computer: computer(number), computer_name, consent };
            scene.add_op(number, body);
            let grant = scene.set_role(number, Role::Editor, vec![]);
            scene.grants.insert(number, grant);
        }
        scene
    }

    fn membership(&self) -> Membership {
        Membership::fold(self.ops.clone())
    }

    fn add_op(&mut self, by: u8, body: OpBody) -> OpHash {
        let op = self.membership().draft(Signer::Person(person(by)), 0, body).unwrap();
        let verified = op.sign(&key(by)).verify().unwrap();
        let hash = verified.hash();
        self.ops.push(verified);
        hash
    }

    fn set_role(&mut self, of: u8, role: Role, cuts: Vec<Cut>) -> OpHash {
        self.add_op(1, OpBody::SetRole { person: person(of), person_name: String::new(), role, cuts })
    }

    fn feed(&mut self, of: u8) -> FeedId {
        self.feed_in(of, 0)
    }

    fn feed_in(&mut self, of: u8, epoch: u8) -> FeedId {
        let header = FeedHeader { space: self.space, computer: computer(of), epoch: [epoch; 16], grant: self.grants[&of] };
        let id = header.id();
        self.headers.insert(id, header);
        id
    }

    fn change(&mut self, feed: FeedId, seq: u64, deps: &[ChangeHash], name: u8) -> ChangeHash {
        let change = ChangeHash([name; 32]);
        self.changes.insert(change, ChangeFacts { doc: DocumentId([1; 16]), feed, seq, deps: deps.to_vec() });
        change
    }

    fn entry(&mut self, feed: FeedId, prev: Option<&EntryFacts>, items: &[ChangeHash]) -> EntryFacts {
        let items: Vec<Item> = items.iter().map(|change| Item { doc: DocumentId([1; 16]), change: *change }).collect();
        let (seq, prev) = (prev.map_or(1, |prev| prev.seq + 1), prev.map(|prev| prev.hash));
        let hash = Entry { feed, seq, prev, operation: [0; 16], items: items.clone() }.hash();
        let facts = EntryFacts { hash, feed, seq, prev, items, invalid: false };
        self.entries.push(facts.clone());
        facts
    }

    fn judge(&self) -> Verdict {
        judge(&self.membership(), &self.headers, &self.proofs, &self.entries, &self.changes)
    }

    /// One change by 2, two on top of each other by 3.
    fn written(&mut self) -> [EntryFacts; 3] {
        let (two, three) = (self.feed(2), self.feed(3));
        let a = self.change(two, 1, &[], 1);
        let b = self.change(three, 1, &[a], 2);
        let c = self.change(three, 2, &[b], 3);
        let first = self.entry(two, None, &[a]);
        let second = self.entry(three, None, &[b]);
        let third = self.entry(three, Some(&second), &[c]);
        [first, second, third]
    }
}

#[test]
fn what_members_write_is_valid_and_accepted() {
    let mut scene = Scene::new();
    let [first, _, third] = scene.written();
    let verdict = scene.judge();
    assert!(verdict.standing.values().all(|standing| *standing == Standing::Valid));
    assert_eq!(verdict.accepted.len(), 3);
    assert_eq!(verdict.vector.0, BTreeMap::from([(first.feed, (1, first.hash)), (third.feed, (2, third.hash))]));
    assert!(verdict.closed.is_empty() && !verdict.collided);
    let twice = judge(&scene.membership(), &scene.headers, &[], &[scene.entries.clone(), scene.entries.clone()].concat(), &scene.changes);
    assert_eq!(twice, verdict, "an entry given twice counts once");
}

#[test]
fn a_removal_keeps_up_to_its_cut_and_what_others_built_on() {
    let mut scene = Scene::new();
    let [first, second, third] = scene.written();
    scene.set_role(3, Role::None, vec![Cut { feed: second.feed, seq: 1, entry: second.hash }]);
    let verdict = scene.judge();
    assert_eq!((verdict.standing[&second.hash], verdict.standing[&third.hash]), (Standing::Valid, Standing::Tray));
    assert_eq!(verdict.closed, BTreeSet::from([second.feed]));
    scene.set_role(2, Role::None, vec![]);
    let verdict = scene.judge();
    assert_eq!((verdict.standing[&first.hash], verdict.standing[&second.hash]), (Standing::Evidence, Standing::Valid));
    assert_eq!(verdict.accepted.len(), 2);
}

#[test]
fn an_invalid_entry_freezes_its_feed_and_nothing_after_it_is_evidence() {
    let mut scene = Scene::new();
    let [first, second, third] = scene.written();
    scene.entries[1].invalid = true;
    let verdict = scene.judge();
    assert_eq!(verdict.standing[&first.hash], Standing::Valid);
    assert_eq!((verdict.standing[&second.hash], verdict.standing[&third.hash]), (Standing::Tray, Standing::Tray));
    assert_eq!((verdict.accepted.len(), verdict.closed), (1, BTreeSet::from([second.feed])));
    // Somebody builds on what came after the invalid entry: that proves nothing.
    let top = scene.change(first.feed, 2, &[ChangeHash([1; 32]), ChangeHash([3; 32])], 4);
    scene.entry(first.feed, Some(&first), &[top]);
    assert_eq!(scene.judge().accepted, BTreeSet::from([ChangeHash([1; 32])]));
}

#[test]
fn a_fork_proof_stops_a_feed_whether_or_not_the_branches_are_held() {
    let mut scene = Scene::new();
    let [_, second, third] = scene.written();
    let header = scene.headers[&second.feed].clone();
    let branch = |name: u8| {
        let items = vec![Item { doc: DocumentId([1; 16]), change: ChangeHash([name; 32]) }];
        let entry = Entry { feed: second.feed, seq: 2, prev: Some(second.hash), operation: [0; 16], items };
        entry.sign(&key(103)).verify(&header).unwrap()
    };
    let proof = ForkProof::of(&header, &branch(8), &branch(9)).unwrap();
    assert_eq!(proof.verify(), Ok(()));
    assert_eq!(ForkProof::of(&header, &branch(8), &branch(8)), None);
    let swapped = ForkProof { header: proof.header.clone(), first: proof.second.clone(), second: proof.first.clone() };
    assert!(swapped.verify().is_err());
    scene.proofs.push(proof);
    let verdict = scene.judge();
    assert_eq!((verdict.standing[&second.hash], verdict.standing[&third.hash]), (Standing::Valid, Standing::Tray));
    assert_eq!(verdict.closed, BTreeSet::from([second.feed]));
    // A cut that names an entry whose line is held settles it.
    scene.set_role(3, Role::None, vec![Cut { feed: second.feed, seq: 2, entry: third.hash }]);
    assert_eq!(scene.judge().standing[&third.hash], Standing::Valid);
}

#[test]
fn of_clashing_changes_the_one_others_rest_on_stands_whatever_its_author_does() {
    // Person 2 is senior to 3, and wrote two first changes; which has the lower hash must not matter.
    for (kept, dropped) in [(1, 2), (2, 1)] {
        let mut scene = Scene::new();
        let (forked, again, other) = (scene.feed(2), scene.feed_in(2, 1), scene.feed(3));
        let [kept, dropped] = [kept, dropped].map(|name| {
            let change = scene.change(forked, 1, &[], name);
            scene.entry(forked, None, &[change]);
            change
        });
        let own = scene.change(again, 1, &[dropped], 3);
        scene.entry(again, None, &[own]);
        let built = scene.change(other, 1, &[kept], 4);
        scene.entry(other, None, &[built]);
        let verdict = scene.judge();
        assert_eq!((verdict.accepted, verdict.collided), (BTreeSet::from([kept, built]), true));
    }
}

#[test]
fn what_a_valid_entry_lists_needs_no_other_evidence() {
    // Whichever hash is lower: a later entry, beyond the cut, lists the same change again.
    for name in 10..18 {
        let mut scene = Scene::new();
        let [_, second, _] = scene.written();
        let more = scene.change(second.feed, 2, &[ChangeHash([2; 32])], name);
        let twice = scene.entry(second.feed, Some(&second), &[ChangeHash([2; 32]), more]);
        scene.set_role(3, Role::None, vec![Cut { feed: second.feed, seq: 1, entry: second.hash }]);
        assert_eq!(scene.judge().standing[&twice.hash], Standing::Tray);
    }
}

#[test]
fn listing_anothers_change_proves_nothing() {
    let mut scene = Scene::new();
    let (two, three) = (scene.feed(2), scene.feed(3));
    let foreign = scene.change(three, 1, &[], 1);
    scene.entry(two, None, &[foreign]);
    assert!(scene.judge().accepted.is_empty());
}

#[test]
fn an_erased_change_counts_and_a_missing_one_takes_its_dependants_with_it() {
    let mut scene = Scene::new();
    let [first, ..] = scene.written();
    scene.changes.remove(&ChangeHash([1; 32]));
    assert_eq!(scene.judge().accepted.len(), 3, "listed, its bytes erased");
    scene.entries.retain(|entry| entry.hash != first.hash);
    assert!(scene.judge().accepted.is_empty(), "listed nowhere");
}

#[test]
fn new_members_spare_judging_and_removals_do_not() {
    let mut scene = Scene::new();
    let [_, second, _] = scene.written();
    let before = scene.membership();
    scene.set_role(9, Role::Owner, vec![]);
    let grown = scene.membership();
    assert!(!may_change(&before, &grown, &scene.headers, false));
    assert!(!may_change(&before, &grown, &scene.headers, true));
    scene.set_role(3, Role::None, vec![Cut { feed: second.feed, seq: 1, entry: second.hash }]);
    assert!(may_change(&grown, &scene.membership(), &scene.headers, false));
    let removed = scene.membership();
    scene.set_role(3, Role::Editor, vec![]);
    assert!(!may_change(&removed, &scene.membership(), &scene.headers, false));
    assert!(may_change(&removed, &scene.membership(), &scene.headers, true), "3 is somebody again where changes clash");
}

#[test]
fn only_a_plain_next_entry_extends_cleanly() {
    let mut scene = Scene::new();
    let [first, second, third] = scene.written();
    let membership = scene.membership();
    let clean = |entry: &EntryFacts, tip: &EntryFacts, accepted: bool, held: bool| {
        let (header, tip) = (&scene.headers[&entry.feed], Some((tip.seq, tip.hash)));
        let extension = Extension { header, tip, entry, changes: &scene.changes, proofs: &[] };
        extends_cleanly(&membership, &BTreeSet::new(), extension, |_| accepted, |_, _| held)
    };
    assert!(clean(&third, &second, true, false));
    assert!(!clean(&third, &second, false, false), "rests on something set aside");
    assert!(!clean(&third, &second, true, true), "clashes");
    assert!(!clean(&third, &first, true, false), "not after the tip");
    assert!(!clean(&EntryFacts { invalid: true, ..third.clone() }, &second, true, false), "invalid");
    let (header, tip) = (&scene.headers[&third.feed], Some((1, second.hash)));
    let extension = Extension { header, tip, entry: &third, changes: &scene.changes, proofs: &[] };
    assert!(!extends_cleanly(&membership, &BTreeSet::from([third.feed]), extension, |_| true, |_, _| false), "closed");
    let branch = |operation: u8| {
        let entry = Entry { feed: third.feed, seq: 3, prev: Some(third.hash), operation: [operation; 16], items: vec![] };
        entry.sign(&key(103)).verify(header).unwrap()
    };
    let proof = ForkProof::of(header, &branch(1), &branch(2)).unwrap();
    let forked_after = Extension { proofs: &[proof], ..extension };
    assert!(!extends_cleanly(&membership, &BTreeSet::new(), forked_after, |_| true, |_, _| false), "the feed forks after it");
    let unknown = Extension { changes: &BTreeMap::new(), ..extension };
    assert!(!extends_cleanly(&membership, &BTreeSet::new(), unknown, |_| true, |_, _| false), "without facts");
}

#[test]
fn a_hundred_thousand_entries_are_judged_at_once() {
    let mut scene = Scene::new();
    let feeds = [scene.feed(2), scene.feed(3)];
    let mut tips: [Option<EntryFacts>; 2] = [None, None];
    for number in 0..100_000_u64 {
        let side = usize::try_from(number % 2).unwrap();
        let mut name = [0; 32];
        name[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        let mut doc = [0; 16];
        doc[..8].copy_from_slice(&number.to_be_bytes());
        let (doc, change) = (DocumentId(doc), ChangeHash(name));
        scene.changes.insert(change, ChangeFacts { doc, feed: feeds[side], seq: 1, deps: vec![] });
        let (seq, prev) = tips[side].as_ref().map_or((1, None), |tip| (tip.seq + 1, Some(tip.hash)));
        let facts = EntryFacts { hash: EntryHash(name), feed: feeds[side], seq, prev, items: vec![Item { doc, change }], invalid: false };
        scene.entries.push(facts.clone());
        tips[side] = Some(facts);
    }
    let verdict = scene.judge();
    assert_eq!((verdict.accepted.len(), verdict.closed.len()), (100_000, 0));
    assert_eq!(verdict.vector.0[&feeds[0]].0, 50_000);
}
