//! Lists in groups, with counts.

use std::collections::BTreeMap;

use super::Reader;
use crate::error::StoreError;
use crate::rows::{Group, GroupBy, ListQuery};
use crate::search::{Bits, line_of};
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
                let sql = format!("SELECT substr({column}, 1, 7), sid, count(*) FROM record WHERE deleted = 0 AND kind = ?1 GROUP BY 1, 2");
                for kind in &scope.kinds {
                    sql::each(self.connection, &sql, [kind], |row| {
                        if scope.in_space(row.get(1)?) {
                            *counts.entry(row.get(0)?).or_default() += row.get::<_, u32>(2)?;
                        }
                        Ok(true)
                    })?;
                }
            }
            GroupBy::Letter | GroupBy::Tag | GroupBy::Org => return Ok(None),
        }
        Ok(Some(counts))
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
                let sql = "SELECT kind, sid, substr(changed, 1, 7), substr(created, 1, 7) FROM record WHERE did = ?1";
                for did in dids.iter() {
                    let found = sql::one(self.connection, sql, [did], |row| {
                        Ok((row.get::<_, String>(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?))
                    })?;
                    let Some((kind, sid, changed, created)) = found else { continue };
                    count(match by {
                        GroupBy::Kind => kind,
                        GroupBy::Space => self.space_id(sid)?.to_string(),
                        GroupBy::Changed => changed,
                        _ => created,
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
    let key = match by {
        GroupBy::Org => field.to_owned(),
        _ => match field.chars().next() {
            Some(letter) if letter.is_alphabetic() => letter.to_uppercase().collect(),
            Some(_) => "#".to_owned(),
            None => String::new(),
        },
    };
    Some(key).filter(|key| !key.is_empty()).into_iter()
}
