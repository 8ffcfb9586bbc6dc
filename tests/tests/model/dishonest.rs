//! What dishonest computers do: sign what they may not, write two histories, forge authors, write on after removal.

use std::collections::{BTreeSet, HashSet};

use tuttu_tests::reference::replica::{Replica, serves};
use tuttu_tests::reference::{Act, Change, Computer, Cuts, Doc, EDITOR, Feed, Hand, Id, NONE, OWNER, Person, VIEWER};

use crate::random::{DOCS, PERSONS, Run};

impl Run {
    pub(crate) fn false_cuts(&mut self, person: Person) -> Cuts {
        let mut feeds: Vec<Id> = self.world.feeds.keys().copied().filter(|feed| self.world.author(*feed) == Some(person)).collect();
        feeds.sort_unstable();
        let mut cuts = Vec::new();
        for feed in feeds {
            let mut named: Vec<Id> = self.world.entries.iter().filter(|(_, entry)| entry.feed == feed).map(|(id, _)| *id).collect();
            named.sort_unstable();
            named.push(self.random.number());
            cuts.push((feed, 1 + self.random.number() % 4, self.random.pick(&named)));
        }
        cuts
    }

    /// Back-dating: one operation known, and mostly the tenure and the signer's certificates, without which nothing is rightful.
    pub(crate) fn few_parents(&mut self, me: Computer, tenure: Id) -> Vec<Id> {
        let known: Vec<Id> = self.replica(me).ops.iter().copied().collect();
        let own = known.iter().copied().filter(|op| matches!(self.world.ops[op].act, Act::Certify { computer, .. } if computer == me));
        let mut parents: Vec<Id> = own.chain([tenure]).collect();
        if self.random.chance(150) {
            parents.clear();
        }
        parents.push(self.random.pick(&known));
        parents
    }

    /// A dishonest member signs something it may not, and hands it on.
    pub(crate) fn bad_operation(&mut self, me: Computer) {
        let person = self.replica(me).person;
        let known: Vec<Id> = self.replica(me).ops.iter().copied().collect();
        let grants: Vec<Id> = known.iter().copied().filter(|op| self.world.ops[op].grant().is_some()).collect();
        let own = grants.iter().copied().filter(|op| self.world.ops[op].grant().is_some_and(|(holder, _)| holder == person));
        let own: Vec<Id> = own.collect();
        let tenure = if own.is_empty() || self.random.chance(400) { self.random.pick(&grants) } else { self.random.pick(&own) };
        let target = if self.random.chance(400) { person } else { self.random.pick(&PERSONS) };
        let role = self.random.pick(&[NONE, VIEWER, EDITOR, OWNER]);
        let computers: Vec<Computer> = self.replicas.keys().copied().collect();
        let computer = if self.random.chance(300) { me } else { self.random.pick(&computers) };
        let accomplice = self.replica(computer).bad;
        let cuts = self.false_cuts(target);
        let (tenure, act) = match self.random.below(7) {
            0 | 1 => (Some(tenure), Act::SetRole { person: target, role, cuts: if role < EDITOR { cuts } else { vec![] } }),
            2 => (None, Act::Revoke { computer, cuts: self.false_cuts(self.replicas[&computer].person) }),
            // Only an accomplice consents to being called somebody else's computer.
            3 if accomplice => (None, Act::Certify { person, computer }),
            4 => (Some(tenure), Act::Rename),
            5 => {
                let (person, cuts) = (self.replicas[&computer].person, self.false_cuts(self.replicas[&computer].person));
                (Some(tenure), Act::Exclude { person, computer, cuts })
            }
            _ => (Some(tenure), Act::SetRole { person, role: NONE, cuts: self.false_cuts(person) }),
        };
        let signer = if self.random.chance(300) { Hand::Key(person) } else { Hand::Computer(me) };
        let parents = self.random.chance(600).then(|| self.few_parents(me, tenure.unwrap_or(known[0])));
        let id = self.add_op(me, signer, tenure, act, parents);
        let honest = self.honest();
        let receiver = self.random.pick(&honest);
        let past: Vec<Id> = self.world.past[&id].iter().copied().collect();
        let receiver = self.replicas.get_mut(&receiver).unwrap();
        receiver.ops.extend(past);
        receiver.ops.insert(id);
    }

    pub(crate) fn bad_entries(&mut self, me: Computer) {
        let honest = self.honest();
        let target = self.random.pick(&honest);
        let mut replica = self.replicas.remove(&me).unwrap();
        let entries = match self.random.below(5) {
            0 => self.equivocate(&mut replica),
            1 | 2 => self.write_on(&mut replica),
            3 => self.forge(&mut replica),
            _ => self.write_as_viewer(&replica),
        };
        self.replicas.insert(me, replica);
        self.with_two(target, me, |world, target, me| {
            target.ops.extend(&me.ops);
            if serves(world, target, me) {
                for entry in entries {
                    target.offer(world, entry, &HashSet::new());
                }
            }
        });
        self.twin.check(&self.world, &self.replicas[&target]);
    }

    /// An entry and the ones before it, earliest first.
    fn line(&self, entry: Option<Id>) -> Vec<Id> {
        let mut line = Vec::new();
        let mut at = entry;
        while let Some(entry) = at {
            line.push(entry);
            at = self.world.entries[&entry].prev;
        }
        line.reverse();
        line
    }

