//! Tasks, events, definitions, links, tags, files, and a person seen as one, through the one API.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::path::Path;

use tuttu_engine::api::{
    Answer, BacklinkView, Command, DifferenceView, ErrorCode, FileView, HistoryItem, Outcome, Query, RecordRef, TagView,
};
use tuttu_engine::model::draft::parse_assignment;
use tuttu_engine::model::{FieldEdit, RecordView};
use tuttu_engine::{Engine, NewVault};

fn vault() -> (tempfile::TempDir, Engine) {
    let dir = tempfile::tempdir().unwrap();
    let new = NewVault { person_name: "Ilona".into(), computer_name: "Ilona’s ThinkPad".into() };
    let engine = Engine::create(&dir.path().join("vault"), &new).unwrap();
    (dir, engine)
}

fn edits(fields: &[&str]) -> Vec<FieldEdit> {
    fields.iter().flat_map(|field| parse_assignment(field).unwrap()).collect()
}

fn ids(outcome: Outcome) -> Vec<String> {
    match outcome {
        Outcome::Records { ids, .. } => ids,
        other => panic!("{other:?}"),
    }
}

fn add_in(engine: &Engine, space: Option<&str>, kind: &str, fields: &[&str]) -> String {
    let create = Command::Create { space: space.map(str::to_owned), kind: kind.into(), edits: edits(fields) };
    ids(engine.execute(create).unwrap()).remove(0)
}

fn add(engine: &Engine, kind: &str, fields: &[&str]) -> String {
    add_in(engine, None, kind, fields)
}

fn at(id: &str) -> RecordRef {
    RecordRef::anywhere(id)
}

fn set(engine: &Engine, id: &str, fields: &[&str]) {
    engine.execute(Command::Edit { record: at(id), edits: edits(fields) }).unwrap();
}

fn get(engine: &Engine, id: &str) -> RecordView {
    match engine.query(Query::Record { record: at(id) }).unwrap() {
        Answer::Record(view) => *view,
        other => panic!("{other:?}"),
    }
}

fn history(engine: &Engine, id: &str) -> Vec<HistoryItem> {
    match engine.query(Query::History { record: at(id) }).unwrap() {
        Answer::History(items) => items,
        other => panic!("{other:?}"),
    }
}

fn backlinks(engine: &Engine, id: &str) -> Vec<BacklinkView> {
    match engine.query(Query::Backlinks { record: at(id) }).unwrap() {
        Answer::Backlinks(links) => links,
        other => panic!("{other:?}"),
    }
}

fn tags(engine: &Engine) -> Vec<(String, u32)> {
    match engine.query(Query::Tags { space: None }).unwrap() {
        Answer::Tags(tags) => tags.into_iter().map(|TagView { tag, records, .. }| (tag, records)).collect(),
        other => panic!("{other:?}"),
    }
}

fn files(engine: &Engine, record: Option<&str>) -> Vec<FileView> {
    match engine.query(Query::Files { record: record.map(at) }).unwrap() {
        Answer::Files(files) => files,
        other => panic!("{other:?}"),
    }
}

fn flagged(view: &RecordView) -> Vec<&str> {
    view.flags.iter().map(|flag| flag.field.as_str()).collect()
}

#[test]
fn a_task_is_done_and_opened_again() {
    let (_dir, engine) = vault();
    let whole = add(&engine, "task", &["name=Summary for the board", "due=2026-11-28", "reminder=1d"]);
    let step = add(&engine, "task", &["name=Draft", &format!("parent={whole}"), &format!("assignee={whole}")]);
    assert_eq!(get(&engine, &whole).done, "");
    set(&engine, &whole, &["status=done"]);
    let done = get(&engine, &whole);
    assert!(!done.done.is_empty() && done.flags.is_empty(), "{:?}", done.flags);
    set(&engine, &whole, &["status=waiting"]);
    let waiting = get(&engine, &whole);
    assert_eq!((waiting.done.as_str(), flagged(&waiting)), ("", vec!["status"]), "kept as typed, and pointed out");
    engine.execute(Command::Undo).unwrap();
    assert_eq!(get(&engine, &whole).done, done.done, "undo brings back when it was done");
    let fields: Vec<_> = backlinks(&engine, &whole).into_iter().map(|link| (link.id, link.field)).collect();
    assert_eq!(fields, [(step.clone(), "assignee".to_owned()), (step, "parent".to_owned())]);
    let at_once = add(&engine, "task", &["name=Over", "status=done", "done=2020-01-01"]);
    assert_eq!(get(&engine, &at_once).done, "2020-01-01");
    assert_ne!(get(&engine, &add(&engine, "task", &["name=Over", "status=done"])).done, "");
}

