//! Files of records: kept beside the database in the folder `files`, named by the BLAKE3 hash of their contents, each content once.
//!
//! A file is there before the record names it, and is never changed afterwards. One that no record names does no harm, and an undo may name it again.

use std::fs::{self, File};
use std::io::{BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};

use tuttu_interchange::vcard::Picture;
use tuttu_model::RecordView;
use tuttu_model::draft::{attach_op, is_file_hash};
use tuttu_model::view::Attachment;
use tuttu_store::Reader;

use crate::api::{ErrorCode, ErrorView, FileView, Outcome, RecordRef};
use crate::commands::name_of;
use crate::commit::{DocumentEdit, Edit};
use crate::engine::{Engine, Inner};
use crate::failure::{Failure, not_found};

/// The largest file in MiB, unless the setting says otherwise.
const LIMIT_MIB: u64 = 100;
/// No setting allows more: sizes are kept as 32 bits.
const HIGHEST_MIB: u64 = 4_095;
/// The setting of the largest file, in MiB.
const LIMIT: &str = "attachments.limit";
/// Bytes read at once.
const CHUNK: usize = 256 * 1024;
/// Files listed at most.
pub(crate) const LISTED: usize = 100_000;
/// The largest picture that is written into a card: what is read from one again.
const LARGEST_PICTURE: u32 = 3 * 1024 * 1024 - 1024;
/// The folder of the files in a vault.
pub(crate) const FOLDER: &str = "files";

/// Where the file of a hash lies in the folder of files. Folders of two letters keep listings short.
pub(crate) fn path_in(folder: &Path, hash: &str) -> PathBuf {
    folder.join(hash.get(..2).unwrap_or_default()).join(hash)
}

/// A file that is durable once it is flushed.
#[derive(Debug)]
pub(crate) struct Synced(pub(crate) File);

impl Write for Synced {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.sync_all()
    }
}

impl Engine {
    /// Bytes of the largest file that is attached or fetched.
    pub(crate) fn largest_file(&self) -> Result<u64, ErrorView> {
        let mib = self.setting(LIMIT)?.and_then(|text| text.parse::<u64>().ok()).unwrap_or(LIMIT_MIB).min(HIGHEST_MIB);
        Ok(mib * 1024 * 1024)
    }

    /// Copies a file of this computer into the vault and attaches it to a record.
    pub(crate) fn attach(&self, record: RecordRef, path: &str, name: &str) -> Result<Outcome, ErrorView> {
        let key = self.inner.read(|reader| self.inner.record(reader, &record))?;
        let path = Path::new(path);
        let own_name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = if name.trim().is_empty() { own_name } else { name.trim().to_owned() };
        let (hash, size) = self.inner.keep_file(path, self.largest_file()?)?;
        let file = Attachment { hash, media: media_type(&name).to_owned(), name, size, missing: false };
        let outcome = self.operate(move |inner, tx| {
            let (space, doc) = key;
            tx.hold_file(&space, &digest(&file.hash))?;
            let document = inner.document(tx, &space, &doc)?;
            let current = document.record();
            inner.caches().keep_document(key, document);
            inner.check_editable(tx, &space, &current.kind)?;
            let label = format!("Attached {} to {}", file.name, name_of(&current));
            Ok((inner.operation(label)?, vec![DocumentEdit { space, doc, edit: Edit::Ops(vec![attach_op(&current, &file)?]) }]))
        })?;
        self.records(outcome, Some(key))
    }

    /// Writes a file of the vault to a path of this computer, verified on the way.
    pub(crate) fn save_file(&self, hash: &str, path: &str) -> Result<Outcome, ErrorView> {
        let file = self.inner.read(|reader| self.inner.file(reader, hash))?;
        if file.missing {
            return Err(ErrorView::new(
                ErrorCode::NotFound,
                format!("“{}” is not on this computer.", file.name),
                "The record is safe. The file comes from the computer where it was attached, or another that has it: tuttu attachment fetch.",
            ));
        }
        let mut target = PathBuf::from(path);
        if target.is_dir() {
            target.push(safe_name(&file.name));
        }
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let temporary = temporary(folder, &self.inner)?;
        let copied = copy(&self.inner.file_path(&file.hash), &temporary, u64::MAX);
        let (found, _) = copied.inspect_err(|_| forget(&temporary))?;
        if found != file.hash {
            forget(&temporary);
            return Err(ErrorView::new(
                ErrorCode::Damaged,
                format!("The file “{}” is damaged on this computer: its contents are not what was attached.", file.name),
                "Nothing was written. Attach it again from where it came, or take it from another computer.",
            ));
        }
        fs::rename(&temporary, &target).map_err(|error| {
            forget(&temporary);
            cannot(&target, "written", &error)
        })?;
        Ok(Outcome::Done)
    }
}

