//! The one local commit: from edits of documents to changes, a feed entry, projections and an operation, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::{ChangeHash, Document, DocumentId, FeedId, FlatOp, Record, Scalar, SpaceId};
use tuttu_store::Tx;
use tuttu_store::rows::{EntryWrite, OperationRow, RecordWrite};
use tuttu_sync::feed::{Entry, FeedHeader, Item, VerifiedEntry};
use tuttu_sync::limits::{ENTRY_BYTES, ENTRY_ITEMS, FEEDS};
use tuttu_sync::membership::Role;
use tuttu_sync::validate::{Checked, check_change};
use tuttu_sync::verdict::Standing;

use crate::api::{ErrorCode, ErrorView, Event};
use crate::engine::Inner;
use crate::failure::Failure;

/// Records named in one `changed` event; beyond that listeners ask for everything again.
const EVENT_RECORDS: usize = 1_000;
/// A snapshot is renewed after this many changes.
const SNAPSHOT_EVERY: usize = 32;

/// What happens to one document.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    /// A new document with these fields.
    New(BTreeMap<String, Scalar>),
    /// Edits of the document as it is.
    Ops(Vec<FlatOp>),
}

/// One document's edit.
#[derive(Debug, Clone)]
pub(crate) struct DocumentEdit {
    pub(crate) space: SpaceId,
    pub(crate) doc: DocumentId,
    pub(crate) edit: Edit,
}

/// A named operation to commit.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) id: [u8; 16],
    pub(crate) label: String,
    pub(crate) undoes: Option<[u8; 16]>,
}

/// What a commit changed: for the event and the answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChangeSet {
    pub(crate) touched: Vec<(SpaceId, DocumentId, ChangeHash)>,
}

impl ChangeSet {
    pub(crate) fn event(&self, remote: bool) -> Event {
        changed_event(self.touched.iter().map(|(space, doc, _)| (*space, *doc)), remote)
    }
}

/// The `changed` event for these records.
pub(crate) fn changed_event(touched: impl Iterator<Item = (SpaceId, DocumentId)>, remote: bool) -> Event {
    let (mut spaces, mut records) = (BTreeSet::new(), BTreeSet::new());
    for (space, doc) in touched {
        spaces.insert(space);
        records.insert(doc);
    }
    let records = if records.len() > EVENT_RECORDS { Vec::new() } else { records.iter().map(ToString::to_string).collect() };
    Event::Changed { spaces: spaces.iter().map(ToString::to_string).collect(), records, remote }
}

impl Inner {
    /// A new operation.
    pub(crate) fn operation(&self, label: impl Into<String>) -> Result<Operation, Failure> {
        Ok(Operation { id: self.random()?, label: label.into(), undoes: None })
    }

    /// Commits the edits as one operation: one feed entry per space (more when it is large), atomic on every computer entry by entry.
    pub(crate) fn commit(&self, tx: &mut Tx<'_>, operation: Operation, edits: Vec<DocumentEdit>) -> Result<ChangeSet, Failure> {
        let changes = self.write_entries(tx, operation.id, edits)?;
        // An undo is recorded even when others have changed every value since, so that the next undo goes on to the operation before.
        if !changes.touched.is_empty() || operation.undoes.is_some() {
            tx.put_operation(&OperationRow {
                id: operation.id,
                label: operation.label,
                time: self.now(),
                changes: changes.touched.clone(),
                undoes: operation.undoes,
            })?;
        }
        Ok(changes)
    }

    /// Writes the edits as entries of the operation with this id, without recording the operation.
    pub(crate) fn write_entries(&self, tx: &mut Tx<'_>, operation: [u8; 16], edits: Vec<DocumentEdit>) -> Result<ChangeSet, Failure> {
        let mut by_space: BTreeMap<SpaceId, Vec<DocumentEdit>> = BTreeMap::new();
        for edit in edits {
            by_space.entry(edit.space).or_default().push(edit);
        }
        let mut changes = ChangeSet::default();
        for (space, edits) in by_space {
            let mut writer = EntryWriter::open(self, tx, space, operation)?;
            for edit in edits {
                writer.add(tx, edit)?;
            }
            changes.touched.extend(writer.close(tx)?);
        }
        Ok(changes)
    }

