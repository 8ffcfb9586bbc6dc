//! A person's computers, without a network: letting in, following, taking out, restoring.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::VecDeque;
use std::path::PathBuf;

use tuttu_engine::api::{Answer, BackupLock, Command, ErrorCode, ErrorView, ListFilter, Outcome, OwnComputerView, Query, Secret};
use tuttu_engine::model::{ComputerId, PersonId, SpaceId};
use tuttu_engine::sync::membership::voucher_consent;
use tuttu_engine::sync::pairing::SpaceOps;
use tuttu_engine::sync::session::{Effect, Session};
use tuttu_engine::sync::verdict::Standing;
use tuttu_engine::{Engine, NewVault, Restore, RestoreKey};

struct Vault {
    _dir: tempfile::TempDir,
    path: PathBuf,
    engine: Engine,
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vault");
    (dir, path)
}

fn vault(person: &str) -> Vault {
    let (dir, path) = folder();
    let new = NewVault { person_name: person.into(), computer_name: format!("{person}’s desk") };
    let engine = Engine::create(&path, &new).unwrap();
    Vault { _dir: dir, path, engine }
}

fn unfinished(name: &str) -> Vault {
    let (dir, path) = folder();
    let engine = Engine::open_to_join(&path).unwrap();
    engine.prepare_to_join_person(Some(name)).unwrap();
    Vault { _dir: dir, path, engine }
}

fn link(engine: &Engine) -> Result<String, ErrorView> {
    match engine.execute(Command::InviteComputer { expires_in: 600, auto: true, hints: Vec::new(), relay: None })? {
        Outcome::Invitation { invitation } => Ok(invitation.id),
        other => panic!("{other:?}"),
    }
}

/// What pairing does after both agreed: what the new computer gets.
fn given(host: &Engine, guest: &Engine, name: &str) -> Result<Vec<SpaceOps>, ErrorView> {
    let person = host.introduction().unwrap().0;
    host.add_computer(&link(host)?, &guest.computer(), name, guest.consent_to(&person))
}

fn let_in(host: &Engine, guest: &Engine, name: &str) {
    let spaces = given(host, guest, name).unwrap();
    let (person, person_name, _) = host.introduction().unwrap();
    guest.become_computer_of(person, &person_name, spaces).unwrap();
}

fn next_to(host: &Engine, name: &str) -> Vault {
    let guest = unfinished(name);
    let_in(host, &guest.engine, name);
    guest
}

/// Two engines exchange until neither has more to say.
fn exchange(one: &Engine, other: &Engine) {
    let engines = [one, other];
    let replicas = engines.map(Engine::replica);
    let mut sessions = [Session::new(other.computer()), Session::new(one.computer())].map(|session| session.with_nonce([7; 32]));
    let mut todo: [VecDeque<Effect>; 2] = [VecDeque::new(), VecDeque::new()];
    for side in 0..2 {
        let effects = sessions[side].start(&*replicas[side]);
        todo[side].extend(effects);
    }
    loop {
        let mut moved = false;
        for side in 0..2 {
            let (from, replica) = (engines[1 - side].computer(), &*replicas[side]);
            let Some(effect) = todo[side].pop_front() else {
                if sessions[side].wants_write() {
                    let effects = sessions[side].writable(replica);
                    moved |= !effects.is_empty();
                    todo[side].extend(effects);
                }
                continue;
            };
            moved = true;
            match effect {
                Effect::Send(frame) => {
                    let effects = sessions[1 - side].handle_frame(&frame, &*replicas[1 - side]);
                    todo[1 - side].extend(effects);
                }
                Effect::Store { token, space, batch } => {
                    let outcome = engines[side].apply_remote(&from, &space, batch);
                    todo[side].extend(sessions[side].stored(token, outcome, replica));
                    // What followed from it in other spaces is told, too.
                    for changed in replica.spaces().unwrap() {
                        todo[side].extend(sessions[side].changed(&changed, replica));
                    }
                }
                Effect::Announced { space, genesis } => {
                    engines[side].announced(&space, *genesis).unwrap();
                    todo[side].extend(sessions[side].changed(&space, replica));
                }
                Effect::Close(reason) => panic!("{reason:?}"),
                _ => {}
            }
        }
        if !moved {
            return;
        }
    }
}

fn computers(engine: &Engine) -> Vec<OwnComputerView> {
    match engine.query(Query::Computers).unwrap() {
        Answer::Computers(computers) => computers,
        other => panic!("{other:?}"),
    }
}

fn live(engine: &Engine) -> Vec<String> {
    let mut names: Vec<_> = computers(engine).into_iter().filter(|own| !own.revoked).map(|own| own.computer.name).collect();
    names.sort();
    names
}

