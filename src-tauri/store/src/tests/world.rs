//! A vault in a temporary folder with one space and one feed, and short ways to write into it.

use std::collections::BTreeMap;

use tempfile::TempDir;
use tuttu_model::{Change, ChangeHash, ComputerId, Document, DocumentId, EntryHash, FeedId, FlatOp, OpHash, Record, Scalar, SpaceId};
use tuttu_sync::feed::{Entry, FeedHeader, Item, SignedEntry, VerifiedEntry};
use tuttu_sync::signing::SignatureBytes;
use tuttu_sync::verdict::Standing;

use crate::rows::{EntryWrite, ListQuery, RecordRow, RecordWrite, SpaceRow};
use crate::{Lane, Store, StoreError, Tx};

pub(crate) const SPACE: SpaceId = SpaceId([1; 32]);
pub(crate) const SHARED: SpaceId = SpaceId([2; 32]);
pub(crate) const COMPUTER: ComputerId = ComputerId([3; 32]);

/// A feed being written.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    pub(crate) header: FeedHeader,
    pub(crate) seq: u64,
    pub(crate) prev: Option<EntryHash>,
}

impl Feed {
    pub(crate) fn new(space: SpaceId, computer: ComputerId, epoch: u8) -> Self {
        Self { header: FeedHeader { space, computer, epoch: [epoch; 16], grant: OpHash([0; 32]) }, seq: 0, prev: None }
    }

    pub(crate) fn id(&self) -> FeedId {
        self.header.id()
    }

    /// The next entry, with these changes.
    pub(crate) fn entry(&mut self, changes: Vec<(DocumentId, Change)>) -> EntryWrite {
        self.seq += 1;
        let items = changes.iter().map(|(doc, change)| Item { doc: *doc, change: change.hash }).collect();
        let entry = Entry { feed: self.id(), seq: self.seq, prev: self.prev, operation: [9; 16], items };
        let entry = VerifiedEntry::from_store(SignedEntry::from_parts(entry, SignatureBytes([7; 64])));
        self.prev = Some(entry.hash());
        EntryWrite {
            entry,
            header: self.header.clone(),
            standing: Standing::Valid,
            changes: changes.into_iter().map(|(doc, change)| (doc, Some(change))).collect(),
            invalid: None,
        }
    }

    /// The first change of a document.
    pub(crate) fn first(&self, fields: &[(&str, &str)]) -> Change {
        Change::first(self.header.actor(), 1_763_000_000, &flat(fields))
    }
}

pub(crate) fn flat(fields: &[(&str, &str)]) -> BTreeMap<String, Scalar> {
    let scalar = |key: &str, value: &str| {
        let flag = key.starts_with("tag:") || key.starts_with("with:");
        if flag { Scalar::Flag(true) } else { Scalar::Text(value.to_owned()) }
    };
    fields.iter().map(|(key, value)| ((*key).to_owned(), scalar(key, value))).collect()
}

pub(crate) fn doc(number: u64) -> DocumentId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    DocumentId::new(1_763_110_000_000 + number, random)
}

pub(crate) fn sole(doc: DocumentId, change: &Change) -> RecordWrite {
    let record = change.sole_record().expect("a first change");
    RecordWrite { doc, heads: vec![change.hash], record, snapshot: None, news: false }
}

pub(crate) fn space_row(id: SpaceId, private: bool) -> SpaceRow {
    let name = if private { "My own" } else { "Harbour" };
    SpaceRow { id, name: name.into(), private, own_feed: None, since: 1_763_000_000 }
}

