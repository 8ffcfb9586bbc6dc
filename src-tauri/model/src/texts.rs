//! Long texts that two people edited apart: merged where they changed different places.
//!
//! A text is one register. Its values that stand beside each other are compared with the text they all replaced; what each of them changed there is put
//! into one text, which is shown. Nothing is written for it: every computer that has the same changes makes the same text of them, and the next edit of
//! anybody settles it. Where the same place was changed differently nothing is merged, and the values are a conflict as in any other field.

use std::collections::BTreeSet;

use automerge::{Automerge, ChangeHash, ROOT, ReadDoc};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::record::{Held, Scalar};
use crate::scalar::from_value;

/// Words, or else lines, of a text that is compared; a longer one is not merged.
const PARTS: usize = 4_000;

/// Whether values of this field that stand beside each other are merged.
pub(crate) fn is_merged(key: &str) -> bool {
    crate::limits::is_long(key)
}

/// One value of several that were written apart, in the order they are numbered; `None` when they have to stay beside each other.
pub(crate) fn one_of(document: &Automerge, key: &str, held: &[Held]) -> Option<Held> {
    let base = base_of(document, key, held)?;
    // Who wrote something where there was nothing meant their own text.
    if base.trim().is_empty() {
        return None;
    }
    let mut texts = held.iter().map(|held| match &held.value {
        Some(Scalar::Text(text)) => Some(text.as_str()),
        _ => None,
    });
    let mut merged = texts.next()??.to_owned();
    for text in texts {
        merged = merge(&base, &merged, text?)?;
    }
    let newest = held.iter().max_by_key(|held| (held.time, held.change))?;
    Some(Held { value: Some(Scalar::Text(merged)), ..newest.clone() })
}

/// The text that all of the values replaced.
fn base_of(document: &Automerge, key: &str, held: &[Held]) -> Option<String> {
    let mut common: Option<BTreeSet<ChangeHash>> = None;
    for one in held {
        let before = before(document, ChangeHash(one.change.0))?;
        common = Some(match common {
            Some(common) => common.intersection(&before).copied().collect(),
            None => before,
        });
    }
    let common = common?;
    let mut heads = common.clone();
    for hash in &common {
        for parent in document.get_change_by_hash(hash)?.deps() {
            heads.remove(parent);
        }
    }
    let heads: Vec<ChangeHash> = heads.into_iter().collect();
    let values = document.get_all_at(ROOT, key, &heads).ok()?;
    // What was a conflict there has no one text.
    let [(value, id)] = values.as_slice() else { return None };
    match from_value(document, value.clone(), id) {
        Scalar::Text(text) => Some(text),
        _ => None,
    }
}

/// All that a change was made on top of.
fn before(document: &Automerge, change: ChangeHash) -> Option<BTreeSet<ChangeHash>> {
    let mut found = BTreeSet::new();
    let mut waiting: Vec<ChangeHash> = document.get_change_by_hash(&change)?.deps().to_vec();
    while let Some(hash) = waiting.pop() {
        if found.insert(hash) {
            waiting.extend(document.get_change_by_hash(&hash)?.deps());
        }
    }
    Some(found)
}

/// What both made of a text; `None` when they changed the same place differently. Where both added something at one place, both stand, the first one's first.
#[must_use]
pub(crate) fn merge(base: &str, one: &str, other: &str) -> Option<String> {
    match () {
        () if one == other || other == base => return Some(one.to_owned()),
        () if one == base => return Some(other.to_owned()),
        () => {}
    }
    let by = [base, one, other].map(words);
    let by = if by.iter().all(|parts| parts.len() <= PARTS) { by } else { [base, one, other].map(lines) };
    let [base, one, other] = &by;
    if by.iter().any(|parts| parts.len() > PARTS) {
        return None;
    }
    let (ones, others) = (edits(base, one), edits(base, other));
    let mut all: Vec<(&Edit, u8)> = ones.iter().map(|edit| (edit, 0)).chain(others.iter().map(|edit| (edit, 1))).collect();
    // What is put in at a place comes before what replaces from there on.
    all.sort_by_key(|(edit, who)| (edit.from, edit.to, *who));
    let mut merged = String::new();
    let mut at = 0;
    let mut last: Option<(&Edit, u8)> = None;
    for (edit, who) in all {
        if let Some((before, _)) = last.filter(|(_, by)| *by != who) {
            if before == edit {
                continue;
            }
            let both_add = before.from == before.to && edit.from == edit.to && before.from == edit.from;
            if both_add {
                add_beside(&mut merged, &before.text, &edit.text);
                last = Some((edit, who));
                continue;
            }
        }
        if edit.from < at {
            return None;
        }
        base.get(at..edit.from)?.iter().for_each(|part| merged.push_str(part));
        merged.push_str(&edit.text);
        at = edit.to;
        last = Some((edit, who));
    }
    base.get(at..)?.iter().for_each(|part| merged.push_str(part));
    Some(merged)
}

