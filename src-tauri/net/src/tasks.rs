//! The tasks of one host: all end when it does.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::blocking::lock;

#[derive(Debug)]
pub(crate) struct Tasks {
    stop: watch::Sender<bool>,
    running: Mutex<JoinSet<()>>,
}

impl Tasks {
    pub(crate) fn new() -> Self {
        Self { stop: watch::Sender::new(false), running: Mutex::default() }
    }

    /// Runs a task that may be dropped at any point when the host stops.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stopped = self.stopped();
        self.spawn_orderly(async move {
            tokio::select! {
                () = work => {}
                () = stopped => {}
            }
        });
    }

    /// Runs a task that watches [`Tasks::stopped`] itself and then ends soon.
    pub(crate) fn spawn_orderly(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut running = lock(&self.running);
        while let Some(ended) = running.try_join_next() {
            if let Err(error) = ended
                && error.is_panic()
            {
                tracing::error!(%error, "a task panicked");
            }
        }
        if !*self.stop.borrow() {
            running.spawn(work);
        }
    }

    /// Ready once the host stops.
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stop = self.stop.subscribe();
        async move {
            // The sender gone means the same as stopped.
            let _ = stop.wait_for(|stop| *stop).await;
        }
    }

    /// Stops all tasks; those that do not end in time are dropped.
    pub(crate) async fn shut_down(&self, within: Duration) {
        self.stop.send_replace(true);
        let mut running = std::mem::take(&mut *lock(&self.running));
        let all = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(within, all).await.is_err() {
            tracing::warn!("some tasks did not end in time");
            running.shutdown().await;
        }
    }
}

/// Ends a task when dropped.
#[derive(Debug)]
pub(crate) struct Leash(JoinHandle<()>);

impl Leash {
    pub(crate) fn spawn(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everything_ends_with_the_host() {
        let tasks = Tasks::new();
        let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
        tasks.spawn(async move {
            std::future::pending::<()>().await;
            drop(sender);
        });
        let stopped = tasks.stopped();
        tasks.spawn_orderly(stopped);
        tasks.shut_down(Duration::from_secs(5)).await;
        assert!(receiver.await.is_err(), "the task was dropped");
        let late = std::sync::Arc::new(());
        let held = std::sync::Arc::clone(&late);
        tasks.spawn(async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        assert_eq!(std::sync::Arc::strong_count(&late), 1, "nothing starts after the end");
    }
}
