//! Records as they were, and making them so again.

use chrono::{Local, NaiveDate, TimeZone};
use tuttu_model::past::back_to;
use tuttu_model::view::fields_view;
use tuttu_model::when::When;
use tuttu_model::{DocumentId, RecordView, SpaceId};
use tuttu_store::Reader;

use crate::api::{ErrorCode, ErrorView, Outcome, RecordRef};
use crate::commands::name_of;
use crate::commit::{DocumentEdit, Edit};
use crate::engine::{Engine, Inner};
use crate::failure::Failure;

const SAFE: &str = "Nothing was changed.";

impl Inner {
    /// A record as it was at a moment.
    pub(crate) fn record_at(&self, reader: &Reader<'_>, record: &RecordRef, at: &str) -> Result<RecordView, Failure> {
        let (space, doc) = self.record(reader, record)?;
        let then = self.past(reader, &space, &doc, at)?;
        let mut view = fields_view(&then);
        let now = reader.record(&space, &doc)?.map(|row| row.view).unwrap_or_default();
        (view.id, view.space) = (now.id, space.to_string());
        self.name_stamps(reader, &mut view)?;
        self.resolve_links(reader, &space, &mut view)?;
        self.find_files(&mut view);
        Ok(view)
    }

    fn past(&self, reader: &Reader<'_>, space: &SpaceId, doc: &DocumentId, at: &str) -> Result<tuttu_model::Record, Failure> {
        let time = moment(at)?;
        let document = self.document_to_read(reader, space, doc)?;
        let past = document.record_at(time);
        self.caches().keep_document((*space, *doc), document);
        let missing =
            || ErrorView::new(ErrorCode::NotFound, format!("The record was not there yet: {at}."), "Its history says when it was made.");
        Ok(past.ok_or_else(missing)?)
    }
}

impl Engine {
    /// Makes a record, or some of its fields, what it was: a new edit, which can be undone.
    pub(crate) fn revert_to(&self, record: RecordRef, at: String, fields: Vec<String>) -> Result<Outcome, ErrorView> {
        let fields: Vec<String> = fields.iter().map(|field| tuttu_model::canonical_field(field).to_owned()).collect();
        let (key, outcome) = self.on_record(record, move |inner, tx, space, doc| {
            let past = inner.past(tx, &space, &doc, &at)?;
            let current = inner.document(tx, &space, &doc)?.record();
            inner.check_editable(tx, &space, &current.kind)?;
            let ops = back_to(&current, &past, &fields);
            let label = format!("Made {} what it was: {at}", name_of(&current));
            Ok((inner.operation(label)?, vec![DocumentEdit { space, doc, edit: Edit::Ops(ops) }]))
        })?;
        self.records(outcome, Some(key))
    }
}

/// Seconds since 1970 of a moment as typed; the end of a day where only that is said.
fn moment(text: &str) -> Result<i64, ErrorView> {
    let wrong = || {
        ErrorView::new(
            ErrorCode::Invalid,
            format!("“{text}” is not a moment."),
            format!("{SAFE} Say a date, 2026-11-14, or a time, 2026-11-14T09:30."),
        )
    };
    let end = |day: NaiveDate| day.succ_opt()?.and_hms_opt(0, 0, 0);
    let here = |wall: chrono::NaiveDateTime| Local.from_local_datetime(&wall).earliest().map(|at| at.timestamp());
    let seconds = match When::parse(text) {
        Some(When::Exact(exact)) => Some(exact.timestamp()),
        Some(When::Wall(wall)) => here(wall),
        Some(When::Date(date)) => date.whole().and_then(end).and_then(here).map(|end| end - 1),
        None => None,
    };
    seconds.ok_or_else(wrong)
}
