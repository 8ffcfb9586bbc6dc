//! A clock that is ten years off, a folder that cannot be written.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tuttu_tests::process::{Computer, tuttu};

const TEN_YEARS: i64 = 315_532_800;

/// A library that shifts the clock of a process by `TUTTU_TEST_SHIFT` seconds. `None` where there is no C compiler.
fn shifting_clock(dir: &Path) -> Option<PathBuf> {
    let (source, library) = (dir.join("clock.c"), dir.join("clock.so"));
    let code = "#define _GNU_SOURCE\n#include <time.h>\n#include <stdlib.h>\n#include <unistd.h>\n#include <sys/syscall.h>\n\
        int clock_gettime(clockid_t id, struct timespec *at) {\n int done = syscall(SYS_clock_gettime, id, at);\n\
        const char *by = getenv(\"TUTTU_TEST_SHIFT\");\n if (done == 0 && id == CLOCK_REALTIME && by) at->tv_sec += atol(by);\n return done;\n}\n";
    std::fs::write(&source, code).unwrap();
    let made = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
    made.is_ok_and(|status| status.success()).then_some(library)
}

fn run(computer: &Computer, clock: &Path, shift: i64, args: &[&str]) -> Vec<Value> {
    let mut command = Command::new(tuttu());
    command.arg("--vault").arg(computer.vault()).arg("--json").args(args).env_remove("TUTTU_VAULT");
    command.env("LD_PRELOAD", clock).env("TUTTU_TEST_SHIFT", shift.to_string()).env("TUTTU_PASSPHRASE", "words");
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_clock_ten_years_off_loses_nothing() {
    let beside = tempfile::tempdir().unwrap();
    let Some(clock) = shifting_clock(beside.path()) else { panic!("there is no C compiler, which building Tuttu needs too") };
    let ilona = Computer::new("Ilona");
    ilona.ok(&["add", "person", "name=Now"]);
    let ahead = run(&ilona, &clock, TEN_YEARS, &["add", "person", "name=Ahead"]);
    let year: i32 = ahead[0]["created"]["at"].as_str().unwrap()[..4].parse().unwrap();
    let now: i32 = ilona.ok(&["get", "Now"])["created"]["at"].as_str().unwrap()[..4].parse().unwrap();
    assert!((9..=11).contains(&(year - now)), "the clock is shifted: {year}");
    run(&ilona, &clock, -TEN_YEARS, &["add", "person", "name=Behind"]);
    for (shift, notes) in [(TEN_YEARS, "one"), (-TEN_YEARS, "two"), (0, "three"), (-TEN_YEARS, "four")] {
        for name in ["Now", "Ahead", "Behind"] {
            run(&ilona, &clock, shift, &["set", name, &format!("notes={notes}")]);
        }
        assert_eq!(run(&ilona, &clock, -shift, &["check"])[0]["ok"], true);
    }
    for name in ["Now", "Ahead", "Behind"] {
        let record = ilona.ok(&["get", name]);
        assert_eq!(
            (record["notes"].as_str(), record["conflicts"].as_array()),
            (Some("four"), None),
            "the newest edit stands, whatever the clock said"
        );
    }
    run(&ilona, &clock, TEN_YEARS, &["undo"]);
    assert_eq!(ilona.ok(&["get", "Behind"])["notes"], "three");
    let file = beside.path().join("backup").to_string_lossy().into_owned();
    run(&ilona, &clock, -TEN_YEARS, &["backup", &file]);
    run(&ilona, &clock, TEN_YEARS, &["rebuild"]);
    assert_eq!(ilona.ok(&["check"])["ok"], true);
    assert_eq!(ilona.lines(&["list", "person"]).len(), 3);
}

/// Runs as a user who may not write there: the superuser may write anywhere.
fn without_rights(computer: &Computer, args: &[&str]) -> Output {
    use std::os::unix::process::CommandExt;
    let program = computer.vault().with_file_name("tuttu");
    if !program.exists() {
        std::fs::copy(tuttu(), &program).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new(program);
    command.arg("--vault").arg(computer.vault()).arg("--json").args(args).env_remove("TUTTU_VAULT").stdin(Stdio::null());
    if std::fs::metadata(computer.vault()).unwrap().permissions().mode() & 0o222 == 0 && is_superuser() {
        command.uid(65_534);
    }
    command.output().unwrap()
}

fn is_superuser() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| status.lines().any(|line| line.starts_with("Uid:\t0\t")))
}

#[test]
fn a_folder_that_cannot_be_written_is_said_so_and_left_as_it_is() {
    let ilona = Computer::new("Ilona");
    ilona.ok(&["add", "person", "name=Jon"]);
    let vault = ilona.vault();
    let allow = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    let before = std::fs::read(vault.join("vault.db")).unwrap();
    allow(vault.parent().unwrap(), 0o755);
    for (path, mode) in
        [("keys/person.key", 0o444), ("keys/computer.key", 0o444), ("keys", 0o555), ("vault.db", 0o444), ("vault.lock", 0o444)]
    {
        allow(&vault.join(path), mode);
    }
    allow(&vault, 0o555);
    for args in [&["add", "person", "name=Eva"][..], &["list", "person"], &["check", "--repair"], &["rebuild"]] {
        let output = without_rights(&ilona, args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        let error: Value = said.lines().find_map(|line| serde_json::from_str(line).ok()).unwrap_or_else(|| panic!("{said}"));
        assert_eq!(error["error"]["code"], "read-only", "{args:?}: {said}");
        assert!(error["error"]["hint"].as_str().unwrap().contains("safe"), "{said}");
    }
    allow(&vault, 0o700);
    assert_eq!(std::fs::read(vault.join("vault.db")).unwrap(), before);
    for (path, mode) in [("keys", 0o700), ("vault.db", 0o600), ("vault.lock", 0o600)] {
        allow(&vault.join(path), mode);
    }
    assert_eq!(ilona.ok(&["get", "Jon"])["name"], "Jon");
}
