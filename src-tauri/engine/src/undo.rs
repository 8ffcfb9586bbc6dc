//! Undo and redo: new forward operations against the current state, so that they survive what others changed meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::history::undo_ops;
use tuttu_store::Reader;
use tuttu_store::rows::OperationRow;

use crate::api::{ErrorCode, ErrorView, Outcome};
use crate::clock;
use crate::commands::printed_id;
use crate::commit::{DocumentEdit, Edit};
use crate::engine::{Engine, Inner};
use crate::failure::Failure;

/// How far back undo looks.
const DEPTH: usize = 1_000;

/// What undo and redo would do now.
#[derive(Debug, Clone, Default)]
pub(crate) struct UndoState {
    pub(crate) undo: Option<OperationRow>,
    pub(crate) redo: Option<OperationRow>,
}

impl Inner {
    pub(crate) fn undo_state(&self, reader: &Reader<'_>) -> Result<UndoState, Failure> {
        let newest = reader.newest_operation_labels(DEPTH)?;
        let by_id: BTreeMap<_, _> = newest.iter().map(|row| (row.id, row)).collect();
        // Newest first: an operation is taken back if a later one, itself not taken back, undoes it.
        let mut taken_back = BTreeSet::new();
        for row in &newest {
            if let Some(target) = row.undoes
                && !taken_back.contains(&row.id)
            {
                taken_back.insert(target);
            }
        }
        let mut state = UndoState::default();
        for row in &newest {
            let undoes_an_undo = row.undoes.is_some_and(|target| by_id.get(&target).is_some_and(|undone| undone.undoes.is_some()));
            let stands = !taken_back.contains(&row.id);
            if row.undoes.is_none() && stands {
                state.undo = Some(row.clone());
                break;
            }
            if row.undoes.is_some() && !undoes_an_undo && stands && state.redo.is_none() {
                state.redo = Some(row.clone());
            }
        }
        Ok(state)
    }
}

impl Engine {
    pub(crate) fn undo(&self) -> Result<Outcome, ErrorView> {
        let state = self.inner.read(|reader| self.inner.undo_state(reader))?;
        let Some(target) = state.undo else {
            return Err(ErrorView::new(ErrorCode::NothingToUndo, "There is nothing to undo.", ""));
        };
        let label = target.label.clone();
        self.take_back(target, label)
    }

    pub(crate) fn redo(&self) -> Result<Outcome, ErrorView> {
        let state = self.inner.read(|reader| self.inner.undo_state(reader))?;
        let Some(target) = state.redo else {
            return Err(ErrorView::new(ErrorCode::NothingToUndo, "There is nothing to do again.", ""));
        };
        let label = target.label.clone();
        self.take_back(target, label)
    }

    fn take_back(&self, target: OperationRow, label: String) -> Result<Outcome, ErrorView> {
        let named = label.clone();
        let id = target.id;
        let target = self.inner.read(|reader| Ok(reader.operation(&id)?))?.unwrap_or(target);
        let (_, changes) = self.operate(move |inner, tx| {
            let now = clock::rfc3339(inner.now());
            let mut edits = Vec::new();
            for (space, doc, change) in target.changes.iter().rev() {
                let document = inner.document(tx, space, doc)?;
                let ops = undo_ops(&document, *change, &now);
                inner.caches().keep_document((*space, *doc), document);
                edits.push(DocumentEdit { space: *space, doc: *doc, edit: Edit::Ops(ops) });
            }
            let mut operation = inner.operation(named)?;
            operation.undoes = Some(target.id);
            Ok((operation, edits))
        })?;
        let ids = self.inner.read(|reader| changes.touched.iter().map(|(space, doc, _)| printed_id(reader, space, doc)).collect())?;
        Ok(Outcome::Undone { label, ids })
    }
}
