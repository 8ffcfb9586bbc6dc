//! From tokens to the tree. Whatever was typed gives a tree.

use super::filter::{Meaning, meaning};
use super::token::{Piece, Token, tokens};
use super::tree::{Node, Parsed, Term, Warning};
use super::{CHARS, DEPTH, TERMS};

/// Takes a query apart.
#[must_use]
pub fn parse(text: &str) -> Parsed {
    let (tokens, cut) = tokens(text);
    let mut parser = Parser { tokens: &tokens, at: 0, warnings: Vec::new() };
    let mut nodes = Vec::new();
    loop {
        nodes.extend(parser.any(0));
        // What stopped it is a parenthesis that closes nothing.
        let Some(token) = parser.tokens.get(parser.at) else { break };
        parser.at += 1;
        parser.warn(token, "this parenthesis closes nothing and was left out".into());
    }
    let mut warnings = parser.warnings;
    if cut {
        let at = tokens.last().map_or(0, |token| token.end);
        let message = format!("The query is too long: only its first {TERMS} words and filters, and {CHARS} characters, were used.");
        warnings.push(Warning { at: number(at), length: number(text.chars().count().saturating_sub(at)), message });
    }
    Parsed { tree: all(nodes), warnings }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// All of these, flat; numbers beside each other are one number.
fn all(nodes: Vec<Node>) -> Option<Node> {
    let mut flat: Vec<Node> = Vec::with_capacity(nodes.len());
    let parts = nodes.into_iter().flat_map(|node| match node {
        Node::All(parts) => parts,
        other => vec![other],
    });
    for node in parts {
        match (flat.last_mut(), node) {
            (Some(Node::Term(Term::Number(before))), Node::Term(Term::Number(more))) => {
                before.push(' ');
                before.push_str(&more);
            }
            (_, node) => flat.push(node),
        }
    }
    if flat.len() > 1 { Some(Node::All(flat)) } else { flat.pop() }
}

fn any(nodes: Vec<Node>) -> Option<Node> {
    let mut flat: Vec<Node> = Vec::with_capacity(nodes.len());
    for node in nodes {
        match node {
            Node::Any(parts) => flat.extend(parts),
            other => flat.push(other),
        }
    }
    if flat.len() > 1 { Some(Node::Any(flat)) } else { flat.pop() }
}

fn not(node: Node) -> Node {
    match node {
        Node::Not(inner) => *inner,
        other => Node::Not(Box::new(other)),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    warnings: Vec<Warning>,
}

/// Words that join or deny.
#[derive(PartialEq)]
enum Joint {
    And,
    Or,
    Not,
}

impl<'a> Parser<'a> {
    fn warn(&mut self, token: &Token, message: String) {
        let message = format!("“{}”: {message}.", token.text.trim());
        self.warnings.push(Warning { at: number(token.at), length: number(token.end - token.at), message });
    }

    fn peek(&self, ahead: usize) -> Option<&'a Token> {
        self.tokens.get(self.at + ahead)
    }

    /// The joint the next token is, if it stands where a joint can stand: `or` between two terms, `not` before one.
    fn joint(&self) -> Option<Joint> {
        let Piece::Word(word) = &self.peek(0)?.piece else { return None };
        let joint = match word.to_lowercase().as_str() {
            "or" | "|" | "||" => Joint::Or,
            "and" | "&" | "&&" => Joint::And,
            "not" => Joint::Not,
            _ => return None,
        };
        let follows = self.peek(1).is_some_and(|token| token.piece != Piece::Close);
        follows.then_some(joint)
    }

    fn any(&mut self, depth: usize) -> Option<Node> {
        let mut parts: Vec<Node> = self.all(depth).into_iter().collect();
        while !parts.is_empty() && self.joint() == Some(Joint::Or) {
            self.at += 1;
            parts.extend(self.all(depth));
        }
        any(parts)
    }

    fn all(&mut self, depth: usize) -> Option<Node> {
        let mut parts = Vec::new();
        while let Some(token) = self.peek(0) {
            match (&token.piece, self.joint()) {
                (Piece::Close, _) => break,
                (_, Some(Joint::Or)) if !parts.is_empty() => break,
                (_, Some(Joint::And)) if !parts.is_empty() => self.at += 1,
                _ => parts.extend(self.one(depth)),
            }
        }
        all(parts)
    }

    fn one(&mut self, depth: usize) -> Option<Node> {
        let mut denied = false;
        loop {
            let token = self.peek(0)?;
            let minus = token.piece == Piece::Minus;
            if !minus && self.joint() != Some(Joint::Not) {
                break;
            }
            self.at += 1;
            // A dash that stands alone denies nothing.
            denied ^= !minus || self.peek(0).is_some_and(|next| next.at == token.end);
        }
        let node = self.primary(depth)?;
        Some(if denied { not(node) } else { node })
    }

    fn primary(&mut self, depth: usize) -> Option<Node> {
        let token = self.peek(0)?;
        match &token.piece {
            Piece::Close => None,
            Piece::Open if depth >= DEPTH => {
                self.at += 1;
                self.warn(token, "parentheses this deep do not group".into());
                None
            }
            Piece::Open => {
                self.at += 1;
                let inside = self.any(depth + 1);
                if self.peek(0).is_some_and(|token| token.piece == Piece::Close) {
                    self.at += 1;
                }
                inside
            }
            Piece::Quoted(text) => self.take(Some(text).filter(|text| !text.is_empty()).map(|text| Term::Phrase(text.clone()))),
            Piece::Plain(word) => self.take(Some(word).filter(|word| !word.is_empty()).map(|word| Term::Word(word.clone()))),
            Piece::Word(word) => self.take(Some(word).filter(|word| !word.is_empty()).map(|word| typed(word))),
            Piece::Filter { key, sign, value, quoted } => {
                self.at += 1;
                self.filter(token, key, sign, value, *quoted)
            }
            Piece::Minus => {
                self.at += 1;
                None
            }
        }
    }

    fn take(&mut self, term: Option<Term>) -> Option<Node> {
        self.at += 1;
        term.map(Node::Term)
    }

    fn filter(&mut self, token: &Token, key: &str, sign: &str, value: &str, quoted: bool) -> Option<Node> {
        match meaning(key, sign, value) {
            Meaning::Node(node) => return Some(node),
            Meaning::Nothing => {
                self.warn(token, "it says nothing yet and was left out".into());
                return None;
            }
            Meaning::Wrong(right) => self.warn(token, format!("{right}; its words were searched")),
            Meaning::Unknown => {
                // A time of day or an address of the web is no mistake.
                let word = key.chars().count() > 1 && key.chars().all(char::is_alphabetic);
                if word && sign.starts_with(':') && !value.starts_with("//") {
                    self.warn(token, format!("“{key}” is nothing that can be filtered by; its words were searched"));
                }
            }
        }
        let term =
            if quoted { Term::Phrase(format!("{key} {value}").trim().to_owned()) } else { Term::Word(token.text.replace(['(', ')'], "")) };
        Some(Node::Term(term))
    }
}

/// A word, or what may be a phone number.
fn typed(word: &str) -> Term {
    let digits = word.chars().any(char::is_numeric);
    let number = digits && word.chars().all(|letter| letter.is_numeric() || "+-()./".contains(letter));
    if number { Term::Number(word.to_owned()) } else { Term::Word(word.to_owned()) }
}
