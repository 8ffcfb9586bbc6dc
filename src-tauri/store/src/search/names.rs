//! The search memory: the lines of all people and organisations in one buffer, scanned from end to end.

use std::collections::{BinaryHeap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use super::ranking::{Field, Needles};
use crate::error::StoreError;
use crate::{connection, sql};

/// The line of a record changed, came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameUpdate {
    /// The record.
    pub(crate) did: i64,
    /// Its line now; `None` when it is not searched any more.
    pub(crate) line: Option<String>,
}

/// A match: how well (lower is better), and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Match {
    pub(crate) penalty: u32,
    /// Shorter lines first among equals: there the match is more of the whole.
    length: usize,
    pub(crate) did: i64,
    pub(crate) field: Field,
}

/// The search memory. Built at the first search; afterwards commits leave their updates in a queue, which costs them next to nothing,
/// and the next search takes them in.
#[derive(Debug)]
pub(crate) struct Names {
    database: PathBuf,
    /// Set before the lines are read, so that no commit falls between reading them and queueing.
    listening: AtomicBool,
    queue: Mutex<Vec<NameUpdate>>,
    lines: RwLock<Option<Lines>>,
}

impl Names {
    pub(crate) fn new(database: PathBuf) -> Self {
        Self { database, listening: AtomicBool::new(false), queue: Mutex::default(), lines: RwLock::default() }
    }

    /// A commit is durable: these lines changed.
    pub(crate) fn committed(&self, mut updates: Vec<NameUpdate>) {
        if !updates.is_empty() && self.listening.load(Ordering::SeqCst) {
            self.queue().append(&mut updates);
        }
    }

    /// Builds the memory if it is not there yet.
    pub(crate) fn warm_up(&self) -> Result<(), StoreError> {
        self.with(|_| ())
    }

    /// The best matches, best first; only those that `keep` keeps.
    pub(crate) fn best(&self, needles: &Needles, limit: usize, keep: impl Fn(i64) -> bool) -> Result<Vec<Match>, StoreError> {
        self.with(|lines| lines.best(needles, limit, &keep))
    }

    /// The records of all matches, in no order.
    pub(crate) fn matching(&self, needles: &Needles) -> Result<Vec<i64>, StoreError> {
        self.with(|lines| {
            let mut found = Vec::new();
            lines.scan(needles, &mut |hit| {
                found.push(hit.did);
                true
            });
            found
        })
    }

    fn queue(&self) -> MutexGuard<'_, Vec<NameUpdate>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, work: impl Fn(&Lines) -> T) -> Result<T, StoreError> {
        if !self.queue().is_empty() || !self.listening.load(Ordering::SeqCst) {
            self.catch_up()?;
        }
        let lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(lines) = lines.as_ref() {
            return Ok(work(lines));
        }
        drop(lines);
        self.catch_up()?;
        let lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
        Ok(work(lines.as_ref().unwrap_or(&Lines::default())))
    }

    fn catch_up(&self) -> Result<(), StoreError> {
        let mut lines = self.lines.write().unwrap_or_else(PoisonError::into_inner);
        if lines.is_none() {
            self.listening.store(true, Ordering::SeqCst);
            *lines = Some(self.load()?);
        }
        if let Some(lines) = lines.as_mut() {
            // Taken out first: a commit must not wait until they are worked in.
            let updates = std::mem::take(&mut *self.queue());
            for update in updates {
                lines.put(update.did, update.line.as_deref());
            }
            lines.tidy();
        }
        Ok(())
    }

    fn load(&self) -> Result<Lines, StoreError> {
        // A connection of its own: the reader that asks may look at an older snapshot than the updates that are queued from now on.
        let connection = connection::reading(&self.database)?;
        let mut lines = Lines::default();
        sql::each(&connection, "SELECT did, line FROM finder", [], |row| {
            lines.put(row.get(0)?, Some(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?));
            Ok(true)
        })?;
        Ok(lines)
    }
}

