//! Slips of the finger in names: which known words somebody may have meant.

use std::collections::HashMap;

/// Letters from which on one slip is forgiven, and from which on two are.
const ONE_SLIP: usize = 4;
const TWO_SLIPS: usize = 8;
/// Words offered for one that was typed.
const OFFERED: usize = 6;
/// Longer words are compared by their beginning.
const COMPARED: usize = 24;

/// The words of all names, each once. A word stays when the last name with it goes: it then finds nothing.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    /// With the letters each has, as bits: what differs in too many letters is not compared.
    words: HashMap<Box<str>, u32>,
}

impl Vocabulary {
    /// Takes in the words of a name, separated by spaces.
    pub(crate) fn learn(&mut self, name: &str) {
        for word in name.split(' ').filter(|word| word.len() >= ONE_SLIP - 1) {
            if !self.words.contains_key(word) {
                self.words.insert(word.into(), letters_of(word));
            }
        }
    }

    /// Known words a typed one may have been meant to be, or to begin: nearest first. Nothing for short words.
    pub(crate) fn near(&self, typed: &str) -> Vec<String> {
        let sought: Vec<char> = typed.chars().take(COMPARED).collect();
        let slips = match sought.len() {
            TWO_SLIPS.. => 2,
            ONE_SLIP.. => 1,
            _ => return Vec::new(),
        };
        let letters = letters_of(typed);
        let mut found: Vec<(usize, bool, &str)> = Vec::new();
        let mut rows = Rows::default();
        for (word, held) in &self.words {
            // A slip adds or changes one letter at most; letters behind what was typed do not count against a word.
            if (letters & !held).count_ones() as usize > slips || word.len() + slips < sought.len() {
                continue;
            }
            let word: &str = word;
            if let Some((slips, whole)) = rows.distance(&sought, word, slips)
                && slips > 0
            {
                found.push((slips, !whole, word));
            }
        }
        found.sort_unstable();
        found.into_iter().take(OFFERED).map(|(_, _, word)| word.to_owned()).collect()
    }
}

fn letters_of(word: &str) -> u32 {
    word.chars().fold(0, |bits, letter| bits | 1 << (u32::from(letter) % 32))
}

/// Rows of the table of slips, used for one word after the other.
#[derive(Debug, Default)]
struct Rows {
    word: Vec<char>,
    before: Vec<usize>,
    last: Vec<usize>,
    now: Vec<usize>,
}

impl Rows {
    /// The slips between what was typed and the beginning of a word that is nearest to it, and whether that beginning is the whole word; `None` beyond
    /// `limit`. A slip is a letter too many, too few, another one, or two that changed places.
    fn distance(&mut self, typed: &[char], word: &str, limit: usize) -> Option<(usize, bool)> {
        const FAR: usize = usize::MAX / 2;
        let Self { word: letters, before, last, now } = self;
        letters.clear();
        letters.extend(word.chars().take(typed.len() + limit));
        let width = letters.len() + 1;
        for row in [&mut *before, &mut *last, &mut *now] {
            row.clear();
            row.resize(width, FAR);
        }
        last.iter_mut().zip(0..=limit).for_each(|(slot, slips)| *slot = slips);
        let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(FAR);
        for (row, letter) in typed.iter().enumerate() {
            // So many letters apart is already so many slips: only what is near the diagonal counts.
            let (from, to) = (row.saturating_sub(limit), (row + limit + 1).min(letters.len()));
            now.fill(FAR);
            if let Some(first) = now.first_mut().filter(|_| row < limit) {
                *first = row + 1;
            }
            let mut least_of_row = cell(now, 0);
            for column in from..to {
                let other = letters.get(column);
                let changed = cell(last, column) + usize::from(Some(letter) != other);
                let mut least = changed.min(cell(last, column + 1) + 1).min(cell(now, column) + 1);
                let swapped = row > 0 && column > 0 && typed.get(row - 1) == other && letters.get(column - 1) == Some(letter);
                if swapped {
                    least = least.min(cell(before, column - 1) + 1);
                }
                if let Some(slot) = now.get_mut(column + 1) {
                    *slot = least;
                }
                least_of_row = least_of_row.min(least);
            }
            if least_of_row > limit {
                return None;
            }
            std::mem::swap(before, last);
            std::mem::swap(last, now);
        }
        let (least, end) = last.iter().copied().zip(0..).min_by_key(|(slips, end)| (*slips, usize::MAX - end))?;
        (least <= limit).then_some((least, end == letters.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(typed: &str) -> Vec<String> {
        let mut vocabulary = Vocabulary::default();
        for name in ["priya raghunathan", "tomasz wieczorek", "maria mario marta", "anne", "ivan", "петр чайковский", "müller"]
        {
            vocabulary.learn(name);
        }
        vocabulary.near(typed)
    }

    #[test]
    fn one_slip_is_forgiven_from_four_letters_and_two_from_eight() {
        assert_eq!(near("prya"), ["priya"]);
        assert_eq!(near("pryia"), ["priya"], "two letters changed places");
        assert_eq!(near("priiya"), ["priya"]);
        assert_eq!(near("prixa"), ["priya"]);
        assert_eq!(near("pry"), [""; 0]);
        assert_eq!(near("prxxa"), [""; 0]);
        assert_eq!(near("ragunatan"), ["raghunathan"]);
        assert_eq!(near("wieczrek"), ["wieczorek"]);
        assert_eq!(near("raghn"), ["raghunathan"], "on the way to the whole name");
        assert_eq!(near("чайквски"), ["чайковский"]);
    }

    /// The plain table, without leaving anything out.
    fn plain(typed: &[char], word: &[char]) -> usize {
        let mut table = vec![vec![0_usize; word.len() + 1]; typed.len() + 1];
        for row in 0..=typed.len() {
            for column in 0..=word.len() {
                table[row][column] = match (row, column) {
                    (0, column) => column,
                    (row, 0) => row,
                    (row, column) => {
                        let changed = table[row - 1][column - 1] + usize::from(typed[row - 1] != word[column - 1]);
                        let mut least = changed.min(table[row - 1][column] + 1).min(table[row][column - 1] + 1);
                        if row > 1 && column > 1 && typed[row - 2] == word[column - 1] && typed[row - 1] == word[column - 2] {
                            least = least.min(table[row - 2][column - 2] + 1);
                        }
                        least
                    }
                };
            }
        }
        table[typed.len()].iter().copied().min().unwrap_or(0)
    }

    proptest::proptest! {
        #[test]
        fn only_what_is_too_far_is_left_out(typed in "[abc]{1,9}", word in "[abc]{0,12}", limit in 1_usize..3) {
            let letters: Vec<char> = typed.chars().collect();
            let slips = plain(&letters, &word.chars().take(letters.len() + limit).collect::<Vec<_>>());
            let found = Rows::default().distance(&letters, &word, limit).map(|(slips, _)| slips);
            proptest::prop_assert_eq!(found, (slips <= limit).then_some(slips));
        }
    }

    #[test]
    fn what_is_right_is_not_offered_again_and_the_nearest_comes_first() {
        assert_eq!(near("maria"), ["mario", "marta"]);
        assert_eq!(near("raghunathan"), [""; 0]);
    }
}