#[test]
fn a_space_has_its_own_statuses() {
    let (_dir, engine) = vault();
    add(&engine, "vocabulary", &["word=statuses", "option=open:Waiting", "option=done:Shipped"]);
    let task = add(&engine, "task", &["name=Print", "status=Shipped"]);
    let view = get(&engine, &task);
    assert!(!view.done.is_empty() && view.flags.is_empty());
    set(&engine, &task, &["status=Waiting"]);
    assert_eq!(get(&engine, &task).done, "");
    match engine.query(Query::Words { space: None, vocabulary: "statuses".into() }).unwrap() {
        Answer::Words(words) => {
            let words: Vec<_> = words.iter().map(|word| (word.value.as_str(), word.category.as_str(), word.own)).collect();
            assert_eq!(&words[..3], [("Waiting", "open", true), ("Shipped", "done", true), ("open", "open", false)]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn events_keep_their_zone_and_rule() {
    let (_dir, engine) = vault();
    let fields =
        ["name=Weekly", "start=2026-11-28T10:00", "end=2026-11-28T09:00", "timezone=Europe/Helsinki", "recurrence=FREQ=WEEKLY;BYDAY=FR"];
    let event = get(&engine, &add(&engine, "event", &fields));
    assert_eq!((event.start.as_str(), event.all_day, flagged(&event)), ("2026-11-28T10:00", false, vec!["end"]));
    assert_eq!(event.understood.get("recurrence").map(String::as_str), Some("every week on Friday"));
    assert!(get(&engine, &add(&engine, "event", &["name=Fair", "start=2026-11-28"])).all_day);
}

#[test]
fn wrong_looking_values_are_kept_and_flagged() {
    let (_dir, engine) = vault();
    engine.set_setting("region", Some("GB")).unwrap();
    let fields = ["name=Priya", "email=priya at home", "phone=0141 496 0173", "phone=ask Jon", "birthday=3.12.1986", "anniversary=soon"];
    let view = get(&engine, &add(&engine, "person", &fields));
    let (good, bad) = (&view.phones[0], &view.phones[1]);
    assert_eq!(view.understood.get(&format!("phones/{}", good.item)).map(String::as_str), Some("+441414960173"));
    assert_eq!((good.value.as_str(), view.birthday.as_str(), view.dates[0].label.as_str()), ("0141 496 0173", "3.12.1986", "anniversary"));
    assert_eq!(view.understood.get("birthday").map(String::as_str), Some("1986-12-03"));
    let expected = [format!("phones/{}", bad.item), format!("emails/{}", view.emails[0].item), format!("dates/{}", view.dates[0].item)];
    assert_eq!(flagged(&view), expected);
}

#[test]
fn relations_are_seen_from_both_sides() {
    let (_dir, engine) = vault();
    let org = add(&engine, "org", &["name=Open Quay"]);
    let soren = add(&engine, "person", &["name=Søren"]);
    let priya = add(&engine, "person", &["name=Priya", &format!("relation=introduced by:{soren}"), "relation=spouse:Arjun"]);
    set(&engine, &priya, &[&format!("org={org}"), "title=Board member", "since=2023", "until=2025"]);
    add(&engine, "relation-type", &["name=negotiates with", "reverse=is negotiated with by"]);
    set(&engine, &priya, &[&format!("relation+=negotiates with:{soren}")]);

    let view = get(&engine, &priya);
    // Items added by different operations within one second come in any order.
    let links: BTreeSet<_> = view.relations.iter().map(|link| (link.kind.as_str(), link.name.as_str(), link.state.as_str())).collect();
    assert_eq!(links, [("introduced by", "Søren", ""), ("negotiates with", "Søren", ""), ("spouse", "", "text")].into());
    let from_soren: Vec<_> = backlinks(&engine, &soren).into_iter().map(|link| (link.name, link.kind_here)).collect();
    let expected = [("Priya", "introduced"), ("Priya", "is negotiated with by")].map(|(name, kind)| (name.to_owned(), kind.to_owned()));
    assert_eq!(from_soren, expected);
    let member = backlinks(&engine, &org).remove(0);
    assert_eq!(
        (member.kind_here.as_str(), member.kind_there.as_str(), member.since.as_str(), member.until.as_str()),
        ("member", "Board member", "2023", "2025")
    );

    engine.execute(Command::Delete { records: vec![at(&soren)] }).unwrap();
    assert_eq!(get(&engine, &priya).relations.iter().filter(|link| link.state == "trash").count(), 2);
    engine.execute(Command::Delete { records: vec![at(&priya)] }).unwrap();
    assert_eq!(backlinks(&engine, &org), [], "what is in the trash does not link");
    engine.execute(Command::Undo).unwrap();
    assert_eq!(backlinks(&engine, &org).len(), 1);
    let nowhere = add(&engine, "person", &["name=X", "relation=parent:p_01KA0RQ5C00W3GE1R70W3GE1R7"]);
    assert_eq!(get(&engine, &nowhere).relations[0].state, "missing");
}

#[test]
fn a_tag_is_renamed_everywhere_as_one_operation() {
    let (_dir, engine) = vault();
    engine.execute(Command::CreateSpace { name: "Harbour".into() }).unwrap();
    let one = add(&engine, "person", &["name=One", "tag=funder,Glasgow"]);
    let two = add_in(&engine, Some("Harbour"), "note", &["text=Two", "tag=glasgow,place:glasgow"]);
    assert_eq!(tags(&engine), [("funder".to_owned(), 1), ("Glasgow".to_owned(), 2), ("place:glasgow".to_owned(), 1)]);
    let rename = |from: &str, to: &str| engine.execute(Command::RenameTag { from: from.into(), to: to.into(), space: None });
    match rename("glasgow", "place:glasgow").unwrap() {
        Outcome::Records { ids, label, .. } => {
            assert_eq!((ids.len(), label.as_str()), (2, "Renamed the tag glasgow to place:glasgow on 2 records"))
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        (get(&engine, &one).tags, get(&engine, &two).tags),
        (vec!["funder".into(), "place:glasgow".into()], vec!["place:glasgow".into()])
    );
    engine.execute(Command::Undo).unwrap();
    assert_eq!(get(&engine, &one).tags, ["Glasgow", "funder"]);
    assert_eq!(get(&engine, &two).tags, ["glasgow", "place:glasgow"], "one undo takes back both");
    engine.execute(Command::Redo).unwrap();
    rename("funder", "").unwrap();
    assert_eq!(tags(&engine), [("place:glasgow".to_owned(), 2)]);
    assert_eq!(rename("nobody has it", "x").unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(rename("x", " ").unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(rename("x", "x").unwrap_err().code, ErrorCode::Invalid);
}

#[test]
fn own_kinds_and_fields_are_defined_in_the_space() {
    let (_dir, engine) = vault();
    let project = Command::Create { space: None, kind: "project".into(), edits: edits(&["name=Quay"]) };
    assert_eq!(engine.execute(project.clone()).unwrap_err().code, ErrorCode::Invalid);
    add(&engine, "kind", &["word=project", "name=Project"]);
    add(&engine, "field", &["word=stage", "name=Stage", "type=choice", "option=won", "option=lost", "for=project"]);
    let id = ids(engine.execute(project).unwrap()).remove(0);
    set(&engine, &id, &["custom.stage=won"]);
    assert_eq!(flagged(&get(&engine, &id)), Vec::<&str>::new());
    set(&engine, &id, &["custom.stage=perhaps"]);
    assert_eq!(flagged(&get(&engine, &id)), ["custom.stage"]);
    let person = add(&engine, "person", &["name=P", "custom.stage=won"]);
    assert_eq!(flagged(&get(&engine, &person)), ["custom.stage"], "not a field of people");

    let saved = add(&engine, "view", &["name=Funders", "query=tag:funder", "sort=changed", "columns=name,phone", "group=status"]);
    let view = get(&engine, &saved);
    assert_eq!(
        (view.query.as_str(), view.sort.as_str(), view.columns.as_str(), view.group.as_str()),
        ("tag:funder", "changed", "name,phone", "status")
    );
    set(&engine, &saved, &["query=tag:partner"]);
    let first = &history(&engine, &saved)[0];
    assert_eq!((first.field.as_str(), first.old.as_str(), first.new.as_str()), ("query", "tag:funder", "tag:partner"));
}

#[test]
fn a_kind_nobody_here_knows_is_only_read() {
    let (_dir, engine) = vault();
    let definition = add(&engine, "kind", &["word=hologram", "name=Hologram"]);
    let id = add(&engine, "hologram", &["name=Ship"]);
    engine.execute(Command::Delete { records: vec![at(&definition)] }).unwrap();
    let error = engine.execute(Command::Edit { record: at(&id), edits: edits(&["name=Boat"]) }).unwrap_err();
    assert!(error.message.contains("newer version"), "{error}");
    assert_eq!(get(&engine, &id).name, "Ship");
}

fn attach(engine: &Engine, id: &str, path: &Path, name: &str) -> Result<Outcome, tuttu_engine::api::ErrorView> {
    engine.execute(Command::Attach { record: at(id), path: path.to_string_lossy().into_owned(), name: name.into() })
}

#[test]
fn files_are_kept_once_and_verified() {
    let (dir, engine) = vault();
    let (one, two) = (add(&engine, "person", &["name=One"]), add(&engine, "note", &["text=Two"]));
    let file = dir.path().join("terms.pdf");
    std::fs::write(&file, vec![7; 700_000]).unwrap();
    attach(&engine, &one, &file, "").unwrap();
    attach(&engine, &two, &file, "Terms, draft 2.pdf").unwrap();
    let all = files(&engine, None);
    assert_eq!((all.len(), all[0].size, all[0].missing, all[0].records.len()), (1, 700_000, false, 2));
    let kept = dir.path().join("vault/files").join(&all[0].hash[..2]).join(&all[0].hash);
    let entries: Vec<_> = std::fs::read_dir(dir.path().join("vault/files")).unwrap().collect();
    assert_eq!(entries.len(), 1, "no temporary file is left");
    let shown = get(&engine, &two);
    assert_eq!((shown.attachments[0].name.as_str(), shown.attachments[0].media.as_str()), ("Terms, draft 2.pdf", "application/pdf"));

    let save = |to: &Path| engine.execute(Command::SaveFile { hash: all[0].hash[..8].into(), path: to.to_string_lossy().into_owned() });
    let out = dir.path().join("out.pdf");
    save(&out).unwrap();
    assert_eq!(std::fs::read(&out).unwrap(), vec![7; 700_000]);
    std::fs::write(&kept, b"damaged").unwrap();
    let never = dir.path().join("never.pdf");
    assert_eq!(save(&never).unwrap_err().code, ErrorCode::Damaged);
    assert!(!never.exists(), "nothing is written that is not what was attached");
    attach(&engine, &one, &file, "").unwrap();
    save(&never).unwrap();
    std::fs::remove_file(&kept).unwrap();
    assert!(get(&engine, &one).attachments[0].missing);
    assert_eq!(save(&never).unwrap_err().code, ErrorCode::NotFound);

    let item = |op: &str| format!("attachments/{}{op}", all[0].hash);
    set(&engine, &one, &[&item("=Signed.pdf")]);
    assert_eq!(get(&engine, &one).attachments[0].name, "Signed.pdf");
    engine.execute(Command::Edit { record: at(&one), edits: edits(&["attachment-=Signed.pdf"]) }).unwrap();
    assert_eq!(files(&engine, Some(&one)), []);
    engine.execute(Command::Undo).unwrap();
    assert_eq!(files(&engine, Some(&one))[0].name, "Signed.pdf");
}

#[test]
fn a_file_has_a_limit() {
    let (dir, engine) = vault();
    let id = add(&engine, "person", &["name=One"]);
    engine.set_setting("attachments.limit", Some("1")).unwrap();
    let file = dir.path().join("large");
    std::fs::write(&file, vec![1; 1024 * 1024 + 1]).unwrap();
    assert!(attach(&engine, &id, &file, "").unwrap_err().message.contains("1 MiB"));
    assert_eq!(std::fs::read_dir(dir.path().join("vault/files")).unwrap().count(), 0, "nothing is left of it");
    std::fs::write(&file, vec![1; 1024 * 1024]).unwrap();
    attach(&engine, &id, &file, "").unwrap();
    assert_eq!(attach(&engine, &id, dir.path(), "").unwrap_err().code, ErrorCode::File);
}

fn differences(engine: &Engine, id: &str) -> Vec<(String, String, String)> {
    match engine.query(Query::Differences { record: at(id) }).unwrap() {
        Answer::Differences(found) => found.into_iter().map(|DifferenceView { field, own, shared, .. }| (field, own, shared)).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_private_card_and_its_copy_are_one_person() {
    let (_dir, engine) = vault();
    engine.execute(Command::CreateSpace { name: "Harbour".into() }).unwrap();
    let fields = ["name=Priya", "phone=work:+44 141 496 0173", "email=p@x.example", "notes=Sounded tired", "rhythm=6w", "birthday=--12-03"];
    let own = add(&engine, "person", &fields);
    let share = |fields: &[&str]| {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        engine.execute(Command::Share { record: at(&own), space: "Harbour".into(), fields })
    };
    assert_eq!(share(&["notes"]).unwrap_err().code, ErrorCode::Invalid, "notes never leave");
    share(&["phones"]).unwrap();
    let copy = get(&engine, &own).copies.remove(0);
    let shared = get(&engine, &copy.id);
    let json = serde_json::Value::Object(shared.to_json());
    for private in ["notes", "rhythm", "emails", "birthday"] {
        assert_eq!(json.get(private), None, "{private}");
    }
    assert_eq!((shared.name.as_str(), shared.phones[0].value.as_str()), ("Priya", "+44 141 496 0173"));
    assert_eq!(shared.copies[0].id, own, "seen from the copy, here");
    assert!(share(&["phones"]).is_err(), "once is enough");
    assert_eq!(differences(&engine, &own), []);

    set(&engine, &copy.id, &["phone=work:+44 141 496 0999"]);
    set(&engine, &own, &["notes=Moved house", "name=Priya R."]);
    let item = format!("phones/{}", shared.phones[0].item);
    let expected = [("name", "Priya R.", "Priya"), (item.as_str(), "+44 141 496 0173", "+44 141 496 0999")];
    assert_eq!(differences(&engine, &own), expected.map(|(field, own, shared)| (field.to_owned(), own.to_owned(), shared.to_owned())));
    let take = |fields: &[&str], to_copy: bool| {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        engine.execute(Command::TakeOver { record: at(&own), copy: String::new(), fields, to_copy }).unwrap();
    };
    take(&["phones"], false);
    assert_eq!(get(&engine, &own).phones[0].value, "+44 141 496 0999");
    take(&[], true);
    assert_eq!((get(&engine, &copy.id).name.as_str(), differences(&engine, &own)), ("Priya R.", Vec::new()));
    engine.execute(Command::Undo).unwrap();
    assert_eq!(get(&engine, &copy.id).name, "Priya");
}

#[test]
fn a_name_typed_where_a_link_is_meant_becomes_one() {
    let (_dir, engine) = vault();
    engine.execute(Command::CreateSpace { name: "Harbour".into() }).unwrap();
    let trust = add(&engine, "org", &["name=Harbourline Trust"]);
    let priya = add(&engine, "person", &["name=Priya Raghunathan", "org=harbourline trust"]);
    let shared = add_in(&engine, Some("Harbour"), "person", &["name=Priya Raghunathan"]);
    assert_eq!(get(&engine, &priya).orgs[0].org, trust);

    // In a space a link leads into that space; one's own record is preferred where both are.
    let here = add_in(&engine, Some("Harbour"), "call", &["text=Quay", "with=priya raghunathan"]);
    let own = add(&engine, "call", &["text=House", "with=Priya Raghunathan, A stranger"]);
    assert_eq!(get(&engine, &here).with, std::slice::from_ref(&shared));
    assert_eq!(get(&engine, &own).with, ["A stranger".to_owned(), priya.clone()]);
    set(&engine, &own, &["with-=Priya Raghunathan", &format!("with+={}", &shared[..shared.len() - 2])]);
    assert_eq!(get(&engine, &own).with, ["A stranger".to_owned(), shared]);

    // What is somebody's own is not linked from a space that others see.
    let outside = add_in(&engine, Some("Harbour"), "call", &["text=Trust", "with=Harbourline Trust"]);
    assert_eq!(get(&engine, &outside).with, ["Harbourline Trust"]);

    add(&engine, "person", &["name=Priya Raghunathan"]);
    let create = Command::Create { space: None, kind: "call".into(), edits: edits(&["text=Which", "with=Priya Raghunathan"]) };
    let error = engine.execute(create).unwrap_err();
    assert!(error.code == ErrorCode::Ambiguous && error.hint.contains(&priya), "{error:?}");
}

#[test]
fn a_task_is_given_to_a_member_by_name() {
    let (_dir, engine) = vault();
    let task = add(&engine, "task", &["name=Send the drawings", "assignee=Ilona"]);
    let space = match engine.query(Query::Space { space: "My own".into() }).unwrap() {
        Answer::Space(space) => space,
        other => panic!("{other:?}"),
    };
    assert_eq!(get(&engine, &task).assignee, space.members[0].id);
}

#[test]
fn a_picture_in_a_card_becomes_a_file_and_goes_out_again() {
    let (dir, engine) = vault();
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend(std::iter::repeat_n(7_u8, 4_000));
    let card =
        format!("BEGIN:VCARD\nVERSION:3.0\nFN:Priya\nPHOTO;ENCODING=b;TYPE=PNG:{}\nEND:VCARD\n", data_encoding::BASE64.encode(&bytes));
    let path = dir.path().join("cards.vcf");
    std::fs::write(&path, card).unwrap();
    let import = || match engine
        .execute(Command::Import { path: path.to_string_lossy().into(), format: None, space: None, dry_run: false })
        .unwrap()
    {
        Outcome::Import { report } => report,
        other => panic!("{other:?}"),
    };
    let report = import();
    assert_eq!((report.added, report.warnings.len()), (1, 0));
    let priya = get(&engine, "Priya");
    let hash = blake3::hash(&bytes).to_hex().to_string();
    assert_eq!((priya.photo.as_str(), priya.attachments.len()), (hash.as_str(), 1));
    assert_eq!((priya.attachments[0].name.as_str(), priya.attachments[0].missing, priya.flags.len()), ("photo.png", false, 0));
    let again = import();
    assert_eq!((again.added, again.unchanged), (0, 1));

    let export = Query::Export { format: "vcard".into(), filter: tuttu_engine::api::ListFilter::default() };
    let Answer::Export(text) = engine.query(export).unwrap() else { panic!() };
    let (other_dir, other) = vault();
    let path = other_dir.path().join("again.vcf");
    std::fs::write(&path, text).unwrap();
    other.execute(Command::Import { path: path.to_string_lossy().into(), format: None, space: None, dry_run: false }).unwrap();
    assert_eq!(get(&other, "Priya").photo, hash);
}
