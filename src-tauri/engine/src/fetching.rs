//! Files of records that lie on other computers: which are wanted here, who may have which from here, and how one comes in.
//!
//! A file comes piece by piece into a folder of its own, goes on where it was cut off, and is among the vault's files only once its BLAKE3 hash is the one
//! that the record names.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;

use tuttu_model::draft::is_file_hash;
use tuttu_model::{ComputerId, DocumentId, SpaceId};

use crate::api::{ErrorCode, ErrorView, Event, FileView};
use crate::commit::changed_event;
use crate::engine::Engine;
use crate::failure::not_found;
use crate::files::{FOLDER, cannot, digest, forget, sync_folder};
use tuttu_store::Lane;

/// Whether files of records come by themselves: `always`, or `ask` for only those asked for. With `.` and a space's id behind it: in that space.
const FETCH: &str = "attachments.fetch";
/// Files looked through for those that are wanted.
const LOOKED_THROUGH: usize = 4_096;
/// Where files that are not whole yet lie, in the folder of files.
const PARTIAL: &str = "partial";
/// Files that may be asked for at once.
const ASKED: usize = 1_000;

/// A file that a record names and that is not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedFile {
    /// The space of the record.
    pub space: SpaceId,
    /// BLAKE3 of its bytes.
    pub hash: [u8; 32],
    /// What the record calls it.
    pub name: String,
    /// Bytes, as the record says.
    pub size: u64,
}

/// A file for somebody else.
#[derive(Debug)]
pub struct GivenFile {
    /// From its beginning.
    pub file: File,
    /// Bytes.
    pub size: u64,
}

impl Engine {
    /// Files that should come here now, those of the newest records first. Where there is a choice of spaces any of them will do.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn wanted_files(&self, limit: usize) -> Result<Vec<WantedFile>, ErrorView> {
        let largest = self.largest_file()?;
        let asked = self.inner.caches().asked_files.clone();
        self.inner.read(|reader| {
            let always = |space: &SpaceId| -> Result<bool, crate::failure::Failure> {
                let own = reader.setting(&format!("{FETCH}.{space}"))?;
                let set = if own.is_some() { own } else { reader.setting(FETCH)? };
                Ok(set.as_deref() != Some("ask"))
            };
            let mut wanted: Vec<WantedFile> = Vec::new();
            for (space, hash, doc) in reader.files_elsewhere(LOOKED_THROUGH)? {
                let hex = data_encoding::HEXLOWER.encode(&hash);
                if wanted.len() >= limit || self.inner.file_path(&hex).is_file() || wanted.iter().any(|held| held.hash == hash) {
                    continue;
                }
                if !asked.contains(&hash) && !always(&space)? {
                    continue;
                }
                let view = reader.record(&space, &doc)?.map(|row| row.view).unwrap_or_default();
                let Some(file) = view.attachments.into_iter().find(|file| file.hash == hex) else { continue };
                let size = u64::from(file.size);
                if size <= largest {
                    wanted.push(WantedFile { space, hash, name: file.name, size });
                }
            }
            Ok(wanted)
        })
    }

    /// Asks for a file by its hash, or the beginning of it: from now on it is wanted, whatever the setting of its space. `None` when it is here.
    ///
    /// # Errors
    /// When no record names it, it is larger than is fetched, or the database cannot be read.
    pub fn ask_for_file(&self, hash: &str) -> Result<Option<FileView>, ErrorView> {
        let file = self.inner.read(|reader| self.inner.file(reader, hash))?;
        if !file.missing {
            return Ok(None);
        }
        if !is_file_hash(&file.hash) {
            return Err(not_found("file", hash));
        }
        let largest = self.largest_file()?;
        if u64::from(file.size) > largest {
            return Err(ErrorView::new(
                ErrorCode::Invalid,
                format!("“{}” is larger than {} MiB.", file.name, largest / (1024 * 1024)),
                "It was not fetched. The setting attachments.limit (in MiB) allows larger files.",
            ));
        }
        let mut caches = self.inner.caches();
        if caches.asked_files.len() < ASKED {
            caches.asked_files.insert(digest(&file.hash));
        }
        drop(caches);
        Ok(Some(file))
    }

    /// A file for another computer: only when that computer may read the space now, a record there names the file, and its bytes came here through that
    /// space. `None` in all other cases, which look the same from outside.
    ///
    /// # Errors
    /// When the database or the file cannot be read.
    pub fn give_file(&self, remote: &ComputerId, space: &SpaceId, hash: &[u8; 32]) -> Result<Option<GivenFile>, ErrorView> {
        let allowed = self.inner.read(|reader| {
            let readable = reader.space(space)?.is_some() && self.inner.membership(reader, space)?.may_read(remote);
            Ok(readable && reader.gives_file(space, hash)?)
        })?;
        if !allowed {
            return Ok(None);
        }
        let path = self.inner.file_path(&data_encoding::HEXLOWER.encode(hash));
        let Ok(file) = File::open(&path) else { return Ok(None) };
        let size = file.metadata().map_err(|error| cannot(&path, "read", &error))?.len();
        Ok(Some(GivenFile { file, size }))
    }

    /// Begins to take in a file, or goes on with it where it was cut off.
    ///
    /// # Errors
    /// When its folder cannot be written.
    pub fn take_in_file(&self, wanted: &WantedFile) -> Result<IncomingFile, ErrorView> {
        let folder = self.inner.store.dir().join(FOLDER).join(PARTIAL);
        fs::create_dir_all(&folder).map_err(|error| cannot(&folder, "made", &error))?;
        let path = folder.join(data_encoding::HEXLOWER.encode(&wanted.hash));
        let opened = || -> std::io::Result<(File, u64)> {
            let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
            let mut held = file.seek(SeekFrom::End(0))?;
            if held > wanted.size {
                // The record says otherwise now, or something else wrote here.
                file.set_len(0)?;
                held = file.seek(SeekFrom::Start(0))?;
            }
            Ok((file, held))
        };
        let (file, held) = opened().map_err(|error| cannot(&path, "written", &error))?;
        Ok(IncomingFile { engine: self.clone(), wanted: wanted.clone(), file, path, held })
    }
}

