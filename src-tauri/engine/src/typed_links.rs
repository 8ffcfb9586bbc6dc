//! Names typed where a link is meant: `with="Priya Raghunathan"` becomes a link to her record.

use tuttu_model::{DocumentId, FieldEdit, Kind, SpaceId};
use tuttu_store::Reader;

use crate::api::RecordRef;
use crate::engine::Inner;
use crate::failure::Failure;
use crate::resolve::one;

/// Fields in which a person names another record.
const LINKS: [&str; 5] = ["with", "parent", "assignee", "relations", "orgs"];
/// An id is looked up by its beginning from this many letters on, prefix included.
const SHORTEST_ID: usize = 5;

impl Inner {
    /// The same edits, with the id where a name, or the beginning of an id, means one record.
    ///
    /// A link leads into its own space; only from a private space does it lead anywhere. A name that no record has stays as it was typed.
    ///
    /// # Errors
    /// When a name means several records.
    pub(crate) fn link_names(&self, reader: &Reader<'_>, space: &SpaceId, edits: Vec<FieldEdit>) -> Result<Vec<FieldEdit>, Failure> {
        edits.into_iter().map(|edit| self.link_name(reader, space, edit)).collect()
    }

    fn link_name(&self, reader: &Reader<'_>, space: &SpaceId, mut edit: FieldEdit) -> Result<FieldEdit, Failure> {
        let (field, value) = match &mut edit {
            FieldEdit::Set { field, value, .. } | FieldEdit::Add { field, value, .. } => (field.as_str(), value),
            FieldEdit::Remove { field, item } if field == "with" => (field.as_str(), item),
            _ => return Ok(edit),
        };
        if LINKS.contains(&field)
            && let Some(id) = self.meant(reader, space, field, value.trim())?
        {
            *value = id;
        }
        Ok(edit)
    }

    fn meant(&self, reader: &Reader<'_>, space: &SpaceId, field: &str, text: &str) -> Result<Option<String>, Failure> {
        if text.is_empty() || text.parse::<DocumentId>().is_ok() {
            return Ok(None);
        }
        if is_start_of_id(text) {
            let (space, doc) = self.record(reader, &RecordRef { space: None, id: text.to_owned() })?;
            return Ok(reader.record(&space, &doc)?.map(|row| row.view.id));
        }
        if field == "assignee"
            && let Ok(member) = self.member(reader, space, text)
        {
            return Ok(Some(member.person.to_string()));
        }
        let wanted = |kind: &Kind| if field == "orgs" { *kind == Kind::Org } else { !kind.is_definition() };
        let named: Vec<_> = reader.find_by_name(text)?.into_iter().filter(|(_, _, kind)| wanted(&Kind::from(kind.as_str()))).collect();
        let mut found: Vec<_> = named.iter().filter(|(there, ..)| there == space).collect();
        if found.is_empty() && reader.space(space)?.is_some_and(|row| row.private) {
            found = named.iter().collect();
        }
        let mut ids = Vec::with_capacity(found.len());
        for (space, doc, _) in found {
            ids.extend(reader.record(space, doc)?.map(|row| row.view.id));
        }
        if ids.is_empty() {
            return Ok(None);
        }
        one(ids, "record", text, Clone::clone).map(Some)
    }
}

fn is_start_of_id(text: &str) -> bool {
    let letters = text.split_once('_').filter(|(kind, _)| kind.len() == 1 && kind.bytes().all(|byte| byte.is_ascii_lowercase()));
    letters.is_some_and(|(_, digits)| text.len() >= SHORTEST_ID && digits.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
