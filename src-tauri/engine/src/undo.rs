//! Undo and redo: new forward operations against the current state, so that they survive what others changed meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;
use tuttu_model::history::undo_ops;
use tuttu_store::Reader;
use tuttu_store::rows::OperationRow;

use crate::api::{ErrorCode, ErrorView, OperationView, Outcome};
use crate::clock;
use crate::commands::printed_id;
use crate::commit::{DocumentEdit, Edit};
use crate::engine::{Engine, Inner};
use crate::failure::Failure;

/// How far back undo looks.
const DEPTH: usize = 1_000;
/// Operations listed when nothing is said.
const LISTED: u32 = 100;

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
        let taken_back = taken_back(&newest);
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

impl Inner {
    /// The steps of this computer, newest first.
    pub(crate) fn operations(&self, reader: &Reader<'_>, limit: u32) -> Result<Vec<OperationView>, Failure> {
        let limit = usize::try_from(if limit == 0 { LISTED } else { limit }).unwrap_or(usize::MAX);
        // What takes an operation back is newer than it.
        let newest = reader.newest_operation_labels(limit)?;
        let taken_back = taken_back(&newest);
        let view = |row: &OperationRow| OperationView {
            id: HEXLOWER.encode(&row.id),
            label: row.label.clone(),
            at: clock::rfc3339(row.time),
            undone: taken_back.contains(&row.id),
            undoes: row.undoes.is_some(),
        };
        Ok(newest.iter().map(view).collect())
    }
}

/// The operations, given newest first, that do not stand: a later one, itself not taken back, undoes them.
fn taken_back(newest: &[OperationRow]) -> BTreeSet<[u8; 16]> {
    let mut taken_back = BTreeSet::new();
    for row in newest {
        if let Some(target) = row.undoes
            && !taken_back.contains(&row.id)
        {
            taken_back.insert(target);
        }
    }
    taken_back
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

    /// Takes back one operation, by the beginning of its id; `what` is what it is called.
    pub(crate) fn undo_operation(&self, id: &str, what: &str) -> Result<Outcome, ErrorView> {
        let nothing = match what {
            "import" => "Nothing was changed. The name of an import is in its report.",
            _ => "Nothing was changed. The ids are in the list of operations.",
        };
        let named = id.trim().to_ascii_lowercase();
        let digits = named.bytes().all(|digit| digit.is_ascii_hexdigit());
        let (row, undone) = self.inner.read(|reader| {
            let rows = reader.newest_operation_labels(usize::MAX)?;
            let mut found = rows.iter().filter(|row| row.undoes.is_none() && HEXLOWER.encode(&row.id).starts_with(&named));
            let row = found.next().filter(|_| digits && !named.is_empty()).cloned();
            let Some(row) = row else {
                return Err(ErrorView::new(ErrorCode::NotFound, format!("There is no {what} “{id}”."), nothing).into());
            };
            if found.next().is_some() {
                return Err(ErrorView::new(ErrorCode::Ambiguous, format!("Several {what}s begin with “{id}”."), nothing).into());
            }
            let undone = taken_back(&rows).contains(&row.id);
            Ok((row, undone))
        })?;
        if undone {
            let message = format!("“{}” is taken back already.", row.label);
            return Err(ErrorView::new(ErrorCode::NothingToUndo, message, "Nothing was changed."));
        }
        let label = row.label.clone();
        self.take_back(row, label)
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
