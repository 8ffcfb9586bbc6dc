//! Taking one of the person's computers out.

use tuttu_model::{ComputerId, SpaceId};
use tuttu_store::{Lane, Reader, Tx};
use tuttu_sync::membership::computers::Standing;
use tuttu_sync::membership::{Membership, OpBody, Signer, Vouched};

use crate::api::{ErrorCode, ErrorView, Outcome};
use crate::engine::{Engine, Inner};
use crate::failure::{Failure, not_found};

impl Inner {
    /// With whose right this computer can take one out of a space: its own, else the person key's.
    pub(crate) fn revoking_hand(&self, membership: &Membership, computer: &ComputerId) -> Option<Signer> {
        let person = self.person();
        if membership.revokers_of(&person, computer).contains(&self.computer) {
            return Some(Signer::Computer(self.computer));
        }
        self.person_key().map(|_| Signer::Person(person))
    }

    /// Takes a computer of the person out of one space, with cuts.
    pub(crate) fn revoke_in(&self, tx: &mut Tx<'_>, space: &SpaceId, computer: &ComputerId) -> Result<(), Failure> {
        let membership = self.membership(tx, space)?;
        let Some(signer) = self.revoking_hand(&membership, computer) else { return Ok(()) };
        let cuts = membership.cuts_for(&self.person(), Some(computer), &tx.headers(space)?, &tx.vector(space)?);
        let body = OpBody::Revoke { computer: *computer, cuts };
        match (signer, self.person_key()) {
            (Signer::Person(_), Some(key)) => self.sign_op_with(tx, space, signer, &key.clone(), body)?,
            _ => self.sign_op(tx, space, body)?,
        };
        Ok(())
    }

    /// Those that the computer had let in stay; they are vouched for anew, by a way that does not lead through it.
    fn lead_around(&self, tx: &mut Tx<'_>, own: &SpaceId, gone: &ComputerId) -> Result<(), Failure> {
        if *gone == self.computer {
            return Ok(());
        }
        let membership = self.membership(tx, own)?;
        let person = self.person();
        let key = self.person_key().cloned();
        let (by, key) = match key {
            Some(key) => (Signer::Person(person), key),
            None => (Signer::Computer(self.computer), self.keys.computer.clone()),
        };
        for (computer, chain) in membership.vouchers(&person) {
            let through = chain.iter().any(|voucher| voucher.vouched.by == Signer::Computer(*gone));
            if !through {
                continue;
            }
            if let Some((vouched, consent)) = membership.consent_of(&person, &computer) {
                let voucher = Vouched { by, ..vouched }.sign(&key, consent);
                self.sign_op(tx, own, OpBody::Vouch { voucher })?;
            }
        }
        Ok(())
    }

    /// The computer of the person that a text means: id, beginning of one, or name.
    pub(crate) fn own_computer(&self, reader: &Reader<'_>, text: &str) -> Result<ComputerId, Failure> {
        let Some((_, membership)) = self.own_membership(reader)? else { return Err(not_found("computer", text).into()) };
        one_computer(&membership.computers_of(&self.person()), text)
    }
}

/// The one computer among these that a text means.
fn one_computer(all: &[Standing], text: &str) -> Result<ComputerId, Failure> {
    let wanted = text.trim().to_lowercase();
    let id = |id: &str| wanted.len() > 3 && id.starts_with(&wanted);
    let mut found: Vec<_> = all.iter().filter(|one| one.name.to_lowercase() == wanted || one.computer.to_string() == wanted).collect();
    if found.is_empty() {
        found = all.iter().filter(|one| id(&one.computer.to_string())).collect();
    }
    // A lost computer and its successor may have one name.
    if found.len() > 1 {
        found.retain(|one| one.live);
    }
    match found.as_slice() {
        [one] => Ok(one.computer),
        [] => Err(not_found("computer", text).into()),
        several => {
            let ids: Vec<_> = several.iter().map(|one| format!("{} ({})", one.name, one.computer)).collect();
            let message = format!("“{text}” fits more than one computer.");
            Err(ErrorView::new(ErrorCode::Ambiguous, message, format!("Candidates: {}.", ids.join(", "))).into())
        }
    }
}

