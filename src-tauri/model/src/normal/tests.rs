#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;

use super::*;

#[test]
fn folding() {
    let cases = [
        ("  Priya   Raghunathan ", "priya raghunathan"),
        ("Żółć Łódź", "zolc lodz"),
        ("Øyvind Þórður Ægir", "oyvind thordur aegir"),
        ("Straße ẞ Œuvre", "strasse ss oeuvre"),
        ("İstanbul Işık", "istanbul isik"),
        ("Фёдор Достоевский", "федор достоевскии"),
        ("ΟΔΥΣΣΕΎΣ Οδυσσεύς", "οδυσσευσ οδυσσευσ"),
        ("Đặng Thị", "dang thi"),
        ("ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("ﬁnd O’Brien—Smith", "find o'brien-smith"),
        ("김민수", "김민수"),
        ("がぎぐ 山田太郎", "がぎぐ 山田太郎"),
        ("हिन्दी", "हिन्दी"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
        ("line\nbreak\ttab", "line break tab"),
        ("", ""),
    ];
    for (text, folded) in cases {
        assert_eq!(fold(text), folded, "{text}");
    }
}

#[test]
fn digits_of_phone_numbers() {
    assert_eq!(digits("+44 (0)7700-900 142"), "4407700900142");
    assert_eq!(digits("٠١٢ ۳۴ ५ ９"), "0123459");
    assert_eq!(digits("none"), "");
}

#[test]
fn names_sort_without_case_accents_or_leading_punctuation() {
    let mut names = ["Özil", "“Zed”", "anna", "Östen", "Bea"];
    names.sort_by_key(|name| sort_key(name));
    assert_eq!(names, ["anna", "Bea", "Östen", "Özil", "“Zed”"]);
    assert_eq!(sort_key("…"), "...");
}

proptest! {
    #[test]
    fn folding_twice_is_folding_once(text in "\\PC{0,40}") {
        let once = fold(&text);
        prop_assert_eq!(fold(&once), once);
    }

    #[test]
    fn the_fast_path_agrees(text in "[ -~\\t\\n]{0,40}") {
        let slow = fold(&format!("{text}é"));
        let fast = fold(&format!("{text}e"));
        prop_assert_eq!(slow, fast);
    }
}
