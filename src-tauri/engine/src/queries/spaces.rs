use std::collections::BTreeMap;

use tuttu_model::{ComputerId, SpaceId};
use tuttu_store::Reader;
use tuttu_store::rows::{AckRow, SpaceRow};
use tuttu_sync::feed::Vector;
use tuttu_sync::membership::{Member, Role};

use crate::api::{ComputerView, MemberView, SpaceDetail, SpaceSummary, VaultStatus};
use crate::clock;
use crate::engine::Inner;
use crate::failure::Failure;
use crate::pairing::invitation_view;

impl Inner {
    pub(crate) fn status(&self, reader: &Reader<'_>) -> Result<VaultStatus, Failure> {
        let mut rows = reader.spaces()?;
        rows.sort_by_key(|row| (!row.private, row.since));
        let mut spaces = Vec::with_capacity(rows.len());
        for row in &rows {
            spaces.push(self.summary(reader, row)?);
        }
        let undo = self.undo_state(reader)?;
        Ok(VaultStatus {
            person: self.person().to_string(),
            person_name: self.person_name(reader)?,
            computer: self.computer.to_string(),
            computer_name: self.computer_name(reader)?,
            people: spaces.iter().map(|space| space.people).sum(),
            orgs: spaces.iter().map(|space| space.orgs).sum(),
            conflicts: reader.counts()?.conflicts,
            damaged: reader.damaged_records()?,
            rebuilding: !reader.projections_are_current()?,
            can_undo: undo.undo.map(|row| row.label).unwrap_or_default(),
            can_redo: undo.redo.map(|row| row.label).unwrap_or_default(),
            sync: self.sync_line(reader)?,
            spaces,
        })
    }

    fn summary(&self, reader: &Reader<'_>, row: &SpaceRow) -> Result<SpaceSummary, Failure> {
        let membership = self.membership(reader, &row.id)?;
        let counts = reader.counts()?.spaces.into_iter().find(|counts| counts.space == row.id);
        let (people, orgs, activities) = counts.map_or((0, 0, 0), |counts| (counts.people, counts.orgs, counts.activities));
        let members = self.member_views(reader, &row.id)?.into_iter().filter(|member| !member.me && member.role != "none").collect();
        Ok(SpaceSummary {
            id: row.id.to_string(),
            name: row.name.clone(),
            private: row.private,
            // The person may be in it and this computer not: it was revoked, or taken out.
            role: if membership.may_read(&self.computer) { membership.role(&self.person()) } else { Role::None }.as_str().to_owned(),
            people,
            orgs,
            activities,
            members,
        })
    }

    pub(crate) fn space_detail(&self, reader: &Reader<'_>, space: &str) -> Result<SpaceDetail, Failure> {
        let row = self.space(reader, space)?;
        let mut members = self.member_views(reader, &row.id)?;
        members.sort_by_key(|member| !member.me);
        let mut invitations: Vec<_> = reader.invitations(&row.id)?.iter().map(|row| invitation_view(row, self.now())).collect();
        invitations.retain(|invitation| invitation.state == "open" || invitation.state == "expired");
        invitations.reverse();
        Ok(SpaceDetail { summary: self.summary(reader, &row)?, members, invitations, requests: Vec::new() })
    }

    /// Everyone who is or was a member, with what each of their computers has confirmed.
    pub(crate) fn member_views(&self, reader: &Reader<'_>, space: &SpaceId) -> Result<Vec<MemberView>, Failure> {
        let membership = self.membership(reader, space)?;
        let vector = reader.vector(space)?;
        let blocked = self.blocked(reader)?;
        let acks: BTreeMap<ComputerId, AckRow> =
            reader.acks()?.into_iter().filter(|ack| ack.space == *space).map(|ack| (ack.computer, ack)).collect();
        let evidence = self.evidence(reader, space)?;
        let mut views = Vec::new();
        for member in membership.members() {
            let person = member.person;
            let mut view = self.member_view(reader, space, member, &vector, &acks)?;
            view.blocked = blocked.contains(&person);
            for computer in &mut view.computers {
                if let Some(said) = computer.id.parse().ok().and_then(|id: ComputerId| evidence.get(&id)) {
                    computer.trouble.clone_from(said);
                }
            }
            views.push(view);
        }
        Ok(views)
    }

    fn member_view(
        &self,
        reader: &Reader<'_>,
        space: &SpaceId,
        member: Member,
        vector: &Vector,
        acks: &BTreeMap<ComputerId, AckRow>,
    ) -> Result<MemberView, Failure> {
        let mut computers = Vec::with_capacity(member.computers.len());
        let serves = member.role >= Role::Viewer;
        for (computer, name) in member.computers {
            let ack = acks.get(&computer);
            let this = computer == self.computer;
            let has_all = ack.is_some_and(|ack| ack.vector.covers(vector));
            let pending = match (this || !serves || has_all, ack) {
                (true, _) => 0,
                (false, Some(ack)) => reader.pending_for(space, &ack.vector)?,
                (false, None) => reader.pending_for(space, &Vector::default())?,
            };
            computers.push(ComputerView {
                id: computer.to_string(),
                name,
                this,
                state: if self.caches().reachable.contains(&computer) { "direct" } else { "away" }.to_owned(),
                last_seen: reader.setting(&format!("net.seen.{computer}"))?.unwrap_or_default(),
                last_ack: ack.filter(|_| has_all).map(|ack| clock::rfc3339(ack.at)).unwrap_or_default(),
                pending: u32::try_from(pending).unwrap_or(u32::MAX),
                trouble: reader.setting(&format!("net.trouble.{computer}"))?.unwrap_or_default(),
            });
        }
        Ok(MemberView {
            id: member.person.to_string(),
            name: member.name,
            role: member.role.as_str().to_owned(),
            me: member.person == self.person(),
            blocked: false,
            computers,
        })
    }
}
