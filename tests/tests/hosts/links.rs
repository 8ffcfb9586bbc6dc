//! Links that do not work, and a vault in use: what people are told by real processes.

use tuttu_tests::process::Computer;

use crate::is_a_good_sentence;

fn invite(ilona: &Computer, words: &[&str]) -> String {
    ilona.ok(&[&["invite", "Harbour", "--auto"], words].concat())["link"].as_str().unwrap().to_owned()
}

#[test]
fn a_link_that_does_not_work_says_why_and_what_to_do() {
    let (mut ilona, mut maria, jon) = (Computer::new("Ilona"), Computer::new("Maria"), Computer::new("Jon"));
    ilona.ok(&["space", "new", "Harbour"]);
    ilona.serve();
    maria.serve();
    let says = |link: &str, wanted: &str| {
        let refusal = jon.refused_with_hint(&["join", link, "--auto"]);
        assert_eq!(refusal[0], "link", "{refusal:?}");
        is_a_good_sentence(&refusal);
        assert!(refusal[1].contains(wanted), "{refusal:?}");
    };

    let used = invite(&ilona, &[]);
    maria.ok(&["join", &used, "--auto"]);
    says(&used, "already used");

    let ended = invite(&ilona, &["--expires", "1s"]);
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    says(&ended, "expired");

    let good = invite(&ilona, &[]);
    says(&good[..good.len() - 9], "cut off");
    // Two letters changed places, somewhere in the middle.
    let mut letters: Vec<char> = good.chars().collect();
    let at = (good.len() / 2..).find(|at| letters[*at] != letters[at + 1]).unwrap();
    letters.swap(at, at + 1);
    says(&letters.iter().collect::<String>(), "mistyped");
    says("https://example.org/join", "not a Tuttu link");
    says("", "not a Tuttu link");
    says(&good.replace("//join/", "//computer/"), "");
    let own = ilona.refused_with_hint(&["join", &good, "--auto"]);
    assert_eq!((own[0].as_str(), own[1].as_str()), ("link", "You made this invitation on this computer."));

    // The others did not use it up.
    jon.ok(&["join", &good, "--auto"]);
    assert_eq!(jon.lines(&["space", "list"]).len(), 2);
}

#[test]
fn a_vault_in_use_is_said_by_whoever_wants_it_alone() {
    let mut ilona = Computer::new("Ilona");
    ilona.serve();
    let refusal = ilona.refused_with_hint(&["serve", "--bind", "127.0.0.1:0", "--no-lan"]);
    is_a_good_sentence(&refusal);
    assert_eq!(refusal[0], "vault-in-use");
    assert!(refusal[2].contains("safe"), "{refusal:?}");

    // A process that holds the vault and hangs: nobody waits for it for ever, and nobody goes behind its back.
    let holder = ilona.pid().unwrap().to_string();
    let signal = |name: &str| assert!(std::process::Command::new("kill").args([name, &holder]).status().unwrap().success());
    signal("-STOP");
    let refusal = ilona.refused_with_hint(&["add", "person", "name=Priya"]);
    signal("-CONT");
    is_a_good_sentence(&refusal);
    assert_eq!(refusal[0], "vault-in-use", "{refusal:?}");
    ilona.ok(&["add", "person", "name=Priya"]);
}
