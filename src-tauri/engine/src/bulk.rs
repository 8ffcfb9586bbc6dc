//! Changing every record of a list as one operation, after a look at what that would do.

use std::collections::BTreeMap;

use tuttu_model::plan_all;
use tuttu_model::{DocumentId, FlatOp, Kind, Record, Scalar, SpaceId, field_name, label_and_value};
use tuttu_store::Reader;
use tuttu_store::rows::{ListQuery, SpaceRow};

use crate::api::{BulkChange, BulkExample, BulkSpace, BulkView, ErrorCode, ErrorView, Event, ListFilter, Outcome};
use crate::clock;
use crate::commands::name_of;
use crate::commit::{DocumentEdit, Edit};
use crate::engine::{Engine, Inner};
use crate::failure::Failure;
use crate::moving::Along;

/// Records changed at once.
const MOST: u32 = 100_000;
/// Records found at a time.
const PAGE: u32 = 1_000;
/// Fields shown in a preview.
const EXAMPLES: usize = 12;
/// How often progress is told, in records.
const TELL_EVERY: usize = 500;

/// The records a filter finds, and what stands for them as they are.
struct Found {
    records: Vec<(SpaceId, DocumentId)>,
    digest: String,
}

/// What is done to each record, and what is known of the spaces they are in.
struct Planning<'a> {
    inner: &'a Inner,
    reader: &'a Reader<'a>,
    change: &'a BulkChange,
    now: String,
    /// Where they go, when they are moved.
    target: Option<SpaceRow>,
    writable: BTreeMap<SpaceId, bool>,
}

impl Planning<'_> {
    fn may_write(&mut self, space: &SpaceId) -> Result<bool, Failure> {
        if let Some(may) = self.writable.get(space) {
            return Ok(*may);
        }
        let may = self.inner.membership(self.reader, space)?.may_write(&self.inner.computer);
        self.writable.insert(*space, may);
        Ok(may)
    }

    /// The record as it is and what is done to it. Nothing for one that is so already, or of a kind that cannot be changed here.
    fn ops(&self, space: &SpaceId, doc: &DocumentId) -> Result<(Record, Vec<FlatOp>), Failure> {
        let document = self.inner.document(self.reader, space, doc)?;
        let record = document.record();
        // It is written in a moment, as far as there is room.
        self.inner.caches().keep_document((*space, *doc), document);
        let ops = match self.change {
            BulkChange::Move { .. } if record.fields.contains_key("moved") || record.fields.contains_key("deleted") => Vec::new(),
            BulkChange::Move { .. } => match &self.target {
                Some(target) if target.id != *space => vec![FlatOp::Put("space".into(), Scalar::Text(target.name.clone()))],
                _ => Vec::new(),
            },
            BulkChange::Delete => vec![FlatOp::Put("deleted".into(), Scalar::Text(self.now.clone()))],
            BulkChange::Edit { .. } if self.inner.check_editable(self.reader, space, &record.kind).is_err() => Vec::new(),
            BulkChange::Edit { edits } => {
                let edits = self.inner.link_names(self.reader, space, edits.clone())?;
                let mut items = self.inner.item_ids()?;
                let ops = plan_all(&record, &edits, &mut || items.next_id())?;
                let ops = self.inner.with_done(self.reader, space, &record, ops)?;
                ops.into_iter().filter(|op| changes(&record, op)).collect()
            }
        };
        Ok((record, ops))
    }
}

/// Whether an edit changes what a record shows.
fn changes(record: &Record, op: &FlatOp) -> bool {
    let held = record.fields.get(op.key());
    match op {
        FlatOp::Delete(_) => held.is_some(),
        FlatOp::Put(_, value) => held.is_none_or(|held| held.len() > 1 || held.first().and_then(|held| held.value.as_ref()) != Some(value)),
    }
}

impl Inner {
    fn found(&self, reader: &Reader<'_>, filter: &ListFilter) -> Result<Found, Failure> {
        if filter.text.trim().is_empty() && filter.kind.is_empty() && filter.space.is_none() {
            let hint = "Nothing was changed. Say which records: a query, a kind or a space.";
            return Err(ErrorView::new(ErrorCode::Invalid, "That would be every record there is.", hint).into());
        }
        let mut query = ListQuery { limit: PAGE, offset: 0, cursor: None, ..self.list_query(reader, filter)? };
        let (mut records, mut hasher) = (Vec::new(), blake3::Hasher::new());
        loop {
            let page = reader.list_page(&query)?;
            for row in page.rows {
                hasher.update(row.space.as_bytes()).update(&row.doc.0).update(row.view.changed.at.as_bytes());
                hasher.update(row.view.changed.by.as_bytes()).update(&[u8::from(row.view.deleted)]);
                records.push((row.space, row.doc));
            }
            if records.len() > usize::try_from(MOST).unwrap_or(usize::MAX) {
                let message = format!("These are more than {MOST} records.");
                return Err(
                    ErrorView::new(ErrorCode::Invalid, message, "Nothing was changed. Narrow the query, and do it in parts.").into()
                );
            }
            match page.next {
                Some(next) => query.cursor = Some(next),
                None => break,
            }
        }
        Ok(Found { records, digest: hasher.finalize().to_hex().to_string() })
    }

