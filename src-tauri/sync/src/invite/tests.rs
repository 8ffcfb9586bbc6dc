#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use tuttu_model::{ComputerId, SpaceId};

use super::{ComputerInvitation, Hints, Invitation, Link, LinkError, Secret};
use crate::membership::Role;

pub(super) fn invitation() -> Invitation {
    Invitation {
        inviter: ComputerId([1; 32]),
        hints: Hints { addrs: vec!["192.0.2.7:4242".into(), "[2001:db8::7]:4242".into()], relay: Some("https://relay.example".into()) },
        space: SpaceId([2; 32]),
        space_name: Some("Harbourline".into()),
        role: Role::Editor,
        expires: 1_800_000_000,
        secret: Secret([3; 16]),
        auto: false,
    }
}

fn computer() -> ComputerInvitation {
    ComputerInvitation { inviter: ComputerId([1; 32]), hints: Hints::default(), expires: 5, secret: Secret([4; 16]), auto: true }
}

#[test]
fn links_survive_what_people_do_to_them() {
    let link = invitation().to_string();
    assert!(link.starts_with("tuttu://join/"), "{link}");
    let wrapped: String = link.as_bytes().chunks(60).map(|line| format!("> {}\r\n", String::from_utf8_lossy(line))).collect();
    let digits = link.strip_prefix("tuttu://").unwrap();
    let forms = [
        link.clone(),
        format!("  {link}\n"),
        format!("<{link}>."),
        format!("“{link}”").replace(['“', '”'], "\""),
        link.to_lowercase(),
        link.to_uppercase(),
        format!("tuttu:{digits}"),
        format!("{link}/"),
        wrapped,
        link.replace("JOIN", "join").replace('A', "A\u{200b}"),
    ];
    for form in forms {
        assert_eq!(form.parse(), Ok(Link::Join(invitation())), "{form}");
    }
    assert_eq!(computer().to_string().parse(), Ok(Link::Computer(computer())));
    assert_eq!(computer().to_string().parse::<Invitation>(), Err(LinkError::NotALink));
    assert_eq!(link.parse::<Invitation>(), Ok(invitation()));
}

#[test]
fn every_cut_and_every_typing_error_is_seen() {
    let link = invitation().to_string();
    let start = "tuttu://join/".len();
    for end in start..link.len() {
        let error = link.get(..end).unwrap().parse::<Link>().unwrap_err();
        assert!(matches!(error, LinkError::CutOff), "{end}: {error}");
    }
    for at in start..link.len() {
        for digit in ['A', 'Z', '7', '0', 'ä'] {
            let mut wrong: Vec<char> = link.chars().collect();
            if wrong.get(at) == Some(&digit) {
                continue;
            }
            *wrong.get_mut(at).unwrap() = digit;
            let error = wrong.iter().collect::<String>().parse::<Link>().unwrap_err();
            assert!(matches!(error, LinkError::Mistyped | LinkError::CutOff), "{at} {digit}: {error}");
        }
    }
}

#[test]
fn other_texts_get_their_own_error() {
    for text in ["", "hello", "https://example.org", "tuttu:", "tuttu://leave/AAAA", "mailto:x@y.example"] {
        assert_eq!(text.parse::<Link>(), Err(LinkError::NotALink), "{text}");
    }
    assert_eq!("tuttu://join/".parse::<Link>(), Err(LinkError::CutOff));
    assert_eq!("tuttu://join".parse::<Link>(), Err(LinkError::CutOff));
    assert_eq!(format!("tuttu://join/{}", "A".repeat(5_000)).parse::<Link>(), Err(LinkError::TooLong));
    assert_eq!("x".repeat(100_000).parse::<Link>(), Err(LinkError::TooLong));
    // The two kinds cannot be swapped.
    let swapped = computer().to_string().replace("computer", "join");
    assert_eq!(swapped.parse::<Link>(), Err(LinkError::Mistyped));
}

#[test]
fn a_newer_link_is_told_apart_from_a_broken_one() {
    let mut bytes = vec![2, 0, 3, 9, 9, 9];
    let sum = super::checksum(super::Target::Join, &bytes);
    bytes.extend(sum);
    let link = format!("tuttu://join/{}", data_encoding::BASE32_NOPAD.encode(&bytes));
    assert_eq!(link.parse::<Link>(), Err(LinkError::Newer));
}

#[test]
fn links_over_a_limit_are_refused() {
    let mut many = invitation();
    many.hints.addrs = vec!["192.0.2.7:4242".into(); 17];
    let mut long = invitation();
    long.hints.relay = Some("x".repeat(256));
    let mut nobody = invitation();
    nobody.role = Role::None;
    let mut name = invitation();
    name.space_name = Some("a\u{7}b".into());
    for invitation in [many, long, nobody, name] {
        assert_eq!(invitation.to_string().parse::<Link>(), Err(LinkError::Mistyped));
    }
}

#[test]
fn a_secret_is_not_printed_and_is_not_its_lookup() {
    let secret = Secret([3; 16]);
    assert_eq!(format!("{secret:?}"), "Secret(…)");
    assert_ne!(secret.lookup().0, secret.0);
    assert!(!format!("{:?}", invitation()).contains("3, 3"));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), digits in "[A-Za-z2-7]{0,200}") {
        let _ = text.parse::<Link>();
        let _ = format!("tuttu://join/{digits}").parse::<Link>();
    }
}
