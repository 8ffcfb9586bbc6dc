//! A person seen as one: a private card and its linked copy in a shared space.
//!
//! Sharing makes a record of the ticked fields in the shared space; the private card remembers where, and which fields. The copy knows nothing of
//! the private card. What differs later in those fields is offered, in both directions, and never copied by itself.

use std::collections::{BTreeMap, BTreeSet};

use tuttu_model::field::{field_name, label_and_value};
use tuttu_model::view::Copied;
use tuttu_model::{DocumentId, FlatOp, Record, RecordDraft, RecordView, Scalar, SpaceId};
use tuttu_store::Reader;

use crate::api::{DifferenceView, ErrorCode, ErrorView, Outcome, RecordRef};
use crate::commands::{name_of, title};
use crate::commit::{DocumentEdit, Edit};
use crate::engine::{Engine, Inner};
use crate::failure::{Failure, not_found};

/// The fields of a card that can be put into a shared space.
const SHAREABLE: [&str; 30] = [
    "name",
    "given",
    "family",
    "middle",
    "prefix",
    "suffix",
    "nickname",
    "pronouns",
    "emails",
    "phones",
    "addresses",
    "orgs",
    "urls",
    "ims",
    "birthday",
    "dates",
    "tags",
    "languages",
    "timezone",
    "gender",
    "phoneticGiven",
    "phoneticMiddle",
    "phoneticFamily",
    "phoneticName",
    "keys",
    "identifiers",
    "attachments",
    "photo",
    "custom",
    "place",
];
/// What is ticked unless the person says otherwise: what stands on a business card.
const TICKED: [&str; 14] = [
    "name",
    "given",
    "family",
    "middle",
    "prefix",
    "suffix",
    "pronouns",
    "emails",
    "phones",
    "addresses",
    "orgs",
    "urls",
    "phoneticGiven",
    "phoneticFamily",
];

impl Engine {
    /// Puts a linked copy of a private card into a shared space, with these fields.
    pub(crate) fn share(&self, record: &RecordRef, target: String, fields: Vec<String>) -> Result<Outcome, ErrorView> {
        let fields = ticked(fields)?;
        let (space, doc) = self.inner.read(|reader| self.inner.record(reader, record))?;
        let outcome = self.operate(move |inner, tx| {
            let target = inner.space(tx, &target)?;
            let row = tx.record(&space, &doc)?.ok_or_else(|| not_found("record", &doc.to_string()))?;
            check_shareable(inner, tx, &space, &row.view, &target)?;
            let draft = RecordDraft { view: only(&row.view, &fields)? };
            if draft.view.attachments.iter().any(|file| !file.hash.is_empty()) {
                tx.hold_files_of(&space, &doc, &target.id)?;
            }
            let copy = inner.new_document(target.id, &draft)?;
            let id = format!("{}_{}", tuttu_model::Kind::from(row.view.kind.as_str()).prefix(), copy.doc);
            let link = Copied { item: String::new(), space: target.id.to_string(), id, fields };
            let op = tuttu_model::draft::copy_op(&inner.item_ids()?.next_id(), &link);
            let name = title(&row.view.name, &row.view.text);
            let label = format!("Shared {name} with {}", target.name);
            Ok((inner.operation(label)?, vec![copy, DocumentEdit { space, doc, edit: Edit::Ops(vec![op]) }]))
        })?;
        self.records(outcome, Some((space, doc)))
    }

    /// Takes over values between a private card and a copy: from the copy, or (`to_copy`) to it. No fields named: all that differ.
    pub(crate) fn take_over(&self, record: &RecordRef, copy: String, fields: Vec<String>, to_copy: bool) -> Result<Outcome, ErrorView> {
        let key = self.inner.read(|reader| self.inner.record(reader, record))?;
        let outcome = self.operate(move |inner, tx| {
            let pairs = inner.pairs(tx, key)?;
            let pair = pairs.into_iter().find(|pair| copy.is_empty() || pair.copy.item == copy || pair.copy.id == copy);
            let pair = pair.ok_or_else(|| not_found("copy", &copy))?;
            let mut ops = Vec::new();
            for flat in pair.differing() {
                let named = |field: &String| *field == field_name(&flat) || *field == root(&flat);
                if !fields.is_empty() && !fields.iter().any(named) {
                    continue;
                }
                let (from, to) = if to_copy { (&pair.own, &pair.shared) } else { (&pair.shared, &pair.own) };
                match from.shown(&flat) {
                    Some(Scalar::Unknown(_)) => {}
                    Some(value) => ops.push(FlatOp::Put(flat, value.clone())),
                    None if to.fields.contains_key(&flat) => ops.push(FlatOp::Delete(flat)),
                    None => {}
                }
            }
            if to_copy {
                tx.hold_files_of(&key.0, &key.1, &pair.key.0)?;
            } else {
                tx.hold_files_of(&pair.key.0, &pair.key.1, &key.0)?;
            }
            let (space, doc) = if to_copy { pair.key } else { key };
            let label = format!("Took over values of {}", name_of(&pair.own));
            Ok((inner.operation(label)?, vec![DocumentEdit { space, doc, edit: Edit::Ops(ops) }]))
        })?;
        self.records(outcome, Some(key))
    }
}

/// A private card beside one of its copies.
struct Pair {
    copy: Copied,
    key: (SpaceId, DocumentId),
    own: Record,
    shared: Record,
}

