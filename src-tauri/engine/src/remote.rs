//! What comes from other computers: verified, validated, judged and committed by the same last steps as local edits.

mod evidence;
mod forks;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::{Change, ChangeHash, ComputerId, Document, DocumentId, FeedId, SpaceId};
use tuttu_store::rows::{ChangeRow, EntryWrite, RecordWrite};
use tuttu_store::{Lane, Tx};
use tuttu_sync::feed::{FeedHeader, VerifiedEntry};
use tuttu_sync::limits::{ENTRY_BYTES, ENTRY_ITEMS, FEEDS, OPS, PROOFS};
use tuttu_sync::membership::Membership;
use tuttu_sync::session::{IncomingBatch, IncomingEntry, StoreOutcome};
use tuttu_sync::signing::SignatureError;
use tuttu_sync::validate::{Checked, Known, check_change};
use tuttu_sync::verdict::{Standing, judge};

use crate::commit::changed_event;
use crate::engine::{Engine, Inner};
use crate::failure::Failure;

/// How much of its rules a space may hold, whoever sends it.
#[derive(Debug, Clone, Copy)]
struct Room {
    ops: usize,
    proofs: usize,
    feeds: usize,
}

/// What every peer of this version takes.
const ROOM: Room = Room { ops: OPS, proofs: PROOFS, feeds: FEEDS };

/// What a batch did here.
#[derive(Debug, Default)]
struct Applied {
    outcome: Option<StoreOutcome>,
    touched: BTreeSet<DocumentId>,
    membership: bool,
    own_tray: bool,
    /// Whom signed evidence speaks against, with what to say.
    accused: Vec<(ComputerId, String)>,
}

impl Engine {
    /// Verifies a batch and commits it in one transaction. What came before a fault in it is kept.
    #[must_use]
    pub fn apply_remote(&self, from: &ComputerId, space: &SpaceId, batch: IncomingBatch) -> StoreOutcome {
        let (from, space) = (*from, *space);
        let sizes: Vec<usize> = batch.entries.iter().map(|entry| entry.changes.len()).collect();
        let applied = self.inner.write(Lane::Remote, move |inner, tx| Receiver::receive(inner, tx, space, batch, ROOM));
        match applied {
            Ok(applied) => {
                if applied.membership || !applied.touched.is_empty() {
                    let event = match applied.touched.is_empty() {
                        true => crate::api::Event::Changed { spaces: vec![space.to_string()], records: Vec::new(), remote: true },
                        false => changed_event(applied.touched.iter().map(|doc| (space, *doc)), true),
                    };
                    self.announce(event);
                }
                for (computer, reason) in applied.accused {
                    self.note_refused(&computer, &reason);
                    self.announce(crate::api::Event::Refused { computer: computer.to_string(), reason });
                }
                if applied.membership {
                    self.follow_everywhere();
                }
                if applied.own_tray {
                    self.reapply_own_tray(&space);
                }
                let outcome = applied.outcome.unwrap_or_else(|| refused(0, "nothing was stored"));
                let changes: usize = sizes.into_iter().take(outcome.stored).sum();
                if changes > 0 {
                    self.note_received(&from, &space, u64::try_from(changes).unwrap_or(u64::MAX));
                }
                outcome
            }
            Err(error) => {
                tracing::warn!(%from, %error, "a batch from another computer was not stored");
                refused(0, &error.message)
            }
        }
    }
}

fn refused(stored: usize, why: &str) -> StoreOutcome {
    StoreOutcome { stored, refused: Some(why.to_owned()), pending: false, frozen: Vec::new() }
}

/// One batch on its way into the store.
struct Receiver<'a, 'b, 'c> {
    inner: &'a Inner,
    tx: &'b mut Tx<'c>,
    space: SpaceId,
    membership: std::sync::Arc<Membership>,
    known: BTreeMap<DocumentId, BTreeMap<ChangeHash, Known>>,
    frozen: Vec<(FeedId, String)>,
    closed: BTreeSet<FeedId>,
    stored: usize,
    needs_judging: bool,
    pending: bool,
    room: Room,
    /// Damaged records among those of the entry being placed.
    incomplete: Vec<DocumentId>,
    applied: Applied,
}

