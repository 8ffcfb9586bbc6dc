//! One person with several computers, each a real process on loopback, and a colleague.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use serde_json::Value;
use tuttu_tests::process::{Computer, share};

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn names(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| text(record, "name")).collect()
}

/// Another computer of whoever has `first`, which serves; nobody compares words.
fn next_computer(first: &Computer, name: &str) -> Computer {
    let second = Computer::without_vault();
    let link = first.ok(&["computer", "invite", "--auto"]);
    assert!(text(&link, "link").starts_with("tuttu://computer/"), "{link}");
    let joined = second.ok(&["computer", "join", text(&link, "link"), "--auto", "--computer", name]);
    assert_eq!(joined["moved"], 0, "{joined}");
    second
}

fn files_with(dir: &std::path::Path, needle: &str) -> usize {
    let mut found = 0;
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found += files_with(&path, needle);
        } else {
            let bytes = std::fs::read(&path).unwrap_or_default();
            found += usize::from(bytes.windows(needle.len()).any(|window| window == needle.as_bytes()));
        }
    }
    found
}

#[test]
fn a_second_computer_has_everything_and_no_key_of_the_first() {
    let (mut ilona, mut maria) = (Computer::new("Ilona"), Computer::new("Maria"));
    ilona.ok(&["space", "new", "Harbour Commons"]);
    ilona.ok(&["add", "person", "name=Priya Raghunathan", "--space", "Harbour Commons"]);
    ilona.ok(&["add", "person", "name=Only Mine"]);
    ilona.serve();
    maria.serve();
    share(&ilona, &maria, "Harbour Commons", "editor");

    let mut laptop = next_computer(&ilona, "Laptop");
    // Everything is here when the command is done.
    assert_eq!(names(&laptop.lines(&["list", "person"])), ["Only Mine", "Priya Raghunathan"]);
    let status = laptop.ok(&["status"]);
    assert_eq!((text(&status["person"], "name"), text(&status["computer"], "name")), ("Ilona", "Laptop"));
    assert_eq!(status["person"]["id"], ilona.ok(&["status"])["person"]["id"]);
    assert!(status["spaces"][0]["private"].as_bool().unwrap() && status["spaces"][0]["name"] == "My own", "{status:#}");
    assert!(!laptop.vault().join("keys/person.key").exists());
    for key in ["person", "computer"] {
        let secret = std::fs::read_to_string(ilona.vault().join(format!("keys/{key}.key"))).unwrap();
        assert_eq!(files_with(&laptop.vault(), secret.trim()), 0, "the {key} key of the first computer");
    }

    // Live, both ways, in the private and in the shared space; the colleague sees one person.
    laptop.serve();
    laptop.ok(&["set", "Only Mine", "title=From the laptop"]);
    ilona.until(&["get", "Only Mine"], |record| record[0]["orgs"][0]["title"] == "From the laptop");
    ilona.ok(&["add", "person", "name=From the desk"]);
    laptop.until(&["list", "person"], |people| names(people).contains(&"From the desk"));
    laptop.ok(&["set", "Priya Raghunathan", "title=Head of Partnerships"]);
    maria.until(&["get", "Priya Raghunathan"], |record| record[0]["orgs"][0]["title"] == "Head of Partnerships");
    let history = maria.lines(&["history", "Priya Raghunathan"]);
    assert!(history.iter().any(|line| text(line, "by") == "Ilona" && text(line, "computer") == "Laptop"), "{history:#?}");
    let members = maria.lines(&["members", "Harbour Commons"]);
    let ilonas = members.iter().find(|member| member["name"] == "Ilona").unwrap();
    assert_eq!(ilonas["computers"].as_array().unwrap().len(), 2, "{ilonas:#}");

    // The private space never leaves the person's computers.
    assert_eq!(names(&maria.lines(&["list", "person"])), ["Priya Raghunathan"]);
    assert!(maria.lines(&["search", "Only"]).is_empty());
    assert_eq!(maria.ok(&["status"])["spaces"].as_array().unwrap().len(), 2);

    // Apart, then together again.
    ilona.kill();
    laptop.ok(&["set", "Only Mine", "birthday=--12-03"]);
    laptop.kill();
    ilona.ok(&["set", "Only Mine", "phone=mobile:+44 7700 900142"]);
    ilona.serve();
    laptop.serve();
    for computer in [&ilona, &laptop] {
        computer.until(&["get", "Only Mine"], |record| {
            text(&record[0], "birthday") == "--12-03" && record[0]["phones"][0]["value"] == "+44 7700 900142"
        });
    }
    for computer in [&ilona, &laptop, &maria] {
        computer.ok(&["check"]);
    }
}
