//! Writing, strictly after RFC 6350 (4.0) and RFC 2426 (3.0).

use tuttu_model::view::{Address, Affiliation, Labelled, Relation};
use tuttu_model::{DocumentId, RecordView};

use super::labels::{self, Item};
use super::person::is_taken;
use super::picture::Picture;
use super::{Version, dates, escape, ims, kept, uid_of};
use crate::text;

/// The longest line, in bytes without its end.
const LINE: usize = 75;

/// What vCard 4.0 calls the relations it knows.
const RELATIONS: [&str; 20] = [
    "acquaintance",
    "agent",
    "child",
    "co-resident",
    "co-worker",
    "colleague",
    "contact",
    "crush",
    "date",
    "emergency",
    "friend",
    "kin",
    "me",
    "met",
    "muse",
    "neighbor",
    "parent",
    "sibling",
    "spouse",
    "sweetheart",
];

/// Writes the people and organisations among the records as one file; other kinds of records have no place in a vCard. `picture` gives the picture of a
/// record, where there is one.
#[must_use]
pub fn write<'a>(
    records: impl IntoIterator<Item = &'a RecordView>,
    version: Version,
    picture: impl Fn(&RecordView) -> Option<Picture>,
) -> String {
    let mut text = String::new();
    for record in records {
        let picture = if record.photo.is_empty() { None } else { picture(record) };
        write_record(record, version, picture.as_ref(), &mut text);
    }
    text
}

/// Appends one record, for callers that write a large file piece by piece. `false`: its kind has no place in a vCard, nothing was written.
pub fn write_record(record: &RecordView, version: Version, picture: Option<&Picture>, text: &mut String) -> bool {
    if !matches!(record.kind.as_str(), "person" | "org") {
        return false;
    }
    let mut card = Writer { text, version, groups: 0, record };
    card.line("BEGIN", "", "VCARD");
    card.line("VERSION", "", if version == Version::V4 { "4.0" } else { "3.0" });
    card.line("PRODID", "", "-//Tuttu//Tuttu//EN");
    card.identity();
    card.names();
    card.organisations();
    card.contact();
    card.dates();
    card.person();
    picture.into_iter().for_each(|picture| card.picture(picture));
    card.rest();
    card.own_fields();
    card.line("END", "", "VCARD");
    true
}

/// The name for a record without one, and whether it is a name.
pub(super) fn fallback_name(view: &RecordView) -> (String, bool) {
    let parts = [&view.prefix, &view.given, &view.middle, &view.family, &view.suffix];
    let whole = parts.iter().filter(|part| !part.is_empty()).map(|part| part.as_str()).collect::<Vec<_>>().join(" ");
    let org = view.orgs.iter().map(|affiliation| &affiliation.name).find(|name| !name.is_empty());
    if let Some(name) = [Some(&whole), Some(&view.nickname), org].into_iter().flatten().find(|name| !name.is_empty()) {
        return (name.clone(), true);
    }
    let lists = [&view.emails, &view.phones, &view.ims, &view.urls];
    let address = view.addresses.iter().map(|address| if address.street.is_empty() { &address.city } else { &address.street });
    let all = lists.into_iter().flatten().map(|item| &item.value).chain(address).chain([&view.notes]);
    let first = all.filter_map(|text| text.lines().map(str::trim).find(|line| !line.is_empty())).next();
    (first.unwrap_or_default().chars().take(60).collect::<String>().trim().to_owned(), false)
}

/// Can it stand in a line as it is?
pub(super) fn is_plain_uri(value: &str) -> bool {
    let has_scheme = value.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && scheme.len() > 1
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    });
    has_scheme && !value.contains(|letter: char| letter.is_whitespace() || letter.is_control() || letter == '\\')
}

pub(super) struct Writer<'t> {
    text: &'t mut String,
    version: Version,
    /// How many groups the card has so far.
    groups: u32,
    pub(super) record: &'t RecordView,
}

