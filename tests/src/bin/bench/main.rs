//! `cargo xtask bench [PART...]`: measures Tuttu beside its peers in the same run, prints one table and writes `bench.json`. Ratios count, not absolute times.
//! Parts: `start`, `store`, `sync`, `offline`, `scale`; all of them when none is named.

#![allow(clippy::expect_used, clippy::print_stdout, clippy::panic, reason = "a measuring program")]

mod contacts;
mod exchange;
mod offline;
mod scale;
mod start;
mod store;
mod table;

use crate::table::Table;

/// A part and what measures it.
type Part = (&'static str, fn(&mut Table));

const PARTS: [Part; 5] = [
    ("start", start::measure),
    ("store", store::measure),
    ("offline", offline::measure),
    ("sync", exchange::measure),
    ("scale", scale::measure),
];

fn main() {
    if scale::probe() {
        return;
    }
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = wanted.iter().find(|wanted| PARTS.iter().all(|(name, _)| name != wanted)) {
        let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        println!("There is no part “{unknown}”. Parts: {}", names.join(", "));
        std::process::exit(2);
    }
    let mut table = Table::default();
    for (name, measure) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            measure(&mut table);
        }
    }
    table.finish();
}
