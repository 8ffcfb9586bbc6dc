//! The repository checks its own rules: who may use whom, what the pure crates may know, how files begin and how long they are, what they are called,
//! where packages come from and under which licences.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Crate -> crates of the workspace it may use.
const EDGES: &[(&str, &[&str])] = &[
    ("tuttu-model", &[]),
    ("tuttu-interchange", &["tuttu-model"]),
    ("tuttu-sync", &["tuttu-model"]),
    ("tuttu-store", &["tuttu-sync", "tuttu-model"]),
    ("tuttu-engine", &["tuttu-store", "tuttu-sync", "tuttu-interchange", "tuttu-model"]),
    ("tuttu-net", &["tuttu-sync", "tuttu-engine"]),
    ("tuttu-cli", &["tuttu-engine", "tuttu-net"]),
    ("tuttu-app", &["tuttu-engine", "tuttu-net"]),
    ("tuttu-tests", &["tuttu-engine", "tuttu-net", "tuttu-store", "tuttu-sync", "tuttu-interchange", "tuttu-model"]),
    ("tuttu-e2e", &[]),
    ("xtask", &[]),
];

/// The crates without clock, randomness, IO and async.
const PURE: &[&str] = &["tuttu-model", "tuttu-interchange", "tuttu-sync"];

/// Crates that do IO or wait. A pure crate reaches none of them, however indirectly.
const IMPURE: &[&str] =
    &["tokio", "async-std", "smol", "mio", "socket2", "rusqlite", "libsqlite3-sys", "iroh", "reqwest", "hyper", "tempfile", "directories"];

/// What the code of a pure crate never says, outside its tests.
const UNSAID: &[&str] = &[
    "SystemTime::now",
    "Instant::now",
    "Utc::now",
    "Local::now",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "std::process",
    "async fn",
    "getrandom",
    "rand::",
    "HashMap",
    "HashSet",
];

/// The window's libraries; the command line links none of them.
const WINDOWS: &[&str] = &["tauri", "gtk", "gdk", "webkit2gtk", "wry", "tao", "soup3", "javascriptcore-rs"];

const LONGEST_FILE: usize = 500;
/// Written by programs.
const GENERATED: &[&str] = &["bindings.ts"];
const NAMELESS: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc", "manager"];

/// Licences whose terms an unmodified, linked dependency meets by being named. MPL-2.0 holds file by file, for files we do not change.
const LICENCES: &[&str] = &[
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "BSL-1.0",
    "Unlicense",
    "CC0-1.0",
    "Unicode-3.0",
    "CDLA-Permissive-2.0",
    "MPL-2.0",
    "OFL-1.1",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the repository").to_owned()
}

fn metadata() -> &'static Metadata {
    static METADATA: OnceLock<Metadata> = OnceLock::new();
    METADATA.get_or_init(|| {
        let rustc = Command::new("rustc").arg("-vV").output().expect("rustc says its version");
        let rustc = String::from_utf8(rustc.stdout).expect("plain text");
        let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
        // For this system only, and without the network: everything that was built is there.
        let options = ["--locked", "--offline", "--filter-platform", host].map(str::to_owned);
        MetadataCommand::new().manifest_path(root().join("Cargo.toml")).other_options(options).exec().expect("cargo metadata")
    })
}

fn members() -> BTreeMap<&'static str, &'static Package> {
    metadata().workspace_packages().into_iter().map(|package| (package.name.as_str(), package)).collect()
}

/// Everything a crate links, with what that links, and so on. What only builds or tests need is left out.
fn linked(name: &str) -> BTreeSet<&'static str> {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().expect("a resolved graph");
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![&members()[name].id];
    while let Some(id) = waiting.pop() {
        let normal = nodes[id].deps.iter().filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
        waiting.extend(normal.map(|dep| &dep.pkg).filter(|id| seen.insert(*id)));
    }
    seen.into_iter().map(|id| metadata[id].name.as_str()).collect()
}

#[test]
fn crates_use_only_those_they_may() {
    let members = members();
    assert_eq!(
        members.keys().copied().collect::<BTreeSet<_>>(),
        EDGES.iter().map(|(name, _)| *name).collect(),
        "the crates are a budget: docs/architecture.md"
    );
    for (name, allowed) in EDGES {
        for used in members[name].dependencies.iter().map(|dependency| dependency.name.as_str()).filter(|used| members.contains_key(used)) {
            assert!(allowed.contains(&used), "{name} may not use {used}");
        }
    }
}

