//! Rules that nobody may make: roles one gives oneself, computers one claims, proofs that prove nothing, and an entry that has an invalid twin.

use tuttu_model::{ChangeHash, DocumentId};
use tuttu_sync::feed::{ForkProof, Item};
use tuttu_sync::membership::{OpBody, Role, Signer, certify_consent};
use tuttu_sync::whereabouts::{self, Whereabouts};

use crate::forging::{after, entry, person, signed};
use crate::net::Peer;
use crate::rogue::{Fate, Rogue};
use crate::scene::{SPACE, Scene, blames, until};
use crate::wire::Message;

fn role_of(peer: &Peer, scene: &Scene, name: &str) -> Option<Role> {
    let membership = peer.host.engine().replica().membership(&scene.space).unwrap().unwrap();
    membership.members().into_iter().find(|member| member.name == name).map(|member| member.role)
}

/// An operation that Mallory signs with this tenure.
fn operation(mallory: &Rogue, scene: &Scene, body: OpBody, tenure: Option<tuttu_model::OpHash>) -> tuttu_sync::membership::SignedOp {
    let membership = mallory.engine.replica().membership(&scene.space).unwrap().unwrap();
    let mut op = membership.draft(Signer::Computer(mallory.computer()), 0, body).expect("a member");
    if tenure.is_some() {
        op.tenure = tenure;
    }
    op.sign(&mallory.key())
}

/// Under the own grant, which is an editor's, and under the owner's.
#[tokio::test(flavor = "multi_thread")]
async fn an_editor_who_makes_themselves_an_owner() {
    let scene = Scene::new().await;
    let membership = scene.ilona.host.engine().replica().membership(&scene.space).unwrap().unwrap();
    let id = |name: &str| membership.members().into_iter().find(|member| member.name == name).unwrap().person;
    let owners = membership.grant(&id("Ilona"));
    let role = |name: &str, role| OpBody::SetRole { person: id(name), person_name: name.into(), role, cuts: Vec::new() };
    for tenure in [None, owners] {
        let ops = vec![
            operation(&scene.mallory, &scene, role("Mallory", Role::Owner), tenure),
            operation(&scene.mallory, &scene, role("Maria", Role::None), tenure),
            operation(&scene.mallory, &scene, role("Ilona", Role::Viewer), tenure),
            operation(&scene.mallory, &scene, OpBody::Rename { name: "Mallory’s".into() }, tenure),
        ];
        let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
        let fate = talk.send_chunk(|chunk| chunk.ops = ops).await;
        assert!(matches!(fate, Fate::Taken(_)), "it is kept, and does not count: {fate:?}");
        talk.hang_up();
    }
    scene.goes_on(&[]).await;
    for peer in [&scene.ilona, &scene.maria] {
        let roles = ["Ilona", "Maria", "Mallory"].map(|name| role_of(peer, &scene, name).unwrap());
        assert_eq!(roles, [Role::Owner, Role::Editor, Role::Editor]);
        assert_eq!(peer.detail(SPACE).await.summary.name, SPACE);
    }
}

/// Without that computer's consent, and with one that it gave for somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn claiming_somebody_elses_computer() {
    let scene = Scene::new().await;
    let (me, _, _) = scene.mallory.engine.introduction().unwrap();
    let victim = scene.maria.host.engine().computer();
    let consent = certify_consent(&scene.space, &me, &scene.mallory.key());
    let body =
        OpBody::Certify { person: me, person_name: "Mallory".into(), computer: victim, computer_name: "Maria’s laptop".into(), consent };
    let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
    let fate = talk.send_chunk(|chunk| chunk.ops = vec![operation(&scene.mallory, &scene, body, None)]).await;
    assert!(matches!(&fate, Fate::Refused(why) if why.contains("not signed by whom it names")), "{fate:?}");
    blames(&scene.ilona, "Mallory", "not signed by whom it names").await;
    let membership = scene.ilona.host.engine().replica().membership(&scene.space).unwrap().unwrap();
    assert_eq!(membership.names_of(&victim).unwrap().0, "Maria");
    scene.goes_on(&[]).await;
}

