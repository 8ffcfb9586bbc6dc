//! A modified program: it has the keys of a vault and says whatever it likes.

use std::time::Duration;

use iroh::endpoint::{Connection, ConnectionError, RecvStream, SendStream, presets};
use iroh::{Endpoint, EndpointAddr, EndpointId, RelayMode, SecretKey, TransportAddr};
use tempfile::TempDir;
use tokio::time::timeout;
use tuttu_engine::Engine;
use tuttu_model::{ComputerId, OpHash, SpaceId};
use tuttu_sync::feed::{FeedHeader, Vector};

use crate::net::{self, Peer, SOON};
use crate::wire::{Chunk, End, Message, Name, Offered, Summary, Vectors, WireEntry, name, pack, plain};

pub(crate) const EXCHANGE: &[u8] = b"tuttu/1";
pub(crate) const PAIRING: &[u8] = b"tuttu-pair/1";
pub(crate) const NONCE: [u8; 32] = [7; 32];

/// An endpoint on loopback with this key.
pub(crate) async fn endpoint(key: SecretKey) -> Endpoint {
    let builder = Endpoint::builder(presets::Minimal).secret_key(key).relay_mode(RelayMode::Disabled);
    let builder = builder.alpns(vec![EXCHANGE.to_vec(), PAIRING.to_vec()]).clear_ip_transports().bind_addr("127.0.0.1:0").unwrap();
    builder.bind().await.unwrap()
}

/// Dials a computer at an address.
pub(crate) async fn dial(from: &Endpoint, to: &ComputerId, at: std::net::SocketAddr, alpn: &[u8]) -> Option<Connection> {
    let id = EndpointId::from_bytes(to.as_bytes()).unwrap();
    timeout(SOON, from.connect(EndpointAddr::from_parts(id, [TransportAddr::Ip(at)]), alpn)).await.expect("an answer").ok()
}

/// Somebody whose program was modified, with a vault that was let in rightfully.
pub(crate) struct Rogue {
    pub(crate) dir: TempDir,
    pub(crate) engine: Engine,
    pub(crate) endpoint: Endpoint,
}

impl Rogue {
    /// What they have from now on is the vault alone, and its keys.
    pub(crate) async fn of(peer: Peer) -> Self {
        let dir = peer.stop().await;
        let engine = net::open(dir.path()).await;
        let endpoint = endpoint(SecretKey::from_bytes(&engine.computer_secret())).await;
        Self { dir, engine, endpoint }
    }

    /// Gives back the folder.
    pub(crate) async fn close(self) -> TempDir {
        self.endpoint.close().await;
        self.dir
    }

    pub(crate) fn computer(&self) -> ComputerId {
        self.engine.computer()
    }

    pub(crate) fn key(&self) -> SecretKey {
        SecretKey::from_bytes(&self.engine.computer_secret())
    }

    /// The operation that lets them write, as far as they know.
    pub(crate) fn grant(&self, space: &SpaceId) -> OpHash {
        let membership = self.engine.replica().membership(space).unwrap().unwrap();
        let me = membership.person_of(&self.computer()).unwrap();
        membership.grant(&me).expect("a grant")
    }

    /// A new feed of theirs.
    pub(crate) fn feed(&self, space: &SpaceId, epoch: u8) -> FeedHeader {
        FeedHeader { space: *space, computer: self.computer(), epoch: [epoch; 16], grant: self.grant(space) }
    }

    pub(crate) async fn connect(&self, to: &Peer, alpn: &[u8]) -> Connection {
        dial(&self.endpoint, &to.host.engine().computer(), to.host.addresses()[0], alpn).await.expect("a connection")
    }

    /// Says hello and hears what is offered of a space.
    pub(crate) async fn greet(&self, to: &Peer, space: &SpaceId) -> Talk {
        let mut talk = Talk::open(self.connect(to, EXCHANGE).await).await;
        talk.say(&hello()).await;
        let (me, them) = (self.computer(), to.host.engine().computer());
        let nonce = talk.until("hello", |message| if let Message::Hello { nonce, .. } = message { Some(*nonce) } else { None }).await;
        let offered =
            talk.until("offer", |message| if let Message::Offer { spaces } = message { Some(spaces.clone()) } else { None }).await;
        talk.name = name(space, &me, &them, &NONCE);
        talk.theirs = name(space, &them, &me, &nonce);
        talk.offered = offered;
        talk
    }

    /// The same, up to where entries go both ways. It claims to hold just what the other side holds.
    pub(crate) async fn stream(&self, to: &Peer, space: &SpaceId) -> Talk {
        self.stream_claiming(to, space, |_| {}).await
    }

    /// The same with other claims about what it holds.
    pub(crate) async fn stream_claiming(&self, to: &Peer, space: &SpaceId, claim: impl FnOnce(&mut Vectors)) -> Talk {
        let mut talk = self.greet(to, space).await;
        let Some(summary) = talk.summary() else { panic!("{} does not offer the space", to.name) };
        talk.offer(Summary { vector: [0xee; 32], ..summary }).await;
        let theirs = talk.until("vectors", |message| if let Message::Vectors(said) = message { Some(said.clone()) } else { None }).await;
        let (mine, yours) = (theirs.yours.clone(), theirs.mine.clone());
        let mut claims = Vectors { space: talk.name, mine, yours, beyond: Vector::default(), ..theirs };
        claim(&mut claims);
        talk.say(&Message::Vectors(claims)).await;
        talk.say(&Message::Chunk(talk.chunk(0, End::Stream))).await;
        talk
    }
}

