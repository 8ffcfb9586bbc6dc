//! The person's own computers: letting the next one in, showing all, taking one out.

pub(crate) mod joining;
mod revoking;
mod vouching;

use tuttu_model::{ComputerId, SpaceId};
use tuttu_store::rows::InvitationRow;
use tuttu_store::{Lane, Reader, Tx};
use tuttu_sync::feed::Vector;
use tuttu_sync::invite::{ComputerInvitation, Hints, Secret};
use tuttu_sync::membership::{OpBody, Role, SignedOp, Signer, Vouched};
use tuttu_sync::pairing::{InvitationState, SpaceOps};
use tuttu_sync::signing::SignatureBytes;

use crate::api::{ComputerView, ErrorCode, ErrorView, Outcome, OwnComputerView};
use crate::clock;
use crate::engine::{Engine, Inner};
use crate::failure::{Failure, not_found};
use crate::pairing::{COMPUTER, invitation_view, state_for};

/// The longest a link for a computer may work: a day.
const LONGEST: u32 = 24 * 3_600;

/// What `computer invite` was asked for.
#[derive(Debug, Clone)]
pub(crate) struct ComputerTerms {
    pub(crate) expires_in: u32,
    pub(crate) auto: bool,
    pub(crate) hints: Vec<String>,
    pub(crate) relay: Option<String>,
}

impl Engine {
    pub(crate) fn invite_computer(&self, terms: ComputerTerms) -> Result<Outcome, ErrorView> {
        if terms.expires_in == 0 || terms.expires_in > LONGEST {
            return Err(ErrorView::new(ErrorCode::Invalid, "A link for a computer works for up to a day.", "Nothing was made."));
        }
        let secret = Secret(self.inner.random()?);
        let row = self.inner.write(Lane::Local, move |inner, tx| {
            let own = inner.space_or_own(tx, None)?.id;
            // Said now, not when the other computer stands there.
            inner.vouch_for_itself(tx, &own)?;
            let made = inner.now();
            let expires = made + i64::from(terms.expires_in);
            let relay = terms.relay.filter(|relay| !relay.is_empty());
            let hints = Hints { addrs: terms.hints, relay: relay.clone() };
            let invitation = ComputerInvitation { inviter: inner.computer, hints, expires, secret, auto: terms.auto };
            let row = InvitationRow {
                id: data_encoding::HEXLOWER.encode(&secret.lookup().0),
                space: own,
                link: invitation.to_string(),
                role: COMPUTER.into(),
                made,
                expires,
                for_whom: String::new(),
                relay: relay.unwrap_or_default(),
                auto: terms.auto,
                secret: secret.0,
                state: "open".into(),
            };
            tx.put_invitation(&row)?;
            Ok(row)
        })?;
        self.space_changed(&row.space);
        Ok(Outcome::Invitation { invitation: invitation_view(&row, self.inner.now()) })
    }

    /// Makes a computer that consented one of the person's: vouches for it in every space, spends the invitation, in one commit. Returns all operations of
    /// the spaces. Asked again for a computer that was let in already, it only returns the operations.
    ///
    /// # Errors
    /// When the invitation cannot be used any more or the consent is not the computer's.
    pub fn add_computer(
        &self,
        invitation: &str,
        joiner: &ComputerId,
        computer_name: &str,
        consent: SignatureBytes,
    ) -> Result<Vec<SpaceOps>, ErrorView> {
        let (id, joiner, computer_name) = (invitation.to_owned(), *joiner, computer_name.to_owned());
        let (spaces, changed) = self.inner.write(Lane::Local, move |inner, tx| {
            let row = tx.invitation(&id)?.ok_or_else(|| not_found("invitation", &id))?;
            let mut changed = Vec::new();
            match state_for(&row, &joiner, inner.now()) {
                InvitationState::Admitted => {}
                InvitationState::Open => {
                    changed = inner.let_in(tx, &row.space, joiner, computer_name, consent)?;
                    tx.set_invitation_state(&id, &format!("used:{joiner}"))?;
                }
                InvitationState::Used | InvitationState::Expired | InvitationState::Withdrawn => {
                    return Err(ErrorView::new(ErrorCode::Link, "The link cannot be used any more.", "Make a new one.").into());
                }
            }
            Ok((inner.spaces_for(tx, &joiner)?, changed))
        })?;
        for space in changed {
            self.space_changed(&space);
        }
        Ok(spaces)
    }
}

