//! Random schedules over real vaults. `TUTTU_SEEDS`, `TUTTU_STEPS` say how many and how long; `TUTTU_SEED` replays one. A failure prints its seed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use tuttu_tests::sim::run::run;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn all_vaults_keep_the_rules_and_are_equal_when_it_is_quiet() {
    let (first, seeds) = match std::env::var("TUTTU_SEED") {
        Ok(_) => (number("TUTTU_SEED", 0), 1),
        Err(_) => (number("TUTTU_FIRST", 1), number("TUTTU_SEEDS", 12)),
    };
    let steps = usize::try_from(number("TUTTU_STEPS", 60)).unwrap();
    let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut failed = Vec::new();
    for seed in first..first + seeds {
        match run(seed, steps) {
            Ok(done) => done.seen.into_iter().for_each(|(what, times)| *seen.entry(what).or_default() += times),
            Err(why) => failed.push(why),
        }
    }
    eprintln!("{seen:?}");
    assert!(failed.is_empty(), "{} of {seeds} seeds failed\n{}", failed.len(), failed.join("\n\n"));
}

#[test]
fn a_seed_replays_byte_for_byte() {
    let first = run(7, 80).unwrap();
    assert_eq!(first, run(7, 80).unwrap());
}
