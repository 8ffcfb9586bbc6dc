//! Whether one record matches a query, by looking at it: what the sets leave open, and the whole answer for what is in the trash.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use tuttu_model::query::date::{Stretch, resolve};
use tuttu_model::query::{DateField, DateTest, Feature, Node, Term, TextField};
use tuttu_model::{DocumentId, Kind, RecordView, normal};

use super::evaluate::Evaluator;
use super::facts::{self, Fact, bit, custom_name, facts_of, features_of};
use super::line::line_of;
use super::ranking::{Field, Needle, Needles};
use super::text::{searched_text, seconds};
use super::wanted::{Piece, pieces};
use super::words::{push_typed, typed_words};
use crate::error::StoreError;

/// A record that is looked at. What is derived from it is worked out when a term asks for it.
pub(crate) struct Subject<'a> {
    view: &'a RecordView,
    kind: Kind,
    did: i64,
    sid: i64,
    news: bool,
    line: OnceCell<String>,
    text: OnceCell<String>,
    facts: OnceCell<BTreeSet<Fact>>,
    spoken: OnceCell<String>,
}

impl<'a> Subject<'a> {
    /// A record with its short number and that of its space.
    pub(crate) fn new(view: &'a RecordView, (did, sid): (i64, i64), news: bool) -> Self {
        let kind = Kind::from(view.kind.as_str());
        let (line, text, facts, spoken) = (OnceCell::new(), OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { view, kind, did, sid, news, line, text, facts, spoken }
    }

    fn is_person(&self) -> bool {
        matches!(self.kind, Kind::Person | Kind::Org)
    }

    /// The search line of a person or organisation.
    fn line(&self) -> Option<&String> {
        self.is_person().then(|| self.line.get_or_init(|| line_of(self.view)))
    }

    fn text(&self) -> &str {
        self.text.get_or_init(|| searched_text(self.view))
    }

    fn has_piece(&self, piece: &Piece) -> bool {
        match self.line() {
            Some(line) => finds(Needle::word(piece, None), line) || (!piece.is_short() && piece.is_in(self.text())),
            None => piece.is_in(self.text()),
        }
    }

    fn has_word(&self, word: &str) -> bool {
        pieces(word).iter().all(|piece| self.has_piece(piece))
    }

    fn has_number(&self, typed: &str) -> bool {
        let phone = self.line().zip(Needle::number(typed, true)).is_some_and(|(line, needle)| finds(needle, line));
        phone || self.has_word(typed)
    }

    /// All its texts in words as they follow each other, each between spaces, each text on a line.
    fn spoken(&self) -> &str {
        self.spoken.get_or_init(|| {
            let view = self.view;
            let mut texts: Vec<&str> = vec![&view.name, &view.nickname, &view.given, &view.family, &view.text, &view.notes];
            texts.extend(view.emails.iter().chain(&view.urls).chain(&view.ims).chain(&view.dates).map(|item| item.value.as_str()));
            texts.extend(view.orgs.iter().flat_map(|org| [org.name.as_str(), org.title.as_str(), org.department.as_str()]));
            texts.extend(view.addresses.iter().flat_map(|place| {
                [place.street.as_str(), place.city.as_str(), place.region.as_str(), place.postcode.as_str(), place.country.as_str()]
            }));
            texts.extend(view.tags.iter().chain(view.custom.values()).map(String::as_str));
            let mut spoken = String::new();
            for text in texts {
                if !text.is_empty() {
                    push_typed(&mut spoken, text);
                    spoken.push_str(" \n");
                }
            }
            spoken
        })
    }

    fn has_phrase(&self, phrase: &str) -> bool {
        let words = typed_words(phrase);
        words.is_empty() || self.spoken().contains(&format!(" {} ", words.join(" ")))
    }

    /// Words in one field of the search line; other records than people and organisations have a name only.
    fn has_in(&self, field: Field, value: &str) -> bool {
        match self.line() {
            Some(line) if field == Field::Phone => Needle::number(value, false).is_some_and(|needle| finds(needle, line)),
            Some(line) => {
                let sought = pieces(value);
                !sought.is_empty() && sought.iter().all(|piece| finds(Needle::word(piece, Some(field)), line))
            }
            None if field == Field::Name => {
                let name = super::words::folded_words(&self.view.name).join(" ");
                pieces(value).iter().all(|piece| piece.is_in(&name))
            }
            None => false,
        }
    }

    fn has_fact(&self, name: &str, so: impl Fn(&str) -> bool) -> bool {
        self.facts.get_or_init(|| facts_of(self.view)).iter().any(|(held, value)| held == name && so(value))
    }

    fn is_dated(&self, field: DateField, stretches: &[Stretch], last: &str) -> bool {
        let within = |value: &str, stretch: &Stretch| {
            !value.is_empty()
                && stretch.from.as_deref().is_none_or(|from| from <= value)
                && stretch.to.as_deref().is_none_or(|to| value < to)
        };
        // As the list of records keeps them.
        let when = |value: &str, stretch: &Stretch| {
            seconds(value).is_some_and(|value| {
                stretch.from.as_deref().is_none_or(|from| seconds(from).is_some_and(|from| from <= value))
                    && stretch.to.as_deref().is_none_or(|to| seconds(to).is_some_and(|to| value < to))
            })
        };
        let person = self.is_person();
        let at = if self.view.at.is_empty() { &self.view.created.at } else { &self.view.at };
        stretches.iter().any(|stretch| match field {
            DateField::Changed => when(&self.view.changed.at, stretch),
            DateField::Created => when(&self.view.created.at, stretch),
            DateField::At => !person && within(at, stretch),
            DateField::Last => person && within(last, stretch),
            DateField::Due => self.has_fact(facts::DUE, |value| within(value, stretch)),
            DateField::Start => self.has_fact(facts::START, |value| within(value, stretch)),
            DateField::Birthday => self.has_fact(birthday(stretch), |value| within(value, stretch)),
        })
    }
}

/// Which fact a birthday is compared with.
pub(super) fn birthday(stretch: &Stretch) -> &'static str {
    let any = stretch.from.is_none() && stretch.to.is_none();
    if stretch.yearly || any { facts::BIRTHDAY } else { facts::BORN }
}

