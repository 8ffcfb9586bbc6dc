#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

async fn passes_a_byte(vault: &Path, listener: &mut Listener) {
    let mut near = connect(vault).await.unwrap().expect("somebody listens");
    let mut far = listener.accept().await.unwrap();
    near.write_all(&[42]).await.unwrap();
    assert_eq!(far.read_u8().await.unwrap(), 42);
}

#[tokio::test]
async fn nobody_listens_before_and_after() {
    let dir = tempfile::tempdir().unwrap();
    assert!(connect(dir.path()).await.unwrap().is_none());
    assert!(connect(&dir.path().join("missing")).await.unwrap().is_none());
    let mut listener = Listener::bind(dir.path()).unwrap();
    passes_a_byte(dir.path(), &mut listener).await;
    let mode = fs::metadata(dir.path().join(NAME)).unwrap().mode() & 0o777;
    assert_eq!(mode, 0o600);
    drop(listener);
    assert!(connect(dir.path()).await.unwrap().is_none());
    assert!(!dir.path().join(NAME).exists());
}

#[tokio::test]
async fn a_socket_left_by_a_killed_process_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let left = std::os::unix::net::UnixListener::bind(dir.path().join(NAME)).unwrap();
    drop(left);
    assert!(dir.path().join(NAME).exists(), "as after a kill");
    assert!(connect(dir.path()).await.unwrap().is_none(), "nobody listens there");
    let mut listener = Listener::bind(dir.path()).unwrap();
    passes_a_byte(dir.path(), &mut listener).await;
}

#[tokio::test]
async fn a_vault_with_a_long_path_is_reached_through_a_pointer() {
    let dir = tempfile::tempdir().unwrap();
    let vault = dir.path().join("a".repeat(60)).join("b".repeat(60));
    fs::create_dir_all(&vault).unwrap();
    assert!(connect(&vault).await.unwrap().is_none());
    let mut listener = Listener::bind(&vault).unwrap();
    assert!(is_short(&listener.path));
    let folder = listener.path.parent().unwrap().to_owned();
    assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
    passes_a_byte(&vault, &mut listener).await;
    drop(listener);
    assert!(connect(&vault).await.unwrap().is_none(), "the pointer alone is nothing");
    fs::remove_dir(folder).unwrap();
}

#[test]
fn a_folder_others_can_enter_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let open = dir.path().join("open");
    DirBuilder::new().mode(0o755).create(&open).unwrap();
    fs::set_permissions(&open, Permissions::from_mode(0o755)).unwrap();
    let user = fs::metadata(dir.path()).unwrap().uid();
    assert!(own_dir(&open, user).is_err());
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(dir.path(), &link).unwrap();
    assert!(own_dir(&link, user).is_err(), "a link is not followed");
    assert!(own_dir(&dir.path().join("mine"), user).is_ok());
    assert!(own_dir(&dir.path().join("mine"), user).is_ok(), "again");
}
