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

#[test]
fn later_memberships_follow_to_every_computer() {
    let (mut desk, mut maria) = (Computer::new("Ilona"), Computer::new("Maria"));
    desk.serve();
    maria.serve();
    let mut laptop = next_computer(&desk, "Laptop");
    laptop.serve();
    // The third is let in by the second, which has no person key, while the first is off.
    desk.kill();
    let mut phone = next_computer(&laptop, "Phone");
    phone.serve();

    // Made on the second and on the third, joined on the second and on the third, while the first is off.
    laptop.ok(&["space", "new", "Choir"]);
    laptop.ok(&["add", "person", "name=Alto", "--space", "Choir"]);
    phone.ok(&["space", "new", "Garden"]);
    maria.ok(&["space", "new", "Harbour"]);
    maria.ok(&["add", "person", "name=Priya", "--space", "Harbour"]);
    maria.ok(&["space", "new", "Library"]);
    share(&maria, &laptop, "Harbour", "editor");
    share(&maria, &phone, "Library", "editor");
    let spaces = ["Choir", "Garden", "Harbour", "Library", "My own"];
    let has_all = |answer: &[Value]| {
        let mut held = names(answer);
        held.sort_unstable();
        held == spaces && answer.iter().all(|space| space["role"] != "none")
    };
    for computer in [&laptop, &phone] {
        computer.until(&["space", "list"], has_all);
    }
    laptop.until(&["search", "Priya"], |found| !found.is_empty());
    phone.until(&["list", "person"], |people| names(people) == ["Alto", "Priya"]);
    // And to the first, when it is back, though nobody but its own computers tells it of them.
    desk.serve();
    desk.until(&["space", "list"], has_all);
    desk.until(&["list", "person"], |people| names(people) == ["Alto", "Priya"]);
    // It writes there at once, and the colleague takes it for the same person's.
    desk.until(&["set", "Priya", "title=Head"], |_| true);
    maria.until(&["get", "Priya"], |record| record[0]["orgs"][0]["title"] == "Head");
    let members = maria.until(&["members", "Harbour"], |members| {
        members
            .iter()
            .any(|member| member["name"] == "Ilona" && member["computers"].as_array().is_some_and(|computers| computers.len() == 3))
    });
    assert_eq!(members.len(), 2, "{members:#?}");

    // All are shown everywhere, with what they confirmed.
    for computer in [&desk, &laptop, &phone] {
        let listed = computer.until(&["computer", "list"], |computers| {
            computers.len() == 3 && computers.iter().all(|own| own["this"] == true || !text(own, "last_ack").is_empty())
        });
        assert!(listed.iter().all(|own| own["spaces"].as_array().is_some_and(|spaces| spaces.len() == 5)), "{listed:#?}");
        assert_eq!((listed[0]["this"].as_bool(), text(&listed[0], "state")), (Some(true), "this"));
        assert_eq!(names(&listed).iter().filter(|name| ["Ilona’s computer", "Laptop", "Phone"].contains(name)).count(), 3);
    }

    // Leaving is said once, by the person, on any computer.
    phone.ok(&["space", "leave", "Harbour"]);
    for computer in [&desk, &laptop, &phone] {
        computer.until(&["space", "list"], |spaces| spaces.iter().any(|space| space["name"] == "Harbour" && space["role"] == "none"));
    }
    for computer in [&desk, &laptop, &phone, &maria] {
        computer.ok(&["check"]);
    }
}

