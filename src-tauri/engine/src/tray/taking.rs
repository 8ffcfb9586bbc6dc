//! What members wrote that does not count any more, for an editor to look at and take up.

use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::field::{field_name, label_and_value};
use tuttu_model::history::{FieldChange, field_changes};
use tuttu_model::{ChangeHash, Document, DocumentId, Record, Scalar, SpaceId};
use tuttu_store::rows::AsideRow;
use tuttu_store::{Lane, Reader};

use crate::api::{ErrorCode, ErrorView, Outcome, TrayField, TrayView};
use crate::clock;
use crate::commands::{name_of, printed_id};
use crate::commit::DocumentEdit;
use crate::engine::{Engine, Inner};
use crate::failure::{Failure, not_found};

/// Changes looked at.
const LOOKED_AT: u32 = 10_000;

/// One change of the tray, with what it would still change.
struct Aside {
    row: AsideRow,
    view: TrayView,
}

impl Inner {
    pub(crate) fn tray(&self, reader: &Reader<'_>, space: &str) -> Result<Vec<TrayView>, Failure> {
        let space = self.space(reader, space)?.id;
        Ok(self.aside(reader, &space)?.into_iter().map(|aside| aside.view).collect())
    }

    /// The changes that do not count, were not dismissed, and would still change something.
    fn aside(&self, reader: &Reader<'_>, space: &SpaceId) -> Result<Vec<Aside>, Failure> {
        let mut by_doc: BTreeMap<DocumentId, Vec<(usize, AsideRow)>> = BTreeMap::new();
        for (place, row) in reader.set_aside(space, LOOKED_AT)?.into_iter().enumerate() {
            if reader.meta(&dismissed(&row.change))?.is_none() {
                by_doc.entry(row.doc).or_default().push((place, row));
            }
        }
        let mut found = Vec::new();
        for (doc, rows) in by_doc {
            let stored = reader.changes(space, &doc)?;
            let Ok(whole) = Document::from_changes(stored.iter().filter_map(|row| row.bytes.as_deref())) else { continue };
            let now = if stored.iter().any(|row| row.accepted) {
                self.document_to_read(reader, space, &doc)?.record()
            } else {
                Record::new(tuttu_model::Kind::Other(String::new()))
            };
            let fields = field_changes(&whole);
            let whole = whole.record();
            let name = name_of(if now.text("name").is_empty() { &whole } else { &now });
            for (place, row) in rows {
                let mine = fields.iter().filter(|field| field.change == row.change);
                let fields: Vec<TrayField> = mine.filter_map(|field| still(field, &now)).collect();
                if !fields.is_empty() {
                    let view = self.tray_view(reader, space, &row, &name, fields)?;
                    found.push((place, Aside { row, view }));
                }
            }
        }
        // As it came.
        found.sort_by_key(|(place, _)| *place);
        Ok(found.into_iter().map(|(_, aside)| aside).collect())
    }

    fn tray_view(
        &self,
        reader: &Reader<'_>,
        space: &SpaceId,
        row: &AsideRow,
        name: &str,
        fields: Vec<TrayField>,
    ) -> Result<TrayView, Failure> {
        let (by, computer) = self.membership(reader, space)?.names_of(&row.computer).unwrap_or_default();
        Ok(TrayView {
            change: row.change.to_string(),
            id: printed_id(reader, space, &row.doc)?,
            name: name.to_owned(),
            by,
            computer,
            at: clock::rfc3339(row.time),
            fields,
        })
    }

    /// Those that the texts name; all where there is no text.
    fn named_aside(&self, reader: &Reader<'_>, space: &SpaceId, texts: &[String]) -> Result<Vec<AsideRow>, Failure> {
        let all = self.aside(reader, space)?;
        if texts.is_empty() {
            return Ok(all.into_iter().map(|aside| aside.row).collect());
        }
        let mut named = BTreeMap::new();
        for text in texts {
            let fits: Vec<&Aside> = all.iter().filter(|aside| text.len() > 3 && aside.view.change.starts_with(text.as_str())).collect();
            match fits.as_slice() {
                [one] => named.insert(one.row.change, one.row.clone()),
                [] => return Err(not_found("change in the tray", text).into()),
                _ => {
                    return Err(ErrorView::new(
                        ErrorCode::Ambiguous,
                        format!("“{text}” is the beginning of several changes."),
                        "Write more of it.",
                    )
                    .into());
                }
            };
        }
        Ok(named.into_values().collect())
    }
}

impl Engine {
    /// Writes changes that do not count anew, as this person's.
    pub(crate) fn take_up(&self, space: String, changes: Vec<String>) -> Result<Outcome, ErrorView> {
        let outcome = self.operate(move |inner, tx| {
            let row = inner.space(tx, &space)?;
            if !inner.membership(tx, &row.id)?.may_write(&inner.computer) {
                let message = format!("You cannot change anything in “{}”.", row.name);
                return Err(ErrorView::new(ErrorCode::NotAllowed, message, "An owner or an editor can take it up.").into());
            }
            let wanted = inner.named_aside(tx, &row.id, &changes)?;
            if wanted.is_empty() {
                return Err(ErrorView::new(ErrorCode::NotFound, "There is nothing to take up.", "See: tuttu tray list SPACE").into());
            }
            let label = format!(
                "Took up {} that did not count",
                if wanted.len() == 1 { "a change".into() } else { format!("{} changes", wanted.len()) }
            );
            let docs: BTreeSet<DocumentId> = wanted.iter().map(|row| row.doc).collect();
            let mut edits = Vec::new();
            for doc in docs {
                let of_doc: Vec<ChangeHash> = wanted.iter().filter(|row| row.doc == doc).map(|row| row.change).collect();
                match inner.plan_again(tx, &row.id, &doc, &of_doc)? {
                    Some(edit) => edits.push(DocumentEdit { space: row.id, doc, edit }),
                    None => tracing::warn!(%doc, "changes that were set aside cannot be read"),
                }
            }
            Ok((inner.operation(label)?, edits))
        })?;
        self.records(outcome, None)
    }

    /// Does not offer such changes any more on this computer.
    pub(crate) fn dismiss(&self, space: String, changes: Vec<String>) -> Result<Outcome, ErrorView> {
        let space = self.inner.write(Lane::Local, move |inner, tx| {
            let space = inner.space(tx, &space)?.id;
            for row in inner.named_aside(tx, &space, &changes)? {
                tx.put_meta(&dismissed(&row.change), b"1")?;
            }
            Ok(space)
        })?;
        self.space_changed(&space);
        Ok(Outcome::Records { ids: Vec::new(), space: space.to_string(), label: "Dismissed what does not count".to_owned() })
    }
}

/// What a change would still do to a field; `None` when that is there already.
fn still(field: &FieldChange, now: &Record) -> Option<TrayField> {
    let there = now.shown(&field.key);
    (there != field.new.as_ref()).then(|| TrayField {
        field: field_name(&field.key),
        now: shown(&field.key, there),
        written: shown(&field.key, field.new.as_ref()),
    })
}

fn shown(key: &str, value: Option<&Scalar>) -> String {
    value.map(|value| label_and_value(key, value).1).unwrap_or_default()
}

fn dismissed(change: &ChangeHash) -> String {
    format!("dismissed.{change}")
}
