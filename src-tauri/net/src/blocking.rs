//! The engine blocks for milliseconds; its calls run beside the executor, where a panic in them also ends.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tuttu_engine::api::{ErrorCode, ErrorView};

/// Runs blocking work beside the executor.
///
/// # Errors
/// When the work panicked, or the runtime is going down.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ErrorView> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "work beside the executor ended early");
        ErrorView::new(
            ErrorCode::Internal,
            "Something went wrong inside Tuttu.",
            "Nothing was changed by it. Try again; if it stays, look at the log.",
        )
    })
}

/// Runs a fallible engine call beside the executor.
///
/// # Errors
/// What the call says, or as [`aside`].
pub(crate) async fn ask<T: Send + 'static>(work: impl FnOnce() -> Result<T, ErrorView> + Send + 'static) -> Result<T, ErrorView> {
    aside(work).await?
}

/// Locks a mutex whose contents stay meaningful even when a holder panicked.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
