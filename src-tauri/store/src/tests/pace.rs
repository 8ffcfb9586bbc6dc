//! Measurements, not tests: run with `--run-ignored only` in an optimised build.

use std::time::{Duration, Instant};

use super::world::*;
use crate::Lane;
use crate::rows::{GroupBy, ListQuery, Sort};

const BATCH: u64 = 1_000;

/// Processor time of this thread where the system tells it, else the time that passed: other work on the machine must not count.
fn clock() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split(' ').next()?.parse().ok());
    static BEGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    nanos.map_or_else(|| BEGIN.get_or_init(Instant::now).elapsed(), Duration::from_nanos)
}

fn word(seed: u64) -> String {
    let syllables = ["ka", "ro", "mi", "ta", "le", "su", "no", "vi", "pe", "do", "ra", "li", "ben", "son", "mar", "tin"];
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66;
    (0..2 + seed % 3)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            syllables[(state >> 60) as usize]
        })
        .collect()
}

fn words(seed: u64, count: u64) -> String {
    // Few words are frequent, many are rare.
    (0..count).map(|n| word((seed.wrapping_mul(31).wrapping_add(n * 7_919) % 8_000).pow(2) / 8_000)).collect::<Vec<_>>().join(" ")
}

fn contact(feed: &Feed, n: u64) -> tuttu_model::Change {
    let (given, family, org) = (word(n * 3), word(n * 7 + 1), word(n % 500));
    let name = format!("{given} {family}");
    let email = format!("work\t{given}.{family}@{org}.example");
    let phone = format!("mobile\t+44 7700 {:06}", n);
    let org = format!("{org} Trust");
    feed.first(&[
        ("kind", "person"),
        ("name", &name),
        ("given", &given),
        ("family", &family),
        ("created", "2026-11-14T09:12:00Z"),
        ("emails/aaaaaaa1", &email),
        ("phones/aaaaaaa1", &phone),
        ("orgs/aaaaaaa1/name", &org),
        ("orgs/aaaaaaa1/title", "Head of Partnerships"),
        ("addresses/aaaaaaa1/street", "14 Quayside Row"),
        ("addresses/aaaaaaa1/city", "Glasgow"),
        ("addresses/aaaaaaa1/postcode", "G1 4QT"),
        (if n.is_multiple_of(3) { "birthday" } else { "nickname" }, &format!("1986-{:02}-03", 1 + n % 12)),
        ("notes", &words(n, 45)),
        (["tag:partner", "tag:funder", "tag:press"][(n % 3) as usize], ""),
    ])
}

#[test]
#[ignore = "a measurement"]
fn a_hundred_thousand_contacts() {
    let total: u64 = std::env::var("TUTTU_PACE_CONTACTS").ok().and_then(|count| count.parse().ok()).unwrap_or(100_000);
    let mut world = World::new();
    let (mut preparing, mut writing, mut worst) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let writer_clock = |world: &World| world.write(|_| Ok(clock()));
    let begun = writer_clock(&world);
    for batch in 0..total / BATCH {
        let begin = clock();
        let changes: Vec<_> = (batch * BATCH..(batch + 1) * BATCH).map(|n| (doc(n), contact(&world.feed, n))).collect();
        let writes: Vec<_> = changes.iter().map(|(doc, change)| sole(*doc, change)).collect();
        let entry = world.feed.entry(changes);
        preparing += clock() - begin;
        let begin = Instant::now();
        world
            .store
            .write(Lane::Remote, move |tx| {
                tx.append_entry(&SPACE, &entry)?;
                writes.iter().try_for_each(|write| tx.put_record(&SPACE, write))
            })
            .unwrap();
        worst = worst.max(begin.elapsed());
        writing += begin.elapsed();
    }
    eprintln!(
        "made {total} in {preparing:.2?}, wrote them in {writing:.2?}: {:.0}/s, worst batch {worst:.0?}",
        total as f64 / writing.as_secs_f64()
    );
    let busy = writer_clock(&world) - begun;
    eprintln!("processor time of the writer {busy:.2?}: {:.0}/s", total as f64 / busy.as_secs_f64());
    let size = std::fs::metadata(world.store.dir().join("vault.db")).unwrap().len();
    eprintln!("database {} bytes a contact", size / total);

    activities(&mut world, total);
    let begin = clock();
    world.store.warm_up().unwrap();
    eprintln!("search memory in {:.1?}", clock() - begin);
    searches(&world);
    edits(&mut world, total);
}

