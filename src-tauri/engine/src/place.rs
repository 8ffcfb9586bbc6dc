//! Where a vault lies unless the person says otherwise.

use std::path::PathBuf;

/// The platform's data directory for Tuttu, `vault` in it (on Linux `~/.local/share/tuttu/vault`). `None` when the user has no home.
#[must_use]
pub fn default_vault_dir() -> Option<PathBuf> {
    directories::ProjectDirs::from("app", "Tuttu", "Tuttu").map(|dirs| dirs.data_dir().join("vault"))
}
