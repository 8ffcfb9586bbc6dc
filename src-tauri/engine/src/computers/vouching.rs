//! Vouchers, and how what the private space says of the person's computers is carried into all other spaces.
//!
//! The private space is the one place that says which computers are the person's. Every computer of the person brings every other space in line with it, as
//! far as it may; who carries a voucher first does not matter.

use std::collections::BTreeSet;
use std::sync::Arc;

use tuttu_model::{ComputerId, OpHash, SpaceId};
use tuttu_store::{Lane, Reader, Tx};
use tuttu_sync::membership::{Membership, Op, OpBody, Role, SignedOp, Signer, Vouched, Voucher, voucher_consent};

use crate::api::{ErrorCode, ErrorView, Event};
use crate::engine::{Engine, Inner};
use crate::failure::Failure;

/// What has to be written in one space to bring it in line.
#[derive(Debug, Default)]
struct Lag {
    vouchers: Vec<Voucher>,
    revoked: Vec<ComputerId>,
}

impl Inner {
    /// The membership of the private space; `None` before there is one.
    pub(crate) fn own_membership(&self, reader: &Reader<'_>) -> Result<Option<(SpaceId, Arc<Membership>)>, Failure> {
        let Some(own) = reader.spaces()?.into_iter().find(|row| row.private) else { return Ok(None) };
        Ok(Some((own.id, self.membership(reader, &own.id)?)))
    }

    /// The vouchers that lead from the person key to this computer.
    pub(crate) fn vouchers_for_this_computer(&self, reader: &Reader<'_>) -> Result<Vec<Voucher>, Failure> {
        let own = self.own_membership(reader)?;
        let chain = own.and_then(|(_, membership)| membership.vouchers(&self.person()).remove(&self.computer));
        chain.ok_or_else(not_ones_own)
    }

    /// Refuses where this computer was taken out, even if it took itself out and has the person key.
    pub(crate) fn require_not_taken_out(&self, reader: &Reader<'_>) -> Result<(), Failure> {
        let Some((_, own)) = self.own_membership(reader)? else { return Ok(()) };
        let taken_out = own.computers_of(&self.person()).iter().any(|one| one.computer == self.computer && one.revoked);
        if taken_out { Err(not_ones_own()) } else { Ok(()) }
    }

    /// The same, as operations of a space, each resting on the one before and the first on the genesis.
    pub(crate) fn carried_vouchers(&self, reader: &Reader<'_>, space: &SpaceId) -> Result<Vec<SignedOp>, Failure> {
        let mut parent = OpHash(space.0);
        let mut ops = Vec::new();
        for voucher in self.vouchers_for_this_computer(reader)? {
            let op = self.carry(voucher, *space, vec![parent]);
            parent = op.hash();
            ops.push(op);
        }
        Ok(ops)
    }

    fn carry(&self, voucher: Voucher, space: SpaceId, parents: Vec<OpHash>) -> SignedOp {
        let signer = Signer::Computer(self.computer);
        Op { space: Some(space), parents, tenure: None, signer, time: self.now(), body: OpBody::Vouch { voucher } }
            .sign(&self.keys.computer)
    }

    /// Makes sure that there is a voucher for this computer, so that those it lets in can prove whose they are: a vault's first computer has only a
    /// certificate for each space.
    pub(crate) fn vouch_for_itself(&self, tx: &mut Tx<'_>, own: &SpaceId) -> Result<(), Failure> {
        self.require_not_taken_out(tx)?;
        let membership = self.membership(tx, own)?;
        if membership.vouchers(&self.person()).contains_key(&self.computer) {
            return Ok(());
        }
        let Some(key) = self.person_key() else { return self.vouchers_for_this_computer(tx).map(drop) };
        let vouched = Vouched {
            person: self.person(),
            person_name: self.person_name(tx)?,
            computer: self.computer,
            computer_name: self.computer_name(tx)?,
            by: Signer::Person(self.person()),
        };
        let voucher = vouched.sign(key, voucher_consent(&self.person(), &self.keys.computer));
        self.sign_op(tx, own, OpBody::Vouch { voucher })?;
        Ok(())
    }

    /// What the membership of a space lacks of what the private space says.
    fn lag(&self, own: &Membership, membership: &Membership) -> Lag {
        let person = self.person();
        let mut lag = Lag::default();
        if membership.role(&person) == Role::None || !membership.may_read(&self.computer) {
            return lag;
        }
        let there = membership.computers_of(&person);
        // Who was taken out of the space, or can be, stays out.
        let settled: BTreeSet<ComputerId> =
            there.iter().filter(|standing| standing.live || standing.revoked).map(|standing| standing.computer).collect();
        let mut carried = BTreeSet::new();
        for voucher in own.vouchers(&person).into_values().flatten() {
            let computer = voucher.vouched.computer;
            // One that is here and does not count (who signed it was taken out of this space) would not count a second time either.
            let there = || membership.ops().values().any(|op| matches!(&op.op().body, OpBody::Vouch { voucher: held } if *held == voucher));
            if !settled.contains(&computer) && !there() && carried.insert(computer) {
                lag.vouchers.push(voucher);
            }
        }
        let gone = own.computers_of(&person).into_iter().filter(|standing| standing.revoked).map(|standing| standing.computer);
        lag.revoked = gone.filter(|computer| membership.is_live(&person, computer)).collect();
        lag.revoked.retain(|computer| self.revoking_hand(membership, computer).is_some());
        lag
    }

    /// Brings one space in line with the private one; says whether anything was written.
    pub(crate) fn follow(&self, tx: &mut Tx<'_>, space: &SpaceId) -> Result<bool, Failure> {
        let Some((own, own_membership)) = self.own_membership(tx)? else { return Ok(false) };
        if own == *space {
            return Ok(false);
        }
        let lag = self.lag(&own_membership, &*self.membership(tx, space)?);
        let any = !lag.vouchers.is_empty() || !lag.revoked.is_empty();
        for voucher in lag.vouchers {
            self.sign_op(tx, space, OpBody::Vouch { voucher })?;
        }
        for computer in lag.revoked {
            self.revoke_in(tx, space, &computer)?;
        }
        Ok(any)
    }
}

fn not_ones_own() -> Failure {
    let message = "This computer is not one of yours any more, so it cannot make or join spaces, or let others in, in your name.";
    ErrorView::new(ErrorCode::NotAllowed, message, "Nothing was changed. Do it on another of your computers.").into()
}

impl Engine {
    /// Brings all spaces in line with what the private one says of the person's computers. Nothing is written where all is well; what fails is tried
    /// again at the next occasion.
    pub(crate) fn follow_everywhere(&self) {
        let behind = self.inner.read(|reader| {
            let Some((own, own_membership)) = self.inner.own_membership(reader)? else { return Ok(Vec::new()) };
            let mut behind = Vec::new();
            for row in reader.spaces()?.into_iter().filter(|row| row.id != own) {
                let lag = self.inner.lag(&own_membership, &*self.inner.membership(reader, &row.id)?);
                if !lag.vouchers.is_empty() || !lag.revoked.is_empty() {
                    behind.push(row.id);
                }
            }
            Ok(behind)
        });
        let done = behind.and_then(|spaces| {
            for space in spaces {
                self.inner.write(Lane::Local, move |inner, tx| inner.follow(tx, &space))?;
                self.announce(Event::Changed { spaces: vec![space.to_string()], records: Vec::new(), remote: false });
            }
            Ok(())
        });
        if let Err(error) = done {
            tracing::warn!(%error, "a space was not brought in line with the person’s own computers yet");
        }
    }
}