/// Adds what the other added at the same place: what both begin with stands once, and the two are on lines of their own.
fn add_beside(merged: &mut String, first: &str, second: &str) {
    let same: usize = first
        .chars()
        .zip(second.chars())
        .take_while(|(one, other)| one == other && !one.is_alphanumeric())
        .map(|(one, _)| one.len_utf8())
        .sum();
    let rest = second.get(same..).unwrap_or(second);
    if !merged.ends_with(char::is_whitespace) && !rest.starts_with(char::is_whitespace) {
        merged.push('\n');
    }
    merged.push_str(rest);
}

/// One change of a text: these parts are replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    from: usize,
    to: usize,
    text: String,
}

fn edits(base: &[&str], changed: &[&str]) -> Vec<Edit> {
    let text = |from: usize, length: usize| changed.get(from..from + length).unwrap_or_default().concat();
    let ops = capture_diff_slices(Algorithm::Myers, base, changed);
    let mut found: Vec<Edit> = Vec::new();
    for op in ops {
        let edit = match op {
            DiffOp::Equal { .. } => continue,
            DiffOp::Delete { old_index, old_len, .. } => Edit { from: old_index, to: old_index + old_len, text: String::new() },
            DiffOp::Insert { old_index, new_index, new_len } => Edit { from: old_index, to: old_index, text: text(new_index, new_len) },
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                Edit { from: old_index, to: old_index + old_len, text: text(new_index, new_len) }
            }
        };
        match found.last_mut().filter(|last| last.to == edit.from) {
            // What follows without anything between is one change.
            Some(last) => {
                last.to = edit.to;
                last.text.push_str(&edit.text);
            }
            None => found.push(edit),
        }
    }
    found
}

