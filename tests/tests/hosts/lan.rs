//! Two people on one network without a gateway, as in a room with a switch or a train: they find each other by themselves.

use std::time::{Duration, Instant};

use tuttu_tests::hosts::apart;
use tuttu_tests::process::Computer;

use crate::{holds, is_sound, reaches};

#[test]
fn on_one_network_they_find_each_other_without_hints() {
    apart(on_one_network_they_find_each_other_without_hints, |world| {
        let (switch, [first, second]) = (world.switch("room"), ["first", "second"].map(|name| world.host(name)));
        switch.plug(&first, "192.168.7.1/24");
        switch.plug(&second, "192.168.7.2/24");
        let (mut ilona, mut maria) = (Computer::on(&first, "Ilona"), Computer::on(&second, "Maria"));
        ilona.ok(&["space", "new", "Harbour"]);
        ilona.ok(&["add", "person", "name=Priya", "--space", "Harbour"]);
        // Ilona never listened yet, so the link knows no address at all.
        let link = ilona.ok(&["invite", "Harbour", "--auto"])["link"].as_str().unwrap().to_owned();
        ilona.serve_with(&["serve"]);
        maria.serve_with(&["serve"]);
        let asked = Instant::now();
        maria.ok(&["join", &link, "--auto"]);
        assert!(asked.elapsed() < Duration::from_secs(15), "found after {:?}", asked.elapsed());
        holds(&maria, "Harbour", &["Priya"]);
        reaches(&maria, "Harbour", "Ilona", "lan");
        reaches(&ilona, "Harbour", "Maria", "lan");

        // Both come back with other addresses: whatever they remember is dead.
        ilona.kill();
        maria.kill();
        switch.readdress(&first, "192.168.7.77/24");
        switch.readdress(&second, "192.168.7.78/24");
        ilona.serve_with(&["serve", "--bind", "0.0.0.0:0"]);
        maria.serve_with(&["serve", "--bind", "0.0.0.0:0"]);
        let started = Instant::now();
        reaches(&maria, "Harbour", "Ilona", "lan");
        assert!(started.elapsed() < Duration::from_secs(15), "found after {:?}", started.elapsed());
        maria.ok(&["add", "person", "name=Quentin", "--space", "Harbour"]);
        holds(&ilona, "Harbour", &["Priya", "Quentin"]);
        is_sound(&ilona);
        is_sound(&maria);
    });
}

#[test]
fn a_network_that_fails_and_heals_needs_no_restart() {
    apart(a_network_that_fails_and_heals_needs_no_restart, |world| {
        let (switch, [first, second]) = (world.switch("room"), ["first", "second"].map(|name| world.host(name)));
        switch.plug(&first, "192.168.7.1/24");
        switch.plug(&second, "192.168.7.2/24");
        let (mut ilona, mut maria) = (Computer::on(&first, "Ilona"), Computer::on(&second, "Maria"));
        ilona.ok(&["space", "new", "Harbour"]);
        ilona.ok(&["add", "person", "name=Priya", "--space", "Harbour"]);
        ilona.serve_with(&["serve"]);
        maria.serve_with(&["serve"]);
        let link = ilona.ok(&["invite", "Harbour", "--auto"])["link"].as_str().unwrap().to_owned();
        maria.ok(&["join", &link, "--auto"]);

        switch.pull(&second);
        ilona.ok(&["set", "Priya", "notes=from Ilona"]);
        maria.ok(&["set", "Priya", "notes=from Maria"]);
        let pulled = Instant::now();
        reaches(&ilona, "Harbour", "Maria", "away");
        reaches(&maria, "Harbour", "Ilona", "away");
        println!("away after {:?}", pulled.elapsed());

        switch.put_back(&second);
        let back = Instant::now();
        for computer in [&ilona, &maria] {
            let conflicts = computer.until(&["conflicts"], |conflicts| !conflicts.is_empty());
            assert_eq!(conflicts[0]["values"].as_array().map(Vec::len), Some(2), "{conflicts:#?}");
        }
        println!("met again after {:?}", back.elapsed());
        assert!(back.elapsed() < Duration::from_secs(20), "{:?}", back.elapsed());
        is_sound(&ilona);
        is_sound(&maria);
    });
}
