//! The assignments of the command line: `FIELD=VALUE`, `FIELD+=VALUE`, `FIELD-=VALUE`.

use crate::draft::EditError;
use crate::field::FieldEdit;
use crate::vocabulary::{SETS, canonical, has_labels};

/// Parses one `FIELD=VALUE`, `FIELD+=VALUE` or `FIELD-=VALUE` of the command line (`email=work:priya@x.example`, `tag+=partner`,
/// `address=work:"14 Quayside Row; Glasgow; ; G1 4QT; GB"`, `custom.x-dietary=vegan`, `title=...`). Tags and participants may be several,
/// separated by commas.
///
/// # Errors
/// [`EditError::Shape`] when there is no `=`.
pub fn parse_assignment(text: &str) -> Result<Vec<FieldEdit>, EditError> {
    let wrong = || EditError::Shape(format!("“{}” is not FIELD=VALUE", text.chars().take(80).collect::<String>()));
    let (left, value) = text.split_once('=').ok_or_else(wrong)?;
    let (name, sign) = match left.strip_suffix('+').map(|name| (name, '+')).or_else(|| left.strip_suffix('-').map(|name| (name, '-'))) {
        Some((name, sign)) => (name.trim(), sign),
        None => (left.trim(), '='),
    };
    if name.is_empty() {
        return Err(wrong());
    }
    let field = canonical(name).to_owned();
    let value = unquoted(value.trim());
    if SETS.contains(&field.as_str()) {
        let members = value.split(',').map(str::trim);
        let members: Vec<&str> = if value.is_empty() { vec![""] } else { members.filter(|member| !member.is_empty()).collect() };
        return Ok(members.into_iter().map(|member| edit(sign, &field, None, member)).collect());
    }
    // What vCard has as fields of their own are dates with these labels.
    if matches!(name, "anniversary" | "died") {
        let value = if sign == '-' && value.is_empty() { name } else { value };
        return Ok(vec![edit(sign, "dates", Some(name), value)]);
    }
    // An item is removed by what it shows; whether that starts with its label is seen when it is looked up.
    let (label, value) = if sign == '-' { (None, value) } else { split_label(&field, value) };
    Ok(vec![edit(sign, &field, label, unquoted(value))])
}

fn edit(sign: char, field: &str, label: Option<&str>, value: &str) -> FieldEdit {
    let (field, label, value) = (field.to_owned(), label.map(str::to_owned), value.to_owned());
    match sign {
        '+' => FieldEdit::Add { field, label, value },
        '-' => FieldEdit::Remove { field, item: value },
        _ => FieldEdit::Set { field, label, value },
    }
}

/// Splits `label:value` where the field has labels and what stands before the colon can be one.
pub(crate) fn split_label<'a>(field: &str, text: &'a str) -> (Option<&'a str>, &'a str) {
    let list = field.split('/').next().unwrap_or(field);
    let Some((label, value)) = text.split_once(':').filter(|_| has_labels(list)) else { return (None, text) };
    let label = label.trim();
    let wordy = label.chars().next().is_some_and(char::is_alphabetic) && !label.contains(['@', '"', ';', ',', '=']);
    let address_of_a_link =
        list == "urls" && (value.starts_with("//") || label.contains('.') || matches!(label, "mailto" | "tel" | "localhost"));
    if wordy && !address_of_a_link && label.chars().count() <= 100 { (Some(label), value.trim()) } else { (None, text) }
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

#[cfg(test)]
mod tests;
