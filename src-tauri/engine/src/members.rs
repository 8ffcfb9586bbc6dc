//! Spaces and their members: making, renaming, leaving, roles, removal.

use tuttu_model::{PersonId, SpaceId};
use tuttu_store::{Lane, Tx};
use tuttu_sync::limits::OPS;
use tuttu_sync::membership::{OpBody, Role, SignedOp, Signer};
use tuttu_sync::verdict::may_change;

use crate::api::{ErrorCode, ErrorView, Event, Outcome};
use crate::engine::{Engine, Inner, Peer};
use crate::failure::Failure;
use crate::vault::checked_name;

/// The role a word means.
pub(crate) fn parse_role(word: &str) -> Result<Role, ErrorView> {
    match word {
        "owner" => Ok(Role::Owner),
        "editor" => Ok(Role::Editor),
        "viewer" => Ok(Role::Viewer),
        "none" => Ok(Role::None),
        _ => Err(ErrorView::new(ErrorCode::Invalid, format!("“{word}” is not a role."), "Roles are owner, editor and viewer.")),
    }
}

impl Inner {
    /// Signs an operation with this computer's key on top of everything known, under the person's most senior tenure, and stores it.
    pub(crate) fn sign_op(&self, tx: &mut Tx<'_>, space: &SpaceId, body: OpBody) -> Result<SignedOp, Failure> {
        self.sign_op_with(tx, space, Signer::Computer(self.computer), &self.keys.computer, body)
    }

    /// The same with another key.
    pub(crate) fn sign_op_with(
        &self,
        tx: &mut Tx<'_>,
        space: &SpaceId,
        signer: Signer,
        key: &iroh_base::SecretKey,
        body: OpBody,
    ) -> Result<SignedOp, Failure> {
        let membership = self.membership(tx, space)?;
        if membership.ops().len() >= OPS {
            let message = format!("“{}” has had {OPS} changes of its members and name; there can be no more.", membership.name());
            return Err(
                ErrorView::new(ErrorCode::Invalid, message, "Nothing was changed. Make a new space and move the records there.").into()
            );
        }
        let op = membership
            .draft(signer, self.now(), body)
            .ok_or_else(|| ErrorView::new(ErrorCode::NotAllowed, "You are not a member of this space.", "Nothing was changed."))?;
        let signed = op.sign(key);
        tx.put_op(space, &signed)?;
        self.membership_changed(tx, space)?;
        Ok(signed)
    }

    /// Folds the membership again and brings everything that follows from it up to date: the space's name and the verdict over its entries.
    pub(crate) fn membership_changed(&self, tx: &mut Tx<'_>, space: &SpaceId) -> Result<Vec<tuttu_model::DocumentId>, Failure> {
        let before = self.caches().memberships.remove(space);
        self.caches().authors.clear();
        let after = self.membership(tx, space)?;
        self.log_membership(tx, space, &after)?;
        if let Some(mut row) = tx.space(space)?
            && row.name != after.name()
        {
            row.name = after.name();
            tx.put_space(&row)?;
        }
        let headers = tx.headers(space)?;
        // Whether changes collided is not kept, so say yes: then a change of seniority judges afresh too.
        let same = before.is_some_and(|before| !may_change(&before, &after, &headers, true));
        if same { Ok(Vec::new()) } else { self.judge(tx, space) }
    }

    /// Refuses whoever is not an owner here.
    pub(crate) fn require_owner(&self, tx: &Tx<'_>, space: &SpaceId) -> Result<(), Failure> {
        let membership = self.membership(tx, space)?;
        if membership.role(&self.person()) != Role::Owner || !membership.may_write(&self.computer) {
            return Err(ErrorView::new(
                ErrorCode::NotAllowed,
                format!("Only an owner of “{}” can do that.", membership.name()),
                "Nothing was changed.",
            )
            .into());
        }
        Ok(())
    }

    /// Gives a person a role; ending the right to write carries cuts.
    pub(crate) fn grant(
        &self,
        tx: &mut Tx<'_>,
        space: &SpaceId,
        person: PersonId,
        person_name: String,
        role: Role,
    ) -> Result<SignedOp, Failure> {
        self.require_owner(tx, space)?;
        let cuts = if role.writes() {
            Vec::new()
        } else {
            let (headers, vector) = (tx.headers(space)?, tx.vector(space)?);
            self.membership(tx, space)?.cuts_for(&person, None, &headers, &vector)
        };
        self.sign_op(tx, space, OpBody::SetRole { person, person_name, role, cuts })
    }
}

impl Engine {
    pub(crate) fn space_changed(&self, space: &SpaceId) {
        self.announce(Event::Changed { spaces: vec![space.to_string()], records: Vec::new(), remote: false });
    }

