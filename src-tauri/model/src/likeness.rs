//! How much two records look like the same person or organisation, with the reasons. Nothing is ever merged because of it: people decide.

use std::collections::BTreeSet;

use rphonetic::{DoubleMetaphone, Encoder};
use serde::{Deserialize, Serialize};

use crate::normal::{digits, fold};
use crate::view::RecordView;

/// From this score on (of 100) two records are worth a look.
pub const WORTH_A_LOOK: u8 = 60;
/// Digits two phone numbers must share at their ends.
const PHONE_DIGITS: usize = 8;
/// Names at least this similar (Jaro-Winkler) differ by a slip of the pen.
const SIMILAR: f64 = 0.93;

/// One thing two records have in common, or in which they differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Reason {
    /// `name`, `similar-name`, `short-name`, `sound`, `email`, `phone`, `org`, `birthday`, `other-birthday`.
    pub kind: String,
    /// What they share, as one of them says it.
    pub value: String,
}

/// How alike two records are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Likeness {
    /// 0 to 100.
    pub score: u8,
    /// Why, the strongest first.
    pub reasons: Vec<Reason>,
}

/// How alike two records are, by name, e-mail addresses, phone numbers, organisations and birthdays. Each reason for takes away a part of what is left of
/// the doubt; a different birthday takes away most of the belief.
#[must_use]
pub fn likeness(one: &RecordView, other: &RecordView) -> Likeness {
    let mut found: Vec<(f64, Reason)> = Vec::new();
    let mut because = |weight: f64, kind: &str, value: &str| {
        found.push((weight, Reason { kind: kind.to_owned(), value: value.to_owned() }));
    };
    for email in &one.emails {
        if other.emails.iter().any(|held| !email.value.is_empty() && fold(&held.value) == fold(&email.value)) {
            because(0.7, "email", &email.value);
        }
    }
    for phone in &one.phones {
        if let Some(end) = ending(&phone.value)
            && other.phones.iter().any(|held| ending(&held.value).as_ref() == Some(&end))
        {
            because(0.55, "phone", &phone.value);
        }
    }
    match names(&one.name, &other.name) {
        Names::Equal => because(0.65, "name", &other.name),
        Names::Reordered => because(0.6, "name", &other.name),
        Names::Similar => because(0.5, "similar-name", &other.name),
        Names::Short => because(0.35, "short-name", &other.name),
        Names::Sound => because(0.4, "sound", &other.name),
        Names::Different => {}
    }
    let orgs: BTreeSet<String> = one.orgs.iter().map(|role| fold(&role.name)).filter(|name| !name.is_empty()).collect();
    if let Some(shared) = other.orgs.iter().find(|role| orgs.contains(&fold(&role.name))) {
        because(0.15, "org", &shared.name);
    }
    match birthdays(&one.birthday, &other.birthday) {
        Some(true) => because(0.35, "birthday", &one.birthday),
        Some(false) => because(-0.6, "other-birthday", &format!("{} / {}", one.birthday, other.birthday)),
        None => {}
    }
    sum(found)
}

fn sum(mut found: Vec<(f64, Reason)>) -> Likeness {
    found.sort_by(|one, other| other.0.total_cmp(&one.0));
    let doubt: f64 = found.iter().filter(|(weight, _)| *weight > 0.0).map(|(weight, _)| 1.0 - weight).product();
    let against: f64 = found.iter().filter(|(weight, _)| *weight < 0.0).map(|(weight, _)| 1.0 + weight).product();
    let score = ((1.0 - doubt) * against * 100.0).round().clamp(0.0, 100.0);
    // Within 0 to 100 by the clamp.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let score = score as u8;
    Likeness { score, reasons: found.into_iter().map(|(_, reason)| reason).collect() }
}

/// The end of a phone number that is long enough to tell people apart, whatever country code it is written with.
#[must_use]
pub fn ending(phone: &str) -> Option<String> {
    let digits = digits(phone);
    digits.get(digits.len().checked_sub(PHONE_DIGITS)?..).map(str::to_owned)
}

/// What a name sounds like, its words in no order; other scripts than Latin as they are spelled.
#[must_use]
pub fn sound(name: &str) -> String {
    let encoder = DoubleMetaphone::default();
    let mut words: Vec<String> = words(name)
        .into_iter()
        .map(|word| if word.is_ascii() && word.len() > 1 { encoder.encode(&word) } else { word })
        .filter(|word| !word.is_empty())
        .collect();
    words.sort();
    words.join(" ")
}

enum Names {
    Equal,
    Reordered,
    Similar,
    Short,
    Sound,
    Different,
}

