//! What is damaged is read around, set aside with its bytes, and healed when a colleague's computer sends it again. Never is it deleted, and never
//! does it keep the rest from being read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tuttu_model::{Change, ChangeHash, Document, DocumentId, EntryHash, SpaceId};
use tuttu_store::rows::{ChangeRow, DamageRow, Noticed, RecordWrite, SET_ASIDE};
use tuttu_store::{Lane, Reader, Tx};
use tuttu_sync::feed::VerifiedEntry;

use crate::api::{DamageView, ErrorCode, ErrorView};
use crate::clock;
use crate::commit::changed_event;
use crate::engine::Inner;
use crate::failure::Failure;

/// A snapshot is kept for documents with at least so many changes.
pub(crate) const SNAPSHOT_FROM: usize = 32;

/// A document as far as its changes can be read.
pub(crate) struct Readable {
    /// Everything that can be read and rests on nothing damaged.
    pub(crate) document: Document,
    /// Changes that cannot be read and are not set aside yet, with the reason.
    pub(crate) damaged: Vec<(ChangeHash, String)>,
    /// Some accepted changes are not in the document.
    pub(crate) incomplete: bool,
    /// How many are.
    pub(crate) changes: usize,
}

/// Builds a document from those of its accepted changes that can be read.
pub(crate) fn readable(rows: &[ChangeRow]) -> Readable {
    let accepted: Vec<&ChangeRow> = rows.iter().filter(|row| row.accepted).collect();
    if accepted.iter().all(|row| row.damaged.is_none())
        && let Ok(document) = Document::from_changes(accepted.iter().filter_map(|row| row.bytes.as_deref()))
    {
        return Readable { document, damaged: Vec::new(), incomplete: false, changes: accepted.len() };
    }
    let mut damaged = Vec::new();
    let mut whole: BTreeMap<ChangeHash, Change> = BTreeMap::new();
    for row in &accepted {
        match look_at(row) {
            Ok(Some(change)) => {
                whole.insert(row.hash, change);
            }
            Ok(None) => {}
            Err(why) => damaged.push((row.hash, why)),
        }
    }
    let resting = resting_on_whole(&whole);
    let bytes = resting.iter().filter_map(|hash| whole.get(hash)).map(|change| change.bytes.as_slice());
    let document = Document::from_changes(bytes).unwrap_or_default();
    let changes = if document.heads().is_empty() { 0 } else { resting.len() };
    Readable { document, damaged, incomplete: changes < accepted.len(), changes }
}

/// The change of a row; `None` when it was erased or is set aside already, else why it cannot be read.
fn look_at(row: &ChangeRow) -> Result<Option<Change>, String> {
    match (&row.bytes, &row.damaged) {
        (Some(bytes), _) => match Change::read(bytes) {
            Ok(change) if change.hash == row.hash => Ok(Some(change)),
            Ok(_) => Err("it is another change than the one noted".into()),
            Err(error) => Err(error.to_string()),
        },
        // Set aside before: nothing new.
        (None, Some(why)) if why == SET_ASIDE => Ok(None),
        (None, Some(why)) => Err(why.clone()),
        (None, None) => Ok(None),
    }
}

/// The changes that rest, directly and indirectly, only on changes that are there too; parents first.
fn resting_on_whole(whole: &BTreeMap<ChangeHash, Change>) -> Vec<ChangeHash> {
    let (mut order, mut taken) = (Vec::new(), BTreeSet::new());
    loop {
        let before = order.len();
        for (hash, change) in whole {
            if !taken.contains(hash) && change.deps.iter().all(|dep| taken.contains(dep)) {
                taken.insert(*hash);
                order.push(*hash);
            }
        }
        if order.len() == before {
            return order;
        }
    }
}

/// A document for reading: as much of it as there is.
pub(crate) fn load_document(reader: &Reader<'_>, space: &SpaceId, doc: &DocumentId) -> Result<Document, Failure> {
    let rows = reader.changes(space, doc)?;
    let found = readable(&rows);
    if !found.damaged.is_empty() {
        reader.notice(Noticed::Document(*space, *doc));
    }
    if found.changes == 0 && rows.iter().any(|row| row.accepted) {
        return Err(unreadable().into());
    }
    Ok(found.document)
}

