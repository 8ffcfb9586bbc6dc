#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use iroh::{EndpointAddr, TransportAddr};

use super::*;

fn loopback(last_port: Option<u16>) -> Place {
    Place { bind: Some("127.0.0.1:0".parse().unwrap()), last_port }
}

#[tokio::test]
async fn two_endpoints_without_relay_reach_each_other_and_agree_on_a_secret() {
    let left = open([1; 32], loopback(None), &RelayMap::empty()).await.unwrap();
    let right = open([2; 32], loopback(None), &RelayMap::empty()).await.unwrap();
    let target = EndpointAddr::from_parts(right.id(), addresses(&right).into_iter().map(TransportAddr::Ip));
    let accepting = right.clone();
    let accepted = tokio::spawn(async move { accepting.accept().await.unwrap().await.unwrap() });
    let dialed = tokio::time::timeout(Duration::from_secs(10), left.connect(target, PAIRING)).await.unwrap().unwrap();
    let accepted = accepted.await.unwrap();
    assert_eq!(accepted.remote_id(), left.id());
    assert_eq!(accepted.alpn(), PAIRING);
    assert_eq!(crate::address::path_of(&dialed).0.word(), "lan");
    let mut secrets = [[0; 32]; 2];
    for (secret, connection) in secrets.iter_mut().zip([&dialed, &accepted]) {
        connection.export_keying_material(secret, b"test", &[]).unwrap();
    }
    assert_eq!(secrets[0], secrets[1]);
    left.close().await;
    right.close().await;
}

#[tokio::test]
async fn the_last_port_is_used_when_free_and_another_one_when_not() {
    let first = open([3; 32], loopback(None), &RelayMap::empty()).await.unwrap();
    let taken = port(&first).unwrap();
    let second = open([4; 32], loopback(Some(taken)), &RelayMap::empty()).await.unwrap();
    assert_ne!(port(&second), Some(taken));
    let free = port(&second).unwrap();
    second.close().await;
    drop(second);
    // The socket goes with the last task that held it.
    while std::net::UdpSocket::bind(("127.0.0.1", free)).is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let third = open([4; 32], loopback(Some(free)), &RelayMap::empty()).await.unwrap();
    assert_eq!(port(&third), Some(free));
    let asked = Place { bind: Some(format!("127.0.0.1:{taken}").parse().unwrap()), last_port: None };
    let error = open([5; 32], asked, &RelayMap::empty()).await.unwrap_err();
    assert!(error.message.starts_with(&format!("Tuttu cannot listen on 127.0.0.1:{taken}: ")), "{error}");
}

#[tokio::test]
async fn an_endpoint_on_all_interfaces_knows_an_address() {
    let endpoint = open([6; 32], Place { bind: None, last_port: None }, &RelayMap::empty()).await.unwrap();
    let addresses = addresses(&endpoint);
    assert!(addresses.iter().all(|address| address.port() != 0), "{addresses:?}");
    assert!(!addresses.is_empty());
}