/// A proof against Maria, of two entries that Mallory signed; and one of the same entry twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_proof_against_somebody_honest() {
    let scene = Scene::new().await;
    scene.maria.add(SPACE, "Priya").await;
    scene.ilona.sees(SPACE, &["Priya"]).await;
    let replica = scene.ilona.host.engine().replica();
    let headers = replica.headers(&scene.space).unwrap();
    let victim = headers.into_values().find(|header| header.computer == scene.maria.host.engine().computer()).unwrap();
    let real = replica.signed_entry_at(&scene.space, &victim.id(), 1).unwrap().unwrap();
    let forged = entry(&victim, None, 1, &person(victim.actor(), "FORGED"), &scene.mallory.key()).entry;
    let (first, second) = if real.hash() < forged.hash() { (real.clone(), forged) } else { (forged, real.clone()) };
    for (first, second) in [(first, second), (real.clone(), real)] {
        let proof = ForkProof { header: victim.clone(), first, second };
        let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
        let fate = talk.send_chunk(|chunk| chunk.proofs = vec![proof]).await;
        assert!(matches!(&fate, Fate::Refused(why) if why.contains("proves nothing")), "{fate:?}");
        blames(&scene.ilona, "Mallory", "proves nothing").await;
    }
    assert_eq!(replica.proofs(&scene.space).unwrap(), []);
    assert_eq!(crate::scene::trouble(&scene.ilona, "Maria").await, "");
    scene.goes_on(&["Priya"]).await;
}

/// One of them gets a good entry, the other an invalid one in its place. Both end up with the same.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_with_an_invalid_twin() {
    let scene = Scene::new().await;
    let (key, feed) = (scene.mallory.key(), scene.mallory.feed(&scene.space, 1));
    let common = entry(&feed, None, 1, &person(feed.actor(), "Common"), &key);
    let good = entry(&feed, after(&common), 2, &person(feed.actor(), "Good twin"), &key);
    let nonsense = Item { doc: DocumentId([3; 16]), change: ChangeHash([3; 32]) };
    let bad = signed(&feed, after(&common), vec![nonsense], vec![Some(b"nonsense".to_vec())], &key);
    let (mut to_ilona, mut to_maria) =
        (scene.mallory.stream(&scene.ilona, &scene.space).await, scene.mallory.stream(&scene.maria, &scene.space).await);
    tokio::join!(to_ilona.give(vec![common.clone(), bad.clone()]), to_maria.give(vec![common, good.clone()]));
    blames(&scene.ilona, "Mallory", "wrote a change that no Tuttu makes").await;
    // The other way round as well: whoever has the good one gets the bad one.
    to_maria.give(vec![bad]).await;
    scene.goes_on(&["Common", "Good twin"]).await;
}

/// The same change for two records, and twice for one: whatever becomes of it, it is the same with everybody, and verifies.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_listed_twice() {
    let scene = Scene::new().await;
    let (key, feed) = (scene.mallory.key(), scene.mallory.feed(&scene.space, 1));
    let change = person(feed.actor(), "Twice");
    let item = |doc: u8| Item { doc: DocumentId([doc; 16]), change: change.hash };
    let bytes = || Some(change.bytes.clone());
    let once = signed(&feed, None, vec![item(1)], vec![bytes()], &key);
    let again = signed(&feed, after(&once), vec![item(2)], vec![bytes()], &key);
    let other = scene.mallory.feed(&scene.space, 2);
    let second = person(other.actor(), "Doubled");
    let double = Item { doc: DocumentId([4; 16]), change: second.hash };
    let doubled = signed(&other, None, vec![double, double], vec![Some(second.bytes.clone()), Some(second.bytes.clone())], &key);
    for entries in [vec![once, again], vec![doubled]] {
        let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
        talk.give(entries).await;
        talk.hang_up();
    }
    let held = scene.ilona.names(SPACE).await;
    let mut held: Vec<&str> = held.iter().map(String::as_str).collect();
    held.sort_unstable();
    scene.goes_on(&held).await;
}

