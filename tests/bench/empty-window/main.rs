//! The least a Tauri app can be: what the benchmark of starting measures Tuttu beside. Says when its page is on the screen, in the words of Tuttu's log.
#![allow(clippy::expect_used, reason = "a measuring program")]

use std::io::Write;

#[tauri::command]
fn first_page_shown() {
    let _ = writeln!(std::io::stderr(), "the first page is on the screen");
}

fn main() {
    tauri::Builder::default()
        .invoke_handler(tauri::generate_handler![first_page_shown])
        .setup(|app| {
            tauri::WebviewWindowBuilder::new(app, "main", tauri::WebviewUrl::default()).inner_size(1360.0, 860.0).build()?;
            Ok(())
        })
        .run(tauri::generate_context!("tests/bench/empty-window/tauri.conf.json"))
        .expect("a window");
}
