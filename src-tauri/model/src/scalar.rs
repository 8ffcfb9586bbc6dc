//! Values as Automerge stores them and as the model knows them.

use automerge::{ObjType, ReadDoc, ScalarValue, Value};

use crate::record::Scalar;

/// The stored form. A value of a newer version is known here only by the text shown for it and is written as that text.
pub(crate) fn to_stored(value: &Scalar) -> ScalarValue {
    match value {
        Scalar::Text(text) | Scalar::Unknown(text) => ScalarValue::Str(text.as_str().into()),
        Scalar::Flag(flag) => ScalarValue::Boolean(*flag),
        Scalar::Number(number) => ScalarValue::Int(*number),
    }
}

/// The known form; types this version does not write become [`Scalar::Unknown`] with a readable text.
pub(crate) fn from_stored(value: ScalarValue) -> Scalar {
    match value {
        ScalarValue::Str(text) => Scalar::Text(text.into()),
        ScalarValue::Boolean(flag) => Scalar::Flag(flag),
        ScalarValue::Int(number) => Scalar::Number(number),
        ScalarValue::Uint(number) => match i64::try_from(number) {
            Ok(number) => Scalar::Number(number),
            Err(_) => Scalar::Unknown(number.to_string()),
        },
        ScalarValue::F64(number) => Scalar::Unknown(number.to_string()),
        ScalarValue::Counter(counter) => Scalar::Unknown(i64::from(&counter).to_string()),
        ScalarValue::Timestamp(millis) => Scalar::Unknown(time_text(millis)),
        ScalarValue::Bytes(bytes) => Scalar::Unknown(format!("{} bytes", bytes.len())),
        ScalarValue::Null => Scalar::Unknown("nothing".to_owned()),
        ScalarValue::Unknown { type_code, bytes } => Scalar::Unknown(format!("{} bytes of type {type_code}", bytes.len())),
    }
}

/// Any value of a document; of nested objects only text is shown in full.
pub(crate) fn from_value(document: &automerge::Automerge, value: Value<'_>, id: &automerge::ObjId) -> Scalar {
    match value {
        Value::Scalar(value) => from_stored(value.into_owned()),
        Value::Object(ObjType::Text) => Scalar::Unknown(document.text(id).unwrap_or_default()),
        Value::Object(ObjType::List) => Scalar::Unknown(format!("a list of {}", document.length(id))),
        Value::Object(ObjType::Map | ObjType::Table) => Scalar::Unknown(format!("a group of {}", document.length(id))),
    }
}

fn time_text(millis: i64) -> String {
    chrono::DateTime::from_timestamp_millis(millis)
        .map_or_else(|| millis.to_string(), |time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}
