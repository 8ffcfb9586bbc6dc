//! A small vault in memory, and a wire between two of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use iroh_base::SecretKey;
use serde::{Deserialize, Serialize};
use tuttu_model::{ChangeHash, ComputerId, DocumentId, EntryHash, FeedId, OpHash, PersonId, SpaceId};

use crate::feed::{Entry, FeedHeader, ForkProof, Item, SignedEntry, Vector};
use crate::membership::{Membership, Op, OpBody, Role, SignedOp, Signer, VerifiedOp, certify_consent};
use crate::replica::{ReadError, Replica, StoredEntry};
use crate::session::{CloseReason, Effect, IncomingBatch, IncomingEntry, Session, StoreOutcome};
use crate::verdict::{self, ChangeFacts, EntryFacts, Standing, Verdict};

/// Stands for an Automerge change: what the verdict needs of it, and some bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Body {
    doc: DocumentId,
    seq: u64,
    deps: Vec<ChangeHash>,
}

#[derive(Debug, Clone)]
struct Row {
    header: FeedHeader,
    entry: SignedEntry,
    facts: EntryFacts,
    changes: Vec<Option<Vec<u8>>>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Space {
    ops: BTreeMap<OpHash, VerifiedOp>,
    membership: Option<Arc<Membership>>,
    proofs: Vec<ForkProof>,
    rows: Vec<Row>,
    headers: BTreeMap<FeedId, FeedHeader>,
    changes: BTreeMap<ChangeHash, ChangeFacts>,
    verdict: Option<Verdict>,
    epoch: u8,
    /// As an engine does: two entries after one another are a proof, wherever they stand.
    pub(super) proves_forks: bool,
    pub(super) broken_accumulator: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Vault {
    pub(super) key: SecretKey,
    pub(super) person_key: SecretKey,
    pub(super) spaces: BTreeMap<SpaceId, Space>,
    /// The space that only the person's own computers share.
    pub(super) own: Option<SpaceId>,
    salt: u64,
}

/// Why entries wait for others.
const BEFORE_PREDECESSOR: &str = "an entry before its predecessor";
const BEFORE_DEPENDENCIES: &str = "a change before its dependencies";

pub(super) fn key(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32])
}

impl Vault {
    pub(super) fn new(name: u8) -> Self {
        Self { key: key(name), person_key: key(name + 100), spaces: BTreeMap::new(), own: None, salt: u64::from(name) << 32 }
    }

    /// Another computer of the same person.
    pub(super) fn next(&self, name: u8) -> Self {
        Self { person_key: self.person_key.clone(), ..Self::new(name) }
    }

    pub(super) fn id(&self) -> ComputerId {
        ComputerId(*self.key.public().as_bytes())
    }

    pub(super) fn person(&self) -> PersonId {
        PersonId(*self.person_key.public().as_bytes())
    }

    /// Makes a space with this vault's person as owner.
    pub(super) fn found(&mut self, nonce: u8) -> SpaceId {
        let person = self.person();
        let body = OpBody::Genesis { nonce: [nonce; 16], name: "Garden".into(), founder: person, founder_name: "F".into(), private: false };
        let op = Op { space: None, parents: Vec::new(), tenure: None, signer: Signer::Person(person), time: 0, body };
        let space = SpaceId(op.hash().0);
        let signed = op.sign(&self.person_key);
        self.take_ops(&space, vec![signed]);
        let certificate = self.certificate(&space);
        self.take_ops(&space, vec![certificate]);
        space
    }

    pub(super) fn certificate(&self, space: &SpaceId) -> SignedOp {
        let body = OpBody::Certify {
            person: self.person(),
            person_name: "P".into(),
            computer: self.id(),
            computer_name: "C".into(),
            consent: certify_consent(space, &self.person(), &self.key),
        };
        let op =
            Op { space: Some(*space), parents: vec![OpHash(space.0)], tenure: None, signer: Signer::Person(self.person()), time: 0, body };
        op.sign(&self.person_key)
    }

    /// Gives, changes or ends a role.
    pub(super) fn set_role(&mut self, space: &SpaceId, person: PersonId, role: Role) {
        let membership = self.membership(space).unwrap().unwrap();
        let cuts = if role.writes() {
            Vec::new()
        } else {
            membership.cuts_for(&person, None, &self.headers(space).unwrap(), &self.vector(space).unwrap())
        };
        let op = Op {
            space: Some(*space),
            parents: membership.heads(),
            tenure: membership.grant(&self.person()),
            signer: Signer::Person(self.person()),
            time: 1,
            body: OpBody::SetRole { person, person_name: "N".into(), role, cuts },
        };
        let signed = op.sign(&self.person_key);
        self.take_ops(space, vec![signed]);
    }

