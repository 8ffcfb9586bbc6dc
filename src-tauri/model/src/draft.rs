//! A record to be made: what imports, forms and the command line hand over.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use crate::assignment::parse_assignment;
pub use crate::plan::{plan, plan_all};

use crate::field::{FieldEdit, FlatOp};
use crate::item::{ItemIds, is_item_id};
use crate::json;
use crate::limits::{RECORD_BYTES, check_count, check_text, is_long, weight};
use crate::record::{CREATED, KIND, Kind, Record, Scalar};
use crate::view::{Attachment, Copied, RecordView, Stamp, fields_view};
use crate::vocabulary::{
    ADDRESS_PARTS, ADDRESSES, AFFILIATION_PARTS, ATTACHMENTS, COPIES, LABELLED, ORGS, RELATIONS, SETS, SINGLES, address_part,
    affiliation_part, canonical, has_labels, labelled, labelled_mut, members, set_prefix, single,
};

/// A record to be made, in the JSON shape of [`RecordView`] with everything optional; items need no ids. Unknown keys are kept in `custom`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordDraft {
    /// The values; `id`, `space`, `created`, `changed` and `conflicts` are ignored.
    pub view: RecordView,
}

/// Why an edit or a draft cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// No such field in this kind of record.
    #[error("“{field}” is not a field of {kind} records")]
    UnknownField {
        /// The field named.
        field: String,
        /// The record's kind.
        kind: String,
    },
    /// No such item in the list.
    #[error("there is no “{item}” in {field}")]
    NoSuchItem {
        /// The list.
        field: String,
        /// What was named.
        item: String,
    },
    /// Too long.
    #[error("{field} is too long: at most {limit} characters")]
    TooLong {
        /// The field.
        field: String,
        /// The limit in characters.
        limit: usize,
    },
    /// Too many items in a list.
    #[error("too many {field}: at most {limit}")]
    TooMany {
        /// The list.
        field: String,
        /// The limit.
        limit: usize,
    },
    /// All values of the record together are too long.
    #[error("the record is too large: at most {limit} KiB in all")]
    TooLarge {
        /// The limit in KiB.
        limit: usize,
    },
    /// Adding to a field that holds one value, or removing from it what it does not hold.
    #[error("{field} holds one value: set it instead")]
    NotAList {
        /// The field.
        field: String,
    },
    /// A file or a copy cannot be written as text.
    #[error("{field} cannot be set as text: attach a file, or share the record")]
    NotText {
        /// The field.
        field: String,
    },
    /// A value that a newer version wrote.
    #[error("{field} was written by a newer version of Tuttu and can only be read here")]
    ReadOnly {
        /// The field.
        field: String,
    },
    /// Nothing to choose.
    #[error("{field} has no values to choose between")]
    NoConflict {
        /// The field.
        field: String,
    },
    /// A choice out of range.
    #[error("{field} has {count} values: choose a number from 1 to {count}")]
    NoSuchChoice {
        /// The field.
        field: String,
        /// How many values there are.
        count: usize,
    },
    /// Both values cannot be kept in this field.
    #[error("{field} can hold only one of the values: choose one by its number")]
    NotBoth {
        /// The field.
        field: String,
    },
    /// The JSON is not a record.
    #[error("not a record: {0}")]
    Shape(String),
    /// A record needs a name or a text.
    #[error("a {0} needs a name")]
    Nameless(String),
}

impl RecordDraft {
    /// Reads the JSON shape of the command line; every key optional, unknown text keys go to `custom`.
    ///
    /// # Errors
    /// [`EditError::Shape`] when a key has the wrong type.
    pub fn from_json(object: &serde_json::Map<String, serde_json::Value>) -> Result<Self, EditError> {
        json::view_from(object).map(|view| Self { view })
    }

    /// A new record of a kind from the assignments of the command line, in their order. Setting a list field adds an item each time.
    ///
    /// # Errors
    /// See [`EditError`].
    pub fn from_edits(kind: &Kind, edits: &[FieldEdit]) -> Result<Self, EditError> {
        let adding: Vec<FieldEdit> = edits.iter().map(adding).collect();
        let mut ids = ItemIds::new(0, 0);
        let record = Record::new(kind.clone());
        let ops = plan_all(&record, &adding, &mut || ids.next_id())?;
        let mut view = fields_view(&record.with_ops(&ops));
        view.created = Stamp::default();
        view.changed = Stamp::default();
        forget_items(&mut view);
        Ok(Self { view })
    }