/// A document to be changed: damage in it must have been set aside first, because that begins a new feed.
pub(crate) fn document_to_edit(reader: &Reader<'_>, space: &SpaceId, doc: &DocumentId) -> Result<Document, Failure> {
    let rows = reader.changes(space, doc)?;
    let found = readable(&rows);
    if !found.damaged.is_empty() {
        reader.notice(Noticed::Document(*space, *doc));
        let message = "A part of this record is damaged; it is being set aside just now.";
        return Err(ErrorView::new(ErrorCode::Damaged, message, "Nothing was changed, and nothing deleted. Do it again.").into());
    }
    if found.changes == 0 && rows.iter().any(|row| row.accepted) {
        return Err(unreadable().into());
    }
    Ok(found.document)
}

fn unreadable() -> ErrorView {
    ErrorView::new(
        ErrorCode::Damaged,
        "This record is damaged: none of its changes can be read.",
        "Nothing was deleted, and all other records are safe. A colleague’s computer that has it sends it again at the next exchange; a backup has it too.",
    )
}

impl Inner {
    /// Sets aside what readers came upon since the last time.
    pub(crate) fn set_noticed_aside(self: &Arc<Self>) {
        let noticed = self.store.take_noticed();
        if noticed.is_empty() {
            return;
        }
        let done = self.write_quietly(Lane::Remote, move |inner, tx| {
            let mut touched = BTreeSet::new();
            for noticed in &noticed {
                touched.extend(inner.set_aside(tx, noticed)?);
            }
            Ok(touched)
        });
        match done {
            Ok(touched) if !touched.is_empty() => self.announce(changed_event(touched.into_iter(), false)),
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "damage could not be set aside"),
        }
    }

    /// Sets one thing aside. Gives the records it is about.
    pub(crate) fn set_aside(&self, tx: &mut Tx<'_>, noticed: &Noticed) -> Result<Vec<(SpaceId, DocumentId)>, Failure> {
        let now = self.now();
        match noticed {
            Noticed::Document(space, doc) => {
                self.set_changes_aside(tx, space, doc)?;
                Ok(vec![(*space, *doc)])
            }
            Noticed::View(space, doc) => {
                tx.set_view_aside(space, doc, "what is shown of it could not be read", now)?;
                self.renew(tx, space, doc)?;
                tx.views_healed(space, doc, now)?;
                Ok(vec![(*space, *doc)])
            }
            Noticed::Entry(space, hash) => self.set_entry_aside(tx, space, hash),
        }
    }

    fn set_entry_aside(&self, tx: &mut Tx<'_>, space: &SpaceId, hash: &EntryHash) -> Result<Vec<(SpaceId, DocumentId)>, Failure> {
        let mut touched = Vec::new();
        for doc in tx.documents_of_entry(hash)? {
            if self.set_changes_aside(tx, space, &doc)? > 0 {
                touched.push((*space, doc));
            }
        }
        if !tx.entry_is_readable(hash)? {
            tx.set_entry_aside(space, hash, "it cannot be read", self.now())?;
        }
        Ok(touched)
    }

    /// Looks at every change of a document; those that cannot be read come from its snapshot, where there is one, or are set aside. Gives how many.
    pub(crate) fn set_changes_aside(&self, tx: &mut Tx<'_>, space: &SpaceId, doc: &DocumentId) -> Result<usize, Failure> {
        let mut damaged = Vec::new();
        for row in tx.changes(space, doc)? {
            match look_at(&row) {
                Err(why) => damaged.push((row.hash, why)),
                // The bytes are whole, what is noted beside them is not.
                Ok(Some(change)) if (change.seq, (change.start_op, change.max_op)) != (row.seq, row.ops) || change.deps != row.deps => {
                    tx.mend_change(space, doc, &change)?;
                }
                Ok(_) => {}
            }
        }
        if damaged.is_empty() {
            return Ok(0);
        }
        let held = snapshot_changes(tx, space, doc);
        let count = damaged.len();
        let mut lost = Vec::new();
        for (hash, why) in damaged {
            match held.get(&hash) {
                Some(change) => tx.mend_change(space, doc, change)?,
                None => lost.push((hash, why)),
            }
        }
        for (hash, why) in lost {
            tracing::warn!(%doc, change = %hash, why, "a damaged change is set aside");
            tx.set_change_aside(space, doc, &hash, &why, self.now())?;
        }
        self.caches().take_document(&(*space, *doc));
        Ok(count)
    }

    /// An entry that is held came again, and something of it is lost here.
    pub(crate) fn heal(
        &self,
        tx: &mut Tx<'_>,
        space: &SpaceId,
        entry: &VerifiedEntry,
        bytes: &[Option<Vec<u8>>],
    ) -> Result<Vec<DocumentId>, Failure> {
        let mut whole = Vec::new();
        for (item, bytes) in entry.entry().items.iter().zip(bytes) {
            if let Some(Ok(change)) = bytes.as_deref().map(Change::read)
                && change.hash == item.change
            {
                whole.push((item.doc, change));
            }
        }
        let healed = tx.heal_entry(space, entry, &whole, self.now())?;
        for doc in &healed {
            tracing::info!(%doc, "a damaged change was healed");
            self.renew(tx, space, doc)?;
        }
        Ok(healed)
    }

    /// Makes everything that is derived from a document again, as far as it can be read.
    pub(crate) fn renew(&self, tx: &mut Tx<'_>, space: &SpaceId, doc: &DocumentId) -> Result<(), Failure> {
        self.caches().take_document(&(*space, *doc));
        let rows = tx.changes(space, doc)?;
        if !rows.iter().any(|row| row.accepted) {
            return Ok(tx.remove_record(space, doc)?);
        }
        if let Some(write) = sole_write(&rows, doc) {
            return Ok(tx.put_record(space, &write)?);
        }
        let mut found = readable(&rows);
        if !found.damaged.is_empty() && self.set_changes_aside(tx, space, doc)? > 0 {
            // Some may have come out of a snapshot.
            found = readable(&tx.changes(space, doc)?);
        }
        if found.changes == 0 {
            return Ok(tx.put_unreadable(space, doc)?);
        }
        let snapshot = (found.changes >= SNAPSHOT_FROM && !found.incomplete).then(|| found.document.save());
        if snapshot.is_none() {
            tx.drop_snapshot(space, doc)?;
        }
        let write = RecordWrite { doc: *doc, heads: found.document.heads(), record: found.document.record(), snapshot, news: false };
        Ok(tx.put_record(space, &write)?)
    }

    /// What was damaged, for people.
    pub(crate) fn damages(&self, reader: &Reader<'_>) -> Result<Vec<DamageView>, Failure> {
        reader.damages(DAMAGES)?.into_iter().map(|row| damage_view(reader, row)).collect()
    }

    /// What of a record is damaged, in a sentence; empty when nothing is.
    pub(crate) fn damage_of(&self, reader: &Reader<'_>, space: &SpaceId, doc: &DocumentId) -> Result<Vec<DamageView>, Failure> {
        reader.damage_of(space, doc)?.into_iter().map(|row| damage_view(reader, row)).collect()
    }
}

