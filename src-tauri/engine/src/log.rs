//! The log: what happened between this computer and others, in words. Of this computer alone; nothing depends on it.
//!
//! What changes who is in a space is written with that change. What the network tells is gathered in memory and written now and then, because a commit
//! for every change that comes would cost as much as the change.

use std::collections::BTreeMap;

use tuttu_model::{ComputerId, PersonId, SpaceId};
use tuttu_store::rows::LogRow;
use tuttu_store::{Lane, Reader, Tx};
use tuttu_sync::membership::{Membership, OpBody, Role, Signer, VerifiedOp};

use crate::api::LogLine;
use crate::clock;
use crate::engine::{Engine, Inner};
use crate::failure::Failure;

/// Lines about the same within so many seconds become one.
const WITHIN: i64 = 600;
/// Lines unless told.
const LINES: u32 = 100;
/// Lines at most.
const MOST: u32 = 10_000;
/// Different things gathered in memory.
const GATHERED: usize = 1_000;

/// What is gathered and not written yet, by kind and what it is about.
pub(crate) type Gathered = BTreeMap<(String, String), LogRow>;

impl Inner {
    /// Writes a line with what it tells of.
    pub(crate) fn log(&self, tx: &mut Tx<'_>, kind: &str, about: &str, text: impl Into<String>) -> Result<(), Failure> {
        let row = LogRow { at: self.now(), kind: kind.to_owned(), about: about.to_owned(), count: 1, text: text.into() };
        Ok(tx.log(&row, WITHIN)?)
    }

    /// Tells of membership operations that were not told of yet. Those of a space that is new here are no news.
    pub(crate) fn log_membership(&self, tx: &mut Tx<'_>, space: &SpaceId, membership: &Membership) -> Result<(), Failure> {
        let key = format!("log.ops.{}", data_encoding::HEXLOWER.encode(&space.0));
        let told = tx.meta(&key)?.and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|text| text.parse::<i64>().ok());
        let (ops, next) = tx.ops_from(space, told.unwrap_or_default())?;
        if told == Some(next) {
            return Ok(());
        }
        tx.put_meta(&key, next.to_string().as_bytes())?;
        if told.is_none() {
            return Ok(());
        }
        for signed in ops {
            let Some(op) = membership.ops().get(&signed.hash()) else { continue };
            if let Some((about, text)) = self.op_in_words(membership, op) {
                let counts = if membership.stands(&op.hash()) { "" } else { " It has no effect." };
                self.log(tx, "members", &format!("{space}/{about}"), format!("{text}{counts}"))?;
            }
        }
        Ok(())
    }

    /// What a membership operation is about, and in words.
    fn op_in_words(&self, membership: &Membership, op: &VerifiedOp) -> Option<(String, String)> {
        let space = if membership.is_private() { "your own space".to_owned() } else { format!("“{}”", membership.name()) };
        let who = self.signer(membership, &op.op().signer);
        let computer =
            |computer: &ComputerId| membership.names_of(computer).map_or_else(|| "a computer".to_owned(), |(_, name)| format!("“{name}”"));
        Some(match &op.op().body {
            OpBody::Genesis { .. } | OpBody::Found { .. } => return None,
            OpBody::Certify { person, computer: id, computer_name, .. } => {
                (format!("computer {id}"), format!("“{computer_name}” of {} is in {space}.", self.person_in_words(membership, person)))
            }
            OpBody::Vouch { voucher } => {
                let vouched = &voucher.vouched;
                let text = format!("“{}” of {} is in {space}.", vouched.computer_name, self.person_in_words(membership, &vouched.person));
                (format!("computer {}", vouched.computer), text)
            }
            OpBody::Revoke { computer: id, .. } | OpBody::Exclude { computer: id, .. } => {
                (format!("out {id}"), format!("{who} took {} out of {space}.", computer(id)))
            }
            OpBody::SetRole { person, role: Role::None, .. } if self.is_by(membership, op, person) => {
                (format!("role {person}"), format!("{who} left {space}."))
            }
            OpBody::SetRole { person, role: Role::None, .. } => {
                (format!("role {person}"), format!("{who} removed {} from {space}.", self.person_in_words(membership, person)))
            }
            OpBody::SetRole { person, role, .. } => {
                let text = format!("{who} made {} {} of {space}.", self.person_in_words(membership, person), role.as_str());
                (format!("role {person} {}", role.as_str()), text)
            }
            OpBody::Rename { name } => ("name".to_owned(), format!("{who} called the space “{name}”.")),
        })
    }

    fn is_by(&self, membership: &Membership, op: &VerifiedOp, person: &PersonId) -> bool {
        match &op.op().signer {
            Signer::Person(signer) => signer == person,
            Signer::Computer(computer) => membership.person_of(computer) == Some(*person),
        }
    }

    fn signer(&self, membership: &Membership, signer: &Signer) -> String {
        match signer {
            Signer::Person(person) if *person == self.person() => "You".to_owned(),
            Signer::Person(person) => self.person_in_words(membership, person),
            Signer::Computer(computer) if membership.person_of(computer) == Some(self.person()) => "You".to_owned(),
            Signer::Computer(computer) => membership.names_of(computer).map_or_else(|| "Somebody".to_owned(), |(name, _)| name),
        }
    }

    fn person_in_words(&self, membership: &Membership, person: &PersonId) -> String {
        if *person == self.person() {
            return "you".to_owned();
        }
        let member = membership.members().into_iter().find(|member| member.person == *person);
        member.map_or_else(|| "somebody".to_owned(), |member| member.name)
    }

    /// A computer and whose it is, in words.
    fn computer_in_words(&self, reader: &Reader<'_>, computer: &ComputerId) -> Result<String, Failure> {
        for row in reader.spaces()? {
            let membership = self.membership(reader, &row.id)?;
            if let Some((person, name)) = membership.names_of(computer) {
                let own = membership.person_of(computer) == Some(self.person());
                return Ok(if own { format!("Your “{name}”") } else { format!("{person}’s “{name}”") });
            }
        }
        Ok("A computer".to_owned())
    }

    fn space_in_words(&self, reader: &Reader<'_>, space: &SpaceId) -> Result<String, Failure> {
        Ok(reader.space(space)?.map_or_else(|| "a space".to_owned(), |row| format!("“{}”", row.name)))
    }

    /// The newest lines that are written.
    pub(crate) fn log_lines(&self, reader: &Reader<'_>, limit: u32) -> Result<Vec<LogLine>, Failure> {
        let mut rows = reader.log(if limit == 0 { LINES } else { limit.min(MOST) })?;
        rows.sort_by_key(|row| std::cmp::Reverse(row.at));
        Ok(rows.into_iter().map(line).collect())
    }

    fn gather(&self, kind: &str, about: String, count: u64, text: String) {
        let mut caches = self.caches();
        let key = (kind.to_owned(), about.clone());
        if caches.gathered.len() >= GATHERED && !caches.gathered.contains_key(&key) {
            return;
        }
        let fresh = LogRow { at: 0, kind: kind.to_owned(), about, count: 0, text: String::new() };
        let row = caches.gathered.entry(key).or_insert(fresh);
        (row.at, row.text) = (self.now(), text);
        row.count = row.count.saturating_add(count);
    }
}

