//! The syntax tree.

use serde::{Deserialize, Serialize};

use super::date::Moment;

/// A query taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parsed {
    /// What must hold; `None`: nothing is asked, everything is meant.
    pub tree: Option<Node>,
    /// What was not understood, in the order of the text.
    pub warnings: Vec<Warning>,
}

/// Something in a query that was not understood. It was searched as words, or left out where it says nothing yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Warning {
    /// Where it begins, in characters.
    pub at: u32,
    /// How many characters it has.
    pub length: u32,
    /// What is wrong and what was done, in a sentence.
    pub message: String,
}

/// A part of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// All of these hold; two or more.
    All(Vec<Node>),
    /// One of these holds; two or more.
    Any(Vec<Node>),
    /// This does not hold.
    Not(Box<Node>),
    /// One word or filter.
    Term(Term),
}

/// One word or filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// A word, as typed.
    Word(String),
    /// Words that follow each other, as typed.
    Phrase(String),
    /// Something that may be a phone number, or the beginning of one, as typed.
    Number(String),
    /// A value of a field.
    Text(TextField, String),
    /// A time.
    Date(DateField, DateTest),
    /// Something is there.
    Has(Feature),
    /// It is in the trash.
    InTrash,
}

/// Fields that hold text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TextField {
    /// A tag, whole; with `*` at the end its beginning.
    Tag,
    /// An organisation by words of its name, or by its id.
    Org,
    /// The kind of record; `activity` for all activities.
    Kind,
    /// A space by its name, or by the beginning of its id.
    Space,
    /// Words of the name.
    Name,
    /// Parts of an e-mail address.
    Email,
    /// Digits of a phone number.
    Phone,
    /// Words of a city.
    City,
    /// Words of a country.
    Country,
    /// The status of a task.
    Status,
    /// Who is to do it; `me` is the person whose vault it is.
    Assignee,
    /// Who wrote it; `me` is the person whose vault it is.
    By,
    /// Words of a field of one's own.
    Custom(String),
}

/// Fields that hold a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DateField {
    /// When a task is due.
    Due,
    /// When an event begins.
    Start,
    /// When it was last changed.
    Changed,
    /// When it was made.
    Created,
    /// A birthday.
    Birthday,
    /// When an activity took place.
    At,
    /// The last activity with a person or organisation.
    Last,
}

/// How a time is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// Within.
    In,
    /// Before it begins.
    Before,
    /// Before it is over.
    UpTo,
    /// When it is over.
    After,
    /// From its beginning.
    From,
}

/// A test of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateTest {
    /// Compared with a moment.
    Is(Compare, Moment),
    /// From the beginning of one moment to the end of another; `None` is open.
    Between(Option<Moment>, Option<Moment>),
}

/// Something a record may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// An address.
    Address,
    /// A role in an organisation.
    Org,
    /// A tag.
    Tag,
    /// Notes.
    Notes,
    /// A birthday.
    Birthday,
    /// A link.
    Link,
    /// A messaging address.
    Im,
    /// A date besides the birthday.
    Date,
    /// A relation to another record.
    Relation,
    /// A keep-in-touch rhythm.
    Rhythm,
    /// A field with more than one value.
    Conflict,
    /// Changes of others that the person has not looked at.
    News,
    /// A due date.
    Due,
    /// Somebody who is to do it.
    Assignee,
}
