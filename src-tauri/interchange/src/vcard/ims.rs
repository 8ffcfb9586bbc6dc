//! Messaging addresses and social profiles.

use super::escape;
use super::labels;
use super::property::Property;

/// Services by label, with the scheme of their addresses and the names others give them (lower case, letters only).
const SERVICES: [(&str, &str, &[&str]); 16] = [
    ("aim", "aim", &["aim", "aol"]),
    ("facebook", "xmpp", &["facebook", "facebookmessenger"]),
    ("gadu-gadu", "x-apple", &["gadugadu"]),
    ("google talk", "xmpp", &["googletalk", "gtalk", "hangouts"]),
    ("groupwise", "groupwise", &["groupwise"]),
    ("icq", "icq", &["icq"]),
    ("irc", "irc", &["irc"]),
    ("jabber", "xmpp", &["jabber"]),
    ("matrix", "matrix", &["matrix"]),
    ("msn", "msnim", &["msn", "msnim"]),
    ("qq", "x-apple", &["qq"]),
    ("signal", "x-apple", &["signal"]),
    ("sip", "sip", &["sip"]),
    ("skype", "skype", &["skype", "skypeusername"]),
    ("xmpp", "xmpp", &["xmpp"]),
    ("yahoo", "ymsgr", &["yahoo", "ymsgr"]),
];

/// Services whose links are profiles.
const PROFILES: [&str; 14] = [
    "bluesky",
    "facebook",
    "flickr",
    "github",
    "instagram",
    "linkedin",
    "mastodon",
    "myspace",
    "pinterest",
    "profile",
    "tiktok",
    "twitter",
    "xing",
    "youtube",
];

/// The scheme for an address of a service nobody registered one for; Apple's.
const ANY_SERVICE: &str = "x-apple";

/// The scheme for an address without a service.
const NO_SERVICE: &str = "im";

/// A labelled address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) label: String,
    pub(super) value: String,
}

/// What an address becomes in a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) uri: String,
    pub(super) service: String,
    pub(super) place: String,
    /// The label where service and place do not say it.
    pub(super) own_label: Option<String>,
}

/// The service of an old property such as `X-AIM`. `None`: it is not one.
pub(super) fn service_of_property(name: &str) -> Option<&'static str> {
    let name = name.strip_prefix("X-")?;
    if matches!(name, "FACEBOOK") {
        return None;
    }
    known(name)
}

fn known(name: &str) -> Option<&'static str> {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    SERVICES.iter().find(|(_, _, names)| names.contains(&name.as_str())).map(|(label, ..)| *label)
}

fn canonical_service(name: &str) -> String {
    known(name).map_or_else(|| name.trim().to_owned(), str::to_owned)
}

/// The scheme of an address under a label; it is left out of the value.
fn scheme_of(label: &str) -> &'static str {
    let lower = label.to_lowercase();
    let (_, service) = place_and_service(&lower);
    if service.is_empty() {
        return NO_SERVICE;
    }
    SERVICES.iter().find(|(label, ..)| *label == service).map_or(ANY_SERVICE, |(_, scheme, _)| scheme)
}

fn place_and_service(label: &str) -> (&str, &str) {
    if matches!(label, "work" | "home") {
        return (label, "");
    }
    let place = label.split_once(' ').filter(|(place, service)| matches!(*place, "work" | "home") && !service.is_empty());
    place.unwrap_or(("", label))
}

/// The scheme of a URI and what follows.
fn split_uri(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let mut letters = scheme.bytes();
    let begins = letters.next().is_some_and(|first| first.is_ascii_alphabetic());
    let goes_on = letters.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    (begins && goes_on && scheme.len() > 1).then_some((scheme, rest))
}

/// Reads `IMPP` and the older properties of one service.
pub(super) fn read(property: &Property<'_>, apple_label: Option<&str>) -> Option<Address> {
    let uri = escape::unescaped(property.value());
    let uri = crate::text::clean(&uri, true);
    if uri.is_empty() {
        return None;
    }
    let types = property.types();
    let place = types.iter().find(|word| matches!(word.as_str(), "work" | "home")).map_or("", String::as_str);
    let parts = split_uri(&uri);
    let of_scheme = || {
        SERVICES
            .iter()
            .find(|(label, scheme, _)| parts.is_some_and(|(found, _)| found.eq_ignore_ascii_case(scheme) && (known(found) == Some(label))))
    };
    let named = service_of_property(&property.name)
        .map(str::to_owned)
        .or_else(|| property.param("SERVICE-TYPE").or_else(|| property.param("X-SERVICE-TYPE")).map(|name| canonical_service(&name)))
        .or_else(|| types.iter().find_map(|word| known(word)).map(str::to_owned))
        .or_else(|| apple_label.is_none().then(of_scheme).flatten().map(|(label, ..)| (*label).to_owned()))
        .unwrap_or_default();
    let label = label_of(apple_label, place, &named);
    let value = match parts {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(scheme_of(&label)) => percent_decoded(rest),
        _ => uri,
    };
    let value = crate::text::clean(&value, true);
    (!value.is_empty()).then_some(Address { label, value })
}

fn label_of(apple_label: Option<&str>, place: &str, service: &str) -> String {
    match apple_label.map(labels::from_apple) {
        Some(own) if own.to_lowercase().contains(&service.to_lowercase()) => own,
        Some(own) => format!("{own} {service}"),
        None => [place, service].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "),
    }
}