pub(crate) fn hello() -> Message {
    Message::Hello { protocol: 1, min_protocol: 1, capabilities: Vec::new(), app: "modified".into(), nonce: NONCE }
}

/// What became of something that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was stored, and so much counts of the feeds in it.
    Taken(Vector),
    /// The exchange was ended, with this reason.
    Refused(String),
}

/// One connection, and all that was heard on it.
pub(crate) struct Talk {
    pub(crate) connection: Connection,
    pub(crate) send: SendStream,
    receive: RecvStream,
    pub(crate) name: Name,
    theirs: Name,
    pub(crate) offered: Vec<Offered>,
    chunks: u64,
    /// Every message in clear text.
    pub(crate) heard: Vec<Vec<u8>>,
}

impl Talk {
    pub(crate) async fn open(connection: Connection) -> Self {
        let streams = connection.open_bi().await.unwrap();
        Self::on(connection, streams)
    }

    /// The side that did not dial.
    pub(crate) async fn accept(connection: Connection) -> Self {
        let streams = connection.accept_bi().await.unwrap();
        Self::on(connection, streams)
    }

    fn on(connection: Connection, (send, receive): (SendStream, RecvStream)) -> Self {
        Self { connection, send, receive, name: [0; 16], theirs: [0; 16], offered: Vec::new(), chunks: 0, heard: Vec::new() }
    }

    /// What the other side says it holds of the space; nothing when it does not share it.
    pub(crate) fn summary(&self) -> Option<Summary> {
        self.offered.iter().find(|offered| offered.space == self.theirs).map(|offered| offered.summary)
    }

    pub(crate) async fn say(&mut self, message: &Message) {
        self.say_frame(&pack(message)).await;
    }

    /// A frame as it is. That the other side hangs up meanwhile is no fault of the test.
    pub(crate) async fn say_frame(&mut self, frame: &[u8]) {
        let length = u32::try_from(frame.len()).unwrap().to_be_bytes();
        self.say_bytes(&length).await;
        self.say_bytes(frame).await;
    }

    pub(crate) async fn say_bytes(&mut self, bytes: &[u8]) {
        let _ = self.send.write_all(bytes).await;
    }

    pub(crate) async fn offer(&mut self, summary: Summary) {
        self.say(&Message::Offer { spaces: vec![Offered { space: self.name, summary }] }).await;
    }

    pub(crate) fn chunk(&self, id: u64, end: End) -> Chunk {
        Chunk { space: self.name, round: 1, id, ops: Vec::new(), proofs: Vec::new(), entries: Vec::new(), end }
    }

    /// The next frame without its compression; nothing when the other side has hung up.
    pub(crate) async fn hear_bytes(&mut self) -> Option<Vec<u8>> {
        let mut length = [0; 4];
        self.receive.read_exact(&mut length).await.ok()?;
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        self.receive.read_exact(&mut frame).await.ok()?;
        let plain = plain(&frame);
        self.heard.push(plain.clone());
        Some(plain)
    }

    pub(crate) async fn hear(&mut self) -> Option<Message> {
        let plain = timeout(SOON, self.hear_bytes()).await.expect("something is said")?;
        Some(postcard::from_bytes(&plain).expect("a message of the protocol"))
    }

    /// The first message that fits.
    pub(crate) async fn until<T>(&mut self, what: &str, fits: impl Fn(&Message) -> Option<T>) -> T {
        loop {
            match self.hear().await {
                Some(message) => {
                    if let Some(found) = fits(&message) {
                        return found;
                    }
                }
                None => panic!("instead of {what} the other side hung up: {}", self.why_closed()),
            }
        }
    }

    /// Everything that is said within a time.
    pub(crate) async fn listen(&mut self, time: Duration) -> Vec<Message> {
        let mut all = Vec::new();
        let _ = timeout(time, async {
            while let Some(plain) = self.hear_bytes().await {
                all.push(postcard::from_bytes(&plain).expect("a message of the protocol"));
            }
        })
        .await;
        all
    }

    /// Sends entries in a chunk and waits for what becomes of it.
    pub(crate) async fn give(&mut self, entries: Vec<WireEntry>) -> Fate {
        self.send_chunk(|chunk| chunk.entries = entries).await
    }

    pub(crate) async fn send_chunk(&mut self, fill: impl FnOnce(&mut Chunk)) -> Fate {
        self.chunks += 1;
        let mut chunk = self.chunk(self.chunks, End::No);
        fill(&mut chunk);
        self.say(&Message::Chunk(chunk)).await;
        self.fate_of(self.chunks).await
    }

    async fn fate_of(&mut self, chunk: u64) -> Fate {
        loop {
            match self.hear().await {
                Some(Message::Ack { id, tips, .. }) if id == chunk => return Fate::Taken(tips),
                Some(Message::Bye { reason }) => {
                    self.hang_up();
                    return Fate::Refused(reason);
                }
                Some(_) => {}
                None => return Fate::Refused(self.why_closed()),
            }
        }
    }

    /// The reason of the other side's refusal.
    pub(crate) async fn refusal(&mut self) -> String {
        loop {
            match self.hear().await {
                Some(Message::Bye { reason }) => {
                    self.hang_up();
                    return reason;
                }
                Some(_) => {}
                None => return self.why_closed(),
            }
        }
    }

    pub(crate) fn hang_up(&self) {
        self.connection.close(0_u8.into(), b"");
    }

    pub(crate) fn why_closed(&self) -> String {
        match self.connection.close_reason() {
            Some(ConnectionError::ApplicationClosed(close)) => {
                format!("{} {}", close.error_code, String::from_utf8_lossy(&close.reason)).trim().to_owned()
            }
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }
}
