//! Invitations: making them offline, finding the one somebody brings, letting its bearer in, and being let in.

use tuttu_model::{ComputerId, OpHash, PersonId, SpaceId};
use tuttu_store::rows::{InvitationRow, SpaceRow};
use tuttu_store::{Lane, Reader};
use tuttu_sync::invite::{Hints, Invitation, Secret};
use tuttu_sync::limits::OPS;
use tuttu_sync::membership::{Membership, Role, SignedOp};
use tuttu_sync::pairing::InvitationState;

use crate::api::{ErrorCode, ErrorView, Event, InvitationView, Outcome};
use crate::clock;
use crate::engine::{Engine, Inner};
use crate::failure::{Failure, not_found};
use crate::members::parse_role;
use crate::resolve::one;

/// Where the role would stand in an invitation for one of the person's own computers.
pub(crate) const COMPUTER: &str = "computer";
/// The longest an invitation may work: 90 days.
const LONGEST: u32 = 90 * 24 * 3_600;

/// What `invite` was asked for.
#[derive(Debug, Clone)]
pub(crate) struct InviteTerms {
    pub(crate) space: String,
    pub(crate) role: String,
    pub(crate) expires_in: u32,
    pub(crate) auto: bool,
    pub(crate) for_whom: String,
    pub(crate) hints: Vec<String>,
    pub(crate) relay: Option<String>,
}

/// An invitation that was brought to this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationTerms {
    /// Its id.
    pub id: String,
    /// The space; for a computer the private one.
    pub space: SpaceId,
    /// The space's name.
    pub space_name: String,
    /// The role it gives; `None` when it lets in one of the person's own computers.
    pub role: Option<Role>,
    /// Whose invitation it is.
    pub person: PersonId,
    /// When it runs out, in seconds since 1970.
    pub expires: i64,
    /// The one-time secret.
    pub secret: Secret,
    /// The inviter approved whoever brings it.
    pub auto: bool,
    /// Whether it can be used now, by this joiner.
    pub state: InvitationState,
    /// The inviter's name.
    pub inviter_name: String,
    /// The name of this computer.
    pub computer_name: String,
}

impl Engine {
    pub(crate) fn invite(&self, terms: &InviteTerms) -> Result<Outcome, ErrorView> {
        let role = parse_role(&terms.role)?;
        if role == Role::None || terms.expires_in == 0 || terms.expires_in > LONGEST {
            return Err(ErrorView::new(ErrorCode::Invalid, "An invitation gives a role and works for up to 90 days.", ""));
        }
        let secret = Secret(self.inner.random()?);
        let terms = terms.clone();
        let row = self.inner.write(Lane::Local, move |inner, tx| {
            let space = inner.space(tx, &terms.space)?;
            if space.private {
                return Err(ErrorView::new(
                    ErrorCode::Invalid,
                    "“My own” is never shared with others.",
                    "Make a space and move into it what you want to share.",
                )
                .into());
            }
            let membership = inner.membership(tx, &space.id)?;
            if membership.role(&inner.person()) != Role::Owner {
                let message = format!("Only an owner of “{}” can invite.", space.name);
                return Err(ErrorView::new(ErrorCode::NotAllowed, message, "Ask an owner to invite them.").into());
            }
            let made = inner.now();
            let expires = made + i64::from(terms.expires_in);
            let invitation = Invitation {
                inviter: inner.computer,
                hints: Hints { addrs: terms.hints, relay: terms.relay.clone().filter(|relay| !relay.is_empty()) },
                space: space.id,
                space_name: Some(space.name),
                role,
                expires,
                secret,
                auto: terms.auto,
            };
            let row = InvitationRow {
                id: data_encoding::HEXLOWER.encode(&secret.lookup().0),
                space: space.id,
                link: invitation.to_string(),
                role: role.as_str().into(),
                made,
                expires,
                for_whom: terms.for_whom.chars().take(200).collect(),
                relay: terms.relay.unwrap_or_default(),
                auto: terms.auto,
                secret: secret.0,
                state: "open".into(),
            };
            tx.put_invitation(&row)?;
            Ok(row)
        })?;
        self.announce(Event::Changed { spaces: vec![row.space.to_string()], records: Vec::new(), remote: false });
        Ok(Outcome::Invitation { invitation: invitation_view(&row, self.inner.now()) })
    }

    pub(crate) fn withdraw(&self, id: String) -> Result<Outcome, ErrorView> {
        let space = self.inner.write(Lane::Local, move |inner, tx| {
            let row = inner.named_invitation(tx, &id)?;
            if row.state.starts_with("used:") {
                let message = "The invitation was used: who brought it is a member.";
                return Err(ErrorView::new(ErrorCode::Invalid, message, "Nothing was changed. A member is removed, not withdrawn.").into());
            }
            tx.set_invitation_state(&row.id, "withdrawn")?;
            Ok(row.space)
        })?;
        self.announce(Event::Changed { spaces: vec![space.to_string()], records: Vec::new(), remote: false });
        Ok(Outcome::Done)
    }

