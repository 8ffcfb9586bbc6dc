//! Sharing between running hosts over real connections on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod net;

use std::time::Duration;

use net::{Peer, SOON, pair};
use tuttu_engine::api::{Command, ErrorCode, Event};
use tuttu_net::{Reply, Request};

#[tokio::test(flavor = "multi_thread")]
async fn two_people_compare_words_and_share_a_space() {
    let mut ilona = Peer::new("Ilona").await;
    let mut maria = Peer::new("Maria").await;
    ilona.space("Harbour").await;
    ilona.add("Harbour", "Priya").await;
    let link = ilona.invite("Harbour", false).await;

    let offer = maria.join(&link).await.unwrap();
    assert_eq!((offer.inviter.as_str(), offer.space_name.as_str(), offer.role.as_str()), ("Ilona", "Harbour", "editor"));
    let request = ilona.join_request().await;
    assert_eq!(request.words, offer.words);
    assert_eq!((request.person_name.as_str(), request.space_name.as_str()), ("Maria", "Harbour"));
    assert_eq!(ilona.detail("Harbour").await.requests, std::slice::from_ref(&request));
    assert_eq!(maria.status().await.spaces.len(), 1, "nothing is here before both agree");

    let approve = async { ilona.answer(&request.id, true).await.unwrap() };
    let (joined, _) = tokio::join!(maria.join_answer(&offer.id, true), approve);
    let joined = joined.unwrap();
    assert_eq!((joined.name.as_str(), joined.inviter.as_str()), ("Harbour", "Ilona"));
    assert_eq!(joined.words, offer.words);
    assert_eq!(maria.names("Harbour").await, ["Priya"], "joined means that the space has arrived");
    assert!(ilona.detail("Harbour").await.requests.is_empty());

    // Live, both ways, with confirmation.
    maria.add("Harbour", "Quentin").await;
    ilona.sees("Harbour", &["Priya", "Quentin"]).await;
    let delivered = |event| match event {
        Event::Delivered { name, .. } => Some(name),
        _ => None,
    };
    assert_eq!(maria.event("delivery", delivered).await, "Ilona");
    ilona.add("Harbour", "Rosa").await;
    maria.sees("Harbour", &["Priya", "Quentin", "Rosa"]).await;
    assert_eq!(ilona.event("delivery", delivered).await, "Maria");

    let detail = ilona.detail("Harbour").await;
    let computer = &detail.members.iter().find(|member| member.name == "Maria").unwrap().computers[0];
    assert_eq!(computer.state, "lan");
    assert!(!computer.last_seen.is_empty());
    assert_eq!(computer.trouble, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_while_apart_arrives_when_both_are_back() {
    let (ilona, maria) = pair("Harbour").await;
    let dir = maria.stop().await;
    ilona.add("Harbour", "Priya").await;
    let maria = Peer::again("Maria", dir).await;
    maria.sees("Harbour", &["Priya"]).await;
    let dir = ilona.stop().await;
    maria.add("Harbour", "Quentin").await;
    let ilona = Peer::again("Ilona", dir).await;
    ilona.sees("Harbour", &["Priya", "Quentin"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_carried_on_by_a_third_computer() {
    let (ilona, maria) = pair("Harbour").await;
    let jon = Peer::new("Jon").await;
    jon.join_auto(&ilona.invite("Harbour", true).await).await.unwrap();
    jon.add("Harbour", "Priya").await;
    ilona.sees("Harbour", &["Priya"]).await;
    maria.sees("Harbour", &["Priya"]).await;
    let dir = ilona.stop().await;
    drop(dir);
}

#[tokio::test(flavor = "multi_thread")]
async fn sync_says_for_each_computer_how_it_went() {
    let (ilona, maria) = pair("Harbour").await;
    ilona.add("Harbour", "Priya").await;
    let results = ilona.sync(20).await;
    assert_eq!(results.len(), 1);
    assert!(results[0].reachable && results[0].confirmed, "{results:?}");
    assert_eq!((results[0].person.as_str(), results[0].reason.as_str()), ("Maria", ""));
    assert_eq!(maria.names("Harbour").await, ["Priya"], "confirmed means that it is there");
    maria.stop().await;
    let results = ilona.sync(3).await;
    assert!(!results[0].reachable && !results[0].confirmed, "{results:?}");
    assert!(!results[0].reason.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inviter_can_decline_and_the_link_still_works() {
    let mut ilona = Peer::new("Ilona").await;
    let maria = Peer::new("Maria").await;
    ilona.space("Harbour").await;
    let link = ilona.invite("Harbour", false).await;
    let offer = maria.join(&link).await.unwrap();
    let request = ilona.join_request().await;
    ilona.answer(&request.id, false).await.unwrap();
    let error = maria.join_answer(&offer.id, true).await.unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (ErrorCode::NotAllowed, "The request was declined."));
    assert_eq!(ilona.answer(&request.id, true).await.unwrap_err().code, ErrorCode::NotFound);

    let offer = maria.join(&link).await.unwrap();
    let request = ilona.join_request().await;
    ilona.answer(&request.id[..4], true).await.unwrap();
    maria.join_answer(&offer.id, true).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_differ_end_it_on_both_sides() {
    let mut ilona = Peer::new("Ilona").await;
    let maria = Peer::new("Maria").await;
    ilona.space("Harbour").await;
    let offer = maria.join(&ilona.invite("Harbour", false).await).await.unwrap();
    let request = ilona.join_request().await;
    let error = maria.join_answer(&offer.id, false).await.unwrap_err();
    assert_eq!(error.message, "The words were not the same, so you did not join.");
    let ended = ilona
        .event("end of the request", |event| match event {
            Event::JoinRequestEnded { id } => Some(id),
            _ => None,
        })
        .await;
    assert_eq!(ended, request.id);
    assert_eq!(maria.status().await.spaces.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_that_do_not_work_say_why() {
    let ilona = Peer::new("Ilona").await;
    let maria = Peer::new("Maria").await;
    let jon = Peer::new("Jon").await;
    ilona.space("Harbour").await;

    let used = ilona.invite("Harbour", true).await;
    maria.join_auto(&used).await.unwrap();
    assert_eq!(jon.join(&used).await.unwrap_err().message, "The invitation was already used. Ask for a new one.");

    let withdrawn = ilona.invite_with("Harbour", "editor", true, Vec::new()).await;
    ilona.execute(Command::WithdrawInvitation { invitation: withdrawn.id }).await;
    assert_eq!(jon.join(&withdrawn.link).await.unwrap_err().message, "The invitation was taken back. Ask for a new one.");

    let cut: String = withdrawn.link.chars().take(80).collect();
    let error = jon.join(&cut).await.unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (ErrorCode::Link, "The link is cut off. Copy the whole link, or ask for it again."));

    let own = ilona.invite("Harbour", true).await;
    assert_eq!(ilona.join(&own).await.unwrap_err().message, "You made this invitation on this computer.");

    ilona.stop().await;
    let error = jon.join(&own).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unreachable);
    assert_eq!(error.message, "The computer that invites you to “Harbour” cannot be reached now.");
    assert!(error.hint.contains("The link keeps working until"), "{error:?}");
    let error = maria.join(&own).await.unwrap_err();
    assert_eq!(error.message, "Ilona’s computer cannot be reached now.");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auto_joiner_still_waits_for_an_inviter_who_compares() {
    let mut ilona = Peer::new("Ilona").await;
    let maria = Peer::new("Maria").await;
    ilona.space("Harbour").await;
    let link = ilona.invite("Harbour", false).await;
    let approve = async {
        let request = ilona.join_request().await;
        match ilona.host.request(Request::JoinRequests).await.unwrap() {
            Reply::JoinRequests(requests) => assert_eq!(requests, std::slice::from_ref(&request)),
            other => panic!("{other:?}"),
        }
        ilona.answer(&request.id, true).await.unwrap();
        request.words
    };
    let (joined, words) = tokio::join!(maria.join_auto(&link), approve);
    assert_eq!(joined.unwrap().words, words);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_is_told_and_gets_nothing_more() {
    let (ilona, mut maria) = pair("Harbour").await;
    ilona.execute(Command::RemoveMember { space: "Harbour".into(), member: "Maria".into() }).await;
    let reason = maria
        .event("refusal", |event| match event {
            Event::Refused { reason, .. } => Some(reason),
            _ => None,
        })
        .await;
    assert!(reason.contains("no longer a member of “Harbour”"), "{reason}");
    ilona.add("Harbour", "Secret").await;
    tokio::time::timeout(SOON, async {
        while ilona
            .status()
            .await
            .spaces
            .iter()
            .flat_map(|space| &space.members)
            .flat_map(|member| &member.computers)
            .any(|c| !c.this && c.state != "away")
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("the connection is closed when nothing is shared");
    assert!(maria.names("Harbour").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_that_was_away_learns_of_its_removal() {
    let (ilona, maria) = pair("Harbour").await;
    let dir = maria.stop().await;
    ilona.execute(Command::RemoveMember { space: "Harbour".into(), member: "Maria".into() }).await;
    ilona.add("Harbour", "Secret").await;
    let mut maria = Peer::again("Maria", dir).await;
    let reason = maria
        .event("refusal", |event| match event {
            Event::Refused { reason, .. } => Some(reason),
            _ => None,
        })
        .await;
    assert!(reason.contains("no longer a member of “Harbour”"), "{reason}");
    assert!(maria.names("Harbour").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_comes_back_on_another_port_is_found_by_its_own_dial() {
    let (ilona, maria) = pair("Harbour").await;
    let dir = maria.stop().await;
    // Its old port is taken now.
    let taken = std::net::UdpSocket::bind(("127.0.0.1", port_of(&dir))).unwrap();
    ilona.add("Harbour", "Priya").await;
    let maria = Peer::again("Maria", dir).await;
    maria.sees("Harbour", &["Priya"]).await;
    drop(taken);
}

fn port_of(dir: &tempfile::TempDir) -> u16 {
    let engine = tuttu_engine::Engine::open(dir.path()).unwrap();
    engine.setting("net.port").unwrap().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_space_travels_over_the_same_connection() {
    let (ilona, maria) = pair("Harbour").await;
    maria.space("Garden").await;
    maria.add("Garden", "Priya").await;
    let joined = ilona.join_auto(&maria.invite("Garden", true).await).await.unwrap();
    assert_eq!(joined.name, "Garden");
    assert_eq!(ilona.names("Garden").await, ["Priya"]);
    ilona.add("Garden", "Quentin").await;
    maria.sees("Garden", &["Priya", "Quentin"]).await;
    assert!(ilona.names("Harbour").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_uses_another_link_stays_a_member() {
    let (ilona, maria) = pair("Harbour").await;
    let viewer = ilona.invite_with("Harbour", "viewer", true, Vec::new()).await;
    maria.join_auto(&viewer.link).await.unwrap();
    maria.add("Harbour", "Priya").await;
    ilona.sees("Harbour", &["Priya"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_that_crashed_is_back_soon() {
    let ilona = Peer::new("Ilona").await;
    ilona.space("Harbour").await;
    let link = ilona.invite("Harbour", true).await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    let crash = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let new = tuttu_engine::NewVault { person_name: "Maria".into(), computer_name: "laptop".into() };
            let engine = tuttu_engine::Engine::create(&path, &new).unwrap();
            let host = tuttu_net::Host::start(engine, net::loopback()).await.unwrap();
            host.request(Request::Join { link, auto: true }).await.unwrap();
        });
        // No goodbye to anybody.
        runtime.shutdown_timeout(Duration::from_secs(5));
    });
    tokio::task::spawn_blocking(move || crash.join().unwrap()).await.unwrap();
    ilona.add("Harbour", "Priya").await;
    let began = std::time::Instant::now();
    let maria = Peer::again("Maria", dir).await;
    maria.sees("Harbour", &["Priya"]).await;
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_space_arrives_whole() {
    let ilona = Peer::new("Ilona").await;
    ilona.space("Harbour").await;
    for batch in 0..3 {
        let records =
            (0..500).map(|n| serde_json::json!({ "name": format!("Person {batch} {n}"), "notes": "x".repeat(500) }).to_string()).collect();
        ilona.execute(Command::Add { space: Some("Harbour".into()), kind: "person".into(), records }).await;
    }
    let maria = Peer::new("Maria").await;
    maria.join_auto(&ilona.invite("Harbour", true).await).await.unwrap();
    let people = maria.status().await.spaces.iter().find(|space| space.name == "Harbour").map(|space| space.people);
    assert_eq!(people, Some(1_500), "joined means that all of it is here");
    let results = ilona.sync(30).await;
    assert!(results[0].confirmed, "{results:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a network with multicast"]
async fn people_on_one_network_find_each_other_without_addresses() {
    let options = || tuttu_net::HostOptions { bind: None, lan: true, relay: None, socket: false };
    let ilona = Peer::with("Ilona", options()).await;
    let maria = Peer::with("Maria", options()).await;
    ilona.space("Harbour").await;
    // A port nobody listens on: the address in the link is of no use.
    let link = ilona.invite_with("Harbour", "editor", true, vec!["127.0.0.1:9".into()]).await.link;
    maria.join_auto(&link).await.unwrap();
    ilona.add("Harbour", "Priya").await;
    maria.sees("Harbour", &["Priya"]).await;
}
