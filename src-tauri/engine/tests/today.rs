//! What a day brings, on a clock of the test's own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tuttu_engine::api::{Answer, Command, Event, Outcome, Query, RecordRef, TodaySection, TodayView};
use tuttu_engine::model::draft::parse_assignment;
use tuttu_engine::{Engine, NewVault, Surroundings, System};

/// Noon of 25 November 2026 in Greenwich: the same day nearly everywhere.
const NOON: i64 = 1_795_608_000;
const DAY: i64 = 86_400;

#[derive(Debug)]
struct Clock(AtomicI64);

impl Surroundings for Clock {
    fn now_millis(&self) -> i64 {
        self.0.load(Ordering::SeqCst) * 1_000
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), String> {
        System.fill(bytes)
    }
}

struct World {
    _dir: tempfile::TempDir,
    engine: Engine,
    clock: Arc<Clock>,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(Clock(AtomicI64::new(NOON)));
        let new = NewVault { person_name: "Ilona".into(), computer_name: "ThinkPad".into() };
        let engine = Engine::create_in(&dir.path().join("vault"), &new, clock.clone()).unwrap();
        Self { _dir: dir, engine, clock }
    }

    fn add(&self, kind: &str, fields: &[&str]) -> String {
        let edits = fields.iter().flat_map(|field| parse_assignment(field).unwrap()).collect();
        match self.engine.execute(Command::Create { space: None, kind: kind.into(), edits }).unwrap() {
            Outcome::Records { ids, .. } => ids[0].clone(),
            other => panic!("{other:?}"),
        }
    }

    fn set(&self, id: &str, field: &str) {
        let edits = parse_assignment(field).unwrap();
        self.engine.execute(Command::Edit { record: RecordRef::anywhere(id), edits }).unwrap();
    }

    fn later(&self, days: i64) {
        self.clock.0.fetch_add(days * DAY, Ordering::SeqCst);
    }

    fn today(&self) -> TodayView {
        match self.engine.query(Query::Today { limit: 0 }).unwrap() {
            Answer::Today(view) => *view,
            other => panic!("{other:?}"),
        }
    }
}

fn lines(section: &TodaySection) -> Vec<(&str, i32)> {
    assert_eq!(section.total as usize, section.items.len());
    section.items.iter().map(|item| (item.name.as_str(), item.days)).collect()
}

#[test]
fn rhythms_run_from_the_last_meeting() {
    let world = World::new();
    let priya = world.add("person", &["name=Priya", "rhythm=2w"]);
    world.add("person", &["name=Jon", "rhythm=1w"]);
    world.add("person", &["name=Nobody"]);
    world.add("call", &["text=Quay", "with=Priya", "at=2026-11-20T09:00:00Z"]);
    assert_eq!(lines(&world.today().soon), [("Jon", 7), ("Priya", 9)], "whom one never met is due so long after they were added");
    world.later(10);
    assert_eq!((lines(&world.today().late), lines(&world.today().soon)), (vec![("Jon", -3), ("Priya", -1)], vec![]));
    world.set(&priya, "snoozed=2026-12-08");
    assert_eq!((lines(&world.today().late), lines(&world.today().soon)), (vec![("Jon", -3)], vec![("Priya", 3)]));
    world.add("meeting", &["text=Lunch", "with=Jon", "at=2026-12-05T11:00:00Z"]);
    assert_eq!(lines(&world.today().late), []);
    let lunch = world.today().soon;
    assert_eq!(lines(&lunch), [("Priya", 3), ("Jon", 7)]);
    assert_eq!(lunch.items[1].detail, "1w");
}

#[test]
fn a_private_card_rests_while_one_meets_its_copy() {
    let world = World::new();
    let priya = world.add("person", &["name=Priya", "rhythm=1w"]);
    world.engine.execute(Command::CreateSpace { name: "Harbour".into() }).unwrap();
    world
        .engine
        .execute(Command::Share { record: RecordRef::anywhere(&priya), space: "Harbour".into(), fields: vec!["name".into()] })
        .unwrap();
    world.later(8);
    assert_eq!(lines(&world.today().late), [("Priya", -1)]);
    let edits = ["text=Hello", "with=Priya"].iter().flat_map(|field| parse_assignment(field).unwrap()).collect();
    world.engine.execute(Command::Create { space: Some("Harbour".into()), kind: "call".into(), edits }).unwrap();
    assert_eq!(lines(&world.today().late), []);
}

