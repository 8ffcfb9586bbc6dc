//! What members with a modified program send, and what must become of it.

use std::collections::BTreeMap;

use iroh_base::SecretKey;
use tuttu_engine::Engine;
use tuttu_model::{ActorId, Change, Document, DocumentId, EntryHash, FlatOp, OpHash, Scalar, SpaceId};
use tuttu_sync::feed::{Entry, FeedHeader, Item};
use tuttu_sync::membership::{OpBody, Role};
use tuttu_sync::session::{IncomingBatch, IncomingEntry, StoreOutcome};

use super::world::World;

/// A first change of a new record with this name.
fn first_change(actor: ActorId, name: &str) -> Change {
    let fields = [("kind", "person"), ("name", name)].map(|(key, value)| (key.to_owned(), Scalar::Text(value.to_owned())));
    Change::first(actor, 0, &fields.into_iter().collect::<BTreeMap<_, _>>())
}

/// A change on top of another one, which nobody gets.
fn change_on_nothing(actor: ActorId, of_the_other: ActorId) -> Change {
    let below = first_change(of_the_other, "FORGED and never listed");
    let mut document = Document::from_changes([below.bytes.as_slice()]).expect("a document");
    let edit = FlatOp::Put("nickname".into(), Scalar::Text("FORGED on nothing".into()));
    document.edit(actor, 0, &[edit]).expect("a good edit").expect("it changes something")
}

/// An entry of one change, signed by `signer` as the one after `after` in the feed.
fn entry(header: &FeedHeader, after: Option<(u64, EntryHash)>, doc: [u8; 16], change: Change, signer: &Engine) -> IncomingEntry {
    let (seq, prev) = after.map_or((1, None), |(seq, hash)| (seq + 1, Some(hash)));
    let items = vec![Item { doc: DocumentId(doc), change: change.hash }];
    let made = Entry { feed: header.id(), seq, prev, operation: [0; 16], items };
    let entry = made.sign(&SecretKey::from_bytes(&signer.computer_secret()));
    IncomingEntry { header: Some(header.clone()), entry, changes: vec![Some(change.bytes)], beyond_vector: true }
}

fn batch(entries: Vec<IncomingEntry>) -> IncomingBatch {
    IncomingBatch { ops: Vec::new(), proofs: Vec::new(), entries }
}

/// Every grant a person was ever given, by the membership their own vault holds.
fn grants(engine: &Engine, space: &SpaceId) -> Vec<(OpHash, Role)> {
    let Ok(Some(membership)) = engine.replica().membership(space) else { return Vec::new() };
    let me = membership.person_of(&engine.computer());
    let granted = membership.in_order().filter_map(|op| match &op.op().body {
        OpBody::SetRole { person, role, .. } if Some(*person) == me => Some((op.hash(), *role)),
        OpBody::Genesis { founder, .. } | OpBody::Found { founder, .. } if Some(*founder) == me => Some((op.hash(), Role::Owner)),
        _ => None,
    });
    granted.collect()
}

impl World {
    /// A member with a modified program sends something to somebody.
    pub(super) fn forge(&mut self, who: usize) {
        let target = self.random.below(self.vaults.len());
        if !self.reaches(who, target) || self.sight(who).is_none() || self.sight(target).is_none() {
            return;
        }
        match self.random.below(6) {
            0 => self.write_in_the_name_of_another(who, target),
            1 => self.write_under_the_grant_of_another(who, target),
            2 => self.replay_from_another_space(who, target),
            3 => self.write_under_an_old_grant(who, target),
            4 => self.write_two_histories(who, target),
            _ => self.send_nonsense(who, target),
        }
    }

    /// Two records that say the same would be the same change in two documents, of which the model knows nothing.
    fn unlike(&mut self, name: &str) -> String {
        self.written += 1;
        format!("{name} {}", self.written)
    }

    fn doc(&mut self) -> [u8; 16] {
        let mut doc = [0; 16];
        doc.copy_from_slice(&self.random.bytes32()[..16]);
        doc
    }

