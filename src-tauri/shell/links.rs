//! `tuttu:` links from arguments, from a second start of the app and from the system.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use tauri::{AppHandle, Emitter, Manager};

/// No invitation is longer; a longer text is not looked at.
const LONGEST: usize = 4_096;
const EVENT: &str = "open-link";

#[derive(Debug, Clone, Serialize)]
struct OpenLink<'a> {
    link: &'a str,
}

/// Whether this looks like a link for Tuttu. What is in it, the engine judges.
pub(crate) fn is_link(text: &str) -> bool {
    text.len() <= LONGEST
        && text.split_once(':').is_some_and(|(scheme, rest)| scheme.eq_ignore_ascii_case("tuttu") && !rest.is_empty())
        && !text.chars().any(char::is_control)
}

/// Hands links to the window. One that comes before the page has asked for the vault waits until it does.
#[derive(Debug)]
pub(crate) struct Links(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    page_is_there: bool,
    waiting: Option<String>,
}

impl Links {
    /// The link the app was started with waits for the page.
    pub(crate) fn starting_with(link: Option<String>) -> Self {
        Self(Mutex::new(State { page_is_there: false, waiting: link }))
    }

    /// Hands a link to the page, now or when it is there. The newest wins.
    pub(crate) fn deliver(&self, app: &AppHandle, link: &str) {
        if let Some(link) = self.now_or_later(link)
            && let Err(error) = app.emit(EVENT, OpenLink { link })
        {
            tracing::warn!(%error, "a link could not be handed to the window");
        }
    }

    fn now_or_later<'a>(&self, link: &'a str) -> Option<&'a str> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.page_is_there {
            return Some(link);
        }
        state.waiting = Some(link.to_owned());
        None
    }

    /// The page is there; the link that waited for it, once.
    pub(crate) fn page_is_there(&self) -> Option<String> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.page_is_there = true;
        state.waiting.take()
    }
}

/// On macOS links come as an event; elsewhere as an argument of this process or of a second one, see [`crate::run`].
pub(crate) fn listen_to_the_system(app: &AppHandle) {
    if !cfg!(target_os = "macos") {
        return;
    }
    use tauri_plugin_deep_link::DeepLinkExt;
    let handle = app.clone();
    app.deep_link().on_open_url(move |event| {
        for url in event.urls() {
            if is_link(url.as_str()) {
                handle.state::<Links>().deliver(&handle, url.as_str());
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_of_tuttu_are_taken() {
        for good in ["tuttu://join/ABC234", "tuttu:join/ABC234", "TUTTU://JOIN/ABC", "tuttu://computer/ABC"] {
            assert!(is_link(good), "{good}");
        }
        for bad in ["", "tuttu", "tuttu:", "https://tuttu.example", "tuttu-join:ABC", "tuttu://join/A\nB", "--vault"] {
            assert!(!is_link(bad), "{bad}");
        }
        assert!(!is_link(&format!("tuttu:{}", "A".repeat(LONGEST))));
    }

    #[test]
    fn a_link_waits_for_the_page_once() {
        let links = Links::starting_with(Some("tuttu:join/A".into()));
        assert_eq!(links.now_or_later("tuttu:join/B"), None);
        assert_eq!(links.page_is_there().as_deref(), Some("tuttu:join/B"));
        assert_eq!(links.page_is_there(), None);
        assert_eq!(links.now_or_later("tuttu:join/C"), Some("tuttu:join/C"));
    }
}
