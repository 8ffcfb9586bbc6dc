#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::*;

fn request(id: &str, at: &str) -> JoinRequestView {
    JoinRequestView { id: id.into(), at: at.into(), ..JoinRequestView::default() }
}

#[tokio::test]
async fn a_request_is_found_by_its_beginning() {
    let requests = Requests::default();
    let (decide, mut decisions) = mpsc::channel(1);
    requests.add(request("r_abcd", "2026-11-14T09:00:00Z"), decide.clone());
    requests.add(request("r_abxy", "2026-11-14T08:00:00Z"), decide);
    let ids: Vec<_> = requests.views().into_iter().map(|view| view.id).collect();
    assert_eq!(ids, ["r_abxy", "r_abcd"]);
    assert_eq!(requests.answer("ab", true).await.unwrap_err().code, ErrorCode::Ambiguous);
    assert_eq!(requests.answer("r_zz", true).await.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(requests.answer(" ", true).await.unwrap_err().code, ErrorCode::NotFound);
    let answering = async { requests.answer("ABC", true).await };
    let deciding = async {
        let decision = decisions.recv().await.unwrap();
        assert!(decision.approve);
        decision.done.send(Ok(())).unwrap();
    };
    assert_eq!(tokio::join!(answering, deciding).0, Ok(()));
    drop(decisions);
    assert_eq!(requests.answer("r_abcd", false).await.unwrap_err().code, ErrorCode::NotFound);
    assert!(requests.remove("r_abcd"));
    assert!(!requests.remove("r_abcd"));
}

#[tokio::test]
async fn an_offer_is_answered_once() {
    let joins = Joins::default();
    let (decide, decided) = oneshot::channel();
    let (tell, outcome) = oneshot::channel();
    joins.add("j_1".into(), Offered { since: Instant::now(), decide, outcome });
    let joined = Joined { name: "Ours".into(), ..Joined::default() };
    tell.send(Ok(joined.clone())).unwrap();
    assert_eq!(joins.answer("j_1", true).await.unwrap(), joined);
    assert!(decided.await.unwrap());
    assert_eq!(joins.answer("j_1", true).await.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn offers_do_not_pile_up() {
    let joins = Joins::default();
    for number in 0..100 {
        let (decide, _) = oneshot::channel();
        let (_, outcome) = oneshot::channel();
        joins.add(format!("j_{number}"), Offered { since: Instant::now(), decide, outcome });
    }
    assert_eq!(lock(&joins.offered).len(), JOINS);
}

#[test]
fn words_shown_are_counted_for_each_invitation() {
    let requests = Requests::default();
    assert_eq!((requests.count("a"), requests.count("a"), requests.count("b")), (1, 2, 1));
}
