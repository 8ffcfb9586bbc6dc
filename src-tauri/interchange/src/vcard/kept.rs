//! Properties that no field of a record stands for: kept in `custom`, and written back as they were.
//!
//! The key is the property's name in lower case, `x-dietary` for `X-DIETARY` and `vcard.gender` for `GENDER`; the second of its kind gets `.2`.
//! The value is its text. Where the text alone would not bring the line back (it has parameters, a label, or a list in it), the value is the
//! line's own tail behind a mark: `vcard;VALUE=uri:https://...`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::escape;
use super::property::Property;

/// Before a value that is the tail of a line.
const MARK: &str = "vcard";

/// How many marks before each other are looked at; nobody writes even two.
const MAX_MARKS: usize = 4;

/// In a tail, the `X-ABLabel` of its group.
const LABEL: &str = "X-ABLABEL";

/// Properties that fields of a record stand for, or that are about the file.
const UNDERSTOOD: [&str; 39] = [
    "ADR",
    "AGENT",
    "ANNIVERSARY",
    "BDAY",
    "BEGIN",
    "CATEGORIES",
    "CREATED",
    "DEATHDATE",
    "EMAIL",
    "END",
    "FN",
    "IMPP",
    "KIND",
    "LABEL",
    "LOGO",
    "MEMBER",
    "N",
    "NICKNAME",
    "NOTE",
    "ORG",
    "PHOTO",
    "PRODID",
    "PROFILE",
    "PRONOUNS",
    "RELATED",
    "REV",
    "ROLE",
    "SOCIALPROFILE",
    "SOUND",
    "TEL",
    "TITLE",
    "UID",
    "URL",
    "VERSION",
    "X-ABADR",
    "X-ABDATE",
    "X-ABLABEL",
    "X-ABRELATEDNAMES",
    "X-ABSHOWAS",
];

/// More of them, of particular programs.
const UNDERSTOOD_X: [&str; 18] = [
    "X-ADDRESSBOOKSERVER-KIND",
    "X-ADDRESSBOOKSERVER-MEMBER",
    "X-ANDROID-CUSTOM",
    "X-ANNIVERSARY",
    "X-EVOLUTION-ANNIVERSARY",
    "X-KADDRESSBOOK-X-ANNIVERSARY",
    "X-MS-ANNIVERSARY",
    "X-MS-CARDPICTURE",
    "X-PRONOUNS",
    "X-SOCIALPROFILE",
    "X-TUTTU-BIRTHDAY",
    "X-TUTTU-FIELD",
    "X-TUTTU-IDENTIFIER",
    "X-TUTTU-KEY",
    "X-TUTTU-LANGUAGE",
    "X-TUTTU-PHONETIC-NAME",
    "X-TUTTU-RELATION",
    "X-TUTTU-RHYTHM",
];

/// Properties of vCard 4.0 whose values are links unless they say otherwise.
const LINKS: [&str; 8] = ["CALADRURI", "CALURI", "CONTACT-URI", "FBURL", "GEO", "KEY", "ORG-DIRECTORY", "SOURCE"];

/// Is the value of this property a link unless it says otherwise?
pub(super) fn is_link(name: &str) -> bool {
    LINKS.contains(&name)
}

/// Does a field of a record stand for this property?
pub(super) fn is_understood(name: &str) -> bool {
    UNDERSTOOD.contains(&name) || UNDERSTOOD_X.contains(&name) || super::ims::service_of_property(name).is_some()
}

/// The key of a property's name.
pub(super) fn key(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    if lower.starts_with("x-") { lower } else { format!("vcard.{lower}") }
}

/// The name a key stands for. `None`: the key is not one of a property that is kept.
pub(super) fn name(key: &str) -> Option<String> {
    let name = key.strip_prefix("vcard.").filter(|name| !name.starts_with("x-")).or_else(|| key.starts_with("x-").then_some(key))?;
    let valid = !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let name = name.to_ascii_uppercase();
    (valid && !is_understood(&name)).then_some(name)
}

/// The first free key among `key`, `key.2`, `key.3`.
pub(super) fn free_key(custom: &BTreeMap<String, String>, key: &str) -> String {
    if !custom.contains_key(key) {
        return key.to_owned();
    }
    // Never endless: the map is finite.
    (2_usize..).map(|number| format!("{key}.{number}")).find(|key| !custom.contains_key(key)).unwrap_or_default()
}

/// Takes the number off a key that [`free_key`] gave, if the keys before it are there too.
pub(super) fn without_number<'k>(custom: &BTreeMap<String, String>, key: &'k str) -> (&'k str, usize) {
    let Some((base, number)) = key.rsplit_once('.') else { return (key, 1) };
    let Some(number) = number.parse::<usize>().ok().filter(|number| *number >= 2) else {
        return (key, 1);
    };
    let numbered = |number: usize| custom.contains_key(&format!("{base}.{number}"));
    // A key that is there follows each number, so this ends with the map.
    if custom.contains_key(base) && (2..number).all(numbered) && format!("{base}.{number}") == key { (base, number) } else { (key, 1) }
}

/// The value that stands for a property of vCard 3.0 or 4.0.
pub(super) fn value(property: &Property<'_>, label: Option<&str>) -> String {
    let raw = escape::strict(&crate::text::clean(property.value(), false));
    let plain = escape::unescaped(&raw);
    let params = params(property);
    let comes_back = params.is_empty() && label.is_none() && escape::text_with_semicolons(&plain) == raw;
    let plain = crate::text::clean(&plain, false);
    if comes_back && !is_tail(&plain) { plain } else { tail_text(&params, label, &raw) }
}

