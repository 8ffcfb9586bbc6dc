//! Asks the engine what it is time for, as long as the vault is open.

use std::sync::Arc;
use std::time::Duration;

use crate::blocking::ask;
use crate::net::Net;

/// After a failure.
const AGAIN: Duration = Duration::from_secs(60);

/// Never waits long, whatever comes next: a sleeping computer and a clock that is set are noticed by asking.
pub(crate) async fn run(net: Arc<Net>) {
    loop {
        let engine = net.engine.clone();
        let wait = match ask(move || engine.remind()).await {
            Ok(seconds) => Duration::from_secs(u64::from(seconds)),
            Err(error) => {
                tracing::warn!(%error, "reminders cannot be read");
                AGAIN
            }
        };
        // A reminder that is added meanwhile is told with the next minute.
        tokio::time::sleep(wait).await;
    }
}
