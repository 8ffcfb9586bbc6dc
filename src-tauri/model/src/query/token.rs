//! From text to tokens, each with its place.

use super::{CHARS, TERMS, WORD_CHARS};

/// A piece of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Open,
    Close,
    Minus,
    Quoted(String),
    Word(String),
    /// A word behind a backslash: nothing in it has a meaning.
    Plain(String),
    /// `key:value`, `key<value`, ...: the key in lower case, the sign, the value, whether it was quoted.
    Filter {
        key: String,
        sign: &'static str,
        value: String,
        quoted: bool,
    },
}

/// A piece and where it stands, in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) piece: Piece,
    pub(super) at: usize,
    pub(super) end: usize,
    /// As typed.
    pub(super) text: String,
}

const SIGNS: [&str; 9] = [":<=", ":>=", ":<", ":>", "<=", ">=", ":", "<", ">"];

/// Whether text that is not quoted ends before this letter.
fn ends_word(letter: char) -> bool {
    letter.is_whitespace() || letter == '"'
}

/// The tokens of a text, and whether something was left out because there is too much.
pub(super) fn tokens(text: &str) -> (Vec<Token>, bool) {
    let letters: Vec<char> = text.chars().take(CHARS).map(plain).collect();
    let mut scanner = Scanner { letters: &letters, at: 0 };
    let mut found = Vec::new();
    let mut terms = 0;
    while let Some(token) = scanner.next() {
        terms += usize::from(!matches!(token.piece, Piece::Open | Piece::Close | Piece::Minus));
        if terms > TERMS {
            return (found, true);
        }
        found.push(token);
    }
    (found, letters.len() < text.chars().count())
}

/// Typographic quotes are quotes; control characters separate.
fn plain(letter: char) -> char {
    match letter {
        '“' | '”' | '„' | '«' | '»' | '＂' => '"',
        '：' => ':',
        other if other.is_control() => ' ',
        other => other,
    }
}

struct Scanner<'a> {
    letters: &'a [char],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn text(&self, from: usize, to: usize) -> String {
        self.letters.get(from..to).unwrap_or_default().iter().collect()
    }

    fn next(&mut self) -> Option<Token> {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        let at = self.at;
        // Written inside phone numbers with a country code, and not dialled with it.
        if self.letters.get(at..at + 3) == Some(&['(', '0', ')']) {
            self.at += 3;
            return self.next();
        }
        let piece = match self.peek()? {
            '(' => self.single(Piece::Open),
            ')' => self.single(Piece::Close),
            '-' | '−' => self.single(Piece::Minus),
            '"' => Piece::Quoted(self.quoted()),
            '\\' => {
                self.at += 1;
                Piece::Plain(self.run(|_| false))
            }
            _ => self.word(),
        };
        Some(Token { piece, at, end: self.at, text: self.text(at, self.at) })
    }

    fn single(&mut self, piece: Piece) -> Piece {
        self.at += 1;
        piece
    }

    /// The text between quotes; up to the end where the second quote is missing.
    fn quoted(&mut self) -> String {
        self.at += 1;
        let from = self.at;
        while self.peek().is_some_and(|letter| letter != '"') {
            self.at += 1;
        }
        let text = self.text(from, self.at.min(from + WORD_CHARS));
        self.at = self.letters.len().min(self.at + 1);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Up to a space, a quote or a parenthesis that closes what was open before.
    fn run(&mut self, stop: impl Fn(char) -> bool) -> String {
        let (from, mut open) = (self.at, 0_usize);
        while let Some(letter) = self.peek().filter(|letter| !ends_word(*letter) && !stop(*letter)) {
            match letter {
                '(' => open += 1,
                ')' if open == 0 => break,
                ')' => open -= 1,
                _ => {}
            }
            self.at += 1;
        }
        let text = self.text(from, self.at.min(from + WORD_CHARS));
        // A parenthesis that is never closed would swallow what comes after it when the query is printed and read again.
        if open == 0 && self.at <= from + WORD_CHARS { text } else { text.replace(['(', ')'], "") }
    }

    fn word(&mut self) -> Piece {
        let start = self.at;
        let key = self.run(|letter| matches!(letter, ':' | '<' | '>'));
        let sign = SIGNS.into_iter().find(|sign| self.text(self.at, self.at + sign.len()) == **sign);
        let named = !key.is_empty() && key.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_'));
        if let Some(sign) = sign.filter(|_| named) {
            self.at += sign.len();
            if self.peek() == Some('"') {
                return Piece::Filter { key: key.to_lowercase(), sign, value: self.quoted(), quoted: true };
            }
            return Piece::Filter { key: key.to_lowercase(), sign, value: self.run(|_| false), quoted: false };
        }
        let rest = self.run(|_| false);
        if self.at == start {
            self.at += 1;
        }
        Piece::Word((key + &rest).chars().take(WORD_CHARS).collect())
    }
}