/// Damages shown at once.
const DAMAGES: u32 = 1_000;

/// What is written of a document that has one accepted change, without building the document.
fn sole_write(rows: &[ChangeRow], doc: &DocumentId) -> Option<RecordWrite> {
    let [row] = rows else { return None };
    let change = Change::read(row.bytes.as_deref()?).ok().filter(|change| change.hash == row.hash)?;
    Some(RecordWrite { doc: *doc, heads: vec![change.hash], record: change.sole_record()?, snapshot: None, news: false })
}

/// The changes that a snapshot still holds.
fn snapshot_changes(reader: &Reader<'_>, space: &SpaceId, doc: &DocumentId) -> BTreeMap<ChangeHash, Change> {
    let parts = reader.changes_after_snapshot(space, doc).ok().flatten();
    let document = parts.and_then(|parts| parts.snapshot).and_then(|bytes| Document::from_snapshot(&bytes).ok());
    let changes = document.and_then(|document| document.changes().ok()).unwrap_or_default();
    changes.into_iter().map(|change| (change.hash, change)).collect()
}

fn damage_view(reader: &Reader<'_>, row: DamageRow) -> Result<DamageView, Failure> {
    let found = clock::rfc3339(row.at);
    let (mut id, mut name) = (String::new(), String::new());
    if let (Some(space), Some(doc)) = (&row.space, &row.doc) {
        let view = reader.record(space, doc)?.map(|row| row.view).unwrap_or_default();
        id = if view.id.is_empty() { doc.to_string() } else { view.id };
        name = crate::commands::title(&view.name, &view.text);
    }
    let subject = match (row.what.as_str(), name.is_empty()) {
        ("change", _) => format!("A change of {name} could not be read"),
        ("view", _) => format!("What is shown of {name} could not be read"),
        ("shown", _) => format!("What was shown of {name} before its changes were damaged is kept"),
        (_, true) => "An entry of a feed could not be read".to_owned(),
        (_, false) => format!("Something of {name} could not be read"),
    };
    let what = match row.healed {
        Some(at) => format!("{subject} ({}). It was made whole again at {}.", row.why, clock::rfc3339(at)),
        None => format!("{subject} ({}). It was set aside; {} bytes of it are kept.", row.why, row.bytes),
    };
    let space = row.space.map(|space| space.to_string()).unwrap_or_default();
    Ok(DamageView { id, space, name, found, what, healed: row.healed.is_some() })
}
