//! One person, no network: everything is durable when a command returns, and everything can be taken back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tuttu_engine::api::{Answer, Command, ErrorCode, ListFilter, Outcome, Query, RecordRef};
use tuttu_engine::model::{FieldEdit, RecordView};
use tuttu_engine::{Engine, NewVault};

fn vault() -> (tempfile::TempDir, Engine) {
    let dir = tempfile::tempdir().unwrap();
    let new = NewVault { person_name: "Ilona".into(), computer_name: "Ilona’s ThinkPad".into() };
    let engine = Engine::create(&dir.path().join("vault"), &new).unwrap();
    (dir, engine)
}

fn add(engine: &Engine, json: &str) -> String {
    match engine.execute(Command::Add { space: None, kind: "person".into(), records: vec![json.into()] }).unwrap() {
        Outcome::Records { ids, .. } => ids[0].clone(),
        other => panic!("{other:?}"),
    }
}

fn get(engine: &Engine, id: &str) -> RecordView {
    match engine.query(Query::Record { record: RecordRef::anywhere(id) }).unwrap() {
        Answer::Record(view) => *view,
        other => panic!("{other:?}"),
    }
}

fn set(engine: &Engine, id: &str, field: &str, value: &str) {
    let edits = vec![FieldEdit::Set { field: field.into(), label: None, value: value.into() }];
    engine.execute(Command::Edit { record: RecordRef::anywhere(id), edits }).unwrap();
}

