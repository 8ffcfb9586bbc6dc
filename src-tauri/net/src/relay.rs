//! Which relay to use, if any.

use std::str::FromStr;

use iroh::{RelayMap, RelayMode, RelayUrl};
use tuttu_engine::api::{ErrorCode, ErrorView};

/// The setting with the person's choice.
pub(crate) const SETTING: &str = "net.relay";
/// The relay that came with a link the person used, while they chose none themselves.
pub(crate) const LINK_SETTING: &str = "net.relay.link";

/// A chosen relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Relay {
    /// None: the same network only.
    None,
    /// The public ones of the makers of iroh.
    Public,
    /// One's own.
    Own(RelayUrl),
}

impl FromStr for Relay {
    type Err = ErrorView;

    fn from_str(text: &str) -> Result<Self, ErrorView> {
        match text.trim() {
            "" | "none" | "off" => Ok(Self::None),
            "public" => Ok(Self::Public),
            url if url.starts_with("https://") || url.starts_with("http://") => url.parse().map(Self::Own).map_err(|_| not_a_relay(url)),
            other => Err(not_a_relay(other)),
        }
    }
}

impl Relay {
    /// The relays to talk to.
    pub(crate) fn map(&self) -> RelayMap {
        match self {
            Self::None => RelayMap::empty(),
            Self::Public => RelayMode::Default.relay_map(),
            Self::Own(url) => RelayMap::from_iter([url.clone()]),
        }
    }

    /// What is in force: the option of this run, else the person's setting, else what a link brought.
    ///
    /// # Errors
    /// When the option of this run is no relay. A setting that is none is passed over, so that a typo there never keeps the app from starting.
    pub(crate) fn chosen(option: Option<&str>, setting: Option<&str>, link: Option<&str>) -> Result<Self, ErrorView> {
        if let Some(option) = option {
            return option.parse();
        }
        let lenient = |text: &str| {
            text.parse().unwrap_or_else(|error: ErrorView| {
                tracing::warn!(%error, "the relay in the settings is not used");
                Self::None
            })
        };
        match setting.filter(|setting| !setting.trim().is_empty()) {
            Some(setting) => Ok(lenient(setting)),
            None => Ok(link.map_or(Self::None, lenient)),
        }
    }
}

fn not_a_relay(text: &str) -> ErrorView {
    let shown: String = text.chars().take(100).collect();
    ErrorView::new(ErrorCode::Invalid, format!("“{shown}” is not a relay."), "Give the address of a relay (https://…), or the word public.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use super::*;

    #[test]
    fn nothing_chosen_means_no_relay() {
        assert_eq!(Relay::chosen(None, None, None).unwrap(), Relay::None);
        assert_eq!(Relay::chosen(None, Some(""), None).unwrap(), Relay::None);
        assert!(Relay::None.map().is_empty());
    }

    #[test]
    fn the_option_goes_before_the_setting_and_the_setting_before_a_link() {
        let own = |url: &str| Relay::Own(url.parse().unwrap());
        let chosen = |option, setting, link| Relay::chosen(option, setting, link).unwrap();
        assert_eq!(chosen(Some("public"), Some("https://a.example"), None), Relay::Public);
        assert_eq!(chosen(None, Some("https://a.example"), Some("https://b.example")), own("https://a.example"));
        assert_eq!(chosen(None, None, Some("https://b.example")), own("https://b.example"));
        assert_eq!(chosen(None, Some("none"), Some("https://b.example")), Relay::None, "none is a choice, too");
    }

    #[test]
    fn nonsense_is_an_error_where_it_was_typed_and_passed_over_where_it_was_kept() {
        let error = Relay::chosen(Some("relay"), None, None).unwrap_err();
        assert_eq!(error.message, "“relay” is not a relay.");
        assert_eq!(Relay::chosen(None, Some("relay"), None).unwrap(), Relay::None);
    }
}
