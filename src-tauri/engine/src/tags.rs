//! Tags: the list with counts; renaming and merging everywhere as one operation.

use std::collections::BTreeMap;

use tuttu_model::normal::fold;
use tuttu_model::{FlatOp, Scalar, SpaceId};
use tuttu_store::Reader;

use crate::api::{ErrorCode, ErrorView, Outcome, TagView};
use crate::commit::{DocumentEdit, Edit};
use crate::engine::{Engine, Inner};
use crate::failure::{Failure, not_found};

/// Tags listed at most.
const TAGS: usize = 10_000;
/// Characters of a tag.
const TAG_CHARS: usize = 1_000;

impl Inner {
    pub(crate) fn tags(&self, reader: &Reader<'_>, space: Option<&str>) -> Result<Vec<TagView>, Failure> {
        let space = space.map(|text| self.space(reader, text)).transpose()?.map(|row| row.id);
        let mut views = Vec::new();
        for (word, records) in reader.tags(space.as_ref(), TAGS)? {
            let typed = reader.first_tagged(&word)?.and_then(|row| row.view.tags.into_iter().find(|tag| fold(tag) == word));
            let tag = typed.unwrap_or(word);
            let context = tag.split_once(':').map(|(context, _)| context.to_owned()).unwrap_or_default();
            views.push(TagView { tag, context, records });
        }
        Ok(views)
    }
}

impl Engine {
    /// Gives every record with the tag `from` the tag `to` instead, in the spaces this person may write: one operation. An empty `to` removes it.
    pub(crate) fn rename_tag(&self, from: &str, to: &str, space: Option<String>) -> Result<Outcome, ErrorView> {
        let (from, to) = (from.trim().to_owned(), to.trim().to_owned());
        if from.is_empty() || from == to || to.chars().count() > TAG_CHARS {
            return Err(ErrorView::new(ErrorCode::Invalid, "Name the tag, and another word for it.", "Nothing was changed."));
        }
        let outcome = self.operate(move |inner, tx| {
            let only = space.map(|text| inner.space(tx, &text)).transpose()?.map(|row| row.id);
            let rows = tx.records_tagged(&from)?;
            if rows.is_empty() {
                return Err(not_found("tag", &from).into());
            }
            let mut writable: BTreeMap<SpaceId, bool> = BTreeMap::new();
            let (mut edits, mut left) = (Vec::new(), 0_usize);
            for row in rows.into_iter().filter(|row| only.is_none_or(|only| only == row.space)) {
                let may = match writable.get(&row.space) {
                    Some(may) => *may,
                    None => {
                        let may = inner.membership(tx, &row.space)?.may_write(&inner.computer);
                        writable.insert(row.space, may);
                        may
                    }
                };
                if !may {
                    left += 1;
                    continue;
                }
                let ops = renamed(&row.view.tags, &from, &to);
                edits.push(DocumentEdit { space: row.space, doc: row.doc, edit: Edit::Ops(ops) });
            }
            Ok((inner.operation(label(&from, &to, edits.len(), left))?, edits))
        })?;
        self.records(outcome, None)
    }
}

/// The edits of one record's tags: what means the old tag in any spelling goes, the new one comes.
fn renamed(tags: &[String], from: &str, to: &str) -> Vec<FlatOp> {
    let old = tags.iter().filter(|tag| fold(tag) == fold(from) && *tag != to);
    let mut ops: Vec<FlatOp> = old.map(|tag| FlatOp::Delete(format!("tag:{tag}"))).collect();
    if !to.is_empty() && !tags.iter().any(|tag| tag == to) {
        ops.push(FlatOp::Put(format!("tag:{to}"), Scalar::Flag(true)));
    }
    ops
}

fn label(from: &str, to: &str, count: usize, left: usize) -> String {
    let records = if count == 1 { "1 record".to_owned() } else { format!("{count} records") };
    let left = if left == 0 { String::new() } else { format!("; {left} in spaces you can only see kept it") };
    match to {
        "" => format!("Removed the tag {from} from {records}{left}"),
        to => format!("Renamed the tag {from} to {to} on {records}{left}"),
    }
}
