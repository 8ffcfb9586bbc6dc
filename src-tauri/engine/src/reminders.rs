//! Reminders: what is to be told now, what was missed while nobody could be told, and when the next is.
//!
//! Nothing is planned ahead. Whoever runs the vault asks again and again ([`Engine::remind`]), after as long as it is told and at the latest after a minute; what
//! lies between the last moment everything was told until, and now, is told. So sleep, a closed vault and a clock that was set lose nothing, and nothing is
//! told twice: until when, and what was told last, is kept in the vault of this computer.

use chrono::{DateTime, FixedOffset, Local, NaiveDate, NaiveTime, Offset, Utc};
use serde::{Deserialize, Serialize};
use tuttu_model::occurrences::occurrences;
use tuttu_model::when::{Reminder, When};
use tuttu_model::words::Category;
use tuttu_store::rows::{Agenda, RecordKey, RecordRow};
use tuttu_store::{Lane, Reader};

use crate::api::{ErrorView, Event, ReminderView};
use crate::clock;
use crate::commands::title;
use crate::engine::{Engine, Inner};
use crate::failure::Failure;

/// Where it is kept until when everything was told.
const TOLD: &str = "reminders.told";
/// What has a day and no time is told in the morning.
const MORNING: u32 = 9;
/// Reminders looked at.
const LOOKED_AT: usize = 50_000;
/// Told at once; there are never so many of which somebody would want to read all.
const AT_ONCE: usize = 100;
/// Seconds after which it counts as missed.
const LATE: i64 = 120;
/// Seconds for which it is remembered what was told: a clock that is set back by less tells nothing twice.
const REMEMBERED: i64 = 7 * 86_400;
/// Seconds after which one asks again at the latest.
const LONGEST: i64 = 60;
/// Behind every text.
const END: &str = "\u{10FFFF}";

/// What was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    /// Everything until then, seconds since 1970.
    until: i64,
    /// The last of it: record and moment.
    last: Vec<(String, i64)>,
}

/// One reminder.
struct Due {
    at: i64,
    row: RecordRow,
}

impl Engine {
    /// Tells the listeners what is due now and was not told ([`Event::Reminder`]), and says after how many seconds to ask again.
    ///
    /// # Errors
    /// When the vault cannot be read or written.
    pub fn remind(&self) -> Result<u32, ErrorView> {
        let now = self.inner.now();
        let (told, mut due, next) = self.inner.read(|reader| {
            let told = self.inner.told(reader)?;
            let from = told.as_ref().map_or(now, |told| told.until.min(now));
            let all = self.inner.due_between(reader, from, now + LONGEST)?;
            let next = all.iter().map(|due| due.at).filter(|at| *at > now).min();
            Ok((told, all, next))
        })?;
        due.retain(|due| due.at <= now);
        due.sort_by_key(|due| due.at);
        let before = told.clone().unwrap_or_default();
        due.retain(|due| !before.last.contains(&(due.row.view.id.clone(), due.at)));
        let mut last = before.last;
        last.retain(|(_, at)| *at > now - REMEMBERED);
        last.extend(due.iter().map(|due| (due.row.view.id.clone(), due.at)));
        let told_now = Told { until: now, last };
        // Kept first: what was told must not be told again, and what was not is still on the page of the day.
        if told.is_none_or(|told| told.last != told_now.last || told.until > now || now - told.until >= LONGEST) || !due.is_empty() {
            let bytes = serde_json::to_vec(&told_now).unwrap_or_default();
            self.inner.write(Lane::Local, move |_, tx| Ok(tx.put_meta(TOLD, &bytes)?))?;
        }
        if !due.is_empty() {
            let reminders = due.into_iter().rev().take(AT_ONCE).map(|due| view_of(due, now)).collect();
            self.announce(Event::Reminder { reminders });
        }
        let wait = next.map_or(LONGEST, |next| (next - now).clamp(1, LONGEST));
        Ok(u32::try_from(wait).unwrap_or(1))
    }
}

