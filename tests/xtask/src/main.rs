//! `cargo xtask`: the few commands that everybody who works on Tuttu needs. The standard library alone, so that it starts fast.

mod cargo;
mod packages;
mod place;
mod process;
mod steps;
mod test;
mod ui;

use std::ffi::OsString;
use std::io::Write;
use std::process::{Command, ExitCode};

use crate::packages::Need;
use crate::place::Place;
use crate::process::Failure;
use crate::steps::Steps;

const USAGE: &str = "Usage: cargo xtask COMMAND

  app [ARGUMENTS]     sets up, builds and opens the app
  test                sets up, then checks and tests everything
  dev                 the app with the page reloading as it is edited
  bench [ARGUMENTS]   the benchmarks
  simulate [--seeds N] [--steps M] [--first SEED] [--jobs N] [--release]
                      the simulator: random runs of several vaults; which failed
  simulate --planted  after how many runs it finds each of the faults planted for it
  bundle              a package to install (.deb)
  setup               system packages, the page's packages, the page
";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<OsString> = arguments.collect();
    let place = Place::find();
    let done = match command.to_str() {
        Some("app") => app(&place, &rest),
        Some("test") => test::everything(&place),
        Some("dev") => dev(&place),
        Some("bench") => bench(&place, &rest),
        Some("simulate") => simulate(&place, rest),
        Some("bundle") => bundle(&place),
        Some("setup") => set_up(&place, Need::Everything),
        _ => return usage(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&format!("\n{failure}\n"));
            ExitCode::FAILURE
        }
    }
}

fn usage(command: &OsString) -> ExitCode {
    if command.is_empty() || command == "help" || command == "--help" {
        // Nobody may be listening; then there is nobody to tell that either.
        let _ = write!(std::io::stdout(), "{USAGE}");
        return ExitCode::SUCCESS;
    }
    say(&format!("There is no command “{}”.\n\n{USAGE}", command.to_string_lossy()));
    ExitCode::from(2)
}

/// To the person at the terminal.
pub(crate) fn say(text: &str) {
    let _ = write!(std::io::stderr(), "{text}");
}

fn set_up(place: &Place, need: Need) -> Result<(), Failure> {
    let mut steps = Steps::new();
    prepare(place, need, &mut steps)?;
    steps.print();
    Ok(())
}

/// What every build rests on: the system's packages, the page's packages, the page.
pub(crate) fn prepare(place: &Place, need: Need, steps: &mut Steps) -> Result<(), Failure> {
    steps.run("system packages", || packages::install(need))?;
    steps.run("packages of the page", || ui::install(place))?;
    steps.run("build the page", || ui::build(place))
}

fn app(place: &Place, arguments: &[OsString]) -> Result<(), Failure> {
    prepare(place, Need::Build, &mut Steps::new())?;
    // Built by cargo and started without it, so that cargo's lock is not held while the window is open.
    process::run(cargo::app_build(place))?;
    let mut command = Command::new(cargo::app_binary(place));
    command.args(arguments);
    process::run(command)
}

fn dev(place: &Place) -> Result<(), Failure> {
    prepare(place, Need::Build, &mut Steps::new())?;
    process::run(ui::tauri(place, &["dev", "--config", "tauri.dev.conf.json"]))
}

fn bench(place: &Place, arguments: &[OsString]) -> Result<(), Failure> {
    prepare(place, Need::Everything, &mut Steps::new())?;
    for peer in ["pouchdb", "automerge-repo"] {
        ui::install_in(place, &place.root.join("tests/bench").join(peer))?;
    }
    process::run(cargo::samod_build(place))?;
    process::run(cargo::bench_build(place))?;
    let mut command = Command::new(place.target.join("release").join(format!("bench{}", std::env::consts::EXE_SUFFIX)));
    command.args(arguments);
    process::run(command)
}

/// Needs neither the page nor the system's packages for it, so nothing is prepared.
/// Whether there is a gibibyte free in a folder. In containers the one in memory is often tiny.
fn has_room(folder: &std::path::Path) -> bool {
    let asked = Command::new("df").args(["--output=avail", "--block-size=1M"]).arg(folder).output();
    let free = asked.ok().and_then(|said| String::from_utf8_lossy(&said.stdout).lines().last()?.trim().parse::<u64>().ok());
    free.is_some_and(|free| free >= 1_024)
}

pub(crate) fn simulate(place: &Place, mut arguments: Vec<OsString>) -> Result<(), Failure> {
    let planted = arguments.iter().any(|argument| argument == "--planted");
    let before = arguments.len();
    arguments.retain(|argument| argument != "--release");
    let release = arguments.len() < before;
    process::run(cargo::simulator_build(place, release, planted))?;
    let mut command = Command::new(cargo::simulator(place, release));
    command.args(arguments);
    // Its vaults wait for the disk at every step. A crash in it is the end of a process and needs no disk to be true.
    let memory = std::path::Path::new("/dev/shm");
    if std::env::var_os("TMPDIR").is_none() && has_room(memory) {
        command.env("TMPDIR", memory);
    }
    process::run(command)
}

fn bundle(place: &Place) -> Result<(), Failure> {
    prepare(place, Need::Build, &mut Steps::new())?;
    process::run(ui::tauri(place, &["build", "--bundles", "deb"]))?;
    say(&format!("\nThe package is in {}\n", place.target.join("release/bundle/deb").display()));
    Ok(())
}
