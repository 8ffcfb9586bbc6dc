//! `check`: signatures, chains, documents, query tables, sums, text indexes and the file itself, against each other. It reads one row after the
//! other and keeps sums and a bounded list of what is wrong, so a million records need no more memory than a thousand.

mod documents;
mod entries;
mod membership;

use std::cell::RefCell;
use std::time::{Duration, Instant};

use tuttu_model::{DocumentId, EntryHash, SpaceId};
use tuttu_store::{Reader, StoreError};

use crate::api::{CheckReport, ErrorView, Event, Finding, Outcome};
use crate::engine::{Engine, Inner};
use crate::failure::Failure;

/// Findings listed before the report only counts.
const LISTED: usize = 200;
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(200);

/// What a check found, and what can be done about it.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) report: CheckReport,
    /// Caches are wrong: a rebuild mends them.
    caches: bool,
    /// Pages of the file are damaged: it is mended when it is opened the next time.
    file: bool,
    /// Records with changes that cannot be read.
    documents: Vec<(SpaceId, DocumentId)>,
    /// Entries that cannot be read.
    entries: Vec<(SpaceId, EntryHash)>,
}

/// What is safe when a cache is wrong.
const CHANGES_SAFE: &str = "The changes it is made from are whole.";
/// What is safe when pages are damaged.
const FILE_SAFE: &str = "What can be read is taken into a new file, and the damaged one is kept.";
/// What to do about what `--repair` mends.
const REPAIR: &str = "Run: tuttu check --repair";

impl Checked {
    fn find(&mut self, what: &str, problem: String, safe: &str, done: &str) {
        if self.report.findings.len() < LISTED {
            self.report.problems.push(problem.clone());
            self.report.findings.push(Finding { what: what.into(), problem, safe: safe.into(), done: done.into() });
        } else {
            self.report.more = self.report.more.saturating_add(1);
        }
    }

    /// Damaged pages end one part of a check, not the others.
    fn as_far_as_possible(&mut self, result: Result<(), Failure>) -> Result<(), Failure> {
        match result {
            Err(Failure::Store(StoreError::Corrupt(why))) => {
                self.file = true;
                self.find("file", format!("A part of the database file cannot be read: {why}."), FILE_SAFE, REPAIR);
                Ok(())
            }
            other => other,
        }
    }

    /// A cache is wrong.
    fn cache(&mut self, what: &str, problem: String) {
        self.caches = true;
        self.find(what, problem, CHANGES_SAFE, REPAIR);
    }
}

/// Tells how far a check is.
struct Telling<'a> {
    inner: &'a Inner,
    total: u32,
    done: u32,
    told: RefCell<Instant>,
}

impl Telling<'_> {
    fn step(&mut self, by: usize) {
        self.done = self.done.saturating_add(u32::try_from(by).unwrap_or(u32::MAX));
        if self.told.borrow().elapsed() >= TELL_EVERY {
            *self.told.borrow_mut() = Instant::now();
            self.inner.announce(Event::Progress { what: "check".into(), done: self.done.min(self.total), total: self.total });
        }
    }
}

impl Inner {
    pub(crate) fn check(&self, reader: &Reader<'_>) -> Result<Checked, Failure> {
        let mut checked = Checked::default();
        let total = reader.document_count(0)?.0;
        let mut telling = Telling { inner: self, total, done: 0, told: RefCell::new(Instant::now()) };
        for row in reader.spaces()? {
            checked.report.spaces += 1;
            let result = self.check_membership(reader, &row, &mut checked);
            checked.as_far_as_possible(result)?;
            let result = self.check_entries(reader, &row.id, &mut checked);
            checked.as_far_as_possible(result)?;
        }
        if reader.projections_are_current()? {
            let result = self.check_documents(reader, &mut checked, &mut telling);
            checked.as_far_as_possible(result)?;
        } else {
            let safe = "Nothing is missing: all changes are there, and the lists fill by themselves while Tuttu runs.";
            checked.find("lists", "The lists are being made again just now and are not complete yet.".into(), safe, "Check again later.");
        }
        for problem in reader.damage()? {
            checked.file = true;
            checked.find("file", format!("The database file: {problem}."), FILE_SAFE, REPAIR);
        }
        checked.report.damaged = reader.damaged_records()?;
        Ok(checked)
    }
}

impl Engine {
    /// Checks everything, mends what can be mended, and checks again.
    pub(crate) fn repair(&self) -> Result<Outcome, ErrorView> {
        let found = self.inner.read(|reader| self.inner.check(reader))?;
        let mut report = found.report.clone();
        self.set_found_aside(&found)?;
        if found.file {
            self.inner.store.suspect("check found it damaged");
        }
        // What lies in damaged pages cannot be made again in the same file.
        let rebuilt = found.caches && self.rebuild().is_ok();
        let after = self.inner.read(|reader| self.inner.check(reader))?;
        for finding in &mut report.findings {
            finding.done = if finding.what == "file" {
                "It is mended when Tuttu opens this vault the next time.".into()
            } else if after.report.problems.contains(&finding.problem) {
                "It could not be mended.".into()
            } else if finding.safe == CHANGES_SAFE && rebuilt {
                "It was made again from the changes.".into()
            } else {
                "Its bytes were set aside. A colleague’s computer that has it sends it again at the next exchange.".into()
            };
        }
        report.problems = after.report.problems;
        report.more = after.report.more;
        report.damaged = after.report.damaged;
        Ok(Outcome::Repaired { report })
    }

    fn set_found_aside(&self, found: &Checked) -> Result<(), ErrorView> {
        let (documents, entries) = (found.documents.clone(), found.entries.clone());
        if documents.is_empty() && entries.is_empty() {
            return Ok(());
        }
        self.inner.write(tuttu_store::Lane::Remote, move |inner, tx| {
            for (space, doc) in documents {
                inner.set_changes_aside(tx, &space, &doc)?;
            }
            for (space, hash) in entries {
                inner.set_aside(tx, &tuttu_store::rows::Noticed::Entry(space, hash))?;
            }
            Ok(())
        })
    }
}
