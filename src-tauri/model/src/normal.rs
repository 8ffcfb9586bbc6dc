//! The forms in which text is searched: accents, case, scripts and phone punctuation folded away.

/// Lower case, accents removed (also `ø`, `ł`, `đ`, `ß`, `þ`), Greek final sigma folded, Cyrillic `ё` to `е`; words separated by one space.
#[must_use]
pub fn fold(text: &str) -> String {
    todo!()
}

/// Only the digits of a phone number.
#[must_use]
pub fn digits(text: &str) -> String {
    todo!()
}

/// A key that sorts names as people expect: folded, family name not reordered.
#[must_use]
pub fn sort_key(text: &str) -> String {
    todo!()
}
