//! Eight people whose computers form a chain, a ring or a star: who has no cable to somebody hears of them through the others, and everybody comes to hold the
//! same, each change once and with its author.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;
use tuttu_tests::hosts::{Host, World, apart};
use tuttu_tests::process::{Computer, share};

use crate::{is_sound, reaches, state};

const SPACE: &str = "Harbour";
/// The record that everybody edits.
const QUAY: &str = "Quay Office";
const PEOPLE: [&str; 8] = ["Ilona", "Maria", "Jon", "Priya", "Quentin", "Rosa", "Samir", "Tove"];
/// Two who write the same field of it, with somebody between them in every shape.
const RIVALS: [&str; 2] = ["Maria", "Samir"];

/// Between whom there is a cable.
type Cable = [usize; 2];

fn chain() -> Vec<Cable> {
    (1..8).map(|n| [n - 1, n]).collect()
}

fn ring() -> Vec<Cable> {
    (0..8).map(|n| [n, (n + 1) % 8]).collect()
}

/// In the middle is not the one who invited the others.
fn star() -> Vec<Cable> {
    (0..8).filter(|n| *n != 3).map(|n| [3, n]).collect()
}

#[test]
fn in_a_chain_eight_come_to_hold_the_same() {
    apart(in_a_chain_eight_come_to_hold_the_same, |world| come_to_hold_the_same(world, &chain()));
}

#[test]
fn in_a_ring_eight_come_to_hold_the_same() {
    apart(in_a_ring_eight_come_to_hold_the_same, |world| come_to_hold_the_same(world, &ring()));
}

#[test]
fn in_a_star_eight_come_to_hold_the_same() {
    apart(in_a_star_eight_come_to_hold_the_same, |world| come_to_hold_the_same(world, &star()));
}

#[test]
fn a_chain_cut_in_the_middle_works_on_in_both_halves_and_heals() {
    apart(a_chain_cut_in_the_middle_works_on_in_both_halves_and_heals, |world| {
        let (mut eight, mut written) = have_met(world);
        lay(world, &eight, &chain());
        serve(&mut eight);
        come_to_hold(&mut eight, &written, 0);

        let (one, other) = (eight[3].host.clone(), eight[4].host.clone());
        world.cut(&one, &other);
        reaches(&eight[3].computer, SPACE, PEOPLE[4], "away");
        reaches(&eight[4].computer, SPACE, PEOPLE[3], "away");
        // Both halves write, also the same field, and agree among themselves.
        at_once(&mut eight, write);
        let (left, right) = eight.split_at_mut(4);
        for half in [left, right] {
            let mut here = written.clone();
            here.extend(half.iter().flat_map(One::will_write));
            come_to_hold(half, &here, 0);
        }

        world.mend(&one, &other);
        let mended = Instant::now();
        written.extend(eight.iter().flat_map(One::will_write));
        come_to_hold(&mut eight, &written, 2);
        println!("all hold the same {:?} after the cable was put back", mended.elapsed());
        each_change_is_there_once(&mut eight, &written);
    });
}

fn come_to_hold_the_same(world: &World, cables: &[Cable]) {
    let begun = Instant::now();
    let (mut eight, mut written) = have_met(world);
    println!("met after {:?}", begun.elapsed());
    // Nobody has a network or a running Tuttu now.
    at_once(&mut eight, write);
    written.extend(eight.iter().flat_map(One::will_write));
    lay(world, &eight, cables);
    serve(&mut eight);
    let served = Instant::now();
    at_once(&mut eight, |one| drop(one.computer.ok(&["add", "person", &format!("name={}", one.late()), "--space", SPACE])));
    written.extend(eight.iter().map(|one| (one.late(), one.name)));
    come_to_hold(&mut eight, &written, 2);
    println!("all hold the same after {:?}", served.elapsed());
    each_change_is_there_once(&mut eight, &written);
    only_neighbours_are_reached(&mut eight, cables);

    // One of the rivals settles it for all.
    eight[6].computer.ok(&["choose", QUAY, "notes", "1"]);
    let chosen = eight[6].computer.ok(&["get", QUAY])["notes"].clone();
    at_once(&mut eight, |one| {
        one.computer.until(&["get", QUAY], |quay| quay[0]["notes"] == chosen && quay[0]["conflicts"].is_null());
        is_sound(&one.computer);
    });
    println!("all of it took {:?}", begun.elapsed());
}

struct One {
    name: &'static str,
    host: Host,
    computer: Computer,
}