    /// What pairing does: the joiner's certificate, a grant, and all operations given to the joiner.
    pub(super) fn admit(&mut self, space: &SpaceId, joiner: &mut Self, role: Role) {
        self.take_ops(space, vec![joiner.certificate(space)]);
        self.set_role(space, joiner.person(), role);
        joiner.take_ops(space, self.ops(space));
    }

    pub(super) fn ops(&self, space: &SpaceId) -> Vec<SignedOp> {
        let membership = self.membership(space).unwrap().unwrap();
        membership.causal_past(&membership.heads().into_iter().collect()).iter().map(VerifiedOp::to_signed).collect()
    }

    pub(super) fn take_ops(&mut self, space: &SpaceId, ops: Vec<SignedOp>) {
        let outcome = self.store(space, IncomingBatch { ops, ..IncomingBatch::default() });
        assert_eq!(outcome.refused, None);
    }

    /// A new feed from here on.
    pub(super) fn new_epoch(&mut self, space: &SpaceId) {
        self.spaces.get_mut(space).unwrap().epoch += 1;
    }

    /// Commits one change of a document on top of everything accepted in it.
    pub(super) fn commit(&mut self, space: &SpaceId, doc: u8) -> EntryHash {
        self.commit_sized(space, doc, 20)
    }

    pub(super) fn commit_sized(&mut self, space: &SpaceId, doc: u8, size: usize) -> EntryHash {
        self.salt += 1;
        let mut salt = self.salt.to_le_bytes().to_vec();
        // Bytes that do not compress, so that sizes mean something.
        let mut noise = blake3::Hasher::new().update(&salt).finalize_xof();
        salt.resize(size.max(8), 0);
        noise.fill(salt.split_at_mut(8).1);
        let membership = self.membership(space).unwrap().unwrap();
        let grant = membership.grant(&self.person()).unwrap();
        let state = self.spaces.get(space).unwrap();
        let mut epoch = [0; 16];
        epoch[0] = state.epoch;
        let header = FeedHeader { space: *space, computer: self.id(), epoch, grant };
        let feed = header.id();
        let doc = DocumentId([doc; 16]);
        let held = |hash: &ChangeHash| state.verdict.as_ref().is_some_and(|verdict| verdict.accepted.contains(hash));
        let accepted: BTreeMap<_, _> = state.changes.iter().filter(|(hash, facts)| facts.doc == doc && held(hash)).collect();
        let inner: BTreeSet<_> = accepted.values().flat_map(|facts| facts.deps.iter()).collect();
        let seq = 1 + accepted.values().filter(|facts| facts.feed == feed).map(|facts| facts.seq).max().unwrap_or(0);
        let deps = accepted.keys().filter(|hash| !inner.contains(**hash)).map(|hash| **hash).collect();
        let mut bytes = crate::feed::encode(&Body { doc, seq, deps });
        bytes.extend(salt);
        let change = ChangeHash(*blake3::hash(&bytes).as_bytes());
        let last = state.rows.iter().filter(|row| row.facts.feed == feed).max_by_key(|row| row.facts.seq);
        let (seq, prev) = last.map_or((1, None), |row| (row.facts.seq + 1, Some(row.facts.hash)));
        let entry = Entry { feed, seq, prev, operation: [0; 16], items: vec![Item { doc, change }] }.sign(&self.key);
        let hash = entry.hash();
        let incoming = IncomingEntry { header: Some(header), entry, changes: vec![Some(bytes)], beyond_vector: false };
        let outcome = self.store(space, IncomingBatch { entries: vec![incoming], ..IncomingBatch::default() });
        assert_eq!(outcome, StoreOutcome { stored: 1, refused: None, pending: false, frozen: Vec::new() });
        hash
    }

    pub(super) fn count(&self, space: &SpaceId) -> usize {
        self.spaces.get(space).map_or(0, |space| space.rows.len())
    }

    pub(super) fn standings(&self, space: &SpaceId) -> Vec<Standing> {
        let space = self.spaces.get(space).unwrap();
        space.rows.iter().map(|row| space.standing(&row.facts.hash)).collect()
    }

