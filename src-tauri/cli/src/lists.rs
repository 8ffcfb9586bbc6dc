//! Lists, groups and searches.

use serde_json::json;
use tuttu_engine::api::{Answer, ErrorCode, ErrorView, GroupedBy, ListFilter, Query, SortBy};
use tuttu_engine::model::query::{Warning, parse};

use crate::args::Scope;
use crate::backend::{Backend, unexpected};
use crate::output::{Out, note, printable};
use crate::records::{Done, OK, print_record, print_rows};

/// Records asked for at a time.
const PAGE: u32 = 1_000;

/// What a list shows. The query is told what is not understood in it.
pub(crate) fn filter(kind: String, scope: Scope, query: Option<String>, sort: Option<&str>) -> Result<ListFilter, ErrorView> {
    let sort = match sort {
        None | Some("name") => SortBy::Name,
        Some("changed") => SortBy::Changed,
        Some("created") => SortBy::Created,
        Some("due") => SortBy::Due,
        Some("start") => SortBy::Start,
        Some("last") => SortBy::Last,
        Some("at") => SortBy::At,
        Some(other) => {
            return Err(ErrorView::new(
                ErrorCode::Invalid,
                format!("Lists cannot be sorted by “{other}”."),
                "Sort by name, changed, created, due, start, last or at.",
            ));
        }
    };
    let text = query.unwrap_or_default();
    tell(&parse(&text).warnings);
    let kind = if kind == "all" { String::new() } else { kind };
    Ok(ListFilter { kind, space: scope.space, text, sort, offset: 0, limit: u32::MAX, cursor: None })
}

/// Says on standard error what of a query was not understood.
fn tell(warnings: &[Warning]) {
    for warning in warnings {
        note(&format!("tuttu: at {}: {}", warning.at + 1, printable(&warning.message)));
    }
}

pub(crate) async fn list(
    out: Out,
    backend: &mut Backend,
    kind: String,
    scope: Scope,
    query: Option<String>,
    sort: Option<String>,
    limit: Option<u32>,
) -> Done {
    let mut filter = filter(kind, scope, query, sort.as_deref())?;
    let mut left = limit.unwrap_or(u32::MAX);
    let mut rows = Vec::new();
    while left > 0 {
        filter.limit = left.min(PAGE);
        let (shown, next) = if out.is_json() {
            match backend.query(Query::RecordPage { filter: filter.clone() }).await? {
                Answer::RecordPage(page) => {
                    page.records.iter().try_for_each(|view| print_record(out, view))?;
                    (page.records.len(), page.next)
                }
                other => return Err(unexpected(&other)),
            }
        } else {
            match backend.query(Query::List { filter: filter.clone() }).await? {
                Answer::List(page) => {
                    if let Some(meant) = &page.meant {
                        note(&format!("tuttu: nothing is found; shown is what “{}” finds", printable(meant)));
                    }
                    let shown = page.rows.len();
                    rows.extend(page.rows);
                    (shown, page.next)
                }
                other => return Err(unexpected(&other)),
            }
        };
        left = left.saturating_sub(u32::try_from(shown).unwrap_or(u32::MAX));
        filter.cursor = next;
        if filter.cursor.is_none() {
            break;
        }
    }
    if !out.is_json() {
        print_rows(out, &rows)?;
    }
    OK
}

pub(crate) async fn groups(out: Out, backend: &mut Backend, kind: String, scope: Scope, query: Option<String>, by: &str) -> Done {
    let by = match by {
        "letter" => GroupedBy::Letter,
        "kind" => GroupedBy::Kind,
        "space" => GroupedBy::Space,
        "tag" => GroupedBy::Tag,
        "org" => GroupedBy::Org,
        "changed" => GroupedBy::Changed,
        "created" => GroupedBy::Created,
        other => {
            return Err(ErrorView::new(
                ErrorCode::Invalid,
                format!("Lists cannot be grouped by “{other}”."),
                "Group by letter, kind, space, tag, org, changed or created.",
            ));
        }
    };
    let filter = filter(kind, scope, query, None)?;
    let groups = match backend.query(Query::Groups { filter, by }).await? {
        Answer::Groups(groups) => groups,
        other => return Err(unexpected(&other)),
    };
    if out.is_json() {
        return groups
            .iter()
            .try_for_each(|group| out.line(&json!({"key": group.key, "label": group.label, "count": group.count}).to_string()))
            .and(OK);
    }
    let cells: Vec<_> = groups.into_iter().map(|group| vec![group.label, group.count.to_string()]).collect();
    out.table(&cells)?;
    OK
}

pub(crate) async fn search(out: Out, backend: &mut Backend, text: String, limit: Option<u32>) -> Done {
    tell(&parse(&text).warnings);
    match backend.query(Query::Search { text, limit: limit.unwrap_or(0) }).await? {
        Answer::Search(rows) => print_rows(out, &rows)?,
        other => return Err(unexpected(&other)),
    }
    OK
}
