//! What a removed member wrote late, the log, and the network doctor, over real connections on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod net;

use net::{Peer, pair};
use tuttu_engine::api::{Answer, Command, ErrorCode, LogLine, Query, RecordRef, TrayView};
use tuttu_engine::model::FieldEdit;
use tuttu_net::{Diagnosis, Health, Reply, Request};

async fn tray(peer: &Peer) -> Vec<TrayView> {
    match peer.query(Query::Tray { space: "Harbour".into() }).await {
        Answer::Tray(tray) => tray,
        other => panic!("{other:?}"),
    }
}

async fn log(peer: &Peer) -> Vec<LogLine> {
    match peer.query(Query::Log { limit: 0 }).await {
        Answer::Log(lines) => lines,
        other => panic!("{other:?}"),
    }
}

async fn examine(peer: &Peer) -> Vec<Diagnosis> {
    match peer.host.request(Request::Examine).await {
        Ok(Reply::Examined(findings)) => findings,
        other => panic!("{other:?}"),
    }
}

/// A space of three; while Ilona is away Maria writes something that only Jon gets, and meanwhile Ilona removes Maria. All but Maria are back.
async fn maria_wrote_late() -> (Peer, Peer) {
    let (ilona, maria) = pair("Harbour").await;
    let jon = Peer::new("Jon").await;
    jon.join_auto(&ilona.invite("Harbour", true).await).await.unwrap();
    ilona.add("Harbour", "Priya").await;
    maria.sees("Harbour", &["Priya"]).await;
    jon.sees("Harbour", &["Priya"]).await;

    let ilonas = ilona.stop().await;
    let edits = vec![FieldEdit::Set { field: "nickname".into(), label: None, value: "Pri".into() }];
    maria.execute(Command::Edit { record: RecordRef::anywhere("Priya"), edits }).await;
    maria.add("Harbour", "Quentin").await;
    jon.sees("Harbour", &["Priya", "Quentin"]).await;
    let jons = jon.stop().await;
    drop(maria.stop().await);
    let ilona = Peer::again("Ilona", ilonas).await;
    ilona.execute(Command::RemoveMember { space: "Harbour".into(), member: "Maria".into() }).await;
    let jon = Peer::again("Jon", jons).await;
    jon.sees("Harbour", &["Priya"]).await;
    (ilona, jon)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_editor_takes_up_what_a_removed_member_wrote_late() {
    let (ilona, jon) = maria_wrote_late().await;
    let set_aside = tray(&jon).await;
    let shown: Vec<_> = set_aside.iter().map(|one| (one.name.as_str(), one.by.as_str(), one.fields.len() > 1)).collect();
    assert_eq!(shown, [("Priya", "Maria", false), ("Quentin", "Maria", true)]);
    assert_eq!((set_aside[0].fields[0].field.as_str(), set_aside[0].fields[0].written.as_str()), ("nickname", "Pri"));
    assert_eq!(tray(&ilona).await, [], "what never came here is in no tray");

    let nickname = set_aside[0].change.clone();
    jon.execute(Command::TakeUp { space: "Harbour".into(), changes: vec![nickname[..8].to_owned()] }).await;
    assert_eq!(tray(&jon).await.len(), 1, "what is there now is offered no more");
    jon.execute(Command::TakeUp { space: "Harbour".into(), changes: Vec::new() }).await;
    assert_eq!(tray(&jon).await, []);
    ilona.sees("Harbour", &["Priya", "Quentin"]).await;
    let Answer::Record(priya) = ilona.query(Query::Record { record: RecordRef::anywhere("Priya") }).await else { panic!() };
    assert_eq!((priya.nickname.as_str(), priya.changed.by.as_str()), ("Pri", "Jon"), "it is Jon’s change");

    let nothing = jon.host.request(Request::Execute { command: Command::TakeUp { space: "Harbour".into(), changes: Vec::new() } }).await;
    assert_eq!(nothing.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dismissed_is_offered_no_more_on_this_computer() {
    let (_ilona, jon) = maria_wrote_late().await;
    let changes: Vec<String> = tray(&jon).await.into_iter().map(|one| one.change).collect();
    jon.execute(Command::Dismiss { space: "Harbour".into(), changes: changes[..1].to_vec() }).await;
    assert_eq!(tray(&jon).await.len(), 1);
    assert_eq!(jon.names("Harbour").await, ["Priya"]);
    let dir = jon.stop().await;
    let jon = Peer::again("Jon", dir).await;
    assert_eq!(tray(&jon).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_who_came_what_was_brought_and_who_has_it() {
    let (ilona, maria) = pair("Harbour").await;
    ilona.add("Harbour", "Priya").await;
    ilona.add("Harbour", "Rosa").await;
    maria.sees("Harbour", &["Priya", "Rosa"]).await;
    ilona.sync(20).await;
    ilona.execute(Command::SetRole { space: "Harbour".into(), member: "Maria".into(), role: "viewer".into() }).await;
    let viewer = async || maria.detail("Harbour").await.summary.role == "viewer";
    while !viewer().await {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let told = |lines: &[LogLine], kind: &str, text: &str| lines.iter().any(|line| line.kind == kind && line.text == text);
    let lines = log(&ilona).await;
    assert!(told(&lines, "members", "You made Maria editor of “Harbour”."), "{lines:?}");
    assert!(told(&lines, "members", "You made Maria viewer of “Harbour”."), "{lines:?}");
    assert!(told(&lines, "delivered", "Maria’s “Maria’s laptop” has everything of “Harbour”."), "{lines:?}");
    assert!(told(&lines, "connected", "Maria’s “Maria’s laptop” connected, on the same network."), "{lines:?}");
    let lines = log(&maria).await;
    assert!(told(&lines, "received", "Ilona’s “Ilona’s laptop” brought 2 changes of “Harbour”."), "{lines:?}");
    assert!(told(&lines, "members", "Ilona made you viewer of “Harbour”."), "{lines:?}");
    // It is still there after a restart.
    let dir = maria.stop().await;
    let maria = Peer::again("Maria", dir).await;
    assert!(told(&log(&maria).await, "received", "Ilona’s “Ilona’s laptop” brought 2 changes of “Harbour”."));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_what_works_and_what_does_not() {
    let (ilona, maria) = pair("Harbour").await;
    // What this run was started with goes before the settings, also when they are read again.
    ilona.host.reload().await.unwrap();
    let findings = examine(&ilona).await;
    assert!(findings.iter().any(|finding| finding.text == "Finding computers on the same network is switched off."), "{findings:?}");
    let found = |check: &str| findings.iter().find(|finding| finding.check == check).unwrap_or_else(|| panic!("{check} in {findings:?}"));
    assert_eq!(found("listening").health, Health::Trouble, "on loopback alone nobody can reach this computer");
    assert_eq!((found("lan").health, found("relay").health), (Health::Note, Health::Note));
    assert_eq!(found("computer").text, "“Maria’s laptop” of Maria is connected, on the same network.");
    drop(maria.stop().await);
    let findings = examine(&ilona).await;
    let maria = findings.iter().find(|finding| finding.check == "computer").unwrap();
    assert_eq!(maria.health, Health::Note);
    assert!(
        maria.text.starts_with("“Maria’s laptop” of Maria does not answer at any address it was known at. It was connected last at 20"),
        "{maria:?}"
    );
    assert!(maria.hint.contains("Most likely it is off"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_reaches_this_computer_at_its_own_address_and_misses_a_dead_relay() {
    let relay = Some("http://127.0.0.1:9".to_owned());
    let options = tuttu_net::HostOptions { bind: None, lan: false, relay, socket: false };
    let ilona = Peer::with("Ilona", options).await;
    let findings = examine(&ilona).await;
    let relay = findings.iter().find(|finding| finding.check == "relay").unwrap();
    assert_eq!((relay.health, relay.text.as_str()), (Health::Trouble, "The relay http://127.0.0.1:9/ does not answer."));
    let listening = findings.iter().find(|finding| finding.check == "listening").unwrap();
    match listening.health {
        // A machine with a network of its own.
        Health::Ok => assert!(findings.iter().any(|finding| finding.check == "firewall" && finding.health == Health::Ok), "{findings:?}"),
        _ => assert!(findings.iter().all(|finding| finding.check != "firewall"), "{findings:?}"),
    }
}
