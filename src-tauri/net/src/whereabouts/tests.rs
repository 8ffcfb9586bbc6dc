#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tuttu_engine::NewVault;

use super::*;

fn engine(dir: &tempfile::TempDir, name: &str) -> Engine {
    Engine::create(&dir.path().join(name), &NewVault { person_name: name.into(), computer_name: "Desk".into() }).unwrap()
}

fn at(last: u8) -> Vec<SocketAddr> {
    vec![SocketAddr::from(([10, 0, 0, last], 4433))]
}

#[test]
fn a_computer_says_where_it_is_when_that_is_news() {
    let dir = tempfile::tempdir().unwrap();
    let ilona = engine(&dir, "Ilona");
    assert!(say_own(&ilona, &at(1), None, 1_000));
    assert!(!say_own(&ilona, &at(1), None, 2_000), "nothing new");
    assert!(say_own(&ilona, &at(2), Some("https://r.example".into()), 500), "its clock was set back");
    let said = kept(&ilona, &ilona.computer()).unwrap();
    assert_eq!((said.whereabouts().issued, said.whereabouts().addrs.as_slice()), (1_001, &["10.0.0.2:4433".to_owned()][..]));
    assert_eq!(told(&ilona, &ilona.computer()).addrs, at(2));
    assert!(told(&ilona, &ilona.computer()).relay_url().is_some());
}

#[test]
fn a_stranger_hears_nothing_and_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let (ilona, jon) = (engine(&dir, "Ilona"), engine(&dir, "Jon"));
    say_own(&ilona, &at(1), None, 1_000);
    say_own(&jon, &at(2), None, 1_000);
    let (here, there) = (ilona.computer(), jon.computer());
    assert!(news_for(&ilona, &there, &BTreeMap::new()).is_empty());
    let statement = kept(&jon, &there).unwrap();
    let (waiting, news) = take_in(&ilona, &there, vec![statement; WHEREABOUTS + 7]);
    assert_eq!((waiting.len(), news), (WHEREABOUTS, false), "kept for a while, within a limit, in case a membership follows");
    assert_eq!(told(&ilona, &there), Hints::default());
    // One's own computers share the private space, so this one hears of itself; it never takes another's word for that.
    assert_eq!(news_for(&ilona, &here, &BTreeMap::new()), []);
}
