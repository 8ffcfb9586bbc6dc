//! From the properties of a card to a record: which property becomes what.

use std::collections::BTreeMap;

use tuttu_model::{RecordDraft, RecordView};

use super::groups::Groups;
use super::picture::Picture;
use super::property::Property;
use super::{Card, MAX_ITEMS, MAX_NOTE, MAX_TEXT, MAX_VALUE, MAX_WARNINGS, dates, escape, ims, kept};
use crate::{Imported, Warning, text};

/// A card on its way to a record.
pub(super) struct Draft<'p> {
    pub(super) view: RecordView,
    pub(super) uid: Option<String>,
    pub(super) names: super::names::Names<'p>,
    pub(super) places: super::places::Places<'p>,
    pub(super) contact: super::contact::Contact,
    /// vCard 2.1: no lists, fewer escapes.
    pub(super) old: bool,
    labels: BTreeMap<&'p str, String>,
    warnings: Vec<Warning>,
    /// Warnings that were too many to keep.
    unsaid: usize,
    /// How much more text may be kept.
    room: usize,
    left_out: Vec<&'static str>,
    picture: Option<Picture>,
}

/// Makes a record of a card.
pub(super) fn make(properties: &[Property<'_>], begin: u32, groups: &Groups, warnings: Vec<Warning>) -> Card {
    let mut draft = Draft::new(properties, warnings);
    for property in properties {
        draft.take(property);
    }
    draft.finish_contact();
    draft.finish_places();
    draft.finish_names(begin);
    let imported = if draft.names.is_group() {
        draft.explain_group(properties, begin, groups);
        None
    } else {
        draft.finish(begin, groups)
    };
    Card { imported, warnings: few(draft.warnings, draft.unsaid) }
}

/// At most as many warnings as anyone reads, in the order of the lines.
fn few(mut warnings: Vec<Warning>, unsaid: usize) -> Vec<Warning> {
    warnings.sort_by_key(|warning| warning.line);
    if let Some(more) = warnings.len().checked_sub(MAX_WARNINGS).filter(|more| *more > 0) {
        let line = warnings.get(MAX_WARNINGS).map_or(0, |warning| warning.line);
        warnings.truncate(MAX_WARNINGS);
        let more = more + unsaid;
        warnings.push(Warning::new(line, format!("There are at least {more} more such remarks about this card.")));
    }
    warnings
}

impl<'p> Draft<'p> {
    fn new(properties: &'p [Property<'_>], warnings: Vec<Warning>) -> Self {
        let mut labels = BTreeMap::new();
        let mut old = false;
        for property in properties {
            match property.name.as_str() {
                "X-ABLABEL" if !property.group().is_empty() => {
                    let label = text::clean(&escape::unescaped(property.value()), true);
                    let label: String = label.chars().take(super::MAX_NAME).collect();
                    labels.entry(property.group()).or_insert(label);
                }
                "VERSION" => old = property.value() == "2.1",
                _ => {}
            }
        }
        Self {
            view: RecordView::default(),
            uid: None,
            names: super::names::Names::default(),
            places: super::places::Places::default(),
            contact: super::contact::Contact::default(),
            old,
            labels,
            warnings,
            unsaid: 0,
            room: MAX_TEXT,
            left_out: Vec::new(),
            picture: None,
        }
    }

    fn take(&mut self, property: &'p Property<'_>) {
        match property.name.as_str() {
            // About the file, about a group, or about another property that is read with it.
            "VERSION" | "PRODID" | "PROFILE" | "X-ABLABEL" | "BEGIN" | "END" => {}
            "FN" => self.full_name(property),
            "N" => self.name_parts(property),
            "NICKNAME" => self.nickname(property),
            "PRONOUNS" | "X-PRONOUNS" => self.pronouns(property),
            "ORG" => self.organisation(property),
            "TITLE" => self.title(property),
            "ROLE" => self.role(property),
            "KIND" | "X-ADDRESSBOOKSERVER-KIND" | "X-ABSHOWAS" => self.kind(property),
            "TEL" => self.phone(property),
            "EMAIL" => self.email(property),
            "URL" => self.link(property),
            "SOCIALPROFILE" | "X-SOCIALPROFILE" => self.profile(property),
            "ADR" => self.address(property),
            "LABEL" => self.places.delivery_label(property),
            "X-ABADR" => self.places.country_code(property),
            "BDAY" | "X-TUTTU-BIRTHDAY" => self.birthday(property),
            "ANNIVERSARY" | "X-ANNIVERSARY" | "X-EVOLUTION-ANNIVERSARY" | "X-KADDRESSBOOK-X-ANNIVERSARY" | "X-MS-ANNIVERSARY" => {
                self.date(property, "anniversary".into());
            }
            "DEATHDATE" => self.date(property, "died".into()),
            "X-ABDATE" => self.apple_date(property),
            "CATEGORIES" => self.tags(property),
            "NOTE" => self.note(property),
            "RELATED" | "X-ABRELATEDNAMES" | "X-TUTTU-RELATION" => self.related(property),
            "PHOTO" | "LOGO" | "SOUND" | "X-MS-CARDPICTURE" => self.media(property),
            "X-PHONETIC-FIRST-NAME" | "X-PHONETIC-MIDDLE-NAME" | "X-PHONETIC-LAST-NAME" | "X-TUTTU-PHONETIC-NAME" => {
                self.phonetic(property)
            }
            "GENDER" | "X-GENDER" => self.gender(property),
            "TZ" => self.time_zone(property),
            "LANG" | "X-TUTTU-LANGUAGE" => self.language(property),
            "KEY" | "X-TUTTU-KEY" => self.public_key(property),
            "X-TUTTU-IDENTIFIER" => self.number_elsewhere(property),
            "UID" => self.identifier(property),
            "REV" | "CREATED" => self.stamp(property),
            "X-TUTTU-RHYTHM" => self.view.rhythm = self.name_line(property),
            "X-TUTTU-FIELD" => self.own_field(property),
            "X-ANDROID-CUSTOM" => self.android(property),
            name if ims::service_of_property(name).is_some() => self.im(property),
            "IMPP" => self.im(property),
            _ => self.keep(property),
        }
    }

    /// The `X-ABLabel` of a property, as it is written.
    pub(super) fn label_of(&self, property: &Property<'_>) -> Option<&str> {
        let group = property.group();
        if group.is_empty() || self.labels.is_empty() {
            return None;
        }
        // Groups are compared without case; nearly all writers write both alike.
        let label = self
            .labels
            .get(group)
            .or_else(|| self.labels.iter().find(|(name, _)| name.eq_ignore_ascii_case(group)).map(|(_, label)| label));
        label.map(String::as_str).filter(|label| !label.is_empty())
    }

    pub(super) fn warn(&mut self, line: u32, message: impl Into<String>) {
        // Some more than are shown, because those shown are the first by line.
        if self.warnings.len() < 8 * MAX_WARNINGS {
            self.warnings.push(Warning::new(line, message));
        } else {
            self.unsaid += 1;
        }
    }

    /// Undoes escapes as the version has them, and cleans the text.
    pub(super) fn plain(&self, property: &Property<'_>, escaped: &str, one_line: bool) -> String {
        let plain = if self.old && property.was_encoded() { escape::unescaped_marks(escaped) } else { escape::unescaped(escaped) };
        text::clean(&plain, one_line)
    }

    /// The whole value as one line of text.
    pub(super) fn one_line(&mut self, property: &Property<'_>) -> String {
        let text = self.plain(property, property.value(), true);
        self.limited(property, text, MAX_VALUE)
    }

    /// The whole value as a name: short, and one line.
    pub(super) fn name_line(&mut self, property: &Property<'_>) -> String {
        let text = self.plain(property, property.value(), true);
        self.limited_name(property, text)
    }

    /// Parts of a value between separators.
    pub(super) fn parts(&mut self, property: &Property<'_>, separator: u8) -> Vec<String> {
        let parts = escape::split(property.value(), separator).take(MAX_ITEMS + 1);
        let parts: Vec<String> = parts.map(|part| self.plain(property, part, true)).collect();
        parts.into_iter().map(|part| self.limited_name(property, part)).collect()
    }

    /// Keeps a text within its limit; what goes is said.
    pub(super) fn cut(&mut self, property: &Property<'_>, mut text: String, characters: usize) -> String {
        if text.len() > characters
            && let Some((end, _)) = text.char_indices().nth(characters)
        {
            text.truncate(end);
            let called = called(&property.name);
            self.warn(property.line, format!("The {called} is longer than {characters} characters; the rest was left out."));
        }
        text
    }

    /// Keeps a text within its limit and the card within its own; what goes is said.
    pub(super) fn limited(&mut self, property: &Property<'_>, text: String, characters: usize) -> String {
        let text = self.cut(property, text, characters);
        if text.is_empty() {
            return text;
        }
        let Some(room) = self.room.checked_sub(text.len() + super::KEY) else {
            let called = called(&property.name);
            self.warn(property.line, format!("The card holds more than {} KiB of text; the {called} was left out.", MAX_TEXT / 1024));
            return String::new();
        };
        self.room = room;
        text
    }

    /// Keeps a name, a label or a key within its limit.
    pub(super) fn limited_name(&mut self, property: &Property<'_>, text: String) -> String {
        self.limited(property, text, super::MAX_NAME)
    }

    fn note(&mut self, property: &Property<'_>) {
        let mut text = self.plain(property, property.value(), false);
        let before = self.view.notes.len();
        let limit = MAX_NOTE.saturating_sub(before + 2);
        if text.len() > limit {
            let end = text.char_indices().map(|(at, letter)| at + letter.len_utf8()).take_while(|end| *end <= limit).last().unwrap_or(0);
            text.truncate(end);
            self.warn(property.line, format!("The note is longer than {} KiB; the rest was left out.", MAX_NOTE / 1024));
        }
        let text = self.limited(property, text, MAX_NOTE);
        if !text.is_empty() && before > 0 {
            self.view.notes.push_str("\n\n");
        }
        self.view.notes.push_str(&text);
    }

    fn media(&mut self, property: &Property<'_>) {
        let what = match property.name.as_str() {
            "LOGO" => "logo",
            "SOUND" => "sound",
            _ => "photo",
        };
        let value = text::clean(&escape::unescaped(property.value()), true);
        let lower = value.get(..8).unwrap_or(&value).to_ascii_lowercase();
        let is_web = lower.starts_with("http://") || lower.starts_with("https://");
        if is_web && !property.is_binary() && !property.cut {
            let value = self.limited(property, value, MAX_VALUE);
            self.custom(&kept::key(&property.name), value);
            return;
        }
        let taken = what == "photo" && self.picture.is_none() && !property.cut && self.take_picture(property);
        if !taken && !value.is_empty() && !self.left_out.contains(&what) {
            self.left_out.push(what);
            let why = match (what, property.cut, self.picture.is_some()) {
                ("photo", true, _) => format!(": it is larger than {} MiB", super::MAX_PICTURE / 4 * 3 / (1024 * 1024)),
                ("photo", false, true) => ": there is another one".to_owned(),
                ("photo", false, false) => ": it is not a picture of a known kind".to_owned(),
                _ => String::new(),
            };
            self.warn(property.line, format!("The {what} was left out{why}."));
        }
    }

    fn take_picture(&mut self, property: &Property<'_>) -> bool {
        self.picture = Picture::of(property).filter(|picture| picture.media_type().is_some());
        self.picture.is_some()
    }

    fn stamp(&mut self, property: &Property<'_>) {
        let Some(time) = dates::timestamp(property.value()) else { return self.keep(property) };
        let stamp = if property.name == "REV" { &mut self.view.changed } else { &mut self.view.created };
        stamp.at = time;
    }

    /// The first one counts. A second one is kept under another key: the writer takes `vcard.uid` for the record's own.
    fn identifier(&mut self, property: &Property<'_>) {
        let uid = text::clean(&escape::unescaped(property.value()), true);
        let uid = self.cut(property, uid, super::MAX_NAME);
        match &self.uid {
            None => self.uid = Some(uid).filter(|uid| !uid.is_empty()),
            Some(first) if *first == uid => {}
            Some(_) => self.custom("x-other-uid", uid),
        }
    }

    fn own_field(&mut self, property: &Property<'_>) {
        let Some(key) = self.label_of(property).map(str::to_owned) else { return self.keep(property) };
        let value = self.plain(property, property.value(), false);
        let value = self.limited(property, value, MAX_VALUE);
        self.custom(&key, value);
    }

    /// Keeps a property that no field stands for.
    pub(super) fn keep(&mut self, property: &Property<'_>) {
        if text::clean(property.value(), false).is_empty() {
            return;
        }
        let label = self.label_of(property).map(str::to_owned);
        let value = if self.old {
            let plain = self.plain(property, property.value(), false);
            kept::value_of_old(property, &plain)
        } else {
            kept::value(property, label.as_deref())
        };
        let value = self.limited(property, value, MAX_VALUE);
        self.custom(&kept::key(&property.name), value);
    }

    /// Adds to the fields of the person's own.
    pub(super) fn custom(&mut self, key: &str, value: String) {
        let key: String = key.chars().take(super::MAX_KEY).collect();
        if !value.is_empty() && !key.is_empty() {
            self.room = self.room.saturating_sub(key.len());
            let key = kept::free_key(&self.view.custom, &key);
            self.view.custom.insert(key, value);
        }
    }

    fn explain_group(&mut self, properties: &[Property<'_>], begin: u32, groups: &Groups) {
        let is_member = |property: &&Property<'_>| matches!(property.name.as_str(), "MEMBER" | "X-ADDRESSBOOKSERVER-MEMBER");
        let members: Vec<_> = properties.iter().filter(is_member).collect();
        let found = members.iter().filter(|member| groups.holds(member.value())).count();
        let name = if self.view.name.is_empty() { "without a name" } else { &format!("“{}”", self.view.name) };
        let message = match (members.len(), found) {
            (0, _) => format!("The group {name} has no members; it was skipped."),
            (_, 0) => format!("The group {name} was skipped: none of its members is in this file."),
            _ if self.view.name.is_empty() => "The group without a name was skipped.".to_owned(),
            (all, found) if all == found => format!("The group {name} became a tag of its {all} members."),
            (all, found) => format!("The group {name} became a tag of {found} of its {all} members; the others are not in this file."),
        };
        self.warn(begin, message);
    }

    fn tag_as_member(&mut self, view: &mut RecordView, begin: u32, tags: &[&String]) {
        for tag in tags {
            let Some(room) = self.room.checked_sub(tag.len() + super::KEY) else {
                return self.warn(begin, "The card is in more groups than can be kept; the rest was left out.");
            };
            self.room = room;
            view.tags.push((*tag).clone());
        }
    }

    /// Keeps names that were put together within the limit of one; what goes is said.
    fn limit_names(&mut self, view: &mut RecordView, begin: u32) {
        let parts = [&mut view.given, &mut view.family, &mut view.middle, &mut view.prefix, &mut view.suffix];
        for name in [&mut view.name, &mut view.nickname].into_iter().chain(parts) {
            if let Some((end, _)) = name.char_indices().nth(super::MAX_NAME) {
                name.truncate(end);
                self.warn(begin, format!("A name is longer than {} characters; the rest was left out.", super::MAX_NAME));
            }
        }
    }

    /// Keeps lists within their limit; what goes is said.
    fn limit_lists(&mut self, view: &mut RecordView, begin: u32) {
        let mut left_out = Vec::new();
        let mut limit = |what: &str, length: usize| {
            if let Some(more) = length.checked_sub(MAX_ITEMS).filter(|more| *more > 0) {
                left_out.push(format!("{more} {what}"));
            }
        };
        limit("e-mail addresses", view.emails.len());
        limit("phone numbers", view.phones.len());
        limit("addresses", view.addresses.len());
        limit("organisations", view.orgs.len());
        limit("links", view.urls.len());
        limit("messaging addresses", view.ims.len());
        limit("dates", view.dates.len());
        limit("relations", view.relations.len());
        limit("languages", view.languages.len());
        limit("keys", view.keys.len());
        limit("identifiers", view.identifiers.len());
        limit("tags", view.tags.len());
        limit("other fields", view.custom.len());
        if left_out.is_empty() {
            return;
        }
        let more = [&mut view.languages, &mut view.keys, &mut view.identifiers];
        for list in [&mut view.emails, &mut view.phones, &mut view.urls, &mut view.ims, &mut view.dates].into_iter().chain(more) {
            list.truncate(MAX_ITEMS);
        }
        view.addresses.truncate(MAX_ITEMS);
        view.orgs.truncate(MAX_ITEMS);
        view.relations.truncate(MAX_ITEMS);
        view.tags.truncate(MAX_ITEMS);
        while view.custom.len() > MAX_ITEMS {
            view.custom.pop_last();
        }
        self.warn(begin, format!("A list may have {MAX_ITEMS} items; left out were {}.", left_out.join(", ")));
    }

    fn finish(&mut self, begin: u32, groups: &Groups) -> Option<Imported> {
        let mut view = std::mem::take(&mut self.view);
        if view.name.is_empty() {
            self.warn(begin, "The card holds nothing that could be used; it was skipped.");
            return None;
        }
        let uid = self.uid.as_deref().filter(|_| !groups.are_empty());
        let tags: Vec<&String> = uid.map(|uid| groups.tags_of(uid).collect()).unwrap_or_default();
        self.tag_as_member(&mut view, begin, &tags);
        view.tags.sort();
        view.tags.dedup();
        self.limit_names(&mut view, begin);
        self.limit_lists(&mut view, begin);
        Some(Imported { draft: RecordDraft { view }, uid: self.uid.take(), line: begin, picture: self.picture.take() })
    }
}

/// What people call a property.
pub(super) fn called(name: &str) -> String {
    let called = match name {
        "FN" | "N" => "name",
        "TEL" => "phone number",
        "EMAIL" => "e-mail address",
        "ADR" | "LABEL" => "address",
        "URL" => "link",
        "NOTE" => "note",
        "ORG" => "organisation",
        "TITLE" => "title",
        "CATEGORIES" => "list of tags",
        other => return format!("value of {other}"),
    };
    called.to_owned()
}