/// How one entry fared.
enum Fate {
    Stored,
    Frozen(String),
    Refused(String),
    /// Something it needs is not here.
    Pending(&'static str),
}

impl<'a, 'b, 'c> Receiver<'a, 'b, 'c> {
    fn receive(inner: &'a Inner, tx: &'b mut Tx<'c>, space: SpaceId, batch: IncomingBatch, room: Room) -> Result<Applied, Failure> {
        if tx.space(&space)?.is_none() {
            return Ok(Applied { outcome: Some(refused(0, "that space is not shared here")), ..Applied::default() });
        }
        let membership = inner.membership(tx, &space)?;
        let closed = tx.frozen_feeds(&space)?.into_iter().map(|(feed, ..)| feed).collect();
        let mut receiver = Self {
            inner,
            tx,
            space,
            membership,
            known: BTreeMap::new(),
            frozen: Vec::new(),
            closed,
            stored: 0,
            needs_judging: false,
            pending: false,
            room,
            incomplete: Vec::new(),
            applied: Applied::default(),
        };
        let refused = receiver.all(batch)?;
        if receiver.needs_judging {
            let touched = inner.judge(receiver.tx, &space)?;
            receiver.applied.touched.extend(touched);
        }
        receiver.applied.own_tray = inner.has_own_tray(receiver.tx, &space)?;
        receiver.applied.outcome =
            Some(StoreOutcome { stored: receiver.stored, refused, pending: receiver.pending, frozen: receiver.frozen });
        Ok(receiver.applied)
    }

    /// Everything in order, until something breaks the protocol: then with the reason.
    fn all(&mut self, batch: IncomingBatch) -> Result<Option<String>, Failure> {
        if let Some(why) = self.operations(batch.ops)? {
            return Ok(Some(why));
        }
        if let Some(why) = self.proofs(batch.proofs)? {
            return Ok(Some(why));
        }
        for entry in batch.entries {
            let feed = entry.entry.claimed_feed();
            if self.closed.contains(&feed) && self.frozen.iter().any(|(frozen, _)| *frozen == feed) {
                continue;
            }
            let (seq, introduced) = (entry.entry.claimed_seq(), entry.header.clone());
            match self.entry(entry)? {
                Fate::Stored => self.stored += 1,
                Fate::Frozen(why) => {
                    self.freeze(feed, introduced, seq, &why)?;
                    self.frozen.push((feed, why));
                }
                Fate::Refused(why) => return Ok(Some(why)),
                Fate::Pending(why) => {
                    self.pending = true;
                    return Ok(Some(why.to_owned()));
                }
            }
        }
        Ok(None)
    }

    fn operations(&mut self, ops: Vec<tuttu_sync::membership::SignedOp>) -> Result<Option<String>, Failure> {
        let before = self.tx.op_count(&self.space)?;
        let refused = self.store_operations(ops)?;
        // What came before a fault is kept, so it must have its effect.
        if self.tx.op_count(&self.space)? > before {
            let touched = self.inner.membership_changed(self.tx, &self.space)?;
            self.applied.touched.extend(touched);
            self.applied.membership = true;
            self.membership = self.inner.membership(self.tx, &self.space)?;
        }
        Ok(refused)
    }