impl Inner {
    pub(crate) fn files_folder(&self) -> PathBuf {
        self.store.dir().join(FOLDER)
    }

    /// Where the file of a hash lies.
    pub(crate) fn file_path(&self, hash: &str) -> PathBuf {
        path_in(&self.files_folder(), hash)
    }

    /// A file that is here and is what was attached, from its beginning.
    pub(crate) fn whole_file(&self, hash: &[u8; 32]) -> Option<File> {
        let mut file = File::open(self.file_path(&data_encoding::HEXLOWER.encode(hash))).ok()?;
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(&mut file).ok()?;
        file.rewind().ok()?;
        (hasher.finalize() == blake3::Hash::from_bytes(*hash)).then_some(file)
    }

    /// Copies a file into the vault: its hash and size. A content that is there already is not written again, unless it is damaged.
    fn keep_file(&self, path: &Path, limit: u64) -> Result<(String, u32), ErrorView> {
        let folder = self.files_folder();
        fs::create_dir_all(&folder).map_err(|error| cannot(&folder, "made", &error))?;
        let temporary = temporary(&folder, self)?;
        let (hash, size) = copy(path, &temporary, limit).inspect_err(|_| forget(&temporary))?;
        let target = self.file_path(&hash);
        let placed = || -> std::io::Result<()> {
            let folder = target.parent().unwrap_or(&folder);
            fs::create_dir_all(folder)?;
            fs::rename(&temporary, &target)?;
            sync_folder(folder)
        };
        placed().map_err(|error| {
            forget(&temporary);
            cannot(&target, "written", &error)
        })?;
        Ok((hash, size))
    }

    /// Keeps the bytes of a file in the vault: what a record that is to have it holds.
    pub(crate) fn keep_bytes(&self, bytes: &[u8], name: &str, media: &str) -> Result<Attachment, ErrorView> {
        let hash = blake3::hash(bytes).to_hex().to_string();
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let file = Attachment { hash, name: name.to_owned(), media: media.to_owned(), size, missing: false };
        let target = self.file_path(&file.hash);
        if target.is_file() {
            return Ok(file);
        }
        let folder = target.parent().unwrap_or(&target);
        fs::create_dir_all(folder).map_err(|error| cannot(folder, "made", &error))?;
        let temporary = temporary(folder, self)?;
        let written = || -> std::io::Result<()> {
            let mut to = File::options().write(true).create_new(true).open(&temporary)?;
            to.write_all(bytes)?;
            to.sync_all()?;
            fs::rename(&temporary, &target)?;
            sync_folder(folder)
        };
        written().map_err(|error| {
            forget(&temporary);
            cannot(&target, "written", &error)
        })?;
        Ok(file)
    }

    /// The picture of a record, where it is here and whole and can stand in a card.
    pub(crate) fn picture(&self, view: &RecordView) -> Option<Picture> {
        let held = view.attachments.iter().find(|file| file.hash == view.photo && file.size <= LARGEST_PICTURE)?;
        let hash = blake3::Hash::from_hex(&held.hash).ok()?;
        let mut bytes = Vec::new();
        self.whole_file(hash.as_bytes())?.read_to_end(&mut bytes).ok()?;
        Some(Picture { bytes })
    }

    /// Says of each file of a record whether it is here.
    pub(crate) fn find_files(&self, view: &mut RecordView) {
        for file in &mut view.attachments {
            file.missing = !is_file_hash(&file.hash) || !self.file_path(&file.hash).is_file();
        }
    }

    /// The file a hash or the beginning of one means.
    pub(crate) fn file(&self, reader: &Reader<'_>, hash: &str) -> Result<FileView, Failure> {
        let wanted = hash.trim().to_ascii_lowercase();
        let mut found: Vec<[u8; 32]> = reader.files(LISTED)?;
        found.retain(|hash| wanted.len() >= 4 && data_encoding::HEXLOWER.encode(hash).starts_with(&wanted));
        match found.as_slice() {
            [only] => self.file_view(reader, only),
            [] => Err(not_found("file", hash).into()),
            _ => Err(ErrorView::new(ErrorCode::Ambiguous, format!("“{hash}” means more than one file."), "Give more of the hash.").into()),
        }
    }

    fn file_view(&self, reader: &Reader<'_>, hash: &[u8; 32]) -> Result<FileView, Failure> {
        let hex = data_encoding::HEXLOWER.encode(hash);
        let mut view = FileView { missing: !self.file_path(&hex).is_file(), hash: hex, ..FileView::default() };
        for row in reader.records_with_file(hash)? {
            if let Some(file) = row.view.attachments.into_iter().find(|file| file.hash == view.hash && view.name.is_empty()) {
                (view.name, view.media, view.size) = (file.name, file.media, file.size);
            }
            view.records.push(row.view.id);
        }
        Ok(view)
    }

