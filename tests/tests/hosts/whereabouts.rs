//! Who knew only the inviter finds the rest: members' computers pass on where the others said they are.

use tuttu_tests::hosts::apart;
use tuttu_tests::process::{Computer, share};

use crate::{holds, is_sound, reaches};

#[test]
fn who_knew_only_the_inviter_finds_the_rest() {
    apart(who_knew_only_the_inviter_finds_the_rest, |world| {
        let switch = world.switch("room");
        let mut computers = [("Ilona", "192.168.7.1/24"), ("Maria", "192.168.7.2/24"), ("Jon", "192.168.7.3/24")].map(|(name, address)| {
            let host = world.host(name);
            switch.plug(&host, address);
            let mut computer = Computer::on(&host, name);
            // Nobody looks around: there is only what people tell each other.
            computer.serve_with(&["serve", "--no-lan"]);
            computer
        });
        let [ilona, maria, jon] = &mut computers;
        ilona.ok(&["space", "new", "Harbour"]);
        share(ilona, maria, "Harbour", "editor");
        share(ilona, jon, "Harbour", "editor");
        reaches(jon, "Harbour", "Maria", "lan");
        reaches(maria, "Harbour", "Jon", "lan");

        // The inviter goes for good; the others do not need her.
        ilona.kill();
        maria.ok(&["add", "person", "name=Priya", "--space", "Harbour"]);
        holds(jon, "Harbour", &["Priya"]);
        is_sound(maria);
        is_sound(jon);
    });
}

#[test]
fn a_new_address_is_passed_on_by_who_heard_of_it() {
    apart(a_new_address_is_passed_on_by_who_heard_of_it, |world| {
        let switch = world.switch("room");
        let hosts = ["Ilona", "Maria", "Jon"].map(|name| world.host(name));
        let mut last = 0;
        let mut computers = hosts.each_ref().map(|host| {
            last += 1;
            switch.plug(host, &format!("192.168.7.{last}/24"));
            let mut computer = Computer::on(host, ["Ilona", "Maria", "Jon"][last - 1]);
            computer.serve_with(&["serve", "--no-lan"]);
            computer
        });
        let [ilona, maria, jon] = &mut computers;
        ilona.ok(&["space", "new", "Harbour"]);
        share(ilona, maria, "Harbour", "editor");
        share(ilona, jon, "Harbour", "editor");
        reaches(jon, "Harbour", "Maria", "lan");

        // Maria and Jon come back to other addresses; Ilona, who stayed where she was, brings them together.
        maria.kill();
        jon.kill();
        for (host, address) in hosts.iter().skip(1).zip(["192.168.7.82/24", "192.168.7.83/24"]) {
            switch.readdress(host, address);
        }
        maria.serve_with(&["serve", "--no-lan"]);
        jon.serve_with(&["serve", "--no-lan"]);
        reaches(jon, "Harbour", "Maria", "lan");
        jon.ok(&["add", "person", "name=Priya", "--space", "Harbour"]);
        holds(maria, "Harbour", &["Priya"]);
    });
}
