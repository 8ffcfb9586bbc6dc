//! Membership operations: what they say, how they are signed, and which shapes are refused before anybody asks whether they count.

use iroh_base::SecretKey;
use serde::{Deserialize, Serialize};
use tuttu_model::{ComputerId, EntryHash, FeedId, OpHash, PersonId, SpaceId};

use super::voucher::{Voucher, leads_to};
use crate::feed::encode;
use crate::limits;
use crate::signing::{self, SignatureBytes, SignatureError};

const OP: &str = "tuttu membership operation v1";
const CONSENT: &str = "tuttu computer consent v1";

/// Parents of one operation.
pub const PARENTS: usize = 512;
/// Cuts of one operation, so that it stays within [`limits::OP_BYTES`].
pub const CUTS: usize = 600;

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Not a member any more.
    None,
    /// Sees the space.
    Viewer,
    /// Sees and changes it.
    Editor,
    /// Also decides who is in it.
    Owner,
}

impl Role {
    /// May write records.
    #[must_use]
    pub fn writes(self) -> bool {
        self >= Self::Editor
    }

    /// The word of the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Owner => "owner",
        }
    }
}

/// Whose key signed an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Signer {
    /// The person key itself.
    Person(PersonId),
    /// A computer the person key vouches for.
    Computer(ComputerId),
}

impl Signer {
    /// The public key to check with.
    #[must_use]
    pub fn key(&self) -> &[u8; 32] {
        match self {
            Self::Person(id) => id.as_bytes(),
            Self::Computer(id) => id.as_bytes(),
        }
    }
}

/// The last entry of a feed that counts after its writer lost the right to write. Feeds not named are cut at 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cut {
    /// The feed.
    pub feed: FeedId,
    /// Its place; at least 1.
    pub seq: u64,
    /// Its hash.
    pub entry: EntryHash,
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum OpBody {
    /// Makes the space. Its hash is the space id. Signed by the founder's person key; the founder is owner.
    Genesis {
        /// 16 random bytes.
        nonce: [u8; 16],
        /// The name of the space.
        name: String,
        /// The founder.
        founder: PersonId,
        /// The founder's name.
        founder_name: String,
        /// The founder's own space, shared only with their own computers.
        private: bool,
    },
    /// Vouches for a computer. Signed by the person key or by a computer it vouches for.
    Certify {
        /// The person.
        person: PersonId,
        /// The person's name, as they call themselves.
        person_name: String,
        /// The computer.
        computer: ComputerId,
        /// Its name.
        computer_name: String,
        /// The computer's own signature that it is this person's, from [`certify_consent`]: nobody can claim another's computer.
        consent: SignatureBytes,
    },
    /// Takes a computer out. Signed by the person key, by the computer that certified it (or one above), or by itself.
    Revoke {
        /// The computer.
        computer: ComputerId,
        /// The last entries of its feeds that count.
        cuts: Vec<Cut>,
    },
    /// Gives, changes or ends (role none) a role. Signed by an owner, or by the member who leaves.
    SetRole {
        /// The member.
        person: PersonId,
        /// The member's name when granted.
        person_name: String,
        /// The new role.
        role: Role,
        /// Only when the role ends the right to write: the last entries that count.
        cuts: Vec<Cut>,
    },
    /// Renames the space. Signed by an owner.
    Rename {
        /// The new name.
        name: String,
    },
    /// Takes one computer of a member out of this space. Signed by an owner, in whose reach the member must be.
    Exclude {
        /// The member.
        person: PersonId,
        /// The computer.
        computer: ComputerId,
        /// The last entries of its feeds that count.
        cuts: Vec<Cut>,
    },
    /// Brings a voucher into the space, where it counts as a certificate signed by who signed the voucher. Signed by whoever carries it, which gives it
    /// nothing.
    Vouch {
        /// The voucher.
        voucher: Voucher,
    },
    /// Makes the space, as a genesis does, on a computer that does not hold the founder's person key. Signed by that computer; the founder is owner.
    Found {
        /// 16 random bytes.
        nonce: [u8; 16],
        /// The name of the space.
        name: String,
        /// The founder.
        founder: PersonId,
        /// The founder's name.
        founder_name: String,
        /// They lead from the founder's person key to the computer that signs.
        vouchers: Vec<Voucher>,
    },
}

/// A computer's consent to be certified as `person`'s in `space`: goes into [`OpBody::Certify`].
#[must_use]
pub fn certify_consent(space: &SpaceId, person: &PersonId, computer_key: &SecretKey) -> SignatureBytes {
    let computer = ComputerId(*computer_key.public().as_bytes());
    signing::sign(computer_key, &consent_digest(space, person, &computer))
}

