//! From the tree back to text that parses to the same tree.

use std::fmt::{self, Display, Formatter};

use super::date::{Moment, Unit, WORDS};
use super::parse::parse;
use super::tree::{Compare, DateTest, Node, Term};

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) => joined(f, parts, " ", |part| matches!(part, Self::Any(_))),
            Self::Any(parts) => joined(f, parts, " or ", |_| false),
            Self::Not(inner) => {
                let spaced = matches!(&**inner, Self::Term(Term::Number(number)) if number.contains(' '));
                if spaced || matches!(**inner, Self::All(_) | Self::Any(_)) { write!(f, "-({inner})") } else { write!(f, "-{inner}") }
            }
            Self::Term(term) => term.fmt(f),
        }
    }
}

fn joined(f: &mut Formatter<'_>, parts: &[Node], between: &str, in_brackets: impl Fn(&Node) -> bool) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(between)?;
        }
        if in_brackets(part) { write!(f, "({part})")? } else { part.fmt(f)? }
    }
    Ok(())
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => {
                // A word that would mean something if it stood alone, or beside others, stands behind a backslash.
                let means = parse(word).tree != Some(Node::Term(self.clone()));
                let joins = matches!(word.to_lowercase().as_str(), "or" | "and" | "not" | "|" | "||" | "&" | "&&");
                write!(f, "{}{word}", if means || joins { "\\" } else { "" })
            }
            Self::Phrase(text) => write!(f, "\"{text}\""),
            Self::Number(text) => f.write_str(text),
            Self::Text(field, value) => {
                // Quoted where the value alone would be read otherwise: spaces, parentheses, a sign of comparison in front.
                let plain = format!("{}:{value}", field.key());
                if parse(&plain).tree == Some(Node::Term(self.clone())) {
                    f.write_str(&plain)
                } else {
                    write!(f, "{}:\"{value}\"", field.key())
                }
            }
            Self::Date(field, test) => write!(f, "{}{test}", field.key()),
            Self::Has(feature) => write!(f, "has:{}", feature.word()),
            Self::InTrash => f.write_str("in:trash"),
        }
    }
}

impl Display for DateTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Between(None, None) => f.write_str(":any"),
            Self::Between(from, to) => {
                let text = |moment: &Option<Moment>| moment.map(|moment| moment.to_string()).unwrap_or_default();
                write!(f, ":{}..{}", text(from), text(to))
            }
            Self::Is(compare, moment) => {
                let sign = match compare {
                    Compare::In => ":",
                    Compare::Before => "<",
                    Compare::UpTo => "<=",
                    Compare::After => ">",
                    Compare::From => ">=",
                };
                write!(f, "{sign}{moment}")
            }
        }
    }
}

impl Display for Moment {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Year(year) => write!(f, "{year:04}"),
            Self::Month(year, month) => write!(f, "{year:04}-{month:02}"),
            Self::Day(day) => write!(f, "{}", day.format("%Y-%m-%d")),
            Self::MonthOfYear(month) => write!(f, "{month:02}"),
            Self::DayOfYear(month, day) => write!(f, "{month:02}-{day:02}"),
            Self::Span(unit, offset) => {
                f.write_str(WORDS.iter().find(|said| (said.1, said.2) == (*unit, *offset)).map_or("", |said| said.0))
            }
            Self::Away(ahead, count, unit) => {
                let sign = match ahead {
                    Some(true) => "+",
                    Some(false) => "-",
                    None => "",
                };
                let unit = match unit {
                    Unit::Day => 'd',
                    Unit::Week => 'w',
                    Unit::Month => 'm',
                    Unit::Year => 'y',
                };
                write!(f, "{sign}{count}{unit}")
            }
        }
    }
}