    fn epoch(&mut self) -> [u8; 16] {
        self.doc()
    }

    /// Gives it to the target as if it came from `carrier`.
    fn hand_over(&mut self, what: &'static str, carrier: usize, target: usize, entries: Vec<IncomingEntry>) -> StoreOutcome {
        self.tell(format!("{} sends {} {what}", self.name(carrier), self.name(target)));
        self.count(what);
        let carrier = self.vaults[carrier].computer();
        let outcome = self.vaults[target].engine().apply_remote(&carrier, &self.space, batch(entries));
        self.touch(target);
        outcome
    }

    fn refused(&self, outcome: &StoreOutcome) {
        self.require(outcome.stored == 0 && (outcome.refused.is_some() || !outcome.frozen.is_empty()), || {
            format!("what was forged was stored: {outcome:?}")
        });
    }

    /// Rightly signed, but the change claims to be of another's feed.
    fn write_in_the_name_of_another(&mut self, who: usize, target: usize) {
        let victim = self.random.below(self.vaults.len());
        let Some((grant, _)) = grants(self.vaults[who].engine(), &self.space).pop() else { return };
        let headers = self.vaults[target].engine().replica().headers(&self.space).expect("readable");
        let computer = self.vaults[victim].computer();
        let Some(actor) = headers.values().find(|header| header.computer == computer).map(FeedHeader::actor) else { return };
        if computer == self.vaults[who].computer() {
            return;
        }
        let (epoch, doc) = (self.epoch(), self.doc());
        let header = FeedHeader { space: self.space, computer: self.vaults[who].computer(), epoch, grant };
        let forged = entry(&header, None, doc, first_change(actor, "FORGED in another’s name"), self.vaults[who].engine());
        let outcome = self.hand_over("a change in another’s name", who, target, vec![forged]);
        self.refused(&outcome);
    }

    /// A feed of one’s own under somebody else’s right to write. A viewer does it too, and has it carried by an editor.
    fn write_under_the_grant_of_another(&mut self, who: usize, target: usize) {
        let victim = self.random.below(self.vaults.len());
        if self.vaults[victim].computer() == self.vaults[who].computer() {
            return;
        }
        // One's own other computer writes for the same person: that is no forgery.
        let person = |vault: usize| self.vaults[vault].engine().introduction().map(|(person, ..)| person).ok();
        if person(who) == person(victim) {
            return;
        }
        let theirs = grants(self.vaults[victim].engine(), &self.space);
        let Some((grant, _)) = theirs.into_iter().rfind(|(_, role)| role.writes()) else { return };
        let (epoch, doc) = (self.epoch(), self.doc());
        let header = FeedHeader { space: self.space, computer: self.vaults[who].computer(), epoch, grant };
        let forged = entry(&header, None, doc, first_change(header.actor(), "FORGED under another’s grant"), self.vaults[who].engine());
        let outcome = self.hand_over("an entry under another’s grant", victim, target, vec![forged]);
        self.refused(&outcome);
    }

    /// What was rightly written in the private space, brought into the shared one.
    fn replay_from_another_space(&mut self, who: usize, target: usize) {
        let replica = self.vaults[who].engine().replica();
        let spaces = replica.spaces().expect("readable");
        let Some(other) = spaces.into_iter().find(|space| *space != self.space) else { return };
        let headers = replica.headers(&other).expect("readable");
        let stored = replica.stream(&other, 0, &tuttu_sync::feed::Vector::default(), 1, 1).expect("readable");
        let Some(stored) = stored.into_iter().next() else { return };
        let header = headers.get(&stored.entry.claimed_feed()).cloned();
        let replayed = IncomingEntry { header, entry: stored.entry, changes: stored.changes, beyond_vector: false };
        let outcome = self.hand_over("an entry of another space", who, target, vec![replayed]);
        self.refused(&outcome);
    }

