//! What of a query the index of activities answers row by row, newest first: a page of the newest costs what the page costs, however many match.

use tuttu_model::query::date::resolve;
use tuttu_model::query::{DateField, Node, Term, TextField};

use super::text::{FIRST_PLACE, place_from};
use super::wanted::pieces;
use super::words::typed_words;
use crate::rows::Asking;

/// A query for a text index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextQuery {
    pub(crate) query: String,
    /// What it finds matches. When not, it leaves something out, and each record is looked at.
    pub(crate) exact: bool,
}

impl TextQuery {
    /// What the index can be asked for a query; `None` when no part of it is about words. With `cut` long words are sought by the prefixes that the
    /// index lists, which gives the first row at once and must be looked at again.
    pub(crate) fn of(node: &Node, cut: bool) -> Option<Self> {
        match node {
            Node::All(parts) => {
                let told: Vec<Option<Self>> = parts.iter().map(|part| Self::of(part, cut)).collect();
                let exact = told.iter().all(Option::is_some);
                Self::joined(told.into_iter().flatten().collect(), " AND ", exact)
            }
            Node::Any(parts) => {
                let told: Vec<Self> = parts.iter().map(|part| Self::of(part, cut)).collect::<Option<_>>()?;
                Self::joined(told, " OR ", true)
            }
            Node::Not(_) => None,
            Node::Term(Term::Word(word) | Term::Number(word)) => Self::word(word, cut),
            Node::Term(Term::Phrase(phrase)) => {
                let words = typed_words(phrase).into_iter();
                Self::joined(words.map(|word| Self { query: format!("\"{word}\""), exact: true }).collect(), " AND ", false)
            }
            Node::Term(Term::Text(TextField::Name, value)) => Self::word(value, cut).map(|query| Self { exact: false, ..query }),
            Node::Term(_) => None,
        }
    }

    fn word(word: &str, cut: bool) -> Option<Self> {
        let asked: Vec<Option<(String, bool)>> = pieces(word).iter().map(|piece| piece.text_query(cut)).collect();
        let exact = asked.iter().all(|asked| asked.as_ref().is_some_and(|(_, again)| !again));
        // Letters of a script without spaces stand beside each other in the query: all are meant.
        let alone = |query: String| Self { query: query.split(' ').collect::<Vec<_>>().join(" AND "), exact: true };
        Self::joined(asked.into_iter().flatten().map(|(query, _)| alone(query)).collect(), " AND ", exact)
    }

    fn joined(parts: Vec<Self>, with: &str, exact: bool) -> Option<Self> {
        let exact = exact && parts.iter().all(|part| part.exact);
        let mut queries: Vec<String> = parts.into_iter().map(|part| part.query).collect();
        match queries.len() {
            0 | 1 => queries.pop().map(|query| Self { query, exact }),
            _ => Some(Self { query: format!("({})", queries.join(with)), exact }),
        }
    }
}

/// Rows of the index of activities from a day on and up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// The lowest row.
    pub(crate) low: i64,
    /// The row behind the highest.
    pub(crate) high: i64,
}

impl Window {
    /// All rows.
    pub(crate) const ALL: Self = Self { low: FIRST_PLACE, high: i64::MAX };

    /// All rows of any index.
    pub(crate) const EVERY: Self = Self { low: i64::MIN, high: i64::MAX };

    /// The rows outside which nothing matches a query.
    pub(crate) fn of(node: &Node, asking: &Asking) -> Self {
        match node {
            Node::All(parts) => parts.iter().map(|part| Self::of(part, asking)).fold(Self::ALL, Self::and),
            Node::Term(Term::Date(DateField::At, test)) => {
                let stretches = resolve(DateField::At, test, asking.today);
                let windows = stretches.iter().filter(|stretch| !stretch.yearly).map(|stretch| Self {
                    low: stretch.from.as_deref().map_or(FIRST_PLACE, place_from),
                    high: stretch.to.as_deref().map_or(i64::MAX, |to| place_from(to).saturating_add(FIRST_PLACE)),
                });
                let all: Vec<Self> = windows.collect();
                if all.is_empty() || all.len() < stretches.len() {
                    return Self::ALL;
                }
                let low = all.iter().map(|window| window.low).min().unwrap_or(FIRST_PLACE);
                Self { low, high: all.iter().map(|window| window.high).max().unwrap_or(i64::MAX) }
            }
            _ => Self::ALL,
        }
    }

    fn and(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.min(other.high) }
    }
}

/// Whether the two together tell all there is to know of a part of a query, though what they find may have to be looked at.
pub(crate) fn is_streamed(node: &Node) -> bool {
    match node {
        Node::Term(Term::Date(DateField::At, _)) => true,
        // What has not a word is most of all there is: it is seen when looked at.
        Node::Not(inner) => TextQuery::of(inner, true).is_some(),
        node => TextQuery::of(node, true).is_some(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use super::*;
    use tuttu_model::query::parse;

    fn asked(text: &str) -> Option<(String, bool)> {
        TextQuery::of(&parse(text).tree.unwrap(), true).map(|query| (query.query, query.exact))
    }

    #[test]
    fn words_become_one_question_for_the_index() {
        assert_eq!(asked("quay bud"), Some(("(\"quay\"* AND \"bud\"*)".into(), true)));
        assert_eq!(asked("quay or budget"), Some(("(\"quay\"* OR \"budge\"*)".into(), false)));
        assert_eq!(asked("\"the quay\" spring"), Some(("((\"the\" AND \"quay\") AND \"sprin\"*)".into(), false)));
        assert_eq!(asked("田中"), Some(("\"田\" AND \"中\"".into(), false)));
    }

    #[test]
    fn what_the_index_does_not_know_is_looked_at() {
        assert_eq!(asked("quay -spring tag:vip"), Some(("\"quay\"*".into(), false)));
        assert_eq!(asked("quay or tag:vip"), None);
        assert_eq!(asked("-quay"), None);
    }

    #[test]
    fn days_narrow_the_rows() {
        let window = |text: &str| Window::of(&parse(text).tree.unwrap(), &Asking::default());
        let march = window("quay at:2026-03");
        assert_eq!(march, window("at:2026-03"));
        assert!(march.low == place_from("2026-03-01") && march.high > place_from("2026-03-31") && march.high < place_from("2026-04-03"));
        assert_eq!(window("quay or at:2026-03"), Window::ALL);
    }
}
