//! From the start of the process to the first page on the screen, beside the least a Tauri app can be.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tuttu_engine::api::{Command as Change, Outcome};
use tuttu_engine::{Engine, NewVault};

use crate::contacts::{CONTACTS, card};
use crate::table::{Table, programs};

/// Starts of each, in turn; the first of each warms the caches and is not counted.
const STARTS: usize = 11;
/// How long a window may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// What both programs say when their page is on the screen.
const SHOWN: &str = "the first page is on the screen";

pub(crate) fn measure(table: &mut Table) {
    let (app, empty) = (program("tuttu-app"), program("examples/empty-window"));
    if !app.is_file() || !empty.is_file() {
        println!("{} or {} is not built; starting is not measured", app.display(), empty.display());
        return;
    }
    let home = tempfile::tempdir().expect("a folder");
    let vault = home.path().join("vault");
    fill(&vault, home.path());
    let screen = Screen::new();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        theirs.push(screen.start(Command::new(&empty), home.path()));
        let mut tuttu = Command::new(&app);
        tuttu.arg("--vault").arg(&vault);
        ours.push(screen.start(tuttu, home.path()));
    }
    table.series(
        "start with 10,000 contacts until they are on the screen, beside an empty Tauri window",
        &mut ours[1..],
        &mut theirs[1..],
        &[50, 90],
    );
}

fn program(name: &str) -> PathBuf {
    programs().join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

fn fill(vault: &Path, dir: &Path) {
    let engine = Engine::create(vault, &NewVault { person_name: "Bench".into(), computer_name: "bench".into() }).expect("a vault");
    let cards = dir.join("cards.vcf");
    std::fs::write(&cards, (0..CONTACTS).map(card).collect::<String>()).expect("a file");
    let import = Change::Import { path: cards.to_string_lossy().into(), format: None, space: None, dry_run: false };
    let Ok(Outcome::Import { report }) = engine.execute(import) else { panic!("the import failed") };
    assert_eq!(report.added as usize, CONTACTS);
}

/// A screen that nobody looks at.
struct Screen {
    server: Child,
    display: String,
}

impl Screen {
    fn new() -> Self {
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1360x860x24", "-nolisten", "tcp"]);
        let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("Xvfb");
        let mut display = String::new();
        BufReader::new(server.stdout.take().expect("a pipe")).read_line(&mut display).expect("a display");
        Self { server, display: format!(":{}", display.trim()) }
    }

    /// Starts the program and measures until its page is there; then ends it.
    fn start(&self, mut command: Command, home: &Path) -> Duration {
        command
            .env("DISPLAY", &self.display)
            .env("HOME", home)
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("GDK_BACKEND", "x11")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("NO_AT_BRIDGE", "1")
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .env("TUTTU_LOG", "tuttu_app=info")
            .env_remove("WAYLAND_DISPLAY")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().expect("the program starts");
        let stderr = child.stderr.take().expect("a pipe");
        let (say, hear) = mpsc::channel();
        std::thread::spawn(move || {
            // Reads on after the page is there: nobody must wait for a full pipe.
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if line.contains(SHOWN) {
                    let _ = say.send(Instant::now());
                }
            }
        });
        let shown = hear.recv_timeout(PATIENCE);
        let _ = child.kill();
        let _ = child.wait();
        shown.expect("the page shows in time").duration_since(started)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
