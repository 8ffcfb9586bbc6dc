//! `check`: signatures, chains, documents, projections and accumulators against each other.

use tuttu_model::{Document, FeedId, SpaceId, view};
use tuttu_store::Reader;
use tuttu_sync::feed::Vector;

use crate::api::CheckReport;
use crate::engine::Inner;
use crate::failure::Failure;

/// Problems listed before the report is cut.
const LISTED: usize = 200;
/// Entries read at once.
const CHUNK: usize = 256;

impl Inner {
    pub(crate) fn check(&self, reader: &Reader<'_>) -> Result<CheckReport, Failure> {
        let mut report = CheckReport::default();
        for space in reader.spaces()? {
            report.spaces += 1;
            self.check_entries(reader, &space.id, &mut report)?;
            self.check_documents(reader, &space.id, &mut report)?;
        }
        report.problems.truncate(LISTED);
        Ok(report)
    }

    fn check_entries(&self, reader: &Reader<'_>, space: &SpaceId, report: &mut CheckReport) -> Result<(), Failure> {
        let headers = reader.headers(space)?;
        report.feeds += u32::try_from(headers.len()).unwrap_or(u32::MAX);
        let mut places: std::collections::BTreeMap<tuttu_model::EntryHash, (FeedId, u64)> = std::collections::BTreeMap::new();
        let mut after = 0;
        loop {
            let entries = reader.stream(space, after, &Vector::default(), CHUNK, usize::MAX)?;
            let Some(last) = entries.last() else { break };
            after = last.arrival;
            for stored in entries {
                report.entries += 1;
                let (feed, seq) = (stored.entry.claimed_feed(), stored.entry.claimed_seq());
                let Some(header) = headers.get(&feed) else {
                    report.problems.push(format!("Entry {seq} belongs to a feed that is not there."));
                    continue;
                };
                let Ok(verified) = stored.entry.verify(header) else {
                    report.problems.push(format!("The signature of entry {seq} of feed {feed} does not match."));
                    continue;
                };
                places.insert(verified.hash(), (feed, seq));
                // Not "the entry before it in the order of arrival": a forked feed has several histories, and one of them may count.
                let follows = verified.entry().prev.map_or(seq == 1, |prev| places.get(&prev) == Some(&(feed, seq.saturating_sub(1))));
                if !follows {
                    report.problems.push(format!("Entry {seq} of feed {feed} does not follow the one before it."));
                }
                for (item, bytes) in verified.entry().items.iter().zip(&stored.changes) {
                    let whole =
                        bytes.as_ref().is_none_or(|bytes| tuttu_model::Change::read(bytes).is_ok_and(|change| change.hash == item.change));
                    if !whole {
                        report.problems.push(format!("A change of record {} is damaged.", item.doc));
                    }
                }
            }
        }
        Ok(())
    }

    fn check_documents(&self, reader: &Reader<'_>, space: &SpaceId, report: &mut CheckReport) -> Result<(), Failure> {
        for doc in reader.documents(space)? {
            report.documents += 1;
            let rows = reader.changes(space, &doc)?;
            let projected = reader.record(space, &doc)?.map(|row| row.view);
            if !rows.iter().any(|row| row.accepted) {
                // Everything held of it was set aside: there must be nothing to see.
                if projected.is_some() {
                    report.problems.push(format!("Record {doc} is shown although nothing of it counts."));
                }
                continue;
            }
            let accepted = rows.iter().filter(|row| row.accepted).filter_map(|row| row.bytes.as_deref());
            match Document::from_changes(accepted) {
                Ok(document) => {
                    let rebuilt = view::view_of(&document.record(), &doc, space);
                    if projected.as_ref() != Some(&rebuilt) {
                        report.problems.push(format!("What is shown of {} differs from its stored changes.", rebuilt.id));
                    }
                    if reader.heads(space, &doc)? != document.heads() {
                        report.problems.push(format!("The noted state of {} differs from its stored changes.", rebuilt.id));
                    }
                }
                Err(error) => report.problems.push(format!("Record {doc} cannot be built: {error}.")),
            }
        }
        Ok(())
    }
}
