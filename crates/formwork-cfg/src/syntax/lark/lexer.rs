//! Tokens of Lark grammars.

#![expect(clippy::indexing_slicing, reason = "a byte before the end was seen")]

use logos::{Lexer, Logos};

#[derive(Logos, Clone, Copy, PartialEq, Eq, Debug)]
#[logos(skip r"[ \t\f]+")]
#[logos(skip(r"(//|#)[^\r\n]*", allow_greedy = true))]
pub(super) enum Token {
    #[regex(r"(\r\n|\r|\n)")]
    Newline,
    #[regex(r"[A-Za-z_][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*")]
    Word,
    #[regex(r"[+-]?[0-9]+")]
    Number,
    #[regex(r#""([^"\\\n]|\\.)*"i?"#)]
    Text,
    #[regex(r"/([^/\\*]|\\.)([^/\\]|\\.)*/[a-z]*")]
    Regex,
    #[token(":")]
    Colon,
    #[token("|")]
    Or,
    #[token("(")]
    Open,
    #[token(")")]
    Close,
    #[token("[")]
    OpenBracket,
    #[token("]")]
    CloseBracket,
    #[token("{")]
    OpenBrace,
    #[token("}")]
    CloseBrace,
    #[token(",")]
    Comma,
    #[token(".")]
    Dot,
    #[token("..")]
    Dots,
    #[token("*")]
    Star,
    #[token("+")]
    Plus,
    #[token("?")]
    Question,
    #[token("!")]
    Bang,
    #[token("~")]
    Tilde,
    #[token("&")]
    And,
    #[token("=")]
    Equals,
    #[token("->")]
    Arrow,
    #[regex(r"%[a-z]+")]
    Directive,
    /// A schema, a structured expression or an option, with the JSON text after it.
    #[regex(r"%(json|regex|llguidance)[ \t]*", object)]
    Json,
    /// A grammar within this one, in braces.
    #[regex(r"%lark[ \t]*", grammar)]
    Grammar,
    /// A token of a vocabulary.
    #[regex(r"<[^<>\s]+>")]
    Special,
}

/// Reads on to the brace that closes the object here, if there is one.
fn object(lexer: &mut Lexer<'_, Token>) {
    let (mut depth, mut quoted, mut escaped) = (0u32, false, false);
    let bytes = lexer.remainder().as_bytes();
    if bytes.first() != Some(&b'{') {
        return;
    }
    let closing = bytes.iter().position(|&byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' if !quoted => depth += 1,
            b'}' if !quoted => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    if let Some(at) = closing {
        lexer.bump(at + 1);
    }
}

/// Reads on to the brace that closes the grammar here, if there is one. What is
/// quoted, matched by an expression or said in comments does not count.
fn grammar(lexer: &mut Lexer<'_, Token>) {
    let bytes = lexer.remainder().as_bytes();
    if bytes.first() != Some(&b'{') {
        return;
    }
    let (mut depth, mut at) = (0u32, 0);
    while let Some(&byte) = bytes.get(at) {
        let comments = byte == b'#' || bytes[at..].starts_with(b"//");
        match byte {
            _ if comments => at = skip(bytes, at, b'\n'),
            b'"' | b'/' => at = skip(bytes, at, byte),
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            lexer.bump(at);
            return;
        }
    }
}

/// The next place of `end` that is not escaped.
fn skip(bytes: &[u8], from: usize, end: u8) -> usize {
    let mut at = from + 1;
    while let Some(&byte) = bytes.get(at)
        && byte != end
    {
        at += 1 + usize::from(byte == b'\\' && end != b'\n');
    }
    at
}

/// What is wrong where no token begins.
pub(super) fn explain(rest: &str) -> &'static str {
    match rest.chars().next() {
        Some('"') => "the text has no closing `\"` on its line",
        Some('/') => "the regular expression has no closing `/`",
        Some('\'') => "texts are quoted with `\"`",
        _ => "no token of Lark begins like this; quote it if it is text",
    }
}
