//! What typed values mean, and which of them look wrong. Values stay as typed: this stands beside them, is never stored, and refuses nothing.

mod money;
mod phone;
mod recurrence;

use chrono::NaiveDate;

pub use money::{Money, money};
pub use phone::phone;
pub use recurrence::{Frequency, Recurrence};

use crate::id::DocumentId;
use crate::record::Kind;
use crate::view::{Flag, RecordView};
use crate::when::{PartialDate, Reminder, Rhythm, When, zone_of};

/// A field of a space's own, as its definition says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldDefinition {
    /// The key in `custom`.
    pub word: String,
    /// `text`, `number`, `date`, `choice`, `link`, `money` or `yesno`; another word is one of a newer version.
    pub value_type: String,
    /// The words to choose from.
    pub options: Vec<String>,
    /// The kinds of record that have it; empty for all.
    pub kinds: Vec<String>,
}

impl FieldDefinition {
    /// The definition a record of kind `field` holds; `None` when it has no word.
    #[must_use]
    pub fn of(view: &RecordView) -> Option<Self> {
        let options = view.options.iter().map(|option| option.value.clone()).collect();
        let definition = Self { word: view.word.clone(), value_type: view.value_type.clone(), options, kinds: view.kinds.clone() };
        (!view.word.is_empty()).then_some(definition)
    }
}

/// What is known beside the record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Knowledge {
    /// The region of phone numbers without a country code: two letters. Empty: that of the record's address, if it names one.
    pub region: String,
    /// Today, if birthdays to come are to be pointed out.
    pub today: Option<NaiveDate>,
    /// The fields the space defines.
    pub fields: Vec<FieldDefinition>,
    /// The statuses the space defines; empty for the built-in ones.
    pub statuses: Vec<String>,
}

/// Fills in what the record's values were understood as, and which look wrong.
pub fn understand(view: &mut RecordView, knowledge: &Knowledge) {
    let mut reading = Reading { knowledge, understood: Vec::new(), flags: Vec::new() };
    reading.contact(view);
    reading.dates(view);
    reading.plans(view);
    reading.own_fields(view);
    view.understood = reading.understood.into_iter().collect();
    view.flags = reading.flags;
}

struct Reading<'a> {
    knowledge: &'a Knowledge,
    understood: Vec<(String, String)>,
    flags: Vec<Flag>,
}

