//! What the query tables hold of a record, derived from its view alone.

use std::collections::BTreeSet;

use rusqlite::Connection;
use tuttu_model::{DocumentId, Kind, RecordView, normal};

use crate::error::StoreError;
use crate::search::{Fact, TextTable, facts_of, features_of, line_of, searched_text, seconds};
use crate::sql;

/// Changes whenever what is stored of a record, or how, changes: the shape of [`RecordView`], folding, fields of a search line.
pub(crate) const VERSION: &[u8] = b"6";
/// Under which key the version that filled the query tables is kept.
pub(crate) const VERSION_KEY: &str = "store.projections";

/// Characters by which names are sorted.
const SORT_CHARS: usize = 120;
/// Characters by which texts without a name are sorted.
const SORT_TEXT_CHARS: usize = 10;
/// Tags and participants of one record.
const LINKS: usize = 10_000;

/// Letters of an id as it is printed: one for the kind, an underscore and 26 digits.
const PRINTED_ID: usize = 28;

/// What the query tables hold of a record. A record in the trash is only in the list of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Projection {
    pub(crate) kind: String,
    /// What it is sorted by, before the rules of a language make a key of it.
    pub(crate) sort: String,
    /// Stands for the name whatever its case and accents; 0 for none.
    pub(crate) named: i64,
    /// Who made it: an actor id in hexadecimal.
    pub(crate) author: String,
    /// Seconds since 1970; 0 where the time cannot be read.
    pub(crate) created: i64,
    /// Seconds since 1970.
    pub(crate) changed: i64,
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
    pub(crate) facts: BTreeSet<Fact>,
    /// What it has, as bits.
    pub(crate) features: u32,
    /// It counts as a meeting with its participants.
    pub(crate) is_activity: bool,
    /// People and organisations: what is searched in memory.
    pub(crate) line: Option<String>,
    /// What is searched in a text index; empty for nothing.
    pub(crate) text: String,
    pub(crate) table: TextTable,
}

impl Projection {
    /// Whether it has a row in a text index or, as an activity, at least a place in the order of time.
    pub(crate) fn is_placed(&self) -> bool {
        !self.deleted && (self.table == TextTable::Activities || !self.text.is_empty())
    }

    /// Derives everything from the view.
    pub(crate) fn of(view: &RecordView) -> Self {
        let kind = Kind::from(view.kind.as_str());
        let mut projection = Self {
            sort: sort_of(view),
            named: name_number(&view.name),
            author: view.created.by.clone(),
            created: seconds(&view.created.at).unwrap_or(0),
            changed: seconds(&view.changed.at).unwrap_or(0),
            deleted: view.deleted,
            conflicts: i64::try_from(view.conflicts.len()).unwrap_or(i64::MAX),
            at: if view.at.is_empty() { view.created.at.clone() } else { view.at.clone() },
            tags: BTreeSet::new(),
            participants: BTreeSet::new(),
            links: BTreeSet::new(),
            files: files_of(view),
            facts: BTreeSet::new(),
            features: 0,
            is_activity: kind.is_activity(),
            line: None,
            text: String::new(),
            table: TextTable::of(&kind),
            kind: kind.into(),
        };
        if !view.deleted {
            projection.tags = view.tags.iter().take(LINKS).map(|tag| normal::fold(tag)).filter(|tag| !tag.is_empty()).collect();
            projection.participants = view.with.iter().take(LINKS).filter_map(|id| id.parse().ok()).collect();
            projection.links = links_of(view);
            projection.facts = facts_of(view);
            projection.features = features_of(view);
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

/// A number that stands for a name, the same for any case and accents; 0 for an empty one.
pub(crate) fn name_number(name: &str) -> i64 {
    let folded = normal::fold(name);
    if folded.is_empty() {
        return 0;
    }
    let hash = blake3::hash(folded.as_bytes());
    let (start, _) = hash.as_bytes().split_at(8);
    (i64::from_le_bytes(start.try_into().unwrap_or_default()) & i64::MAX).max(1)
}

/// What a record is sorted by: its name, or what is shown instead. Punctuation before the first letter or digit does not count.
pub(crate) fn sort_of(view: &RecordView) -> String {
    let shown = [
        view.name.as_str(),
        view.nickname.as_str(),
        view.orgs.first().map_or("", |org| org.name.as_str()),
        view.emails.first().map_or("", |email| email.value.as_str()),
    ];
    let (text, chars) = match shown.into_iter().find(|text| !text.is_empty()) {
        Some(text) => (text, SORT_CHARS),
        None => (view.text.as_str(), SORT_TEXT_CHARS),
    };
    let start = text.find(char::is_alphanumeric).unwrap_or(0);
    text.get(start..).unwrap_or_default().chars().take(chars).collect()
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

#[cfg(test)]
mod tests;
