//! A vault is kept: damage is read around and set aside, caches are made again, an older vault is brought up to date, a backup becomes a vault.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};

use tuttu_engine::api::{
    Answer, BackupLock, CheckReport, Command, DamageView, ErrorCode, ListFilter, Outcome, Query, RecordRef, Secret, VaultStatus,
};
use tuttu_engine::model::{FieldEdit, RecordView};
use tuttu_engine::{Engine, NewVault, Restore, RestoreKey};

struct World {
    dir: tempfile::TempDir,
    engine: Option<Engine>,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let new = NewVault { person_name: "Ilona".into(), computer_name: "Ilona’s ThinkPad".into() };
        let engine = Engine::create(&dir.path().join("vault"), &new).unwrap();
        Self { dir, engine: Some(engine) }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("vault")
    }

    fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    fn add(&self, json: &str) -> String {
        match self.engine().execute(Command::Add { space: None, kind: "person".into(), records: vec![json.into()] }).unwrap() {
            Outcome::Records { ids, .. } => ids[0].clone(),
            other => panic!("{other:?}"),
        }
    }

    fn set(&self, id: &str, field: &str, value: &str) {
        let edits = vec![FieldEdit::Set { field: field.into(), label: None, value: value.into() }];
        self.engine().execute(Command::Edit { record: RecordRef::anywhere(id), edits }).unwrap();
    }

    /// Closes the vault, changes its database, opens it again.
    fn behind(&mut self, sql: &str) {
        self.engine = None;
        rusqlite::Connection::open(self.path().join("vault.db")).unwrap().execute_batch(sql).unwrap();
        self.engine = Some(Engine::open(&self.path()).unwrap());
    }

    fn backup(&self, name: &str) -> Result<Outcome, tuttu_engine::api::ErrorView> {
        let path = self.dir.path().join(name).to_string_lossy().into_owned();
        let lock = BackupLock::Passphrase { passphrase: Secret("correct horse".into()) };
        self.engine().execute(Command::Backup { path, lock })
    }

    fn restore(&self, name: &str, passphrase: &str, vault: &str) -> Result<tuttu_engine::Restored, tuttu_engine::api::ErrorView> {
        let restore = Restore {
            file: self.dir.path().join(name),
            key: RestoreKey::Passphrase(Secret(passphrase.into())),
            vault: self.dir.path().join(vault),
            computer_name: "New laptop".into(),
        };
        restore.run()
    }
}

fn get(engine: &Engine, id: &str) -> RecordView {
    match engine.query(Query::Record { record: RecordRef::anywhere(id) }).unwrap() {
        Answer::Record(view) => *view,
        other => panic!("{other:?}"),
    }
}

fn people(engine: &Engine, text: &str) -> Vec<String> {
    let filter = ListFilter { kind: "person".into(), text: text.into(), ..ListFilter::default() };
    match engine.query(Query::List { filter }).unwrap() {
        Answer::List(page) => page.rows.into_iter().map(|row| row.name).collect(),
        other => panic!("{other:?}"),
    }
}

fn check(engine: &Engine) -> CheckReport {
    match engine.query(Query::Check).unwrap() {
        Answer::Check(report) => report,
        other => panic!("{other:?}"),
    }
}

fn damages(engine: &Engine) -> Vec<DamageView> {
    match engine.query(Query::Damage { record: None }).unwrap() {
        Answer::Damage(damages) => damages,
        other => panic!("{other:?}"),
    }
}

fn status(engine: &Engine) -> VaultStatus {
    match engine.query(Query::Status).unwrap() {
        Answer::Status(status) => status,
        other => panic!("{other:?}"),
    }
}

/// Nothing is wrong.
fn assert_clean(engine: &Engine) {
    let report = check(engine);
    assert_eq!(report.problems, Vec::<String>::new());
    assert_eq!(report.more, 0);
}

fn exported(engine: &Engine) -> String {
    match engine.query(Query::Export { format: "json".into(), filter: ListFilter::default() }).unwrap() {
        Answer::Export(text) => text,
        other => panic!("{other:?}"),
    }
}

const NEWEST_CHANGE: &str = "UPDATE change SET packing = 0, bytes = x'0011223344' WHERE cid = (SELECT max(cid) FROM change)";

