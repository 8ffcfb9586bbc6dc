//! People with several computers: letting the next one in, taking one out, and owners who take out one of somebody else's.

use tuttu_engine::api::{Answer, Command, Outcome, Query};

use super::vault::Vault;
use super::world::{SPACE, World};

/// Further computers in one run.
const FURTHER: usize = 4;

impl World {
    /// Something about somebody's computers.
    pub(super) fn change_computers(&mut self, who: usize) {
        match self.random.below(100) {
            0..55 => self.add_computer(who),
            55..80 => self.revoke_computer(who),
            _ => self.exclude_computer(who),
        }
    }

    /// What pairing does after both agreed, with a computer on which there was nothing before.
    fn add_computer(&mut self, who: usize) {
        let further = self.vaults.iter().filter(|vault| vault.name.contains('+')).count();
        if further >= FURTHER {
            return;
        }
        let invite = Command::InviteComputer { expires_in: 600, auto: true, hints: Vec::new(), relay: None };
        // Refused where this computer was taken out, or nobody vouches for it any more.
        let Ok(Outcome::Invitation { invitation }) = self.vaults[who].engine().execute(invite) else { return };
        let person = self.name(who).split(['-', '+']).next().unwrap_or_default();
        let name = format!("{person}+{}", further + 1);
        let surroundings = self.surroundings();
        let guest = Vault::unfinished(self.folder(), &name, surroundings);
        let host = self.vaults[who].engine();
        let (person, person_name, _) = host.introduction().expect("readable");
        let consent = guest.engine().consent_to(&person);
        let spaces = host.add_computer(&invitation.id, &guest.computer(), &name, consent);
        // A computer that does not know yet that it was taken out lets others in, which will not count.
        let Ok(spaces) = spaces else { self.fail(&format!("{} cannot let {name} in: {spaces:?}", self.name(who))) };
        let became = guest.engine().become_computer_of(person, &person_name, spaces);
        self.require(became.is_ok(), || format!("{name} cannot become a computer: {became:?}"));
        self.tell(format!("{} lets {name} in", self.name(who)));
        self.count("computers added");
        self.vaults.push(guest);
        self.sights.push(None);
        if let Some(parts) = &mut self.parts {
            parts.push(parts[who]);
        }
        self.touch(who);
        self.touch(self.vaults.len() - 1);
    }

    fn revoke_computer(&mut self, who: usize) {
        let Ok(Answer::Computers(computers)) = self.vaults[who].engine().query(Query::Computers) else { self.fail("no computers") };
        let able: Vec<_> = computers.into_iter().filter(|own| own.revocable).collect();
        if able.len() < 2 {
            return;
        }
        let own = self.random.pick(&able).computer.clone();
        if own.this && self.random.chance(70) {
            return;
        }
        let done = self.vaults[who].engine().execute(Command::RevokeComputer { computer: own.id });
        self.tell(format!("{} takes out {}: {}", self.name(who), own.name, done.is_ok()));
        self.require(done.is_ok(), || format!("{} cannot take out {}: {done:?}", self.name(who), own.name));
        self.count("computers revoked");
        self.touch(who);
    }

    fn exclude_computer(&mut self, who: usize) {
        if self.sight(who).is_none() {
            return;
        }
        let Ok(Answer::Space(detail)) = self.vaults[who].engine().query(Query::Space { space: SPACE.into() }) else {
            self.fail("no space")
        };
        let others = detail.members.into_iter().filter(|member| !member.me && member.computers.len() > 1);
        let pairs: Vec<_> =
            others.flat_map(|member| member.computers.into_iter().map(move |computer| (member.id.clone(), computer))).collect();
        if pairs.is_empty() {
            return;
        }
        let (member, computer) = self.random.pick(&pairs).clone();
        let command = Command::ExcludeComputer { space: SPACE.into(), member, computer: computer.id };
        // Refused for whoever is not an owner, or whom it does not reach.
        let done = self.vaults[who].engine().execute(command).is_ok();
        self.tell(format!("{} excludes {}: {done}", self.name(who), computer.name));
        if done {
            self.count("computers excluded");
            self.touch(who);
        }
    }
}
