//! Commands on records: each parsed, planned against the current state and committed as one named operation.

use std::collections::BTreeSet;

use tuttu_model::conflict::plan_choice;
use tuttu_model::done;
use tuttu_model::draft::plan_all;
use tuttu_model::words::Category;
use tuttu_model::{ChangeHash, DocumentId, FieldEdit, FlatOp, ItemIds, Kind, Record, RecordDraft, Scalar, SpaceId};
use tuttu_store::{Lane, Reader, Tx};

use crate::api::{Command, ErrorCode, ErrorView, Outcome, RecordRef};
use crate::clock;
use crate::commit::{ChangeSet, DocumentEdit, Edit, Operation};
use crate::engine::{Engine, Inner};
use crate::failure::Failure;

/// The label of an operation and what it changed.
pub(crate) type Operated = (String, ChangeSet);

/// Records in one command.
const BATCH: usize = 100_000;

impl Engine {
    /// Carries out a command; durable when it returns. None waits for the network.
    ///
    /// # Errors
    /// With what is wrong, what is safe and what to do.
    pub fn execute(&self, command: Command) -> Result<Outcome, ErrorView> {
        match command {
            Command::Add { space, kind, records } => self.add(space, kind, records),
            Command::Create { space, kind, edits } => self.create_record(space, &kind, edits),
            Command::Edit { record, edits } => self.edit(record, edits),
            Command::Delete { records } => self.set_deleted(records, true),
            Command::Restore { records } => self.set_deleted(records, false),
            Command::ChangeAll { filter, change, digest } => self.change_all(filter, change, digest),
            Command::RevertTo { record, at, fields } => self.revert_to(record, at, fields),
            Command::UndoOperation { operation } => self.undo_operation(&operation, "operation"),
            Command::Undo => self.undo(),
            Command::Redo => self.redo(),
            Command::Revert { record, change } => self.revert(record, &change),
            Command::Choose { record, field, choice } => self.choose(record, field, choice),
            Command::Import { path, format, space, dry_run } => self.import(&path, format, space.as_deref(), dry_run),
            Command::UndoImport { import } => self.undo_operation(&import, "import"),
            Command::Merge { records } => self.merge(records),
            Command::Unmerge { record } => self.unmerge(record),
            Command::Distinct { records } => self.distinct(records),
            Command::CreateSpace { name } => self.create_space(&name),
            Command::RenameSpace { space, name } => self.rename_space(space, &name),
            Command::LeaveSpace { space } => self.leave_space(space),
            Command::Move { records, space } => self.move_records(records, space),
            Command::RenameTag { from, to, space } => self.rename_tag(&from, &to, space),
            Command::Attach { record, path, name } => self.attach(record, &path, &name),
            Command::SaveFile { hash, path } => self.save_file(&hash, &path),
            Command::Share { record, space, fields } => self.share(&record, space, fields),
            Command::TakeOver { record, copy, fields, to_copy } => self.take_over(&record, copy, fields, to_copy),
            Command::Invite { space, role, expires_in, auto, for_whom, hints, relay } => {
                self.invite(&crate::pairing::InviteTerms { space, role, expires_in, auto, for_whom, hints, relay })
            }
            Command::WithdrawInvitation { invitation } => self.withdraw(invitation),
            Command::SetRole { space, member, role } => self.set_role(space, member, &role),
            Command::InviteComputer { expires_in, auto, hints, relay } => {
                self.invite_computer(crate::computers::ComputerTerms { expires_in, auto, hints, relay })
            }
            Command::RevokeComputer { computer } => self.revoke_computer(computer),
            Command::ExcludeComputer { space, member, computer } => self.exclude_computer(space, member, computer),
            Command::HandOver { space, member } => self.hand_over(space, member),
            Command::LinkColleague { person, card } => self.link_colleague(person, card),
            Command::VerifyColleague { person, verified } => self.verify_colleague(person, verified),
            Command::BlockColleague { person, blocked } => self.block_colleague(person, blocked),
            Command::RemoveMember { space, member } => self.set_role(space, member, "none"),
            Command::TakeUp { space, changes } => self.take_up(space, changes),
            Command::Dismiss { space, changes } => self.dismiss(space, changes),
            Command::MarkSeen { record } => self.mark_seen(record),
            Command::MarkAllSeen => {
                self.inner.write(Lane::Local, move |_, tx| Ok(tx.mark_all_seen()?))?;
                Ok(Outcome::Done)
            }
            Command::Rebuild => self.rebuild(),
            Command::Repair => self.repair(),
            Command::Backup { path, lock } => self.backup(&path, &lock),
            Command::WriteBundle { path, space, everything, files } => self.write_bundle(&path, &space, everything, files),
            Command::ReadBundle { path } => self.read_bundle(&path),
            Command::RecoveryKit { path, lock } => self.recovery_kit(&path, &lock),
            Command::SetSetting { key, value } => {
                self.set_setting(&key, Some(value.as_str()).filter(|text| !text.is_empty()))?;
                Ok(Outcome::Done)
            }
        }
    }

