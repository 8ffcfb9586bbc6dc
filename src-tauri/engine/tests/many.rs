//! Many records at once, records as they were, and steps taken back out of order.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tuttu_engine::api::{
    Answer, BulkChange, BulkView, Command, ErrorCode, ErrorView, ListFilter, OperationView, Outcome, Query, RecordRef,
};
use tuttu_engine::model::RecordView;
use tuttu_engine::model::draft::parse_assignment;
use tuttu_engine::{Engine, NewVault, Surroundings, System};

/// Noon of 25 November 2026.
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

    fn get(&self, id: &str) -> RecordView {
        match self.engine.query(Query::Record { record: RecordRef::anywhere(id) }).unwrap() {
            Answer::Record(view) => *view,
            other => panic!("{other:?}"),
        }
    }

    fn preview(&self, text: &str, change: &BulkChange) -> BulkView {
        match self.engine.query(Query::BulkPreview { filter: filter(text), change: change.clone() }).unwrap() {
            Answer::BulkPreview(view) => view,
            other => panic!("{other:?}"),
        }
    }

    fn change(&self, text: &str, change: BulkChange, digest: &str) -> Result<u32, ErrorView> {
        match self.engine.execute(Command::ChangeAll { filter: filter(text), change, digest: digest.into() })? {
            Outcome::Changed { records, .. } => Ok(records),
            other => panic!("{other:?}"),
        }
    }

    fn operations(&self) -> Vec<OperationView> {
        match self.engine.query(Query::Operations { limit: 0 }).unwrap() {
            Answer::Operations(operations) => operations,
            other => panic!("{other:?}"),
        }
    }
}

fn filter(text: &str) -> ListFilter {
    ListFilter { text: text.into(), ..ListFilter::default() }
}

fn edit(field: &str) -> BulkChange {
    BulkChange::Edit { edits: parse_assignment(field).unwrap() }
}

#[test]
fn what_was_previewed_is_done_as_one_step() {
    let world = World::new();
    let people: Vec<String> = (0..30).map(|n| world.add("person", &[&format!("name=Person {n}"), "tag=press"])).collect();
    let tagged = world.add("person", &["name=Has it", "tag=press,partner"]);
    world.add("person", &["name=Other"]);
    let change = edit("tag+=partner");
    let preview = world.preview("tag:press", &change);
    assert_eq!((preview.found, preview.changing, preview.read_only), (31, 30, 0));
    assert_eq!((preview.spaces[0].name.as_str(), preview.spaces[0].records), ("My own", 30));
    assert_eq!(
        (preview.examples[0].field.as_str(), preview.examples[0].old.as_str(), preview.examples[0].new.as_str()),
        ("tags", "", "partner")
    );
    let steps = world.operations().len();
    assert_eq!(world.change("tag:press", change, &preview.digest).unwrap(), 30);
    assert_eq!(world.operations().len(), steps + 1, "one step");
    assert!(people.iter().all(|id| world.get(id).tags == ["partner", "press"]));

    // What somebody changed since stays when the step is taken back.
    world.set(&people[0], "name=Renamed");
    let bulk = world.operations().into_iter().find(|operation| operation.label == "Changed 30 records").unwrap();
    world.engine.execute(Command::UndoOperation { operation: bulk.id[..8].into() }).unwrap();
    assert!(people.iter().all(|id| world.get(id).tags == ["press"]));
    assert_eq!((world.get(&people[0]).name.as_str(), world.get(&tagged).tags.len()), ("Renamed", 2));
}

#[test]
fn nothing_is_done_when_the_records_are_not_those_of_the_preview() {
    let world = World::new();
    let one = world.add("person", &["name=One", "tag=press"]);
    let preview = world.preview("tag:press", &BulkChange::Delete);
    world.clock.0.fetch_add(1, Ordering::SeqCst);
    world.add("person", &["name=Two", "tag=press"]);
    let error = world.change("tag:press", BulkChange::Delete, &preview.digest).unwrap_err();
    assert!(error.message.contains("changed since"), "{error:?}");
    assert!(!world.get(&one).deleted);
    assert_eq!(world.change("tag:press", BulkChange::Delete, "").unwrap(), 2);
    world.engine.execute(Command::Undo).unwrap();
    assert!(!world.get(&one).deleted);
    let error = world.change("", BulkChange::Delete, "").unwrap_err();
    assert_eq!(error.code, ErrorCode::Invalid, "never everything by an empty query");
}

#[test]
fn many_tasks_are_done_with_the_time_they_were_done() {
    let world = World::new();
    let ids: Vec<String> = (0..3).map(|n| world.add("task", &[&format!("name=Task {n}"), "due=2026-11-20"])).collect();
    assert_eq!(world.change("kind:task due<2026-11-25", edit("status=done"), "").unwrap(), 3);
    assert!(ids.iter().all(|id| world.get(id).done.starts_with("2026-11-25T")));
}

