//! Records that may be the same: found and explained, merged when a person says so, taken apart again, or remembered as not the same.

use std::collections::BTreeSet;

use tuttu_model::history::undo_ops;
use tuttu_model::likeness::{WORTH_A_LOOK, likeness};
use tuttu_model::merge::{distinct_key, merged_key, merging_changes, plan_merge, stays};
use tuttu_model::{DocumentId, FlatOp, Kind, Record, Scalar, SpaceId};
use tuttu_store::{Reader, Tx};

use crate::api::{DuplicateView, ErrorCode, ErrorView, Outcome, RecordRef};
use crate::clock;
use crate::commands::{name_of, printed_id};
use crate::commit::{DocumentEdit, Edit};
use crate::engine::{Engine, Inner};
use crate::failure::Failure;
use crate::queries::lists::list_row;

/// Pairs shown when nothing is said.
const SHOWN: u32 = 100;
/// Records merged in one go.
const TOGETHER: usize = 50;

/// A record with what it holds.
struct Named {
    doc: DocumentId,
    id: String,
    record: Record,
}

impl Inner {
    /// Pairs that look alike, the most alike first. Pairs that somebody called distinct are left out.
    pub(crate) fn duplicates(&self, reader: &Reader<'_>, space: Option<&str>, limit: u32) -> Result<Vec<DuplicateView>, Failure> {
        let space = space.map(|text| self.space(reader, text)).transpose()?.map(|row| row.id);
        let mut found = Vec::new();
        for (one, other) in reader.alike()? {
            let (Some(one), Some(other)) = (reader.record_numbered(one)?, reader.record_numbered(other)?) else { continue };
            if space.is_some_and(|space| space != one.space) || called_distinct(&one.view, &other.view) {
                continue;
            }
            let likeness = likeness(&one.view, &other.view);
            if likeness.score >= WORTH_A_LOOK {
                found.push((likeness, one, other));
            }
        }
        found.sort_by(|one, other| other.0.score.cmp(&one.0.score).then_with(|| one.1.view.name.cmp(&other.1.view.name)));
        found.truncate(usize::try_from(if limit == 0 { SHOWN } else { limit }).unwrap_or(usize::MAX));
        let view = |(likeness, one, other): (tuttu_model::likeness::Likeness, _, _)| DuplicateView {
            score: u32::from(likeness.score),
            reasons: likeness.reasons,
            one: list_row(one, ""),
            other: list_row(other, ""),
        };
        Ok(found.into_iter().map(view).collect())
    }

    /// The record and all that were merged into it.
    pub(crate) fn with_merged(&self, reader: &Reader<'_>, space: &SpaceId, doc: DocumentId) -> Result<BTreeSet<DocumentId>, Failure> {
        let (mut all, mut waiting) = (BTreeSet::from([doc]), vec![doc]);
        while let Some(doc) = waiting.pop() {
            let merged = reader.record(space, &doc)?.map(|row| row.view.merged).unwrap_or_default();
            for id in merged.iter().filter_map(|id| id.parse().ok()) {
                if all.insert(id) {
                    waiting.push(id);
                }
            }
        }
        Ok(all)
    }

    fn look_at(&self, tx: &Tx<'_>, space: &SpaceId, doc: DocumentId) -> Result<Named, Failure> {
        let document = self.document(tx, space, &doc)?;
        let record = document.record();
        self.caches().keep_document((*space, doc), document);
        Ok(Named { doc, id: printed_id(tx, space, &doc)?, record })
    }
}

fn called_distinct(one: &tuttu_model::RecordView, other: &tuttu_model::RecordView) -> bool {
    one.distinct.contains(&other.id) || other.distinct.contains(&one.id)
}

