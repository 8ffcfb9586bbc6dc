//! The page: its packages, its build, its checks.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use crate::place::Place;
use crate::process::{self, Failure};
use crate::say;

/// What the page is made of; everything else in `ui/` is tests, packages or results.
const SOURCES: &[&str] =
    &["src", "public", "index.html", "package.json", "package-lock.json", "vite.config.ts", "svelte.config.js", "tsconfig.json"];

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// `npm run CHECK`, in the order in which they are cheap.
pub(crate) const CHECKS: &[&str] = &["check", "lint", "test"];

/// The check of all screens in a browser.
pub(crate) const ACCESSIBILITY: &str = "test:axe";

/// Installs exactly what the lock file says, when it says something else than last time.
///
/// # Errors
/// When npm fails.
pub(crate) fn install(place: &Place) -> Result<(), Failure> {
    let lock = read(&place.ui().join("package-lock.json"))?;
    let stamp = place.ui().join("node_modules/.installed-from.json");
    if std::fs::read(&stamp).is_ok_and(|before| before == lock) {
        say("as the lock file says\n");
        return Ok(());
    }
    process::run(npm(place, &["ci"]))?;
    std::fs::write(&stamp, lock).map_err(|error| Failure(format!("{} cannot be written: {error}.", stamp.display())))
}

/// Builds the page, when a source is newer than the last build.
///
/// # Errors
/// When the build fails.
pub(crate) fn build(place: &Place) -> Result<(), Failure> {
    let ui = place.ui();
    let built = modified(&ui.join("dist/index.html"));
    let newest = SOURCES.iter().filter_map(|source| newest_under(&ui.join(source))).max();
    if built.is_some() && built >= newest {
        say("nothing is newer than the last build\n");
        return Ok(());
    }
    process::run(npm(place, &["run", "build"]))
}

/// One of the checks of the page, without a terminal.
///
/// # Errors
/// With what it printed, when it fails.
pub(crate) fn check(place: &Place, name: &str) -> Result<(), Failure> {
    process::run_quietly(npm(place, &["run", name]))
}

/// The Tauri command line, in the repository's root. Not among the page's packages: its own packages for other systems are not in every registry mirror,
/// and `npm ci` would then refuse the lock file.
pub(crate) fn tauri(place: &Place, words: &[&str]) -> Command {
    let mut command = place.command(NPM);
    command.args(["exec", "--yes", "--package=@tauri-apps/cli@2.12.5", "--", "tauri"]).args(words);
    command
}

/// Installs the packages of another folder than the page's.
///
/// # Errors
/// When npm fails.
pub(crate) fn install_in(place: &Place, folder: &Path) -> Result<(), Failure> {
    let mut command = place.command(NPM);
    command.current_dir(folder).arg("ci");
    process::run(command)
}

fn npm(place: &Place, words: &[&str]) -> Command {
    let mut command = place.command(NPM);
    command.current_dir(place.ui()).args(words);
    command
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| Failure(format!("{} cannot be read: {error}.", file.display())))
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

/// When anything in here last changed. Folders count too: taking a file away changes only its folder.
fn newest_under(path: &Path) -> Option<SystemTime> {
    let inside = std::fs::read_dir(path).into_iter().flatten().flatten().filter_map(|entry| newest_under(&entry.path())).max();
    inside.max(modified(path))
}