    /// Verifies and stores as an engine does.
    pub(super) fn store(&mut self, space: &SpaceId, batch: IncomingBatch) -> StoreOutcome {
        let state = self.spaces.entry(*space).or_default();
        let mut outcome = StoreOutcome { stored: 0, refused: None, pending: false, frozen: Vec::new() };
        let refused = state.store(batch, &mut outcome.stored).err();
        outcome.pending = matches!(refused, Some(BEFORE_PREDECESSOR | BEFORE_DEPENDENCIES));
        outcome.refused = refused.map(str::to_owned);
        state.judge();
        outcome
    }
}

impl Space {
    fn store(&mut self, batch: IncomingBatch, stored: &mut usize) -> Result<(), &'static str> {
        for op in batch.ops {
            let op = op.verify().map_err(|_| "a bad operation")?;
            if !op.op().parents.iter().all(|parent| self.ops.contains_key(parent)) {
                return Err("an operation before its parents");
            }
            self.ops.insert(op.hash(), op);
        }
        self.membership = Some(Arc::new(Membership::fold(self.ops.values().cloned())));
        for proof in batch.proofs {
            let first = proof.first.clone().verify(&proof.header).map_err(|_| "a bad proof")?;
            let second = proof.second.clone().verify(&proof.header).map_err(|_| "a bad proof")?;
            if first.entry().prev != second.entry().prev || first.hash() >= second.hash() {
                return Err("no proof at all");
            }
            if !self.proofs.contains(&proof) {
                self.proofs.push(proof);
            }
        }
        for entry in batch.entries {
            self.take(entry)?;
            *stored += 1;
        }
        Ok(())
    }

    fn take(&mut self, incoming: IncomingEntry) -> Result<(), &'static str> {
        let feed = incoming.entry.claimed_feed();
        let header = incoming.header.or_else(|| self.headers.get(&feed).cloned()).ok_or("no header")?;
        let verified = incoming.entry.clone().verify(&header).map_err(|_| "a bad entry")?;
        if self.rows.iter().any(|row| row.facts.hash == verified.hash()) {
            return Ok(());
        }
        if !self.ops.contains_key(&header.grant) {
            return Err("an entry under a grant that is not known");
        }
        let entry = verified.entry();
        if entry.prev.is_some_and(|prev| !self.rows.iter().any(|row| row.facts.hash == prev)) {
            return Err(BEFORE_PREDECESSOR);
        }
        for (item, bytes) in entry.items.iter().zip(&incoming.changes) {
            let bytes = bytes.as_ref().ok_or("no bytes")?;
            if *blake3::hash(bytes).as_bytes() != item.change.0 {
                return Err("another change");
            }
            let (body, _) = postcard::take_from_bytes::<Body>(bytes).map_err(|_| "a bad change")?;
            if !body.deps.iter().all(|dep| self.changes.contains_key(dep)) {
                return Err(BEFORE_DEPENDENCIES);
            }
            self.changes.insert(item.change, ChangeFacts { doc: body.doc, feed, seq: body.seq, deps: body.deps });
        }
        let beside = |row: &&Row| self.proves_forks && row.facts.feed == feed && row.facts.prev == entry.prev;
        if let Some(row) = self.rows.iter().find(beside) {
            let other = row.entry.clone().verify(&header).map_err(|_| "a bad entry")?;
            self.proofs.extend(ForkProof::of(&header, &other, &verified).filter(|proof| !self.proofs.contains(proof)));
        }
        let facts =
            EntryFacts { hash: verified.hash(), feed, seq: entry.seq, prev: entry.prev, items: entry.items.clone(), invalid: false };
        self.headers.insert(feed, header.clone());
        self.rows.push(Row { header, entry: incoming.entry, facts, changes: incoming.changes });
        Ok(())
    }

    fn judge(&mut self) {
        let Some(membership) = &self.membership else { return };
        let facts: Vec<_> = self.rows.iter().map(|row| row.facts.clone()).collect();
        self.verdict = Some(verdict::judge(membership, &self.headers, &self.proofs, &facts, &self.changes));
    }

    fn standing(&self, hash: &EntryHash) -> Standing {
        self.verdict.as_ref().and_then(|verdict| verdict.standing.get(hash)).copied().unwrap_or(Standing::Tray)
    }
}

impl Replica for Vault {
    fn computer(&self) -> ComputerId {
        self.id()
    }

