//! Making and opening a vault.

use std::path::Path;
use std::sync::Arc;

use tuttu_model::{PersonId, SpaceId};
use tuttu_store::rows::SpaceRow;
use tuttu_store::{Lane, Store, Tx};
use tuttu_sync::limits::NAME_CHARS;
use tuttu_sync::membership::{Op, OpBody, SignedOp, Signer, certify_consent};

use crate::api::{ErrorCode, ErrorView};
use crate::engine::{Engine, Inner, NewVault};
use crate::failure::Failure;
use crate::keys::Keys;
use crate::surroundings::{Surroundings, System};

/// The name of the space that only the person's own computers share.
pub(crate) const PRIVATE_SPACE: &str = "My own";
pub(crate) const PERSON_NAME: &str = "person.name";
/// The person's id, where the person key is on another computer.
pub(crate) const PERSON: &str = "person.id";
/// There until the vault becomes somebody's.
pub(crate) const JOINING: &str = "computer.joining";
/// Whose a vault is before it becomes somebody's.
pub(crate) const NOBODY: PersonId = PersonId([0; 32]);
pub(crate) const COMPUTER_NAME: &str = "computer.name";
const FILE_IDENTITY: &str = "file.identity";

impl Engine {
    /// Whether there is a vault in this folder.
    #[must_use]
    pub fn exists(dir: &Path) -> bool {
        Store::exists(dir)
    }

    /// Makes a vault: person key, computer key, private space.
    ///
    /// # Errors
    /// When there is one already, a name is empty or too long, or the folder cannot be written.
    pub fn create(dir: &Path, new: &NewVault) -> Result<Self, ErrorView> {
        Self::create_in(dir, new, Arc::new(System))
    }

    /// Makes a vault, with this clock and these random numbers.
    ///
    /// # Errors
    /// As [`Engine::create`].
    pub fn create_in(dir: &Path, new: &NewVault, surroundings: Arc<dyn Surroundings>) -> Result<Self, ErrorView> {
        let person_name = checked_name(&new.person_name, "Your name")?;
        let computer_name = checked_name(&new.computer_name, "The computer’s name")?;
        if !Store::exists(dir) && Keys::are_in(dir) {
            return Err(database_missing(dir));
        }
        // What was begun by joining and never became anybody's is in nobody's way.
        if Store::exists(dir)
            && let Ok(unfinished) = Self::open_any(dir, Arc::clone(&surroundings))
        {
            unfinished.discard_unfinished();
        }
        let store = Store::create(dir)?;
        let keys = Keys::generate(&*surroundings)?;
        keys.save(dir)?;
        let person = keys.person_id().unwrap_or(NOBODY);
        let engine = Self { inner: Arc::new(Inner::new(store, keys, person, surroundings)) };
        let nonce = engine.inner.random()?;
        engine.inner.write(Lane::Local, move |inner, tx| {
            tx.put_meta(PERSON_NAME, person_name.as_bytes())?;
            tx.put_meta(COMPUTER_NAME, computer_name.as_bytes())?;
            inner.found_space(tx, PRIVATE_SPACE, true, nonce)?;
            Ok(())
        })?;
        engine.remember_place()?;
        Ok(engine)
    }

    /// Opens a vault and takes its lock. A vault that was copied or put back from elsewhere starts new feeds, so that no computer writes two histories.
    ///
    /// # Errors
    /// When there is none, it is in use, newer, damaged or cannot be read.
    pub fn open(dir: &Path) -> Result<Self, ErrorView> {
        Self::open_in(dir, Arc::new(System))
    }

    /// Opens a vault, with this clock and these random numbers.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn open_in(dir: &Path, surroundings: Arc<dyn Surroundings>) -> Result<Self, ErrorView> {
        let engine = Self::open_any(dir, surroundings)?;
        if engine.is_unfinished() {
            let message =
                format!("The vault in {} was made to become one of somebody’s computers, and that was not finished.", dir.display());
            let hint =
                "Use the link again, or make one on the other computer: tuttu computer join LINK. To begin anew: tuttu init --name NAME";
            return Err(ErrorView::new(ErrorCode::NoVault, message, hint));
        }
        Ok(engine)
    }

    /// Opens a vault that may be nobody's yet.
    pub(crate) fn open_any(dir: &Path, surroundings: Arc<dyn Surroundings>) -> Result<Self, ErrorView> {
        if !Store::exists(dir) {
            return Err(if Keys::are_in(dir) { database_missing(dir) } else { no_vault(dir) });
        }
        let store = Store::open(dir)?;
        let engine = Self::identified(store, dir, surroundings)?;
        if engine.was_moved()? {
            engine.inner.write(Lane::Local, |_, tx| {
                for space in tx.spaces()? {
                    tx.set_own_feed(&space.id, None)?;
                }
                Ok(())
            })?;
            engine.remember_place()?;
        }
        // The vault may have been closed, or its power gone, between setting own changes aside and applying them again.
        for space in engine.inner.read(|reader| Ok(reader.spaces()?))? {
            engine.reapply_own_tray(&space.id);
        }
        engine.bring_caches_up_to_date()?;
        Ok(engine)
    }

    /// The open vault, once it is known whose it is.
    fn identified(store: Store, dir: &Path, surroundings: Arc<dyn Surroundings>) -> Result<Self, ErrorView> {
        let (mut noted, mut joining) = (None, false);
        store.read(|reader| {
            noted = reader.meta(PERSON)?;
            joining = reader.meta(JOINING)?.is_some_and(|value| !value.is_empty());
            Ok(())
        })?;
        let noted = noted.and_then(|bytes| bytes.try_into().ok()).map(PersonId);
        let keys = Keys::load(dir, noted.is_some() || joining)?;
        let person = noted.or(keys.person_id()).unwrap_or(NOBODY);
        let engine = Self { inner: Arc::new(Inner::new(store, keys, person, surroundings)) };
        Ok(engine)
    }

    fn place(&self) -> Result<Vec<u8>, ErrorView> {
        let identity = self.inner.store.identity()?;
        Ok(format!("{identity:?}").into_bytes())
    }

    fn was_moved(&self) -> Result<bool, ErrorView> {
        let now = self.place()?;
        let before = self.inner.read(|reader| Ok(reader.meta(FILE_IDENTITY)?))?;
        Ok(before.as_deref() != Some(now.as_slice()))
    }

    pub(crate) fn remember_place(&self) -> Result<(), ErrorView> {
        let place = self.place()?;
        self.inner.write(Lane::Local, move |_, tx| Ok(tx.put_meta(FILE_IDENTITY, &place)?))
    }
}