/// They would be shown by terminals as whatever they say.
#[tokio::test(flavor = "multi_thread")]
async fn names_with_control_characters() {
    let scene = Scene::new().await;
    let (person, ..) = scene.mallory.engine.introduction().unwrap();
    let consent = certify_consent(&scene.space, &person, &scene.mallory.key());
    let name = |name: &str| OpBody::Certify {
        person,
        person_name: name.into(),
        computer: scene.mallory.computer(),
        computer_name: "laptop".into(),
        consent,
    };
    for forged in ["Mallory\u{1b}[2J", "Mallory\nIlona", "Mallory\u{9b}2J", "M\0"] {
        let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
        let fate = talk.send_chunk(|chunk| chunk.ops = vec![operation(&scene.mallory, &scene, name(forged), None)]).await;
        assert!(matches!(&fate, Fate::Refused(why) if why.contains("control characters")), "{fate:?}");
        blames(&scene.ilona, "Mallory", "control characters").await;
    }
    // With a name that can be shown the same operation is taken.
    let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
    let fate = talk.send_chunk(|chunk| chunk.ops = vec![operation(&scene.mallory, &scene, name("Mallory of Old Town"), None)]).await;
    assert!(matches!(fate, Fate::Taken(_)), "{fate:?}");
    scene.goes_on(&[]).await;
}

/// Only one's own computers may bring a space; a member of another one may not.
#[tokio::test(flavor = "multi_thread")]
async fn announcing_a_space_to_somebody_else() {
    let scene = Scene::new().await;
    let own = scene.mallory.engine.replica().own_space().unwrap().unwrap();
    let genesis = scene.mallory.engine.replica().membership(&own).unwrap().unwrap().in_order().next().unwrap().to_signed();
    let before = scene.ilona.host.engine().replica().spaces().unwrap();
    let mut talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
    talk.say(&Message::Announce { genesis: Box::new(genesis) }).await;
    // The answer to the next message shows that this one was read.
    let fate = talk.give(Vec::new()).await;
    assert!(matches!(&fate, Fate::Refused(why) if why.contains("a chunk has no number, or one it does not need")), "{fate:?}");
    assert_eq!(scene.ilona.host.engine().replica().spaces().unwrap(), before);
    scene.goes_on(&[]).await;
}

/// Where Maria is, said by Mallory.
#[tokio::test(flavor = "multi_thread")]
async fn whereabouts_in_another_name() {
    let scene = Scene::new().await;
    let victim = scene.maria.host.engine().computer();
    let setting = format!("net.told.{victim}");
    let told = || scene.ilona.host.engine().setting(&setting).unwrap();
    until("Ilona knows where Maria is", async || told().is_some()).await;
    let before = told();
    let said = Whereabouts { computer: scene.mallory.computer(), issued: i64::MAX, addrs: vec!["127.0.0.1:9".into()], relay: None };
    let frame = whereabouts::pack(&[said.sign(&scene.mallory.key()).unwrap()]);
    // The same bytes with Maria's name in them.
    let mine = *scene.mallory.computer().as_bytes();
    let at = frame.windows(32).position(|window| window == mine).expect("not compressed");
    let forged = [&frame[..at], victim.as_bytes(), &frame[at + 32..]].concat();
    let talk = scene.mallory.stream(&scene.ilona, &scene.space).await;
    let mut stream = talk.connection.open_uni().await.unwrap();
    for frame in [forged, b"\0nonsense".to_vec(), frame] {
        stream.write_all(&u32::try_from(frame.len()).unwrap().to_be_bytes()).await.unwrap();
        stream.write_all(&frame).await.unwrap();
    }
    let own = format!("net.told.{}", scene.mallory.computer());
    let heard = scene.ilona.host.engine().setting(&own).unwrap();
    until("what Mallory says of itself is taken", async || scene.ilona.host.engine().setting(&own).unwrap() != heard).await;
    assert_eq!(told(), before, "Maria is where she said");
    scene.goes_on(&[]).await;
}
