#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::super::ranking::Needle;
use super::super::wanted::pieces;
use super::*;

fn lines(texts: &[&str]) -> Lines {
    let mut lines = Lines::default();
    for (did, text) in (1..).zip(texts) {
        lines.put(did, text, About::default());
    }
    lines
}

fn best(lines: &Lines, typed: &str, limit: usize) -> Vec<i64> {
    let needles = Needles::new(pieces(typed).iter().map(|piece| Needle::word(piece, None)).collect()).unwrap();
    lines.best(&needles, limit, &|_| true).into_iter().map(|hit| hit.did).collect()
}

#[test]
fn better_matches_come_first() {
    let lines = lines(&[
        " joanna marsh\n\n\n\n\n",
        " berta ann\n\n\n\n\n",
        " annabel\n\n\n\n\n",
        " ann\n\n\n\n\n",
        " carl\n ann example\n\n\n\n",
        " dora\n\n ann ltd\n\n\n",
        " emil\n\n\n\n\n ann\n",
    ]);
    assert_eq!(best(&lines, "ann", 10), [4, 3, 2, 5, 6, 7, 1]);
    assert_eq!(best(&lines, "ann", 2), [4, 3]);
    assert_eq!(best(&lines, "an", 10), [4, 3, 2, 5, 6, 7], "two letters inside a word are noise");
    assert_eq!(best(&lines, "b ann", 10), [2]);
}

#[test]
fn among_equal_matches_the_closest_comes_first() {
    let mut lines = lines(&[" ann a\n", " ann b\n", " ann c\n", " joanna ann\n"]);
    for (did, meetings, last) in [(2, 3, "2026-01-01"), (3, 40, "2020-01-01"), (4, 500, "2026-11-01")] {
        lines.take_in(NameUpdate::Met(did, meetings, day_number(last)));
    }
    assert_eq!(best(&lines, "ann", 10), [2, 3, 1, 4], "lately before often, and a better match before all");
}

#[test]
fn lines_are_replaced_and_tidied_away() {
    let mut lines = lines(&[" ann\n\n\n\n\n", " ben\n\n\n\n\n"]);
    for n in 0..20_000 {
        lines.put(1, &format!(" ann w{n}\n\n\n\n\n"), About::default());
        lines.tidy();
    }
    assert!(lines.buffer.len() < 200_000, "{}", lines.buffer.len());
    assert_eq!(best(&lines, "ann", 9), [1]);
    assert_eq!(best(&lines, "ann w19999", 9), [1]);
    assert_eq!(best(&lines, "w5", 9), [0; 0]);
    lines.remove(2);
    assert_eq!(best(&lines, "ben", 9), [0; 0]);
}

#[test]
fn every_line_is_found_once_among_many() {
    let texts: Vec<String> = (0..5_000).map(|n| format!(" name{n} name{n}x\n\n\n\n\n")).collect();
    let lines = lines(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(best(&lines, "name", 10_000).len(), 5_000);
    assert_eq!(best(&lines, "name4999", 10), [5_000]);
}

proptest::proptest! {
    #[test]
    fn the_scan_finds_what_a_plain_search_finds(texts in proptest::collection::vec("[ab]{1,3}( [ab]{1,3}){0,2}", 0..40), typed in "[ab]{1,3}( [ab]{1,2})?") {
        let texts: Vec<String> = texts.iter().map(|text| format!(" {text}\n\n\n\n\n")).collect();
        let lines = lines(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let mut found = best(&lines, &typed, 1_000);
        found.sort_unstable();
        let inside = |word: &str, text: &str| text.contains(&format!(" {word}")) || (word.len() >= 3 && text.contains(word));
        let expected: Vec<i64> = (1..).zip(&texts).filter(|(_, text)| typed.split(' ').all(|word| inside(word, text))).map(|(did, _)| did).collect();
        proptest::prop_assert_eq!(found, expected);
    }
}
