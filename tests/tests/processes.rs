//! The story that must always work, with two real processes on loopback: add people without a network, share a space, edit together and apart, lose nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use serde_json::Value;
use tuttu_tests::process::{Computer, file, share};

fn names(records: &[Value]) -> Vec<&str> {
    records.iter().filter_map(|record| record["name"].as_str()).collect()
}

fn id(record: &Value) -> &str {
    record["id"].as_str().unwrap_or_default()
}

#[test]
fn two_people_share_a_space_edit_apart_and_lose_nothing() {
    let (mut ilona, mut maria) = (Computer::new("Ilona"), Computer::new("Maria"));
    ilona.ok(&["space", "new", "Harbour Commons"]);
    let priya =
        ilona.ok(&["add", "person", "name=Priya Raghunathan", "email=work:priya@harbourline.example", "--space", "Harbour Commons"]);
    ilona.ok(&["add", "note", "text=She can host the session.", &format!("with={}", id(&priya)), "--space", "Harbour Commons"]);
    ilona.ok(&["add", "person", "name=Only Mine"]);
    maria.ok(&["add", "person", "name=Maria’s own"]);
    ilona.serve();
    maria.serve();
    share(&ilona, &maria, "Harbour Commons", "editor");

    // The space's people and notes appear. Nothing else does.
    let arrived = maria.until(&["list", "person", "--space", "Harbour Commons"], |people| people.len() == 1);
    assert_eq!(names(&arrived), ["Priya Raghunathan"]);
    assert_eq!(names(&maria.lines(&["list", "person"])), ["Maria’s own", "Priya Raghunathan"]);
    let timeline = maria.lines(&["timeline", "Priya Raghunathan"]);
    assert!(timeline.iter().any(|line| line["text"] == "She can host the session."), "{timeline:#?}");

    // Live while connected.
    maria.ok(&["set", "Priya Raghunathan", "title=Head of Partnerships"]);
    ilona.until(&["get", "Priya Raghunathan"], |record| record[0]["orgs"][0]["title"] == "Head of Partnerships");
    // The timeline of the space says who it was, and shows the note once.
    let timeline = ilona.lines(&["timeline", "Harbour Commons"]);
    let told = |by: &str, text: &str| timeline.iter().filter(|line| line["by"] == by && line["text"] == text).count();
    assert_eq!(
        (told("Maria", "set the title to Head of Partnerships"), told("Ilona", "She can host the session.")),
        (1, 1),
        "{timeline:#?}"
    );
    assert!(!timeline.iter().any(|line| line["name"] == "Only Mine"), "{timeline:#?}");

    // Apart: different fields both stand, the same field keeps both.
    ilona.kill();
    maria.kill();
    ilona.ok(&["set", "Priya Raghunathan", "birthday=1986-12-03", "notes=from Ilona"]);
    maria.ok(&["set", "Priya Raghunathan", "phone=mobile:+44 7700 900142", "notes=from Maria"]);
    ilona.serve();
    maria.serve();
    for computer in [&ilona, &maria] {
        let conflicts = computer.until(&["conflicts"], |conflicts| !conflicts.is_empty());
        assert_eq!(conflicts[0]["field"], "notes");
        assert_eq!(conflicts[0]["values"].as_array().map(Vec::len), Some(2), "{conflicts:#?}");
        let record = computer.ok(&["get", "Priya Raghunathan"]);
        assert_eq!(record["birthday"], "1986-12-03");
        assert_eq!(record["phones"][0]["value"], "+44 7700 900142");
    }

    // One person's choice settles it for both.
    let conflict = maria.ok(&["conflicts"]);
    let values = conflict["values"].as_array().unwrap();
    let chosen = values.iter().find(|value| value["value"] == "from Ilona").unwrap();
    maria.ok(&["choose", "Priya Raghunathan", "notes", &chosen["n"].to_string()]);
    for computer in [&ilona, &maria] {
        computer.until(&["get", "Priya Raghunathan"], |record| record[0]["notes"] == "from Ilona" && record[0]["conflicts"].is_null());
    }

    // Both say that the other has all, with a time, and everything verifies.
    for (computer, other) in [(&ilona, "Maria"), (&maria, "Ilona")] {
        let status = computer.until(&["status"], |status| status[0]["sync"]["kind"] == "all");
        assert_eq!(status[0]["sync"]["title"], format!("{other} has all"));
        assert_eq!(computer.ok(&["check"])["ok"], true);
    }
}