/// A line's place in the buffer. A line that was replaced keeps its place until the next tidying.
#[derive(Debug, Clone, Copy)]
struct Slot {
    did: i64,
    start: usize,
    end: usize,
    live: bool,
}

#[derive(Debug, Default)]
struct Lines {
    buffer: Vec<u8>,
    slots: Vec<Slot>,
    slot_of: HashMap<i64, usize>,
    dead: usize,
}

impl Lines {
    fn put(&mut self, did: i64, line: Option<&str>) {
        if let Some(slot) = self.slot_of.remove(&did).and_then(|at| self.slots.get_mut(at)) {
            slot.live = false;
            self.dead += slot.end - slot.start;
        }
        if let Some(line) = line {
            let start = self.buffer.len();
            self.buffer.extend_from_slice(line.as_bytes());
            self.slot_of.insert(did, self.slots.len());
            self.slots.push(Slot { did, start, end: self.buffer.len(), live: true });
        }
    }

    /// Drops replaced lines when they are a third of all.
    fn tidy(&mut self) {
        if self.dead < 64 * 1024 || self.dead < self.buffer.len() / 3 {
            return;
        }
        let old = std::mem::take(self);
        for slot in old.slots.iter().filter(|slot| slot.live) {
            let line = old.buffer.get(slot.start..slot.end).and_then(|bytes| std::str::from_utf8(bytes).ok());
            self.put(slot.did, line);
        }
    }

    fn best(&self, needles: &Needles, limit: usize, keep: &impl Fn(i64) -> bool) -> Vec<Match> {
        let mut best = BinaryHeap::with_capacity(limit + 1);
        if limit > 0 {
            self.scan(needles, &mut |hit| {
                if best.len() < limit || best.peek().is_some_and(|worst| hit < *worst) {
                    if keep(hit.did) {
                        best.push(hit);
                    }
                    if best.len() > limit {
                        best.pop();
                    }
                }
                best.len() < limit
            });
        }
        best.into_sorted_vec()
    }

    /// Hands every match to `found`: those where the longest word begins a word first; those where it stands inside one only if `found` still
    /// wanted more.
    fn scan(&self, needles: &Needles, found: &mut impl FnMut(Match) -> bool) {
        let Some(anchor) = needles.anchor() else { return };
        let mut wants_more = true;
        self.pass(|bytes| anchor.find_at_start(bytes), &mut |slot, line| {
            if let Some(hit) = judge(needles, slot, line) {
                wants_more = found(hit);
            }
        });
        if wants_more {
            self.pass(|bytes| anchor.find_inside(bytes), &mut |slot, line| {
                if anchor.find_at_start(line).is_none()
                    && let Some(hit) = judge(needles, slot, line)
                {
                    found(hit);
                }
            });
        }
    }

    /// Every live line in which `find` finds something, once.
    fn pass(&self, find: impl Fn(&[u8]) -> Option<usize>, each: &mut impl FnMut(&Slot, &[u8])) {
        let mut from = 0;
        let mut slots = self.slots.as_slice();
        while let Some(place) = self.buffer.get(from..).and_then(&find).map(|place| place + from) {
            slots = slots.get(passed(slots, place)..).unwrap_or_default();
            let Some(slot) = slots.first() else { break };
            if slot.live
                && let Some(line) = self.buffer.get(slot.start..slot.end)
            {
                each(slot, line);
            }
            from = slot.end;
        }
    }
}

/// How many slots end before `place`. Matches are near each other when there are many: the next few are tried before the rest is halved.
fn passed(slots: &[Slot], place: usize) -> usize {
    const NEAR: usize = 16;
    match slots.iter().take(NEAR).position(|slot| slot.end > place) {
        Some(near) => near,
        None => slots.partition_point(|slot| slot.end <= place),
    }
}

fn judge(needles: &Needles, slot: &Slot, line: &[u8]) -> Option<Match> {
    let (penalty, field) = needles.score(line)?;
    Some(Match { penalty, length: line.len(), did: slot.did, field })
}

#[cfg(test)]
mod tests;
