//! What the app was started with.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::links;

const USAGE: &str = "Usage: tuttu-app [--vault DIR] [LINK]

  --vault DIR   the folder of the vault (or TUTTU_VAULT); without it the platform's data folder
  LINK          an invitation to open, tuttu://join/...
  --help        this text
  --version     the version

The command line is `tuttu`.";

/// How to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Where the vault is; `None` when the user has no data folder.
    pub(crate) vault: Option<PathBuf>,
    /// The vault was named, not found by default.
    pub(crate) vault_named: bool,
    /// A link to open.
    pub(crate) link: Option<String>,
}

/// What the person wants.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The window.
    Run(Arguments),
    /// Only a text.
    Print(&'static str),
}

/// The arguments make no sense.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WrongUsage {
    /// Not an option and not a link.
    #[error("“{0}” is not an option of tuttu-app and not a tuttu: link.\n\n{USAGE}")]
    Unknown(String),
    /// `--vault` at the end, or with nothing.
    #[error("--vault needs a folder.\n\n{USAGE}")]
    NoFolder,
}

impl Arguments {
    /// Reads the arguments after the program's name; `env` looks up an environment variable.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = OsString>, env: impl Fn(&str) -> Option<OsString>) -> Result<Wish, WrongUsage> {
        let mut named = env("TUTTU_VAULT").filter(|dir| !dir.is_empty());
        let mut link = None;
        while let Some(argument) = arguments.next() {
            let text = argument.to_string_lossy();
            match text.as_ref() {
                "--help" | "-h" => return Ok(Wish::Print(USAGE)),
                "--version" | "-V" => return Ok(Wish::Print(concat!("tuttu-app ", env!("CARGO_PKG_VERSION")))),
                "--vault" => named = Some(folder(arguments.next())?),
                other if other.starts_with("--vault=") => named = Some(folder(after_equals(&argument))?),
                other if links::is_link(other) => link = Some(other.to_owned()),
                other => return Err(WrongUsage::Unknown(other.to_owned())),
            }
        }
        let vault_named = named.is_some();
        let vault = named.map(PathBuf::from).or_else(tuttu_engine::default_vault_dir);
        Ok(Wish::Run(Self { vault, vault_named, link }))
    }
}

fn folder(value: Option<OsString>) -> Result<OsString, WrongUsage> {
    value.filter(|dir| !dir.is_empty()).ok_or(WrongUsage::NoFolder)
}

/// What stands after `--vault=`, byte for byte where the platform allows folders that are not Unicode.
fn after_equals(argument: &OsStr) -> Option<OsString> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        argument.as_bytes().strip_prefix(b"--vault=").map(|rest| OsStr::from_bytes(rest).to_owned())
    }
    #[cfg(not(unix))]
    {
        argument.to_str().and_then(|text| text.strip_prefix("--vault=")).map(OsString::from)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use super::*;

    fn parse(words: &[&str], vault: Option<&str>) -> Result<Wish, WrongUsage> {
        Arguments::parse(words.iter().map(OsString::from), |name| {
            assert_eq!(name, "TUTTU_VAULT");
            vault.map(OsString::from)
        })
    }

    #[track_caller]
    fn runs(words: &[&str], env: Option<&str>) -> Arguments {
        match parse(words, env) {
            Ok(Wish::Run(arguments)) => arguments,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_said_means_the_default_vault() {
        let arguments = runs(&[], None);
        assert!(!arguments.vault_named);
        assert_eq!(arguments.link, None);
        assert_eq!(runs(&[], Some("")).vault, arguments.vault, "an empty variable says nothing");
    }

    #[test]
    fn a_vault_is_named_by_argument_before_environment() {
        for words in [["--vault", "/a b"].as_slice(), &["--vault=/a b"]] {
            let arguments = runs(words, Some("/c"));
            assert_eq!(arguments.vault, Some(PathBuf::from("/a b")));
            assert!(arguments.vault_named);
        }
        assert_eq!(runs(&[], Some("/c")).vault, Some(PathBuf::from("/c")));
    }

    #[test]
    fn a_link_is_taken_anywhere() {
        for words in [["tuttu://join/ABC", "--vault", "/a"], ["--vault", "/a", "tuttu://join/ABC"]] {
            assert_eq!(runs(&words, None).link.as_deref(), Some("tuttu://join/ABC"));
        }
    }

    #[test]
    fn wrong_words_are_refused_with_the_usage() {
        assert_eq!(parse(&["--vault"], None), Err(WrongUsage::NoFolder));
        assert_eq!(parse(&["--vault="], None), Err(WrongUsage::NoFolder));
        let wrong = parse(&["https://x.example"], None).unwrap_err();
        assert!(wrong.to_string().starts_with("“https://x.example” is not an option of tuttu-app"), "{wrong}");
        assert!(wrong.to_string().contains("Usage:"), "{wrong}");
    }

    #[test]
    fn help_and_version_print() {
        assert_eq!(parse(&["--vault", "/a", "--help"], None), Ok(Wish::Print(USAGE)));
        assert!(matches!(parse(&["-V"], None), Ok(Wish::Print(text)) if text.starts_with("tuttu-app ")));
    }
}
