#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tuttu_model::view::{Address, Affiliation, Labelled, Relation, Stamp};

use super::*;

/// A view in which nothing is empty.
fn full() -> RecordView {
    let text = |text: &str| text.to_owned();
    let labelled = || vec![Labelled { item: text("i"), label: text("l"), value: text("v"), pref: true }];
    RecordView {
        id: text("p_1"),
        kind: text("person"),
        space: text("s_1"),
        name: text("name"),
        given: text("given"),
        family: text("family"),
        middle: text("middle"),
        prefix: text("prefix"),
        suffix: text("suffix"),
        nickname: text("nickname"),
        pronouns: text("pronouns"),
        emails: labelled(),
        phones: labelled(),
        addresses: vec![Address { item: text("i"), city: text("Oban"), ..Address::default() }],
        orgs: vec![Affiliation { item: text("i"), name: text("Trust"), ..Affiliation::default() }],
        urls: labelled(),
        ims: labelled(),
        birthday: text("birthday"),
        dates: labelled(),
        tags: vec![text("Tag")],
        notes: text("notes"),
        rhythm: text("6w"),
        custom: [(text("k"), text("v"))].into(),
        relations: vec![Relation { item: text("i"), kind: text("k"), id: text("p_2") }],
        text: text("text"),
        at: text("2026-01-01T00:00:00Z"),
        duration: text("30"),
        with: vec![text("p_3")],
        created: Stamp { at: text("c"), by: text("b") },
        changed: Stamp { at: text("d"), by: text("b") },
        conflicts: vec![text("name")],
        unknown: vec![text("u")],
        deleted: false,
    }
}

#[test]
fn a_view_comes_back_as_it_was() {
    let view = full();
    assert_eq!(decode(&encode(&view).unwrap()), Ok(view));
    assert!(matches!(decode(&[1, 2, 3]), Err(StoreError::Damaged(_))));
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
    assert_eq!((VERSION, print.as_str()), (b"4".as_slice(), "8a3651396eb99516"));
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
    let view = RecordView { text: "Ålesund trip, long ago".into(), ..RecordView::default() };
    assert_eq!(Projection::of(&view).sort, "Ålesund trip, long ago");
    let view = RecordView { text: "x".repeat(1_000_000), ..RecordView::default() };
    assert_eq!(Projection::of(&view).sort.len(), SORT_TEXT_CHARS);
    let view = RecordView { name: "«(x".repeat(1_000_000), ..RecordView::default() };
    assert!(Projection::of(&view).sort.starts_with("x«(x") && Projection::of(&view).sort.chars().count() == SORT_CHARS);
}
