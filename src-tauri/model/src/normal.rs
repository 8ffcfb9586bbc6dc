//! The forms in which text is searched: accents, case, scripts and phone punctuation folded away.

use unicode_normalization::UnicodeNormalization;

/// Lower case, accents removed (also `ø`, `ł`, `đ`, `ß`, `þ`), Greek final sigma folded, Cyrillic `ё` to `е`; words separated by one space.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        let mut out = String::with_capacity(text.len());
        push_words(&mut out, text.chars().map(|letter| letter.to_ascii_lowercase()));
        return out;
    }
    let plain: String = text.nfkd().filter(|letter| !is_dropped(*letter)).flat_map(char::to_lowercase).collect();
    let mut folded = String::with_capacity(plain.len());
    for letter in plain.chars() {
        match special(letter) {
            Some(instead) => folded.push_str(instead),
            None => folded.push(letter),
        }
    }
    let mut out = String::with_capacity(folded.len());
    // Decomposition took Hangul syllables and voiced kana apart: put them together again.
    push_words(&mut out, folded.nfc());
    out
}

/// Only the digits of a phone number.
#[must_use]
pub fn digits(text: &str) -> String {
    // Full-width digits decompose to plain ones; the digits of Arabic, Persian and Hindi are counted from their zero.
    const ZEROS: [u32; 3] = [0x0660, 0x06F0, 0x0966];
    text.nfkd()
        .filter_map(|letter| {
            if letter.is_ascii_digit() {
                return Some(letter);
            }
            let code = u32::from(letter);
            ZEROS.iter().find_map(|zero| char::from_digit(code.checked_sub(*zero)?, 10))
        })
        .collect()
}

/// A key that sorts names as people expect: folded, family name not reordered. Punctuation before the first letter or digit does not count.
#[must_use]
pub fn sort_key(text: &str) -> String {
    let folded = fold(text);
    let start = folded.find(char::is_alphanumeric).unwrap_or(0);
    folded.get(start..).unwrap_or_default().to_owned()
}

fn push_words(out: &mut String, letters: impl Iterator<Item = char>) {
    let mut gap = false;
    for letter in letters {
        if letter.is_whitespace() {
            gap = true;
            continue;
        }
        if gap && !out.is_empty() {
            out.push(' ');
        }
        gap = false;
        out.push(letter);
    }
}

/// Accents of the European scripts, the optional vowel marks of Hebrew and Arabic, and marks that cannot be seen. Marks that are part of the
/// spelling (Indic vowels, Thai, kana) stay.
fn is_dropped(letter: char) -> bool {
    matches!(letter,
        '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
        | '\u{FE20}'..='\u{FE2F}' | '\u{0591}'..='\u{05BD}' | '\u{05BF}' | '\u{05C1}' | '\u{05C2}' | '\u{05C4}' | '\u{05C5}' | '\u{05C7}'
        | '\u{0610}'..='\u{061A}' | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{0640}'
        | '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

/// Letters that have no decomposition, and typographic quotes and dashes.
fn special(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ı' => "i",
        'ħ' => "h",
        'ŧ' => "t",
        'ŋ' => "n",
        'ς' => "σ",
        '‘' | '’' | 'ʼ' | 'ʻ' => "'",
        '“' | '”' => "\"",
        '‐' | '‒' | '–' | '—' => "-",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
