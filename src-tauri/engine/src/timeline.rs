//! Timelines and histories: activities and field changes, with who, when and on which computer.

use std::collections::BTreeSet;

use tuttu_model::field::{field_name, label_and_value};
use tuttu_model::history::{FieldChange, field_changes};
use tuttu_model::understood::minutes;
use tuttu_model::{DocumentId, Scalar, SpaceId};
use tuttu_store::Reader;
use tuttu_store::rows::RecordRow;

use crate::api::{HistoryItem, RecordRef, TimelineItem};
use crate::clock;
use crate::commands::printed_id;
use crate::engine::Inner;
use crate::failure::Failure;

/// Lines of a timeline when nothing is said.
const LINES: u32 = 200;

impl Inner {
    pub(crate) fn timeline(&self, reader: &Reader<'_>, record: &RecordRef, limit: u32) -> Result<Vec<TimelineItem>, Failure> {
        let (space, doc) = self.record(reader, record)?;
        let limit = usize::try_from(if limit == 0 { LINES } else { limit }).unwrap_or(usize::MAX);
        let mut items = Vec::new();
        // Activities of this space, and the person's own private ones about the same record.
        let mut seen = BTreeSet::new();
        for doc in self.with_merged(reader, &space, doc)? {
            for row in reader.activities_of(Some(&space), &doc, limit)? {
                if seen.insert((row.space, row.doc)) {
                    items.push(self.activity(reader, row)?);
                }
            }
        }
        items.extend(self.changes_in_words(reader, &space, &doc)?);
        items.sort_by(|one, other| other.at.cmp(&one.at));
        items.truncate(limit);
        Ok(items)
    }

    fn activity(&self, reader: &Reader<'_>, row: RecordRow) -> Result<TimelineItem, Failure> {
        let mut view = row.view;
        self.name_stamps(reader, &mut view)?;
        let private = reader.space(&row.space)?.is_some_and(|space| space.private);
        let mine = view.created.by == self.person_name(reader)?;
        Ok(TimelineItem {
            kind: view.kind,
            id: view.id,
            space: row.space.to_string(),
            at: if view.at.is_empty() { view.created.at.clone() } else { view.at },
            by: view.created.by,
            mine,
            name: view.name,
            text: view.text,
            duration: minutes(&view.duration).map(|minutes| minutes.to_string()).unwrap_or_default(),
            private,
        })
    }

    /// Field changes, one line for each change that touched something; the first change is the making of the record.
    fn changes_in_words(&self, reader: &Reader<'_>, space: &SpaceId, doc: &DocumentId) -> Result<Vec<TimelineItem>, Failure> {
        let mut lines: Vec<(Vec<FieldChange>, TimelineItem)> = Vec::new();
        for change in self.field_changes(reader, space, doc)? {
            if let Some((touched, _)) = lines.last_mut()
                && touched.first().is_some_and(|first| first.change == change.change)
            {
                touched.push(change);
                continue;
            }
            let author = self.author(reader, &change.actor)?;
            let item = TimelineItem {
                kind: "change".into(),
                id: change.change.to_string(),
                space: space.to_string(),
                at: clock::rfc3339(change.time),
                mine: author.as_ref().is_some_and(|author| author.mine),
                by: author.map(|author| author.name).unwrap_or_default(),
                ..TimelineItem::default()
            };
            lines.push((vec![change], item));
        }
        Ok(lines
            .into_iter()
            .map(|(touched, mut item)| {
                item.text = in_words(&touched);
                item
            })
            .collect())
    }

    fn field_changes(&self, reader: &Reader<'_>, space: &SpaceId, doc: &DocumentId) -> Result<Vec<FieldChange>, Failure> {
        let document = self.document_to_read(reader, space, doc)?;
        let changes = field_changes(&document);
        self.caches().keep_document((*space, *doc), document);
        Ok(changes)
    }

    pub(crate) fn history(&self, reader: &Reader<'_>, record: &RecordRef) -> Result<Vec<HistoryItem>, Failure> {
        let (space, doc) = self.record(reader, record)?;
        let id = printed_id(reader, &space, &doc)?;
        let mut items = Vec::new();
        for change in self.field_changes(reader, &space, &doc)?.into_iter().rev() {
            let author = self.author(reader, &change.actor)?;
            items.push(HistoryItem {
                id: id.clone(),
                change: change.change.to_string(),
                field: field_name(&change.key),
                old: shown(&change.key, change.old.as_ref()),
                new: shown(&change.key, change.new.as_ref()),
                computer: author.as_ref().map(|author| author.computer_name.clone()).unwrap_or_default(),
                by: author.map(|author| author.name).unwrap_or_default(),
                at: clock::rfc3339(change.time),
            });
        }
        Ok(items)
    }
}

/// A stored value as shown: the label of a labelled value goes in brackets behind it.
fn shown(key: &str, value: Option<&Scalar>) -> String {
    let Some(value) = value else { return String::new() };
    let (label, value) = label_and_value(key, value);
    if label.is_empty() { value } else { format!("{value} ({label})") }
}

/// One change in words: "set the name to Priya Raghunathan", "changed phones and notes".
fn in_words(touched: &[FieldChange]) -> String {
    if touched.iter().any(|change| change.key == "kind" && change.old.is_none()) {
        return "added this record".into();
    }
    if let Some(change) = touched.iter().find(|change| change.key == "deleted") {
        return if change.new.is_some() { "deleted this record".into() } else { "restored this record".into() };
    }
    if let [change] = touched {
        let field = spoken_field(&change.key);
        return match (&change.new, change.key.split_once(':')) {
            (Some(_), Some(("tag", tag))) => format!("added the tag {tag}"),
            (None, Some(("tag", tag))) => format!("removed the tag {tag}"),
            (Some(value), _) => match shown(&change.key, Some(value)) {
                text if text.is_empty() => format!("cleared the {field}"),
                text if text.chars().count() <= 80 => format!("set the {field} to {text}"),
                _ => format!("changed the {field}"),
            },
            (None, _) => format!("removed the {field}"),
        };
    }
    let mut fields: Vec<String> = touched.iter().map(|change| spoken_field(&change.key)).collect();
    fields.dedup();
    match fields.as_slice() {
        [one] => format!("changed the {one}"),
        [start @ .., end] if start.len() < 3 => format!("changed the {} and {end}", start.join(", ")),
        many => format!("changed {} fields", many.len()),
    }
}

/// The field of a key as people call it.
fn spoken_field(key: &str) -> String {
    let mut parts = key.split('/');
    let (list, part) = (parts.next().unwrap_or(key), parts.nth(1));
    let list = match list.split_once(':') {
        Some(("tag", _)) => "tags",
        Some(("custom", name)) => name,
        Some(("with", _)) => "participants",
        _ => list,
    };
    let word = match list {
        "emails" => "e-mail address",
        "phones" => "phone number",
        "addresses" => "address",
        "orgs" => "role",
        "urls" => "link",
        "ims" => "messaging address",
        "dates" => "date",
        "relations" => "relation",
        other => other,
    };
    match part {
        Some("title") if list == "orgs" => "title".into(),
        Some("name") if list == "orgs" => "organisation".into(),
        _ => word.to_owned(),
    }
}
