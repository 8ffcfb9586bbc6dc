//! How text becomes words, the same way when it is stored and when it is sought.

use tuttu_model::normal;

/// Longer words are cut; the rest of them is not searched.
const WORD_CHARS: usize = 48;

/// The words of a text, folded: runs of letters and digits. Scripts written without spaces give one word for each character.
/// A name with an apostrophe is found both as `o brien` and as `obrien`.
pub(crate) fn folded_words(text: &str) -> Vec<String> {
    let mut words = Splitter::default();
    for letter in normal::fold(text).chars() {
        words.take(letter);
    }
    words.end();
    words.done
}

/// Words as somebody typed them, without the joined forms of names with apostrophes.
pub(crate) fn typed_words(text: &str) -> Vec<String> {
    let mut words = Splitter { typed: true, ..Splitter::default() };
    for letter in normal::fold(text).chars() {
        words.take(letter);
    }
    words.end();
    words.done
}

/// The same words, each with a space in front. Plain text, which most is, needs no list of words.
pub(crate) fn push_typed(out: &mut String, text: &str) {
    if !text.is_ascii() || text.contains(['\'', '`']) {
        for word in typed_words(text) {
            out.push(' ');
            out.push_str(&word);
        }
        return;
    }
    let mut length = 0;
    for letter in text.chars() {
        if !letter.is_ascii_alphanumeric() {
            length = 0;
        } else if length < WORD_CHARS {
            if length == 0 {
                out.push(' ');
            }
            out.push(letter.to_ascii_lowercase());
            length += 1;
        }
    }
}

/// Written without spaces: Han, Hiragana, Katakana and their extensions.
pub(crate) fn stands_alone(letter: char) -> bool {
    matches!(letter, '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}')
}

#[derive(Default)]
struct Splitter {
    done: Vec<String>,
    word: String,
    length: usize,
    /// The parts of the present word that apostrophes separate.
    joined: String,
    typed: bool,
}

impl Splitter {
    fn take(&mut self, letter: char) {
        if stands_alone(letter) {
            self.end();
            self.done.push(letter.to_string());
        } else if letter.is_alphanumeric() {
            if self.length < WORD_CHARS {
                self.word.push(letter);
                self.length += 1;
            }
        } else if matches!(letter, '\'' | '’' | 'ʼ' | '`') && !self.word.is_empty() {
            self.joined.push_str(&self.word);
            self.end_word();
        } else {
            self.end();
        }
    }

    fn end(&mut self) {
        if !self.joined.is_empty() {
            let mut joined = std::mem::take(&mut self.joined);
            if !self.word.is_empty() && !self.typed {
                joined.push_str(&self.word);
                self.done.push(joined);
            }
        }
        self.end_word();
    }

    fn end_word(&mut self) {
        if !self.word.is_empty() {
            self.done.push(std::mem::take(&mut self.word));
        }
        self.length = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_punctuation_separates_them() {
        assert_eq!(folded_words("Anne-Marie  Müller, jr."), ["anne", "marie", "muller", "jr"]);
        assert_eq!(folded_words("priya@harbourline.example"), ["priya", "harbourline", "example"]);
        assert_eq!(folded_words(" \u{0} \"*' "), [""; 0]);
    }

    proptest::proptest! {
        #[test]
        fn plain_text_is_taken_apart_like_any_other(text in "[ -~é\n]{0,80}") {
            let mut pushed = String::new();
            push_typed(&mut pushed, &text);
            let listed: String = typed_words(&text).into_iter().map(|word| format!(" {word}")).collect();
            proptest::prop_assert_eq!(pushed, listed);
        }
    }

    #[test]
    fn apostrophes_separate_and_join() {
        assert_eq!(folded_words("Sean O'Brien"), ["sean", "o", "obrien", "brien"]);
        assert_eq!(typed_words("Sean O’Brien"), ["sean", "o", "brien"]);
        assert_eq!(folded_words("the boys' club"), ["the", "boys", "club"]);
    }

    #[test]
    fn characters_of_scripts_without_spaces_stand_alone() {
        assert_eq!(folded_words("田中さん tel"), ["田", "中", "さ", "ん", "tel"]);
    }
}
