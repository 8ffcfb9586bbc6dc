//! Purpose: `tuttu`, the command line and headless peer: a full front end to the same engine as the window.
//! May use: `tuttu-engine`, `tuttu-net`. No GUI library.
//! Invariants: standard output carries nothing but the answer; a command that changes something returns when it is durable; when another process has the
//! vault, every command goes to that process.
//! Start reading at: [`args`], then [`run`].

mod args;
mod backend;
mod bulk;
mod colleagues;
mod computers;
mod duplicates;
mod lists;
mod maintenance;
mod output;
mod past;
mod records;
mod run;
mod serve;
mod settings;
mod sharing;
mod ties;
mod today;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("TUTTU_LOG").unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let cli = args::Cli::parse();
    let json = cli.json;
    match run::run(cli) {
        Ok(code) => code,
        Err(error) => {
            output::error(json, &error);
            ExitCode::FAILURE
        }
    }
}