    pub(crate) fn create_space(&self, name: &str) -> Result<Outcome, ErrorView> {
        let name = checked_name(name, "The space’s name")?;
        let nonce = self.inner.random()?;
        let space = self.inner.write(Lane::Local, move |inner, tx| {
            if tx.spaces()?.iter().any(|row| row.name.to_lowercase() == name.to_lowercase()) {
                let message = format!("There is a space “{name}” already.");
                return Err(ErrorView::new(ErrorCode::Invalid, message, "Choose another name.").into());
            }
            let space = inner.found_space(tx, &name, false, nonce)?;
            inner.follow(tx, &space)?;
            Ok(space)
        })?;
        self.space_changed(&space);
        Ok(Outcome::Space { id: space.to_string() })
    }

    pub(crate) fn rename_space(&self, space: String, name: &str) -> Result<Outcome, ErrorView> {
        let name = checked_name(name, "The space’s name")?;
        let space = self.inner.write(Lane::Local, move |inner, tx| {
            let row = inner.space(tx, &space)?;
            if row.private {
                return Err(ErrorView::new(ErrorCode::Invalid, "Your own space keeps its name.", "").into());
            }
            inner.require_owner(tx, &row.id)?;
            inner.sign_op(tx, &row.id, OpBody::Rename { name })?;
            Ok(row.id)
        })?;
        self.space_changed(&space);
        Ok(Outcome::Space { id: space.to_string() })
    }

    pub(crate) fn leave_space(&self, space: String) -> Result<Outcome, ErrorView> {
        let space = self.inner.write(Lane::Local, move |inner, tx| {
            let row = inner.space(tx, &space)?;
            if row.private {
                return Err(ErrorView::new(ErrorCode::Invalid, "Your own space cannot be left.", "").into());
            }
            let membership = inner.membership(tx, &row.id)?;
            if membership.grant(&inner.person()).is_none() {
                let message = format!("You are not a member of “{}” any more.", row.name);
                return Err(ErrorView::new(ErrorCode::Invalid, message, "Your copy stays readable.").into());
            }
            let (headers, vector) = (tx.headers(&row.id)?, tx.vector(&row.id)?);
            let cuts = membership.cuts_for(&inner.person(), None, &headers, &vector);
            let person_name = inner.person_name(tx)?;
            inner.sign_op(tx, &row.id, OpBody::SetRole { person: inner.person(), person_name, role: Role::None, cuts })?;
            Ok(row.id)
        })?;
        self.space_changed(&space);
        Ok(Outcome::Space { id: space.to_string() })
    }

    pub(crate) fn set_role(&self, space: String, member: String, role: &str) -> Result<Outcome, ErrorView> {
        let role = parse_role(role)?;
        let space = self.inner.write(Lane::Local, move |inner, tx| {
            let row = inner.space(tx, &space)?;
            let member = inner.member(tx, &row.id, &member)?;
            if member.person == inner.person() && role == Role::None {
                return Err(ErrorView::new(ErrorCode::Invalid, "That is you.", "To go, leave the space.").into());
            }
            let before = inner.membership(tx, &row.id)?.role(&member.person);
            if before == role {
                return Ok(row.id);
            }
            inner.grant(tx, &row.id, member.person, member.name.clone(), role)?;
            if inner.membership(tx, &row.id)?.role(&member.person) != role {
                let message = format!("{} is an owner you did not make one, so only they or whoever did can change that.", member.name);
                return Err(ErrorView::new(ErrorCode::NotAllowed, message, "Nothing was changed.").into());
            }
            Ok(row.id)
        })?;
        self.space_changed(&space);
        Ok(Outcome::Space { id: space.to_string() })
    }

    /// All computers of other members and other own computers: whom to dial. Computers that lost their rights, and blocked people's, are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn peers(&self) -> Result<Vec<Peer>, ErrorView> {
        self.inner.read(|reader| {
            let mut peers = std::collections::BTreeMap::new();
            let blocked = self.inner.blocked(reader)?;
            for row in reader.spaces()? {
                let membership = self.inner.membership(reader, &row.id)?;
                for member in membership.members().into_iter().filter(|member| !blocked.contains(&member.person)) {
                    for (computer, computer_name) in &member.computers {
                        if *computer != self.inner.computer && membership.may_read(computer) {
                            let peer = Peer { computer: *computer, computer_name: computer_name.clone(), person_name: member.name.clone() };
                            peers.insert(*computer, peer);
                        }
                    }
                }
            }
            Ok(peers.into_values().collect())
        })
    }
}
