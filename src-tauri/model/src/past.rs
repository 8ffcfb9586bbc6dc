//! A record as it was.

use std::collections::{BTreeMap, BTreeSet};

use automerge::ChangeHash;

use crate::document::Document;
use crate::field::{FlatOp, field_name};
use crate::guard::guarded;
use crate::record::{DELETED, Held, Record, Scalar};

/// Keys that are written once, or are nobody's business: no past brings them back.
const KEPT: [&str; 3] = ["kind", "created", "moved"];

impl Document {
    /// The record as it was at a moment (seconds since 1970), by the times the authors of its changes claim: a change counts when it and all it was
    /// made on top of are not later. `None` when it was not there yet.
    #[must_use]
    pub fn record_at(&self, time: i64) -> Option<Record> {
        let inner = self.automerge();
        let changes = guarded(|| inner.get_changes(&[])).ok()?;
        let mut there: BTreeSet<ChangeHash> = BTreeSet::new();
        let mut heads: BTreeSet<ChangeHash> = BTreeSet::new();
        // Parents come before children.
        for change in &changes {
            if change.timestamp() <= time && change.deps().iter().all(|parent| there.contains(parent)) {
                for parent in change.deps() {
                    heads.remove(parent);
                }
                there.insert(change.hash());
                heads.insert(change.hash());
            }
        }
        if heads.is_empty() {
            return None;
        }
        let heads: Vec<ChangeHash> = heads.into_iter().collect();
        let past = guarded(|| inner.fork_at(&heads)).ok()?.ok()?;
        Some(Self::of(past).record())
    }
}

/// The edits that make a record what it was, or only some of its fields (`name`, `phones`, `custom.diet`); empty `fields` means all.
#[must_use]
pub fn back_to(now: &Record, past: &Record, fields: &[String]) -> Vec<FlatOp> {
    let shown =
        |record: &BTreeMap<String, Vec<Held>>, key: &str| record.get(key).and_then(|held| held.first()).and_then(|held| held.value.clone());
    let keys: BTreeSet<&String> = now.fields.keys().chain(past.fields.keys()).collect();
    let mut ops = Vec::new();
    for key in keys.into_iter().filter(|key| is_wanted(key, fields)) {
        let several = now.fields.get(key).is_some_and(|held| held.len() > 1);
        match (shown(&now.fields, key), shown(&past.fields, key)) {
            (held, then) if held == then && !several => {}
            // What a newer version wrote cannot be written again by this one.
            (_, Some(Scalar::Unknown(_))) | (Some(Scalar::Unknown(_)), _) => {}
            (Some(_), None) => ops.push(FlatOp::Delete(key.clone())),
            (_, Some(then)) => ops.push(FlatOp::Put(key.clone(), then)),
            (None, None) => {}
        }
    }
    ops
}

fn is_wanted(key: &str, fields: &[String]) -> bool {
    if KEPT.contains(&key) || key.starts_with("copies/") {
        return false;
    }
    if fields.is_empty() {
        return true;
    }
    let name = field_name(key);
    let list = name.split('/').next().unwrap_or(&name);
    key != DELETED && fields.iter().any(|field| *field == name || field == list)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use super::*;
    use crate::document::ActorId;

    const ILONA: ActorId = [1; 16];
    const JON: ActorId = [2; 16];

    fn put(key: &str, value: &str) -> FlatOp {
        FlatOp::Put(key.into(), Scalar::Text(value.into()))
    }

    fn made() -> Document {
        let mut document = Document::new();
        document.edit(ILONA, 100, &[put("kind", "person"), put("name", "Priya"), put("phones/aaaaaaaa", "work\t1")]).unwrap();
        document.edit(ILONA, 200, &[put("name", "Priya R"), FlatOp::Delete("phones/aaaaaaaa".into())]).unwrap();
        document.edit(JON, 300, &[put("notes", "violets")]).unwrap();
        document
    }

    #[test]
    fn a_record_is_seen_as_it_was() {
        let document = made();
        assert!(document.record_at(99).is_none());
        let then = document.record_at(150).unwrap();
        assert_eq!((then.text("name").as_str(), then.fields.contains_key("phones/aaaaaaaa")), ("Priya", true));
        assert_eq!(document.record_at(250).unwrap().text("notes"), "");
        assert_eq!(document.record_at(900).unwrap().text("notes"), "violets");
    }

    #[test]
    fn a_change_is_not_seen_before_what_it_was_made_on() {
        let mut document = made();
        // Whose clock is ten years behind.
        document.edit(JON, 1, &[put("title", "x")]).unwrap();
        assert!(!document.record_at(250).unwrap().fields.contains_key("title"));
    }

    #[test]
    fn it_is_made_what_it_was_whole_or_in_part() {
        let mut document = made();
        let then = document.record_at(150).unwrap();
        let only_name = back_to(&document.record(), &then, &["name".into()]);
        assert_eq!(only_name, [put("name", "Priya")]);
        let phones = back_to(&document.record(), &then, &["phones".into()]);
        assert_eq!(phones, [put("phones/aaaaaaaa", "work\t1")]);
        let all = back_to(&document.record(), &then, &[]);
        document.edit(ILONA, 400, &all).unwrap();
        let now = document.record();
        assert_eq!((now.text("name").as_str(), now.text("notes").as_str()), ("Priya", ""));
        assert_eq!(back_to(&now, &then, &[]), []);
    }
}