impl Inner {
    /// Vouches for a computer in the private space and carries that into all others.
    fn let_in(
        &self,
        tx: &mut Tx<'_>,
        own: &SpaceId,
        computer: ComputerId,
        computer_name: String,
        consent: SignatureBytes,
    ) -> Result<Vec<SpaceId>, Failure> {
        self.vouch_for_itself(tx, own)?;
        let (person, person_name) = (self.person(), self.person_name(tx)?);
        let vouched = Vouched { person, person_name, computer, computer_name, by: Signer::Computer(self.computer) };
        let voucher = vouched.sign(&self.keys.computer, consent);
        let wrong = |why: &str| ErrorView::new(ErrorCode::Link, format!("The computer was not let in: {why}."), "Nothing was changed.");
        voucher.verify().map_err(|error| wrong(&error.to_string()))?;
        self.sign_op(tx, own, OpBody::Vouch { voucher })?;
        if !self.membership(tx, own)?.is_live(&person, &computer) {
            return Err(wrong("it was taken out once and cannot come back as it is; begin there in a new folder").into());
        }
        let mut changed = vec![*own];
        for row in tx.spaces()? {
            if self.follow(tx, &row.id)? {
                changed.push(row.id);
            }
        }
        Ok(changed)
    }

    /// The operations of every space that a computer of the person may read, the private one first.
    fn spaces_for(&self, reader: &Reader<'_>, computer: &ComputerId) -> Result<Vec<SpaceOps>, Failure> {
        let mut spaces = Vec::new();
        for row in reader.spaces()? {
            let membership = self.membership(reader, &row.id)?;
            if membership.is_live(&self.person(), computer) && membership.may_read(computer) {
                let ops: Vec<SignedOp> = reader.ops(&row.id)?;
                spaces.push(SpaceOps { space: row.id, ops });
            }
        }
        Ok(spaces)
    }

    /// Every computer that is or was the person's, this one first.
    pub(crate) fn own_computers(&self, reader: &Reader<'_>) -> Result<Vec<OwnComputerView>, Failure> {
        let Some((_, own)) = self.own_membership(reader)? else { return Ok(Vec::new()) };
        let person = self.person();
        let mut views = Vec::new();
        for standing in own.computers_of(&person) {
            let this = standing.computer == self.computer;
            let mut view = OwnComputerView {
                computer: ComputerView {
                    id: standing.computer.to_string(),
                    name: standing.name,
                    this,
                    state: if self.caches().reachable.contains(&standing.computer) { "direct" } else { "away" }.to_owned(),
                    last_seen: reader.setting(&format!("net.seen.{}", standing.computer))?.unwrap_or_default(),
                    trouble: reader.setting(&format!("net.trouble.{}", standing.computer))?.unwrap_or_default(),
                    ..ComputerView::default()
                },
                revoked: !standing.live,
                revocable: standing.live && own.is_live(&person, &self.computer) && self.revoking_hand(&own, &standing.computer).is_some(),
                spaces: Vec::new(),
            };
            self.fill_spaces(reader, &standing.computer, &mut view)?;
            views.push(view);
        }
        views.sort_by_key(|view| (!view.computer.this, view.revoked));
        Ok(views)
    }

    /// The spaces a computer of the person is in, and what it has confirmed of them.
    fn fill_spaces(&self, reader: &Reader<'_>, computer: &ComputerId, view: &mut OwnComputerView) -> Result<(), Failure> {
        let acks: Vec<_> = reader.acks()?.into_iter().filter(|ack| ack.computer == *computer).collect();
        let (mut pending, mut confirmed, mut missing) = (0, None, false);
        for row in reader.spaces()? {
            let membership = self.membership(reader, &row.id)?;
            if !membership.is_live(&self.person(), computer) || membership.role(&self.person()) == Role::None {
                continue;
            }
            view.spaces.push(row.name.clone());
            let ack = acks.iter().find(|ack| ack.space == row.id);
            match ack.filter(|ack| reader.vector(&row.id).is_ok_and(|vector| ack.vector.covers(&vector))) {
                Some(ack) => confirmed = Some(confirmed.map_or(ack.at, |at: i64| at.min(ack.at))),
                None => {
                    let left = reader.pending_for(&row.id, ack.map_or(&Vector::default(), |ack| &ack.vector))?;
                    // Of a space in which nothing was ever written there is nothing to confirm.
                    missing |= left > 0;
                    pending += left;
                }
            }
        }
        if !view.computer.this && !view.revoked {
            view.computer.pending = u32::try_from(pending).unwrap_or(u32::MAX);
            view.computer.last_ack = confirmed.filter(|_| !missing).map(clock::rfc3339).unwrap_or_default();
        }
        Ok(())
    }
}