fn finds(needle: Needle, line: &str) -> bool {
    Needles::new(vec![needle]).is_some_and(|needles| needles.score(line.as_bytes()).is_some())
}

/// A tag as it is compared, and whether it is only the beginning.
pub(super) fn tag(value: &str) -> (String, bool) {
    let folded = normal::fold(value);
    match folded.strip_suffix('*') {
        Some(start) => (start.to_owned(), true),
        None => (folded, false),
    }
}

impl Evaluator<'_> {
    /// Whether a record matches.
    pub(crate) fn holds(&self, node: &Node, subject: &Subject<'_>) -> Result<bool, StoreError> {
        match node {
            Node::All(parts) => {
                for part in parts {
                    if !self.holds(part, subject)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Node::Any(parts) => {
                for part in parts {
                    if self.holds(part, subject)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Node::Not(inner) => Ok(!self.holds(inner, subject)?),
            Node::Term(term) => self.term_holds(term, subject),
        }
    }

    fn term_holds(&self, term: &Term, subject: &Subject<'_>) -> Result<bool, StoreError> {
        Ok(match term {
            Term::Word(word) => subject.has_word(word),
            Term::Phrase(phrase) => subject.has_phrase(phrase),
            Term::Number(typed) => subject.has_number(typed),
            Term::Text(TextField::Space, value) => self.sids(value)?.contains(&subject.sid),
            Term::Text(field, value) => self.text_holds(field, value, subject),
            Term::Date(field, test) => {
                let stretches = match test {
                    DateTest::Between(None, None) => vec![Stretch { yearly: false, from: None, to: None }],
                    test => resolve(*field, test, self.asking.today),
                };
                let last = if *field == DateField::Last { self.last_of(subject.did)? } else { String::new() };
                subject.is_dated(*field, &stretches, &last)
            }
            Term::Has(Feature::Conflict) => !subject.view.conflicts.is_empty(),
            Term::Has(Feature::News) => subject.news,
            Term::Has(feature) => features_of(subject.view) & bit(*feature) != 0,
            Term::InTrash => subject.view.deleted,
        })
    }

    fn text_holds(&self, field: &TextField, value: &str, subject: &Subject<'_>) -> bool {
        match field {
            TextField::Tag => {
                let (tag, start) = tag(value);
                subject.view.tags.iter().any(|held| {
                    let held = normal::fold(held);
                    if start { held.starts_with(&tag) } else { held == tag }
                })
            }
            TextField::Org => match value.parse::<DocumentId>() {
                Ok(org) => subject.has_fact(facts::ORG, |held| held == org.to_string()),
                Err(_) => subject.has_in(Field::Org, value),
            },
            TextField::Kind => self.kinds(value).contains(&subject.view.kind),
            TextField::Name => subject.has_in(Field::Name, value),
            TextField::Email => subject.has_in(Field::Email, value),
            TextField::Phone => subject.has_in(Field::Phone, value),
            TextField::City => subject.has_in(Field::City, value),
            TextField::Country => subject.has_in(Field::Country, value),
            TextField::Status => subject.has_fact(facts::STATUS, |held| held == normal::fold(value)),
            TextField::Assignee => self.people_named(value).iter().any(|name| subject.has_fact(facts::ASSIGNEE, |held| held == name)),
            TextField::By => {
                let author = &subject.view.created.by;
                self.authors(value).iter().any(|actor| hexadecimal(actor) == *author)
            }
            TextField::Custom(name) => subject.has_fact(&custom_name(name), |held| custom_matches(held, value)),
            TextField::Space => false,
        }
    }
}

/// Whether the value of a field of one's own has all words that are sought.
pub(super) fn custom_matches(held: &str, value: &str) -> bool {
    let words = super::words::folded_words(held).join(" ");
    pieces(value).iter().all(|piece| piece.is_in(&words))
}

fn hexadecimal(actor: &[u8]) -> String {
    actor.iter().map(|byte| format!("{byte:02x}")).collect()
}
