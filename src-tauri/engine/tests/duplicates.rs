//! Records that may be the same: found, explained, merged, taken apart, told apart.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tuttu_engine::api::{Answer, Command, DuplicateView, ErrorCode, ListFilter, Outcome, Query, RecordRef, TimelineItem};
use tuttu_engine::model::{FieldEdit, RecordView};
use tuttu_engine::{Engine, NewVault};

fn vault() -> (tempfile::TempDir, Engine) {
    let dir = tempfile::tempdir().unwrap();
    let new = NewVault { person_name: "Ilona".into(), computer_name: "Ilona’s ThinkPad".into() };
    let engine = Engine::create(&dir.path().join("vault"), &new).unwrap();
    (dir, engine)
}

fn add(engine: &Engine, kind: &str, json: &str) -> String {
    match engine.execute(Command::Add { space: None, kind: kind.into(), records: vec![json.into()] }).unwrap() {
        Outcome::Records { ids, .. } => ids[0].clone(),
        other => panic!("{other:?}"),
    }
}

fn named(ids: &[&str]) -> Vec<RecordRef> {
    ids.iter().map(|id| RecordRef::anywhere(*id)).collect()
}

fn get(engine: &Engine, id: &str) -> RecordView {
    match engine.query(Query::Record { record: RecordRef::anywhere(id) }).unwrap() {
        Answer::Record(view) => *view,
        other => panic!("{other:?}"),
    }
}

fn people(engine: &Engine) -> Vec<String> {
    let filter = ListFilter { kind: "person".into(), ..ListFilter::default() };
    match engine.query(Query::List { filter }).unwrap() {
        Answer::List(page) => page.rows.into_iter().map(|row| row.id).collect(),
        other => panic!("{other:?}"),
    }
}

fn duplicates(engine: &Engine) -> Vec<DuplicateView> {
    match engine.query(Query::Duplicates { space: None, limit: 0 }).unwrap() {
        Answer::Duplicates(pairs) => pairs,
        other => panic!("{other:?}"),
    }
}

fn activities(engine: &Engine, id: &str) -> Vec<String> {
    match engine.query(Query::Timeline { record: RecordRef::anywhere(id), limit: 0 }).unwrap() {
        Answer::Timeline(items) => {
            // By their text: both were written within one second.
            let mut texts: Vec<String> =
                items.into_iter().filter(|item: &TimelineItem| item.kind == "note").map(|item| item.text).collect();
            texts.sort();
            texts
        }
        other => panic!("{other:?}"),
    }
}