    fn store_operations(&mut self, ops: Vec<tuttu_sync::membership::SignedOp>) -> Result<Option<String>, Failure> {
        let mut held: BTreeSet<_> = self.membership.ops().keys().copied().collect();
        for op in ops {
            let verified = match op.clone().verify() {
                Ok(verified) => verified,
                Err(SignatureError::Malformed(why)) => return Ok(Some(format!("a membership operation is malformed: {why}"))),
                Err(_) => return Ok(Some("a membership operation is not signed by whom it names".into())),
            };
            if held.contains(&verified.hash()) {
                continue;
            }
            let of_this_space = verified.op().space == Some(self.space);
            if !of_this_space || !verified.op().parents.iter().all(|parent| held.contains(parent)) {
                return Ok(Some("a membership operation is out of order or of another space".into()));
            }
            if held.len() >= self.room.ops {
                return Ok(Some(full("membership operations", self.room.ops)));
            }
            held.insert(verified.hash());
            self.tx.put_op(&self.space, &op)?;
        }
        Ok(None)
    }

    fn entry(&mut self, incoming: IncomingEntry) -> Result<Fate, Failure> {
        let feed = incoming.entry.claimed_feed();
        let hash = incoming.entry.hash();
        let held = self.tx.has_entry(&self.space, &hash)?;
        if held && !self.tx.is_lost(&self.space, &feed, incoming.entry.claimed_seq())? {
            return Ok(Fate::Stored);
        }
        let known = self.tx.header(&self.space, &feed)?;
        let is_new = known.is_none();
        let header = match known.or(incoming.header) {
            Some(header) if header.id() == feed && header.space == self.space => header,
            None => return Ok(Fate::Pending("an entry belongs to a feed that was not introduced")),
            Some(_) => return Ok(Fate::Refused("an entry came with the header of another feed".into())),
        };
        let Ok(verified) = incoming.entry.verify(&header) else {
            return Ok(Fate::Refused("an entry is not signed by the computer of its feed".into()));
        };
        if !self.membership.is_licensed(&header) {
            return Ok(Fate::Refused(self.unlicensed(&header.computer)));
        }
        if is_new && self.tx.headers(&self.space)?.len() >= self.room.feeds {
            return Ok(Fate::Refused(full("feeds", self.room.feeds)));
        }
        let items = verified.entry().items.len();
        if items == 0 || items > ENTRY_ITEMS || items != incoming.changes.len() {
            return Ok(Fate::Refused("an entry lists no changes, too many, or not the ones beside it".into()));
        }
        let (seq, prev) = (verified.entry().seq, verified.entry().prev);
        if held || self.tx.is_nameless(&self.space, &feed, seq, prev)? {
            // Something of it was damaged here: this is the same, whole.
            let healed = self.inner.heal(self.tx, &self.space, &verified, &incoming.changes)?;
            self.applied.touched.extend(healed);
            return Ok(Fate::Stored);
        }
        if !self.follows(&verified)? {
            return Ok(Fate::Pending("an entry came before the one it follows"));
        }
        let checked = match self.check(&verified, &header, incoming.changes)? {
            Ok(checked) => checked,
            Err(fate) => return Ok(fate),
        };
        let docs: Vec<DocumentId> = checked.iter().map(|(doc, _)| *doc).collect();
        let fate = self.place(verified, header, checked)?;
        if matches!(fate, Fate::Frozen(_)) {
            // What is not stored is not known to those after it.
            self.known.retain(|doc, _| !docs.contains(doc));
        }
        Ok(fate)
    }

    /// Whether the entry fits behind one that is held.
    fn follows(&self, verified: &VerifiedEntry) -> Result<bool, Failure> {
        let entry = verified.entry();
        Ok(match entry.prev {
            None => entry.seq == 1,
            Some(prev) => {
                self.tx.vector(&self.space)?.0.get(&entry.feed) == Some(&(entry.seq.wrapping_sub(1), prev))
                    || self.tx.entry_by_hash(&prev)?.is_some_and(|(held, _)| {
                        held.entry.claimed_feed() == entry.feed && held.entry.claimed_seq().checked_add(1) == Some(entry.seq)
                    })
            }
        })
    }

