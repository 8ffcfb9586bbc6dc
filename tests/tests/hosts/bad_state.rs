//! A disk that is full, a folder that cannot be written, a vault in use, links that do not work: each is said in a sentence, and nothing is lost.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tuttu_tests::hosts::apart;
use tuttu_tests::process::Computer;

use crate::{is_a_good_sentence, is_sound, names};

fn fill(path: &Path) {
    // To the last byte: what was written before the disk was full stays.
    let _ = fs::write(path, vec![b'x'; 64 * 1024 * 1024]);
}

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    apart(a_full_disk_is_said_and_loses_nothing, |world| {
        for serving in [false, true] {
            let mut ilona = Computer::without_vault();
            fs::create_dir(ilona.vault()).unwrap();
            world.small_disk(&ilona.vault(), 16 * 1024 * 1024);
            ilona.ok(&["init", "--name", "Ilona"]);
            if serving {
                ilona.serve();
            }
            let mut told: Vec<String> = Vec::new();
            ilona.ok(&["add", "person", "name=Person 0"]);
            told.push("Person 0".to_owned());

            let ballast = ilona.vault().join("ballast");
            fill(&ballast);
            // What is left in the database's own files may still take some.
            let notes = format!("notes={}", "long ".repeat(3_000));
            let refusal = (1..200).find_map(|n| {
                let name = format!("Person {n}");
                let words = ["add", "person", &format!("name={name}"), &notes];
                if ilona.run(&words).status.success() {
                    told.push(name);
                    return None;
                }
                Some(ilona.refused_with_hint(&words))
            });
            let refusal = refusal.expect("the disk is full");
            is_a_good_sentence(&refusal);
            assert_eq!(refusal[0], "disk-full", "{refusal:?}");
            assert!(refusal[2].contains("safe") && refusal[2].contains("Free some space"), "{refusal:?}");
            told.sort();
            let there = |ilona: &Computer| {
                let mut there: Vec<String> = names(&ilona.lines(&["list", "person"])).into_iter().map(str::to_owned).collect();
                there.sort();
                there
            };
            if serving {
                assert_eq!(there(&ilona), told, "reading goes on, and shows what was confirmed and nothing else");
            } else {
                // Without a running Tuttu, opening the vault takes a little room of its own.
                let refusal = ilona.refused_with_hint(&["list", "person"]);
                is_a_good_sentence(&refusal);
                assert_eq!(refusal[0], "disk-full", "{refusal:?}");
            }

            fs::remove_file(&ballast).unwrap();
            ilona.ok(&["add", "person", "name=After"]);
            told.push("After".to_owned());
            told.sort();
            assert_eq!(there(&ilona), told);
            is_sound(&ilona);
            ilona.kill();
            assert_eq!(there(&ilona), told, "after a restart, too");
            is_sound(&ilona);
        }
    });
}

#[test]
fn a_full_disk_at_the_first_start_is_said() {
    apart(a_full_disk_at_the_first_start_is_said, |world| {
        let ilona = Computer::without_vault();
        fs::create_dir(ilona.vault()).unwrap();
        world.small_disk(&ilona.vault(), 64 * 1024);
        let refusal = ilona.refused_with_hint(&["init", "--name", "Ilona"]);
        is_a_good_sentence(&refusal);
        assert_eq!(refusal[0], "disk-full", "{refusal:?}");
        // What was begun does not stand in the way of the next try.
        world.writable(&ilona.vault());
        world.small_disk(&ilona.vault(), 16 * 1024 * 1024);
        ilona.ok(&["init", "--name", "Ilona"]);
    });
}

#[test]
fn a_read_only_disk_is_said() {
    apart(a_read_only_disk_is_said, |world| {
        let mut ilona = Computer::new("Ilona");
        ilona.ok(&["add", "person", "name=Priya"]);
        world.read_only(&ilona.vault());
        for words in [&["add", "person", "name=Quentin"][..], &["serve"], &["list", "person"]] {
            let refusal = ilona.refused_with_hint(words);
            is_a_good_sentence(&refusal);
            assert_eq!(refusal[0], "read-only", "{words:?} {refusal:?}");
            assert!(refusal[2].contains("safe"), "{refusal:?}");
        }
        world.writable(&ilona.vault());
        ilona.serve();
        ilona.ok(&["add", "person", "name=Quentin"]);
        assert_eq!(names(&ilona.lines(&["list", "person"])), ["Priya", "Quentin"]);
        is_sound(&ilona);
    });
}

#[test]
fn a_folder_without_the_right_to_write_is_said() {
    apart(a_folder_without_the_right_to_write_is_said, |_world| {
        let mut ilona = Computer::new("Ilona");
        ilona.respect_permissions();
        ilona.ok(&["add", "person", "name=Priya"]);
        let rights = |folder: u32, file: u32| {
            for entry in fs::read_dir(ilona.vault()).unwrap() {
                let path = entry.unwrap().path();
                let mode = if path.is_dir() { folder } else { file };
                fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
            }
            fs::set_permissions(ilona.vault(), fs::Permissions::from_mode(folder)).unwrap();
        };
        rights(0o500, 0o400);
        for words in [&["add", "person", "name=Quentin"][..], &["serve"]] {
            let refusal = ilona.refused_with_hint(words);
            is_a_good_sentence(&refusal);
            assert_eq!(refusal[0], "read-only", "{words:?} {refusal:?}");
        }
        rights(0o700, 0o600);
        assert_eq!(names(&ilona.lines(&["list", "person"])), ["Priya"]);
        is_sound(&ilona);

        // No right to make the vault in the first place.
        let mut maria = Computer::without_vault();
        maria.respect_permissions();
        fs::set_permissions(maria.dir(), fs::Permissions::from_mode(0o500)).unwrap();
        let refusal = maria.refused_with_hint(&["init", "--name", "Maria"]);
        is_a_good_sentence(&refusal);
        assert_eq!(refusal[0], "read-only", "{refusal:?}");
        fs::set_permissions(maria.dir(), fs::Permissions::from_mode(0o700)).unwrap();
        maria.ok(&["init", "--name", "Maria"]);
    });
}
