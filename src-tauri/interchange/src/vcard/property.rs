//! One content line: `group.NAME;PARAM=value:value`, as lenient as files need.

use std::borrow::Cow;
use std::ops::Range;

use super::escape;
use super::lines::Line;
use crate::text;

/// The most words of `TYPE` that are looked at.
const MAX_TYPES: usize = 32;

/// A parameter; vCard 2.1 leaves out the name of `TYPE` and `ENCODING`.
#[derive(Debug, Clone)]
struct Param {
    name: Range<usize>,
    value: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transfer {
    Plain,
    QuotedPrintable,
    Base64,
}

/// One property of a card.
#[derive(Debug, Clone)]
pub(super) struct Property<'a> {
    /// In upper case.
    pub(super) name: String,
    pub(super) line: u32,
    /// There was more of it than is ever kept.
    pub(super) cut: bool,
    text: Cow<'a, str>,
    group: Range<usize>,
    params: Vec<Param>,
    value: Range<usize>,
    /// The value without its transfer encoding, where it had one.
    decoded: Option<String>,
}

impl<'a> Property<'a> {
    /// Reads a line. `None`: it does not look like a property.
    pub(super) fn read(line: &Line<'a>) -> Option<Self> {
        let text = match &line.bytes {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Cow::Owned(bytes) => std::str::from_utf8(bytes).ok().map(|text| Cow::Owned(text.to_owned())),
        };
        let text = text.or_else(|| {
            let head = Self::parse(Cow::Owned(text::each_byte_a_char(&line.bytes)), line.number)?;
            Some(Cow::Owned(text::decode(&line.bytes, head.param("CHARSET").as_deref())))
        })?;
        let mut property = Self::parse(text, line.number)?;
        property.cut = line.cut;
        Some(property)
    }

    pub(super) fn parse(text: Cow<'a, str>, line: u32) -> Option<Self> {
        let head = Head::of(text.as_bytes(), true).or_else(|| Head::of(text.as_bytes(), false))?;
        let name = text.get(head.name)?.to_ascii_uppercase();
        let value = head.value..text.len();
        let mut property = Self { name, line, cut: false, group: head.group, params: head.params, value, decoded: None, text };
        if !property.params.is_empty() {
            property.decoded = property.decode();
        }
        Some(property)
    }

    fn decode(&self) -> Option<String> {
        match self.transfer() {
            Transfer::Plain => None,
            Transfer::QuotedPrintable => {
                let bytes = text::quoted_printable(self.value().as_bytes());
                Some(text::decode(&bytes, self.param("CHARSET").as_deref()))
            }
            Transfer::Base64 if super::MEDIA.contains(&self.name.as_str()) => None,
            Transfer::Base64 => {
                let bytes = text::base64(self.value())?;
                let charset = self.param("CHARSET");
                (charset.is_some() || std::str::from_utf8(&bytes).is_ok()).then(|| text::decode(&bytes, charset.as_deref()))
            }
        }
    }