fn consent_digest(space: &SpaceId, person: &PersonId, computer: &ComputerId) -> [u8; 32] {
    signing::hash(CONSENT, &encode(&(space, person, computer)))
}

/// One membership operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Op {
    /// The space; `None` only for the genesis.
    pub space: Option<SpaceId>,
    /// The heads of the graph its signer knew, sorted.
    pub parents: Vec<OpHash>,
    /// The operation that made its signer an owner (or, for leaving, a member).
    pub tenure: Option<OpHash>,
    /// Who signs.
    pub signer: Signer,
    /// Seconds since 1970, as the signer claims; shown, never judged by.
    pub time: i64,
    /// What it does.
    pub body: OpBody,
}

impl Op {
    /// Its hash; for the genesis also the space id.
    #[must_use]
    pub fn hash(&self) -> OpHash {
        OpHash(signing::hash(OP, &encode(self)))
    }

    /// Signs it.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> SignedOp {
        let signature = signing::sign(key, &self.hash().0);
        SignedOp { op: self, signature }
    }

    /// The rules of form: whatever breaks them was made by no honest computer.
    fn check_shape(&self) -> Result<(), SignatureError> {
        let refuse = |reason| Err(SignatureError::Malformed(reason));
        if encode(self).len() > limits::OP_BYTES {
            return refuse("the operation is too large");
        }
        if self.parents.len() > PARENTS || !rises(&self.parents) {
            return refuse("the parents are too many or not in order");
        }
        let names_tenure = matches!(self.body, OpBody::SetRole { .. } | OpBody::Rename { .. } | OpBody::Exclude { .. });
        if names_tenure != self.tenure.is_some() {
            return refuse("an operation names a tenure if and only if it needs one");
        }
        if let Some(by_founder) = self.signed_by_founder() {
            if self.space.is_some() || !self.parents.is_empty() || !by_founder {
                return refuse("a genesis has no space and no parents and is signed by its founder");
            }
        } else if self.space.is_none() || self.parents.is_empty() {
            return refuse("only a genesis has no space or no parents");
        }
        self.body.check_shape()
    }

    /// Of a genesis: whether it was signed by the founder's person key or a computer that vouchers lead to.
    fn signed_by_founder(&self) -> Option<bool> {
        match (&self.body, &self.signer) {
            (OpBody::Genesis { founder, .. }, signer) => Some(*signer == Signer::Person(*founder)),
            (OpBody::Found { founder, vouchers, .. }, Signer::Computer(computer)) => Some(leads_to(vouchers, founder, computer)),
            (OpBody::Found { .. }, Signer::Person(_)) => Some(false),
            _ => None,
        }
    }

    fn check_vouchers(&self) -> Result<(), SignatureError> {
        let vouchers = match &self.body {
            OpBody::Vouch { voucher } => std::slice::from_ref(voucher),
            OpBody::Found { vouchers, .. } => vouchers,
            _ => &[],
        };
        vouchers.iter().try_for_each(Voucher::verify)
    }

    fn check_consent(&self) -> Result<(), SignatureError> {
        if let (OpBody::Certify { person, computer, consent, .. }, Some(space)) = (&self.body, &self.space) {
            signing::verify(computer.as_bytes(), &consent_digest(space, person, computer), consent)?;
        }
        Ok(())
    }
}

impl OpBody {
    fn check_shape(&self) -> Result<(), SignatureError> {
        let refuse = |reason| Err(SignatureError::Malformed(reason));
        let names: [&str; 2] = match self {
            Self::Genesis { name, founder_name, .. } | Self::Found { name, founder_name, .. } => [name, founder_name],
            Self::Certify { person_name, computer_name, .. } => [person_name, computer_name],
            Self::SetRole { person_name, .. } => [person_name, ""],
            Self::Rename { name } => [name, ""],
            Self::Revoke { .. } | Self::Exclude { .. } | Self::Vouch { .. } => ["", ""],
        };
        if !names.iter().all(|name| is_shown(name)) {
            return refuse("a name is too long or has control characters");
        }
        let cuts: &[Cut] = match self {
            Self::Revoke { cuts, .. } | Self::SetRole { cuts, .. } | Self::Exclude { cuts, .. } => cuts,
            _ => &[],
        };
        if matches!(self, Self::SetRole { role, .. } if role.writes()) && !cuts.is_empty() {
            return refuse("a role that may write carries no cuts");
        }
        if cuts.len() > CUTS || cuts.iter().any(|cut| cut.seq == 0) {
            return refuse("the cuts are too many or name no entry");
        }
        if !cuts.is_sorted_by(|a, b| a.feed < b.feed) {
            return refuse("the cuts are not in order");
        }
        Ok(())
    }
}