/// Words, and what is between them, one by one.
fn words(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut in_word) = (0, false);
    for (at, letter) in text.char_indices() {
        // A mark belongs to its letter.
        let wordy = letter.is_alphanumeric() || (in_word && !letter.is_ascii() && !letter.is_whitespace());
        if at > start && (!wordy || !in_word) {
            parts.extend(text.get(start..at));
            start = at;
        }
        in_word = wordy;
    }
    parts.extend(text.get(start..).filter(|rest| !rest.is_empty()));
    parts
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use crate::document::{ActorId, Document};
    use crate::field::FlatOp;
    use crate::history::undo_ops;

    const ILONA: ActorId = [1; 16];
    const JON: ActorId = [2; 16];
    const MARIA: ActorId = [3; 16];

    fn notes(text: &str) -> [FlatOp; 1] {
        [FlatOp::Put("notes".into(), Scalar::Text(text.into()))]
    }

    fn shown(document: &Document) -> Vec<String> {
        document.record().fields["notes"].iter().map(|held| held.value.as_ref().unwrap().as_text()).collect()
    }

    /// Both write apart, and each gets what the other wrote.
    fn apart(base: &str, texts: &[(ActorId, &str)]) -> Document {
        let mut first = Document::new();
        first.edit(ILONA, 1, &[FlatOp::Put("kind".into(), Scalar::Text("person".into()))]).unwrap();
        if !base.is_empty() {
            first.edit(ILONA, 2, &notes(base)).unwrap();
        }
        let mut all = first.clone();
        for (actor, text) in texts {
            let mut copy = first.clone();
            let change = copy.edit(*actor, 3, &notes(text)).unwrap();
            if let Some(change) = change {
                all.apply([change.bytes.as_slice()]).unwrap();
            }
        }
        all
    }

    #[test]
    fn edits_of_different_places_both_stand() {
        let both = apart(
            "Met in Aarhus. Prefers the phone.",
            &[(ILONA, "Met in Aarhus in 2021. Prefers the phone."), (JON, "Met in Aarhus. Prefers the phone, mornings.")],
        );
        assert_eq!(shown(&both), ["Met in Aarhus in 2021. Prefers the phone, mornings."]);
    }

    #[test]
    fn what_both_add_at_the_end_stands_line_by_line() {
        let both = apart("Met in Aarhus.", &[(ILONA, "Met in Aarhus. Likes violets."), (JON, "Met in Aarhus. Speaks Tamil.")]);
        let [text] = shown(&both).try_into().unwrap();
        assert!(
            ["Met in Aarhus. Likes violets.\nSpeaks Tamil.", "Met in Aarhus. Speaks Tamil.\nLikes violets."].contains(&text.as_str()),
            "{text}"
        );
    }

    #[test]
    fn the_same_place_changed_differently_is_a_conflict() {
        let both = apart("Prefers the phone.", &[(ILONA, "Prefers e-mail."), (JON, "Prefers letters.")]);
        assert_eq!(shown(&both).len(), 2);
        assert_eq!(shown(&apart("", &[(ILONA, "Violets"), (JON, "Roses")])).len(), 2, "nobody’s text is mixed with another’s");
        assert_eq!(shown(&apart("a b", &[(ILONA, "a c"), (JON, "a c")])), ["a c"], "equal edits are silent");
    }

    #[test]
    fn three_people_and_the_next_edit() {
        let mut all = apart(
            "one two three four five",
            &[(ILONA, "ONE two three four five"), (JON, "one two THREE four five"), (MARIA, "one two three four FIVE")],
        );
        assert_eq!(shown(&all), ["ONE two THREE four FIVE"]);
        all.edit(JON, 9, &notes("ONE two THREE four FIVE six")).unwrap();
        assert_eq!(shown(&all), ["ONE two THREE four FIVE six"]);
    }

    #[test]
    fn taking_back_ones_edit_keeps_the_colleagues() {
        let mut first = Document::new();
        first.edit(ILONA, 1, &[FlatOp::Put("kind".into(), Scalar::Text("person".into()))]).unwrap();
        first.edit(ILONA, 2, &notes("one two three")).unwrap();
        let mut other = first.clone();
        let mine = first.edit(ILONA, 3, &notes("ONE two three")).unwrap().unwrap();
        let theirs = other.edit(JON, 3, &notes("one two THREE")).unwrap().unwrap();
        first.apply([theirs.bytes.as_slice()]).unwrap();
        assert_eq!(shown(&first), ["ONE two THREE"]);
        let back = undo_ops(&first, mine.hash, "");
        first.edit(ILONA, 4, &back).unwrap();
        assert_eq!(shown(&first), ["one two THREE"]);
    }

    fn text() -> impl Strategy<Value = Vec<String>> {
        proptest::collection::vec("[a-f]{1,3}", 1..12)
    }

    /// A text with some words replaced, put in or taken out.
    fn changed(words: &[String], dice: &[u8], mark: &str) -> String {
        let mut out: Vec<String> = Vec::new();
        for (at, word) in words.iter().enumerate() {
            match dice.get(at).copied().unwrap_or(9) {
                0 => out.push(format!("{mark}{at}")),
                1 => out.extend([word.clone(), format!("{mark}+{at}")]),
                2 => {}
                _ => out.push(word.clone()),
            }
        }
        out.join(" ")
    }

    proptest! {
        #[test]
        fn nobodys_words_are_lost_and_the_order_of_arrival_does_not_matter(
            base in text(), ones in proptest::collection::vec(0_u8..9, 12), others in proptest::collection::vec(0_u8..9, 12),
        ) {
            let (one, other) = (changed(&base, &ones, "X"), changed(&base, &others, "Y"));
            let base = base.join(" ");
            if let Some(merged) = merge(&base, &one, &other) {
                for word in one.split(' ').filter(|word| word.starts_with('X')).chain(other.split(' ').filter(|word| word.starts_with('Y'))) {
                    prop_assert!(merged.contains(word), "{merged} has not {word}");
                }
            }
            prop_assert_eq!(merge(&base, &one, &base), Some(one.clone()));
            prop_assert_eq!(merge(&base, &base, &one), Some(one.clone()));
            prop_assert_eq!(merge(&base, &one, &one), Some(one.clone()));
            prop_assert_eq!(merge(&base, &one, &other).is_some(), merge(&base, &other, &one).is_some());
            let there = apart(&base, &[(ILONA, &one), (JON, &other)]);
            let back = apart(&base, &[(JON, &other), (ILONA, &one)]);
            prop_assert_eq!(shown(&there), shown(&back));
        }

        #[test]
        fn nothing_typed_breaks_it(base in "\\PC{0,60}", one in "\\PC{0,60}", other in "\\PC{0,60}") {
            prop_assert_eq!(words(&base).concat(), base.clone());
            let _ = merge(&base, &one, &other);
        }
    }
}
