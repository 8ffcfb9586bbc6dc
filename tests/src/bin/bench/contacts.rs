//! The people that are measured with.

use serde_json::{Value, json};

/// Contacts of the larger measurements.
pub(crate) const CONTACTS: usize = 10_000;

/// The contact of this number.
pub(crate) fn contact(n: usize) -> Value {
    const GIVEN: [&str; 8] = ["Priya", "Tomasz", "Leilani", "Yusuf", "Hanae", "Mateo", "Guðrún", "Ελένη"];
    const FAMILY: [&str; 8] = ["Raghunathan", "Wieczorek", "Kahananui", "Demirkan", "Morisawa", "Villalba", "Þorsteinsdóttir", "Μαυρίδη"];
    let (given, family) = (GIVEN[n % 8], FAMILY[n / 8 % 8]);
    json!({"name": format!("{given} {family} {n}"), "given": given, "family": family,
        "emails": [{"label": "work", "value": format!("person{n}@harbour.example")}],
        "phones": [{"label": "mobile", "value": format!("+44 7700 {n:06}")}],
        "notes": format!("Met at the harbour, table {n}. Wants to hear about the spring meeting. word{n}")})
}

/// The same as a card of a file.
pub(crate) fn card(n: usize) -> String {
    let contact = contact(n);
    let text = |key: &str| contact[key].as_str().unwrap_or_default().to_owned();
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{}\r\nN:{};{};;;\r\nEMAIL;TYPE=WORK:person{n}@harbour.example\r\nTEL;TYPE=CELL:+44 7700 {n:06}\r\nNOTE:{}\r\nEND:VCARD\r\n",
        text("name"),
        text("family"),
        text("given"),
        text("notes").replace(',', "\\,")
    )
}
