use super::*;

/// A draft that is read is always one that can be taken.
pub(super) fn takes(draft: &tuttu_model::RecordDraft) {
    let mut number = 0;
    let mut new_item = || {
        number += 1;
        format!("{number:08}")
    };
    if let Err(error) = draft.to_fields("2026-11-14T09:12:00Z", &mut new_item) {
        panic!("{error}");
    }
}

fn card(lines: &str) -> String {
    format!("BEGIN:VCARD\nFN:x\n{lines}\nEND:VCARD\nBEGIN:VCARD\nFN:next\nEND:VCARD\n")
}

#[test]
fn a_card_that_is_too_long_is_skipped_and_the_next_is_read() {
    for lines in [
        format!("X-A:{}", "a".repeat(MAX_CARD)),
        "X-A:aaaaaaaaa\n".repeat(MAX_CARD / 8),
        format!("X-A:a\n{}", " aaaaaaa\n".repeat(MAX_CARD / 6)),
    ] {
        let text = card(&lines);
        assert_eq!(views(&text).into_iter().map(|view| view.name).collect::<Vec<_>>(), ["next"]);
        assert_eq!(warnings(&text), ["Line 1: The card that begins here is longer than 1024 KiB without its pictures; it was skipped."]);
    }
}

#[test]
fn long_pictures_do_not_make_a_card_too_long() {
    let text = card(&format!("PHOTO;ENCODING=b:{}\nLOGO;ENCODING=b:{}", "A".repeat(MAX_CARD * 2), "AAAA\n ".repeat(MAX_CARD / 2)));
    assert_eq!(views(&text).len(), 2);
    assert_eq!(warnings(&text), ["Line 3: The photo was left out: it is not a picture of a known kind.", "Line 4: The logo was left out."]);
}

#[test]
fn long_values_are_cut_and_said() {
    let text = card(&format!("TITLE:{}\nNOTE:{}", "ä".repeat(MAX_VALUE + 1), "ö".repeat(MAX_NOTE)));
    let view = &views(&text)[0];
    assert_eq!((view.orgs[0].title.chars().count(), view.notes.len()), (MAX_VALUE, MAX_NOTE - 2));
    assert_eq!(
        warnings(&text),
        [
            "Line 3: The title is longer than 10000 characters; the rest was left out.",
            "Line 4: The note is longer than 256 KiB; the rest was left out."
        ]
    );
}

#[test]
fn many_properties_and_much_text_are_bounded_and_said() {
    let text = card(&"TEL:1\n".repeat(MAX_PROPERTIES + 9));
    assert_eq!(views(&text)[0].phones.len(), MAX_ITEMS);
    let expected = [
        "Line 1: A list may have 500 items; left out were 1499 phone numbers.",
        "Line 2002: The card has more than 2000 lines; the 10 from here on were left out.",
    ];
    assert_eq!(warnings(&text), expected);

    let text = card(&format!("X-A:{}\n", "a".repeat(9_000)).repeat(100));
    let kept: usize = views(&text)[0].custom.values().map(String::len).sum();
    assert!(kept <= MAX_TEXT && kept > MAX_TEXT - 10_000, "{kept}");
    let said = warnings(&text);
    assert_eq!(said.len(), MAX_WARNINGS + 1);
    assert_eq!(said[0], "Line 46: The card holds more than 384 KiB of text; the value of X-A was left out.");
    assert_eq!(said[MAX_WARNINGS], "Line 96: There are at least 7 more such remarks about this card.");
}

#[test]
fn many_cards_in_cards_cost_no_more_than_their_bytes() {
    let text = "BEGIN:VCARD\nFN:a\nAGENT:\n".repeat(20_000) + &"END:VCARD\n".repeat(20_000);
    assert_eq!(read(text.as_bytes()).filter(|card| card.imported.is_some()).count(), 20_000);
}

#[test]
fn the_worst_cards_can_be_taken() {
    let long = "ä".repeat(5_000);
    let kinds = [
        format!("ORG:{}", format!("{long};").repeat(90)),
        format!("ADR:{}\nADR:;;{long}\\, b,{long},{long};{long}", format!("{long};").repeat(17)),
        format!("N:{long};{long};{long};{long};{long};{long};{long}"),
        format!("FN:{long}\nNICKNAME:{long},a{long},b{long}"),
        format!("CATEGORIES:{}", (0..9_000).map(|number| format!("{number},")).collect::<String>()),
        format!("{}a.X-ABLabel:{long}", "a.TEL:1\n".repeat(900)),
        format!("{}a.X-ABLabel:{long}", "a.X-TUTTU-FIELD:1\n".repeat(900)),
        format!("{}a.X-ABLabel:{long}", "a.X-ABRELATEDNAMES:1\n".repeat(900)),
        format!("X-{}:1\nX-{}:2", "A".repeat(5_000), "A".repeat(5_000)),
        "X-A:1\n".repeat(1_900),
        "TEL;PREF=1:1\nADR:a;b;c;d;e;f;g\nORG:a;b\nTITLE:c\n".repeat(490),
        format!("NOTE:{}\n{}", "a".repeat(MAX_NOTE), "X-A:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n".repeat(1_900)),
        format!("RELATED;TYPE={long}:urn:uuid:1\nIMPP;X-SERVICE-TYPE={long}:x:y\nX-SOCIALPROFILE;type={long};x-user={long}:http://x"),
    ];
    for kind in kinds {
        let group = format!("BEGIN:VCARD\nKIND:group\nFN:{long}\nMEMBER:m\nEND:VCARD\n");
        let text = format!("{group}BEGIN:VCARD\nUID:m\n{kind}\nEND:VCARD\n");
        let drafts: Vec<_> = read(text.as_bytes()).filter_map(|card| card.imported).map(|imported| imported.draft).collect();
        drafts.iter().for_each(takes);
        assert!(drafts.len() == 1 || kind.starts_with(['X', 'C', 'a']), "{}", &kind[..20]);
    }
}

/// Work grows with the bytes of a card and not with their square; each of these took minutes when it did.
#[test]
fn the_slowest_cards_are_read_in_time() {
    let words = |first: &str, number: usize| (0..number).map(|number| format!("{first}{number}")).collect::<String>();
    let cards = [
        format!("TEL{}:1", words(";t", 150_000)),
        format!("TEL;TYPE={}:1", words(",t", 150_000)),
        format!("X-A:{}x", "vcard:".repeat(170_000)),
        format!("X-A:{}", "vcard:".repeat(1_600) + "x\nX-A:").repeat(90),
        format!("NICKNAME:{}", words(",n", 140_000)),
        format!("ADR:;;{};{};;;\n{}", words(" s", 2_000), words(" c", 2_000), format!("LABEL:{}\n", words(" l", 1_500)).repeat(100)),
        "X-A:1\n".repeat(150_000),
        "ORG:a;b\nTITLE:c\n".repeat(60_000),
        format!("ORG:{}\n", words(";u", 800)).repeat(200),
        format!("NOTE:{}", "\\n".repeat(500_000)),
        "a.X-ABLabel:x\nb.TEL:1\n".repeat(40_000),
        "BDAY:x\n".repeat(140_000),
    ];
    for lines in cards {
        let text = card(&lines);
        assert!(read(text.as_bytes()).count() >= 1);
    }
}