impl Engine {
    /// Makes one record of several. The oldest stays and takes over what the others hold; they go to the trash and say where they went.
    pub(crate) fn merge(&self, records: Vec<RecordRef>) -> Result<Outcome, ErrorView> {
        let (space, docs) = self.of_one_space(&records)?;
        let outcome = self.operate(move |inner, tx| {
            let mut all = docs.iter().map(|doc| inner.look_at(tx, &space, *doc)).collect::<Result<Vec<_>, _>>()?;
            mergeable(&all)?;
            all.sort_by_key(|named| named.doc);
            let Some((kept, others)) = all.split_first() else { return Err(too_few().into()) };
            let (mut record, mut ops) = (kept.record.clone(), Vec::new());
            let mut edits = Vec::new();
            for other in others {
                debug_assert_eq!(stays(kept.doc, other.doc), kept.doc, "sorted by id");
                let more = plan_merge(&record, &kept.id, &other.record, &other.id)?;
                record = record.with_ops(&more);
                ops.extend(more);
                edits.push(DocumentEdit { space, doc: other.doc, edit: Edit::Ops(gone_to(&space, &kept.id, inner.now())) });
            }
            edits.insert(0, DocumentEdit { space, doc: kept.doc, edit: Edit::Ops(last_of_each(ops)) });
            Ok((inner.operation(format!("Merged {}", name_of(&kept.record)))?, edits))
        })?;
        self.only_live(outcome)
    }

    /// Takes apart what was merged into a record, at any later time: it loses what it took over and nobody changed since, and the others come back.
    /// Naming one that was merged takes that one back; naming the record that stayed takes all back.
    pub(crate) fn unmerge(&self, record: RecordRef) -> Result<Outcome, ErrorView> {
        let (space, doc) = self.inner.read(|reader| self.inner.record(reader, &record))?;
        let outcome = self.operate(move |inner, tx| {
            let view = tx.record(&space, &doc)?.map(|row| row.view).unwrap_or_default();
            let (kept, others): (DocumentId, Vec<String>) = match view.moved.id.parse::<DocumentId>() {
                Ok(kept) => (kept, vec![view.id.clone()]),
                Err(_) => (doc, view.merged.clone()),
            };
            let kept = inner.look_at(tx, &space, kept)?;
            let others: Vec<String> = others.into_iter().filter(|id| !merging_changes(&kept.record, id).is_empty()).collect();
            if others.is_empty() {
                let message = format!("Nothing was merged into {}.", name_of(&kept.record));
                return Err(ErrorView::new(ErrorCode::Invalid, message, "Nothing was changed.").into());
            }
            let mut edits = Vec::new();
            let now = clock::rfc3339(inner.now());
            let changes: BTreeSet<_> = others.iter().flat_map(|id| merging_changes(&kept.record, id)).collect();
            for change in changes {
                let document = inner.document(tx, &space, &kept.doc)?;
                let ops = undo_ops(&document, change, &now);
                inner.caches().keep_document((space, kept.doc), document);
                edits.push(DocumentEdit { space, doc: kept.doc, edit: Edit::Ops(ops) });
            }
            // Several may have been merged in one change: all of those come apart.
            for id in still_merged(&kept.record, &others) {
                let other = inner.look_at(tx, &space, id)?;
                let back = [FlatOp::Delete("deleted".into()), FlatOp::Delete("moved".into())];
                let held = back.into_iter().filter(|op| other.record.fields.contains_key(op.key())).collect();
                edits.push(DocumentEdit { space, doc: other.doc, edit: Edit::Ops(held) });
            }
            Ok((inner.operation(format!("Took {} apart again", name_of(&kept.record)))?, edits))
        })?;
        self.only_live(outcome)
    }

