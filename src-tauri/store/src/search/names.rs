//! The search memory: the lines of all people and organisations in one buffer, scanned from end to end, and what is known of each beside it.

use std::collections::{BinaryHeap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use super::bits::Bits;
use super::ranking::{Field, Needles};
use super::text::day_of;
use super::typos::Vocabulary;
use crate::error::StoreError;
use crate::{connection, sql};

/// What is known of a person or organisation beside its line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct About {
    /// The space.
    pub(crate) sid: i64,
    /// An organisation.
    pub(crate) org: bool,
    /// What it has (see [`super::facts::bit`]).
    pub(crate) features: u32,
    /// Activities with it.
    pub(crate) meetings: u32,
    /// The day of the last of them, since 1900; 0 for none.
    pub(crate) last: u32,
    /// How often and how lately one met, together; more is closer.
    pub(crate) closeness: u32,
}

impl About {
    pub(crate) fn new(sid: i64, org: bool, features: u32) -> Self {
        Self { sid, org, features, ..Self::default() }
    }

    pub(crate) fn with_meetings(self, meetings: u32, last: u32) -> Self {
        Self { meetings, last, closeness: closeness(meetings, last), ..self }
    }
}

/// How close somebody is: how often and how lately one met. The logarithm of the number of meetings, each counting half as much every three months, up to what
/// is the same for all; so it needs no clock.
fn closeness(meetings: u32, last: u32) -> u32 {
    const STEPS: f64 = 16.0;
    const HALVED_AFTER: f64 = 90.0;
    if meetings == 0 {
        return 0;
    }
    // Some 10,000 in this century.
    ((f64::from(meetings) + 1.0).log2() * STEPS + f64::from(last) * STEPS / HALVED_AFTER) as u32
}

/// The day of a time, as kept in [`About::last`].
pub(crate) fn day_number(at: &str) -> u32 {
    u32::try_from(day_of(at)).unwrap_or(0)
}

/// What a commit changed of a person or organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NameUpdate {
    /// It is not searched any more.
    Gone(i64),
    /// Its line now.
    Line(i64, String, About),
    /// Activities with it: how many, and when the last was.
    Met(i64, u32, u32),
}

