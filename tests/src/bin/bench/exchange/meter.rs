//! What programs take while something goes on: bytes on the loopback, processor time, memory. Linux tells all of them.

use std::fs::read_to_string;

use crate::exchange::apart;

/// Ticks of `/proc/PID/stat` a second; Linux shows this many to programs, whatever it counts itself.
const TICKS: f64 = 100.0;

/// The state when something begins.
#[derive(Debug)]
pub(crate) struct Meter {
    processes: Vec<u32>,
    bytes: Option<u64>,
    ticks: f64,
}

impl Meter {
    pub(crate) fn start(processes: &[u32]) -> Self {
        Self { processes: processes.to_vec(), bytes: loopback(), ticks: ticks(processes) }
    }

    /// Bytes since then, headers included; `None` where others use the loopback, too.
    pub(crate) fn bytes(&self) -> Option<u64> {
        Some(loopback()?.saturating_sub(self.bytes?))
    }

    /// Seconds of processor time since then, of all of them together.
    pub(crate) fn processor(&self) -> f64 {
        (ticks(&self.processes) - self.ticks) / TICKS
    }

    /// The most that one of them has held since its start, in MiB.
    pub(crate) fn memory(&self) -> f64 {
        self.processes.iter().map(|process| peak(*process)).fold(0.0, f64::max)
    }
}

fn loopback() -> Option<u64> {
    if !apart::inside() {
        return None;
    }
    let text = read_to_string("/proc/self/net/dev").ok()?;
    let line = text.lines().find_map(|line| line.trim().strip_prefix("lo:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn ticks(processes: &[u32]) -> f64 {
    processes.iter().filter_map(|process| ticks_of(*process)).sum()
}

fn ticks_of(process: u32) -> Option<f64> {
    let text = read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name is in brackets and may hold anything; user and system time are the 14th and 15th field.
    let (_, after) = text.rsplit_once(')')?;
    Some(after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum())
}

fn peak(process: u32) -> f64 {
    let text = read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse::<f64>().ok()).unwrap_or_default() / 1_024.0
}