#[test]
fn killed_in_the_middle_of_a_transfer_it_goes_on_where_it_was() {
    let (mut ilona, mut maria) = (Computer::new("Ilona"), Computer::new("Maria"));
    ilona.ok(&["space", "new", "Big"]);
    let people: String = (0..4_000).map(|n| format!("{{\"name\":\"Person {n:05}\",\"notes\":\"met in harbour {n}\"}}\n")).collect();
    assert_eq!(ilona.feed(&["add", "person", "--stdin", "--space", "Big"], &people).len(), 4_000);
    ilona.ok(&["space", "new", "Small"]);
    ilona.serve();
    maria.serve();
    share(&ilona, &maria, "Small", "editor");
    let invitation = ilona.ok(&["invite", "Big", "--auto"]);
    let link = invitation["link"].as_str().unwrap_or_default().to_owned();
    let joiner = maria.vault();
    let join = std::thread::spawn(move || {
        std::process::Command::new(tuttu_tests::process::tuttu()).arg("--vault").arg(joiner).args(["join", &link, "--auto"]).output()
    });
    for round in 0..4 {
        std::thread::sleep(std::time::Duration::from_millis(400));
        let victim = if round % 2 == 0 { &mut maria } else { &mut ilona };
        victim.kill();
        victim.serve();
    }
    let _ = join.join();
    if maria.lines(&["space", "list"]).len() < 3 {
        let invitation = ilona.ok(&["invite", "Big", "--auto"]);
        maria.ok(&["join", invitation["link"].as_str().unwrap_or_default(), "--auto"]);
    }
    maria.until(&["space", "show", "Big"], |space| space[0]["people"] == 4_000);
    assert_eq!(maria.ok(&["check"])["ok"], true);
    assert_eq!(ilona.ok(&["check"])["ok"], true);
}

#[test]
fn a_link_works_once_and_says_why_not() {
    let (mut ilona, mut maria, jon) = (Computer::new("Ilona"), Computer::new("Maria"), Computer::new("Jon"));
    ilona.ok(&["space", "new", "Harbour Commons"]);
    ilona.serve();
    maria.serve();
    let invitation = ilona.ok(&["invite", "Harbour Commons", "--auto"]);
    let link = invitation["link"].as_str().unwrap_or_default();
    maria.ok(&["join", link, "--auto"]);
    let (code, message) = jon.refused(&["join", link, "--auto"]);
    assert_eq!(code, "link", "{message}");
    assert!(message.contains("already used"), "{message}");
    let cut = link.get(..link.len() - 9).unwrap_or_default();
    let (code, message) = jon.refused(&["join", cut, "--auto"]);
    assert_eq!(code, "link", "{message}");
    assert!(message.contains("cut off"), "{message}");
    let (code, _) = jon.refused(&["join", "https://example.org", "--auto"]);
    assert_eq!(code, "link");
}

#[test]
fn a_vault_in_use_is_reached_through_the_process_that_has_it() {
    let mut ilona = Computer::new("Ilona");
    ilona.serve();
    let priya = ilona.ok(&["add", "person", "name=Priya"]);
    assert_eq!(names(&ilona.lines(&["search", "pri"])), ["Priya"]);
    ilona.kill();
    assert_eq!(ilona.ok(&["get", id(&priya)])["name"], "Priya");
    let (code, _) = ilona.refused(&["init", "--name", "Somebody"]);
    assert_eq!(code, "vault-exists");
}