fn view_of(due: Due, now: i64) -> ReminderView {
    let Due { at, row } = due;
    ReminderView {
        id: row.view.id,
        space: row.space.to_string(),
        name: title(&row.view.name, &row.view.text),
        kind: row.view.kind,
        at: clock::rfc3339(at),
        missed: now - at > LATE,
    }
}

impl Inner {
    fn told(&self, reader: &Reader<'_>) -> Result<Option<Told>, Failure> {
        // What cannot be read is as if nothing had been told: nothing old is told then.
        Ok(reader.meta(TOLD)?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// What is due after one moment and until another.
    fn due_between(&self, reader: &Reader<'_>, from: i64, to: i64) -> Result<Vec<Due>, Failure> {
        let here = DateTime::from_timestamp(to, 0).map_or_else(|| Utc.fix(), |now| *now.with_timezone(&Local).offset());
        let mut found = Vec::new();
        for row in reader.agenda(Agenda::Reminder, "", END, LOOKED_AT)? {
            let mut parts = row.value.split('\t');
            let (reminder, before, zone) =
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let times = match Reminder::parse(reminder) {
                Some(Reminder::At(when)) => moment(&when, zone, here).into_iter().collect(),
                Some(Reminder::Before(seconds)) => self.before(reader, row.key, before, zone, seconds, (from, to), here)?,
                None => Vec::new(),
            };
            for at in times.into_iter().filter(|at| *at > from && *at <= to) {
                if let Some(row) = self.open_record(reader, row.key)? {
                    found.push(Due { at, row });
                }
            }
        }
        self.rhythms_between(reader, (from, to), here, &mut found)?;
        Ok(found)
    }

    /// So long before a task is due, or an event begins: each time it does.
    #[expect(clippy::too_many_arguments, reason = "one date taken apart")]
    fn before(
        &self,
        reader: &Reader<'_>,
        key: RecordKey,
        text: &str,
        zone: &str,
        seconds: i64,
        (from, to): (i64, i64),
        here: FixedOffset,
    ) -> Result<Vec<i64>, Failure> {
        let Some(when) = When::parse(text) else { return Ok(Vec::new()) };
        let once = moment(&when, zone, here).map(|at| at - seconds);
        // Most are asked for no more than once: only what is repeated has to be read.
        let repeated = once.is_some_and(|at| at <= to);
        if !repeated {
            return Ok(Vec::new());
        }
        match reader.record_of(key)? {
            Some(row) if !row.view.recurrence.is_empty() && row.view.kind == "event" => {
                let times = occurrences(&row.view, from + seconds, to + seconds + 1, here);
                Ok(times.into_iter().map(|one| one.start - seconds).collect())
            }
            _ => Ok(once.into_iter().collect()),
        }
    }

    /// A record that is still to be reminded of: not done by a word of its space.
    fn open_record(&self, reader: &Reader<'_>, key: RecordKey) -> Result<Option<RecordRow>, Failure> {
        let Some(row) = reader.record_of(key)? else { return Ok(None) };
        let definitions = self.definitions(reader, &row.space)?;
        Ok((!row.view.deleted && definitions.category(&row.view.status) == Category::Open).then_some(row))
    }

    /// Whom it is time to meet again, on the morning of that day.
    fn rhythms_between(&self, reader: &Reader<'_>, (from, to): (i64, i64), here: FixedOffset, found: &mut Vec<Due>) -> Result<(), Failure> {
        for (day, key) in self.rhythms_due(reader)? {
            let Some(at) = morning(day, here).filter(|at| *at > from && *at <= to) else { continue };
            if let Some(row) = reader.record_of(key)? {
                found.push(Due { at, row });
            }
        }
        Ok(())
    }
}

fn moment(when: &When, zone: &str, here: FixedOffset) -> Option<i64> {
    match when {
        When::Date(date) => morning(date.whole()?, here),
        when => when.seconds(zone, here),
    }
}

fn morning(day: NaiveDate, here: FixedOffset) -> Option<i64> {
    When::Wall(day.and_time(NaiveTime::from_hms_opt(MORNING, 0, 0)?)).seconds("", here)
}