    fn planning<'a>(&'a self, reader: &'a Reader<'a>, change: &'a BulkChange) -> Result<Planning<'a>, Failure> {
        let target = match change {
            BulkChange::Move { space } => Some(self.move_target(reader, space)?),
            BulkChange::Edit { .. } | BulkChange::Delete => None,
        };
        Ok(Planning { inner: self, reader, change, now: clock::rfc3339(self.now()), target, writable: BTreeMap::new() })
    }

    pub(crate) fn bulk_preview(&self, reader: &Reader<'_>, filter: &ListFilter, change: &BulkChange) -> Result<BulkView, Failure> {
        let found = self.found(reader, filter)?;
        let mut planning = self.planning(reader, change)?;
        let mut view = BulkView { found: count(found.records.len()), digest: found.digest, ..BulkView::default() };
        let mut spaces: BTreeMap<SpaceId, u32> = BTreeMap::new();
        for (space, doc) in &found.records {
            reader.go_on()?;
            if !planning.may_write(space)? {
                view.read_only += 1;
                continue;
            }
            let (record, ops) = planning.ops(space, doc)?;
            if ops.is_empty() {
                continue;
            }
            view.changing += 1;
            *spaces.entry(*space).or_default() += 1;
            if view.examples.len() < EXAMPLES {
                view.examples.extend(ops.iter().map(|op| example(doc, &record, op)));
                if planning.target.is_some()
                    && let (Some(last), Some(from)) = (view.examples.last_mut(), reader.space(space)?)
                {
                    last.old = from.name;
                }
                view.examples.truncate(EXAMPLES);
            }
        }
        for (space, records) in spaces {
            let name = reader.space(&space)?.map(|row| row.name).unwrap_or_default();
            view.spaces.push(BulkSpace { space: space.to_string(), name, records });
        }
        Ok(view)
    }
}

impl Engine {
    /// Changes every record a filter finds: all or nothing, one operation.
    pub(crate) fn change_all(&self, filter: ListFilter, change: BulkChange, digest: String) -> Result<Outcome, ErrorView> {
        let telling = self.inner.clone();
        let moves = matches!(change, BulkChange::Move { .. });
        let (label, changes) = self.operate(move |inner, tx| {
            let found = inner.found(tx, &filter)?;
            if !digest.is_empty() && digest != found.digest {
                let hint = "Nothing was changed. Look at the preview again, and say once more what is to be done.";
                return Err(ErrorView::new(ErrorCode::Invalid, "These records have changed since they were previewed.", hint).into());
            }
            let mut planning = inner.planning(tx, &change)?;
            let (mut edits, mut moving, total) = (Vec::new(), Vec::new(), count(found.records.len()));
            for (done, (space, doc)) in found.records.iter().enumerate() {
                if done % TELL_EVERY == 0 {
                    telling.announce(Event::Progress { what: "changing".into(), done: count(done), total });
                }
                if planning.may_write(space)? {
                    let (record, ops) = planning.ops(space, doc)?;
                    if ops.is_empty() {
                        continue;
                    }
                    if planning.target.is_some() {
                        moving.push((*space, *doc, record));
                    } else {
                        edits.push(DocumentEdit { space: *space, doc: *doc, edit: Edit::Ops(ops) });
                    }
                }
            }
            let target = planning.target.take();
            if let Some(target) = target {
                let label = label_of(&change, moving.len(), &target.name);
                return Ok((inner.operation(label)?, inner.plan_moves(tx, moving, &target.id, Along::Shown)?));
            }
            Ok((inner.operation(label_of(&change, edits.len(), ""))?, edits))
        })?;
        let mut records: Vec<_> = changes.touched.iter().map(|(space, doc, _)| (*space, *doc)).collect();
        records.sort_unstable();
        records.dedup();
        // Of one that moved two are touched, here and there; what follows it is not counted.
        let records = if moves { tombstones(&self.inner, &records)? } else { count(records.len()) };
        Ok(Outcome::Changed { records, label })
    }
}

/// How many of these records have moved away.
fn tombstones(inner: &Inner, records: &[(SpaceId, DocumentId)]) -> Result<u32, ErrorView> {
    inner.read(|reader| {
        let mut gone = 0;
        for (space, doc) in records {
            gone += u32::from(reader.record(space, doc)?.is_some_and(|row| !row.view.moved.id.is_empty()));
        }
        Ok(gone)
    })
}

fn label_of(change: &BulkChange, records: usize, target: &str) -> String {
    let records = if records == 1 { "1 record".to_owned() } else { format!("{records} records") };
    match change {
        BulkChange::Move { .. } => format!("Moved {records} to {target}"),
        BulkChange::Delete => format!("Deleted {records}"),
        BulkChange::Edit { .. } => format!("Changed {records}"),
    }
}

fn example(doc: &DocumentId, record: &Record, op: &FlatOp) -> BulkExample {
    let shown = |value: Option<&Scalar>| {
        let Some(value) = value else { return String::new() };
        let (label, value) = label_and_value(op.key(), value);
        if label.is_empty() { value } else { format!("{value} ({label})") }
    };
    let old = record.fields.get(op.key()).and_then(|held| held.first()).and_then(|held| held.value.as_ref());
    let new = match op {
        FlatOp::Put(_, value) => Some(value),
        FlatOp::Delete(_) => None,
    };
    let prefix = Kind::prefix(&record.kind);
    BulkExample { id: format!("{prefix}_{doc}"), name: name_of(record), field: field_name(op.key()), old: shown(old), new: shown(new) }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
