//! The window of Tuttu. Everything is in the library, where it can be tested.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() -> std::process::ExitCode {
    tuttu_app::run(std::env::args_os().skip(1))
}
