//! Automerge panics on some malformed changes. Those panics are contained here, never passed on.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::document::DocumentError;

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread right now would be contained and turned into a [`DocumentError`]: a panic hook may stay silent then.
#[must_use]
pub fn panic_is_contained() -> bool {
    CONTAINED.get()
}

/// Runs what may panic. Callers work on a copy, or give up what was touched when this fails: that is why unwind safety may be asserted.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, DocumentError> {
    let outer = CONTAINED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    CONTAINED.set(outer);
    outcome.map_err(|payload| {
        let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        DocumentError::Refused(text.unwrap_or("Automerge gave up").chars().take(200).collect())
    })
}
