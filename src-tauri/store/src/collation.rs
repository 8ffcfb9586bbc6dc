//! In which order names stand: the rules of the person's language, as keys that compare byte by byte.

use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed};
use icu_locale_core::Locale;
use rusqlite::Connection;

use crate::error::StoreError;
use crate::{projection, sql, stored_view};

/// The setting that names the language names are sorted in: `de`, `sv`, `de-u-co-phonebk`; empty for the order all languages share.
pub const LOCALE_SETTING: &str = "locale";
/// Changes whenever the keys of the same names change: with the collation data.
const DATA: &str = "icu4x-2.4";
/// Under which key it is kept what made the keys of the records.
const STAMP: &str = "store.collation";
/// Records sorted again at a time.
const CHUNK: i64 = 10_000;

/// Makes sort keys.
pub(crate) struct Collation {
    locale: String,
    collator: CollatorBorrowed<'static>,
}

impl std::fmt::Debug for Collation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collation").field("locale", &self.locale).finish_non_exhaustive()
    }
}

impl Collation {
    /// The order of a language; the order all languages share when the language is not known. `None` when there is none at all, which a build with its
    /// data inside never meets.
    pub(crate) fn new(locale: &str) -> Option<Self> {
        let named = Locale::try_from_str(locale).ok();
        let collator = named
            .and_then(|locale| Collator::try_new((&locale).into(), CollatorOptions::default()).ok())
            .or_else(|| Collator::try_new(icu_collator::CollatorPreferences::default(), CollatorOptions::default()).ok())?;
        Some(Self { locale: locale.to_owned(), collator })
    }

    /// The order a vault asks for. When its records were sorted in another one, they are sorted again.
    pub(crate) fn of(writing: &Connection) -> Result<Self, StoreError> {
        let locale = sql::one(writing, "SELECT value FROM setting WHERE key = ?1", [LOCALE_SETTING], |row| row.get::<_, String>(0))?;
        let collation = Self::new(&locale.unwrap_or_default());
        let collation = collation.ok_or_else(|| StoreError::Other("the order of names is missing from this program".into()))?;
        let stamp = sql::one(writing, "SELECT value FROM meta WHERE key = ?1", [STAMP], |row| row.get::<_, Vec<u8>>(0))?;
        if stamp.as_deref() != Some(collation.stamp().as_bytes()) {
            let all = writing.unchecked_transaction()?;
            collation.sort_again(&all)?;
            all.commit()?;
        }
        Ok(collation)
    }

    /// Makes the keys of all records again, in the transaction that is open.
    pub(crate) fn sort_again(&self, connection: &Connection) -> Result<(), StoreError> {
        let mut after = 0_i64;
        loop {
            let sql = "SELECT did, view FROM record WHERE did > ?1 ORDER BY did LIMIT ?2";
            let rows = sql::all(connection, sql, (after, CHUNK), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
            let Some((last, _)) = rows.last() else { break };
            after = *last;
            for (did, view) in &rows {
                // What another version projected is projected again anyway.
                if let Ok(view) = stored_view::decode(view) {
                    let key = self.key(&projection::sort_of(&view));
                    sql::run(connection, "UPDATE record SET collation = ?2 WHERE did = ?1 AND collation <> ?2", (did, key))?;
                }
            }
        }
        let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        sql::run(connection, sql, (STAMP, self.stamp().as_bytes())).map(drop)
    }

    /// What the keys are made by: keys with another stamp must be made again.
    fn stamp(&self) -> String {
        format!("{DATA} {}", self.locale)
    }

    /// The key of a text.
    pub(crate) fn key(&self, text: &str) -> Vec<u8> {
        let mut key = Vec::with_capacity(text.len() + 8);
        let Ok(()) = self.collator.write_sort_key_to(text, &mut key);
        key
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use super::*;

    fn sorted(locale: &str, names: &[&'static str]) -> Vec<&'static str> {
        let collation = Collation::new(locale).unwrap();
        let mut names = names.to_vec();
        names.sort_by_key(|name| collation.key(name));
        names
    }

    #[test]
    fn each_language_sorts_its_own_way() {
        let names = ["Zoë", "Åsa", "Ångström", "adam", "Ähle", "Bo", "Ärla", "Adam", "Ólafur", "Oda"];
        assert_eq!(sorted("", &names), ["adam", "Adam", "Ähle", "Ångström", "Ärla", "Åsa", "Bo", "Oda", "Ólafur", "Zoë"]);
        assert_eq!(sorted("sv", &names), ["adam", "Adam", "Bo", "Oda", "Ólafur", "Zoë", "Ångström", "Åsa", "Ähle", "Ärla"]);
        assert_eq!(sorted("no language", &["b", "a"]), ["a", "b"]);
        assert_eq!(sorted("de-u-co-phonebk", &["Afa", "Ähle", "Adam"]), ["Adam", "Ähle", "Afa"]);
    }

    #[test]
    fn scripts_follow_each_other() {
        assert_eq!(sorted("", &["田中", "Ωνάσης", "Чайковский", "Bob", "3M"]), ["3M", "Bob", "Ωνάσης", "Чайковский", "田中"]);
    }
}
