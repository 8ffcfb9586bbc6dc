//! Becoming the next computer of a person: from a folder without a vault, or from a vault whose records move along.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use tuttu_model::{DocumentId, PersonId, SpaceId};
use tuttu_store::rows::SpaceRow;
use tuttu_store::{Lane, Reader, Store, Tx};
use tuttu_sync::limits::OPS;
use tuttu_sync::membership::{Membership, OpBody, Role, SignedOp, VerifiedOp, voucher_consent};
use tuttu_sync::pairing::SpaceOps;
use tuttu_sync::signing::SignatureBytes;

use crate::api::{ErrorCode, ErrorView, Event};
use crate::engine::{Engine, Inner};
use crate::failure::Failure;
use crate::keys::{self, Keys};
use crate::moving::Along;
use crate::surroundings::{Surroundings, System};
use crate::vault::{COMPUTER_NAME, JOINING, NOBODY, PERSON, PERSON_NAME, checked_name};

/// What the private space of a vault that joined a person is called afterwards; its records have moved.
const BEFORE: &str = "My own, before joining";

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// The person's private space.
    pub own: SpaceId,
    /// All spaces that came, the private one first.
    pub spaces: Vec<SpaceId>,
    /// Records that moved into the private space.
    pub moved: u32,
}

/// A space on its way in.
struct Incoming {
    space: SpaceId,
    ops: Vec<SignedOp>,
    membership: Membership,
}

impl Engine {
    /// Opens the vault that is to become a person's next computer; makes one that is nobody's yet where there is none.
    ///
    /// # Errors
    /// When it cannot be opened or made.
    pub fn open_to_join(dir: &Path) -> Result<Self, ErrorView> {
        Self::open_to_join_in(dir, Arc::new(System))
    }

    /// The same, with this clock and these random numbers.
    ///
    /// # Errors
    /// As [`Engine::open_to_join`].
    pub fn open_to_join_in(dir: &Path, surroundings: Arc<dyn Surroundings>) -> Result<Self, ErrorView> {
        if Self::exists(dir) { Self::open_any(dir, surroundings) } else { Self::create_unfinished(dir, surroundings) }
    }

    fn create_unfinished(dir: &Path, surroundings: Arc<dyn Surroundings>) -> Result<Self, ErrorView> {
        if Keys::are_in(dir) {
            return Err(crate::vault::database_missing(dir));
        }
        let store = Store::create(dir)?;
        let keys = Keys::for_joining(&*surroundings)?;
        keys.save(dir)?;
        let engine = Self { inner: Arc::new(Inner::new(store, keys, NOBODY, surroundings)) };
        engine.inner.write(Lane::Local, |_, tx| Ok(tx.put_meta(JOINING, b"1")?))?;
        engine.remember_place()?;
        Ok(engine)
    }

    /// Whether this vault is nobody's yet.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.inner.person() == NOBODY
    }

    /// Removes a vault that never became anybody's; others stay.
    pub fn discard_unfinished(self) {
        if !self.is_unfinished() {
            return;
        }
        let dir = self.dir().to_owned();
        drop(self);
        keys::discard(&dir);
        for name in ["vault.db", "vault.db-wal", "vault.db-shm", "vault.lock"] {
            // What is left of it is empty, and can be used or removed another time.
            let _ = std::fs::remove_file(dir.join(name));
        }
        let _ = std::fs::remove_dir(&dir);
    }

    /// Looks whether this vault may become the next computer of a person, before anything is sent, and gives the computer its name.
    ///
    /// # Errors
    /// With what is in the way.
    pub fn prepare_to_join_person(&self, computer_name: Option<&str>) -> Result<(), ErrorView> {
        let name = computer_name.map(|name| checked_name(name, "The computer’s name")).transpose()?;
        self.nothing_shared()?;
        let Some(name) = name else { return Ok(()) };
        self.inner.write(Lane::Local, move |_, tx| Ok(tx.put_meta(COMPUTER_NAME, name.as_bytes())?))
    }

    fn nothing_shared(&self) -> Result<(), ErrorView> {
        self.inner.read(|reader| {
            let me = &self.inner.computer;
            if let Some((_, own)) = self.inner.own_membership(reader)?
                && own.computers_of(&self.inner.person()).iter().any(|one| one.computer == *me && one.revoked)
            {
                let message = "This computer was taken out of your computers, and with the key it has it cannot come back.";
                let hint = "Its records stay readable. Join in a new folder: tuttu --vault DIR computer join LINK";
                return Err(ErrorView::new(ErrorCode::NotAllowed, message, hint).into());
            }
            for row in reader.spaces()? {
                let membership = self.inner.membership(reader, &row.id)?;
                if !membership.is_private() && membership.may_read(me) {
                    return Err(is_member(&row.name).into());
                }
            }
            Ok(())
        })
    }

    /// This computer's signature that it becomes the person's.
    #[must_use]
    pub fn consent_to(&self, person: &PersonId) -> SignatureBytes {
        voucher_consent(person, &self.inner.keys.computer)
    }

    /// Becomes the next computer of a person, with all their spaces. Records that are here already move into the person's private space.
    ///
    /// # Errors
    /// When the operations do not verify or do not let this computer in. Nothing is changed then.
    pub fn become_computer_of(&self, person: PersonId, person_name: &str, spaces: Vec<SpaceOps>) -> Result<Adopted, ErrorView> {
        let person_name = checked_name(person_name, "The person’s name")?;
        let incoming = self.verified(person, spaces)?;
        let before = self.inner.person();
        let adopted = self.inner.write(Lane::Local, move |inner, tx| inner.adopt(tx, person, &person_name, incoming));
        let adopted = match adopted {
            Ok(adopted) => adopted,
            Err(error) => {
                self.inner.set_person(before);
                return Err(error);
            }
        };
        if before != person {
            keys::set_person_aside(self.dir());
        }
        for space in &adopted.spaces {
            self.reapply_own_tray(space);
        }
        let spaces = adopted.spaces.iter().map(ToString::to_string).collect();
        self.announce(Event::Changed { spaces, records: Vec::new(), remote: false });
        Ok(adopted)
    }

    /// The spaces this computer may read, the private one first.
    fn verified(&self, person: PersonId, spaces: Vec<SpaceOps>) -> Result<Vec<Incoming>, ErrorView> {
        let mut incoming = Vec::new();
        for SpaceOps { space, ops } in spaces {
            if ops.len() > OPS {
                return Err(refused("a space has too many membership operations"));
            }
            let verified: Result<Vec<VerifiedOp>, _> = ops.iter().map(|op| op.clone().verify()).collect();
            let membership = Membership::fold(verified.map_err(|error| refused(&error.to_string()))?);
            if membership.space() == Some(space)
                && membership.is_live(&person, &self.inner.computer)
                && membership.may_read(&self.inner.computer)
            {
                incoming.push(Incoming { space, ops, membership });
            }
        }
        incoming.sort_by_key(|one| !is_own(&one.membership, &person));
        match incoming.as_slice() {
            [own, rest @ ..] if is_own(&own.membership, &person) && !rest.iter().any(|one| is_own(&one.membership, &person)) => {
                Ok(incoming)
            }
            _ => Err(refused("the person’s own space was not among what came, or does not let this computer in")),
        }
    }
}

