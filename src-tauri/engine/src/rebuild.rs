//! Making every cache again from the changes and feeds: in small transactions, so that edits go on beside it, and from where it was after a crash.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tuttu_model::SpaceId;
use tuttu_store::{Lane, Tx};

use crate::api::{ErrorView, Event, Outcome};
use crate::engine::{Engine, Inner};
use crate::failure::Failure;

/// Documents made again in one transaction: a local edit waits for one at most.
const BATCH: u32 = 500;
/// Up to so many documents the caches are made again before the vault counts as open.
const AT_ONCE: u32 = 2_000;
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(200);

impl Engine {
    /// Makes every cache again, from the beginning.
    pub(crate) fn rebuild(&self) -> Result<Outcome, ErrorView> {
        let _only = self.inner.one_rebuild();
        self.inner.write(Lane::Remote, |inner, tx| inner.begin_rebuild(tx))?;
        let records = Inner::rebuild_all(&Arc::downgrade(&self.inner))?;
        self.announce(Event::Changed { spaces: Vec::new(), records: Vec::new(), remote: false });
        Ok(Outcome::Rebuilt { records })
    }

    /// Waits until the lists are complete: for callers that answer once and end.
    ///
    /// # Errors
    /// When the vault cannot be read or written.
    pub fn finish_rebuilding(&self) -> Result<(), ErrorView> {
        if self.inner.read(|reader| Ok(reader.projections_are_current()?))? {
            return Ok(());
        }
        let _only = self.inner.one_rebuild();
        Inner::rebuild_all(&Arc::downgrade(&self.inner)).map(drop)
    }

    /// At opening: caches of another version, or a rebuild that was interrupted. A small vault is done at once; a large one opens, says how far it
    /// is, and fills while it is used.
    pub(crate) fn bring_caches_up_to_date(&self) -> Result<(), ErrorView> {
        let (current, begun, total) = self
            .inner
            .read(|reader| Ok((reader.projections_are_current()?, reader.rebuild_from()?.is_some(), reader.document_count(0)?.0)))?;
        if current {
            return Ok(());
        }
        if !begun {
            self.inner.write(Lane::Local, |inner, tx| inner.begin_rebuild(tx))?;
        }
        if total <= AT_ONCE {
            let _only = self.inner.one_rebuild();
            return Inner::rebuild_all(&Arc::downgrade(&self.inner)).map(drop);
        }
        let weak = Arc::downgrade(&self.inner);
        let started = std::thread::Builder::new().name("tuttu-rebuild".into()).spawn(move || rebuild_beside(&weak));
        started.map(drop).map_err(|error| crate::failure::internal(&format!("a thread could not be started: {error}")))
    }
}

/// On a thread of its own; ends when the vault is closed.
fn rebuild_beside(weak: &Weak<Inner>) {
    let Some(guard) = weak.upgrade().map(|inner| Arc::clone(&inner.rebuilding)) else { return };
    let _only = guard.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match Inner::rebuild_all(weak) {
        Ok(_) => {
            if let Some(inner) = weak.upgrade() {
                inner.announce(Event::Changed { spaces: Vec::new(), records: Vec::new(), remote: false });
            }
        }
        Err(error) => tracing::error!(%error, "the lists could not be made again; it goes on at the next start"),
    }
}

impl Inner {
    /// Only one rebuild at a time.
    pub(crate) fn one_rebuild(&self) -> std::sync::MutexGuard<'_, ()> {
        self.rebuilding.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Judges every space afresh and empties the query tables.
    pub(crate) fn begin_rebuild(&self, tx: &mut Tx<'_>) -> Result<(), Failure> {
        {
            let mut caches = self.caches();
            caches.documents.clear();
            caches.memberships.clear();
            caches.authors.clear();
        }
        for row in tx.spaces()? {
            self.judge_again(tx, &row.id)?;
        }
        Ok(tx.begin_rebuild()?)
    }

    /// What counts in a space, from its feeds and membership. Where nothing was ever ended, cut, forked or frozen everything does, and that needs no
    /// memory; else the verdict holds the space's entries in memory, as it does whenever membership changes.
    fn judge_again(&self, tx: &mut Tx<'_>, space: &SpaceId) -> Result<(), Failure> {
        let membership = self.membership(tx, space)?;
        let headers = tx.headers(space)?;
        let plain = headers.values().all(|header| membership.is_licensed(header) && membership.cuts(header).is_empty())
            && tx.proofs(space)?.is_empty()
            && tx.frozen_feeds(space)?.is_empty();
        if plain {
            tx.accept_everything(space)?;
            return Ok(());
        }
        self.judge(tx, space).map(drop)
    }

    /// Goes on with a rebuild from its watermark to the end. Holds the vault only for one batch at a time.
    fn rebuild_all(weak: &Weak<Self>) -> Result<u32, ErrorView> {
        let mut told: Option<Instant> = None;
        let mut records = 0;
        loop {
            let Some(inner) = weak.upgrade() else { return Ok(records) };
            let Some(from) = inner.read(|reader| Ok(reader.rebuild_from()?))? else { return Ok(records) };
            let (done, last) = inner.write(Lane::Remote, move |inner, tx| inner.rebuild_batch(tx, from))?;
            records += done;
            let Some(last) = last else { continue };
            if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
                told = Some(Instant::now());
                let (total, done) = inner.read(|reader| Ok(reader.document_count(last)?))?;
                inner.announce(Event::Progress { what: "rebuild".into(), done, total });
            }
        }
    }

    /// The next documents. Gives how many, and the last; `None` at the end.
    fn rebuild_batch(&self, tx: &mut Tx<'_>, from: i64) -> Result<(u32, Option<i64>), Failure> {
        let next = tx.documents_after(from, BATCH)?;
        let Some((last, ..)) = next.last().copied() else {
            tx.end_rebuild()?;
            return Ok((0, None));
        };
        for (_, space, doc) in &next {
            self.renew(tx, space, doc)?;
        }
        tx.rebuilt_to(last)?;
        Ok((u32::try_from(next.len()).unwrap_or(u32::MAX), Some(last)))
    }
}