impl One {
    /// The names of the records that [`write`] adds, with the name of who does.
    fn will_write(&self) -> [(String, &'static str); 2] {
        ["first", "second"].map(|which| (format!("{}’s {which}", self.name), self.name))
    }

    fn late(&self) -> String {
        format!("{}’s late one", self.name)
    }
}

/// The names of records, with the name of who added each.
type Written = BTreeMap<String, &'static str>;

/// Does something on several computers at the same time.
fn at_once<T: Send>(people: &mut [One], what: impl Fn(&mut One) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let begun: Vec<_> = people.iter_mut().map(|one| scope.spawn(|| what(one))).collect();
        begun.into_iter().map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// Eight who met in one room and share a space with one record in it. They have left: their computers are off, and on no network.
fn have_met(world: &World) -> (Vec<One>, Written) {
    let room = world.switch("room");
    let mut eight: Vec<One> = PEOPLE
        .iter()
        .zip(1..)
        .map(|(name, n)| {
            let host = world.host(&name.to_lowercase());
            room.plug(&host, &format!("192.168.7.{n}/24"));
            One { name, computer: Computer::on(&host, name), host }
        })
        .collect();
    serve(&mut eight);
    let (ilona, others) = eight.split_first().unwrap();
    ilona.computer.ok(&["space", "new", SPACE]);
    ilona.computer.ok(&["add", "person", &format!("name={QUAY}"), "--space", SPACE]);
    for other in others {
        share(&ilona.computer, &other.computer, SPACE, "editor");
    }
    let written = Written::from([(QUAY.to_owned(), PEOPLE[0])]);
    at_once(&mut eight, |one| {
        one.computer.until(&["members", SPACE], |members| members.len() == PEOPLE.len());
        one.computer.until(&["get", QUAY], |quay| quay[0]["name"] == QUAY);
        one.computer.kill();
    });
    eight.iter().for_each(|one| room.unplug(&one.host));
    (eight, written)
}

fn serve(people: &mut [One]) {
    at_once(people, |one| one.computer.serve_with(&["serve"]));
}

/// Each cable is a network of its own, and no host passes anything on.
fn lay(world: &World, eight: &[One], cables: &[Cable]) {
    for ([one, other], n) in cables.iter().zip(1..) {
        world.cable((&eight[*one].host, &format!("10.0.{n}.1/24")), (&eight[*other].host, &format!("10.0.{n}.2/24")));
    }
}

/// Everybody adds two records and puts a tag on the one of all; two write the same field of it.
fn write(one: &mut One) {
    let lines: String = one.will_write().iter().map(|(name, _)| format!("{{\"name\":\"{name}\"}}\n")).collect();
    assert_eq!(one.computer.feed(&["add", "person", "--stdin", "--space", SPACE], &lines).len(), 2);
    let (tag, notes) = (format!("tag+={}", one.name), format!("notes=from {}", one.name));
    let fields = if RIVALS.contains(&one.name) { vec![&tag, &notes] } else { vec![&tag] };
    one.computer.ok(&[vec!["set", QUAY], fields.into_iter().map(String::as_str).collect()].concat());
}

/// Waits until each holds all that these wrote, and nothing else; then all hold the same. `notes` is how many notes of the record of all stand side by side.
fn come_to_hold(people: &mut [One], written: &Written, notes: usize) {
    let tags = people.iter().filter(|one| written.contains_key(&one.will_write()[0].0)).count();
    let held = at_once(people, |one| {
        let whole = |records: &[Value]| {
            let quay = records.iter().find(|record| record["name"] == QUAY);
            let tagged = quay.and_then(|quay| quay["tags"].as_array()).map_or(0, Vec::len);
            records.len() == written.len() && tagged == tags
        };
        let mut records = one.computer.until(&["export", "--format", "json", "--space", SPACE], whole);
        records.sort_by_key(|record| record["id"].to_string());
        let side_by_side = |conflict: &Value| conflict["values"].as_array().map_or(0, Vec::len);
        let conflicts = one.computer.until(&["conflicts"], |conflicts| conflicts.iter().map(side_by_side).sum::<usize>() == notes);
        is_sound(&one.computer);
        (records, conflicts)
    });
    for ((records, conflicts), one) in held.iter().zip(people) {
        assert_eq!((records, conflicts), (&held[0].0, &held[0].1), "{} holds something else", one.name);
        let by: BTreeMap<&str, &str> = records.iter().map(|record| (text(&record["name"]), text(&record["created"]["by"]))).collect();
        assert!(by.iter().map(|(name, by)| (*name, *by)).eq(written.iter().map(|(name, by)| (name.as_str(), *by))), "{by:#?}");
        let mut rivals: Vec<_> =
            conflicts.iter().flat_map(|conflict| conflict["values"].as_array().unwrap()).map(|value| text(&value["by"])).collect();
        rivals.sort_unstable();
        assert!(rivals == RIVALS || notes == 0, "{conflicts:#?}");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The past says of each change who made it, once, and the same everywhere.
fn each_change_is_there_once(people: &mut [One], written: &Written) {
    let pasts = at_once(people, |one| {
        let mut timeline = one.computer.lines(&["timeline", SPACE, "--limit", "500"]);
        timeline.sort_by_key(Value::to_string);
        (timeline, one.computer.lines(&["history", QUAY]))
    });
    for ((timeline, history), one) in pasts.iter().zip(people) {
        assert_eq!((timeline, history), (&pasts[0].0, &pasts[0].1), "{} tells another past", one.name);
        for (name, author) in written.iter().filter(|(name, _)| *name != QUAY) {
            let told: Vec<&str> = timeline.iter().filter(|item| item["name"] == name.as_str()).map(|item| text(&item["by"])).collect();
            assert_eq!(told, [*author], "{name}: {timeline:#?}");
        }
        for author in PEOPLE {
            let told = |field: &str| history.iter().filter(|item| item["by"] == author && text(&item["field"]).starts_with(field)).count();
            assert_eq!((told("tags"), told("notes")), (1, usize::from(RIVALS.contains(&author))), "{author}: {history:#?}");
        }
    }
}

/// What a computer says of the others: it reaches those at the other ends of its cables, and nobody else.
fn only_neighbours_are_reached(eight: &mut [One], cables: &[Cable]) {
    at_once(eight, |one| {
        let here = PEOPLE.iter().position(|name| *name == one.name).unwrap();
        one.computer.until(&["members", SPACE], |members| {
            (0..PEOPLE.len()).filter(|there| *there != here).all(|there| {
                let cable = cables.iter().any(|ends| ends.contains(&here) && ends.contains(&there));
                state(members, PEOPLE[there]) == if cable { "lan" } else { "away" }
            })
        });
    });
}