#[test]
fn tasks_are_overdue_due_or_done() {
    let world = World::new();
    let drawings = world.add("task", &["name=Drawings", "due=2026-11-24", "assignee=Ilona"]);
    world.add("task", &["name=Letter", "due=2026-11-25"]);
    world.add("task", &["name=Call back", "due=2026-11-25T12:30:00Z"]);
    world.add("task", &["name=Later", "due=2026-11-26"]);
    world.add("task", &["name=Someday"]);
    world.add("task", &["name=Never", "due=2026-11-20", "status=cancelled"]);
    let day = world.today();
    assert_eq!(lines(&day.overdue), [("Drawings", -1)]);
    assert_eq!(day.overdue.items[0].detail, "Ilona");
    assert_eq!(lines(&day.due), [("Letter", 0), ("Call back", 0)]);
    world.set(&drawings, "status=done");
    assert_eq!(lines(&world.today().overdue), []);
    world.engine.execute(Command::Undo).unwrap();
    assert_eq!(lines(&world.today().overdue), [("Drawings", -1)]);
}

#[test]
fn words_of_the_space_say_what_is_done() {
    let world = World::new();
    world.add("vocabulary", &["word=statuses", "options+=done:shipped"]);
    world.add("task", &["name=Drawings", "due=2026-11-24", "status=shipped"]);
    world.add("task", &["name=Letter", "due=2026-11-24", "status=waiting"]);
    assert_eq!(lines(&world.today().overdue), [("Letter", -1)]);
}

#[test]
fn one_comes_back_to_an_activity_until_one_met_again() {
    let world = World::new();
    world.add("person", &["name=Priya"]);
    world.add("call", &["text=Ask about the house", "with=Priya", "at=2026-11-10T09:00:00Z", "followup=2026-11-24"]);
    let other = world.add("note", &["text=Read the report", "followup=2026-11-25"]);
    world.add("note", &["text=Later", "followup=2026-12-25"]);
    let day = world.today();
    assert_eq!(lines(&day.follow_ups), [("“Ask about the house”", -1), ("“Read the report”", 0)]);
    assert_eq!(day.follow_ups.items[0].detail, "Priya");
    world.add("meeting", &["text=Met", "with=Priya"]);
    world.set(&other, "followup=");
    assert_eq!(lines(&world.today().follow_ups), []);
}

#[test]
fn dates_come_round_each_year() {
    let world = World::new();
    world.add("person", &["name=Priya", "birthday=1986-12-03"]);
    world.add("person", &["name=Jon", "birthday=--11-25"]);
    world.add("person", &["name=Leap", "birthday=2000-02-29"]);
    world.add("person", &["name=Tomasz", "dates+=first met:2021-12-01", "birthday=1990-11-24"]);
    world.add("person", &["name=Year", "birthday=1990"]);
    let day = world.today();
    assert_eq!(lines(&day.dates), [("Jon", 0), ("Tomasz", 6), ("Priya", 8)]);
    let said: Vec<_> = day.dates.items.iter().map(|item| (item.detail.as_str(), item.at.as_str(), item.turns)).collect();
    assert_eq!(said, [("birthday", "2026-11-25", 0), ("first met", "2026-12-01", 0), ("birthday", "2026-12-03", 40)]);
    world.later(90);
    assert_eq!(world.today().date, "2027-02-23");
    assert_eq!(lines(&world.today().dates), [("Leap", 5)], "on the 28th in a year without a 29th");
    world.later(-60);
    assert_eq!((world.today().date.as_str(), lines(&world.today().dates)), ("2026-12-25", vec![]), "over the end of a year");
}

#[test]
fn events_take_place_by_their_rules() {
    let world = World::new();
    world.add("event", &["name=Talk", "start=2026-11-25T14:00:00Z", "end=2026-11-25T15:00:00Z", "place=Quay"]);
    world.add("event", &["name=Fair", "start=2026-11-20", "end=2026-11-26"]);
    world.add("event", &["name=Past", "start=2026-11-20", "end=2026-11-23"]);
    world.add("event", &["name=Stand-up", "start=2026-01-07T11:00:00Z", "recurrence=FREQ=WEEKLY;BYDAY=WE"]);
    world.add("event", &["name=Other day", "start=2026-01-08T10:00:00Z", "recurrence=FREQ=WEEKLY;BYDAY=TH"]);
    world.add("event", &["name=Called off", "start=2026-11-25T16:00:00Z", "status=cancelled"]);
    let day = world.today();
    let events: Vec<_> = day.events.items.iter().map(|item| (item.name.as_str(), item.detail.as_str())).collect();
    assert_eq!(events, [("Fair", ""), ("Stand-up", ""), ("Talk", "Quay")]);
    assert_eq!(day.events.items[1].at, "2026-11-25T11:00:00Z");
}

