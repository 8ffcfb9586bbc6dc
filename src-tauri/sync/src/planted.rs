//! Faults put in on purpose, so that the simulator can show that it would find them (`cargo xtask simulate --planted`). Compiled with the feature `planted`
//! alone, which no program people get ever has.

use std::sync::atomic::{AtomicU8, Ordering};

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    /// What ends a right to write cuts nothing off.
    CutIgnored = 1,
    /// The disk is told about a commit, and not waited for.
    SyncSkipped,
    /// A change is taken although one it rests on is listed nowhere.
    UnlistedDependency,
    /// Of two entries at one place of a feed the first one counts as if there were no other.
    RepeatedSeq,
    /// A chunk is acknowledged before it is durable.
    EarlyAcknowledgement,
    /// Entries that valid ones rest on are not sent.
    LostEvidence,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::CutIgnored, Self::SyncSkipped, Self::UnlistedDependency, Self::RepeatedSeq, Self::EarlyAcknowledgement, Self::LostEvidence];
}

/// The fault in this process; 0 for none.
static PLANTED: AtomicU8 = AtomicU8::new(0);

/// Puts one in, in place of the one before; `None` takes it out.
pub fn plant(fault: Option<Fault>) {
    PLANTED.store(fault.map_or(0, |fault| fault as u8), Ordering::SeqCst);
}

/// Whether this is the fault in this process.
#[must_use]
pub fn is(fault: Fault) -> bool {
    PLANTED.load(Ordering::SeqCst) == fault as u8
}