#[test]
fn a_damaged_change_is_set_aside_and_the_rest_stays_readable_and_writable() {
    let mut world = World::new();
    let jon = world.add(r#"{"name":"Jon"}"#);
    let eva = world.add(r#"{"name":"Eva"}"#);
    world.set(&jon, "birthday", "1980-01-01");
    world.behind(NEWEST_CHANGE);
    let found = check(world.engine());
    assert_eq!(found.findings.len(), 1, "{:#?}", found.findings);
    assert_eq!(found.findings[0].what, "change");
    let Outcome::Repaired { report } = world.engine().execute(Command::Repair).unwrap() else { panic!() };
    assert!(report.findings[0].done.contains("set aside"), "{report:#?}");
    assert_eq!((report.problems.len(), report.damaged), (0, 1));

    let kept = damages(world.engine());
    assert_eq!((kept.len(), kept[0].id.as_str(), kept[0].healed), (1, jon.as_str(), false));
    assert!(kept[0].what.contains("5 bytes of it are kept"), "{}", kept[0].what);
    assert_eq!(status(world.engine()).damaged, 1);
    assert_eq!(get(world.engine(), &jon).birthday, "1980-01-01", "what was shown before still is");

    // It can be edited, in a new feed, and the others are not touched by it.
    world.set(&jon, "notes", "after the damage");
    world.set(&eva, "notes", "whole");
    assert_eq!(get(world.engine(), &jon).notes, "after the damage");
    assert_clean(world.engine());
    let report = check(world.engine());
    assert_eq!((report.feeds, report.damaged), (2, 1), "a new epoch began");
    world.behind("");
    assert_clean(world.engine());
}

#[test]
fn damage_that_is_come_upon_is_set_aside_without_being_asked() {
    let mut world = World::new();
    let jon = world.add(r#"{"name":"Jon"}"#);
    world.set(&jon, "birthday", "1980-01-01");
    world.behind(NEWEST_CHANGE);
    let Answer::History(items) = world.engine().query(Query::History { record: RecordRef::anywhere(&jon) }).unwrap() else { panic!() };
    assert!(items.iter().any(|item| item.new == "Jon"), "the history as far as it can be read: {items:#?}");
    assert_eq!(damages(world.engine()).len(), 1);

    let edits = vec![FieldEdit::Set { field: "notes".into(), label: None, value: "x".into() }];
    world.behind("UPDATE change SET packing = 1, bytes = x'00' WHERE cid = 1");
    let edit = Command::Edit { record: RecordRef::anywhere(&jon), edits };
    let refused = world.engine().execute(edit.clone()).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Damaged);
    assert!(refused.hint.contains("nothing deleted") || refused.hint.contains("Nothing was deleted"), "{refused:?}");
    let refused = world.engine().execute(edit).unwrap_err();
    assert!(refused.message.contains("none of its changes can be read"), "{refused:?}");
    assert_eq!(get(world.engine(), &jon).name, "Jon", "the list still knows");
    assert_eq!(damages(world.engine()).len(), 2);
}

#[test]
fn an_unreadable_view_is_made_again_by_itself() {
    let mut world = World::new();
    let jon = world.add(r#"{"name":"Jon","tags":["friend"]}"#);
    world.add(r#"{"name":"Eva"}"#);
    world.behind("UPDATE record SET view = x'FFFFFF' WHERE did = 1");
    assert_eq!(people(world.engine(), "").len(), 2);
    assert_eq!(get(world.engine(), &jon).name, "Jon");
    assert!(damages(world.engine())[0].healed);
    assert_clean(world.engine());
}

#[test]
fn a_garbled_change_comes_out_of_a_snapshot() {
    let mut world = World::new();
    let jon = world.add(r#"{"name":"Jon"}"#);
    for n in 0..31 {
        world.set(&jon, "notes", &format!("note {n}"));
    }
    world.behind("UPDATE change SET bytes = x'FF' WHERE cid = 7");
    world.engine().execute(Command::Repair).unwrap();
    assert_clean(world.engine());
    assert_eq!((status(world.engine()).damaged, damages(world.engine()).len()), (0, 0));
}

#[test]
fn wrong_caches_are_found_and_made_again() {
    for wrong in [
        "UPDATE record SET collation = x'FF'",
        "DELETE FROM tag",
        "DELETE FROM finder",
        "DELETE FROM tally",
        "DELETE FROM notes_text",
        "UPDATE space SET accumulator = zeroblob(32)",
        "UPDATE doc SET heads = x''",
        "UPDATE feed SET valid_len = 1, valid_hash = (SELECT hash FROM entry WHERE seq = 1)",
        "DELETE FROM record WHERE did = 2",
    ] {
        let mut world = World::new();
        let jon = world.add(r#"{"name":"Jon","tags":["friend"],"notes":"violets"}"#);
        world.add(r#"{"name":"Eva","notes":"roses"}"#);
        let before = exported(world.engine());
        world.behind(wrong);
        assert_ne!(check(world.engine()).problems.len(), 0, "{wrong}");
        let Outcome::Repaired { report } = world.engine().execute(Command::Repair).unwrap() else { panic!() };
        assert_eq!(report.problems, Vec::<String>::new(), "{wrong}");
        assert!(report.findings.iter().all(|found| found.done.contains("made again")), "{wrong}: {report:#?}");
        assert_eq!(exported(world.engine()), before);
        world.set(&jon, "notes", "more violets");
        assert_clean(world.engine());
    }
}

#[test]
fn caches_of_another_version_are_made_again_at_opening() {
    let mut world = World::new();
    for n in 0..20 {
        world.add(&format!(r#"{{"name":"Person {n:02}","notes":"met in harbour {n}"}}"#));
    }
    let before = exported(world.engine());
    world.behind("UPDATE meta SET value = x'00' WHERE key = 'store.projections'; UPDATE record SET view = x'00', collation = x'FF'");
    assert_eq!(exported(world.engine()), before);
    assert_clean(world.engine());
    let Outcome::Rebuilt { records } = world.engine().execute(Command::Rebuild).unwrap() else { panic!() };
    assert_eq!(records, 20);
    assert_eq!(exported(world.engine()), before);
    assert_clean(world.engine());
}

#[test]
fn a_backup_becomes_a_vault_with_a_computer_of_its_own() {
    let world = World::new();
    let jon = world.add(r#"{"name":"Jon","notes":"violets"}"#);
    world.set(&jon, "birthday", "1980-01-01");
    world.engine().execute(Command::CreateSpace { name: "Harbour".into() }).unwrap();
    let Outcome::BackedUp { report } = world.backup("one.tuttu").unwrap() else { panic!() };
    assert_eq!((report.records, report.spaces, report.changes), (1, 2, 2));
    assert!(!world.dir.path().join("one.tuttu.part").exists());
    let bytes = std::fs::read(world.dir.path().join("one.tuttu")).unwrap();
    assert_eq!(report.bytes, bytes.len().to_string());
    let key = std::fs::read(world.path().join("keys/person.key")).unwrap();
    for secret in [key.as_slice(), b"violets", b"Jon", b"Harbour"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "nothing of it can be read in the file");
    }

    let restored = world.restore("one.tuttu", "correct horse", "new").unwrap();
    assert_eq!((restored.person_name.as_str(), restored.records, restored.spaces), ("Ilona", 1, 2));
    let new = Engine::open(&world.dir.path().join("new")).unwrap();
    assert_eq!(exported(&new), exported(world.engine()));
    assert_eq!(people(&new, "viol"), ["Jon"]);
    assert_clean(&new);
    let (old_status, new_status) = (status(world.engine()), status(&new));
    assert_eq!(new_status.person, old_status.person);
    assert_ne!(new_status.computer, old_status.computer, "a computer key is never copied");
    assert_eq!(new_status.computer_name, "New laptop");
    // It may write, in feeds of its own.
    let edits = vec![FieldEdit::Set { field: "notes".into(), label: None, value: "from the new one".into() }];
    new.execute(Command::Edit { record: RecordRef::anywhere(&jon), edits }).unwrap();
    assert_eq!(check(&new).feeds, 2);
    new.execute(Command::Undo).unwrap();
    assert_eq!(get(&new, &jon).notes, "violets");
    assert_clean(&new);
    for entry in std::fs::read_dir(world.dir.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(["vault", "new", "one.tuttu"].contains(&name.as_str()), "{name} was left");
    }
}

#[test]
fn attached_files_are_in_the_backup_and_damaged_ones_are_left_out() {
    let world = World::new();
    let jon = world.add(r#"{"name":"Jon"}"#);
    let source = world.dir.path().join("plan.txt");
    let large: Vec<u8> = (0..900_000_u32).flat_map(|n| n.to_le_bytes()).collect();
    for contents in [b"a plan".as_slice(), b"", &large, b"this one spoils"] {
        std::fs::write(&source, contents).unwrap();
        let attach = Command::Attach { record: RecordRef::anywhere(&jon), path: source.to_string_lossy().into(), name: String::new() };
        world.engine().execute(attach).unwrap();
    }
    let hash = |contents: &[u8]| blake3::hash(contents).to_hex().to_string();
    let spoilt = hash(b"this one spoils");
    std::fs::write(world.path().join("files").join(&spoilt[..2]).join(&spoilt), b"rust").unwrap();

    let Outcome::BackedUp { report } = world.backup("one.tuttu").unwrap() else { panic!() };
    assert_eq!((report.files, report.missing_files), (3, 1));
    let restored = world.restore("one.tuttu", "correct horse", "new").unwrap();
    assert_eq!(restored.files, 3);
    let new = Engine::open(&world.dir.path().join("new")).unwrap();
    for contents in [b"a plan".as_slice(), b"", &large] {
        let saved = world.dir.path().join("saved");
        new.execute(Command::SaveFile { hash: hash(contents), path: saved.to_string_lossy().into() }).unwrap();
        assert_eq!(std::fs::read(&saved).unwrap(), contents);
        std::fs::remove_file(saved).unwrap();
    }
    assert!(new.execute(Command::SaveFile { hash: spoilt, path: "nowhere".into() }).is_err());
}

#[test]
fn a_backup_of_the_first_format_is_still_restored() {
    let dir = tempfile::tempdir().unwrap();
    let restore = tuttu_engine::Restore {
        file: Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/backup/format-1.tuttu"),
        key: tuttu_engine::RestoreKey::Passphrase(tuttu_engine::api::Secret("correct horse".into())),
        vault: dir.path().join("vault"),
        computer_name: "New".into(),
    };
    let restored = restore.run().unwrap();
    assert_eq!((restored.records, restored.files), (1, 0));
    let engine = Engine::open(&restore.vault).unwrap();
    assert_eq!(people(&engine, "aarhus"), ["Priya Raghunathan"]);
    assert_clean(&engine);
}

#[test]
fn a_backup_for_a_recipient_is_opened_by_its_identity() {
    use age::secrecy::ExposeSecret;
    let world = World::new();
    world.add(r#"{"name":"Jon"}"#);
    let identity = age::x25519::Identity::generate();
    let path = world.dir.path().join("two.tuttu");
    let lock = BackupLock::Recipient { recipient: identity.to_public().to_string() };
    world.engine().execute(Command::Backup { path: path.to_string_lossy().into_owned(), lock }).unwrap();
    let text = identity.to_string().expose_secret().to_owned();
    let restore = |text: String, vault: &str| {
        let (file, vault) = (path.clone(), world.dir.path().join(vault));
        Restore { file, key: RestoreKey::Identity(Secret(text)), vault, computer_name: "New".into() }.run()
    };
    assert_eq!(restore(text, "new").unwrap().records, 1);
    let other = age::x25519::Identity::generate().to_string().expose_secret().to_owned();
    assert_eq!(restore(other, "other").unwrap_err().code, ErrorCode::NotAllowed);
    assert_eq!(restore("nonsense".into(), "other").unwrap_err().code, ErrorCode::Invalid);
    let lock = BackupLock::Recipient { recipient: "age1nonsense".into() };
    let refused = world.engine().execute(Command::Backup { path: "x".into(), lock }).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Invalid);
}

fn is_absent(path: &Path) -> bool {
    !path.exists() && !PathBuf::from(format!("{}.restoring", path.display())).exists()
}

#[test]
fn what_is_no_whole_backup_is_said_so_and_nothing_is_left() {
    let world = World::new();
    world.add(r#"{"name":"Jon"}"#);
    world.backup("good").unwrap();
    let good = std::fs::read(world.dir.path().join("good")).unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(world.dir.path().join(name), bytes).unwrap();
    put("cut", &good[..good.len() - 1]);
    put("half", &good[..good.len() / 2]);
    put("header", &good[..60]);
    put("empty", b"");
    put("text", b"BEGIN:VCARD\r\nEND:VCARD\r\n");
    let mut garbled = good.clone();
    let last = garbled.len() - 30;
    garbled[last] ^= 1;
    put("garbled", &garbled);
    let mut longer = good.clone();
    longer.extend_from_slice(b"more");
    put("longer", &longer);
    for name in ["cut", "half", "header", "empty", "text", "garbled", "longer"] {
        let refused = world.restore(name, "correct horse", "new").unwrap_err();
        assert_eq!(refused.code, ErrorCode::File, "{name}: {refused:?}");
        assert!(refused.message.contains("is not a whole backup") && refused.hint.contains("Nothing was changed"), "{name}: {refused:?}");
        assert!(is_absent(&world.dir.path().join("new")), "{name}");
    }
    let refused = world.restore("good", "wrong horse", "new").unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotAllowed);
    assert!(refused.message.contains("passphrase does not open"), "{refused:?}");
    let refused = world.restore("nowhere", "correct horse", "new").unwrap_err();
    assert_eq!(refused.code, ErrorCode::File);
    assert!(is_absent(&world.dir.path().join("new")));
    let refused = world.restore("good", "correct horse", "vault").unwrap_err();
    assert_eq!(refused.code, ErrorCode::VaultExists);
    let refused = world.backup("good").unwrap_err();
    assert_eq!(refused.code, ErrorCode::File);
    assert_eq!(std::fs::read(world.dir.path().join("good")).unwrap(), good, "a file that is there is never written over");
    let refused = world.backup("no such folder/file").unwrap_err();
    assert_eq!(refused.code, ErrorCode::File);
    // What a killed process left is in nobody's way.
    put("again.part", b"half a backup");
    world.backup("again").unwrap();
    std::fs::create_dir_all(world.dir.path().join("new.restoring/keys")).unwrap();
    put("new.restoring/vault.db", b"half a vault");
    world.restore("again", "correct horse", "new").unwrap();
}

#[test]
fn a_damaged_vault_is_backed_up_with_what_is_left() {
    let mut world = World::new();
    let jon = world.add(r#"{"name":"Jon"}"#);
    world.set(&jon, "birthday", "1980-01-01");
    world.behind(NEWEST_CHANGE);
    world.engine().execute(Command::Repair).unwrap();
    world.backup("left").unwrap();
    world.restore("left", "correct horse", "new").unwrap();
    let new = Engine::open(&world.dir.path().join("new")).unwrap();
    assert_eq!(get(&new, &jon).name, "Jon");
    assert_eq!(damages(&new).iter().filter(|damage| !damage.healed).count(), 1);
    assert_clean(&new);
}

/// A vault as the version with schema 1 left it, with all it could hold, is opened, brought up to date and loses nothing.
#[test]
fn a_vault_of_the_first_schema_is_brought_up_to_date() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/vault/0001");
    let dir = tempfile::tempdir().unwrap();
    let vault = dir.path().join("vault");
    std::fs::create_dir_all(vault.join("keys")).unwrap();
    let packed = std::fs::read(fixture.join("vault.db.zst")).unwrap();
    std::fs::write(vault.join("vault.db"), zstd::decode_all(packed.as_slice()).unwrap()).unwrap();
    for key in ["person.key", "computer.key"] {
        std::fs::copy(fixture.join("keys").join(key), vault.join("keys").join(key)).unwrap();
    }
    let version = || -> u32 {
        let database = rusqlite::Connection::open(vault.join("vault.db")).unwrap();
        database.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(version(), 1);
    let engine = Engine::open(&vault).unwrap();
    let now: Vec<serde_json::Value> = exported(&engine).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let then = std::fs::read_to_string(fixture.join("export.jsonl")).unwrap();
    assert_eq!(now.len(), then.lines().count());
    for line in then.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let same = now.iter().find(|now| now["id"] == record["id"]).unwrap();
        for (key, value) in record.as_object().unwrap() {
            assert_eq!(&same[key], value, "{key} of {}", record["id"]);
        }
    }
    assert_eq!(people(&engine, "violet"), Vec::<String>::new());
    let Answer::Search(found) = engine.query(Query::Search { text: "violet".into(), limit: 9 }).unwrap() else { panic!() };
    assert_eq!(found.len(), 1, "the text index came along");
    let Answer::Trash(trash) = engine.query(Query::Trash).unwrap() else { panic!() };
    assert_eq!(trash[0].name, "Old Friend");
    let Answer::History(history) = engine.query(Query::History { record: RecordRef::anywhere("Jon Ek") }).unwrap() else { panic!() };
    assert_eq!(history.iter().filter(|item| item.new.contains("Title")).count(), 40);
    engine.execute(Command::Redo).unwrap();
    assert_eq!(get(&engine, "Guðrún Þorsteinsdóttir").birthday, "--12-03", "what was taken back can be done again");
    assert_clean(&engine);
    engine.execute(Command::Rebuild).unwrap();
    assert_clean(&engine);
    drop(engine);
    assert!(version() > 1);
}
