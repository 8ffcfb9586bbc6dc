//! Moving records to another space: new records there with the same values, links among them kept, and tombstones here that lead there.

use std::collections::BTreeMap;

use tuttu_model::{DocumentId, FlatOp, Kind, Record, Scalar, SpaceId};
use tuttu_store::Tx;
use tuttu_store::rows::SpaceRow;

use crate::api::{ErrorCode, ErrorView, Outcome, RecordRef};
use crate::clock;
use crate::commands::name_of;
use crate::commit::{DocumentEdit, Edit};
use crate::engine::{Engine, Inner};
use crate::failure::Failure;

/// Records named at once.
const MOST: usize = 10_000;

/// How much of a record goes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Along {
    /// What others may see of it: not where a private card has copies; and it is live there.
    Shown,
    /// All of it: it stays the same person's, and what is in the trash stays in the trash.
    Everything,
}

impl Along {
    fn takes(self, key: &str) -> bool {
        self == Self::Everything || key != "deleted" && key != "moved" && !key.starts_with("copies/")
    }
}

/// A record on its way.
struct Mover {
    space: SpaceId,
    doc: DocumentId,
    new: DocumentId,
    record: Record,
}

impl Inner {
    /// The edits that move records into a space. Activities of the private space that stay there are about the new records, too.
    pub(crate) fn plan_moves(
        &self,
        tx: &mut Tx<'_>,
        records: Vec<(SpaceId, DocumentId, Record)>,
        target: &SpaceId,
        along: Along,
    ) -> Result<Vec<DocumentEdit>, Failure> {
        let mut movers = Vec::with_capacity(records.len());
        for (space, doc, record) in records {
            movers.push(Mover { space, doc, new: DocumentId::new(self.now_millis(), self.random()?), record });
        }
        let new_ids: BTreeMap<String, String> = movers.iter().map(|mover| (mover.doc.to_string(), mover.new.to_string())).collect();
        let own = self.space_or_own(tx, None)?.id;
        let mut following: BTreeMap<(SpaceId, DocumentId), Vec<FlatOp>> = BTreeMap::new();
        let mut edits = Vec::with_capacity(2 * movers.len());
        for mover in &movers {
            tx.hold_files_of(&mover.space, &mover.doc, target)?;
            edits.push(DocumentEdit { space: *target, doc: mover.new, edit: Edit::New(values(&mover.record, &new_ids, along)) });
            edits.push(DocumentEdit { space: mover.space, doc: mover.doc, edit: Edit::Ops(mover.gone_to(target, self.now())) });
            if along == Along::Everything {
                // All of a space move: what is about them moves with them.
                continue;
            }
            for activity in tx.activities_of(Some(&own), &mover.doc, usize::MAX)? {
                if !new_ids.contains_key(&activity.doc.to_string()) {
                    let follow = format!("with:{}_{}", mover.record.kind.prefix(), mover.new);
                    following.entry((activity.space, activity.doc)).or_default().push(FlatOp::Put(follow, Scalar::Flag(true)));
                }
            }
        }
        edits.extend(following.into_iter().map(|((space, doc), ops)| DocumentEdit { space, doc, edit: Edit::Ops(ops) }));
        Ok(edits)
    }

    /// A space that records can be moved to by this person.
    pub(crate) fn move_target(&self, tx: &tuttu_store::Reader<'_>, space: &str) -> Result<SpaceRow, Failure> {
        let target = self.space(tx, space)?;
        if !self.membership(tx, &target.id)?.may_write(&self.computer) {
            let message = format!("You cannot change anything in “{}”.", target.name);
            return Err(ErrorView::new(ErrorCode::NotAllowed, message, "Nothing was moved.").into());
        }
        Ok(target)
    }
}

impl Engine {
    /// Moves records to a space, as one step. Those that are there already stay as they are.
    pub(crate) fn move_records(&self, records: Vec<RecordRef>, target: String) -> Result<Outcome, ErrorView> {
        if records.is_empty() || records.len() > MOST {
            return Err(ErrorView::new(
                ErrorCode::Invalid,
                format!("Between 1 and {MOST} records can be moved at once."),
                "Nothing was moved.",
            ));
        }
        let outcome = self.operate(move |inner, tx| {
            let target = inner.move_target(tx, &target)?;
            let mut moving: Vec<(SpaceId, DocumentId, Record)> = Vec::new();
            for reference in &records {
                let (space, doc) = inner.record(tx, reference)?;
                if space != target.id && !moving.iter().any(|(_, held, _)| *held == doc) {
                    moving.push((space, doc, inner.document(tx, &space, &doc)?.record()));
                }
            }
            let label = match moving.as_slice() {
                [] => {
                    let message = format!("{} in “{}” already.", if records.len() == 1 { "It is" } else { "They are" }, target.name);
                    return Err(ErrorView::new(ErrorCode::Invalid, message, "Nothing was changed.").into());
                }
                [(_, _, one)] => format!("Moved {} to {}", name_of(one), target.name),
                many => format!("Moved {} records to {}", many.len(), target.name),
            };
            Ok((inner.operation(label)?, inner.plan_moves(tx, moving, &target.id, Along::Shown)?))
        })?;
        self.only_live(outcome)
    }
}

impl Mover {
    fn gone_to(&self, space: &SpaceId, now: i64) -> Vec<FlatOp> {
        let forward = Scalar::Text(format!("{space}\t{}_{}", Kind::prefix(&self.record.kind), self.new));
        vec![FlatOp::Put("deleted".into(), Scalar::Text(clock::rfc3339(now))), FlatOp::Put("moved".into(), forward)]
    }
}

/// The values of a record, with links to those that move along.
fn values(record: &Record, new_ids: &BTreeMap<String, String>, along: Along) -> BTreeMap<String, Scalar> {
    let mut values = BTreeMap::new();
    for (key, held) in record.fields.iter().filter(|(key, _)| along.takes(key)) {
        if let Some(value) = held.first().and_then(|held| held.value.clone()) {
            let value = match value {
                Scalar::Text(text) => Scalar::Text(renamed(&text, new_ids)),
                other => other,
            };
            values.insert(renamed(key, new_ids), value);
        }
    }
    values
}

/// A text in which the ids of records that moved are the new ones.
fn renamed(text: &str, new_ids: &BTreeMap<String, String>) -> String {
    let mut renamed = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        renamed.push_str(new_ids.get(word).map_or(word, String::as_str));
        let next = after.find(|c: char| c.is_ascii_alphanumeric()).unwrap_or(after.len());
        let (between, after) = after.split_at(next);
        renamed.push_str(between);
        rest = after;
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_renamed_wherever_they_stand_and_nothing_else() {
        let ids = BTreeMap::from([("01JABC".to_owned(), "01KXYZ".to_owned())]);
        for (before, after) in [
            ("with:p_01JABC", "with:p_01KXYZ"),
            ("01JABC", "01KXYZ"),
            ("(p_01JABC, ä 01JABCD)", "(p_01KXYZ, ä 01JABCD)"),
            ("", ""),
            ("–", "–"),
        ] {
            assert_eq!(renamed(before, &ids), after);
        }
    }
}
