//! Physical lines to logical lines: line ends, folding, soft line breaks, unindented base 64.

use std::borrow::Cow;

/// How much of a logo or sound is looked at: enough for an address of one.
pub(super) const MEDIA_KEPT: usize = 4096;

/// A place between two lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cursor {
    at: usize,
    lines_before: u32,
}

/// One logical line.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// Unfolded.
    pub(super) bytes: Cow<'a, [u8]>,
    /// Its first physical line, counted from 1.
    pub(super) number: u32,
    /// There was more of it than is ever kept.
    pub(super) cut: bool,
}

/// The logical lines of a text.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    text: &'a [u8],
    cursor: Cursor,
    /// vCard 2.1 folds before white space that belongs to the value; later versions fold with one that does not.
    pub(super) space_is_text: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn at(text: &'a [u8], cursor: Cursor) -> Self {
        Self { text, cursor, space_is_text: false }
    }

    pub(super) fn cursor(&self) -> Cursor {
        self.cursor
    }

    pub(super) fn go_back(&mut self, cursor: Cursor) {
        self.cursor = cursor;
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.cursor.at..).unwrap_or_default()
    }

    /// The next physical line without its end, and the number of bytes with it.
    fn peek(&self) -> Option<(&'a [u8], usize)> {
        let rest = self.rest();
        if rest.is_empty() {
            return None;
        }
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        let end_length = match after {
            [b'\r', b'\n', ..] => 2,
            [_, ..] => 1,
            [] => 0,
        };
        Some((line, end + end_length))
    }

    fn take(&mut self, length: usize) {
        self.cursor.at += length;
        self.cursor.lines_before = self.cursor.lines_before.saturating_add(1);
    }

    fn joins(&self, next: &[u8], how: Join) -> Option<usize> {
        match next {
            [b' ' | b'\t', ..] => Some(usize::from(!self.space_is_text || how == Join::Base64)),
            [] => None,
            _ if how == Join::Base64 && next.iter().all(|byte| is_base64(*byte)) => Some(0),
            _ => None,
        }
    }

    fn unfold(&mut self, first: &'a [u8]) -> (Cow<'a, [u8]>, bool) {
        let limit = kept_of(first);
        let how = if first.ends_with(b"=") && is_encoded(first, &[b"QUOTED-PRINTABLE", b"Q"]) {
            Join::QuotedPrintable
        } else if is_encoded(first, &[b"BASE64", b"B"]) {
            Join::Base64
        } else {
            Join::Folded
        };
        let (mut bytes, mut cut) = (Cow::Borrowed(first), false);
        while let Some((next, length)) = self.peek() {
            let skip = if how == Join::QuotedPrintable && bytes.ends_with(b"=") && !cut && !is_end(next) {
                bytes.to_mut().pop();
                Some(0)
            } else {
                self.joins(next, how)
            };
            let Some(skip) = skip else { break };
            self.take(length);
            let more = next.get(skip..).unwrap_or_default();
            if bytes.len() + more.len() > limit {
                cut = true;
            } else {
                bytes.to_mut().extend_from_slice(more);
            }
        }
        (bytes, cut)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    Folded,
    QuotedPrintable,
    Base64,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let (first, length) = self.peek()?;
        let number = self.cursor.lines_before.saturating_add(1);
        self.take(length);
        // Most lines are neither folded nor encoded: nothing is copied or searched.
        let alone = match self.rest().first() {
            Some(b' ' | b'\t') => first.is_empty(),
            _ => !first.iter().take_while(|byte| **byte != b':').any(|byte| *byte == b';'),
        };
        let (bytes, cut) = if alone { (Cow::Borrowed(first), false) } else { self.unfold(first) };
        Some(Line { bytes, number, cut })
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// The part before the value. A colon inside a quoted parameter ends it too early, which does not matter here.
fn head(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == b':').next().unwrap_or_default()
}

