//! From a file to its cards, one at a time.

use std::borrow::Cow;

use super::groups::Groups;
use super::lines::{self, Cursor, Line, Lines, MEDIA_KEPT};
use super::property::Property;
use super::{Card, MAX_CARD, MAX_PICTURE, MAX_PROPERTIES, card};
use crate::{Warning, text};

/// The cards of a file.
#[derive(Debug)]
pub struct Reader<'a> {
    text: Cow<'a, [u8]>,
    place: Place,
    groups: Groups,
}

/// Where a reader is.
#[derive(Debug, Default)]
struct Place {
    cursor: Cursor,
    /// Cards inside cards: they come after the one they are in.
    inner: Vec<Cursor>,
    /// Something was said about the file.
    spoke: bool,
}

/// Reads a file of vCards. Only one card at a time is in memory, besides the bytes given and, where the file has groups, its identifiers.
#[must_use]
pub fn read(bytes: &[u8]) -> Reader<'_> {
    let text = text::to_utf8(bytes);
    let groups = Groups::find(&text);
    Reader { text, place: Place::default(), groups }
}

/// The number of cards in a file, for showing progress; much faster than reading them.
#[must_use]
pub fn count(bytes: &[u8]) -> usize {
    let text = text::to_utf8(bytes);
    text.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| lines::is_begin(line)).count()
}

impl Iterator for Reader<'_> {
    type Item = Card;

    fn next(&mut self) -> Option<Card> {
        let Self { text, place, groups } = self;
        let card = match place.inner.pop() {
            Some(cursor) => {
                let mut lines = Lines::at(text, cursor);
                let begin = lines.next()?;
                Body::read(&mut lines, begin.number, None, Vec::new()).finish(groups).0
            }
            None => {
                let mut lines = Lines::at(text, place.cursor);
                let card = next_card(&mut lines, groups, place);
                place.cursor = lines.cursor();
                card?
            }
        };
        place.spoke = true;
        Some(card)
    }
}

fn next_card(lines: &mut Lines<'_>, groups: &Groups, place: &mut Place) -> Option<Card> {
    let mut outside: Option<(u32, usize)> = None;
    let mut warnings = Vec::new();
    loop {
        let Some(line) = lines.next() else {
            warnings.extend(outside.map(about_outside));
            if warnings.is_empty() && !place.spoke {
                warnings.push(Warning::new(1, "There is no vCard in this file."));
            }
            return (!warnings.is_empty()).then_some(Card { imported: None, warnings });
        };
        let first = if lines::is_begin(&line.bytes) {
            None
        } else if let Some(property) = begins_without_mark(&line) {
            warnings.push(Warning::new(line.number, "A card begins here without the line BEGIN:VCARD."));
            Some(property)
        } else {
            // A second END:VCARD says nothing.
            if !line.bytes.trim_ascii().is_empty() && !lines::is_end(&line.bytes) {
                let (_, number) = outside.get_or_insert((line.number, 0));
                *number += 1;
            }
            continue;
        };
        warnings.extend(outside.map(about_outside));
        warnings.sort_by_key(|warning| warning.line);
        let (card, inner) = Body::read(lines, line.number, first, warnings).finish(groups);
        place.inner = inner;
        place.inner.reverse();
        return Some(card);
    }
}

fn about_outside((line, number): (u32, usize)) -> Warning {
    let message = if number == 1 {
        "This line is outside any card; it was left out.".to_owned()
    } else {
        format!("{number} lines from here on are outside any card; they were left out.")
    };
    Warning::new(line, message)
}

/// A property that only cards have, where no card has begun.
fn begins_without_mark<'a>(line: &Line<'a>) -> Option<Property<'a>> {
    if !matches!(line.bytes.trim_ascii_start().first(), Some(b'F' | b'f' | b'N' | b'n' | b'V' | b'v')) {
        return None;
    }
    let property = Property::read(line)?;
    let version = property.name == "VERSION" && matches!(property.value(), "2.1" | "3.0" | "4.0");
    (version || matches!(property.name.as_str(), "FN" | "N")).then_some(property)
}

/// A card between its marks.
struct Body<'a> {
    begin: u32,
    properties: Vec<Property<'a>>,
    warnings: Vec<Warning>,
    inner: Vec<Cursor>,
    size: usize,
    has_picture: bool,
    left_out: Option<(u32, usize)>,
}

