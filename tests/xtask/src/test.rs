//! `cargo xtask test`: everything that has to hold before a change is good.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::packages::Need;
use crate::place::Place;
use crate::process::{self, Failure};
use crate::steps::Steps;
use crate::{cargo, prepare, ui};

/// The same random runs every time: a change is judged by what it changed. Others are tried at a desk.
const SIMULATED: &[&str] = &["--first", "1000581", "--seeds", "120", "--steps", "200"];

type Report = (&'static str, Duration, Result<(), Failure>);

/// Runs it all. The page's checks run beside cargo: neither fills two processors.
///
/// # Errors
/// At the first step that fails, with its name.
pub(crate) fn everything(place: &Place) -> Result<(), Failure> {
    let mut steps = Steps::new();
    steps.run("format", || process::run(cargo::format_check(place)))?;
    prepare(place, Need::Everything, &mut steps)?;
    let page = check_the_page(place);
    steps.run("lint", || process::run(cargo::clippy(place)))?;
    hear_now(&page, &mut steps)?;
    steps.run("build", || process::run(cargo::build(place)))?;
    steps.run("tests", || process::run(tests(place)))?;
    steps.run("simulator", || simulate(place, SIMULATED))?;
    steps.run("simulator: planted faults", || simulate(place, &["--planted"]))?;
    for (name, took, result) in page {
        steps.finish(name, took, result)?;
    }
    // Alone: a browser beside the compiler is so slow that its patience runs out.
    steps.run("page: accessibility", || ui::check(place, ui::ACCESSIBILITY))?;
    steps.run("tests in the window", || process::run(cargo::window_tests(place)))?;
    steps.print();
    crate::say("Everything holds.\n");
    Ok(())
}

fn simulate(place: &Place, arguments: &[&str]) -> Result<(), Failure> {
    crate::simulate(place, arguments.iter().map(Into::into).collect())
}

/// The tests; without those that make hosts of their own where the system has no namespaces for them, as in some containers.
fn tests(place: &Place) -> std::process::Command {
    let mut command = cargo::test(place);
    if !hosts_can_be_made() {
        crate::say(
            "Left out: the network tests with hosts of their own. This system gives us no namespaces (unshare --user --net --mount).\n",
        );
        command.env("TUTTU_TEST_HOSTS", "skip");
    }
    command
}

fn hosts_can_be_made() -> bool {
    [&["--user", "--map-root-user"][..], &[]].into_iter().any(|words| {
        let mut unshare = std::process::Command::new("unshare");
        unshare.args(words).args(["--net", "--mount", "--pid", "--fork", "--kill-child", "true"]);
        process::run_quietly(unshare).is_ok()
    })
}

/// Starts the page's checks; they report as they end, and stop at the first that fails.
fn check_the_page(place: &Place) -> mpsc::Receiver<Report> {
    let (report, reports) = mpsc::channel();
    let place = place.clone();
    std::thread::spawn(move || {
        for (check, name) in ui::CHECKS.iter().zip(["page: types", "page: lint", "page: tests"]) {
            let start = Instant::now();
            let result = ui::check(&place, check);
            let good = result.is_ok();
            // Nobody listens any more when another step has failed.
            if report.send((name, start.elapsed(), result)).is_err() || !good {
                return;
            }
        }
    });
    reports
}

/// Takes what was reported until now, so that a failure shows early.
fn hear_now(reports: &mpsc::Receiver<Report>, steps: &mut Steps) -> Result<(), Failure> {
    while let Ok((name, took, result)) = reports.try_recv() {
        steps.finish(name, took, result)?;
    }
    Ok(())
}