/// That a value is text goes without saying: the writer says it where it does not.
fn params(property: &Property<'_>) -> String {
    let is_text = property.param("VALUE").is_some_and(|kind| kind.eq_ignore_ascii_case("text"));
    property.params_text(if is_text { &[LABEL, "VALUE"] } else { &[LABEL] })
}

/// The value that stands for a property of vCard 2.1, whose text is decoded already.
pub(super) fn value_of_old(property: &Property<'_>, plain: &str) -> String {
    let params = params(property);
    if params.is_empty() { plain.to_owned() } else { tail_text(&params, None, &escape::text_with_semicolons(plain)) }
}

fn tail_text(params: &str, label: Option<&str>, raw: &str) -> String {
    let label = label.map(|label| format!(";{LABEL}={}", escape::param(label))).unwrap_or_default();
    format!("{MARK}{params}{label}:{raw}")
}

/// What to write for a kept value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tail {
    /// Parameters, each with its semicolon.
    pub(super) params: String,
    /// Escaped.
    pub(super) value: String,
    pub(super) label: Option<String>,
}

/// The parameters, value and label to write for a value of `custom`.
pub(super) fn tail(value: &str) -> Tail {
    if is_tail(value)
        && let Some(property) = parse(value)
    {
        return Tail { params: params(&property), value: property.value().to_owned(), label: property.param(LABEL) };
    }
    Tail { params: String::new(), value: escape::text_with_semicolons(value), label: None }
}

fn parse(value: &str) -> Option<Property<'_>> {
    let tail = value.strip_prefix(MARK).filter(|tail| tail.starts_with([':', ';']))?;
    Property::parse(Cow::Owned(format!("X{tail}")), 0)
}

/// Is it exactly what [`value()`] makes of some line that needs its tail? Everything else is text, also if it begins with the mark.
fn is_tail(value: &str) -> bool {
    let mut value = Cow::Borrowed(value);
    for _ in 0..MAX_MARKS {
        let plain = {
            let Some(property) = parse(&value) else { return false };
            let (params, label, raw) = (params(&property), property.param(LABEL), property.value());
            let clean = escape::strict(&crate::text::clean(raw, false)) == raw;
            if !clean || tail_text(&params, label.as_deref(), raw) != *value {
                return false;
            }
            let plain = escape::unescaped(raw).into_owned();
            if !params.is_empty() || label.is_some() || escape::text_with_semicolons(&plain) != raw {
                return true;
            }
            crate::text::clean(&plain, false)
        };
        // Only the mark said that it is a tail: it is one if what is behind the mark would be taken for one.
        value = Cow::Owned(plain);
    }
    true
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn kept(line: &str, label: Option<&str>) -> String {
        value(&Property::parse(Cow::Borrowed(line), 1).unwrap(), label)
    }

    #[test]
    fn plain_text_is_kept_plain() {
        assert_eq!(kept(r"X-DIETARY:vegan\, mostly", None), "vegan, mostly");
        assert_eq!(kept("GEO:55.86;-4.25", None), "55.86;-4.25");
    }

    #[test]
    fn what_text_would_lose_is_kept_as_a_tail() {
        assert_eq!(kept("X-A;TYPE=work;CHARSET=utf-8:b", None), "vcard;TYPE=work:b");
        assert_eq!(kept("X-A:b,c", None), "vcard:b,c");
        assert_eq!(kept("X-A:b", Some("My \"own\"")), "vcard;X-ABLABEL=\"My ^'own^'\":b");
    }

    #[test]
    fn values_come_back_from_what_is_written() {
        let values = [
            "b",
            "b, c; d\\e\nf",
            "vcard",
            "vcard:",
            "vcard:b",
            "vcard:b,c",
            "vcard:vcard:b",
            "vcard:vcard:b,c",
            "vcard;HOME:b",
            "vcard;TYPE=a:b",
            "vcard;X-ABLABEL=a:b",
            "vcard;X-ABLABEL=\"a b\";TYPE=c:d",
            "vcard;ENCODING=QUOTED-PRINTABLE:=41",
            "vcard;;:b",
            "vcard: b",
        ];
        for text in values {
            let tail = tail(text);
            let line = format!("X-A{}:{}", tail.params, tail.value);
            assert_eq!(kept(&line, tail.label.as_deref()), text, "{line}");
        }
    }

    #[test]
    fn keys_and_names() {
        assert_eq!((key("X-DIETARY"), key("GENDER")), ("x-dietary".into(), "vcard.gender".into()));
        for (key, expected) in [
            ("x-dietary", Some("X-DIETARY")),
            ("vcard.gender", Some("GENDER")),
            ("vcard.tel", None),
            ("x-aim", None),
            ("Shoe size", None),
            ("x-Foo", None),
        ] {
            assert_eq!(name(key).as_deref(), expected, "{key}");
        }
        let custom =
            BTreeMap::from([("x-a".to_owned(), String::new()), ("x-a.2".to_owned(), String::new()), ("x-b.2".to_owned(), String::new())]);
        assert_eq!(free_key(&custom, "x-a"), "x-a.3");
        assert_eq!(without_number(&custom, "x-a.2"), ("x-a", 2));
        assert_eq!(without_number(&custom, "x-b.2"), ("x-b.2", 1));
        assert_eq!(without_number(&custom, "x-a.02"), ("x-a.02", 1));
    }
}
