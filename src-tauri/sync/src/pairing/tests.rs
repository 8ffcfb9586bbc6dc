#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use iroh_base::SecretKey;
use proptest::prelude::*;
use tuttu_model::{ComputerId, OpHash, PersonId, SpaceId};

use super::{
    Binding, Found, Goal, Introduction, InvitationState, Inviter, InviterEffect, Joiner, JoinerEffect, Offer, Refusal, SpaceOps, Words,
};
use crate::invite::{ComputerInvitation, Hints, Invitation, Link, Secret};
use crate::membership::{Op, OpBody, Role, SignedOp, Signer, Vouched, certify_consent, voucher_consent};

fn key(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32])
}

fn computer(byte: u8) -> ComputerId {
    ComputerId(*key(byte).public().as_bytes())
}

fn person(byte: u8) -> PersonId {
    PersonId(*key(byte).public().as_bytes())
}

const JOINER: u8 = 1;
const INVITER: u8 = 2;
const JOINER_PERSON: u8 = 11;
const INVITER_PERSON: u8 = 12;

fn binding() -> Binding {
    Binding { exporter: [5; 32], joiner: computer(JOINER), inviter: computer(INVITER) }
}

fn genesis() -> SignedOp {
    let founder = person(INVITER_PERSON);
    let body = OpBody::Genesis { nonce: [0; 16], name: "Garden".into(), founder, founder_name: "Ilona".into(), private: false };
    Op { space: None, parents: Vec::new(), tenure: None, signer: Signer::Person(founder), time: 0, body }.sign(&key(INVITER_PERSON))
}

fn space() -> SpaceId {
    SpaceId(genesis().hash().0)
}

fn link(secret: u8) -> Link {
    Link::Join(Invitation {
        inviter: computer(INVITER),
        hints: Hints::default(),
        space: space(),
        space_name: None,
        role: Role::Editor,
        expires: 100,
        secret: Secret([secret; 16]),
        auto: false,
    })
}

fn offer(auto: bool) -> Offer {
    Offer {
        inviter_name: "Ilona".into(),
        computer_name: "Desk".into(),
        space_name: Some("Garden".into()),
        role: Some(Role::Editor),
        expires: 100,
        auto,
    }
}

fn introduction(auto: bool) -> Introduction {
    Introduction { person: Some(person(JOINER_PERSON)), person_name: "Maria".into(), computer_name: "Laptop".into(), auto }
}

fn certificate_named(name: &str) -> SignedOp {
    let body = OpBody::Certify {
        person: person(JOINER_PERSON),
        person_name: name.into(),
        computer: computer(JOINER),
        computer_name: "Laptop".into(),
        consent: certify_consent(&space(), &person(JOINER_PERSON), &key(JOINER)),
    };
    let signer = Signer::Person(person(JOINER_PERSON));
    Op { space: Some(space()), parents: vec![OpHash(space().0)], tenure: None, signer, time: 0, body }.sign(&key(JOINER_PERSON))
}

fn certificate() -> SignedOp {
    certificate_named("Maria")
}

fn found(state: InvitationState, auto: bool) -> Found {
    Found { secret: Secret([9; 16]), offer: offer(auto), goal: Goal::Space(space()), state }
}

/// Both machines and what they said, frames carried at once.
struct Pair {
    joiner: Joiner,
    inviter: Inviter,
    joiner_said: Vec<JoinerEffect>,
    inviter_said: Vec<InviterEffect>,
    /// What crossed, for the checks of what leaves before both agreed.
    to_joiner: Vec<Vec<u8>>,
}

impl Pair {
    fn new(link: &Link, introduction: Introduction) -> Self {
        let (joiner, inviter) = (Joiner::new(binding(), link, introduction, [21; 32]), Inviter::new(binding(), [22; 32]));
        Self { joiner, inviter, joiner_said: Vec::new(), inviter_said: Vec::new(), to_joiner: Vec::new() }
    }

    fn joiner_does(&mut self, effects: Vec<JoinerEffect>) {
        for effect in effects {
            match effect {
                JoinerEffect::Send(frame) => {
                    let effects = self.inviter.handle_frame(&frame);
                    self.inviter_does(effects);
                }
                other => self.joiner_said.push(other),
            }
        }
    }

