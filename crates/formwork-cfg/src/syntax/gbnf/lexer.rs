//! Tokens of GBNF.

use logos::Logos;

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

/// What is wrong where no token begins.
pub(super) fn explain(rest: &str) -> &'static str {
    match rest.chars().next() {
        Some('"') => "the text has no closing `\"`",
        Some('[') => "the class has no closing `]`",
        _ => "no token of GBNF begins like this; quote it if it is text",
    }
}
