use super::world::*;
use crate::rows::ListQuery;

fn full() -> World {
    let mut world = World::new();
    world.add_all(&[
        &[
            ("kind", "person"),
            ("name", "Priya Raghunathan"),
            ("emails/aaaaaaa1", "work\tpriya@harbourline.example"),
            ("phones/aaaaaaa1", "mobile\t+44 7700 900142"),
            ("orgs/aaaaaaa1/name", "Harbourline Trust"),
            ("orgs/aaaaaaa1/title", "Head of Partnerships"),
            ("notes", "Met at the regatta in Oban; allergic to nuts"),
            ("tag:partner", ""),
        ],
        &[("kind", "person"), ("name", "Zoë Müller"), ("phones/aaaaaaa1", "work\t(030) 1234-567"), ("tag:board member", "")],
        &[("kind", "person"), ("name", "Sean O’Brien"), ("nickname", "Red")],
        &[("kind", "person"), ("name", "Пётр Чайковский"), ("notes", "Любит балет")],
        &[("kind", "person"), ("name", "Ἀριστοτέλης Ὠνάσης")],
        &[("kind", "person"), ("name", "田中 花子"), ("notes", "東京の展示会で会った")],
        &[("kind", "person"), ("name", "Łukasz Żółć")],
        &[("kind", "person"), ("name", "Bjørn Straße")],
        &[("kind", "org"), ("name", "Raghu Brothers Ltd")],
        &[
            ("kind", "person"),
            ("name", "Maria Silva"),
            ("emails/aaaaaaa1", "home\traghu.fan@mail.example"),
            ("addresses/aaaaaaa1/city", "Glasgow"),
        ],
        &[("kind", "note"), ("text", "Talked with Priya about the budget"), ("at", "2026-03-01T09:00:00Z")],
        &[("kind", "call"), ("name", "Budget call"), ("text", "postponed"), ("at", "2025-03-01T09:00:00Z")],
        &[("kind", "meeting"), ("text", "Budget meeting"), ("at", "2026-05-01T09:00:00Z")],
    ]);
    world
}

#[test]
fn names_are_found_in_any_script_case_and_accent() {
    let world = full();
    for (typed, name) in [
        ("priya", "Priya Raghunathan"),
        ("PRIYA RAG", "Priya Raghunathan"),
        ("rag pri", "Priya Raghunathan"),
        ("zoe muller", "Zoë Müller"),
        ("ZOË", "Zoë Müller"),
        ("obrien", "Sean O’Brien"),
        ("o'brien", "Sean O’Brien"),
        ("brien", "Sean O’Brien"),
        ("red", "Sean O’Brien"),
        ("петр", "Пётр Чайковский"),
        ("ЧАЙК", "Пётр Чайковский"),
        ("αριστοτελης", "Ἀριστοτέλης Ὠνάσης"),
        ("ωνασησ", "Ἀριστοτέλης Ὠνάσης"),
        ("田中", "田中 花子"),
        ("花", "田中 花子"),
        ("lukasz zolc", "Łukasz Żółć"),
        ("bjorn strasse", "Bjørn Straße"),
    ] {
        assert_eq!(world.search(typed).first().map(String::as_str), Some(name), "{typed}");
    }
}

#[test]
fn phones_are_found_in_any_spacing_and_emails_by_their_parts() {
    let world = full();
    for typed in ["+447700900142", "0044 7700 900142", "07700 900142", "7700-900", "900142"] {
        assert_eq!(world.search(typed), ["Priya Raghunathan (phone)"], "{typed}");
    }
    assert_eq!(world.search("030 1234"), ["Zoë Müller (phone)"]);
    for typed in ["priya@harbourline.example", "priya@har", "@harbourline", "harbourline.example"] {
        assert_eq!(world.search(typed)[0], "Priya Raghunathan (email)", "{typed}");
    }
}