    /// The flat map of the new document. `new_item` gives a fresh item id (8 lowercase letters and digits) each time.
    ///
    /// # Errors
    /// When a value is too long or the record has neither name nor text.
    pub fn to_fields(&self, created: &str, new_item: &mut dyn FnMut() -> String) -> Result<BTreeMap<String, Scalar>, EditError> {
        let view = &self.view;
        let kind = Kind::from(if view.kind.is_empty() { "person" } else { view.kind.as_str() });
        check_text("name", kind.as_str())?;
        let mut fields = Fields { map: BTreeMap::new(), weight: 0, new_item };
        fields.put(KIND.into(), Scalar::Text(kind.as_str().to_owned()));
        fields.put(CREATED.into(), Scalar::Text(created.to_owned()));
        for field in SINGLES {
            let name = if *field == "name" { Some(self.name(&kind)?) } else { None };
            let text = name.as_deref().or_else(|| single(view, field)).unwrap_or_default();
            fields.text((*field).to_owned(), field, text)?;
        }
        fields.labelled_lists(view)?;
        fields.parted_lists(view)?;
        fields.sets(view)?;
        fields.elsewhere(view)?;
        if fields.weight > RECORD_BYTES {
            return Err(EditError::TooLarge { limit: RECORD_BYTES / 1024 });
        }
        Ok(fields.map)
    }

    /// The name to store. A person or organisation without one is called by what else is known.
    fn name(&self, kind: &Kind) -> Result<String, EditError> {
        let view = &self.view;
        if !view.name.trim().is_empty() {
            return Ok(view.name.clone());
        }
        if !matches!(kind, Kind::Person | Kind::Org) {
            // What activities and kinds to come say may be in their text alone; a definition is named by its word.
            if kind.is_definition() && !view.word.trim().is_empty() {
                return Ok(view.word.clone());
            }
            return if view.text.trim().is_empty() { Err(EditError::Nameless(kind.as_str().to_owned())) } else { Ok(String::new()) };
        }
        let parts = format!("{} {}", view.given.trim(), view.family.trim());
        let firsts = [
            Some(parts.as_str()),
            view.orgs.first().map(|role| role.name.as_str()),
            view.emails.first().map(|email| email.value.as_str()),
            view.phones.first().map(|phone| phone.value.as_str()),
        ];
        let known = firsts.into_iter().flatten().map(str::trim).find(|text| !text.is_empty());
        known.map(str::to_owned).ok_or_else(|| EditError::Nameless(kind.as_str().to_owned()))
    }
}

/// Whether text is a BLAKE3 hash in lower-case hexadecimal.
#[must_use]
pub fn is_file_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// On a new record there is nothing to replace: `email=a email=b` means two addresses.
fn adding(edit: &FieldEdit) -> FieldEdit {
    match edit {
        FieldEdit::Set { field, label, value } if has_labels(canonical(field)) && !value.is_empty() => {
            FieldEdit::Add { field: field.clone(), label: label.clone(), value: value.clone() }
        }
        other => other.clone(),
    }
}

fn forget_items(view: &mut RecordView) {
    for list in LABELLED {
        for item in labelled_mut(view, list).into_iter().flatten() {
            item.item.clear();
        }
    }
    view.addresses.iter_mut().for_each(|address| address.item.clear());
    view.orgs.iter_mut().for_each(|role| role.item.clear());
    view.relations.iter_mut().for_each(|relation| relation.item.clear());
}

/// The flat map being built.
struct Fields<'a> {
    map: BTreeMap<String, Scalar>,
    weight: usize,
    new_item: &'a mut dyn FnMut() -> String,
}