impl Reading<'_> {
    fn flag(&mut self, field: &str, message: impl Into<String>) {
        self.flags.push(Flag { field: field.to_owned(), message: message.into() });
    }

    /// Keeps what a value was understood as, where that differs from what was typed; `None` flags it.
    fn take(&mut self, field: &str, typed: &str, understood: Option<String>, what: &str) {
        match understood {
            Some(understood) if understood != typed => self.understood.push((field.to_owned(), understood)),
            Some(_) => {}
            None => self.flag(field, format!("“{}” does not look like {what}.", short(typed))),
        }
    }

    fn contact(&mut self, view: &RecordView) {
        let region = region_of(view, &self.knowledge.region);
        for item in &view.phones {
            let field = format!("phones/{}", item.item);
            match phone(&item.value, &region) {
                Ok(Some(number)) => self.take(&field, &item.value, Some(number), ""),
                Ok(None) => {}
                Err(why) => self.flag(&field, format!("“{}” {why}.", short(&item.value))),
            }
        }
        for item in &view.emails {
            if !is_email(&item.value) {
                self.flag(&format!("emails/{}", item.item), format!("“{}” does not look like an e-mail address.", short(&item.value)));
            }
        }
        for item in view.urls.iter().filter(|item| !is_link(&item.value)) {
            self.flag(&format!("urls/{}", item.item), format!("“{}” does not look like a link.", short(&item.value)));
        }
        if !view.timezone.is_empty() {
            let name = zone_of(&view.timezone).map(|zone| zone.name().to_owned());
            self.take("timezone", &view.timezone, name, "a time zone, such as Europe/Helsinki");
        }
        if !view.photo.is_empty() && !view.attachments.iter().any(|file| file.hash == view.photo) {
            self.flag("photo", "The picture is not among the files of this record.");
        }
    }

    fn date(&mut self, field: &str, typed: &str) -> Option<PartialDate> {
        if typed.is_empty() {
            return None;
        }
        let date = PartialDate::parse(typed);
        self.take(field, typed, date.map(|date| date.canonical()), "a date or a part of one");
        date
    }

    fn when(&mut self, field: &str, typed: &str) -> Option<When> {
        if typed.is_empty() {
            return None;
        }
        let when = When::parse(typed);
        self.take(field, typed, when.map(|when| when.canonical()), "a date or a time");
        when
    }

    fn dates(&mut self, view: &RecordView) {
        let birthday = self.date("birthday", &view.birthday);
        if let (Some(born), Some(today)) = (birthday.and_then(|date| date.whole()), self.knowledge.today)
            && born > today
        {
            self.flag("birthday", "The birthday is in the future.");
        }
        for item in &view.dates {
            self.date(&format!("dates/{}", item.item), &item.value);
        }
        for role in &view.orgs {
            let since = self.date(&format!("orgs/{}/since", role.item), &role.since);
            let until = self.date(&format!("orgs/{}/until", role.item), &role.until);
            if since.zip(until).is_some_and(|(since, until)| is_before(until, since)) {
                self.flag(&format!("orgs/{}/until", role.item), "It ends before it begins.");
            }
        }
        if !view.rhythm.is_empty() && Rhythm::parse(&view.rhythm).is_none() {
            self.flag("rhythm", format!("“{}” is not a rhythm such as 6w or 3m.", short(&view.rhythm)));
        }
        self.when("snoozed", &view.snoozed);
    }

    fn plans(&mut self, view: &RecordView) {
        for (field, typed) in [("at", &view.at), ("due", &view.due), ("followup", &view.followup), ("done", &view.done)] {
            self.when(field, typed);
        }
        let (start, end) = (self.when("start", &view.start), self.when("end", &view.end));
        let utc = chrono::FixedOffset::east_opt(0);
        if let (Some(start), Some(end), Some(utc)) = (start, end, utc)
            && start.seconds(&view.timezone, utc).zip(end.seconds(&view.timezone, utc)).is_some_and(|(start, end)| end < start)
        {
            self.flag("end", "It ends before it starts.");
        }
        if !view.reminder.is_empty() && Reminder::parse(&view.reminder).is_none() {
            self.flag("reminder", format!("“{}” is neither a time nor a span such as 15m or 1d.", short(&view.reminder)));
        }
        if !view.recurrence.is_empty() {
            match Recurrence::parse(&view.recurrence) {
                Ok(rule) => self.understood.push(("recurrence".to_owned(), rule.in_words())),
                Err(why) => self.flag("recurrence", format!("“{}” is not a rule of RFC 5545: {why}.", short(&view.recurrence))),
            }
        }
        if !view.duration.is_empty() {
            let minutes = minutes(&view.duration).map(|minutes| minutes.to_string());
            self.take("duration", &view.duration, minutes, "a number of minutes");
        }
        if !matches!(view.direction.as_str(), "" | "in" | "out") {
            self.flag("direction", format!("“{}” is neither in nor out.", short(&view.direction)));
        }
        let known = &self.knowledge.statuses;
        let fits = known.contains(&view.status) || crate::words::STATUSES.iter().any(|(word, _)| *word == view.status);
        if !view.status.is_empty() && !fits && matches!(Kind::from(view.kind.as_str()), Kind::Task | Kind::Event) {
            self.flag("status", format!("“{}” is not a status of this space.", short(&view.status)));
        }
    }

    fn own_fields(&mut self, view: &RecordView) {
        let knowledge = self.knowledge;
        for definition in &knowledge.fields {
            let Some(value) = view.custom.get(&definition.word).filter(|value| !value.is_empty()) else { continue };
            let field = format!("custom.{}", definition.word);
            if !definition.kinds.is_empty() && !definition.kinds.contains(&view.kind) {
                self.flag(&field, format!("“{}” is not a field of {} records.", definition.word, view.kind));
            }
            match definition.value_type.as_str() {
                "number" => self.take(&field, value, number(value), "a number"),
                "date" => self.take(&field, value, When::parse(value).map(|when| when.canonical()), "a date"),
                "choice" if !definition.options.contains(value) => {
                    self.flag(&field, format!("“{}” is not among the choices: {}.", short(value), definition.options.join(", ")));
                }
                "link" if value.parse::<DocumentId>().is_err() && !is_link(value) => {
                    self.flag(&field, format!("“{}” is neither a record nor a link.", short(value)));
                }
                "money" => self.take(&field, value, money(value).map(|money| money.to_string()), "an amount of money, such as EUR 212.40"),
                "yesno" => self.take(&field, value, yes_or_no(value).map(str::to_owned), "yes or no"),
                _ => {}
            }
        }
    }
}

