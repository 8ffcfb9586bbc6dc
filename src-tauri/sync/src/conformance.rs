//! The test vectors of the protocol: what another implementation must arrive at, byte for byte.
//! `TUTTU_UPDATE_FIXTURES=1` writes the file anew; a difference without a new protocol version is a mistake.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use iroh_base::SecretKey;
use serde_json::{Value, json};
use tuttu_model::{ChangeHash, ComputerId, DocumentId, OpHash, PersonId, SpaceId};

use crate::feed::{Entry, FeedHeader, ForkProof, Item, Vector, encode};
use crate::invite::{ComputerInvitation, Hints, Invitation, Link, Secret};
use crate::membership::{Op, OpBody, Role, Signer, Vouched, certify_consent, voucher_consent};
use crate::validate::{Checked, check_change};
use crate::whereabouts::Whereabouts;
use crate::{pairing, session, signing, whereabouts};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/protocol/vectors.json");

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

fn key(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32])
}

fn computer(byte: u8) -> ComputerId {
    ComputerId(*key(byte).public().as_bytes())
}

fn genesis() -> Op {
    let founder = PersonId(*key(1).public().as_bytes());
    let body = OpBody::Genesis { nonce: [7; 16], name: "Garden".into(), founder, founder_name: "Ilona".into(), private: false };
    Op { space: None, parents: Vec::new(), tenure: None, signer: Signer::Person(founder), time: 1_763_110_000, body }
}

fn header() -> FeedHeader {
    FeedHeader { space: SpaceId(genesis().hash().0), computer: computer(2), epoch: [3; 16], grant: genesis().hash() }
}

fn entry(doc: u8) -> Entry {
    let item = Item { doc: DocumentId([doc; 16]), change: ChangeHash([5; 32]) };
    Entry { feed: header().id(), seq: 1, prev: None, operation: [6; 16], items: vec![item] }
}

fn membership_vectors() -> Value {
    let space = SpaceId(genesis().hash().0);
    let founder = PersonId(*key(1).public().as_bytes());
    let consent = certify_consent(&space, &founder, &key(2));
    let body =
        OpBody::Certify { person: founder, person_name: "Ilona".into(), computer: computer(2), computer_name: "Desk".into(), consent };
    let parents = vec![OpHash(space.0)];
    let certify = Op { space: Some(space), parents, tenure: None, signer: Signer::Person(founder), time: 1_763_110_001, body };
    let signed = certify.clone().sign(&key(1));
    json!({
        "person_secret": hex(&[1; 32]),
        "computer_secret": hex(&[2; 32]),
        "genesis_encoded": hex(&encode(&genesis())),
        "space_id": hex(&space.0),
        "space_id_printed": space.to_string(),
        "genesis_signed": hex(&encode(&genesis().sign(&key(1)))),
        "consent_signature": hex(&consent.0),
        "certify_encoded": hex(&encode(&certify)),
        "certify_hash": hex(&certify.hash().0),
        "certify_signed": hex(&encode(&signed)),
    })
}

fn voucher_vectors() -> Value {
    let person = PersonId(*key(1).public().as_bytes());
    let vouch = |computer_key: u8, by: Signer, by_key: u8| {
        let (person_name, computer_name) = ("Ilona".into(), "Laptop".into());
        let vouched = Vouched { person, person_name, computer: computer(computer_key), computer_name, by };
        vouched.sign(&key(by_key), voucher_consent(&person, &key(computer_key)))
    };
    let vouchers = vec![vouch(2, Signer::Person(person), 1), vouch(3, Signer::Computer(computer(2)), 2)];
    let space = SpaceId(genesis().hash().0);
    let (signer, body) = (Signer::Computer(computer(3)), OpBody::Vouch { voucher: vouchers[1].clone() });
    let parents = vec![OpHash(space.0)];
    let carried = Op { space: Some(space), parents: parents.clone(), tenure: None, signer, time: 1_763_110_004, body };
    let body = OpBody::Found { nonce: [15; 16], name: "Choir".into(), founder: person, founder_name: "Ilona".into(), vouchers };
    let found = Op { space: None, parents: Vec::new(), tenure: None, signer, time: 1_763_110_005, body };
    let body = OpBody::Exclude { person, computer: computer(3), cuts: Vec::new() };
    let exclude =
        Op { space: Some(space), parents, tenure: Some(OpHash(space.0)), signer: Signer::Person(person), time: 1_763_110_006, body };
    for (op, by) in [(&carried, 3), (&found, 3), (&exclude, 1)] {
        assert!(op.clone().sign(&key(by)).verify().is_ok());
    }
    json!({
        "vouch_signed": hex(&encode(&carried.sign(&key(3)))),
        "found_signed": hex(&encode(&found.clone().sign(&key(3)))),
        "found_space_id": hex(&found.hash().0),
        "exclude_signed": hex(&encode(&exclude.sign(&key(1)))),
        "announce_frame": hex(&session::vectors_for_tests::announce(found.sign(&key(3)))),
    })
}

