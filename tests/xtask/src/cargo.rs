//! Cargo, always with the same packages and features, so that linting, building and testing share what they compile.
//!
//! Features of dependencies are the union over the selected packages. Another selection (`-p tuttu-app`, or without tests) has another union and compiles
//! hundreds of crates a second time. So everything here selects the whole workspace with tests and narrows by target only.

use std::path::PathBuf;
use std::process::Command;

use crate::place::Place;
use crate::process;

/// The page is packed into the program, and the end-to-end tests exist.
const FEATURES: &str = "tuttu-app/custom-protocol,tuttu-e2e/window";
/// Also the window that benchmarks compare with.
const LINTED: &str = "tuttu-app/custom-protocol,tuttu-app/empty-window,tuttu-e2e/window";
const WITHOUT_WINDOW: &str = "tuttu-app/custom-protocol";
/// What the tests' random cases begin from.
const DICE: &str = "PROPTEST_RNG_SEED";

fn cargo(place: &Place, words: &[&str]) -> Command {
    let mut command = place.command("cargo");
    command.args(words);
    command
}

pub(crate) fn format_check(place: &Place) -> Command {
    cargo(place, &["fmt", "--all", "--check"])
}

pub(crate) fn clippy(place: &Place) -> Command {
    cargo(place, &["clippy", "--workspace", "--all-targets", "--features", LINTED, "--locked", "--", "--deny", "warnings"])
}

/// Both programs and all tests.
pub(crate) fn build(place: &Place) -> Command {
    cargo(place, &["build", "--workspace", "--bins", "--tests", "--features", FEATURES, "--locked"])
}

/// All tests but those in the window.
pub(crate) fn test(place: &Place) -> Command {
    tests(place, &["--workspace", "--features", WITHOUT_WINDOW, "--locked"])
}

/// The tests in the window. One after the other: each starts up to two apps, and the time limits in them are for people.
pub(crate) fn window_tests(place: &Place) -> Command {
    let windows = ["--test", "one_window", "--test", "two_windows", "--test", "own_computers"];
    let mut command = tests(place, &["--workspace", "--features", FEATURES, "--locked"]);
    command.args(windows);
    command.env("TUTTU_APP_BIN", app_binary(place)).env("TUTTU_BIN", binary(place, "tuttu")).env("NEXTEST_TEST_THREADS", "1");
    command.env("TUTTU_SCREENSHOTS", place.target.join("screenshots"));
    command
}

/// `cargo nextest run` where it is installed, else `cargo test`. Random tests throw the same dice every time, unless told otherwise: what held yesterday on
/// the same code holds today. `cargo nextest run` by itself throws new ones.
fn tests(place: &Place, words: &[&str]) -> Command {
    let mut command = cargo(place, &[]);
    if std::env::var_os(DICE).is_none() {
        command.env(DICE, "1");
    }
    if process::exists("cargo-nextest", "--version") {
        command.args(["nextest", "run", "--no-fail-fast", "--status-level", "fail", "--hide-progress-bar"]);
    } else {
        command.args(["test", "--no-fail-fast", "--quiet"]);
    }
    command.args(words);
    command
}

/// The app for `cargo xtask app`: this package alone.
pub(crate) fn app_build(place: &Place) -> Command {
    cargo(place, &["build", "--bin", "tuttu-app", "--features", WITHOUT_WINDOW])
}

/// What `cargo xtask bench` measures and measures with.
pub(crate) fn bench_build(place: &Place) -> Command {
    let packages = ["--package", "tuttu-app", "--package", "tuttu-cli", "--package", "tuttu-tests"];
    let mut command = cargo(place, &["build", "--release", "--bins", "--examples", "--locked"]);
    command.args(packages).args(["--features", "tuttu-app/custom-protocol,tuttu-app/empty-window"]);
    command
}

/// A peer that the benchmarks compare with; its dependencies stay out of ours.
pub(crate) fn samod_build(place: &Place) -> Command {
    let mut command = cargo(place, &["build", "--release", "--locked", "--manifest-path", "tests/bench/samod/Cargo.toml"]);
    command.arg("--target-dir").arg(&place.target);
    command
}

/// The simulator. The test beside it keeps the selection of packages and features the one of all tests.
pub(crate) fn simulator_build(place: &Place, release: bool, planted: bool) -> Command {
    let targets = ["--bin", "simulate", "--test", "simulation"];
    let mut command = cargo(place, &["build", "--workspace", "--features", FEATURES, "--locked"]);
    command.args(targets).args(release.then_some("--release"));
    if planted {
        command.args(["--features", "tuttu-tests/planted"]);
    }
    command
}

pub(crate) fn simulator(place: &Place, release: bool) -> PathBuf {
    place.target.join(if release { "release" } else { "debug" }).join(format!("simulate{}", std::env::consts::EXE_SUFFIX))
}

pub(crate) fn app_binary(place: &Place) -> PathBuf {
    binary(place, "tuttu-app")
}

fn binary(place: &Place, name: &str) -> PathBuf {
    place.target.join("debug").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}