/// Is the value encoded in one of these ways, named with `ENCODING=` or, as in vCard 2.1, without?
fn is_encoded(line: &[u8], encodings: &[&[u8]]) -> bool {
    head(line).split(|byte| *byte == b';').skip(1).any(|param| {
        let mut parts = param.splitn(2, |byte| *byte == b'=').map(<[u8]>::trim_ascii);
        let encoding = match (parts.next(), parts.next()) {
            (Some(name), Some(value)) if name.eq_ignore_ascii_case(b"ENCODING") => value,
            (Some(bare), None) => bare,
            _ => return false,
        };
        encodings.iter().any(|wanted| encoding.eq_ignore_ascii_case(wanted))
    })
}

/// How much of a line is kept.
fn kept_of(line: &[u8]) -> usize {
    match () {
        () if is_picture(line) => super::MAX_PICTURE,
        () if is_named(line, &super::MEDIA) => MEDIA_KEPT,
        () => super::MAX_CARD + 1,
    }
}

/// Does a line hold the picture of somebody?
pub(super) fn is_picture(line: &[u8]) -> bool {
    is_named(line, &super::PICTURES)
}

fn is_named(line: &[u8], names: &[&str]) -> bool {
    let name = head(line).split(|byte| *byte == b';').next().unwrap_or_default();
    let name = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    names.iter().any(|media| name.eq_ignore_ascii_case(media.as_bytes()))
}

/// `word:VCARD`, in any case, with white space around its parts.
fn is_mark(line: &[u8], word: &[u8]) -> bool {
    // Nearly every line is something else.
    if line.trim_ascii_start().first().map(u8::to_ascii_uppercase) != word.first().copied() {
        return false;
    }
    let mut parts = line.splitn(2, |byte| *byte == b':').map(<[u8]>::trim_ascii);
    parts.next().is_some_and(|name| name.eq_ignore_ascii_case(word)) && parts.next().is_some_and(|what| what.eq_ignore_ascii_case(b"VCARD"))
}

pub(super) fn is_begin(line: &[u8]) -> bool {
    is_mark(line, b"BEGIN")
}

pub(super) fn is_end(line: &[u8]) -> bool {
    is_mark(line, b"END")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u32, String)> {
        let lines = Lines::at(text.as_bytes(), Cursor::default());
        lines.map(|line| (line.number, String::from_utf8_lossy(&line.bytes).into_owned())).collect()
    }

    #[test]
    fn every_kind_of_line_end_and_folding() {
        assert_eq!(read("A:1\r\nB:2\rC:3\nD:4"), [(1, "A:1".into()), (2, "B:2".into()), (3, "C:3".into()), (4, "D:4".into())]);
        assert_eq!(read("A:1\r\n 2\n\t3\n  4\nB:5"), [(1, "A:123 4".into()), (5, "B:5".into())]);
    }

    #[test]
    fn soft_line_breaks_are_joined_only_in_quoted_printable() {
        assert_eq!(
            read("N;ENCODING=QUOTED-PRINTABLE:a=\r\nb=\r\nc\r\nX:1="),
            [(1, "N;ENCODING=QUOTED-PRINTABLE:abc".into()), (4, "X:1=".into())]
        );
        assert_eq!(read("N;QUOTED-PRINTABLE:a=\nEND:VCARD"), [(1, "N;QUOTED-PRINTABLE:a=".into()), (2, "END:VCARD".into())]);
    }

    #[test]
    fn base64_may_go_on_without_indentation() {
        let lines = read("PHOTO;BASE64:AAAA\nBBBB\n CC==\n\nTEL:1");
        assert_eq!(lines, [(1, "PHOTO;BASE64:AAAABBBBCC==".into()), (4, String::new()), (5, "TEL:1".into())]);
    }

    #[test]
    fn long_sounds_and_very_long_pictures_are_not_copied() {
        let kept = |name: &str, lines: usize| {
            let text = format!("{name};ENCODING=b:{}", "AAAA\r\n ".repeat(lines));
            Lines::at(text.as_bytes(), Cursor::default()).next().map(|line| (line.cut, line.bytes.len()))
        };
        assert!(kept("SOUND", 5_000).is_some_and(|(cut, length)| cut && length <= MEDIA_KEPT));
        assert_eq!(kept("PHOTO", 5_000), Some((false, 17 + 4 * 5_000)));
        assert!(kept("PHOTO", super::super::MAX_PICTURE / 4).is_some_and(|(cut, length)| cut && length <= super::super::MAX_PICTURE));
    }
}
