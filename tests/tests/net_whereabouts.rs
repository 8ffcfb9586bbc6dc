//! Who is told where whose computer is: fellow members, and nobody else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod net;

use std::time::Duration;

use net::{Peer, SOON};
use tokio::time::{sleep, timeout};

/// What one computer was told of another.
fn told(of: &Peer, to: &Peer) -> Option<String> {
    to.host.engine().setting(&format!("net.told.{}", of.host.engine().computer())).unwrap()
}

async fn is_told(of: &Peer, to: &Peer) {
    let heard = async {
        while told(of, to).is_none() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(SOON, heard).await.unwrap_or_else(|_| panic!("{} never heard where {} is", to.name, of.name));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_share_a_space_hear_of_each_other() {
    let [ilona, maria, jon, rosa] = [Peer::new("Ilona").await, Peer::new("Maria").await, Peer::new("Jon").await, Peer::new("Rosa").await];
    for (space, guests) in [("Harbour", vec![&maria, &jon]), ("Quay", vec![&rosa])] {
        ilona.space(space).await;
        for guest in guests {
            guest.join_auto(&ilona.invite(space, true).await).await.unwrap();
        }
    }
    is_told(&maria, &jon).await;
    is_told(&jon, &maria).await;
    is_told(&ilona, &rosa).await;
    is_told(&rosa, &ilona).await;
    // Ilona knows them all by now, and keeps it to herself.
    sleep(Duration::from_millis(500)).await;
    for (of, to) in [(&rosa, &maria), (&rosa, &jon), (&maria, &rosa), (&jon, &rosa)] {
        assert_eq!(told(of, to), None, "{} heard where {} is", to.name, of.name);
    }
    for peer in [ilona, maria, jon, rosa] {
        peer.stop().await;
    }
}
