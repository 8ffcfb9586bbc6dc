//! Membership: the small signed graph of operations that says who may read and write a space (DESIGN section 5, R1, R1b, R8).

use std::collections::{BTreeMap, BTreeSet};

use iroh_base::SecretKey;
use serde::{Deserialize, Serialize};
use tuttu_model::{ComputerId, EntryHash, FeedId, OpHash, PersonId, SpaceId};

use crate::feed::{FeedHeader, Vector, encode};
use crate::signing::{self, SignatureBytes, SignatureError};

const OP: &str = "tuttu membership operation v1";

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

    /// Checks the signature and the shape (limits, sorted parents, a genesis has no parents, cuts only where allowed).
    ///
    /// # Errors
    /// When the signature does not match.
    pub fn verify(self) -> Result<VerifiedOp, SignatureError> {
        signing::verify(self.op.signer.key(), &self.op.hash().0, &self.signature)?;
        Ok(VerifiedOp { hash: self.op.hash(), op: self.op, signature: self.signature })
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
    /// Its hash.
    #[must_use]
    pub fn hash(&self) -> OpHash {
        self.hash
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

/// A member as the fold sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub person: PersonId,
    /// Their name, from the newest certificate or grant.
    pub name: String,
    /// Their role now.
    pub role: Role,
    /// The operation that gave it.
    pub grant: Option<OpHash>,
    /// Their computers that count now, with names.
    pub computers: Vec<(ComputerId, String)>,
}

/// The fold of a set of operations: a pure function of the set, whatever order they came in.
#[derive(Debug, Clone)]
pub struct Membership {
    ops: BTreeMap<OpHash, VerifiedOp>,
    // helper: add what the fold needs
}

impl Membership {
    /// Folds a set of verified operations of one space (R1, R1b, R8). The set must be closed under parents.
    #[must_use]
    pub fn fold(ops: impl IntoIterator<Item = VerifiedOp>) -> Self {
        todo!()
    }

    /// The space id.
    #[must_use]
    pub fn space(&self) -> Option<SpaceId> {
        todo!()
    }

    /// The space's name now.
    #[must_use]
    pub fn name(&self) -> String {
        todo!()
    }

    /// Whether the genesis calls it the founder's own space.
    #[must_use]
    pub fn is_private(&self) -> bool {
        todo!()
    }

    /// The founder.
    #[must_use]
    pub fn founder(&self) -> Option<PersonId> {
        todo!()
    }

    /// The newest operations: the parents of the next one. Sorted.
    #[must_use]
    pub fn heads(&self) -> Vec<OpHash> {
        todo!()
    }

    /// Everyone who is or was a member, by person.
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        todo!()
    }

    /// The role of a person now.
    #[must_use]
    pub fn role(&self, person: &PersonId) -> Role {
        todo!()
    }

    /// The grant in force that gives a person their role.
    #[must_use]
    pub fn grant(&self, person: &PersonId) -> Option<OpHash> {
        todo!()
    }

    /// Whose computer it is, from its certificate, whether or not it still counts.
    #[must_use]
    pub fn person_of(&self, computer: &ComputerId) -> Option<PersonId> {
        todo!()
    }

    /// The name of a person and of a computer, from their certificate, whether or not they still count.
    #[must_use]
    pub fn names_of(&self, computer: &ComputerId) -> Option<(String, String)> {
        todo!()
    }

    /// R6: whether the space may be served to this computer (a live certificate, and its person is at least a viewer).
    #[must_use]
    pub fn may_read(&self, computer: &ComputerId) -> bool {
        todo!()
    }

    /// Whether this computer may write now.
    #[must_use]
    pub fn may_write(&self, computer: &ComputerId) -> bool {
        todo!()
    }

    /// R1b: whether a feed's grant and certificate were rightful in their own causal past and gave editor or owner.
    #[must_use]
    pub fn is_licensed(&self, header: &FeedHeader) -> bool {
        todo!()
    }

    /// R1: the cuts in force on a feed: empty when it is open; `(0, None)` when its grant is not in force.
    #[must_use]
    pub fn cuts(&self, header: &FeedHeader) -> Vec<(u64, Option<EntryHash>)> {
        todo!()
    }

    /// R4: lower is more senior (depth in the grant tree, then depth in the graph, then hash).
    #[must_use]
    pub fn seniority(&self, person: &PersonId) -> (usize, usize, Option<OpHash>) {
        todo!()
    }

    /// The cuts an operation ending the rights of `person` (or of one `computer` of theirs) must carry, from the valid vector.
    #[must_use]
    pub fn cuts_for(&self, person: &PersonId, computer: Option<&ComputerId>, headers: &BTreeMap<FeedId, FeedHeader>, vector: &Vector) -> Vec<Cut> {
        todo!()
    }

    /// The operations it was folded from.
    #[must_use]
    pub fn ops(&self) -> &BTreeMap<OpHash, VerifiedOp> {
        &self.ops
    }

    /// An operation with everything it rests on, parents first: what a removed computer is served (R6).
    #[must_use]
    pub fn causal_past(&self, of: &BTreeSet<OpHash>) -> Vec<VerifiedOp> {
        todo!()
    }
}
