//! The encryption of backups: age, with a passphrase or for a recipient.

use std::io::{BufRead, BufReader, Chain, Cursor, Error, ErrorKind, Read, Result, Write};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, Identity, Recipient, scrypt, x25519};

use crate::api::{BackupLock, ErrorCode, ErrorView};

/// The work that opening may cost: 2^22 rounds take some ten seconds. What asks for more is not opened.
const MOST_WORK: u8 = 22;

/// What a backup is locked with. It can be opened again to be checked.
pub(crate) enum Lock {
    /// The passphrase.
    Passphrase(SecretString),
    /// The recipient, and a key of one time only to read the file back with. That key is forgotten afterwards.
    Recipient(x25519::Recipient, x25519::Identity),
}

/// Whether a key fits.
pub(crate) enum Opened<R: Read> {
    /// It does.
    Yes(age::stream::StreamReader<R>),
    /// It does not.
    No,
}

impl Lock {
    pub(crate) fn new(lock: &BackupLock) -> std::result::Result<Self, ErrorView> {
        match lock {
            BackupLock::Passphrase { passphrase } if passphrase.0.is_empty() => Err(ErrorView::new(
                ErrorCode::Invalid,
                "The passphrase is empty.",
                "Nothing was written. Choose several words; without them nobody can open the backup.",
            )),
            BackupLock::Passphrase { passphrase } => Ok(Self::Passphrase(SecretString::from(passphrase.0.clone()))),
            BackupLock::Recipient { recipient } => match recipient.trim().parse::<x25519::Recipient>() {
                Ok(recipient) => Ok(Self::Recipient(recipient, x25519::Identity::generate())),
                Err(why) => Err(ErrorView::new(
                    ErrorCode::Invalid,
                    format!("“{recipient}” is not an age recipient: {why}."),
                    "Nothing was written. A recipient begins with age1; age-keygen prints it.",
                )),
            },
        }
    }

    pub(crate) fn encrypt<W: Write>(&self, to: W) -> Result<age::stream::StreamWriter<W>> {
        match self {
            Self::Passphrase(passphrase) => Encryptor::with_user_passphrase(passphrase.clone()).wrap_output(to),
            Self::Recipient(recipient, once) => {
                let once = once.to_public();
                let recipients: [&dyn Recipient; 2] = [recipient, &once];
                Encryptor::with_recipients(recipients.into_iter()).map_err(Error::other)?.wrap_output(to)
            }
        }
    }

    pub(crate) fn decrypt<R: Read>(&self, from: R) -> Result<Opened<R>> {
        match self {
            Self::Passphrase(passphrase) => open_with_passphrase(from, passphrase.clone()),
            Self::Recipient(_, once) => open(from, &[once]),
        }
    }
}

/// Locks a file for several keys, any of which opens it.
pub(crate) fn encrypt_for<W: Write>(recipients: &[x25519::Recipient], to: W) -> Result<age::stream::StreamWriter<W>> {
    let recipients = recipients.iter().map(|recipient| recipient as &dyn Recipient);
    Encryptor::with_recipients(recipients).map_err(Error::other)?.wrap_output(to)
}

/// How a recovery kit begins, before what is encrypted.
pub(crate) const KIT: &str = "Tuttu recovery kit";
/// Where the encrypted part of a text begins.
const ARMOR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
/// Bytes of words before it.
const WORDS: u64 = 64 * 1024;

/// Encrypted bytes as lines of text.
pub(crate) fn armored(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut writer = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
    writer.write_all(bytes)?;
    writer.finish()
}

/// The encrypted part of a file, armoured or not.
pub(crate) type Encrypted<R> = ArmoredReader<BufReader<Chain<Cursor<Vec<u8>>, R>>>;

/// What is encrypted, in a file that holds only that or, as a recovery kit does, words for people before lines of text.
pub(crate) fn encrypted<R: BufRead>(mut from: R) -> Result<Encrypted<R>> {
    let mut line = Vec::new();
    if from.fill_buf()?.starts_with(KIT.as_bytes()) {
        let mut words = from.by_ref().take(WORDS);
        while !line.starts_with(ARMOR) {
            line.clear();
            if words.read_until(b'\n', &mut line)? == 0 {
                return Err(Error::new(ErrorKind::InvalidData, "its encrypted part is missing"));
            }
        }
    }
    Ok(ArmoredReader::new(Cursor::new(line).chain(from)))
}

/// Opens a file with a passphrase.
pub(crate) fn open_with_passphrase<R: Read>(from: R, passphrase: SecretString) -> Result<Opened<R>> {
    let mut identity = scrypt::Identity::new(passphrase);
    identity.set_max_work_factor(MOST_WORK);
    open(from, &[&identity])
}

/// Opens a file with the secret keys of a recipient.
pub(crate) fn open<R: Read>(from: R, identities: &[&dyn Identity]) -> Result<Opened<R>> {
    let opened = Decryptor::new(from).and_then(|decryptor| decryptor.decrypt(identities.iter().copied()));
    match opened {
        Ok(reader) => Ok(Opened::Yes(reader)),
        Err(DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed) => Ok(Opened::No),
        Err(DecryptError::Io(error)) => Err(error),
        Err(other) => Err(Error::new(ErrorKind::InvalidData, other.to_string())),
    }
}
