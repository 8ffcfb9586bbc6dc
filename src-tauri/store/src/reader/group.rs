//! Lists in groups, with counts.

use std::collections::BTreeMap;

use chrono::Datelike;

use super::Reader;
use super::order::Scope;
use crate::error::StoreError;
use crate::rows::{Group, GroupBy, ListQuery};
use crate::search::{About, Bits, line_of};
use crate::sql;

/// Groups that are told, the largest where there are more.
const GROUPS: usize = 1_000;

type Counts = BTreeMap<String, u32>;

impl Reader<'_> {
    /// How many records of a list fall into which group, by key; order, pages and offset of the list do not count.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn groups(&self, query: &ListQuery, by: GroupBy) -> Result<Vec<Group>, StoreError> {
        let counts = match self.counted(query, by)? {
            Some(counts) => counts,
            None => self.looked_up(&self.matching(query)?.into_iter().collect(), by)?,
        };
        let mut groups: Vec<Group> = counts.into_iter().map(|(key, count)| Group { key, count }).collect();
        if groups.len() > GROUPS {
            groups.sort_by_key(|group| std::cmp::Reverse(group.count));
            groups.truncate(GROUPS);
            groups.sort_by(|one, other| one.key.cmp(&other.key));
        }
        Ok(groups)
    }

    /// Groups of whole kinds, which indexes count.
    fn counted(&self, query: &ListQuery, by: GroupBy) -> Result<Option<Counts>, StoreError> {
        let Some(plan) = self.plan(query)? else { return Ok(Some(Counts::new())) };
        let scope = plan.scope;
        if plan.tree.is_some() || scope.trash {
            return Ok(None);
        }
        let mut counts = Counts::new();
        match by {
            GroupBy::Kind | GroupBy::Space => {
                for (sid, space) in self.space_numbers()? {
                    sql::each(self.connection, "SELECT kind, live FROM tally WHERE sid = ?1 AND live > 0", [sid], |row| {
                        let kind: String = row.get(0)?;
                        if scope.holds(&kind, sid, false) {
                            *counts.entry(if by == GroupBy::Kind { kind } else { space.to_string() }).or_default() +=
                                row.get::<_, u32>(1)?;
                        }
                        Ok(true)
                    })?;
                }
            }
            GroupBy::Changed | GroupBy::Created => {
                let column = if by == GroupBy::Changed { "changed" } else { "created" };
                // The index gives the times in their order: months follow each other, which SQLite does not know and would sort for.
                let sql = format!("SELECT {column}, sid FROM record WHERE deleted = 0 AND kind = ?1 ORDER BY {column}");
                for kind in &scope.kinds {
                    let (mut month, mut end, mut held) = (String::new(), i64::MIN, 0);
                    sql::each(self.connection, &sql, [kind], |row| {
                        if scope.in_space(row.get(1)?) {
                            let time = row.get(0)?;
                            if time >= end {
                                let (this, next) = month_of(time);
                                *counts.entry(std::mem::replace(&mut month, this)).or_default() += held;
                                (held, end) = (0, next);
                            }
                            held += 1;
                        }
                        Ok(true)
                    })?;
                    *counts.entry(month).or_default() += held;
                }
                counts.retain(|_, count| *count > 0);
            }
            GroupBy::Letter | GroupBy::Tag | GroupBy::Org if scope.is_people() => self.count_people(&scope, by, &mut counts)?,
            GroupBy::Letter | GroupBy::Tag | GroupBy::Org => return Ok(None),
        }
        Ok(Some(counts))
    }

    /// All people or organisations of a scope, out of the search memory.
    fn count_people(&self, scope: &Scope, by: GroupBy, counts: &mut Counts) -> Result<(), StoreError> {
        let holds = |kind: &str| scope.kinds.iter().any(|held| held == kind);
        let (people, orgs) = (holds("person"), holds("org"));
        let belongs = |about: &About| scope.in_space(about.sid) && if about.org { orgs } else { people };
        let mut count = |key: &str| match counts.get_mut(key) {
            Some(count) => *count += 1,
            None => drop(counts.insert(key.to_owned(), 1)),
        };
        if by == GroupBy::Tag {
            let those = self.shared.names.with(|lines| lines.those(belongs))?;
            return sql::each(self.connection, "SELECT word, did FROM tag", [], |row| {
                if those.holds(row.get(1)?) {
                    count(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?);
                }
                Ok(true)
            });
        }
        self.shared.names.with(|lines| {
            if by == GroupBy::Letter {
                let names = lines.each_name().filter(|(_, about, _)| belongs(about));
                names.filter_map(|(_, _, name)| letter_of(name)).for_each(|letter| count(letter.encode_utf8(&mut [0; 4])));
            } else {
                let lines = lines.each_line().filter(|(_, about, _)| belongs(about));
                lines.for_each(|(_, _, line)| keys_of_line(line, by).for_each(|key| count(&key)));
            }
        })
    }

    fn looked_up(&self, dids: &Bits, by: GroupBy) -> Result<Counts, StoreError> {
        let mut counts = Counts::new();
        let mut count = |key: String| *counts.entry(key).or_default() += 1;
        match by {
            GroupBy::Tag => sql::each(self.connection, "SELECT word, did FROM tag", [], |row| {
                if dids.holds(row.get(1)?) {
                    count(row.get(0)?);
                }
                Ok(true)
            })?,
            GroupBy::Letter | GroupBy::Org => {
                let mut rest = dids.clone();
                let known = self.shared.names.with(|lines| {
                    let mut known = Bits::default();
                    for (did, _, line) in lines.each_line().filter(|(did, ..)| dids.holds(*did)) {
                        known.insert(did);
                        keys_of_line(line, by).for_each(&mut count);
                    }
                    known
                })?;
                rest.take_away(&known);
                for did in rest.iter() {
                    if let Some(view) = self.view_at(did)? {
                        keys_of_line(&line_of(&view), by).for_each(&mut count);
                    }
                }
            }
            GroupBy::Kind | GroupBy::Space | GroupBy::Changed | GroupBy::Created => {
                let sql = "SELECT kind, sid, changed, created FROM record WHERE did = ?1";
                for did in dids.iter() {
                    let found =
                        sql::one(self.connection, sql, [did], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
                    let Some((kind, sid, changed, created)) = found else { continue };
                    count(match by {
                        GroupBy::Kind => kind,
                        GroupBy::Space => self.space_id(sid)?.to_string(),
                        GroupBy::Changed => month_of(changed).0,
                        _ => month_of(created).0,
                    });
                }
            }
        }
        Ok(counts)
    }
}

