//! The words every space has: statuses, labels, types of relation. A space adds its own with definitions.

/// Types of relation with what they are called from the other side. A record with `parent` → B says that B is its parent.
pub const RELATIONS: [(&str, &str); 17] = [
    ("introduced by", "introduced"),
    ("introduced", "introduced by"),
    ("parent", "child"),
    ("child", "parent"),
    ("spouse", "spouse"),
    ("partner", "partner"),
    ("sibling", "sibling"),
    ("friend", "friend"),
    ("colleague", "colleague"),
    ("manager", "report"),
    ("report", "manager"),
    ("assistant", "assistant of"),
    ("assistant of", "assistant"),
    ("member of", "member"),
    ("member", "member of"),
    ("about", "mentioned in"),
    ("related", "related"),
];

/// Statuses with what they count as.
pub const STATUSES: [(&str, Category); 5] = [
    ("open", Category::Open),
    ("done", Category::Done),
    ("cancelled", Category::Cancelled),
    ("tentative", Category::Open),
    ("confirmed", Category::Open),
];

/// What a status counts as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Category {
    /// Still to do.
    #[default]
    Open,
    /// Done.
    Done,
    /// Not to be done any more.
    Cancelled,
}

impl Category {
    /// `open`, `done` or `cancelled`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }
}

impl From<&str> for Category {
    /// Any other word counts as open: nobody loses a task to a word.
    fn from(word: &str) -> Self {
        match word {
            "done" => Self::Done,
            "cancelled" => Self::Cancelled,
            _ => Self::Open,
        }
    }
}

/// Labels offered for the items of a list.
#[must_use]
pub fn labels(list: &str) -> &'static [&'static str] {
    match list {
        "phones" => &["mobile", "work", "home", "main", "fax"],
        "emails" => &["work", "home"],
        "addresses" => &["work", "home", "postal", "invoice"],
        "urls" => &["website", "blog", "profile"],
        "ims" => &["signal", "whatsapp", "matrix", "telegram"],
        "dates" => &["anniversary", "first met", "died"],
        "languages" => &["native", "fluent", "some"],
        "keys" => &["pgp", "ssh", "x509"],
        "identifiers" => &["VAT", "register", "ORCID"],
        _ => &[],
    }
}

/// The built-in name of a type of relation from the other side.
#[must_use]
pub fn reverse(kind: &str) -> Option<&'static str> {
    let kind = kind.trim().to_lowercase();
    RELATIONS.iter().find(|(name, _)| *name == kind).map(|(_, reverse)| *reverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_reverse_is_the_reverse_of_it() {
        for (name, other) in RELATIONS {
            let back = reverse(other);
            assert!(back == Some(name) || back.is_none(), "{name} → {other} → {back:?}");
        }
        assert_eq!(reverse(" Spouse "), Some("spouse"));
        assert_eq!(reverse("negotiates with"), None);
    }

    #[test]
    fn an_unknown_status_is_open() {
        assert_eq!(Category::from("waiting"), Category::Open);
        assert_eq!(Category::from(Category::Done.as_str()), Category::Done);
    }
}
