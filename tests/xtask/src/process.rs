//! Running other programs.

use std::fmt;
use std::io;
use std::process::{Command, Stdio};

/// Why a step did not succeed, in words for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs a program to its end, with the terminal.
///
/// # Errors
/// When it cannot be started or fails.
pub(crate) fn run(mut command: Command) -> Result<(), Failure> {
    let status = command.status().map_err(|error| not_started(&command, &error))?;
    if status.success() { Ok(()) } else { Err(Failure(format!("`{}` failed: {status}.", words(&command)))) }
}

/// Runs a program to its end without a terminal; what it printed is part of the failure.
///
/// # Errors
/// When it cannot be started or fails.
pub(crate) fn run_quietly(mut command: Command) -> Result<(), Failure> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| not_started(&command, &error))?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    Err(Failure(format!("{}\n`{}` failed: {}.", String::from_utf8_lossy(&printed).trim_end(), words(&command), output.status)))
}

/// What a program prints, whether or not it succeeds; `None` when it cannot be started.
pub(crate) fn output(mut command: Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program can be started at all.
pub(crate) fn exists(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// The command as one would type it.
pub(crate) fn words(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

fn not_started(command: &Command, error: &io::Error) -> Failure {
    Failure(format!("`{}` cannot be started: {error}.", words(command)))
}
