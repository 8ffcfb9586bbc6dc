use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use tuttu_model::understood::understand;
use tuttu_model::{RecordView, SpaceId, query};
use tuttu_store::Reader;
use tuttu_store::rows::{GroupBy, ListPage, ListQuery, RecordRow, Sort};

use crate::api::{ErrorCode, ErrorView, GroupView, GroupedBy, ListFilter, Page, RecordPage, RecordRef, Row, SortBy};
use crate::commands::title;
use crate::definitions::Definitions;
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

    pub(crate) fn list_query(&self, reader: &Reader<'_>, filter: &ListFilter) -> Result<ListQuery, Failure> {
        let space = filter.space.as_deref().map(|text| self.space(reader, text)).transpose()?.map(|row| row.id);
        let query = ListQuery {
            kind: Some(filter.kind.clone()).filter(|kind| !kind.is_empty()),
            space,
            sort: match filter.sort {
                SortBy::Name => Sort::Name,
                SortBy::Changed => Sort::Changed,
                SortBy::Created => Sort::Created,
                SortBy::Due => Sort::Due,
                SortBy::Start => Sort::Start,
                SortBy::Last => Sort::Last,
                SortBy::At => Sort::At,
            },
            offset: filter.offset,
            cursor: filter.cursor.clone(),
            limit: if filter.limit == 0 { PAGE } else { filter.limit.min(LONGEST) },
            asking: self.asking(reader, &filter.text)?,
            text: filter.text.clone(),
            ..ListQuery::default()
        };
        match &query.cursor {
            Some(cursor) if !reader.is_cursor(cursor, query.sort) => {
                Err(ErrorView::new(ErrorCode::Invalid, "This is not a place in this list.", "Begin at the first page.").into())
            }
            _ => Ok(query),
        }
    }

    /// All records a filter means, however many, with what their values were understood as.
    pub(crate) fn views(&self, reader: &Reader<'_>, filter: &ListFilter) -> Result<Vec<RecordView>, Failure> {
        let limit = if filter.limit == 0 { PAGE } else { filter.limit };
        let page = reader.list_page(&ListQuery { limit, ..self.list_query(reader, filter)? })?;
        self.understood(reader, page)
    }

    /// All records a filter means and the definitions of their spaces, as they are written out.
    pub(crate) fn exported(&self, reader: &Reader<'_>, filter: &ListFilter) -> Result<Vec<RecordView>, Failure> {
        let query = ListQuery { limit: u32::MAX, definitions: true, ..self.list_query(reader, filter)? };
        self.named(reader, reader.list_page(&query)?)
    }

    fn named(&self, reader: &Reader<'_>, page: ListPage) -> Result<Vec<RecordView>, Failure> {
        let mut views = Vec::with_capacity(page.rows.len());
        for row in page.rows {
            let mut view = row.view;
            self.name_stamps(reader, &mut view)?;
            views.push(view);
        }
        Ok(views)
    }

    fn understood(&self, reader: &Reader<'_>, page: ListPage) -> Result<Vec<RecordView>, Failure> {
        let mut spaces: BTreeMap<SpaceId, Definitions> = BTreeMap::new();
        let owners: Vec<SpaceId> = page.rows.iter().map(|row| row.space).collect();
        let mut views = self.named(reader, page)?;
        for (view, space) in views.iter_mut().zip(owners) {
            let definitions = match spaces.entry(space) {
                Entry::Occupied(held) => held.into_mut(),
                Entry::Vacant(free) => free.insert(self.definitions(reader, &space)?),
            };
            understand(view, &self.knowledge(reader, definitions)?);
        }
        Ok(views)
    }

    pub(crate) fn record_page(&self, reader: &Reader<'_>, filter: &ListFilter) -> Result<RecordPage, Failure> {
        let mut page = reader.list_page(&self.list_query(reader, filter)?)?;
        let next = page.next.take();
        Ok(RecordPage { records: self.understood(reader, page)?, next, warnings: query::parse(&filter.text).warnings })
    }

    pub(crate) fn page(&self, reader: &Reader<'_>, filter: &ListFilter) -> Result<Page, Failure> {
        let query = ListQuery { forgiving: true, ..self.list_query(reader, filter)? };
        let page = reader.list_page(&query)?;
        Ok(Page {
            rows: page.rows.into_iter().map(|row| list_row(row, "")).collect(),
            total: page.total,
            at_least: page.at_least,
            next: page.next,
            meant: page.meant,
            warnings: query::parse(&filter.text).warnings,
        })
    }

    pub(crate) fn groups(&self, reader: &Reader<'_>, filter: &ListFilter, by: GroupedBy) -> Result<Vec<GroupView>, Failure> {
        let grouped = match by {
            GroupedBy::Letter => GroupBy::Letter,
            GroupedBy::Kind => GroupBy::Kind,
            GroupedBy::Space => GroupBy::Space,
            GroupedBy::Tag => GroupBy::Tag,
            GroupedBy::Org => GroupBy::Org,
            GroupedBy::Changed => GroupBy::Changed,
            GroupedBy::Created => GroupBy::Created,
        };
        let mut views = Vec::new();
        for group in reader.groups(&self.list_query(reader, filter)?, grouped)? {
            let label = match by {
                GroupedBy::Space => self.space(reader, &group.key)?.name,
                GroupedBy::Org => self.spelling(reader, &group.key)?,
                _ => group.key.clone(),
            };
            views.push(GroupView { key: group.key, label, count: group.count });
        }
        Ok(views)
    }

    /// The name of an organisation as its record spells it; as it is where it has no record.
    fn spelling(&self, reader: &Reader<'_>, folded: &str) -> Result<String, Failure> {
        let records = reader.find_by_name(folded)?;
        let Some((space, doc, _)) = records.into_iter().find(|(_, _, kind)| kind == "org") else { return Ok(folded.to_owned()) };
        Ok(reader.record(&space, &doc)?.map_or_else(|| folded.to_owned(), |row| row.view.name))
    }

    pub(crate) fn search(&self, reader: &Reader<'_>, text: &str, limit: u32) -> Result<Vec<Row>, Failure> {
        let limit = usize::try_from(if limit == 0 { PAGE } else { limit.min(LONGEST) }).unwrap_or(usize::MAX);
        let mut rows = Vec::new();
        for hit in reader.search_as(text, &self.asking(reader, text)?, limit)? {
            if let Some(row) = reader.record(&hit.space, &hit.doc)? {
                rows.push(list_row(row, hit.matched));
            }
        }
        Ok(rows)
    }

    pub(crate) fn trash(&self, reader: &Reader<'_>) -> Result<Vec<Row>, Failure> {
        let query = ListQuery { sort: Sort::Changed, limit: LONGEST, trash: true, ..ListQuery::default() };
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