fn names(one: &str, other: &str) -> Names {
    let (folded, other_folded) = (fold(one), fold(other));
    if folded.is_empty() || other_folded.is_empty() {
        return Names::Different;
    }
    if folded == other_folded {
        return Names::Equal;
    }
    let (mut mine, mut theirs) = (words(one), words(other));
    mine.sort();
    theirs.sort();
    if mine == theirs {
        return Names::Reordered;
    }
    if is_short_for(&mine, &theirs) || is_short_for(&theirs, &mine) {
        return Names::Short;
    }
    let (mine, theirs) = (mine.join(" "), theirs.join(" "));
    if strsim::jaro_winkler(&folded, &other_folded) >= SIMILAR || strsim::jaro_winkler(&mine, &theirs) >= SIMILAR {
        return Names::Similar;
    }
    if words(one).len() > 1 && sound(one) == sound(other) { Names::Sound } else { Names::Different }
}

/// Whether each word of the first name begins a word of the other, and one is the same: `Jon Smith` or `J Smith` for `Jonathan Smith`.
fn is_short_for(short: &[String], long: &[String]) -> bool {
    let mut left: Vec<&String> = long.iter().collect();
    let mut same = 0;
    for word in short {
        let equal = left.iter().position(|held| *held == word);
        let Some(at) = equal.or_else(|| left.iter().position(|held| held.starts_with(word.as_str()))) else { return false };
        same += usize::from(equal.is_some());
        left.remove(at);
    }
    same > 0 && short.len() > 1
}

fn words(name: &str) -> Vec<String> {
    fold(name).split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whether two birthdays agree in all they both say; `None` when they say nothing in common. `1986-12-03`, `--12-03`, `1986`.
fn birthdays(one: &str, other: &str) -> Option<bool> {
    let (mine, theirs) = (day_parts(one)?, day_parts(other)?);
    let common: Vec<bool> = mine.into_iter().zip(theirs).filter_map(|(mine, theirs)| Some(mine? == theirs?)).collect();
    (!common.is_empty()).then(|| common.into_iter().all(|same| same))
}

fn day_parts(date: &str) -> Option<[Option<String>; 2]> {
    let date = date.trim();
    if let Some(day) = date.strip_prefix("--") {
        return Some([None, Some(day.to_owned())]);
    }
    let (year, day) = date.split_once('-').unwrap_or((date, ""));
    (year.len() == 4).then(|| [Some(year.to_owned()), Some(day.to_owned()).filter(|day| !day.is_empty())])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use super::*;
    use crate::view::Labelled;

    fn person(name: &str, email: &str, phone: &str, birthday: &str) -> RecordView {
        let list = |value: &str| match value {
            "" => Vec::new(),
            value => vec![Labelled { value: value.into(), ..Labelled::default() }],
        };
        RecordView { name: name.into(), emails: list(email), phones: list(phone), birthday: birthday.into(), ..RecordView::default() }
    }

    fn score(one: &RecordView, other: &RecordView) -> u8 {
        let (there, back) = (likeness(one, other), likeness(other, one));
        assert_eq!(there.score, back.score, "it does not matter which comes first");
        there.score
    }

    #[test]
    fn the_same_person_in_two_address_books_is_worth_a_look() {
        let same = [
            (person("Guðrún Þorsteinsdóttir", "", "", ""), person("Gudrun Thorsteinsdottir", "", "", "")),
            (person("Raghunathan, Priya", "", "", ""), person("Priya Raghunathan", "", "", "")),
            (person("Priya R", "priya@x.example", "", ""), person("P. Raghunathan", "PRIYA@x.example", "", "")),
            (person("Jon Smith", "", "+44 7700 900142", ""), person("Jonathan Smith", "", "07700 900142", "")),
        ];
        for (one, other) in same {
            assert!(score(&one, &other) >= WORTH_A_LOOK, "{} {} {:?}", one.name, other.name, likeness(&one, &other));
        }
    }

    #[test]
    fn different_people_are_left_alone() {
        let different = [
            (person("Jon Smith", "", "", ""), person("Joan Smythe-Brown", "", "", "")),
            (person("Maria Garcia", "", "", "1970-01-02"), person("Maria Garcia", "", "", "1991-05-06")),
            (person("", "", "112", ""), person("", "", "112", "")),
            (person("Anna Virtanen", "a@x.example", "", ""), person("Pekka Virtanen", "p@x.example", "", "")),
        ];
        for (one, other) in different {
            assert!(score(&one, &other) < WORTH_A_LOOK, "{} {} {:?}", one.name, other.name, likeness(&one, &other));
        }
    }

    #[test]
    fn each_reason_is_named() {
        let one = person("Priya Raghunathan", "priya@x.example", "+44 7700 900142", "--12-03");
        let other = person("Priya Ragunathan", "priya@x.example", "7700900142", "1986-12-03");
        let kinds: Vec<String> = likeness(&one, &other).reasons.into_iter().map(|reason| reason.kind).collect();
        assert_eq!(kinds, ["email", "phone", "similar-name", "birthday"]);
        assert!(score(&one, &other) > 90);
    }

    #[test]
    fn names_that_sound_alike_are_found_in_any_order() {
        assert_eq!(sound("Katherine Meyer"), sound("Maier Catherine"));
        assert_eq!(sound("Ελένη"), "ελενη");
        assert_ne!(sound("Priya"), sound("Maria"));
    }
}