    /// The files of a record, or all.
    pub(crate) fn files(&self, reader: &Reader<'_>, record: Option<&RecordRef>) -> Result<Vec<FileView>, Failure> {
        let Some(record) = record else {
            return reader.files(LISTED)?.iter().map(|hash| self.file_view(reader, hash)).collect();
        };
        let (space, doc) = self.record(reader, record)?;
        let mut view = reader.record(&space, &doc)?.map(|row| row.view).unwrap_or_default();
        self.find_files(&mut view);
        let id = view.id;
        let shown = |file: Attachment| FileView {
            hash: file.hash,
            name: file.name,
            media: file.media,
            size: file.size,
            missing: file.missing,
            records: vec![id.clone()],
        };
        Ok(view.attachments.into_iter().map(shown).collect())
    }
}

/// The bytes of a hash that is printed.
pub(crate) fn digest(hash: &str) -> [u8; 32] {
    blake3::Hash::from_hex(hash).map(Into::into).unwrap_or_default()
}

/// Copies piece by piece, durably: the hash and size of what was copied.
fn copy(from: &Path, to: &Path, limit: u64) -> Result<(String, u32), ErrorView> {
    let opened = File::open(from).map_err(|error| cannot(from, "read", &error))?;
    if !opened.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Err(ErrorView::new(ErrorCode::File, format!("{} is not a file.", from.display()), "Nothing was changed."));
    }
    let mut reader = BufReader::with_capacity(CHUNK, opened);
    let mut writer = File::options().write(true).create_new(true).open(to).map_err(|error| cannot(to, "written", &error))?;
    let (mut hasher, mut size, mut piece) = (blake3::Hasher::new(), 0_u64, vec![0; CHUNK]);
    loop {
        let count = reader.read(&mut piece).map_err(|error| cannot(from, "read", &error))?;
        let Some(bytes) = piece.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
        size += u64::try_from(count).unwrap_or(u64::MAX);
        if size > limit {
            return Err(ErrorView::new(
                ErrorCode::Invalid,
                format!("{} is larger than {} MiB.", from.display(), limit / (1024 * 1024)),
                format!("Nothing was attached. The setting {LIMIT} (in MiB) allows larger files."),
            ));
        }
        hasher.update(bytes);
        writer.write_all(bytes).map_err(|error| cannot(to, "written", &error))?;
    }
    writer.sync_all().map_err(|error| cannot(to, "written", &error))?;
    Ok((hasher.finalize().to_hex().to_string(), u32::try_from(size).unwrap_or(u32::MAX)))
}

/// A name no file has yet.
fn temporary(folder: &Path, inner: &Inner) -> Result<PathBuf, ErrorView> {
    Ok(folder.join(format!(".tuttu-{}", data_encoding::HEXLOWER.encode(&inner.random::<8>()?))))
}

pub(crate) fn forget(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "a temporary file is left");
    }
}

#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}

/// A name from somebody else's computer, as a file name here: no folders, nothing hidden.
fn safe_name(name: &str) -> String {
    let plain: String =
        name.chars().map(|letter| if letter.is_control() || "/\\:*?\"<>|".contains(letter) { '_' } else { letter }).collect();
    let plain = plain.trim().trim_start_matches('.').trim();
    let start: String = plain.chars().take(120).collect();
    if start.is_empty() { "file".to_owned() } else { start }
}

pub(crate) fn cannot(path: &Path, what: &str, error: &std::io::Error) -> ErrorView {
    let code = match error.kind() {
        std::io::ErrorKind::StorageFull => ErrorCode::DiskFull,
        _ => ErrorCode::File,
    };
    ErrorView::new(code, format!("{} cannot be {what}: {error}.", path.display()), "Nothing was changed. Everything saved before is safe.")
}

/// The media type of a file by its name; empty when it is none that is often met.
fn media_type(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    match extension.as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "heic" => "image/heic",
        "pdf" => "application/pdf",
        "txt" | "md" => "text/plain",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "vcf" => "text/vcard",
        "ics" => "text/calendar",
        "doc" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls" => "application/vnd.ms-excel",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "odt" => "application/vnd.oasis.opendocument.text",
        "ods" => "application/vnd.oasis.opendocument.spreadsheet",
        "zip" => "application/zip",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "mp4" => "video/mp4",
        "mov" => "video/quicktime",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_elsewhere_stay_in_their_folder() {
        assert_eq!(safe_name("../../.bashrc"), "_.._.bashrc");
        assert_eq!(safe_name("..\\a:b.pdf"), "_a_b.pdf");
        assert_eq!(safe_name(" . "), "file");
        assert_eq!(safe_name("terms draft 2.pdf"), "terms draft 2.pdf");
    }
}
