//! What a day brings.

use serde::{Deserialize, Serialize};

use super::shape::shape;

shape!(
    /// One line of a day.
    TodayItem {
        /// The record.
        id: String,
        /// Its space.
        space: String,
        /// Its kind.
        kind: String,
        /// Its name, or how its text begins.
        name: String,
        /// What is said beside it: the rhythm, the label of a date, the place of an event, who changed it.
        detail: String,
        /// When: a date, or RFC 3339.
        at: String,
        /// The time of day by the clock here, `14:00`; empty where only the day is said.
        time: String,
        /// Days from today: negative is past.
        days: i32,
        /// Of a birthday with a year: how old.
        turns: u32,
    }
);
shape!(
    /// A part of a day: what is in it, and how many there are in all.
    TodaySection {
        /// The first of them.
        items: Vec<TodayItem>,
        /// All.
        total: u32,
    }
);
shape!(
    /// What a day brings, where the person is.
    TodayView {
        /// The day.
        date: String,
        /// Who is past their rhythm, the longest first.
        late: TodaySection,
        /// Who is due by their rhythm within the days ahead.
        soon: TodaySection,
        /// Open tasks that were due before today.
        overdue: TodaySection,
        /// Open tasks that are due today.
        due: TodaySection,
        /// Activities to come back to, today or since.
        follow_ups: TodaySection,
        /// What takes place today, in its order.
        events: TodaySection,
        /// Birthdays and other dates, today and in the days ahead.
        dates: TodaySection,
        /// What colleagues changed since it was last looked at, newest first.
        news: TodaySection,
    }
);
shape!(
    /// Something it is time for.
    ReminderView {
        /// The record: a task, an event, or somebody to meet.
        id: String,
        /// Its space.
        space: String,
        /// Its name.
        name: String,
        /// Its kind.
        kind: String,
        /// When it was time, RFC 3339.
        at: String,
        /// Tuttu was closed, or the computer slept, when it was time.
        missed: bool,
    }
);
