//! Invitations that are used, over, altered or guessed, and somebody in the middle of a pairing.

use std::time::Duration;

use iroh::endpoint::Connection;
use iroh::{Endpoint, SecretKey};
use serde::Serialize;
use tokio::time::{sleep, timeout};
use tuttu_engine::api::{Command, ErrorCode, InvitationView, Outcome};
use tuttu_model::{ComputerId, SpaceId};
use tuttu_sync::invite::{Hints, Link, Secret};
use tuttu_sync::membership::Role;
use tuttu_sync::pairing::{
    Binding, EXPORTER_LABEL, Found, Goal, Introduction, InvitationState, Inviter, InviterEffect, Joiner, JoinerEffect, Offer,
};

use crate::net::{Peer, SOON};
use crate::rogue::{PAIRING, Talk, dial, endpoint};
use crate::scene::{SPACE, contains, is_sound};
use crate::wire::pack;

async fn inviter() -> Peer {
    let ilona = Peer::new("Ilona").await;
    ilona.space(SPACE).await;
    ilona
}

async fn invite_for(ilona: &Peer, seconds: u32) -> InvitationView {
    let command = Command::Invite {
        space: SPACE.into(),
        role: "viewer".into(),
        expires_in: seconds,
        auto: true,
        for_whom: String::new(),
        hints: Vec::new(),
        relay: None,
    };
    match ilona.execute(command).await {
        Outcome::Invitation { invitation } => invitation,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn altered(link: &str, alter: impl FnOnce(&mut tuttu_sync::invite::Invitation)) -> String {
    let Ok(Link::Join(mut invitation)) = link.parse() else { panic!("{link}") };
    alter(&mut invitation);
    Link::Join(invitation).to_string()
}

/// Somebody tries a link and is refused with these words; they are in no space but their own, and nobody was let in.
async fn refused(ilona: &Peer, who: &Peer, link: &str, why: &str) {
    let error = who.join_auto(link).await.unwrap_err();
    assert!(error.code == ErrorCode::Link && error.message.contains(why), "{error:?}");
    assert_eq!(who.status().await.spaces.len(), 1);
    assert!(!ilona.detail(SPACE).await.members.iter().any(|member| member.name == who.name));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_invitation() {
    let (ilona, maria, mallory) = (inviter().await, Peer::new("Maria").await, Peer::new("Mallory").await);
    let link = ilona.invite(SPACE, true).await;
    maria.join_auto(&link).await.unwrap();
    refused(&ilona, &mallory, &link, "already used").await;
    crate::scene::go_on(&ilona, &maria, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_invitation() {
    let (ilona, mallory) = (inviter().await, Peer::new("Mallory").await);
    let link = invite_for(&ilona, 1).await.link;
    sleep(Duration::from_millis(2_100)).await;
    refused(&ilona, &mallory, &link, "expired").await;
    // The time in the link is for people to read; the inviter has its own.
    refused(&ilona, &mallory, &altered(&link, |invitation| invitation.expires += 100_000), "expired").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_invitation() {
    let (ilona, mallory) = (inviter().await, Peer::new("Mallory").await);
    let invitation = invite_for(&ilona, 3_600).await;
    ilona.execute(Command::WithdrawInvitation { invitation: invitation.id }).await;
    refused(&ilona, &mallory, &invitation.link, "taken back").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_invitation() {
    let (ilona, mallory) = (inviter().await, Peer::new("Mallory").await);
    let link = invite_for(&ilona, 3_600).await.link;
    // By hand, without mending the checksum.
    let digit = link.len() - 12;
    let other = if &link[digit..=digit] == "A" { "B" } else { "A" };
    refused(&ilona, &mallory, &format!("{}{other}{}", &link[..digit], &link[digit + 1..]), "mistyped").await;
    refused(&ilona, &mallory, &link[..link.len() - 3], "cut off").await;
    refused(&ilona, &mallory, &altered(&link, |invitation| invitation.secret.0[3] ^= 1), "not known").await;
    // Another role: the inviter gives the one it offered.
    let link = altered(&link, |invitation| (invitation.role, invitation.auto) = (Role::Owner, true));
    mallory.join_auto(&link).await.unwrap();
    for peer in [&ilona, &mallory] {
        let detail = peer.detail(SPACE).await;
        let role = detail.members.iter().find(|member| member.name == "Mallory").map(|member| member.role.as_str());
        assert_eq!(role, Some("viewer"));
        is_sound(peer).await;
    }
}

/// A link to Ilona’s harbour that says it leads into another space: whoever uses it does not get what they did not ask for.
#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_into_another_space_than_it_says() {
    let (ilona, jon) = (inviter().await, Peer::new("Jon").await);
    let link = altered(&ilona.invite(SPACE, true).await, |invitation| invitation.space = SpaceId([5; 32]));
    jon.join_auto(&link).await.unwrap_err();
    assert_eq!(jon.status().await.spaces.len(), 1, "nothing was joined");
    is_sound(&jon).await;
}

/// What ties a pairing to a connection.
pub(crate) fn binding(connection: &Connection, joiner: ComputerId, inviter: ComputerId) -> Binding {
    let mut exporter = [0; 32];
    connection.export_keying_material(&mut exporter, EXPORTER_LABEL, &[]).unwrap();
    Binding { exporter, joiner, inviter }
}

fn computer(endpoint: &Endpoint) -> ComputerId {
    ComputerId(*endpoint.id().as_bytes())
}

fn introduction() -> Introduction {
    let person = tuttu_model::PersonId(*SecretKey::from_bytes(&[70; 32]).public().as_bytes());
    Introduction { person: Some(person), person_name: "Jon".into(), computer_name: "laptop".into(), auto: false }
}

pub(crate) async fn pairing_with(from: &Endpoint, ilona: &Peer) -> Talk {
    Talk::open(dial(from, &ilona.host.engine().computer(), ilona.host.addresses()[0], PAIRING).await.expect("a connection")).await
}

/// The first message of a joiner.
#[derive(Serialize)]
enum Said {
    #[allow(dead_code, reason = "it holds the place")]
    Refused,
    Start {
        protocol: u32,
        lookup: [u8; 16],
        commitment: [u8; 32],
        proof: [u8; 32],
    },
}

/// Fifty secrets that nobody made, and the right name of an invitation with a wrong proof: all are answered alike, nobody is asked, and the invitation
/// is as good as before.
#[tokio::test(flavor = "multi_thread")]
async fn a_guessed_invitation() {
    let (mut ilona, jon) = (inviter().await, Peer::new("Jon").await);
    let link = ilona.invite(SPACE, true).await;
    let rogue = endpoint(SecretKey::from_bytes(&[60; 32])).await;
    let Ok(Link::Join(real)) = link.parse() else { panic!("{link}") };
    let mut answers = Vec::new();
    for guess in 0..50_u8 {
        let mut talk = pairing_with(&rogue, &ilona).await;
        let guessed = altered(&link, |invitation| invitation.secret = Secret([guess; 16])).parse().unwrap();
        let bound = binding(&talk.connection, computer(&rogue), ilona.host.engine().computer());
        let effects = Joiner::new(bound, &guessed, introduction(), [1; 32]).start();
        let [JoinerEffect::Send(frame)] = effects.as_slice() else { panic!("{effects:?}") };
        talk.say_frame(frame).await;
        answers.push(talk.hear_bytes().await);
        talk.hang_up();
    }
    let mut talk = pairing_with(&rogue, &ilona).await;
    talk.say_frame(&pack(&Said::Start { protocol: 1, lookup: real.secret.lookup().0, commitment: [1; 32], proof: [2; 32] })).await;
    answers.push(talk.hear_bytes().await);
    talk.hang_up();
    answers.dedup();
    assert_eq!(answers, [Some(vec![0, 0])], "refused as unknown, and nothing else");
    assert!(ilona.detail(SPACE).await.requests.is_empty() && ilona.detail(SPACE).await.members.len() == 1);
    let asked = std::iter::from_fn(|| ilona.events.try_recv().ok());
    assert!(!asked.into_iter().any(|event| matches!(event, tuttu_engine::api::Event::JoinRequest { .. })));
    jon.join_auto(&link).await.unwrap();
    crate::scene::go_on(&ilona, &jon, &[]).await;
}

/// A link whose hints lead to somebody else, who does not have the inviter's key.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_answers_at_the_inviters_address() {
    let (ilona, jon) = (inviter().await, Peer::new("Jon").await);
    let mallory = endpoint(SecretKey::from_bytes(&[61; 32])).await;
    let at = mallory.bound_sockets()[0].to_string();
    let answering = tokio::spawn(async move {
        let connection = mallory.accept().await?.await;
        connection.ok()
    });
    let link = altered(&ilona.invite(SPACE, true).await, |invitation| invitation.hints = Hints { addrs: vec![at], relay: None });
    let error = jon.join_auto(&link).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unreachable, "{error:?}");
    assert!(timeout(Duration::from_secs(1), answering).await.is_ok_and(|ended| ended.unwrap().is_none()), "the handshake fails");
    assert_eq!(jon.status().await.spaces.len(), 1);
}

/// The link was altered on its way so that it leads to Mallory, who dials the real inviter.
struct Middle {
    ilona: Peer,
    jon: Peer,
    mallory: Endpoint,
    real: Link,
    altered: String,
}

async fn in_the_middle() -> Middle {
    let (ilona, jon) = (inviter().await, Peer::new("Jon").await);
    let mallory = endpoint(SecretKey::from_bytes(&[62; 32])).await;
    let link = ilona.invite(SPACE, false).await;
    let leads_here = altered(&link, |invitation| {
        invitation.inviter = computer(&mallory);
        invitation.hints = Hints { addrs: vec![mallory.bound_sockets()[0].to_string()], relay: None };
    });
    Middle { real: link.parse().unwrap(), altered: leads_here, ilona, jon, mallory }
}

async fn accepts(mallory: &Endpoint) -> Talk {
    let connection = timeout(SOON, mallory.accept()).await.unwrap().unwrap().await.unwrap();
    Talk::accept(connection).await
}

/// Every frame is passed on as it is: the proofs are bound to each session, so the first one is worth nothing.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_in_the_middle_who_passes_on_every_frame() {
    let mut scene = in_the_middle().await;
    let passing = async {
        let mut from_jon = accepts(&scene.mallory).await;
        let mut to_ilona = pairing_with(&scene.mallory, &scene.ilona).await;
        // Joiner and inviter take turns.
        while let Some(said) = from_jon.hear_bytes().await {
            to_ilona.say_frame(&[vec![0], said].concat()).await;
            let Some(answered) = to_ilona.hear_bytes().await else { break };
            from_jon.say_frame(&[vec![0], answered].concat()).await;
        }
        (from_jon, to_ilona)
    };
    let (joined, (from_jon, to_ilona)) = tokio::join!(scene.jon.join_auto(&scene.altered), passing);
    let error = joined.unwrap_err();
    assert!(error.code == ErrorCode::Link && error.message.contains("not known"), "{error:?}");
    for bytes in from_jon.heard.iter().chain(&to_ilona.heard) {
        assert!(!contains(bytes, b"Harbour") && !contains(bytes, b"Jon") && !contains(bytes, b"Ilona"), "names were told");
    }
    assert!(scene.ilona.detail(SPACE).await.requests.is_empty());
    let asked = std::iter::from_fn(|| scene.ilona.events.try_recv().ok());
    assert!(!asked.into_iter().any(|event| matches!(event, tuttu_engine::api::Event::JoinRequest { .. })));
}

/// With the secret, each side can be deceived about who the other is; but not about the words.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_in_the_middle_who_knows_the_secret() {
    let mut scene = in_the_middle().await;
    let ilonas = scene.ilona.host.engine().computer();
    let posing = async {
        // First as the joiner, to learn what is offered.
        let mut to_ilona = pairing_with(&scene.mallory, &scene.ilona).await;
        let bound = binding(&to_ilona.connection, computer(&scene.mallory), ilonas);
        let mut joiner = Joiner::new(bound, &scene.real, introduction(), [8; 32]);
        let mut effects = joiner.start();
        let offer: Offer = loop {
            for effect in effects {
                if let JoinerEffect::Send(frame) = effect {
                    to_ilona.say_frame(&frame).await;
                }
            }
            effects = joiner.handle_frame(&[vec![0], to_ilona.hear_bytes().await.expect("an answer")].concat());
            let shown =
                effects.iter().find_map(|effect| if let JoinerEffect::Show { offer, .. } = effect { Some(offer.clone()) } else { None });
            if let Some(offer) = shown {
                for effect in &effects {
                    if let JoinerEffect::Send(frame) = effect {
                        to_ilona.say_frame(frame).await;
                    }
                }
                break offer;
            }
        };
        // Then as the inviter.
        let mut from_jon = accepts(&scene.mallory).await;
        let jon = ComputerId(*from_jon.connection.remote_id().as_bytes());
        let mut inviter = Inviter::new(binding(&from_jon.connection, jon, computer(&scene.mallory)), [9; 32]);
        let goal = Goal::Space(scene.real.space().unwrap());
        let found = Found { secret: *scene.real.secret(), offer, goal, state: InvitationState::Open };
        while let Some(said) = from_jon.hear_bytes().await {
            let mut effects = inviter.handle_frame(&[vec![0], said].concat());
            if matches!(effects.as_slice(), [InviterEffect::LookUp { .. }]) {
                effects = inviter.found(found.clone());
            }
            let mut asked = false;
            for effect in effects {
                match effect {
                    InviterEffect::Send(frame) => from_jon.say_frame(&frame).await,
                    InviterEffect::Ask { .. } => asked = true,
                    _ => {}
                }
            }
            if asked {
                break;
            }
        }
        (from_jon, to_ilona)
    };
    let (offered, (from_jon, to_ilona)) = tokio::join!(scene.jon.join(&scene.altered), posing);
    let offered = offered.unwrap();
    assert_eq!((offered.inviter.as_str(), offered.space_name.as_str()), ("Ilona", SPACE), "the deceit works, up to the words");
    let request = scene.ilona.join_request().await;
    assert_eq!(request.person_name, "Jon");
    assert_ne!(offered.words, request.words, "both read them out, and hear that they differ");
    assert!(request.words.len() == 4 && offered.words.len() == 4);
    scene.jon.join_answer(&offered.id, false).await.unwrap_err();
    scene.ilona.answer(&request.id, false).await.unwrap();
    assert_eq!(scene.jon.status().await.spaces.len(), 1);
    assert_eq!(scene.ilona.detail(SPACE).await.members.len(), 1);
    drop((from_jon, to_ilona));
}
