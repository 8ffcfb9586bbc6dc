//! A computer of somebody: a screen, a home, and Tuttu on it.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;

use crate::process::{self, Program};
use crate::window::Window;

/// How long the app may take to show its page, on a machine that is busy with other tests.
const START: Duration = Duration::from_secs(60);

/// A screen and a home. The vault stays when the app is closed or killed; all of it goes when this is dropped.
#[derive(Debug)]
pub struct Computer {
    name: String,
    home: TempDir,
    display: String,
    _screen: Program,
    app: PathBuf,
}

impl Computer {
    /// A new computer with nothing on it.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let app =
            std::env::var_os("TUTTU_APP_BIN").map(PathBuf::from).expect("TUTTU_APP_BIN names the built app; `cargo xtask test` sets it");
        let home = tempfile::Builder::new().prefix(&format!("tuttu-e2e-{name}-")).tempdir().expect("a folder");
        for folder in ["data", "config", "cache", "run"] {
            std::fs::create_dir(home.path().join(folder)).expect("a folder");
        }
        std::fs::set_permissions(home.path().join("run"), PermissionsExt::from_mode(0o700)).expect("permissions");
        let mut screen = Program::start("Xvfb", |command| {
            command
                .args(["-displayfd", "1", "-screen", "0", "1360x860x24", "-nolisten", "tcp"])
                .stdout(Stdio::piped())
                .stderr(Stdio::null());
        });
        let display = format!(":{}", screen.first_line());
        assert!(display.len() > 1, "Xvfb found no free display");
        Self { name: name.to_owned(), home, display, _screen: screen, app }
    }

    /// The folder of its vault.
    #[must_use]
    pub fn vault(&self) -> PathBuf {
        self.home.path().join("vault")
    }

    /// A folder of its person.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// What it is called in messages and pictures.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Starts Tuttu and waits for its page.
    pub async fn start(&self) -> Window {
        self.start_with(&[]).await
    }

    /// Starts Tuttu with more arguments, a link for example.
    pub async fn start_with(&self, more: &[&str]) -> Window {
        let port = process::free_port();
        let log = File::options().create(true).append(true).open(self.log()).expect("a log");
        let driver = Program::start("WebKitWebDriver", |command| {
            command.arg(format!("--port={port}")).stdout(log.try_clone().expect("a log")).stderr(log);
            self.environment(command);
        });
        let vault = self.vault();
        let arguments: Vec<&str> = ["--vault", vault.to_str().expect("a plain path")].into_iter().chain(more.iter().copied()).collect();
        let wish = json!({"webkitgtk:browserOptions": {"binary": self.app, "args": arguments}});
        let client = connect(port, wish).await.unwrap_or_else(|error| panic!("{}: no window: {error}\n{}", self.name, self.said()));
        Window::new(self.name.clone(), client, driver, self.app.clone(), self.log())
    }

    /// Nothing of the desktop this runs on is seen from inside: no session bus, no other screen, no home.
    fn environment(&self, command: &mut std::process::Command) {
        let home = self.home.path();
        command
            .env("DISPLAY", &self.display)
            .env("HOME", home)
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("XDG_RUNTIME_DIR", home.join("run"))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("GDK_BACKEND", "x11")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("NO_AT_BRIDGE", "1")
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "Europe/Helsinki")
            // Otherwise the first program starts a bus for the whole screen, and when that ends, all programs on the screen do.
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("TUTTU_VAULT");
    }

    fn log(&self) -> PathBuf {
        self.home.path().join("log.txt")
    }

    fn said(&self) -> String {
        last_lines(&self.log())
    }
}

/// The end of a log.
pub(crate) fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(40)).fold(String::from("What it logged:\n"), |all, line| all + line + "\n")
}

/// The driver needs a moment before it listens, so the first tries may fail.
async fn connect(port: u16, wish: serde_json::Value) -> Result<Client, String> {
    let since = Instant::now();
    let wish = wish.as_object().cloned().unwrap_or_default();
    loop {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(wish.clone());
        let tried = tokio::time::timeout(START, builder.connect(&format!("http://127.0.0.1:{port}"))).await;
        match tried {
            Ok(Ok(client)) => return Ok(client),
            Ok(Err(error)) if since.elapsed() > START => return Err(error.to_string()),
            Ok(Err(_)) => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(_) => return Err(format!("nothing for {} seconds", START.as_secs())),
        }
    }
}