fn people(engine: &Engine) -> Vec<String> {
    let filter = ListFilter { kind: "person".into(), ..ListFilter::default() };
    match engine.query(Query::List { filter }).unwrap() {
        Answer::List(page) => page.rows.into_iter().map(|row| row.name).collect(),
        other => panic!("{other:?}"),
    }
}

fn add(engine: &Engine, space: Option<&str>, name: &str) -> Result<Outcome, ErrorView> {
    let records = vec![format!("{{\"name\":\"{name}\"}}")];
    engine.execute(Command::Add { space: space.map(str::to_owned), kind: "person".into(), records })
}

fn space(engine: &Engine, name: &str) -> SpaceId {
    match engine.execute(Command::CreateSpace { name: name.into() }).unwrap() {
        Outcome::Space { id } => id.parse().unwrap(),
        other => panic!("{other:?}"),
    }
}

fn members_computers(engine: &Engine, space: &SpaceId, person: &PersonId) -> Vec<ComputerId> {
    let membership = engine.replica().membership(space).unwrap().unwrap();
    membership.computers_of(person).into_iter().filter(|one| one.live).map(|one| one.computer).collect()
}

#[test]
fn a_link_lets_one_computer_in_and_only_with_its_consent() {
    let (desk, laptop, thief) = (vault("Ilona"), unfinished("Laptop"), unfinished("Thief"));
    let person = desk.engine.introduction().unwrap().0;
    let id = link(&desk.engine).unwrap();
    let add = |guest: &Vault, consent| desk.engine.add_computer(&id, &guest.engine.computer(), "Laptop", consent);
    let error = add(&laptop, thief.engine.consent_to(&person)).unwrap_err();
    assert!(error.message.contains("was not let in"), "{error:?}");
    let error = add(&laptop, voucher_consent(&PersonId([9; 32]), &iroh_base::SecretKey::from_bytes(&[1; 32]))).unwrap_err();
    assert!(error.message.contains("was not let in"), "{error:?}");
    assert_eq!(live(&desk.engine), ["Ilona’s desk"]);

    let spaces = add(&laptop, laptop.engine.consent_to(&person)).unwrap();
    let again = add(&laptop, laptop.engine.consent_to(&person)).unwrap();
    assert_eq!(spaces, again, "the connection may have ended before it arrived");
    assert_eq!(add(&thief, thief.engine.consent_to(&person)).unwrap_err().code, ErrorCode::Link);
    assert_eq!(live(&desk.engine), ["Ilona’s desk", "Laptop"]);
    assert!(members_computers(&desk.engine, &spaces[0].space, &person).contains(&laptop.engine.computer()));
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let (desk, other) = (vault("Ilona"), vault("Maria"));
    add(&other.engine, None, "Quentin").unwrap();
    let laptop = unfinished("Laptop");
    let spaces = given(&desk.engine, &laptop.engine, "Laptop").unwrap();
    let ilona = desk.engine.introduction().unwrap().0;
    let maria = other.engine.introduction().unwrap();
    // For another computer; without the private space; for another person; with a space cut short.
    let short: Vec<SpaceOps> = spaces.iter().map(|one| SpaceOps { ops: one.ops[1..].to_vec(), ..one.clone() }).collect();
    for (person, spaces) in [(ilona, spaces.clone()), (ilona, Vec::new()), (maria.0, spaces.clone()), (ilona, short)] {
        assert!(other.engine.become_computer_of(person, "Ilona", spaces).is_err());
        assert_eq!(other.engine.introduction().unwrap(), maria);
        add(&other.engine, None, "Rosa").unwrap();
        other.engine.execute(Command::Undo).unwrap();
    }
    assert_eq!(people(&other.engine), ["Quentin"]);
    assert!(laptop.engine.is_unfinished());
    laptop.engine.become_computer_of(ilona, "Ilona", spaces).unwrap();
    assert!(!laptop.engine.is_unfinished());
    assert_eq!(laptop.engine.introduction().unwrap(), (ilona, "Ilona".to_owned(), "Laptop".to_owned()));
}

#[test]
fn a_vault_that_is_nobodys_yet_is_not_opened_and_leaves_nothing_behind() {
    let Vault { _dir, path, engine } = unfinished("Laptop");
    drop(engine);
    let error = Engine::open(&path).unwrap_err();
    assert_eq!(error.code, ErrorCode::NoVault);
    assert!(error.hint.contains("tuttu computer join"), "{error:?}");
    Engine::open_to_join(&path).unwrap().discard_unfinished();
    assert!(!path.exists());
    // Whoever changes their mind makes a vault of their own there; it is not made over one that is somebody's.
    let new = NewVault { person_name: "Jon".into(), computer_name: "Jon’s".into() };
    drop(Engine::open_to_join(&path).unwrap());
    drop(Engine::create(&path, &new).unwrap());
    assert_eq!(Engine::create(&path, &new).unwrap_err().code, ErrorCode::VaultExists);
    assert_eq!(Engine::open(&path).unwrap().introduction().unwrap().1, "Jon");
    // A vault that is somebody's stays, whatever came of joining.
    let desk = vault("Ilona");
    let path = desk.path.clone();
    desk.engine.discard_unfinished();
    Engine::open(&path).unwrap();
}