    /// Remembers, for everybody in the space, that records look alike and are not the same.
    pub(crate) fn distinct(&self, records: Vec<RecordRef>) -> Result<Outcome, ErrorView> {
        let (space, docs) = self.of_one_space(&records)?;
        let outcome = self.operate(move |inner, tx| {
            let all = docs.iter().map(|doc| inner.look_at(tx, &space, *doc)).collect::<Result<Vec<_>, _>>()?;
            let mut edits = Vec::new();
            for (at, one) in all.iter().enumerate() {
                let marks = all.iter().skip(at + 1).map(|other| FlatOp::Put(distinct_key(&other.id), Scalar::Flag(true))).collect();
                edits.push(DocumentEdit { space, doc: one.doc, edit: Edit::Ops(marks) });
            }
            edits.retain(|edit| !matches!(&edit.edit, Edit::Ops(ops) if ops.is_empty()));
            Ok((inner.operation("Told two records apart")?, edits))
        })?;
        self.only_live(outcome)
    }

    /// Several records of one space, each once.
    fn of_one_space(&self, records: &[RecordRef]) -> Result<(SpaceId, Vec<DocumentId>), ErrorView> {
        let keys: BTreeSet<_> =
            self.inner.read(|reader| records.iter().map(|record| self.inner.record(reader, record)).collect::<Result<_, _>>())?;
        let spaces: BTreeSet<SpaceId> = keys.iter().map(|(space, _)| *space).collect();
        match (spaces.first(), spaces.len(), keys.len()) {
            (Some(space), 1, 2..=TOGETHER) => Ok((*space, keys.into_iter().map(|(_, doc)| doc).collect())),
            (_, 2.., _) => Err(ErrorView::new(
                ErrorCode::Invalid,
                "The records are in different spaces, which different people can read.",
                "Nothing was changed. Move one of them into the space of the other first.",
            )),
            (_, _, 0 | 1) => Err(too_few()),
            _ => {
                Err(ErrorView::new(ErrorCode::Invalid, format!("At most {TOGETHER} records can be named at once."), "Nothing was changed."))
            }
        }
    }
}

fn too_few() -> ErrorView {
    ErrorView::new(ErrorCode::Invalid, "Name at least two different records.", "Nothing was changed.")
}

fn mergeable(all: &[Named]) -> Result<(), ErrorView> {
    let refused = |message: String, hint: &str| Err(ErrorView::new(ErrorCode::Invalid, message, hint));
    let kinds: BTreeSet<&Kind> = all.iter().map(|named| &named.record.kind).collect();
    if kinds.len() > 1 || !kinds.iter().all(|kind| matches!(kind, Kind::Person | Kind::Org)) {
        return refused("Only people, or organisations, can be merged with each other.".into(), "Nothing was changed.");
    }
    match all.iter().find(|named| named.record.deletion == tuttu_model::Deletion::Deleted) {
        Some(gone) => refused(format!("{} is in the trash.", name_of(&gone.record)), "Nothing was changed. Restore it first."),
        None => Ok(()),
    }
}

/// What is left of a record that was merged into another.
fn gone_to(space: &SpaceId, kept: &str, now: i64) -> Vec<FlatOp> {
    let now = clock::rfc3339(now);
    vec![FlatOp::Put("deleted".into(), Scalar::Text(now)), FlatOp::Put("moved".into(), Scalar::Text(format!("{space}\t{kept}")))]
}

/// Each key once: a later edit goes on from an earlier one.
fn last_of_each(ops: Vec<FlatOp>) -> Vec<FlatOp> {
    let ops: std::collections::BTreeMap<String, FlatOp> = ops.into_iter().map(|op| (op.key().to_owned(), op)).collect();
    ops.into_values().collect()
}

/// The records whose merging the changes that merged these did: those that come apart together.
fn still_merged(kept: &Record, named: &[String]) -> BTreeSet<DocumentId> {
    let undone: BTreeSet<_> = named.iter().flat_map(|id| merging_changes(kept, id)).collect();
    let prefix = merged_key("");
    let marks = kept.fields.keys().filter_map(|key| key.strip_prefix(&prefix));
    marks.filter(|id| merging_changes(kept, id).iter().any(|change| undone.contains(change))).filter_map(|id| id.parse().ok()).collect()
}