/// A match: how well (lower is better), and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Match {
    pub(crate) penalty: u32,
    /// The closest first among equals.
    distance: u32,
    /// Then shorter lines: there the match is more of the whole.
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

    fn queue(&self) -> MutexGuard<'_, Vec<NameUpdate>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the memory as it is after the newest commit.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&Lines) -> T) -> Result<T, StoreError> {
        if !self.queue().is_empty() || !self.listening.load(Ordering::SeqCst) {
            self.catch_up()?;
        }
        let mut lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
        if lines.is_none() {
            drop(lines);
            self.catch_up()?;
            lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
        }
        Ok(match lines.as_ref() {
            Some(lines) => work(lines),
            None => work(&Lines::default()),
        })
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
                lines.take_in(update);
            }
            lines.tidy();
        }
        Ok(())
    }

    fn load(&self) -> Result<Lines, StoreError> {
        // A connection of its own: the reader that asks may look at an older snapshot than the updates that are queued from now on.
        let connection = connection::reading(&self.database)?;
        let mut lines = Lines::default();
        let mut met: HashMap<i64, (u32, u32)> = HashMap::new();
        sql::each(&connection, "SELECT did, meetings, last FROM met", [], |row| {
            met.insert(row.get(0)?, (row.get(1)?, day_number(row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?)));
            Ok(true)
        })?;
        sql::each(&connection, "SELECT did, sid, org, features, line FROM finder", [], |row| {
            let did = row.get(0)?;
            let (meetings, last) = met.get(&did).copied().unwrap_or_default();
            let about = About::new(row.get(1)?, row.get(2)?, row.get(3)?).with_meetings(meetings, last);
            lines.put(did, row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?, about);
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
    about: About,
}

#[derive(Debug, Default)]
pub(crate) struct Lines {
    buffer: Vec<u8>,
    slots: Vec<Slot>,
    slot_of: HashMap<i64, usize>,
    dead: usize,
    vocabulary: Vocabulary,
}

impl Lines {
    fn take_in(&mut self, update: NameUpdate) {
        match update {
            NameUpdate::Gone(did) => self.remove(did),
            NameUpdate::Line(did, line, about) => self.put(did, &line, about),
            NameUpdate::Met(did, meetings, last) => {
                if let Some(slot) = self.slot_of.get(&did).and_then(|at| self.slots.get_mut(*at)) {
                    slot.about = slot.about.with_meetings(meetings, last);
                }
            }
        }
    }

    fn remove(&mut self, did: i64) {
        if let Some(slot) = self.slot_of.remove(&did).and_then(|at| self.slots.get_mut(at)) {
            slot.live = false;
            self.dead += slot.end - slot.start;
        }
    }

    fn put(&mut self, did: i64, line: &str, about: About) {
        self.remove(did);
        self.vocabulary.learn(line.split('\n').next().unwrap_or_default());
        let start = self.buffer.len();
        self.buffer.extend_from_slice(line.as_bytes());
        self.slot_of.insert(did, self.slots.len());
        self.slots.push(Slot { did, start, end: self.buffer.len(), live: true, about });
    }

    /// Drops replaced lines when they are a third of all.
    fn tidy(&mut self) {
        if self.dead < 64 * 1024 || self.dead < self.buffer.len() / 3 {
            return;
        }
        let old = std::mem::take(self);
        for slot in old.slots.iter().filter(|slot| slot.live) {
            if let Some(line) = old.buffer.get(slot.start..slot.end).and_then(|bytes| std::str::from_utf8(bytes).ok()) {
                self.put(slot.did, line, slot.about);
            }
        }
    }

    /// What is known of a record; `None` when it is neither a person nor an organisation.
    pub(crate) fn about(&self, did: i64) -> Option<&About> {
        self.slot_of.get(&did).and_then(|at| self.slots.get(*at)).map(|slot| &slot.about)
    }

    /// All people and organisations.
    pub(crate) fn each(&self) -> impl Iterator<Item = (i64, &About)> {
        self.slots.iter().filter(|slot| slot.live).map(|slot| (slot.did, &slot.about))
    }

    /// All lines with the records they belong to.
    pub(crate) fn each_line(&self) -> impl Iterator<Item = (i64, &About, &str)> {
        self.slots.iter().filter(|slot| slot.live).filter_map(|slot| {
            let line = self.buffer.get(slot.start..slot.end).and_then(|bytes| std::str::from_utf8(bytes).ok())?;
            Some((slot.did, &slot.about, line))
        })
    }

    /// The people and organisations of which something is so.
    pub(crate) fn those(&self, so: impl Fn(&About) -> bool) -> Bits {
        self.each().filter(|(_, about)| so(about)).map(|(did, _)| did).collect()
    }

    /// Known words of names that a typed word may have been meant to be.
    pub(crate) fn near(&self, typed: &str) -> Vec<String> {
        self.vocabulary.near(typed)
    }

    /// The records of all matches.
    pub(crate) fn matching(&self, needles: &Needles) -> Bits {
        let mut found = Bits::default();
        self.scan(needles, &mut |hit| {
            found.insert(hit.did);
        });
        found
    }

    /// The best matches, best first; only those that `keep` keeps.
    pub(crate) fn best(&self, needles: &Needles, limit: usize, keep: &impl Fn(i64) -> bool) -> Vec<Match> {
        let mut best = BinaryHeap::with_capacity(limit.min(1_000) + 1);
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
            });
        }
        best.into_sorted_vec()
    }

    /// Hands every match to `found`.
    fn scan(&self, needles: &Needles, found: &mut impl FnMut(Match)) {
        let Some(anchor) = needles.anchor() else { return };
        let finders: Vec<_> = anchor.finders().collect();
        for (at, finder) in finders.iter().enumerate() {
            let earlier = finders.get(..at).unwrap_or_default();
            self.pass(|bytes| finder.find(bytes), &mut |slot, line| {
                if earlier.iter().all(|finder| finder.find(line).is_none())
                    && let Some((penalty, field)) = needles.score(line)
                {
                    let distance = u32::MAX - slot.about.closeness;
                    found(Match { penalty, distance, length: line.len(), did: slot.did, field });
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

#[cfg(test)]
mod tests;