#[test]
fn a_revoked_computer_gets_nothing_further_and_what_it_wrote_late_does_not_count() {
    let (mut desk, mut maria) = (Computer::new("Ilona"), Computer::new("Maria"));
    desk.serve();
    maria.serve();
    desk.ok(&["space", "new", "Harbour"]);
    desk.ok(&["add", "person", "name=Priya", "--space", "Harbour"]);
    share(&desk, &maria, "Harbour", "editor");
    let mut laptop = next_computer(&desk, "Laptop");
    laptop.serve();
    let mut phone = next_computer(&laptop, "Phone");
    phone.serve();
    laptop.ok(&["set", "Priya", "title=In time"]);
    let in_time = |record: &[Value]| record[0]["orgs"][0]["title"] == "In time";
    for computer in [&desk, &maria, &phone] {
        computer.until(&["get", "Priya"], in_time);
    }
    desk.until(&["computer", "list"], |computers| computers.len() == 3);

    // Not by one that it let in, nor the first by the second.
    let [code, message, hint] = phone.refused_with_hint(&["computer", "revoke", "Laptop"]);
    assert_eq!((code.as_str(), message.as_str()), ("not-allowed", "This computer may not take out “Laptop”."));
    assert!(hint.contains("“Ilona’s computer”") && hint.contains("“Laptop”"), "{hint}");
    let (code, _) = laptop.refused(&["computer", "revoke", "Ilona’s computer"]);
    assert_eq!(code, "not-allowed");

    // The first is apart when it revokes; the others do not know, and take what the lost one writes.
    desk.kill();
    desk.ok(&["computer", "revoke", "Laptop"]);
    laptop.ok(&["set", "Priya", "birthday=--01-01"]);
    laptop.ok(&["add", "person", "name=Late", "--space", "Harbour"]);
    for computer in [&maria, &phone] {
        computer.until(&["search", "Late"], |found| !found.is_empty());
        computer.until(&["get", "Priya"], |record| text(&record[0], "birthday") == "--01-01");
    }
    desk.serve();
    for computer in [&desk, &maria, &phone] {
        let priya = computer.until(&["get", "Priya"], |record| text(&record[0], "birthday").is_empty());
        assert!(in_time(&priya), "what it wrote in time stays: {priya:#?}");
        computer.until(&["search", "Late"], <[Value]>::is_empty);
    }
    laptop.event("refused", |event| text(event, "reason").contains("This computer was taken out of “Harbour”"));
    laptop.until(&["computer", "list"], |computers| computers.iter().any(|own| own["name"] == "Laptop" && own["state"] == "revoked"));

    // It gets nothing further, by nobody, and its own copy stays readable.
    desk.ok(&["add", "person", "name=After", "--space", "Harbour"]);
    desk.ok(&["add", "person", "name=Own and after"]);
    phone.until(&["list", "person"], |people| names(people) == ["After", "Own and after", "Priya"]);
    maria.until(&["search", "After"], |found| found.len() == 1);
    let _ = laptop.run(&["sync", "--timeout", "3s"]);
    assert_eq!(names(&laptop.lines(&["list", "person"])), ["Priya"]);
    let (code, _) = laptop.refused(&["set", "Priya", "birthday=--02-02"]);
    assert_eq!(code, "not-allowed");
    let (code, _) = laptop.refused(&["space", "new", "Another"]);
    assert_eq!(code, "not-allowed");
    let (code, _) = laptop.refused(&["computer", "invite"]);
    assert_eq!(code, "not-allowed");

    // Whom it had let in stays, and finds its way into new spaces without it.
    phone.ok(&["space", "new", "Choir"]);
    desk.until(&["space", "list"], |spaces| names(spaces).contains(&"Choir"));
    let computers = desk.lines(&["computer", "list"]);
    let lost = computers.iter().find(|own| own["name"] == "Laptop").unwrap();
    assert_eq!((text(lost, "state"), lost["spaces"].as_array().map(Vec::len)), ("revoked", Some(0)), "{computers:#?}");
    // It cannot come back with the keys it has.
    let link = desk.ok(&["computer", "invite", "--auto"]);
    let (code, message) = laptop.refused(&["--yes", "computer", "join", text(&link, "link"), "--auto"]);
    assert_eq!(code, "not-allowed");
    assert!(message.contains("cannot come back"), "{message}");
    laptop.until(&["computer", "list"], |computers| computers.iter().any(|own| own["this"] == true && own["state"] == "revoked"));
    // It says what became of it, and does not pretend that anything is exchanged.
    let status = laptop.ok(&["status"]);
    assert!(status["spaces"].as_array().unwrap().iter().all(|space| space["role"] == "none"), "{status:#}");
    assert_eq!(text(&status["sync"], "detail"), "It is in no shared space any more");
    let (code, message) = laptop.refused(&["add", "person", "name=Late", "--space", "Harbour"]);
    assert_eq!(code, "not-allowed");
    assert!(message.starts_with("This computer was taken out of"), "{message}");
    // Taken out while it is connected it hears so at once; and a computer may take itself out.
    let mut tablet = next_computer(&desk, "Tablet");
    tablet.serve();
    phone.until(&["computer", "list"], |computers| names(computers).contains(&"Tablet"));
    tablet.until(&["computer", "list"], |computers| computers.iter().any(|own| own["name"] == "Phone" && own["state"] != "away"));
    desk.ok(&["computer", "revoke", "Phone"]);
    phone.event("refused", |event| text(event, "reason").contains("This computer was taken out of “My own”"));
    tablet.ok(&["computer", "revoke", "Tablet"]);
    let revoked =
        |name: &'static str| move |computers: &[Value]| computers.iter().any(|own| own["name"] == name && own["state"] == "revoked");
    desk.until(&["computer", "list"], revoked("Tablet"));
    maria.until(&["members", "Harbour"], |members| {
        members
            .iter()
            .any(|member| member["name"] == "Ilona" && member["computers"].as_array().is_some_and(|computers| computers.len() == 1))
    });
    for computer in [&desk, &maria, &phone] {
        computer.ok(&["check"]);
    }
}

