//! Groups: cards that only list other cards. They become tags.

use std::collections::{BTreeMap, BTreeSet};

use super::escape;
use super::lines::{self, Cursor, Lines};
use super::property::Property;

/// The groups of a file.
#[derive(Debug, Default)]
pub(super) struct Groups {
    tags: BTreeMap<String, BTreeSet<String>>,
    /// The identifiers in the file; filled only where there are groups.
    uids: BTreeSet<String>,
}

impl Groups {
    /// Looks through the file for group cards. A file without any is searched for one word only.
    pub(super) fn find(text: &[u8]) -> Self {
        let mut groups = Self::default();
        if !mentions_groups(text) {
            return groups;
        }
        let mut members: Vec<String> = Vec::new();
        let (mut name, mut is_group) = (String::new(), false);
        for line in Lines::at(text, Cursor::default()) {
            if lines::is_begin(&line.bytes) || lines::is_end(&line.bytes) {
                if is_group && !name.is_empty() {
                    for member in members.drain(..) {
                        groups.tags.entry(member).or_default().insert(name.clone());
                    }
                }
                members.clear();
                (name, is_group) = (String::new(), false);
                continue;
            }
            let Some(property) = Property::read(&line) else { continue };
            match property.name.as_str() {
                "KIND" | "X-ADDRESSBOOKSERVER-KIND" => is_group |= property.value().eq_ignore_ascii_case("group"),
                "MEMBER" | "X-ADDRESSBOOKSERVER-MEMBER" => members.push(normal(property.value())),
                "FN" => name = tag(&property),
                "N" if name.is_empty() => name = tag(&property),
                "UID" => {
                    groups.uids.insert(normal(property.value()));
                }
                _ => {}
            }
        }
        groups
    }

    /// The tags that groups of the file put on the card with this identifier.
    pub(super) fn tags_of(&self, uid: &str) -> impl Iterator<Item = &String> + use<'_> {
        self.tags.get(&normal(uid)).into_iter().flatten()
    }

    pub(super) fn are_empty(&self) -> bool {
        self.tags.is_empty()
    }

    /// Is there a card with this identifier in the file?
    pub(super) fn holds(&self, uid: &str) -> bool {
        self.uids.contains(&normal(uid))
    }
}

/// The name of a group as a tag.
fn tag(property: &Property<'_>) -> String {
    let parts = escape::split(property.value(), b';').map(|part| crate::text::clean(&escape::unescaped(part), true));
    if property.name == "FN" {
        return short(&crate::text::clean(&escape::unescaped(property.value()), true));
    }
    short(&parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
}

fn short(name: &str) -> String {
    name.chars().take(super::MAX_NAME).collect()
}

/// Identifiers are compared without case and without the scheme of UUIDs.
fn normal(uid: &str) -> String {
    let lower = uid.trim().to_lowercase();
    lower.strip_prefix("urn:uuid:").map_or_else(|| lower.clone(), str::to_owned)
}

fn mentions_groups(text: &[u8]) -> bool {
    let word = b"kind:group";
    let begins = |at: usize| text.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word));
    text.iter().enumerate().any(|(at, byte)| matches!(byte, b'K' | b'k') && begins(at))
}
