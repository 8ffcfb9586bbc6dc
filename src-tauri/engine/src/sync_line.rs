//! The line at the foot of the sidebar: who has what, from acknowledgements only.

use std::collections::BTreeMap;

use tuttu_store::Reader;

use crate::api::{ErrorView, SyncLine};
use crate::clock;
use crate::engine::{Engine, Inner};
use crate::failure::Failure;

/// How it stands with one person, over all spaces shared with them.
#[derive(Debug, Clone, Default)]
struct Standing {
    name: String,
    /// Changes that none of their computers has confirmed.
    pending: u64,
    /// The oldest time at which everything was confirmed, over spaces.
    confirmed: Option<i64>,
    reachable: bool,
}

impl Engine {
    /// The sync line now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn sync_line(&self) -> Result<SyncLine, ErrorView> {
        self.inner.read(|reader| self.inner.sync_line(reader))
    }
}

impl Inner {
    pub(crate) fn sync_line(&self, reader: &Reader<'_>) -> Result<SyncLine, Failure> {
        let mut taken_out = false;
        for space in reader.spaces()? {
            taken_out |= !self.membership(reader, &space.id)?.may_read(&self.computer);
        }
        let people = self.standings(reader)?;
        if people.is_empty() && taken_out {
            let detail = "It is in no shared space any more".into();
            return Ok(SyncLine { kind: "local".into(), title: "Only on this computer".into(), detail });
        }
        Ok(line(people, self.now()))
    }

    fn standings(&self, reader: &Reader<'_>) -> Result<Vec<Standing>, Failure> {
        let mut people: BTreeMap<String, Standing> = BTreeMap::new();
        for space in reader.spaces()? {
            if !self.membership(reader, &space.id)?.may_read(&self.computer) {
                // Nothing of it is exchanged any more, so nothing that was confirmed once is news.
                continue;
            }
            for member in self.member_views(reader, &space.id)? {
                let others: Vec<_> = member.computers.iter().filter(|computer| !computer.this).collect();
                if others.is_empty() || member.role == "none" {
                    continue;
                }
                let standing = people.entry(member.id.clone()).or_default();
                standing.name = if member.me { "Your other computer".to_owned() } else { first_name(&member.name) };
                // One confirmed computer is enough to say that the person has it.
                standing.pending += others.iter().map(|computer| u64::from(computer.pending)).min().unwrap_or(0);
                let confirmed =
                    others.iter().filter(|computer| !computer.last_ack.is_empty()).filter_map(|computer| seconds(&computer.last_ack)).max();
                standing.confirmed = match (standing.confirmed, confirmed) {
                    (Some(before), Some(now)) => Some(before.min(now)),
                    (before, now) => before.or(now),
                };
                standing.reachable |= others.iter().any(|computer| computer.state != "away");
            }
        }
        Ok(people.into_values().collect())
    }
}

fn seconds(time: &str) -> Option<i64> {
    chrono::DateTime::parse_from_rfc3339(time).ok().map(|time| time.timestamp())
}

fn first_name(name: &str) -> String {
    name.split_whitespace().next().unwrap_or(name).to_owned()
}

fn line(people: Vec<Standing>, now: i64) -> SyncLine {
    if people.is_empty() {
        return SyncLine { kind: "local".into(), title: "Only on this computer".into(), detail: "Nothing is shared yet".into() };
    }
    let (waiting, have): (Vec<_>, Vec<_>) = people.iter().partition(|person| person.pending > 0 || person.confirmed.is_none());
    let since = have.iter().filter_map(|person| person.confirmed).min().map(|time| clock::spoken(time, now)).unwrap_or_default();
    let names = |people: &[&Standing], last: &str| list(&people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>(), last);
    let verb = |people: &[&Standing]| if people.len() == 1 { "has" } else { "have" };
    if waiting.is_empty() {
        let title = format!("{} {} all", names(&have, "and"), verb(&have));
        return SyncLine { kind: "all".into(), title, detail: format!("Confirmed {}", at(&since)) };
    }
    let pending = waiting.iter().map(|person| person.pending).max().unwrap_or(0);
    if !people.iter().any(|person| person.reachable) {
        let saved = if pending == 1 { "The change is".to_owned() } else { format!("All {pending} changes are") };
        let detail = format!("{saved} saved on this computer and will be shared when {} is reachable.", names(&waiting, "or"));
        return SyncLine { kind: "offline".into(), title: "Offline".into(), detail };
    }
    let detail = if have.is_empty() { String::new() } else { format!("{} {} all, as of {since}", names(&have, "and"), verb(&have)) };
    let title = match pending {
        0 => format!("Waiting for {} to confirm", names(&waiting, "and")),
        1 => format!("1 change to send to {}", names(&waiting, "and")),
        many => format!("{many} changes to send to {}", names(&waiting, "and")),
    };
    SyncLine { kind: "pending".into(), title, detail }
}

/// "at 14:11", but "yesterday 18:40" and "17 Oct".
fn at(time: &str) -> String {
    let clock_only = time.len() == 5 && time.contains(':');
    if clock_only { format!("at {time}") } else { time.to_owned() }
}

fn list(names: &[&str], last: &str) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [start @ .., end] => format!("{} {last} {end}", start.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, pending: u64, confirmed: Option<i64>, reachable: bool) -> Standing {
        Standing { name: name.into(), pending, confirmed, reachable }
    }

    #[test]
    fn nobody_has_all_before_they_said_so() {
        let line = line(vec![person("Maria", 0, None, true)], 1_000);
        assert_eq!((line.kind.as_str(), line.title.as_str()), ("pending", "Waiting for Maria to confirm"));
    }

    #[test]
    fn each_person_is_told_apart() {
        let line = line(vec![person("Jon", 2, Some(1), true), person("Maria", 0, Some(1_000), false)], 1_000);
        assert_eq!(line.title, "2 changes to send to Jon");
        assert!(line.detail.starts_with("Maria has all, as of "), "{}", line.detail);
    }

    #[test]
    fn offline_says_what_is_safe() {
        let line = line(vec![person("Jon", 3, None, false), person("Maria", 3, None, false)], 1_000);
        assert_eq!(line.detail, "All 3 changes are saved on this computer and will be shared when Jon or Maria is reachable.");
    }
}