fn feed_vectors() -> Value {
    let (first, second) = (entry(4).sign(&key(2)), entry(8).sign(&key(2)));
    let vector = Vector(BTreeMap::from([(header().id(), (1, first.hash()))]));
    let proof = ForkProof { header: header(), first: first.clone(), second };
    json!({
        "header_encoded": hex(&encode(&header())),
        "feed_id": hex(&header().id().0),
        "actor": hex(&header().actor()),
        "entry_encoded": hex(&encode(&entry(4))),
        "entry_hash": hex(&first.hash().0),
        "entry_signed": hex(&encode(&first)),
        "vector_encoded": hex(&encode(&vector)),
        "vector_digest": hex(&vector.digest()),
        "fork_proof_id": hex(&session::vectors_for_tests::proof_id(&proof)),
    })
}

fn session_vectors() -> Value {
    let space = SpaceId(genesis().hash().0);
    json!({
        "nonce": hex(&[9; 32]),
        "sender": hex(&computer(2).0),
        "receiver": hex(&computer(3).0),
        "space_name": hex(&session::vectors_for_tests::space_name(&space, &computer(2), &computer(3), &[9; 32])),
        "rules_digest_of_genesis_alone": hex(&session::vectors_for_tests::rules_digest(&[genesis().hash()], &[])),
        "hello_frame": hex(&session::vectors_for_tests::hello([9; 32])),
        "bye_frame": hex(&session::vectors_for_tests::bye("enough")),
    })
}

fn pairing_vectors() -> Value {
    let secret = Secret([11; 16]);
    let binding = pairing::Binding { exporter: [12; 32], joiner: computer(3), inviter: computer(2) };
    let vectors = pairing::vectors_for_tests(&secret, &binding, &[13; 32], &[14; 32]);
    let hints = Hints { addrs: vec!["192.0.2.7:4242".into()], relay: None };
    let invitation = Invitation {
        inviter: computer(2),
        hints: hints.clone(),
        space: SpaceId(genesis().hash().0),
        space_name: Some("Garden".into()),
        role: Role::Editor,
        expires: 1_763_200_000,
        secret,
        auto: false,
    };
    let added = ComputerInvitation { inviter: computer(2), hints, expires: 1_763_110_600, secret, auto: false };
    assert_eq!(invitation.to_string().parse(), Ok(Link::Join(invitation.clone())));
    json!({
        "secret": hex(&secret.0),
        "lookup": hex(&secret.lookup().0),
        "exporter": hex(&binding.exporter),
        "joiner": hex(&binding.joiner.0),
        "inviter": hex(&binding.inviter.0),
        "inviter_nonce": hex(&[13; 32]),
        "joiner_nonce": hex(&[14; 32]),
        "commitment": hex(&vectors.commitment),
        "joiner_proof": hex(&vectors.joiner_proof),
        "inviter_proof": hex(&vectors.inviter_proof),
        "words": vectors.words,
        "join_link": invitation.to_string(),
        "computer_link": added.to_string(),
    })
}

fn whereabouts_vectors() -> Value {
    let addrs = vec!["10.0.0.7:4433".to_owned(), "[2001:db8::7]:4433".to_owned()];
    let said = Whereabouts { computer: computer(2), issued: 1_763_110_003, addrs, relay: Some("https://relay.example/".into()) };
    let statement = said.clone().sign(&key(2)).unwrap();
    json!({ "encoded": hex(&encode(&said)), "frame": hex(&whereabouts::pack(&[statement])) })
}

fn change_vectors() -> Value {
    let fields = BTreeMap::from([("name".to_owned(), tuttu_model::Scalar::Text("Priya".into()))]);
    let change = tuttu_model::Change::first(header().actor(), 1_763_110_002, &fields);
    assert_eq!(check_change(&change.bytes, change.hash, header().actor(), &BTreeMap::new()), Checked::Good(change.clone()));
    json!({ "good": hex(&change.bytes), "hash": hex(&change.hash.0) })
}

#[test]
fn the_protocol_is_what_its_vectors_say() {
    let vectors = json!({
        "protocol": 1,
        "hash": { "context": "tuttu feed entry v1", "input": hex(b"abc"), "output": hex(&signing::hash("tuttu feed entry v1", b"abc")) },
        "membership": membership_vectors(),
        "vouchers": voucher_vectors(),
        "feed": feed_vectors(),
        "session": session_vectors(),
        "pairing": pairing_vectors(),
        "whereabouts": whereabouts_vectors(),
        "change": change_vectors(),
    });
    let text = format!("{}\n", serde_json::to_string_pretty(&vectors).unwrap());
    if std::env::var_os("TUTTU_UPDATE_FIXTURES").is_some() {
        std::fs::create_dir_all(std::path::Path::new(FILE).parent().unwrap()).unwrap();
        std::fs::write(FILE, &text).unwrap();
    }
    let held = std::fs::read_to_string(FILE).expect("tests/fixtures/protocol/vectors.json");
    assert_eq!(held, text);
}
