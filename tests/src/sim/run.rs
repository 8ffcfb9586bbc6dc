//! Whole runs, and what is said when one fails.

use std::any::Any;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::world::World;

/// Lines of what happened last that are shown.
const SHOWN: usize = 60;

/// A run that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// How often each thing worth testing came up.
    pub seen: BTreeMap<&'static str, usize>,
    /// Equal for equal runs.
    pub fingerprint: u64,
}

/// A run that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Where it began.
    pub seed: u64,
    /// How long it was to be.
    pub steps: usize,
    /// The step it came to; all of them when it failed in the quiet at the end.
    pub at: usize,
    /// What did not hold.
    pub why: String,
    /// What happened last, line by line.
    pub log: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, steps, at, why, log } = self;
        write!(f, "TUTTU_SEED={seed} TUTTU_STEPS={steps}: at step {at}: {why}\n{log}")
    }
}

/// Runs a world from a seed to its end.
///
/// # Errors
/// With the seed, the step, what was wrong and what happened before.
pub fn run(seed: u64, steps: usize) -> Result<Done, Failed> {
    let at = Cell::new(0);
    let people = 2 + usize::try_from(seed % 4).unwrap_or(0);
    let strangers = usize::try_from(seed / 4 % 3).unwrap_or(0);
    let mut world = World::new(seed, people, strangers);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        for step in 0..steps {
            at.set(step);
            world.step();
        }
        at.set(steps);
        world.settle();
    }));
    match outcome {
        Ok(()) => Ok(Done { seen: world.seen.clone(), fingerprint: world.fingerprint() }),
        Err(panic) => {
            let log = world.log();
            if std::env::var_os("TUTTU_HOLDINGS").is_some() {
                eprintln!("{}", world.holdings());
            }
            let lines: Vec<&str> = log.lines().collect();
            let log = lines.get(lines.len().saturating_sub(SHOWN)..).unwrap_or_default().join("\n");
            Err(Failed { seed, steps, at: at.get(), why: text(&*panic), log })
        }
    }
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").to_owned()
}
