//! Several hosts on one machine: network namespaces with virtual cables between them, for the tests in which it matters who can reach whom.
//!
//! A test with hosts runs twice: the one that was started starts itself again in namespaces of its own (users, network, mounts, processes) and waits. There the
//! story is told, as root of a world that nobody else sees. Whatever it makes ends with its last process, and its first process ends with the test, however
//! that ends. It takes `unshare` and `nsenter` of util-linux and `ip` of iproute2, and no rights, where the system lets people make user namespaces.

use std::fmt::Write as _;
use std::io::Read;
use std::process::{Command, Output, Stdio};

/// Tells the inner run from the outer one; with the value `skip` these tests are left out (`cargo xtask test` says so when the system has no namespaces).
const SETTING: &str = "TUTTU_TEST_HOSTS";
const INSIDE: &str = "inside";
const SKIP: &str = "skip";
/// What the inner run says at its end, so that a run of no test at all does not count.
const TOLD: &str = "the story was told to its end";
/// A folder in the memory of the inner world: vaults go here, and with it.
const TEMPORARY: &str = "/run/tuttu";

/// New namespaces, and the end of everything in them with the first process.
const NEW: &[&str] = &["--net", "--mount", "--pid", "--fork", "--kill-child"];
/// What somebody needs besides who is not root.
const AS_ROOT: &[&str] = &["--user", "--map-root-user"];

/// Tells a story in a world of its own. `test` is the test itself, by whose name it is started again.
///
/// # Panics
/// When the story fails, or the system has no namespaces for us.
pub fn apart<T>(_test: T, story: impl FnOnce(&World)) {
    match std::env::var(SETTING).as_deref() {
        Ok(INSIDE) => {
            end_with_the_outer_run();
            story(&World::new());
            println!("{TOLD}");
        }
        Ok(SKIP) => println!("left out: {SETTING}={SKIP}"),
        _ => start_again(test_name::<T>()),
    }
}

/// `a_story` of `hosts::lan::a_story`, as the test runner names it.
fn test_name<T>() -> &'static str {
    let path = std::any::type_name::<T>();
    path.split_once("::").map_or(path, |(_, name)| name)
}

fn start_again(name: &str) {
    let mut command = Command::new("unshare");
    command.args(namespaces()).args(NEW).arg(std::env::current_exe().expect("this test has a path"));
    command
        .args(["--exact", name, "--nocapture", "--include-ignored"])
        .env(SETTING, INSIDE)
        .env("TMPDIR", TEMPORARY)
        .env("RUST_BACKTRACE", "0");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("unshare starts");
    // Held until the end: when this process is killed, the pipe closes, and the inner one ends, too.
    let held = child.stdin.take();
    let output = child.wait_with_output().expect("unshare ends");
    drop(held);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains(TOLD), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    print!("{said}");
}

/// The words that make namespaces here.
fn namespaces() -> &'static [&'static str] {
    let possible = |words: &[&str]| Command::new("unshare").args(words).args(NEW).arg("true").output();
    let mut why = String::new();
    for words in [AS_ROOT, &[]] {
        match possible(words) {
            Ok(output) if output.status.success() => return words,
            Ok(output) => why.push_str(&String::from_utf8_lossy(&output.stderr)),
            Err(error) => drop(writeln!(why, "unshare: {error}")),
        }
    }
    panic!(
        "There are no namespaces for this test:\n{why}Run it as root, or let people make user namespaces (sysctl kernel.unprivileged_userns_clone=1, \
         user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0), or leave it out with {SETTING}={SKIP}."
    );
}

/// What goes before a program that is to run without any network.
#[must_use]
pub(crate) fn without_network() -> Vec<String> {
    ["unshare"].iter().chain(namespaces()).chain(&["--net"]).map(|word| (*word).to_owned()).collect()
}

fn end_with_the_outer_run() {
    std::thread::spawn(|| {
        // It never says anything; reading ends when the other side has gone.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(1);
    });
}

/// The inner world, without any network at first.
#[derive(Debug)]
pub struct World(());

impl World {
    fn new() -> Self {
        run("mount", &["-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"]);
        std::fs::create_dir(TEMPORARY).expect("a folder in memory");
        Self(())
    }

