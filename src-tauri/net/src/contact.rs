//! What the last attempts to reach each computer came to.

use std::collections::BTreeMap;
use std::sync::Mutex;

use tokio::sync::watch;
use tuttu_engine::model::ComputerId;

use crate::blocking::lock;

/// Computers remembered.
const REMEMBERED: usize = 10_000;

#[derive(Debug, Clone, Default)]
struct Contact {
    /// Dials that failed since the start.
    failures: u64,
    /// Why an exchange was refused; empty when all is well.
    trouble: String,
}

/// Thread-safe; kept for as long as the host runs.
#[derive(Debug)]
pub(crate) struct Contacts {
    known: Mutex<BTreeMap<ComputerId, Contact>>,
    changed: watch::Sender<u64>,
}

impl Contacts {
    pub(crate) fn new() -> Self {
        Self { known: Mutex::default(), changed: watch::Sender::new(0) }
    }

    /// Woken by every change.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(crate) fn failures(&self, computer: &ComputerId) -> u64 {
        lock(&self.known).get(computer).map_or(0, |contact| contact.failures)
    }

    pub(crate) fn failed(&self, computer: &ComputerId) {
        self.update(computer, |contact| contact.failures += 1);
    }

    pub(crate) fn trouble(&self, computer: &ComputerId) -> String {
        lock(&self.known).get(computer).map(|contact| contact.trouble.clone()).unwrap_or_default()
    }

    /// Remembers why an exchange was refused, or with an empty text that all is well. Whether that is news.
    pub(crate) fn set_trouble(&self, computer: &ComputerId, trouble: &str) -> bool {
        let mut news = false;
        self.update(computer, |contact| {
            news = contact.trouble != trouble;
            trouble.clone_into(&mut contact.trouble);
        });
        news
    }

    fn update(&self, computer: &ComputerId, work: impl FnOnce(&mut Contact)) {
        let mut known = lock(&self.known);
        if known.len() >= REMEMBERED && !known.contains_key(computer) {
            return;
        }
        work(known.entry(*computer).or_default());
        drop(known);
        self.changed.send_modify(|version| *version += 1);
    }
}
