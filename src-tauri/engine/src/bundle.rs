//! A space in a file: exchange without a network, by a stick from hand to hand.
//!
//! What is in it is what an exchange would send: operations, proofs, entries with their changes, and files. It is encrypted to the computers that read the space
//! when it was written. Everything in it proves itself, so it does not matter who carries it, and reading it twice is harmless.

pub(crate) mod format;
mod keys;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use tuttu_model::{ComputerId, SpaceId};
use tuttu_sync::feed::{SignedEntry, Vector};
use tuttu_sync::session::{IncomingBatch, IncomingEntry};
use tuttu_sync::verdict::Standing;

use crate::api::{BundleReport, ErrorCode, ErrorView, Outcome};
use crate::backup::format::reason;
use crate::backup::{Part, lock, lock::Opened};
use crate::engine::Engine;
use crate::fetching::WantedFile;
use format::{BundleReader, BundleWriter, Head, Part as Piece, Said, WrittenEntry};

/// Entries read from the store, and put into it, at once.
const ENTRIES: usize = 256;
/// Bytes of their changes.
const BYTES: usize = 4 * 1024 * 1024;
/// Membership operations in one part.
const OPS: usize = 500;
/// Bytes of a file in one part.
const FILE_PIECE: usize = 256 * 1024;

const KEPT: &str = "What was read before is kept; reading it again is harmless.";

impl Engine {
    /// Writes what the other computers of a space may lack. `everything`: also what all of them have confirmed.
    pub(crate) fn write_bundle(&self, path: &str, space: &str, everything: bool, with_files: bool) -> Result<Outcome, ErrorView> {
        let (row, membership) = self.inner.read(|reader| {
            let row = self.inner.space(reader, space)?;
            let membership = self.inner.membership(reader, &row.id)?;
            Ok((row, membership))
        })?;
        let me = self.inner.computer;
        let computers = membership.members().into_iter().flat_map(|member| member.computers).map(|(computer, _)| computer);
        let readers: BTreeSet<ComputerId> = computers.filter(|computer| *computer != me && membership.may_read(computer)).collect();
        if !membership.may_read(&me) || readers.is_empty() {
            let message = format!("Nobody else reads “{}”, so there is nobody to write it for.", row.name);
            return Err(ErrorView::new(ErrorCode::Invalid, message, "Nothing was written. Invite somebody first: tuttu invite."));
        }
        let target = Path::new(path);
        let part = Part::begin(target)?;
        let recipients = keys::recipients(&readers)?;
        let skip = if everything { Vector::default() } else { self.confirmed_by_all(&row.id, &readers)? };
        let head = self.head(&row.id)?;
        let to = lock::encrypt_for(&recipients, BufWriter::new(&part.file)).map_err(|error| part.unwritable(&error))?;
        let mut writer = BundleWriter::begin(to, &head).map_err(|error| part.unwritable(&error))?;
        let changes = self.write_parts(&row.id, skip, &part, &mut writer)?;
        let files = if with_files { self.write_bundled_files(&row.id, &part, &mut writer)? } else { 0 };
        let finished = writer.finish().and_then(|to| to.finish()).and_then(|mut to| to.flush());
        finished.and_then(|()| part.file.sync_all()).map_err(|error| part.unwritable(&error))?;
        let bytes = part.put_in_place(target)?;
        let computers = u32::try_from(readers.len()).unwrap_or(u32::MAX);
        let report = BundleReport {
            path: path.to_owned(),
            space: row.name,
            from: String::new(),
            computers,
            changes,
            files,
            bytes: bytes.to_string(),
        };
        Ok(Outcome::Bundle { report })
    }

    /// What this computer holds of a space, said and signed by it.
    fn head(&self, space: &SpaceId) -> Result<Head, ErrorView> {
        let vector = self.inner.read(|reader| Ok(reader.vector(space)?))?;
        let said = Said { space: *space, computer: self.inner.computer, at: self.inner.now(), vector };
        Ok(Head::sign(said, &self.inner.keys.computer))
    }

    /// How much of each feed all these computers have confirmed.
    fn confirmed_by_all(&self, space: &SpaceId, readers: &BTreeSet<ComputerId>) -> Result<Vector, ErrorView> {
        self.inner.read(|reader| {
            let mut common: Option<Vector> = None;
            for computer in readers {
                let held = reader.ack(computer, space)?.map(|row| row.vector).unwrap_or_default();
                common = Some(match common {
                    None => held,
                    Some(mut common) => {
                        common.0.retain(|feed, place| {
                            let same = held.0.get(feed);
                            *place = same.map_or(*place, |theirs| (*place).min(*theirs));
                            same.is_some()
                        });
                        common
                    }
                });
            }
            Ok(common.unwrap_or_default())
        })
    }