/// How an address is written, so that [`read`] gives it back.
pub(super) fn write(address: &Address) -> Written {
    let scheme = scheme_of(&address.label);
    let own_scheme = split_uri(&address.value).is_some_and(|(found, _)| !found.eq_ignore_ascii_case(scheme));
    let is_uri = own_scheme && address.value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let uri = if is_uri { address.value.clone() } else { format!("{scheme}:{}", percent_encoded(&address.value)) };
    let (place, service) = place_and_service(&address.label);
    let says_it = !address.label.is_empty() && label_of(None, place, &canonical_service(service)) == address.label;
    let own_label = (!address.label.is_empty() && !says_it).then(|| labels::to_apple(&address.label));
    let (place, service) = if own_label.is_some() { ("", "") } else { (place, service) };
    Written { uri, service: service.to_owned(), place: place.to_owned(), own_label }
}

/// A social profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Profile {
    /// A link to it.
    Link(Address),
    /// The name there.
    Name(Address),
}

/// Reads `SOCIALPROFILE` and `X-SOCIALPROFILE`.
pub(super) fn read_profile(property: &Property<'_>, apple_label: Option<&str>) -> Vec<Profile> {
    let value = crate::text::clean(&escape::unescaped(property.value()), true);
    let types = property.types();
    let typed = || types.iter().find(|word| !matches!(word.as_str(), "pref" | "work" | "home")).cloned();
    let service = property.param("SERVICE-TYPE").or_else(|| property.param("X-SERVICE-TYPE")).or_else(typed);
    let service = service.or_else(|| apple_label.map(labels::from_apple)).unwrap_or_else(|| "profile".into());
    let lower = service.to_lowercase();
    let label = if PROFILES.contains(&lower.as_str()) { lower } else { service };
    let user = ["X-USER", "USERNAME", "X-DISPLAYNAME"].iter().find_map(|name| property.param(name)).filter(|user| !user.trim().is_empty());
    let mut profiles = Vec::new();
    let is_link = is_web(&value);
    if is_link {
        profiles.push(Profile::Link(Address { label: label.clone(), value: value.clone() }));
    }
    let name = match user {
        Some(user) if !is_link || !value.to_lowercase().contains(&user.to_lowercase()) => Some(user),
        Some(_) => None,
        None if is_link => None,
        None => Some(value.strip_prefix("x-apple:").unwrap_or(&value).to_owned()),
    };
    let name = name.map(|name| crate::text::clean(&name, true)).filter(|name| !name.is_empty());
    profiles.extend(name.map(|value| Profile::Name(Address { label, value })));
    profiles
}

/// Is a link with this label written as a social profile?
pub(super) fn is_profile(label: &str, value: &str) -> bool {
    PROFILES.contains(&label) && is_web(value) && super::write::is_plain_uri(value)
}

fn is_web(value: &str) -> bool {
    split_uri(value).is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
}

fn percent_encoded(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@+/!$'()*=:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let decoded = crate::text::hex_codes(text.as_bytes(), b'%');
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::borrow::Cow;

    use super::*;

    fn impp(line: &str, label: Option<&str>) -> (String, String) {
        let address = read(&Property::parse(Cow::Borrowed(line), 1).unwrap(), label).unwrap();
        (address.label, address.value)
    }

    #[test]
    fn addresses_of_many_services() {
        let cases = [
            ("IMPP;X-SERVICE-TYPE=Skype;type=pref:skype:mara.lind", None, "skype", "mara.lind"),
            ("IMPP;X-SERVICE-TYPE=GoogleTalk;type=HOME:xmpp:mara@talk.example", None, "home google talk", "mara@talk.example"),
            ("IMPP:xmpp:mara%40home@chat.example", None, "xmpp", "mara@home@chat.example"),
            ("IMPP;SERVICE-TYPE=Threema:x-apple:ABCD", None, "Threema", "ABCD"),
            ("X-AIM;type=HOME:mara", None, "home aim", "mara"),
            ("IMPP;X-SERVICE-TYPE=QQ:x-apple:123", Some("Gaming"), "Gaming qq", "123"),
            ("IMPP:https\\://chat.example/mara", None, "", "https://chat.example/mara"),
        ];
        for (line, label, expected_label, value) in cases {
            assert_eq!(impp(line, label), (expected_label.to_owned(), value.to_owned()), "{line}");
        }
    }

    #[test]
    fn written_addresses_come_back() {
        let labels = ["", "work", "skype", "home skype", "Skype", "signal", "Gaming", "work the other one", "two words"];
        let values = ["mara", "ma ra ü;,", "https://chat.example/@mara", "skype:mara", "a\\b", "100%", "x:y"];
        for (label, value) in labels.iter().flat_map(|label| values.iter().map(move |value| (*label, *value))) {
            // Without a service, the scheme names it: `skype:mara` becomes `mara` on Skype.
            if matches!(label, "" | "work") && value.starts_with("skype") {
                continue;
            }
            let address = Address { label: label.to_owned(), value: value.to_owned() };
            let written = write(&address);
            let mut line = "IMPP".to_owned();
            for (name, param) in [("TYPE", &written.place), ("SERVICE-TYPE", &written.service)] {
                if !param.is_empty() {
                    line.push_str(&format!(";{name}={}", escape::param(param)));
                }
            }
            line.push_str(&format!(":{}", written.uri));
            assert_eq!(impp(&line, written.own_label.as_deref()), (address.label, address.value), "{line}");
        }
    }
}