    fn at(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// The value, still escaped, without its transfer encoding.
    pub(super) fn value(&self) -> &str {
        self.decoded.as_deref().unwrap_or_else(|| self.at(&self.value)).trim()
    }

    /// Was it encoded as quoted-printable or base 64? Then a backslash in it is more likely a backslash.
    pub(super) fn was_encoded(&self) -> bool {
        self.decoded.is_some()
    }

    /// Binary that is not text.
    pub(super) fn is_binary(&self) -> bool {
        self.decoded.is_none() && self.transfer() == Transfer::Base64
    }

    /// The group, `item1` in `item1.TEL`; empty without one.
    pub(super) fn group(&self) -> &str {
        self.at(&self.group)
    }

    /// Adds a line that a careless writer did not indent.
    pub(super) fn append_line(&mut self, line: &str) {
        let mut value = self.decoded.take().unwrap_or_else(|| self.at(&self.value).to_owned());
        value.push('\n');
        value.push_str(line);
        self.decoded = Some(value);
    }

    fn transfer(&self) -> Transfer {
        let words = self.params.iter().filter(|param| param.name.is_empty() || self.at(&param.name).eq_ignore_ascii_case("ENCODING"));
        for word in words.map(|param| unquoted(self.at(&param.value))) {
            if word.eq_ignore_ascii_case("QUOTED-PRINTABLE") || word.eq_ignore_ascii_case("Q") {
                return Transfer::QuotedPrintable;
            }
            if word.eq_ignore_ascii_case("BASE64") || word.eq_ignore_ascii_case("B") {
                return Transfer::Base64;
            }
        }
        Transfer::Plain
    }

    /// The first parameter of that name, without quotes.
    pub(super) fn param(&self, name: &str) -> Option<String> {
        let param = self.params.iter().find(|param| self.at(&param.name).eq_ignore_ascii_case(name))?;
        Some(text::clean(&escape::param_decoded(unquoted(self.at(&param.value).trim())), false))
    }

    /// The words of all `TYPE` parameters, named or not, in lower case; no more of them than any label is made of.
    pub(super) fn types(&self) -> Vec<String> {
        let mut words = Vec::new();
        for param in &self.params {
            let bare = param.name.is_empty();
            if !bare && !self.at(&param.name).eq_ignore_ascii_case("TYPE") {
                continue;
            }
            for word in self.at(&param.value).split([',', '"']) {
                let word = text::clean(word, true).to_lowercase();
                let says_encoding = bare && is_encoding_word(&word);
                if !word.is_empty() && !says_encoding && words.len() < MAX_TYPES && !words.contains(&word) {
                    words.push(word);
                }
            }
        }
        words
    }

    /// Android's way to put a label of the person's own into vCard 2.1: `X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=C3=84)`.
    pub(super) fn android_label(&self) -> Option<String> {
        let param = self.params.iter().find(|param| self.at(&param.name).starts_with("X-CUSTOM("))?;
        let (_, coded) = self.at(&param.value).strip_suffix(')')?.rsplit_once(',')?;
        let label = text::clean(&text::decode(&text::quoted_printable(coded.as_bytes()), None), true);
        Some(label).filter(|label| !label.is_empty())
    }

    /// The number of `PREF`, 1 for `TYPE=pref`.
    pub(super) fn preference(&self) -> Option<u32> {
        if self.params.is_empty() {
            return None;
        }
        let number = self.param("PREF").map(|number| number.trim().parse().unwrap_or(1));
        let is_type = |param: &Param| param.name.is_empty() || self.at(&param.name).eq_ignore_ascii_case("TYPE");
        let says_pref = |param: &Param| self.at(&param.value).split([',', '"']).any(|word| word.trim().eq_ignore_ascii_case("pref"));
        number.or_else(|| self.params.iter().any(|param| is_type(param) && says_pref(param)).then_some(1))
    }

    /// The parameters as they would be written, each with its semicolon; those of the transfer encoding only where it is still there.
    pub(super) fn params_text(&self, left_out: &[&str]) -> String {
        let mut text = String::new();
        for param in &self.params {
            let (name, value) = (self.at(&param.name), self.at(&param.value).trim());
            let bare_encoding = name.is_empty() && is_encoding_word(&value.to_ascii_lowercase());
            let is_transfer = name.eq_ignore_ascii_case("ENCODING") || bare_encoding;
            let of_transfer = is_transfer && !self.is_binary() || name.eq_ignore_ascii_case("CHARSET");
            if of_transfer || value.is_empty() || left_out.iter().any(|out| name.eq_ignore_ascii_case(out)) {
                continue;
            }
            let name: String = match name {
                "" if bare_encoding => "ENCODING".into(),
                "" => "TYPE".into(),
                name => name.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect(),
            };
            if name.is_empty() {
                continue;
            }
            // An odd quotation mark would swallow what follows.
            let quoted = value.matches('"').count() % 2 == 0;
            text.extend([";", &name, "="]);
            text.extend(value.chars().filter(|letter| !letter.is_ascii_control() && (quoted || *letter != '"')));
        }
        text
    }
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value)
}

