#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tuttu_model::view::{Address, Affiliation, Attachment, Copied, Flag, Labelled, Relation, Stamp};

use super::*;
use crate::stored_view::{decode, encode};

/// A view in which nothing is empty that is stored.
fn full() -> RecordView {
    let text = |text: &str| text.to_owned();
    let labelled = || vec![Labelled { item: text("i"), label: text("l"), value: text("v"), pref: true }];
    RecordView {
        // The row says these two.
        id: String::new(),
        kind: text("person"),
        space: String::new(),
        name: text("name"),
        text: text("text"),
        at: text("2026-01-01T00:00:00Z"),
        with: vec![text("p_3")],
        created: Stamp { at: text("c"), by: text("b") },
        changed: Stamp { at: text("d"), by: text("b") },
        duration: text("30"),
        given: text("given"),
        family: text("family"),
        emails: labelled(),
        phones: labelled(),
        orgs: vec![Affiliation { item: text("i"), name: text("Trust"), ..Affiliation::default() }],
        addresses: vec![Address { item: text("i"), city: text("Oban"), ..Address::default() }],
        tags: vec![text("Tag")],
        birthday: text("birthday"),
        rhythm: text("6w"),
        urls: labelled(),
        notes: text("notes"),
        custom: [(text("k"), text("v"))].into(),
        relations: vec![Relation { item: text("i"), kind: text("k"), id: text("p_2"), ..Relation::default() }],
        ims: labelled(),
        dates: labelled(),
        middle: text("middle"),
        prefix: text("prefix"),
        suffix: text("suffix"),
        nickname: text("nickname"),
        pronouns: text("pronouns"),
        status: text("open"),
        due: text("2026-01-02"),
        reminder: text("1d"),
        assignee: text("p_4"),
        done: text("2026-01-03T00:00:00Z"),
        parent: text("t_1"),
        start: text("2026-01-04"),
        end: text("2026-01-05"),
        timezone: text("Europe/Helsinki"),
        all_day: true,
        recurrence: text("FREQ=DAILY"),
        place: text("Turku"),
        direction: text("in"),
        followup: text("2026-01-06"),
        snoozed: text("2026-01-07"),
        attachments: vec![Attachment { hash: text("h"), name: text("n"), media: text("m"), size: 7, missing: false }],
        photo: text("h"),
        languages: labelled(),
        gender: text("g"),
        phonetic_given: text("pg"),
        phonetic_middle: text("pm"),
        phonetic_family: text("pf"),
        phonetic_name: text("pn"),
        keys: labelled(),
        identifiers: labelled(),
        word: text("w"),
        value_type: text("text"),
        options: labelled(),
        kinds: vec![text("person")],
        reverse: text("r"),
        query: text("q"),
        sort: text("name"),
        columns: text("name,phone"),
        group: text("status"),
        copies: vec![Copied { item: text("i"), space: text("s_2"), id: text("p_5"), fields: vec![text("phones")] }],
        moved: Copied { item: text(""), space: text("s_3"), id: text("p_6"), fields: Vec::new() },
        merged: vec![text("p_7")],
        distinct: vec![text("p_8")],
        conflicts: vec![text("name")],
        unknown: vec![text("u")],
        deleted: false,
        understood: [(text("k"), text("v"))].into(),
        flags: vec![Flag { field: text("phones/i"), message: text("m") }],
    }
}

#[test]
fn a_view_comes_back_as_it_was() {
    let view = full();
    let (space, doc) = (tuttu_model::SpaceId([1; 32]), tuttu_model::DocumentId([2; 16]));
    let shown = RecordView { id: format!("p_{doc}"), space: space.to_string(), ..view.clone() };
    assert_eq!(crate::stored_view::decode_of(&encode(&view).unwrap(), &space, &doc), Ok(shown));
    let wrong = |bytes: &[u8]| assert!(matches!(decode(bytes), Err(StoreError::Damaged(_))), "{bytes:?}");
    wrong(&[1, 2, 3]);
    wrong(&[]);
    let note = RecordView { kind: "note".into(), text: "Short".into(), ..RecordView::default() };
    let stored = encode(&note).unwrap();
    assert!(stored.len() < 30, "what is empty takes no room: {stored:?}");
    wrong(&stored[..stored.len() - 1]);
    assert_eq!(decode(&stored), Ok(note));
    assert_eq!(decode(&encode(&RecordView::default()).unwrap()), Ok(RecordView::default()));
}

/// Stored views are not self-describing. When this fails because `RecordView` or what is derived from it changed, raise [`VERSION`] (so that
/// vaults make their query tables again) and put the new value here.
#[test]
fn the_stored_shape_changes_only_with_the_version() {
    let view = full();
    let projection = Projection::of(&view);
    let derived = format!("{:?} {:?} {} {:?} {}", projection.line, projection.text, projection.sort, projection.facts, projection.features);
    let mut shape = encode(&view).unwrap();
    shape.extend_from_slice(derived.as_bytes());
    let print = blake3::hash(&shape).to_hex().chars().take(16).collect::<String>();
    assert_eq!((VERSION, print.as_str()), (b"6".as_slice(), "752417a63417a3d3"));
}

#[test]
fn a_record_in_the_trash_is_only_listed() {
    let view = RecordView { deleted: true, ..full() };
    let projection = Projection::of(&view);
    assert!(
        projection.tags.is_empty()
            && projection.participants.is_empty()
            && projection.line.is_none()
            && projection.facts.is_empty()
            && projection.text.is_empty()
    );
    assert_eq!(projection.sort, "name");
}

#[test]
fn a_record_without_a_name_is_sorted_by_what_it_shows() {
    let view = RecordView { text: "Ålesund trip, a long time ago".into(), ..RecordView::default() };
    assert_eq!(Projection::of(&view).sort, "Ålesund tr");
    let view = RecordView { text: "x".repeat(1_000_000), ..RecordView::default() };
    assert_eq!(Projection::of(&view).sort.len(), SORT_TEXT_CHARS);
    let view = RecordView { name: "«(x".repeat(1_000_000), ..RecordView::default() };
    assert!(Projection::of(&view).sort.starts_with("x«(x") && Projection::of(&view).sort.chars().count() == SORT_CHARS);
}
