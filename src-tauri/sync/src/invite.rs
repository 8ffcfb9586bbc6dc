//! Invitation links: `tuttu://join/BASE32` for a space, `tuttu://computer/BASE32` for one's own next computer.
//!
//! The envelope stays the same in every version: version byte, length of the body (two bytes, big-endian), body, four bytes of
//! checksum. So an old app can tell a link that is cut off from a link that is too new.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tuttu_model::{ComputerId, SpaceId};

use crate::limits::{LINK_BYTES, NAME_CHARS};
use crate::membership::Role;
use crate::signing;

const VERSION: u8 = 1;
const HEAD: usize = 3;
const CHECKSUM: usize = 4;
const CHECKSUM_CONTEXT: &str = "tuttu link checksum v1";
const LOOKUP_CONTEXT: &str = "tuttu invitation lookup v1";
/// Address hints in one link.
const HINTS: usize = 16;
/// Bytes of one address hint or relay address.
const HINT_BYTES: usize = 255;

/// Why a link was not accepted. The text is for the person who pasted it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Something else was pasted.
    #[error("This is not a Tuttu link. It should begin with tuttu://join/ or tuttu://computer/.")]
    NotALink,
    /// Characters are missing at the end.
    #[error("The link is cut off. Copy the whole link, or ask for it again.")]
    CutOff,
    /// A character is wrong, or several are missing in the middle.
    #[error("The link is cut off or mistyped. Copy it again instead of typing it.")]
    Mistyped,
    /// Made by a newer version of the app.
    #[error("The link was made by a newer Tuttu. Update this one and try again.")]
    Newer,
    /// Longer than any link may be.
    #[error("This is too long to be a Tuttu link.")]
    TooLong,
}

/// The one-time secret of an invitation. Never printed; compared in constant time.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Secret(pub [u8; 16]);

impl Secret {
    /// The name under which the inviter finds the invitation without the secret being sent.
    #[must_use]
    pub fn lookup(&self) -> LookupId {
        let mut id = [0; 16];
        id.copy_from_slice(signing::hash(LOOKUP_CONTEXT, &self.0).split_at(16).0);
        LookupId(id)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        // Comparing hashes takes the same time wherever the first difference is.
        blake3::hash(&self.0) == blake3::hash(&other.0)
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Names an invitation at the inviter: the first 16 bytes of a hash of its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LookupId(pub [u8; 16]);

/// Where the inviter's computer may be found. Hints only: the computer's key says who answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hints {
    /// Addresses as `ip:port`.
    pub addrs: Vec<String>,
    /// The relay, if one was chosen.
    pub relay: Option<String>,
}

/// An invitation into a space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The computer to dial.
    pub inviter: ComputerId,
    /// Where to look for it.
    pub hints: Hints,
    /// The space.
    pub space: SpaceId,
    /// Its name, where the inviter put it into the link.
    pub space_name: Option<String>,
    /// The role offered.
    pub role: Role,
    /// When it ends, in seconds since 1970. Only the inviter's clock judges it.
    pub expires: i64,
    /// The one-time secret.
    pub secret: Secret,
    /// Whoever brings the link is let in without comparing words, if they agree.
    pub auto: bool,
}

/// An invitation for one's own next computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComputerInvitation {
    /// The computer to dial.
    pub inviter: ComputerId,
    /// Where to look for it.
    pub hints: Hints,
    /// When it ends, in seconds since 1970.
    pub expires: i64,
    /// The one-time secret.
    pub secret: Secret,
    /// Let in without comparing words, if the new computer agrees.
    pub auto: bool,
}

/// Any link of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Into a space.
    Join(Invitation),
    /// One's own next computer.
    Computer(ComputerInvitation),
}

impl Link {
    /// The computer to dial.
    #[must_use]
    pub fn inviter(&self) -> ComputerId {
        match self {
            Self::Join(invitation) => invitation.inviter,
            Self::Computer(invitation) => invitation.inviter,
        }
    }

    /// Where to look for it.
    #[must_use]
    pub fn hints(&self) -> &Hints {
        match self {
            Self::Join(invitation) => &invitation.hints,
            Self::Computer(invitation) => &invitation.hints,
        }
    }

    /// The one-time secret.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        match self {
            Self::Join(invitation) => &invitation.secret,
            Self::Computer(invitation) => &invitation.secret,
        }
    }

    /// The space it leads into; `None` for a computer link.
    #[must_use]
    pub fn space(&self) -> Option<SpaceId> {
        match self {
            Self::Join(invitation) => Some(invitation.space),
            Self::Computer(_) => None,
        }
    }
}

impl fmt::Display for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_link(f, Target::Join, self)
    }
}

impl fmt::Display for ComputerInvitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_link(f, Target::Computer, self)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Join(invitation) => invitation.fmt(f),
            Self::Computer(invitation) => invitation.fmt(f),
        }
    }
}

impl FromStr for Link {
    type Err = LinkError;