impl Engine {
    /// Changes of a space came from a computer, whoever wrote them.
    pub fn note_received(&self, computer: &ComputerId, space: &SpaceId, changes: u64) {
        let words =
            self.inner.read(|reader| Ok((self.inner.space_in_words(reader, space)?, self.inner.computer_in_words(reader, computer)?)));
        if let Ok((space_name, from)) = words {
            self.inner.gather("received", format!("{computer}/{space}"), changes, format!("{from} brought {{n}} of {space_name}."));
        }
    }

    /// A computer has everything of a space.
    pub(crate) fn note_delivered(&self, computer: &ComputerId, space: &SpaceId) {
        let words =
            self.inner.read(|reader| Ok((self.inner.space_in_words(reader, space)?, self.inner.computer_in_words(reader, computer)?)));
        if let Ok((space_name, who)) = words {
            self.inner.gather("delivered", format!("{computer}/{space}"), 1, format!("{who} has everything of {space_name}."));
        }
    }

    /// A computer came, or went: `direct`, `relay`, `lan` or `away`.
    pub fn note_peer(&self, computer: &ComputerId, state: &str) {
        let how = match state {
            "away" => "went away",
            "lan" => "connected, on the same network",
            "relay" => "connected, through the relay",
            _ => "connected, over the internet",
        };
        if let Ok(who) = self.inner.read(|reader| self.inner.computer_in_words(reader, computer)) {
            self.inner.gather("connected", format!("{computer}/{state}"), 1, format!("{who} {how}."));
        }
    }

    /// An exchange was refused, by whom and why in a sentence.
    pub fn note_refused(&self, computer: &ComputerId, reason: &str) {
        self.inner.gather("refused", format!("{computer}/{reason}"), 1, reason.to_owned());
    }

    /// Writes what was gathered. What cannot be written is lost, and nothing with it.
    pub fn write_log(&self) {
        let gathered = std::mem::take(&mut self.inner.caches().gathered);
        if gathered.is_empty() {
            return;
        }
        let written = self.inner.write(Lane::Remote, move |_, tx| {
            let mut rows: Vec<LogRow> = gathered.into_values().collect();
            rows.sort_by_key(|row| row.at);
            for row in rows {
                tx.log(&row, WITHIN)?;
            }
            Ok(())
        });
        if let Err(error) = written {
            tracing::warn!(%error, "lines of the log are lost");
        }
    }
}

fn line(row: LogRow) -> LogLine {
    let counted = if row.count == 1 { "1 change".to_owned() } else { format!("{} changes", row.count) };
    LogLine { at: clock::rfc3339(row.at), kind: row.kind, text: row.text.replace("{n}", &counted) }
}
