//! Local commands without any network beside the same commands while a colleague is connected: nothing local may wait for a network.

use std::time::{Duration, Instant};

use tuttu_tests::process::{Computer, share};

use crate::contacts::contact;
use crate::table::{Table, percentile};

/// People in the space.
const PEOPLE: usize = 1_000;
/// Times each command is run on either side, in turn.
const ROUNDS: usize = 200;
const SPACE: &str = "Bench";

pub(crate) fn measure(table: &mut Table) {
    let (mut connected, mut colleague, mut offline) = (Computer::new("Connected"), Computer::new("Colleague"), Computer::new("Offline"));
    for computer in [&connected, &offline] {
        computer.ok(&["space", "new", SPACE]);
        let people: String = (0..PEOPLE).map(|n| format!("{}\n", contact(n))).collect();
        computer.feed(&["add", "person", "--stdin", "--space", SPACE], &people);
    }
    connected.serve();
    colleague.serve();
    share(&connected, &colleague, SPACE, "editor");
    connected.event("delivered", |_| true);
    offline.serve_without_network();

    let sides = [&offline, &connected];
    let ids =
        sides.map(|side| side.ok(&["list", "person", "--space", SPACE, "--limit", "1"])["id"].as_str().unwrap_or_default().to_owned());
    let mut worst: f64 = 0.0;
    for command in COMMANDS {
        let mut times: [Vec<Duration>; 2] = [Vec::new(), Vec::new()];
        for round in 0..ROUNDS {
            // Who goes first changes, so that neither profits from what the other left in the caches.
            for at in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
                let words = words(command, &ids[at], round);
                let start = Instant::now();
                let output = sides[at].run(&words.iter().map(String::as_str).collect::<Vec<_>>());
                times[at].push(start.elapsed());
                assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
            }
        }
        let [mut offline, mut connected] = times;
        worst = worst.max(percentile(&mut offline, 95) / percentile(&mut connected, 95));
        let name = format!("`{}` without a network, beside the same while connected", command.split(' ').next().unwrap_or_default());
        table.series(&name, &mut offline, &mut connected, &[50, 95]);
    }
    table.alone("the worst of these ratios at p95 (at most 1.2 is promised)", worst);
}

/// What people do, in an order in which each is possible. `ID` is a person of the space, `N` the round.
const COMMANDS: [&str; 18] = [
    "add person name=PersonN email=work:personN@harbour.example --space Bench",
    "set ID notes=NoteN",
    "get ID",
    "list person --space Bench --limit 50",
    "search harb",
    "timeline ID",
    "history ID",
    "conflicts",
    "delete ID",
    "restore ID",
    "undo",
    "redo",
    "trash",
    "export --format vcard --where harbour",
    "space list",
    "members Bench",
    "invite Bench",
    "status",
];

fn words(command: &str, id: &str, round: usize) -> Vec<String> {
    command.split(' ').map(|word| if word == "ID" { id.to_owned() } else { word.replace('N', &round.to_string()) }).collect()
}