#[test]
fn with_a_recovery_kit_and_a_colleague_nothing_is_lost_with_the_computer() {
    let (mut ilona, mut jon) = (Computer::new("Ilona"), Computer::new("Jon"));
    ilona.ok(&["space", "new", "Harbour"]);
    ilona.serve();
    jon.serve();
    share(&ilona, &jon, "Harbour", "editor");
    ilona.ok(&["add", "person", "name=Priya", "--space", "Harbour"]);
    jon.until(&["list", "person"], |rows| rows.len() == 1);
    let passphrase = file(jon.dir(), "passphrase", "four words of mine");
    let kit = jon.dir().join("kit.txt").display().to_string();
    let written = ilona.ok(&["recovery-kit", &kit, "--passphrase-file", &passphrase]);
    assert_eq!(written["spaces"], 2);
    ilona.ok(&["add", "note", "text=after the kit", "--space", "Harbour"]);
    jon.until(&["list", "note"], |rows| rows.len() == 1);
    let lost = ilona.ok(&["status"])["computer"].clone();
    ilona.kill();
    drop(ilona);

    let mut new = Computer::without_vault();
    let restored = new.ok(&["restore", &kit, "--passphrase-file", &passphrase]);
    assert_eq!((restored["kit"].clone(), restored["records"].clone()), (Value::Bool(true), 0.into()));
    new.serve();
    new.until(&["list", "person"], |rows| rows.len() == 1);
    new.until(&["list", "note"], |rows| rows.len() == 1);
    assert_ne!(new.ok(&["status"])["computer"], lost);
    // What the new computer writes is Ilona's for everybody.
    new.ok(&["add", "person", "name=Quentin", "--space", "Harbour"]);
    jon.until(&["list", "person"], |rows| rows.len() == 2);
    let quentin = jon.ok(&["get", "Quentin"]);
    assert_eq!(quentin["created"]["by"], "Ilona");
    for computer in [&new, &jon] {
        assert_eq!(computer.ok(&["check"])["ok"], true);
    }
}

#[test]
fn a_file_follows_its_record_and_is_fetched_when_asked_for() {
    let (mut ilona, mut jon) = (Computer::new("Ilona"), Computer::new("Jon"));
    ilona.ok(&["space", "new", "Harbour"]);
    ilona.serve();
    jon.serve();
    share(&ilona, &jon, "Harbour", "editor");
    let plan = file(ilona.dir(), "plan.txt", "The plan of the harbour");
    ilona.ok(&["add", "person", "name=Priya", "--space", "Harbour"]);
    ilona.ok(&["attach", "Priya", &plan]);
    let held = jon.until(&["attachments"], |rows| rows.iter().any(|row| row["missing"] != true));
    let hash = held[0]["hash"].as_str().unwrap();
    let to = jon.dir().join("here.txt").display().to_string();
    jon.ok(&["attachment", "save", &hash[..8], &to]);
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "The plan of the harbour");
    assert_eq!(jon.ok(&["attachment", "fetch", hash])["here"], true);
    assert!(jon.refused(&["attachment", "fetch", "00000000"]).0.contains("not-found"));
}