    fn inviter_does(&mut self, effects: Vec<InviterEffect>) {
        for effect in effects {
            match effect {
                InviterEffect::Send(frame) => {
                    self.to_joiner.push(frame.clone());
                    let effects = self.joiner.handle_frame(&frame);
                    self.joiner_does(effects);
                }
                other => self.inviter_said.push(other),
            }
        }
    }

    fn start(&mut self) {
        let effects = self.joiner.start();
        self.joiner_does(effects);
    }

    fn answer(&mut self, found: Found) {
        let effects = self.inviter.found(found);
        self.inviter_does(effects);
    }

    fn confirm(&mut self, certificate: Option<SignedOp>) {
        let effects = self.joiner.confirm(certificate.into_iter().collect());
        self.joiner_does(effects);
    }

    fn approve(&mut self) {
        let effects = self.inviter.approve();
        self.inviter_does(effects);
    }

    fn send(&mut self, spaces: Vec<SpaceOps>) {
        let effects = self.inviter.send(spaces);
        self.inviter_does(effects);
    }

    fn shown(&self) -> Option<(Words, bool)> {
        self.joiner_said.iter().find_map(|effect| match effect {
            JoinerEffect::Show { words, compare, .. } => Some((*words, *compare)),
            _ => None,
        })
    }

    fn asked(&self) -> Option<(Words, bool, bool)> {
        self.inviter_said.iter().find_map(|effect| match effect {
            InviterEffect::Ask { words, compare, again, .. } => Some((*words, *compare, *again)),
            _ => None,
        })
    }

    fn granted(&self) -> bool {
        self.inviter_said.iter().any(|effect| matches!(effect, InviterEffect::Grant { .. }))
    }

    fn assert_failed(&self, joiner: &Refusal, inviter: &Refusal) {
        assert_eq!(self.joiner_said.last(), Some(&JoinerEffect::Failed(joiner.clone())));
        assert_eq!(self.inviter_said.last(), Some(&InviterEffect::Failed(inviter.clone())));
        assert!(!self.granted());
    }
}

fn asked_pair() -> Pair {
    let mut pair = Pair::new(&link(9), introduction(false));
    pair.start();
    assert_eq!(pair.inviter_said, [InviterEffect::LookUp { id: Secret([9; 16]).lookup() }]);
    pair.answer(found(InvitationState::Open, false));
    pair
}

#[test]
fn a_joiner_is_let_in_when_both_agree() {
    for joiner_first in [true, false] {
        let mut pair = asked_pair();
        let (words, compare) = pair.shown().unwrap();
        assert_eq!(pair.asked(), Some((words, true, false)), "both see the same words");
        assert!(compare);
        if joiner_first {
            pair.confirm(Some(certificate()));
            assert!(!pair.granted());
            pair.approve();
        } else {
            pair.approve();
            assert!(!pair.granted());
            pair.confirm(Some(certificate()));
        }
        assert!(pair.granted());
        let spaces = vec![SpaceOps { space: space(), ops: vec![genesis(), certificate()] }];
        pair.send(spaces.clone());
        assert_eq!(pair.joiner_said.last(), Some(&JoinerEffect::Finished { spaces }));
        assert_eq!(pair.inviter_said.last(), Some(&InviterEffect::Finished));
    }
}

#[test]
fn nothing_but_the_offer_leaves_before_both_agreed() {
    let pair = asked_pair();
    assert_eq!(pair.to_joiner.len(), 1);
    assert!(pair.to_joiner.iter().all(|frame| frame.len() < 200));
}

#[test]
fn words_are_skipped_only_when_both_opted_out() {
    for (ours, theirs, compare) in [(true, true, false), (true, false, true), (false, true, true)] {
        let mut pair = Pair::new(&link(9), introduction(ours));
        pair.start();
        pair.answer(found(InvitationState::Open, theirs));
        assert_eq!(pair.shown().unwrap().1, compare);
        assert_eq!(pair.asked().unwrap().1, compare);
    }
}

