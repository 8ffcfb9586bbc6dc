//! Real processes and a database that was damaged: it opens, says what is wrong, and a colleague's computer makes it whole.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::PathBuf;

use rusqlite::Connection;
use serde_json::Value;
use tuttu_tests::process::{Computer, share};

fn database(computer: &Computer) -> PathBuf {
    computer.vault().join("vault.db")
}

fn behind(computer: &Computer, sql: &str) {
    Connection::open(database(computer)).unwrap().execute_batch(sql).unwrap();
}

fn overwrite_leaf_pages(computer: &Computer, table: &str, skip: usize, count: usize) {
    let pages: Vec<u32> = {
        let connection = Connection::open(database(computer)).unwrap();
        let sql = "SELECT pageno FROM dbstat WHERE name = ?1 AND pagetype = 'leaf' ORDER BY pageno";
        connection.prepare(sql).unwrap().query_map([table], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mut bytes = std::fs::read(database(computer)).unwrap();
    for page in pages.iter().skip(skip).take(count) {
        let start = usize::try_from(page - 1).unwrap() * 4_096;
        bytes[start..start + 4_096].fill(0xA5);
    }
    std::fs::write(database(computer), bytes).unwrap();
}

/// Two who share a space with these people in it, and do not run now.
fn pair(people: usize) -> (Computer, Computer) {
    let (mut ilona, mut maria) = (Computer::new("Ilona"), Computer::new("Maria"));
    ilona.ok(&["space", "new", "Harbour"]);
    let lines: String = (0..people).map(|n| format!("{{\"name\":\"Person {n:04}\",\"notes\":\"met in harbour {n}\"}}\n")).collect();
    for batch in lines.lines().collect::<Vec<_>>().chunks(40) {
        ilona.feed(&["add", "person", "--stdin", "--space", "Harbour"], &batch.join("\n"));
    }
    ilona.serve();
    maria.serve();
    share(&ilona, &maria, "Harbour", "editor");
    maria.until(&["space", "show", "Harbour"], |space| space[0]["people"] == people);
    maria.ok(&["set", "Person 0001", "birthday=1980-01-01"]);
    ilona.until(&["get", "Person 0001"], |record| record[0]["birthday"] == "1980-01-01");
    ilona.ok(&["set", "Person 0001", "title=Harbour master"]);
    maria.until(&["get", "Person 0001"], |record| record[0]["orgs"][0]["title"] == "Harbour master");
    ilona.kill();
    maria.kill();
    (ilona, maria)
}

fn meet_and_be_whole(ilona: &mut Computer, maria: &mut Computer) {
    ilona.serve();
    maria.serve();
    for computer in [&*ilona, &*maria] {
        computer.until(&["status"], |status| status[0]["sync"]["kind"] == "all");
        let report = computer.until(&["check"], |report| report[0]["damaged"] == 0);
        assert_eq!(report[0]["ok"], true, "{report:#?}");
    }
    let strip = |record: Value| {
        let mut fields = record.as_object().cloned().unwrap_or_default();
        fields.remove("changed");
        fields
    };
    let export = |computer: &Computer| {
        let mut lines: Vec<_> = computer.lines(&["export", "--format", "json", "--space", "Harbour"]).into_iter().map(strip).collect();
        lines.sort_by_key(|record| record["id"].to_string());
        lines
    };
    assert_eq!(export(ilona), export(maria));
}

#[test]
fn a_colleague_heals_what_was_garbled() {
    let (mut ilona, mut maria) = pair(120);
    // Maria's copy: a change of Ilona's and one of her own; and an entry of Ilona's feed.
    behind(
        &maria,
        "UPDATE change SET packing = 0, bytes = x'00' WHERE cid IN (3, (SELECT max(cid) - 1 FROM change));
         UPDATE entry SET signed = x'00' WHERE eid = 2",
    );
    let report = maria.run(&["check"]);
    assert!(!report.status.success(), "{}", String::from_utf8_lossy(&report.stdout));
    assert_eq!(maria.lines(&["list", "person", "--limit", "200"]).len(), 120, "the list is whole");
    let repaired = maria.ok(&["check", "--repair"]);
    assert_eq!((repaired["ok"].as_bool(), repaired["repaired"].as_bool()), (Some(true), Some(true)), "{repaired:#}");
    assert_eq!(repaired["damaged"], 2);
    assert_eq!(maria.lines(&["damage"]).len(), 3);
    maria.ok(&["set", "Person 0005", "notes=edited while damaged"]);
    meet_and_be_whole(&mut ilona, &mut maria);
    assert!(maria.lines(&["damage"]).iter().all(|damage| damage["healed"] == true));
    assert_eq!(ilona.ok(&["get", "Person 0005"])["notes"], "edited while damaged");
    assert_eq!(maria.ok(&["get", "Person 0001"])["birthday"], "1980-01-01");
}

#[test]
fn a_colleague_heals_a_computer_whose_own_feed_was_damaged() {
    let (mut ilona, mut maria) = pair(60);
    behind(&ilona, "UPDATE change SET packing = 0, bytes = x'00' WHERE cid IN (5, 6)");
    ilona.ok(&["check", "--repair"]);
    ilona.ok(&["add", "person", "name=Written after", "--space", "Harbour"]);
    meet_and_be_whole(&mut ilona, &mut maria);
    maria.until(&["get", "Written after"], |record| !record.is_empty());
}

#[test]
fn a_damaged_page_of_changes_is_mended_and_healed() {
    let (mut ilona, mut maria) = pair(400);
    overwrite_leaf_pages(&maria, "change", 5, 2);
    // Whatever is read, the vault opens and tells.
    let first = maria.run(&["check", "--repair"]);
    let said = String::from_utf8_lossy(&first.stdout).into_owned() + &String::from_utf8_lossy(&first.stderr);
    assert!(said.contains("damage") || said.contains("Rowid"), "{said}");
    let report = maria.until(&["check"], |report| report[0]["ok"] == true);
    assert!(report[0]["damaged"].as_u64().unwrap() > 0, "{report:#?}");
    assert!(maria.vault().join("damage/database-1/vault.db").is_file(), "the damaged file is kept");
    assert!(maria.vault().join("damage/database-1/report.txt").is_file());
    assert_eq!(maria.lines(&["list", "person", "--limit", "1000"]).len(), 400);
    meet_and_be_whole(&mut ilona, &mut maria);
}

#[test]
fn damaged_pages_of_entries_are_mended_and_healed() {
    let (mut ilona, mut maria) = pair(400);
    overwrite_leaf_pages(&maria, "entry", 2, 2);
    let _ = maria.run(&["check", "--repair"]);
    assert_eq!(maria.lines(&["list", "person", "--limit", "1000"]).len(), 400);
    meet_and_be_whole(&mut ilona, &mut maria);
}

#[test]
fn what_is_missing_or_something_else_is_said_and_left_alone() {
    let ilona = Computer::new("Ilona");
    ilona.ok(&["add", "person", "name=Jon"]);
    let whole = std::fs::read(database(&ilona)).unwrap();
    let keys = ilona.vault().join("keys");
    let refused = |code: &str, words: &str| {
        for args in [&["status"][..], &["list", "person"], &["check"], &["serve", "--bind", "127.0.0.1:0", "--no-lan"]] {
            let (said_code, message) = ilona.refused(args);
            assert_eq!(said_code, code, "{args:?}: {message}");
            assert!(message.contains(words), "{args:?}: {message}");
        }
    };
    std::fs::remove_file(database(&ilona)).unwrap();
    refused("damaged", "there is no vault.db");
    let (code, _) = ilona.refused(&["init", "--name", "Ilona"]);
    assert_eq!(code, "damaged", "the keys of a vault are not put aside by a new one");
    assert!(!database(&ilona).exists());
    for other in [b"no database at all, but long enough to be one ".repeat(200), Vec::new(), vec![0; 8_192]] {
        std::fs::write(database(&ilona), &other).unwrap();
        refused("damaged", "cannot be read");
        assert_eq!(std::fs::read(database(&ilona)).unwrap(), other, "left as it is");
    }
    std::fs::remove_file(database(&ilona)).unwrap();
    Connection::open(database(&ilona)).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    refused("damaged", "database of another program");
    std::fs::write(database(&ilona), &whole).unwrap();
    let computer = std::fs::read(keys.join("computer.key")).unwrap();
    std::fs::remove_file(keys.join("computer.key")).unwrap();
    refused("damaged", "computer.key");
    std::fs::write(keys.join("computer.key"), b"short").unwrap();
    refused("damaged", "computer.key");
    std::fs::write(keys.join("computer.key"), computer).unwrap();
    assert_eq!(ilona.ok(&["get", "Jon"])["name"], "Jon");
    std::fs::remove_dir_all(ilona.vault()).unwrap();
    refused("no-vault", "There is no vault in");
    assert!(!ilona.vault().exists(), "asking makes nothing");
}
