//! How well a line matches what is sought: the lower the better.

use memchr::memmem;

use super::sought::Sought;

/// The fields of a line, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Name,
    Email,
    Org,
    Phone,
    Tag,
}

impl Field {
    /// What a match in this field is called.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Name => "",
            Self::Email => "email",
            Self::Org => "org",
            Self::Phone => "phone",
            Self::Tag => "tag",
        }
    }

    fn at(place: usize) -> Self {
        match place {
            0 => Self::Name,
            1 => Self::Email,
            2 => Self::Org,
            3 => Self::Phone,
            _ => Self::Tag,
        }
    }

    fn penalty(self) -> u32 {
        match self {
            Self::Name => 0,
            Self::Email => 10,
            Self::Org => 20,
            Self::Phone => 30,
            Self::Tag => 40,
        }
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

/// One word prepared for searching many lines.
#[derive(Debug)]
pub(crate) struct Needle {
    word: String,
    at_start: memmem::Finder<'static>,
    inside: Option<memmem::Finder<'static>>,
}

impl Needle {
    fn new(word: &str) -> Self {
        // Two letters inside a word are noise, unless the script packs more into each.
        let inside = word.chars().count() >= INSIDE_LETTERS || !word.is_ascii();
        Self {
            word: word.to_owned(),
            at_start: memmem::Finder::new(&format!(" {word}")).into_owned(),
            inside: inside.then(|| memmem::Finder::new(word).into_owned()),
        }
    }

    /// The first place in `bytes` where a word begins with it.
    pub(crate) fn find_at_start(&self, bytes: &[u8]) -> Option<usize> {
        self.at_start.find(bytes)
    }

    /// The first place in `bytes` where it stands, inside a word too.
    pub(crate) fn find_inside(&self, bytes: &[u8]) -> Option<usize> {
        self.inside.as_ref()?.find(bytes)
    }

    fn score(&self, line: &[u8]) -> Option<(u32, Field)> {
        if let Some(space) = self.find_at_start(line) {
            let field = field_at(line, space);
            let whole = line.get(space + 1 + self.word.len()).is_none_or(|next| matches!(next, b' ' | b'\n'));
            let later = if field == Field::Name && space > 0 { LATER_WORD } else { 0 };
            return Some((field.penalty() + later + if whole { 0 } else { BEGINNING }, field));
        }
        let field = field_at(line, self.find_inside(line)?);
        Some((field.penalty() + INSIDE, field))
    }
}

fn field_at(line: &[u8], place: usize) -> Field {
    Field::at(line.iter().take(place).filter(|byte| **byte == b'\n').count())
}

/// All that is sought, prepared for searching many lines.
#[derive(Debug)]
pub(crate) struct Needles {
    needles: Vec<Needle>,
    anchor: usize,
}

impl Needles {
    /// `None` when there is no word to look for.
    pub(crate) fn new(sought: &Sought) -> Option<Self> {
        let needles: Vec<Needle> = match &sought.phone {
            // A number is one word, however it was spaced.
            Some(phone) => vec![Needle::new(phone)],
            None => sought.words.iter().map(|word| Needle::new(word)).collect(),
        };
        let anchor = needles.iter().enumerate().max_by_key(|(_, needle)| needle.word.len())?.0;
        Some(Self { needles, anchor })
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
