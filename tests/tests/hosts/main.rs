//! Real `tuttu` processes on hosts of their own: who can reach whom is decided by cables, switches and a relay, as in life.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]
// Namespaces are Linux's.
#![cfg(target_os = "linux")]

mod bad_state;
mod kills;
mod lan;
mod links;
mod offline;
mod relay;
mod relay_server;
mod topologies;
mod whereabouts;

use serde_json::Value;
use tuttu_tests::process::Computer;

/// The names of records, sorted as they came.
fn names(records: &[Value]) -> Vec<&str> {
    records.iter().filter_map(|record| record["name"].as_str()).collect()
}

/// How the first computer of another member is reached: `lan`, `direct`, `relay` or `away`.
fn state<'a>(members: &'a [Value], member: &str) -> &'a str {
    let found = members.iter().find(|known| known["name"] == member);
    found.and_then(|member| member["computers"][0]["state"].as_str()).unwrap_or_default()
}

/// Waits until a computer says that it reaches another member's in this way.
fn reaches(computer: &Computer, space: &str, member: &str, wanted: &str) {
    computer.until(&["members", space], |members| state(members, member) == wanted);
}

/// Waits until these people, and nobody else, are in a space.
fn holds(computer: &Computer, space: &str, people: &[&str]) {
    computer.until(&["list", "person", "--space", space], |records| names(records) == people);
}

/// Everything a computer holds verifies.
fn is_sound(computer: &Computer) {
    let report = computer.ok(&["check"]);
    assert_eq!(report["ok"], true, "{report:#}");
}

/// What is wrong, what is safe, what to do: none of it may be missing, and none of it may be a programmer's word.
fn is_a_good_sentence([_, message, hint]: &[String; 3]) {
    for text in [message, hint] {
        assert!(text.ends_with('.') && text.split(' ').count() > 2, "“{text}” is no sentence (“{message}” “{hint}”)");
        for word in ["os error", "SQLITE", "sqlite", "panicked", "Error", "unwrap"] {
            assert!(!text.contains(word), "“{text}” has “{word}”");
        }
    }
}
