//! Purpose: the window: parse what it asks, call the engine through the host, convert the answer. No decisions about data are made here.
//! May use: `tuttu-engine`, `tuttu-net`, Tauri.
//! Invariants: one vault, opened once; no engine call on the thread that draws; the page is the app's own, nothing remote is loaded and only web, mail
//! and telephone links leave, to the system; every error reaches the person as a sentence.
//! Start reading at: [`run`], then `commands`.

mod arguments;
mod bindings;
mod commands;
mod external;
mod links;
mod session;
mod suggestion;
mod window;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use tauri::{AppHandle, Manager, RunEvent};
use tracing_subscriber::EnvFilter;

use crate::arguments::{Arguments, Wish};
use crate::links::Links;
use crate::session::Session;

/// How long closing connections may take before the process ends without it. Nothing is lost then: every change was durable before.
const GOODBYE: Duration = Duration::from_secs(3);

/// Runs the app until its window is closed.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::parse(arguments, |name| std::env::var_os(name)) {
        Ok(Wish::Run(arguments)) => arguments,
        Ok(Wish::Print(text)) => return say(&mut std::io::stdout(), text, ExitCode::SUCCESS),
        Err(wrong) => return say(&mut std::io::stderr(), &wrong.to_string(), ExitCode::from(2)),
    };
    log_to_stderr();
    if let Some(missing) = missing_display() {
        return say(&mut std::io::stderr(), missing, ExitCode::FAILURE);
    }
    match build(arguments) {
        Ok(app) => {
            app.run(|app, event| {
                if matches!(event, RunEvent::Exit) {
                    leave(app);
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => say(&mut std::io::stderr(), &format!("The window cannot be opened: {error}"), ExitCode::FAILURE),
    }
}

fn build(arguments: Arguments) -> tauri::Result<tauri::App> {
    let mut builder = tauri::Builder::default();
    if !arguments.vault_named {
        // Another start shows the window that is there. With a vault named on purpose, two windows of two vaults may stand side by side.
        builder = builder.plugin(tauri_plugin_single_instance::init(|app, argv, _| {
            window::show(app);
            if let Some(link) = argv.iter().skip(1).find(|argument| links::is_link(argument)) {
                app.state::<Links>().deliver(app, link);
            }
        }));
    }
    builder
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_clipboard_manager::init())
        .invoke_handler(bindings::builder().invoke_handler())
        .setup(move |app| {
            app.manage(Links::starting_with(arguments.link));
            app.manage(Session::new(arguments.vault));
            links::listen_to_the_system(app.handle());
            // The vault opens while the page loads.
            let handle = app.handle().clone();
            tauri::async_runtime::spawn(async move { handle.state::<Session>().look(&handle).await });
            window::open(app.handle())?;
            Ok(())
        })
        .build(tauri::generate_context!())
}

fn leave(app: &AppHandle) {
    tauri::async_runtime::block_on(async {
        if tokio::time::timeout(GOODBYE, app.state::<Session>().close()).await.is_err() {
            tracing::warn!("connections were not closed in time");
        }
    });
}

fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("TUTTU_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if subscriber.try_init().is_err() {
        tracing::debug!("somebody else listens to the log already");
    }
}

/// On Linux the window library ends the process with a panic when there is no screen; this says so first.
fn missing_display() -> Option<&'static str> {
    let there = |name| std::env::var_os(name).is_some_and(|value: OsString| !value.is_empty());
    (cfg!(target_os = "linux") && !there("DISPLAY") && !there("WAYLAND_DISPLAY")).then_some(
        "There is no screen to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set).\nWithout a screen, use the command line: tuttu status, tuttu serve.",
    )
}

fn say(to: &mut dyn Write, text: &str, code: ExitCode) -> ExitCode {
    // Nobody may be listening; then there is nobody to tell that either.
    let _ = writeln!(to, "{text}");
    code
}
