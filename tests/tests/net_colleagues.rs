//! Colleagues: comparing words, blocking, handing a space over, withdrawing an invitation, over real connections on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod net;

use std::time::Duration;

use net::{Peer, pair};
use tuttu_engine::api::{Answer, ColleagueView, Command, ErrorCode, Query, RecordRef};
use tuttu_net::{Reply, Request};

async fn colleagues(peer: &Peer) -> Vec<ColleagueView> {
    match peer.query(Query::Colleagues).await {
        Answer::Colleagues(colleagues) => colleagues,
        other => panic!("{other:?}"),
    }
}

async fn refused(peer: &Peer, command: Command) -> tuttu_engine::api::ErrorView {
    match peer.host.request(Request::Execute { command }).await {
        Err(error) => error,
        Ok(done) => panic!("{done:?}"),
    }
}

fn block(person: &str, blocked: bool) -> Command {
    Command::BlockColleague { person: person.into(), blocked }
}

/// Waits until it holds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..1_000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what} does not come about");
}

async fn connected(peer: &Peer) -> bool {
    colleagues(peer).await.iter().flat_map(|one| &one.computers).any(|computer| computer.state != "away")
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_blocked_colleague_nothing_is_exchanged_until_they_are_unblocked() {
    let (ilona, maria) = pair("Harbour").await;
    ilona.add("Harbour", "Priya").await;
    maria.sees("Harbour", &["Priya"]).await;
    ilona.execute(block("Maria", true)).await;
    until("the end of the connection", async || !connected(&ilona).await && !connected(&maria).await).await;
    assert!(ilona.detail("Harbour").await.members.iter().any(|member| member.name == "Maria" && member.blocked));

    ilona.add("Harbour", "Quentin").await;
    maria.add("Harbour", "Rosa").await;
    // Maria dials; that she is a member does not help her.
    let results = maria.sync(9).await;
    assert!(!results[0].confirmed, "{results:?}");
    assert_eq!(ilona.sync(1).await, [], "nobody else is there to exchange with");
    assert_eq!(maria.names("Harbour").await, ["Priya", "Rosa"]);
    assert_eq!(ilona.names("Harbour").await, ["Priya", "Quentin"]);

    // It holds after a restart.
    let dir = ilona.stop().await;
    let ilona = Peer::again("Ilona", dir).await;
    assert!(!colleagues(&ilona).await[0].blocked.is_empty());
    ilona.execute(block("Maria", false)).await;
    maria.sync(20).await;
    ilona.sees("Harbour", &["Priya", "Quentin", "Rosa"]).await;
    maria.sees("Harbour", &["Priya", "Quentin", "Rosa"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_blocked_cannot_use_an_invitation_and_is_not_joined() {
    let (ilona, maria) = pair("Harbour").await;
    ilona.space("Quay").await;
    maria.space("Pier").await;
    ilona.execute(block("Maria", true)).await;
    let error = maria.join_auto(&ilona.invite("Quay", true).await).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Link, "{error:?}");
    assert_eq!(maria.status().await.spaces.len(), 3, "Maria’s own, Harbour and Pier");
    let error = ilona.join_auto(&maria.invite("Pier", true).await).await.unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (ErrorCode::NotAllowed, "You blocked whoever made this link."));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_blocked_colleague_writes_comes_through_others() {
    let (ilona, maria) = pair("Harbour").await;
    let jon = Peer::new("Jon").await;
    jon.join_auto(&ilona.invite("Harbour", true).await).await.unwrap();
    ilona.execute(block("Maria", true)).await;
    until("the end of the connection", async || {
        let maria = colleagues(&ilona).await.into_iter().find(|one| one.name == "Maria").unwrap();
        maria.computers.iter().all(|computer| computer.state == "away")
    })
    .await;
    maria.add("Harbour", "Priya").await;
    jon.sees("Harbour", &["Priya"]).await;
    ilona.sees("Harbour", &["Priya"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn comparing_words_when_joining_verifies_both_and_both_see_the_same_eight_words() {
    let mut ilona = Peer::new("Ilona").await;
    let maria = Peer::new("Maria").await;
    ilona.space("Harbour").await;
    let offer = maria.join(&ilona.invite("Harbour", false).await).await.unwrap();
    let request = ilona.join_request().await;
    let approve = async { ilona.answer(&request.id, true).await.unwrap() };
    let (joined, _) = tokio::join!(maria.join_answer(&offer.id, true), approve);
    joined.unwrap();
    until("that words were compared is noted", async || {
        !colleagues(&ilona).await[0].verified.is_empty() && !colleagues(&maria).await[0].verified.is_empty()
    })
    .await;
    let (hers, mine) = (colleagues(&maria).await.remove(0), colleagues(&ilona).await.remove(0));
    assert_eq!((hers.name.as_str(), mine.name.as_str()), ("Ilona", "Maria"));
    assert_eq!((hers.words.len(), &hers.words), (8, &mine.words));

    // Who let themselves be joined by a bearer link is not verified, and sees other words.
    let jon = Peer::new("Jon").await;
    jon.join_auto(&ilona.invite("Harbour", true).await).await.unwrap();
    until("Jon is there", async || colleagues(&ilona).await.len() == 2).await;
    let jon = colleagues(&ilona).await.into_iter().find(|one| one.name == "Jon").unwrap();
    assert_eq!(jon.verified, "");
    assert_ne!(jon.words, mine.words);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_is_linked_with_a_card_that_nobody_else_sees() {
    let (ilona, maria) = pair("Harbour").await;
    let records = vec![serde_json::json!({"name": "Maria Lindqvist"}).to_string()];
    ilona.execute(Command::Add { space: None, kind: "person".into(), records }).await;
    let link = |card: Option<&str>| Command::LinkColleague { person: "Maria".into(), card: card.map(RecordRef::anywhere) };
    ilona.execute(link(Some("Maria Lindqvist"))).await;
    let one = colleagues(&ilona).await.remove(0);
    assert_eq!(one.card_name, "Maria Lindqvist");
    assert!(one.card.starts_with("p_"));
    assert_eq!(one.spaces, ["Harbour"]);
    maria.sync(20).await;
    assert_eq!(colleagues(&maria).await[0].card_name, "");
    assert_eq!(refused(&ilona, link(Some("Harbour"))).await.code, ErrorCode::NotFound);
    // It can be taken back like everything else.
    ilona.execute(Command::Undo).await;
    assert_eq!(colleagues(&ilona).await[0].card_name, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_hands_a_space_over() {
    let (ilona, maria) = pair("Harbour").await;
    let hand_over = |member: &str| Command::HandOver { space: "Harbour".into(), member: member.into() };
    assert_eq!(refused(&maria, hand_over("Ilona")).await.code, ErrorCode::NotAllowed);
    assert_eq!(refused(&ilona, hand_over("Ilona")).await.message, "That is you.");
    ilona.execute(hand_over("Maria")).await;
    let roles = async |peer: &Peer| {
        let mut roles: Vec<_> = peer.detail("Harbour").await.members.into_iter().map(|member| (member.name, member.role)).collect();
        roles.sort();
        roles
    };
    let expected = [("Ilona".to_owned(), "editor".to_owned()), ("Maria".to_owned(), "owner".to_owned())];
    until("the new owner is known", async || roles(&ilona).await == expected && roles(&maria).await == expected).await;
    // What Ilona wrote before and writes now counts, and only Maria decides.
    ilona.add("Harbour", "Priya").await;
    maria.sees("Harbour", &["Priya"]).await;
    let remove = |member: &str| Command::RemoveMember { space: "Harbour".into(), member: member.into() };
    assert_eq!(refused(&ilona, remove("Maria")).await.code, ErrorCode::NotAllowed);
    maria.execute(remove("Ilona")).await;
    until("Ilona is told", async || ilona.detail("Harbour").await.summary.role == "none").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_withdrawn_by_the_beginning_of_its_id() {
    let ilona = Peer::new("Ilona").await;
    let maria = Peer::new("Maria").await;
    ilona.space("Harbour").await;
    let made = ilona.invite_with("Harbour", "editor", true, Vec::new()).await;
    let withdraw = |id: &str| Command::WithdrawInvitation { invitation: id.into() };
    assert_eq!(refused(&ilona, withdraw("zzzz")).await.code, ErrorCode::NotFound);
    ilona.execute(withdraw(&made.id[..8])).await;
    let error = maria.join_auto(&made.link).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Link, "{error:?}");
    let used = ilona.invite_with("Harbour", "editor", true, Vec::new()).await;
    maria.join_auto(&used.link).await.unwrap();
    assert!(refused(&ilona, withdraw(&used.id)).await.message.contains("was used"));
    assert!(matches!(ilona.host.request(Request::JoinRequests).await, Ok(Reply::JoinRequests(waiting)) if waiting.is_empty()));
}