#[test]
fn an_owner_takes_one_computer_of_a_member_out() {
    let (mut desk, mut maria) = (Computer::new("Ilona"), Computer::new("Maria"));
    desk.serve();
    maria.serve();
    maria.ok(&["space", "new", "Harbour"]);
    maria.ok(&["add", "person", "name=Priya", "--space", "Harbour"]);
    share(&maria, &desk, "Harbour", "editor");
    let mut laptop = next_computer(&desk, "Laptop");
    laptop.serve();
    let computers_of_ilona = |count: usize| {
        move |members: &[Value]| {
            members.iter().any(|member| member["name"] == "Ilona" && member["computers"].as_array().is_some_and(|own| own.len() == count))
        }
    };
    maria.until(&["members", "Harbour"], computers_of_ilona(2));
    let (code, _) = desk.refused(&["remove", "Harbour", "Maria", "--computer", "Maria’s computer"]);
    assert_eq!(code, "not-allowed", "an editor takes nobody out");
    let (code, _) = maria.refused(&["remove", "Harbour", "Ilona", "--computer", "Nothing"]);
    assert_eq!(code, "not-found");

    maria.ok(&["remove", "Harbour", "Ilona", "--computer", "Laptop"]);
    laptop.event("refused", |event| text(event, "reason").contains("This computer was taken out of “Harbour”"));
    for computer in [&maria, &desk] {
        computer.until(&["members", "Harbour"], computers_of_ilona(1));
    }
    maria.ok(&["add", "person", "name=After", "--space", "Harbour"]);
    desk.until(&["search", "After"], |found| found.len() == 1);
    desk.ok(&["set", "Priya", "title=Still a member"]);
    maria.until(&["get", "Priya"], |record| record[0]["orgs"][0]["title"] == "Still a member");
    // What the person shares with it goes on, and nothing of the space comes that way.
    desk.ok(&["add", "person", "name=Own"]);
    laptop.until(&["list", "person"], |people| names(people) == ["Own", "Priya"]);
    let (code, _) = laptop.refused(&["set", "Priya", "title=From outside"]);
    assert_eq!(code, "not-allowed");
    assert!(laptop.lines(&["search", "After"]).is_empty());
    for computer in [&desk, &maria, &laptop] {
        computer.ok(&["check"]);
    }
}

