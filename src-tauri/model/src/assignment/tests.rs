#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::*;

fn set(field: &str, label: Option<&str>, value: &str) -> FieldEdit {
    FieldEdit::Set { field: field.into(), label: label.map(str::to_owned), value: value.into() }
}

#[test]
fn assignments_that_set() {
    let cases = [
        ("name=Priya Raghunathan", set("name", None, "Priya Raghunathan")),
        ("email=work:priya@x.example", set("emails", Some("work"), "priya@x.example")),
        ("email=priya@x.example", set("emails", None, "priya@x.example")),
        ("phone=mobile:+44 7700", set("phones", Some("mobile"), "+44 7700")),
        ("phone=mobile:", set("phones", Some("mobile"), "")),
        ("phone=", set("phones", None, "")),
        ("url=https://x.example/a:b", set("urls", None, "https://x.example/a:b")),
        ("url=home:https://x.example", set("urls", Some("home"), "https://x.example")),
        ("url=x.example:8080/a", set("urls", None, "x.example:8080/a")),
        ("url=mailto:a@x.example", set("urls", None, "mailto:a@x.example")),
        ("im=signal:+44", set("ims", Some("signal"), "+44")),
        ("im=@u:server.example", set("ims", None, "@u:server.example")),
        ("date=first met:2021-05", set("dates", Some("first met"), "2021-05")),
        ("date=2021-05-01T10:00", set("dates", None, "2021-05-01T10:00")),
        ("address=work:\"14 Quayside Row; Glasgow\"", set("addresses", Some("work"), "14 Quayside Row; Glasgow")),
        ("org=Trust: the second", set("orgs", None, "Trust: the second")),
        ("org=\"Harbourline Trust\"", set("orgs", None, "Harbourline Trust")),
        ("relation=introduced by:p_01", set("relations", Some("introduced by"), "p_01")),
        ("custom.x-dietary=a=b", set("custom.x-dietary", None, "a=b")),
        ("birthday=--12-03", set("birthday", None, "--12-03")),
        ("subject=Hello: you", set("name", None, "Hello: you")),
        ("phones/abcd1234=+44", set("phones/abcd1234", None, "+44")),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_assignment(text), Ok(vec![expected]), "{text}");
    }
}

#[test]
fn assignments_that_add_and_remove() {
    let add = |field: &str, label: Option<&str>, value: &str| FieldEdit::Add {
        field: field.into(),
        label: label.map(str::to_owned),
        value: value.into(),
    };
    let remove = |field: &str, item: &str| FieldEdit::Remove { field: field.into(), item: item.into() };
    assert_eq!(parse_assignment("tag+=partner, funder,"), Ok(vec![add("tags", None, "partner"), add("tags", None, "funder")]));
    assert_eq!(parse_assignment("tag=partner"), Ok(vec![set("tags", None, "partner")]));
    assert_eq!(parse_assignment("tags="), Ok(vec![set("tags", None, "")]));
    assert_eq!(parse_assignment("phone+=work:+44"), Ok(vec![add("phones", Some("work"), "+44")]));
    assert_eq!(parse_assignment("phone-=work:+44"), Ok(vec![remove("phones", "work:+44")]));
    assert_eq!(parse_assignment("with-=p_01"), Ok(vec![remove("with", "p_01")]));
}

#[test]
fn text_that_is_no_assignment() {
    for text in ["", "name", "=x", "+=x", "-=", " = "] {
        assert!(matches!(parse_assignment(text), Err(EditError::Shape(_))), "{text}");
    }
}
