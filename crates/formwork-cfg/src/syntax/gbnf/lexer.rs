//! Tokens of GBNF.

use logos::Logos;

use crate::ir::Span;
use crate::syntax::error::Fault;

#[derive(Logos, Clone, Copy, PartialEq, Eq, Debug)]
#[logos(skip r"[ \t]+")]
#[logos(skip(r"#[^\r\n]*", allow_greedy = true))]
pub(super) enum Token {
    #[regex(r"(\r\n|\r|\n)")]
    Newline,
    /// A name or, in braces, a number.
    #[regex(r"[A-Za-z0-9_-]+")]
    Word,
    #[token("::=")]
    Defines,
    #[token("|")]
    Or,
    #[token("(")]
    Open,
    #[token(")")]
    Close,
    #[token("*")]
    Star,
    #[token("+")]
    Plus,
    #[token("?")]
    Question,
    #[token("{")]
    OpenBrace,
    #[token("}")]
    CloseBrace,
    #[token(",")]
    Comma,
    #[token(".")]
    Dot,
    #[regex(r#""([^"\\]|\\.)*""#)]
    Text,
    #[regex(r"\[([^\]\\]|\\.)*\]")]
    Class,
    /// A reference to a token of a vocabulary.
    #[regex(r"!?<[^<>\s]+>")]
    Special,
}

/// The tokens of `text` with their places, and the characters that begin none.
pub(super) fn lex(text: &str) -> (Vec<(Token, Span)>, Vec<Fault>) {
    let (mut tokens, mut faults) = (Vec::new(), Vec::new());
    for (token, range) in Token::lexer(text).spanned() {
        let span = Span {
            start: range.start,
            end: range.end,
        };
        match token {
            Ok(token) => tokens.push((token, span)),
            Err(()) => faults.push(unknown(text, span)),
        }
    }
    (tokens, faults)
}

fn unknown(text: &str, span: Span) -> Fault {
    let message = match text[span.start..].chars().next() {
        Some('"') => "the text has no closing `\"`",
        Some('[') => "the class has no closing `]`",
        _ => "no token of GBNF begins like this; quote it if it is text",
    };
    Fault::malformed(span, message)
}
