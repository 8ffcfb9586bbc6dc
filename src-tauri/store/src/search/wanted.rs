//! A word of a query, taken apart the same way as the text it is sought in.

use tuttu_model::normal;

use super::words::{stands_alone, typed_words};

/// Pieces of one word beyond these are ignored.
const PIECES: usize = 12;
/// Digits from which on something typed is a phone number.
const PHONE_DIGITS: usize = 3;
/// Digits of a number without its country code that say enough alone.
const NATIONAL_DIGITS: usize = 6;
/// The longest prefix the text indexes list; longer ones would merge every matching list before the first row.
pub(crate) const LISTED: usize = 5;
/// Letters from which on a word is sought in notes, too.
const TEXT_LETTERS: usize = 3;

/// A piece of a typed word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A word begins with this.
    Start(String),
    /// These characters follow each other, in a script without spaces.
    Run(Vec<String>),
}

impl Piece {
    /// What a search line holds where the piece is, without the space in front.
    pub(crate) fn needle(&self) -> String {
        match self {
            Self::Start(word) => word.clone(),
            Self::Run(letters) => letters.join(" "),
        }
    }

    /// Letters.
    pub(crate) fn letters(&self) -> usize {
        match self {
            Self::Start(word) => word.chars().count(),
            Self::Run(letters) => letters.len(),
        }
    }

    /// Too short to mean anything in a long text.
    pub(crate) fn is_short(&self) -> bool {
        matches!(self, Self::Start(_)) && self.letters() < TEXT_LETTERS
    }

    /// The query for a text index, and whether what it finds must be looked at again because the query leaves something out: with `cut` what is
    /// beyond the prefixes the index lists, and that characters follow each other. `None` for single letters, which begin half of all words.
    pub(crate) fn text_query(&self, cut: bool) -> Option<(String, bool)> {
        match self {
            Self::Start(word) => {
                let length = self.letters();
                let kept: String = if cut { word.chars().take(LISTED).collect() } else { word.clone() };
                // Words are letters and digits, so nothing in them can end the quotes.
                (length > 1).then(|| (format!("\"{kept}\"*"), cut && length > LISTED))
            }
            Self::Run(letters) => {
                let all: Vec<String> = letters.iter().map(|letter| format!("\"{letter}\"")).collect();
                Some((all.join(" "), letters.len() > 1))
            }
        }
    }

    /// Whether a text (words separated by spaces and line feeds, each with a space in front) has it.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Start(word) => text.split([' ', '\n']).any(|held| held.starts_with(word.as_str())),
            Self::Run(_) => format!(" {text}").contains(&format!(" {}", self.needle())),
        }
    }
}

/// The pieces of a typed word, all of which must be found.
pub(crate) fn pieces(word: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for word in typed_words(word) {
        let alone = word.chars().all(stands_alone);
        match pieces.last_mut() {
            Some(Piece::Run(letters)) if alone => letters.push(word),
            _ if alone => pieces.push(Piece::Run(vec![word])),
            _ => pieces.push(Piece::Start(word)),
        }
    }
    pieces.truncate(PIECES);
    pieces
}

/// The digits a stored phone number must contain, one of these, for a number as typed: without the zeros in front that stand for "abroad" or "in this
/// country", and where a country code was typed also without it, for numbers that were stored without.
pub(crate) fn phone_needles(text: &str) -> Vec<String> {
    let digits = normal::digits(text);
    let bare = digits.trim_start_matches('0').to_owned();
    if bare.len() < PHONE_DIGITS {
        return Vec::new();
    }
    let abroad = text.trim_start().starts_with(['+', '＋']) || digits.starts_with("00");
    let national = bare.get(country_digits(&bare)..).unwrap_or_default().trim_start_matches('0').to_owned();
    let mut needles = vec![bare];
    if abroad && national.len() >= NATIONAL_DIGITS {
        needles.push(national);
    }
    needles
}

/// How many digits of an international number are its country code.
fn country_digits(digits: &str) -> usize {
    let two = digits.get(..2).unwrap_or(digits);
    match two.as_bytes().first() {
        Some(b'1' | b'7') => 1,
        _ => {
            const TWO: [&str; 43] = [
                "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51", "52",
                "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90", "91", "92",
                "93", "94", "95",
            ];
            if TWO.contains(&two) || two == "98" { 2 } else { 3 }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn words_are_taken_apart_as_texts_are() {
        let start = |word: &str| Piece::Start(word.into());
        assert_eq!(pieces("Anne-Marie"), [start("anne"), start("marie")]);
        assert_eq!(pieces("priya@har"), [start("priya"), start("har")]);
        assert_eq!(pieces("田中x花"), [Piece::Run(vec!["田".into(), "中".into()]), start("x"), Piece::Run(vec!["花".into()])]);
        assert_eq!(pieces("*-()"), []);
    }

    #[test]
    fn nothing_typed_is_syntax_of_the_index() {
        let query = |word: &str| pieces(word).iter().map(|piece| piece.text_query(true)).collect::<Vec<_>>();
        assert_eq!(query("\"half*"), [Some(("\"half\"*".into(), false))]);
        assert_eq!(query("raghunathan"), [Some(("\"raghu\"*".into(), true))]);
        assert_eq!(query("a"), [None]);
        assert_eq!(query("田中"), [Some(("\"田\" \"中\"".into(), true))]);
        assert_eq!(pieces("raghunathan")[0].text_query(false), Some(("\"raghunathan\"*".into(), false)));
    }

    #[test]
    fn characters_without_spaces_must_follow_each_other() {
        let piece = &pieces("田中")[0];
        assert!(piece.is_in(" 山 田 中 x") && piece.is_in("田 中"));
        assert!(!piece.is_in(" 中 田") && !piece.is_in(" 田\n 中"));
    }

    #[test]
    fn a_phone_number_is_known_in_any_spacing_with_and_without_its_country() {
        for typed in ["+44 7700 900142", "0044-7700-900142"] {
            assert_eq!(phone_needles(typed), ["447700900142", "7700900142"], "{typed}");
        }
        assert_eq!(phone_needles("07700 900142"), ["7700900142"]);
        assert_eq!(phone_needles("(447700) 900.142"), ["447700900142"]);
        assert_eq!(phone_needles("+358 40 1234567"), ["358401234567", "401234567"]);
        assert_eq!(phone_needles("+44 77"), ["4477"]);
        assert_eq!(phone_needles("12"), [""; 0]);
    }
}