#[test]
fn who_a_computer_is_survives_opening_again() {
    let desk = vault("Ilona");
    add(&desk.engine, None, "Priya").unwrap();
    let mut old = vault("Somebody");
    add(&old.engine, None, "Quentin").unwrap();
    let_in(&desk.engine, &old.engine, "Old");
    exchange(&desk.engine, &old.engine);
    let ilona = desk.engine.introduction().unwrap().0;
    for _ in 0..2 {
        assert_eq!(old.engine.introduction().unwrap().0, ilona);
        assert_eq!(people(&old.engine), ["Priya", "Quentin"]);
        // Neither the key of who it was nor anybody else's is read any more.
        assert!(!old.path.join("keys/person.key").exists());
        let path = old.path.clone();
        drop(old.engine);
        old.engine = Engine::open(&path).unwrap();
    }
    exchange(&desk.engine, &old.engine);
    assert_eq!(people(&desk.engine), ["Priya", "Quentin"]);
    let made = space(&old.engine, "Choir");
    exchange(&desk.engine, &old.engine);
    assert_eq!(members_computers(&desk.engine, &made, &ilona).len(), 2);
    // Its space from before is nobody else's business, and well.
    let before = old.engine.replica().spaces().unwrap().len();
    assert_eq!((desk.engine.replica().spaces().unwrap().len(), before), (2, 3));
    let Answer::Check(report) = old.engine.query(Query::Check).unwrap() else { panic!("no report") };
    assert!(report.problems.is_empty(), "{report:?}");
}

#[test]
fn what_a_lost_computer_wrote_late_is_set_aside_where_it_was_taken() {
    let desk = vault("Ilona");
    let shared = space(&desk.engine, "Harbour");
    let laptop = next_to(&desk.engine, "Laptop");
    let phone = next_to(&laptop.engine, "Phone");
    exchange(&desk.engine, &laptop.engine);
    add(&laptop.engine, Some("Harbour"), "In time").unwrap();
    exchange(&laptop.engine, &desk.engine);
    desk.engine.execute(Command::RevokeComputer { computer: "Laptop".into() }).unwrap();
    // It does not know, and meets one that does not know either.
    add(&laptop.engine, Some("Harbour"), "Late").unwrap();
    exchange(&laptop.engine, &phone.engine);
    assert_eq!(people(&phone.engine), ["In time", "Late"]);
    exchange(&desk.engine, &phone.engine);
    let standings = |engine: &Engine| -> Vec<Standing> {
        let entries = engine.replica().stream(&shared, 0, &Default::default(), 100, usize::MAX).unwrap();
        entries.into_iter().map(|entry| entry.standing).collect()
    };
    assert_eq!((people(&phone.engine), people(&desk.engine)), (vec!["In time".to_owned()], vec!["In time".to_owned()]));
    assert_eq!(standings(&phone.engine), [Standing::Valid, Standing::Tray]);
    assert_eq!(standings(&desk.engine), [Standing::Valid], "and is not carried on");
    // Told by any of them, it sets its own aside and writes no more.
    exchange(&phone.engine, &laptop.engine);
    assert_eq!(people(&laptop.engine), ["In time"]);
    assert_eq!(add(&laptop.engine, Some("Harbour"), "Later").unwrap_err().code, ErrorCode::NotAllowed);
    assert!(link(&laptop.engine).is_err());

    // The phone stays, by a way around, also in spaces made from now on.
    assert_eq!(live(&phone.engine), ["Ilona’s desk", "Phone"]);
    let person = desk.engine.introduction().unwrap().0;
    let choir = space(&phone.engine, "Choir");
    exchange(&phone.engine, &desk.engine);
    let mut both = [desk.engine.computer(), phone.engine.computer()];
    both.sort();
    assert_eq!(members_computers(&desk.engine, &choir, &person), both);
}

