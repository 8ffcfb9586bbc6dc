//! Queries, answered from the projections.

mod asking;
pub(crate) mod conflicts;
mod export;
pub(crate) mod lists;
pub(crate) mod spaces;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tuttu_store::Reader;

#[cfg(doc)]
use crate::api::ErrorCode;
use crate::api::{Answer, ErrorView, Query, Setting};
use crate::engine::{Engine, Inner};
use crate::failure::Failure;

impl Engine {
    /// Answers a query from one consistent snapshot.
    ///
    /// # Errors
    /// With what is wrong and what to do.
    pub fn query(&self, query: Query) -> Result<Answer, ErrorView> {
        if matches!(query, Query::Log { .. }) {
            // What was gathered belongs to it.
            self.write_log();
        }
        let answer = self.inner.read(|reader| self.inner.answer(reader, query));
        self.inner.set_noticed_aside();
        answer
    }

    /// Answers a query unless `stop` is set before: what is typed into a search field asks again before the question before it is answered.
    ///
    /// # Errors
    /// With what is wrong and what to do; [`ErrorCode::Stopped`] when it was stopped.
    pub fn query_until(&self, query: Query, stop: &Arc<AtomicBool>) -> Result<Answer, ErrorView> {
        let answer = self.inner.read_until(stop, |reader| self.inner.answer(reader, query));
        self.inner.set_noticed_aside();
        answer
    }
}

impl Inner {
    fn answer(&self, reader: &Reader<'_>, query: Query) -> Result<Answer, Failure> {
        let inner = self;
        Ok(match query {
            Query::Status => Answer::Status(inner.status(reader)?),
            Query::Record { record } => Answer::Record(Box::new(inner.view(reader, &record)?)),
            Query::RecordAt { record, at } => Answer::RecordAt(Box::new(inner.record_at(reader, &record, &at)?)),
            Query::BulkPreview { filter, change } => Answer::BulkPreview(inner.bulk_preview(reader, &filter, &change)?),
            Query::Operations { limit } => Answer::Operations(inner.operations(reader, limit)?),
            Query::List { filter } => Answer::List(inner.page(reader, &filter)?),
            Query::Records { filter } => Answer::Records(inner.views(reader, &filter)?),
            Query::RecordPage { filter } => Answer::RecordPage(inner.record_page(reader, &filter)?),
            Query::Groups { filter, by } => Answer::Groups(inner.groups(reader, &filter, by)?),
            Query::Search { text, limit } => Answer::Search(inner.search(reader, &text, limit)?),
            Query::Timeline { record, limit } => Answer::Timeline(inner.timeline(reader, &record, limit)?),
            Query::SpaceTimeline { space, limit } => Answer::SpaceTimeline(inner.space_timeline(reader, &space, limit)?),
            Query::History { record } => Answer::History(inner.history(reader, &record)?),
            Query::Conflicts { record } => Answer::Conflicts(inner.conflicts(reader, record.as_ref())?),
            Query::Today { limit } => Answer::Today(Box::new(inner.today(reader, limit)?)),
            Query::Trash => Answer::Trash(inner.trash(reader)?),
            Query::Space { space } => Answer::Space(inner.space_detail(reader, &space)?),
            Query::Computers => Answer::Computers(inner.own_computers(reader)?),
            Query::Tray { space } => Answer::Tray(inner.tray(reader, &space)?),
            Query::Log { limit } => Answer::Log(inner.log_lines(reader, limit)?),
            Query::Colleagues => Answer::Colleagues(inner.colleague_views(reader)?),
            Query::Settings => Answer::Settings(reader.settings()?.into_iter().map(|(key, value)| Setting { key, value }).collect()),
            Query::Export { format, filter } => Answer::Export(inner.export(reader, &format, &filter)?),
            Query::Duplicates { space, limit } => Answer::Duplicates(inner.duplicates(reader, space.as_deref(), limit)?),
            Query::Backlinks { record } => Answer::Backlinks(inner.backlinks(reader, &record)?),
            Query::Tags { space } => Answer::Tags(inner.tags(reader, space.as_deref())?),
            Query::Files { record } => Answer::Files(inner.files(reader, record.as_ref())?),
            Query::Words { space, vocabulary } => Answer::Words(inner.words(reader, space.as_deref(), &vocabulary)?),
            Query::Differences { record } => Answer::Differences(inner.differences(reader, &record)?),
            Query::Check => Answer::Check(inner.check(reader)?.report),
            Query::Damage { record: None } => Answer::Damage(inner.damages(reader)?),
            Query::Damage { record: Some(record) } => {
                let (space, doc) = inner.record(reader, &record)?;
                Answer::Damage(inner.damage_of(reader, &space, &doc)?)
            }
        })
    }
}
