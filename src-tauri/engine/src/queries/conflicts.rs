use tuttu_model::Held;
use tuttu_model::conflict::{Choice, can_keep_both, conflicts_of};
use tuttu_model::field::label_and_value;
use tuttu_store::Reader;

use crate::api::{ConflictValue, ConflictView, ErrorCode, ErrorView, RecordRef};
use crate::clock;
use crate::commands::{name_of, printed_id};
use crate::engine::Inner;
use crate::failure::Failure;

/// Reads `1`, `2`, ... or `both`.
pub(crate) fn parse_choice(text: &str) -> Result<Choice, ErrorView> {
    text.parse()
        .map_err(|_| ErrorView::new(ErrorCode::Invalid, format!("“{text}” is not a choice."), "Choose a number of the list, or both."))
}

impl Inner {
    pub(crate) fn conflicts(&self, reader: &Reader<'_>, record: Option<&RecordRef>) -> Result<Vec<ConflictView>, Failure> {
        let of = record.map(|record| self.record(reader, record)).transpose()?;
        let mut views = Vec::new();
        for (space, doc) in reader.conflicts(of)? {
            let document = self.document_to_read(reader, &space, &doc)?;
            let current = document.record();
            self.caches().keep_document((space, doc), document);
            let (id, name) = (printed_id(reader, &space, &doc)?, name_of(&current));
            for (field, held) in conflicts_of(&current) {
                let mut values = Vec::with_capacity(held.len());
                for (at, held) in held.iter().enumerate() {
                    values.push(self.conflict_value(reader, at, held, &field)?);
                }
                views.push(ConflictView {
                    id: id.clone(),
                    space: space.to_string(),
                    name: name.clone(),
                    label: held
                        .iter()
                        .find_map(|held| held.value.as_ref())
                        .map(|value| label_and_value(&field, value).0)
                        .unwrap_or_default(),
                    both: can_keep_both(&field),
                    field,
                    values,
                });
            }
        }
        Ok(views)
    }

    fn conflict_value(&self, reader: &Reader<'_>, at: usize, held: &Held, field: &str) -> Result<ConflictValue, Failure> {
        let author = self.author(reader, &held.actor)?;
        let value = match (field, at) {
            ("deleted", 0) => "Keep it, with the changes".to_owned(),
            ("deleted", _) => "Delete it".to_owned(),
            _ => held.value.as_ref().map(|value| label_and_value(field, value).1).unwrap_or_default(),
        };
        Ok(ConflictValue {
            n: u32::try_from(at + 1).unwrap_or(u32::MAX),
            value,
            mine: author.as_ref().is_some_and(|author| author.mine),
            by: author.as_ref().map(|author| author.name.clone()).unwrap_or_default(),
            at: clock::rfc3339(held.time),
            computer: author.map(|author| author.computer_name).unwrap_or_default(),
        })
    }
}
