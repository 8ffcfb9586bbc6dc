//! A record as an Automerge document, its texts as whole values.

use automerge::transaction::Transactable;
use automerge::{Automerge, AutomergeError, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};
use serde_json::Value;

pub fn document(record: &Value) -> Result<Automerge, AutomergeError> {
    let mut document = Automerge::new();
    let filled = document.transact::<_, _, AutomergeError>(|document| {
        for (key, value) in record.as_object().into_iter().flatten() {
            match scalar(value) {
                Some(value) => document.put(ROOT, key.as_str(), value)?,
                None => {
                    let object = document.put_object(ROOT, key.as_str(), kind(value))?;
                    fill(document, &object, value)?;
                }
            }
        }
        Ok(())
    });
    filled.map(|_| document).map_err(|failure| failure.error)
}

pub fn change(document: &mut Automerge, key: &str, value: &str) -> Result<(), AutomergeError> {
    let done = document.transact::<_, _, AutomergeError>(|document| document.put(ROOT, key, value));
    done.map(|_| ()).map_err(|failure| failure.error)
}

pub fn text(document: &Automerge, key: &str) -> Option<String> {
    let (value, _) = document.get(ROOT, key).ok().flatten()?;
    value.as_str().map(str::to_owned)
}

fn scalar(value: &Value) -> Option<ScalarValue> {
    match value {
        Value::String(text) => Some(text.as_str().into()),
        Value::Number(number) => Some(number.as_i64().unwrap_or_default().into()),
        Value::Bool(bool) => Some((*bool).into()),
        Value::Null => Some(ScalarValue::Null),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn kind(value: &Value) -> ObjType {
    if value.is_array() { ObjType::List } else { ObjType::Map }
}

fn fill(document: &mut impl Transactable, into: &ObjId, value: &Value) -> Result<(), AutomergeError> {
    for (at, item) in value.as_array().into_iter().flatten().enumerate() {
        match scalar(item) {
            Some(item) => document.insert(into, at, item)?,
            None => {
                let object = document.insert_object(into, at, kind(item))?;
                fill(document, &object, item)?;
            }
        }
    }
    for (key, item) in value.as_object().into_iter().flatten() {
        match scalar(item) {
            Some(item) => document.put(into, key.as_str(), item)?,
            None => {
                let object = document.put_object(into, key.as_str(), kind(item))?;
                fill(document, &object, item)?;
            }
        }
    }
    Ok(())
}
