use serde::{Deserialize, Serialize};
use tuttu_model::query::Warning as QueryWarning;

use super::shape::shape;

shape!(
    /// The vault, its spaces and how its sharing stands.
    VaultStatus {
        /// The person's key id.
        person: String,
        /// The person's name.
        person_name: String,
        /// This computer's id.
        computer: String,
        /// This computer's name.
        computer_name: String,
        /// All spaces, the private one first, then by when they were made or joined.
        spaces: Vec<SpaceSummary>,
        /// People in all spaces together.
        people: u32,
        /// Organisations in all spaces together.
        orgs: u32,
        /// Records with a conflict.
        conflicts: u32,
        /// Records with damage that is set aside and not healed yet.
        damaged: u32,
        /// The lists are being made again and are not complete yet.
        rebuilding: bool,
        /// The label of the operation `undo` would take back; empty when there is none.
        can_undo: String,
        /// The label of the operation `redo` would do again; empty when there is none.
        can_redo: String,
        /// The sync line: what it says, from acknowledgements only.
        sync: SyncLine,
    }
);
shape!(
    /// A space in the sidebar.
    SpaceSummary {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Shared only with the person's own computers.
        private: bool,
        /// What this person may do: `owner`, `editor`, `viewer`, or `none` after removal.
        role: String,
        /// People in it.
        people: u32,
        /// Organisations in it.
        orgs: u32,
        /// Activities in it.
        activities: u32,
        /// The other members.
        members: Vec<MemberView>,
    }
);
shape!(
    /// A member of a space.
    MemberView {
        /// The person's key id.
        id: String,
        /// Their name.
        name: String,
        /// `owner`, `editor`, `viewer`, or `none` after removal.
        role: String,
        /// This is the person who owns this vault.
        me: bool,
        /// This person's computers and theirs do not connect.
        blocked: bool,
        /// Their computers.
        computers: Vec<ComputerView>,
    }
);
shape!(
    /// A computer of a member, seen from here.
    ComputerView {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// This computer.
        this: bool,
        /// `direct`, `relay`, `lan` or `away`.
        state: String,
        /// When it was last connected, RFC 3339; empty for never.
        last_seen: String,
        /// Until when it has confirmed everything, RFC 3339; empty for never.
        last_ack: String,
        /// Own and others' changes held here that it has not confirmed.
        pending: u32,
        /// Why it refused or was refused, in a sentence; empty when all is well.
        trouble: String,
    }
);
shape!(
    /// The line at the foot of the sidebar. Every statement comes from acknowledgements.
    SyncLine {
        /// `local` (nothing is shared), `all` (everybody has all), `pending` (something is still to send to somebody reachable), `offline`
        /// (something is to send and nobody is reachable), `receiving`, `trouble`.
        kind: String,
        /// First line: "2 changes to send to Jon".
        title: String,
        /// Second line: "Maria has all, as of 14:11".
        detail: String,
    }
);
shape!(
    /// A space with its members and open invitations.
    SpaceDetail {
        /// The space.
        summary: SpaceSummary,
        /// All members, this person first.
        members: Vec<MemberView>,
        /// Invitations that can still be used, and ones that ran out lately.
        invitations: Vec<InvitationView>,
        /// Everybody's computers waiting to join.
        requests: Vec<JoinRequestView>,
    }
);
shape!(
    /// An invitation.
    InvitationView {
        /// Its id.
        id: String,
        /// The link; works once.
        link: String,
        /// The link as QR code: rows of `0` and `1`.
        qr: Vec<String>,
        /// The space.
        space: String,
        /// The role it gives.
        role: String,
        /// Until when it works, RFC 3339.
        expires: String,
        /// When it was made, RFC 3339.
        made: String,
        /// For whom, a note to oneself.
        for_whom: String,
        /// `open`, `used`, `expired` or `withdrawn`.
        state: String,
        /// The relay it carries; empty means it works on the same network.
        relay: String,
        /// The inviter approves whoever brings it.
        auto: bool,
    }
);
shape!(
    /// Somebody who brought an invitation and waits.
    JoinRequestView {
        /// Its id.
        id: String,
        /// The space.
        space: String,
        /// The space's name.
        space_name: String,
        /// Who they say they are.
        person_name: String,
        /// Their computer's name.
        computer_name: String,
        /// The role the invitation gives.
        role: String,
        /// The four words to compare.
        words: Vec<String>,
        /// `direct`, `relay` or `lan`.
        path: String,
        /// When they came, RFC 3339.
        at: String,
    }
);
shape!(
    /// A row of a list.
    Row {
        /// The record.
        id: String,
        /// Its space.
        space: String,
        /// `person`, `org`, ...
        kind: String,
        /// Its name; for an activity without subject the start of its text.
        name: String,
        /// Title and organisation, or e-mail, or phone.
        detail: String,
        /// Fields with more than one value.
        conflicts: u32,
        /// Others changed it since this person looked.
        news: bool,
        /// When it was last changed, RFC 3339.
        changed: String,
        /// Where a search found it, when not in the name: `email`, `phone`, `org`, `notes`, `tag`, `activity`.
        matched: String,
        /// In the trash.
        deleted: bool,
    }
);
shape!(
    /// A page of a list.
    Page {
        /// The rows.
        rows: Vec<Row>,
        /// How many there are in all.
        total: u32,
        /// There may be more than `total`: counting them all would take too long.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        at_least: bool,
        /// Where the next page begins: the `cursor` of its filter. Nothing at the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<String>,
        /// The query that was answered instead: the one asked finds nothing, and this is nearly the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        meant: Option<String>,
        /// What of the query was not understood.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<QueryWarning>,
    }
);
shape!(
    /// A page of whole records.
    RecordPage {
        /// The records.
        records: Vec<tuttu_model::RecordView>,
        /// Where the next page begins. Nothing at the end.
        next: Option<String>,
        /// What of the query was not understood.
        warnings: Vec<QueryWarning>,
    }
);
shape!(
    /// A group of a list.
    GroupView {
        /// The letter, kind, space, tag, organisation or month.
        key: String,
        /// As people read it.
        label: String,
        /// How many records are in it.
        count: u32,
    }
);
shape!(
    /// One line of a timeline: an activity, or field changes by one person in one go.
    TimelineItem {
        /// `note`, `call`, `meeting`, `email`, `message` or `change`; of a space also `task` and `event`.
        kind: String,
        /// The activity's record, or the change; of a space the record that was changed.
        id: String,
        /// Its space.
        space: String,
        /// When, RFC 3339.
        at: String,
        /// Who wrote it.
        by: String,
        /// This person wrote it.
        mine: bool,
        /// The subject of an activity; for a change of a space the name of the record.
        name: String,
        /// The text of an activity; for a change a sentence ("set the role to Head of Partnerships").
        text: String,
        /// How long it took, in minutes; empty when not said.
        duration: String,
        /// In the private space.
        private: bool,
    }
);
shape!(
    /// One field that one change touched.
    HistoryItem {
        /// The record.
        id: String,
        /// The change.
        change: String,
        /// The field (`phones/ITEM`).
        field: String,
        /// What it was.
        old: String,
        /// What it became.
        new: String,
        /// Who.
        by: String,
        /// On which computer.
        computer: String,
        /// When, RFC 3339.
        at: String,
    }
);
shape!(
    /// One value of a conflict.
    ConflictValue {
        /// 1, 2, ...: what `choose` takes.
        n: u32,
        /// The value; empty when that side removed it.
        value: String,
        /// Who.
        by: String,
        /// This person wrote it.
        mine: bool,
        /// When, RFC 3339.
        at: String,
        /// On which computer.
        computer: String,
    }
);
shape!(
    /// A field with values kept side by side.
    ConflictView {
        /// The record.
        id: String,
        /// Its space.
        space: String,
        /// Its name.
        name: String,
        /// The field (`phones/ITEM`, `name`, `deleted`).
        field: String,
        /// The label of the item, where it has one ("mobile").
        label: String,
        /// Whether "keep both" is possible.
        both: bool,
        /// The values.
        values: Vec<ConflictValue>,
    }
);
shape!(
    /// Two records that may be the same.
    DuplicateView {
        /// How alike they are, 0 to 100.
        score: u32,
        /// Why, the strongest reason first.
        reasons: Vec<tuttu_model::likeness::Reason>,
        /// One of them.
        one: Row,
        /// The other.
        other: Row,
    }
);
shape!(
    /// What became of an import.
    ImportReport {
        /// The operation's id, for `import --undo`.
        import: String,
        /// New records.
        added: u32,
        /// Records found again and changed.
        updated: u32,
        /// Records found again as they are.
        unchanged: u32,
        /// Cards left out.
        skipped: u32,
        /// What could not be read.
        warnings: Vec<super::command::Warned>,
    }
);
shape!(
    /// A setting of this computer.
    Setting {
        /// Key.
        key: String,
        /// Value.
        value: String,
    }
);
shape!(
    /// What `check` found.
    CheckReport {
        /// Spaces looked at.
        spaces: u32,
        /// Feeds whose chains and signatures were verified.
        feeds: u32,
        /// Entries verified.
        entries: u32,
        /// Documents rebuilt and compared with their projections.
        documents: u32,
        /// What is wrong, in sentences; empty when all is well. What is set aside already is not among them.
        problems: Vec<String>,
        /// The same, each with what is safe and what was done about it.
        findings: Vec<Finding>,
        /// Findings beyond the ones listed.
        more: u32,
        /// Records with damage that is set aside and not healed yet.
        damaged: u32,
    }
);
shape!(
    /// Something that `check` found wrong.
    Finding {
        /// What it is about: `record`, `change`, `entry`, `feed`, `membership`, `lists`, `file`.
        what: String,
        /// What is wrong.
        problem: String,
        /// What is safe all the same.
        safe: String,
        /// What was done about it, or what to do.
        done: String,
    }
);
shape!(
    /// Something that could not be read and was set aside.
    DamageView {
        /// The record it belongs to; empty when to none, or not known.
        id: String,
        /// Its space.
        space: String,
        /// The record's name.
        name: String,
        /// When it was found, RFC 3339.
        found: String,
        /// What it is and what became of it, in a sentence.
        what: String,
        /// It was made whole again.
        healed: bool,
    }
);
shape!(
    /// What a bundle holds, or what came out of one.
    BundleReport {
        /// The file.
        path: String,
        /// The space's name.
        space: String,
        /// When it was read: who wrote it.
        from: String,
        /// When it was written: how many computers can open it.
        computers: u32,
        /// Changes in it; when it was read, those that were not here.
        changes: u32,
        /// Files in it; when it was read, those that were not here.
        files: u32,
        /// Its size in bytes when it was written, as a number in text.
        bytes: String,
    }
);
shape!(
    /// What a backup holds.
    BackupReport {
        /// The file.
        path: String,
        /// Its size in bytes, as a number in text.
        bytes: String,
        /// When it was made, RFC 3339.
        at: String,
        /// Spaces in it.
        spaces: u32,
        /// Records in it, with those in the trash.
        records: u32,
        /// Changes in it.
        changes: u32,
        /// Attached files in it.
        files: u32,
        /// Attached files that are not on this computer, or damaged here, and so not in it.
        missing_files: u32,
    }
);
