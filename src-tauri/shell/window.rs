//! The one window, and where it may go: nowhere but the app's own page.

use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Manager, Url, WebviewUrl, WebviewWindowBuilder};

/// The window's name; the capabilities speak of it.
pub(crate) const LABEL: &str = "main";

/// Makes the window.
///
/// # Errors
/// When the system cannot.
pub(crate) fn open(app: &AppHandle) -> tauri::Result<()> {
    let dev_server = if tauri::is_dev() { app.config().build.dev_url.clone() } else { None };
    WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title("Tuttu")
        .inner_size(1360.0, 860.0)
        .min_inner_size(960.0, 640.0)
        .on_navigation(move |url| {
            let own = is_own(url, dev_server.as_ref());
            if !own {
                tracing::warn!(scheme = url.scheme(), "the page wanted to go elsewhere and was kept");
            }
            own
        })
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .build()?;
    Ok(())
}

/// Brings the window to the front.
pub(crate) fn show(app: &AppHandle) {
    let Some(window) = app.get_webview_window(LABEL) else { return };
    for done in [window.unminimize(), window.show(), window.set_focus()] {
        if let Err(error) = done {
            tracing::debug!(%error, "the window could not be brought to the front");
        }
    }
}

/// Whether an address is the app's own page: packed into the program, or the development server when there is one.
fn is_own(url: &Url, dev_server: Option<&Url>) -> bool {
    if let Some(dev) = dev_server {
        return url.origin() == dev.origin();
    }
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // How the packed page is addressed on Windows.
        "http" | "https" => cfg!(windows) && url.host_str() == Some("tauri.localhost") && url.port().is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use super::*;

    fn own(address: &str, dev: Option<&str>) -> bool {
        is_own(&address.parse().unwrap(), dev.map(|dev| dev.parse().unwrap()).as_ref())
    }

    #[test]
    fn only_the_packed_page_is_own() {
        assert!(own("tauri://localhost", None));
        assert!(own("tauri://localhost/index.html#/people", None));
        for other in [
            "tauri://elsewhere/",
            "https://tuttu.example/",
            "http://localhost:5173/",
            "file:///etc/passwd",
            "about:blank",
            "data:text/html,x",
            "javascript:alert(1)",
            "blob:tauri://localhost/x",
        ] {
            assert!(!own(other, None), "{other}");
        }
    }

    #[test]
    fn in_development_only_the_development_server_is_own() {
        let dev = Some("http://localhost:5173");
        assert!(own("http://localhost:5173/src/main.ts", dev));
        assert!(!own("http://localhost:5174/", dev));
        assert!(!own("http://localhost.example:5173/", dev));
    }
}
