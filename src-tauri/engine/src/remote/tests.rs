#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use iroh_base::SecretKey;
use tempfile::TempDir;
use tuttu_model::{Change, Scalar};
use tuttu_sync::feed::{Entry as FeedEntry, ForkProof, Item};
use tuttu_sync::membership::{Op, OpBody, SignedOp, Signer, certify_consent};

use super::*;
use crate::NewVault;
use crate::api::{Command, Outcome};

struct Person {
    engine: Engine,
    _dir: TempDir,
}

fn person(name: &str) -> Person {
    let dir = tempfile::tempdir().unwrap();
    let new = NewVault { person_name: name.into(), computer_name: "desk".into() };
    Person { engine: Engine::create(&dir.path().join("vault"), &new).unwrap(), _dir: dir }
}

/// A founder and an editor of one space.
fn two() -> (Person, Person, SpaceId) {
    let (founder, editor) = (person("Fay"), person("Ed"));
    let Ok(Outcome::Space { id }) = founder.engine.execute(Command::CreateSpace { name: "Shared".into() }) else { panic!() };
    let space: SpaceId = id.parse().unwrap();
    let invite = Command::Invite {
        space: "Shared".into(),
        role: "editor".into(),
        expires_in: 60,
        auto: true,
        for_whom: String::new(),
        hints: vec![],
        relay: None,
    };
    let Ok(Outcome::Invitation { invitation }) = founder.engine.execute(invite) else { panic!() };
    let certificate = editor.engine.join_certificates(&space).unwrap();
    let ops = founder.engine.admit(&invitation.id, &editor.engine.computer(), certificate, "Ed").unwrap();
    editor.engine.joined(&space, ops).unwrap();
    (founder, editor, space)
}

impl Person {
    fn receive(&self, space: &SpaceId, batch: IncomingBatch, room: Room) -> StoreOutcome {
        let space = *space;
        let applied = self.engine.inner.write(Lane::Remote, move |inner, tx| Receiver::receive(inner, tx, space, batch, room));
        applied.unwrap().outcome.unwrap()
    }

    fn membership(&self, space: &SpaceId) -> std::sync::Arc<Membership> {
        self.engine.replica().membership(space).unwrap().unwrap()
    }

    /// A feed of this computer, the number `epoch`.
    fn header(&self, space: &SpaceId, epoch: u8) -> FeedHeader {
        let membership = self.membership(space);
        let grant = membership.grant(&membership.person_of(&self.engine.computer()).unwrap()).unwrap();
        FeedHeader { space: *space, computer: self.engine.computer(), epoch: [epoch; 16], grant }
    }

    /// A first entry of a feed; `doc` makes it another one.
    fn first(&self, header: &FeedHeader, doc: u8) -> IncomingEntry {
        let fields = BTreeMap::from([("kind".to_owned(), Scalar::Text("person".into()))]);
        let change = Change::first(header.actor(), i64::from(doc), &fields);
        let items = vec![Item { doc: DocumentId([doc; 16]), change: change.hash }];
        let entry = FeedEntry { feed: header.id(), seq: 1, prev: None, operation: [0; 16], items };
        let key = SecretKey::from_bytes(&self.engine.computer_secret());
        IncomingEntry { header: Some(header.clone()), entry: entry.sign(&key), changes: vec![Some(change.bytes)], beyond_vector: false }
    }

    /// Proves that a feed has two histories.
    fn fork(&self, header: &FeedHeader, docs: [u8; 2]) -> ForkProof {
        let [a, b] = docs.map(|doc| self.first(header, doc).entry.verify(header).unwrap());
        ForkProof::of(header, &a, &b).unwrap()
    }
}

/// Anybody may let themselves be certified; it gives no right.
fn certificate(space: &SpaceId, number: u8) -> SignedOp {
    let (person, computer) = (SecretKey::from_bytes(&[number; 32]), SecretKey::from_bytes(&[number + 100; 32]));
    let id = tuttu_model::PersonId(*person.public().as_bytes());
    let body = OpBody::Certify {
        person: id,
        person_name: "Somebody".into(),
        computer: ComputerId(*computer.public().as_bytes()),
        computer_name: "desk".into(),
        consent: certify_consent(space, &id, &computer),
    };
    let parents = vec![tuttu_model::OpHash(space.0)];
    Op { space: Some(*space), parents, tenure: None, signer: Signer::Person(id), time: 0, body }.sign(&person)
}

