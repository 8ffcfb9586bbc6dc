//! Phone numbers, e-mail addresses, links and messaging addresses.

use tuttu_model::view::Labelled;

use super::card::Draft;
use super::ims::{self, Profile};
use super::labels::{self, Item};
use super::property::Property;

/// What has to wait until the whole card is known: which of them is preferred.
#[derive(Debug, Default)]
pub(super) struct Contact {
    phones: Vec<Found>,
    emails: Vec<Found>,
    urls: Vec<Found>,
    ims: Vec<Found>,
}

#[derive(Debug)]
struct Found {
    /// 1 is the most preferred.
    preference: Option<u32>,
    item: Labelled,
}

impl Draft<'_> {
    /// The label of an item, from wherever its writer put it.
    pub(super) fn label(&mut self, property: &Property<'_>, item: Item) -> String {
        let types = property.types();
        let label = match self.label_of(property).map(str::to_owned).or_else(|| property.android_label()) {
            Some(own) => labels::of_both(&types, &own, item),
            None => labels::of_types(&types, item),
        };
        self.limited_name(property, label)
    }

    pub(super) fn phone(&mut self, property: &Property<'_>) {
        let value = self.one_line(property);
        let number = without_scheme(&value, "tel:");
        let value = if number.len() < value.len() { number.replace(";ext=", " ext. ") } else { value };
        let label = self.label(property, Item::Phone);
        add(&mut self.contact.phones, property, label, value);
    }

    pub(super) fn email(&mut self, property: &Property<'_>) {
        let value = self.one_line(property);
        let value = without_scheme(&value, "mailto:").to_owned();
        let label = self.label(property, Item::Email);
        add(&mut self.contact.emails, property, label, value);
    }

    pub(super) fn link(&mut self, property: &Property<'_>) {
        let value = self.one_line(property);
        let label = self.label(property, Item::Url);
        add(&mut self.contact.urls, property, label, value);
    }

    pub(super) fn profile(&mut self, property: &Property<'_>) {
        for profile in ims::read_profile(property, self.label_of(property)) {
            match profile {
                Profile::Link(address) => {
                    let address = self.limited_address(property, address);
                    add_once(&mut self.contact.urls, property, address);
                }
                Profile::Name(address) => {
                    let address = self.limited_address(property, address);
                    add_once(&mut self.contact.ims, property, address);
                }
            }
        }
    }

    pub(super) fn im(&mut self, property: &Property<'_>) {
        if let Some(address) = ims::read(property, self.label_of(property)) {
            let address = self.limited_address(property, address);
            add_once(&mut self.contact.ims, property, address);
        }
    }

    fn limited_address(&mut self, property: &Property<'_>, address: ims::Address) -> ims::Address {
        let label = self.limited_name(property, address.label);
        ims::Address { label, value: self.limited(property, address.value, super::MAX_VALUE) }
    }

    pub(super) fn finish_contact(&mut self) {
        let Contact { phones, emails, urls, ims } = std::mem::take(&mut self.contact);
        self.view.phones = preferred(phones);
        self.view.emails = preferred(emails);
        self.view.urls = preferred(urls);
        self.view.ims = preferred(ims);
    }
}

/// A preference is a number in files and a flag in records: the most preferred of its kind has it, and the order says the rest.
fn preferred(mut found: Vec<Found>) -> Vec<Labelled> {
    let first = found.iter().filter_map(|one| one.preference).min();
    if found.iter().any(|one| one.preference > Some(1)) {
        found.sort_by_key(|one| one.preference.unwrap_or(u32::MAX));
    }
    let with_flag = |one: Found| Labelled { pref: one.preference.is_some() && one.preference == first, ..one.item };
    found.into_iter().map(with_flag).collect()
}

/// Programs write an address both in the old and the new way.
fn add_once(list: &mut Vec<Found>, property: &Property<'_>, address: ims::Address) {
    let same = |known: &Found| known.item.value == address.value && known.item.label.eq_ignore_ascii_case(&address.label);
    if !list.iter().any(same) {
        add(list, property, address.label, address.value);
    }
}

fn add(list: &mut Vec<Found>, property: &Property<'_>, label: String, value: String) {
    if !value.is_empty() {
        let item = Labelled { label, value, ..Labelled::default() };
        list.push(Found { preference: property.preference(), item });
    }
}

/// What follows a scheme, in any case, however often it is there.
fn without_scheme<'t>(text: &'t str, scheme: &str) -> &'t str {
    let mut rest = text;
    while let Some((found, after)) = rest.split_at_checked(scheme.len())
        && found.eq_ignore_ascii_case(scheme)
    {
        rest = after.trim();
    }
    rest
}
