//! Tokens of Lark grammars.

use logos::{Lexer, Logos};

#[derive(Logos, Clone, Copy, PartialEq, Eq, Debug)]
#[logos(skip r"[ \t\f]+")]
#[logos(skip(r"(//|#)[^\r\n]*", allow_greedy = true))]
pub(super) enum Token {
    #[regex(r"(\r\n|\r|\n)")]
    Newline,
    #[regex(r"[A-Za-z_][A-Za-z0-9_]*")]
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
    #[token("->")]
    Arrow,
    #[regex(r"%[a-z]+")]
    Directive,
    /// A schema or an option, with the JSON text after it.
    #[regex(r"%(json|llguidance)[ \t]*", object)]
    Json,
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

/// What is wrong where no token begins.
pub(super) fn explain(rest: &str) -> &'static str {
    match rest.chars().next() {
        Some('"') => "the text has no closing `\"` on its line",
        Some('/') => "the regular expression has no closing `/`",
        Some('\'') => "texts are quoted with `\"`",
        _ => "no token of Lark begins like this; quote it if it is text",
    }
}
