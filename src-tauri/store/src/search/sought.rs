//! What somebody typed into a search field, taken apart. Whatever they type is words to us, never syntax.

use tuttu_model::normal;

use super::words::{stands_alone, typed_words};

/// Words beyond these are ignored.
const WORDS: usize = 12;
/// Characters beyond these are ignored.
const CHARS: usize = 400;
/// Digits from which on something typed is a phone number.
const PHONE_DIGITS: usize = 3;
/// The longest prefix the text indexes list; longer ones would merge every matching list before the first row.
pub(crate) const LISTED: usize = 5;

/// A search, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sought {
    /// Folded words, all of which must be found.
    pub(crate) words: Vec<String>,
    /// Folded tags, all of which the record must carry.
    pub(crate) tags: Vec<String>,
    /// A phone number as typed, digits only, without the zeros in front that stand for "abroad" or "in this country".
    pub(crate) phone: Option<String>,
}

impl Sought {
    /// Takes typed text apart; `tag:x` and `tag:"x y"` name tags.
    pub(crate) fn parse(text: &str) -> Self {
        let text: String = text.chars().take(CHARS).collect();
        let mut sought = Self::default();
        let mut rest = String::new();
        let mut left = text.as_str();
        while let Some((word, after)) = next_word(left) {
            match tag(word) {
                Some(name) => {
                    let (name, after) = match name.strip_prefix('"') {
                        Some(_) => quoted(left, after),
                        None => (name, after),
                    };
                    sought.add_tag(name);
                    left = after;
                }
                None => {
                    rest.push_str(word);
                    rest.push(' ');
                    left = after;
                }
            }
        }
        sought.words = typed_words(&rest);
        sought.words.truncate(WORDS);
        sought.phone = phone(&rest);
        sought
    }

    /// Adds a tag by its name.
    pub(crate) fn add_tag(&mut self, name: &str) {
        let folded = normal::fold(name.trim());
        if !folded.is_empty() {
            self.tags.push(folded);
        }
    }

    /// Nothing is sought.
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.tags.is_empty() && self.phone.is_none()
    }

    /// The query for a text index, and whether what it finds must be looked at again because the query leaves something out: single letters, and with
    /// `cut` what is beyond the prefixes the index lists. `None` when the index cannot help: single letters are sought in names only.
    pub(crate) fn text_query(&self, cut: bool) -> Option<(String, bool)> {
        let mut look_again = false;
        let mut query = String::new();
        for word in &self.words {
            let length = word.chars().count();
            if length == 1 && !word.chars().all(stands_alone) {
                look_again = true;
                continue;
            }
            let kept: String = if cut { word.chars().take(LISTED).collect() } else { word.clone() };
            look_again |= cut && length > LISTED;
            // Words are letters and digits, so nothing in them can end the quotes.
            let star = if length == 1 { "" } else { "*" };
            query.push_str(&format!("\"{kept}\"{star} "));
        }
        (!query.is_empty()).then_some((query, look_again))
    }
}

/// Whether words as typed all begin a word of this text (words separated by spaces and line feeds).
pub(crate) fn typed_text_matches(text: &str, words: &[String]) -> bool {
    words.iter().all(|word| text.split([' ', '\n']).any(|held| held.starts_with(word.as_str())))
}

fn next_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    if text.is_empty() {
        return None;
    }
    Some(text.split_once(char::is_whitespace).unwrap_or((text, "")))
}

fn tag(word: &str) -> Option<&str> {
    let (key, name) = word.split_once(':')?;
    (key.eq_ignore_ascii_case("tag") && !name.is_empty()).then_some(name)
}

/// The text between the quotes that begin in the next word of `left`, and what follows; up to the end where the second quote is missing.
fn quoted<'a>(left: &'a str, after: &'a str) -> (&'a str, &'a str) {
    let Some((_, inside)) = left.split_once('"') else { return ("", after) };
    inside.split_once('"').unwrap_or((inside, ""))
}

fn phone(text: &str) -> Option<String> {
    if !text.chars().all(|letter| letter.is_numeric() || letter.is_whitespace() || "+-()./".contains(letter)) {
        return None;
    }
    let digits = normal::digits(text);
    let bare = digits.trim_start_matches('0');
    (bare.len() >= PHONE_DIGITS).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn words_and_tags_are_told_apart() {
        let sought = Sought::parse("Priya tag:Partner  TAG:\"board member\" x");
        assert_eq!(sought.words, ["priya", "x"]);
        assert_eq!(sought.tags, ["partner", "board member"]);
        assert_eq!(sought.phone, None);
        assert_eq!(Sought::parse("tag:\"half open").tags, ["half open"]);
        assert_eq!(Sought::parse("tag: tag:\"\"").tags, [""; 0]);
    }

    #[test]
    fn a_phone_number_is_known_in_any_spacing() {
        for typed in ["+44 7700 900142", "0044-7700-900142", "(447700) 900.142"] {
            assert_eq!(Sought::parse(typed).phone.as_deref(), Some("447700900142"), "{typed}");
        }
        assert_eq!(Sought::parse("07700 900142").phone.as_deref(), Some("7700900142"));
        assert_eq!(Sought::parse("12").phone, None);
        assert_eq!(Sought::parse("900142 x").phone, None);
    }

    #[test]
    fn nothing_typed_is_syntax() {
        let (query, _) = Sought::parse("\"half OR -minus NEAR( col:x * ^ tag").text_query(true).unwrap();
        assert_eq!(query, "\"half\"* \"or\"* \"minus\"* \"near\"* \"col\"* \"tag\"* ");
        assert_eq!(Sought::parse("\" * ^ - ( )").text_query(true), None);
    }

    #[test]
    fn long_words_are_cut_to_what_is_listed() {
        assert_eq!(Sought::parse("raghunathan").text_query(true), Some(("\"raghu\"* ".into(), true)));
        assert_eq!(Sought::parse("a").text_query(true), None);
        assert_eq!(Sought::parse("a bc").text_query(true), Some(("\"bc\"* ".into(), true)));
        assert_eq!(Sought::parse("田").text_query(true), Some(("\"田\" ".into(), false)));
    }
}