#[test]
fn invitations_that_cannot_be_used_say_why_to_who_has_the_link() {
    let cases = [
        (InvitationState::Used, Refusal::Used),
        (InvitationState::Expired, Refusal::Expired),
        (InvitationState::Withdrawn, Refusal::Withdrawn),
    ];
    for (state, refusal) in cases {
        let mut pair = Pair::new(&link(9), introduction(false));
        pair.start();
        pair.answer(found(state, false));
        pair.assert_failed(&refusal, &refusal);
    }
    // Who has not got the secret learns nothing, not even whether the invitation exists.
    for state in [InvitationState::Open, InvitationState::Used] {
        let mut pair = Pair::new(&link(8), introduction(false));
        pair.start();
        pair.answer(found(state, false));
        pair.assert_failed(&Refusal::Unknown, &Refusal::Unknown);
    }
    let mut pair = Pair::new(&link(9), introduction(false));
    pair.start();
    let effects = pair.inviter.not_found();
    pair.inviter_does(effects);
    pair.assert_failed(&Refusal::Unknown, &Refusal::Unknown);
}

#[test]
fn a_joiner_that_lost_the_connection_is_known_again() {
    let mut pair = Pair::new(&link(9), introduction(false));
    pair.start();
    pair.answer(found(InvitationState::Admitted, false));
    assert!(pair.asked().unwrap().2);
}

#[test]
fn either_side_may_say_no() {
    let mut pair = asked_pair();
    let effects = pair.inviter.decline();
    pair.inviter_does(effects);
    pair.assert_failed(&Refusal::Declined, &Refusal::Declined);

    let mut pair = asked_pair();
    let effects = pair.joiner.decline();
    pair.joiner_does(effects);
    pair.assert_failed(&Refusal::Cancelled, &Refusal::Cancelled);
    pair.approve();
    assert!(!pair.granted());
}

#[test]
fn a_certificate_for_somebody_else_is_refused() {
    let mut damaged = crate::feed::encode(&certificate());
    *damaged.last_mut().unwrap() ^= 1;
    let damaged: SignedOp = postcard::from_bytes(&damaged).unwrap();
    for wrong in [None, Some(genesis()), Some(certificate_named("Mallory")), Some(damaged)] {
        let mut pair = asked_pair();
        pair.approve();
        pair.confirm(wrong);
        assert!(!pair.granted());
        assert!(matches!(pair.joiner_said.last(), Some(JoinerEffect::Failed(Refusal::Protocol(_)))));
    }
}

#[test]
fn operations_of_another_space_are_refused() {
    for spaces in [
        vec![SpaceOps { space: SpaceId([7; 32]), ops: vec![genesis()] }],
        vec![SpaceOps { space: space(), ops: vec![certificate()] }],
        Vec::new(),
    ] {
        let mut pair = asked_pair();
        pair.approve();
        pair.confirm(Some(certificate()));
        pair.send(spaces);
        assert!(matches!(pair.joiner_said.last(), Some(JoinerEffect::Failed(Refusal::Protocol(_)))));
    }
}

#[test]
fn many_operations_come_in_several_frames() {
    let mut pair = asked_pair();
    pair.approve();
    pair.confirm(Some(certificate()));
    let ops: Vec<_> = std::iter::once(genesis()).chain(vec![certificate(); 6_000]).collect();
    let spaces = vec![SpaceOps { space: space(), ops }];
    let before = pair.to_joiner.len();
    pair.send(spaces.clone());
    assert!(pair.to_joiner.len() > before + 1);
    assert_eq!(pair.joiner_said.last(), Some(&JoinerEffect::Finished { spaces }));
}

#[test]
fn a_new_computer_consents_after_both_agreed() {
    let secret = Secret([9; 16]);
    let link = Link::Computer(ComputerInvitation { inviter: computer(INVITER), hints: Hints::default(), expires: 100, secret, auto: true });
    let newcomer = Introduction { person: None, person_name: String::new(), computer_name: "Laptop".into(), auto: true };
    let mut pair = Pair::new(&link, newcomer);
    pair.start();
    let offer = Offer { space_name: None, role: None, ..offer(true) };
    pair.answer(Found { secret, offer, goal: Goal::Computer(person(INVITER_PERSON)), state: InvitationState::Open });
    pair.confirm(None);
    let asked = JoinerEffect::Consent { person: person(INVITER_PERSON) };
    assert!(!pair.joiner_said.contains(&asked), "not before the inviter agreed");
    pair.approve();
    assert_eq!(pair.joiner_said.last(), Some(&asked));
    assert!(!pair.granted());
    let consent = voucher_consent(&person(INVITER_PERSON), &key(JOINER));
    let effects = pair.joiner.consent(consent);
    pair.joiner_does(effects);
    let Some(InviterEffect::Grant { certificates, consent: Some(given), .. }) = pair.inviter_said.last() else {
        panic!("{:?}", pair.inviter_said)
    };
    assert!(certificates.is_empty());
    assert_eq!(*given, consent);
    let spaces = vec![SpaceOps { space: space(), ops: vec![genesis()] }];
    pair.send(spaces.clone());
    assert_eq!(pair.joiner_said.last(), Some(&JoinerEffect::Finished { spaces }));
}

