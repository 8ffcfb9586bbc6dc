//! Many runs of the simulator, as many at once as there are processors: what failed, and how to see it again. With `--planted`: after how many runs it finds
//! each fault that was put in on purpose. `cargo xtask simulate` builds and starts it.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use tuttu_tests::sim::run::{Done, Failed, run};

const USAGE: &str = "Usage: simulate [--seeds N] [--steps M] [--first SEED] [--jobs N] [--planted]";

/// What was asked for.
#[derive(Debug, Clone, Copy)]
struct Wish {
    seeds: u64,
    steps: usize,
    first: u64,
    jobs: usize,
    planted: bool,
}

fn main() -> ExitCode {
    let wish = match Wish::read(std::env::args().skip(1)) {
        Ok(wish) => wish,
        Err(wrong) => {
            eprintln!("{wrong}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    // What fails is caught and told below, with its seed.
    std::panic::set_hook(Box::new(|_| {}));
    let well = if wish.planted { planted::find_all(wish) } else { simulate(wish) };
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Wish {
    fn read(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        let mut wish = Self { seeds: 100, steps: 200, first: 1, jobs, planted: false };
        let arguments: Vec<String> = arguments.collect();
        if arguments.iter().any(|argument| argument == "--planted") {
            // What continuous integration runs.
            wish = Self { seeds: 40, steps: 100, planted: true, ..wish };
        }
        let mut arguments = arguments.into_iter().filter(|argument| argument != "--planted");
        while let Some(name) = arguments.next() {
            let value = arguments.next().and_then(|value| value.parse::<u64>().ok());
            let value = value.ok_or_else(|| format!("{name} is followed by a number."))?;
            let size = usize::try_from(value).map_err(|_| format!("{value} is too many."))?;
            match name.as_str() {
                "--seeds" => wish.seeds = value,
                "--steps" => wish.steps = size,
                "--first" => wish.first = value,
                "--jobs" => wish.jobs = size.max(1),
                _ => return Err(format!("There is no option {name}.")),
            }
        }
        Ok(wish)
    }
}

/// Runs all seeds and tells of them. Says whether all went well.
fn simulate(wish: Wish) -> bool {
    let begun = Instant::now();
    let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
    let (mut done, mut steps) = (0_u64, 0);
    let mut failed: Vec<u64> = Vec::new();
    each(wish, |seed, outcome| {
        done += 1;
        match outcome {
            Ok(run) => {
                steps += wish.steps;
                run.seen.into_iter().for_each(|(what, times)| *seen.entry(what).or_default() += times);
            }
            Err(failure) => {
                steps += failure.at;
                println!(
                    "seed {seed} fails at step {}: {}\n{}\n  again: {}\n",
                    failure.at,
                    failure.why,
                    failure.log,
                    again(seed, wish.steps)
                );
                failed.push(seed);
            }
        }
        if done.is_multiple_of(100) {
            println!("{done} of {} seeds, {} failed, {:.0} s", wish.seeds, failed.len(), begun.elapsed().as_secs_f64());
        }
        true
    });
    println!("What came up:");
    seen.iter().for_each(|(what, times)| println!("  {times:>9}  {what}"));
    failed.sort_unstable();
    failed.iter().for_each(|seed| println!("FAILED: seed {seed}: {}", again(*seed, wish.steps)));
    println!("{done} seeds, {steps} steps, {} failed, {:.0} s", failed.len(), begun.elapsed().as_secs_f64());
    failed.is_empty()
}

fn again(seed: u64, steps: usize) -> String {
    format!("cargo xtask simulate --first {seed} --seeds 1 --steps {steps}")
}

/// Runs the seeds, some beside each other; gives each outcome as it comes, until it is told to stop.
fn each(wish: Wish, mut hear: impl FnMut(u64, Result<Done, Failed>) -> bool) {
    let next = AtomicU64::new(wish.first);
    let end = wish.first.saturating_add(wish.seeds);
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..wish.jobs {
            let (tell, next) = (tell.clone(), &next);
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    // Nobody listens any more when enough is known.
                    if seed >= end || tell.send((seed, run(seed, wish.steps))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(tell);
        for (seed, outcome) in &told {
            if !hear(seed, outcome) {
                break;
            }
        }
        drop(told);
    });
}

#[cfg(not(feature = "planted"))]
mod planted {
    pub(super) fn find_all(_: super::Wish) -> bool {
        eprintln!("Nothing can be planted in this build: cargo xtask simulate --planted");
        false
    }
}

#[cfg(feature = "planted")]
mod planted {
    use std::time::Instant;

    use tuttu_sync::planted::{Fault, plant};

    use super::{Wish, each};

    /// Plants one fault after the other. Says whether each was found, and nothing where there is none.
    pub(super) fn find_all(wish: Wish) -> bool {
        let nothing = find(None, wish).is_none();
        println!("nothing planted: {} in {} seeds of {} steps", if nothing { "nothing found" } else { "FAILED" }, wish.seeds, wish.steps);
        let mut all = nothing;
        for fault in Fault::ALL {
            let begun = Instant::now();
            let found = find(Some(fault), wish);
            all &= found.is_some();
            match found {
                Some((seeds, why)) => println!("{fault:?}: found after {seeds} seeds, {:.0} s: {why}", begun.elapsed().as_secs_f64()),
                None => println!("{fault:?}: NOT FOUND in {} seeds of {} steps", wish.seeds, wish.steps),
            }
        }
        plant(None);
        all
    }

    /// After how many seeds it shows, and how.
    fn find(fault: Option<Fault>, wish: Wish) -> Option<(u64, String)> {
        plant(fault);
        let (mut seeds, mut found) = (0, None);
        each(wish, |seed, outcome| {
            seeds += 1;
            found = outcome.err().map(|failed| (seeds, format!("seed {seed}, step {}: {}", failed.at, failed.why)));
            found.is_none()
        });
        found
    }
}
