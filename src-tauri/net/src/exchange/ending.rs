//! How an exchange ends, and what is said about it.

use std::io;
use std::time::Duration;

use iroh::endpoint::{Connection, ConnectionError};
use tokio::time::timeout;
use tuttu_engine::model::ComputerId;
use tuttu_sync::session::CloseReason;

use super::{Acquaintance, Exchange};
use crate::blocking::aside;
use crate::hints;
use crate::live::Code;
use crate::net::Net;

/// How long a last word may take.
const LAST_WORD: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) enum End {
    /// The connection ended.
    Gone,
    /// The other side said nothing.
    Silent,
    /// This host stops.
    Stopping,
    /// The session ended it.
    Closed(CloseReason),
    /// The other side does not read what it asked for.
    NotReading,
    /// Nothing is shared (any more).
    NothingShared,
    /// Something inside failed.
    Broken,
}

impl End {
    /// From an error of the frame reader.
    pub(super) fn of_read(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData => Self::Closed(CloseReason::Protocol(error.to_string())),
            io::ErrorKind::TimedOut => Self::Closed(CloseReason::Protocol("a frame stalled".to_owned())),
            _ => Self::Gone,
        }
    }

    /// What the other side is told.
    fn code(&self) -> (Code, &str) {
        match self {
            Self::Gone => (Code::Done, ""),
            Self::Silent => (Code::Protocol, "nothing was said"),
            Self::Stopping => (Code::Stopping, ""),
            Self::Closed(CloseReason::Protocol(why)) => (Code::Protocol, why),
            Self::Closed(CloseReason::Version(_)) => (Code::Version, ""),
            Self::Closed(CloseReason::Peer(_)) => (Code::Done, ""),
            Self::NotReading => (Code::Protocol, "what was asked for was not read"),
            Self::NothingShared => (Code::Nothing, ""),
            Self::Closed(CloseReason::Local(_)) | Self::Broken => (Code::Later, ""),
        }
    }

    /// What this person is told; `None` when nothing is wrong.
    fn trouble(&self, who: &str, closed: Option<ConnectionError>) -> Option<String> {
        match self {
            Self::Gone => gone(who, closed?),
            Self::Silent | Self::Stopping | Self::NothingShared => None,
            Self::Closed(CloseReason::Protocol(why)) => Some(format!("{who} sent something this computer does not accept: {}.", bare(why))),
            Self::Closed(CloseReason::Version(theirs)) => Some(other_version(who, Some(*theirs))),
            Self::Closed(CloseReason::Peer(why)) => Some(format!("{who} ended the exchange: {}.", bare(why))),
            Self::Closed(CloseReason::Local(why)) => Some(format!("This computer cannot read its own data: {}.", bare(why))),
            Self::NotReading => Some(format!("{who} does not take what it asks for.")),
            Self::Broken => Some("Something went wrong inside Tuttu during an exchange; it is tried again.".to_owned()),
        }
    }
}

/// A sentence's worth of a text without its own full stop.
fn bare(text: &str) -> String {
    text.trim_end_matches('.').chars().take(300).collect()
}

fn other_version(who: &str, theirs: Option<u32>) -> String {
    let protocol = theirs.map(|theirs| format!(" (protocol {theirs})")).unwrap_or_default();
    format!("{who} runs a version of Tuttu that does not fit this one{protocol}. Update the older of the two.")
}

/// What a connection closed by the other side says.
fn gone(who: &str, closed: ConnectionError) -> Option<String> {
    let ConnectionError::ApplicationClosed(close) = closed else { return None };
    if Code::Protocol.is(close.error_code) {
        let why = String::from_utf8_lossy(&close.reason);
        let why: String = why.chars().filter(|c| !c.is_control()).collect();
        return Some(format!("{who} refused what this computer sent: {}.", bare(&why)));
    }
    if Code::Version.is(close.error_code) {
        return Some(other_version(who, None));
    }
    if Code::Nothing.is(close.error_code) {
        return Some(format!("{who} does not know this computer, or shares nothing with it any more."));
    }
    None
}

impl Exchange {
    /// Lets the last frames out before the connection is closed.
    pub(super) async fn farewell(&self, connection: &Connection, end: &End) {
        if matches!(end, End::Closed(CloseReason::Protocol(_) | CloseReason::Version(_) | CloseReason::Local(_))) {
            // The other side hangs up once it has read why; if it does not, the close below says it again.
            let heard = async {
                self.out.flushed().await;
                connection.closed().await;
            };
            let _ = timeout(LAST_WORD, heard).await;
        }
    }
}

/// Closes the connection, tells listeners, and remembers what went wrong.
pub(super) async fn conclude(net: &Net, connection: &Connection, remote: ComputerId, who: &Acquaintance, end: &End) {
    let closed = connection.close_reason();
    let (code, why) = if who.known { end.code() } else { (Code::Nothing, "") };
    code.close(connection, why);
    tracing::debug!(%remote, ?end, ?closed, "an exchange ended");
    if let Some(trouble) = end.trouble(&named(&who.person), closed)
        && who.known
    {
        net.announce_trouble(&remote, &trouble);
    }
    let was_the_one = net.live.remove(&remote, connection);
    if was_the_one && who.known {
        let engine = net.engine.clone();
        let noted = aside(move || hints::seen(&engine, &remote));
        // Only for display.
        let _ = noted.await;
        net.announce_peer(remote, &who.person, "away").await;
        let engine = net.engine.clone();
        // What is lost of it is lost with a process that ends.
        let _ = aside(move || engine.write_log()).await;
    }
}

fn named(person: &str) -> String {
    if person.is_empty() { "The other computer".to_owned() } else { format!("{person}’s computer") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_a_sentence() {
        let told = |end: End| end.trouble(&named("Maria"), None).unwrap_or_default();
        assert_eq!(
            told(End::Closed(CloseReason::Protocol("a chunk came twice.".into()))),
            "Maria’s computer sent something this computer does not accept: a chunk came twice."
        );
        assert_eq!(
            told(End::Closed(CloseReason::Version(3))),
            "Maria’s computer runs a version of Tuttu that does not fit this one (protocol 3). Update the older of the two."
        );
        assert_eq!(told(End::Stopping), "");
    }

    #[test]
    fn those_who_share_nothing_learn_nothing() {
        assert_eq!(End::NothingShared.code(), (Code::Nothing, ""));
        assert_eq!(End::Closed(CloseReason::Local("disk 7 broke".into())).code(), (Code::Later, ""));
    }
}
