//! Documents: every change is what its hash says, the document can be put together, and the query tables hold what it says.

use tuttu_model::{Change, DocumentId, SpaceId, view};
use tuttu_store::rows::{ChangeRow, SET_ASIDE};
use tuttu_store::{Audit, Reader};

use super::{Checked, REPAIR, Telling};
use crate::damage::readable;
use crate::engine::Inner;
use crate::failure::Failure;

/// Documents read at once.
const CHUNK: u32 = 500;
/// Damaged records remembered for the repair; the others are found when it is run again.
const REMEMBERED: usize = 100_000;

impl Inner {
    pub(super) fn check_documents(&self, reader: &Reader<'_>, checked: &mut Checked, telling: &mut Telling<'_>) -> Result<(), Failure> {
        let mut audit = Audit::default();
        let mut after = 0;
        loop {
            let documents = reader.documents_after(after, CHUNK)?;
            let Some((last, ..)) = documents.last() else { break };
            after = *last;
            for (did, space, doc) in &documents {
                checked.report.documents += 1;
                check_document(reader, *did, space, doc, &mut audit, checked)?;
            }
            telling.step(documents.len());
        }
        for problem in audit.finish(reader)? {
            checked.cache("lists", problem);
        }
        Ok(())
    }
}

fn check_document(
    reader: &Reader<'_>,
    did: i64,
    space: &SpaceId,
    doc: &DocumentId,
    audit: &mut Audit,
    checked: &mut Checked,
) -> Result<(), Failure> {
    let rows = reader.changes(space, doc)?;
    let damaged = rows.iter().filter_map(damage_of).collect::<Vec<_>>();
    if !damaged.is_empty() {
        if checked.documents.len() < REMEMBERED {
            checked.documents.push((*space, *doc));
        }
        for why in damaged {
            checked.find("change", format!("A change of record {doc} is damaged: {why}."), "All other records are safe.", REPAIR);
        }
        return Ok(audit.as_held(reader, did, space, doc)?);
    }
    if rows.iter().any(|row| row.accepted && row.damaged.is_some()) {
        // Set aside before: what is left of it is left as it is.
        return Ok(audit.as_held(reader, did, space, doc)?);
    }
    if !rows.iter().any(|row| row.accepted) {
        // Everything held of it was set aside by a verdict: there must be nothing to see.
        if !audit.nothing(reader, did)? {
            checked.cache("record", format!("Record {doc} is shown although nothing of it counts."));
        }
        return Ok(());
    }
    let found = readable(&rows);
    if found.incomplete {
        checked.find("record", format!("Record {doc} cannot be put together."), "Its changes are kept.", REPAIR);
        return Ok(audit.as_held(reader, did, space, doc)?);
    }
    let rebuilt = view::view_of(&found.document.record(), doc, space);
    let differs = audit.record(reader, (did, space, doc), &rebuilt, &found.document.heads())?;
    if !differs.is_empty() {
        checked.cache("record", format!("{} differs from its stored changes in {}.", rebuilt.id, differs.join(", ")));
    }
    Ok(())
}

/// Why the bytes of a change are not what they should be; `None` for whole ones, and for those set aside before.
fn damage_of(row: &ChangeRow) -> Option<String> {
    match (&row.bytes, &row.damaged) {
        (Some(bytes), _) => match Change::read(bytes) {
            Ok(change) if change.hash != row.hash => Some("it is another change than the one noted".into()),
            Ok(change)
                if (change.actor, change.seq, (change.start_op, change.max_op)) != (row.actor, row.seq, row.ops)
                    || change.deps != row.deps =>
            {
                Some("what is noted of it does not match its bytes".into())
            }
            Ok(_) => None,
            Err(error) => Some(error.to_string()),
        },
        (None, Some(why)) if why != SET_ASIDE => Some(why.clone()),
        (None, _) => None,
    }
}