/// See the module.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) store: Store,
    pub(crate) feed: Feed,
    pub(crate) next: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let store = Store::create(&dir.path().join("vault")).unwrap();
        store
            .write(Lane::Local, |tx| {
                tx.put_space(&space_row(SPACE, true))?;
                tx.put_space(&space_row(SHARED, false))
            })
            .unwrap();
        Self { dir, store, feed: Feed::new(SPACE, COMPUTER, 1), next: 0 }
    }

    pub(crate) fn write<T: Send + 'static>(&self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static) -> T {
        self.store.write(Lane::Local, work).unwrap()
    }

    /// Adds a record to the feed's space: one entry, one transaction.
    pub(crate) fn add(&mut self, fields: &[(&str, &str)]) -> DocumentId {
        self.add_all(&[fields])[0]
    }

    /// Adds records in one entry.
    pub(crate) fn add_all(&mut self, records: &[&[(&str, &str)]]) -> Vec<DocumentId> {
        let changes: Vec<_> = records
            .iter()
            .map(|fields| {
                self.next += 1;
                (doc(self.next), self.feed.first(fields))
            })
            .collect();
        let docs = changes.iter().map(|(doc, _)| *doc).collect();
        let writes: Vec<_> = changes.iter().map(|(doc, change)| sole(*doc, change)).collect();
        let entry = self.feed.entry(changes);
        let space = self.feed.header.space;
        self.write(move |tx| {
            tx.append_entry(&space, &entry)?;
            writes.iter().try_for_each(|write| tx.put_record(&space, write))
        });
        docs
    }

    /// The document as stored.
    pub(crate) fn document(&self, doc: &DocumentId) -> Document {
        let space = self.feed.header.space;
        let parts = self.store.read(|reader| reader.changes_after_snapshot(&space, doc)).unwrap().unwrap();
        let mut document = parts.snapshot.map_or_else(Document::new, |snapshot| Document::from_snapshot(&snapshot).unwrap());
        document.apply(parts.changes.iter().map(Vec::as_slice)).unwrap();
        document
    }

    /// Edits a record of the feed's space.
    pub(crate) fn edit(&mut self, doc: DocumentId, ops: &[FlatOp], news: bool) -> ChangeHash {
        let mut document = self.document(&doc);
        let change = document.edit(self.feed.header.actor(), 1_763_000_100, ops).unwrap().expect("a change");
        let hash = change.hash;
        let write = RecordWrite { doc, heads: document.heads(), record: document.record(), snapshot: Some(document.save()), news };
        let entry = self.feed.entry(vec![(doc, change)]);
        let space = self.feed.header.space;
        self.write(move |tx| {
            tx.append_entry(&space, &entry)?;
            tx.put_record(&space, &write)
        });
        hash
    }

    pub(crate) fn set(&mut self, doc: DocumentId, key: &str, value: &str) {
        self.edit(doc, &[FlatOp::Put(key.into(), Scalar::Text(value.into()))], false);
    }

    pub(crate) fn record(&self, doc: &DocumentId) -> Option<RecordRow> {
        let space = self.feed.header.space;
        self.store.read(|reader| reader.record(&space, doc)).unwrap()
    }

    pub(crate) fn list(&self, query: &ListQuery) -> (Vec<String>, u32) {
        let (rows, total) = self.store.read(|reader| reader.list(query)).unwrap();
        (rows.into_iter().map(|row| row.view.name).collect(), total)
    }

    /// The names of what a search finds, with where it found them.
    pub(crate) fn search(&self, text: &str) -> Vec<String> {
        let found = self.store.read(|reader| {
            let hits = reader.search(text, 20)?;
            hits.into_iter()
                .map(|hit| {
                    let view = reader.record(&hit.space, &hit.doc)?.expect("a record").view;
                    let name = if view.name.is_empty() { view.text } else { view.name };
                    Ok(if hit.matched.is_empty() { name } else { format!("{name} ({})", hit.matched) })
                })
                .collect()
        });
        found.unwrap()
    }

    /// Closes the vault and opens it again.
    pub(crate) fn reopen(self) -> Self {
        let Self { dir, store, feed, next } = self;
        let path = store.dir().to_owned();
        drop(store);
        Self { store: Store::open(&path).unwrap(), dir, feed, next }
    }
}

pub(crate) fn people() -> ListQuery {
    ListQuery { kind: Some("person".into()), limit: 100, ..ListQuery::default() }
}

pub(crate) fn person(name: &str) -> Record {
    Feed::new(SPACE, COMPUTER, 9).first(&[("kind", "person"), ("name", name)]).sole_record().unwrap()
}
