//! The search memory: the lines of all people and organisations in one buffer, scanned from end to end, and what is known of each beside it.

use std::collections::{BinaryHeap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use memchr::memmem;

use super::bits::Bits;
use super::ranking::{Field, Needle, Needles, Probe};
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

    /// The day of the last meeting, in days since 1900; 0 for none.
    pub(crate) fn last_day(&self) -> u32 {
        self.last
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

/// A line's place in the buffers. A line that was replaced keeps its place until the next tidying.
#[derive(Debug, Clone, Copy)]
struct Slot {
    did: i64,
    /// Where its line ends; it begins where the one before ends.
    end: u32,
    /// Where its name ends among the names.
    name_end: u32,
    live: bool,
    about: About,
}

/// What of a line is looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    Name,
}

impl Part {
    fn of(probe: &Probe) -> Self {
        if probe.within() == Some(Field::Name) { Self::Name } else { Self::Whole }
    }

    fn end(self, slot: &Slot) -> usize {
        let end = if self == Self::Whole { slot.end } else { slot.name_end };
        usize::try_from(end).unwrap_or(usize::MAX)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Lines {
    buffer: Vec<u8>,
    /// The first field of each line once more: most of what is typed is a name, and these are a sixth of all.
    names: Vec<u8>,
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
        if let Some(at) = self.slot_of.remove(&did) {
            self.dead += self.line(at, Part::Whole).len();
            if let Some(slot) = self.slots.get_mut(at) {
                slot.live = false;
            }
        }
    }

    fn put(&mut self, did: i64, line: &str, about: About) {
        self.remove(did);
        let name = line.split('\n').next().unwrap_or_default();
        let (end, name_end) = (u32::try_from(self.buffer.len() + line.len()), u32::try_from(self.names.len() + name.len() + 1));
        // Four gigabytes of names: what is beyond them is not searched.
        let (Ok(end), Ok(name_end)) = (end, name_end) else { return };
        self.vocabulary.learn(name);
        self.buffer.extend_from_slice(line.as_bytes());
        self.names.extend_from_slice(name.as_bytes());
        self.names.push(b'\n');
        self.slot_of.insert(did, self.slots.len());
        self.slots.push(Slot { did, end, name_end, live: true, about });
    }

    /// The bytes of the line in a slot.
    fn line(&self, at: usize, part: Part) -> &[u8] {
        let end = self.slots.get(at).map_or(0, |slot| part.end(slot));
        self.bytes(part).get(self.start(at, part)..end).unwrap_or_default()
    }

    fn start(&self, at: usize, part: Part) -> usize {
        at.checked_sub(1).and_then(|before| self.slots.get(before)).map_or(0, |slot| part.end(slot))
    }

    /// Bytes of the whole line in a slot.
    fn length(&self, at: usize) -> usize {
        self.line(at, Part::Whole).len()
    }

    fn bytes(&self, part: Part) -> &[u8] {
        if part == Part::Whole { &self.buffer } else { &self.names }
    }

    /// Drops replaced lines when they are a third of all.
    fn tidy(&mut self) {
        if self.dead < 64 * 1024 || self.dead < self.buffer.len() / 3 {
            return;
        }
        let old = std::mem::take(self);
        for (at, slot) in old.slots.iter().enumerate().filter(|(_, slot)| slot.live) {
            if let Ok(line) = std::str::from_utf8(old.line(at, Part::Whole)) {
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
        self.lines_of(Part::Whole)
    }

    /// All names, folded, with the records they belong to.
    pub(crate) fn each_name(&self) -> impl Iterator<Item = (i64, &About, &str)> {
        self.lines_of(Part::Name)
    }

    fn lines_of(&self, part: Part) -> impl Iterator<Item = (i64, &About, &str)> {
        let live = self.slots.iter().enumerate().filter(|(_, slot)| slot.live);
        live.filter_map(move |(at, slot)| Some((slot.did, &slot.about, std::str::from_utf8(self.line(at, part)).ok()?)))
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
        if needles.is_one_anywhere() {
            for probe in needles.anchor().map(Needle::probes).unwrap_or_default() {
                self.pass(Part::Whole, probe.finder(), &mut |slot, _, _| found.insert(slot.did));
            }
            return found;
        }
        self.scan(needles, &mut |hit| {
            found.insert(hit.did);
        });
        found
    }

    /// The best matches, best first; only those that `keep` keeps.
    pub(crate) fn best(&self, needles: &Needles, limit: usize, keep: &impl Fn(i64) -> bool) -> Vec<Match> {
        if limit == 0 {
            return Vec::new();
        }
        let mut best = Best { limit, keep, found: BinaryHeap::with_capacity(limit.min(1_000) + 1) };
        self.scan_names(needles, &mut |hit| best.offer(hit));
        // Where names alone fill the page, nothing in another field is better.
        if best.worst_is_below(Needles::BEYOND_NAMES) {
            return best.found.into_sorted_vec();
        }
        best.found.clear();
        self.scan(needles, &mut |hit| best.offer(hit));
        best.found.into_sorted_vec()
    }

    /// Hands over every match whose name has a word that begins with the anchor.
    fn scan_names(&self, needles: &Needles, found: &mut impl FnMut(Match)) {
        let Some([probe]) = needles.anchor().map(Needle::probes) else { return };
        if probe.within().is_some() {
            return;
        }
        if !needles.is_one_anywhere() {
            self.pass(Part::Name, probe.start_finder(), &mut |slot, at, _| self.judge(needles, slot, at, found));
            return;
        }
        // One word: where it is in the name says all. Single letters begin a tenth of all names.
        self.pass(Part::Name, probe.start_finder(), &mut |slot, at, place| {
            let penalty = probe.penalty_in_name(self.line(at, Part::Name), place);
            found(Match { penalty, distance: u32::MAX - slot.about.closeness, length: self.length(at), did: slot.did, field: Field::Name });
        });
    }

    /// Hands every match to `found`.
    fn scan(&self, needles: &Needles, found: &mut impl FnMut(Match)) {
        let probes = needles.anchor().map(Needle::probes).unwrap_or_default();
        for (at, probe) in probes.iter().enumerate() {
            let earlier = probes.get(..at).unwrap_or_default();
            self.pass(Part::of(probe), probe.finder(), &mut |slot, at, _| {
                if earlier.iter().all(|probe| probe.finder().find(self.line(at, Part::of(probe))).is_none()) {
                    self.judge(needles, slot, at, found);
                }
            });
        }
    }

    fn judge(&self, needles: &Needles, slot: &Slot, at: usize, found: &mut impl FnMut(Match)) {
        let line = self.line(at, Part::Whole);
        if let Some((penalty, field)) = needles.score(line) {
            let distance = u32::MAX - slot.about.closeness;
            found(Match { penalty, distance, length: line.len(), did: slot.did, field });
        }
    }

    /// Every live line in whose part something is found, once: its slot, and where in the part.
    fn pass(&self, part: Part, finder: &memmem::Finder<'_>, each: &mut impl FnMut(&Slot, usize, usize)) {
        let bytes = self.bytes(part);
        let (mut from, mut at) = (0, 0);
        while let Some(place) = bytes.get(from..).and_then(|rest| finder.find(rest)).map(|place| place + from) {
            at += passed(self.slots.get(at..).unwrap_or_default(), part, place);
            let Some(slot) = self.slots.get(at) else { break };
            if slot.live {
                each(slot, at, place - self.start(at, part));
            }
            from = part.end(slot);
        }
    }
}

/// The best of what is offered.
struct Best<'a, F> {
    limit: usize,
    keep: &'a F,
    found: BinaryHeap<Match>,
}

impl<F: Fn(i64) -> bool> Best<'_, F> {
    fn offer(&mut self, hit: Match) {
        if self.found.len() < self.limit || self.found.peek().is_some_and(|worst| hit < *worst) {
            if (self.keep)(hit.did) {
                self.found.push(hit);
            }
            if self.found.len() > self.limit {
                self.found.pop();
            }
        }
    }

    fn worst_is_below(&self, penalty: u32) -> bool {
        self.found.len() == self.limit && self.found.peek().is_some_and(|worst| worst.penalty < penalty)
    }
}

/// How many slots end before `place`. Matches are near each other when there are many: the next few are tried before the rest is halved.
fn passed(slots: &[Slot], part: Part, place: usize) -> usize {
    const NEAR: usize = 16;
    match slots.iter().take(NEAR).position(|slot| part.end(slot) > place) {
        Some(near) => near,
        None => slots.partition_point(|slot| part.end(slot) <= place),
    }
}

#[cfg(test)]
mod tests;