    /// Validates every change of an entry. The outer error is ours, the inner one the sender's.
    fn check(
        &mut self,
        verified: &VerifiedEntry,
        header: &FeedHeader,
        changes: Vec<Option<Vec<u8>>>,
    ) -> Result<Result<Vec<(DocumentId, Change)>, Fate>, Failure> {
        let total: usize = changes.iter().flatten().map(Vec::len).sum();
        if total > ENTRY_BYTES {
            return Ok(Err(Fate::Frozen("an entry is larger than any may be".into())));
        }
        let mut fresh: BTreeMap<DocumentId, BTreeMap<ChangeHash, Known>> = BTreeMap::new();
        let mut checked = Vec::with_capacity(changes.len());
        for (item, bytes) in verified.entry().items.iter().zip(changes) {
            let Some(bytes) = bytes else {
                return Ok(Err(Fate::Refused("the bytes of a change are missing".into())));
            };
            let known = match fresh.entry(item.doc) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(free) => free.insert(match self.known.get(&item.doc) {
                    Some(known) => known.clone(),
                    None => self.tx.known(&self.space, &item.doc)?,
                }),
            };
            if known.values().any(|known| known.seq == 0) && self.tx.is_incomplete(&self.space, &item.doc)? {
                return Ok(Err(Fate::Refused("a record here is damaged and waits for its older changes".into())));
            }
            match check_change(&bytes, item.change, header.actor(), known) {
                Checked::Good(change) => {
                    known.insert(change.hash, Known::from(&change));
                    checked.push((item.doc, change));
                }
                Checked::Pending(_) => return Ok(Err(Fate::Pending("a change came before one it rests on"))),
                Checked::Bad(why) => return Ok(Err(Fate::Frozen(why.to_string()))),
            }
        }
        // Only documents with more than their first change are asked for again soon.
        fresh.retain(|_, known| known.len() > 1);
        self.known.extend(fresh);
        Ok(Ok(checked))
    }

    /// Puts a checked entry where it belongs: at the tip of an open feed it counts at once, elsewhere the verdict says.
    fn place(&mut self, verified: VerifiedEntry, header: FeedHeader, checked: Vec<(DocumentId, Change)>) -> Result<Fate, Failure> {
        let entry = verified.entry();
        let tip = self.tx.vector(&self.space)?.0.get(&entry.feed).copied();
        let at_tip = tip.map_or((0, None), |(seq, hash)| (seq, Some(hash))) == (entry.seq - 1, entry.prev);
        self.find_fork(&verified, &header)?;
        let open =
            at_tip && !self.closed.contains(&entry.feed) && self.membership.cuts(&header).is_empty() && !self.is_forked(&entry.feed)?;
        let merged = match self.merge(&checked)? {
            Ok(merged) => merged,
            Err(why) => return Ok(Fate::Frozen(why)),
        };
        let counts = open && merged.is_some();
        let own = header.computer == self.inner.computer;
        let (feed, news) = (entry.feed, self.membership.author(&header) != Some(self.inner.person()));
        let changes = checked.into_iter().map(|(doc, change)| (doc, Some(change))).collect();
        let standing = if counts { Standing::Valid } else { Standing::Tray };
        self.tx.append_entry(&self.space, &EntryWrite { entry: verified, header, standing, changes, invalid: None })?;
        if own && self.tx.space(&self.space)?.and_then(|row| row.own_feed) == Some(feed) {
            // Somebody held more of our own feed than we did: never write on it again.
            self.tx.set_own_feed(&self.space, None)?;
        }
        match merged {
            Some(merged) if counts => {
                for mut write in merged {
                    write.news = news;
                    self.tx.put_record(&self.space, &write)?;
                    self.applied.touched.insert(write.doc);
                }
                for doc in std::mem::take(&mut self.incomplete) {
                    self.inner.renew(self.tx, &self.space, &doc)?;
                    self.applied.touched.insert(doc);
                }
            }
            _ => self.needs_judging = true,
        }
        Ok(Fate::Stored)
    }

