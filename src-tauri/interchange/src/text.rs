//! Bytes to text: byte order marks, UTF-16, old character sets, quoted-printable, base 64.

use std::borrow::Cow;

use data_encoding::BASE64;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The file as UTF-8 bytes without a byte order mark. Only UTF-16 is converted here: bytes in an older character set stay as they are, because
/// each line may be in another one.
pub(crate) fn to_utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    let encoding = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => return Cow::Borrowed(rest),
        [0xFF, 0xFE, ..] | [0x21..=0x7E, 0, 0x21..=0x7E, 0, ..] => UTF_16LE,
        [0xFE, 0xFF, ..] | [0, 0x21..=0x7E, 0, 0x21..=0x7E, ..] => UTF_16BE,
        _ => return Cow::Borrowed(bytes),
    };
    Cow::Owned(encoding.decode_with_bom_removal(bytes).0.into_owned().into_bytes())
}

/// Text in a named character set; in an unnamed or unknown one: UTF-8 if it is valid, else the Windows one of western Europe.
pub(crate) fn decode(bytes: &[u8], charset: Option<&str>) -> String {
    let named = charset.and_then(|name| Encoding::for_label(name.trim().as_bytes())).filter(|encoding| *encoding != UTF_8);
    match (named, std::str::from_utf8(bytes)) {
        (None, Ok(text)) => text.to_owned(),
        // A wrong label on text of plain ASCII or valid UTF-8 of several bytes is more common than such text in an old 8-bit set.
        (Some(encoding), Ok(text)) if encoding.is_single_byte() => text.to_owned(),
        (named, _) => named.unwrap_or(WINDOWS_1252).decode_without_bom_handling(bytes).0.into_owned(),
    }
}

/// Each byte as the character of the same number: finds the ASCII parts of text in an unknown character set.
pub(crate) fn each_byte_a_char(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Quoted-printable, soft line breaks already joined. What is not a code stays as it is.
pub(crate) fn quoted_printable(text: &[u8]) -> Vec<u8> {
    hex_codes(text, b'=')
}

/// Bytes written as a mark and two hexadecimal digits. What is not a code stays as it is.
pub(crate) fn hex_codes(text: &[u8], mark: u8) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == mark
            && let [high, low, after @ ..] = after
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            out.push(high << 4 | low);
            rest = after;
        } else {
            out.push(*first);
        }
    }
    out
}

/// Base 64, white space skipped. `None`: it is not.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    let compact: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64.decode(&compact).ok()
}

/// Without control characters, without white space around it; line ends become line feeds. In `one_line`, they and tabs become spaces.
pub(crate) fn clean(text: &str, one_line: bool) -> String {
    let text = text.trim();
    if !text.bytes().any(|byte| byte < 0x20 || byte == 0x7F) {
        return text.to_owned();
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept = text.chars().filter_map(|letter| match letter {
        '\n' | '\t' if one_line => Some(' '),
        '\n' | '\t' => Some(letter),
        _ if letter.is_ascii_control() => None,
        _ => Some(letter),
    });
    kept.collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_is_found_with_and_without_a_mark() {
        for bytes in [&b"\xFF\xFEA\0B\0"[..], b"\xFE\xFF\0A\0B", b"A\0B\0", b"\0A\0B", b"\xEF\xBB\xBFAB", b"AB"] {
            assert_eq!(&*to_utf8(bytes), b"AB", "{bytes:?}");
        }
    }

    #[test]
    fn character_sets() {
        assert_eq!(decode(b"M\xFCller", None), "Müller");
        assert_eq!(decode("Müller".as_bytes(), Some("ISO-8859-1")), "Müller", "a wrong label");
        assert_eq!(decode(b"\x93\x63\x92\x86", Some("SHIFT_JIS")), "田中");
        assert_eq!(decode(b"\xC8\xE2\xE0\xED", Some("windows-1251")), "Иван");
        assert_eq!(decode(b"caf\xE9", Some("no-such-set")), "café");
    }

    #[test]
    fn quoted_printable_keeps_what_is_no_code() {
        assert_eq!(quoted_printable(b"M=C3=BCller=3"), "Müller=3".as_bytes());
        assert_eq!(quoted_printable(b"a=zzb="), b"a=zzb=");
    }

    #[test]
    fn control_characters_go_line_ends_are_line_feeds() {
        assert_eq!(clean(" a\0b\r\nc\rd\x7F ", false), "ab\nc\nd");
        assert_eq!(clean("a\nb", true), "a b");
    }
}
