#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use iroh::endpoint::{Connection, ConnectionError};
use iroh::{Endpoint, EndpointAddr, RelayMap, TransportAddr};
use tuttu_engine::NewVault;

use super::*;
use crate::address;
use crate::endpoint::{EXCHANGE, PAIRING, addresses, open};
use crate::live::Code;

/// A host on loopback; the folder lives as long as the test.
async fn host() -> (Host, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let new = NewVault { person_name: "Ilona".into(), computer_name: "laptop".into() };
    let engine = Engine::create(dir.path(), &new).unwrap();
    let options = HostOptions { bind: Some("127.0.0.1:0".parse().unwrap()), lan: false, relay: None, socket: false };
    (Host::start(engine, options).await.unwrap(), dir)
}

async fn stranger(seed: u8) -> Endpoint {
    open([seed; 32], Place { bind: Some("127.0.0.1:0".parse().unwrap()), last_port: None }, &RelayMap::empty()).await.unwrap()
}

async fn dial(host: &Host, from: &Endpoint, alpn: &[u8]) -> Connection {
    let id = address::endpoint_id(&host.net.me).unwrap();
    let target = EndpointAddr::from_parts(id, addresses(&host.net.endpoint()).into_iter().map(TransportAddr::Ip));
    from.connect(target, alpn).await.unwrap()
}

/// How the host closed a connection.
async fn closed(connection: &Connection) -> (u64, String) {
    match tokio::time::timeout(Duration::from_secs(20), connection.closed()).await.expect("the host hangs up") {
        ConnectionError::ApplicationClosed(close) => (close.error_code.into_inner(), String::from_utf8_lossy(&close.reason).into_owned()),
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_learns_nothing() {
    let (host, _dir) = host().await;
    let stranger = stranger(9).await;
    let nothing = (Code::Nothing as u64, String::new());
    // Who speaks another language is hung up on at once.
    let connection = dial(&host, &stranger, EXCHANGE).await;
    let (mut send, _receive) = connection.open_bi().await.unwrap();
    send.write_all(&[0, 0, 0, 2, 9, 9]).await.unwrap();
    assert_eq!(closed(&connection).await, nothing);
    // So is who announces a frame over the limit.
    let connection = dial(&host, &stranger, EXCHANGE).await;
    let (mut send, _receive) = connection.open_bi().await.unwrap();
    send.write_all(&[0xff; 8]).await.unwrap();
    assert_eq!(closed(&connection).await, nothing);
    // And who speaks properly, but shares nothing.
    let connection = dial(&host, &stranger, EXCHANGE).await;
    let mut session = tuttu_sync::session::Session::new(host.net.me);
    let replica = replica_of("Stranger");
    let (mut send, mut receive) = connection.open_bi().await.unwrap();
    for effect in session.start(&*replica.0) {
        if let tuttu_sync::session::Effect::Send(frame) = effect {
            crate::frame::write(&mut send, &frame, 1 << 20).await.unwrap();
        }
    }
    let mut heard = 0;
    while let Ok(Some(frame)) = crate::frame::read(&mut receive, 1 << 20).await {
        heard += frame.len();
    }
    assert!(heard < 300, "{heard} bytes: a greeting and an offer in which nothing can be recognised");
    assert_eq!(closed(&connection).await, nothing);
    assert!(host.net.live.paths().is_empty());
    host.shutdown().await;
}

fn replica_of(name: &str) -> (crate::exchange::SharedReplica, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::create(dir.path(), &NewVault { person_name: name.into(), computer_name: "desktop".into() }).unwrap();
    (engine.replica(), dir)
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_have_few_places() {
    let (host, _dir) = host().await;
    let mut silent = Vec::new();
    for seed in 1..=8 {
        let endpoint = stranger(seed).await;
        let connection = dial(&host, &endpoint, EXCHANGE).await;
        silent.push((endpoint, connection));
    }
    let late = stranger(20).await;
    let connection = dial(&host, &late, EXCHANGE).await;
    let refused = tokio::time::timeout(Duration::from_secs(5), closed(&connection)).await.expect("at once");
    assert_eq!(refused, (Code::Nothing as u64, String::new()));
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_on_the_pairing_protocol_is_refused() {
    let (host, _dir) = host().await;
    let stranger = stranger(9).await;
    let connection = dial(&host, &stranger, PAIRING).await;
    let (mut send, mut receive) = connection.open_bi().await.unwrap();
    send.write_all(&[0, 0, 0, 2, 0, 99]).await.unwrap();
    let answer = crate::frame::read(&mut receive, 1 << 20).await.unwrap();
    assert!(answer.is_some(), "it is told that this makes no sense");
    connection.close(0_u8.into(), b"");
    assert!(host.net.requests.views().is_empty());
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_can_be_chosen_and_left_again_while_running() {
    use tuttu_engine::api::{Command, ErrorCode, Outcome};

    let (host, _dir) = host().await;
    let set = |value: &str| Request::Execute { command: Command::SetSetting { key: relay::SETTING.into(), value: value.into() } };
    let error = host.request(set("somewhere")).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Invalid);
    // Nobody listens there; the host goes on all the same.
    host.request(set("http://127.0.0.1:9")).await.unwrap();
    assert_eq!(host.net.relay(), Relay::Own("http://127.0.0.1:9".parse().unwrap()));
    host.request(Request::Execute { command: Command::CreateSpace { name: "Harbour".into() } }).await.unwrap();
    let invite = Command::Invite {
        space: "Harbour".into(),
        role: "viewer".into(),
        expires_in: 600,
        auto: false,
        for_whom: String::new(),
        hints: Vec::new(),
        relay: None,
    };
    let Reply::Outcome(Outcome::Invitation { invitation }) = host.request(Request::Execute { command: invite.clone() }).await.unwrap()
    else {
        panic!("no invitation")
    };
    assert_eq!(invitation.relay, "http://127.0.0.1:9/");
    let stranger = stranger(9).await;
    let connection = dial(&host, &stranger, EXCHANGE).await;
    connection.close(0_u8.into(), b"");
    host.request(set("")).await.unwrap();
    assert_eq!(host.net.relay(), Relay::None);
    let Reply::Outcome(Outcome::Invitation { invitation }) = host.request(Request::Execute { command: invite }).await.unwrap() else {
        panic!("no invitation")
    };
    assert_eq!(invitation.relay, "");
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_on_one_port_is_an_error_that_says_so() {
    let (first, _dir) = host().await;
    let port = first.addresses()[0];
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::create(dir.path(), &NewVault { person_name: "Jon".into(), computer_name: "desktop".into() }).unwrap();
    let options = HostOptions { bind: Some(port), lan: false, relay: None, socket: false };
    let error = Host::start(engine, options).await.unwrap_err();
    assert!(error.message.contains(&port.to_string()), "{error}");
    first.shutdown().await;
}
