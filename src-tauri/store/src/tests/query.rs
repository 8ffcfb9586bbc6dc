//! The whole language against a vault: each query finds what looking at every record finds, in any order, page by page.

use chrono::NaiveDate;
use proptest::prelude::*;
use tuttu_model::query::{Today, parse};

use super::world::*;
use crate::rows::{Asking, GroupBy, ListQuery, Sort};
use crate::search::{Class, Evaluator, Subject};

fn asking() -> Asking {
    Asking {
        today: Today { date: NaiveDate::from_ymd_opt(2026, 11, 25).unwrap(), offset: 0 },
        me: vec!["Ilona".into()],
        ..Asking::default()
    }
}

fn harbour() -> World {
    let mut world = World::new();
    world.add_all(&[
        &[
            ("kind", "person"),
            ("name", "Priya Raghunathan"),
            ("emails/aaaaaaa1", "work\tpriya@harbourline.example"),
            ("phones/aaaaaaa1", "mobile\t+44 (0)7700 900142"),
            ("orgs/aaaaaaa1/name", "Harbourline Trust"),
            ("orgs/aaaaaaa1/title", "Head of Partnerships"),
            ("addresses/aaaaaaa1/city", "Glasgow"),
            ("addresses/aaaaaaa1/country", "GB"),
            ("notes", "Met at the spring regatta in Oban"),
            ("birthday", "1986-12-03"),
            ("created", "2026-11-20T09:00:00Z"),
            ("custom:x-dietary", "vegan, no nuts"),
            ("tag:partner", ""),
            ("tag:place:glasgow", ""),
        ],
        &[
            ("kind", "person"),
            ("name", "Jürgen Weiß"),
            ("phones/aaaaaaa1", "home\t030 1234567"),
            ("birthday", "--01-10"),
            ("created", "2026-03-01T09:00:00Z"),
            ("notes", "The regatta of spring"),
            ("tag:press", ""),
        ],
        &[("kind", "person"), ("name", "田中 花子"), ("birthday", "1986"), ("created", "2025-01-01T09:00:00Z"), ("tag:partner", "")],
        &[("kind", "person"), ("name", "中田 花"), ("created", "2025-01-02T09:00:00Z")],
        &[("kind", "org"), ("name", "Harbourline Trust"), ("addresses/aaaaaaa1/city", "Oban"), ("created", "2025-06-01T09:00:00Z")],
        &[("kind", "task"), ("name", "Call the harbour"), ("due", "2026-11-24"), ("assignee", "Ilona"), ("tag:partner", "")],
        &[("kind", "task"), ("name", "Print posters"), ("due", "2026-12-01"), ("status", "done")],
        &[("kind", "task"), ("name", "Some day")],
        &[("kind", "note"), ("text", "The spring budget"), ("at", "2026-03-01T09:00:00Z"), ("tag:press", "")],
        &[("kind", "call"), ("name", "Budget call"), ("text", "postponed to spring"), ("at", "2026-11-24T09:00:00Z")],
    ]);
    world
}

fn list(world: &World, text: &str) -> Vec<String> {
    names(world, &ListQuery { text: text.into(), limit: 100, asking: asking(), ..ListQuery::default() })
}

fn names(world: &World, query: &ListQuery) -> Vec<String> {
    let page = world.store.read(|reader| reader.list_page(query)).unwrap();
    assert!(page.at_least || page.total as usize >= page.rows.len());
    page.rows.into_iter().map(|row| if row.view.name.is_empty() { row.view.text } else { row.view.name }).collect()
}

