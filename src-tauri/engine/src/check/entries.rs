//! Feeds: every entry signed by its computer, filed as what it is, behind the one it names, with all the changes it lists.

use std::collections::BTreeMap;

use tuttu_model::{EntryHash, FeedId, SpaceId};
use tuttu_store::{Reader, StoredRow};
use tuttu_sync::feed::{FeedHeader, VerifiedEntry};
use tuttu_sync::verdict::Standing;

use super::{Checked, REPAIR};
use crate::engine::Inner;
use crate::failure::Failure;

/// Entries read at once.
const CHUNK: u32 = 256;
const ENTRY_SAFE: &str = "What it brought is kept in its records.";
const SENT_AGAIN: &str = "Members’ computers send it again at the next exchange.";

/// What was seen of a feed so far.
#[derive(Default)]
struct Seen {
    /// The last valid entry.
    tip: Option<(u64, EntryHash)>,
}

impl Inner {
    pub(super) fn check_entries(&self, reader: &Reader<'_>, space: &SpaceId, checked: &mut Checked) -> Result<(), Failure> {
        let feeds = reader.feed_rows(space)?;
        let mut headers: BTreeMap<FeedId, FeedHeader> = BTreeMap::new();
        for feed in &feeds {
            checked.report.feeds += 1;
            match &feed.header {
                Ok(header) if header.id() == feed.id && header.space == *space => drop(headers.insert(feed.id, header.clone())),
                _ => checked.find("feed", format!("The header of feed {} is damaged.", feed.id), ENTRY_SAFE, SENT_AGAIN),
            }
        }
        let mut seen: BTreeMap<FeedId, Seen> = BTreeMap::new();
        let mut after = 0;
        loop {
            let rows = reader.stored_rows(space, after, CHUNK)?;
            let Some(last) = rows.last() else { break };
            after = last.arrival;
            for row in rows {
                checked.report.entries += 1;
                check_entry(reader, space, &headers, seen.entry(row.feed).or_default(), row, checked)?;
            }
        }
        for feed in feeds {
            let tip = seen.get(&feed.id).and_then(|seen| seen.tip);
            if (feed.valid.0, feed.valid.1) != tip.map_or((0, None), |(seq, hash)| (seq, Some(hash))) {
                checked.cache("feed", format!("How much of feed {} counts is noted wrongly.", feed.id));
            }
        }
        Ok(())
    }
}

fn check_entry(
    reader: &Reader<'_>,
    space: &SpaceId,
    headers: &BTreeMap<FeedId, FeedHeader>,
    seen: &mut Seen,
    row: StoredRow,
    checked: &mut Checked,
) -> Result<(), Failure> {
    let valid = row.standing == Standing::Valid;
    let before = if valid { seen.tip.replace((row.seq, row.hash)) } else { None };
    if row.lost {
        return Ok(());
    }
    let Some(header) = headers.get(&row.feed) else { return Ok(()) };
    let verified = match row.entry.and_then(|entry| entry.verify(header).map_err(|error| error.to_string())) {
        Ok(verified) if verified.hash() == row.hash && verified.entry().feed == row.feed && verified.entry().seq == row.seq => verified,
        damaged => {
            let why = damaged.err().unwrap_or_else(|| "it is another entry than the one noted".into());
            checked.entries.push((*space, row.hash));
            checked.find("entry", format!("Entry {} of feed {} is damaged: {why}.", row.seq, row.feed), ENTRY_SAFE, REPAIR);
            return Ok(());
        }
    };
    // Behind a gap the chain is judged when the gap is closed.
    let gap = row.seq > 1 && reader.is_lost(space, &row.feed, row.seq - 1)?;
    let follows = before.map_or(row.seq == 1, |(length, hash)| row.seq == length + 1 && verified.entry().prev == Some(hash));
    if valid && !follows && !gap {
        checked.find("entry", format!("Entry {} of feed {} does not follow the one before it.", row.seq, row.feed), ENTRY_SAFE, SENT_AGAIN);
    }
    if !row.invalid {
        check_items(reader, space, &verified, checked)?;
    }
    Ok(())
}

fn check_items(reader: &Reader<'_>, space: &SpaceId, verified: &VerifiedEntry, checked: &mut Checked) -> Result<(), Failure> {
    for item in &verified.entry().items {
        if !reader.has_change(space, item)? {
            let problem = format!("A change of record {} that is listed is not there.", item.doc);
            checked.file = true;
            checked.find("change", problem, "Its other changes are safe.", REPAIR);
        }
    }
    Ok(())
}
