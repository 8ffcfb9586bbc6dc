//! R3, of other members' changes beside it: own changes that do not count any more (this computer's vault was rolled back or copied, or a grant was ended and given again) are applied
//! again, once, as new changes in a new epoch, while this computer may still write.

mod taking;

use std::collections::BTreeSet;

use tuttu_model::history::field_changes;
use tuttu_model::{ChangeHash, Document, DocumentId, FlatOp, SpaceId};
use tuttu_store::{Reader, Tx};

use crate::api::ErrorView;
use crate::commit::{DocumentEdit, Edit};
use crate::engine::{Engine, Inner};
use crate::failure::Failure;

impl Inner {
    /// The changes of this computer's own feeds in a space that do not count and were not applied again yet.
    fn own_tray(&self, reader: &Reader<'_>, space: &SpaceId) -> Result<Vec<(DocumentId, ChangeHash)>, Failure> {
        let mut found = Vec::new();
        for row in reader.set_aside(space, u32::MAX)? {
            if row.computer == self.computer && reader.meta(&mark(&row.change))?.is_none() {
                found.push((row.doc, row.change));
            }
        }
        Ok(found)
    }

    pub(crate) fn has_own_tray(&self, reader: &Reader<'_>, space: &SpaceId) -> Result<bool, Failure> {
        let may_write = self.membership(reader, space)?.may_write(&self.computer);
        Ok(may_write && !self.own_tray(reader, space)?.is_empty())
    }

    /// What writes these changes of a document anew: on what is there, or, where nothing counts, from the beginning.
    fn plan_again(&self, tx: &Tx<'_>, space: &SpaceId, doc: &DocumentId, changes: &[ChangeHash]) -> Result<Option<Edit>, Failure> {
        let rows = tx.changes(space, doc)?;
        let Ok(whole) = Document::from_changes(rows.iter().filter_map(|row| row.bytes.as_deref())) else { return Ok(None) };
        let mut ops = Vec::new();
        for change in field_changes(&whole).into_iter().filter(|change| changes.contains(&change.change)) {
            ops.push(match change.new {
                Some(value) => FlatOp::Put(change.key, value),
                None => FlatOp::Delete(change.key),
            });
        }
        if rows.iter().any(|row| row.accepted) {
            return Ok(Some(Edit::Ops(ops)));
        }
        let fields = ops.into_iter().filter_map(|op| match op {
            FlatOp::Put(key, value) => Some((key, value)),
            FlatOp::Delete(_) => None,
        });
        Ok(Some(Edit::New(fields.collect())))
    }
}

impl Engine {
    /// Applies own changes that were set aside again, if there are any and this computer may write. What cannot be applied now is tried again when the
    /// vault is opened and with the next batch.
    pub(crate) fn reapply_own_tray(&self, space: &SpaceId) {
        let done = match self.inner.read(|reader| self.inner.has_own_tray(reader, space)) {
            Ok(false) => Ok(()),
            Ok(true) => self.reapply_own(space),
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            tracing::warn!(%error, "own changes that were set aside could not be applied again yet");
        }
    }

    /// Applies own changes that were set aside again, in a new epoch.
    fn reapply_own(&self, space: &SpaceId) -> Result<(), ErrorView> {
        let space = *space;
        self.operate(move |inner, tx| {
            tx.set_own_feed(&space, None)?;
            let tray = inner.own_tray(tx, &space)?;
            let docs: BTreeSet<DocumentId> = tray.iter().map(|(doc, _)| *doc).collect();
            let mut edits = Vec::new();
            for doc in docs {
                let changes: Vec<ChangeHash> = tray.iter().filter(|(held, _)| *held == doc).map(|(_, change)| *change).collect();
                for change in &changes {
                    tx.put_meta(&mark(change), b"1")?;
                }
                match inner.plan_again(tx, &space, &doc, &changes)? {
                    Some(edit) => edits.push(DocumentEdit { space, doc, edit }),
                    None => tracing::warn!(%doc, "changes that were set aside cannot be read"),
                }
            }
            Ok((inner.operation("Applied own changes again")?, edits))
        })?;
        Ok(())
    }
}

fn mark(change: &ChangeHash) -> String {
    format!("reapplied.{change}")
}
