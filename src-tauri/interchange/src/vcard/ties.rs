//! Tags and relations: what ties a record to others.

use tuttu_model::view::Relation;

use super::card::Draft;
use super::labels;
use super::property::Property;

impl Draft<'_> {
    pub(super) fn tags(&mut self, property: &Property<'_>) {
        let tags = self.parts(property, b',');
        // Google puts every contact in this group.
        self.view.tags.extend(tags.into_iter().filter(|tag| !tag.is_empty() && !tag.eq_ignore_ascii_case("myContacts")));
    }

    pub(super) fn related(&mut self, property: &Property<'_>) {
        let value = self.one_line(property);
        let types: Vec<String> = property.types().into_iter().filter(|word| word != "pref").collect();
        let kind = self.label_of(property).map_or_else(|| types.join(", "), labels::from_apple);
        let kind = self.limited_name(property, kind);
        if value.is_empty() {
            return;
        }
        let is_text = property.name == "X-ABRELATEDNAMES" || property.param("VALUE").is_some_and(|kind| kind.eq_ignore_ascii_case("text"));
        let is_link = !is_text && value.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("urn:"));
        if is_link {
            self.view.relations.push(Relation { kind, id: value, ..Relation::default() });
        } else {
            self.related_name(&kind, value);
        }
    }

    /// Somebody who is only a name is no record to link to.
    pub(super) fn related_name(&mut self, kind: &str, name: String) {
        let key = if kind.is_empty() { "vcard.related".to_owned() } else { format!("vcard.related.{kind}") };
        self.custom(&key, name);
    }
}
