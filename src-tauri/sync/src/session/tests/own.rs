//! Telling one's own computers of spaces, and nobody else.

use tuttu_model::{ComputerId, SpaceId};

use super::world::{Vault, Wire, assert_same, sync};
use crate::membership::{OpBody, Role, SignedOp, Signer, certify_consent};
use crate::replica::Replica;
use crate::session::Effect;
use crate::session::message::Message;
use crate::wire;

/// Two computers of one person, who share a space that only they share.
fn two() -> (Vault, Vault) {
    let mut a = Vault::new(1);
    let mut b = a.next(2);
    let own = a.found(1);
    a.take_ops(&own, vec![b.certificate(&own)]);
    b.take_ops(&own, a.ops(&own));
    (a.own, b.own) = (Some(own), Some(own));
    (a, b)
}

/// A space of one computer in which the other is certified without knowing.
fn found_for(a: &mut Vault, b: &Vault, nonce: u8) -> SpaceId {
    let space = a.found(nonce);
    a.take_ops(&space, vec![b.certificate(&space)]);
    a.commit(&space, nonce);
    space
}

#[test]
fn a_space_made_apart_reaches_the_other_own_computer() {
    let (mut a, mut b) = two();
    let (ours, yours) = (found_for(&mut a, &b, 5), found_for(&mut b, &a, 6));
    sync(&mut a, &mut b);
    for space in [ours, yours] {
        assert_same(&a, &b, &space);
        assert_eq!((a.count(&space), b.count(&space)), (1, 1));
    }
    let wire = sync(&mut a, &mut b);
    assert_eq!(wire.frames, [2, 2], "and then there is nothing more to tell");
}

#[test]
fn a_space_made_while_connected_reaches_it_at_once() {
    let (mut a, mut b) = two();
    let mut vaults = [&mut a, &mut b];
    let mut wire = Wire::connect(&mut vaults);
    wire.run(&mut vaults);
    let other = vaults[1].clone();
    let space = found_for(vaults[0], &other, 5);
    wire.changed(0, &space, &mut vaults);
    wire.run(&mut vaults);
    wire.assert_quiet();
    assert_same(&a, &b, &space);
    assert_eq!(b.count(&space), 1);
}

#[test]
fn a_colleague_is_told_of_nothing_and_tells_nothing() {
    let (mut a, b) = two();
    let mut colleague = Vault::new(7);
    let shared = a.found(5);
    a.admit(&shared, &mut colleague, Role::Owner);
    // The colleague's computer is certified for the person in a space it has not heard of, and has its own such space for them.
    let secret = found_for(&mut a, &b, 6);
    let theirs = found_for(&mut colleague, &b, 8);
    colleague.take_ops(&theirs, vec![a.certificate(&theirs)]);
    colleague.own = Some(theirs);
    let wire = sync(&mut a, &mut colleague);
    let announced = |side: usize| wire.seen[side].iter().any(|effect| matches!(effect, Effect::Announced { .. }));
    assert!(!announced(0) && !announced(1));
    assert!(colleague.membership(&secret).unwrap().is_none() && a.membership(&theirs).unwrap().is_none());

    // Even if it says so: it is none of the person's computers.
    let genesis = colleague.ops(&theirs)[0].clone();
    assert!(took(&mut a, &mut colleague, genesis).is_empty());
}

#[test]
fn a_computer_that_was_taken_out_is_told_of_nothing() {
    let (mut a, mut b) = two();
    let own = a.own.unwrap();
    let space = found_for(&mut a, &b, 5);
    a.revoke(&own, &b.id());
    sync(&mut a, &mut b);
    assert!(b.membership(&space).unwrap().is_none());
    let late = b.found(9);
    let genesis = b.ops(&late)[0].clone();
    assert!(took(&mut a, &mut b, genesis).is_empty(), "nor is anything heard of it");
}

#[test]
fn only_the_beginning_of_a_space_is_announced() {
    let (mut a, mut b) = two();
    let certificate = b.certificate(&a.own.unwrap());
    let effects = took(&mut a, &mut b, certificate);
    assert!(matches!(effects.as_slice(), [Effect::Close(_)]), "{effects:?}");
}

