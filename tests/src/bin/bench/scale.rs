//! Vaults of 1,000, 10,000 and 100,000 contacts with ten activities each, side by side: the cost grows with what is found, not with the vault.
//!
//! `TUTTU_BENCH_SIZES` names other sizes, separated by commas. Vaults are made in a temporary folder, or kept under `TUTTU_BENCH_VAULTS` and used again.

mod queries;
mod whole;

pub(crate) use whole::probe;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tuttu_engine::{Engine, NewVault};
use tuttu_tests::generate::fill;

use crate::table::Table;

/// The seed of all vaults.
const SEED: u64 = 7;
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// What was measured of one vault, in the order of measuring.
#[derive(Debug, Default)]
struct Rows(Vec<(String, f64)>);

impl Rows {
    fn add(&mut self, name: impl Into<String>, number: f64) {
        self.0.push((name.into(), number));
    }
}

pub(crate) fn measure(table: &mut Table) {
    let named = std::env::var("TUTTU_BENCH_SIZES").unwrap_or_default();
    let sizes: Vec<usize> = named.split(',').filter_map(|size| size.trim().parse().ok()).collect();
    let sizes = if sizes.is_empty() { SIZES.to_vec() } else { sizes };
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = std::env::var_os("TUTTU_BENCH_VAULTS").map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let columns: Vec<Rows> = sizes.iter().map(|size| column(&folder.join(size.to_string()), *size)).collect();
    let names = columns.first().map(|rows| rows.0.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()).unwrap_or_default();
    for name in names {
        let numbers: Vec<Option<f64>> =
            columns.iter().map(|rows| rows.0.iter().find(|(held, _)| *held == name).map(|(_, number)| *number)).collect();
        table.side_by_side(&name, &sizes, &numbers);
    }
}

fn column(dir: &Path, size: usize) -> Rows {
    let mut rows = Rows::default();
    if !Engine::exists(dir) {
        make(dir, size, &mut rows);
    }
    whole::measure(dir, &mut rows);
    queries::measure(&Engine::open(dir).expect("the vault"), size as u64, &mut rows);
    rows
}

fn make(dir: &Path, size: usize, rows: &mut Rows) {
    let engine = Engine::create(dir, &NewVault { person_name: "Bench".into(), computer_name: "bench".into() }).expect("a vault");
    let made = fill(&engine, size, SEED);
    rows.add("records made, a second", made.records as f64 / made.took.as_secs_f64());
    drop(engine);
}

/// Processor time of this thread: other work on the machine must not count.
fn processor_time() -> Duration {
    cpu_time::ThreadTime::now().as_duration()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