#[test]
fn a_link_for_a_computer_works_once_in_time_and_as_it_was_made() {
    let mut desk = Computer::new("Ilona");
    desk.serve();
    let refused = |link: &str, expected: &str| {
        let newcomer = Computer::without_vault();
        let (code, message) = newcomer.refused(&["computer", "join", link, "--auto"]);
        assert_eq!(code, "link", "{message}");
        assert!(message.contains(expected), "{message}");
        assert!(!newcomer.vault().join("vault.db").exists(), "nothing is left of an attempt");
    };
    let link = desk.ok(&["computer", "invite", "--auto"]);
    let minutes = |text: &str| text.get(14..16).and_then(|minutes| minutes.parse::<u32>().ok()).unwrap();
    let now = desk.ok(&["add", "note", "text=x"]);
    let apart = (minutes(text(&link, "expires")) + 60 - minutes(text(&now["created"], "at"))) % 60;
    assert!((9..=10).contains(&apart), "ten minutes unless told: {link} {now}");

    let link = text(&link, "link").to_owned();
    let middle = link.len() / 2;
    let other = if link.as_bytes()[middle] == b'A' { "B" } else { "A" };
    refused(&format!("{}{other}{}", &link[..middle], &link[middle + 1..]), "mistyped");
    refused(&link[..link.len() - 9], "cut off");
    refused(&link.replace("computer", "join"), "mistyped");
    desk.ok(&["space", "new", "Harbour"]);
    let space_link = desk.ok(&["invite", "Harbour", "--auto"]);
    refused(text(&space_link, "link"), "leads into a space");
    let (code, message) = Computer::new("Maria").refused(&["join", &link, "--auto"]);
    assert_eq!(code, "link", "{message}");

    let second = Computer::without_vault();
    second.ok(&["computer", "join", &link, "--auto"]);
    refused(&link, "already used");

    // Where the first cannot be reached nothing is lost: the same computer tries again, or becomes somebody's own after all.
    let link = text(&desk.ok(&["computer", "invite", "--auto"]), "link").to_owned();
    desk.kill();
    let [third, fourth] = [Computer::without_vault(), Computer::without_vault()];
    for computer in [&third, &fourth] {
        let (code, message) = computer.refused(&["computer", "join", &link, "--auto"]);
        assert_eq!((code.as_str(), message.as_str()), ("unreachable", "Your other computer cannot be reached now."));
        let (code, message) = computer.refused(&["status"]);
        assert_eq!(code, "no-vault", "{message}");
    }
    fourth.ok(&["init", "--name", "Jon"]);
    assert_eq!(text(&fourth.ok(&["status"])["person"], "name"), "Jon");
    desk.serve();
    third.ok(&["computer", "join", &link, "--auto"]);

    let short = desk.ok(&["computer", "invite", "--auto", "--expires", "1s"]);
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    refused(text(&short, "link"), "has expired");
    let (code, _) = desk.refused(&["computer", "invite", "--expires", "3d"]);
    assert_eq!(code, "invalid");
    assert_eq!(desk.lines(&["computer", "list"]).len(), 3);
}