impl Fields<'_> {
    fn put(&mut self, key: String, value: Scalar) {
        self.weight += weight(&key, &value);
        self.map.insert(key, value);
    }

    /// Text of a field; what is only blank is left out.
    fn text(&mut self, key: String, field: &str, text: &str) -> Result<(), EditError> {
        let text = if is_long(field) { text } else { text.trim() };
        if !text.trim().is_empty() {
            check_text(field, text)?;
            self.put(key, Scalar::Text(text.to_owned()));
        }
        Ok(())
    }

    /// A register of two parts (label and value, type and id).
    fn register(&mut self, list: &str, key: String, label: &str, value: &str) -> Result<(), EditError> {
        check_text("label", label)?;
        check_text(list, value)?;
        self.put(key, Scalar::Text(register(label, value)));
        Ok(())
    }

    /// Keeps an item's id where it has one of its own, else takes a new one.
    fn item(&mut self, used: &mut BTreeSet<String>, item: &str) -> String {
        let mut id = if is_item_id(item) && !used.contains(item) { item.to_owned() } else { (self.new_item)() };
        // An id source that repeats itself must not make items overwrite each other.
        while used.contains(&id) {
            id.push('x');
        }
        used.insert(id.clone());
        id
    }

    fn labelled_lists(&mut self, view: &RecordView) -> Result<(), EditError> {
        for list in LABELLED {
            let items = labelled(view, list).map(Vec::as_slice).unwrap_or_default();
            check_count(list, items.len())?;
            let mut used = BTreeSet::new();
            for item in items.iter().filter(|item| !item.value.trim().is_empty()) {
                let id = self.item(&mut used, &item.item);
                self.register(list, format!("{list}/{id}"), &item.label, &item.value)?;
                if item.pref {
                    self.put(format!("{list}/{id}/pref"), Scalar::Flag(true));
                }
            }
        }
        check_count(RELATIONS, view.relations.len())?;
        let mut used = BTreeSet::new();
        for relation in view.relations.iter().filter(|relation| !relation.id.trim().is_empty()) {
            let id = self.item(&mut used, &relation.item);
            self.register(RELATIONS, format!("{RELATIONS}/{id}"), &relation.kind, &relation.id)?;
        }
        Ok(())
    }

    fn parted_lists(&mut self, view: &RecordView) -> Result<(), EditError> {
        check_count(ADDRESSES, view.addresses.len())?;
        let mut used = BTreeSet::new();
        for address in &view.addresses {
            let id = self.item(&mut used, &address.item);
            // A label without an address says nothing.
            let blank =
                ADDRESS_PARTS.iter().all(|part| *part == "label" || address_part(address, part).unwrap_or_default().trim().is_empty());
            for part in ADDRESS_PARTS.iter().filter(|_| !blank) {
                self.text(format!("{ADDRESSES}/{id}/{part}"), part, address_part(address, part).unwrap_or_default())?;
            }
        }
        check_count(ORGS, view.orgs.len())?;
        let mut used = BTreeSet::new();
        for role in &view.orgs {
            let id = self.item(&mut used, &role.item);
            for part in AFFILIATION_PARTS {
                self.text(format!("{ORGS}/{id}/{part}"), part, affiliation_part(role, part).unwrap_or_default())?;
            }
        }
        Ok(())
    }

    /// Files beside the database, and copies in other spaces.
    fn elsewhere(&mut self, view: &RecordView) -> Result<(), EditError> {
        check_count(ATTACHMENTS, view.attachments.len())?;
        for file in view.attachments.iter().filter(|file| is_file_hash(&file.hash)) {
            check_text("name", &file.name)?;
            check_text("name", &file.media)?;
            self.put(format!("{ATTACHMENTS}/{}", file.hash), Scalar::Text(attachment_register(file)));
        }
        check_count(COPIES, view.copies.len())?;
        let mut used = BTreeSet::new();
        for copy in view.copies.iter().filter(|copy| !copy.id.is_empty()) {
            let id = self.item(&mut used, &copy.item);
            check_text(COPIES, &copy.fields.join(","))?;
            self.put(format!("{COPIES}/{id}"), Scalar::Text(copy_register(copy)));
        }
        Ok(())
    }

    fn sets(&mut self, view: &RecordView) -> Result<(), EditError> {
        for set in SETS {
            let (prefix, members) = (set_prefix(set), members(view, set).map(Vec::as_slice).unwrap_or_default());
            check_count(set, members.len())?;
            for member in members.iter().map(|member| member.trim()).filter(|member| !member.is_empty()) {
                check_text(set, member)?;
                self.put(format!("{prefix}:{member}"), Scalar::Flag(true));
            }
        }
        check_count("custom", view.custom.len())?;
        for (name, value) in view.custom.iter().filter(|(name, _)| !name.is_empty()) {
            check_text("custom", name)?;
            self.text(format!("custom:{name}"), "value", value)?;
        }
        Ok(())
    }
}

/// A file's name, media type and size as one register.
pub(crate) fn attachment_register(file: &Attachment) -> String {
    format!("{}\t{}\t{}", clean_label(&file.name), clean_label(&file.media), file.size)
}

/// A record of another space, with the fields put there, as one register.
pub(crate) fn copy_register(copy: &Copied) -> String {
    format!("{}\t{}\t{}", clean_label(&copy.space), clean_label(&copy.id), copy.fields.join(","))
}

/// The edit that links a private card to its copy in a shared space.
#[must_use]
pub fn copy_op(item: &str, copy: &Copied) -> FlatOp {
    FlatOp::Put(format!("{COPIES}/{item}"), Scalar::Text(copy_register(copy)))
}

/// The edit that attaches a file, or renames it.
///
/// # Errors
/// When the name is too long, the hash is none, or there are too many files.
pub fn attach_op(record: &Record, file: &Attachment) -> Result<FlatOp, EditError> {
    if !is_file_hash(&file.hash) {
        return Err(EditError::Shape("a file is named by its BLAKE3 hash".into()));
    }
    check_text("name", &file.name)?;
    check_text("name", &file.media)?;
    check_count(ATTACHMENTS, fields_view(record).attachments.len() + 1)?;
    Ok(FlatOp::Put(format!("{ATTACHMENTS}/{}", file.hash), Scalar::Text(attachment_register(file))))
}

/// Label and value as one register.
pub(crate) fn register(label: &str, value: &str) -> String {
    format!("{}\t{}", clean_label(label), value.trim())
}

/// A label as it is stored: a tab in it would end it early.
pub(crate) fn clean_label(label: &str) -> String {
    label.replace('\t', " ").trim().to_owned()
}

#[cfg(test)]
mod tests;