#[test]
fn a_computer_that_may_not_take_another_out_says_which_may() {
    let desk = vault("Ilona");
    let laptop = next_to(&desk.engine, "Laptop");
    let phone = next_to(&laptop.engine, "Phone");
    exchange(&desk.engine, &laptop.engine);
    let revoke = |by: &Engine, computer: &str| by.execute(Command::RevokeComputer { computer: computer.into() });
    let error = revoke(&phone.engine, "Laptop").unwrap_err();
    assert_eq!(
        (error.code, error.hint.as_str()),
        (ErrorCode::NotAllowed, "Nothing was changed. It can be done on “Ilona’s desk” or “Laptop”.")
    );
    let error = revoke(&laptop.engine, "Ilona’s desk").unwrap_err();
    assert_eq!((error.code, error.hint.as_str()), (ErrorCode::NotAllowed, "Nothing was changed. It can be done on “Ilona’s desk”."));
    assert_eq!(revoke(&desk.engine, "Nobody").unwrap_err().code, ErrorCode::NotFound);
    let revocable = |engine: &Engine| computers(engine).iter().map(|own| (own.computer.name.clone(), own.revocable)).collect::<Vec<_>>();
    assert!(revocable(&desk.engine).iter().all(|(_, may)| *may));
    assert_eq!(revocable(&phone.engine).into_iter().filter(|(_, may)| *may).map(|(name, _)| name).collect::<Vec<_>>(), ["Phone"]);
    // By the one that let it in; by itself; and not twice.
    revoke(&laptop.engine, "Phone").unwrap();
    assert_eq!(revoke(&laptop.engine, "Phone").unwrap_err().code, ErrorCode::Invalid);
    revoke(&laptop.engine, "Laptop").unwrap();
    exchange(&laptop.engine, &desk.engine);
    assert_eq!(live(&desk.engine), ["Ilona’s desk"]);
}

#[test]
fn the_first_computer_that_took_itself_out_does_nothing_more_though_it_has_the_person_key() {
    let desk = vault("Ilona");
    let laptop = next_to(&desk.engine, "Laptop");
    desk.engine.execute(Command::RevokeComputer { computer: "Ilona’s desk".into() }).unwrap();
    assert_eq!(link(&desk.engine).unwrap_err().code, ErrorCode::NotAllowed);
    let made = desk.engine.execute(Command::CreateSpace { name: "Choir".into() });
    assert_eq!(made.unwrap_err().code, ErrorCode::NotAllowed);
    assert_eq!(desk.engine.join_certificates(&SpaceId([1; 32])).unwrap_err().code, ErrorCode::NotAllowed);
    exchange(&desk.engine, &laptop.engine);
    assert_eq!(live(&laptop.engine), ["Laptop"]);
}

#[test]
fn a_backup_of_a_computer_without_the_person_key_is_read_and_let_in_again() {
    let desk = vault("Ilona");
    let laptop = next_to(&desk.engine, "Laptop");
    add(&laptop.engine, None, "Priya").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (file, path) = (dir.path().join("backup"), dir.path().join("restored"));
    let passphrase = || Secret("four words of mine".into());
    let lock = BackupLock::Passphrase { passphrase: passphrase() };
    laptop.engine.execute(Command::Backup { path: file.display().to_string(), lock }).unwrap();
    let restore = Restore { file, key: RestoreKey::Passphrase(passphrase()), vault: path.clone(), computer_name: "Restored".into() };
    restore.run().unwrap();
    let restored = Engine::open(&path).unwrap();
    assert_eq!(people(&restored), ["Priya"]);
    assert_eq!(add(&restored, None, "Quentin").unwrap_err().code, ErrorCode::NotAllowed, "nobody vouches for its key yet");
    let_in(&desk.engine, &restored, "Restored");
    add(&restored, None, "Quentin").unwrap();
    exchange(&desk.engine, &restored);
    assert_eq!(people(&desk.engine), ["Priya", "Quentin"]);
}

#[test]
fn a_restored_first_computer_is_taken_along_and_takes_out_the_lost_one() {
    let desk = vault("Ilona");
    let laptop = next_to(&desk.engine, "Laptop");
    exchange(&desk.engine, &laptop.engine);
    let dir = tempfile::tempdir().unwrap();
    let (file, path) = (dir.path().join("backup"), dir.path().join("restored"));
    let passphrase = || Secret("four words of mine".into());
    let lock = BackupLock::Passphrase { passphrase: passphrase() };
    desk.engine.execute(Command::Backup { path: file.display().to_string(), lock }).unwrap();
    Restore { file, key: RestoreKey::Passphrase(passphrase()), vault: path.clone(), computer_name: "Restored".into() }.run().unwrap();
    let restored = Engine::open(&path).unwrap();
    exchange(&restored, &laptop.engine);
    let choir = space(&laptop.engine, "Choir");
    exchange(&laptop.engine, &restored);
    let person = restored.introduction().unwrap().0;
    assert!(members_computers(&restored, &choir, &person).contains(&restored.computer()), "it came along");
    restored.execute(Command::RevokeComputer { computer: "Ilona’s desk".into() }).unwrap();
    exchange(&laptop.engine, &restored);
    assert_eq!(live(&laptop.engine), ["Laptop", "Restored"], "whom the lost one had let in stays");
    assert_eq!(members_computers(&laptop.engine, &choir, &person).len(), 2);
}
