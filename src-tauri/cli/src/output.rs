//! Printing: text for people, JSON for programs. Standard output carries nothing else.

use std::io::{IsTerminal, Write};

use serde_json::{Value, json};
use tuttu_engine::api::{ErrorCode, ErrorView};

/// Where answers go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Out {
    json: bool,
    colour: bool,
}

impl Out {
    pub(crate) fn new(json: bool) -> Self {
        let colour = !json && std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { json, colour }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// One answer: the object for programs, the text for people.
    pub(crate) fn answer(&self, object: &Value, text: &str) -> Result<(), ErrorView> {
        if self.json { self.line(&object.to_string()) } else { self.line(text) }
    }

    /// One line.
    pub(crate) fn line(&self, text: &str) -> Result<(), ErrorView> {
        if text.is_empty() {
            return Ok(());
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| {
            ErrorView::new(ErrorCode::File, format!("The answer cannot be written: {error}."), "What the command changed is saved.")
        })
    }

    /// Text as it is, without a line end.
    pub(crate) fn raw(&self, text: &str) -> Result<(), ErrorView> {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|error| ErrorView::new(ErrorCode::File, format!("The answer cannot be written: {error}."), "Nothing was changed."))
    }

    /// Rows in columns as wide as their widest cell; the last is left ragged.
    pub(crate) fn table(&self, rows: &[Vec<String>]) -> Result<(), ErrorView> {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> =
            (0..columns).map(|at| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0)).collect();
        for row in rows {
            let mut line = String::new();
            for (at, cell) in row.iter().enumerate() {
                let plain = printable(cell);
                let padding =
                    if at + 1 == row.len() { 0 } else { widths.get(at).copied().unwrap_or(0).saturating_sub(plain.chars().count()) + 2 };
                line.push_str(&if at == 0 { self.strong(&plain) } else { plain });
                line.extend(std::iter::repeat_n(' ', padding));
            }
            self.line(line.trim_end())?;
        }
        Ok(())
    }

    pub(crate) fn strong(&self, text: &str) -> String {
        if self.colour { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Text without control characters, so that a record cannot drive somebody's terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

/// A number and what it counts: `1 person`, `2 people`.
pub(crate) fn counted(number: u32, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Progress and questions go to standard error.
pub(crate) fn note(text: &str) {
    let mut err = std::io::stderr().lock();
    // Nobody to tell is not an error.
    let _ = writeln!(err, "{text}");
}

/// The error, for people or for programs.
pub(crate) fn error(as_json: bool, error: &ErrorView) {
    if as_json {
        note(&json!({"error": {"code": error.code, "message": error.message, "hint": error.hint}}).to_string());
    } else if error.hint.is_empty() {
        note(&format!("tuttu: {}", error.message));
    } else {
        note(&format!("tuttu: {}\n       {}", error.message, error.hint));
    }
}

/// Asks on the terminal; without one the answer is no.
pub(crate) fn ask(question: &str, yes: bool) -> bool {
    if yes {
        return true;
    }
    if !std::io::stdin().is_terminal() {
        return false;
    }
    let mut err = std::io::stderr().lock();
    let _ = write!(err, "{question} [y/N] ");
    let _ = err.flush();
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}