#[test]
fn pure_crates_reach_nothing_that_does_io() {
    for name in PURE {
        let linked = linked(name);
        for impure in IMPURE {
            assert!(!linked.contains(impure), "{name} reaches {impure}");
        }
        let direct = &members()[name].dependencies;
        for used in direct.iter().filter(|dependency| dependency.kind == DependencyKind::Normal) {
            assert!(
                !["getrandom", "rand", "fastrand"].contains(&used.name.as_str()),
                "{name} uses {}: randomness comes in as an argument",
                used.name
            );
            assert!(!used.features.iter().any(|feature| feature == "clock" || feature == "now"), "{name} uses the clock of {}", used.name);
            assert!(used.name != "iroh-base" || *name == "tuttu-sync", "{name} uses iroh-base; only tuttu-sync may, for keys");
        }
    }
}

#[test]
fn the_code_of_pure_crates_asks_no_clock_no_dice_and_no_disk() {
    for name in PURE {
        let folder = members()[name].manifest_path.parent().expect("a folder").join("src");
        let sources: Vec<_> =
            files(folder.as_std_path()).into_iter().filter(|file| has_extension(file, &["rs"])).map(|file| (read(&file), file)).collect();
        let tests: BTreeSet<&str> = sources.iter().flat_map(|(text, _)| test_modules(text)).collect();
        for (text, file) in sources.iter().filter(|(_, file)| !within(file, &tests)) {
            for (number, line) in code(text) {
                for unsaid in UNSAID {
                    assert!(!line.contains(unsaid), "{}:{number}: {unsaid} in a pure crate", shown(file));
                }
            }
        }
    }
}

/// The modules in files of their own that are compiled for tests only.
fn test_modules(text: &str) -> impl Iterator<Item = &str> {
    let pairs = text.lines().zip(text.lines().skip(1)).filter(|(above, _)| above.trim() == "#[cfg(test)]");
    pairs.filter_map(|(_, line)| line.trim_start_matches("pub(crate) ").strip_prefix("mod ")?.strip_suffix(';'))
}

/// The lines of a file with their numbers, without comments and without the tests at its end.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines.windows(2).position(|pair| pair[0].trim() == "#[cfg(test)]" && pair[1].trim_end().ends_with('{'));
    let end = tests.unwrap_or(lines.len());
    lines.into_iter().take(end).enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")).map(|(index, line)| (index + 1, line))
}

/// Faults for the simulator to find are in no program people get: nothing turns them on but the feature of that name, and only `tuttu-tests` is built with it.
#[test]
fn planted_faults_stay_in_the_simulator() {
    for (name, package) in members() {
        for (feature, turns_on) in package.features.iter().filter(|(feature, _)| *feature != "planted") {
            assert!(!turns_on.iter().any(|other| other.ends_with("planted")), "{name}: {feature} plants faults");
        }
        let planting = package.dependencies.iter().find(|used| used.features.iter().any(|feature| feature == "planted"));
        assert!(planting.is_none(), "{name} plants faults in what it uses");
    }
    let programs = ["tuttu-cli", "tuttu-app", "tuttu-net"];
    assert!(programs.iter().all(|name| !members()[name].features.contains_key("planted")));
}

#[test]
fn the_command_line_links_no_window() {
    for crate_name in ["tuttu-cli", "tuttu-engine", "tuttu-net", "tuttu-tests"] {
        let linked = linked(crate_name);
        let windows: Vec<_> =
            linked.iter().filter(|used| WINDOWS.iter().any(|window| *used == window || used.starts_with(&format!("{window}-")))).collect();
        assert!(windows.is_empty(), "{crate_name} links {windows:?}");
    }
}

#[test]
fn every_library_says_what_it_is() {
    for (name, package) in members() {
        for target in package.targets.iter().filter(|target| target.is_lib()) {
            let text = read(target.src_path.as_std_path());
            let words: Vec<&str> =
                text.lines().take_while(|line| line.starts_with("//!")).filter_map(|line| line.strip_prefix("//! ")).collect();
            let mut at = 0;
            for start in ["Purpose: ", "May use: ", "Invariants: ", "Start reading at: "] {
                let found = words.iter().skip(at).position(|line| line.starts_with(start));
                at += found.unwrap_or_else(|| panic!("{name}: its lib.rs does not open with “{start}” in its place")) + 1;
            }
        }
    }
}