impl Pair {
    /// Keys of the flat map in the shared fields whose values differ.
    fn differing(&self) -> Vec<String> {
        let keys: BTreeSet<&String> = self.own.fields.keys().chain(self.shared.fields.keys()).collect();
        // The link to an organisation's private record was not shared.
        let shared = |key: &&&String| {
            let link = key.starts_with("orgs/") && key.ends_with("/org");
            !link && self.copy.fields.iter().any(|field| *field == root(key))
        };
        keys.iter().filter(shared).filter(|key| self.own.shown(key) != self.shared.shown(key)).map(|key| (**key).clone()).collect()
    }
}

impl Inner {
    /// A private card and each of its copies that is still here.
    fn pairs(&self, reader: &Reader<'_>, key: (SpaceId, DocumentId)) -> Result<Vec<Pair>, Failure> {
        let row = reader.record(&key.0, &key.1)?;
        let copies = row.map(|row| row.view.copies).unwrap_or_default();
        let mut pairs = Vec::new();
        for copy in copies {
            let (Ok(space), Ok(doc)) = (copy.space.parse::<SpaceId>(), copy.id.parse::<DocumentId>()) else { continue };
            if reader.record(&space, &doc)?.is_none_or(|row| row.view.deleted) {
                continue;
            }
            let (own, shared) = (self.record_of(reader, key)?, self.record_of(reader, (space, doc))?);
            pairs.push(Pair { copy, key: (space, doc), own, shared });
        }
        Ok(pairs)
    }

    fn record_of(&self, reader: &Reader<'_>, key: (SpaceId, DocumentId)) -> Result<Record, Failure> {
        let document = self.document(reader, &key.0, &key.1)?;
        let record = document.record();
        self.caches().keep_document(key, document);
        Ok(record)
    }

    /// What differs between a private card and its copies, in the fields that were shared.
    pub(crate) fn differences(&self, reader: &Reader<'_>, record: &RecordRef) -> Result<Vec<DifferenceView>, Failure> {
        let key = self.record(reader, record)?;
        let mut views = Vec::new();
        for pair in self.pairs(reader, key)? {
            for flat in pair.differing() {
                let shown = |record: &Record| record.shown(&flat).map(|value| label_and_value(&flat, value).1).unwrap_or_default();
                views.push(DifferenceView {
                    copy: pair.copy.item.clone(),
                    space: pair.copy.space.clone(),
                    id: pair.copy.id.clone(),
                    field: field_name(&flat),
                    own: shown(&pair.own),
                    shared: shown(&pair.shared),
                });
            }
        }
        Ok(views)
    }
}

/// The field of the JSON shape a key of the flat map belongs to.
fn root(key: &str) -> String {
    let name = field_name(key);
    name.split(['/', '.']).next().unwrap_or_default().to_owned()
}

fn ticked(fields: Vec<String>) -> Result<Vec<String>, ErrorView> {
    if fields.is_empty() {
        return Ok(TICKED.iter().map(|field| (*field).to_owned()).collect());
    }
    let mut ticked: BTreeSet<String> = BTreeSet::from(["name".to_owned()]);
    for field in fields {
        if !SHAREABLE.contains(&field.as_str()) {
            return Err(ErrorView::new(
                ErrorCode::Invalid,
                format!("“{field}” cannot be shared."),
                format!("Notes, rhythm and relations stay private. What can be shared: {}.", SHAREABLE.join(", ")),
            ));
        }
        ticked.insert(field);
    }
    Ok(ticked.into_iter().collect())
}

fn check_shareable(
    inner: &Inner,
    reader: &Reader<'_>,
    space: &SpaceId,
    view: &RecordView,
    target: &tuttu_store::rows::SpaceRow,
) -> Result<(), Failure> {
    let refused = |message: String, hint: &str| Err(ErrorView::new(ErrorCode::Invalid, message, hint).into());
    let own = inner.space_or_own(reader, None)?.id;
    if *space != own || target.private {
        return refused(
            "Only a private card can be put into a shared space.".into(),
            "Nothing was changed. To move a record: tuttu move ID SPACE",
        );
    }
    if !matches!(view.kind.as_str(), "person" | "org") || view.deleted {
        return refused("Only people and organisations that are not in the trash can be shared.".into(), "Nothing was changed.");
    }
    for copy in view.copies.iter().filter(|copy| copy.space == target.id.to_string()) {
        let doc = copy.id.parse::<DocumentId>().ok();
        let there = doc.map(|doc| reader.record(&target.id, &doc)).transpose()?.flatten();
        if there.is_some_and(|row| !row.view.deleted) {
            return refused(format!("It is in “{}” already.", target.name), "Nothing was changed. See what differs: tuttu differences ID");
        }
    }
    Ok(())
}

/// The card with only these fields. Items keep their ids, so that both cards can be compared item by item.
fn only(view: &RecordView, fields: &[String]) -> Result<RecordView, Failure> {
    let mut object = view.to_json();
    object.retain(|key, _| key == "kind" || fields.contains(key));
    if let Some(serde_json::Value::Array(roles)) = object.get_mut("orgs") {
        // The organisation's private record is not there.
        roles.iter_mut().filter_map(serde_json::Value::as_object_mut).for_each(|role| drop(role.remove("org")));
    }
    let shared: BTreeMap<_, _> = object.into_iter().collect();
    Ok(RecordDraft::from_json(&shared.into_iter().collect())?.view)
}