    /// The invitation whose secret hashes to this lookup id; `None` when this computer made no such invitation.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn invitation(&self, lookup: &[u8; 16], joiner: &ComputerId) -> Result<Option<InvitationTerms>, ErrorView> {
        let id = data_encoding::HEXLOWER.encode(lookup);
        self.inner.read(|reader| {
            let Some(row) = reader.invitation(&id)? else { return Ok(None) };
            let space_name = reader.space(&row.space)?.map(|space| space.name).unwrap_or_default();
            Ok(Some(InvitationTerms {
                state: state_for(&row, joiner, self.inner.now()),
                id: row.id,
                space: row.space,
                space_name,
                role: if row.role == COMPUTER { None } else { Some(parse_role(&row.role)?) },
                person: self.inner.person(),
                expires: row.expires,
                secret: Secret(row.secret),
                auto: row.auto,
                inviter_name: self.inner.person_name(reader)?,
                computer_name: self.inner.computer_name(reader)?,
            }))
        })
    }

    /// Lets a joiner in: stores what makes the computer theirs, grants the role, spends the invitation, in one commit. Returns all operations of the space. Asked again
    /// for a joiner who was let in already, it only returns the operations.
    ///
    /// # Errors
    /// When the invitation cannot be used any more or the certificates are not theirs.
    pub fn admit(
        &self,
        invitation: &str,
        joiner: &ComputerId,
        certificates: Vec<SignedOp>,
        person_name: &str,
    ) -> Result<Vec<SignedOp>, ErrorView> {
        let (id, joiner, person_name) = (invitation.to_owned(), *joiner, person_name.to_owned());
        let (space, ops) = self.inner.write(Lane::Local, move |inner, tx| {
            let row = tx.invitation(&id)?.ok_or_else(|| not_found("invitation", &id))?;
            match state_for(&row, &joiner, inner.now()) {
                InvitationState::Admitted => return Ok((row.space, tx.ops(&row.space)?)),
                InvitationState::Open => {}
                InvitationState::Used | InvitationState::Expired | InvitationState::Withdrawn => {
                    return Err(ErrorView::new(ErrorCode::Link, "The invitation cannot be used any more.", "Make a new one.").into());
                }
            }
            let person = certified(&certificates, &row.space, &joiner)?;
            let role = parse_role(&row.role)?;
            if tx.op_count(&row.space)? >= OPS {
                return Err(
                    ErrorView::new(ErrorCode::Invalid, "The space has had too many members: nobody can join.", "Make a new one.").into()
                );
            }
            for certificate in &certificates {
                tx.put_op(&row.space, certificate)?;
            }
            inner.membership_changed(tx, &row.space)?;
            if !inner.membership(tx, &row.space)?.is_live(&person, &joiner) {
                let message = "That computer was taken out of the space once, and cannot come back as it is.";
                return Err(
                    ErrorView::new(ErrorCode::Link, message, "Nobody was let in. Another computer of theirs can use the link.").into()
                );
            }
            // An invitation never lowers what somebody already is.
            if inner.membership(tx, &row.space)?.role(&person) < role {
                inner.grant(tx, &row.space, person, person_name, role)?;
            }
            tx.set_invitation_state(&id, &format!("used:{joiner}"))?;
            Ok((row.space, tx.ops(&row.space)?))
        })?;
        self.announce(Event::Changed { spaces: vec![space.to_string()], records: Vec::new(), remote: false });
        Ok(ops)
    }

    /// This person's key and name and this computer's name: how they introduce themselves.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn introduction(&self) -> Result<(PersonId, String, String), ErrorView> {
        self.inner.read(|reader| Ok((self.inner.person(), self.inner.person_name(reader)?, self.inner.computer_name(reader)?)))
    }

    /// What this computer brings when joining a space: a certificate signed by the person key, or vouchers that lead from it, resting on the genesis.
    ///
    /// # Errors
    /// When the database cannot be read, or this computer is not the person's any more.
    pub fn join_certificates(&self, space: &SpaceId) -> Result<Vec<SignedOp>, ErrorView> {
        self.inner.read(|reader| self.inner.certificates(reader, space))
    }

    /// Takes over the beginning of a space that another of the person's computers tells of; the rest of it comes by exchange.
    ///
    /// # Errors
    /// When it is not the beginning of that space, or cannot be written.
    pub fn announced(&self, space: &SpaceId, genesis: SignedOp) -> Result<(), ErrorView> {
        let space = *space;
        let wrong = || ErrorView::new(ErrorCode::Invalid, "What another of your computers told of is not the beginning of a space.", "");
        let verified = genesis.clone().verify().map_err(|_| wrong())?;
        let name = verified.op().body.founding().map(|founding| founding.name.to_owned()).ok_or_else(wrong)?;
        let private = verified.op().body.founding().is_some_and(|founding| founding.private);
        if verified.space() != space || private {
            return Err(wrong());
        }
        self.inner.write(Lane::Remote, move |inner, tx| {
            if tx.space(&space)?.is_none() {
                tx.put_space(&SpaceRow { id: space, name, private: false, own_feed: None, since: inner.now() })?;
                tx.put_op(&space, &genesis)?;
            }
            Ok(())
        })?;
        self.announce(Event::Changed { spaces: vec![space.to_string()], records: Vec::new(), remote: true });
        Ok(())
    }

    /// Takes over the operations of a space this computer was let into.
    ///
    /// # Errors
    /// When they do not verify, are of another space, or do not let this computer in.
    pub fn joined(&self, space: &SpaceId, ops: Vec<SignedOp>) -> Result<(), ErrorView> {
        let space = *space;
        self.inner.write(Lane::Local, move |inner, tx| {
            let wrong =
                |why: &str| ErrorView::new(ErrorCode::Link, format!("The space was not taken over: {why}."), "Ask for a new invitation.");
            if ops.len() > OPS {
                return Err(wrong(&format!("it has more than {OPS} membership operations")).into());
            }
            let mut verified = Vec::new();
            for op in &ops {
                verified.push(op.clone().verify().map_err(|error| wrong(&error.to_string()))?);
            }
            let membership = Membership::fold(verified);
            if membership.space() != Some(space) {
                return Err(wrong("it is not the one of the invitation").into());
            }
            if !membership.may_read(&inner.computer) {
                return Err(wrong("you are not among its members").into());
            }
            if tx.space(&space)?.is_none() {
                tx.put_space(&SpaceRow { id: space, name: membership.name(), private: false, own_feed: None, since: inner.now() })?;
            }
            for op in &ops {
                tx.put_op(&space, op)?;
            }
            // Somebody who was removed and comes again holds entries already: what counts of them may be another.
            inner.membership_changed(tx, &space)?;
            inner.follow(tx, &space)?;
            Ok(())
        })?;
        self.reapply_own_tray(&space);
        self.announce(Event::Changed { spaces: vec![space.to_string()], records: Vec::new(), remote: false });
        Ok(())
    }
}