#[test]
fn a_computer_learns_that_another_is_its_persons_and_then_believes_it() {
    // The third was let in by the second; the first has not heard of it.
    let (mut a, mut b) = two();
    let own = a.own.unwrap();
    let mut c = a.next(3);
    b.take_ops(&own, vec![c.certificate(&own)]);
    c.take_ops(&own, b.ops(&own));
    c.own = Some(own);
    let space = found_for(&mut c, &a, 5);
    sync(&mut a, &mut c);
    assert_same(&a, &c, &space);
    assert_eq!(a.count(&space), 1);
}

#[test]
fn a_computer_let_in_by_one_that_was_taken_out_meanwhile_is_told() {
    let (mut a, mut lost) = (Vault::new(1), Vault::new(2));
    let space = a.found(1);
    a.admit(&space, &mut lost, Role::Editor);
    // Elsewhere the person takes it out; it does not know, and lets another one in.
    let mut elsewhere = lost.clone();
    let mut next = lost.next(3);
    lost.take_ops(&space, vec![next.certificate_by(&space, &lost)]);
    next.take_ops(&space, lost.ops(&space));
    next.commit(&space, 1);
    elsewhere.revoke(&space, &lost.id());
    a.take_ops(&space, elsewhere.ops(&space));
    let wire = sync(&mut a, &mut next);
    assert!(!next.membership(&space).unwrap().unwrap().may_read(&next.id()));
    assert!(wire.seen[1].iter().any(|effect| matches!(effect, Effect::Removed { .. })));
    assert_eq!(a.count(&space), 0);
    assert!(!a.membership(&space).unwrap().unwrap().may_read(&next.id()));
}

#[test]
fn leaving_while_connected_is_heard_by_members_and_by_own_computers() {
    let (mut a, mut b) = two();
    let mut colleague = Vault::new(7);
    let space = colleague.found(5);
    colleague.admit(&space, &mut a, Role::Editor);
    colleague.take_ops(&space, vec![b.certificate(&space)]);
    a.take_ops(&space, colleague.ops(&space));
    b.take_ops(&space, colleague.ops(&space));
    for other in [&mut b, &mut colleague] {
        let mut a = a.clone();
        let mut vaults = [&mut a, other];
        let mut wire = Wire::connect(&mut vaults);
        wire.run(&mut vaults);
        let person = vaults[0].person();
        vaults[0].set_role(&space, person, Role::None);
        wire.changed(0, &space, &mut vaults);
        wire.run(&mut vaults);
        wire.assert_quiet();
        assert_eq!(vaults[1].membership(&space).unwrap().unwrap().role(&person), Role::None);
        assert!(wire.seen[0].iter().any(|effect| matches!(effect, Effect::Removed { .. })));
    }
}

/// What comes of a computer announcing this on a connection on which all else is said: everything but frames.
fn took(to: &mut Vault, from: &mut Vault, genesis: SignedOp) -> Vec<Effect> {
    let mut vaults = [to, from];
    let mut wire = Wire::connect(&mut vaults);
    wire.run(&mut vaults);
    let effects = wire.sessions[0].handle_frame(&wire::pack(&Message::Announce { genesis: Box::new(genesis) }), vaults[0]);
    effects.into_iter().filter(|effect| !matches!(effect, Effect::Send(_))).collect()
}

impl Vault {
    /// Another computer of the person vouches for this one.
    pub(super) fn certificate_by(&self, space: &SpaceId, by: &Self) -> SignedOp {
        let consent = certify_consent(space, &self.person(), &self.key);
        let (person, person_name, computer_name) = (self.person(), "P".into(), "C".into());
        let body = OpBody::Certify { person, person_name, computer: self.id(), computer_name, consent };
        by.membership(space).unwrap().unwrap().draft(Signer::Computer(by.id()), 1, body).unwrap().sign(&by.key)
    }

    /// Takes a computer of this vault's person out.
    pub(super) fn revoke(&mut self, space: &SpaceId, computer: &ComputerId) {
        let membership = self.membership(space).unwrap().unwrap();
        let cuts = membership.cuts_for(&self.person(), Some(computer), &self.headers(space).unwrap(), &self.vector(space).unwrap());
        let (signer, body) = (Signer::Person(self.person()), OpBody::Revoke { computer: *computer, cuts });
        let op = membership.draft(signer, 1, body).unwrap().sign(&self.person_key);
        self.take_ops(space, vec![op]);
    }
}
