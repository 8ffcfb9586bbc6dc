//! What a member with a modified program could send.

use tuttu_engine::Engine;
use tuttu_model::{Change, DocumentId, Scalar, SpaceId};
use tuttu_sync::feed::{Entry, FeedHeader, Item};
use tuttu_sync::session::{IncomingBatch, IncomingEntry};

/// A batch by `author`, rightly signed, that lists a change under the actor of one of `victim`'s feeds.
///
/// # Panics
/// When the vaults cannot be read.
#[must_use]
pub fn in_the_name_of(victim: &Engine, author: &Engine, space: &SpaceId) -> IncomingBatch {
    let replica = author.replica();
    let membership = replica.membership(space).expect("readable").expect("held");
    let person = membership.person_of(&author.computer()).expect("a member");
    let grant = membership.grant(&person).expect("a grant");
    let header = FeedHeader { space: *space, computer: author.computer(), epoch: [7; 16], grant };
    let feeds = replica.headers(space).expect("readable");
    let theirs = feeds.values().find(|header| header.computer == victim.computer()).cloned();
    let actor = theirs.unwrap_or(FeedHeader { space: *space, computer: victim.computer(), epoch: [8; 16], grant }).actor();
    let fields = [("kind", "person"), ("name", "FORGED")].map(|(key, value)| (key.to_owned(), Scalar::Text(value.to_owned())));
    let change = Change::first(actor, 0, &fields.into_iter().collect());
    let items = vec![Item { doc: DocumentId([3; 16]), change: change.hash }];
    let key = iroh_base::SecretKey::from_bytes(&author.computer_secret());
    let entry = Entry { feed: header.id(), seq: 1, prev: None, operation: [0; 16], items }.sign(&key);
    let entry = IncomingEntry { header: Some(header), entry, changes: vec![Some(change.bytes)], beyond_vector: false };
    IncomingBatch { ops: Vec::new(), proofs: Vec::new(), entries: vec![entry] }
}