#[test]
fn filters_find_what_they_say() {
    let world = harbour();
    for (typed, expected) in [
        ("tag:partner kind:person", vec!["Priya Raghunathan", "田中 花子"]),
        ("tag:place:* ", vec!["Priya Raghunathan"]),
        ("tag:PLACE:Glasgow", vec!["Priya Raghunathan"]),
        ("org:harbour", vec!["Priya Raghunathan"]),
        ("org:head", vec![]),
        ("email:harbourline", vec!["Priya Raghunathan"]),
        ("city:glasgow or city:oban", vec!["Harbourline Trust", "Priya Raghunathan"]),
        ("country:gb", vec!["Priya Raghunathan"]),
        ("phone:\"+49 30 1234567\"", vec!["Jürgen Weiß"]),
        ("phone:07700900142", vec!["Priya Raghunathan"]),
        ("name:harbour", vec!["Call the harbour", "Harbourline Trust"]),
        ("custom.x-dietary:vegan", vec!["Priya Raghunathan"]),
        ("custom.X_Dietary:nuts", vec!["Priya Raghunathan"]),
        ("kind:task due<today", vec!["Call the harbour"]),
        ("due:2026-12", vec!["Print posters"]),
        ("kind:task due:none", vec!["Some day"]),
        ("status:open", vec!["Call the harbour", "Some day"]),
        ("status:open -assignee:me", vec!["Some day"]),
        ("assignee:me", vec!["Call the harbour"]),
        ("birthday:12", vec!["Priya Raghunathan"]),
        ("birthday:60d", vec!["Jürgen Weiß", "Priya Raghunathan"]),
        ("birthday:1986", vec!["Priya Raghunathan", "田中 花子"]),
        ("birthday<1987-01", vec!["Priya Raghunathan", "田中 花子"]),
        ("kind:person created:2026", vec!["Jürgen Weiß", "Priya Raghunathan"]),
        ("created>7d", vec!["Priya Raghunathan"]),
        ("at:7d", vec!["Budget call"]),
        ("kind:activity at:2026-03", vec!["The spring budget"]),
        ("has:phone", vec!["Jürgen Weiß", "Priya Raghunathan"]),
        ("kind:person -has:phone", vec!["中田 花", "田中 花子"]),
        ("has:due", vec!["Call the harbour", "Print posters"]),
        ("has:notes -tag:press", vec!["Priya Raghunathan"]),
        ("\"spring regatta\"", vec!["Priya Raghunathan"]),
        ("spring regatta", vec!["Jürgen Weiß", "Priya Raghunathan"]),
        ("spring -kind:person", vec!["Budget call", "The spring budget"]),
        ("spring (budget or oban)", vec!["Budget call", "Priya Raghunathan", "The spring budget"]),
        ("-spring kind:activity", vec![]),
        ("weiss", vec!["Jürgen Weiß"]),
        ("田中", vec!["田中 花子"]),
        ("space:\"my own\" kind:org", vec!["Harbourline Trust"]),
        ("space:harbour", vec![]),
        ("-space:harbour kind:org", vec!["Harbourline Trust"]),
        ("in:trash", vec![]),
        ("-in:trash kind:org", vec!["Harbourline Trust"]),
    ] {
        assert_eq!(list(&world, typed), expected, "{typed}");
    }
}

#[test]
fn the_author_is_known_by_the_actor() {
    let mut world = harbour();
    world.feed = Feed::new(SPACE, tuttu_model::ComputerId([8; 32]), 8);
    world.add(&[("kind", "person"), ("name", "Written by Maria"), ("created", "2026-11-20T09:00:00Z")]);
    let mut asking = asking();
    asking.authors.insert("maria".into(), vec![world.feed.header.actor()]);
    let query = |text: &str| ListQuery { text: text.into(), limit: 10, asking: asking.clone(), ..ListQuery::default() };
    assert_eq!(names(&world, &query("by:Maria")), ["Written by Maria"]);
    assert_eq!(names(&world, &query("by:nobody")), [""; 0]);
    assert_eq!(names(&world, &query("kind:person -by:maria written or kind:org")).len(), 1);
}

#[test]
fn a_query_nobody_waits_for_stops() {
    let world = harbour();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let query = ListQuery { text: "\"spring regatta\" or -spring".into(), limit: 100, ..ListQuery::default() };
    assert!(world.store.read_until(&stop, |reader| reader.list_page(&query)).is_err());
    stop.store(false, std::sync::atomic::Ordering::Relaxed);
    assert!(world.store.read_until(&stop, |reader| reader.list_page(&query)).is_ok());
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    for _ in 0..8 {
        assert!(names(&world, &query).len() > 5, "readers after it are not stopped");
    }
}

#[test]
fn what_is_in_the_trash_is_found_there_and_nowhere_else() {
    let mut world = harbour();
    let doc = world.add(&[("kind", "person"), ("name", "Gone Girl"), ("notes", "spring regatta"), ("phones/aaaaaaa1", "home\t555 0199")]);
    world.set(doc, "deleted", "2026-11-25T09:00:00Z");
    for typed in ["in:trash", "in:trash gone", "in:trash \"spring regatta\"", "in:trash has:phone -tag:x", "in:trash 5550199"] {
        assert_eq!(list(&world, typed), ["Gone Girl"], "{typed}");
    }
    assert_eq!(list(&world, "gone"), [""; 0]);
    assert_eq!(list(&world, "in:trash priya"), [""; 0]);
}

