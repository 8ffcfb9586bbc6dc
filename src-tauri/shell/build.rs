//! Generates the Tauri context. Configuration lives at the root of the repository, capabilities beside the shell.
fn main() {
    tauri_build::try_build(
        tauri_build::Attributes::new().capabilities_path_pattern("./src-tauri/capabilities/**/*"),
    )
    .expect("tauri build script failed");
}
