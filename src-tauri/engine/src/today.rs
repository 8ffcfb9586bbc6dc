//! What a day brings, where the person is: read from dates that are kept in order, so that it costs what it shows.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, FixedOffset, NaiveDate};
use tuttu_model::occurrences::occurrences;
use tuttu_model::query::Today;
use tuttu_model::when::{PartialDate, Rhythm, When};
use tuttu_model::words::Category;
use tuttu_model::{RecordView, SpaceId};
use tuttu_store::Reader;
use tuttu_store::rows::{Agenda, ListQuery, RecordKey, RecordRow, RhythmRow, Sort};

use crate::api::{TodayItem, TodaySection, TodayView};
use crate::clock;
use crate::commands::title;
use crate::definitions::Definitions;
use crate::engine::Inner;
use crate::failure::Failure;

/// Lines of each part when nothing is said, and at most.
const LINES: u32 = 50;
const MOST_LINES: u32 = 1_000;
/// Days ahead for birthdays, dates and rhythms.
const AHEAD: u64 = 14;
/// Dates of one kind that are looked at.
const LOOKED_AT: usize = 20_000;
/// Events that are repeated; each is followed to today.
const REPEATED: usize = 2_000;
/// Behind every date and time as text.
const END: &str = "\u{10FFFF}";

/// A day as it is put together.
struct Day<'a> {
    inner: &'a Inner,
    reader: &'a Reader<'a>,
    date: NaiveDate,
    here: FixedOffset,
    lines: usize,
}

impl Inner {
    /// What today brings.
    pub(crate) fn today(&self, reader: &Reader<'_>, limit: u32) -> Result<TodayView, Failure> {
        let Today { date, offset } = clock::today(self.now());
        let here = FixedOffset::east_opt(offset * 60).unwrap_or_else(|| chrono::Offset::fix(&chrono::Utc));
        let lines = usize::try_from(if limit == 0 { LINES } else { limit.min(MOST_LINES) }).unwrap_or(0);
        let day = Day { inner: self, reader, date, here, lines };
        let (late, soon) = day.rhythms()?;
        let (overdue, due) = day.tasks()?;
        Ok(TodayView {
            date: date.to_string(),
            late,
            soon,
            overdue,
            due,
            follow_ups: day.follow_ups()?,
            events: day.events()?,
            dates: day.dates()?,
            news: day.news()?,
        })
    }
}

impl Inner {
    /// Everybody who has a rhythm, with the day on which it is time again.
    pub(crate) fn rhythms_due(&self, reader: &Reader<'_>) -> Result<Vec<(NaiveDate, RecordKey)>, Failure> {
        let mut found = Vec::new();
        for row in reader.rhythms()? {
            found.extend(due_again(reader, &row)?.map(|due| (due, row.key)));
        }
        Ok(found)
    }
}

/// The day on which it is time again. Whom one never met is due so long after they were added.
fn due_again(reader: &Reader<'_>, row: &RhythmRow) -> Result<Option<NaiveDate>, Failure> {
    let Some(rhythm) = Rhythm::parse(&row.rhythm) else { return Ok(None) };
    let last = match row.last {
        Some(last) => Some(last),
        None => reader.record_of(row.key)?.and_then(|held| When::parse(&held.view.created.at)?.day()),
    };
    let snoozed = PartialDate::parse(&row.snoozed).and_then(|date| date.whole());
    let due = last.and_then(|last| rhythm.after(last));
    Ok(due.map(|due| snoozed.map_or(due, |snoozed| due.max(snoozed))))
}

/// Lines in their order, of which only the first are read.
type Ordered<K> = Vec<(K, RecordKey)>;