#[test]
fn slips_in_names_are_forgiven_when_nothing_is_found() {
    let world = harbour();
    assert_eq!(world.search("ragunathan"), ["Priya Raghunathan"]);
    assert_eq!(world.search("pryia"), ["Priya Raghunathan"]);
    assert_eq!(world.search("juergn"), [""; 0], "two slips in six letters are too many");
    let query = |forgiving| ListQuery { text: "ragunathan".into(), limit: 10, forgiving, ..people() };
    assert_eq!(names(&world, &query(false)), [""; 0]);
    assert_eq!(names(&world, &query(true)), ["Priya Raghunathan"]);
    assert_eq!(world.store.read(|reader| reader.list_page(&query(true))).unwrap().meant.as_deref(), Some("raghunathan"));
}

#[test]
fn closeness_follows_what_happens() {
    let mut world = World::new();
    let (ann, bob) = (world.add(&[("kind", "person"), ("name", "Sam Ann")]), world.add(&[("kind", "person"), ("name", "Sam Bob")]));
    assert_eq!(world.search("sam"), ["Sam Ann", "Sam Bob"]);
    let with = format!("with:p_{bob}");
    let call = world.add(&[("kind", "call"), ("text", "hello"), ("at", "2026-11-01T09:00:00Z"), (&with, "")]);
    assert_eq!(world.search("sam"), ["Sam Bob", "Sam Ann"]);
    let last = |world: &World| names(world, &ListQuery { sort: Sort::Last, ..people() });
    assert_eq!(last(&world), ["Sam Bob", "Sam Ann"]);
    assert_eq!(list(&world, "last>2026-10"), ["Sam Bob"]);
    assert_eq!(list(&world, "kind:person last:never"), ["Sam Ann"]);
    let with = format!("with:p_{ann}");
    world.add(&[("kind", "note"), ("text", "later"), ("at", "2026-11-02T09:00:00Z"), (&with, "")]);
    assert_eq!(last(&world), ["Sam Ann", "Sam Bob"]);
    world.set(call, "deleted", "2026-11-25T09:00:00Z");
    assert_eq!(list(&world, "last:any"), ["Sam Ann"]);
    let world = world.reopen();
    assert_eq!((last(&world), world.search("sam")), (vec!["Sam Ann".into(), "Sam Bob".into()], vec!["Sam Ann".into(), "Sam Bob".into()]));
}

#[test]
fn the_language_of_names_can_be_set() {
    let mut world = World::new();
    for name in ["Zoë", "Östen", "Otto"] {
        world.add(&[("kind", "person"), ("name", name)]);
    }
    assert_eq!(names(&world, &people()), ["Östen", "Otto", "Zoë"]);
    world.write(|tx| tx.put_setting(crate::LOCALE_SETTING, Some("sv")));
    assert_eq!(names(&world, &people()), ["Otto", "Zoë", "Östen"]);
    world.add(&[("kind", "person"), ("name", "Åke")]);
    let world = world.reopen();
    assert_eq!(names(&world, &people()), ["Otto", "Zoë", "Åke", "Östen"]);
    world.write(|tx| tx.put_setting(crate::LOCALE_SETTING, None));
    assert_eq!(names(&world, &people()), ["Åke", "Östen", "Otto", "Zoë"]);
}

#[test]
fn lists_are_grouped_and_counted() {
    let world = harbour();
    let groups = |text: &str, by| {
        let query = ListQuery { text: text.into(), asking: asking(), ..ListQuery::default() };
        let groups = world.store.read(|reader| reader.groups(&query, by)).unwrap();
        groups.into_iter().map(|group| format!("{} {}", group.key, group.count)).collect::<Vec<_>>()
    };
    assert_eq!(groups("", GroupBy::Kind), ["call 1", "note 1", "org 1", "person 4", "task 3"]);
    assert_eq!(groups("tag:partner", GroupBy::Kind), ["person 2", "task 1"]);
    assert_eq!(groups("kind:person", GroupBy::Letter), ["J 1", "P 1", "中 1", "田 1"]);
    assert_eq!(groups("", GroupBy::Tag), ["partner 3", "place:glasgow 1", "press 2"]);
    assert_eq!(groups("kind:person", GroupBy::Org), ["harbourline trust 1"]);
    assert_eq!(groups("kind:person", GroupBy::Created), ["2025-01 2", "2026-03 1", "2026-11 1"]);
    assert_eq!(groups("kind:person priya", GroupBy::Created), ["2026-11 1"]);
    assert_eq!(groups("", GroupBy::Space).len(), 1);
}

const SORTS: [Sort; 7] = [Sort::Name, Sort::Changed, Sort::Created, Sort::Due, Sort::Start, Sort::Last, Sort::At];