#[test]
fn what_is_nearer_to_the_name_comes_first() {
    let world = full();
    assert_eq!(world.search("raghu"), ["Raghu Brothers Ltd", "Priya Raghunathan", "Maria Silva (email)"]);
    assert_eq!(world.search("head of"), ["Priya Raghunathan (org)"]);
    assert_eq!(world.search("aghunath"), ["Priya Raghunathan"], "inside a word");
    assert_eq!(world.search("partner"), ["Priya Raghunathan (org)"], "partnerships before the tag");
}

#[test]
fn notes_and_activities_are_found_newest_first() {
    let world = full();
    assert_eq!(world.search("regatta"), ["Priya Raghunathan (notes)"]);
    assert_eq!(world.search("regat"), ["Priya Raghunathan (notes)"]);
    assert_eq!(world.search("regattas"), [""; 0]);
    assert_eq!(world.search("балет"), ["Пётр Чайковский (notes)"]);
    assert_eq!(world.search("展示"), ["田中 花子 (notes)"]);
    assert_eq!(world.search("glasg"), ["Maria Silva (notes)"]);
    assert_eq!(
        world.search("budget"),
        ["Budget meeting (activity)", "Talked with Priya about the budget (activity)", "Budget call (activity)"]
    );
    assert_eq!(world.search("budget p"), ["Talked with Priya about the budget (activity)", "Budget call (activity)"]);
    assert_eq!(world.search("priya regatta"), ["Priya Raghunathan (notes)"], "one word in the name, one in the notes");
}

#[test]
fn tags_narrow_a_search() {
    let world = full();
    assert_eq!(world.search("tag:partner"), ["Priya Raghunathan (tag)"]);
    assert_eq!(world.search("tag:Partner regatta"), ["Priya Raghunathan (notes)"]);
    assert_eq!(world.search("tag:partner zoe"), [""; 0]);
    assert_eq!(world.search("tag:\"board member\""), ["Zoë Müller (tag)"]);
    assert_eq!(world.search("tag:nothing"), [""; 0]);
}

#[test]
fn nothing_typed_breaks_a_search() {
    let world = full();
    let long = "x".repeat(100_000);
    let many = "a b ".repeat(10_000);
    for typed in [
        "",
        " ",
        "\"",
        "\"\"",
        "'",
        "*",
        "a*",
        "-a",
        "a OR",
        "NOT",
        "NEAR(",
        "words:",
        "a\0b",
        "^a",
        "(",
        ")",
        "a AND",
        "{a}",
        "+",
        "\\",
        "%",
        "_",
        "tag:",
        "tag:\"",
        "\u{200D}",
        "हिन्दी",
        "🙂",
        "a\u{301}",
        &long,
        &many,
    ] {
        world.search(typed);
        world.list(&ListQuery { text: typed.into(), limit: 10, ..ListQuery::default() });
    }
    assert_eq!(world.search("regatta\" OR \"x"), [""; 0]);
}

#[test]
fn a_search_sees_each_commit_at_once() {
    let mut world = World::new();
    assert_eq!(world.search("ann"), [""; 0]);
    let doc = world.add(&[("kind", "person"), ("name", "Ann")]);
    assert_eq!(world.search("ann"), ["Ann"]);
    for n in 0..30 {
        world.set(doc, "name", &format!("Anna {n}"));
    }
    assert_eq!(world.search("ann"), ["Anna 29"]);
    let world = world.reopen();
    assert_eq!(world.search("anna 29"), ["Anna 29"]);
}

#[test]
fn a_long_word_is_found_behind_thousands_that_begin_like_it() {
    let mut world = World::new();
    world.add(&[("kind", "note"), ("text", "the manageress"), ("at", "2001-01-01T09:00:00Z")]);
    let fields = [("kind", "note"), ("text", "the manager of the shop"), ("at", "2020-01-01T09:00:00Z")];
    let many: Vec<&[(&str, &str)]> = (0..400).map(|_| fields.as_slice()).collect();
    world.add_all(&many);
    assert_eq!(world.search("manageress"), ["the manageress (activity)"]);
    assert_eq!(world.search("manageress t"), ["the manageress (activity)"]);
    assert_eq!(world.search("manager").len(), 20);
}
