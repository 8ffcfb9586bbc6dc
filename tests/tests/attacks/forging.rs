//! Entries and changes that no honest program makes, rightly signed by whoever forges them.

use std::collections::BTreeMap;

use iroh::SecretKey;
use tuttu_model::{ActorId, Change, Document, DocumentId, EntryHash, FlatOp, Scalar};
use tuttu_sync::feed::{Entry, FeedHeader, Item};

use crate::wire::WireEntry;

/// A first change of a new person with this name.
pub(crate) fn person(actor: ActorId, name: &str) -> Change {
    let fields = [("kind", "person"), ("name", name)].map(|(key, value)| (key.to_owned(), Scalar::Text(value.to_owned())));
    Change::first(actor, 0, &fields.into_iter().collect::<BTreeMap<_, _>>())
}

/// A change of one field on top of others.
pub(crate) fn edit(actor: ActorId, past: &[&[u8]], key: &str, value: &str) -> Change {
    let mut document = Document::from_changes(past.iter().copied()).unwrap();
    let put = FlatOp::Put(key.into(), Scalar::Text(value.into()));
    document.edit(actor, 0, &[put]).unwrap().expect("it changes something")
}

/// Where an entry follows another one.
pub(crate) type Place = Option<(u64, EntryHash)>;

/// The place after an entry.
pub(crate) fn after(entry: &WireEntry) -> Place {
    Some((entry.entry.claimed_seq(), entry.entry.hash()))
}

/// An entry that lists one change for a document, signed with this key.
pub(crate) fn entry(header: &FeedHeader, place: Place, doc: u8, change: &Change, key: &SecretKey) -> WireEntry {
    let items = vec![Item { doc: DocumentId([doc; 16]), change: change.hash }];
    signed(header, place, items, vec![Some(change.bytes.clone())], key)
}

/// An entry with whatever is to be in it.
pub(crate) fn signed(header: &FeedHeader, place: Place, items: Vec<Item>, changes: Vec<Option<Vec<u8>>>, key: &SecretKey) -> WireEntry {
    let (seq, prev) = place.map_or((1, None), |(seq, hash)| (seq + 1, Some(hash)));
    let entry = Entry { feed: header.id(), seq, prev, operation: [0; 16], items }.sign(key);
    WireEntry { header: Some(header.clone()), entry, changes, beyond_vector: false }
}
