//! How well a line matches what is sought: the lower the better.

use memchr::memmem;

use super::wanted::{Piece, phone_needles};

/// The fields of a line, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Name,
    Email,
    Org,
    Title,
    Phone,
    Tag,
    City,
    Country,
}

const FIELDS: [Field; 8] = [Field::Name, Field::Email, Field::Org, Field::Title, Field::Phone, Field::Tag, Field::City, Field::Country];

impl Field {
    /// What a match in this field is called.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Name => "",
            Self::Email => "email",
            Self::Org | Self::Title => "org",
            Self::Phone => "phone",
            Self::Tag => "tag",
            Self::City | Self::Country => "notes",
        }
    }

    fn at(place: usize) -> Self {
        FIELDS.get(place).copied().unwrap_or(Self::Country)
    }

    fn place(self) -> usize {
        FIELDS.iter().position(|field| *field == self).unwrap_or(0)
    }

    const fn penalty(self) -> u32 {
        match self {
            Self::Name => 0,
            Self::Email => 10,
            Self::Org => 20,
            Self::Title => 24,
            Self::Phone => 30,
            Self::Tag => 40,
            Self::City | Self::Country => 50,
        }
    }

    /// This field of a line.
    pub(crate) fn of(self, line: &[u8]) -> &[u8] {
        line.split(|byte| *byte == b'\n').nth(self.place()).unwrap_or_default()
    }
}

/// A match inside a word, not at its beginning.
const INSIDE: u32 = 100;
/// A word of the name that is not the first.
const LATER_WORD: u32 = 4;
/// The beginning of a longer word.
const BEGINNING: u32 = 1;
/// Letters from which on a word is also sought inside words.
const INSIDE_LETTERS: usize = 3;

/// One thing to look for in many lines.
#[derive(Debug)]
pub(crate) struct Probe {
    word: String,
    at_start: memmem::Finder<'static>,
    inside: Option<memmem::Finder<'static>>,
    within: Option<Field>,
}

impl Probe {
    fn new(word: &str, inside: bool, within: Option<Field>) -> Self {
        Self {
            word: word.to_owned(),
            at_start: memmem::Finder::new(&format!(" {word}")).into_owned(),
            inside: inside.then(|| memmem::Finder::new(word).into_owned()),
            within,
        }
    }

    fn of(piece: &Piece, within: Option<Field>) -> Self {
        let word = piece.needle();
        // Two letters inside a word are noise, unless the script packs more into each.
        let inside = matches!(piece, Piece::Start(_)) && (piece.letters() >= INSIDE_LETTERS || !word.is_ascii());
        Self::new(&word, inside, within)
    }

    /// What finds it, at the beginning of a word or inside one.
    pub(crate) fn finder(&self) -> &memmem::Finder<'static> {
        self.inside.as_ref().unwrap_or(&self.at_start)
    }

    /// What finds it at the beginning of a word.
    pub(crate) fn start_finder(&self) -> &memmem::Finder<'static> {
        &self.at_start
    }

    /// Where alone it may be; `None` for anywhere.
    pub(crate) fn within(&self) -> Option<Field> {
        self.within
    }

    /// How well a name matches in which a word begins with it at `place`, where the space before the word is.
    pub(crate) fn penalty_in_name(&self, name: &[u8], place: usize) -> u32 {
        let whole = name.get(place + 1 + self.word.len()).is_none_or(|next| matches!(next, b' ' | b'\n'));
        let later = if place > 0 { LATER_WORD } else { 0 };
        Field::Name.penalty() + later + if whole { 0 } else { BEGINNING }
    }

    fn score(&self, line: &[u8]) -> Option<(u32, Field)> {
        let part = self.within.map_or(line, |field| field.of(line));
        if let Some(space) = self.at_start.find(part) {
            let field = self.within.unwrap_or_else(|| field_at(part, space));
            if field == Field::Name {
                return Some((self.penalty_in_name(part, space), field));
            }
            let whole = part.get(space + 1 + self.word.len()).is_none_or(|next| matches!(next, b' ' | b'\n'));
            return Some((field.penalty() + if whole { 0 } else { BEGINNING }, field));
        }
        let place = self.inside.as_ref()?.find(part)?;
        let field = self.within.unwrap_or_else(|| field_at(part, place));
        Some((field.penalty() + INSIDE, field))
    }
}

fn field_at(line: &[u8], place: usize) -> Field {
    Field::at(line.iter().take(place).filter(|byte| **byte == b'\n').count())
}

/// Things of which one must be found.
#[derive(Debug)]
pub(crate) struct Needle {
    probes: Vec<Probe>,
}

impl Needle {
    /// A word, in any field or in one.
    pub(crate) fn word(piece: &Piece, within: Option<Field>) -> Self {
        Self { probes: vec![Probe::of(piece, within)] }
    }

    /// A word, or in a name one of those that may have been meant.
    pub(crate) fn meant(piece: &Piece, near: &[String]) -> Self {
        let near = near.iter().map(|word| Probe::of(&Piece::Start(word.clone()), Some(Field::Name)));
        Self { probes: std::iter::once(Probe::of(piece, None)).chain(near).collect() }
    }

    /// A phone number; one without spaces may also be a word elsewhere. `None` when it is too short.
    pub(crate) fn number(typed: &str, anywhere: bool) -> Option<Self> {
        let mut probes: Vec<Probe> = phone_needles(typed).iter().map(|digits| Probe::new(digits, true, Some(Field::Phone))).collect();
        if let ([piece], true) = (super::wanted::pieces(typed).as_slice(), anywhere) {
            probes.push(Probe::of(piece, None));
        }
        (!probes.is_empty()).then_some(Self { probes })
    }

    fn score(&self, line: &[u8]) -> Option<(u32, Field)> {
        self.probes.iter().filter_map(|probe| probe.score(line)).min()
    }

    /// What it looks for, one of which must be found.
    pub(crate) fn probes(&self) -> &[Probe] {
        &self.probes
    }

    fn length(&self) -> usize {
        self.probes.iter().map(|probe| probe.word.len()).min().unwrap_or(0)
    }
}

/// All that is sought, prepared for searching many lines.
#[derive(Debug)]
pub(crate) struct Needles {
    needles: Vec<Needle>,
    anchor: usize,
}

impl Needles {
    /// `None` when there is nothing to look for.
    pub(crate) fn new(needles: Vec<Needle>) -> Option<Self> {
        let anchor = needles.iter().enumerate().max_by_key(|(_, needle)| needle.length())?.0;
        Some(Self { needles, anchor })
    }

    /// The penalty from which on a line may match whose name has no word that begins with the anchor.
    pub(crate) const BEYOND_NAMES: u32 = Field::Email.penalty();

    /// Whether a line in which a probe of the anchor is found matches by that alone.
    pub(crate) fn is_one_anywhere(&self) -> bool {
        matches!(self.needles.as_slice(), [needle] if needle.probes.iter().all(|probe| probe.within.is_none()))
    }

    /// The longest word: the one to scan for.
    pub(crate) fn anchor(&self) -> Option<&Needle> {
        self.needles.get(self.anchor)
    }

    /// How well a line matches, and in which field (the farthest from the name). `None` when a word is missing.
    pub(crate) fn score(&self, line: &[u8]) -> Option<(u32, Field)> {
        let mut total = 0;
        let mut farthest = Field::Name;
        for needle in &self.needles {
            let (penalty, field) = needle.score(line)?;
            total += penalty;
            farthest = farthest.max(field);
        }
        Some((total, farthest))
    }
}
