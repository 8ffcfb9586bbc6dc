//! What was measured: one row each, with the peer of the same run beside it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

/// Where the rows are written.
const FILE: &str = "bench.json";

/// The rows so far.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Value>,
}

impl Table {
    /// Two numbers of one kind and their ratio.
    pub(crate) fn compare(&mut self, name: &str, ours: f64, peer: f64, ratio: f64) {
        self.push(json!({"name": name, "ours": ours, "peer": peer, "ratio": ratio}));
    }

    /// A number without a peer.
    pub(crate) fn alone(&mut self, name: &str, ours: f64) {
        self.push(json!({"name": name, "ours": ours, "peer": null, "ratio": null}));
    }

    /// A number beside which a peer has none: it did not finish in time.
    pub(crate) fn unfinished(&mut self, name: &str, ours: f64) {
        self.push(json!({"name": name, "ours": ours, "peer": "DNF", "ratio": null}));
    }

    /// Takes over the rows that another run of this program wrote; they were shown as they came.
    pub(crate) fn read(&mut self) {
        let text = std::fs::read(target().join(FILE)).expect("the results of the other run");
        let written: Value = serde_json::from_slice(&text).expect("JSON");
        self.rows.extend(written["rows"].as_array().cloned().unwrap_or_default());
    }

    /// The median and the worst of a hundred of two series, in milliseconds.
    pub(crate) fn series(&mut self, name: &str, ours: &mut [Duration], peer: &mut [Duration], parts: &[usize]) {
        for part in parts {
            let (ours, peer) = (percentile(ours, *part), percentile(peer, *part));
            self.compare(&format!("{name}, p{part}, ms"), ours, peer, ours / peer);
        }
    }

    /// The same of vaults of several sizes.
    pub(crate) fn side_by_side(&mut self, name: &str, sizes: &[usize], numbers: &[Option<f64>]) {
        let columns: Vec<Value> = sizes.iter().zip(numbers).map(|(size, number)| json!({"size": size, "ours": number})).collect();
        self.push(json!({"name": name, "sizes": columns}));
    }

    fn push(&mut self, row: Value) {
        eprintln_row(&row);
        self.rows.push(row);
    }

    /// Prints all of it and writes it beside the programs.
    pub(crate) fn finish(&self) {
        println!("{:<86} {:>12} {:>12} {:>8}", "what", "Tuttu", "peer", "ratio");
        for row in &self.rows {
            println!("{}", line(row));
        }
        let path = target().join(FILE);
        std::fs::write(&path, json!({"rows": self.rows}).to_string()).expect("the results are written");
        println!("written to {}", path.display());
    }
}

/// Shown as it comes: a whole run takes minutes.
fn eprintln_row(row: &Value) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{}", line(row));
}

fn line(row: &Value) -> String {
    if let Some(columns) = row["sizes"].as_array() {
        let shown = columns.iter().map(|column| {
            let number = column["ours"].as_f64().map_or_else(|| "-".to_owned(), |number| format!("{number:.2}"));
            format!("{:>8}: {number:>9}", column["size"].as_u64().unwrap_or_default())
        });
        return format!("{:<86} {}", row["name"].as_str().unwrap_or_default(), shown.collect::<Vec<_>>().join(" "));
    }
    let number = |key: &str| row[key].as_f64().map_or_else(|| row[key].as_str().unwrap_or("-").to_owned(), |number| format!("{number:.3}"));
    format!("{:<86} {:>12} {:>12} {:>8}", row["name"].as_str().unwrap_or_default(), number("ours"), number("peer"), number("ratio"))
}

/// Milliseconds.
pub(crate) fn percentile(times: &mut [Duration], part: usize) -> f64 {
    times.sort();
    times.get((times.len() * part / 100).min(times.len().saturating_sub(1))).map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
}

/// The folder of the programs of this build, whose parent is cargo's target folder.
pub(crate) fn programs() -> PathBuf {
    std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_path_buf)).unwrap_or_default()
}

fn target() -> PathBuf {
    programs().parent().map_or_else(|| PathBuf::from("target"), Path::to_path_buf)
}
