//! The system's packages: on Debian and its kin installed, elsewhere named.

use std::process::Command;

use crate::process::{self, Failure};
use crate::say;

const BUILD: &[&str] = &["build-essential", "pkg-config", "libwebkit2gtk-4.1-dev"];
// iproute2 and util-linux make the hosts of the network tests; the latter is part of every system.
const TEST: &[&str] = &["webkit2gtk-driver", "xvfb", "fonts-dejavu-core", "chromium", "iproute2"];

/// What the packages are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Building and running the app.
    Build,
    /// Also the tests in the real window and in a browser.
    Everything,
}

impl Need {
    fn packages(self) -> Vec<&'static str> {
        match self {
            Self::Build => BUILD.to_vec(),
            Self::Everything => [BUILD, TEST].concat(),
        }
    }
}

/// Checks the packages and installs the missing ones, where that can be done.
///
/// # Errors
/// When something is missing and cannot be installed from here; says the line that does it.
pub(crate) fn install(need: Need) -> Result<(), Failure> {
    check_node()?;
    if !cfg!(target_os = "linux") {
        return elsewhere(need);
    }
    let mut ask = Command::new("dpkg-query");
    ask.args(["--show", "--showformat", "${db:Status-Status} ${Package}\n"]).args(need.packages());
    match process::output(ask) {
        Some(answer) => install_missing(&missing(&need.packages(), &answer)),
        None => other_linux(need),
    }
}

/// Those of `wanted` that dpkg does not list as installed.
fn missing<'a>(wanted: &[&'a str], answer: &str) -> Vec<&'a str> {
    let there = |package: &str| answer.lines().any(|line| line == format!("installed {package}"));
    wanted.iter().copied().filter(|package| !there(package)).collect()
}

fn install_missing(missing: &[&str]) -> Result<(), Failure> {
    if missing.is_empty() {
        return Ok(());
    }
    let root = process::output(id()).is_some_and(|uid| uid.trim() == "0");
    let line = format!("apt-get install -y --no-install-recommends {}", missing.join(" "));
    if !root && !process::exists("sudo", "--version") {
        return Err(Failure(format!("Some packages are missing. As root, run:\n\n  apt-get update && {line}")));
    }
    say(&format!("Installing: {}\n", missing.join(" ")));
    // The lists may be old or absent; what is missing then shows in the next line.
    process::run(as_root(root, &["apt-get", "update"]))?;
    let words: Vec<&str> = line.split(' ').collect();
    process::run(as_root(root, &words))
}

fn id() -> Command {
    let mut command = Command::new("id");
    command.arg("-u");
    command
}

fn as_root(root: bool, words: &[&str]) -> Command {
    let mut command = Command::new(if root { "env" } else { "sudo" });
    command.arg("DEBIAN_FRONTEND=noninteractive").args(words);
    command
}

fn other_linux(need: Need) -> Result<(), Failure> {
    let mut webkit = Command::new("pkg-config");
    webkit.args(["--exists", "webkit2gtk-4.1"]);
    let built = process::run_quietly(webkit).is_ok();
    let programs = [("WebKitWebDriver", "--version"), ("Xvfb", "-help"), ("ip", "-Version")];
    let tested = need == Need::Build || programs.iter().all(|(program, word)| process::exists(program, word));
    if built && tested {
        return Ok(());
    }
    Err(Failure(
        "Some packages are missing. On your system, run the line that fits:\n
  Fedora:    sudo dnf install gcc pkgconf-pkg-config webkit2gtk4.1-devel webkit2gtk-driver xorg-x11-server-Xvfb chromium iproute
  Arch:      sudo pacman -S base-devel webkit2gtk-4.1 xorg-server-xvfb chromium iproute2
  openSUSE:  sudo zypper install gcc pkgconf webkit2gtk3-soup2-devel webkit2gtk-driver xorg-x11-server-Xvfb chromium iproute2"
            .into(),
    ))
}

fn elsewhere(need: Need) -> Result<(), Failure> {
    if need == Need::Build {
        // What the window is drawn with is part of these systems.
        return Ok(());
    }
    Err(Failure(
        "The tests drive the real window with WebKitWebDriver, which is there on Linux only. The rest: cargo test --workspace".into(),
    ))
}

fn check_node() -> Result<(), Failure> {
    let mut ask = Command::new("node");
    ask.arg("--version");
    let version = process::output(ask).unwrap_or_default();
    match major(&version) {
        Some(major) if major >= 20 => Ok(()),
        Some(_) => Err(Failure(format!("Node {} is too old: Tuttu's page is built with Node 20 or newer.", version.trim()))),
        None => Err(Failure("Node is missing: Tuttu's page is built with Node 20 or newer (https://nodejs.org).".into())),
    }
}

fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_installed_packages_are_there() {
        let answer = "installed xvfb\nconfig-files chromium\nnot-installed xauth\n";
        assert_eq!(missing(&["xvfb", "chromium", "xauth", "fonts"], answer), ["chromium", "xauth", "fonts"]);
    }

    #[test]
    fn the_version_of_node_is_read() {
        assert_eq!(major("v20.11.1\n"), Some(20));
        assert_eq!(major(""), None);
        assert_eq!(major("20"), None);
    }
}
