//! Importing files: read lazily, committed in entries of a thousand, the whole one operation that can be undone.

use std::collections::BTreeMap;
use std::path::Path;

use tuttu_interchange::{Format, Imported, sniff, vcard};
use tuttu_model::view::Attachment;
use tuttu_model::{DocumentId, RecordDraft, SpaceId};
use tuttu_store::Lane;

use crate::api::{ErrorCode, ErrorView, Event, ImportFormat, ImportReport, Outcome, Warned};
use crate::commit::{ChangeSet, DocumentEdit, Operation};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::files::digest;

/// Cards committed at once.
const BATCH: usize = 1_000;
/// The largest file that is read.
const FILE_BYTES: u64 = 1024 * 1024 * 1024;
/// Warnings kept in the report.
const WARNINGS: usize = 10_000;

impl Engine {
    pub(crate) fn import(
        &self,
        path: &str,
        format: Option<ImportFormat>,
        space: Option<&str>,
        dry_run: bool,
    ) -> Result<Outcome, ErrorView> {
        let space = self.inner.read(|reader| self.inner.space_or_own(reader, space))?;
        let bytes = read_file(path)?;
        let name = Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if format.is_none() && !matches!(sniff(&bytes, &name), Some(Format::VCard)) {
            return Err(ErrorView::new(
                ErrorCode::File,
                format!("{name} is not a file this version can import."),
                "Nothing was added. vCard files (.vcf) of version 2.1, 3.0 and 4.0 can be imported.",
            ));
        }
        let mut import = Import {
            engine: self,
            space: space.id,
            operation: self.inner.operation(format!("Imported {name}")).map_err(refusal)?,
            dry_run,
            file: name,
            total: u32::try_from(vcard::count(&bytes)).unwrap_or(u32::MAX),
            report: ImportReport::default(),
            batch: Vec::with_capacity(BATCH),
            changes: ChangeSet::default(),
        };
        import.run(&bytes)?;
        let mut report = import.report;
        report.import = data_encoding::HEXLOWER.encode(&import.operation.id);
        if !import.changes.touched.is_empty() {
            self.announce(import.changes.event(false));
        }
        Ok(Outcome::Import { report })
    }
}

fn refusal(failure: Failure) -> ErrorView {
    match failure {
        Failure::Store(error) => error.into(),
        Failure::Refused(view) => view,
    }
}

fn read_file(path: &str) -> Result<Vec<u8>, ErrorView> {
    let unreadable = |why: String| {
        ErrorView::new(
            ErrorCode::File,
            format!("The file {path} cannot be read: {why}."),
            "Nothing was added. Check the name and the permissions of the file.",
        )
    };
    let about = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if !about.is_file() {
        return Err(unreadable("it is not a file".into()));
    }
    if about.len() > FILE_BYTES {
        return Err(unreadable("it is larger than 1 GiB".into()));
    }
    std::fs::read(path).map_err(|error| unreadable(error.to_string()))
}

/// One import under way.
struct Import<'a> {
    engine: &'a Engine,
    space: SpaceId,
    operation: Operation,
    dry_run: bool,
    file: String,
    total: u32,
    report: ImportReport,
    batch: Vec<Imported>,
    changes: ChangeSet,
}