#[test]
fn a_computer_link_lets_nobody_in_as_another_person() {
    let secret = Secret([9; 16]);
    let link = Link::Computer(ComputerInvitation { inviter: computer(INVITER), hints: Hints::default(), expires: 100, secret, auto: true });
    let mut pair = Pair::new(&link, introduction(true));
    pair.start();
    let offer = Offer { space_name: None, role: None, ..offer(true) };
    pair.answer(Found { secret, offer, goal: Goal::Computer(person(INVITER_PERSON)), state: InvitationState::Open });
    assert!(matches!(pair.inviter_said.last(), Some(InviterEffect::Failed(Refusal::Protocol(_)))), "{:?}", pair.inviter_said);
}

/// Brings a voucher for a computer (a key) by `by` into the space, after `parent`.
fn vouch(of: u8, by: Signer, by_key: u8, parent: OpHash) -> SignedOp {
    let vouched =
        Vouched { person: person(JOINER_PERSON), person_name: "Maria".into(), computer: computer(of), computer_name: "Laptop".into(), by };
    let voucher = vouched.sign(&key(by_key), voucher_consent(&person(JOINER_PERSON), &key(of)));
    let (signer, body) = (Signer::Computer(computer(JOINER)), OpBody::Vouch { voucher });
    Op { space: Some(space()), parents: vec![parent], tenure: None, signer, time: 0, body }.sign(&key(JOINER))
}

#[test]
fn a_computer_without_the_person_key_joins_by_vouchers() {
    let genesis = OpHash(space().0);
    let first = vouch(3, Signer::Person(person(JOINER_PERSON)), JOINER_PERSON, genesis);
    let second = vouch(JOINER, Signer::Computer(computer(3)), 3, first.hash());
    let confirmed = |certificates: Vec<SignedOp>| {
        let mut pair = asked_pair();
        pair.approve();
        let effects = pair.joiner.confirm(certificates);
        pair.joiner_does(effects);
        pair
    };
    let pair = confirmed(vec![first.clone(), second.clone()]);
    let Some(InviterEffect::Grant { certificates, .. }) = pair.inviter_said.last() else { panic!("{:?}", pair.inviter_said) };
    assert_eq!(certificates.iter().map(|op| op.to_signed()).collect::<Vec<_>>(), [first.clone(), second.clone()]);

    // Chains with a gap, in the wrong order, for another computer, or signed by who nobody vouches for.
    let stranger = vouch(JOINER, Signer::Computer(computer(4)), 4, first.hash());
    let forged = vouch(JOINER, Signer::Computer(computer(3)), 4, first.hash());
    for wrong in
        [vec![second.clone()], vec![second.clone(), first.clone()], vec![first.clone()], vec![first.clone(), stranger], vec![first, forged]]
    {
        let pair = confirmed(wrong);
        assert!(!pair.granted());
        assert!(matches!(pair.joiner_said.last(), Some(JoinerEffect::Failed(Refusal::Protocol(_)))));
    }
}

#[test]
fn proofs_are_worth_nothing_in_another_session() {
    // Somebody in the middle passes the joiner's first frame on in its own session with the inviter.
    let mut joiner = Joiner::new(binding(), &link(9), introduction(false), [21; 32]);
    let JoinerEffect::Send(start) = joiner.start().remove(0) else { panic!("the first effect sends") };
    for other in [
        Binding { exporter: [6; 32], ..binding() },
        Binding { joiner: computer(3), ..binding() },
        Binding { inviter: computer(3), ..binding() },
    ] {
        let mut inviter = Inviter::new(other, [22; 32]);
        inviter.handle_frame(&start);
        let effects = inviter.found(found(InvitationState::Open, false));
        assert_eq!(effects.last(), Some(&InviterEffect::Failed(Refusal::Unknown)));
    }
}

