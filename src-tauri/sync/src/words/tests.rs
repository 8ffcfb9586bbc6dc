#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;

use super::WORDS;

#[test]
fn the_words_are_short_plain_and_distinct() {
    assert_eq!(WORDS.iter().collect::<BTreeSet<_>>().len(), 256);
    assert!(WORDS.is_sorted());
    for word in WORDS {
        assert!((4..=11).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase()), "{word}");
    }
    let beginnings: BTreeSet<_> = WORDS.iter().map(|word| word.get(..4).unwrap()).collect();
    assert!(beginnings.len() >= 254, "nearly all are told apart by four letters");
}