#[test]
fn a_record_is_seen_and_made_as_it_was() {
    let world = World::new();
    let id = world.add("person", &["name=Priya", "phone=work:1", "title=Head"]);
    world.clock.0.fetch_add(2 * DAY, Ordering::SeqCst);
    world.set(&id, "name=Priya R");
    world.set(&id, "phone=work:2");
    let record = || RecordRef::anywhere(&id);
    let then = |at: &str| world.engine.query(Query::RecordAt { record: record(), at: at.into() });
    let Answer::RecordAt(view) = then("2026-11-26").unwrap() else { panic!() };
    assert_eq!(
        (view.id.as_str(), view.name.as_str(), view.phones[0].value.as_str(), view.created.by.as_str()),
        (id.as_str(), "Priya", "1", "Ilona")
    );
    assert_eq!(then("2026-11-01").unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(then("last summer").unwrap_err().code, ErrorCode::Invalid);

    let back = |fields: &[&str]| Command::RevertTo {
        record: record(),
        at: "2026-11-26T12:00:00Z".into(),
        fields: fields.iter().map(|field| (*field).into()).collect(),
    };
    world.engine.execute(back(&["phone"])).unwrap();
    assert_eq!((world.get(&id).name.as_str(), world.get(&id).phones[0].value.as_str()), ("Priya R", "1"));
    world.engine.execute(back(&[])).unwrap();
    assert_eq!(world.get(&id).name, "Priya");
    world.engine.execute(Command::Undo).unwrap();
    assert_eq!((world.get(&id).name.as_str(), world.get(&id).phones[0].value.as_str()), ("Priya R", "1"));
}

#[test]
fn any_step_is_taken_back_once() {
    let world = World::new();
    let id = world.add("person", &["name=Priya"]);
    world.set(&id, "title=Head");
    world.set(&id, "notes=violets");
    let title = world.operations()[1].clone();
    world.engine.execute(Command::UndoOperation { operation: title.id.clone() }).unwrap();
    let view = world.get(&id);
    assert_eq!((view.orgs.len(), view.notes.as_str()), (0, "violets"));
    assert!(world.operations().iter().any(|operation| operation.id == title.id && operation.undone));
    let error = world.engine.execute(Command::UndoOperation { operation: title.id }).unwrap_err();
    assert_eq!(error.code, ErrorCode::NothingToUndo);
    assert_eq!(world.engine.execute(Command::UndoOperation { operation: "ffffffff".into() }).unwrap_err().code, ErrorCode::NotFound);
}

#[test]
fn many_move_to_a_space_as_one_step_and_stay_linked() {
    let world = World::new();
    world.engine.execute(Command::CreateSpace { name: "Harbour".into() }).unwrap();
    let quentin = world.add("person", &["name=Quentin", "tag=press"]);
    let priya = world.add("person", &["name=Priya", "tag=press", &format!("relation=colleague:{quentin}")]);
    let rosa = world.add("person", &["name=Rosa"]);
    let call = world.add("call", &["text=All three", &format!("with+={priya}"), &format!("with+={quentin}")]);
    let into = BulkChange::Move { space: "Harbour".into() };
    let preview = world.preview("tag:press", &into);
    assert_eq!((preview.found, preview.changing), (2, 2));
    let example = preview.examples.iter().find(|example| example.name == "Priya").unwrap();
    assert_eq!((example.field.as_str(), example.old.as_str(), example.new.as_str()), ("space", "My own", "Harbour"));
    assert_eq!(world.change("tag:press", into.clone(), &preview.digest).unwrap(), 2);

    let in_harbour = || -> Vec<RecordView> {
        let filter = ListFilter { space: Some("Harbour".into()), ..ListFilter::default() };
        match world.engine.query(Query::Records { filter }).unwrap() {
            Answer::Records(records) => records,
            other => panic!("{other:?}"),
        }
    };
    let moved = in_harbour();
    let named = |name: &str| moved.iter().find(|view| view.name == name).unwrap();
    assert_eq!(moved.len(), 2);
    let relation = &world.get(&named("Priya").id).relations[0];
    assert_eq!((relation.id.as_str(), relation.name.as_str(), relation.state.as_str()), (named("Quentin").id.as_str(), "Quentin", ""));
    let with = world.get(&call).with;
    assert!(with.contains(&named("Priya").id) && with.contains(&named("Quentin").id), "the private call is about both: {with:?}");
    assert_eq!(world.operations()[0].label, "Moved 2 records to Harbour");
    assert_eq!(world.preview("tag:press", &into).changing, 0, "what is there stays");

    world.engine.execute(Command::Undo).unwrap();
    assert_eq!(in_harbour(), []);
    assert!(!world.get(&priya).deleted && !world.get(&quentin).deleted);

    let records = [&priya, &rosa].map(RecordRef::anywhere).to_vec();
    let Outcome::Records { ids, label, .. } =
        world.engine.execute(Command::Move { records: records.clone(), space: "Harbour".into() }).unwrap()
    else {
        panic!()
    };
    assert_eq!((ids.len(), label.as_str()), (2, "Moved 2 records to Harbour"));
    let records = ids.iter().map(RecordRef::anywhere).collect();
    let error = world.engine.execute(Command::Move { records, space: "Harbour".into() }).unwrap_err();
    assert_eq!(error.message, "They are in “Harbour” already.");
}