/// The first letter of the name, or the organisation, in a search line. Digits and signs share a group.
fn keys_of_line(line: &str, by: GroupBy) -> impl Iterator<Item = String> {
    let field = line.split('\n').nth(if by == GroupBy::Org { 2 } else { 0 }).unwrap_or_default().trim_start();
    let key = if by == GroupBy::Org { field.to_owned() } else { letter_of(field).map(String::from).unwrap_or_default() };
    Some(key).filter(|key| !key.is_empty()).into_iter()
}

/// The month of a time, and the first second of the next; what has no time is in the month without a name.
fn month_of(seconds: i64) -> (String, i64) {
    let Some(time) = chrono::DateTime::from_timestamp(seconds, 0).filter(|_| seconds > 0) else { return (String::new(), 1) };
    let first = time.date_naive().with_day(1).and_then(|first| first.checked_add_months(chrono::Months::new(1)));
    (time.format("%Y-%m").to_string(), first.map_or(i64::MAX, |first| first.and_time(chrono::NaiveTime::MIN).and_utc().timestamp()))
}

fn letter_of(name: &str) -> Option<char> {
    let first = name.trim_start().chars().next()?;
    // What has no single capital letter stays as it is.
    Some(if first.is_alphabetic() { first.to_uppercase().next().filter(|_| first.to_uppercase().len() == 1).unwrap_or(first) } else { '#' })
}
