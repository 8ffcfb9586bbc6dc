//! Pictures: taken out of a card, and written into one.

use crate::vcard::{Picture, Version, read, write};

fn png(length: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend((0..length).map(|n| n as u8));
    bytes
}

fn taken(lines: &str) -> (Option<Picture>, Vec<String>) {
    let card = read(format!("BEGIN:VCARD\nVERSION:3.0\nFN:x\n{lines}\nEND:VCARD\n").as_bytes()).next().unwrap();
    (card.imported.unwrap().picture, card.warnings.iter().map(ToString::to_string).collect())
}

#[test]
fn a_picture_is_taken_from_every_way_of_writing_it() {
    let bytes = png(9_000);
    let encoded = data_encoding::BASE64.encode(&bytes);
    let folded: String = encoded.as_bytes().chunks(70).map(|line| format!("{}\n ", std::str::from_utf8(line).unwrap())).collect();
    let folded = folded.trim_end();
    for line in [
        format!("PHOTO;ENCODING=b;TYPE=PNG:{folded}"),
        format!("PHOTO;BASE64;PNG:\n {folded}"),
        format!("PHOTO:data:image/png;base64,{folded}"),
        format!("PHOTO:data:image/png\\;base64\\,{encoded}"),
        format!("item1.X-MS-CARDPICTURE;ENCODING=BASE64:{folded}"),
    ] {
        let (picture, warnings) = taken(&line);
        assert_eq!((picture.map(|picture| picture.bytes == bytes), warnings), (Some(true), vec![]), "{}", &line[..40]);
    }
}

#[test]
fn a_card_has_one_picture_of_a_known_kind_and_size() {
    let small = data_encoding::BASE64.encode(&png(10));
    let (picture, warnings) = taken(&format!("PHOTO;ENCODING=b:{small}\nPHOTO;ENCODING=b:{small}"));
    assert_eq!(
        (picture.map(|picture| picture.bytes.len()), warnings),
        (Some(18), vec!["Line 5: The photo was left out: there is another one.".into()])
    );
    let script = data_encoding::BASE64.encode(b"<svg onload=\"alert(1)\"/>");
    assert_eq!(taken(&format!("PHOTO;ENCODING=b:{script}")).0, None);
    let large = data_encoding::BASE64.encode(&png(4 * 1024 * 1024));
    let (picture, warnings) = taken(&format!("PHOTO;ENCODING=b:{large}"));
    assert_eq!((picture, warnings), (None, vec!["Line 4: The photo was left out: it is larger than 3 MiB.".into()]));
}

#[test]
fn a_picture_that_is_written_is_read_again() {
    let picture = Picture { bytes: png(5_000) };
    let view = tuttu_model::RecordView { kind: "person".into(), name: "x".into(), photo: "hash".into(), ..Default::default() };
    for version in [Version::V3, Version::V4] {
        let text = write([&view], version, |_| Some(picture.clone()));
        assert!(text.lines().all(|line| line.len() <= 76));
        assert_eq!(read(text.as_bytes()).next().unwrap().imported.unwrap().picture, Some(picture.clone()), "{version:?}");
    }
}
