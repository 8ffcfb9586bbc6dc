//! Vouchers: a person's computer, vouched for once and for all the person's spaces.
//!
//! A certificate ([`super::OpBody::Certify`]) names one space and is signed by whoever vouches. A person's second computer does not hold the person
//! key, and the first one may be off when the second makes or joins a space. So whoever lets a computer in signs a voucher beside: it names no space, and
//! any computer of the person can carry it into one ([`super::OpBody::Vouch`]). There it counts exactly as a certificate signed by who signed the voucher.

use std::collections::{BTreeMap, BTreeSet};

use iroh_base::SecretKey;
use serde::{Deserialize, Serialize};
use tuttu_model::{ComputerId, PersonId};

use super::op::{OpBody, Signer, is_shown};
use super::{Membership, Op};
use crate::feed::encode;
use crate::signing::{self, SignatureBytes, SignatureError};

const VOUCHER: &str = "tuttu voucher v1";
const CONSENT: &str = "tuttu computer consent in all spaces v1";

/// The longest chain of vouchers from a person key to a computer.
pub const VOUCHERS: usize = 64;

/// Who is whose, in every space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vouched {
    /// The person.
    pub person: PersonId,
    /// The person's name.
    pub person_name: String,
    /// The computer.
    pub computer: ComputerId,
    /// Its name.
    pub computer_name: String,
    /// Who vouches: the person key, or a computer it vouches for.
    pub by: Signer,
}

/// A signed [`Vouched`], with the computer's consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voucher {
    /// What is said.
    pub vouched: Vouched,
    /// The computer's own signature that it is this person's, from [`voucher_consent`]. It does not depend on who vouches.
    pub consent: SignatureBytes,
    /// By who vouches.
    pub signature: SignatureBytes,
}

/// A computer's consent to be `person`'s in all spaces of the person.
#[must_use]
pub fn voucher_consent(person: &PersonId, computer_key: &SecretKey) -> SignatureBytes {
    let computer = ComputerId(*computer_key.public().as_bytes());
    signing::sign(computer_key, &consent_digest(person, &computer))
}

fn consent_digest(person: &PersonId, computer: &ComputerId) -> [u8; 32] {
    signing::hash(CONSENT, &encode(&(person, computer)))
}

impl Vouched {
    fn digest(&self) -> [u8; 32] {
        signing::hash(VOUCHER, &encode(self))
    }

    /// Signs it with the key of [`Vouched::by`].
    #[must_use]
    pub fn sign(self, key: &SecretKey, consent: SignatureBytes) -> Voucher {
        let signature = signing::sign(key, &self.digest());
        Voucher { vouched: self, consent, signature }
    }
}

impl Voucher {
    /// Checks both signatures and the names.
    ///
    /// # Errors
    /// When one does not match, or a name cannot be shown.
    pub fn verify(&self) -> Result<(), SignatureError> {
        let Vouched { person, person_name, computer, computer_name, by } = &self.vouched;
        if ![person_name, computer_name].iter().all(|name| is_shown(name)) {
            return Err(SignatureError::Malformed("a name is too long or has control characters"));
        }
        signing::verify(by.key(), &self.vouched.digest(), &self.signature)?;
        signing::verify(computer.as_bytes(), &consent_digest(person, computer), &self.consent)
    }
}

/// Whether the vouchers lead from the person key to the computer, each signed by who the one before vouches for. Their signatures are not looked at.
#[must_use]
pub fn leads_to(chain: &[Voucher], person: &PersonId, computer: &ComputerId) -> bool {
    let mut from = Signer::Person(*person);
    for Voucher { vouched, .. } in chain {
        if vouched.person != *person || vouched.by != from {
            return false;
        }
        from = Signer::Computer(vouched.computer);
    }
    chain.len() <= VOUCHERS && from == Signer::Computer(*computer)
}

impl Op {
    /// The key whose right decides about the operation: of a voucher that was carried here, who signed the voucher; of a space founded without the
    /// person key, the founder's.
    #[must_use]
    pub fn authority(&self) -> Signer {
        match &self.body {
            OpBody::Vouch { voucher } => voucher.vouched.by,
            OpBody::Found { founder, .. } => Signer::Person(*founder),
            _ => self.signer,
        }
    }
}

impl Membership {
    /// For each computer of a person that counts here and was vouched for: the shortest chain of vouchers from the person key to it, by way of computers
    /// that count.
    #[must_use]
    pub fn vouchers(&self, person: &PersonId) -> BTreeMap<ComputerId, Vec<Voucher>> {
        let usable = |voucher: &&Voucher| voucher.vouched.person == *person && self.is_live(person, &voucher.vouched.computer);
        let held: Vec<&Voucher> = self.standing_vouchers().filter(usable).collect();
        let mut chains: BTreeMap<ComputerId, Vec<Voucher>> = BTreeMap::new();
        let mut reached = BTreeSet::from([Signer::Person(*person)]);
        while !reached.is_empty() && chains.len() <= held.len() {
            let mut next = BTreeSet::new();
            for voucher in held.iter().filter(|voucher| reached.contains(&voucher.vouched.by)) {
                let above = match voucher.vouched.by {
                    Signer::Person(_) => Vec::new(),
                    Signer::Computer(by) => chains.get(&by).cloned().unwrap_or_default(),
                };
                let computer = voucher.vouched.computer;
                if above.len() < VOUCHERS && !chains.contains_key(&computer) {
                    chains.insert(computer, above.into_iter().chain([(*voucher).clone()]).collect());
                    next.insert(Signer::Computer(computer));
                }
            }
            reached = next;
        }
        chains
    }

    /// The consent of a computer to be a person's, from any voucher held here, whoever signed it and whether or not it counts.
    #[must_use]
    pub fn consent_of(&self, person: &PersonId, computer: &ComputerId) -> Option<(Vouched, SignatureBytes)> {
        let mut bodies = self.ops().values().map(|op| &op.op().body);
        bodies.find_map(|body| match body {
            OpBody::Vouch { voucher } if voucher.vouched.person == *person && voucher.vouched.computer == *computer => {
                Some((voucher.vouched.clone(), voucher.consent))
            }
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests;
