#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tuttu_model::{OpHash, SpaceId};

use super::*;
use crate::limits::NAME_CHARS;
use crate::membership::{Role, SignedOp, VerifiedOp};

/// Person numbers are below 100, computer numbers from 100.
fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32])
}

fn person(number: u8) -> PersonId {
    PersonId(*key(number).public().as_bytes())
}

fn computer(number: u8) -> ComputerId {
    ComputerId(*key(number).public().as_bytes())
}

fn signer(number: u8) -> Signer {
    if number < 100 { Signer::Person(person(number)) } else { Signer::Computer(computer(number)) }
}

fn voucher(of: u8, number: u8, by: u8) -> Voucher {
    let vouched = Vouched {
        person: person(of),
        person_name: format!("Person {of}"),
        computer: computer(number),
        computer_name: format!("Computer {number}"),
        by: signer(by),
    };
    vouched.sign(&key(by), voucher_consent(&person(of), &key(number)))
}

fn founded_by(number: u8, vouchers: Vec<Voucher>) -> SignedOp {
    let body = OpBody::Found { nonce: [1; 16], name: "Choir".into(), founder: person(1), founder_name: "Founder".into(), vouchers };
    Op { space: None, parents: vec![], tenure: None, signer: signer(number), time: 0, body }.sign(&key(number))
}

/// A space that person 1 founded on computer 102, which computer 101 let in.
struct Space {
    id: SpaceId,
    ops: Vec<VerifiedOp>,
}

impl Space {
    fn new() -> Self {
        let genesis = founded_by(102, vec![voucher(1, 101, 1), voucher(1, 102, 101)]).verify().unwrap();
        let mut space = Self { id: genesis.space(), ops: vec![genesis] };
        space.carry(102, voucher(1, 101, 1));
        space.carry(102, voucher(1, 102, 101));
        space
    }

    fn fold(&self) -> Membership {
        Membership::fold(self.ops.clone())
    }

    fn add(&mut self, by: u8, body: OpBody) -> OpHash {
        let op = self.fold().draft(signer(by), 0, body).unwrap();
        self.push(by, op)
    }

    fn push(&mut self, by: u8, op: Op) -> OpHash {
        let verified = op.sign(&key(by)).verify().unwrap();
        let hash = verified.hash();
        self.ops.push(verified);
        hash
    }

    fn carry(&mut self, by: u8, voucher: Voucher) -> OpHash {
        self.add(by, OpBody::Vouch { voucher })
    }

    fn revoke(&mut self, by: u8, number: u8) -> OpHash {
        self.add(by, OpBody::Revoke { computer: computer(number), cuts: vec![] })
    }

    fn live(&self) -> Vec<u8> {
        let fold = self.fold();
        (101..=109).filter(|number| fold.may_write(&computer(*number))).collect()
    }
}

#[test]
fn a_space_founded_without_the_person_key_has_the_person_as_owner() {
    let space = Space::new();
    let fold = space.fold();
    assert_eq!((fold.space(), fold.name(), fold.founder()), (Some(space.id), "Choir".to_owned(), Some(person(1))));
    assert_eq!(fold.role(&person(1)), Role::Owner);
    assert_eq!(space.live(), [101, 102]);
    assert_eq!(fold.names_of(&computer(102)), Some(("Person 1".to_owned(), "Computer 102".to_owned())));
    assert_eq!(fold.members()[0].computers.len(), 2);
}

#[test]
fn a_space_is_founded_only_by_a_computer_that_vouchers_lead_to() {
    let to_101 = || voucher(1, 101, 1);
    let forged = Voucher { signature: voucher(1, 102, 103).signature, ..voucher(1, 102, 101) };
    let for_another = voucher(2, 102, 2);
    for chain in [
        vec![],
        vec![to_101()],
        vec![voucher(1, 102, 101)],
        vec![voucher(1, 102, 101), to_101()],
        vec![to_101(), forged],
        vec![for_another],
    ] {
        assert!(founded_by(102, chain.clone()).verify().is_err(), "{chain:?}");
    }
    assert!(founded_by(1, vec![]).verify().is_err(), "the person key makes a genesis");
    assert!(founded_by(101, vec![to_101()]).verify().is_ok());
}