#[test]
fn no_more_operations_are_taken_than_a_space_may_hold() {
    let (founder, _, space) = two();
    let held = founder.membership(&space).ops().len();
    let ops = (1..=3).map(|number| certificate(&space, number)).collect();
    let outcome = founder.receive(&space, IncomingBatch { ops, ..IncomingBatch::default() }, Room { ops: held + 2, ..ROOM });
    assert!(outcome.refused.unwrap().contains("as many membership operations as any may have"));
    assert_eq!(founder.membership(&space).ops().len(), held + 2);
    let again = IncomingBatch { ops: vec![certificate(&space, 1)], ..IncomingBatch::default() };
    assert_eq!(founder.receive(&space, again, Room { ops: held + 2, ..ROOM }).refused, None, "what is held needs no room");
}

#[test]
fn no_more_feeds_are_taken_than_a_space_may_hold() {
    let (founder, editor, space) = two();
    let entries = (1..=3).map(|epoch| editor.first(&editor.header(&space, epoch), epoch)).collect();
    let outcome = founder.receive(&space, IncomingBatch { entries, ..IncomingBatch::default() }, Room { feeds: 2, ..ROOM });
    assert_eq!(outcome.stored, 2);
    assert!(outcome.refused.unwrap().contains("as many feeds as any may have"));
}

#[test]
fn no_more_fork_proofs_are_taken_than_a_space_may_hold() {
    let (founder, editor, space) = two();
    let header = editor.header(&space, 1);
    let proofs = vec![editor.fork(&header, [1, 2]), editor.fork(&header, [3, 4])];
    let outcome = founder.receive(&space, IncomingBatch { proofs, ..IncomingBatch::default() }, Room { proofs: 1, ..ROOM });
    assert!(outcome.refused.unwrap().contains("as many fork proofs as any may have"));
    assert_eq!(founder.engine.replica().proofs(&space).unwrap().len(), 1);
}

#[test]
fn fork_proofs_about_feeds_of_strangers_take_no_room() {
    let (founder, _, space) = two();
    let stranger = person("Stan");
    let header = FeedHeader { computer: stranger.engine.computer(), ..founder.header(&space, 1) };
    let proofs = vec![stranger.fork(&header, [1, 2])];
    let outcome = founder.receive(&space, IncomingBatch { proofs, ..IncomingBatch::default() }, ROOM);
    assert!(outcome.refused.unwrap().contains("nobody was ever allowed to write"));
    assert_eq!(founder.engine.replica().proofs(&space).unwrap().len(), 0);
}

/// A refused batch used to leave operations behind that had no effect on what was held.
#[test]
fn operations_before_a_fault_have_their_effect() {
    let (founder, editor, space) = two();
    let add = Command::Add { space: Some("Shared".into()), kind: "person".into(), records: vec!["{\"name\":\"Ann\"}".into()] };
    editor.engine.execute(add).unwrap();
    assert_eq!(editor.engine.replica().vector(&space).unwrap().0.len(), 1);
    founder.engine.execute(Command::RemoveMember { space: "Shared".into(), member: "Ed".into() }).unwrap();
    let mut ops: Vec<SignedOp> = founder.membership(&space).in_order().map(tuttu_sync::membership::VerifiedOp::to_signed).collect();
    ops.push(certificate(&SpaceId([9; 32]), 1));
    let outcome = editor.receive(&space, IncomingBatch { ops, ..IncomingBatch::default() }, ROOM);
    assert!(outcome.refused.unwrap().contains("of another space"));
    // The removal cuts at what the founder held: nothing.
    assert_eq!(editor.engine.replica().vector(&space).unwrap().0.len(), 0);
}

/// Seed 6667. Only a second entry beside one that counts was proven; where a cut had set the first one aside nobody ever learned that there are two.
#[test]
fn two_histories_are_proven_where_nothing_of_them_counts() {
    let (founder, editor, space) = two();
    let header = editor.header(&space, 1);
    founder.engine.execute(Command::RemoveMember { space: "Shared".into(), member: "Ed".into() }).unwrap();
    for (doc, proofs) in [(1, 0), (2, 1), (3, 1)] {
        let batch = IncomingBatch { entries: vec![editor.first(&header, doc)], ..IncomingBatch::default() };
        assert_eq!(founder.receive(&space, batch, ROOM).stored, 1);
        assert_eq!(founder.engine.replica().proofs(&space).unwrap().len(), proofs, "after {doc}");
    }
    assert_eq!(founder.engine.replica().vector(&space).unwrap().0.len(), 0);
}
