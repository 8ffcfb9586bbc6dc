//! What people, networks and disks do.

use tuttu_engine::api::{Answer, Command, ListFilter, Outcome, Query, RecordRef};
use tuttu_model::FieldEdit;
use tuttu_sync::pairing::InvitationState;

use super::link::Link;
use super::vault::Invited;
use super::world::{SPACE, World};

/// Links between the same two vaults at the same time.
const LINKS: usize = 2;
/// Copies of vaults in one run.
const CLONES: usize = 2;

impl World {
    /// One random step, after which everything is held against the model.
    pub fn step(&mut self) {
        let hurry = self.random.chance(90);
        let longest = if hurry { 60_000 } else { 20 * 24 * 3_600_000 };
        let passed = i64::try_from(self.random.below(longest)).unwrap_or(0);
        self.time.pass(passed);
        let who = self.random.below(self.vaults.len());
        if self.further_computers && self.random.chance(5) {
            self.change_computers(who);
            return self.look();
        }
        match self.random.below(1_000) {
            0..170 => self.write(who),
            170..300 => self.connect(who),
            300..720 => {
                let events = 1 + self.random.below(60);
                self.advance(events, true);
            }
            720..750 => self.cut(),
            750..820 => self.change_role(who),
            820..826 => self.leave(who),
            826..846 => self.invite(who),
            846..874 => self.bring(who),
            874..890 => self.crash(who),
            890..905 => self.keep_copy(who),
            905..920 => self.put_back(who),
            920..926 => self.copy_vault(who),
            926..945 => self.part(),
            945..955 => self.note_to_self(who),
            _ => self.forge(who),
        }
        self.look();
    }

    fn people(&self, who: usize) -> Vec<(String, String)> {
        let filter = ListFilter { kind: "person".into(), space: Some(SPACE.into()), limit: 100_000, ..ListFilter::default() };
        match self.vaults[who].engine().query(Query::List { filter }) {
            Ok(Answer::List(page)) => page.rows.into_iter().map(|row| (row.id, row.name)).collect(),
            other => self.fail(&format!("{other:?}")),
        }
    }

    /// Adds records or edits one; who may is exactly who can.
    pub fn write(&mut self, who: usize) {
        if self.sight(who).is_none() {
            return;
        }
        let (people, may) = (self.people(who), self.may_write(who));
        self.written += 1;
        let mut added = Vec::new();
        let command = if people.is_empty() || self.random.chance(45) {
            let count = *self.random.pick(&[1, 1, 1, 2, 3]);
            added = (0..count).map(|number| format!("P{:04}.{number} by {}", self.written, self.name(who))).collect();
            let records = added.iter().map(|name| format!("{{\"name\":\"{name}\"}}")).collect();
            Command::Add { space: Some(SPACE.into()), kind: "person".into(), records }
        } else {
            let (id, _) = self.random.pick(&people).clone();
            let field = (*self.random.pick(&["notes", "birthday", "nickname"])).to_owned();
            let edit = FieldEdit::Set { field, label: None, value: format!("value {} of {}", self.written, self.name(who)) };
            Command::Edit { record: RecordRef { space: Some(SPACE.into()), id }, edits: vec![edit] }
        };
        let result = self.vaults[who].engine().execute(command);
        self.tell(format!("{} writes {}: {may}", self.name(who), self.written));
        self.require(result.is_ok() == may, || format!("{} may write: {may}, but: {result:?}", self.name(who)));
        if !may {
            return;
        }
        let before = self.sight(who).map(|sight| sight.held.clone()).unwrap_or_default();
        self.touch(who);
        self.look();
        let Some(sight) = self.sight(who) else { return };
        let new: Vec<_> = sight.held.difference(&before).copied().collect();
        let [entry] = new.as_slice() else { self.fail(&format!("one commit made entries {new:x?}")) };
        self.require(sight.valid.contains(entry), || format!("what {} wrote is not valid where it was written", self.name(who)));
        let entry = *entry;
        self.vaults[who].memory.saved.extend(added.into_iter().map(|name| (name, entry)));
        self.count("writes");
    }

    /// Something private, which must never leave.
    fn note_to_self(&mut self, who: usize) {
        let record = format!("{{\"name\":\"SECRET of {}\"}}", self.name(who));
        let command = Command::Add { space: None, kind: "person".into(), records: vec![record] };
        let added = self.vaults[who].engine().execute(command);
        // Where it is no computer of the person any more, it writes nothing.
        self.require(added.is_ok() || self.further_computers, || format!("{added:?}"));
        self.note_holdings(who);
    }

    // The network.

    fn connect(&mut self, who: usize) {
        let other = self.random.below(self.vaults.len());
        let between = |link: &&Link| link.is_of(who) && link.is_of(other) && !link.cut;
        if !self.reaches(who, other) || self.links.iter().filter(between).count() >= LINKS {
            return;
        }
        self.tell(format!("{} connects to {}", self.name(who), self.name(other)));
        let link = Link::new(&self.vaults, who, other, &mut self.random);
        self.links.push(link);
        let events = self.random.below(80);
        self.advance(events, true);
    }