#[test]
fn pages_by_cursor_make_the_whole_list_in_every_order() {
    let world = harbour();
    for (sort, text) in
        SORTS.into_iter().flat_map(|sort| ["", "spring", "-tag:press", "\"the spring\" or harbour"].map(|text| (sort, text)))
    {
        let query = ListQuery { text: text.into(), sort, limit: 100, asking: asking(), ..ListQuery::default() };
        let whole = names(&world, &query);
        let (mut paged, mut cursor) = (Vec::new(), None);
        loop {
            let page =
                world.store.read(|reader| reader.list_page(&ListQuery { limit: 3, cursor: cursor.clone(), ..query.clone() })).unwrap();
            paged.extend(page.rows.into_iter().map(|row| if row.view.name.is_empty() { row.view.text } else { row.view.name }));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(paged, whole, "{sort:?} {text}");
    }
    let wrong = ListQuery { cursor: Some("00".into()), ..people() };
    assert!(world.store.read(|reader| reader.list_page(&wrong)).is_err());
}

#[test]
fn a_cursor_stays_good_while_records_come_and_go() {
    let mut world = World::new();
    let docs: Vec<_> = ["a1", "b1", "c1", "d1"].iter().map(|name| world.add(&[("kind", "person"), ("name", name)])).collect();
    let first = world.store.read(|reader| reader.list_page(&ListQuery { limit: 2, ..people() })).unwrap();
    world.add(&[("kind", "person"), ("name", "a0")]);
    world.set(docs[1], "deleted", "2026-11-25T09:00:00Z");
    let rest = names(&world, &ListQuery { cursor: first.next, ..people() });
    assert_eq!(rest, ["c1", "d1"], "nothing twice, nothing left out");
}

#[test]
fn tasks_are_sorted_by_when_they_are_due() {
    let world = harbour();
    let query = ListQuery { kind: Some("task".into()), sort: Sort::Due, limit: 10, ..ListQuery::default() };
    assert_eq!(names(&world, &query), ["Call the harbour", "Print posters", "Some day"]);
    let query = ListQuery { kind: Some("activity".into()), sort: Sort::At, limit: 10, ..ListQuery::default() };
    assert_eq!(names(&world, &query), ["Budget call", "The spring budget"]);
}

fn term() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "spring",
        "s",
        "sp",
        "regatta",
        "harbour",
        "harbourline",
        "budget",
        "the",
        "priya",
        "900142",
        "+44 7700",
        "030",
        "12",
        "田中",
        "花",
        "\"the spring\"",
        "\"harbourline trust\"",
        "tag:partner",
        "tag:p*",
        "tag:none",
        "org:harbourline",
        "kind:person",
        "kind:activity",
        "kind:task",
        "name:call",
        "name:p",
        "email:work",
        "email:example",
        "phone:7700",
        "city:g",
        "country:gb",
        "has:email",
        "has:notes",
        "has:due",
        "has:tag",
        "has:birthday",
        "due<today",
        "due:any",
        "due>=2026-12",
        "status:open",
        "assignee:me",
        "created:2026",
        "created<2026",
        "changed:any",
        "birthday:12",
        "birthday:1986",
        "birthday:any",
        "at:2026",
        "at<2026-06",
        "last:any",
        "space:\"my own\"",
        "space:x",
        "by:x",
        "custom.x-dietary:vegan",
        "has:conflict",
    ])
    .prop_map(str::to_owned)
}

fn typed() -> impl Strategy<Value = String> {
    term().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|part| format!("-({part})")),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" or "))),
            prop::collection::vec(inner, 2..4).prop_map(|parts| parts.join(" ")),
        ]
    })
}

#[test]
fn every_query_finds_what_looking_at_each_record_finds() {
    let world = harbour();
    let asking = asking();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(400));
    runner
        .run(&(typed(), 0..SORTS.len()), |(text, sort)| {
            let query = ListQuery { text: text.clone(), limit: 100, sort: SORTS[sort], asking: asking.clone(), ..ListQuery::default() };
            let mut found = names(&world, &query);
            let mut expected = world
                .store
                .read(|reader| {
                    let evaluator = Evaluator { reader, class: Class { people: true, others: true }, asking: &asking };
                    let tree = parse(&text).tree.expect("a query");
                    let mut expected = Vec::new();
                    for row in reader.list(&ListQuery { limit: 100, ..ListQuery::default() })?.0 {
                        let sid = reader.sid(&row.space)?.expect("a space");
                        let did = reader.did(&row.space, &row.doc)?.expect("a record");
                        if evaluator.holds(&tree, &Subject::new(&row.view, (did, sid), row.news))? {
                            expected.push(if row.view.name.is_empty() { row.view.text } else { row.view.name });
                        }
                    }
                    Ok(expected)
                })
                .unwrap();
            found.sort();
            expected.sort();
            prop_assert_eq!(found, expected, "{}", text);
            Ok(())
        })
        .unwrap();
}