impl Day<'_> {
    fn after(&self, days: u64) -> NaiveDate {
        self.date.checked_add_days(Days::new(days)).unwrap_or(self.date)
    }

    fn days_from_today(&self, day: NaiveDate) -> i32 {
        i32::try_from((day - self.date).num_days()).unwrap_or(if day < self.date { i32::MIN } else { i32::MAX })
    }

    fn item(&self, row: RecordRow, detail: String, at: String, days: i32) -> TodayItem {
        let time = match When::parse(&at) {
            Some(When::Date(_)) | None => String::new(),
            Some(when) => when.seconds(&row.view.timezone, self.here).map(|seconds| self.at(seconds, "%H:%M")).unwrap_or_default(),
        };
        let (view, space) = (row.view, row.space.to_string());
        TodayItem { id: view.id, space, kind: view.kind, name: title(&view.name, &view.text), detail, at, time, days, turns: 0 }
    }

    /// A moment by the clock here.
    fn at(&self, seconds: i64, form: &str) -> String {
        chrono::DateTime::from_timestamp(seconds, 0).map(|at| at.with_timezone(&self.here).format(form).to_string()).unwrap_or_default()
    }

    // Rhythms.

    fn rhythms(&self) -> Result<(TodaySection, TodaySection), Failure> {
        let (mut late, mut soon): (Ordered<NaiveDate>, Ordered<NaiveDate>) = (Vec::new(), Vec::new());
        let ahead = self.after(AHEAD);
        for (due, key) in self.inner.rhythms_due(self.reader)? {
            match due {
                due if due <= self.date => late.push((due, key)),
                due if due <= ahead => soon.push((due, key)),
                _ => {}
            }
        }
        Ok((self.people(late)?, self.people(soon)?))
    }

    fn people(&self, mut found: Ordered<NaiveDate>) -> Result<TodaySection, Failure> {
        found.sort_unstable();
        let mut section = TodaySection { total: count(found.len()), ..TodaySection::default() };
        for (due, key) in found {
            if section.items.len() >= self.lines {
                break;
            }
            let Some(row) = self.reader.record_of(key)? else { continue };
            // Met through the copy of the card that lives in a shared space.
            let Some(due) = self.due_by_copies(&row, due)? else {
                section.total = section.total.saturating_sub(1);
                continue;
            };
            let rhythm = row.view.rhythm.clone();
            section.items.push(self.item(row, rhythm, due.to_string(), self.days_from_today(due)));
        }
        Ok(section)
    }

    /// The same, if one met the person through another of their cards since; `None` when that is why it is not time yet.
    fn due_by_copies(&self, row: &RecordRow, due: NaiveDate) -> Result<Option<NaiveDate>, Failure> {
        let Some(rhythm) = Rhythm::parse(&row.view.rhythm) else { return Ok(Some(due)) };
        let mut latest = due;
        for (space, doc) in self.inner.same_person(self.reader, &row.space, &row.doc)? {
            let Some(key) = self.reader.key_of(&space, &doc)? else { continue };
            latest = self.reader.last_met(key)?.and_then(|met| rhythm.after(met)).map_or(latest, |again| latest.max(again));
        }
        // It stays in its part of the day, or it is not shown: nobody is late and soon at once.
        let moved = (latest > self.date) != (due > self.date) || latest > self.after(AHEAD);
        Ok((!moved).then_some(latest))
    }

    // Tasks and activities.

    fn tasks(&self) -> Result<(TodaySection, TodaySection), Failure> {
        let (mut overdue, mut due) = (TodaySection::default(), TodaySection::default());
        let mut spaces: BTreeMap<SpaceId, Definitions> = BTreeMap::new();
        // Times with an offset can fall on another day here.
        for row in self.reader.agenda(Agenda::Todo, "", &self.after(2).to_string(), LOOKED_AT)? {
            let Some(held) = self.reader.record_of(row.key)? else { continue };
            let Some(day) = self.day_here(&row.value, &held.view.timezone) else { continue };
            let definitions = match spaces.entry(held.space) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(free) => free.insert(self.inner.definitions(self.reader, &held.space)?),
            };
            if definitions.category(&held.view.status) != Category::Open || day > self.date {
                continue;
            }
            let section = if day < self.date { &mut overdue } else { &mut due };
            section.total += 1;
            if section.items.len() < self.lines {
                let detail = self.inner.assignee_name(self.reader, &held.space, &held.view.assignee)?;
                section.items.push(self.item(held, detail, row.value, self.days_from_today(day)));
            }
        }
        Ok((overdue, due))
    }

    /// The day a date or time falls on here.
    fn day_here(&self, text: &str, zone: &str) -> Option<NaiveDate> {
        match When::parse(text)? {
            When::Date(date) => date.whole(),
            when => Some(chrono::DateTime::from_timestamp(when.seconds(zone, self.here)?, 0)?.with_timezone(&self.here).date_naive()),
        }
    }

    /// Activities to come back to, until one met somebody of it again, or it is taken off.
    fn follow_ups(&self) -> Result<TodaySection, Failure> {
        let mut section = TodaySection::default();
        for row in self.reader.agenda(Agenda::FollowUp, "", &self.after(2).to_string(), LOOKED_AT)? {
            let Some(day) = self.day_here(&row.value, "").filter(|day| *day <= self.date) else { continue };
            let Some(held) = self.reader.record_of(row.key)? else { continue };
            if self.met_since(&held, day)? {
                continue;
            }
            section.total += 1;
            if section.items.len() < self.lines {
                let detail = self.names(&held.space, &held.view.with)?;
                section.items.push(self.item(held, detail, row.value, self.days_from_today(day)));
            }
        }
        Ok(section)
    }

    fn met_since(&self, activity: &RecordRow, day: NaiveDate) -> Result<bool, Failure> {
        for id in &activity.view.with {
            if let Some(row) = self.linked(&activity.space, id)?
                && let Some(key) = self.reader.key_of(&row.space, &row.doc)?
                && self.reader.last_met(key)?.is_some_and(|met| met >= day)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn linked(&self, space: &SpaceId, id: &str) -> Result<Option<RecordRow>, Failure> {
        match id.parse() {
            Ok(doc) => self.inner.linked(self.reader, space, &doc),
            Err(_) => Ok(None),
        }
    }

    fn names(&self, space: &SpaceId, ids: &[String]) -> Result<String, Failure> {
        const NAMES: usize = 3;
        let mut names = Vec::new();
        for id in ids.iter().take(NAMES) {
            names.push(self.linked(space, id)?.map_or_else(|| id.clone(), |row| title(&row.view.name, &row.view.text)));
        }
        Ok(names.join(", "))
    }

    // Events and dates.

    fn events(&self) -> Result<TodaySection, Failure> {
        let midnight = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp() - i64::from(self.here.local_minus_utc());
        let (from, to) = (midnight(self.date), midnight(self.after(1)));
        let (yesterday, behind) = (self.date.pred_opt().unwrap_or(self.date).to_string(), self.after(2).to_string());
        let mut rows = self.reader.agenda(Agenda::Start, &yesterday, &behind, LOOKED_AT)?;
        rows.extend(self.reader.agenda(Agenda::End, &yesterday, END, LOOKED_AT)?);
        rows.extend(self.reader.agenda(Agenda::Repeated, "", &behind, REPEATED)?);
        let keys: BTreeSet<RecordKey> = rows.into_iter().map(|row| row.key).collect();
        let mut found: Vec<(i64, TodayItem)> = Vec::new();
        for key in keys {
            let Some(row) = self.reader.record_of(key)?.filter(|row| row.view.kind == "event") else { continue };
            if Category::from(row.view.status.as_str()) == Category::Cancelled {
                continue;
            }
            for time in occurrences(&row.view, from, to, self.here) {
                let at = if row.view.all_day { self.at(time.start, "%Y-%m-%d") } else { clock::rfc3339(time.start) };
                let detail = row.view.place.clone();
                found.push((time.start, self.item(row.clone(), detail, at, 0)));
            }
        }
        found.sort_by(|one, other| one.0.cmp(&other.0).then_with(|| one.1.id.cmp(&other.1.id)));
        let total = count(found.len());
        Ok(TodaySection { items: found.into_iter().take(self.lines).map(|(_, item)| item).collect(), total })
    }

    /// Birthdays and other dates of today and the days ahead. Who was born on 29 February has a birthday on the 28th in other years.
    fn dates(&self) -> Result<TodaySection, Failure> {
        let last = self.after(AHEAD);
        let mut found: Vec<(NaiveDate, String, RecordKey)> = Vec::new();
        for (of, label) in [(Agenda::Birthday, "birthday"), (Agenda::Day, "")] {
            for (low, high) in self.days_of_year(last) {
                for row in self.reader.agenda(of, &low, &high, LOOKED_AT)? {
                    let (day, said) = row.value.split_once('\t').unwrap_or((&row.value, label));
                    let next = PartialDate::parse(&format!("--{day}")).and_then(|day| day.next_from(self.date));
                    if let Some(next) = next.filter(|next| *next <= last) {
                        found.push((next, said.to_owned(), row.key));
                    }
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        let mut section = TodaySection { total: count(found.len()), ..TodaySection::default() };
        for (next, label, key) in found.into_iter().take(self.lines) {
            let Some(row) = self.reader.record_of(key)? else { continue };
            let turns = if label == "birthday" { turns(&row.view, next) } else { 0 };
            section.items.push(TodayItem { turns, ..self.item(row, label, next.to_string(), self.days_from_today(next)) });
        }
        Ok(section)
    }

    /// The months and days from today to a day, as texts; two stretches over the end of a year.
    fn days_of_year(&self, last: NaiveDate) -> Vec<(String, String)> {
        let text = |day: NaiveDate| format!("{:02}-{:02}", day.month(), day.day());
        // The last day is included, and 29 February belongs to the 28th.
        let behind = |day: NaiveDate| if text(day) == "02-28" { format!("02-29{END}") } else { format!("{}{END}", text(day)) };
        if last.year() == self.date.year() {
            vec![(text(self.date), behind(last))]
        } else {
            vec![(text(self.date), END.to_owned()), (String::new(), behind(last))]
        }
    }

    // What colleagues changed.

    fn news(&self) -> Result<TodaySection, Failure> {
        let query = ListQuery { text: "has:news".into(), sort: Sort::Changed, limit: count(self.lines), ..ListQuery::default() };
        let page = self.reader.list_page(&query)?;
        let mut items = Vec::with_capacity(page.rows.len());
        for mut row in page.rows {
            self.inner.name_stamps(self.reader, &mut row.view)?;
            let (by, at) = (row.view.changed.by.clone(), row.view.changed.at.clone());
            let days = self.day_here(&at, "").map_or(0, |day| self.days_from_today(day));
            items.push(self.item(row, by, at, days));
        }
        Ok(TodaySection { items, total: page.total })
    }
}

/// How old somebody becomes on a day; 0 where the year is unknown.
fn turns(view: &RecordView, on: NaiveDate) -> u32 {
    let born = PartialDate::parse(&view.birthday).and_then(|date| date.year);
    born.and_then(|year| u32::try_from(on.year() - year).ok()).unwrap_or(0)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