impl Inner {
    /// Which computers can take another one out, for the person.
    fn who_can(&self, membership: &Membership, computer: &ComputerId) -> String {
        let person = self.person();
        let above = membership.revokers_of(&person, computer);
        // The person key lies where the first computer is, or came back from a backup.
        let by_key =
            membership.computers_of(&person).into_iter().filter(|one| one.live && membership.is_by_person_key(&person, &one.computer));
        let others = above.into_iter().chain(by_key.map(|one| one.computer)).filter(|one| *one != self.computer);
        let mut names: Vec<String> = others.filter_map(|one| membership.names_of(&one)).map(|(_, name)| format!("“{name}”")).collect();
        names.sort();
        names.dedup();
        names.join(" or ")
    }
}

impl Engine {
    /// Takes one computer of somebody else out of a space, as its owner.
    pub(crate) fn exclude_computer(&self, space: String, member: String, computer: String) -> Result<Outcome, ErrorView> {
        let space = self.inner.write(Lane::Local, move |inner, tx| {
            let row = inner.space(tx, &space)?;
            let member = inner.member(tx, &row.id, &member)?;
            if member.person == inner.person() {
                let hint = "Nothing was changed. To take one of your own computers out of all spaces: tuttu computer revoke C";
                return Err(ErrorView::new(ErrorCode::Invalid, "That is you.", hint).into());
            }
            inner.require_owner(tx, &row.id)?;
            let membership = inner.membership(tx, &row.id)?;
            let computer = one_computer(&membership.computers_of(&member.person), &computer)?;
            if !membership.is_live(&member.person, &computer) {
                return Ok(row.id);
            }
            let cuts = membership.cuts_for(&member.person, Some(&computer), &tx.headers(&row.id)?, &tx.vector(&row.id)?);
            inner.sign_op(tx, &row.id, OpBody::Exclude { person: member.person, computer, cuts })?;
            if inner.membership(tx, &row.id)?.is_live(&member.person, &computer) {
                let message =
                    format!("{} is an owner you did not make one, so only they or whoever did can take out their computers.", member.name);
                return Err(ErrorView::new(ErrorCode::NotAllowed, message, "Nothing was changed.").into());
            }
            Ok(row.id)
        })?;
        self.space_changed(&space);
        Ok(Outcome::Space { id: space.to_string() })
    }

    /// Takes one of the person's computers out of every space it is in, as far as this computer may; the others follow where they may.
    pub(crate) fn revoke_computer(&self, computer: String) -> Result<Outcome, ErrorView> {
        let changed = self.inner.write(Lane::Local, move |inner, tx| {
            let computer = inner.own_computer(tx, &computer)?;
            let Some((own, membership)) = inner.own_membership(tx)? else {
                return Err(not_found("computer", &computer.to_string()).into());
            };
            let name = membership.names_of(&computer).map(|(_, name)| name).unwrap_or_default();
            if !membership.is_live(&inner.person(), &computer) {
                return Err(ErrorView::new(ErrorCode::Invalid, format!("“{name}” is not one of your computers any more."), "").into());
            }
            if inner.revoking_hand(&membership, &computer).is_none() || !membership.is_live(&inner.person(), &inner.computer) {
                let message = format!("This computer may not take out “{name}”.");
                let hint = format!("Nothing was changed. It can be done on {}.", inner.who_can(&membership, &computer));
                return Err(ErrorView::new(ErrorCode::NotAllowed, message, hint).into());
            }
            inner.lead_around(tx, &own, &computer)?;
            let mut changed = Vec::new();
            // The private space last: a computer that takes itself out speaks for the person until then.
            for row in tx.spaces()?.into_iter().rev() {
                if inner.membership(tx, &row.id)?.is_live(&inner.person(), &computer) {
                    // First the ways around it, then it: what it vouched for is known to who takes it out.
                    inner.follow(tx, &row.id)?;
                    inner.revoke_in(tx, &row.id, &computer)?;
                    changed.push(row.id);
                }
            }
            Ok(changed)
        })?;
        for space in changed {
            self.space_changed(&space);
        }
        Ok(Outcome::Done)
    }
}
