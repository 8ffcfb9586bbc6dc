use super::world::*;
use crate::rows::{ListQuery, Sort};

fn names(rows: &[&str]) -> Vec<String> {
    rows.iter().map(|name| (*name).to_owned()).collect()
}

fn some() -> World {
    let mut world = World::new();
    for (name, created, tag) in
        [("Émile", "2026-01-03", "tag:a"), ("bob", "2026-01-01", "tag:b"), ("Ann", "2026-01-02", "tag:a"), ("Zed", "2026-01-04", "tag:a")]
    {
        let created = format!("{created}T09:00:00Z");
        world.add(&[("kind", "person"), ("name", name), ("created", &created), (tag, ""), ("notes", "knows violets")]);
    }
    world.add(&[("kind", "org"), ("name", "Annex"), ("tag:a", "")]);
    world
}

#[test]
fn lists_are_sorted_as_asked() {
    let world = some();
    assert_eq!(world.list(&people()), (names(&["Ann", "bob", "Émile", "Zed"]), 4));
    assert_eq!(world.list(&ListQuery { sort: Sort::Created, ..people() }), (names(&["Zed", "Émile", "Ann", "bob"]), 4));
    assert_eq!(world.list(&ListQuery { kind: None, ..people() }), (names(&["Ann", "Annex", "bob", "Émile", "Zed"]), 5));
    assert_eq!(world.list(&ListQuery { kind: Some("org".into()), ..people() }), (names(&["Annex"]), 1));
    assert_eq!(world.list(&ListQuery { kind: Some("'; DROP TABLE".into()), ..people() }), (vec![], 0));
}

#[test]
fn the_newest_change_comes_first_when_asked() {
    let mut world = some();
    let ann = world.store.read(|reader| reader.find_by_name("ann")).unwrap()[0].1;
    world.set(ann, "name", "Annabel");
    let query = ListQuery { sort: Sort::Changed, ..people() };
    assert_eq!(world.list(&query).0[0], "Annabel");
}

#[test]
fn pages_follow_each_other() {
    let world = some();
    for text in ["", "violets"] {
        let page = |offset| world.list(&ListQuery { offset, limit: 2, text: text.into(), ..people() });
        assert_eq!(page(0), (names(&["Ann", "bob"]), 4), "{text}");
        assert_eq!(page(2), (names(&["Émile", "Zed"]), 4), "{text}");
        assert_eq!(page(4), (vec![], 4), "{text}");
    }
    assert_eq!(world.list(&ListQuery { limit: 0, ..people() }), (vec![], 4));
}

#[test]
fn text_and_tags_narrow_a_list() {
    let world = some();
    let list = |text: &str| world.list(&ListQuery { text: text.into(), ..people() });
    assert_eq!(list("ann"), (names(&["Ann"]), 1));
    assert_eq!(list("tag:a"), (names(&["Ann", "Émile", "Zed"]), 3));
    assert_eq!(list("tag:a violets e"), (names(&["Émile"]), 1));
    assert_eq!(list("tag:a tag:b"), (vec![], 0));
    let tags = ListQuery { tags: vec!["A".into()], kind: None, ..people() };
    assert_eq!(world.list(&tags), (names(&["Ann", "Annex", "Émile", "Zed"]), 4));
}

#[test]
fn one_space_or_all() {
    let mut world = some();
    world.feed = Feed::new(SHARED, COMPUTER, 4);
    world.add(&[("kind", "person"), ("name", "Cara")]);
    let list = |space, text: &str| world.list(&ListQuery { space, text: text.into(), ..people() });
    assert_eq!(list(Some(SHARED), ""), (names(&["Cara"]), 1));
    assert_eq!(list(Some(SPACE), "").1, 4);
    assert_eq!(list(None, "").0, names(&["Ann", "bob", "Cara", "Émile", "Zed"]));
    assert_eq!(list(Some(SPACE), "car"), (vec![], 0));
    assert_eq!(list(Some(SHARED), "car"), (names(&["Cara"]), 1));
}

#[test]
fn many_matches_come_out_in_the_same_order_as_few() {
    let mut world = World::new();
    let all: Vec<String> = (0..2_500).map(|n| format!("Ann {:05}", (n * 7_919) % 10_007)).collect();
    for chunk in all.chunks(1_000) {
        let fields: Vec<[(&str, &str); 2]> = chunk.iter().map(|name| [("kind", "person"), ("name", name.as_str())]).collect();
        let fields: Vec<&[(&str, &str)]> = fields.iter().map(|fields| fields.as_slice()).collect();
        world.add_all(&fields);
    }
    let mut sorted = all.clone();
    sorted.sort();
    let query = ListQuery { text: "ann".into(), offset: 1_200, limit: 50, ..people() };
    let (page, total) = world.list(&query);
    assert_eq!((page.as_slice(), total), (&sorted[1_200..1_250], 2_500));
    let (page, total) = world.list(&ListQuery { text: "ann 00".into(), limit: 5, ..people() });
    let few: Vec<&String> = sorted.iter().filter(|name| name.contains(" 00")).collect();
    assert_eq!((page.iter().collect::<Vec<_>>().as_slice(), total as usize), (&few[..5], few.len()));
}