#[test]
fn files_are_short_and_have_names_that_say_something() {
    let mut wrong = Vec::new();
    for file in ["src-tauri", "tests", "ui/src", "ui/tests"].iter().flat_map(|folder| files(&root().join(folder))) {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !has_extension(&file, &["rs", "ts", "svelte", "css", "mjs", "js", "sql"]) || GENERATED.contains(&name) {
            continue;
        }
        let lines = read(&file).lines().count();
        if lines > LONGEST_FILE && name != "tests.rs" {
            wrong.push(format!("{}: {lines} lines, {LONGEST_FILE} at most", shown(&file)));
        }
        let path = shown(&file);
        let stems = path.split('/').map(|part| part.split('.').next().unwrap_or(part));
        wrong.extend(stems.filter(|stem| NAMELESS.contains(stem)).map(|stem| format!("{path}: “{stem}” says nothing")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn packages_come_from_the_public_registries_by_name() {
    for name in ["Cargo.lock", "tests/bench/samod/Cargo.lock"] {
        for source in read(&root().join(name)).lines().filter_map(|line| line.strip_prefix("source = ")) {
            assert_eq!(source, "\"registry+https://github.com/rust-lang/crates.io-index\"", "in {name}");
        }
    }
    for name in ["ui/package-lock.json", "tests/bench/pouchdb/package-lock.json", "tests/bench/automerge-repo/package-lock.json"] {
        if let Some(number) = read(&root().join(name)).lines().position(|line| line.contains("\"resolved\": \"http")) {
            panic!("{name}:{}: an address; write the lock with omit-lockfile-registry-resolved", number + 1);
        }
    }
}

#[test]
fn licences_of_dependencies_are_ones_we_can_keep() {
    let own: BTreeSet<_> = metadata().workspace_members.iter().collect();
    let mut wrong: Vec<String> = metadata()
        .packages
        .iter()
        .filter(|package| !own.contains(&package.id))
        .filter(|package| !package.license.as_deref().is_some_and(allowed))
        .map(|package| format!("{} {}: {}", package.name, package.version, package.license.as_deref().unwrap_or("no licence named")))
        .collect();
    let lock: serde_json::Value = serde_json::from_str(&read(&root().join("ui/package-lock.json"))).expect("JSON");
    for (name, package) in lock["packages"].as_object().expect("packages") {
        // What only builds and tests the page does not go into it.
        if !name.is_empty() && package["dev"] != true && !package["license"].as_str().is_some_and(allowed) {
            wrong.push(format!("{name}: {}", package["license"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a licence expression can be met with the licences we accept. One that makes no sense cannot.
fn allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest) == Some(true) && rest.is_empty()
}

fn any_of(words: &mut &[&str]) -> Option<bool> {
    let mut good = all_of(words)?;
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        good |= all_of(words)?;
    }
    Some(good)
}

fn all_of(words: &mut &[&str]) -> Option<bool> {
    let mut good = one(words)?;
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        good &= one(words)?;
    }
    Some(good)
}

fn one(words: &mut &[&str]) -> Option<bool> {
    let (good, rest) = match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let good = any_of(words)?;
            (good, words.strip_prefix(&[")"])?)
        }
        [name, "WITH", exception, rest @ ..] => (LICENCES.contains(&format!("{name} WITH {exception}").as_str()), rest),
        [name, rest @ ..] => (LICENCES.contains(name), rest),
        [] => return None,
    };
    *words = rest;
    Some(good)
}

#[test]
fn licence_expressions_are_understood() {
    for good in ["MIT", "MIT OR GPL-3.0", "MIT/Apache-2.0", "(MIT OR GPL-3.0) AND Unicode-3.0", "Apache-2.0 WITH LLVM-exception OR GPL-2.0"]
    {
        assert!(allowed(good), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT OR", "(MIT", "Apache-2.0 WITH Other-exception"] {
        assert!(!allowed(bad), "{bad}");
    }
}

/// All files under a folder, but not what was installed or built.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            if !["node_modules", "dist", "dist-mock", "target"].iter().any(|other| name == *other) {
                found.extend(files(&path));
            }
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Whether a file belongs to one of these modules.
fn within(file: &Path, modules: &BTreeSet<&str>) -> bool {
    Path::new(&shown(file)).with_extension("").components().any(|part| part.as_os_str().to_str().is_some_and(|part| modules.contains(part)))
}

fn has_extension(file: &Path, extensions: &[&str]) -> bool {
    file.extension().is_some_and(|found| extensions.iter().any(|extension| found == *extension))
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", shown(file)))
}

/// The path in the repository.
fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).to_string_lossy().replace('\\', "/")
}
