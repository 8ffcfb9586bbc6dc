//! Postal addresses.

use std::collections::BTreeSet;

use tuttu_model::view::Address;

use super::card::Draft;
use super::escape;
use super::labels::Item;
use super::property::Property;

/// What has to wait until the whole card is known.
#[derive(Debug, Default)]
pub(super) struct Places<'p> {
    addresses: Vec<Found<'p>>,
    /// The text of delivery labels, which restate an address.
    delivery: Vec<&'p Property<'p>>,
    /// Apple's country codes by group.
    codes: Vec<(&'p str, String)>,
}

#[derive(Debug)]
struct Found<'p> {
    group: &'p str,
    preference: u32,
    address: Address,
}

impl<'p> Places<'p> {
    pub(super) fn delivery_label(&mut self, property: &'p Property<'p>) {
        self.delivery.push(property);
    }

    pub(super) fn country_code(&mut self, property: &'p Property<'_>) {
        let code = property.value();
        if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            self.codes.push((property.group(), code.to_ascii_uppercase()));
        }
    }
}

impl<'p> Draft<'p> {
    pub(super) fn address(&mut self, property: &'p Property<'_>) {
        let mut parts = Vec::new();
        for part in escape::split(property.value(), b';').take(18) {
            let part = self.address_part(property, part);
            parts.push(self.limited(property, part, super::MAX_VALUE));
        }
        let mut parts = parts.into_iter();
        let mut next = || parts.next().unwrap_or_default();
        let (post_box, extended, street) = (next(), next(), next());
        let (city, region, postcode, country) = (next(), next(), next(), next());
        let mut lines: Vec<String> = [street, extended, post_box].into_iter().filter(|line| !line.is_empty()).collect();
        // RFC 9554 adds room, floor, landmark and so on, which careful writers repeat in the older parts.
        for extra in parts {
            if !extra.is_empty() && !lines.iter().any(|line| line.contains(&extra)) {
                lines.push(extra);
            }
        }
        let label = self.label(property, Item::Address);
        let street = self.cut(property, lines.join("\n"), super::MAX_VALUE);
        let mut address = Address { label, street, city, region, postcode, country, ..Address::default() };
        if let Some(whole) = property.param("LABEL") {
            let whole = crate::text::clean(&whole.replace("\\n", "\n"), false);
            let whole = self.limited(property, whole, super::MAX_VALUE);
            self.restated(&mut address, whole);
        }
        if let Some(place) = property.param("GEO") {
            let place = self.limited(property, crate::text::clean(&place, true), super::MAX_VALUE);
            self.custom("vcard.geo", place);
        }
        if !is_empty(&address) {
            let preference = property.preference().unwrap_or(u32::MAX);
            self.places.addresses.push(Found { group: property.group(), preference, address });
        }
    }

    /// One part of an address, which may be a list.
    fn address_part(&self, property: &Property<'_>, part: &str) -> String {
        if self.old || !part.contains(',') {
            return self.plain(property, part, false);
        }
        let items = escape::split(part, b',').map(|item| self.plain(property, item, false));
        items.filter(|item| !item.is_empty()).collect::<Vec<_>>().join(", ")
    }

    /// An address written out as on an envelope: the street of an address without parts, else kept if it says more than the parts.
    fn restated(&mut self, address: &mut Address, whole: String) {
        if is_empty(address) {
            address.street = whole;
        } else if says_more(&whole, address) {
            self.custom("vcard.label", whole);
        }
    }

    pub(super) fn finish_places(&mut self) {
        let mut places = std::mem::take(&mut self.places);
        for property in &places.delivery {
            let whole = self.plain(property, property.value(), false);
            let whole = self.limited(property, whole, super::MAX_VALUE);
            let label = self.label(property, Item::Address);
            match places.addresses.iter_mut().find(|found| found.address.label == label) {
                Some(found) => self.restated(&mut found.address, whole),
                None if whole.is_empty() => {}
                None => {
                    let address = Address { label, street: whole, ..Address::default() };
                    places.addresses.push(Found { group: "", preference: u32::MAX, address });
                }
            }
        }
        for found in places.addresses.iter_mut().filter(|found| found.address.country.is_empty()) {
            let code = places.codes.iter().find(|(group, _)| *group == found.group);
            found.address.country = code.map(|(_, code)| code.clone()).unwrap_or_default();
        }
        // Addresses have no mark for the preferred one: it comes first.
        places.addresses.sort_by_key(|found| found.preference);
        self.view.addresses = places.addresses.into_iter().map(|found| found.address).collect();
    }
}

fn is_empty(address: &Address) -> bool {
    [&address.street, &address.city, &address.region, &address.postcode, &address.country].iter().all(|part| part.is_empty())
}

/// Is there a word in the text that is in no part of the address?
fn says_more(whole: &str, address: &Address) -> bool {
    let parts = [&address.street, &address.city, &address.region, &address.postcode, &address.country].map(|part| part.to_lowercase());
    let known: BTreeSet<&str> = parts.iter().flat_map(|part| words(part)).collect();
    words(&whole.to_lowercase()).any(|word| !known.contains(word))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}