impl Import<'_> {
    fn run(&mut self, bytes: &[u8]) -> Result<(), ErrorView> {
        let mut done: u32 = 0;
        for card in vcard::read(bytes) {
            for warning in card.warnings {
                self.warn(warning.line, warning.message);
            }
            match card.imported {
                Some(mut imported) => {
                    self.keep_picture(&mut imported)?;
                    self.batch.push(imported);
                }
                None => self.report.skipped += 1,
            }
            done += 1;
            if self.batch.len() >= BATCH {
                self.flush()?;
                self.engine.announce(Event::ImportProgress { done, total: self.total.max(done) });
            }
        }
        self.flush()?;
        self.engine.announce(Event::ImportProgress { done, total: done });
        Ok(())
    }

    /// The picture becomes a file of the vault, attached to the record.
    fn keep_picture(&self, imported: &mut Imported) -> Result<(), ErrorView> {
        let Some(picture) = imported.picture.take() else { return Ok(()) };
        let media = picture.media_type().unwrap_or_default();
        let name = format!("photo.{}", media.rsplit('/').next().unwrap_or_default().replace("jpeg", "jpg"));
        let file = if self.dry_run {
            let hash = blake3::hash(&picture.bytes).to_hex().to_string();
            Attachment { hash, name, media: media.to_owned(), size: u32::try_from(picture.bytes.len()).unwrap_or(u32::MAX), missing: false }
        } else {
            self.engine.inner.keep_bytes(&picture.bytes, &name, media)?
        };
        imported.draft.view.photo.clone_from(&file.hash);
        imported.draft.view.attachments.push(file);
        Ok(())
    }

    fn warn(&mut self, line: u32, message: String) {
        if self.report.warnings.len() < WARNINGS {
            self.report.warnings.push(Warned { file: self.file.clone(), line, message });
        }
    }

    /// Commits the batch; records that are here already with the same contents are left alone.
    fn flush(&mut self) -> Result<(), ErrorView> {
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() {
            return Ok(());
        }
        let (space, operation, dry_run) = (self.space, self.operation.clone(), self.dry_run);
        let first = self.changes.touched.is_empty();
        let (added, unchanged, problems, changes) = self.engine.inner.write(Lane::Local, move |inner, tx| {
            let (mut edits, mut unchanged, mut problems) = (Vec::with_capacity(batch.len()), 0_u32, Vec::new());
            for imported in batch {
                let draft = &linked(tx, &space, imported)?;
                if is_here(tx, &space, draft)? {
                    unchanged += 1;
                    continue;
                }
                match inner.new_document(space, draft) {
                    Ok(edit) => {
                        if !dry_run {
                            draft.view.attachments.iter().try_for_each(|file| tx.hold_file(&space, &digest(&file.hash)))?;
                        }
                        edits.push(edit);
                    }
                    Err(Failure::Refused(view)) => problems.push(view.message),
                    Err(failure) => return Err(failure),
                }
            }
            let added = u32::try_from(edits.len()).unwrap_or(u32::MAX);
            let changes = if dry_run { ChangeSet::default() } else { commit(inner, tx, operation, first, edits)? };
            Ok((added, unchanged, problems, changes))
        })?;
        self.report.added += added;
        self.report.unchanged += unchanged;
        for problem in problems {
            self.report.skipped += 1;
            self.warn(0, problem);
        }
        self.changes.touched.extend(changes.touched);
        Ok(())
    }
}

/// The draft with links to other cards made links to records where those are here, and kept as they stand in the file where not; with the identifier
/// the file gave it, so that an export can give it back.
fn linked(tx: &tuttu_store::Tx<'_>, space: &SpaceId, mut imported: Imported) -> Result<RecordDraft, Failure> {
    for link in imported.links_mut() {
        if let Some(doc) = vcard::record_of_uid(link)
            && let Some(row) = tx.record(space, &doc)?
        {
            *link = row.view.id;
        }
    }
    let mut draft = imported.draft;
    if let Some(uid) = imported.uid {
        draft.view.custom.entry("vcard.uid".into()).or_insert(uid);
    }
    Ok(draft)
}

/// The first batch makes the operation, the others extend it.
fn commit(
    inner: &crate::engine::Inner,
    tx: &mut tuttu_store::Tx<'_>,
    operation: Operation,
    first: bool,
    edits: Vec<DocumentEdit>,
) -> Result<ChangeSet, Failure> {
    if first {
        return inner.commit(tx, operation, edits);
    }
    let id = operation.id;
    let changes = inner.write_entries(tx, id, edits)?;
    tx.extend_operation(&id, &changes.touched)?;
    Ok(changes)
}

/// Whether a record with the same contents is in the space already, so that importing a file twice adds nothing.
fn is_here(tx: &tuttu_store::Tx<'_>, space: &SpaceId, draft: &RecordDraft) -> Result<bool, Failure> {
    for (held, doc, kind) in tx.find_by_name(&draft.view.name)? {
        if held == *space && kind == draft.view.kind && same_contents(tx, space, &doc, draft)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn same_contents(tx: &tuttu_store::Tx<'_>, space: &SpaceId, doc: &DocumentId, draft: &RecordDraft) -> Result<bool, Failure> {
    let Some(row) = tx.record(space, doc)? else { return Ok(false) };
    Ok(!row.view.deleted && contents(&row.view) == contents(&draft.view))
}

/// What a record says, without ids, times and order.
fn contents(view: &tuttu_model::RecordView) -> BTreeMap<String, Vec<String>> {
    let mut said = BTreeMap::new();
    for (key, value) in view.to_json() {
        if matches!(key.as_str(), "id" | "space" | "created" | "changed" | "conflicts" | "unknown" | "kind") {
            continue;
        }
        let mut values: Vec<String> = match value {
            serde_json::Value::Array(items) => items.into_iter().map(without_item).collect(),
            other => vec![other.to_string()],
        };
        values.sort();
        said.insert(key, values);
    }
    said
}

fn without_item(mut value: serde_json::Value) -> String {
    if let Some(object) = value.as_object_mut() {
        object.remove("item");
    }
    value.to_string()
}