/// Whether a name can be shown as it is.
pub(super) fn is_shown(name: &str) -> bool {
    name.chars().count() <= limits::NAME_CHARS && !name.chars().any(char::is_control)
}

/// What begins a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Founding<'a> {
    /// The name of the space.
    pub name: &'a str,
    /// The founder.
    pub founder: &'a PersonId,
    /// The founder's name.
    pub founder_name: &'a str,
    /// Shared only with the founder's own computers.
    pub private: bool,
}

impl OpBody {
    /// What it says as the first operation of a space; `None` for all others.
    #[must_use]
    pub fn founding(&self) -> Option<Founding<'_>> {
        match self {
            Self::Genesis { name, founder, founder_name, private, .. } => Some(Founding { name, founder, founder_name, private: *private }),
            Self::Found { name, founder, founder_name, .. } => Some(Founding { name, founder, founder_name, private: false }),
            _ => None,
        }
    }

    /// The person and computer it vouches for, with their names, if that is what it does.
    #[must_use]
    pub fn certified(&self) -> Option<Certified<'_>> {
        match self {
            Self::Certify { person, person_name, computer, computer_name, .. } => {
                Some(Certified { person, person_name, computer, computer_name })
            }
            Self::Vouch { voucher } => {
                let said = &voucher.vouched;
                let (person_name, computer_name) = (said.person_name.as_str(), said.computer_name.as_str());
                Some(Certified { person: &said.person, person_name, computer: &said.computer, computer_name })
            }
            _ => None,
        }
    }
}

/// Whose computer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certified<'a> {
    /// The person.
    pub person: &'a PersonId,
    /// The person's name.
    pub person_name: &'a str,
    /// The computer.
    pub computer: &'a ComputerId,
    /// Its name.
    pub computer_name: &'a str,
}

fn rises(hashes: &[OpHash]) -> bool {
    hashes.is_sorted_by(|a, b| a < b)
}

/// An operation with its signature, not yet checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedOp {
    op: Op,
    signature: SignatureBytes,
}

impl SignedOp {
    /// Its hash; says nothing about who wrote it.
    #[must_use]
    pub fn hash(&self) -> OpHash {
        self.op.hash()
    }

    /// The operations it claims to follow, needed to order a batch before it is checked.
    #[must_use]
    pub fn claimed_parents(&self) -> &[OpHash] {
        &self.op.parents
    }

    /// The space it claims to belong to; a genesis is its own space.
    #[must_use]
    pub fn claimed_space(&self) -> SpaceId {
        self.op.space.unwrap_or_else(|| SpaceId(self.op.hash().0))
    }

    /// Whether it brings a voucher.
    pub(crate) fn is_vouched(&self) -> bool {
        matches!(self.op.body, OpBody::Vouch { .. })
    }

    /// Checks the signature and the shape (limits, sorted parents, a genesis has no parents, cuts only where allowed, a certified computer's consent).
    ///
    /// # Errors
    /// When the signature does not match or the shape is refused.
    pub fn verify(self) -> Result<VerifiedOp, SignatureError> {
        self.op.check_shape()?;
        let hash = self.op.hash();
        signing::verify(self.op.signer.key(), &hash.0, &self.signature)?;
        self.op.check_consent()?;
        self.op.check_vouchers()?;
        Ok(VerifiedOp { hash, op: self.op, signature: self.signature })
    }
}

/// An operation whose signature was checked. Whether it counts is for the fold to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedOp {
    hash: OpHash,
    op: Op,
    signature: SignatureBytes,
}

impl VerifiedOp {
    /// Takes an operation from the own store, where it was checked when it arrived.
    #[must_use]
    pub fn from_store(signed: SignedOp) -> Self {
        Self { hash: signed.op.hash(), op: signed.op, signature: signed.signature }
    }

    /// Its hash.
    #[must_use]
    pub fn hash(&self) -> OpHash {
        self.hash
    }

    /// The space it belongs to; a genesis is its own space.
    #[must_use]
    pub fn space(&self) -> SpaceId {
        self.op.space.unwrap_or(SpaceId(self.hash.0))
    }

    /// What it says.
    #[must_use]
    pub fn op(&self) -> &Op {
        &self.op
    }

    /// Back to the form that travels and is stored.
    #[must_use]
    pub fn to_signed(&self) -> SignedOp {
        SignedOp { op: self.op.clone(), signature: self.signature }
    }
}
