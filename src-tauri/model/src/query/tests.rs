#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use chrono::NaiveDate;
use proptest::prelude::*;

use super::date::resolve;
use super::*;

/// The tree in brackets, to see its shape.
fn shape(text: &str) -> String {
    fn show(node: &Node) -> String {
        match node {
            Node::All(parts) => format!("({})", parts.iter().map(show).collect::<Vec<_>>().join(" & ")),
            Node::Any(parts) => format!("({})", parts.iter().map(show).collect::<Vec<_>>().join(" | ")),
            Node::Not(inner) => format!("!{}", show(inner)),
            Node::Term(term) => term.to_string(),
        }
    }
    parse(text).tree.as_ref().map(show).unwrap_or_default()
}

fn warnings(text: &str) -> Vec<(u32, u32)> {
    parse(text).warnings.iter().map(|warning| (warning.at, warning.length)).collect()
}

#[test]
fn everything_in_a_row_must_hold() {
    for (typed, expected) in [
        ("", ""),
        ("  ", ""),
        ("priya", "priya"),
        ("priya glasgow", "(priya & glasgow)"),
        ("a and b", "(a & b)"),
        ("a b or c", "((a & b) | c)"),
        ("a (b or c)", "(a & (b | c))"),
        ("a OR b | c", "(a | b | c)"),
        ("(a (b (c d)))", "(a & b & c & d)"),
        ("-a", "!a"),
        ("not a b", "(!a & b)"),
        ("-(a or b)", "!(a | b)"),
        ("--a", "a"),
        ("not not a", "a"),
        ("-tag:vip", "!tag:vip"),
        ("anne-marie", "anne-marie"),
        ("a - b", "(a & b)"),
        ("\"two words\" x", "(\"two words\" & x)"),
        ("“two words”", "\"two words\""),
        ("\"never closed", "\"never closed\""),
        ("(a or b", "(a | b)"),
        ("a) b", "(a & b)"),
        ("()", ""),
        ("-", ""),
        ("\"\"", ""),
    ] {
        assert_eq!(shape(typed), expected, "{typed}");
    }
}

#[test]
fn a_joint_that_joins_nothing_is_a_word() {
    assert_eq!(shape("ann or"), "(ann & \\or)", "on the way to “ann orwell”");
    assert_eq!(shape("or"), "\\or");
    assert_eq!(shape("not"), "\\not");
    assert_eq!(shape("or ann"), "(\\or & ann)");
    assert_eq!(shape("(a or) b"), "(a & \\or & b)");
    assert_eq!(shape("\\or x"), "(\\or & x)");
}

#[test]
fn filters_are_known_by_their_keys() {
    for (typed, expected) in [
        ("tag:vip", "tag:vip"),
        ("TAG:\"board member\"", "tag:\"board member\""),
        ("tag:place:glasgow", "tag:place:glasgow"),
        ("mail:priya@x.example", "email:priya@x.example"),
        ("company:\"Harbour (East)\"", "org:\"Harbour (East)\""),
        ("kind:People", "kind:person"),
        ("type:activities", "kind:activity"),
        ("custom.x-dietary:vegan", "custom.x-dietary:vegan"),
        ("has:e-mail", "has:e-mail"),
        ("has:phones", "has:phone"),
        ("in:trash", "in:trash"),
        ("is:overdue", "due<today"),
        ("due:overdue", "due<today"),
        ("due<2026-12-01", "due<2026-12-01"),
        ("due:<=today", "due<=today"),
        ("changed>7d", "changed>7d"),
        ("created:2026-11", "created:2026-11"),
        ("created:2026-01..2026-03", "created:2026-01..2026-03"),
        ("birthday:12", "birthday:12"),
        ("birthday:--12-03", "birthday:12-03"),
        ("birthday:1986", "birthday:1986"),
        ("due:none", "!due:any"),
        ("last:never", "!last:any"),
        ("last<-3m", "last<-3m"),
        ("tag:a,b", "tag:a,b"),
        ("(tag:a or tag:b)", "(tag:a | tag:b)"),
    ] {
        assert_eq!(shape(typed), expected, "{typed}");
    }
}

#[test]
fn what_is_not_understood_is_searched_and_told_with_its_place() {
    assert_eq!((shape("ann due:soon"), warnings("ann due:soon")), ("(ann & due:soon)".into(), vec![(4, 8)]));
    assert_eq!((shape("colour:red"), warnings("colour:red")), ("colour:red".into(), vec![(0, 10)]));
    assert_eq!((shape("ann tag:"), warnings("ann tag:")), ("ann".into(), vec![(4, 4)]));
    assert_eq!((shape("a b)"), warnings("a b)")), ("(a & b)".into(), vec![(3, 1)]));
    assert_eq!(warnings("12:30 https://x.example c:\\x a<b"), []);
    let said = parse("has:wings").warnings[0].message.clone();
    assert!(said.starts_with("“has:wings”: “has:” knows address, ") && said.ends_with("its words were searched."), "{said}");
}

#[test]
fn phone_numbers_stay_together() {
    for (typed, expected) in [
        ("+44 7700 900142", "+44 7700 900142"),
        ("(030) 1234-567", "030 1234-567"),
        ("+49 (0)30 123", "+49 30 123"),
        ("anna 0170 12", "(anna & 0170 12)"),
        ("tag:a 12", "(tag:a & 12)"),
        ("12 or 34", "(12 | 34)"),
        ("-(12 34)", "!12 34"),
        ("3rd", "3rd"),
    ] {
        assert_eq!(shape(typed), expected, "{typed}");
    }
    assert!(matches!(parse("(447700) 900.142").tree, Some(Node::Term(Term::Number(_)))));
}

