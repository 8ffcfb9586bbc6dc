//! Reads the JSON shape of a record: every key optional, unknown keys kept.

use serde_json::{Map, Value};

use crate::draft::EditError;
use crate::view::{Address, Affiliation, Attachment, Copied, Labelled, RecordView, Relation};
use crate::vocabulary::{
    ADDRESS_PARTS, ADDRESSES, AFFILIATION_PARTS, ATTACHMENTS, COPIES, LABELLED, ORGS, RELATIONS, address_from_line, address_part_mut,
    affiliation_part_mut, labelled_mut, members_mut, single_mut,
};

/// What the reader of a record makes itself.
const IGNORED: [&str; 13] = [
    "id",
    "space",
    "created",
    "changed",
    "conflicts",
    "unknown",
    "deleted",
    "allDay",
    "understood",
    "flags",
    "moved",
    "merged",
    "distinct",
];

pub(crate) fn view_from(object: &Map<String, Value>) -> Result<RecordView, EditError> {
    let mut view = RecordView::default();
    for (key, value) in object {
        if value.is_null() || IGNORED.contains(&key.as_str()) {
            continue;
        }
        read_key(&mut view, key, value)?;
    }
    // An activity's name is its subject; beside a name, the subject is a field of the person's own.
    if let Some(subject) = object.get("subject").filter(|subject| !subject.is_null()) {
        let subject = text("subject", subject)?;
        if view.name.trim().is_empty() {
            view.name = subject;
        } else {
            view.custom.insert("subject".into(), subject);
        }
    }
    Ok(view)
}

fn read_key(view: &mut RecordView, key: &str, value: &Value) -> Result<(), EditError> {
    if let Some(slot) = single_mut(view, key) {
        *slot = text(key, value)?;
        return Ok(());
    }
    if LABELLED.contains(&key) {
        let items = list(key, value)?.iter().map(|item| labelled(key, item)).collect::<Result<Vec<_>, _>>()?;
        if let Some(slot) = labelled_mut(view, key) {
            *slot = items;
        }
        return Ok(());
    }
    if let Some(slot) = members_mut(view, key) {
        *slot = list(key, value)?.iter().map(|member| text(key, member)).collect::<Result<_, _>>()?;
        return Ok(());
    }
    match key {
        "kind" => view.kind = text(key, value)?,
        "subject" => {}
        ADDRESSES => view.addresses = list(key, value)?.iter().map(address).collect::<Result<_, _>>()?,
        ORGS => view.orgs = list(key, value)?.iter().map(affiliation).collect::<Result<_, _>>()?,
        RELATIONS => view.relations = list(key, value)?.iter().map(relation).collect::<Result<_, _>>()?,
        ATTACHMENTS => view.attachments = list(key, value)?.iter().map(attachment).collect::<Result<_, _>>()?,
        COPIES => view.copies = list(key, value)?.iter().map(copied).collect::<Result<_, _>>()?,
        "custom" => {
            let Value::Object(fields) = value else { return Err(shape(key, "must be an object")) };
            for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
                view.custom.insert(name.clone(), any_text(value));
            }
        }
        unknown => {
            // `custom` itself may have the same name; what is written there stands.
            view.custom.entry(unknown.to_owned()).or_insert_with(|| any_text(value));
        }
    }
    Ok(())
}

fn labelled(field: &str, value: &Value) -> Result<Labelled, EditError> {
    match value {
        Value::Object(object) => Ok(Labelled {
            item: optional(field, object, "item")?,
            label: optional(field, object, "label")?,
            value: optional(field, object, "value")?,
            pref: match object.get("pref") {
                None | Some(Value::Null) => false,
                Some(Value::Bool(pref)) => *pref,
                Some(_) => return Err(shape(field, "“pref” must be true or false")),
            },
        }),
        other => Ok(Labelled { value: text(field, other)?, ..Labelled::default() }),
    }
}

fn address(value: &Value) -> Result<Address, EditError> {
    let Value::Object(object) = value else { return text(ADDRESSES, value).map(|line| address_from_line(&line)) };
    let mut address = Address { item: optional(ADDRESSES, object, "item")?, ..Address::default() };
    for part in ADDRESS_PARTS {
        if let Some(slot) = address_part_mut(&mut address, part) {
            *slot = optional(ADDRESSES, object, part)?;
        }
    }
    Ok(address)
}

fn affiliation(value: &Value) -> Result<Affiliation, EditError> {
    let Value::Object(object) = value else { return text(ORGS, value).map(|name| Affiliation { name, ..Affiliation::default() }) };
    let mut role = Affiliation { item: optional(ORGS, object, "item")?, ..Affiliation::default() };
    for part in AFFILIATION_PARTS {
        if let Some(slot) = affiliation_part_mut(&mut role, part) {
            *slot = optional(ORGS, object, part)?;
        }
    }
    Ok(role)
}

fn relation(value: &Value) -> Result<Relation, EditError> {
    let Value::Object(object) = value else { return text(RELATIONS, value).map(|id| Relation { id, ..Relation::default() }) };
    Ok(Relation {
        item: optional(RELATIONS, object, "item")?,
        kind: optional(RELATIONS, object, "type")?,
        id: optional(RELATIONS, object, "id")?,
        ..Relation::default()
    })
}

fn attachment(value: &Value) -> Result<Attachment, EditError> {
    let Value::Object(object) = value else { return text(ATTACHMENTS, value).map(|hash| Attachment { hash, ..Attachment::default() }) };
    let size = object.get("size").map_or(Ok(0), |size| size.as_u64().and_then(|size| u32::try_from(size).ok()).ok_or(()));
    Ok(Attachment {
        hash: optional(ATTACHMENTS, object, "hash")?,
        name: optional(ATTACHMENTS, object, "name")?,
        media: optional(ATTACHMENTS, object, "type")?,
        size: size.map_err(|()| shape(ATTACHMENTS, "“size” must be a number of bytes"))?,
        missing: false,
    })
}

fn copied(value: &Value) -> Result<Copied, EditError> {
    let Value::Object(object) = value else { return Err(shape(COPIES, "must hold objects")) };
    let fields = match object.get("fields") {
        None | Some(Value::Null) => Vec::new(),
        Some(fields) => list(COPIES, fields)?.iter().map(|field| text(COPIES, field)).collect::<Result<_, _>>()?,
    };
    Ok(Copied {
        item: optional(COPIES, object, "item")?,
        space: optional(COPIES, object, "space")?,
        id: optional(COPIES, object, "id")?,
        fields,
    })
}

fn optional(field: &str, object: &Map<String, Value>, part: &str) -> Result<String, EditError> {
    match object.get(part) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(value) => text(&format!("{field}: {part}"), value),
    }
}

/// A list, or one value standing for a list of one.
fn list<'a>(field: &str, value: &'a Value) -> Result<&'a [Value], EditError> {
    match value {
        Value::Array(items) => Ok(items),
        Value::String(_) | Value::Object(_) => Ok(std::slice::from_ref(value)),
        _ => Err(shape(field, "must be a list")),
    }
}

fn text(field: &str, value: &Value) -> Result<String, EditError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(shape(field, "must be text")),
    }
}

fn any_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn shape(field: &str, what: &str) -> EditError {
    EditError::Shape(format!("{field} {what}"))
}
