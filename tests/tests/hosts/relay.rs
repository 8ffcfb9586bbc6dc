//! Two people who cannot reach each other, with and without a relay between them.

use std::time::{Duration, Instant};

use tuttu_tests::hosts::{Host, World, apart};
use tuttu_tests::process::Computer;

use crate::relay_server::Relay;
use crate::{holds, is_sound, reaches};

const RELAY: &str = "10.9.9.9:3340";
const URL: &str = "http://10.9.9.9:3340";

/// Ilona's and Maria's hosts each have a cable to the third, which passes nothing on; neither knows a way to the other.
fn apart_but_for_a_third(world: &World) -> [Host; 3] {
    let [ilona, maria, third] = ["ilona", "maria", "third"].map(|name| world.host(name));
    world.cable((&ilona, "10.1.0.1/24"), (&third, "10.1.0.254/24"));
    world.cable((&maria, "10.2.0.1/24"), (&third, "10.2.0.254/24"));
    third.ip(&["address", "add", "10.9.9.9/32", "dev", "lo"]);
    ilona.ip(&["route", "add", "10.9.9.9", "via", "10.1.0.254"]);
    maria.ip(&["route", "add", "10.9.9.9", "via", "10.2.0.254"]);
    [ilona, maria, third]
}

#[test]
fn a_relay_carries_what_cannot_go_directly() {
    apart(a_relay_carries_what_cannot_go_directly, |world| {
        let [ilona, maria, third] = apart_but_for_a_third(world);
        let relay = Relay::start(&third, RELAY);
        let (mut ilona, mut maria) = (Computer::on(&ilona, "Ilona"), Computer::on(&maria, "Maria"));
        ilona.ok(&["space", "new", "Harbour"]);
        ilona.ok(&["add", "person", "name=Priya", "--space", "Harbour"]);
        ilona.ok(&["add", "person", "name=Only Mine"]);
        // The link is made while nothing runs, and carries the relay.
        let link = ilona.ok(&["invite", "Harbour", "--relay", URL])["link"].as_str().unwrap().to_owned();
        ilona.serve_with(&["serve", "--relay", URL]);
        maria.serve_with(&["serve"]);

        // Maria has nothing but the link.
        let asked = Instant::now();
        let joining = maria.begin(&["--yes", "join", &link]);
        let request = ilona.event("join-request", |_| true)["request"].clone();
        ilona.ok(&["approve", request["id"].as_str().unwrap()]);
        let joined = joining.lines();
        assert_eq!((joined[0]["name"].as_str(), joined[0]["inviter"].as_str()), (Some("Harbour"), Some("Ilona")));
        assert_eq!(joined[0]["words"], request["words"], "both saw the same words");
        assert_eq!(joined[0]["words"].as_array().map(Vec::len), Some(4));
        println!("joined after {:?}", asked.elapsed());
        holds(&maria, "Harbour", &["Priya"]);
        assert_eq!(maria.lines(&["list", "person"]).len(), 1, "nothing else came");

        // Both say how they reach each other, and edits go both ways.
        reaches(&ilona, "Harbour", "Maria", "relay");
        reaches(&maria, "Harbour", "Ilona", "relay");
        maria.ok(&["add", "person", "name=Quentin", "--space", "Harbour"]);
        holds(&ilona, "Harbour", &["Priya", "Quentin"]);
        ilona.ok(&["set", "Priya", "title=Director"]);
        maria.until(&["get", "Priya"], |record| record[0]["orgs"][0]["title"] == "Director");

        // The relay goes: both say so, and go on working.
        relay.kill();
        let killed = Instant::now();
        reaches(&ilona, "Harbour", "Maria", "away");
        reaches(&maria, "Harbour", "Ilona", "away");
        println!("away after {:?}", killed.elapsed());
        assert!(killed.elapsed() < Duration::from_secs(25), "{:?}", killed.elapsed());
        ilona.ok(&["set", "Priya", "notes=from Ilona"]);
        maria.ok(&["set", "Priya", "birthday=1986-12-03"]);
        for computer in [&ilona, &maria] {
            assert_eq!(computer.ok(&["status"])["sync"]["title"], "Offline");
        }

        // It comes back: they meet without a restart, and without anybody asking.
        let relay = Relay::start(&third, RELAY);
        let back = Instant::now();
        for computer in [&ilona, &maria] {
            computer.until(&["get", "Priya"], |record| record[0]["notes"] == "from Ilona" && record[0]["birthday"] == "1986-12-03");
        }
        println!("met again after {:?}", back.elapsed());
        assert!(back.elapsed() < Duration::from_secs(30), "{:?}", back.elapsed());
        reaches(&ilona, "Harbour", "Maria", "relay");
        reaches(&maria, "Harbour", "Ilona", "relay");
        for computer in [&ilona, &maria] {
            computer.until(&["status"], |status| status[0]["sync"]["kind"] == "all");
            is_sound(computer);
        }
        relay.kill();
    });
}

#[test]
fn without_a_relay_they_are_told_why_they_do_not_meet() {
    apart(without_a_relay_they_are_told_why_they_do_not_meet, |world| {
        let [ilona, maria, _third] = apart_but_for_a_third(world);
        let (mut ilona, mut maria) = (Computer::on(&ilona, "Ilona"), Computer::on(&maria, "Maria"));
        ilona.ok(&["space", "new", "Harbour"]);
        ilona.serve_with(&["serve"]);
        maria.serve_with(&["serve"]);
        let (link, note) = ilona.said(&["invite", "Harbour", "--auto"]);
        assert!(note.contains("It works on the same network."), "{note}");

        let asked = Instant::now();
        let [code, message, hint] = maria.refused_with_hint(&["join", link.trim(), "--auto"]);
        assert!(asked.elapsed() < Duration::from_secs(20), "it took {:?} to say so", asked.elapsed());
        assert_eq!((code.as_str(), message.as_str()), ("unreachable", "The computer that invites you to “Harbour” cannot be reached now."));
        assert!(hint.starts_with("Both computers must be on the same network, and Tuttu must be running on both."), "{hint}");
        assert!(hint.contains("The link keeps working until"), "{hint}");
        assert_eq!(maria.lines(&["space", "list"]).len(), 1, "she is in no space but her own");
        assert_eq!(ilona.lines(&["members", "Harbour"]).len(), 1);
    });
}

#[test]
fn a_relay_that_is_away_is_said_to_be() {
    apart(a_relay_that_is_away_is_said_to_be, |world| {
        let [ilona, maria, _third] = apart_but_for_a_third(world);
        let (mut ilona, mut maria) = (Computer::on(&ilona, "Ilona"), Computer::on(&maria, "Maria"));
        ilona.ok(&["space", "new", "Harbour"]);
        ilona.serve_with(&["serve", "--relay", URL]);
        let link = ilona.ok(&["invite", "Harbour", "--auto"])["link"].as_str().unwrap().to_owned();
        maria.serve_with(&["serve"]);
        let asked = Instant::now();
        let [code, _, hint] = maria.refused_with_hint(&["join", &link, "--auto"]);
        assert!(asked.elapsed() < Duration::from_secs(20), "it took {:?} to say so", asked.elapsed());
        assert_eq!(code, "unreachable");
        assert!(hint.contains("connection to the internet"), "{hint}");
        // What is done here never waits for it.
        let asked = Instant::now();
        ilona.ok(&["add", "person", "name=Priya", "--space", "Harbour"]);
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    });
}
