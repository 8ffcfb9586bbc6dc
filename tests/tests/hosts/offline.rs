//! Without any network, not even the loopback, everything local works: with and without a running `tuttu serve`.

use serde_json::Value;
use tuttu_tests::hosts::apart;
use tuttu_tests::process::{Computer, file};

use crate::{is_sound, names};

const CARDS: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Rosa Lind\r\nEMAIL:rosa@harbour.example\r\nEND:VCARD\r\n";

#[test]
fn every_local_command_works_without_any_network() {
    apart(every_local_command_works_without_any_network, |world| {
        let ilona = Computer::on(&world.host("nowhere"), "Ilona");
        every_local_command(&ilona);
    });
}

#[test]
fn every_local_command_works_beside_a_serving_process_without_any_network() {
    apart(every_local_command_works_beside_a_serving_process_without_any_network, |world| {
        let mut ilona = Computer::on(&world.host("nowhere"), "Ilona");
        ilona.serve_with(&["serve"]);
        every_local_command(&ilona);
    });
}

/// As a person would use them one after the other.
fn every_local_command(ilona: &Computer) {
    let priya = records(ilona);
    undone_and_deleted(ilona, &priya);
    spaces(ilona, &priya);
    files(ilona);
    assert_eq!(ilona.refused(&["init", "--name", "Somebody"]).0, "vault-exists");
    let status = ilona.ok(&["status"]);
    assert_eq!(status["person"]["name"], "Ilona");
    assert_eq!(status["sync"]["kind"], "local", "{status:#}");
    is_sound(ilona);
}

fn records(ilona: &Computer) -> String {
    let priya = ilona.ok(&["add", "person", "name=Priya Raghunathan", "email=work:priya@harbour.example"]);
    let id = priya["id"].as_str().unwrap().to_owned();
    ilona.ok(&["add", "note", "text=Met at the quay.", &format!("with={id}")]);
    assert_eq!(ilona.feed(&["add", "person", "--stdin"], "{\"name\":\"Quentin\"}\n").len(), 1);
    ilona.ok(&["set", &id, "title=Director", "tag=partner"]);
    assert_eq!(ilona.ok(&["get", &id])["orgs"][0]["title"], "Director");
    assert_eq!(names(&ilona.lines(&["list", "person", "--where", "tag:partner"])), ["Priya Raghunathan"]);
    assert_eq!(names(&ilona.lines(&["search", "pri"])), ["Priya Raghunathan"]);
    assert!(ilona.lines(&["timeline", &id]).iter().any(|item| item["text"] == "Met at the quay."));
    assert!(ilona.lines(&["conflicts"]).is_empty());
    id
}

fn undone_and_deleted(ilona: &Computer, id: &str) {
    ilona.ok(&["set", id, "notes=first"]);
    ilona.ok(&["set", id, "notes=second"]);
    ilona.ok(&["undo"]);
    assert_eq!(ilona.ok(&["get", id])["notes"], "first");
    ilona.ok(&["redo"]);
    assert_eq!(ilona.ok(&["get", id])["notes"], "second");
    let history = ilona.lines(&["history", id]);
    let change = history.iter().find(|item| item["field"] == "notes" && item["new"] == "second").unwrap_or_else(|| panic!("{history:#?}"));
    ilona.ok(&["revert", id, change["change"].as_str().unwrap()]);
    assert_eq!(ilona.ok(&["get", id])["notes"], "first");
    ilona.ok(&["delete", id]);
    assert_eq!(names(&ilona.lines(&["trash"])), ["Priya Raghunathan"]);
    ilona.ok(&["restore", id]);
    assert!(ilona.lines(&["trash"]).is_empty());
}

fn spaces(ilona: &Computer, id: &str) {
    ilona.ok(&["space", "new", "Harbour"]);
    ilona.ok(&["space", "rename", "Harbour", "Harbour Commons"]);
    ilona.ok(&["move", id, "Harbour Commons"]);
    assert_eq!(names(&ilona.lines(&["list", "person", "--space", "Harbour Commons"])), ["Priya Raghunathan"]);
    let link = ilona.ok(&["invite", "Harbour Commons", "--expires", "2h"]);
    assert!(link["link"].as_str().unwrap().starts_with("tuttu:"), "{link}");
    let shown = ilona.ok(&["space", "show", "Harbour Commons"]);
    assert_eq!(shown["invitations"].as_array().map(Vec::len), Some(1), "{shown:#}");
    let members = ilona.lines(&["members", "Harbour Commons"]);
    assert_eq!((members.len(), &members[0]["me"]), (1, &Value::Bool(true)));
    assert_eq!(ilona.lines(&["space", "list"]).len(), 2);
    assert_eq!(ilona.refused(&["space", "leave", "My own"]).1, "Your own space cannot be left.");
    ilona.ok(&["space", "new", "Elsewhere"]);
    ilona.ok(&["space", "leave", "Elsewhere"]);
}

fn files(ilona: &Computer) {
    let cards = file(ilona.dir(), "cards.vcf", CARDS);
    assert_eq!(ilona.ok(&["import", &cards, "--dry-run"])["added"], 1);
    assert_eq!(ilona.ok(&["import", &cards])["added"], 1);
    for (format, sign) in [("vcard", "FN:Rosa Lind"), ("json", "\"Rosa Lind\"")] {
        let out = ilona.dir().join(format);
        ilona.ok(&["export", "--format", format, "-o", &out.to_string_lossy()]);
        let text = std::fs::read_to_string(&out).unwrap();
        assert!(text.contains(sign), "{text}");
    }
}