    fn cut(&mut self) {
        if self.links.is_empty() {
            return;
        }
        let at = self.random.below(self.links.len());
        self.tell(format!("a link of {} is cut", self.name(self.links[at].ends[0].vault)));
        self.links[at].break_off(&mut self.random);
    }

    /// The network falls into two parts, or becomes one again.
    fn part(&mut self) {
        if self.parts.is_some() && self.random.chance(60) {
            self.tell("the network is whole again".into());
            self.parts = None;
            return;
        }
        let parts: Vec<usize> = (0..self.vaults.len()).map(|_| self.random.below(2)).collect();
        self.tell(format!("the network parts: {parts:?}"));
        self.count("partitions");
        self.parts = Some(parts);
        let mut links = std::mem::take(&mut self.links);
        for link in &mut links {
            if !self.reaches(link.ends[0].vault, link.ends[1].vault) {
                link.break_off(&mut self.random);
            }
        }
        self.links = links;
    }

    // Members.

    fn change_role(&mut self, who: usize) {
        let member = self.random.below(self.vaults.len());
        if self.sight(who).is_none() || self.vaults[member].computer() == self.vaults[who].computer() {
            return;
        }
        let person = self.vaults[member].name.split(['-', '+']).next().unwrap_or_default().to_owned();
        let role = (*self.random.pick(&["viewer", "editor", "editor", "owner", "none"])).to_owned();
        let command = Command::SetRole { space: SPACE.into(), member: person.clone(), role: role.clone() };
        // Refused for whoever is not an owner; the simulation goes on either way.
        let done = self.vaults[who].engine().execute(command).is_ok();
        self.tell(format!("{} makes {person} {role}: {done}", self.name(who)));
        if done {
            self.count("changes of role");
            self.touch(who);
        }
    }

    fn leave(&mut self, who: usize) {
        // Were the founder to leave often, most runs would soon have nobody to let anybody in.
        if !self.may_read(who) || who == 0 && self.random.chance(80) {
            return;
        }
        let left = self.vaults[who].engine().execute(Command::LeaveSpace { space: SPACE.into() });
        self.tell(format!("{} leaves: {}", self.name(who), left.is_ok()));
        self.require(left.is_ok(), || format!("{} cannot leave: {left:?}", self.name(who)));
        self.count("leaves");
        self.touch(who);
    }

    /// Makes an invitation, or takes one back.
    fn invite(&mut self, who: usize) {
        if self.sight(who).is_none() {
            return;
        }
        let open: Vec<usize> =
            (0..self.vaults[who].memory.invited.len()).filter(|at| !self.vaults[who].memory.invited[*at].withdrawn).collect();
        if !open.is_empty() && self.random.chance(25) {
            let at = *self.random.pick(&open);
            let id = self.vaults[who].memory.invited[at].id.clone();
            let done = self.vaults[who].engine().execute(Command::WithdrawInvitation { invitation: id });
            let invited = &mut self.vaults[who].memory.invited[at];
            let unused = invited.used.is_none();
            invited.withdrawn |= unused;
            // One that was used is refused: who brought it is a member.
            self.require(done.is_ok() == unused, || format!("{done:?}"));
            return;
        }
        let role = *self.random.pick(&["viewer", "editor", "editor", "owner"]);
        let expires_in = *self.random.pick(&[3_600, 7 * 24 * 3_600, 60 * 24 * 3_600, 60 * 24 * 3_600]);
        if let Some(id) = self.make_invitation(who, role, expires_in) {
            let expires = self.vaults[who].seconds() + i64::from(expires_in);
            self.vaults[who].memory.invited.push(Invited { id, expires, used: None, withdrawn: false });
            self.tell(format!("{} invites a {role}", self.name(who)));
        }
    }

    fn make_invitation(&self, who: usize, role: &str, expires_in: u32) -> Option<String> {
        let invite = Command::Invite {
            space: SPACE.into(),
            role: role.into(),
            expires_in,
            auto: true,
            for_whom: String::new(),
            hints: Vec::new(),
            relay: None,
        };
        match self.vaults[who].engine().execute(invite) {
            Ok(Outcome::Invitation { invitation }) => Some(invitation.id),
            _ => None,
        }
    }

