//! What real programs write, read: every file of `tests/fixtures/vcard` against the JSON beside it.
//! `UPDATE_GOLDEN=1` writes the JSON anew; the difference is then read by a person.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tuttu_interchange::vcard::{self, Version};
use tuttu_interchange::{Format, sniff};

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/vcard");
    let entries = fs::read_dir(folder).expect("the fixtures").map(|entry| entry.expect("a fixture").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|extension| extension == "vcf")).collect();
    files.sort();
    files
}

fn cards(bytes: &[u8]) -> Value {
    vcard::read(bytes)
        .map(|card| {
            let warnings: Vec<String> = card.warnings.iter().map(ToString::to_string).collect();
            match card.imported {
                Some(imported) => {
                    let picture = imported.picture.map(|picture| format!("{}, {} bytes", picture.media_type().unwrap_or_default(), picture.bytes.len()));
                    json!({ "line": imported.line, "uid": imported.uid, "record": imported.draft.view.to_json(), "picture": picture, "warnings": warnings })
                }
                None => json!({ "warnings": warnings }),
            }
        })
        .collect()
}

#[test]
fn every_fixture_reads_as_expected() {
    let files = fixtures();
    assert!(files.len() >= 9, "the fixtures are there");
    for file in files {
        let mut found = serde_json::to_string_pretty(&cards(&fs::read(&file).unwrap())).unwrap();
        found.push('\n');
        let golden = file.with_extension("json");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &found).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert!(found == expected, "{} reads differently now:\n{found}", file.display());
    }
}

#[test]
fn every_fixture_is_found_to_be_a_vcard() {
    for file in fixtures() {
        let bytes = fs::read(&file).unwrap();
        assert_eq!(sniff(&bytes, "a.txt"), Some(Format::VCard), "{}", file.display());
    }
}

/// What is read from a file and written again reads the same, apart from the numbers of lines and what a warning said once.
#[test]
fn every_fixture_survives_being_written() {
    for (file, version) in fixtures().into_iter().flat_map(|file| [(file.clone(), Version::V3), (file, Version::V4)]) {
        let bytes = fs::read(&file).unwrap();
        let mut views: Vec<_> = vcard::read(&bytes).filter_map(|card| card.imported).map(|imported| imported.draft.view).collect();
        let written = vcard::write(&views, version, |_| None);
        let again: Vec<_> = vcard::read(written.as_bytes()).filter_map(|card| card.imported).map(|imported| imported.draft.view).collect();
        if version == Version::V3 {
            // There is no property for it in 3.0.
            views.iter_mut().for_each(|view| view.created.at.clear());
        }
        assert_eq!(again, views, "{} as {version:?}:\n{written}", file.display());
    }
}