/// Names of what is told now, and whether it was missed.
fn told(world: &World, events: &mut tokio::sync::broadcast::Receiver<Event>) -> Vec<(String, bool)> {
    while events.try_recv().is_ok() {}
    let wait = world.engine.remind().unwrap();
    assert!((1..=60).contains(&wait));
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let Event::Reminder { reminders } = event {
            told.extend(reminders.into_iter().map(|reminder| (reminder.name, reminder.missed)));
        }
    }
    told
}

fn named(names: &[(&str, bool)]) -> Vec<(String, bool)> {
    names.iter().map(|(name, missed)| ((*name).to_owned(), *missed)).collect()
}

#[test]
fn reminders_are_told_once_and_what_was_slept_through_is_told_after() {
    let world = World::new();
    let mut events = world.engine.subscribe();
    assert_eq!(told(&world, &mut events), []);
    world.add("task", &["name=Call", "due=2026-11-25T14:00:00Z", "reminder=1h"]);
    world.add("task", &["name=Letter", "due=2026-11-26", "reminder=2026-11-25T12:10:00Z"]);
    world.add("event", &["name=Talk", "start=2026-11-25T13:00:00Z", "reminder=15m"]);
    assert_eq!(told(&world, &mut events), []);
    world.clock.0.fetch_add(600, Ordering::SeqCst);
    assert_eq!(told(&world, &mut events), named(&[("Letter", false)]));
    assert_eq!(told(&world, &mut events), [], "once");
    // The lid was closed over the two others.
    world.clock.0.fetch_add(3 * 3_600, Ordering::SeqCst);
    assert_eq!(told(&world, &mut events), named(&[("Call", true), ("Talk", true)]));
    // The clock was wrong, and is set back by four hours.
    world.clock.0.fetch_add(-4 * 3_600, Ordering::SeqCst);
    assert_eq!(told(&world, &mut events), []);
    world.clock.0.fetch_add(5 * 3_600, Ordering::SeqCst);
    assert_eq!(told(&world, &mut events), [], "nothing is told twice");
}

#[test]
fn what_was_missed_while_closed_is_told_at_the_next_opening_once() {
    let world = World::new();
    let mut events = world.engine.subscribe();
    world.add("task", &["name=Call", "due=2026-11-26T14:00:00Z", "reminder=1h"]);
    world.add("task", &["name=Done by then", "due=2026-11-26T14:00:00Z", "reminder=1h"]);
    world.add("person", &["name=Priya", "rhythm=1d"]);
    assert_eq!(told(&world, &mut events), []);
    world.set("Done by then", "status=done");
    let World { _dir: dir, engine, clock } = world;
    drop((engine, events));
    clock.0.fetch_add(3 * DAY, Ordering::SeqCst);
    let engine = Engine::open_in(&dir.path().join("vault"), clock.clone()).unwrap();
    let world = World { _dir: dir, engine, clock };
    let mut events = world.engine.subscribe();
    assert_eq!(told(&world, &mut events), named(&[("Call", true), ("Priya", true)]));
    assert_eq!(told(&world, &mut events), []);
}

#[test]
fn a_rhythm_that_was_met_is_not_told() {
    let world = World::new();
    let mut events = world.engine.subscribe();
    world.add("person", &["name=Priya", "rhythm=2d"]);
    assert_eq!(told(&world, &mut events), []);
    world.later(1);
    world.add("call", &["text=Hello", "with=Priya", "at=2026-11-26T10:00:00Z"]);
    world.later(1);
    assert_eq!(told(&world, &mut events), []);
    world.later(1);
    assert_eq!(told(&world, &mut events), named(&[("Priya", true)]));
}

#[test]
fn a_repeated_event_reminds_each_time() {
    let world = World::new();
    let mut events = world.engine.subscribe();
    world.add("event", &["name=Stand-up", "start=2026-11-20T13:00:00Z", "recurrence=FREQ=DAILY", "reminder=10m"]);
    assert_eq!(told(&world, &mut events), []);
    for _ in 0..3 {
        world.clock.0.fetch_add(50 * 60, Ordering::SeqCst);
        assert_eq!(told(&world, &mut events), named(&[("Stand-up", false)]));
        world.clock.0.fetch_add(DAY - 50 * 60, Ordering::SeqCst);
        assert_eq!(told(&world, &mut events), []);
    }
}
