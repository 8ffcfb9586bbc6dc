use serde::{Deserialize, Serialize};
use tuttu_model::FieldEdit;

use super::bulk::BulkChange;
use super::query::ListFilter;
use super::view::{BackupReport, BundleReport, CheckReport, ImportReport, InvitationView};

/// Names a record: an id, a unique prefix of one, or a unique name; with the space where that is not unique.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RecordRef {
    /// The space: id, unique prefix or name. `None`: any space.
    pub space: Option<String>,
    /// The record.
    pub id: String,
}

impl RecordRef {
    /// A record in whatever space it is.
    #[must_use]
    pub fn anywhere(id: impl Into<String>) -> Self {
        Self { space: None, id: id.into() }
    }
}

/// A file format that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "lowercase")]
pub enum ImportFormat {
    /// vCard 2.1, 3.0 or 4.0, any number of cards.
    Vcard,
}

/// Everything that changes the vault. Each is one named operation, durable when it returns; none waits for the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Command {
    /// Adds records, each a JSON object in the shape of the command line (see `RecordView`), one commit.
    Add {
        /// The space; `None` is the private space.
        space: Option<String>,
        /// `person`, `org`, `note`, `call`, ... for records whose JSON names no kind.
        kind: String,
        /// The records as JSON texts.
        records: Vec<String>,
    },
    /// Adds one record made of field edits, as forms and the command line write them.
    Create {
        /// The space; `None` is the private space.
        space: Option<String>,
        /// `person`, `org`, `note`, `call`, ...
        kind: String,
        /// Its fields.
        edits: Vec<FieldEdit>,
    },
    /// Edits fields of one record.
    Edit {
        /// The record.
        record: RecordRef,
        /// What to change.
        edits: Vec<FieldEdit>,
    },
    /// Changes every record a filter finds, as one operation. Those in spaces this person may only see are left as they are.
    ChangeAll {
        /// Which records; its order and page do not count.
        filter: ListFilter,
        /// What is done to each.
        change: BulkChange,
        /// The digest of the preview: when other records are found now, or they have changed since, nothing is done. Empty: whatever is found.
        digest: String,
    },
    /// Puts records in the trash.
    Delete {
        /// The records.
        records: Vec<RecordRef>,
    },
    /// Takes records out of the trash.
    Restore {
        /// The records.
        records: Vec<RecordRef>,
    },
    /// Makes a record, or some of its fields, what it was at a moment.
    RevertTo {
        /// The record.
        record: RecordRef,
        /// The moment: a date (its end), or RFC 3339.
        at: String,
        /// Which fields; empty for all.
        fields: Vec<String>,
    },
    /// Takes back the newest own operation that is not taken back yet.
    Undo,
    /// Takes back an operation of this computer, not only the newest.
    UndoOperation {
        /// Which: the beginning of its id, from `operations`.
        operation: String,
    },
    /// Does again what was taken back last.
    Redo,
    /// Takes back one change of a record.
    Revert {
        /// The record.
        record: RecordRef,
        /// The change, as printed by the history.
        change: String,
    },
    /// Settles a conflict for everybody.
    Choose {
        /// The record.
        record: RecordRef,
        /// The field, as printed by `conflicts` (`phones/ITEM`).
        field: String,
        /// `1`, `2`, ... or `both`.
        choice: String,
    },
    /// Imports a file.
    Import {
        /// Where it is on this computer.
        path: String,
        /// `None`: found out from the contents and the name.
        format: Option<ImportFormat>,
        /// The space; `None` is the private space.
        space: Option<String>,
        /// Only say what would happen.
        dry_run: bool,
    },
    /// Takes back an import, whatever was done since.
    UndoImport {
        /// The import, as its report names it; a unique beginning is enough.
        import: String,
    },
    /// Makes one record of several people, or organisations, of one space. Nothing is lost, and it can be taken apart again.
    Merge {
        /// The records.
        records: Vec<RecordRef>,
    },
    /// Takes apart what was merged.
    Unmerge {
        /// The record that stayed, or one that was merged into it.
        record: RecordRef,
    },
    /// Remembers that records look alike and are not the same.
    Distinct {
        /// The records.
        records: Vec<RecordRef>,
    },
    /// Makes a space.
    CreateSpace {
        /// Its name.
        name: String,
    },
    /// Renames a space.
    RenameSpace {
        /// The space.
        space: String,
        /// The new name.
        name: String,
    },
    /// Leaves a space; the copy stays readable.
    LeaveSpace {
        /// The space.
        space: String,
    },
    /// Moves records to another space: new records there, links among them kept, tombstones with a forwarding id here. Activities of the private space
    /// that are only about one stay where they are.
    Move {
        /// The records.
        records: Vec<RecordRef>,
        /// Where to.
        space: String,
    },
    /// Gives records another tag instead of one, in all spaces this person may write: one operation. A tag that is there already is merged with.
    RenameTag {
        /// The tag, in any case and with or without accents.
        from: String,
        /// What it becomes; empty removes it.
        to: String,
        /// Only in this space.
        space: Option<String>,
    },
    /// Copies a file into the vault and attaches it to a record.
    Attach {
        /// The record.
        record: RecordRef,
        /// Where the file is on this computer.
        path: String,
        /// What it is called; empty: as it is called there.
        name: String,
    },
    /// Writes an attached file to a path of this computer, verified. Changes nothing in the vault.
    SaveFile {
        /// Its hash, or the beginning of it.
        hash: String,
        /// Where to; into a folder under its own name.
        path: String,
    },
    /// Puts a linked copy of a private card into a shared space.
    Share {
        /// The private card.
        record: RecordRef,
        /// The shared space.
        space: String,
        /// The fields that are put there; empty: what stands on a business card.
        fields: Vec<String>,
    },
    /// Takes over values that differ between a private card and its copy in a shared space.
    TakeOver {
        /// The private card.
        record: RecordRef,
        /// The copy: its item or id; empty where there is one.
        copy: String,
        /// The fields; empty: all that differ.
        fields: Vec<String>,
        /// From the private card to the copy, instead of from the copy.
        to_copy: bool,
    },
    /// Makes an invitation link. Needs no network.
    Invite {
        /// The space.
        space: String,
        /// `owner`, `editor` or `viewer`.
        role: String,
        /// How long it works, in seconds.
        expires_in: u32,
        /// The inviter approves whoever brings the link.
        auto: bool,
        /// For whom, a note to oneself.
        for_whom: String,
        /// Where this computer can be reached (`ip:port`), as hints; filled in by the network side.
        hints: Vec<String>,
        /// A relay the invitation carries; `None`: works on the same network.
        relay: Option<String>,
    },
    /// Makes an invitation that was not used yet worthless.
    WithdrawInvitation {
        /// The invitation.
        invitation: String,
    },
    /// Makes a link that lets the person's next computer in. Needs no network.
    InviteComputer {
        /// How long it works, in seconds.
        expires_in: u32,
        /// This computer approves whoever brings the link.
        auto: bool,
        /// Where this computer can be reached (`ip:port`), as hints; filled in by the network side.
        hints: Vec<String>,
        /// A relay the link carries; `None`: works on the same network.
        relay: Option<String>,
    },
    /// Takes one of the person's own computers out of all spaces.
    RevokeComputer {
        /// The computer: id, prefix or name.
        computer: String,
    },
    /// Gives a member another role.
    SetRole {
        /// The space.
        space: String,
        /// The member: id, prefix or name.
        member: String,
        /// The role.
        role: String,
    },
    /// Removes a member.
    RemoveMember {
        /// The space.
        space: String,
        /// The member: id, prefix or name.
        member: String,
    },
    /// Makes a member the owner in this person's place, who stays as an editor.
    HandOver {
        /// The space.
        space: String,
        /// The member: id, prefix or name.
        member: String,
    },
    /// Says which card is a colleague's.
    LinkColleague {
        /// The colleague: id, prefix or name.
        person: String,
        /// Their card, in any space; `None` ends the link.
        card: Option<RecordRef>,
    },
    /// Says that the words of a colleague were compared and are the same, or takes that back.
    VerifyColleague {
        /// The colleague: id, prefix or name.
        person: String,
        /// They are the same.
        verified: bool,
    },
    /// From now on this person's computers do not connect with a colleague's, or do so again.
    BlockColleague {
        /// The colleague: id, prefix or name.
        person: String,
        /// Not any more.
        blocked: bool,
    },
    /// Takes one computer of a member out of a space; the member stays.
    ExcludeComputer {
        /// The space.
        space: String,
        /// The member: id, prefix or name.
        member: String,
        /// The computer: id, prefix or name.
        computer: String,
    },
    /// Writes anew, as this person's, what members wrote that does not count any more.
    TakeUp {
        /// The space.
        space: String,
        /// The changes, or unique beginnings of them, as the tray names them; empty: all of it.
        changes: Vec<String>,
    },
    /// Does not offer such changes any more on this computer.
    Dismiss {
        /// The space.
        space: String,
        /// The changes, or unique beginnings of them.
        changes: Vec<String>,
    },
    /// Says that the person has looked at what others changed in a record.
    MarkSeen {
        /// The record.
        record: RecordRef,
    },
    /// Says that the person has looked at all that others changed.
    MarkAllSeen,
    /// Makes every cache again from the changes: what is shown, search, numbers, check sums, snapshots.
    Rebuild,
    /// Checks everything, sets damage aside and makes caches again where they are wrong.
    Repair,
    /// Writes everything but the computer's key to one encrypted file, and reads it back before it says done.
    Backup {
        /// The file on this computer; must not exist yet.
        path: String,
        /// How it is locked.
        lock: BackupLock,
    },
    /// Writes the person's key and spaces, without what is in them, to one encrypted text, and reads it back before it says done.
    RecoveryKit {
        /// The file on this computer; must not exist yet.
        path: String,
        /// How it is locked.
        lock: BackupLock,
    },
    /// Writes what the other computers of a space may lack to an encrypted file, for exchange without a network.
    WriteBundle {
        /// The file on this computer; must not exist yet.
        path: String,
        /// The space.
        space: String,
        /// Also what all of them have confirmed.
        everything: bool,
        /// With the files of its records.
        files: bool,
    },
    /// Takes in such a file. Reading it twice is harmless.
    ReadBundle {
        /// The file on this computer.
        path: String,
    },
    /// Keeps a setting of this computer (theme, density, relay, ...).
    SetSetting {
        /// Its key.
        key: String,
        /// Its value; empty removes it.
        value: String,
    },
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How a backup is locked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum BackupLock {
    /// With a passphrase.
    Passphrase {
        /// The passphrase.
        passphrase: Secret,
    },
    /// For whoever holds the secret key of an age recipient (`age1…`).
    Recipient {
        /// The recipient.
        recipient: String,
    },
}