    fn spaces(&self) -> Result<Vec<SpaceId>, ReadError> {
        Ok(self.spaces.keys().copied().collect())
    }

    fn own_space(&self) -> Result<Option<SpaceId>, ReadError> {
        Ok(self.own)
    }

    fn membership(&self, space: &SpaceId) -> Result<Option<Arc<Membership>>, ReadError> {
        Ok(self.spaces.get(space).and_then(|space| space.membership.clone()))
    }

    fn proofs(&self, space: &SpaceId) -> Result<Vec<ForkProof>, ReadError> {
        Ok(self.spaces.get(space).map(|space| space.proofs.clone()).unwrap_or_default())
    }

    fn vector(&self, space: &SpaceId) -> Result<Vector, ReadError> {
        Ok(self.spaces.get(space).and_then(|space| space.verdict.as_ref()).map(|verdict| verdict.vector.clone()).unwrap_or_default())
    }

    fn raw_tips(&self, space: &SpaceId, computer: &ComputerId) -> Result<Vector, ReadError> {
        let mut tips = Vector::default();
        for row in self.spaces.get(space).iter().flat_map(|space| &space.rows).filter(|row| row.header.computer == *computer) {
            let tip = (row.facts.seq, row.facts.hash);
            tips.0.entry(row.facts.feed).and_modify(|held| *held = tip.max(*held)).or_insert(tip);
        }
        Ok(tips)
    }

    fn headers(&self, space: &SpaceId) -> Result<BTreeMap<FeedId, FeedHeader>, ReadError> {
        Ok(self.spaces.get(space).map(|space| space.headers.clone()).unwrap_or_default())
    }

    fn entry_at(&self, space: &SpaceId, feed: &FeedId, seq: u64) -> Result<Option<EntryHash>, ReadError> {
        let Some(space) = self.spaces.get(space) else { return Ok(None) };
        let valid = |row: &&Row| row.facts.feed == *feed && row.facts.seq == seq && space.standing(&row.facts.hash) == Standing::Valid;
        Ok(space.rows.iter().find(valid).map(|row| row.facts.hash))
    }

    fn holds(&self, space: &SpaceId, entry: &EntryHash) -> Result<bool, ReadError> {
        Ok(self.spaces.get(space).is_some_and(|space| space.rows.iter().any(|row| row.facts.hash == *entry)))
    }

    fn stream(&self, space: &SpaceId, after: u64, skip: &Vector, limit: usize, max_bytes: usize) -> Result<Vec<StoredEntry>, ReadError> {
        let Some(space) = self.spaces.get(space) else { return Ok(Vec::new()) };
        let mut bytes = 0;
        let mut page = Vec::new();
        for (arrival, row) in (1..).zip(&space.rows) {
            let skipped = skip.0.get(&row.facts.feed).is_some_and(|(seq, _)| row.facts.seq <= *seq);
            if arrival <= after || skipped {
                continue;
            }
            if page.len() >= limit || bytes >= max_bytes {
                break;
            }
            bytes += row.changes.iter().flatten().map(Vec::len).sum::<usize>();
            let standing = space.standing(&row.facts.hash);
            page.push(StoredEntry { arrival, entry: row.entry.clone(), standing, changes: row.changes.clone() });
        }
        Ok(page)
    }

    fn accumulator(&self, space: &SpaceId) -> Result<[u8; 32], ReadError> {
        let Some(space) = self.spaces.get(space) else { return Ok([0; 32]) };
        let accepted = space.verdict.as_ref().map(|verdict| verdict.accepted.clone()).unwrap_or_default();
        Ok(crate::signing::hash("test accumulator", &crate::feed::encode(&(accepted, space.broken_accumulator))))
    }
}

/// Two vaults and what is on its way between them.
pub(super) struct Wire {
    pub(super) sessions: [Session; 2],
    pub(super) queues: [VecDeque<Vec<u8>>; 2],
    pub(super) seen: [Vec<Effect>; 2],
    /// Batches wait here, one done a step, where the disk is slow.
    pub(super) slow: bool,
    stores: [VecDeque<(u64, SpaceId, IncomingBatch)>; 2],
    pub(super) frames: [usize; 2],
    pub(super) bytes: [usize; 2],
}

