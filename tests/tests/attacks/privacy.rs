//! What goes over the wire tells nothing of spaces that are not shared: in clear text, as a member with a modified program sees it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use iroh::endpoint::Connection;
use tokio::time::timeout;
use tuttu_model::SpaceId;
use tuttu_sync::feed::{Vector, VerifiedEntry};
use tuttu_sync::invite::Link;
use tuttu_sync::pairing::{Introduction, Joiner, JoinerEffect};

use crate::invitations::{binding, pairing_with};
use crate::net::{Peer, SOON};
use crate::rights::{ask, attach};
use crate::rogue::{NONCE, Rogue, Talk};
use crate::scene::{SPACE, contains, until};
use crate::wire::{Message, name, plain};

/// Something that is nobody else's business, and how it would look.
pub(crate) struct Secret {
    what: String,
    looks: Vec<Vec<u8>>,
}

impl Secret {
    pub(crate) fn of(what: &str, looks: Vec<Vec<u8>>) -> Self {
        Self { what: what.to_owned(), looks }
    }

    pub(crate) fn looks(&self) -> &[Vec<u8>] {
        &self.looks
    }
}

pub(crate) fn text(said: &str) -> Secret {
    Secret { what: said.to_owned(), looks: vec![said.as_bytes().to_vec()] }
}

/// Without the bits that fill no digit.
pub(crate) fn base32(bytes: &[u8]) -> String {
    let bits: Vec<bool> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect();
    let digit = |bits: &[bool]| usize::from(bits.iter().fold(0_u8, |number, bit| number << 1 | u8::from(*bit)));
    bits.chunks_exact(5).map(|five| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[digit(five)])).collect()
}

/// An id or a hash: the beginning of it, as bytes and in each way it is ever written.
pub(crate) fn id(what: &str, bytes: &[u8]) -> Secret {
    let start = &bytes[..8];
    let hex: String = start.iter().map(|byte| format!("{byte:02x}")).collect();
    let base32 = base32(start);
    let written = [hex.to_uppercase(), base32.to_uppercase(), hex, base32];
    Secret { what: what.to_owned(), looks: written.map(String::into_bytes).into_iter().chain([start.to_vec()]).collect() }
}

/// Which of them are somewhere in what was heard.
pub(crate) fn told(secrets: &[Secret], heard: &[Vec<u8>]) -> Vec<String> {
    let is_in = |secret: &&Secret| secret.looks.iter().any(|look| heard.iter().any(|bytes| contains(bytes, look)));
    secrets.iter().filter(is_in).map(|secret| secret.what.clone()).collect()
}

/// Everything by which a space could be known.
pub(crate) fn all_of(peer: &Peer, space: &SpaceId) -> Vec<Secret> {
    let replica = peer.host.engine().replica();
    let membership = replica.membership(space).unwrap().unwrap();
    let vector = replica.vector(space).unwrap();
    let mut secrets =
        vec![id("a space", &space.0), id("a vector", &vector.digest()), id("an accumulator", &replica.accumulator(space).unwrap())];
    secrets.extend(membership.in_order().map(|op| id("an operation", &op.hash().0)));
    for (feed, header) in replica.headers(space).unwrap() {
        secrets.extend([id("a feed", &feed.0), id("an epoch", &header.epoch)]);
    }
    for stored in replica.stream(space, 0, &Vector::default(), 1_000, usize::MAX).unwrap() {
        let verified = VerifiedEntry::from_store(stored.entry);
        secrets.extend([id("an entry", &verified.hash().0), id("a step", &verified.entry().operation)]);
        for item in &verified.entry().items {
            secrets.extend([id("a record", &item.doc.0), id("a change", &item.change.0)]);
        }
    }
    secrets
}

const HIDDEN: &[&str] = &[
    "Garden",
    "Secret rose",
    "Private Penelope",
    "Maria",
    "Tulip of hers",
    "Live secret",
    "hidden file",
    "private file",
    "notes on roses",
];

struct Household {
    ilona: Peer,
    _maria: Option<Peer>,
    secrets: Vec<Secret>,
    hidden: Vec<SpaceId>,
}

