//! Which format a file is in, from its first bytes and its name.

use serde::Serialize;

use crate::text;

/// A file format of address books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// vCard, any version.
    VCard,
    /// Comma, semicolon or tab separated values.
    Csv,
    /// LDAP Data Interchange Format, as Thunderbird writes it.
    Ldif,
    /// iCalendar.
    ICalendar,
    /// JSContact (RFC 9553).
    JsContact,
    /// JSON Lines of records, as Tuttu writes them.
    Json,
}

/// How much of a file is looked at.
const LOOKED_AT: usize = 4096;

/// The format of a file; its contents decide before its name. `None`: neither says anything.
#[must_use]
pub fn sniff(bytes: &[u8], file_name: &str) -> Option<Format> {
    // An even number of bytes, so that UTF-16 is not cut in the middle of a unit.
    let head = text::to_utf8(bytes.get(..LOOKED_AT).unwrap_or(bytes));
    let head = String::from_utf8_lossy(&head);
    by_contents(&head).or_else(|| by_name(file_name)).or_else(|| by_shape(&head))
}

fn by_contents(head: &str) -> Option<Format> {
    let upper = head.to_ascii_uppercase();
    let first = upper.trim_start();
    if first.starts_with("BEGIN:VCALENDAR") {
        return Some(Format::ICalendar);
    }
    if upper.split(['\r', '\n']).any(|line| line.trim() == "BEGIN:VCARD") {
        return Some(Format::VCard);
    }
    if first.starts_with('{') || first.starts_with('[') {
        let contact = first.contains("\"@TYPE\"") && first.contains("\"CARD\"");
        return Some(if contact { Format::JsContact } else { Format::Json });
    }
    (first.starts_with("DN:") || first.starts_with("VERSION: 1\n") || first.starts_with("VERSION: 1\r")).then_some(Format::Ldif)
}

fn by_name(file_name: &str) -> Option<Format> {
    let (_, extension) = file_name.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "vcf" | "vcard" => Some(Format::VCard),
        "csv" | "tsv" | "tab" => Some(Format::Csv),
        "ldif" | "ldi" => Some(Format::Ldif),
        "ics" | "ical" => Some(Format::ICalendar),
        "jscontact" => Some(Format::JsContact),
        "json" | "jsonl" | "ndjson" => Some(Format::Json),
        _ => None,
    }
}

/// A table: the first two lines hold the same separator.
fn by_shape(head: &str) -> Option<Format> {
    let mut lines = head.split(['\r', '\n']).filter(|line| !line.trim().is_empty());
    let (first, second) = (lines.next()?, lines.next()?);
    [',', ';', '\t'].into_iter().any(|separator| first.contains(separator) && second.contains(separator)).then_some(Format::Csv)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_decide_before_the_name() {
        assert_eq!(sniff(b"begin:vcard\r\nversion:2.1\r\n", "people.csv"), Some(Format::VCard));
        assert_eq!(sniff(b"\xEF\xBB\xBF\r\nBEGIN:VCARD\nVERSION:3.0", ""), Some(Format::VCard));
        assert_eq!(sniff(b"\xFF\xFEB\0E\0G\0I\0N\0:\0V\0C\0A\0R\0D\0\r\0\n\0", ""), Some(Format::VCard));
        assert_eq!(sniff(b"BEGIN:VCALENDAR\r\n", "x.vcf"), Some(Format::ICalendar));
        assert_eq!(sniff(b"dn: cn=Mara Lind\n", ""), Some(Format::Ldif));
        assert_eq!(sniff(b"{\"@type\": \"Card\"}", ""), Some(Format::JsContact));
        assert_eq!(sniff(b"{\"kind\":\"person\"}\n", ""), Some(Format::Json));
    }

    #[test]
    fn the_name_and_the_shape_help_where_the_contents_are_silent() {
        assert_eq!(sniff(b"", "Contacts.VCF"), Some(Format::VCard));
        assert_eq!(sniff(b"Name\tPhone\nMara\t123\n", "export"), Some(Format::Csv));
        assert_eq!(sniff(b"hello", "hello.txt"), None);
        assert_eq!(sniff(&[0xFF; 9], ""), None);
    }
}
