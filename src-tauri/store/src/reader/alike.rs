//! Which records may be the same: candidates that share something telling, found without comparing each with each.

use std::collections::{BTreeSet, HashMap};

use tuttu_model::likeness::{ending, sound};

use super::Reader;
use crate::error::StoreError;
use crate::rows::RecordRow;
use crate::sql;

/// More records than this that share one thing share something common, like a switchboard's number: that tells nothing.
const TELLING: usize = 40;
/// Pairs looked at.
const PAIRS: usize = 50_000;
/// Words of an address that tell it from others.
const ADDRESS_WORDS: usize = 3;

/// What records share: the space, people or organisations, and a name in any order, its sound, a part of an address, the end of a number.
type Shared = (i64, bool, &'static str, String);

impl Reader<'_> {
    /// Pairs of records of one space and kind that share a name, its sound, an e-mail address or the end of a phone number. Reads the search lines, not
    /// the records; at most 50,000 pairs.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn alike(&self) -> Result<Vec<(i64, i64)>, StoreError> {
        let mut groups: HashMap<Shared, Vec<i64>> = HashMap::new();
        sql::each(self.connection, "SELECT did, sid, org, line FROM finder ORDER BY did", [], |row| {
            let (did, sid, org) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let line = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
            for (what, value) in telling(line) {
                let group = groups.entry((sid, org, what, value)).or_default();
                // One more than is telling marks the group as common.
                if group.len() <= TELLING {
                    group.push(did);
                }
            }
            Ok(true)
        })?;
        let mut pairs = BTreeSet::new();
        let mut telling: Vec<_> = groups.into_iter().filter(|(_, group)| group.len() > 1 && group.len() <= TELLING).collect();
        // The same pairs in every run: small groups, which tell most, come first.
        telling.sort_by(|one, other| (one.1.len(), &one.0).cmp(&(other.1.len(), &other.0)));
        for (_, group) in telling {
            for (at, one) in group.iter().enumerate() {
                pairs.extend(group.iter().skip(at + 1).map(|other| (*one, *other)));
            }
            if pairs.len() >= PAIRS {
                break;
            }
        }
        Ok(pairs.into_iter().take(PAIRS).collect())
    }

    /// A record by the number that [`Reader::alike`] gave.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn record_numbered(&self, number: i64) -> Result<Option<RecordRow>, StoreError> {
        self.record_at(number)
    }
}

/// What of a search line tells a record from others.
fn telling(line: &str) -> Vec<(&'static str, String)> {
    let mut fields = line.split('\n');
    let mut next = || fields.next().unwrap_or_default().split_whitespace().collect::<Vec<_>>();
    let (mut name, email, _, phones) = (next(), next(), next(), next());
    let mut found = Vec::new();
    name.sort_unstable();
    if !name.is_empty() {
        found.push(("sound", sound(&name.join(" "))));
        found.push(("name", name.join(" ")));
    }
    found.extend(email.windows(ADDRESS_WORDS).map(|words| ("email", words.join(" "))));
    found.extend(phones.into_iter().filter_map(ending).map(|end| ("phone", end)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_names_addresses_and_numbers() {
        let told = telling(" priya raghunathan\n priya harbourline example\n harbourline trust\n 447700900142 112\n partner\n");
        let of = |what: &str| told.iter().filter(|(kind, _)| *kind == what).map(|(_, value)| value.as_str()).collect::<Vec<_>>();
        assert_eq!(of("name"), ["priya raghunathan"]);
        assert_eq!(of("email"), ["priya harbourline example"]);
        assert_eq!(of("phone"), ["00900142"]);
        assert_eq!(of("sound").len(), 1);
    }
}
