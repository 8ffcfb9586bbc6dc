//! Sets of records by their numbers, as bits: and, or and not over a million records take microseconds.

/// A set of record numbers, which are small and dense.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
}

const WIDTH: i64 = 64;

impl Bits {
    pub(crate) fn insert(&mut self, did: i64) {
        let Ok(at) = usize::try_from(did / WIDTH) else { return };
        if at >= self.words.len() {
            // Numbers go up to 2^32 at most (see `place_of`): half a gigabyte at the very worst, for a vault of four thousand million records.
            self.words.resize(at + 1, 0);
        }
        if let Some(word) = self.words.get_mut(at) {
            *word |= 1 << (did % WIDTH);
        }
    }

    pub(crate) fn holds(&self, did: i64) -> bool {
        let word = usize::try_from(did / WIDTH).ok().and_then(|at| self.words.get(at));
        word.is_some_and(|word| word & (1 << (did % WIDTH)) != 0)
    }

    pub(crate) fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = i64> + '_ {
        self.words.iter().zip(0_i64..).flat_map(|(word, at)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let low = left.trailing_zeros();
                left &= left.wrapping_sub(1);
                (low < 64).then(|| at * WIDTH + i64::from(low))
            })
        })
    }

    pub(crate) fn add(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    pub(crate) fn keep(&mut self, other: &Self) {
        self.words.truncate(other.words.len());
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    pub(crate) fn take_away(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }
}

impl FromIterator<i64> for Bits {
    fn from_iter<T: IntoIterator<Item = i64>>(dids: T) -> Self {
        let mut bits = Self::default();
        dids.into_iter().for_each(|did| bits.insert(did));
        bits
    }
}

/// Records that may match: these, or all but these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Set {
    pub(crate) bits: Bits,
    /// All but these.
    pub(crate) all_but: bool,
    /// Everything in it matches. When not, each record is looked at before it is shown.
    pub(crate) exact: bool,
}

impl Set {
    pub(crate) fn of(bits: Bits) -> Self {
        Self { bits, all_but: false, exact: true }
    }

    pub(crate) fn none() -> Self {
        Self::of(Bits::default())
    }

    pub(crate) fn all() -> Self {
        Self { bits: Bits::default(), all_but: true, exact: true }
    }

    /// Anything may match.
    pub(crate) fn unknown() -> Self {
        Self { exact: false, ..Self::all() }
    }

    pub(crate) fn loose(self) -> Self {
        Self { exact: false, ..self }
    }

    pub(crate) fn holds(&self, did: i64) -> bool {
        self.bits.holds(did) != self.all_but
    }

    pub(crate) fn and(mut self, mut other: Self) -> Self {
        let exact = self.exact && other.exact;
        if self.all_but && !other.all_but {
            std::mem::swap(&mut self, &mut other);
        }
        match (self.all_but, other.all_but) {
            (false, false) => self.bits.keep(&other.bits),
            (false, true) => self.bits.take_away(&other.bits),
            (true, _) => self.bits.add(&other.bits),
        }
        Self { exact, ..self }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        // Looking again undoes nothing here: a union is exact when both are.
        let exact = self.exact && other.exact;
        let turned = |set: Self| Self { all_but: !set.all_but, ..set };
        Self { exact, ..turned(turned(self).and(turned(other))) }
    }

    /// The rest. What only may match leaves a rest that only may, too.
    pub(crate) fn not(self) -> Self {
        if self.exact { Self { all_but: !self.all_but, ..self } } else { Self::unknown() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set() -> impl Strategy<Value = Set> {
        (proptest::collection::vec(0_i64..200, 0..40), any::<bool>(), any::<bool>()).prop_map(|(dids, all_but, exact)| Set {
            bits: dids.into_iter().collect(),
            all_but,
            exact,
        })
    }

    proptest! {
        #[test]
        fn sets_are_combined_as_their_members_are(one in set(), other in set()) {
            let (and, or, not) = (one.clone().and(other.clone()), one.clone().or(other.clone()), one.clone().not());
            for did in 0..300 {
                prop_assert_eq!(and.holds(did), one.holds(did) && other.holds(did));
                prop_assert_eq!(or.holds(did), one.holds(did) || other.holds(did));
                prop_assert_eq!(not.holds(did), !one.holds(did) || !one.exact);
            }
        }

        #[test]
        fn bits_are_counted_and_listed(dids in proptest::collection::btree_set(0_i64..1_000, 0..60)) {
            let bits: Bits = dids.iter().copied().collect();
            prop_assert_eq!(bits.len(), dids.len());
            prop_assert_eq!(bits.iter().collect::<Vec<_>>(), dids.into_iter().collect::<Vec<_>>());
        }
    }
}
