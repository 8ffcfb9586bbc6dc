//! Who wrote a change: from the actor of an Automerge change to a person and a computer.

use std::collections::BTreeMap;

use tuttu_model::{ActorId, ComputerId, PersonId, RecordView};
use tuttu_store::Reader;

use crate::engine::Inner;
use crate::failure::Failure;

/// The author of changes under one actor id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Author {
    pub(crate) person: Option<PersonId>,
    pub(crate) name: String,
    pub(crate) computer: ComputerId,
    pub(crate) computer_name: String,
    pub(crate) mine: bool,
}

/// Authors already looked up.
pub(crate) type Authors = BTreeMap<ActorId, Author>;

impl Inner {
    /// The author behind an actor id, from the feed it belongs to and the certificate of the feed's computer.
    pub(crate) fn author(&self, reader: &Reader<'_>, actor: &ActorId) -> Result<Option<Author>, Failure> {
        if let Some(known) = self.caches().authors.get(actor) {
            return Ok(Some(known.clone()));
        }
        let Some((computer, space)) = reader.author(actor)? else { return Ok(None) };
        let membership = self.membership(reader, &space)?;
        let person = membership.person_of(&computer);
        let (name, computer_name) = membership.names_of(&computer).unwrap_or_default();
        let author = Author { mine: person == Some(self.person()), person, name, computer, computer_name };
        self.caches().authors.insert(*actor, author.clone());
        Ok(Some(author))
    }

    /// Replaces the actor ids in a record's stamps by names.
    pub(crate) fn name_stamps(&self, reader: &Reader<'_>, view: &mut RecordView) -> Result<(), Failure> {
        for stamp in [&mut view.created, &mut view.changed] {
            let actor = data_encoding::HEXLOWER.decode(stamp.by.as_bytes()).ok().and_then(|bytes| ActorId::try_from(bytes).ok());
            if let Some(actor) = actor {
                stamp.by = self.author(reader, &actor)?.map(|author| author.name).unwrap_or_default();
            }
        }
        Ok(())
    }
}