impl Inner {
    /// Whose vault it is, where no person key says so.
    pub(crate) fn noted_person(&self, reader: &tuttu_store::Reader<'_>) -> Result<Option<PersonId>, Failure> {
        Ok(reader.meta(PERSON)?.and_then(|bytes| bytes.try_into().ok()).map(PersonId))
    }

    pub(crate) fn person_name(&self, reader: &tuttu_store::Reader<'_>) -> Result<String, Failure> {
        Ok(text(reader.meta(PERSON_NAME)?))
    }

    pub(crate) fn computer_name(&self, reader: &tuttu_store::Reader<'_>) -> Result<String, Failure> {
        Ok(text(reader.meta(COMPUTER_NAME)?))
    }

    /// Writes the genesis of a space and what makes this computer the person's in it.
    pub(crate) fn found_space(&self, tx: &mut Tx<'_>, name: &str, private: bool, nonce: [u8; 16]) -> Result<SpaceId, Failure> {
        let (founder_name, now, name, founder) = (self.person_name(tx)?, self.now(), name.to_owned(), self.person());
        let genesis = |signer, body| Op { space: None, parents: Vec::new(), tenure: None, signer, time: now, body };
        let genesis = match self.person_key() {
            Some(key) => {
                let body = OpBody::Genesis { nonce, name: name.clone(), founder, founder_name, private };
                genesis(Signer::Person(founder), body).sign(key)
            }
            None => {
                let vouchers = self.vouchers_for_this_computer(tx)?;
                let body = OpBody::Found { nonce, name: name.clone(), founder, founder_name, vouchers };
                genesis(Signer::Computer(self.computer), body).sign(&self.keys.computer)
            }
        };
        let space = SpaceId(genesis.hash().0);
        tx.put_space(&SpaceRow { id: space, name, private, own_feed: None, since: now })?;
        tx.put_op(&space, &genesis)?;
        for certificate in self.certificates(tx, &space)? {
            tx.put_op(&space, &certificate)?;
        }
        Ok(space)
    }

    /// What makes this computer the person's in a space, resting on its genesis alone: a certificate by the person key, or a chain of vouchers.
    pub(crate) fn certificates(&self, reader: &tuttu_store::Reader<'_>, space: &SpaceId) -> Result<Vec<SignedOp>, Failure> {
        self.require_not_taken_out(reader)?;
        match self.person_key() {
            Some(key) => Ok(vec![self.certificate(reader, space, key)?]),
            None => self.carried_vouchers(reader, space),
        }
    }

    /// The certificate of this computer in a space, signed by the person key.
    pub(crate) fn certificate(
        &self,
        reader: &tuttu_store::Reader<'_>,
        space: &SpaceId,
        person_key: &iroh_base::SecretKey,
    ) -> Result<SignedOp, Failure> {
        let op = Op {
            space: Some(*space),
            parents: vec![tuttu_model::OpHash(space.0)],
            tenure: None,
            signer: Signer::Person(self.person()),
            time: self.now(),
            body: OpBody::Certify {
                person: self.person(),
                person_name: self.person_name(reader)?,
                computer: self.computer,
                computer_name: self.computer_name(reader)?,
                consent: certify_consent(space, &self.person(), &self.keys.computer),
            },
        };
        Ok(op.sign(person_key))
    }
}

fn no_vault(dir: &Path) -> ErrorView {
    let hint = "Make one by opening Tuttu, or with: tuttu init --name NAME. Or name another folder with --vault.";
    ErrorView::new(ErrorCode::NoVault, format!("There is no vault in {}.", dir.display()), hint)
}

pub(crate) fn database_missing(dir: &Path) -> ErrorView {
    ErrorView::new(
        ErrorCode::Damaged,
        format!("The database of the vault is missing: there is no vault.db in {}, only its keys.", dir.display()),
        "The keys are safe, and nothing was changed. Put vault.db back from a copy of the folder, or restore a backup into a new folder: tuttu restore \
         FILE --vault NEW. To begin anew, move the folder “keys” away first.",
    )
}

fn text(bytes: Option<Vec<u8>>) -> String {
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// A name with the space around it removed, not empty, not too long, on one line.
pub(crate) fn checked_name(name: &str, what: &str) -> Result<String, ErrorView> {
    let name = name.trim();
    if name.is_empty() {
        return Err(ErrorView::new(ErrorCode::Invalid, format!("{what} is empty."), "Write a name."));
    }
    if name.chars().count() > NAME_CHARS || name.chars().any(char::is_control) {
        let message = format!("{what} is too long, or has characters that cannot be shown: at most {NAME_CHARS} on one line.");
        return Err(ErrorView::new(ErrorCode::Invalid, message, "Write a shorter one, of letters."));
    }
    Ok(name.to_owned())
}