fn priya_twice(engine: &Engine) -> (String, String) {
    let one =
        add(engine, "person", r#"{"name":"Priya Raghunathan","emails":[{"label":"work","value":"priya@x.example"}],"notes":"Tall."}"#);
    let other = add(
        engine,
        "person",
        r#"{"name":"P Raghunathan","emails":[{"label":"home","value":"PRIYA@x.example"}],"birthday":"--12-03","notes":"Tea."}"#,
    );
    for (id, text) in [(&one, "met at the quay"), (&other, "called about tea")] {
        add(engine, "note", &format!(r#"{{"text":"{text}","with":["{id}"]}}"#));
    }
    (one, other)
}

#[test]
fn the_same_person_twice_is_found_with_the_reasons() {
    let (_dir, engine) = vault();
    let (one, other) = priya_twice(&engine);
    add(&engine, "person", r#"{"name":"Tomasz Wieczorek","emails":[{"label":"work","value":"tomasz@x.example"}]}"#);
    let found = duplicates(&engine);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].one.id.as_str(), found[0].other.id.as_str()), (one.as_str(), other.as_str()));
    let kinds: Vec<&str> = found[0].reasons.iter().map(|reason| reason.kind.as_str()).collect();
    assert_eq!(kinds, ["email", "short-name"]);
}

#[test]
fn merging_keeps_everything_and_is_taken_apart_later() {
    let (_dir, engine) = vault();
    let (one, other) = priya_twice(&engine);
    engine.execute(Command::Merge { records: named(&[&other, &one]) }).unwrap();
    assert_eq!(people(&engine), [one.as_str()], "the older one stays, whoever is named first");
    assert_eq!(duplicates(&engine), []);
    let merged = get(&engine, &one);
    assert_eq!((merged.birthday.as_str(), merged.notes.as_str()), ("--12-03", "Tall.\n\nTea."));
    assert_eq!(merged.custom.get("also name").map(String::as_str), Some("P Raghunathan"));
    assert_eq!(activities(&engine, &one), ["called about tea", "met at the quay"], "the notes of both");
    assert_eq!(get(&engine, &other).moved.id, one);
    assert!(matches!(engine.query(Query::Trash).unwrap(), Answer::Trash(rows) if rows.is_empty()), "it is not something to restore");

    let edits = vec![FieldEdit::Set { field: "pronouns".into(), label: None, value: "she/her".into() }];
    engine.execute(Command::Edit { record: RecordRef::anywhere(&*one), edits }).unwrap();
    engine.execute(Command::Unmerge { record: RecordRef::anywhere(&*other) }).unwrap();
    let mut both = people(&engine);
    both.sort();
    assert_eq!(both, [one.as_str(), other.as_str()]);
    let (one_again, other_again) = (get(&engine, &one), get(&engine, &other));
    assert_eq!((one_again.birthday.as_str(), one_again.notes.as_str(), one_again.pronouns.as_str()), ("", "Tall.", "she/her"));
    assert!(one_again.custom.is_empty() && one_again.merged.is_empty());
    assert_eq!((other_again.notes.as_str(), other_again.moved.id.as_str(), other_again.deleted), ("Tea.", "", false));
    assert_eq!(activities(&engine, &one), ["met at the quay"]);
    let refused = engine.execute(Command::Unmerge { record: RecordRef::anywhere(&*one) }).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Invalid);
    assert!(matches!(engine.query(Query::Check).unwrap(), Answer::Check(report) if report.problems.is_empty()));
}

#[test]
fn merging_is_undone_like_any_operation() {
    let (_dir, engine) = vault();
    let (one, other) = priya_twice(&engine);
    engine.execute(Command::Merge { records: named(&[&one, &other]) }).unwrap();
    engine.execute(Command::Undo).unwrap();
    assert_eq!(people(&engine).len(), 2);
    assert_eq!(get(&engine, &one).notes, "Tall.");
    assert_eq!(get(&engine, &other).moved.id, "");
}

#[test]
fn what_was_told_apart_is_not_asked_again() {
    let (_dir, engine) = vault();
    let (one, other) = priya_twice(&engine);
    engine.execute(Command::Distinct { records: named(&[&one, &other]) }).unwrap();
    assert_eq!(duplicates(&engine), []);
    engine.execute(Command::Undo).unwrap();
    assert_eq!(duplicates(&engine).len(), 1);
}

#[test]
fn what_cannot_be_merged_is_refused_with_nothing_changed() {
    let (_dir, engine) = vault();
    let (one, other) = priya_twice(&engine);
    let org = add(&engine, "org", r#"{"name":"Harbourline"}"#);
    engine.execute(Command::CreateSpace { name: "Harbour".into() }).unwrap();
    engine.execute(Command::Move { records: vec![RecordRef::anywhere(&*other)], space: "Harbour".into() }).unwrap();
    let moved = people(&engine).into_iter().find(|id| *id != one).unwrap();
    for ids in [&[one.as_str(), one.as_str()][..], &[one.as_str(), org.as_str()], &[one.as_str(), moved.as_str()]] {
        assert_eq!(engine.execute(Command::Merge { records: named(ids) }).unwrap_err().code, ErrorCode::Invalid, "{ids:?}");
    }
    assert_eq!(people(&engine).len(), 2);
}