#[test]
fn words_are_compared_before_a_computer_is_let_in() {
    let mut desk = Computer::new("Ilona");
    desk.serve();
    let link = desk.ok(&["computer", "invite"]);
    let laptop = Computer::without_vault();
    // The link alone is not enough: the new computer skips comparing, this one does not.
    let joining = laptop.begin(&["computer", "join", text(&link, "link"), "--auto", "--computer", "Laptop"]);
    let request = desk.event("join-request", |_| true)["request"].clone();
    assert_eq!((text(&request, "role"), text(&request, "computerName")), ("computer", "Laptop"), "{request:#}");
    assert_eq!(desk.lines(&["computer", "list"]).len(), 1);
    desk.ok(&["decline", text(&request, "id")]);
    assert!(joining.fails().contains("declined"));
    assert!(!laptop.vault().join("vault.db").exists());

    // The link still works, and both see the same words.
    let joining = laptop.begin(&["--yes", "computer", "join", text(&link, "link"), "--computer", "Laptop"]);
    let request = desk.event("join-request", |_| true)["request"].clone();
    desk.ok(&["approve", text(&request, "id")]);
    let joined = joining.lines();
    assert_eq!(joined[0]["words"], request["words"]);
    assert_eq!(desk.lines(&["computer", "list"]).len(), 2);
}

#[test]
fn records_of_a_vault_that_joins_move_along() {
    let mut desk = Computer::new("Ilona");
    desk.ok(&["add", "person", "name=Priya"]);
    desk.serve();
    let mut old = Computer::new("Somebody");
    let org = old.ok(&["add", "org", "name=Harbourline Trust"]);
    let quentin = old.ok(&["add", "person", "name=Quentin", "email=work:q@x.example", &format!("org={}", text(&org, "id"))]);
    old.ok(&["add", "note", "text=Met at the fair", &format!("with={}", text(&quentin, "id"))]);
    let gone = old.ok(&["add", "person", "name=In the trash"]);
    old.ok(&["delete", text(&gone, "id")]);

    let link = desk.ok(&["computer", "invite", "--auto"]);
    let (code, message) = old.refused(&["computer", "join", text(&link, "link"), "--auto"]);
    assert_eq!(code, "not-allowed", "{message}");
    // The process that has the vault open carries it out, and goes on as another person's.
    old.serve();
    let joined = old.ok(&["--yes", "computer", "join", text(&link, "link"), "--auto", "--computer", "Old laptop"]);
    assert_eq!(joined["moved"], 4, "{joined}");
    assert_eq!(names(&old.lines(&["list", "person"])), ["Priya", "Quentin"]);
    old.kill();
    assert_eq!(names(&old.lines(&["list", "person"])), ["Priya", "Quentin"]);
    old.serve();
    for computer in [&old, &desk] {
        computer.until(&["list", "person"], |people| names(people) == ["Priya", "Quentin"]);
        let quentin = computer.ok(&["get", "Quentin"]);
        assert_eq!(text(&quentin["emails"][0], "value"), "q@x.example");
        assert_eq!(
            text(&quentin["orgs"][0], "org"),
            text(&computer.ok(&["get", "Harbourline Trust"]), "id"),
            "links lead to where it moved"
        );
        let timeline = computer.lines(&["timeline", "Quentin"]);
        assert!(timeline.iter().any(|line| text(line, "text") == "Met at the fair"), "{timeline:#?}");
        assert!(names(&computer.lines(&["trash"])).contains(&"In the trash"));
        computer.ok(&["check"]);
    }
    assert_eq!(text(&old.ok(&["status"])["person"], "name"), "Ilona");
    old.ok(&["set", "Quentin", "title=Chair"]);
    desk.until(&["get", "Quentin"], |record| record[0]["orgs"][0]["title"] == "Chair");
    // A member of somebody else's spaces is not made another person.
    let mut maria = Computer::new("Maria");
    maria.ok(&["space", "new", "Library"]);
    maria.serve();
    let jon = Computer::new("Jon");
    let invitation = maria.ok(&["invite", "Library", "--auto"]);
    jon.ok(&["join", text(&invitation, "link"), "--auto"]);
    let link = desk.ok(&["computer", "invite", "--auto"]);
    let (code, message) = jon.refused(&["--yes", "computer", "join", text(&link, "link"), "--auto"]);
    assert_eq!(code, "invalid");
    assert!(message.contains("“Library”"), "{message}");
}
