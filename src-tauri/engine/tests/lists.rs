//! Lists, groups and searches through the engine's one API.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tempfile::TempDir;
use tuttu_engine::api::{Answer, Command, ErrorCode, GroupedBy, ListFilter, Outcome, Page, Query, RecordPage, SortBy};
use tuttu_engine::{Engine, NewVault};

fn vault(records: &[&str]) -> (TempDir, Engine) {
    let dir = TempDir::new().unwrap();
    let new = NewVault { person_name: "Ilona Varga".into(), computer_name: "ThinkPad".into() };
    let engine = Engine::create(&dir.path().join("vault"), &new).unwrap();
    let records = records.iter().map(|record| (*record).to_owned()).collect();
    let added = engine.execute(Command::Add { space: None, kind: "person".into(), records }).unwrap();
    assert!(matches!(added, Outcome::Records { .. }));
    (dir, engine)
}

fn some() -> (TempDir, Engine) {
    vault(&[
        r#"{"name":"Priya Raghunathan","tags":["partner"],"orgs":[{"name":"Harbourline Trust"}]}"#,
        r#"{"name":"Özil Demirkan","tags":["press"],"emails":[{"label":"work","value":"oz@press.example"}]}"#,
        r#"{"name":"Olga Petrova","orgs":[{"name":"harbourline trust"}]}"#,
        r#"{"kind":"org","name":"Harbourline Trust"}"#,
        r#"{"kind":"note","text":"The spring budget"}"#,
    ])
}

fn filter(text: &str) -> ListFilter {
    ListFilter { text: text.into(), ..ListFilter::default() }
}

fn page(engine: &Engine, filter: ListFilter) -> Page {
    match engine.query(Query::List { filter }).unwrap() {
        Answer::List(page) => page,
        other => panic!("{other:?}"),
    }
}

fn names(engine: &Engine, text: &str) -> Vec<String> {
    page(engine, filter(text)).rows.into_iter().map(|row| row.name).collect()
}

#[test]
fn the_filter_box_speaks_the_language() {
    let (_dir, engine) = some();
    assert_eq!(names(&engine, "kind:person -tag:press"), ["Olga Petrova", "Priya Raghunathan"]);
    assert_eq!(names(&engine, "tag:partner or has:email"), ["Özil Demirkan", "Priya Raghunathan"]);
    assert_eq!(names(&engine, "created:today \"spring budget\"").len(), 1);
    assert_eq!(names(&engine, "by:me kind:org"), ["Harbourline Trust"]);
    assert_eq!(names(&engine, "by:ilona kind:org"), ["Harbourline Trust"]);
    assert_eq!(names(&engine, "by:Maria"), [""; 0]);
    assert_eq!(names(&engine, "space:\"My own\" kind:activity").len(), 1);
}

#[test]
fn what_is_not_understood_and_what_was_meant_is_told() {
    let (_dir, engine) = some();
    let found = page(&engine, filter("priya due:soon"));
    assert_eq!((found.total, found.warnings.len(), found.warnings[0].at), (0, 1, 6));
    let found = page(&engine, filter("pryia"));
    assert_eq!((found.total, found.meant.as_deref()), (1, Some("priya")));
    let Answer::Records(exact) = engine.query(Query::Records { filter: filter("pryia") }).unwrap() else { panic!() };
    assert!(exact.is_empty(), "what a program asks for is never guessed");
}

#[test]
fn pages_follow_their_cursors() {
    let (_dir, engine) = some();
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let filter = ListFilter { limit: 2, cursor: cursor.take(), ..ListFilter::default() };
        let Answer::RecordPage(RecordPage { records, next, .. }) = engine.query(Query::RecordPage { filter }).unwrap() else { panic!() };
        seen.extend(records.into_iter().map(|record| record.name + &record.text));
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["Harbourline Trust", "Olga Petrova", "Özil Demirkan", "Priya Raghunathan", "The spring budget"]);
    let wrong = ListFilter { cursor: Some("nonsense".into()), ..ListFilter::default() };
    assert_eq!(engine.query(Query::List { filter: wrong }).unwrap_err().code, ErrorCode::Invalid);
}

#[test]
fn groups_have_names() {
    let (_dir, engine) = some();
    let groups = |by| match engine.query(Query::Groups { filter: filter("kind:person"), by }).unwrap() {
        Answer::Groups(groups) => groups.into_iter().map(|group| format!("{} {}", group.label, group.count)).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(groups(GroupedBy::Org), ["Harbourline Trust 2"]);
    assert_eq!(groups(GroupedBy::Space), ["My own 3"]);
    assert_eq!(groups(GroupedBy::Letter), ["O 2", "P 1"]);
}

#[test]
fn the_language_of_names_is_a_setting() {
    let (_dir, engine) = some();
    assert_eq!(names(&engine, "kind:person")[..2], ["Olga Petrova", "Özil Demirkan"]);
    engine.execute(Command::SetSetting { key: "locale".into(), value: "tr".into() }).unwrap();
    assert_eq!(names(&engine, "kind:person o")[..2], ["Olga Petrova", "Özil Demirkan"]);
    engine.execute(Command::SetSetting { key: "locale".into(), value: "sv".into() }).unwrap();
    assert_eq!(names(&engine, "kind:person"), ["Olga Petrova", "Priya Raghunathan", "Özil Demirkan"]);
}

#[test]
fn a_question_nobody_waits_for_is_given_up() {
    let (_dir, engine) = some();
    let stop = Arc::new(AtomicBool::new(true));
    let query = || Query::List { filter: ListFilter { sort: SortBy::Name, ..filter("-\"spring budget\"") } };
    assert_eq!(engine.query_until(query(), &stop).unwrap_err().code, ErrorCode::Stopped);
    assert!(engine.query(query()).is_ok());
}

#[test]
fn definitions_are_listed_when_they_are_asked_for() {
    let (_dir, engine) = vault(&[
        r#"{"name":"Priya","emails":[{"label":"","value":"not an address"}]}"#,
        r#"{"kind":"field","word":"diet","name":"Priya’s diet","valueType":"text"}"#,
    ]);
    let listed = |kind: &str, text: &str| match engine
        .query(Query::Records { filter: ListFilter { kind: kind.into(), text: text.into(), ..ListFilter::default() } })
        .unwrap()
    {
        Answer::Records(views) => views,
        other => panic!("{other:?}"),
    };
    let names = |kind: &str, text: &str| listed(kind, text).into_iter().map(|view| view.name).collect::<Vec<_>>();
    assert_eq!(names("", ""), ["Priya"]);
    assert_eq!(names("field", ""), ["Priya’s diet"]);
    assert_eq!(names("", "kind:field"), ["Priya’s diet"]);
    assert!(!listed("person", "")[0].flags.is_empty(), "what looks wrong is pointed out in lists too");
    let found = |text: &str| match engine.query(Query::Search { text: text.into(), limit: 10 }).unwrap() {
        Answer::Search(rows) => rows.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!((found("priya"), found("diet"), found("diet kind:field")), (1, 0, 1));
    let Answer::Export(json) = engine.query(Query::Export { format: "json".into(), filter: ListFilter::default() }).unwrap() else {
        panic!()
    };
    assert!(json.contains("\"word\":\"diet\""), "an export leaves nothing out");
}