impl<'a> Body<'a> {
    fn read(lines: &mut Lines<'a>, begin: u32, first: Option<Property<'a>>, warnings: Vec<Warning>) -> Self {
        lines.space_is_text = first.as_ref().is_some_and(is_version_2_1);
        let properties = first.into_iter().collect();
        let mut body = Self { begin, properties, warnings, inner: Vec::new(), size: 0, has_picture: false, left_out: None };
        loop {
            let before = lines.cursor();
            let Some(line) = lines.next() else {
                body.warn_unended();
                break;
            };
            if lines::is_end(&line.bytes) {
                break;
            }
            if lines::is_begin(&line.bytes) {
                let is_agent = body.properties.last().is_some_and(|last| last.name == "AGENT" && last.value().is_empty());
                if is_agent && ends_before_next(lines) {
                    body.inner.push(before);
                    body.warnings.push(Warning::new(line.number, "The card inside this card becomes a record of its own."));
                    continue;
                }
                lines.go_back(before);
                body.warn_unended();
                break;
            }
            body.add(lines, &line);
        }
        lines.space_is_text = false;
        body
    }

    fn warn_unended(&mut self) {
        self.warnings.push(Warning::new(self.begin, "The card that begins here has no line END:VCARD; it was read up to the next card."));
    }

    /// Of a picture beyond the first, or one that is too large, only the beginning: a card has one.
    fn smaller(&mut self, line: &Line<'a>) -> Option<Line<'a>> {
        if line.bytes.len() <= MEDIA_KEPT || !lines::is_picture(&line.bytes) {
            return None;
        }
        if !std::mem::replace(&mut self.has_picture, true) && line.bytes.len() <= MAX_PICTURE {
            return None;
        }
        let bytes = line.bytes.get(..MEDIA_KEPT).unwrap_or_default().to_vec();
        Some(Line { bytes: Cow::Owned(bytes), number: line.number, cut: true })
    }

    fn add(&mut self, lines: &mut Lines<'a>, line: &Line<'a>) {
        if line.bytes.trim_ascii().is_empty() {
            return;
        }
        let smaller = self.smaller(line);
        let property = Property::read(smaller.as_ref().unwrap_or(line));
        let is_media = property.as_ref().is_some_and(|property| super::MEDIA.contains(&property.name.as_str()));
        self.size = self.size.saturating_add(if is_media { 0 } else { line.bytes.len() });
        if self.size > MAX_CARD {
            // Nothing of it will be used, so nothing of it is kept in memory.
            self.properties.clear();
            return;
        }
        if self.properties.len() >= MAX_PROPERTIES {
            let (_, number) = self.left_out.get_or_insert((line.number, 0));
            *number += 1;
            return;
        }
        match (property, self.properties.last_mut()) {
            (Some(property), _) => {
                lines.space_is_text |= is_version_2_1(&property);
                self.properties.push(property);
            }
            (None, Some(last)) if !super::MEDIA.contains(&last.name.as_str()) => {
                last.append_line(&text::decode(&line.bytes, None));
                self.warn(line.number, "This line does not begin with the name of a property; it was added to the one before it.");
            }
            (None, _) => self.warn(line.number, "This line does not begin with the name of a property; it was left out."),
        }
    }

    fn warn(&mut self, line: u32, message: &str) {
        // The last word on how many there are is the card's.
        if self.warnings.len() <= super::MAX_WARNINGS {
            self.warnings.push(Warning::new(line, message));
        }
    }

    fn finish(mut self, groups: &Groups) -> (Card, Vec<Cursor>) {
        if self.size > MAX_CARD {
            let message = format!("The card that begins here is longer than {} KiB without its pictures; it was skipped.", MAX_CARD / 1024);
            self.warnings.push(Warning::new(self.begin, message));
            return (Card { imported: None, warnings: self.warnings }, self.inner);
        }
        if let Some((line, number)) = self.left_out {
            let message = format!("The card has more than {MAX_PROPERTIES} lines; the {number} from here on were left out.");
            self.warnings.push(Warning::new(line, message));
        }
        (card::make(&self.properties, self.begin, groups, self.warnings), self.inner)
    }
}

fn is_version_2_1(property: &Property<'_>) -> bool {
    property.name == "VERSION" && property.value() == "2.1"
}

/// Goes past the end of an inner card. `false`: it has none before the next card begins.
fn ends_before_next(lines: &mut Lines<'_>) -> bool {
    for line in lines.by_ref() {
        if lines::is_end(&line.bytes) {
            return true;
        }
        if lines::is_begin(&line.bytes) {
            return false;
        }
    }
    false
}