#[test]
fn a_space_goes_from_hand_to_hand_in_a_file() {
    let (mut ilona, mut jon, mut maria) = (Computer::new("Ilona"), Computer::new("Jon"), Computer::new("Maria"));
    ilona.ok(&["space", "new", "Harbour"]);
    for computer in [&mut ilona, &mut jon, &mut maria] {
        computer.serve();
    }
    share(&ilona, &jon, "Harbour", "editor");
    share(&ilona, &maria, "Harbour", "editor");
    ilona.ok(&["add", "person", "name=Priya", "--space", "Harbour"]);
    for computer in [&jon, &maria] {
        computer.until(&["list", "person"], |rows| rows.len() == 1);
    }
    for computer in [&mut ilona, &mut jon, &mut maria] {
        computer.kill();
    }
    // No network from here on. Ilona's stick reaches Jon, Jon's reaches Maria.
    let stick = tempfile::tempdir().unwrap();
    let on_stick = |name: &str| stick.path().join(name).display().to_string();
    let plan = file(ilona.dir(), "plan.txt", "The plan of the harbour");
    ilona.ok(&["set", "Priya", "notes=violets"]);
    ilona.ok(&["attach", "Priya", &plan]);
    ilona.ok(&["add", "person", "name=Only mine"]);
    let written = ilona.ok(&["bundle", "write", &on_stick("one"), "--space", "Harbour"]);
    assert_eq!((written["computers"].clone(), written["files"].clone()), (2.into(), 1.into()));
    let bytes = std::fs::read(on_stick("one")).unwrap();
    for secret in ["violets", "Priya", "harbour", "Harbour", "Only mine"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} can be read in the file");
    }
    assert!(ilona.refused(&["bundle", "write", &on_stick("one"), "--space", "Harbour"]).1.contains("exists already"));

    let read = jon.ok(&["bundle", "read", &on_stick("one")]);
    assert_eq!((read["from"].clone(), read["changes"].clone(), read["files"].clone()), ("Ilona".into(), 2.into(), 1.into()));
    let again = jon.ok(&["bundle", "read", &on_stick("one")]);
    assert_eq!((again["changes"].clone(), again["files"].clone()), (0.into(), 0.into()), "reading it twice is harmless");
    let priya = jon.ok(&["get", "Priya"]);
    assert_eq!((priya["notes"].clone(), priya["changed"]["by"].clone()), ("violets".into(), "Ilona".into()));
    let hash = jon.lines(&["attachments"])[0]["hash"].as_str().unwrap().to_owned();
    jon.ok(&["attachment", "save", &hash, &on_stick("plan.txt")]);
    assert_eq!(std::fs::read_to_string(on_stick("plan.txt")).unwrap(), "The plan of the harbour");
    assert!(jon.lines(&["search", "Only mine"]).is_empty());

    // Jon carries Ilona's changes on, with his own.
    jon.ok(&["set", "Priya", "birthday=1980-01-02"]);
    jon.ok(&["bundle", "write", &on_stick("two"), "--space", "Harbour"]);
    assert_eq!(maria.ok(&["bundle", "read", &on_stick("two")])["changes"], 3);
    let priya = maria.ok(&["get", "Priya"]);
    assert_eq!((priya["notes"].clone(), priya["birthday"].clone()), ("violets".into(), "1980-01-02".into()));
    // What came by stick is confirmed by stick: Ilona learns that Jon has all of hers.
    let pending = |status: &Value| status.to_string();
    let before = ilona.lines(&["members", "Harbour"]);
    ilona.ok(&["bundle", "read", &on_stick("two")]);
    assert_ne!(
        before.iter().map(pending).collect::<Vec<_>>(),
        ilona.lines(&["members", "Harbour"]).iter().map(pending).collect::<Vec<_>>()
    );

    // Somebody else can do nothing with it, nor with a part of it.
    let rosa = Computer::new("Rosa");
    assert!(rosa.refused(&["bundle", "read", &on_stick("one")]).1.contains("not written for this computer"));
    std::fs::write(on_stick("cut"), &bytes[..bytes.len() - 40]).unwrap();
    assert!(maria.refused(&["bundle", "read", &on_stick("cut")]).1.contains("cannot be read"));
    std::fs::write(on_stick("odd"), "no bundle at all").unwrap();
    assert!(maria.refused(&["bundle", "read", &on_stick("odd")]).1.contains("cannot be read"));
    for computer in [&ilona, &jon, &maria] {
        assert_eq!(computer.ok(&["check"])["ok"], true);
    }
}