/// Whether a date is certainly before another, as far as both are known.
#[must_use]
pub fn is_before(one: PartialDate, other: PartialDate) -> bool {
    if one.year.is_none() || other.year.is_none() {
        return false;
    }
    // Parts go from the year on, so what both know is a beginning of both.
    let (one, other) = (one.canonical(), other.canonical());
    let known = one.len().min(other.len());
    one.get(..known) < other.get(..known)
}

/// The region in which phone numbers without a country code are read.
fn region_of(view: &RecordView, default: &str) -> String {
    let country = view.addresses.iter().map(|address| address.country.trim()).find(|country| is_region(country));
    country.unwrap_or(default).to_ascii_uppercase()
}

fn is_region(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// One `@` between a local part and a domain with a dot or a bracket; as lenient as mail itself.
#[must_use]
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    let odd = |letter: char| letter.is_whitespace() || letter.is_control() || "()<>[]:;@\\,\"".contains(letter);
    let local_fits = quoted || !(local.contains(odd) || local.starts_with('.') || local.ends_with('.') || local.contains(".."));
    let literal = domain.starts_with('[') && domain.ends_with(']');
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
    };
    let named = domain.split('.').count() > 1 && domain.split('.').all(label);
    !local.is_empty() && local.len() <= 64 && domain.len() <= 255 && local_fits && (literal || named)
}

/// An address with a scheme, or a host with a dot.
fn is_link(text: &str) -> bool {
    if text.is_empty() || text.contains(char::is_whitespace) {
        return false;
    }
    let scheme = |scheme: &str| {
        scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
    };
    match text.split_once(':') {
        Some((before, after)) if scheme(before) && !before.contains('.') => !after.trim_start_matches('/').is_empty(),
        _ => text.split(['/', '?', '#']).next().is_some_and(|host| host.contains('.') && !host.starts_with('.') && !host.ends_with('.')),
    }
}

/// Minutes of `90`, `1h`, `1h 30m`, `1:30`, `45 min`.
#[must_use]
pub fn minutes(text: &str) -> Option<u32> {
    let text = text.trim().to_ascii_lowercase();
    if let Some((hours, minutes)) = text.split_once(':') {
        return hours.parse::<u32>().ok()?.checked_mul(60)?.checked_add(minutes.parse::<u32>().ok().filter(|minutes| *minutes < 60)?);
    }
    let (hours, rest) = match text.split_once('h') {
        Some((hours, rest)) => (hours.trim().parse::<u32>().ok()?, rest.trim()),
        None => (0, text.as_str()),
    };
    let rest = ["minutes", "min", "m"].iter().find_map(|unit| rest.strip_suffix(unit)).unwrap_or(rest).trim();
    if rest.is_empty() && text.contains('h') {
        return hours.checked_mul(60);
    }
    hours.checked_mul(60)?.checked_add(rest.parse().ok()?)
}

/// A number in one spelling: digits with a point.
fn number(text: &str) -> Option<String> {
    money::amount(text.trim()).map(|(amount, _)| amount)
}

fn yes_or_no(text: &str) -> Option<&'static str> {
    match text.trim().to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" => Some("yes"),
        "no" | "n" | "false" | "0" => Some("no"),
        _ => None,
    }
}

/// Enough of a value to recognise it.
fn short(text: &str) -> String {
    let start: String = text.chars().take(40).collect();
    if start.len() < text.len() { format!("{start}…") } else { start }
}

#[cfg(test)]
mod tests;
