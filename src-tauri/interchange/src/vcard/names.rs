//! Names, organisations, and what kind of record a card is.

use tuttu_model::view::Affiliation;

use super::card::Draft;
use super::escape;
use super::property::Property;

/// What has to wait until the whole card is known.
#[derive(Debug, Default)]
pub(super) struct Names<'p> {
    kind: Option<String>,
    /// Apple's "show as": a company or a person.
    shown_as: Option<String>,
    /// With the group each was in.
    orgs: Vec<(&'p str, Affiliation)>,
    titles: Vec<(&'p str, String)>,
    roles: Vec<(&'p Property<'p>, String)>,
}

impl Names<'_> {
    pub(super) fn is_group(&self) -> bool {
        self.kind.as_deref() == Some("group")
    }
}

impl<'p> Draft<'p> {
    pub(super) fn full_name(&mut self, property: &Property<'_>) {
        if self.view.name.is_empty() {
            self.view.name = self.name_line(property);
        } else if self.plain(property, property.value(), true) != self.view.name {
            self.keep(property);
        }
    }

    pub(super) fn name_parts(&mut self, property: &Property<'_>) {
        let view = &self.view;
        if [&view.given, &view.family, &view.middle, &view.prefix, &view.suffix].iter().any(|part| !part.is_empty()) {
            return self.keep(property);
        }
        let mut parts = Vec::new();
        for part in escape::split(property.value(), b';').take(7) {
            let part = self.name_list(property, part, if parts.len() == 4 { ", " } else { " " });
            parts.push(self.limited_name(property, part));
        }
        let mut parts = parts.into_iter();
        let view = &mut self.view;
        for field in [&mut view.family, &mut view.given, &mut view.middle, &mut view.prefix, &mut view.suffix] {
            *field = parts.next().unwrap_or_default();
        }
        // RFC 9554 adds a second family name and a generation, which careful writers repeat in the older parts.
        for (field, extra) in [&mut view.family, &mut view.suffix].into_iter().zip(parts) {
            if !field.contains(&extra) {
                *field = format!("{field} {extra}").trim().to_owned();
            }
        }
    }

    /// One part of a name, which may be a list.
    fn name_list(&self, property: &Property<'_>, part: &str, between: &str) -> String {
        if self.old || !part.contains(',') {
            return self.plain(property, part, true);
        }
        let items = escape::split(part, b',').map(|item| self.plain(property, item, true));
        items.filter(|item| !item.is_empty()).collect::<Vec<_>>().join(between)
    }

    pub(super) fn nickname(&mut self, property: &Property<'_>) {
        let nicknames = if self.old { vec![self.name_line(property)] } else { self.parts(property, b',') };
        for nickname in nicknames {
            self.add_nickname(&nickname);
        }
    }

    pub(super) fn add_nickname(&mut self, nickname: &str) {
        let held = &mut self.view.nickname;
        if !nickname.is_empty() && !held.split(", ").any(|known| known == nickname) {
            if !held.is_empty() {
                held.push_str(", ");
            }
            held.push_str(nickname);
        }
    }

    pub(super) fn pronouns(&mut self, property: &Property<'_>) {
        if self.view.pronouns.is_empty() {
            self.view.pronouns = self.name_line(property);
        } else {
            self.keep(property);
        }
    }

    pub(super) fn kind(&mut self, property: &Property<'_>) {
        let word = self.name_line(property).to_ascii_lowercase();
        let field = if property.name == "X-ABSHOWAS" { &mut self.names.shown_as } else { &mut self.names.kind };
        *field = Some(word).filter(|word| !word.is_empty());
    }

    pub(super) fn organisation(&mut self, property: &'p Property<'_>) {
        let mut parts = self.parts(property, b';').into_iter();
        let name = parts.next().unwrap_or_default();
        let department = parts.filter(|unit| !unit.is_empty()).collect::<Vec<_>>().join(" / ");
        let department = self.cut(property, department, super::MAX_VALUE);
        let mut param = |name: &str| {
            let value = property.param(name).unwrap_or_default();
            self.limited_name(property, crate::text::clean(&value, true))
        };
        let (since, until, org) = (param("X-SINCE"), param("X-UNTIL"), param("X-ORG-UID"));
        let affiliation = Affiliation { name, department, since, until, org, ..Affiliation::default() };
        // An empty one may still get the title in its group.
        self.names.orgs.push((property.group(), affiliation));
    }