/// Whether a space is this person's private one.
pub(crate) fn is_own(membership: &Membership, person: &PersonId) -> bool {
    membership.is_private() && membership.founder() == Some(*person)
}

fn is_member(space: &str) -> ErrorView {
    let message = format!("You are a member of “{space}” in this vault, under another identity.");
    let hint = "Nothing was changed. Leave its spaces first, or join in a new folder: tuttu --vault DIR computer join LINK";
    ErrorView::new(ErrorCode::Invalid, message, hint)
}

fn refused(why: &str) -> ErrorView {
    let message = format!("This computer did not become one of theirs: {why}.");
    ErrorView::new(ErrorCode::Link, message, "Nothing was changed. Make a new link on the other computer.")
}

impl Inner {
    fn adopt(&self, tx: &mut Tx<'_>, person: PersonId, person_name: &str, incoming: Vec<Incoming>) -> Result<Adopted, Failure> {
        if self.person() != person {
            for row in tx.spaces()? {
                let membership = self.membership(tx, &row.id)?;
                if !membership.is_private() && membership.role(&self.person()) != Role::None {
                    return Err(is_member(&row.name).into());
                }
            }
        }
        let old = tx.spaces()?.into_iter().find(|row| row.private);
        let old = old.filter(|row| incoming.first().is_some_and(|own| own.space != row.id));
        if let Some(row) = &old {
            // Still as who it was: nobody else may rename it.
            self.sign_op(tx, &row.id, OpBody::Rename { name: BEFORE.into() })?;
            tx.put_space(&SpaceRow { private: false, name: BEFORE.into(), ..row.clone() })?;
        }
        tx.put_meta(PERSON_NAME, person_name.as_bytes())?;
        if self.keys.person_id() != Some(person) {
            tx.put_meta(PERSON, &person.0)?;
        }
        tx.put_meta(JOINING, b"")?;
        self.set_person(person);
        let mut adopted = Adopted { own: SpaceId([0; 32]), spaces: Vec::new(), moved: 0 };
        for one in incoming {
            let private = is_own(&one.membership, &person);
            if private {
                adopted.own = one.space;
            }
            if tx.space(&one.space)?.is_none() {
                let row = SpaceRow { id: one.space, name: one.membership.name(), private, own_feed: None, since: self.now() };
                tx.put_space(&row)?;
            }
            for op in &one.ops {
                tx.put_op(&one.space, op)?;
            }
            self.membership_changed(tx, &one.space)?;
            adopted.spaces.push(one.space);
        }
        if let Some(row) = old {
            adopted.moved = self.move_all(tx, &row.id, &adopted.own)?;
        }
        Ok(adopted)
    }

    /// Moves every record of one space of this computer into another: new records with the same values, links among them kept, and tombstones that lead
    /// there. What is in the trash stays in the trash.
    fn move_all(&self, tx: &mut Tx<'_>, from: &SpaceId, to: &SpaceId) -> Result<u32, Failure> {
        let mut records = Vec::new();
        for doc in self.all_documents(tx, from)? {
            let record = self.document_to_read(tx, from, &doc)?.record();
            if !record.fields.contains_key("moved") {
                records.push((*from, doc, record));
            }
        }
        let moved = u32::try_from(records.len()).unwrap_or(u32::MAX);
        let edits = self.plan_moves(tx, records, to, Along::Everything)?;
        // Not an operation: undoing it would leave half of it behind on other computers.
        self.write_entries(tx, self.random()?, edits)?;
        Ok(moved)
    }

    fn all_documents(&self, reader: &Reader<'_>, space: &SpaceId) -> Result<BTreeSet<DocumentId>, Failure> {
        let mut docs = BTreeSet::new();
        for facts in reader.entry_facts(space)? {
            docs.extend(facts.items.iter().map(|item| item.doc));
        }
        Ok(docs)
    }
}