#[test]
fn a_voucher_is_worth_nothing_when_it_is_altered_or_without_consent() {
    let good = voucher(1, 102, 101);
    let alter = |change: &dyn Fn(&mut Vouched)| {
        let mut voucher = good.clone();
        change(&mut voucher.vouched);
        voucher
    };
    assert!(good.verify().is_ok());
    assert!(alter(&|vouched| vouched.person = person(2)).verify().is_err());
    assert!(alter(&|vouched| vouched.computer = computer(103)).verify().is_err());
    assert!(alter(&|vouched| vouched.person_name = "Mallory".into()).verify().is_err());
    assert!(alter(&|vouched| vouched.computer_name = "Another".into()).verify().is_err());
    assert!(alter(&|vouched| vouched.by = signer(1)).verify().is_err());
    assert!(Voucher { consent: voucher_consent(&person(2), &key(102)), ..good.clone() }.verify().is_err());
    assert!(Voucher { consent: voucher_consent(&person(1), &key(103)), ..good.clone() }.verify().is_err());
    for name in ["x".repeat(NAME_CHARS + 1), "lap\u{1b}[2Jtop".to_owned(), "lap\ntop".to_owned()] {
        let odd = Vouched { computer_name: name, ..good.vouched.clone() };
        assert!(odd.sign(&key(101), good.consent).verify().is_err());
    }
}

#[test]
fn a_voucher_counts_as_a_certificate_by_who_signed_it_whoever_carries_it() {
    let mut space = Space::new();
    space.carry(109, voucher(1, 103, 102));
    assert_eq!(space.live(), [101, 102, 103]);
    // By a computer of nobody, or of somebody else: no right.
    space.carry(102, voucher(1, 104, 109));
    space.carry(102, voucher(2, 105, 2));
    assert_eq!(space.live(), [101, 102, 103]);

    // Below a computer that is revoked falls what the revocation did not know of.
    let before = space.fold();
    space.revoke(101, 102);
    assert_eq!(space.live(), [101, 103]);
    space.carry(102, voucher(1, 104, 102));
    let op = before.draft(signer(102), 0, OpBody::Vouch { voucher: voucher(1, 105, 102) }).unwrap();
    space.push(102, op);
    space.carry(101, voucher(1, 102, 101));
    assert_eq!(space.live(), [101, 103], "neither later nor back-dated, nor the revoked one again");
    assert!(space.fold().computers_of(&person(1)).iter().any(|standing| standing.computer == computer(102) && standing.revoked));
}

#[test]
fn only_those_above_a_computer_and_itself_take_it_out() {
    let mut space = Space::new();
    space.carry(102, voucher(1, 103, 102));
    let fold = space.fold();
    assert_eq!(fold.revokers_of(&person(1), &computer(103)), [computer(102), computer(101), computer(103)]);
    assert_eq!(fold.revokers_of(&person(1), &computer(101)), [computer(101)]);
    assert!(fold.revokers_of(&person(2), &computer(101)).is_empty());
    space.revoke(103, 102);
    space.revoke(102, 101);
    assert_eq!(space.live(), [101, 102, 103], "not the other way round");
    space.revoke(101, 103);
    assert_eq!(space.live(), [101, 102]);
}

#[test]
fn a_chain_leads_around_what_was_revoked() {
    let mut space = Space::new();
    space.carry(102, voucher(1, 103, 102));
    let path = |space: &Space, number: u8| {
        let chain = space.fold().vouchers(&person(1)).remove(&computer(number)).unwrap_or_default();
        assert!(chain.is_empty() || leads_to(&chain, &person(1), &computer(number)));
        chain.into_iter().map(|voucher| voucher.vouched.by).collect::<Vec<_>>()
    };
    assert_eq!(path(&space, 103), [signer(1), signer(101), signer(102)]);
    space.revoke(101, 102);
    assert!(path(&space, 103).is_empty() && path(&space, 102).is_empty());
    // It counts still, and whoever may vouches for it anew with the consent it gave before.
    assert_eq!(space.live(), [101, 103]);
    let (vouched, consent) = space.fold().consent_of(&person(1), &computer(103)).unwrap();
    let anew = Vouched { by: signer(101), ..vouched }.sign(&key(101), consent);
    space.carry(101, anew);
    assert_eq!(path(&space, 103), [signer(1), signer(101)]);
    assert_eq!(space.fold().vouchers(&person(2)).len(), 0);
}

/// Who joins brings its vouchers resting on the genesis, not knowing what happened to those who signed them. That takes nothing from a computer whose
/// place was known when they were taken out.
#[test]
fn a_voucher_carried_a_second_time_past_a_revocation_takes_nothing_from_the_first() {
    let mut space = Space::new();
    space.carry(102, voucher(1, 103, 102));
    assert_eq!(space.live(), [101, 102, 103]);
    space.revoke(101, 101);
    assert_eq!(space.live(), [102, 103], "what the first one had vouched for was known");
    let mut parent = OpHash(space.id.0);
    for voucher in [voucher(1, 101, 1), voucher(1, 102, 101), voucher(1, 104, 102)] {
        let body = OpBody::Vouch { voucher };
        parent = space.push(104, Op { space: Some(space.id), parents: vec![parent], tenure: None, signer: signer(104), time: 0, body });
    }
    // The newcomer’s own place is known to nobody that took the first one out, and its chain is no other than the one that is known.
    assert_eq!(space.live(), [102, 103, 104]);
}