    fn write_parts<W: Write>(&self, space: &SpaceId, skip: Vector, part: &Part, writer: &mut BundleWriter<W>) -> Result<u32, ErrorView> {
        let put = |writer: &mut BundleWriter<W>, piece: &Piece| writer.part(piece).map_err(|error| part.unwritable(&error));
        let (ops, proofs) = self.inner.read(|reader| Ok((reader.ops(space)?, reader.proofs(space)?)))?;
        for some in ops.chunks(OPS) {
            put(writer, &Piece::Rules { ops: some.to_vec(), proofs: Vec::new() })?;
        }
        for some in proofs.chunks(OPS) {
            put(writer, &Piece::Rules { ops: Vec::new(), proofs: some.to_vec() })?;
        }
        let replica = self.replica();
        let unread = |error: tuttu_sync::replica::ReadError| ErrorView::new(ErrorCode::Damaged, error.0, "Nothing was written.");
        let headers = replica.headers(space).map_err(unread)?;
        let (mut cursor, mut changes) = (0, 0_usize);
        loop {
            let page = replica.stream(space, cursor, &skip, ENTRIES, BYTES).map_err(unread)?;
            let Some(last) = page.last() else { break };
            cursor = last.arrival;
            let counting = page.into_iter().filter(|entry| entry.standing != Standing::Tray);
            let entries: Vec<WrittenEntry> = counting
                .filter_map(|stored| {
                    let header = headers.get(&stored.entry.claimed_feed())?.clone();
                    Some(WrittenEntry { header, entry: stored.entry, changes: stored.changes, valid: stored.standing == Standing::Valid })
                })
                .collect();
            changes += entries.iter().map(|entry| entry.changes.len()).sum::<usize>();
            if !entries.is_empty() {
                put(writer, &Piece::Entries(entries))?;
            }
        }
        Ok(u32::try_from(changes).unwrap_or(u32::MAX))
    }

    /// The files that this computer may give in the space and that are whole.
    fn write_bundled_files<W: Write>(&self, space: &SpaceId, part: &Part, writer: &mut BundleWriter<W>) -> Result<u32, ErrorView> {
        let mut files = 0;
        let given = self.inner.read(|reader| {
            let all = reader.files(crate::files::LISTED)?;
            let given = all.into_iter().map(|hash| Ok((hash, reader.gives_file(space, &hash)?)));
            given.collect::<Result<Vec<_>, crate::failure::Failure>>()
        })?;
        for (hash, _) in given.into_iter().filter(|(_, given)| *given) {
            let Some(mut file) = self.inner.whole_file(&hash) else { continue };
            let size = file.metadata().map_err(|error| part.unwritable(&error))?.len();
            writer.part(&Piece::File { hash, size }).map_err(|error| part.unwritable(&error))?;
            let mut piece = vec![0; FILE_PIECE];
            loop {
                let count = file.read(&mut piece).map_err(|error| part.unwritable(&error))?;
                let Some(bytes) = piece.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
                writer.part(&Piece::Bytes(bytes.to_vec())).map_err(|error| part.unwritable(&error))?;
            }
            files += 1;
        }
        Ok(files)
    }

    /// Takes in what a file holds of a space that is held here.
    pub(crate) fn read_bundle(&self, path: &str) -> Result<Outcome, ErrorView> {
        let file = File::open(path).map_err(|error| {
            ErrorView::new(
                ErrorCode::File,
                format!("{path} cannot be read: {error}."),
                "Nothing was changed. Check the name and the permissions.",
            )
        })?;
        let wrong = |why: String| ErrorView::new(ErrorCode::File, format!("{path} cannot be read: {why}."), KEPT);
        let identity = keys::identity(&self.inner.keys.computer)?;
        let from = match lock::open(BufReader::new(file), &[&identity]) {
            Ok(Opened::Yes(from)) => from,
            Ok(Opened::No) => {
                let hint = "Nothing was changed. It opens on the computers that read the space when it was written; ask for a new one.";
                return Err(ErrorView::new(ErrorCode::NotAllowed, "This bundle was not written for this computer.", hint));
            }
            Err(error) => return Err(wrong(reason(&error))),
        };
        let (head, mut parts) = BundleReader::begin(from).map_err(|error| wrong(reason(&error)))?;
        let said = head.verified().map_err(|error| wrong(error.to_string()))?;
        let name = self.inner.read(|reader| Ok(reader.space(&said.space)?.map(|row| row.name)))?;
        let name = name.ok_or_else(|| {
            ErrorView::new(
                ErrorCode::NotFound,
                "The space of this bundle is not on this computer.",
                "Nothing was changed. Join it first: tuttu join.",
            )
        })?;
        let before = self.inner.read(|reader| Ok(reader.change_count()?))?;
        let mut incoming: Option<crate::fetching::IncomingFile> = None;
        let mut files = 0;
        loop {
            let piece = parts.next().map_err(|error| wrong(reason(&error)))?;
            if !matches!(piece, Some(Piece::Bytes(_))) {
                files += u32::from(place_file(incoming.take())?);
            }
            match piece {
                None => break,
                Some(Piece::Rules { ops, proofs }) => self.take_in(&said, IncomingBatch { ops, proofs, entries: Vec::new() })?,
                Some(Piece::Entries(entries)) => {
                    self.check_allowed(&said.space, &name)?;
                    self.take_in(
                        &said,
                        IncomingBatch { entries: entries.into_iter().map(incoming_entry).collect(), ..IncomingBatch::default() },
                    )?;
                }
                Some(Piece::File { hash, size }) => incoming = self.begin_bundled(&said.space, hash, size)?,
                Some(Piece::Bytes(bytes)) => {
                    if let Some(file) = &mut incoming {
                        file.put(&bytes)?;
                    }
                }
            }
        }
        self.note_said(&said)?;
        let after = self.inner.read(|reader| Ok(reader.change_count()?))?;
        let from = self.inner.read(|reader| Ok(self.inner.membership(reader, &said.space)?.names_of(&said.computer)))?;
        let report = BundleReport {
            path: path.to_owned(),
            space: name,
            from: from.map(|(person, _)| person).unwrap_or_default(),
            computers: 0,
            changes: after.saturating_sub(before),
            files,
            bytes: String::new(),
        };
        Ok(Outcome::Bundle { report })
    }

