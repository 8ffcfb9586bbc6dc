//! What the query tables hold of a record, derived from its view alone.

use std::collections::BTreeSet;

use rusqlite::Connection;
use tuttu_model::{DocumentId, Kind, RecordView, normal};

use crate::error::StoreError;
use crate::search::{TextTable, line_of, searched_text};
use crate::sql;

/// Changes whenever what is stored of a record, or how, changes: the shape of [`RecordView`], folding, fields of a search line.
pub(crate) const VERSION: &[u8] = b"3";
/// Under which key the version that filled the query tables is kept.
pub(crate) const VERSION_KEY: &str = "store.projections";

/// Characters of a sort key.
const SORT_CHARS: usize = 120;
/// Tags and participants of one record.
const LINKS: usize = 10_000;

/// Letters of an id as it is printed: one for the kind, an underscore and 26 digits.
const PRINTED_ID: usize = 28;

/// What the query tables hold of a record. A record in the trash is only in the list of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Projection {
    pub(crate) kind: String,
    pub(crate) sort: String,
    pub(crate) created: String,
    pub(crate) changed: String,
    pub(crate) deleted: bool,
    pub(crate) conflicts: i64,
    /// The day and hour an activity is listed under.
    pub(crate) at: String,
    /// Folded.
    pub(crate) tags: BTreeSet<String>,
    pub(crate) participants: BTreeSet<DocumentId>,
    /// Links to other records that are followed backwards: which record, and how.
    pub(crate) links: BTreeSet<(DocumentId, String)>,
    /// Hashes of files, also of a record in the trash.
    pub(crate) files: BTreeSet<[u8; 32]>,
    /// People and organisations: what is searched in memory.
    pub(crate) line: Option<String>,
    /// What is searched in a text index; empty for nothing.
    pub(crate) text: String,
    pub(crate) table: TextTable,
}

impl Projection {
    /// Derives everything from the view.
    pub(crate) fn of(view: &RecordView) -> Self {
        let kind = Kind::from(view.kind.as_str());
        let mut projection = Self {
            sort: sort_of(view),
            created: view.created.at.clone(),
            changed: view.changed.at.clone(),
            deleted: view.deleted,
            conflicts: i64::try_from(view.conflicts.len()).unwrap_or(i64::MAX),
            at: if view.at.is_empty() { view.created.at.clone() } else { view.at.clone() },
            tags: BTreeSet::new(),
            participants: BTreeSet::new(),
            links: BTreeSet::new(),
            files: files_of(view),
            line: None,
            text: String::new(),
            table: TextTable::of(&kind),
            kind: kind.into(),
        };
        if !view.deleted {
            projection.tags = view.tags.iter().take(LINKS).map(|tag| normal::fold(tag)).filter(|tag| !tag.is_empty()).collect();
            projection.participants = view.with.iter().take(LINKS).filter_map(|id| id.parse().ok()).collect();
            projection.links = links_of(view);
            projection.line = (projection.table == TextTable::Notes).then(|| line_of(view));
            projection.text = searched_text(view);
        }
        projection
    }
}

/// Every link of a record but participants.
fn links_of(view: &RecordView) -> BTreeSet<(DocumentId, String)> {
    let mut links = BTreeSet::new();
    let mut add = |id: &str, how: String| {
        // Nearly every value is no link, and most of these are told by their length.
        if id.len() == PRINTED_ID
            && links.len() < LINKS
            && let Ok(id) = id.parse()
        {
            links.insert((id, how));
        }
    };
    view.relations.iter().for_each(|relation| add(&relation.id, format!("relation {}", relation.kind)));
    view.orgs.iter().for_each(|role| add(&role.org, "org".into()));
    add(&view.parent, "parent".into());
    add(&view.assignee, "assignee".into());
    view.copies.iter().for_each(|copy| add(&copy.id, "copy".into()));
    for (key, value) in view.custom.iter().filter(|(_, value)| value.len() == PRINTED_ID) {
        add(value, format!("custom {key}"));
    }
    links
}

fn files_of(view: &RecordView) -> BTreeSet<[u8; 32]> {
    view.attachments.iter().take(LINKS).filter_map(|file| blake3::Hash::from_hex(&file.hash).ok()).map(<[u8; 32]>::from).collect()
}

/// The sort key of a name.
pub(crate) fn sort_of_name(name: &str) -> String {
    // A text is much longer than its key: only its beginning is folded.
    let start: String = name.chars().take(2 * SORT_CHARS).collect();
    normal::sort_key(&start).chars().take(SORT_CHARS).collect()
}

fn sort_of(view: &RecordView) -> String {
    let shown = [
        view.name.as_str(),
        view.nickname.as_str(),
        view.orgs.first().map_or("", |org| org.name.as_str()),
        view.emails.first().map_or("", |email| email.value.as_str()),
        view.text.as_str(),
    ];
    sort_of_name(shown.into_iter().find(|text| !text.is_empty()).unwrap_or(""))
}

/// Query tables that are empty are this version's.
pub(crate) fn stamp(connection: &Connection) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (key, value) SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM record)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value";
    sql::run(connection, sql, (VERSION_KEY, VERSION)).map(drop)
}

/// The query tables have to be made again from the beginning.
pub(crate) fn ask_for_rebuild(connection: &Connection) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    sql::run(connection, sql, (crate::reader::rebuild::WATERMARK, 0_i64.to_le_bytes())).map(drop)
}

/// A view as stored. Most fields of most records are empty, and what is empty is a nought in the encoding: how many noughts there are at the end is
/// said by the first byte, and they are left out.
pub(crate) fn encode(view: &RecordView) -> Result<Vec<u8>, StoreError> {
    let mut bytes = sql::encode(view)?;
    let filled = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let empty = u8::try_from(bytes.len() - filled).unwrap_or(u8::MAX);
    bytes.truncate(bytes.len() - usize::from(empty));
    bytes.insert(0, empty);
    Ok(bytes)
}

/// The way back of [`encode`].
pub(crate) fn decode(bytes: &[u8]) -> Result<RecordView, StoreError> {
    let damaged = || StoreError::Damaged("the projection of a record has a wrong length".into());
    let (empty, filled) = bytes.split_first().ok_or_else(damaged)?;
    let mut whole = Vec::with_capacity(filled.len() + usize::from(*empty));
    whole.extend_from_slice(filled);
    whole.resize(filled.len() + usize::from(*empty), 0);
    sql::decode_all(&whole, "the projection of a record")
}

#[cfg(test)]
mod tests;