    /// The feed local commits of a space go to: the one in use while it is open and still under the person's right to write, else a new one.
    fn own_feed(&self, tx: &mut Tx<'_>, space: &SpaceId) -> Result<FeedHeader, Failure> {
        let row = tx.space(space)?.ok_or_else(|| crate::failure::not_found("space", &space.to_string()))?;
        let membership = self.membership(tx, space)?;
        if !membership.may_read(&self.computer) && membership.role(&self.person()) != Role::None {
            return Err(ErrorView::new(
                ErrorCode::NotAllowed,
                format!("This computer was taken out of “{}”; it cannot be changed from here.", row.name),
                "Nothing was changed. What is here stays readable. Your other computers can let a new one in: tuttu computer invite.",
            )
            .into());
        }
        if !membership.may_write(&self.computer) {
            return Err(ErrorView::new(
                ErrorCode::NotAllowed,
                format!("You can only see the space “{}”; it cannot be changed from here.", row.name),
                "Nothing was changed. An owner of the space can make you an editor.",
            )
            .into());
        }
        if let Some(feed) = row.own_feed
            && let Some(header) = tx.header(space, &feed)?
            && membership.is_licensed(&header)
            && membership.cuts(&header).is_empty()
            && self.is_whole(tx, space, &feed)?
        {
            return Ok(header);
        }
        // In the space a vault had before it became another person's, the computer writes for who it was.
        let grant = membership.grant(&self.person()).or_else(|| membership.grant(&membership.person_of(&self.computer)?));
        let grant = grant.ok_or_else(|| {
            ErrorView::new(ErrorCode::NotAllowed, format!("You are not a member of the space “{}”.", row.name), "Nothing was changed.")
        })?;
        if tx.headers(space)?.len() >= FEEDS {
            let message = format!(
                "“{}” has had {FEEDS} beginnings of writing, by computers and after roles changed; there can be no more.",
                row.name
            );
            return Err(
                ErrorView::new(ErrorCode::Invalid, message, "Nothing was changed. Make a new space and move the records there.").into()
            );
        }
        Ok(FeedHeader { space: *space, computer: self.computer, epoch: self.random()?, grant })
    }

    /// Whether everything held of a feed is valid: nothing cut, forked or frozen.
    fn is_whole(&self, tx: &Tx<'_>, space: &SpaceId, feed: &FeedId) -> Result<bool, Failure> {
        let (valid, raw) = (tx.vector(space)?, tx.raw_tips(space, &self.computer)?);
        let frozen = tx.frozen_feeds(space)?.iter().any(|(frozen, ..)| frozen == feed);
        let forked = tx.proofs(space)?.iter().any(|proof| proof.header.id() == *feed);
        Ok(valid.0.get(feed) == raw.0.get(feed) && !frozen && !forked)
    }
}

/// Collects the changes of one operation in one space and writes them as entries.
struct EntryWriter<'a> {
    inner: &'a Inner,
    space: SpaceId,
    operation: [u8; 16],
    header: FeedHeader,
    feed: FeedId,
    seq: u64,
    prev: Option<tuttu_model::EntryHash>,
    time: i64,
    pending: Vec<(DocumentId, tuttu_model::Change, RecordWrite)>,
    pending_bytes: usize,
    documents: Vec<(DocumentId, Document)>,
    written: Vec<(SpaceId, DocumentId, ChangeHash)>,
}

impl<'a> EntryWriter<'a> {
    fn open(inner: &'a Inner, tx: &mut Tx<'_>, space: SpaceId, operation: [u8; 16]) -> Result<Self, Failure> {
        let header = inner.own_feed(tx, &space)?;
        let feed = header.id();
        let tip = tx.vector(&space)?.0.get(&feed).copied();
        Ok(Self {
            inner,
            space,
            operation,
            feed,
            header,
            seq: tip.map_or(0, |(seq, _)| seq),
            prev: tip.map(|(_, hash)| hash),
            time: inner.now(),
            pending: Vec::new(),
            pending_bytes: 0,
            documents: Vec::new(),
            written: Vec::new(),
        })
    }