    fn take_in(&self, said: &Said, batch: IncomingBatch) -> Result<(), ErrorView> {
        let outcome = self.apply_remote(&said.computer, &said.space, batch);
        match outcome.refused {
            None => Ok(()),
            Some(_) if outcome.pending => Err(ErrorView::new(
                ErrorCode::Invalid,
                "This bundle begins after what is on this computer.",
                format!("{KEPT} Ask for one with everything: tuttu bundle write FILE --space SPACE --all."),
            )),
            Some(why) => Err(ErrorView::new(ErrorCode::Invalid, format!("The bundle breaks the rules of the exchange: {why}."), KEPT)),
        }
    }

    /// Whether this computer may read the space, by the operations it knows now.
    fn check_allowed(&self, space: &SpaceId, name: &str) -> Result<(), ErrorView> {
        if self.inner.read(|reader| Ok(self.inner.membership(reader, space)?.may_read(&self.inner.computer)))? {
            return Ok(());
        }
        let message = format!("You were removed from “{name}”.");
        Err(ErrorView::new(
            ErrorCode::NotAllowed,
            message,
            "What you have of it stays readable on this computer; nothing more of it was taken in.",
        ))
    }

    /// A file is taken in when a record of the space names it, and it is not here yet.
    fn begin_bundled(&self, space: &SpaceId, hash: [u8; 32], size: u64) -> Result<Option<crate::fetching::IncomingFile>, ErrorView> {
        let hex = data_encoding::HEXLOWER.encode(&hash);
        if size > self.largest_file()? || self.inner.file_path(&hex).is_file() {
            return Ok(None);
        }
        let named = self.inner.read(|reader| {
            let rows = reader.records_with_file(&hash)?.into_iter().filter(|row| row.space == *space && !row.view.deleted);
            Ok(rows.flat_map(|row| row.view.attachments).find(|file| file.hash == hex && u64::from(file.size) == size))
        })?;
        let Some(file) = named else { return Ok(None) };
        let incoming = self.take_in_file(&WantedFile { space: *space, hash, name: file.name, size })?;
        // Bundles hold files whole: what came before over the network is not gone on with.
        incoming.start_over().map(Some)
    }

    /// What the writer says it holds is an acknowledgement, if the writer may read the space and signed it.
    fn note_said(&self, said: &Said) -> Result<(), ErrorView> {
        let reads = self.inner.read(|reader| Ok(self.inner.membership(reader, &said.space)?.may_read(&said.computer)))?;
        if !reads || said.computer == self.inner.computer {
            return Ok(());
        }
        let known = self.inner.read(|reader| Ok(reader.ack(&said.computer, &said.space)?.map(|row| row.at)))?;
        if known.is_some_and(|at| at >= said.at) {
            return Ok(());
        }
        self.acknowledged_at(&said.computer, &said.space, &said.vector, said.at.min(self.inner.now())).map(drop)
    }
}

fn incoming_entry(written: WrittenEntry) -> IncomingEntry {
    let WrittenEntry { header, entry, changes, valid } = written;
    let entry: SignedEntry = entry;
    IncomingEntry { header: Some(header), entry, changes, beyond_vector: !valid }
}

/// Whether a file came whole.
fn place_file(incoming: Option<crate::fetching::IncomingFile>) -> Result<bool, ErrorView> {
    match incoming {
        Some(file) if file.left() == 0 => file.finish(),
        Some(file) => {
            file.discard();
            Ok(false)
        }
        None => Ok(false),
    }
}
