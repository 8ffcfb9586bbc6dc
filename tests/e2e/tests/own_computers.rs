//! One person with two computers: the second one is linked in the window, gets everything, and can be unlinked again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tuttu_e2e::{Computer, NewPerson, Person};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_computer_is_linked_by_words_and_unlinked_again() {
    let (thinkpad, tablet) = (Computer::new("ilonas-thinkpad"), Computer::new("ilonas-tablet"));
    let desk = Person::sits_down(&thinkpad).await;
    desk.introduces_themselves("Ilona Varis").await;
    desk.makes_space("Harbour Commons").await;
    desk.adds(&NewPerson { name: "Priya Raghunathan", ..NewPerson::default() }, "My own").await;
    desk.adds(&NewPerson { name: "Yusuf Demirkan", ..NewPerson::default() }, "Harbour Commons").await;
    let link = desk.makes_link_for_own_computer().await;
    desk.window().picture("own-computer-link").await;

    let couch = Person::sits_down(&tablet).await;
    couch.links_this_computer(&link).await;
    let words = couch.words("join-words").await;
    desk.window().receives("request-dialog", "Another computer of yours?").await;
    assert_eq!(desk.words("request-words").await, words);
    couch.window().picture("own-computer-words").await;
    desk.window().press("request-approve").await;
    couch.window().press("join-confirm").await;
    couch.window().receives("sidebar", "Harbour Commons").await;
    couch.finds("ragh", "Priya Raghunathan").await;
    couch.finds("demir", "Yusuf Demirkan").await;

    // What is written on one is on the other, and each says truly what the other has.
    couch.notes("Written on the couch.").await;
    desk.opens("Yusuf Demirkan").await;
    desk.window().receives("timeline-item", "Written on the couch.").await;
    desk.looks_at_own_computers().await;
    desk.window().receives("own-computer", "has everything, confirmed").await;
    desk.window().sees("own-computer", "this computer").await;
    desk.window().picture("own-computers").await;

    // Files come by themselves, or when asked for.
    desk.opens("Yusuf Demirkan").await;
    desk.attaches("agenda.txt", "Quay, eight o'clock").await;
    couch.window().receives("file", "agenda.txt").await;
    couch.window().receives("file-state", "19 B").await;
    couch.has_files_come_when_asked("Harbour Commons").await;
    couch.opens("Yusuf Demirkan").await;
    desk.attaches("minutes.txt", "Nobody came").await;
    couch.window().receives("file-state", "11 B, not here; comes when you ask for it").await;
    couch.window().press("file-fetch").await;
    couch.window().receives("toast", "minutes.txt is here").await;
    couch.window().picture("record-files").await;

    desk.looks_at_own_computers().await;
    desk.window().press("computer-unlink").await;
    desk.window().sees("unlink-dialog", "What it already has stays on it").await;
    desk.window().press("unlink-confirm").await;
    desk.window().sees("own-computer", "unlinked").await;
    desk.window().picture("own-computer-unlinked").await;
    desk.adds(&NewPerson { name: "Hanae Morisawa", ..NewPerson::default() }, "My own").await;
    // It is told, and keeps what it had.
    couch.looks_at_own_computers().await;
    couch.window().receives("computer-taken-out", "What is on it stays readable").await;
    couch.window().picture("own-computer-taken-out").await;
    couch.window().press("scope-all").await;
    couch.finds("ragh", "Priya Raghunathan").await;
    couch.leaves().await;
    desk.leaves().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_computer_begins_again_from_a_backup() {
    let (lost, new) = (Computer::new("lost-laptop"), Computer::new("new-laptop"));
    let before = Person::sits_down(&lost).await;
    before.introduces_themselves("Ilona Varis").await;
    before.adds(&NewPerson { name: "Priya Raghunathan", ..NewPerson::default() }, "My own").await;
    let backup = before.writes_backup("otter ladder birch").await;
    before.leaves().await;

    let after = Person::sits_down(&new).await;
    after.window().sees("onboarding-restore", "backup or a recovery kit").await;
    let refused = after.restores(&backup, "otter").await;
    assert!(refused.contains("passphrase"), "{refused}");
    after.window().sees("onboarding-restore", "backup or a recovery kit").await;
    assert_eq!(after.restores(&backup, "otter ladder birch").await, "Ilona Varis");
    after.finds("ragh", "Priya Raghunathan").await;
    after.looks_at_own_computers().await;
    after.window().sees("own-computer", "lost-laptop").await;
    after.window().picture("restored-computers").await;
    after.leaves().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_computer_whose_link_was_wrong_can_still_begin_anew() {
    let computer = Computer::new("new-laptop");
    let maria = Person::sits_down(&computer).await;
    maria.links_this_computer("tuttu://computer/NONSENSE").await;
    maria.window().receives("join-error", "Nothing was sent to anybody").await;
    maria.window().press("join-cancel").await;
    maria.introduces_themselves("Maria Quispe").await;
    maria.adds(&NewPerson { name: "Priya Raghunathan", ..NewPerson::default() }, "My own").await;
    maria.leaves().await;
}