/// Ilona, with a space that Mallory will share; and perhaps much else.
async fn household(much_else: bool) -> Household {
    let ilona = Peer::new("Ilona").await;
    ilona.space(SPACE).await;
    ilona.add(SPACE, "Open Olga").await;
    if !much_else {
        return Household { ilona, _maria: None, secrets: Vec::new(), hidden: Vec::new() };
    }
    ilona.space("Garden").await;
    let maria = Peer::new("Maria").await;
    maria.join_auto(&ilona.invite("Garden", true).await).await.unwrap();
    let record = serde_json::json!({"name": "Secret rose", "notes": "notes on roses"}).to_string();
    let add = |space: Option<&str>, record: String| tuttu_engine::api::Command::Add {
        space: space.map(str::to_owned),
        kind: "person".into(),
        records: vec![record],
    };
    ilona.execute(add(Some("Garden"), record)).await;
    ilona.execute(add(None, serde_json::json!({"name": "Private Penelope"}).to_string())).await;
    let files = [attach(&ilona, Some("Garden"), b"hidden file").await, attach(&ilona, None, b"private file").await];
    maria.add("Garden", "Tulip of hers").await;
    ilona.sees("Garden", &["Card with a file", "Secret rose", "Tulip of hers"]).await;
    let Ok(Link::Join(open)) = ilona.invite("Garden", false).await.parse() else { panic!("a link") };
    let mut secrets: Vec<Secret> = HIDDEN.iter().map(|said| text(said)).collect();
    secrets.extend([id("an invitation", &open.secret.0), id("the name of an invitation", &open.secret.lookup().0)]);
    secrets.extend(files.iter().map(|hash| id("a file", hash)));
    secrets.push(id("Maria’s computer", maria.host.engine().computer().as_bytes()));
    secrets.push(id("Maria", maria.host.engine().introduction().unwrap().0.as_bytes()));
    secrets.extend(maria.host.addresses().iter().map(|address| text(&address.to_string())));
    let spaces = ilona.status().await.spaces;
    let hidden: Vec<SpaceId> = spaces.iter().filter(|space| space.name != SPACE).map(|space| space.id.parse().unwrap()).collect();
    assert_eq!(hidden.len(), 2);
    Household { ilona, _maria: Some(maria), secrets, hidden }
}

/// Joins by hand, and gives back every message.
async fn joins(mallory: &Rogue, ilona: &Peer, link: &str) -> Vec<Vec<u8>> {
    let link: Link = link.parse().unwrap();
    let space = link.space().unwrap();
    let (person, person_name, computer_name) = mallory.engine.introduction().unwrap();
    let introduction = Introduction { person: Some(person), person_name, computer_name, auto: true };
    let mut talk = pairing_with(&mallory.endpoint, ilona).await;
    let bound = binding(&talk.connection, mallory.computer(), ilona.host.engine().computer());
    let mut joiner = Joiner::new(bound, &link, introduction, [4; 32]);
    let mut effects = joiner.start();
    loop {
        let mut next = Vec::new();
        for effect in effects {
            match effect {
                JoinerEffect::Send(frame) => talk.say_frame(&frame).await,
                JoinerEffect::Show { .. } => next.extend(joiner.confirm(mallory.engine.join_certificates(&space).unwrap())),
                JoinerEffect::Finished { mut spaces } => {
                    mallory.engine.joined(&space, spaces.remove(0).ops).unwrap();
                    talk.hang_up();
                    return talk.heard;
                }
                other => panic!("{other:?}"),
            }
        }
        if next.is_empty() {
            next = joiner.handle_frame(&[vec![0], talk.hear_bytes().await.expect("an answer")].concat());
        }
        effects = next;
    }
}

/// Takes what comes beside the exchange: whereabouts.
fn listen_beside(connection: Connection) -> Arc<Mutex<Vec<Vec<u8>>>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    tokio::spawn(async move {
        let Ok(mut stream) = connection.accept_uni().await else { return };
        let mut length = [0; 4];
        while stream.read_exact(&mut length).await.is_ok() {
            let mut frame = vec![0; u32::from_be_bytes(length) as usize];
            if stream.read_exact(&mut frame).await.is_ok() {
                kept.lock().unwrap().push(plain(&frame));
            }
        }
    });
    heard
}

/// All that a member of one space hears.
struct Heard {
    pairing: Vec<Vec<u8>>,
    exchange: Vec<Vec<u8>>,
    beside: Vec<Vec<u8>>,
    files: Vec<Vec<u8>>,
}

impl Heard {
    fn all(&self) -> Vec<Vec<u8>> {
        [&self.pairing, &self.exchange, &self.beside, &self.files].into_iter().flatten().cloned().collect()
    }

