//! Links that leave the app, to the system's browser, mail or telephone. Cards come from anywhere, so what is in them is checked here, not in the page.

use tauri::{AppHandle, Url};
use tauri_plugin_opener::OpenerExt;
use tuttu_engine::api::{ErrorCode, ErrorView};

const LONGEST: usize = 8_192;

/// Opens a link outside.
///
/// # Errors
/// When it is not a web, mail or telephone link, or the system has nothing to open it with.
pub(crate) fn open(app: &AppHandle, link: &str) -> Result<(), ErrorView> {
    let url = checked(link)?;
    app.opener().open_url(url.as_str(), None::<&str>).map_err(|error| {
        tracing::warn!(%error, "a link could not be opened");
        ErrorView::new(
            ErrorCode::Internal,
            format!("This computer has nothing to open {} links with.", url.scheme()),
            "Copy the link and paste it where you need it.",
        )
    })
}

/// The link as a URL, if it is of a kind that may leave.
fn checked(link: &str) -> Result<Url, ErrorView> {
    let refuse = |why: &str| Err(ErrorView::new(ErrorCode::Invalid, why, "Only web, mail and telephone links are opened, outside Tuttu."));
    if link.len() > LONGEST || link.chars().any(char::is_control) {
        return refuse("This is not a link.");
    }
    let Ok(url) = Url::parse(link) else {
        return refuse("This is not a link.");
    };
    match url.scheme() {
        "http" | "https" if url.host_str().is_some_and(|host| !host.is_empty()) => Ok(url),
        "mailto" | "tel" => Ok(url),
        _ => refuse("Links of this kind are not opened."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_mail_and_telephone_links_leave() {
        for good in [
            "https://harbourline.example/a?b=c#d",
            "HTTP://harbourline.example",
            "mailto:priya@harbourline.example?subject=Quay",
            "tel:+44-7700-900142",
        ] {
            assert!(checked(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn nothing_else_leaves() {
        let long = format!("https://x.example/{}", "a".repeat(LONGEST));
        for bad in [
            "",
            "harbourline.example",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:text/html,x",
            "smb://server/share",
            "vscode://x",
            "tuttu://join/ABC",
            "ftp://x.example",
            "https://",
            "https://x.example/\nX: y",
            " javascript:alert(1)",
            long.as_str(),
        ] {
            assert!(checked(bad).is_err(), "{bad}");
        }
    }
}
