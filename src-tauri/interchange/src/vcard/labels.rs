//! `TYPE` words and Apple's `X-ABLabel` to the label of an item, and back.

use super::Version;

/// What an item is: each kind has its own `TYPE` words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    Phone,
    Email,
    Address,
    Url,
}

/// `TYPE` words that are called something else in a label.
const RENAMED: [(&str, &str); 3] = [("cell", "mobile"), ("main-number", "main"), ("x-mobile", "mobile")];

/// Where: these come first in a label.
const PLACES: [&str; 3] = ["work", "home", "other"];

/// Labels that Apple translates, in its own spelling.
const APPLE: [(&str, &str); 20] = [
    ("anniversary", "Anniversary"),
    ("assistant", "Assistant"),
    ("brother", "Brother"),
    ("child", "Child"),
    ("father", "Father"),
    ("friend", "Friend"),
    ("home", "Home"),
    ("home fax", "HomeFAX"),
    ("home page", "HomePage"),
    ("main", "Main"),
    ("manager", "Manager"),
    ("mobile", "Mobile"),
    ("mother", "Mother"),
    ("other", "Other"),
    ("parent", "Parent"),
    ("partner", "Partner"),
    ("school", "School"),
    ("sister", "Sister"),
    ("spouse", "Spouse"),
    ("work", "Work"),
];

/// Words that say nothing a label should say: what every number, address or mailbox is unless told otherwise.
fn says_nothing(word: &str, item: Item) -> bool {
    word == "pref"
        || match item {
            Item::Phone => word == "voice",
            Item::Email => word == "internet",
            Item::Address => matches!(word, "dom" | "intl" | "postal" | "parcel"),
            Item::Url => false,
        }
}

/// The label that `TYPE` words make: place first, `work mobile`.
pub(super) fn of_types(types: &[String], item: Item) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in types.iter().filter(|word| !says_nothing(word, item)) {
        let word = RENAMED.iter().find(|(name, _)| name == word).map_or(word.as_str(), |(_, label)| label);
        if !words.contains(&word) {
            words.push(word);
        }
    }
    // Apple calls an iPhone a cell phone as well.
    if words.contains(&"iphone") {
        words.retain(|word| *word != "mobile");
    }
    words.sort_by_key(|word| !PLACES.contains(word));
    words.join(" ")
}

/// The label of an item with both `TYPE` words and an `X-ABLabel`: the latter, and what it does not say about the device.
pub(super) fn of_both(types: &[String], apple: &str, item: Item) -> String {
    let label = from_apple(apple);
    let lower = label.to_lowercase();
    let device = types.iter().find(|word| matches!(word.as_str(), "fax" | "pager") && !lower.contains(word.as_str()));
    match (label.is_empty(), device) {
        (true, _) => of_types(types, item),
        (false, Some(device)) => format!("{label} {device}"),
        (false, None) => label,
    }
}

/// `_$!<HomePage>!$_` to `home page`; other labels are the person's own words and stay as they are.
pub(super) fn from_apple(label: &str) -> String {
    let Some(name) = label.strip_prefix("_$!<").and_then(|rest| rest.strip_suffix(">!$_")) else {
        return label.to_owned();
    };
    let mut words = String::with_capacity(name.len() + 2);
    let mut after_lower = false;
    for letter in name.chars() {
        if letter.is_uppercase() && after_lower {
            words.push(' ');
        }
        after_lower = !letter.is_uppercase();
        words.extend(letter.to_lowercase());
    }
    words.trim().to_owned()
}

/// The value of `X-ABLabel` for a label.
pub(super) fn to_apple(label: &str) -> String {
    APPLE.iter().find(|(ours, _)| *ours == label).map_or_else(|| label.to_owned(), |(_, apple)| format!("_$!<{apple}>!$_"))
}

/// The `TYPE` words that say exactly this label in this version. `None`: there are none, it needs an `X-ABLabel`.
pub(super) fn to_types(label: &str, item: Item, version: Version) -> Option<Vec<String>> {
    if label.is_empty() {
        return Some(Vec::new());
    }
    let allowed: &[&str] = match (item, version) {
        (Item::Phone, Version::V3) => {
            &["work", "home", "other", "cell", "fax", "pager", "main", "iphone", "car", "isdn", "modem", "msg", "video", "pcs", "bbs"]
        }
        (Item::Phone, Version::V4) => &["work", "home", "cell", "fax", "pager", "main-number", "text", "textphone", "video"],
        (Item::Email, Version::V3) => &["work", "home", "other", "x400"],
        (Item::Address | Item::Url, Version::V3) => &["work", "home", "other"],
        (Item::Email | Item::Address | Item::Url, Version::V4) => &["work", "home"],
    };
    let mut types = Vec::new();
    for word in label.split(' ') {
        let named = |name: &&&str| **name == word || RENAMED.iter().any(|(from, to)| from == *name && *to == word);
        types.push((*allowed.iter().find(named)?).to_owned());
    }
    (of_types(&types, item) == label).then_some(types)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(types: &[&str]) -> String {
        let types: Vec<String> = types.iter().map(|word| (*word).to_owned()).collect();
        of_types(&types, Item::Phone)
    }

    #[test]
    fn types_make_labels() {
        assert_eq!(label(&["cell"]), "mobile");
        assert_eq!(label(&["voice", "cell", "work", "pref"]), "work mobile");
        assert_eq!(label(&["fax", "home"]), "home fax");
        assert_eq!(label(&["iphone", "cell", "voice"]), "iphone");
        assert_eq!(label(&["voice"]), "");
    }

    #[test]
    fn labels_come_back_from_their_types() {
        for version in [Version::V3, Version::V4] {
            for label in ["", "work", "home", "mobile", "work mobile", "home fax", "main", "pager"] {
                let types = to_types(label, Item::Phone, version);
                assert_eq!(types.map(|types| of_types(&types, Item::Phone)).as_deref(), Some(label));
            }
            for label in ["Summer house", "fax work", "mobile mobile", " work", "Work"] {
                assert_eq!(to_types(label, Item::Phone, version), None, "{label}");
            }
        }
        assert_eq!(to_types("other", Item::Phone, Version::V4), None, "not a word of vCard 4.0");
    }

    #[test]
    fn apple_labels_both_ways() {
        for (label, _) in APPLE {
            assert_eq!(from_apple(&to_apple(label)), label);
        }
        assert_eq!(from_apple("_$!<WorkFAX>!$_"), "work fax");
        assert_eq!(from_apple("Oma’s house"), "Oma’s house");
        assert_eq!(of_both(&["fax".into()], "Warehouse", Item::Phone), "Warehouse fax");
    }
}