    /// What could tell how much else there is: the lengths of the pairing's messages, and of the first ones of the exchange.
    fn lengths(&self) -> Vec<usize> {
        self.pairing.iter().chain(&self.exchange[..3]).map(Vec::len).collect()
    }
}

async fn hear_all(household: &mut Household) -> Heard {
    let ilona = &household.ilona;
    let mallory = Rogue::of(Peer::new("Mallory").await).await;
    let link = ilona.invite(SPACE, true).await;
    let pairing = joins(&mallory, ilona, &link).await;
    let space = ilona.detail(SPACE).await.summary.id.parse().unwrap();
    let nothing = |claims: &mut crate::wire::Vectors| (claims.valid, claims.mine) = (Vector::default(), Vector::default());
    let mut talk = mallory.stream_claiming(ilona, &space, nothing).await;
    let beside = listen_beside(talk.connection.clone());
    let has = |talk: &Talk, said: &[u8]| talk.heard.iter().any(|bytes| contains(bytes, said));
    let file = attach(ilona, Some(SPACE), b"shared file").await;
    if !household.hidden.is_empty() {
        ilona.add("Garden", "Live secret").await;
    }
    ilona.add(SPACE, "Live one").await;
    let live = async {
        while !has(&talk, b"Live one") {
            if let Some(Message::Chunk(chunk)) = talk.hear().await
                && chunk.id != 0
            {
                talk.say(&Message::Ack { space: talk.name, id: chunk.id, tips: Vector::default() }).await;
            }
        }
    };
    timeout(SOON, live).await.expect("what is written is pushed");
    let mut files = vec![ask(&talk.connection, space, file, 0).await.expect("the shared file")];
    for hidden in &household.hidden {
        files.extend(ask(&talk.connection, *hidden, blake3::hash(b"hidden file").into(), 0).await);
    }
    until("whereabouts are told", async || !beside.lock().unwrap().is_empty()).await;
    talk.listen(Duration::from_millis(300)).await;
    let hello = postcard::from_bytes(&talk.heard[0]).unwrap();
    let Message::Hello { nonce, .. } = hello else { panic!("{hello:?}") };
    // How those spaces would be called in this exchange.
    let (me, them) = (mallory.computer(), ilona.host.engine().computer());
    for hidden in &household.hidden {
        household.secrets.extend([
            id("the name of a space", &name(hidden, &them, &me, &nonce)),
            id("the name of a space", &name(hidden, &them, &me, &NONCE)),
            id("the name of a space", &name(hidden, &me, &them, &nonce)),
        ]);
        household.secrets.extend(all_of(ilona, hidden));
    }
    let beside = beside.lock().unwrap().clone();
    Heard { pairing, exchange: talk.heard, beside, files }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_hears_nothing_of_spaces_that_are_not_shared() {
    let mut household = household(true).await;
    let heard = hear_all(&mut household).await;
    assert!(household.secrets.len() > 60, "{}", household.secrets.len());
    assert_eq!(told(&household.secrets, &heard.all()), Vec::<String>::new());
    // What is shared is found in the same way, wherever it was heard.
    let space: SpaceId = household.ilona.detail(SPACE).await.summary.id.parse().unwrap();
    let open = ["Open Olga", "Live one", "Card with a file"].map(text);
    assert_eq!(told(&open, &heard.exchange).len(), open.len());
    assert_eq!(told(&[text(SPACE), text("Ilona"), id("the space", &space.0)], &heard.pairing).len(), 3);
    assert!(told(&all_of(&household.ilona, &space), &heard.exchange).len() >= 10);
    assert_eq!(told(&[text(&household.ilona.host.addresses()[0].to_string())], &heard.beside).len(), 1);
    assert_eq!(told(&[text("shared file")], &heard.files).len(), 1);
    // Nor does it tell how many there are.
    let Message::Offer { spaces } = postcard::from_bytes(&heard.exchange[1]).unwrap() else { panic!("an offer") };
    assert_eq!(spaces.len(), 1);
}

/// With nothing else in the vault, every message up to the first entries is as long as with all that.
#[tokio::test(flavor = "multi_thread")]
async fn lengths_do_not_tell_how_much_else_there_is() {
    let (mut much, mut little) = (household(true).await, household(false).await);
    let (with_much, with_little) = tokio::join!(hear_all(&mut much), hear_all(&mut little));
    assert_eq!(with_much.lengths(), with_little.lengths());
    assert_eq!(with_much.pairing.len(), with_little.pairing.len());
}