fn is_encoding_word(word: &str) -> bool {
    matches!(word, "quoted-printable" | "base64" | "b" | "q" | "7bit" | "8bit" | "inline" | "utf-8" | "uri" | "url" | "cid" | "content-id")
}

/// Where the parts of a content line are.
struct Head {
    group: Range<usize>,
    name: Range<usize>,
    params: Vec<Param>,
    value: usize,
}

impl Head {
    /// Finds the parts. With `quotes`, a colon inside quotation marks is not the one before the value.
    fn of(text: &[u8], quotes: bool) -> Option<Self> {
        let start = text.iter().position(|byte| !byte.is_ascii_whitespace())?;
        let mut at = start;
        let mut group = start..start;
        let mut name_start = start;
        while let Some(byte) = text.get(at) {
            match byte {
                b'.' => {
                    group = start..at;
                    name_start = at + 1;
                }
                b'-' | b'_' => {}
                byte if byte.is_ascii_alphanumeric() => {}
                _ => break,
            }
            at += 1;
        }
        let name = name_start..at;
        while text.get(at).is_some_and(|byte| *byte == b' ') {
            at += 1;
        }
        if name.is_empty() {
            return None;
        }
        let mut params = Vec::new();
        loop {
            match text.get(at)? {
                b':' => return Some(Self { group, name, params, value: at + 1 }),
                b';' => {
                    let (param, end) = Self::param(text, at + 1, quotes)?;
                    params.extend((!param.value.is_empty()).then_some(param));
                    at = end;
                }
                _ => return None,
            }
        }
    }

    /// The parameter that begins at `start`, and where it ends.
    fn param(text: &[u8], start: usize, quotes: bool) -> Option<(Param, usize)> {
        let mut at = start;
        let mut name = start..start;
        let mut value_start = start;
        let mut quoted = false;
        loop {
            match text.get(at)? {
                b'"' if quotes => quoted = !quoted,
                _ if quoted => {}
                b'=' if name.is_empty() && value_start == start => {
                    name = start..at;
                    value_start = at + 1;
                }
                b';' | b':' => return Some((Param { name, value: value_start..at }, at)),
                _ => {}
            }
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn read(text: &str) -> Option<Property<'_>> {
        Property::parse(Cow::Borrowed(text), 1)
    }

    #[test]
    fn parts_of_a_line() {
        let line = read("item1.tel;Type=WORK,voice;PREF=2;X-A=\"b;c:d\":+44 1:2").unwrap();
        assert_eq!((line.name.as_str(), line.group(), line.value()), ("TEL", "item1", "+44 1:2"));
        assert_eq!(line.types(), ["work", "voice"]);
        assert_eq!((line.preference(), line.param("x-a")), (Some(2), Some("b;c:d".into())));
        assert_eq!(line.params_text(&["PREF"]), ";Type=WORK,voice;X-A=\"b;c:d\"");
    }

    #[test]
    fn version_2_1_leaves_out_names() {
        let line = read("TEL;HOME;PREF;QUOTED-PRINTABLE;CHARSET=ISO-8859-1:=FC").unwrap();
        assert_eq!((line.types(), line.value()), (vec!["home".into(), "pref".into()], "ü"));
        assert_eq!(line.params_text(&[]), ";TYPE=HOME;TYPE=PREF");
    }

    #[test]
    fn careless_lines() {
        assert_eq!(read("ADR;LABEL=\"12 inch:;;street").unwrap().value(), ";;street", "a quotation mark that is never closed");
        assert_eq!(read(" Note : x").unwrap().value(), "x");
        for text in ["", "no colon", ":", ";:", "a b:c", "X;Y"] {
            assert!(read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn bytes_of_an_old_character_set() {
        let line = Line { bytes: Cow::Borrowed(b"N;CHARSET=windows-1251:\xC8\xE2\xE0\xED"), number: 3, cut: false };
        assert_eq!(Property::read(&line).unwrap().value(), "Иван");
    }
}
