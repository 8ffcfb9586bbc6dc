//! The numbers of one program with one number of records, by what they are of.

use std::time::Duration;

use crate::exchange::meter::Meter;
use crate::table::percentile;

pub(crate) const DURABLE: &str = "first sync to durable, s";
pub(crate) const SEARCHABLE: &str = "first sync to searchable, s";
pub(crate) const THIRD: &str = "third computer with equal content";

/// What a reconnection is called.
pub(crate) fn reconnect(differences: usize) -> String {
    format!("reconnect with {differences} differences each")
}

/// What came of measuring a peer.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is not installed; how it would be.
    Absent(String),
    /// What it finished.
    Measured(Figures),
}

/// Numbers in the order of measuring; less is better in all of them.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    numbers: Vec<(String, f64)>,
    /// Something was not finished within the limit; nothing after it was begun.
    gave_up: bool,
}

impl Figures {
    pub(crate) fn add(&mut self, name: impl Into<String>, number: f64) {
        self.numbers.push((name.into(), number));
    }

    /// What the first sync took of the computer.
    pub(crate) fn costs(&mut self, meter: &Meter) {
        if let Some(bytes) = meter.bytes() {
            self.add("first sync, MB on the wire", bytes as f64 / 1e6);
        }
        self.add("first sync, processor time of both sides, s", meter.processor());
        self.add("first sync, peak memory of the larger side, MiB", meter.memory());
    }

    /// Two that held something before meet: the whole of it, and the part after the connection where it can be told.
    pub(crate) fn meeting(&mut self, what: &str, whole: f64, exchange: Option<f64>, bytes: Option<u64>) {
        self.add(format!("{what}, s"), whole);
        if let Some(exchange) = exchange {
            self.add(format!("{what}, the exchange alone, s"), exchange);
        }
        if let Some(bytes) = bytes {
            self.add(format!("{what}, kB on the wire"), bytes as f64 / 1e3);
        }
    }

    /// Single edits.
    pub(crate) fn edits(&mut self, mut times: Vec<Duration>) {
        for part in [50, 99] {
            let time = percentile(&mut times, part);
            self.add(format!("edit until it is seen on the other side, p{part}, ms"), time);
        }
    }

    /// The program did not finish what was asked of it.
    pub(crate) fn give_up(&mut self) {
        self.gave_up = true;
    }

    pub(crate) fn all(&self) -> &[(String, f64)] {
        &self.numbers
    }

    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        self.numbers.iter().find(|(held, _)| held == name).map(|(_, number)| *number)
    }

    pub(crate) fn unfinished(&self, name: &str) -> bool {
        self.gave_up && self.get(name).is_none()
    }
}
