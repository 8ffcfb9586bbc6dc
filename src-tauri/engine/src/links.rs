//! Links between records: what they lead to, and what leads here.

use tuttu_model::view::Copied;
use tuttu_model::{DocumentId, RecordView, SpaceId};
use tuttu_store::Reader;
use tuttu_store::rows::{Backlink, RecordRow};

use crate::api::{BacklinkView, RecordRef};
use crate::commands::title;
use crate::definitions::Definitions;
use crate::engine::Inner;
use crate::failure::Failure;

/// Records that link to one, at most.
const BACKLINKS: usize = 10_000;
/// Private cards of one shared one, at most.
const OWN_CARDS: usize = 100;

impl Inner {
    /// Fills in what links lead to.
    pub(crate) fn resolve_links(&self, reader: &Reader<'_>, space: &SpaceId, view: &mut RecordView) -> Result<(), Failure> {
        for relation in &mut view.relations {
            let Ok(doc) = relation.id.parse::<DocumentId>() else {
                relation.state = "text".into();
                continue;
            };
            match self.linked(reader, space, &doc)? {
                None => relation.state = "missing".into(),
                Some(row) => {
                    relation.name = title(&row.view.name, &row.view.text);
                    let moved = !row.view.moved.id.is_empty();
                    relation.state = if moved {
                        "moved"
                    } else if row.view.deleted {
                        "trash"
                    } else {
                        ""
                    }
                    .into();
                }
            }
        }
        Ok(())
    }

    /// The record a link of this space leads to: in this space, else in any other held here.
    pub(crate) fn linked(&self, reader: &Reader<'_>, space: &SpaceId, doc: &DocumentId) -> Result<Option<RecordRow>, Failure> {
        if let Some(row) = reader.record(space, doc)? {
            return Ok(Some(row));
        }
        for (other, found) in reader.find_ids(&doc.to_string())? {
            if found == *doc {
                return Ok(reader.record(&other, doc)?);
            }
        }
        Ok(None)
    }

    /// Who is to do something: a member by name, a record by its name, or what stands there.
    pub(crate) fn assignee_name(&self, reader: &Reader<'_>, space: &SpaceId, assignee: &str) -> Result<String, Failure> {
        if let Ok(person) = assignee.parse::<tuttu_model::PersonId>() {
            let member = self.membership(reader, space)?.members().into_iter().find(|member| member.person == person);
            return Ok(member.map_or_else(|| assignee.to_owned(), |member| member.name));
        }
        let row = match assignee.parse::<DocumentId>() {
            Ok(doc) => self.linked(reader, space, &doc)?,
            Err(_) => None,
        };
        Ok(row.map_or_else(|| assignee.to_owned(), |row| title(&row.view.name, &row.view.text)))
    }

    /// The same person elsewhere: a private card's copies in shared spaces, and of a shared card this person's own private one.
    pub(crate) fn same_person(
        &self,
        reader: &Reader<'_>,
        space: &SpaceId,
        doc: &DocumentId,
    ) -> Result<Vec<(SpaceId, DocumentId)>, Failure> {
        let mut found = Vec::new();
        let private = reader.spaces()?.into_iter().filter(|row| row.private).map(|row| row.id).collect::<Vec<_>>();
        // Only a private card may claim to be the same person: in a shared space anybody could.
        if private.contains(space) {
            for copy in reader.record(space, doc)?.map(|row| row.view.copies).unwrap_or_default() {
                if let (Ok(space), Ok(doc)) = (copy.space.parse::<SpaceId>(), copy.id.parse::<DocumentId>()) {
                    found.push((space, doc));
                }
            }
        }
        let own = reader.linked_as(space, doc, "copy", OWN_CARDS)?;
        found.extend(own.into_iter().filter(|row| private.contains(&row.space) && row.space != *space).map(|row| (row.space, row.doc)));
        Ok(found)
    }

    /// Fills in the private card of a record of a shared space.
    pub(crate) fn own_card(&self, reader: &Reader<'_>, space: &SpaceId, doc: &DocumentId, view: &mut RecordView) -> Result<(), Failure> {
        if view.copies.is_empty() {
            for (other, card) in self.same_person(reader, space, doc)? {
                let id = reader.record(&other, &card)?.map(|row| row.view.id).unwrap_or_default();
                view.copies.push(Copied { space: other.to_string(), id, ..Copied::default() });
            }
        }
        Ok(())
    }

    pub(crate) fn backlinks(&self, reader: &Reader<'_>, record: &RecordRef) -> Result<Vec<BacklinkView>, Failure> {
        let (space, doc) = self.record(reader, record)?;
        let mut views = Vec::new();
        for link in reader.backlinks(&space, &doc, BACKLINKS)? {
            let definitions = self.definitions(reader, &link.row.space)?;
            views.extend(backlink_views(link, &doc, &definitions));
        }
        Ok(views)
    }
}

/// One for each role or relation: somebody may have held several roles in an organisation.
fn backlink_views(link: Backlink, doc: &DocumentId, definitions: &Definitions) -> Vec<BacklinkView> {
    let record = &link.row.view;
    let plain = BacklinkView {
        id: record.id.clone(),
        space: link.row.space.to_string(),
        kind: record.kind.clone(),
        name: title(&record.name, &record.text),
        ..BacklinkView::default()
    };
    let leads_here = |id: &str| id.parse::<DocumentId>().is_ok_and(|id| id == *doc);
    let (how, what) = link.how.split_once(' ').unwrap_or((link.how.as_str(), ""));
    match how {
        "relation" => {
            vec![BacklinkView { field: "relations".into(), kind_there: what.to_owned(), kind_here: definitions.reverse(what), ..plain }]
        }
        "org" => {
            let roles = record.orgs.iter().filter(|role| leads_here(&role.org));
            let view = |role: &tuttu_model::view::Affiliation| BacklinkView {
                field: "orgs".into(),
                kind_there: role.title.clone(),
                kind_here: "member".into(),
                since: role.since.clone(),
                until: role.until.clone(),
                ..plain.clone()
            };
            roles.map(view).collect()
        }
        "parent" => vec![BacklinkView { field: "parent".into(), kind_here: "part".into(), ..plain }],
        "copy" => vec![BacklinkView { field: "copies".into(), ..plain }],
        "custom" => vec![BacklinkView { field: format!("custom.{what}"), ..plain }],
        other => vec![BacklinkView { field: other.to_owned(), ..plain }],
    }
}