    /// Commits what `work` plans as one operation and tells the listeners.
    pub(crate) fn operate(
        &self,
        work: impl FnOnce(&Inner, &mut Tx<'_>) -> Result<(Operation, Vec<DocumentEdit>), Failure> + Send + 'static,
    ) -> Result<Operated, ErrorView> {
        let (label, changes) = self.inner.write(Lane::Local, move |inner, tx| {
            let (operation, edits) = work(inner, tx)?;
            let label = operation.label.clone();
            Ok((label, inner.commit(tx, operation, edits)?))
        })?;
        if !changes.touched.is_empty() {
            self.announce(changes.event(false));
        }
        Ok((label, changes))
    }

    pub(crate) fn records(&self, (label, changes): Operated, fallback: Option<(SpaceId, DocumentId)>) -> Result<Outcome, ErrorView> {
        let touched: Vec<_> = changes.touched.iter().map(|(space, doc, _)| (*space, *doc)).collect();
        let keys = if touched.is_empty() { fallback.into_iter().collect() } else { touched };
        let space = keys.first().map(|(space, _)| space.to_string()).unwrap_or_default();
        let ids = self.inner.read(|reader| keys.iter().map(|(space, doc)| printed_id(reader, space, doc)).collect())?;
        Ok(Outcome::Records { ids, space, label })
    }

    fn add(&self, space: Option<String>, kind: String, records: Vec<String>) -> Result<Outcome, ErrorView> {
        if records.is_empty() || records.len() > BATCH {
            return Err(ErrorView::new(
                ErrorCode::Invalid,
                format!("Between 1 and {BATCH} records can be added at once."),
                "Nothing was added.",
            ));
        }
        let mut drafts = Vec::with_capacity(records.len());
        for text in &records {
            drafts.push(parse_draft(text, &kind)?);
        }
        self.add_drafts(space, drafts)
    }

    fn add_drafts(&self, space: Option<String>, drafts: Vec<RecordDraft>) -> Result<Outcome, ErrorView> {
        let outcome = self.operate(move |inner, tx| {
            let space = inner.space_or_own(tx, space.as_deref())?.id;
            let label = match drafts.as_slice() {
                [draft] => format!("Added {}", title(&draft.view.name, &draft.view.text)),
                many => format!("Added {} records", many.len()),
            };
            let mut edits = Vec::with_capacity(drafts.len());
            let mut checked = BTreeSet::new();
            for mut draft in drafts {
                if checked.insert(draft.view.kind.clone()) {
                    inner.check_kind(tx, &space, &draft.view.kind)?;
                }
                inner.stamp_done(tx, &space, &mut draft)?;
                edits.push(inner.new_document(space, &draft)?);
            }
            Ok((inner.operation(label)?, edits))
        })?;
        self.records(outcome, None)
    }

    fn create_record(&self, space: Option<String>, kind: &str, edits: Vec<FieldEdit>) -> Result<Outcome, ErrorView> {
        let kind = Kind::from(kind);
        let edits = self.inner.read(|reader| {
            let space = self.inner.space_or_own(reader, space.as_deref())?.id;
            self.inner.link_names(reader, &space, edits)
        })?;
        let draft = RecordDraft::from_edits(&kind, &edits)?;
        self.add_drafts(space, vec![draft])
    }

    fn edit(&self, record: RecordRef, edits: Vec<FieldEdit>) -> Result<Outcome, ErrorView> {
        let (key, outcome) = self.on_record(record, move |inner, tx, space, doc| {
            let document = inner.document(tx, &space, &doc)?;
            let (current, mut items) = (document.record(), inner.item_ids()?);
            inner.caches().keep_document((space, doc), document);
            inner.check_editable(tx, &space, &current.kind)?;
            let edits = inner.link_names(tx, &space, edits)?;
            let ops = plan_all(&current, &edits, &mut || items.next_id())?;
            let ops = inner.with_done(tx, &space, &current, ops)?;
            let name = name_of(&current);
            Ok((inner.operation(format!("Changed {name}"))?, vec![DocumentEdit { space, doc, edit: Edit::Ops(ops) }]))
        })?;
        self.records(outcome, Some(key))
    }

    /// Plans and commits an operation on one record.
    pub(crate) fn on_record(
        &self,
        record: RecordRef,
        work: impl FnOnce(&Inner, &mut Tx<'_>, SpaceId, DocumentId) -> Result<(Operation, Vec<DocumentEdit>), Failure> + Send + 'static,
    ) -> Result<((SpaceId, DocumentId), Operated), ErrorView> {
        let key = self.inner.read(|reader| self.inner.record(reader, &record))?;
        let outcome = self.operate(move |inner, tx| work(inner, tx, key.0, key.1))?;
        Ok((key, outcome))
    }

    fn set_deleted(&self, records: Vec<RecordRef>, deleted: bool) -> Result<Outcome, ErrorView> {
        if records.is_empty() || records.len() > BATCH {
            return Err(ErrorView::new(ErrorCode::Invalid, "No record was named.", "Nothing was changed."));
        }
        let keys =
            self.inner.read(|reader| records.iter().map(|record| self.inner.record(reader, record)).collect::<Result<Vec<_>, _>>())?;
        let fallback = keys.first().copied();
        let outcome = self.operate(move |inner, tx| {
            let verb = if deleted { "Deleted" } else { "Restored" };
            let label = match keys.as_slice() {
                [(space, doc)] => {
                    let view = tx.record(space, doc)?.map(|row| row.view).unwrap_or_default();
                    format!("{verb} {}", title(&view.name, &view.text))
                }
                many => format!("{verb} {} records", many.len()),
            };
            let now = clock::rfc3339(inner.now());
            let op = if deleted { FlatOp::Put("deleted".into(), Scalar::Text(now)) } else { FlatOp::Delete("deleted".into()) };
            let edits = keys.into_iter().map(|(space, doc)| DocumentEdit { space, doc, edit: Edit::Ops(vec![op.clone()]) }).collect();
            Ok((inner.operation(label)?, edits))
        })?;
        self.records(outcome, fallback)
    }

    fn revert(&self, record: RecordRef, change: &str) -> Result<Outcome, ErrorView> {
        let hash: ChangeHash = change.parse().map_err(|error: tuttu_model::id::ParseIdError| {
            ErrorView::new(ErrorCode::Invalid, crate::failure::sentence(&error.to_string()), "")
        })?;
        let (key, outcome) = self.on_record(record, move |inner, tx, space, doc| {
            let document = inner.document(tx, &space, &doc)?;
            let ops = tuttu_model::history::undo_ops(&document, hash, &clock::rfc3339(inner.now()));
            let name = name_of(&document.record());
            Ok((inner.operation(format!("Restored a value of {name}"))?, vec![DocumentEdit { space, doc, edit: Edit::Ops(ops) }]))
        })?;
        self.records(outcome, Some(key))
    }

    fn choose(&self, record: RecordRef, field: String, choice: String) -> Result<Outcome, ErrorView> {
        let choice = crate::queries::conflicts::parse_choice(&choice)?;
        let (key, outcome) = self.on_record(record, move |inner, tx, space, doc| {
            let current = inner.document(tx, &space, &doc)?.record();
            let mut items = inner.item_ids()?;
            let ops = plan_choice(&current, &field, choice, &mut || items.next_id())?;
            let ops = inner.with_done(tx, &space, &current, ops)?;
            let name = name_of(&current);
            Ok((inner.operation(format!("Chose a value for {name}"))?, vec![DocumentEdit { space, doc, edit: Edit::Ops(ops) }]))
        })?;
        self.records(outcome, Some(key))
    }

    /// The answer names the records that are left, once each, not tombstones and the activities that follow.
    pub(crate) fn only_live(&self, (label, mut changes): Operated) -> Result<Outcome, ErrorView> {
        changes.touched = self.inner.read(|reader| {
            let mut found: Vec<(SpaceId, DocumentId, ChangeHash)> = Vec::new();
            for touched in &changes.touched {
                let gone = reader.record(&touched.0, &touched.1)?.is_none_or(|row| row.view.deleted || !row.view.with.is_empty());
                if !gone && !found.iter().any(|held| held.1 == touched.1) {
                    found.push(*touched);
                }
            }
            Ok(found)
        })?;
        self.records((label, changes), None)
    }

    fn mark_seen(&self, record: RecordRef) -> Result<Outcome, ErrorView> {
        let key = self.inner.read(|reader| self.inner.record(reader, &record))?;
        self.inner.write(Lane::Local, move |_, tx| Ok(tx.mark_seen(&key.0, &key.1)?))?;
        Ok(Outcome::Done)
    }
}

impl Inner {
    /// The edits of a task with what its new status means for when it was done.
    pub(crate) fn with_done(
        &self,
        reader: &Reader<'_>,
        space: &SpaceId,
        record: &Record,
        ops: Vec<FlatOp>,
    ) -> Result<Vec<FlatOp>, Failure> {
        if record.kind != Kind::Task || !ops.iter().any(|op| op.key() == "status") {
            return Ok(ops);
        }
        let definitions = self.definitions(reader, space)?;
        Ok(done::with_done(record, ops, &clock::rfc3339(self.now()), |status| definitions.category(status)))
    }

    /// A task that is added as done was done now, unless it says when.
    fn stamp_done(&self, reader: &Reader<'_>, space: &SpaceId, draft: &mut RecordDraft) -> Result<(), Failure> {
        let view = &mut draft.view;
        if view.kind == "task"
            && view.done.is_empty()
            && !view.status.is_empty()
            && self.definitions(reader, space)?.category(&view.status) == Category::Done
        {
            view.done = clock::rfc3339(self.now());
        }
        Ok(())
    }
}

/// The id as printed, with the letter of its kind.
pub(crate) fn printed_id(reader: &Reader<'_>, space: &SpaceId, doc: &DocumentId) -> Result<String, Failure> {
    Ok(reader.record(space, doc)?.map_or_else(|| doc.to_string(), |row| row.view.id))
}

/// The name of a record; for one without a name the start of its text.
pub(crate) fn title(name: &str, text: &str) -> String {
    if !name.is_empty() {
        return name.to_owned();
    }
    let start: String = text.lines().next().unwrap_or_default().chars().take(40).collect();
    if start.is_empty() { "a record".to_owned() } else { format!("“{start}”") }
}

/// The name shown for a record as read from its document.
pub(crate) fn name_of(record: &Record) -> String {
    title(&record.text("name"), &record.text("text"))
}

/// A record's JSON with the kind the command names, unless it names its own.
pub(crate) fn parse_draft(text: &str, kind: &str) -> Result<RecordDraft, ErrorView> {
    let wrong = |why: String| ErrorView::new(ErrorCode::Invalid, format!("The record is not understood: {why}."), "Nothing was added.");
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let serde_json::Value::Object(mut object) = value else {
        return Err(wrong("it is not a JSON object".into()));
    };
    object.entry("kind").or_insert_with(|| serde_json::Value::String(kind.to_owned()));
    let draft = RecordDraft::from_json(&object)?;
    Ok(draft)
}

impl Inner {
    /// The edit that makes a new document of a draft.
    pub(crate) fn new_document(&self, space: SpaceId, draft: &RecordDraft) -> Result<DocumentEdit, Failure> {
        let doc = DocumentId::new(self.now_millis(), self.random()?);
        let mut items = self.item_ids()?;
        let fields = draft.to_fields(&clock::rfc3339(self.now()), &mut || items.next_id())?;
        Ok(DocumentEdit { space, doc, edit: Edit::New(fields) })
    }

    /// Ids for the items one operation adds.
    pub(crate) fn item_ids(&self) -> Result<ItemIds, ErrorView> {
        Ok(ItemIds::new(self.now(), u32::from_be_bytes(self.random()?)))
    }
}