    /// Reads a link as people paste it: any case, with or without `//`, broken over lines, in angle brackets or quotes.
    fn from_str(text: &str) -> Result<Self, LinkError> {
        if text.len() > 2 * LINK_BYTES {
            return Err(LinkError::TooLong);
        }
        let (target, digits) = split(text)?;
        let body = open_envelope(target, &digits)?;
        let link = match target {
            Target::Join => Self::Join(decode(&body)?),
            Target::Computer => Self::Computer(decode(&body)?),
        };
        if link.is_within_limits() { Ok(link) } else { Err(LinkError::Mistyped) }
    }
}

impl FromStr for Invitation {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        match text.parse()? {
            Link::Join(invitation) => Ok(invitation),
            Link::Computer(_) => Err(LinkError::NotALink),
        }
    }
}

impl FromStr for ComputerInvitation {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        match text.parse()? {
            Link::Computer(invitation) => Ok(invitation),
            Link::Join(_) => Err(LinkError::NotALink),
        }
    }
}

impl Link {
    fn is_within_limits(&self) -> bool {
        let hints = self.hints();
        let short = |text: &String| text.len() <= HINT_BYTES && !text.chars().any(char::is_control);
        let name = match self {
            Self::Join(invitation) => invitation.space_name.as_deref(),
            Self::Computer(_) => None,
        };
        let role = match self {
            Self::Join(invitation) => invitation.role != Role::None,
            Self::Computer(_) => true,
        };
        role && hints.addrs.len() <= HINTS
            && hints.addrs.iter().all(short)
            && hints.relay.iter().all(short)
            && name.is_none_or(|name| name.chars().count() <= NAME_CHARS && !name.chars().any(char::is_control))
    }
}

/// What a link leads to; part of the checksum, so that the two kinds cannot be swapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Join,
    Computer,
}

impl Target {
    fn word(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Computer => "computer",
        }
    }
}

fn checksum(target: Target, envelope: &[u8]) -> [u8; CHECKSUM] {
    let mut input = target.word().as_bytes().to_vec();
    input.push(0);
    input.extend_from_slice(envelope);
    let mut sum = [0; CHECKSUM];
    sum.copy_from_slice(signing::hash(CHECKSUM_CONTEXT, &input).split_at(CHECKSUM).0);
    sum
}

fn write_link<T: Serialize>(f: &mut fmt::Formatter<'_>, target: Target, body: &T) -> fmt::Result {
    let body = postcard::to_stdvec(body).map_err(|_| fmt::Error)?;
    let length = u16::try_from(body.len()).map_err(|_| fmt::Error)?;
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&body);
    let sum = checksum(target, &bytes);
    bytes.extend_from_slice(&sum);
    write!(f, "tuttu://{}/{}", target.word(), data_encoding::BASE32_NOPAD.encode(&bytes))
}

/// Takes the pasted text apart into the kind of link and its digits in upper case.
fn split(text: &str) -> Result<(Target, String), LinkError> {
    // Mail programs break lines, quote them with ">" and hide zero-width marks; none of these is a digit.
    let ignored =
        |c: &char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    let text: String = text.chars().filter(|c| !ignored(c)).collect::<String>().to_ascii_uppercase();
    let rest = text.strip_prefix("TUTTU:").ok_or(LinkError::NotALink)?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (word, digits) = rest.split_once('/').unwrap_or((rest, ""));
    let target = match word {
        "JOIN" => Target::Join,
        "COMPUTER" => Target::Computer,
        _ => return Err(LinkError::NotALink),
    };
    Ok((target, digits.trim_end_matches(['/', '.', ',', ')', ';']).to_owned()))
}

fn open_envelope(target: Target, digits: &str) -> Result<Vec<u8>, LinkError> {
    if digits.len() > LINK_BYTES {
        return Err(LinkError::TooLong);
    }
    let usable = whole_digits(digits);
    let bytes = data_encoding::BASE32_NOPAD.decode(usable.as_bytes()).map_err(|error| match error.kind {
        // Bits left over after the last digit: the rest of the link is missing.
        data_encoding::DecodeKind::Trailing => LinkError::CutOff,
        _ => LinkError::Mistyped,
    })?;
    let &[version, high, low, ..] = bytes.as_slice() else { return Err(LinkError::CutOff) };
    let end = HEAD + usize::from(u16::from_be_bytes([high, low]));
    if bytes.len() < end + CHECKSUM {
        return Err(LinkError::CutOff);
    }
    let (envelope, sum) = bytes.split_at(end);
    if sum != checksum(target, envelope) {
        return Err(LinkError::Mistyped);
    }
    if version != VERSION {
        return Err(LinkError::Newer);
    }
    Ok(envelope.split_at(HEAD).1.to_vec())
}

/// Leaves off what cannot end a base 32 text (a link cut off there), so that the length can be judged.
fn whole_digits(digits: &str) -> &str {
    let extra = match digits.len() % 8 {
        1 | 3 | 6 => 1,
        _ => 0,
    };
    digits.get(..digits.len() - extra).unwrap_or(digits)
}

fn decode<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, LinkError> {
    match postcard::take_from_bytes(body) {
        Ok((value, [])) => Ok(value),
        _ => Err(LinkError::Mistyped),
    }
}

#[cfg(test)]
mod tests;