#[test]
fn an_inviter_without_the_secret_learns_no_name() {
    let mut pair = Pair::new(&link(9), introduction(false));
    let JoinerEffect::Send(start) = pair.joiner.start().remove(0) else { panic!("the first effect sends") };
    // An inviter that answers although it does not know the secret the joiner has: its own proof is over another one.
    let mut lookalike = Joiner::new(binding(), &link(8), introduction(false), [21; 32]);
    let JoinerEffect::Send(other) = lookalike.start().remove(0) else { panic!("the first effect sends") };
    assert_ne!(start, other);
    pair.inviter.handle_frame(&other);
    let effects = pair.inviter.found(Found { secret: Secret([8; 16]), ..found(InvitationState::Open, false) });
    let Some(InviterEffect::Send(frame)) = effects.first() else { panic!("{effects:?}") };
    let effects = pair.joiner.handle_frame(frame);
    assert_eq!(effects.last(), Some(&JoinerEffect::Failed(Refusal::Impostor)));
    assert!(!format!("{effects:?}").contains("Show"));
}

#[test]
fn the_words_depend_on_everything_and_the_joiner_cannot_change_its_nonce() {
    use super::messages::words;
    let base = words(&binding(), &[1; 32], &[2; 32]);
    let changed = [
        words(&binding(), &[2; 32], &[1; 32]),
        words(&binding(), &[1; 32], &[3; 32]),
        words(&Binding { exporter: [6; 32], ..binding() }, &[1; 32], &[2; 32]),
        words(&Binding { joiner: computer(3), ..binding() }, &[1; 32], &[2; 32]),
        words(&Binding { inviter: computer(3), ..binding() }, &[1; 32], &[2; 32]),
    ];
    for other in changed {
        assert_ne!(base, other);
    }
    assert_eq!(base.to_string().split(' ').count(), 4);

    // A joiner that opens another nonce than it committed to.
    let mut joiner = Joiner::new(binding(), &link(9), introduction(false), [21; 32]);
    let mut liar = Joiner::new(binding(), &link(9), introduction(false), [77; 32]);
    let mut inviter = Inviter::new(binding(), [22; 32]);
    let JoinerEffect::Send(start) = joiner.start().remove(0) else { panic!("the first effect sends") };
    inviter.handle_frame(&start);
    inviter.found(found(InvitationState::Open, false));
    let mut second = Inviter::new(binding(), [22; 32]);
    let JoinerEffect::Send(start) = liar.start().remove(0) else { panic!("the first effect sends") };
    second.handle_frame(&start);
    let offer = second.found(found(InvitationState::Open, false));
    let Some(InviterEffect::Send(offer)) = offer.first() else { panic!("{offer:?}") };
    let opened = liar.handle_frame(offer);
    let Some(JoinerEffect::Send(open)) = opened.first() else { panic!("{opened:?}") };
    let effects = inviter.handle_frame(open);
    assert!(matches!(effects.last(), Some(InviterEffect::Failed(Refusal::Protocol(_)))));
}

#[test]
fn another_version_is_named() {
    use super::messages::Message;
    let lookup = Secret([9; 16]).lookup();
    let start = Message::Start { protocol: 2, lookup, commitment: [0; 32], proof: [0; 32] };
    let mut inviter = Inviter::new(binding(), [22; 32]);
    let effects = inviter.handle_frame(&crate::wire::pack(&start));
    assert_eq!(effects.last(), Some(&InviterEffect::Failed(Refusal::Version(2))));
    let Some(InviterEffect::Send(frame)) = effects.first() else { panic!("{effects:?}") };
    let mut joiner = Joiner::new(binding(), &link(9), introduction(false), [21; 32]);
    joiner.start();
    assert_eq!(joiner.handle_frame(frame), [JoinerEffect::Failed(Refusal::Version(1))]);
}

proptest! {
    #[test]
    fn any_bytes_end_a_pairing_without_a_grant(bytes in prop::collection::vec(any::<u8>(), 0..200), asked in any::<bool>()) {
        let mut pair = asked_pair();
        if asked {
            pair.approve();
        }
        for effects in [pair.inviter.handle_frame(&bytes), pair.inviter.handle_frame(&[&[0], bytes.as_slice()].concat())] {
            let granted = effects.iter().any(|effect| matches!(effect, InviterEffect::Grant { .. }));
            prop_assert!(!granted);
        }
        let effects = pair.joiner.handle_frame(&bytes);
        let finished = effects.iter().any(|effect| matches!(effect, JoinerEffect::Finished { .. }));
        prop_assert!(!finished);
    }
}
