#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use iroh::{Endpoint, EndpointAddr, RelayMap, TransportAddr};

use super::*;
use crate::address;
use crate::endpoint::{EXCHANGE, Place, addresses, open};

const HERE: bool = true;
const THERE: bool = false;

#[test]
fn when_dials_cross_both_sides_keep_the_same_connection() {
    let now = Duration::from_millis(100);
    // The lower computer sees its own dial first or second; the higher one the other way round.
    for lower_first in [true, false] {
        let (lower_pair, higher_pair) = if lower_first { ((HERE, THERE), (THERE, HERE)) } else { ((THERE, HERE), (HERE, THERE)) };
        let lower_keeps_newer = newer_stays(lower_pair, now, true);
        let higher_keeps_newer = newer_stays(higher_pair, now, false);
        assert_eq!(lower_keeps_newer, !lower_first, "the lower one keeps its own");
        assert_eq!(higher_keeps_newer, !lower_first, "the higher one keeps the other's");
    }
}

#[test]
fn a_computer_that_comes_back_replaces_its_dead_connection() {
    let old = Duration::from_secs(60);
    for lower in [true, false] {
        assert!(newer_stays((HERE, THERE), old, lower), "it dials us although we once dialed it");
        assert!(newer_stays((THERE, THERE), Duration::ZERO, lower), "it dials us again");
        assert!(newer_stays((HERE, HERE), Duration::ZERO, lower));
    }
}

async fn endpoint(seed: u8) -> Endpoint {
    open([seed; 32], Place { bind: Some("127.0.0.1:0".parse().unwrap()), last_port: None }, &RelayMap::empty()).await.unwrap()
}

/// A connection from `from` to `to`, as both see it.
async fn connect(from: &Endpoint, to: &Endpoint) -> (Connection, Connection) {
    let target = EndpointAddr::from_parts(to.id(), addresses(to).into_iter().map(TransportAddr::Ip));
    let accepting = to.clone();
    let accepted = tokio::spawn(async move { accepting.accept().await.unwrap().await.unwrap() });
    let dialed = from.connect(target, EXCHANGE).await.unwrap();
    (dialed, accepted.await.unwrap())
}

fn link(connection: Connection, dialed_here: bool) -> Link {
    let (orders, _) = mpsc::channel(1);
    let (_, progress) = watch::channel(Progress::default());
    Link { connection, dialed_here, since: Instant::now(), path: Path::Lan, progress, orders }
}

#[tokio::test]
async fn two_dials_at_once_leave_one_connection() {
    let (left, right) = (endpoint(1).await, endpoint(2).await);
    let (left_id, right_id) = (address::computer(left.id()), address::computer(right.id()));
    let (left_out, right_in) = connect(&left, &right).await;
    let (right_out, left_in) = connect(&right, &left).await;
    let (at_left, at_right) = (Live::new(left_id), Live::new(right_id));
    at_left.offer(right_id, link(left_out.clone(), true));
    let second_at_left = at_left.offer(right_id, link(left_in, false));
    at_right.offer(left_id, link(right_out.clone(), true));
    at_right.offer(left_id, link(right_in, false));
    let left_is_lower = left_id < right_id;
    assert_eq!(matches!(second_at_left, Verdict::Duplicate), left_is_lower);
    let kept_at_left = at_left.get(&right_id).unwrap();
    let kept_at_right = at_right.get(&left_id).unwrap();
    assert_eq!(kept_at_left.dialed_here, left_is_lower);
    assert_eq!(kept_at_right.dialed_here, !left_is_lower);
    let ended = if left_is_lower { right_out } else { left_out };
    let reason = tokio::time::timeout(Duration::from_secs(5), ended.closed()).await.unwrap();
    let close = format!("{reason}");
    assert!(close.contains("closed"), "{close}");
    assert!(at_left.remove(&right_id, &kept_at_left.connection));
    assert!(!at_left.remove(&right_id, &kept_at_left.connection));
    at_left.gone(&right_id).await;
    left.close().await;
    right.close().await;
}