impl Inner {
    /// The invitation a text means: its id, or a unique beginning of it.
    fn named_invitation(&self, reader: &Reader<'_>, text: &str) -> Result<InvitationRow, Failure> {
        if let Some(row) = reader.invitation(text)? {
            return Ok(row);
        }
        let mut found = Vec::new();
        for space in reader.spaces()? {
            found.extend(reader.invitations(&space.id)?.into_iter().filter(|row| text.len() > 3 && row.id.starts_with(text)));
        }
        one(found, "invitation", text, |row| format!("{} {}", row.id, row.for_whom))
    }
}

/// The person certificates are for, when they are for this computer in this space and each rests on the one before.
fn certified(certificates: &[SignedOp], space: &SpaceId, joiner: &ComputerId) -> Result<PersonId, Failure> {
    let wrong = |why: &str| ErrorView::new(ErrorCode::Link, format!("The joiner’s certificate is not right: {why}."), "Nobody was let in.");
    let (mut parent, mut last) = (OpHash(space.0), None);
    for certificate in certificates {
        let verified = certificate.clone().verify().map_err(|error| wrong(&error.to_string()))?;
        let op = verified.op();
        let certified = op.body.certified().filter(|_| op.space == Some(*space) && op.parents == [parent]);
        let certified = certified.ok_or_else(|| wrong("it is something else, or for another space"))?;
        last = Some((*certified.person, *certified.computer));
        parent = verified.hash();
    }
    match last {
        Some((person, computer)) if computer == *joiner => Ok(person),
        _ => Err(wrong("it is for another computer").into()),
    }
}

pub(crate) fn state_for(row: &InvitationRow, joiner: &ComputerId, now: i64) -> InvitationState {
    if let Some(user) = row.state.strip_prefix("used:") {
        return if user == joiner.to_string() { InvitationState::Admitted } else { InvitationState::Used };
    }
    match row.state.as_str() {
        "withdrawn" => InvitationState::Withdrawn,
        "open" if row.expires > now => InvitationState::Open,
        "open" => InvitationState::Expired,
        _ => InvitationState::Used,
    }
}

/// An invitation as shown.
pub(crate) fn invitation_view(row: &InvitationRow, now: i64) -> InvitationView {
    let state = match row.state.as_str() {
        "open" if row.expires <= now => "expired",
        "open" => "open",
        "withdrawn" => "withdrawn",
        _ => "used",
    };
    InvitationView {
        id: row.id.clone(),
        link: row.link.clone(),
        qr: qr_rows(&row.link),
        space: row.space.to_string(),
        role: row.role.clone(),
        expires: clock::rfc3339(row.expires),
        made: clock::rfc3339(row.made),
        for_whom: row.for_whom.clone(),
        state: state.into(),
        relay: row.relay.clone(),
        auto: row.auto,
    }
}

/// A QR code as rows of `0` and `1`. Upper case keeps it in the alphanumeric mode, which makes it smaller; links are read in any case.
fn qr_rows(link: &str) -> Vec<String> {
    let Ok(code) = qrcode::QrCode::with_error_correction_level(link.to_ascii_uppercase(), qrcode::EcLevel::L) else {
        return Vec::new();
    };
    let dark = code.to_colors();
    dark.chunks(code.width().max(1))
        .map(|row| row.iter().map(|color| if *color == qrcode::Color::Dark { '1' } else { '0' }).collect())
        .collect()
}
