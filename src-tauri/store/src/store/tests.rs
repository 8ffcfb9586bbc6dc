#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::*;
use tempfile::TempDir;

fn made() -> (TempDir, std::path::PathBuf) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("deep").join("vault");
    drop(Store::create(&path).unwrap());
    (dir, path)
}

#[test]
fn a_vault_is_made_once_and_opened_often() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("vault");
    assert!(!Store::exists(&path));
    assert_eq!(Store::open(&path).map(drop), Err(StoreError::NoVault));
    let store = Store::create(&path).unwrap();
    assert_eq!(store.dir(), path);
    assert!(Store::exists(&path));
    assert_eq!(Store::create(&path).map(drop), Err(StoreError::VaultExists));
    drop(store);
    for _ in 0..3 {
        drop(Store::open(&path).unwrap());
    }
    assert_eq!(Store::create(&path).map(drop), Err(StoreError::VaultExists));
}

#[test]
fn two_cannot_have_it_open() {
    let (_dir, path) = made();
    let store = Store::open(&path).unwrap();
    assert_eq!(Store::open(&path).map(drop), Err(StoreError::InUse));
    let clone = store.clone();
    drop(store);
    assert_eq!(Store::open(&path).map(drop), Err(StoreError::InUse), "a clone is still open");
    drop(clone);
    drop(Store::open(&path).unwrap());
}

/// Runs only as the other process of the next test.
#[test]
fn another_process_holds_the_lock() {
    if let Some(path) = std::env::var_os("TUTTU_TEST_LOCKED_VAULT") {
        assert_eq!(Store::open(Path::new(&path)).map(drop), Err(StoreError::InUse));
    }
}

#[test]
fn another_process_is_told_that_it_is_in_use() {
    let (_dir, path) = made();
    let _store = Store::open(&path).unwrap();
    let test = "store::tests::another_process_holds_the_lock";
    let other = std::process::Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--test-threads=1"])
        .env("TUTTU_TEST_LOCKED_VAULT", &path)
        .output()
        .unwrap();
    assert!(other.status.success(), "{}", String::from_utf8_lossy(&other.stdout));
    assert!(String::from_utf8_lossy(&other.stdout).contains("1 passed"));
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let (_dir, path) = made();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    let _store = Store::open(&path).unwrap();
    for entry in std::fs::read_dir(&path).unwrap() {
        let entry = entry.unwrap().path();
        assert_eq!(mode(&entry), 0o600, "{}", entry.display());
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_said_so() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, path) = made();
    let allow = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    allow(&path, 0o500);
    allow(&connection::database(&path), 0o400);
    allow(&path.join("vault.lock"), 0o400);
    // The superuser can write anyway.
    if std::fs::File::create(path.join("probe")).is_err() {
        assert!(matches!(Store::open(&path), Err(StoreError::ReadOnly(_))));
        assert!(matches!(Store::create(&path.join("inner")), Err(StoreError::ReadOnly(_))));
        allow(&path.join("vault.lock"), 0o600);
        assert!(matches!(Store::open(&path), Err(StoreError::ReadOnly(_))), "the database file alone is read-only");
    }
    allow(&path, 0o700);
    drop(dir);
}

#[test]
fn a_damaged_file_is_reported_and_left_as_it_is() {
    let (_dir, path) = made();
    let file = connection::database(&path);
    for broken in [b"this is not a database, but it is long enough to be looked at as one".repeat(100), vec![0; 5_000], vec![]] {
        std::fs::write(&file, &broken).unwrap();
        assert!(matches!(Store::open(&path), Err(StoreError::NotAVault(_))));
        assert_eq!(std::fs::read(&file).unwrap(), broken);
    }
}

#[test]
fn a_database_with_a_missing_table_is_damaged() {
    let (_dir, path) = made();
    Connection::open(connection::database(&path)).unwrap().execute_batch("DROP TABLE finder").unwrap();
    assert!(matches!(Store::open(&path), Err(StoreError::Damaged(_))));
}

#[test]
fn somebody_elses_database_is_refused() {
    let (_dir, path) = made();
    let file = connection::database(&path);
    std::fs::remove_file(&file).unwrap();
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert!(matches!(Store::open(&path), Err(StoreError::NotAVault(_))));
}

#[test]
fn a_newer_vault_is_refused_and_not_touched() {
    let (_dir, path) = made();
    let file = connection::database(&path);
    Connection::open(&file).unwrap().execute_batch("PRAGMA user_version = 999").unwrap();
    let before = std::fs::read(&file).unwrap();
    assert_eq!(Store::open(&path).map(drop), Err(StoreError::Newer { found: 999, known: migrate::newest() }));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn closing_leaves_one_file() {
    let (_dir, path) = made();
    let store = Store::open(&path).unwrap();
    store.write(Lane::Local, |tx| tx.put_setting("a", Some("b"))).unwrap();
    store.read(|reader| reader.setting("a")).unwrap();
    drop(store);
    let mut files: Vec<_> = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, ["vault.db", "vault.lock"]);
}

#[test]
fn the_file_keeps_its_identity() {
    let (_dir, path) = made();
    let first = Store::open(&path).unwrap().identity().unwrap();
    let second = Store::open(&path).unwrap().identity().unwrap();
    assert_eq!(first, second);
    #[cfg(unix)]
    assert_ne!(first.inode, 0);
}
