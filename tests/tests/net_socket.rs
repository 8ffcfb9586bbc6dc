//! The local socket: a second process reaching the one that holds the vault.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod net;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use net::{Peer, SOON, loopback, open};
use tokio::time::timeout;
use tuttu_engine::api::{Answer, Command, ErrorCode, Event, Outcome, Query};
use tuttu_net::host::Client;
use tuttu_net::{Host, HostOptions, Reply, Request};

fn with_socket() -> HostOptions {
    HostOptions { socket: true, ..loopback() }
}

async fn client(peer: &Peer) -> Client {
    Client::connect(peer.dir.path()).await.unwrap().expect("the host listens")
}

fn add(name: &str) -> Request {
    let records = vec![serde_json::json!({ "name": name }).to_string()];
    Request::Execute { command: Command::Add { space: None, kind: "person".into(), records } }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_reads_writes_and_hears_events() {
    let peer = Peer::with("Ilona", with_socket()).await;
    let mut writer = client(&peer).await;
    let mut listener = client(&peer).await;
    assert_eq!(listener.version(), env!("CARGO_PKG_VERSION"));
    assert_eq!(listener.request(Request::Subscribe).await.unwrap(), Reply::Done);
    let Reply::Outcome(Outcome::Records { ids, .. }) = writer.request(add("Priya")).await.unwrap() else { panic!("no record") };
    let changed = timeout(SOON, async {
        loop {
            match listener.next_event().await {
                Some(Event::Changed { records, .. }) if !records.is_empty() => return records,
                Some(_) => {}
                None => panic!("the host stopped"),
            }
        }
    });
    let changed = changed.await.unwrap();
    assert!(ids[0].ends_with(&changed[0]), "{changed:?} for {ids:?}");
    // Requests work between events.
    let Reply::Answer(Answer::Status(status)) = listener.request(Request::Query { query: Query::Status }).await.unwrap() else {
        panic!("no status")
    };
    assert_eq!(status.people, 1);
    let Reply::Addresses(id, addresses) = writer.request(Request::Addresses).await.unwrap() else { panic!("no addresses") };
    assert_eq!(id, status.computer);
    assert!(addresses[0].starts_with("127.0.0.1:"), "{addresses:?}");
    let error = writer.request(Request::Join { link: "nonsense".into(), auto: false }).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Link);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_clients_at_once() {
    let peer = Peer::with("Ilona", with_socket()).await;
    let mut running = tokio::task::JoinSet::new();
    for number in 0..20 {
        let dir = peer.dir.path().to_owned();
        running.spawn(async move {
            let mut client = Client::connect(&dir).await.unwrap().unwrap();
            client.request(add(&format!("Person {number}"))).await.unwrap();
        });
    }
    running.join_all().await;
    assert_eq!(peer.status().await.people, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_is_only_for_those_who_wait_for_it() {
    let peer = Peer::with("Ilona", with_socket()).await;
    let mut first = client(&peer).await;
    assert_eq!(first.request(Request::Stop).await.unwrap_err().code, ErrorCode::NotAllowed);
    let host = peer.host.clone();
    let serving = tokio::spawn(async move { host.stop_requested().await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(first.request(Request::Stop).await.unwrap(), Reply::Done);
    timeout(SOON, serving).await.unwrap().unwrap();
    let dir = peer.stop().await;
    assert_eq!(timeout(SOON, first.next_event()).await.unwrap(), None);
    assert!(Client::connect(dir.path()).await.unwrap().is_none());
    // The vault is free again, and so is the socket's name.
    let engine = open(dir.path()).await;
    let host = Host::start(engine, with_socket()).await.unwrap();
    assert!(Client::connect(dir.path()).await.unwrap().is_some());
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_on_the_socket_harms_nobody() {
    let peer = Peer::with("Ilona", with_socket()).await;
    let path = peer.dir.path().join("tuttu.sock");
    tokio::task::spawn_blocking(move || {
        // A length over the limit: hung up on.
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.write_all(&[0xff; 64]).unwrap();
        let mut rest = Vec::new();
        stream.set_read_timeout(Some(SOON)).unwrap();
        // The hello, then the end.
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.len() < 200, "{} bytes", rest.len());
        // A frame that is no request: an error, and the talk goes on.
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        assert!(frame(&mut stream).contains("hello"));
        for _ in 0..2 {
            stream.write_all(&[0, 0, 0, 3, b'{', b'x', b'}']).unwrap();
            assert!(frame(&mut stream).contains("not understood"));
        }
    })
    .await
    .unwrap();
    let mut client = client(&peer).await;
    assert!(client.request(Request::Query { query: Query::Status }).await.is_ok());
}

fn frame(stream: &mut UnixStream) -> String {
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut frame = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut frame).unwrap();
    String::from_utf8(frame).unwrap()
}
