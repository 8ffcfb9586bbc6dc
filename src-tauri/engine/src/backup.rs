//! One encrypted file with everything but the computer's key: written beside its place, flushed, read back, and only then put there.

pub(crate) mod format;
pub(crate) mod lock;

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tuttu_store::{Extent, Piece, Reader, StoreError};

use crate::api::{BackupLock, BackupReport, ErrorCode, ErrorView, Event, Outcome};
use crate::clock;
use crate::engine::{Engine, Inner};
use crate::failure::Failure;
use format::{Manifest, PieceReader, PieceWriter};
use lock::{Lock, Opened};

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(200);

impl Engine {
    /// Writes a backup. It is one state of the vault, whatever is edited meanwhile.
    pub(crate) fn backup(&self, path: &str, lock: &BackupLock) -> Result<Outcome, ErrorView> {
        let target = PathBuf::from(path);
        let lock = Lock::new(lock)?;
        let part = Part::begin(&target)?;
        let report = self.inner.read(|reader| self.inner.write_backup(reader, &part, &lock))?;
        read_back(&part, &lock, &report)?;
        let bytes = part.put_in_place(&target)?;
        Ok(Outcome::BackedUp { report: BackupReport { path: path.to_owned(), bytes: bytes.to_string(), ..report.view } })
    }

    /// Writes a recovery kit: a text to print or to keep, with the person's key and spaces, encrypted.
    pub(crate) fn recovery_kit(&self, path: &str, lock: &BackupLock) -> Result<Outcome, ErrorView> {
        let target = PathBuf::from(path);
        if self.inner.person_key().is_none() {
            let message = "This computer was let in by another one, so it does not have the key that a recovery kit is made of.";
            let hint = "Nothing was written. Make the kit on your first computer; tuttu computer list shows which one that is.";
            return Err(ErrorView::new(ErrorCode::NotAllowed, message, hint));
        }
        let lock = Lock::new(lock)?;
        let part = Part::begin(&target)?;
        let written = self.inner.read(|reader| self.inner.write_kit(reader, &part, &lock))?;
        read_back(&part, &lock, &written)?;
        let bytes = part.put_in_place(&target)?;
        Ok(Outcome::BackedUp { report: BackupReport { path: path.to_owned(), bytes: bytes.to_string(), ..written.view } })
    }
}

/// What was written, to compare what is read back with.
struct Written {
    manifest: Manifest,
    rows: u64,
    view: BackupReport,
}

