//! The commands as the page knows them. The TypeScript side is generated from here, committed, and checked by the test below.

use tauri_specta::collect_commands;
use tuttu_engine::api::Event;

use crate::commands;

/// All commands and the types of events.
pub(crate) fn builder() -> tauri_specta::Builder<tauri::Wry> {
    tauri_specta::Builder::new()
        .commands(collect_commands![
            commands::vault_state,
            commands::create_vault,
            commands::restore_vault,
            commands::first_page_shown,
            commands::query,
            commands::mutate,
            commands::join_start,
            commands::join_person_start,
            commands::join_answer,
            commands::join_requests,
            commands::answer_request,
            commands::sync_now,
            commands::fetch_file,
            commands::examine_network,
            commands::addresses,
            commands::open_external,
        ])
        .typ::<Event>()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use std::path::Path;

    use specta_typescript::Typescript;

    /// The committed file is what the commands say. `UPDATE_BINDINGS=1` writes it.
    #[test]
    fn generated_bindings_are_committed() {
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/platform/bindings.ts");
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bindings");
        std::fs::create_dir_all(&dir).unwrap();
        let generated = dir.join(format!("bindings-{}.ts", std::process::id()));
        super::builder().export(Typescript::default(), &generated).unwrap();
        let now = std::fs::read_to_string(&generated).unwrap();
        std::fs::remove_file(&generated).unwrap();
        if std::env::var_os("UPDATE_BINDINGS").is_some_and(|value| value == "1") {
            std::fs::write(&committed, &now).unwrap();
        }
        let before = std::fs::read_to_string(&committed).unwrap();
        let line = now.lines().zip(before.lines()).position(|(now, before)| now != before);
        assert!(
            now == before,
            "ui/src/platform/bindings.ts is not what the commands say (first difference: line {}). Write it anew with: UPDATE_BINDINGS=1 cargo test -p tuttu-app --lib bindings",
            line.unwrap_or_else(|| now.lines().count().min(before.lines().count())) + 1
        );
    }
}
