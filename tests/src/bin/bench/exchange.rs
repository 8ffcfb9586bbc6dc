//! Two processes on loopback, durable on both sides: first sync, reconnect, a third computer, single edits; beside programs of the same purpose in the same run.
//!
//! `TUTTU_BENCH_SIZES` names numbers of records, separated by commas; then the peers get all of them, too.

mod apart;
mod figures;
mod meter;
mod peer;
mod tuttu;

use crate::exchange::figures::{Figures, Outcome};
use crate::exchange::peer::PEERS;
use crate::table::Table;

/// Numbers of records when none are named.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// More records than that only Tuttu gets, unless sizes are named: a run is to take minutes.
const PEERS_UP_TO: usize = 10_000;
/// Records that are added on each side while they are apart.
pub(crate) const DIFFERENCES: [usize; 4] = [0, 1, 10, 1_000];
/// Edits, one after the other.
pub(crate) const EDITS: usize = 200;

/// Where nobody else uses the loopback, its counters tell the bytes; else everything but them is measured.
pub(crate) fn measure(table: &mut Table) {
    match apart::again() {
        Some(()) => table.read(),
        None => sizes().into_iter().for_each(|(records, peers)| size(table, records, peers)),
    }
}

/// How many records, and whether peers get as many.
fn sizes() -> Vec<(usize, bool)> {
    let named = std::env::var("TUTTU_BENCH_SIZES").unwrap_or_default();
    let named: Vec<usize> = named.split(',').filter_map(|size| size.trim().parse().ok()).collect();
    if named.is_empty() {
        SIZES.map(|size| (size, size <= PEERS_UP_TO)).to_vec()
    } else {
        named.into_iter().map(|size| (size, true)).collect()
    }
}

fn size(table: &mut Table, records: usize, peers: bool) {
    let ours = tuttu::measure(records);
    for (name, number) in ours.all() {
        table.alone(&format!("{records} records: {name}"), *number);
    }
    for peer in PEERS.iter().filter(|_| peers) {
        match peer.measure(records) {
            Outcome::Absent(how) => eprintln!("{} is not measured: {how}", peer.name),
            Outcome::Measured(theirs) => beside(table, records, peer.name, &ours, &theirs),
        }
    }
}

/// All that both have; the ratio is the peer’s number by ours. What a peer did not finish is said.
fn beside(table: &mut Table, records: usize, peer: &str, ours: &Figures, theirs: &Figures) {
    for (name, number) in ours.all() {
        let row = format!("{records} records: {name}; {peer}");
        match theirs.get(name) {
            Some(peer) => table.compare(&row, *number, peer, peer / number),
            None if theirs.unfinished(name) => table.unfinished(&row, *number),
            None => {}
        }
    }
}
