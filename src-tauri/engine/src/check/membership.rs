//! The membership operations of a space: signed, whole, in order, and what is noted of the space follows from them.

use std::collections::BTreeSet;

use tuttu_store::Reader;
use tuttu_store::rows::SpaceRow;

use super::{Checked, REPAIR};
use crate::computers::joining::is_own;
use crate::engine::Inner;
use crate::failure::Failure;

impl Inner {
    pub(super) fn check_membership(&self, reader: &Reader<'_>, row: &SpaceRow, checked: &mut Checked) -> Result<(), Failure> {
        let mut held = BTreeSet::new();
        let mut forged = false;
        for signed in reader.ops(&row.id)? {
            let hash = signed.hash();
            if signed.claimed_parents().iter().any(|parent| !held.contains(parent)) {
                let problem = format!("A membership operation of “{}” rests on one that is not there.", row.name);
                checked.find("membership", problem, "Records are safe.", "Members’ computers send it again at the next exchange.");
            }
            if signed.verify().is_err() {
                forged = true;
                let problem = format!("The signature of a membership operation of “{}” does not match.", row.name);
                checked.find("membership", problem, "Records are safe.", "Restore a backup, or join the space again.");
            }
            held.insert(hash);
        }
        if !held.contains(&tuttu_model::OpHash(row.id.0)) {
            let problem = format!("The first membership operation of “{}” is not there.", row.name);
            checked.find("membership", problem, "Records are safe.", "Restore a backup, or join the space again.");
            return Ok(());
        }
        if forged {
            return Ok(());
        }
        let membership = self.membership(reader, &row.id)?;
        if membership.name() != row.name || is_own(&membership, &self.person()) != row.private {
            checked.find(
                "membership",
                format!("What is noted of “{}” does not follow from its membership.", row.name),
                "Records are safe.",
                REPAIR,
            );
        }
        for proof in reader.proofs(&row.id)? {
            if proof.verify().is_err() {
                let problem = format!("A fork proof of “{}” proves nothing.", row.name);
                checked.find("membership", problem, "Records are safe.", "Restore a backup, or join the space again.");
            }
        }
        Ok(())
    }
}
