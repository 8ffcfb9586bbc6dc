//! Real `tuttu` processes on loopback: hermetic vaults in a temporary folder, driven from outside as a person or a script would.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::hosts::Host;

/// How long anything on loopback may take before the test fails; generous because the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// The `tuttu` binary of this build.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn tuttu() -> PathBuf {
    let named = std::env::var_os("TUTTU_BIN").map(PathBuf::from);
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.parent()?.join("tuttu")));
    let path = named.or(beside).unwrap_or_default();
    assert!(path.is_file(), "{} is not there: run cargo build -p tuttu-cli first", path.display());
    path
}

/// One person's computer: a vault, and `tuttu serve` on it while it runs.
#[derive(Debug)]
pub struct Computer {
    dir: tempfile::TempDir,
    /// What goes before the program, to run it elsewhere or as somebody else.
    before: Vec<String>,
    serving: Option<Serving>,
}

#[derive(Debug)]
struct Serving {
    child: Child,
    events: Receiver<Value>,
}

impl Drop for Computer {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Computer {
    /// Makes a vault for somebody.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self::made(name, Self::without_vault())
    }

    /// Makes a vault for somebody on a host, where all its commands run.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn on(host: &Host, name: &str) -> Self {
        let mut computer = Self::without_vault();
        computer.before = host.words();
        Self::made(name, computer)
    }

    fn made(name: &str, computer: Self) -> Self {
        computer.ok(&["init", "--name", name, "--computer", &format!("{name}’s computer")]);
        computer
    }

    /// A computer on which `init` was not said yet.
    ///
    /// # Panics
    /// When there is no room for one.
    #[must_use]
    pub fn without_vault() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        Self { dir, before: Vec::new(), serving: None }
    }

    /// From now on commands run without root's right to pass over permissions, as for everybody else.
    pub fn respect_permissions(&mut self) {
        self.before.extend(["setpriv", "--bounding-set", "-dac_override,-dac_read_search"].map(str::to_owned));
    }

    /// The folder in which the vault's own lies; files beside it are nobody's.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The folder of the vault.
    #[must_use]
    pub fn vault(&self) -> PathBuf {
        self.dir.path().join("vault")
    }

    /// `tuttu` on this computer, for people: without `--json`.
    fn plain(&self, args: &[&str]) -> Command {
        let mut words = self.before.iter().map(PathBuf::from).chain([tuttu()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).arg("--vault").arg(self.vault()).args(args);
        command.env_remove("TUTTU_VAULT").env("HOME", self.dir.path()).env("XDG_RUNTIME_DIR", self.dir.path());
        command
    }

    fn command(&self, args: &[&str]) -> Command {
        self.plain(&[&["--json"], args].concat())
    }

    /// Runs a command that must succeed as a person would; what it said on standard output and standard error.
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn said(&self, args: &[&str]) -> (String, String) {
        let output = self.plain(args).stdin(Stdio::null()).output().expect("tuttu starts");
        let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(output.status.success(), "tuttu {args:?} failed:\n{out}\n{err}");
        (out, err)
    }

    /// Starts a command that takes its time.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn begin(&self, args: &[&str]) -> Begun {
        let mut command = self.command(args);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("tuttu starts");
        Begun { args: args.join(" "), child }
    }

    /// Runs a command and returns all it said.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).stdin(Stdio::null()).output().expect("tuttu starts")
    }

    /// Runs a command that must succeed; its answer, one value a line.
    ///
    /// # Panics
    /// When it fails.
    pub fn lines(&self, args: &[&str]) -> Vec<Value> {
        answer(&args.join(" "), &self.run(args))
    }

    /// Runs a command that must succeed; its one answer (null when it says nothing).
    ///
    /// # Panics
    /// When it fails.
    pub fn ok(&self, args: &[&str]) -> Value {
        self.lines(args).into_iter().next().unwrap_or(Value::Null)
    }

    /// Runs a command that must fail; the code and message of its error.
    ///
    /// # Panics
    /// When it succeeds.
    #[must_use]
    pub fn refused(&self, args: &[&str]) -> (String, String) {
        let [code, message, _] = self.refused_with_hint(args);
        (code, message)
    }

    /// Runs a command that must fail; the code, message and hint of its error.
    ///
    /// # Panics
    /// When it succeeds.
    #[must_use]
    pub fn refused_with_hint(&self, args: &[&str]) -> [String; 3] {
        let output = self.run(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "tuttu {args:?} should fail with 1: {said}");
        let error: Value = said.lines().find_map(|line| serde_json::from_str(line).ok()).unwrap_or_else(|| panic!("no error in {said}"));
        let text = |key: &str| error["error"][key].as_str().unwrap_or_default().to_owned();
        ["code", "message", "hint"].map(text)
    }

    /// Runs a command with something on standard input.
    ///
    /// # Panics
    /// When it fails.
    pub fn feed(&self, args: &[&str], input: &str) -> Vec<Value> {
        let mut child =
            self.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("tuttu starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_owned();
        let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
        let output = child.wait_with_output().expect("tuttu ends");
        let _ = writer.join();
        assert!(output.status.success(), "tuttu {args:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Starts `tuttu serve` on loopback and waits until it listens.
    ///
    /// # Panics
    /// When it does not.
    pub fn serve(&mut self) {
        self.serve_with(&["serve", "--bind", "127.0.0.1:0", "--no-lan"]);
    }

    /// Starts `tuttu serve` where there is no network at all, not even the loopback. Commands reach it through the vault's socket.
    ///
    /// # Panics
    /// When it does not start.
    pub fn serve_without_network(&mut self) {
        let before = std::mem::replace(&mut self.before, crate::hosts::without_network());
        self.serve_with(&["serve"]);
        self.before = before;
    }

    /// Starts `tuttu serve` with these words.
    ///
    /// # Panics
    /// When it does not listen in time.
    pub fn serve_with(&mut self, args: &[&str]) {
        let log = std::fs::File::options().create(true).append(true).open(self.dir.path().join("serve.log")).expect("a log");
        let mut child = self.command(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().expect("tuttu starts");
        let stdout = child.stdout.take().expect("a pipe");
        let (sender, events) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Ok(event) = serde_json::from_str(&line)
                    && sender.send(event).is_err()
                {
                    break;
                }
            }
        });
        self.serving = Some(Serving { child, events });
        self.event("listening", |_| true);
    }

    /// Waits for an event of `tuttu serve`.
    ///
    /// # Panics
    /// When it does not come in time.
    pub fn event(&self, kind: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.event_within(kind, PATIENCE, wanted)
    }

    /// The same for work that takes its time.
    ///
    /// # Panics
    /// When it does not come in time.
    pub fn event_within(&self, kind: &str, limit: Duration, wanted: impl Fn(&Value) -> bool) -> Value {
        let serving = self.serving.as_ref().expect("tuttu serve runs");
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match serving.events.recv_timeout(left) {
                Ok(event) if event["event"] == kind && wanted(&event) => return event,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => panic!("no event “{kind}” came; {}", self.log()),
                Err(RecvTimeoutError::Disconnected) => panic!("tuttu serve ended; {}", self.log()),
            }
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("serve.log")).unwrap_or_default()
    }

    /// The process id of `tuttu serve`.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.serving.as_ref().map(|serving| serving.child.id())
    }

    /// Ends `tuttu serve` with SIGKILL, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut serving) = self.serving.take() {
            let _ = serving.child.kill();
            let _ = serving.child.wait();
        }
    }

    /// Asks until the answer is as wanted.
    ///
    /// # Panics
    /// When it does not become so in time.
    pub fn until(&self, args: &[&str], wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.lines(args);
            if wanted(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "tuttu {args:?} still says {answer:#?}; {}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// A command under way.
#[derive(Debug)]
pub struct Begun {
    args: String,
    child: Child,
}

impl Begun {
    /// Waits for its end, which must be a good one; its answer, one value a line.
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn lines(self) -> Vec<Value> {
        answer(&self.args, &self.child.wait_with_output().expect("tuttu ends"))
    }
}

impl Begun {
    /// Waits for its end, which must be a bad one; the message of its error.
    ///
    /// # Panics
    /// When it succeeds.
    #[must_use]
    pub fn fails(self) -> String {
        let output = self.child.wait_with_output().expect("tuttu ends");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "tuttu {} should fail", self.args);
        let error: Option<Value> = said.lines().find_map(|line| serde_json::from_str(line).ok());
        error.and_then(|error| error["error"]["message"].as_str().map(str::to_owned)).unwrap_or(said)
    }
}

fn answer(args: &str, output: &Output) -> Vec<Value> {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "tuttu {args} failed:\n{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

/// Shares a space of `host` with `guest`: both must be serving. Nobody compares words: both sides opted out.
///
/// # Panics
/// When joining fails.
pub fn share(host: &Computer, guest: &Computer, space: &str, role: &str) {
    let invitation = host.ok(&["invite", space, "--role", role, "--auto"]);
    let joined = guest.ok(&["join", invitation["link"].as_str().unwrap_or_default(), "--auto"]);
    assert_eq!(joined["name"], space);
}

/// A file with this text beside the vaults.
///
/// # Panics
/// When it cannot be written.
#[must_use]
pub fn file(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).expect("a file");
    path.to_string_lossy().into_owned()
}
