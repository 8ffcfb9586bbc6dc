//! The timeline of a space: what took place in it, and what was changed in its records.

use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::history::{FieldChange, fields_changed_by};
use tuttu_model::{ChangeHash, DocumentId, SpaceId};
use tuttu_store::Reader;
use tuttu_store::rows::{ArrivedChange, ListQuery, RecordRow, Sort};

use super::{in_words, lines};
use crate::api::TimelineItem;
use crate::clock;
use crate::commands::title;
use crate::engine::Inner;
use crate::failure::Failure;

/// Activities read beyond a page: the list knows the day, and only then is the time of day looked at.
const SAME_DAY: u32 = 100;

impl Inner {
    /// Activities, tasks, events and changes of a space, newest first. Of each no more is read than the page holds.
    pub(crate) fn space_timeline(&self, reader: &Reader<'_>, text: &str, limit: u32) -> Result<Vec<TimelineItem>, Failure> {
        let space = self.space(reader, text)?.id;
        let limit = lines(limit);
        let mut items = Vec::new();
        let mut shown = BTreeSet::new();
        for (kind, sort) in [("activity", Sort::At), ("task", Sort::Created), ("event", Sort::Created)] {
            for row in self.newest(reader, space, kind, sort, limit)? {
                let doc = row.doc;
                let item = self.activity(reader, row)?;
                shown.insert((doc, day(&item.at).to_owned()));
                items.push(item);
            }
        }
        items.extend(self.changes_of_space(reader, &space, limit, &shown)?);
        items.sort_by(|one, other| other.at.cmp(&one.at));
        items.truncate(limit);
        Ok(items)
    }

    fn newest(&self, reader: &Reader<'_>, space: SpaceId, kind: &str, sort: Sort, limit: usize) -> Result<Vec<RecordRow>, Failure> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX).saturating_add(SAME_DAY);
        let query = ListQuery { kind: Some(kind.into()), space: Some(space), sort, limit, ..ListQuery::default() };
        Ok(reader.list_page(&query)?.rows)
    }

    /// A line for each change. The making of a record that has a line of its own on the same day is left out.
    fn changes_of_space(
        &self,
        reader: &Reader<'_>,
        space: &SpaceId,
        limit: usize,
        shown: &BTreeSet<(DocumentId, String)>,
    ) -> Result<Vec<TimelineItem>, Failure> {
        let arrived = reader.arrived(space, limit)?;
        let touched = self.touched(reader, space, &arrived)?;
        let private = reader.space(space)?.is_some_and(|space| space.private);
        let mut items = Vec::new();
        for change in arrived {
            let Some(fields) = touched.fields.get(&change.change).filter(|fields| !fields.is_empty()) else { continue };
            let Some((id, name)) = touched.records.get(&change.doc) else { continue };
            let at = clock::rfc3339(change.time);
            let made = fields.iter().any(|field| field.key == "kind" && field.old.is_none());
            if made && shown.contains(&(change.doc, day(&at).to_owned())) {
                continue;
            }
            let author = self.author(reader, &change.actor)?;
            items.push(TimelineItem {
                kind: "change".into(),
                id: id.clone(),
                space: space.to_string(),
                at,
                mine: author.as_ref().is_some_and(|author| author.mine),
                by: author.map(|author| author.name).unwrap_or_default(),
                name: name.clone(),
                text: in_words(fields),
                private,
                ..TimelineItem::default()
            });
        }
        Ok(items)
    }

    /// What changes did, each of their documents opened once.
    fn touched(&self, reader: &Reader<'_>, space: &SpaceId, arrived: &[ArrivedChange]) -> Result<Touched, Failure> {
        let mut by_record: BTreeMap<DocumentId, Vec<ChangeHash>> = BTreeMap::new();
        for change in arrived {
            by_record.entry(change.doc).or_default().push(change.change);
        }
        let mut touched = Touched::default();
        for (doc, changes) in by_record {
            reader.go_on()?;
            let Some(row) = reader.record(space, &doc)? else { continue };
            let document = self.document_to_read(reader, space, &doc)?;
            touched.fields.extend(changes.into_iter().map(|change| (change, fields_changed_by(&document, change))));
            self.caches().keep_document((*space, doc), document);
            touched.records.insert(doc, (row.view.id, title(&row.view.name, &row.view.text)));
        }
        Ok(touched)
    }
}

/// The day of a time as written.
fn day(at: &str) -> &str {
    at.get(..10).unwrap_or(at)
}

/// What changes did, and the printed ids and names of the records they did it to.
#[derive(Default)]
struct Touched {
    fields: BTreeMap<ChangeHash, Vec<FieldChange>>,
    records: BTreeMap<DocumentId, (String, String)>,
}