impl Wire {
    pub(super) fn connect(vaults: &mut [&mut Vault; 2]) -> Self {
        let session = |remote: &Vault, nonce: u8| Session::new(remote.id()).with_nonce([nonce; 32]).with_app("test");
        let mut wire = Self {
            sessions: [session(vaults[1], 1), session(vaults[0], 2)],
            queues: [VecDeque::new(), VecDeque::new()],
            seen: [Vec::new(), Vec::new()],
            slow: false,
            stores: [VecDeque::new(), VecDeque::new()],
            frames: [0; 2],
            bytes: [0; 2],
        };
        for side in 0..2 {
            let effects = wire.sessions[side].start(vaults[side]);
            wire.carry_out(side, effects, vaults);
        }
        wire
    }

    pub(super) fn carry_out(&mut self, side: usize, effects: Vec<Effect>, vaults: &mut [&mut Vault; 2]) {
        for effect in effects {
            match effect {
                Effect::Send(frame) => {
                    self.frames[side] += 1;
                    self.bytes[side] += frame.len();
                    self.queues[1 - side].push_back(frame);
                }
                Effect::Store { token, space, batch } if self.slow => self.stores[side].push_back((token, space, batch)),
                Effect::Store { token, space, batch } => {
                    let outcome = vaults[side].store(&space, batch);
                    let after = self.sessions[side].stored(token, outcome, vaults[side]);
                    self.carry_out(side, after, vaults);
                }
                Effect::Announced { space, genesis } => {
                    vaults[side].take_ops(&space, vec![*genesis]);
                    self.changed(side, &space, vaults);
                }
                Effect::OwnFeedAhead { space, feed } => {
                    vaults[side].new_epoch(&space);
                    self.seen[side].push(Effect::OwnFeedAhead { space, feed });
                }
                other => self.seen[side].push(other),
            }
        }
    }

    /// One frame to each side, and one chunk from each: says whether anything moved.
    pub(super) fn step(&mut self, vaults: &mut [&mut Vault; 2]) -> bool {
        let mut moved = false;
        for side in 0..2 {
            if let Some(frame) = self.queues[side].pop_front() {
                moved = true;
                let effects = self.sessions[side].handle_frame(&frame, vaults[side]);
                self.carry_out(side, effects, vaults);
            }
            if let Some((token, space, batch)) = self.stores[side].pop_front() {
                moved = true;
                let outcome = vaults[side].store(&space, batch);
                let effects = self.sessions[side].stored(token, outcome, vaults[side]);
                self.carry_out(side, effects, vaults);
                // An engine tells every session that something changed, this one too.
                self.changed(side, &space, vaults);
            }
            if self.sessions[side].wants_write() {
                moved = true;
                let effects = self.sessions[side].writable(vaults[side]);
                self.carry_out(side, effects, vaults);
            }
        }
        moved
    }

    /// Until nothing moves.
    pub(super) fn run(&mut self, vaults: &mut [&mut Vault; 2]) {
        for _ in 0..10_000 {
            if !self.step(vaults) {
                return;
            }
        }
        panic!("the exchange never comes to rest");
    }

    pub(super) fn changed(&mut self, side: usize, space: &SpaceId, vaults: &mut [&mut Vault; 2]) {
        let effects = self.sessions[side].changed(space, vaults[side]);
        self.carry_out(side, effects, vaults);
    }

    pub(super) fn close_reason(&self, side: usize) -> Option<&CloseReason> {
        self.seen[side].iter().find_map(|effect| match effect {
            Effect::Close(reason) => Some(reason),
            _ => None,
        })
    }

    /// Neither side closed, and both say that nothing is under way.
    pub(super) fn assert_quiet(&self) {
        for side in 0..2 {
            assert_eq!(self.close_reason(side), None);
            assert!(self.sessions[side].is_quiet(), "side {side} is not quiet: {:#?}", self.sessions[side]);
        }
    }
}

/// Connects two vaults until nothing moves.
pub(super) fn sync(a: &mut Vault, b: &mut Vault) -> Wire {
    let mut vaults = [a, b];
    let mut wire = Wire::connect(&mut vaults);
    wire.run(&mut vaults);
    wire.assert_quiet();
    wire
}

pub(super) fn assert_same(a: &Vault, b: &Vault, space: &SpaceId) {
    assert_eq!(a.vector(space).unwrap(), b.vector(space).unwrap());
    assert_eq!(a.accumulator(space).unwrap(), b.accumulator(space).unwrap());
    assert_eq!(a.membership(space).unwrap().unwrap().heads(), b.membership(space).unwrap().unwrap().heads());
}