    /// The last gate: the changes applied to copies of their documents. `None` when some rest on changes that do not count here: the verdict decides.
    fn merge(&mut self, checked: &[(DocumentId, Change)]) -> Result<Result<Option<Vec<RecordWrite>>, String>, Failure> {
        let mut by_doc: BTreeMap<DocumentId, Vec<&Change>> = BTreeMap::new();
        for (doc, change) in checked {
            by_doc.entry(*doc).or_default().push(change);
        }
        let mut writes = Vec::with_capacity(by_doc.len());
        let mut all_count = true;
        for (doc, changes) in by_doc {
            if let [change] = changes.as_slice()
                && change.deps.is_empty()
                && self.tx.changes(&self.space, &doc)?.is_empty()
            {
                let Some(record) = change.sole_record() else { return Ok(Err("a first change cannot be read".into())) };
                writes.push(RecordWrite { doc, heads: vec![change.hash], record, snapshot: None, news: true });
                continue;
            }
            if self.tx.is_incomplete(&self.space, &doc)? {
                // It cannot be put together now; what of it can be is shown once the changes are stored.
                self.incomplete.push(doc);
                continue;
            }
            let rows = self.tx.changes(&self.space, &doc)?;
            let accepted: BTreeSet<ChangeHash> = rows.iter().filter(|row| row.accepted).map(|row| row.hash).collect();
            let own: BTreeSet<ChangeHash> = changes.iter().map(|change| change.hash).collect();
            let rests_on_accepted = changes.iter().all(|change| change.deps.iter().all(|dep| accepted.contains(dep) || own.contains(dep)));
            let bytes = || changes.iter().map(|change| change.bytes.as_slice());
            if rests_on_accepted {
                let mut document = self.inner.document(self.tx, &self.space, &doc)?;
                if document.apply(bytes()).is_ok() {
                    writes.push(RecordWrite { doc, heads: document.heads(), record: document.record(), snapshot: None, news: true });
                    continue;
                }
            }
            // What else is held must not decide (R5): it may be another history of an author of these changes, or of one they rest on.
            all_count = false;
            let Ok(mut past) = Document::from_changes(causal_past(&rows, &changes)) else { continue };
            if let Err(error) = past.apply(bytes()) {
                return Ok(Err(error.to_string()));
            }
        }
        Ok(Ok(all_count.then_some(writes)))
    }
}

fn full(what: &str, limit: usize) -> String {
    format!("this space holds as many {what} as any may have, {limit}: no more are taken")
}

/// The bytes of what changes rest on, in the order it is held in.
fn causal_past<'a>(rows: &'a [ChangeRow], changes: &[&Change]) -> impl Iterator<Item = &'a [u8]> {
    let mut past: BTreeSet<ChangeHash> = changes.iter().flat_map(|change| &change.deps).copied().collect();
    // Whatever a change rests on came before it.
    for row in rows.iter().rev() {
        if past.contains(&row.hash) {
            past.extend(&row.deps);
        }
    }
    rows.iter().filter(move |row| past.contains(&row.hash)).filter_map(|row| row.bytes.as_deref())
}

impl Inner {
    /// Judges everything held in a space afresh and rebuilds the documents whose accepted changes differ. Returns them.
    pub(crate) fn judge(&self, tx: &mut Tx<'_>, space: &SpaceId) -> Result<Vec<DocumentId>, Failure> {
        let membership = self.membership(tx, space)?;
        let verdict = judge(&membership, &tx.headers(space)?, &tx.proofs(space)?, &tx.entry_facts(space)?, &tx.change_facts(space)?);
        let touched = tx.apply_verdict(space, &verdict)?;
        for doc in &touched {
            self.rebuild(tx, space, doc)?;
        }
        Ok(touched)
    }

    /// Makes the projections of a document again from its accepted changes.
    pub(crate) fn rebuild(&self, tx: &mut Tx<'_>, space: &SpaceId, doc: &DocumentId) -> Result<(), Failure> {
        self.renew(tx, space, doc)?;
        Ok(tx.mark_news(space, doc)?)
    }
}

#[cfg(test)]
mod tests;
