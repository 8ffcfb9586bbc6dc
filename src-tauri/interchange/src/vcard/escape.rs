//! Backslash escapes of values and circumflex escapes of parameters.

use std::borrow::Cow;

/// Undoes the escapes of vCard 3.0 and 4.0. What is not an escape stays as it is.
pub(super) fn unescaped(value: &str) -> Cow<'_, str> {
    undo(value, true)
}

/// Undoes the escapes that do not make a line end: for vCard 2.1 in quoted-printable, where `\n` is a backslash and a letter.
pub(super) fn unescaped_marks(value: &str) -> Cow<'_, str> {
    undo(value, false)
}

fn undo(value: &str, line_ends: bool) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        match letters.next() {
            Some('n' | 'N') if line_ends => text.push('\n'),
            Some(mark @ (',' | ';' | ':' | '\\')) => text.push(mark),
            Some(other) => text.extend(['\\', other]),
            None => text.push('\\'),
        }
    }
    Cow::Owned(text)
}

/// An escaped value as a strict writer would escape it, its lists and structure untouched.
pub(super) fn strict(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\n' => text.push_str("\\n"),
            '\\' => match letters.next() {
                Some('n' | 'N') => text.push_str("\\n"),
                Some(':') => text.push(':'),
                Some(mark @ (',' | ';' | '\\')) => text.extend(['\\', mark]),
                Some(other) => text.extend(['\\', '\\', other]),
                None => text.push_str("\\\\"),
            },
            letter => text.push(letter),
        }
    }
    text
}

/// The parts of a value between separators that are not escaped, still escaped.
pub(super) fn split(value: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut escaped = false;
        let end = text.bytes().position(|byte| {
            let found = byte == separator && !escaped;
            escaped = byte == b'\\' && !escaped;
            found
        });
        // The separators are ASCII, so both sides are whole characters.
        let (part, after) =
            end.and_then(|end| Some((text.get(..end)?, text.get(end + 1..)?))).map_or((text, None), |(part, after)| (part, Some(after)));
        rest = after;
        Some(part)
    })
}

/// Escapes a text value, commas and semicolons included.
pub(super) fn text(value: &str) -> String {
    escape(value, &[',', ';'])
}

/// Escapes a text value in which semicolons are allowed to stand.
pub(super) fn text_with_semicolons(value: &str) -> String {
    escape(value, &[','])
}

fn escape(value: &str, marks: &[char]) -> String {
    let mut text = String::with_capacity(value.len() + 8);
    for letter in value.chars() {
        match letter {
            '\n' => text.push_str("\\n"),
            '\\' => text.push_str("\\\\"),
            '\t' => text.push('\t'),
            // Not allowed anywhere in a vCard, and not visible.
            letter if letter.is_ascii_control() => {}
            letter => {
                if marks.contains(&letter) {
                    text.push('\\');
                }
                text.push(letter);
            }
        }
    }
    text
}

/// Undoes the circumflex escapes of RFC 6868.
pub(super) fn param_decoded(value: &str) -> String {
    if !value.contains('^') {
        return value.to_owned();
    }
    let mut text = String::with_capacity(value.len());
    let mut letters = value.chars().peekable();
    while let Some(letter) = letters.next() {
        let plain = match (letter, letters.peek()) {
            ('^', Some('n')) => '\n',
            ('^', Some('^')) => '^',
            ('^', Some('\'')) => '"',
            _ => {
                text.push(letter);
                continue;
            }
        };
        letters.next();
        text.push(plain);
    }
    text
}

/// A parameter value, escaped and in quotation marks where it needs them.
pub(super) fn param(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    for letter in value.chars() {
        match letter {
            '\n' => text.push_str("^n"),
            '^' => text.push_str("^^"),
            '"' => text.push_str("^'"),
            letter if letter.is_ascii_control() => {}
            letter => text.push(letter),
        }
    }
    let plain =
        !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '+' | '/'));
    if plain { text } else { format!("\"{text}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_and_others_kept() {
        assert_eq!(unescaped(r"a\nb\,c\;d\\e\:f\x\"), "a\nb,c;d\\e:f\\x\\");
        assert_eq!(unescaped_marks(r"C:\new\;x"), r"C:\new;x");
        assert_eq!(unescaped(&text("a\nb,c;d\\n")), "a\nb,c;d\\n");
    }

    #[test]
    fn strict_escapes_say_the_same() {
        assert_eq!(strict(r"a\:b\Nc\xd\,e,f\;g;h\\i\"), r"a:b\nc\\xd\,e,f\;g;h\\i\\");
        assert_eq!(strict(&strict(r"\x\:\")), strict(r"\x\:\"));
    }

    #[test]
    fn splitting_minds_escapes() {
        assert_eq!(split(r"a;b\;c;\\;;ü", b';').collect::<Vec<_>>(), ["a", r"b\;c", r"\\", "", "ü"]);
        assert_eq!(split("", b';').collect::<Vec<_>>(), [""]);
    }

    #[test]
    fn parameters_come_back() {
        for value in ["plain", "a \"b\"", "x;y:z", "^n ^ ^^", "a\nb", "", "ü"] {
            let written = param(value);
            assert_eq!(param_decoded(written.trim_matches('"')), value, "{written}");
        }
        assert_eq!(param("work"), "work");
    }
}