    /// Somebody brings an invitation: it works exactly when its maker's clock says so, once.
    fn bring(&mut self, who: usize) {
        let outside: Vec<usize> = (0..self.vaults.len()).filter(|who| !self.may_read(*who)).collect();
        let guest = if outside.is_empty() || self.random.chance(30) { who } else { *self.random.pick(&outside) };
        let hosts: Vec<usize> = (0..self.vaults.len()).filter(|host| !self.vaults[*host].memory.invited.is_empty()).collect();
        if hosts.is_empty() {
            return;
        }
        let host = *self.random.pick(&hosts);
        if !self.reaches(guest, host) {
            return;
        }
        let at = self.random.below(self.vaults[host].memory.invited.len());
        let invited = self.vaults[host].memory.invited[at].clone();
        let joiner = self.vaults[guest].computer();
        let expected = match invited.used {
            Some(user) if user == joiner => InvitationState::Admitted,
            Some(_) => InvitationState::Used,
            None if invited.withdrawn => InvitationState::Withdrawn,
            None if invited.expires <= self.vaults[host].seconds() => InvitationState::Expired,
            None => InvitationState::Open,
        };
        let lookup = (0..16).map(|at| u8::from_str_radix(&invited.id[2 * at..2 * at + 2], 16).expect("hexadecimal"));
        let lookup: Vec<u8> = lookup.collect();
        let terms = self.vaults[host].engine().invitation(&lookup.try_into().expect("16 bytes"), &joiner);
        let terms = terms.expect("readable").expect("it was made here");
        self.require(terms.state == expected, || format!("an invitation of {}: {:?}, not {expected:?}", self.name(host), terms.state));
        self.tell(format!("{} brings an invitation of {}: {expected:?}", self.name(guest), self.name(host)));
        match expected {
            InvitationState::Expired => self.count("expired invitations"),
            InvitationState::Open | InvitationState::Admitted if self.take_in(host, guest, &invited.id) => {
                self.vaults[host].memory.invited[at].used = Some(joiner);
                self.count("invitations used");
            }
            _ => {}
        }
    }

    /// What pairing does after both agreed. Says whether the guest was let in.
    fn take_in(&mut self, host: usize, guest: usize, invitation: &str) -> bool {
        let (inviter, joiner) = (self.vaults[host].engine(), self.vaults[guest].engine());
        // None where it is not one of the person's computers any more.
        let Ok(certificate) = joiner.join_certificates(&self.space) else { return false };
        let (_, name, _) = joiner.introduction().expect("a name");
        let Ok(ops) = inviter.admit(invitation, &joiner.computer(), certificate, &name) else { return false };
        let joined = joiner.joined(&self.space, ops);
        self.touch(host);
        self.touch(guest);
        // Asked again for somebody who was let in before and removed since, the host only repeats what it knows.
        joined.is_ok()
    }

    /// Lets somebody in with an invitation made for them.
    pub fn let_in(&mut self, host: usize, guest: usize, role: &str) {
        let invitation = self.make_invitation(host, role, 3_600).expect("an invitation");
        let let_in = self.take_in(host, guest, &invitation);
        self.require(let_in, || format!("{} was not let in", self.name(guest)));
    }

    // Disks.

    fn keep_copy(&mut self, who: usize) {
        self.tell(format!("{} keeps a copy", self.name(who)));
        self.lose_links(who);
        self.vaults[who].take_snapshot();
        self.touched.insert(who);
    }

    /// An old copy of the vault is put back.
    fn put_back(&mut self, who: usize) {
        let noticed = self.random.chance(50);
        self.lose_links(who);
        if self.vaults[who].put_back(noticed) {
            self.tell(format!("{} is put back, noticed: {noticed}", self.name(who)));
            self.count("old copies put back");
            self.two_histories = true;
        }
        // What it held before is nothing to hold it to any more.
        self.sights[who] = None;
        self.touched.insert(who);
    }

    fn copy_vault(&mut self, who: usize) {
        if self.copies() < CLONES {
            let noticed = self.random.chance(40);
            self.copy(who, noticed);
        }
    }

    fn copies(&self) -> usize {
        self.vaults.iter().filter(|vault| vault.name.contains('-')).count()
    }

    /// A copy of the vault goes on beside it, with the same keys, and notices that it is one, or not. Gives its number.
    pub fn copy(&mut self, who: usize, noticed: bool) -> usize {
        let clones = self.copies();
        let name = format!("{}-{}", self.name(who), clones + 1);
        self.tell(format!("{} is copied as {name}, noticed: {noticed}", self.name(who)));
        self.count("copied vaults");
        self.two_histories = true;
        self.lose_links(who);
        let surroundings = self.surroundings();
        let clone = self.vaults[who].clone_to(&name, surroundings, noticed);
        self.vaults.push(clone);
        self.sights.push(None);
        if let Some(parts) = &mut self.parts {
            parts.push(parts[who]);
        }
        self.touched.extend([who, self.vaults.len() - 1]);
        self.look();
        self.vaults.len() - 1
    }

    /// A command that must succeed.
    pub fn order(&mut self, who: usize, command: Command) {
        let done = self.vaults[who].engine().execute(command);
        self.require(done.is_ok(), || format!("{done:?}"));
        self.touch(who);
        self.look();
    }

    /// Gives somebody a role, which must succeed.
    pub fn set_role(&mut self, who: usize, member: &str, role: &str) {
        self.order(who, Command::SetRole { space: SPACE.into(), member: member.into(), role: role.into() });
    }

    /// Edits every record shown to somebody, and so builds on all that is accepted there.
    pub fn edit_all(&mut self, who: usize) {
        for (id, _) in self.people(who) {
            self.written += 1;
            let value = format!("edit {} by {}", self.written, self.name(who));
            let edit = FieldEdit::Set { field: "nickname".into(), label: None, value };
            self.order(who, Command::Edit { record: RecordRef { space: Some(SPACE.into()), id }, edits: vec![edit] });
        }
    }
}
