//! Timelines and histories: activities and field changes, with who, when and on which computer.

mod space;

use std::collections::BTreeSet;

use tuttu_model::field::{field_name, label_and_value};
use tuttu_model::history::{FieldChange, field_changes};
use tuttu_model::understood::{is_before, minutes};
use tuttu_model::when::PartialDate;
use tuttu_model::{DocumentId, Kind, Scalar, SpaceId};
use tuttu_store::Reader;
use tuttu_store::rows::RecordRow;

use crate::api::{HistoryItem, RecordRef, TimelineItem};
use crate::clock;
use crate::commands::printed_id;
use crate::engine::Inner;
use crate::failure::Failure;

/// Lines of a timeline when nothing is said.
const LINES: u32 = 200;
/// Lines of a timeline at most.
const MOST_LINES: u32 = 10_000;
/// Cards of one person, those merged into them too, at most.
const CARDS: usize = 100;
/// Roles in an organisation that are looked at, past ones too: those who came last.
const ROLES: usize = 2_000;
/// People of an organisation whose activities are shown with it.
const PEOPLE: usize = 500;

/// Records with their spaces.
type Cards = BTreeSet<(SpaceId, DocumentId)>;

/// How many lines are meant.
fn lines(limit: u32) -> usize {
    usize::try_from(if limit == 0 { LINES } else { limit.min(MOST_LINES) }).unwrap_or(usize::MAX)
}

impl Inner {
    pub(crate) fn timeline(&self, reader: &Reader<'_>, record: &RecordRef, limit: u32) -> Result<Vec<TimelineItem>, Failure> {
        let (space, doc) = self.record(reader, record)?;
        let limit = lines(limit);
        // Activities of its own space, and the person's own private ones about the same record.
        let mut about = self.cards(reader, &space, &doc)?;
        if reader.record(&space, &doc)?.is_some_and(|row| Kind::from(row.view.kind) == Kind::Org) {
            about.extend(self.people_in(reader, &about)?);
        }
        let mut items = Vec::new();
        for row in reader.activities_with(&about, limit)? {
            items.push(self.activity(reader, row)?);
        }
        items.extend(self.changes_in_words(reader, &space, &doc)?);
        items.sort_by(|one, other| other.at.cmp(&one.at));
        items.truncate(limit);
        Ok(items)
    }

    /// A record, what was merged into it, and the other cards of the same person, each with its space.
    fn cards(&self, reader: &Reader<'_>, space: &SpaceId, doc: &DocumentId) -> Result<Cards, Failure> {
        let (mut all, mut waiting) = (Cards::new(), vec![(*space, *doc)]);
        while let Some((space, doc)) = waiting.pop() {
            if all.len() >= CARDS || !all.insert((space, doc)) {
                continue;
            }
            waiting.extend(self.same_person(reader, &space, &doc)?);
            waiting.extend(self.with_merged(reader, &space, doc)?.into_iter().map(|merged| (space, merged)));
        }
        Ok(all)
    }

    /// Who is in an organisation now, of which these are the cards, each with all their own cards.
    fn people_in(&self, reader: &Reader<'_>, orgs: &Cards) -> Result<Cards, Failure> {
        let today = clock::today(self.now()).date.to_string();
        let (mut people, mut found) = (0, Cards::new());
        for (space, org) in orgs {
            for row in reader.linked_as(space, org, "org", ROLES)? {
                let mut roles = row.view.orgs.iter().filter(|role| role.org.parse().is_ok_and(|id: DocumentId| id == *org));
                if people < PEOPLE && roles.any(|role| lasts(&role.until, &today)) {
                    people += 1;
                    found.extend(self.cards(reader, &row.space, &row.doc)?);
                }
            }
        }
        Ok(found)
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

/// Whether somebody is still in a role. What is said in words ("until the merger") is taken for the past.
fn lasts(until: &str, today: &str) -> bool {
    let end = PartialDate::parse(until);
    until.trim().is_empty() || end.zip(PartialDate::parse(today)).is_some_and(|(end, today)| !is_before(end, today))
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
