//! Timelines of people seen as one, of organisations and of spaces, on a clock of the test's own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tuttu_engine::api::{Answer, Command, ErrorCode, Outcome, Query, RecordRef, TimelineItem};
use tuttu_engine::model::draft::parse_assignment;
use tuttu_engine::{Engine, NewVault, Surroundings, System};

/// Noon of 25 November 2026 in Greenwich.
const NOON: i64 = 1_795_608_000;

/// Every command takes a minute.
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
    fn new(spaces: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(Clock(AtomicI64::new(NOON)));
        let new = NewVault { person_name: "Ilona".into(), computer_name: "ThinkPad".into() };
        let engine = Engine::create_in(&dir.path().join("vault"), &new, clock.clone()).unwrap();
        let world = Self { _dir: dir, engine, clock };
        for space in spaces {
            world.run(Command::CreateSpace { name: (*space).into() });
        }
        world
    }

    fn run(&self, command: Command) -> Vec<String> {
        self.clock.0.fetch_add(60, Ordering::SeqCst);
        match self.engine.execute(command).unwrap() {
            Outcome::Records { ids, .. } => ids,
            _ => Vec::new(),
        }
    }

    fn add_in(&self, space: Option<&str>, kind: &str, fields: &[&str]) -> String {
        let edits = fields.iter().flat_map(|field| parse_assignment(field).unwrap()).collect();
        self.run(Command::Create { space: space.map(str::to_owned), kind: kind.into(), edits }).remove(0)
    }

    fn add(&self, kind: &str, fields: &[&str]) -> String {
        self.add_in(None, kind, fields)
    }

    fn set(&self, id: &str, fields: &[&str]) {
        let edits = fields.iter().flat_map(|field| parse_assignment(field).unwrap()).collect();
        self.run(Command::Edit { record: RecordRef::anywhere(id), edits });
    }

    fn share(&self, id: &str, space: &str) -> String {
        self.run(Command::Share { record: RecordRef::anywhere(id), space: space.into(), fields: vec!["name".into()] });
        match self.engine.query(Query::Record { record: RecordRef::anywhere(id) }).unwrap() {
            Answer::Record(view) => view.copies.last().unwrap().id.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn timeline(&self, id: &str, limit: u32) -> Vec<TimelineItem> {
        match self.engine.query(Query::Timeline { record: RecordRef::anywhere(id), limit }).unwrap() {
            Answer::Timeline(items) => items,
            other => panic!("{other:?}"),
        }
    }

    fn of_space(&self, space: &str, limit: u32) -> Vec<TimelineItem> {
        match self.engine.query(Query::SpaceTimeline { space: space.into(), limit }).unwrap() {
            Answer::SpaceTimeline(items) => items,
            other => panic!("{other:?}"),
        }
    }
}

/// What the activities of a timeline say, in its order.
fn said(items: &[TimelineItem]) -> Vec<&str> {
    items.iter().filter(|item| item.kind != "change").map(|item| item.text.as_str()).collect()
}

fn shown(items: &[TimelineItem]) -> Vec<(&str, &str, &str)> {
    items.iter().map(|item| (item.kind.as_str(), item.name.as_str(), item.text.as_str())).collect()
}

#[test]
fn all_cards_of_a_person_have_one_timeline() {
    let world = World::new(&["Harbour", "Quay", "Elsewhere"]);
    let own = world.add("person", &["name=Priya"]);
    let harbour = world.share(&own, "Harbour");
    let quay = world.share(&own, "Quay");
    world.add("note", &["text=Sounded tired", &format!("with={own}")]);
    world.add_in(Some("Harbour"), "call", &["text=About the quay", &format!("with={harbour}")]);
    world.add_in(Some("Quay"), "meeting", &["text=On the quay", &format!("with={quay}")]);
    // Members of a space can write any id into it, also those of cards that are none of theirs.
    for card in [&own, &harbour, &quay] {
        world.add_in(Some("Elsewhere"), "note", &["text=Slander", &format!("with={card}")]);
    }
    for card in [&own, &harbour, &quay] {
        let items = world.timeline(card, 0);
        assert_eq!(said(&items), ["On the quay", "About the quay", "Sounded tired"], "{card}");
        let private: Vec<_> = items.iter().filter(|item| item.private).map(|item| item.text.as_str()).collect();
        assert_eq!(private, ["Sounded tired"], "it stays where it is");
    }
    assert_eq!(said(&world.timeline(&harbour, 2)), ["On the quay", "About the quay"]);
    let own_only = world.add("person", &["name=Priya"]);
    assert_eq!(said(&world.timeline(&own_only, 0)), Vec::<&str>::new(), "the same name does not make the same person");
}

#[test]
fn an_organisation_has_what_one_did_with_the_people_in_it() {
    let world = World::new(&[]);
    let trust = world.add("org", &["name=Harbour Trust"]);
    let member =
        |name: &str, until: &str| world.add("person", &[&format!("name={name}"), &format!("org={trust}"), &format!("until={until}")]);
    let (ann, cy, last_day) = (member("Ann", ""), member("Cy", "2030"), member("Eve", "2026-11-25"));
    let (bob, vague) = (member("Bob", "2026-11-24"), member("Dan", "the merger"));
    let stranger = world.add("person", &["name=Stranger", "org=Other"]);
    let call = |text: &str, with: &[&String]| {
        let with: Vec<&str> = with.iter().map(|id| id.as_str()).collect();
        world.add("call", &[&format!("text={text}"), &format!("with={}", with.join(", "))]);
    };
    call("the trust", &[&trust]);
    call("ann", &[&ann]);
    call("bob", &[&bob]);
    call("dan", &[&vague]);
    call("stranger", &[&stranger]);
    call("cy", &[&cy]);
    call("everybody", &[&ann, &cy, &trust, &bob]);
    call("eve", &[&last_day]);
    assert_eq!(said(&world.timeline(&trust, 0)), ["eve", "everybody", "cy", "ann", "the trust"], "each once, the newest first");
    assert_eq!(said(&world.timeline(&trust, 3)), ["eve", "everybody", "cy"]);
    assert_eq!(said(&world.timeline(&ann, 0)), ["everybody", "ann"], "not what others did there");
    world.set(&cy, &["until=2025"]);
    assert_eq!(said(&world.timeline(&trust, 0)), ["eve", "everybody", "ann", "the trust"]);
}

#[test]
fn an_organisation_has_what_one_did_with_all_cards_of_its_people() {
    let world = World::new(&["Harbour"]);
    let trust = world.add_in(Some("Harbour"), "org", &["name=Harbour Trust"]);
    let own = world.add("person", &["name=Priya"]);
    let copy = world.share(&own, "Harbour");
    world.set(&copy, &[&format!("org={trust}")]);
    world.add("note", &["text=Sounded tired", &format!("with={own}")]);
    let items = world.timeline(&trust, 0);
    assert_eq!(said(&items), ["Sounded tired"]);
    assert!(items.iter().any(|item| item.private && item.text == "Sounded tired"));
}

#[test]
fn a_space_has_what_took_place_and_what_was_changed() {
    let world = World::new(&["Harbour", "Quay"]);
    let here = Some("Harbour");
    let priya = world.add_in(here, "person", &["name=Priya"]);
    world.add_in(Some("Quay"), "person", &["name=Not here"]);
    world.add("note", &["text=Not here either"]);
    let call = world.add_in(here, "call", &["name=Quay", "text=About the quay", &format!("with={priya}")]);
    let task = world.add_in(here, "task", &["name=Drawings"]);
    world.add_in(here, "event", &["name=Regatta", "start=2027-05-01"]);
    world.set(&priya, &["birthday=1986-12-03", "notes=Sails"]);
    world.set(&task, &["status=done"]);
    world.set(&call, &["at=2026-11-20T09:00:00Z"]);
    world.run(Command::Delete { records: vec![RecordRef::anywhere(&priya)] });
    let items = world.of_space("harbour", 0);
    let expected = [
        ("change", "Priya", "deleted this record"),
        ("change", "Quay", "set the at to 2026-11-20T09:00:00Z"),
        ("change", "Drawings", "changed the done and status"),
        ("change", "Priya", "changed the birthday and notes"),
        ("event", "Regatta", ""),
        ("task", "Drawings", ""),
        ("change", "Quay", "added this record"),
        ("change", "Priya", "added this record"),
        ("call", "Quay", "About the quay"),
    ];
    assert_eq!(shown(&items), expected, "an activity stands where it took place, and what was made that day has one line");
    assert!(items.is_sorted_by(|one, other| one.at >= other.at));
    let mut ids = items.iter().map(|item| item.id.as_str());
    assert_eq!((ids.next(), ids.next(), ids.next()), (Some(priya.as_str()), Some(call.as_str()), Some(task.as_str())));
    assert!(items.iter().all(|item| item.by == "Ilona" && item.mine && !item.private));
    assert_eq!(world.of_space("Harbour", 3), items.into_iter().take(3).collect::<Vec<_>>());
    let quay = world.of_space("Quay", 0);
    assert_eq!(shown(&quay), [("change", "Not here", "added this record")]);
    let space = quay.into_iter().next().unwrap().space;
    assert_eq!(world.of_space(space.get(..8).unwrap(), 0).len(), 1, "named by the beginning of its id");
    let query = Query::SpaceTimeline { space: "Pier".into(), limit: 0 };
    assert_eq!(world.engine.query(query).unwrap_err().code, ErrorCode::NotFound);
}

#[test]
fn a_page_of_a_space_ends_with_the_time_of_day() {
    let world = World::new(&["Harbour"]);
    for (text, at) in [("evening", "19"), ("morning", "08"), ("noon", "12")] {
        world.add_in(Some("Harbour"), "call", &[&format!("text={text}"), &format!("at=2027-01-05T{at}:00:00Z")]);
    }
    assert_eq!(said(&world.of_space("Harbour", 2)), ["evening", "noon"]);
}
