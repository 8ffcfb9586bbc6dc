//! Steps with names and durations, and the table at the end.

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::process::Failure;
use crate::say;

/// The steps done so far.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    done: Vec<(String, Duration)>,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Runs one step and says so. The first failure ends it all: its message names the step and repeats the table so far.
    pub(crate) fn run(&mut self, name: &str, work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
        say(&format!("\n── {name}\n"));
        let start = Instant::now();
        let result = work();
        self.finish(name, start.elapsed(), result)
    }

    /// Enters a step that ran elsewhere.
    pub(crate) fn finish(&mut self, name: &str, took: Duration, result: Result<(), Failure>) -> Result<(), Failure> {
        match result {
            Ok(()) => {
                self.done.push((name.to_owned(), took));
                Ok(())
            }
            Err(failure) => Err(Failure(format!("{}{failure}\n\nFAILED: {name} (after {})", self.table(), seconds(took)))),
        }
    }

    /// Prints the table.
    pub(crate) fn print(&self) {
        say(&self.table());
    }

    fn table(&self) -> String {
        let width = self.done.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        let mut text = String::from("\n");
        for (name, took) in &self.done {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {name:width$}  {:>8}", seconds(*took));
        }
        text.push('\n');
        text
    }
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn the_first_failure_is_named_under_what_was_done() {
        let mut steps = Steps::new();
        steps.finish("format", Duration::from_millis(1250), Ok(())).unwrap();
        let failure = steps.finish("lint", Duration::from_secs(2), Err(Failure("`cargo clippy` failed".into()))).unwrap_err();
        assert_eq!(failure.to_string(), "\n  format     1.2 s\n\n`cargo clippy` failed\n\nFAILED: lint (after 2.0 s)");
    }
}