impl Inner {
    fn write_backup(&self, reader: &Reader<'_>, part: &Part, lock: &Lock) -> Result<Written, Failure> {
        let (records, changes) = (reader.document_count(0)?.0, reader.change_count()?);
        let spaces = reader.spaces()?;
        let manifest = self.manifest(reader, false)?;
        let to = lock.encrypt(BufWriter::new(&part.file)).map_err(|error| part.unwritable(&error))?;
        let mut writer = PieceWriter::begin(to, &manifest).map_err(|error| part.unwritable(&error))?;
        let (mut told, mut done) = (Instant::now(), 0_u32);
        let mut failed = None;
        let rows = reader.dump(Extent::All, &mut |piece| {
            done = done.saturating_add(u32::from(matches!(piece, Piece::Row(_))));
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                self.announce(Event::Progress { what: "backup".into(), done, total: 0 });
            }
            writer.piece(&piece).map_err(|error| {
                failed = Some(part.unwritable(&error));
                StoreError::Abandoned("the backup file cannot be written".into())
            })
        });
        if let Some(error) = failed {
            return Err(error.into());
        }
        let rows = rows?;
        writer.end_rows().map_err(|error| part.unwritable(&error))?;
        let (files, missing) = self.write_files(reader, part, &mut writer)?;
        let finished = writer.finish(rows).and_then(|to| to.finish()).and_then(|mut to| to.flush());
        finished.and_then(|()| part.file.sync_all()).map_err(|error| part.unwritable(&error))?;
        let view = BackupReport {
            at: clock::rfc3339(manifest.made),
            spaces: u32::try_from(spaces.len()).unwrap_or(u32::MAX),
            records,
            changes,
            files,
            missing_files: missing,
            ..BackupReport::default()
        };
        Ok(Written { manifest, rows, view })
    }

    fn manifest(&self, reader: &Reader<'_>, kit: bool) -> Result<Manifest, Failure> {
        Ok(Manifest {
            format: format::FORMAT,
            schema: reader.schema(),
            made: self.now(),
            person_name: self.person_name(reader)?,
            computer_name: self.computer_name(reader)?,
            // A computer that another one let in has no person key, so its backup has none either.
            person: self.person_key().map(|key| data_encoding::HEXLOWER.encode(&key.to_bytes())).unwrap_or_default(),
            kit,
        })
    }

    fn write_kit(&self, reader: &Reader<'_>, part: &Part, lock: &Lock) -> Result<Written, Failure> {
        let (manifest, spaces) = (self.manifest(reader, true)?, reader.spaces()?);
        let unwritable = |error: std::io::Error| Failure::from(part.unwritable(&error));
        let mut writer = PieceWriter::begin(lock.encrypt(Vec::new()).map_err(unwritable)?, &manifest).map_err(unwritable)?;
        let rows = reader.dump(Extent::Spaces, &mut |piece| writer.piece(&piece).map_err(|error| StoreError::Other(error.to_string())))?;
        writer.end_rows().map_err(unwritable)?;
        let sealed = writer.finish(rows).and_then(|to| to.finish()).map_err(unwritable)?;
        let at = clock::rfc3339(manifest.made);
        let mut text = kit_words(&manifest.person_name, &at, &spaces.iter().map(|row| row.name.as_str()).collect::<Vec<_>>());
        text.extend(lock::armored(&sealed).map_err(unwritable)?);
        (&part.file).write_all(&text).and_then(|()| part.file.sync_all()).map_err(unwritable)?;
        let view = BackupReport { at, spaces: u32::try_from(spaces.len()).unwrap_or(u32::MAX), ..BackupReport::default() };
        Ok(Written { manifest, rows, view })
    }

    /// The attached files that are here and whole; how many, and how many are not.
    fn write_files<W: Write>(&self, reader: &Reader<'_>, part: &Part, writer: &mut PieceWriter<W>) -> Result<(u32, u32), Failure> {
        let (mut written, mut missing, mut told) = (0, 0, Instant::now());
        for hash in reader.files(crate::files::LISTED)? {
            // Read twice, so that a damaged file is left out rather than spoiling the backup.
            match self.whole_file(&hash) {
                Some(mut file) => {
                    writer.file(&hash, &mut file).map_err(|error| part.unwritable(&error))?;
                    written += 1;
                }
                None => missing += 1,
            }
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                self.announce(Event::Progress { what: "backup".into(), done: written, total: 0 });
            }
        }
        Ok((written, missing))
    }
}

/// What stands on a recovery kit before its encrypted part.
fn kit_words(person: &str, at: &str, spaces: &[&str]) -> Vec<u8> {
    let plain = |text: &str| text.chars().filter(|letter| !letter.is_control()).collect::<String>();
    let names: Vec<String> = spaces.iter().map(|name| plain(name)).collect();
    let words = format!(
        "{}\n\n\
         Of {}, made {at}.\n\
         Spaces: {}.\n\n\
         Keep it apart from your computers, on paper or on a stick. When all of them are lost, it brings back who you are\n\
         and your spaces on a new one; what is in them comes from your colleagues' computers, or from a backup:\n\n\
         tuttu restore THIS-FILE --vault NEW-FOLDER\n\n\
         It opens with the passphrase it was made with, and whoever has both can act as you.\n\n",
        lock::KIT,
        plain(person),
        names.join(", ")
    );
    words.into_bytes()
}

