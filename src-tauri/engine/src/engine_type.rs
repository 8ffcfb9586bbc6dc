use std::path::Path;
use std::sync::Arc;

use tokio::sync::broadcast;
use tuttu_model::{ComputerId, FeedId, SpaceId};
use tuttu_sync::feed::Vector;
use tuttu_sync::membership::SignedOp;
use tuttu_sync::replica::Replica;
use tuttu_sync::session::{IncomingBatch, StoreOutcome};

use crate::api::{Answer, Command, ErrorView, Event, Outcome, Query};

/// Who a new vault belongs to.
#[derive(Debug, Clone)]
pub struct NewVault {
    /// The person's name.
    pub person_name: String,
    /// This computer's name.
    pub computer_name: String,
}

/// The engine of one open vault. Cheap to clone; all clones are the same vault. Methods block (a few milliseconds): call them off the async executor.
#[derive(Debug, Clone)]
pub struct Engine {}

/// An invitation that was brought and is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationTerms {
    /// Its id.
    pub id: String,
    /// The space.
    pub space: SpaceId,
    /// The space's name.
    pub space_name: String,
    /// `owner`, `editor`, `viewer`.
    pub role: String,
    /// When it runs out, seconds since 1970.
    pub expires: i64,
    /// The one-time secret.
    pub secret: [u8; 16],
    /// The inviter approved whoever brings it.
    pub auto: bool,
}

impl Engine {
    /// Whether there is a vault in this folder.
    #[must_use]
    pub fn exists(dir: &Path) -> bool { todo!() }
    /// Makes a vault: person key, computer key, private space.
    ///
    /// # Errors
    /// See [`crate::api::ErrorCode`].
    pub fn create(dir: &Path, new: &NewVault) -> Result<Self, ErrorView> { todo!() }
    /// Opens a vault and takes its lock.
    ///
    /// # Errors
    /// See [`crate::api::ErrorCode`].
    pub fn open(dir: &Path) -> Result<Self, ErrorView> { todo!() }
    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path { todo!() }
    /// Carries out a command; durable when it returns.
    ///
    /// # Errors
    /// See [`crate::api::ErrorCode`].
    pub fn execute(&self, command: Command) -> Result<Outcome, ErrorView> { todo!() }
    /// Answers a query from a consistent snapshot.
    ///
    /// # Errors
    /// See [`crate::api::ErrorCode`].
    pub fn query(&self, query: Query) -> Result<Answer, ErrorView> { todo!() }
    /// Events from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Event> { todo!() }
    /// Sends an event to all listeners (the network side uses it for its own).
    pub fn announce(&self, event: Event) { todo!() }

    // For the network side.

    /// This computer.
    #[must_use]
    pub fn computer(&self) -> ComputerId { todo!() }
    /// The computer's secret key: the endpoint's identity.
    #[must_use]
    pub fn computer_secret(&self) -> [u8; 32] { todo!() }
    /// What sync sessions read. A fresh consistent snapshot per call of its methods.
    #[must_use]
    pub fn replica(&self) -> Arc<dyn Replica + Send + Sync> { todo!() }
    /// Verifies a batch and commits it in one transaction.
    pub fn apply_remote(&self, from: &ComputerId, space: &SpaceId, batch: IncomingBatch) -> StoreOutcome { todo!() }
    /// A computer durably holds this much of a space.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub fn acknowledged(&self, computer: &ComputerId, space: &SpaceId, vector: &Vector) -> Result<(), ErrorView> { todo!() }
    /// A peer holds more of our own feed than we do: a new epoch from the next commit on.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub fn own_feed_ahead(&self, space: &SpaceId, feed: &FeedId) -> Result<(), ErrorView> { todo!() }
    /// All computers of other members and other own computers, that may share a space with this one, with their names: whom to dial.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn peers(&self) -> Result<Vec<Peer>, ErrorView> { todo!() }
    /// Finds the invitation whose secret hashes to this lookup id (see `tuttu_sync::pairing`), if it is open now.
    ///
    /// # Errors
    /// With a plain reason (used, expired, withdrawn, unknown).
    pub fn invitation(&self, lookup: &[u8; 16]) -> Result<InvitationTerms, ErrorView> { todo!() }
    /// Lets a joiner in: stores their certificate, grants the role, spends the invitation, in one commit. Returns all operations of the space.
    ///
    /// # Errors
    /// When the invitation is not open any more or the certificate does not verify.
    pub fn admit(&self, invitation: &str, certificate: SignedOp, person_name: &str) -> Result<Vec<SignedOp>, ErrorView> { todo!() }
    /// The certificate this computer brings when joining a space: signed by the person key, parents = the genesis.
    ///
    /// # Errors
    /// When the keys cannot be read.
    pub fn join_certificate(&self, space: &SpaceId) -> Result<SignedOp, ErrorView> { todo!() }
    /// Takes over the operations of a space this computer was let into, and remembers addresses as hints.
    ///
    /// # Errors
    /// When they do not verify or do not let this computer in.
    pub fn joined(&self, space: &SpaceId, ops: Vec<SignedOp>) -> Result<(), ErrorView> { todo!() }
    /// A setting or remembered value of this computer (`net.port`, `net.relay`, `net.hints.COMPUTER`, ...).
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn setting(&self, key: &str) -> Result<Option<String>, ErrorView> { todo!() }
    /// Keeps a value; `None` removes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_setting(&self, key: &str, value: Option<&str>) -> Result<(), ErrorView> { todo!() }
}

/// A computer to exchange with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its key.
    pub computer: ComputerId,
    /// Its name.
    pub computer_name: String,
    /// Whose it is.
    pub person_name: String,
}
