//! Programs that end with the test.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A program that is told to end when the test is over, and by the system when the test itself is killed.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
}

impl Program {
    /// Starts it in a process group of its own: what it starts ends with it.
    pub(crate) fn start(program: &str, prepare: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "--", program]).process_group(0).stdin(Stdio::null());
        prepare(&mut command);
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{program} cannot be started: {error}. `cargo xtask setup` installs what the tests need."));
        Self { child }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The first line it prints.
    pub(crate) fn first_line(&mut self) -> String {
        let stdout = self.child.stdout.take().expect("its output was asked for");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("its output can be read");
        line.trim().to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        signal("TERM", &format!("-{}", self.child.id()));
        // It was told to end; what it says about that is not for the test.
        let _ = self.child.wait();
    }
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Sends a signal to a process, or to a group when there is a minus before it.
pub(crate) fn signal(name: &str, to: &str) {
    // The process may have ended by itself.
    let _ = Command::new("kill").args([&format!("-{name}"), "--", to]).stderr(Stdio::null()).status();
}

/// The running process of this program that descends from `ancestor`.
pub(crate) fn descendant(ancestor: u32, program: &Path) -> Option<u32> {
    let program = program.canonicalize().ok()?;
    let processes = std::fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    processes
        .filter(|pid| std::fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == program))
        .find(|pid| std::iter::successors(Some(*pid), |pid| parent(*pid)).any(|pid| pid == ancestor))
}

fn parent(pid: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()?;
    (parent != 0).then_some(parent)
}
