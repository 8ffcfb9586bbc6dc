//! How long queries take in one vault: processor time of the thread that asks, median and worst of a hundred.

use std::time::Duration;

use tuttu_engine::Engine;
use tuttu_engine::api::{Answer, GroupedBy, ListFilter, Query, RecordRef, SortBy};
use tuttu_tests::generate::{self, Dice, word};

use super::{Rows, SEED, millis, processor_time};

/// Times each is asked, unless that takes longer than [`ENOUGH`].
const TIMES: usize = 200;
const LEAST: usize = 10;
const ENOUGH: Duration = Duration::from_secs(3);

struct Bench<'a> {
    engine: &'a Engine,
    size: u64,
    rows: &'a mut Rows,
}

pub(super) fn measure(engine: &Engine, size: u64, rows: &mut Rows) {
    let mut bench = Bench { engine, size, rows };
    let begun = processor_time();
    bench.search("warm up");
    bench.rows.add("first search, which builds the search memory, ms", millis(processor_time() - begun));
    bench.key_strokes();
    bench.lists();
    bench.groups();
    bench.days();
}

impl Bench<'_> {
    fn row(&mut self, name: impl Into<String>, mut work: impl FnMut(&Self, &mut Dice)) {
        let mut dice = Dice::new(SEED);
        let (mut took, mut all) = (Vec::with_capacity(TIMES), Duration::ZERO);
        while took.len() < TIMES && (took.len() < LEAST || all < ENOUGH) {
            let begun = processor_time();
            work(self, &mut dice);
            let time = processor_time() - begun;
            all += time;
            took.push(time);
        }
        took.sort();
        let name = name.into();
        self.rows.add(format!("{name}, p50, ms"), millis(took[took.len() / 2]));
        self.rows.add(format!("{name}, p99, ms"), millis(took[(took.len() - 1) * 99 / 100]));
    }

    fn search(&self, text: &str) -> usize {
        match self.engine.query(Query::Search { text: text.into(), limit: 20 }) {
            Ok(Answer::Search(rows)) => rows.len(),
            other => panic!("{other:?}"),
        }
    }

    fn list(&self, filter: ListFilter) -> Option<String> {
        match self.engine.query(Query::List { filter: ListFilter { limit: 50, ..filter } }) {
            Ok(Answer::List(page)) => page.next,
            other => panic!("{other:?}"),
        }
    }

    fn person(&self, dice: &mut Dice) -> serde_json::Value {
        generate::person(SEED, dice.below(self.size), self.size / 5)
    }

    fn text_of(person: &serde_json::Value, key: &str) -> String {
        let value = if person[key].is_array() { &person[key][0]["value"] } else { &person[key] };
        value.as_str().unwrap_or_default().to_owned()
    }

    fn key_strokes(&mut self) {
        for letters in [1, 2, 3, 4, 5, 8, 12] {
            self.row(format!("search: {letters} letters of a name"), |bench, dice| {
                let name = Self::text_of(&bench.person(dice), "name");
                bench.search(&name.chars().take(letters).collect::<String>());
            });
        }
        for (what, key, letters) in [("an e-mail address", "emails", 8), ("a phone number", "phones", 40)] {
            self.row(format!("search: {what}"), |bench, dice| {
                let value = Self::text_of(&bench.person(dice), key);
                bench.search(&value.chars().take(letters).collect::<String>());
            });
        }
        for letters in [1, 2, 3, 4, 5, 6, 7, 8, 12] {
            self.row(format!("search: {letters} letters of a word of a text"), |bench, dice| {
                bench.search(&word(dice.skewed(12_000)).chars().take(letters).collect::<String>());
            });
        }
        self.row("search: two words of texts", |bench, dice| {
            bench.search(&format!("{} {}", word(dice.skewed(12_000)), word(dice.skewed(12_000))));
        });
        self.row("search: a name with a slip", |bench, dice| {
            let name = Self::text_of(&bench.person(dice), "family");
            bench.search(&name.chars().enumerate().filter(|(at, _)| *at != 3).map(|(_, letter)| letter).collect::<String>());
        });
        self.row("search: nothing there", |bench, dice| {
            bench.search(&format!("zq{}x", dice.below(99_999)));
        });
        self.row("search: a word, tag and not", |bench, dice| {
            bench.search(&format!("{} tag:partner -has:birthday", word(dice.skewed(12_000))));
        });
        self.row("search: this or that", |bench, dice| {
            bench.search(&format!("{} or {}", word(dice.skewed(12_000)), word(dice.skewed(12_000))));
        });
        self.row("search: a phrase", |bench, dice| {
            bench.search(&format!("\"{} {}\"", word(dice.skewed(200)), word(dice.skewed(200))));
        });
    }

    fn lists(&mut self) {
        let people = |text: String| ListFilter { kind: "person".into(), text, ..ListFilter::default() };
        for (name, sort) in [
            ("name", SortBy::Name),
            ("changed", SortBy::Changed),
            ("created", SortBy::Created),
            ("last contact", SortBy::Last),
            ("due", SortBy::Due),
        ] {
            self.row(format!("people by {name}, first page"), |bench, _| drop(bench.list(ListFilter { sort, ..people(String::new()) })));
        }
        self.row("everything by name, first page", |bench, _| drop(bench.list(ListFilter::default())));
        self.row("activities by time, first page", |bench, _| {
            bench.list(ListFilter { kind: "activity".into(), sort: SortBy::At, ..ListFilter::default() });
        });
        for letters in [1, 2, 3, 5, 8] {
            self.row(format!("people filtered by {letters} letters"), |bench, dice| {
                let text: String = word(dice.skewed(12_000)).chars().take(letters).collect();
                bench.list(people(text));
            });
        }
        for text in [
            "tag:partner",
            "-tag:partner",
            "tag:partner -has:birthday",
            "city:glasgow",
            "birthday:12",
            "has:email -has:birthday (tag:vip or tag:press)",
            "last<1y",
            "changed>7d",
            "budget tag:partner",
        ] {
            self.row(format!("people where {text}"), |bench, _| drop(bench.list(people(text.into()))));
        }
        for text in ["budget", "budget at:2026", "budget meeting -spring", "at:2026-03", "\"the budget\""] {
            self.row(format!("meetings by time where {text}"), |bench, _| {
                bench.list(ListFilter { kind: "meeting".into(), text: text.into(), sort: SortBy::At, ..ListFilter::default() });
            });
        }
        let mut cursor = None;
        self.row("people by name, page after page", move |bench, _| {
            cursor = bench.list(ListFilter { cursor: cursor.take(), ..people(String::new()) });
        });
    }

    fn days(&mut self) {
        self.row("Today", |bench, _| {
            let day = bench.engine.query(Query::Today { limit: 0 });
            assert!(matches!(day, Ok(Answer::Today(day)) if day.overdue.total > 0));
        });
        let people = |bench: &Self, sort: SortBy| match bench
            .engine
            .query(Query::List { filter: ListFilter { kind: "person".into(), sort, limit: 50, ..ListFilter::default() } })
        {
            Ok(Answer::List(page)) => page.rows.into_iter().map(|row| row.id).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        for (what, sort) in [("those met last", SortBy::Last), ("the first by name", SortBy::Name)] {
            let ids = people(self, sort);
            self.row(format!("timeline of {what}"), |bench, dice| {
                let id = ids[dice.below(ids.len() as u64) as usize].clone();
                let timeline = bench.engine.query(Query::Timeline { record: RecordRef::anywhere(id), limit: 50 });
                assert!(timeline.is_ok());
            });
        }
    }

    fn groups(&mut self) {
        for (name, by) in
            [("letter", GroupedBy::Letter), ("tag", GroupedBy::Tag), ("space", GroupedBy::Space), ("month", GroupedBy::Created)]
        {
            self.row(format!("people grouped by {name}"), |bench, _| {
                let filter = ListFilter { kind: "person".into(), ..ListFilter::default() };
                assert!(bench.engine.query(Query::Groups { filter, by }).is_ok());
            });
        }
    }
}