/// A file on its way in.
#[derive(Debug)]
pub struct IncomingFile {
    engine: Engine,
    wanted: WantedFile,
    file: File,
    path: PathBuf,
    held: u64,
}

impl IncomingFile {
    /// Bytes that are here already.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.held
    }

    /// Forgets what was held before.
    pub(crate) fn start_over(mut self) -> Result<Self, ErrorView> {
        let emptied = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        self.held = emptied.map_err(|error| cannot(&self.path, "written", &error))?;
        Ok(self)
    }

    /// Bytes still to come.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.wanted.size.saturating_sub(self.held)
    }

    /// Takes in the next piece.
    ///
    /// # Errors
    /// When there is more than the record says, or it cannot be written.
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), ErrorView> {
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if count > self.left() {
            return Err(ErrorView::new(
                ErrorCode::Invalid,
                format!("“{}” is longer than the record says.", self.wanted.name),
                "Nothing more of it was kept.",
            ));
        }
        self.file.write_all(bytes).map_err(|error| cannot(&self.path, "written", &error))?;
        self.held += count;
        Ok(())
    }

    /// Tells listeners how far it is.
    pub fn report(&self) {
        let short = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX);
        self.engine.announce(Event::File {
            hash: data_encoding::HEXLOWER.encode(&self.wanted.hash),
            name: self.wanted.name.clone(),
            space: self.wanted.space.to_string(),
            done: short(self.held),
            total: short(self.wanted.size),
        });
    }

    /// All of it has come: puts it among the vault's files when it is what the record names. `false` when it is something else; then nothing of it is kept.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn finish(self) -> Result<bool, ErrorView> {
        let Self { engine, wanted, mut file, path, .. } = self;
        let mut hashed = || -> std::io::Result<blake3::Hash> {
            file.sync_all()?;
            file.seek(SeekFrom::Start(0))?;
            let mut hasher = blake3::Hasher::new();
            hasher.update_reader(&mut file)?;
            Ok(hasher.finalize())
        };
        let found = hashed().map_err(|error| cannot(&path, "read", &error))?;
        drop(file);
        if found != blake3::Hash::from_bytes(wanted.hash) {
            forget(&path);
            return Ok(false);
        }
        let hex = found.to_hex();
        let target = engine.inner.file_path(&hex);
        let placed = || -> std::io::Result<()> {
            let folder = target.parent().unwrap_or(&target);
            fs::create_dir_all(folder)?;
            fs::rename(&path, &target)?;
            sync_folder(folder)
        };
        placed().map_err(|error| cannot(&target, "written", &error))?;
        let (space, hash) = (wanted.space, wanted.hash);
        engine.inner.write(Lane::Remote, move |_, tx| Ok(tx.hold_file(&space, &hash)?))?;
        engine.inner.caches().asked_files.remove(&wanted.hash);
        let named: Vec<(SpaceId, DocumentId)> = engine
            .inner
            .read(|reader| Ok(reader.records_with_file(&wanted.hash)?.into_iter().map(|row| (row.space, row.doc)).collect()))?;
        engine.announce(changed_event(named.into_iter(), true));
        Ok(true)
    }

    /// What came is not what was asked for: nothing of it is kept.
    pub fn discard(self) {
        drop(self.file);
        forget(&self.path);
    }
}
