//! JSON Lines: one record a line, in the shape of the command line.

use tuttu_model::RecordView;

/// Writes one JSON object a line; empty values are left out.
#[must_use]
pub fn write<'a>(records: impl IntoIterator<Item = &'a RecordView>) -> String {
    let mut text = String::new();
    for record in records {
        write_record(record, &mut text);
    }
    text
}

/// Appends one record and a line feed, for callers that write a large file piece by piece.
pub fn write_record(record: &RecordView, text: &mut String) {
    text.push_str(&serde_json::Value::Object(record.to_json()).to_string());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_object_a_line_without_empty_values() {
        let mara = RecordView { name: "Mara\nLind".into(), kind: "person".into(), ..RecordView::default() };
        let text = write([&mara, &mara]);
        assert_eq!(text, "{\"kind\":\"person\",\"name\":\"Mara\\nLind\"}\n".repeat(2));
    }
}