impl Writer<'_> {
    /// Writes a content line; `params` with their semicolons.
    pub(super) fn line(&mut self, name: &str, params: &str, value: &str) {
        let mut room = LINE;
        for letter in name.chars().chain(params.chars()).chain([':']).chain(value.chars()) {
            let length = letter.len_utf8();
            if length > room {
                self.text.push_str("\r\n ");
                room = LINE - 1;
            }
            self.text.push(letter);
            room -= length;
        }
        self.text.push_str("\r\n");
    }

    /// Writes a line of text, if there is any.
    pub(super) fn text(&mut self, name: &str, params: &str, text: &str) {
        if !text.is_empty() {
            self.line(name, params, &escape::text(text));
        }
    }

    /// Writes a line in a group of its own with an `X-ABLabel`; without a label, a plain line.
    pub(super) fn labelled(&mut self, name: &str, params: &str, value: &str, label: Option<&str>) {
        let Some(label) = label.filter(|label| !label.is_empty()) else { return self.line(name, params, value) };
        let group = self.group();
        self.line(&format!("{group}.{name}"), params, value);
        self.line(&format!("{group}.X-ABLabel"), "", &escape::text(label));
    }

    fn group(&mut self) -> String {
        self.groups += 1;
        format!("item{}", self.groups)
    }

    pub(super) fn v4(&self) -> bool {
        self.version == Version::V4
    }

    fn identity(&mut self) {
        let record = self.record;
        let own = record.custom.get("vcard.uid").filter(|uid| !uid.is_empty());
        let made = || record.id.parse::<DocumentId>().ok().map(uid_of);
        if let Some(uid) = own.cloned().or_else(made) {
            // A URI in version 4.0 unless it says otherwise, text in 3.0.
            match (self.v4(), is_plain_uri(&uid)) {
                (true, true) => self.line("UID", "", &uid),
                (true, false) => self.text("UID", ";VALUE=text", &uid),
                (false, _) => self.text("UID", "", &uid),
            }
        }
        if let Some(time) = dates::timestamp(&record.changed.at) {
            let basic = dates::basic_timestamp(&time).filter(|_| self.v4());
            self.line("REV", "", &basic.unwrap_or(time));
        }
        if let Some(time) = dates::basic_timestamp(&record.created.at).filter(|_| self.v4()) {
            self.line("CREATED", "", &time);
        }
    }

    fn names(&mut self) {
        let record = self.record;
        let name = if record.name.is_empty() { fallback_name(record).0 } else { record.name.clone() };
        let parts = [&record.family, &record.given, &record.middle, &record.prefix, &record.suffix];
        let has_parts = parts.iter().any(|part| !part.is_empty());
        // Without these words a reader would take one for the other.
        let looks_like_org = !has_parts && record.orgs.len() == 1 && record.orgs.iter().any(|one| one.title.is_empty() && one.name == name);
        let own_kind = record.custom.get("vcard.kind").filter(|kind| self.writes_kind(kind));
        match (record.kind.as_str(), self.version) {
            ("org", Version::V4) => self.line("KIND", "", own_kind.map_or("org", String::as_str)),
            ("org", Version::V3) => self.line("X-ABShowAs", "", "COMPANY"),
            (_, Version::V4) if looks_like_org => self.line("KIND", "", "individual"),
            (_, Version::V3) if looks_like_org => self.line("X-ABShowAs", "", "PERSON"),
            _ => {}
        }
        let name = if name.is_empty() { "?".to_owned() } else { name };
        self.line("FN", "", &escape::text(&name));
        if has_parts || !self.v4() {
            let parts = parts.map(|part| escape::text(part));
            self.line("N", "", &parts.join(";"));
        }
        if !record.nickname.is_empty() {
            self.line("NICKNAME", "", &list(&record.nickname, ", ", ","));
        }
        self.text(if self.v4() { "PRONOUNS" } else { "X-PRONOUNS" }, "", &record.pronouns);
    }

    /// Is this kept kind one that is written as the record's?
    fn writes_kind(&self, kind: &str) -> bool {
        self.v4() && self.record.kind == "org" && kind == "location"
    }

    fn organisations(&mut self) {
        let record = self.record;
        if record.kind == "org" && record.orgs.is_empty() && !record.name.is_empty() {
            // Apple shows a company by this line.
            return self.line("ORG", "", &escape::text(&record.name));
        }
        for affiliation in &record.orgs {
            self.affiliation(affiliation, record.orgs.len() > 1);
        }
    }

    fn affiliation(&mut self, affiliation: &Affiliation, in_group: bool) {
        let group = if in_group { format!("{}.", self.group()) } else { String::new() };
        let mut params = String::new();
        let org = link(&affiliation.org);
        for (name, value) in [("X-SINCE", &affiliation.since), ("X-UNTIL", &affiliation.until), ("X-ORG-UID", &org)] {
            if !value.is_empty() {
                params.push_str(&format!(";{name}={}", escape::param(value)));
            }
        }
        let has_org = !affiliation.name.is_empty() || !affiliation.department.is_empty() || !params.is_empty();
        // In a group, the line also says that the title belongs to nothing else.
        if has_org || in_group {
            let mut value = escape::text(&affiliation.name);
            if !affiliation.department.is_empty() {
                value.push(';');
                value.push_str(&list(&affiliation.department, " / ", ";"));
            }
            self.line(&format!("{group}ORG"), &params, &value);
        }
        self.text(&format!("{group}TITLE"), "", &affiliation.title);
    }

    fn contact(&mut self) {
        let record = self.record;
        for phone in &record.phones {
            self.item("TEL", Item::Phone, phone, "", &escape::text(&phone.value));
        }
        for email in &record.emails {
            self.item("EMAIL", Item::Email, email, "", &escape::text(&email.value));
        }
        for address in &record.addresses {
            self.address(address);
        }
        for url in &record.urls {
            self.link(url);
        }
        for im in &record.ims {
            self.im(im);
        }
    }

    fn preference(&self, item: &Labelled) -> &'static str {
        match (item.pref, self.version) {
            (false, _) => "",
            (true, Version::V3) => ";TYPE=pref",
            (true, Version::V4) => ";PREF=1",
        }
    }

    fn item(&mut self, name: &str, kind: Item, item: &Labelled, more_params: &str, value: &str) {
        let (types, label) = self.types(&item.label, kind);
        let params = format!("{types}{}{more_params}", self.preference(item));
        self.labelled(name, &params, value, label.as_deref());
    }

    /// The parameters that say a label, or the `X-ABLabel` that does.
    fn types(&self, label: &str, kind: Item) -> (String, Option<String>) {
        let Some(types) = labels::to_types(label, kind, self.version) else {
            return (String::new(), Some(labels::to_apple(label)));
        };
        // Version 3.0 says of an e-mail address that it is one of the Internet.
        let internet = (kind == Item::Email && !self.v4() && !types.iter().any(|word| word == "x400")).then_some("internet");
        let params = internet.into_iter().chain(types.iter().map(String::as_str)).map(|word| format!(";TYPE={word}"));
        (params.collect(), None)
    }

    fn address(&mut self, address: &Address) {
        let (types, label) = self.types(&address.label, Item::Address);
        let parts = [&address.street, &address.city, &address.region, &address.postcode, &address.country].map(|part| escape::text(part));
        if parts.iter().any(|part| !part.is_empty()) {
            self.labelled("ADR", &types, &format!(";;{}", parts.join(";")), label.as_deref());
        }
    }

    fn link(&mut self, url: &Labelled) {
        if ims::is_profile(&url.label, &url.value) {
            let params = self.preference(url);
            let (name, service) = if self.v4() { ("SOCIALPROFILE", "SERVICE-TYPE") } else { ("X-SOCIALPROFILE", "TYPE") };
            return self.line(name, &format!(";{service}={}{params}", escape::param(&url.label)), &url.value);
        }
        if is_plain_uri(&url.value) {
            self.item("URL", Item::Url, url, "", &url.value);
        } else {
            let params = if self.v4() { ";VALUE=text" } else { "" };
            self.item("URL", Item::Url, url, params, &escape::text(&url.value));
        }
    }

    fn im(&mut self, im: &Labelled) {
        if im.value.is_empty() {
            return;
        }
        let written = ims::write(&ims::Address { label: im.label.clone(), value: im.value.clone() });
        let mut params = String::new();
        let service = if self.v4() { "SERVICE-TYPE" } else { "X-SERVICE-TYPE" };
        for (name, value) in [(service, &written.service), ("TYPE", &written.place)] {
            if !value.is_empty() {
                params.push_str(&format!(";{name}={}", escape::param(value)));
            }
        }
        params.push_str(self.preference(im));
        self.labelled("IMPP", &params, &written.uri, written.own_label.as_deref());
    }

    fn dates(&mut self) {
        let record = self.record;
        let birthday = &record.birthday;
        match self.version {
            _ if birthday.is_empty() => {}
            Version::V4 if dates::is_canonical(birthday) => self.line("BDAY", "", &dates::basic(birthday)),
            Version::V4 => self.text("BDAY", ";VALUE=text", birthday),
            Version::V3 => self.birthday_v3(birthday),
        }
        for date in &record.dates {
            let canonical = dates::is_canonical(&date.value);
            match date.label.as_str() {
                _ if date.value.is_empty() => {}
                label @ ("anniversary" | "died") if self.v4() => {
                    let name = if label == "died" { "DEATHDATE" } else { "ANNIVERSARY" };
                    if canonical {
                        self.line(name, "", &dates::basic(&date.value));
                    } else {
                        self.text(name, ";VALUE=text", &date.value);
                    }
                }
                label => {
                    let params = if canonical { "" } else { ";VALUE=text" };
                    self.labelled("X-ABDATE", params, &escape::text(&date.value), Some(&labels::to_apple(label)));
                }
            }
        }
    }

    /// Version 3.0 has whole dates only. One without its year is written as Apple does; other parts have a property of our own.
    fn birthday_v3(&mut self, birthday: &str) {
        let day_of_year = birthday.strip_prefix("--").filter(|rest| rest.len() == 5);
        match day_of_year {
            _ if !dates::is_canonical(birthday) => self.text("X-TUTTU-BIRTHDAY", ";VALUE=text", birthday),
            Some(day) => self.line("BDAY", ";X-APPLE-OMIT-YEAR=1604;VALUE=date", &format!("1604-{day}")),
            None if birthday.len() == 10 => self.line("BDAY", ";VALUE=date", birthday),
            None => self.line("X-TUTTU-BIRTHDAY", "", birthday),
        }
    }

    fn rest(&mut self) {
        let record = self.record;
        if !record.tags.is_empty() {
            let tags: Vec<String> = record.tags.iter().map(|tag| escape::text(tag)).collect();
            self.line("CATEGORIES", "", &tags.join(","));
        }
        self.text("NOTE", "", &record.notes);
        for relation in &record.relations {
            self.relation(relation);
        }
        self.text("X-TUTTU-RHYTHM", "", &record.rhythm);
    }

    fn relation(&mut self, relation: &Relation) {
        let uid = link(&relation.id);
        if uid.is_empty() {
            return;
        }
        let name = if self.v4() { "RELATED" } else { "X-TUTTU-RELATION" };
        match relation.kind.as_str() {
            kind if self.v4() && RELATIONS.contains(&kind) => self.line(name, &format!(";TYPE={kind}"), &uid),
            kind => self.labelled(name, "", &uid, Some(&labels::to_apple(kind))),
        }
    }

    fn own_fields(&mut self) {
        let record = self.record;
        let mut keys: Vec<(&str, usize, &String)> = Vec::new();
        for key in record.custom.keys().filter(|key| *key != "vcard.uid") {
            let (base, number) = kept::without_number(&record.custom, key);
            keys.push((base, number, key));
        }
        keys.sort_unstable();
        for (base, _, key) in keys {
            if let Some(value) = record.custom.get(key).filter(|value| !value.is_empty()) {
                self.own_field(base, key, value);
            }
        }
    }

    fn own_field(&mut self, base: &str, key: &str, value: &str) {
        let record = self.record;
        if let Some((name, tail)) = kept::name(base).map(|name| (name, kept::tail(value)))
            && !is_taken(&name, &tail.params, &tail.value, tail.label.is_some())
        {
            let is_text = self.v4() && kept::is_link(&name) && tail.params.is_empty() && !is_plain_uri(&tail.value);
            let params = if is_text { ";VALUE=text" } else { &tail.params };
            return self.labelled(&name, params, &tail.value, tail.label.as_deref());
        }
        let has_title = record.orgs.iter().any(|affiliation| !affiliation.title.is_empty());
        let one_line = text::clean(value, true) == *value;
        match base {
            "vcard.kind" if self.writes_kind(value) => {}
            "vcard.bday" if one_line && self.v4() && dates::read(value, None).is_none() && record.birthday.is_empty() => {
                self.text("BDAY", ";VALUE=text", value)
            }
            "vcard.role" if has_title => {
                let tail = kept::tail(value);
                self.labelled("ROLE", &tail.params, &tail.value, tail.label.as_deref());
            }
            "vcard.photo" | "vcard.logo" | "vcard.sound" if is_plain_uri(value) && value.starts_with("http") => {
                let params = if self.v4() { "" } else { ";VALUE=uri" };
                let name = base.strip_prefix("vcard.").unwrap_or_default().to_ascii_uppercase();
                self.line(&name, params, value);
            }
            related if one_line && (related == "vcard.related" || related.starts_with("vcard.related.")) => {
                self.related_name(related, value)
            }
            _ => self.labelled("X-TUTTU-FIELD", "", &escape::text(value), Some(key)),
        }
    }

    fn related_name(&mut self, key: &str, value: &str) {
        let kind = key.strip_prefix("vcard.related.").unwrap_or_default();
        match self.version {
            Version::V4 if RELATIONS.contains(&kind) => self.text("RELATED", &format!(";TYPE={kind};VALUE=text"), value),
            Version::V4 => self.labelled("RELATED", ";VALUE=text", &escape::text(value), Some(&labels::to_apple(kind))),
            Version::V3 => self.labelled("X-ABRELATEDNAMES", "", &escape::text(value), Some(&labels::to_apple(kind))),
        }
    }
}

/// The identifier of a linked record.
fn link(id: &str) -> String {
    id.parse::<DocumentId>().map_or_else(|_| id.to_owned(), uid_of)
}

/// Text that is a list, as a list; text that merely looks like one stays whole.
fn list(text: &str, between: &str, separator: &str) -> String {
    let parts: Vec<&str> = text.split(between).collect();
    if parts.iter().all(|part| !part.is_empty() && part.trim() == *part) {
        parts.iter().map(|part| escape::text(part)).collect::<Vec<_>>().join(separator)
    } else {
        escape::text(text)
    }
}