    /// A host on which no interface is up, not even the loopback.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn host(&self, name: &str) -> Host {
        run("ip", &["netns", "add", name]);
        Host { name: name.to_owned() }
    }

    /// Lays a cable between two hosts; each end gets an address (`10.0.0.1/24`) and is called after the other host.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn cable(&self, (one, its): (&Host, &str), (other, theirs): (&Host, &str)) {
        let ends = ["link", "add", &other.name, "netns", &one.name, "type", "veth", "peer", "name", &one.name, "netns", &other.name];
        run("ip", &ends);
        one.up(&other.name, its);
        other.up(&one.name, theirs);
    }

    /// Pulls the cable between two hosts out halfway: both lose the signal and keep their addresses.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn cut(&self, one: &Host, other: &Host) {
        one.ip(&["link", "set", &other.name, "down"]);
    }

    /// Puts the cable back that [`World::cut`] pulled out.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn mend(&self, one: &Host, other: &Host) {
        one.ip(&["link", "set", &other.name, "up"]);
    }

    /// A switch: a network of any number of hosts, without a gateway to anywhere.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn switch(&self, name: &str) -> Switch {
        run("ip", &["link", "add", name, "type", "bridge"]);
        run("ip", &["link", "set", name, "up"]);
        Switch { name: name.to_owned() }
    }

    /// Mounts a small disk of its own in a folder.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn small_disk(&self, folder: &std::path::Path, bytes: u64) {
        run("mount", &["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs", &folder.to_string_lossy()]);
    }

    /// Makes a folder read-only for everybody, root included.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn read_only(&self, folder: &std::path::Path) {
        let folder = folder.to_string_lossy();
        run("mount", &["--bind", &folder, &folder]);
        run("mount", &["-o", "remount,bind,ro", &folder]);
    }

    /// Takes away what [`World::read_only`] did.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn writable(&self, folder: &std::path::Path) {
        run("umount", &[&folder.to_string_lossy()]);
    }
}

/// A switch.
#[derive(Debug)]
pub struct Switch {
    name: String,
}

/// The name of a host's interface to a switch.
const PLUG: &str = "eth0";

impl Switch {
    fn port(&self, host: &Host) -> String {
        format!("{}-{}", self.name, host.name)
    }

    /// Plugs a host in, with an address (`10.0.0.1/24`).
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn plug(&self, host: &Host, address: &str) {
        let port = self.port(host);
        run("ip", &["link", "add", &port, "type", "veth", "peer", "name", PLUG, "netns", &host.name]);
        run("ip", &["link", "set", &port, "master", &self.name, "up"]);
        host.up(PLUG, address);
    }

    /// Takes a host off this network for good: its interface is gone.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn unplug(&self, host: &Host) {
        run("ip", &["link", "delete", &self.port(host)]);
    }

    /// Pulls a host's plug out halfway: its interface loses the signal and keeps its address.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn pull(&self, host: &Host) {
        run("ip", &["link", "set", &self.port(host), "down"]);
    }

    /// Puts the plug back.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn put_back(&self, host: &Host) {
        run("ip", &["link", "set", &self.port(host), "up"]);
    }

    /// Gives a host another address, as when it comes back to a network later.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn readdress(&self, host: &Host, address: &str) {
        host.ip(&["address", "flush", "dev", PLUG, "scope", "global"]);
        host.ip(&["address", "add", address, "dev", PLUG]);
    }
}

/// One host.
#[derive(Debug, Clone)]
pub struct Host {
    name: String,
}

impl Host {
    /// What goes before a program so that it runs on this host.
    pub(crate) fn words(&self) -> Vec<String> {
        vec!["nsenter".to_owned(), format!("--net=/run/netns/{}", self.name), "--".to_owned()]
    }

    /// A program that will run on this host.
    #[must_use]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("env");
        command.args(self.words()).arg(program);
        command
    }

    /// Runs `ip` on this host.
    ///
    /// # Panics
    /// When it fails.
    pub fn ip(&self, words: &[&str]) {
        run("ip", &[&["-netns", &self.name], words].concat());
    }

    /// Puts an interface into service with this address, and the loopback with it.
    fn up(&self, interface: &str, address: &str) {
        self.ip(&["link", "set", "lo", "up"]);
        self.ip(&["address", "add", address, "dev", interface]);
        self.ip(&["link", "set", interface, "up"]);
    }
}

/// Runs a program that must succeed.
fn run(program: &str, words: &[&str]) -> Output {
    let output = Command::new(program)
        .args(words)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error} (iproute2 and util-linux are needed)"));
    assert!(output.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}
