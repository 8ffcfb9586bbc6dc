//! What of a person or organisation is searched in memory: one line of text with a field for each thing a match is named after.

use tuttu_model::{RecordView, normal};

use super::words::{folded_words, stands_alone};

/// Bytes of one field; what is beyond them is not searched.
const FIELD_BYTES: usize = 1_000;

/// The line of a record: its fields in the order of [`super::ranking::Field`], each ended by a line feed, each word begun by a space.
pub(crate) fn line_of(view: &RecordView) -> String {
    let mut line = String::with_capacity(140);
    field(&mut line, [&view.name, &view.nickname, &view.given, &view.middle, &view.family].into_iter().map(String::as_str));
    field(&mut line, view.emails.iter().map(|email| email.value.as_str()));
    field(&mut line, view.orgs.iter().map(|org| org.name.as_str()));
    field(&mut line, view.orgs.iter().flat_map(|org| [org.title.as_str(), org.department.as_str()]));
    let start = line.len();
    for phone in &view.phones {
        // The zero in brackets is dialled only without the country code.
        push(&mut line, start, &normal::digits(&phone.value.replace("(0)", "")));
    }
    line.push('\n');
    field(&mut line, view.tags.iter().map(String::as_str));
    field(&mut line, view.addresses.iter().map(|address| address.city.as_str()));
    field(&mut line, view.addresses.iter().map(|address| address.country.as_str()));
    line
}

fn field<'a>(line: &mut String, texts: impl Iterator<Item = &'a str>) {
    let start = line.len();
    for text in texts {
        for word in folded_words(text) {
            push(line, start, &word);
        }
    }
    line.push('\n');
}

fn push(line: &mut String, start: usize, word: &str) {
    let so_far = line.get(start..).unwrap_or_default();
    if word.is_empty() || so_far.len() + word.len() > FIELD_BYTES {
        return;
    }
    // Characters of scripts without spaces are sought as they follow each other, so each stays in its place.
    let alone = word.chars().next().is_some_and(stands_alone);
    if !alone && so_far.split(' ').any(|held| held == word) {
        return;
    }
    line.push(' ');
    line.push_str(word);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tuttu_model::view::{Address, Affiliation, Labelled};

    #[test]
    fn a_line_has_eight_fields() {
        let view = RecordView {
            name: "Priya Raghunathan".into(),
            given: "Priya".into(),
            emails: vec![Labelled { value: "priya@harbourline.example".into(), ..Labelled::default() }],
            phones: vec![Labelled { value: "+44 (0)7700 900142".into(), ..Labelled::default() }],
            orgs: vec![Affiliation { name: "Harbourline Trust".into(), title: "Head".into(), ..Affiliation::default() }],
            tags: vec!["board member".into()],
            addresses: vec![Address { city: "Glasgow".into(), country: "GB".into(), ..Address::default() }],
            ..RecordView::default()
        };
        let expected =
            " priya raghunathan\n priya harbourline example\n harbourline trust\n head\n 447700900142\n board member\n glasgow\n gb\n";
        assert_eq!(line_of(&view), expected);
    }

    #[test]
    fn a_hostile_name_is_cut() {
        let view = RecordView { name: "x1 x2 x3 ".repeat(100_000), ..RecordView::default() };
        assert!(line_of(&view).len() < 2_000);
        let view = RecordView { name: (0..100_000).map(|n| format!("w{n} ")).collect(), ..RecordView::default() };
        assert!(line_of(&view).len() < 2_000);
    }
}
