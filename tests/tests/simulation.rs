//! Random schedules over real vaults. `TUTTU_SEEDS`, `TUTTU_STEPS` say how many and how long; `TUTTU_SEED` replays one. A failure prints its seed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tuttu_tests::sim::world::World;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn all_vaults_are_equal_when_it_is_quiet() {
    let (first, seeds) = match std::env::var("TUTTU_SEED") {
        Ok(_) => (number("TUTTU_SEED", 0), 1),
        Err(_) => (1, number("TUTTU_SEEDS", 12)),
    };
    let steps = number("TUTTU_STEPS", 60);
    for seed in first..first + seeds {
        let people = 2 + usize::try_from(seed % 4).unwrap();
        let mut world = World::new(seed, people);
        for _ in 0..steps {
            world.step();
        }
        world.settle(seed);
    }
}