    fn own_changes(&self, line: &[Id], doc: Doc) -> Vec<Id> {
        let items = line.iter().flat_map(|entry| &self.world.entries[entry].items);
        items.filter(|(other, _)| *other == doc).map(|(_, change)| *change).collect()
    }

    fn add_entry(&mut self, by: Computer, feed: Id, prev: Option<Id>, doc: Doc, deps: BTreeSet<Id>, seq: u64) -> Id {
        let content = self.random.number();
        let change = self.world.add_change(Change { feed, doc, seq, deps, content, by });
        self.world.add_entry(feed, prev, vec![(doc, change)])
    }

    /// Another entry in the place of one of its own.
    fn equivocate(&mut self, me: &mut Replica) -> Vec<Id> {
        let own: Vec<Id> =
            me.held.iter().copied().filter(|entry| self.world.feeds[&self.world.entries[entry].feed].computer == me.computer).collect();
        if own.is_empty() {
            return Vec::new();
        }
        let base = self.world.entries[&self.random.pick(&own)].clone();
        let (doc, mut line) = (self.random.pick(&DOCS), self.line(base.prev));
        let own = self.own_changes(&line, doc);
        let seq = own.iter().map(|change| self.world.changes[change].seq).max().unwrap_or(0);
        let last = own.iter().copied().filter(|change| self.world.changes[change].seq == seq);
        let mut deps: BTreeSet<Id> = last.collect();
        let foreign = |change: &Id| {
            let it = &self.world.changes[change];
            // What itself rests on the other branch would give the fork away by its own dependencies.
            it.doc == doc && it.feed != base.feed && {
                let (mut seen, mut waiting) = (HashSet::new(), vec![*change]);
                while let Some(at) = waiting.pop() {
                    if seen.insert(at) {
                        waiting.extend(&self.world.changes[&at].deps);
                    }
                }
                seen.iter().all(|at| self.world.changes[at].feed != base.feed || own.contains(at))
            }
        };
        let accepted: Vec<Id> = me.view(&self.world).accepted.iter().copied().filter(foreign).collect();
        if !accepted.is_empty() {
            deps.insert(self.random.pick(&accepted));
        }
        let entry = self.add_entry(me.computer, base.feed, base.prev, doc, deps, seq + 1);
        if self.random.chance(500) {
            me.held.push(entry);
        }
        line.push(entry);
        line
    }

    /// Writes on, whether or not it still may, on top of what it holds, accepted or not.
    fn write_on(&mut self, me: &mut Replica) -> Vec<Id> {
        let may = me.may_write(&self.world);
        let feed = match me.feed {
            Some(feed) => feed,
            None if may => me.feed_to_write(&mut self.world),
            None => return Vec::new(),
        };
        let view = me.view(&self.world);
        let own = me.held.iter().copied().filter(|entry| self.world.entries[entry].feed == feed);
        let tip = own.max_by_key(|entry| (self.world.entries[entry].seq, *entry));
        let (doc, mut line) = (self.random.pick(&DOCS), self.line(tip));
        let own = self.own_changes(&line, doc);
        let seq = own.iter().map(|change| self.world.changes[change].seq).max().unwrap_or(0);
        let mut pool: Vec<Id> =
            if self.random.chance(500) { view.accepted.iter().copied().collect() } else { view.listed.keys().copied().collect() };
        pool.retain(|change| self.world.changes[change].doc == doc);
        pool.sort_unstable();
        self.random.shuffle(&mut pool);
        pool.truncate(2);
        let last = own.iter().copied().filter(|change| self.world.changes[change].seq == seq);
        let deps: BTreeSet<Id> = last.chain(pool).collect();
        let entry = self.add_entry(me.computer, feed, tip, doc, deps, seq + 1);
        me.held.push(entry);
        line.push(entry);
        line
    }

    /// Lists a change of somebody else's actor, or rests on one that nobody listed.
    fn forge(&mut self, me: &mut Replica) -> Vec<Id> {
        if !me.may_write(&self.world) {
            return Vec::new();
        }
        let feed = me.feed_to_write(&mut self.world);
        let mut feeds: Vec<Id> = self.world.feeds.keys().copied().collect();
        feeds.sort_unstable();
        let victim = self.random.pick(&feeds);
        let forged = Change { feed: victim, doc: 1, seq: 1, deps: BTreeSet::new(), content: self.random.number(), by: me.computer };
        let forged = self.world.add_change(forged);
        let prev = me.view(&self.world).chains.get(&feed).and_then(|chain| chain.last().copied());
        if self.random.chance(500) {
            return vec![self.world.add_entry(feed, prev, vec![(1, forged)])];
        }
        vec![self.add_entry(me.computer, feed, prev, 1, BTreeSet::from([forged]), 1)]
    }

    fn write_as_viewer(&mut self, me: &Replica) -> Vec<Id> {
        let theirs = |op: &Id| matches!(self.world.ops[op].act, Act::SetRole { person, .. } if person == me.person);
        let grants: Vec<Id> = me.ops.iter().copied().filter(theirs).collect();
        if grants.is_empty() {
            return Vec::new();
        }
        let feed = self.world.add_feed(Feed { computer: me.computer, grant: self.random.pick(&grants) });
        vec![self.add_entry(me.computer, feed, None, 2, BTreeSet::new(), 1)]
    }
}
