//! From what a person typed to the one record, space or member it means; an ambiguous name is an error that lists the candidates.

use tuttu_model::{DocumentId, PersonId, SpaceId};
use tuttu_store::Reader;
use tuttu_store::rows::SpaceRow;

use crate::api::{ErrorCode, ErrorView, RecordRef};
use crate::commands::title;
use crate::engine::Inner;
use crate::failure::{Failure, not_found};
use crate::vault::PRIVATE_SPACE;

/// Candidates listed in an error.
const LISTED: usize = 8;
/// Records named in place of one that is not there.
const SUGGESTED: usize = 3;

impl Inner {
    /// The space a text means: id, unique prefix of one, or name. `None` is the private space.
    pub(crate) fn space_or_own(&self, reader: &Reader<'_>, text: Option<&str>) -> Result<SpaceRow, Failure> {
        match text {
            Some(text) => self.space(reader, text),
            None => {
                let own = reader.spaces()?.into_iter().find(|row| row.private);
                own.ok_or_else(|| not_found("space", PRIVATE_SPACE).into())
            }
        }
    }

    /// The space a text means.
    pub(crate) fn space(&self, reader: &Reader<'_>, text: &str) -> Result<SpaceRow, Failure> {
        let spaces = reader.spaces()?;
        if let Ok(id) = text.parse::<SpaceId>() {
            return spaces.into_iter().find(|row| row.id == id).ok_or_else(|| not_found("space", text).into());
        }
        let named: Vec<_> = spaces.iter().filter(|row| row.name.to_lowercase() == text.to_lowercase()).cloned().collect();
        let found = if named.is_empty() && text.len() > 3 {
            spaces.into_iter().filter(|row| row.id.to_string().starts_with(&text.to_ascii_lowercase())).collect()
        } else {
            named
        };
        one(found, "space", text, |row| format!("{} ({})", row.name, row.id))
    }

    /// The record a reference means, in the trash or not.
    pub(crate) fn record(&self, reader: &Reader<'_>, reference: &RecordRef) -> Result<(SpaceId, DocumentId), Failure> {
        let space = reference.space.as_deref().map(|text| self.space(reader, text)).transpose()?.map(|row| row.id);
        let text = reference.id.trim();
        let here = |found: &SpaceId| space.is_none_or(|space| space == *found);
        if let (Some(space), Ok(doc)) = (space, text.parse::<DocumentId>()) {
            return match reader.record(&space, &doc)? {
                Some(_) => Ok((space, doc)),
                None => Err(not_found("record", text).into()),
            };
        }
        let digits = text.rsplit_once('_').filter(|(prefix, _)| prefix.len() == 1).map_or(text, |(_, digits)| digits);
        let mut found: Vec<(SpaceId, DocumentId)> = Vec::new();
        if digits.len() >= 3 && digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            found.extend(reader.find_ids(&digits.to_ascii_uppercase())?.into_iter().filter(|(space, _)| here(space)));
        }
        if found.is_empty() {
            for (space, doc, _) in reader.find_by_name(text)? {
                if here(&space) {
                    found.push((space, doc));
                }
            }
        }
        let mut described = Vec::new();
        for (space, doc) in found {
            let row = reader.record(&space, &doc)?;
            let (id, name) = row.map(|row| (row.view.id, row.view.name)).unwrap_or_default();
            let space_name = reader.space(&space)?.map(|row| row.name).unwrap_or_default();
            described.push(((space, doc), format!("{id} {name} in {space_name}")));
        }
        if described.is_empty() {
            return Err(self.no_record(reader, text)?.into());
        }
        one(described, "record", text, |(_, label)| label.clone()).map(|(key, _)| key)
    }

    /// There is no record of this name; those that search would find are named.
    fn no_record(&self, reader: &Reader<'_>, text: &str) -> Result<ErrorView, Failure> {
        let mut error = not_found("record", text);
        let mut near = Vec::new();
        for hit in reader.search(text, SUGGESTED)? {
            let row = reader.record(&hit.space, &hit.doc)?;
            near.extend(row.map(|row| format!("{} ({})", title(&row.view.name, &row.view.text), row.view.id)));
        }
        if !near.is_empty() {
            error.hint = format!("Perhaps {}. A record is named by its id or its whole name.", near.join(", "));
        }
        Ok(error)
    }

    /// The member of a space a text means: id, unique prefix of one, or name.
    pub(crate) fn member(&self, reader: &Reader<'_>, space: &SpaceId, text: &str) -> Result<tuttu_sync::membership::Member, Failure> {
        let members = self.membership(reader, space)?.members();
        if let Ok(id) = text.parse::<PersonId>() {
            return members.into_iter().find(|member| member.person == id).ok_or_else(|| not_found("member", text).into());
        }
        let named: Vec<_> = members.iter().filter(|member| member.name.to_lowercase() == text.to_lowercase()).cloned().collect();
        let found = if named.is_empty() && text.len() > 3 {
            members.into_iter().filter(|member| member.person.to_string().starts_with(&text.to_ascii_lowercase())).collect()
        } else {
            named
        };
        one(found, "member", text, |member| format!("{} ({})", member.name, member.person))
    }
}

/// The only one of what a text may mean; several are an error that lists them.
pub(crate) fn one<T>(mut found: Vec<T>, what: &str, text: &str, label: impl Fn(&T) -> String) -> Result<T, Failure> {
    if found.len() > 1 {
        let mut names: Vec<String> = found.iter().take(LISTED).map(&label).collect();
        if found.len() > LISTED {
            names.push(format!("and {} more", found.len() - LISTED));
        }
        let hint = format!("Say which one by its id: {}", names.join("; "));
        return Err(ErrorView::new(ErrorCode::Ambiguous, format!("“{text}” means more than one {what}."), hint).into());
    }
    found.pop().ok_or_else(|| not_found(what, text).into())
}