fn activities(world: &mut World, people: u64) {
    let each: u64 = std::env::var("TUTTU_PACE_ACTIVITIES").ok().and_then(|count| count.parse().ok()).unwrap_or(10);
    let begin = Instant::now();
    for batch in 0..people * each / BATCH {
        let numbers = batch * BATCH..(batch + 1) * BATCH;
        let changes: Vec<_> = numbers
            .map(|n| {
                let kind = ["note", "call", "meeting", "email", "message"][(n % 5) as usize];
                let at = format!("20{:02}-{:02}-{:02}T09:00:00Z", 15 + n * 7 % 12, 1 + n * 11 % 12, 1 + n * 13 % 28);
                let with = format!("with:p_{}", doc(n.wrapping_mul(2_654_435_761) % people));
                let fields = [("kind", kind), ("text", &words(n * 3 + 1, 22)), ("at", &at), (&with, ""), ("created", &at)];
                (doc(people + n), world.feed.first(&fields))
            })
            .collect();
        let writes: Vec<_> = changes.iter().map(|(doc, change)| sole(*doc, change)).collect();
        let entry = world.feed.entry(changes);
        world.write(move |tx| {
            tx.append_entry(&SPACE, &entry)?;
            writes.iter().try_for_each(|write| tx.put_record(&SPACE, write))
        });
    }
    eprintln!("wrote {} activities: {:.0}/s", people * each, (people * each) as f64 / begin.elapsed().as_secs_f64());
}

fn time<T>(what: &str, times: u64, mut work: impl FnMut(u64) -> T) {
    let mut took: Vec<Duration> = (0..times)
        .map(|n| {
            let begin = clock();
            work(n);
            clock() - begin
        })
        .collect();
    took.sort();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    eprintln!("{what:24} p50 {:>8.1?}  p99 {:>8.1?}", at(0.5), at(0.99));
}

fn searches(world: &World) {
    let search = |text: &str| world.store.read(|reader| reader.search(text, 20)).unwrap().len();
    for letters in [1, 2, 3, 5, 8] {
        time(&format!("search {letters} letters"), 200, |n| search(&word(n * 13).chars().take(letters).collect::<String>()));
    }
    time("search two words", 200, |n| search(&format!("{} {}", word(n * 3), word(n * 7 + 1))));
    time("search two text words", 200, |n| search(&words(n, 2)));
    time("search nothing there", 200, |n| search(&format!("zq{n}x")));
    time("search a slip", 100, |n| search(&format!("{}x", word(n * 3))));
    time("search a phone", 200, |n| search(&format!("07700 {n:06}")));
    time("search word tag not", 100, |n| search(&format!("{} tag:partner -has:birthday", words(n, 1))));
    time("search or", 100, |n| search(&format!("{} or {}", words(n, 1), words(n + 7, 1))));
    time("search phrase", 50, |n| search(&format!("\"{}\"", words(n, 2))));
    let list = |query: ListQuery| world.store.read(|reader| reader.list_page(&ListQuery { limit: 50, ..query })).unwrap().total;
    for sort in [Sort::Name, Sort::Changed, Sort::Created, Sort::Last, Sort::Due] {
        time(&format!("people by {sort:?}"), 50, |_| list(ListQuery { sort, ..people() }));
    }
    time("everything by name", 50, |_| list(ListQuery::default()));
    time("activities by time", 50, |_| list(ListQuery { kind: Some("activity".into()), sort: Sort::At, ..ListQuery::default() }));
    time("list far page", 100, |n| list(ListQuery { offset: (n * 997 % 100_000) as u32, ..people() }));
    for letters in [1, 2, 3, 5, 8] {
        time(&format!("people filtered {letters}"), 100, |n| {
            list(ListQuery { text: words(n, 1).chars().take(letters).collect(), ..people() })
        });
    }
    for text in
        ["tag:partner", "-tag:partner", "tag:partner -has:birthday", "city:glasgow", "birthday:12", "last<2020", "tag:press or birthday:3"]
    {
        time(&format!("people where {text}"), 50, |_| list(ListQuery { text: text.into(), ..people() }));
    }
    let meetings = |text: String| list(ListQuery { kind: Some("meeting".into()), sort: Sort::At, text, ..ListQuery::default() });
    time("meetings where word", 50, |n| meetings(words(n, 1)));
    time("meetings where the word", 50, |_| meetings(word(0)));
    time("meetings where two words", 50, |n| meetings(words(n, 2)));
    time("meetings where word, at", 50, |n| meetings(format!("{} at:2026", words(n, 1))));
    time("meetings where at", 50, |_| meetings("at:2026-03".into()));
    time("notes by name where word", 50, |n| list(ListQuery { kind: Some("note".into()), text: words(n, 1), ..ListQuery::default() }));
    for by in [GroupBy::Letter, GroupBy::Tag, GroupBy::Created] {
        time(&format!("people by {by:?}"), 20, |_| world.store.read(|reader| reader.groups(&people(), by)).unwrap());
    }
    time("counts", 100, |_| world.store.read(|reader| reader.counts()).unwrap());
}

fn edits(world: &mut World, total: u64) {
    time("an edit", 200, |n| {
        let doc = doc(n * 37 % total);
        let mut document = world.document(&doc);
        let put = [tuttu_model::FlatOp::Put("name".into(), tuttu_model::Scalar::Text(format!("Edited {n}")))];
        let change = document.edit(world.feed.header.actor(), 9, &put).unwrap().unwrap();
        let record = document.record();
        let write = crate::rows::RecordWrite { doc, heads: document.heads(), record, snapshot: Some(document.save()), news: false };
        let entry = world.feed.entry(vec![(doc, change)]);
        world.write(move |tx| {
            tx.append_entry(&SPACE, &entry)?;
            tx.put_record(&SPACE, &write)
        });
    });
}
