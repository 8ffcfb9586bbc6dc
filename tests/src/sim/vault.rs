//! One vault on one disk: opened, crashed, copied, put back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use tuttu_engine::{Engine, NewVault};
use tuttu_model::ComputerId;

use super::surroundings::Virtual;
use crate::reference::Id;

/// An invitation a vault made, as its maker remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// Its id.
    pub id: String,
    /// When it ends, by the maker's clock.
    pub expires: i64,
    /// Who used it.
    pub used: Option<ComputerId>,
    /// It was taken back.
    pub withdrawn: bool,
}

/// What somebody who remembers everything would know of a vault beside its database. It is as old as the database.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// Names of records whose saving was confirmed, with the entry they are in.
    pub saved: BTreeMap<String, Id>,
    /// Invitations made.
    pub invited: Vec<Invited>,
}

/// A vault.
pub struct Vault {
    /// The person's name; a copy has a name of its own.
    pub name: String,
    dir: PathBuf,
    surroundings: Arc<Virtual>,
    engine: Option<Engine>,
    /// What was promised by this vault as it is now.
    pub memory: Memory,
    snapshot: Option<(PathBuf, Memory)>,
    moves: usize,
}

impl Vault {
    /// A new vault.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn create(folder: &Path, name: &str, surroundings: Virtual) -> Self {
        let (dir, surroundings) = (folder.join(name), Arc::new(surroundings));
        let new = NewVault { person_name: name.into(), computer_name: format!("{name}’s computer") };
        let engine = Engine::create_in(&dir, &new, Arc::clone(&surroundings) as _).expect("a vault");
        let vault =
            Self { name: name.into(), dir, surroundings, engine: Some(engine), memory: Memory::default(), snapshot: None, moves: 0 };
        #[cfg(feature = "planted")]
        vault.keep_what_is_on_disk();
        vault
    }

    /// A vault that is nobody's yet.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn unfinished(folder: &Path, name: &str, surroundings: Virtual) -> Self {
        let (dir, surroundings) = (folder.join(name), Arc::new(surroundings));
        let engine = Engine::open_to_join_in(&dir, Arc::clone(&surroundings) as _).expect("a vault");
        engine.prepare_to_join_person(Some(name)).expect("a name");
        let vault =
            Self { name: name.into(), dir, surroundings, engine: Some(engine), memory: Memory::default(), snapshot: None, moves: 0 };
        #[cfg(feature = "planted")]
        vault.keep_what_is_on_disk();
        vault
    }

    /// The open engine.
    ///
    /// # Panics
    /// When it is closed, which only happens inside a step.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("the vault is open between steps")
    }

    /// Its computer.
    #[must_use]
    pub fn computer(&self) -> ComputerId {
        self.engine().computer()
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.dir.join("vault.db")
    }

    /// Seconds since 1970 by its own clock.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.surroundings.seconds()
    }

    fn open(&mut self) {
        self.engine = Some(Engine::open_in(&self.dir, Arc::clone(&self.surroundings) as _).expect("the vault opens again"));
        #[cfg(feature = "planted")]
        self.keep_what_is_on_disk();
    }

    /// Everything in memory goes; what was durable is there again. Sessions that still look at the engine must be gone.
    pub fn crash(&mut self) {
        self.engine = None;
        #[cfg(feature = "planted")]
        self.lose_what_is_not_on_disk();
        self.open();
    }

    /// Keeps a copy of the folder.
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn take_snapshot(&mut self) {
        let to = self.dir.with_file_name(format!("{}-kept", self.name));
        self.engine = None;
        let _ = std::fs::remove_dir_all(&to);
        copy_folder(&self.dir, &to);
        self.snapshot = Some((to, self.memory.clone()));
        self.open();
    }

    /// Puts the kept copy back: what was written since is gone from this disk, perhaps not from others’. As files copied to a new place, which the
    /// engine notices when it opens; or into the same file, which it cannot notice. Says whether there was a copy.
    ///
    /// # Panics
    /// When it cannot be put back.
    pub fn put_back(&mut self, noticed: bool) -> bool {
        let Some((from, memory)) = self.snapshot.take() else { return false };
        self.engine = None;
        if noticed {
            self.moves += 1;
            let to = self.dir.with_file_name(format!("{}.{}", self.name, self.moves));
            copy_folder(&from, &to);
            std::fs::remove_dir_all(&self.dir).expect("the folder goes");
            self.dir = to;
        } else {
            overwrite(&from.join("vault.db"), &self.database());
        }
        self.memory = memory;
        self.open();
        true
    }

    /// A copy of the whole vault that goes on beside it, with the same keys. Copied as files, which the copy notices when it opens; or as a disk is
    /// imaged, where the file keeps its number.
    ///
    /// # Panics
    /// When it cannot be copied.
    #[must_use]
    pub fn clone_to(&mut self, name: &str, surroundings: Virtual, noticed: bool) -> Self {
        let dir = self.dir.with_file_name(name);
        self.engine = None;
        copy_folder(&self.dir, &dir);
        let mut copy = Self {
            name: name.into(),
            dir,
            surroundings: Arc::new(surroundings),
            engine: None,
            memory: Memory { invited: Vec::new(), ..self.memory.clone() },
            snapshot: None,
            moves: 0,
        };
        copy.open();
        if !noticed {
            copy.engine = None;
            let identity = file_identity(&copy.database(), None);
            overwrite(&self.database(), &copy.database());
            file_identity(&copy.database(), Some(&identity));
            copy.open();
        }
        self.open();
        copy
    }
}

/// A crash that is a power cut. Where commits wait for the disk it takes nothing; where they do not, as when that fault is planted, it takes everything since the
/// vault was opened.
#[cfg(feature = "planted")]
impl Vault {
    fn on_disk(&self) -> PathBuf {
        self.dir.with_file_name(format!("{}-on-disk", self.name))
    }

    fn keep_what_is_on_disk(&self) {
        let kept = self.on_disk();
        let _ = std::fs::remove_dir_all(&kept);
        if !self.engine().waits_for_the_disk().expect("readable") {
            std::fs::create_dir_all(&kept).expect("a folder");
            overwrite(&self.database(), &kept.join("vault.db"));
        }
    }

    fn lose_what_is_not_on_disk(&self) {
        let kept = self.on_disk().join("vault.db");
        if kept.is_file() {
            overwrite(&kept, &self.database());
        }
    }
}

/// The number of its file that a closed vault remembers; `Some` makes it remember another.
fn file_identity(database: &Path, remember: Option<&[u8]>) -> Vec<u8> {
    let connection = Connection::open(database).expect("the database");
    if let Some(identity) = remember {
        connection.execute("UPDATE meta SET value = ?1 WHERE key = 'file.identity'", [identity]).expect("written");
    }
    let identity = connection.query_row("SELECT value FROM meta WHERE key = 'file.identity'", [], |row| row.get(0));
    identity.expect("it is noted")
}

/// Writes a closed database over another one; the file stays the same file.
fn overwrite(from: &Path, to: &Path) {
    for beside in ["vault.db-wal", "vault.db-shm"] {
        let _ = std::fs::remove_file(to.with_file_name(beside));
    }
    std::fs::write(to, std::fs::read(from).expect("a copy")).expect("written over");
    let log = from.with_file_name("vault.db-wal");
    if log.is_file() {
        std::fs::copy(log, to.with_file_name("vault.db-wal")).expect("the log too");
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for item in std::fs::read_dir(from).expect("a folder") {
        let item = item.expect("an item");
        let (path, target) = (item.path(), to.join(item.file_name()));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else if path.is_file() {
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}
