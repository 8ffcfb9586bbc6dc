use super::*;

#[test]
fn a_record_is_named_after_what_there_is() {
    let cases = [
        ("N:Lind;Mara;E.;Dr.;PhD", "Dr. Mara E. Lind PhD", "person"),
        ("FN:Mara Lind", "Mara Lind", "person"),
        ("NICKNAME:Mimmi\r\nTEL:1", "Mimmi", "person"),
        ("ORG:Harbourline Trust", "Harbourline Trust", "org"),
        ("FN:Harbourline Trust\r\nORG:Harbourline Trust\r\nTITLE:Clerk", "Harbourline Trust", "person"),
        ("FN:Harbourline Trust\r\nORG:Harbourline Trust\r\nKIND:individual", "Harbourline Trust", "person"),
        ("TEL:123", "123", "person"),
        ("NOTE:first\\nsecond", "first", "person"),
        ("FN:Town Hall\r\nKIND:location", "Town Hall", "org"),
    ];
    for (lines, name, kind) in cases {
        let view = one(lines);
        assert_eq!((view.name.as_str(), view.kind.as_str()), (name, kind), "{lines}");
    }
}

#[test]
fn titles_find_their_organisations() {
    let affiliations = |lines: &str| -> Vec<(String, String)> {
        one(&format!("FN:x\r\nN:y\r\n{lines}")).orgs.into_iter().map(|one| (one.name, one.title)).collect()
    };
    let pair = |name: &str, title: &str| (name.to_owned(), title.to_owned());
    assert_eq!(affiliations("ORG:A\r\nORG:B\r\nTITLE:a\r\nTITLE:b"), [pair("A", "a"), pair("B", "b")]);
    assert_eq!(affiliations("a.ORG:A\r\nb.ORG:B\r\nb.TITLE:b"), [pair("A", ""), pair("B", "b")]);
    assert_eq!(affiliations("TITLE:alone"), [pair("", "alone")]);
    assert_eq!(affiliations("ORG:A\r\nROLE:r"), [pair("A", "r")]);
    assert_eq!(affiliations("a.ORG:A\r\na.TITLE:1\r\na.TITLE:2"), [pair("A", "1"), pair("", "2")]);
}

#[test]
fn the_most_preferred_is_preferred_and_comes_first() {
    let view = one("FN:x\r\nTEL;PREF=7:c\r\nTEL:d\r\nTEL;PREF=3:b\r\nEMAIL:e\r\nEMAIL;TYPE=pref:f");
    let phones: Vec<_> = view.phones.iter().map(|phone| (phone.value.as_str(), phone.pref)).collect();
    assert_eq!(phones, [("b", true), ("c", false), ("d", false)]);
    let emails: Vec<_> = view.emails.iter().map(|email| (email.value.as_str(), email.pref)).collect();
    assert_eq!(emails, [("e", false), ("f", true)], "a mere flag does not change the order");
}

#[test]
fn addresses_in_every_form() {
    let view = one("FN:x\r\nADR:PO Box 1;Flat 2;High St 3,Back door;Town;Reg;123;Land\r\nADR;PREF=1:;;Second;;;;\r\nADR:;;;;;;");
    assert_eq!(
        view.addresses.iter().map(|address| address.street.as_str()).collect::<Vec<_>>(),
        ["Second", "High St 3, Back door\nFlat 2\nPO Box 1"]
    );
    let view = one("FN:x\r\nADR;LABEL=\"High St 3\\nTown\":;;;;;;\r\nLABEL;TYPE=work:Elsewhere 4\\nCity");
    assert_eq!(view.addresses.iter().map(|address| address.street.as_str()).collect::<Vec<_>>(), ["High St 3\nTown", "Elsewhere 4\nCity"]);
    let view = one("FN:x\r\nADR;GEO=\"geo:1,2\":;;;;;;;Room 7;;;;;;;;;;Harbour\r\n");
    assert_eq!((view.addresses[0].street.as_str(), view.custom["vcard.geo"].as_str()), ("Room 7\nHarbour", "geo:1,2"));
}

#[test]
fn encodings_and_foldings_of_old_versions() {
    let view = &views(
        "BEGIN:VCARD\nVERSION:2.1\nFN;ENCODING=BASE64;CHARSET=utf-8:TcO8\n bGxlcg==\nNOTE:folded\n before a space\nX-Y;ENCODING=QUOTED-PRINTABLE:C:\\new=0D=0Aline\nEND:VCARD",
    )[0];
    assert_eq!(
        (view.name.as_str(), view.notes.as_str(), view.custom["x-y"].as_str()),
        ("Müller", "folded before a space", "C:\\new\nline")
    );
}

#[test]
fn line_ends_make_no_difference() {
    let text = include_str!("../../../../../tests/fixtures/vcard/google.vcf");
    let expected: Vec<_> = read(text.as_bytes()).collect();
    for end in ["\r\n", "\r"] {
        assert_eq!(read(text.replace('\n', end).as_bytes()).collect::<Vec<_>>(), expected, "{end:?}");
    }
}

#[test]
fn groups_become_tags_also_before_their_members() {
    let text = "BEGIN:VCARD\nKIND:group\nFN:Choir\nMEMBER:urn:uuid:AB-1\nMEMBER:mailto:x\nEND:VCARD\nBEGIN:VCARD\nFN:Mara\nCATEGORIES:b,a,b\nUID:ab-1\nEND:VCARD";
    assert_eq!(views(text)[0].tags, ["Choir", "a", "b"]);
    assert_eq!(warnings(text), ["Line 1: The group “Choir” became a tag of 1 of its 2 members; the others are not in this file."]);
}

#[test]
fn what_cannot_be_used_is_explained() {
    assert_eq!(warnings(""), ["Line 1: There is no vCard in this file."]);
    assert_eq!(warnings("a\nb\n\nc"), ["Line 1: 3 lines from here on are outside any card; they were left out."]);
    assert_eq!(
        warnings("BEGIN:VCARD\nVERSION:4.0\nX-A:1\nEND:VCARD"),
        ["Line 1: The card holds nothing that could be used; it was skipped."]
    );
    assert_eq!(
        warnings(
            "BEGIN:VCARD\nFN:x\nBDAY:1990-01-01T10:00:00\nPHOTO;ENCODING=b:AAAA\nPHOTO;ENCODING=b:BBBB\nLOGO:data:image/png;base64,AA\nEND:VCARD\nEND:VCARD\n"
        ),
        [
            "Line 3: The time of day in “1990-01-01T10:00:00” was left out; the date is kept.",
            "Line 4: The photo was left out: it is not a picture of a known kind.",
            "Line 6: The logo was left out.",
        ]
    );
}

#[test]
fn a_card_in_a_card_without_an_end_takes_nothing_along() {
    let names: Vec<_> =
        views("BEGIN:VCARD\nFN:a\nAGENT:\nBEGIN:VCARD\nFN:b\nBEGIN:VCARD\nFN:c\nEND:VCARD").into_iter().map(|view| view.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn cards_are_counted() {
    assert_eq!(count(b"BEGIN:VCARD\r\nEND:VCARD\rbegin:vcard\n x BEGIN:VCARD"), 2);
    assert_eq!(count(&"\u{FEFF}BEGIN:VCARD\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()), 1);
}