/// Opens what was written as a restore would, and goes through all of it.
fn read_back(part: &Part, lock: &Lock, written: &Written) -> Result<(), ErrorView> {
    let wrong = |why: &str| {
        let message = format!("The backup was written, but reading it back failed: {why}.");
        ErrorView::new(ErrorCode::File, message, "It was removed again. Everything in the vault is safe. Try another disk.")
    };
    let file = File::open(&part.path).map_err(|error| wrong(&error.to_string()))?;
    let from = lock::encrypted(BufReader::new(file)).map_err(|error| wrong(&error.to_string()))?;
    let from = match lock.decrypt(from) {
        Ok(Opened::Yes(from)) => from,
        Ok(Opened::No) => return Err(wrong("it cannot be opened with its own key")),
        Err(error) => return Err(wrong(&error.to_string())),
    };
    let (manifest, mut pieces) = PieceReader::begin(from).map_err(|error| wrong(&error.to_string()))?;
    let mut rows: u64 = 0;
    for piece in &mut pieces {
        rows += u64::from(matches!(piece.map_err(|error| wrong(&error.to_string()))?, Piece::Row(_)));
    }
    let files = pieces.files(&mut |_| Ok(std::io::sink())).map_err(|error| wrong(&format::reason(&error)))?;
    if files != written.view.files {
        return Err(wrong("it holds other files than were written"));
    }
    if rows == written.rows && manifest == written.manifest { Ok(()) } else { Err(wrong("it holds something else than was written")) }
}

/// The file while it is written: beside its place, removed again unless it is put there.
pub(crate) struct Part {
    path: PathBuf,
    pub(crate) file: File,
    placed: std::cell::Cell<bool>,
}

impl Part {
    /// Beside the file, which must not be there yet.
    pub(crate) fn begin(target: &Path) -> Result<Self, ErrorView> {
        if target.exists() {
            let message = format!("{} exists already.", target.display());
            return Err(ErrorView::new(ErrorCode::File, message, "Nothing was written. Choose another name, or move it away first."));
        }
        let mut name = target.as_os_str().to_owned();
        name.push(".part");
        let path = PathBuf::from(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(|error| unwritable(&path, &error))?;
        // One that another process left when it was killed is written over; one that is being written is not.
        if file.try_lock().is_err() {
            let message = format!("Another file is being written to {}.", target.display());
            return Err(ErrorView::new(ErrorCode::File, message, "Nothing was written. Wait until it is done, or choose another name."));
        }
        file.set_len(0).map_err(|error| unwritable(&path, &error))?;
        Ok(Self { path, file, placed: std::cell::Cell::new(false) })
    }

    pub(crate) fn unwritable(&self, error: &std::io::Error) -> ErrorView {
        unwritable(&self.path, error)
    }

    /// Gives the size.
    pub(crate) fn put_in_place(&self, target: &Path) -> Result<u64, ErrorView> {
        let bytes = self.file.metadata().map_err(|error| self.unwritable(&error))?.len();
        // Unlike a rename it never takes the place of a file that came meanwhile; where links are not possible, the rename has to do.
        match std::fs::hard_link(&self.path, target) {
            Ok(()) => std::fs::remove_file(&self.path).map_err(|error| self.unwritable(&error))?,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Err(unwritable(target, &error)),
            Err(_) => std::fs::rename(&self.path, target).map_err(|error| self.unwritable(&error))?,
        }
        self.placed.set(true);
        crate::restore::sync_parent(target).map_err(|error| unwritable(target, &error))?;
        Ok(bytes)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.placed.get()
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "an unfinished backup could not be removed");
        }
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> ErrorView {
    use std::io::ErrorKind;
    let full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    if full {
        let hint = "Nothing half written was left. Everything in the vault is safe. Free some space, or choose another disk.";
        return ErrorView::new(ErrorCode::DiskFull, "The file is not written: the disk is full.", hint);
    }
    let hint =
        "Nothing half written was left. Everything in the vault is safe. Check the folder and its permissions, or choose another one.";
    ErrorView::new(ErrorCode::File, format!("The file is not written: {}: {error}.", path.display()), hint)
}