/// A warning about one line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Warned {
    /// The file, when there are several.
    pub file: String,
    /// The line in it, from 1.
    pub line: u32,
    /// What is wrong, in a sentence.
    pub message: String,
}

/// What a command did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Outcome {
    /// Records were made or changed; their ids. `label` names the operation for an undo toast ("Deleted Priya Raghunathan").
    Records {
        /// Ids.
        ids: Vec<String>,
        /// Their space.
        space: String,
        /// What happened, in words.
        label: String,
    },
    /// A space was made or changed.
    Space {
        /// Its id.
        id: String,
    },
    /// An invitation was made.
    Invitation {
        /// The invitation.
        invitation: InvitationView,
    },
    /// A file was imported.
    Import {
        /// What became of it.
        report: ImportReport,
    },
    /// The caches were made again.
    Rebuilt {
        /// Records gone through.
        records: u32,
    },
    /// The vault was checked and mended.
    Repaired {
        /// What was found, and what became of it.
        report: CheckReport,
    },
    /// A backup was written and read back.
    BackedUp {
        /// What is in it.
        report: BackupReport,
    },
    /// A bundle was written, or read.
    Bundle {
        /// What is in it.
        report: BundleReport,
    },
    /// Many records were changed.
    Changed {
        /// How many.
        records: u32,
        /// What happened, in words.
        label: String,
    },
    /// Something was taken back or done again.
    Undone {
        /// Which operation, in words.
        label: String,
        /// The records it touched.
        ids: Vec<String>,
    },
    /// Done, nothing more to say.
    Done,
}
