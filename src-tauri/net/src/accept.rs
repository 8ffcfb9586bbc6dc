//! Incoming connections.

use std::sync::Arc;
use std::time::Duration;

use iroh::Endpoint;
use iroh::endpoint::{Connection, Incoming};
use tokio::time::timeout;

use crate::address;
use crate::blocking::aside;
use crate::endpoint::{EXCHANGE, PAIRING};
use crate::exchange::{self, acquaintance};
use crate::live::Code;
use crate::net::Net;
use crate::pairing::inviting;

/// The limit for a handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Takes connections until the endpoint is closed.
pub(crate) async fn run(net: Arc<Net>, endpoint: Endpoint) {
    while let Some(incoming) = endpoint.accept().await {
        let Ok(permit) = Arc::clone(&net.handshakes).try_acquire_owned() else {
            incoming.refuse();
            continue;
        };
        let task = Arc::clone(&net);
        net.tasks.spawn(async move {
            if let Some(connection) = handshake(incoming).await {
                drop(permit);
                welcome(&task, connection).await;
            }
        });
    }
}

async fn handshake(incoming: Incoming) -> Option<Connection> {
    match timeout(HANDSHAKE, incoming).await {
        Ok(Ok(connection)) => {
            // The exchange alone, until the other side is known; what goes beside it has its own limit, see `endpoint`.
            connection.set_max_concurrent_bi_streams(1_u8.into());
            Some(connection)
        }
        Ok(Err(error)) => {
            tracing::debug!(%error, "a handshake failed");
            None
        }
        Err(_) => None,
    }
}

async fn welcome(net: &Arc<Net>, connection: Connection) {
    if connection.alpn() == PAIRING {
        match Arc::clone(&net.pairings).try_acquire_owned() {
            Ok(permit) => inviting::serve(net, connection, permit),
            Err(_) => Code::Later.close(&connection, ""),
        }
        return;
    }
    if connection.alpn() != EXCHANGE {
        return Code::Nothing.close(&connection, "");
    }
    let (engine, remote) = (net.engine.clone(), address::computer(connection.remote_id()));
    let Ok((who, blocked)) = aside(move || (acquaintance(&engine, &remote), engine.is_blocked(&remote).unwrap_or(false))).await else {
        return Code::Later.close(&connection, "");
    };
    if blocked {
        // Told what strangers are told.
        return Code::Nothing.close(&connection, "");
    }
    if who.known {
        return exchange::begin(net, connection, false, who, None);
    }
    // A stranger may be a new member this computer has not heard of: the session lets them show who let them in, and tells them nothing until
    // they do. There is little room and little time for that.
    match Arc::clone(&net.strangers).try_acquire_owned() {
        Ok(permit) => exchange::begin(net, connection, false, who, Some(permit)),
        Err(_) => Code::Nothing.close(&connection, ""),
    }
}