    pub(super) fn title(&mut self, property: &'p Property<'_>) {
        let title = self.one_line(property);
        if !title.is_empty() {
            self.names.titles.push((property.group(), title));
        }
    }

    pub(super) fn role(&mut self, property: &'p Property<'p>) {
        let role = self.one_line(property);
        if !role.is_empty() {
            self.names.roles.push((property, role));
        }
    }

    /// Puts titles to organisations, names the card and says what it is.
    pub(super) fn finish_names(&mut self, begin: u32) {
        self.pair_titles();
        let mut names = std::mem::take(&mut self.names);
        let affiliations = names.orgs.drain(..).map(|(_, affiliation)| affiliation);
        self.view.orgs = affiliations.filter(|affiliation| *affiliation != Affiliation::default()).collect();
        self.view.kind = if self.is_org(&names) { "org".into() } else { "person".into() };
        if let Some(kind) =
            names.kind.as_deref().filter(|kind| !matches!(*kind, "individual" | "person" | "org" | "organization" | "group"))
        {
            self.custom("vcard.kind", kind.to_owned());
        }
        if self.view.name.is_empty() {
            self.name_from_the_rest(begin);
        }
        if self.view.kind == "org" {
            let only_name = Affiliation { name: self.view.name.clone(), ..Affiliation::default() };
            self.view.orgs.retain(|affiliation| *affiliation != only_name);
        }
        self.names = names;
    }

    /// A title belongs to the organisation in its group, else to the next one without a title.
    fn pair_titles(&mut self) {
        let titles = std::mem::take(&mut self.names.titles);
        let roles = std::mem::take(&mut self.names.roles);
        let mut rest = Vec::new();
        let had_titles = !titles.is_empty();
        for (group, title) in titles {
            let same = |(of, affiliation): &&mut (&str, Affiliation)| !group.is_empty() && *of == group && affiliation.title.is_empty();
            match self.names.orgs.iter_mut().find(same) {
                Some((_, affiliation)) => affiliation.title = title,
                None => rest.push((group, title)),
            }
        }
        // A role is nearly a title; it stands in where there is none.
        match roles.as_slice() {
            [(property, role)] if !had_titles => rest.push((property.group(), role.clone())),
            _ => roles.iter().for_each(|(property, _)| self.keep(property)),
        }
        for (group, title) in rest {
            let alone = |(of, affiliation): &&mut (&str, Affiliation)| {
                affiliation.title.is_empty() && *affiliation != Affiliation::default() && (group.is_empty() || of.is_empty())
            };
            match self.names.orgs.iter_mut().find(alone) {
                Some((_, affiliation)) => affiliation.title = title,
                None => self.names.orgs.push((group, Affiliation { title, ..Affiliation::default() })),
            }
        }
    }

    fn is_org(&self, names: &Names<'_>) -> bool {
        match (names.kind.as_deref(), names.shown_as.as_deref()) {
            (Some("org" | "organization" | "location"), _) | (None, Some("company")) => return true,
            (Some(_), _) | (None, Some("person")) => return false,
            (None, _) => {}
        }
        // No parts of a name, and the only name is the organisation's.
        let view = &self.view;
        let has_parts = [&view.given, &view.family, &view.middle, &view.prefix, &view.suffix].iter().any(|part| !part.is_empty());
        let [only] = view.orgs.as_slice() else { return false };
        !has_parts && !only.name.is_empty() && only.title.is_empty() && (view.name.is_empty() || view.name == only.name)
    }

    fn name_from_the_rest(&mut self, begin: u32) {
        let (name, is_a_name) = super::write::fallback_name(&self.view);
        if !is_a_name && !name.is_empty() {
            self.warn(begin, format!("The card has no name; “{name}” stands in for it."));
        }
        self.view.name = name;
    }
}