#[test]
fn there_is_a_limit_on_everything() {
    let many = parse(&"x ".repeat(10_000));
    let Some(Node::All(parts)) = &many.tree else { panic!("{many:?}") };
    assert_eq!((parts.len(), many.warnings.len()), (TERMS, 1));
    let long = parse(&"x".repeat(1_000_000));
    let Some(Node::Term(Term::Word(word))) = &long.tree else { panic!() };
    assert_eq!(word.len(), WORD_CHARS);
    let deep = parse(&format!("{}x", "(".repeat(5_000)));
    assert_eq!(deep.tree, Some(Node::Term(Term::Word("x".into()))));
    assert!(parse(&"-".repeat(100_000)).tree.is_none());
}

fn stretches(typed: &str) -> Vec<String> {
    let Some(Node::Term(Term::Date(field, test))) = parse(typed).tree else { panic!("{typed}") };
    let today = Today { date: NaiveDate::from_ymd_opt(2026, 11, 25).unwrap(), offset: 0 };
    let end = |end: &Option<String>| end.clone().unwrap_or_default();
    resolve(field, &test, today).iter().map(|stretch| format!("{}..{}", end(&stretch.from), end(&stretch.to))).collect()
}

#[test]
fn moments_mean_days() {
    for (typed, expected) in [
        ("due:today", "2026-11-25..2026-11-26"),
        ("due:tomorrow", "2026-11-26..2026-11-27"),
        ("due:week", "2026-11-23..2026-11-30"),
        ("due:next-month", "2026-12..2027"),
        ("due<2026-12", "..2026-12"),
        ("due<=2026-12", "..2027"),
        ("due>2026-12", "2027.."),
        ("due>=2026", "2026.."),
        ("due:7d", "2026-11-25..2026-12-03"),
        ("due<7d", "..2026-12-02"),
        ("due:-7d", "2026-11-18..2026-11-26"),
        ("due:2026-01-30..2026-02", "2026-01-30..2026-03"),
        ("due:..today", "..2026-11-26"),
        ("due:any", ".."),
        ("changed>7d", "2026-11-19T00:00:00Z.."),
        ("changed:7d", "2026-11-18T00:00:00Z..2026-11-26T00:00:00Z"),
        ("last<3m", "..2026-08-25T00:00:00Z"),
        ("birthday:1986", "1986..1987"),
        ("birthday:12", "12..12~"),
        ("birthday:12-03", "12-03..12-03~"),
        ("birthday:today", "11-25..11-25~"),
    ] {
        assert_eq!(stretches(typed), [expected], "{typed}");
    }
    assert_eq!(stretches("birthday:60d"), ["11-25..", "..01-24~"], "over New Year");
    assert_eq!(stretches("due<9999y").len(), 1, "beyond the calendar nothing bounds");
}

#[test]
fn clock_times_are_compared_where_the_person_is() {
    let Some(Node::Term(Term::Date(field, test))) = parse("changed:today").tree else { panic!() };
    let today = Today { date: NaiveDate::from_ymd_opt(2026, 11, 25).unwrap(), offset: 13 * 60 };
    assert_eq!(resolve(field, &test, today)[0].from.as_deref(), Some("2026-11-24T11:00:00Z"));
}

#[test]
fn a_quoted_value_stays_quoted_where_it_would_be_read_as_a_comparison() {
    for text in ["tag:\"<\"", "tag:\"<=x\"", "org:\">1\"", "tag:\"=\"", "space:\"a b\""] {
        let tree = parse(text).tree.unwrap();
        assert_eq!(parse(&tree.to_string()).tree, Some(tree), "{text}");
    }
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zàß田0-9+().:<>\"“\\\\|&/*'-]{1,6}",
        "[ -~]{0,4}",
        prop::sample::select(vec![
            "or",
            "and",
            "not",
            "(",
            ")",
            "-",
            "\"",
            "tag:",
            "tag:x",
            "due<today",
            "due:-3d",
            "birthday:12",
            "has:email",
            "has:x",
            "in:trash",
            "kind:people",
            "custom.a:b",
            "(0)",
            "12",
            "+44",
            "x:y",
            "due:2026-01..",
            "-(",
            "\\or",
            "phone:(030)1",
            "org:\"a b\"",
            "foo(bar",
            "tag:\"<",
            "place:\">=3\"",
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_printed_parses_to_the_same_tree(pieces in proptest::collection::vec(piece(), 0..12), spaced in any::<bool>()) {
        let text = pieces.join(if spaced { " " } else { "" });
        if let Some(tree) = parse(&text).tree {
            let printed = tree.to_string();
            prop_assert_eq!(parse(&printed).tree, Some(tree), "{} -> {}", text, printed);
        }
    }

    #[test]
    fn nothing_typed_breaks_it(text in "\\PC{0,80}") {
        let parsed = parse(&text);
        let length = u32::try_from(text.chars().count()).unwrap();
        prop_assert!(parsed.warnings.iter().all(|warning| warning.at + warning.length <= length));
        if let Some(tree) = parsed.tree {
            prop_assert_eq!(parse(&tree.to_string()).tree, Some(tree));
        }
    }
}
