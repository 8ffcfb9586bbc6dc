//! Queries, answered from the projections.

pub(crate) mod conflicts;
mod export;
pub(crate) mod lists;
mod spaces;

use crate::api::{Answer, ErrorView, Query, Setting};
use crate::engine::Engine;

impl Engine {
    /// Answers a query from one consistent snapshot.
    ///
    /// # Errors
    /// With what is wrong and what to do.
    pub fn query(&self, query: Query) -> Result<Answer, ErrorView> {
        let answer = self.answer(query);
        self.inner.set_noticed_aside();
        answer
    }

    fn answer(&self, query: Query) -> Result<Answer, ErrorView> {
        let inner = &self.inner;
        inner.read(|reader| {
            Ok(match query {
                Query::Status => Answer::Status(inner.status(reader)?),
                Query::Record { record } => Answer::Record(Box::new(inner.view(reader, &record)?)),
                Query::List { filter } => Answer::List(inner.page(reader, &filter)?),
                Query::Records { filter } => Answer::Records(inner.views(reader, &filter)?.0),
                Query::Search { text, limit } => Answer::Search(inner.search(reader, &text, limit)?),
                Query::Timeline { record, limit } => Answer::Timeline(inner.timeline(reader, &record, limit)?),
                Query::History { record } => Answer::History(inner.history(reader, &record)?),
                Query::Conflicts { record } => Answer::Conflicts(inner.conflicts(reader, record.as_ref())?),
                Query::Duplicates { space, limit } => Answer::Duplicates(inner.duplicates(reader, space.as_deref(), limit)?),
                Query::Backlinks { record } => Answer::Backlinks(inner.backlinks(reader, &record)?),
                Query::Tags { space } => Answer::Tags(inner.tags(reader, space.as_deref())?),
                Query::Files { record } => Answer::Files(inner.files(reader, record.as_ref())?),
                Query::Words { space, vocabulary } => Answer::Words(inner.words(reader, space.as_deref(), &vocabulary)?),
                Query::Differences { record } => Answer::Differences(inner.differences(reader, &record)?),
                Query::Trash => Answer::Trash(inner.trash(reader)?),
                Query::Space { space } => Answer::Space(inner.space_detail(reader, &space)?),
                Query::Settings => Answer::Settings(reader.settings()?.into_iter().map(|(key, value)| Setting { key, value }).collect()),
                Query::Export { format, filter } => Answer::Export(inner.export(reader, &format, &filter)?),
                Query::Check => Answer::Check(inner.check(reader)?.report),
                Query::Damage { record: None } => Answer::Damage(inner.damages(reader)?),
                Query::Damage { record: Some(record) } => {
                    let (space, doc) = inner.record(reader, &record)?;
                    Answer::Damage(inner.damage_of(reader, &space, &doc)?)
                }
            })
        })
    }
}