    /// Makes the change of one document; nothing is added when it changes nothing.
    fn add(&mut self, tx: &mut Tx<'_>, edit: DocumentEdit) -> Result<(), Failure> {
        let doc = edit.doc;
        if self.pending.iter().any(|(pending, ..)| *pending == doc) && !matches!(edit.edit, Edit::New(_)) {
            self.flush(tx)?;
        }
        let Some((change, write, document)) = self.make(tx, edit)? else { return Ok(()) };
        if self.pending.len() >= ENTRY_ITEMS || self.pending_bytes + change.bytes.len() > ENTRY_BYTES {
            self.flush(tx)?;
        }
        self.pending_bytes += change.bytes.len();
        self.pending.push((doc, change, write));
        if let Some(document) = document {
            self.documents.push((doc, document));
        }
        Ok(())
    }

    fn make(&self, tx: &mut Tx<'_>, edit: DocumentEdit) -> Result<Option<(tuttu_model::Change, RecordWrite, Option<Document>)>, Failure> {
        let actor = self.header.actor();
        match edit.edit {
            Edit::New(fields) => {
                let change = tuttu_model::Change::first(actor, self.time, &fields);
                let change = self.validated(change, &BTreeMap::new())?;
                let record = change.sole_record().ok_or_else(|| internal("a new record could not be read back"))?;
                let write = self.write(edit.doc, vec![change.hash], record, None);
                Ok(Some((change, write, None)))
            }
            Edit::Ops(ops) => {
                let mut document = self.inner.document(tx, &self.space, &edit.doc)?;
                let Some(change) = document.edit(actor, self.time, &ops)? else {
                    self.inner.caches().keep_document((self.space, edit.doc), document);
                    return Ok(None);
                };
                let known = tx.known(&self.space, &edit.doc)?;
                let snapshot = (known.len() + 1).is_multiple_of(SNAPSHOT_EVERY).then(|| document.save());
                let change = self.validated(change, &known)?;
                let write = self.write(edit.doc, document.heads(), document.record(), snapshot);
                Ok(Some((change, write, Some(document))))
            }
        }
    }

    /// The same validator that judges everybody else's changes, so that an honest computer never freezes itself.
    fn validated(
        &self,
        change: tuttu_model::Change,
        known: &BTreeMap<ChangeHash, tuttu_sync::validate::Known>,
    ) -> Result<tuttu_model::Change, Failure> {
        match check_change(&change.bytes, change.hash, self.header.actor(), known) {
            Checked::Good(change) => Ok(change),
            Checked::Bad(why) => Err(internal(&format!("the change would not be accepted by others: {why}"))),
            Checked::Pending(_) => Err(internal("the record’s history has a gap")),
        }
    }

    fn write(&self, doc: DocumentId, heads: Vec<ChangeHash>, record: Record, snapshot: Option<Vec<u8>>) -> RecordWrite {
        RecordWrite { doc, heads, record, snapshot, news: false }
    }

    /// Writes what is pending as one entry.
    fn flush(&mut self, tx: &mut Tx<'_>) -> Result<(), Failure> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending);
        self.pending_bytes = 0;
        let items = pending.iter().map(|(doc, change, _)| Item { doc: *doc, change: change.hash }).collect();
        let entry = Entry { feed: self.feed, seq: self.seq + 1, prev: self.prev, operation: self.operation, items };
        let entry = VerifiedEntry::from_store(entry.sign(&self.inner.keys.computer));
        let hash = entry.hash();
        let mut changes = Vec::with_capacity(pending.len());
        let mut writes = Vec::with_capacity(pending.len());
        for (doc, change, write) in pending {
            self.written.push((self.space, doc, change.hash));
            changes.push((doc, Some(change)));
            writes.push(write);
        }
        tx.append_entry(
            &self.space,
            &EntryWrite { entry, header: self.header.clone(), standing: Standing::Valid, changes, invalid: None },
        )?;
        for write in &writes {
            tx.put_record(&self.space, write)?;
        }
        self.seq += 1;
        self.prev = Some(hash);
        for (doc, document) in self.documents.drain(..) {
            self.inner.caches().keep_document((self.space, doc), document);
        }
        Ok(())
    }

    fn close(mut self, tx: &mut Tx<'_>) -> Result<Vec<(SpaceId, DocumentId, ChangeHash)>, Failure> {
        self.flush(tx)?;
        if !self.written.is_empty() {
            tx.set_own_feed(&self.space, Some(self.feed))?;
        }
        Ok(self.written)
    }
}

fn internal(why: &str) -> Failure {
    crate::failure::internal(why).into()
}
