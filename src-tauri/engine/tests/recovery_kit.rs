//! A recovery kit: who one is and one's spaces, on paper.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tuttu_engine::api::{Answer, BackupLock, Command, ErrorCode, ErrorView, ListFilter, Outcome, Query, Secret, VaultStatus};
use tuttu_engine::{Engine, NewVault, Restore, RestoreKey, Restored};

struct World {
    dir: tempfile::TempDir,
    engine: Engine,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let new = NewVault { person_name: "Ilona".into(), computer_name: "Ilona’s ThinkPad".into() };
        let engine = Engine::create(&dir.path().join("vault"), &new).unwrap();
        Self { dir, engine }
    }

    fn add(&self, json: &str) {
        self.engine.execute(Command::Add { space: None, kind: "person".into(), records: vec![json.into()] }).unwrap();
    }

    fn kit(&self, name: &str) -> Result<Outcome, ErrorView> {
        let path = self.dir.path().join(name).to_string_lossy().into_owned();
        let lock = BackupLock::Passphrase { passphrase: Secret("correct horse".into()) };
        self.engine.execute(Command::RecoveryKit { path, lock })
    }

    fn restore(&self, name: &str, passphrase: &str, vault: &str) -> Result<Restored, ErrorView> {
        let restore = Restore {
            file: self.dir.path().join(name),
            key: RestoreKey::Passphrase(Secret(passphrase.into())),
            vault: self.dir.path().join(vault),
            computer_name: "New laptop".into(),
        };
        restore.run()
    }
}

fn people(engine: &Engine, text: &str) -> Vec<String> {
    let filter = ListFilter { kind: "person".into(), text: text.into(), ..ListFilter::default() };
    match engine.query(Query::List { filter }).unwrap() {
        Answer::List(page) => page.rows.into_iter().map(|row| row.name).collect(),
        other => panic!("{other:?}"),
    }
}

fn status(engine: &Engine) -> VaultStatus {
    match engine.query(Query::Status).unwrap() {
        Answer::Status(status) => status,
        other => panic!("{other:?}"),
    }
}

fn assert_clean(engine: &Engine) {
    match engine.query(Query::Check).unwrap() {
        Answer::Check(report) => assert_eq!(report.problems, Vec::<String>::new()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_recovery_kit_brings_back_who_one_is_and_nothing_that_was_written() {
    let world = World::new();
    world.add(r#"{"name":"Jon","notes":"violets"}"#);
    world.engine.execute(Command::CreateSpace { name: "Harbour".into() }).unwrap();
    let Outcome::BackedUp { report } = world.kit("kit.txt").unwrap() else { panic!() };
    assert_eq!((report.records, report.spaces), (0, 2));
    let text = std::fs::read_to_string(world.dir.path().join("kit.txt")).unwrap();
    assert!(text.starts_with("Tuttu recovery kit\n\nOf Ilona, made "), "{text}");
    assert!(text.contains("Spaces: My own, Harbour.") && text.trim_end().ends_with("-----END AGE ENCRYPTED FILE-----"));
    assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 120), "it can be printed");
    assert!(text.len() < 8_000, "{} bytes", text.len());
    assert_eq!(world.kit("kit.txt").unwrap_err().code, ErrorCode::File, "nothing is written over");

    let refused = world.restore("kit.txt", "wrong", "new").unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotAllowed);
    let restored = world.restore("kit.txt", "correct horse", "new").unwrap();
    assert_eq!((restored.kit, restored.person_name.as_str(), restored.records, restored.spaces), (true, "Ilona", 0, 2));
    let new = Engine::open(&world.dir.path().join("new")).unwrap();
    let (old_status, new_status) = (status(&world.engine), status(&new));
    assert_eq!(new_status.person, old_status.person);
    assert_ne!(new_status.computer, old_status.computer);
    assert!(people(&new, "").is_empty());
    assert_clean(&new);
    // It may write at once.
    new.execute(Command::Add { space: Some("Harbour".into()), kind: "person".into(), records: vec![r#"{"name":"Rosa"}"#.into()] }).unwrap();
    assert_eq!(people(&new, ""), ["Rosa"]);

    // Typed off from paper with other ends of lines it still opens; with a letter wrong, or the end missing, it says so.
    let put = |name: &str, text: String| std::fs::write(world.dir.path().join(name), text).unwrap();
    put("typed.txt", text.replace('\n', "\r\n"));
    assert!(world.restore("typed.txt", "correct horse", "typed").unwrap().kit);
    let body = text.find("FILE-----\n").unwrap() + 400;
    put("wrong.txt", format!("{}{}{}", &text[..body], if &text[body..=body] == "A" { "B" } else { "A" }, &text[body + 1..]));
    put("cut.txt", text[..body].to_owned());
    put("words.txt", text[..300].to_owned());
    for name in ["wrong.txt", "cut.txt", "words.txt"] {
        let refused = world.restore(name, "correct horse", "never").unwrap_err();
        assert!(matches!(refused.code, ErrorCode::File | ErrorCode::NotAllowed), "{name}: {refused:?}");
        assert!(!world.dir.path().join("never").exists());
    }
}