fn people(engine: &Engine, text: &str) -> Vec<String> {
    let filter = ListFilter { kind: "person".into(), text: text.into(), ..ListFilter::default() };
    match engine.query(Query::List { filter }).unwrap() {
        Answer::List(page) => page.rows.into_iter().map(|row| row.name).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_person_is_added_edited_found_and_there_after_opening_again() {
    let (dir, engine) = vault();
    let id = add(&engine, r#"{"name":"Guðrún Þorsteinsdóttir","emails":[{"label":"work","value":"gudrun@sjodur.example"}]}"#);
    set(&engine, &id, "birthday", "--12-03");
    let view = get(&engine, &id);
    assert_eq!((view.name.as_str(), view.birthday.as_str()), ("Guðrún Þorsteinsdóttir", "--12-03"));
    assert_eq!((view.created.by.as_str(), view.changed.by.as_str()), ("Ilona", "Ilona"));
    assert_eq!(people(&engine, "gudrun"), ["Guðrún Þorsteinsdóttir"]);
    drop(engine);
    let engine = Engine::open(&dir.path().join("vault")).unwrap();
    assert_eq!(get(&engine, &id).birthday, "--12-03");
    assert_eq!(get(&engine, "gudrun thorsteinsdottir").id, id, "a name in any spelling names the record");
}

#[test]
fn undo_and_redo_go_through_all_operations() {
    let (_dir, engine) = vault();
    let id = add(&engine, r#"{"name":"Jon"}"#);
    set(&engine, &id, "notes", "one");
    set(&engine, &id, "notes", "two");
    engine.execute(Command::Undo).unwrap();
    assert_eq!(get(&engine, &id).notes, "one");
    engine.execute(Command::Undo).unwrap();
    assert_eq!(get(&engine, &id).notes, "");
    engine.execute(Command::Redo).unwrap();
    engine.execute(Command::Redo).unwrap();
    assert_eq!(get(&engine, &id).notes, "two");
    assert_eq!(engine.execute(Command::Redo).unwrap_err().code, ErrorCode::NothingToUndo);
    for _ in 0..3 {
        engine.execute(Command::Undo).unwrap();
    }
    assert_eq!(people(&engine, ""), Vec::<String>::new(), "adding is taken back too");
    assert_eq!(engine.execute(Command::Undo).unwrap_err().code, ErrorCode::NothingToUndo);
}

#[test]
fn delete_puts_in_the_trash_and_restore_brings_back() {
    let (_dir, engine) = vault();
    let id = add(&engine, r#"{"name":"Jon"}"#);
    let outcome = engine.execute(Command::Delete { records: vec![RecordRef::anywhere(&id)] }).unwrap();
    assert!(matches!(outcome, Outcome::Records { label, .. } if label == "Deleted Jon"));
    assert!(people(&engine, "").is_empty());
    let Answer::Trash(rows) = engine.query(Query::Trash).unwrap() else { panic!() };
    assert_eq!(rows.len(), 1);
    engine.execute(Command::Restore { records: vec![RecordRef::anywhere(&id)] }).unwrap();
    assert_eq!(people(&engine, ""), ["Jon"]);
}

#[test]
fn history_says_who_what_and_where_and_one_change_can_be_reverted() {
    let (_dir, engine) = vault();
    let id = add(&engine, r#"{"name":"Jon"}"#);
    set(&engine, &id, "birthday", "1980-01-01");
    set(&engine, &id, "birthday", "1981-01-01");
    let Answer::History(items) = engine.query(Query::History { record: RecordRef::anywhere(&id) }).unwrap() else { panic!() };
    let newest = &items[0];
    assert_eq!((newest.field.as_str(), newest.old.as_str(), newest.new.as_str()), ("birthday", "1980-01-01", "1981-01-01"));
    assert_eq!((newest.by.as_str(), newest.computer.as_str()), ("Ilona", "Ilona’s ThinkPad"));
    engine.execute(Command::Revert { record: RecordRef::anywhere(&id), change: newest.change.clone() }).unwrap();
    assert_eq!(get(&engine, &id).birthday, "1980-01-01");
}

#[test]
fn moving_makes_a_new_record_and_private_notes_stay_behind() {
    let (_dir, engine) = vault();
    let id = add(&engine, r#"{"name":"Priya","tags":["funder"]}"#);
    let note = format!(r#"{{"kind":"note","text":"Sounded tired.","with":["{id}"]}}"#);
    add(&engine, &note);
    engine.execute(Command::CreateSpace { name: "Harbour Commons".into() }).unwrap();
    let outcome = engine.execute(Command::Move { records: vec![RecordRef::anywhere(&id)], space: "Harbour Commons".into() }).unwrap();
    let Outcome::Records { ids, .. } = outcome else { panic!() };
    let moved = get(&engine, &ids[0]);
    assert_eq!((moved.name.as_str(), moved.tags.as_slice()), ("Priya", &["funder".to_owned()][..]));
    assert_eq!(people(&engine, ""), ["Priya"]);
    let Answer::Timeline(items) = engine.query(Query::Timeline { record: RecordRef::anywhere(&moved.id), limit: 0 }).unwrap() else {
        panic!()
    };
    let note = items.iter().find(|item| item.kind == "note").expect("the private note stands beside the shared card");
    assert!(note.private);
}

#[test]
fn importing_a_file_twice_adds_nothing() {
    let (dir, engine) = vault();
    let path = dir.path().join("cards.vcf");
    let card = |name: &str| format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\nEMAIL;TYPE=work:{name}@example.org\r\nEND:VCARD\r\n");
    std::fs::write(&path, ["ada", "bob", "eve"].map(card).concat()).unwrap();
    let import = || match engine
        .execute(Command::Import { path: path.to_string_lossy().into(), format: None, space: None, dry_run: false })
        .unwrap()
    {
        Outcome::Import { report } => (report.added, report.unchanged, report.skipped),
        other => panic!("{other:?}"),
    };
    assert_eq!(import(), (3, 0, 0));
    assert_eq!(import(), (0, 3, 0));
    assert_eq!(people(&engine, ""), ["ada", "bob", "eve"]);
    engine.execute(Command::Undo).unwrap();
    assert!(people(&engine, "").is_empty(), "the whole import is one operation");
}

#[test]
fn what_is_wrong_is_said_plainly() {
    let (dir, engine) = vault();
    add(&engine, r#"{"name":"Jon"}"#);
    add(&engine, r#"{"name":"Jon"}"#);
    let error = engine.query(Query::Record { record: RecordRef::anywhere("Jon") }).unwrap_err();
    assert_eq!(error.code, ErrorCode::Ambiguous);
    assert_eq!(engine.query(Query::Record { record: RecordRef::anywhere("Nobody") }).unwrap_err().code, ErrorCode::NotFound);
    let error = Engine::open(&dir.path().join("vault")).unwrap_err();
    assert_eq!(error.code, ErrorCode::VaultInUse, "{error}");
    let error = Engine::open(&dir.path().join("elsewhere")).unwrap_err();
    assert_eq!(error.code, ErrorCode::NoVault, "{error}");
    let invite = |space: &str| Command::Invite {
        space: space.into(),
        role: "editor".into(),
        expires_in: 60,
        auto: false,
        for_whom: String::new(),
        hints: Vec::new(),
        relay: None,
    };
    assert_eq!(engine.execute(invite("My own")).unwrap_err().code, ErrorCode::Invalid, "the private space is never shared");
}

#[test]
fn check_finds_a_healthy_vault_healthy() {
    let (_dir, engine) = vault();
    for n in 0..20 {
        let id = add(&engine, &format!(r#"{{"name":"Person {n}"}}"#));
        set(&engine, &id, "notes", "changed");
    }
    let Answer::Check(report) = engine.query(Query::Check).unwrap() else { panic!() };
    assert_eq!(report.problems, Vec::<String>::new());
    assert_eq!((report.documents, report.entries), (20, 40));
}

#[test]
fn an_import_can_be_taken_back_later_and_leaves_everything_else() {
    let (dir, engine) = vault();
    let path = dir.path().join("cards.vcf");
    let card = |name: &str| format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\nN:{name};;;;\r\nEND:VCARD\r\n");
    std::fs::write(&path, ["Ada", "Bob"].map(card).concat()).unwrap();
    let import = Command::Import { path: path.to_string_lossy().into(), format: None, space: None, dry_run: false };
    let Outcome::Import { report } = engine.execute(import).unwrap() else { panic!("no report") };
    let kept = add(&engine, r#"{"name":"Cleo"}"#);
    set(&engine, &kept, "notes", "stays");

    let undo = |name: &str| engine.execute(Command::UndoImport { import: name.into() });
    assert_eq!(undo("not an import").unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(undo("").unwrap_err().code, ErrorCode::NotFound);
    undo(&report.import[..12]).unwrap();
    assert_eq!(people(&engine, ""), ["Cleo"]);
    assert_eq!(get(&engine, &kept).notes, "stays");
    assert_eq!(undo(&report.import).unwrap_err().code, ErrorCode::NothingToUndo);
    engine.execute(Command::Redo).unwrap();
    assert_eq!(people(&engine, ""), ["Ada", "Bob", "Cleo"], "taking it back is an operation like any other");
}
