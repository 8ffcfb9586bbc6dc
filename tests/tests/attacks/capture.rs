//! What somebody on the way, or on the same network, sees: two computers and their keys, and nothing else.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::Side;
use rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::quic::Version;
use tokio::net::UdpSocket;
use tokio::time::sleep;
use tuttu_model::SpaceId;
use tuttu_net::HostOptions;
use tuttu_sync::invite::Hints;
use tuttu_tests::hosts::{Host, apart};

use crate::invitations::altered;
use crate::net::{Peer, loopback};
use crate::privacy::{Secret, all_of, id, text, told};
use crate::scene::{SPACE, contains, until};

/// Passes datagrams on between whoever sends to its front and the target, and keeps them all.
struct Proxy {
    front: SocketAddr,
    there: Arc<Mutex<Vec<Vec<u8>>>>,
    back: Arc<Mutex<Vec<Vec<u8>>>>,
}

async fn proxy(target: SocketAddr) -> Proxy {
    let (front, behind) = (UdpSocket::bind("127.0.0.1:0").await.unwrap(), UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let made = Proxy { front: front.local_addr().unwrap(), there: Arc::default(), back: Arc::default() };
    let (there, back) = (Arc::clone(&made.there), Arc::clone(&made.back));
    tokio::spawn(async move {
        let mut client = None;
        let (mut one, mut other) = (vec![0; 65_536], vec![0; 65_536]);
        loop {
            tokio::select! {
                Ok((length, from)) = front.recv_from(&mut one) => {
                    client = Some(from);
                    there.lock().unwrap().push(one[..length].to_vec());
                    let _ = behind.send_to(&one[..length], target).await;
                }
                Ok((length, _)) = behind.recv_from(&mut other) => {
                    back.lock().unwrap().push(other[..length].to_vec());
                    if let Some(client) = client {
                        let _ = front.send_to(&other[..length], client).await;
                    }
                }
            }
        }
    });
    made
}

/// Names, ids and contents of a space and of those in it.
fn secrets(ilona: &Peer, others: &[&Peer]) -> Vec<Secret> {
    let space: SpaceId = {
        let replica = ilona.host.engine().replica();
        let spaces = replica.spaces().unwrap();
        spaces.into_iter().find(|space| !replica.membership(space).unwrap().unwrap().is_private()).unwrap()
    };
    let mut secrets: Vec<Secret> = [SPACE, "Open Olga", "Live one", "Ilona", "Jon", "laptop", "kind", "person"].map(text).into();
    secrets.extend(all_of(ilona, &space));
    for peer in others.iter().chain([&ilona]) {
        secrets.push(id("a person", peer.host.engine().introduction().unwrap().0.as_bytes()));
    }
    secrets
}

/// The TLS hello in the first packet of a connection: its keys follow from what is in the packet.
fn opened(datagram: &[u8]) -> Option<Vec<u8>> {
    // A long header, an initial packet, version 1.
    if datagram.len() < 1_200 || datagram[0] & 0xf0 != 0xc0 || datagram[1..5] != [0, 0, 0, 1] {
        return None;
    }
    let mut at = 5;
    let mut piece = |length: usize| {
        at += length;
        datagram[at - length..at].to_vec()
    };
    let length = usize::from(piece(1)[0]);
    let destination = piece(length);
    let length = usize::from(piece(1)[0]);
    piece(length);
    // Both are numbers of variable length.
    let mut number = || {
        let first = piece(1)[0];
        let more = piece((1 << (first >> 6)) - 1);
        more.iter().fold(u64::from(first & 0x3f), |number, byte| number << 8 | u64::from(*byte))
    };
    let token = usize::try_from(number()).unwrap();
    assert_eq!(token, 0, "a first packet has no token");
    let length = usize::try_from(number()).unwrap();
    let suite = TLS13_AES_128_GCM_SHA256.tls13().unwrap().quic_suite().unwrap();
    let keys = suite.keys(&destination, Side::Server, Version::V1);
    let mut header = datagram[..at + 4].to_vec();
    let (first, rest) = header.split_at_mut(1);
    let number_at = at - 1;
    keys.remote.header.decrypt_in_place(&datagram[at + 4..at + 20], &mut first[0], &mut rest[number_at..number_at + 4]).unwrap();
    let digits = usize::from(header[0] & 3) + 1;
    header.truncate(at + digits);
    let number = header[at..].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    let mut payload = datagram[at + digits..at + length].to_vec();
    // Later ones are named by the other side, and their keys come from the first one.
    keys.remote.packet.decrypt_in_place(number, &header, &mut payload).ok().map(<[u8]>::to_vec)
}

/// As an endpoint writes a key into the name of a server.
fn in_server_name(key: &[u8]) -> Vec<u8> {
    let lower = crate::privacy::base32(key);
    let digit = |letter: char| "abcdefghijklmnopqrstuvwxyz234567".find(letter).unwrap();
    lower.chars().map(|letter| b"0123456789abcdefghijklmnopqrstuv"[digit(letter)]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_on_the_way_sees_two_computers_and_nothing_else() {
    let (ilona, jon) = (Peer::with("Ilona", loopback()).await, Peer::with("Jon", loopback()).await);
    ilona.space(SPACE).await;
    ilona.add(SPACE, "Open Olga").await;
    let proxy = proxy(ilona.host.addresses()[0]).await;
    let hints = Hints { addrs: vec![proxy.front.to_string()], relay: None };
    let link = altered(&ilona.invite(SPACE, true).await, |invitation| invitation.hints = hints);
    jon.join_auto(&link).await.unwrap();
    jon.sees(SPACE, &["Open Olga"]).await;
    ilona.add(SPACE, "Live one").await;
    jon.sees(SPACE, &["Live one", "Open Olga"]).await;
    let (there, back) = (proxy.there.lock().unwrap().clone(), proxy.back.lock().unwrap().clone());
    let bytes = |datagrams: &[Vec<u8>]| datagrams.iter().map(Vec::len).sum::<usize>();
    assert!(bytes(&there) > 3_000 && bytes(&back) > 3_000, "{} {}", bytes(&there), bytes(&back));
    let mut secrets = secrets(&ilona, &[&jon]);
    for computer in [&ilona, &jon].map(|peer| peer.host.engine().computer()) {
        secrets.push(id("a computer", computer.as_bytes()));
        secrets.push(Secret::of("a computer as the name of a server", vec![in_server_name(&computer.as_bytes()[..10])]));
    }
    let hello: Vec<Vec<u8>> = there.iter().filter_map(|datagram| opened(datagram)).collect();
    // The first packet says that this is Tuttu, and not who calls whom.
    assert!(hello.iter().any(|hello| contains(hello, b"tuttu-pair/1")), "the hello was opened");
    assert_eq!(told(&secrets, &hello), Vec::<String>::new());
    secrets.push(text("tuttu"));
    assert_eq!(told(&secrets, &[there, back].concat()), Vec::<String>::new());
    // Had it gone in clear text, it would have been seen.
    let plain = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    plain.send_to(b"kept by Open Olga", proxy.front).await.unwrap();
    until("it is seen", async || told(&[text("Open Olga")], &proxy.there.lock().unwrap()).len() == 1).await;
}

/// What the parts of the next story are told to do.
const PART: &str = "TUTTU_TEST_PART";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// Starts a part of a story on a host, and gives back its lines.
fn part(host: &Host, name: &str) -> std::thread::JoinHandle<Vec<String>> {
    let mut command = host.command(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--include-ignored", "--nocapture"]).env(PART, "yes");
    std::thread::spawn(move || {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    })
}

fn lines<'a>(all: &'a [String], begin: &str) -> Vec<&'a str> {
    all.iter().filter_map(|line| line.split_once(begin)).map(|(_, rest)| rest).collect()
}

/// Two people share a space on a network where a third computer listens to all announcements.
#[test]
fn announcements_on_the_network_name_a_key_and_nothing_else() {
    apart(announcements_on_the_network_name_a_key_and_nothing_else, |world| {
        let (switch, [home, ear]) = (world.switch("room"), ["home", "ear"].map(|name| world.host(name)));
        switch.plug(&home, "192.168.7.1/24");
        switch.plug(&ear, "192.168.7.3/24");
        let listening = part(&ear, "capture::a_part_that_listens");
        let announcing = part(&home, "capture::a_part_that_announces").join().unwrap();
        let heard: Vec<Vec<u8>> = lines(&listening.join().unwrap(), "HEARD ").into_iter().map(from_hex).collect();
        let secrets: Vec<Secret> =
            lines(&announcing, "SECRET ").into_iter().map(|secret| Secret::of("a secret", vec![from_hex(secret)])).collect();
        assert!(secrets.len() > 40, "{announcing:?}");
        assert_eq!(told(&secrets, &heard), Vec::<String>::new());
        let keys = lines(&announcing, "KEY ");
        assert_eq!(keys.len(), 2);
        for key in keys {
            assert!(heard.iter().any(|packet| contains(packet, key.as_bytes())), "{key} is announced in one of {} packets", heard.len());
        }
    });
}

#[test]
#[ignore = "a part of the story above"]
fn a_part_that_listens() {
    if std::env::var_os(PART).is_none() {
        return;
    }
    let socket = std::net::UdpSocket::bind("0.0.0.0:5353").unwrap();
    socket.join_multicast_v4(&Ipv4Addr::new(224, 0, 0, 251), &Ipv4Addr::new(192, 168, 7, 3)).unwrap();
    let end = std::time::Instant::now() + Duration::from_secs(9);
    let mut packet = [0; 9_000];
    while let Some(left) = end.checked_duration_since(std::time::Instant::now()) {
        socket.set_read_timeout(Some(left.max(Duration::from_millis(1)))).unwrap();
        if let Ok(length) = socket.recv(&mut packet) {
            println!("\nHEARD {}", hex(&packet[..length]));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a part of the story above"]
async fn a_part_that_announces() {
    if std::env::var_os(PART).is_none() {
        return;
    }
    let options = || HostOptions { bind: None, lan: true, relay: None, socket: false };
    let (ilona, jon) = (Peer::with("Ilona", options()).await, Peer::with("Jon", options()).await);
    ilona.space(SPACE).await;
    ilona.add(SPACE, "Open Olga").await;
    jon.join_auto(&ilona.invite(SPACE, true).await).await.unwrap();
    ilona.add(SPACE, "Live one").await;
    jon.sees(SPACE, &["Live one", "Open Olga"]).await;
    sleep(Duration::from_secs(4)).await;
    for secret in secrets(&ilona, &[&jon]) {
        secret.looks().iter().for_each(|look| println!("\nSECRET {}", hex(look)));
    }
    for peer in [&ilona, &jon] {
        println!("\nKEY {}", crate::privacy::base32(&peer.host.engine().computer().as_bytes()[..30]));
    }
}