    /// A grant that was ended, or never let write: back-dated by somebody removed, or written by a viewer and carried by an editor.
    /// The model says what becomes of it; under a grant that never let write it is refused.
    fn write_under_an_old_grant(&mut self, who: usize, target: usize) {
        let all = grants(self.vaults[who].engine(), &self.space);
        if all.is_empty() {
            return;
        }
        let (grant, role) = *self.random.pick(&all);
        let (epoch, doc) = (self.epoch(), self.doc());
        let header = FeedHeader { space: self.space, computer: self.vaults[who].computer(), epoch, grant };
        let name = self.unlike("LATE");
        let late = entry(&header, None, doc, first_change(header.actor(), &name), self.vaults[who].engine());
        let carrier = self.random.below(self.vaults.len());
        let outcome = self.hand_over("an entry under an old grant", carrier, target, vec![late]);
        if !role.writes() {
            self.refused(&outcome);
        }
    }

    /// Another entry at a place of one’s own feed where there is one already.
    fn write_two_histories(&mut self, who: usize, target: usize) {
        let replica = self.vaults[who].engine().replica();
        let (me, headers) = (self.vaults[who].computer(), replica.headers(&self.space).expect("readable"));
        let own: Vec<_> = headers.iter().filter(|(_, header)| header.computer == me).collect();
        if own.is_empty() {
            return;
        }
        let (feed, header) = *self.random.pick(&own);
        let length = replica.vector(&self.space).expect("readable").0.get(feed).map_or(0, |(length, _)| *length);
        let keep = u64::try_from(self.random.below(usize::try_from(length).unwrap_or(0) + 1)).unwrap_or(0);
        self.fork(who, target, &header.clone(), keep);
    }

    /// Sends another entry after the one at `keep` of a feed of one’s own.
    fn fork(&mut self, who: usize, target: usize, header: &FeedHeader, keep: u64) {
        let replica = self.vaults[who].engine().replica();
        let before = replica.entry_at(&self.space, &header.id(), keep).expect("readable");
        let after = before.map(|hash| (keep, hash));
        let doc = self.doc();
        let name = self.unlike("TWIN");
        let second = entry(header, after, doc, first_change(header.actor(), &name), self.vaults[who].engine());
        self.two_histories = true;
        // The target may not hold what it follows: then it is refused, and nothing comes of it.
        let _ = self.hand_over("a second history", who, target, vec![second]);
    }

    /// Sends another first entry of the feed somebody writes.
    ///
    /// # Panics
    /// When they have not written anything.
    pub fn begin_again(&mut self, who: usize, target: usize) {
        let (me, headers) = (self.vaults[who].computer(), self.vaults[who].engine().replica().headers(&self.space).expect("readable"));
        let header = headers.into_values().find(|header| header.computer == me).expect("something was written");
        self.fork(who, target, &header, 0);
        self.look();
    }

    /// A change that is no change, or one that rests on another which no entry lists.
    fn send_nonsense(&mut self, who: usize, target: usize) {
        let grant = grants(self.vaults[who].engine(), &self.space).into_iter().rfind(|(_, role)| role.writes());
        let Some((grant, _)) = grant else { return };
        let (epoch, doc, at, bit) = (self.epoch(), self.doc(), self.random.below(40), self.random.below(8));
        let header = FeedHeader { space: self.space, computer: self.vaults[who].computer(), epoch, grant };
        let mut change = first_change(header.actor(), "FORGED nonsense");
        if doc[0].is_multiple_of(2) {
            let unlisted = entry(&header, None, doc, change_on_nothing(header.actor(), doc), self.vaults[who].engine());
            let outcome = self.hand_over("a change on top of none", who, target, vec![unlisted]);
            // It may come yet, so it is nobody's fault; but until then it is not taken (R5).
            let waits = outcome.stored == 0 && outcome.refused.is_some() && outcome.frozen.is_empty();
            return self.require(waits, || format!("a change was taken that rests on an unlisted one: {outcome:?}"));
        }
        if let Some(byte) = change.bytes.get_mut(at) {
            *byte ^= 1 << bit;
        }
        let nonsense = entry(&header, None, doc, change, self.vaults[who].engine());
        let outcome = self.hand_over("nonsense", who, target, vec![nonsense]);
        self.refused(&outcome);
    }
}
