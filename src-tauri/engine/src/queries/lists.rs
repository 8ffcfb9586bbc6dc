use tuttu_model::understood::understand;
use tuttu_model::{RecordView, SpaceId};
use tuttu_store::Reader;
use tuttu_store::rows::{ListQuery, RecordRow, Sort};

use crate::api::{ListFilter, Page, RecordRef, Row, SortBy};
use crate::commands::title;
use crate::engine::Inner;
use crate::failure::{Failure, not_found};

/// Rows of a page when nothing is said.
const PAGE: u32 = 100;
/// Rows of a page at most.
const LONGEST: u32 = 100_000;

impl Inner {
    pub(crate) fn view(&self, reader: &Reader<'_>, record: &RecordRef) -> Result<RecordView, Failure> {
        let (space, doc) = self.record(reader, record)?;
        let row = reader.record(&space, &doc)?.ok_or_else(|| not_found("record", &record.id))?;
        let mut view = row.view;
        self.name_stamps(reader, &mut view)?;
        let definitions = self.definitions(reader, &space)?;
        understand(&mut view, &self.knowledge(reader, &definitions)?);
        self.resolve_links(reader, &space, &mut view)?;
        self.own_card(reader, &space, &doc, &mut view)?;
        self.find_files(&mut view);
        Ok(view)
    }

    fn list_query(&self, reader: &Reader<'_>, filter: &ListFilter) -> Result<ListQuery, Failure> {
        let space = filter.space.as_deref().map(|text| self.space(reader, text)).transpose()?.map(|row| row.id);
        let limit = if filter.limit == 0 { PAGE } else { filter.limit.min(LONGEST) };
        Ok(ListQuery {
            kind: Some(filter.kind.clone()).filter(|kind| !kind.is_empty()),
            space,
            text: filter.text.clone(),
            tags: Vec::new(),
            sort: match filter.sort {
                SortBy::Name => Sort::Name,
                SortBy::Changed => Sort::Changed,
                SortBy::Created => Sort::Created,
            },
            offset: filter.offset,
            limit,
            trash: false,
        })
    }

    pub(crate) fn views(&self, reader: &Reader<'_>, filter: &ListFilter) -> Result<(Vec<RecordView>, u32), Failure> {
        let (rows, total) = reader.list(&self.list_query(reader, filter)?)?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            let mut view = row.view;
            self.name_stamps(reader, &mut view)?;
            views.push(view);
        }
        Ok((views, total))
    }

    pub(crate) fn page(&self, reader: &Reader<'_>, filter: &ListFilter) -> Result<Page, Failure> {
        let (rows, total) = reader.list(&self.list_query(reader, filter)?)?;
        Ok(Page { rows: rows.into_iter().map(|row| list_row(row, "")).collect(), total })
    }

    pub(crate) fn search(&self, reader: &Reader<'_>, text: &str, limit: u32) -> Result<Vec<Row>, Failure> {
        let limit = usize::try_from(if limit == 0 { PAGE } else { limit.min(LONGEST) }).unwrap_or(usize::MAX);
        let mut rows = Vec::new();
        for hit in reader.search(text, limit)? {
            if let Some(row) = reader.record(&hit.space, &hit.doc)? {
                rows.push(list_row(row, hit.matched));
            }
        }
        Ok(rows)
    }

    pub(crate) fn trash(&self, reader: &Reader<'_>) -> Result<Vec<Row>, Failure> {
        let query = ListQuery {
            kind: None,
            space: None,
            text: String::new(),
            tags: Vec::new(),
            sort: Sort::Changed,
            offset: 0,
            limit: LONGEST,
            trash: true,
        };
        let (rows, _) = reader.list(&query)?;
        // A record that was moved lives on in its new space; its tombstone is not something to restore.
        let here = rows.into_iter().filter(|row| row.view.moved.id.is_empty());
        Ok(here.map(|row| list_row(row, "")).collect())
    }
}

/// A record as a row of a list.
pub(crate) fn list_row(row: RecordRow, matched: &str) -> Row {
    let view = row.view;
    Row {
        detail: detail(&view),
        name: title(&view.name, &view.text),
        conflicts: u32::try_from(view.conflicts.len()).unwrap_or(u32::MAX),
        id: view.id,
        space: space_text(&row.space),
        kind: view.kind,
        news: row.news,
        changed: view.changed.at,
        matched: matched.to_owned(),
        deleted: view.deleted,
    }
}

fn space_text(space: &SpaceId) -> String {
    space.to_string()
}

/// The second line of a row: title and organisation, or an e-mail address, a phone number, a city.
fn detail(view: &RecordView) -> String {
    if let Some(role) = view.orgs.first() {
        let parts = [role.title.as_str(), role.name.as_str()];
        let said: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if !said.is_empty() {
            return said.join(" · ");
        }
    }
    let value = view.emails.first().or(view.phones.first()).map(|item| item.value.clone());
    value.or_else(|| view.addresses.first().map(|address| address.city.clone())).unwrap_or_default()
}
